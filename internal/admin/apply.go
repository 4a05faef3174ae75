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
)

// writer writes a difference.
type writer struct {
	tx       *db.Tx
	audit    *audit.Log
	accounts *staff.Service
	places   *Service
	agency   string
	by       string                     // who changes it; empty: a command
	ids      map[Kind]map[string]string // by code or e-mail
	leaving  []string                   // whose accounts are to be disabled
}

func (s *Service) newWriter(tx *db.Tx, agencyID, by string, before *Document) *writer {
	w := &writer{
		tx: tx, audit: s.o.Audit, accounts: s.o.Staff, places: s, agency: agencyID, by: by,
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

func (w *writer) write(ctx context.Context, changes Difference) error {
	if err := w.keep(ctx, changes); err != nil {
		return err
	}
	for _, c := range changes {
		if c.along {
			continue // see agency.Store.Follow
		}
		id, err := w.place(ctx, c)
		if err == nil && id != "" && !c.onlyRules() { // who writes accounts, roles or rules tells of them
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

// place writes one line, and returns the id of the place that it is about, if it is about one.
func (w *writer) place(ctx context.Context, c Change) (id string, err error) {
	switch c.Kind {
	case Departments:
		id, err = w.department(ctx, c)
	case Locations:
		id, err = w.location(ctx, c)
	case Desks:
		id, err = w.desk(ctx, c)
	case Services:
		id, err = w.service(ctx, c)
	case Staff:
		return "", w.account(ctx, c)
	case Roles:
		return "", w.role(ctx, c)
	}
	w.ids[c.Kind][c.row.cells[0]] = id
	return id, err
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
		if err := w.tx.Prepared().Exec(ctx, query, w.agency, id); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) department(ctx context.Context, c Change) (string, error) {
	d := agency.Department{ID: c.row.ID, Code: c.row.cells[0], Name: c.row.cells[1], Closed: c.row.cells[2] == closed}
	if c.What == Added {
		made, err := w.places.o.Agencies.CreateDepartment(ctx, w.tx, w.agency, d)
		return made.ID, err
	}
	return d.ID, w.places.o.Agencies.ChangeDepartment(ctx, w.tx, w.agency, d)
}

func (w *writer) location(ctx context.Context, c Change) (string, error) {
	cells := c.row.cells
	l := agency.Location{ID: c.row.ID, Code: cells[0], Name: cells[1], City: cells[2], Phone: cells[3], Closed: cells[4] == closed}
	if c.What == Added {
		made, err := w.places.o.Agencies.CreateLocation(ctx, w.tx, w.agency, l)
		return made.ID, err
	}
	return l.ID, w.places.o.Agencies.ChangeLocation(ctx, w.tx, w.agency, l)
}

func (w *writer) desk(ctx context.Context, c Change) (string, error) {
	cells := c.row.cells
	d := agency.Desk{
		ID: c.row.ID, Code: cells[0], Name: cells[1],
		DepartmentID: w.ids[Departments][cells[2]], LocationID: w.ids[Locations][cells[3]], Shut: cells[4] == closed,
	}
	if c.What == Added {
		made, err := w.places.o.Agencies.CreateDesk(ctx, w.tx, w.agency, d)
		return made.ID, err
	}
	return d.ID, w.places.o.Agencies.ChangeDesk(ctx, w.tx, w.agency, d)
}

func (w *writer) service(ctx context.Context, c Change) (string, error) {
	cells := c.row.cells
	name := agency.Text{}
	for i, language := range []string{"de", "en"} {
		if text := cells[2+i]; text != "" {
			name[language] = text
		}
	}
	minutes, err := strconv.ParseInt(cells[4], 10, 64)
	if err != nil {
		return "", err
	}
	v := agency.Service{
		ID: c.row.ID, DepartmentID: w.ids[Departments][cells[1]], Code: cells[0], Name: name,
		Duration: time.Duration(minutes) * time.Minute, Closed: cells[7] == closed,
	}
	if c.What == Added {
		made, err := w.places.o.Agencies.CreateService(ctx, w.tx, w.agency, v)
		return made.ID, err
	}
	return v.ID, w.places.o.Agencies.ChangeService(ctx, w.tx, w.agency, v)
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
