package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/staff"
)

// now reads the whole organisation of an agency as a document.
func (s *Service) now(ctx context.Context, q db.Q, agencyID string) (*Document, error) {
	d := newDocument()
	for _, kind := range []Kind{Departments, Locations, Desks, Services, Staff} {
		if err := d.read(ctx, q, agencyID, kind, ""); err != nil {
			return nil, err
		}
	}
	if err := d.readFixed(ctx, q, agencyID); err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	if err := s.readRoles(ctx, q, agencyID, d); err != nil {
		return nil, fmt.Errorf("read roles: %w", err)
	}
	return d, nil
}

// read adds the rows of a kind, or the one of a code.
func (d *Document) read(ctx context.Context, q db.Q, agencyID string, kind Kind, code string) error {
	read := map[Kind]func(context.Context, db.Q, []any, *Document) error{
		Departments: readDepartments, Locations: readLocations, Desks: readDesks, Services: readServices, Staff: readStaff,
	}[kind]
	if err := read(ctx, q, []any{agencyID, code}, d); err != nil {
		return fmt.Errorf("read %s: %w", kind, err)
	}
	return nil
}

// rows reads a query into rows of a kind; scan fills the cells.
func (d *Document) rows(ctx context.Context, q db.Q, kind Kind, query string, args []any, scan func(scanner, *Row) error) error {
	found, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = found.Close() }() // read only
	sheet := sheetOf(kind)
	for found.Next() {
		row := newRow(sheet, 0)
		if err := scan(found, &row); err != nil {
			return err
		}
		row.has = 1<<len(sheet.columns) - 1
		d.Rows[kind] = append(d.Rows[kind], row)
	}
	return found.Err()
}

type scanner interface{ Scan(into ...any) error }

// instead is one of two words.
func instead(yes bool, then, otherwise string) string {
	if yes {
		return then
	}
	return otherwise
}

func readDepartments(ctx context.Context, q db.Q, args []any, d *Document) error {
	return d.rows(ctx, q, Departments, `SELECT id, code, name, closed_at IS NOT NULL FROM department WHERE agency_id = $1 AND (CAST($2 AS TEXT) = '' OR code = $2)`, args,
		func(from scanner, r *Row) error {
			var shut bool
			err := from.Scan(&r.ID, &r.cells[0], &r.cells[1], &shut)
			r.cells[2] = instead(shut, closed, open)
			return err
		})
}

func readLocations(ctx context.Context, q db.Q, args []any, d *Document) error {
	return d.rows(ctx, q, Locations, `SELECT id, code, name, city, phone, closed_at IS NOT NULL FROM location WHERE agency_id = $1 AND (CAST($2 AS TEXT) = '' OR code = $2)`, args,
		func(from scanner, r *Row) error {
			var shut bool
			err := from.Scan(&r.ID, &r.cells[0], &r.cells[1], &r.cells[2], &r.cells[3], &shut)
			r.cells[4] = instead(shut, closed, open)
			return err
		})
}

func readDesks(ctx context.Context, q db.Q, args []any, d *Document) error {
	return d.rows(ctx, q, Desks, `
		SELECT desk.id, desk.code, desk.name, department.code, location.code, desk.shut_at IS NOT NULL FROM desk
		JOIN department ON department.agency_id = desk.agency_id AND department.id = desk.department_id
		JOIN location ON location.agency_id = desk.agency_id AND location.id = desk.location_id
		WHERE desk.agency_id = $1 AND (CAST($2 AS TEXT) = '' OR desk.code = $2)`, args,
		func(from scanner, r *Row) error {
			var shut bool
			err := from.Scan(&r.ID, &r.cells[0], &r.cells[1], &r.cells[2], &r.cells[3], &shut)
			r.cells[4] = instead(shut, closed, open)
			return err
		})
}

