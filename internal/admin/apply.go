package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/staff"
	"visavis/internal/vault"
)

// writer writes a difference.
type writer struct {
	tx       *db.Tx
	run      *db.Prepared
	audit    *audit.Log
	accounts *staff.Service
	places   *Service
	agency   string
	by       string // who changes it; empty: a command
	now      int64
	ids      map[Kind]map[string]string // by code or e-mail
	leaving  []string                   // whose accounts are to be disabled
}

func (s *Service) newWriter(tx *db.Tx, agencyID, by string, before *Document) *writer {
	w := &writer{
		tx: tx, run: tx.Prepare(), audit: s.o.Audit, accounts: s.o.Staff, places: s, agency: agencyID, by: by, now: db.Ms(s.o.Clock()),
		ids: map[Kind]map[string]string{},
	}
	for _, sheet := range sheets() {
		w.ids[sheet.kind] = map[string]string{}
		for _, row := range before.Rows[sheet.kind] {
			w.ids[sheet.kind][row.cells[0]] = row.ID
		}
	}
	return w
}

// shut is the time of a closure, or nothing.
func (w *writer) shut(is bool) *int64 {
	if is {
		return &w.now
	}
	return nil
}

func (w *writer) write(ctx context.Context, changes Difference) error {
	if err := w.keep(ctx, changes); err != nil {
		return err
	}
	for _, c := range changes {
		if c.along {
			continue // see shutDesks
		}
		id := c.row.ID
		if c.What == Added && c.Kind != Roles && c.Kind != Staff {
			id = vault.NewID()
			w.ids[c.Kind][c.row.cells[0]] = id
		}
		var err error
		switch c.Kind {
		case Departments:
			err = w.department(ctx, c, id)
		case Locations:
			err = w.location(ctx, c, id)
		case Desks:
			err = w.desk(ctx, c, id)
		case Services:
			err = w.service(ctx, c, id)
		case Staff:
			err = w.account(ctx, c)
		case Roles:
			err = w.role(ctx, c)
		}
		if err == nil && c.Kind != Staff && c.Kind != Roles && !c.onlyRules() { // who writes accounts, roles or rules tells of them
			err = w.note(ctx, c, id)
		}
		if err == nil && c.Kind == Services {
			err = w.rules(ctx, c, id)
		}
		if err != nil {
			return fmt.Errorf("write %s: %w", c.Kind, err)
		}
	}
	return w.accounts.Disable(ctx, w.tx, w.agency, staff.Author{By: w.by}, w.leaving...)
}

// keep takes the accounts and desks that a difference changes before anything of it is written: who books takes its advisor,
// then their desks in the order of their ids, and would wait for who waits for it.
func (w *writer) keep(ctx context.Context, changes Difference) error {
	var accounts, desks, turned []string // turned are closed or reopened with the desks in them
	for _, c := range changes {
		switch {
		case c.row.ID == "" || c.onlyRules():
		case c.Kind == Staff:
			accounts = append(accounts, c.row.ID)
		case c.Kind == Desks:
			desks = append(desks, c.row.ID)
		case (c.Kind == Departments || c.Kind == Locations) && c.What != Changed:
			turned = append(turned, c.row.ID)
		}
	}
	err := db.InParts([]any{w.agency}, turned, func(list string, args []any) error {
		in, err := db.Texts(w.tx.QueryContext(ctx, `
			SELECT id FROM desk WHERE agency_id = $1 AND (department_id IN `+list+` OR location_id IN `+list+`)`, args...))
		desks = append(desks, in...)
		return err
	})
	if err != nil {
		return fmt.Errorf("find desks: %w", err)
	}
	if err := w.take(ctx, `UPDATE staff SET name = name WHERE agency_id = $1 AND id = $2`, accounts); err != nil {
		return fmt.Errorf("take accounts: %w", err)
	}
	if err := w.take(ctx, `UPDATE desk SET name = name WHERE agency_id = $1 AND id = $2`, desks); err != nil {
		return fmt.Errorf("take desks: %w", err)
	}
	return nil
}

// take takes one row after the other, in the order of their ids.
func (w *writer) take(ctx context.Context, query string, ids []string) error {
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		if err := w.run.Exec(ctx, query, w.agency, id); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) department(ctx context.Context, c Change, id string) error {
	code, name, shut := c.row.cells[0], c.row.cells[1], w.shut(c.row.cells[2] == closed)
	if c.What == Added {
		return w.run.Exec(ctx, `INSERT INTO department (id, agency_id, code, name, closed_at) VALUES ($1, $2, $3, $4, $5)`,
			id, w.agency, code, name, shut)
	}
	return w.run.Exec(ctx, `
		UPDATE department SET name = $1, closed_at = CASE WHEN CAST($2 AS BIGINT) IS NULL THEN NULL ELSE COALESCE(closed_at, $2) END
		WHERE agency_id = $3 AND id = $4`, name, shut, w.agency, id)
}

func (w *writer) location(ctx context.Context, c Change, id string) error {
	l := agency.Location{Code: c.row.cells[0], Name: c.row.cells[1], City: c.row.cells[2], Phone: c.row.cells[3]}
	shut := w.shut(c.row.cells[4] == closed)
	if c.What == Added {
		return w.run.Exec(ctx, `INSERT INTO location (id, agency_id, code, name, city, phone, search, closed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			id, w.agency, l.Code, l.Name, l.City, l.Phone, l.Search(), shut)
	}
	return w.run.Exec(ctx, `
		UPDATE location SET name = $1, city = $2, phone = $3, search = $4,
		       closed_at = CASE WHEN CAST($5 AS BIGINT) IS NULL THEN NULL ELSE COALESCE(closed_at, $5) END
		WHERE agency_id = $6 AND id = $7`, l.Name, l.City, l.Phone, l.Search(), shut, w.agency, id)
}

func (w *writer) desk(ctx context.Context, c Change, id string) error {
	d := agency.Desk{Code: c.row.cells[0], Name: c.row.cells[1]}
	department, location := w.ids[Departments][c.row.cells[2]], w.ids[Locations][c.row.cells[3]]
	shut := w.shut(c.row.cells[4] == closed)
	if c.What == Added {
		return w.run.Exec(ctx, `INSERT INTO desk (id, agency_id, department_id, location_id, code, name, search, shut_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			id, w.agency, department, location, d.Code, d.Name, d.Search(), shut)
	}
	return w.run.Exec(ctx, `
		UPDATE desk SET name = $1, location_id = $2, search = $3,
		       shut_at = CASE WHEN CAST($4 AS BIGINT) IS NULL THEN NULL ELSE COALESCE(shut_at, $4) END
		WHERE agency_id = $5 AND id = $6`, d.Name, location, d.Search(), shut, w.agency, id)
}

func (w *writer) service(ctx context.Context, c Change, id string) error {
	name := agency.Text{}
	for i, language := range []string{"de", "en"} {
		if text := c.row.cells[2+i]; text != "" {
			name[language] = text
		}
	}
	minutes, err := strconv.ParseInt(c.row.cells[4], 10, 64)
	if err != nil {
		return err
	}
	shut := w.shut(c.row.cells[7] == closed)
	if c.What == Added {
		return w.run.Exec(ctx, `INSERT INTO service (id, agency_id, department_id, code, name, minutes, closed_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			id, w.agency, w.ids[Departments][c.row.cells[1]], c.row.cells[0], name.Encode(), minutes, shut)
	}
	return w.run.Exec(ctx, `
		UPDATE service SET name = $1, minutes = $2,
		       closed_at = CASE WHEN CAST($3 AS BIGINT) IS NULL THEN NULL ELSE COALESCE(closed_at, $3) END
		WHERE agency_id = $4 AND id = $5`, name.Encode(), minutes, shut, w.agency, id)
}

// rules writes what a service decides, and what it leaves to those above. Whether it holds for all below is nothing that a
// document says: it stays.
func (w *writer) rules(ctx context.Context, c Change, id string) error {
	place := agency.Place{Kind: agency.OfService, ID: id, Within: []string{w.agency, w.ids[Departments][c.row.cells[1]]}}
	s, by := sheetOf(c.Kind), staff.Person{ID: w.by, Agency: w.agency}
	for _, field := range c.Fields {
		rule := s.columns[s.column(field.Name)].rule
		switch {
		case rule == "":
			continue
		case rule.NeedsTwo():
			return fmt.Errorf("%s is decided by two people, and by no document", rule)
		case field.To == "":
			if err := w.places.leaveAs(ctx, w.tx, by, place, rule); err != nil {
				return err
			}
			continue
		}
		now, err := w.places.o.Agencies.RulesAt(ctx, w.tx, w.agency, place)
		if err != nil {
			return err
		}
		fixed := now[rule].Fixed && now[rule].Place == place.ID
		change := RuleChange{Rule: rule, Fixed: fixed, stored: json.RawMessage(field.To)}
		if err := w.places.decideAs(ctx, w.tx, by, place, change); err != nil {
			return err
		}
	}
	return nil
}

// account makes accounts without a password, and leaves those that are to be disabled to the end.
func (w *writer) account(ctx context.Context, c Change) error {
	email, name, shut := c.row.cells[0], c.row.cells[1], c.row.cells[2] == disabled
	if c.What == Added {
		p, err := w.accounts.Create(ctx, w.tx, staff.NewAccount{Agency: w.agency, Email: email, Name: name, Disabled: shut, By: w.by})
		w.ids[Staff][email] = p.ID
		return err
	}
	p, who := staff.Person{ID: c.row.ID, Agency: w.agency, Name: name, Email: email}, staff.Author{By: w.by}
	if slices.ContainsFunc(c.Fields, func(f Field) bool { return f.Name == colName }) {
		if err := w.accounts.Rename(ctx, w.tx, p, who); err != nil {
			return err
		}
	}
	switch c.What {
	case Reopened:
		return w.accounts.Enable(ctx, w.tx, p, who)
	case Closed:
		w.leaving = append(w.leaving, p.ID)
	}
	return nil
}

func (w *writer) role(ctx context.Context, c Change) error {
	who := w.ids[Staff][c.row.cells[0]]
	role, at, place := w.held(c)
	g := staff.Grant{Staff: who, Held: staff.Held{Role: staff.Role(role), Kind: at, Place: place}, Source: staff.Import, By: w.by}
	if c.row.cells[4] == taken {
		return w.accounts.TakeDecided(ctx, w.tx, w.agency, g)
	}
	return w.accounts.GiveUnsettled(ctx, w.tx, w.agency, g)
}

// held is which role a change is about, and where.
func (w *writer) held(c Change) (role string, at agency.Kind, place string) {
	role, at, place = c.row.cells[1], agency.Kind(c.row.cells[2]), w.agency
	switch at {
	case agency.OfDepartment:
		place = w.ids[Departments][c.row.cells[3]]
	case agency.OfLocation:
		place = w.ids[Locations][c.row.cells[3]]
	case agency.OfDesk:
		place = w.ids[Desks][c.row.cells[3]]
	default:
	}
	return role, at, place
}

// shutDesks closes the desks of what is closed, and opens those that were closed only with it. All of them are in hand
// already (keep).
func shutDesks(ctx context.Context, tx *db.Tx, agencyID string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE desk SET closed_at = $2 WHERE agency_id = $1 AND closed_at IS NULL AND (shut_at IS NOT NULL
		   OR department_id IN (SELECT id FROM department WHERE agency_id = $1 AND closed_at IS NOT NULL)
		   OR location_id IN (SELECT id FROM location WHERE agency_id = $1 AND closed_at IS NOT NULL))`, agencyID, db.Ms(now))
	if err != nil {
		return fmt.Errorf("close desks: %w", err)
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE desk SET closed_at = NULL WHERE agency_id = $1 AND closed_at IS NOT NULL AND shut_at IS NULL
		   AND department_id IN (SELECT id FROM department WHERE agency_id = $1 AND closed_at IS NULL)
		   AND location_id IN (SELECT id FROM location WHERE agency_id = $1 AND closed_at IS NULL)`, agencyID)
	if err != nil {
		return fmt.Errorf("open desks: %w", err)
	}
	return nil
}