func readServices(ctx context.Context, q db.Q, args []any, d *Document) error {
	return d.rows(ctx, q, Services, `
		SELECT service.id, service.code, department.code, service.name, minutes, COALESCE(early.value, ''), COALESCE(late.value, ''),
		       service.closed_at IS NOT NULL
		FROM service
		JOIN department ON department.agency_id = service.agency_id AND department.id = service.department_id
		LEFT JOIN policy early ON early.agency_id = service.agency_id AND early.place_id = service.id AND early.name = '`+string(agency.OpensEarly)+`'
		LEFT JOIN policy late ON late.agency_id = service.agency_id AND late.place_id = service.id AND late.name = '`+string(agency.StaysLate)+`'
		WHERE service.agency_id = $1 AND (CAST($2 AS TEXT) = '' OR service.code = $2)`, args,
		func(from scanner, r *Row) error {
			var shut bool
			var name, early, late string
			var length int64
			err := from.Scan(&r.ID, &r.cells[0], &r.cells[1], &name, &length, &early, &late, &shut)
			text := agency.DecodeText(name)
			r.cells[2], r.cells[3] = text["de"], text["en"]
			r.cells[4], r.cells[5], r.cells[6] = strconv.FormatInt(length, 10), minutesOf(early), minutesOf(late)
			r.cells[7] = instead(shut, closed, open)
			return err
		})
}

// minutesOf reads a decision; empty where there is none.
func minutesOf(value string) string {
	var n float64
	if json.Unmarshal([]byte(value), &n) != nil {
		return ""
	}
	return strconv.Itoa(int(n))
}

// readFixed reads what is decided above services for all of them.
func (d *Document) readFixed(ctx context.Context, q db.Q, agencyID string) error {
	rows, err := q.QueryContext(ctx, `
		SELECT policy.name, COALESCE(department.code, '') FROM policy
		LEFT JOIN department ON department.agency_id = policy.agency_id AND department.id = policy.place_id
		WHERE policy.agency_id = $1 AND policy.fixed AND policy.place_kind IN ('agency', 'department')`, agencyID)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // read only
	for rows.Next() {
		var one ruleAt
		if err := rows.Scan(&one.rule, &one.code); err != nil {
			return err
		}
		d.fixed[one] = true
	}
	return rows.Err()
}

func readStaff(ctx context.Context, q db.Q, args []any, d *Document) error {
	return d.rows(ctx, q, Staff, `SELECT id, email, name, disabled_at IS NOT NULL FROM staff WHERE agency_id = $1 AND erased_at IS NULL AND (CAST($2 AS TEXT) = '' OR email = $2)`, args,
		func(from scanner, r *Row) error {
			var shut bool
			err := from.Scan(&r.ID, &r.cells[0], &r.cells[1], &shut)
			r.cells[2] = instead(shut, disabled, active)
			return err
		})
}

// readRoles reads what people have decided, by hand and by import, for good: what a directory or a substitution gives
// for a time is theirs.
func (s *Service) readRoles(ctx context.Context, q db.Q, agencyID string, d *Document) error {
	codes := map[string]string{agencyID: ""}
	for _, kind := range []Kind{Departments, Locations, Desks} {
		for _, row := range d.Rows[kind] {
			codes[row.ID] = row.cells[0]
		}
	}
	return d.rows(ctx, q, Roles, `
		SELECT DISTINCT staff.id, staff.email, staff_role.role, staff_role.place_kind, staff_role.place_id FROM staff_role
		JOIN staff ON staff.agency_id = staff_role.agency_id AND staff.id = staff_role.staff_id
		WHERE staff_role.agency_id = $1 AND staff_role.source IN ('hand', 'import')
		  AND staff_role.from_at <= $2 AND staff_role.until_at IS NULL`, []any{agencyID, db.Ms(s.o.Clock())},
		func(from scanner, r *Row) error {
			var place string
			err := from.Scan(&r.ID, &r.cells[0], &r.cells[1], &r.cells[2], &place)
			r.cells[3], r.cells[4] = codes[place], given
			return err
		})
}

// acting lets whoever sent a request change an organisation, as what they are at that moment: they may have been dismissed
// while their request was kept open.
func (s *Service) acting(ctx context.Context, change func(*db.Tx, staff.Person) error) error {
	p, err := staff.From(ctx)
	if err != nil {
		return err
	}
	return s.db.Retried(ctx, func(tx *db.Tx) error {
		p, err := s.locked(ctx, tx, p)
		if err != nil {
			return err
		}
		return change(tx, p)
	})
}

// locked waits for other changes of the organisation, and tells what whoever acts may do: nobody can take it from them before
// the end.
func (s *Service) locked(ctx context.Context, tx *db.Tx, p staff.Person) (staff.Person, error) {
	if err := s.o.Staff.InTurn(ctx, tx, p.Agency); err != nil {
		return p, err
	}
	return s.o.Staff.Acting(ctx, tx, p)
}
