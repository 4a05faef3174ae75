package admin

import (
	"context"
	"fmt"
	"slices"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/staff"
)

// duty is a role for the whole agency. Those that a directory gives, or that are given for a time, no import takes.
type duty struct {
	role  staff.Role
	taken bool // can be, by an import
}

// checkPeople notes what of a difference nobody may bring about, before anything is written: who tries it is told, too.
func (s *Service) checkPeople(ctx context.Context, q db.Q, agencyID, by string, now *Document, changes Difference, file *Document, m *Mistakes) error {
	if err := s.checkDuties(ctx, q, agencyID, by, now, changes, file.Files[Roles], m); err != nil {
		return err
	}
	return s.checkAdmins(ctx, q, agencyID, now, changes, file, m)
}

// checkAdmins notes the last line that disables an account or takes a role after which nobody would administer an agency that
// somebody does.
func (s *Service) checkAdmins(ctx context.Context, q db.Q, agencyID string, now *Document, changes Difference, file *Document, m *Mistakes) error {
	admins, err := s.o.Staff.Admins(ctx, q, agencyID)
	if err != nil || !slices.ContainsFunc(admins, func(a staff.Admin) bool { return !a.Disabled }) {
		return err
	}
	shut := map[string]bool{} // by e-mail
	for _, row := range now.Rows[Staff] {
		shut[row.cells[0]] = row.cells[2] == disabled
	}
	var last Change
	for _, c := range changes {
		who := c.row.cells
		switch {
		case c.Kind == Staff:
			shut[who[0]] = who[2] == disabled
			if c.What == Closed {
				last = c
			}
		case c.Kind != Roles || who[1] != string(staff.AgencyAdmin):
		case who[4] == taken:
			admins = slices.DeleteFunc(admins, func(a staff.Admin) bool { return a.Decided && a.Email == who[0] })
			last = c
		default:
			admins = append(admins, staff.Admin{Email: who[0]})
		}
	}
	if !slices.ContainsFunc(admins, func(a staff.Admin) bool { return !shut[a.Email] }) {
		m.add(file.Files[last.Kind], last.Line, "last_admin", "role", string(staff.AgencyAdmin))
	}
	return nil
}

// checkDuties notes the lines that give a role to who imports them (by; empty: a command), and those that would give
// somebody two roles that one person may not hold.
func (s *Service) checkDuties(ctx context.Context, q db.Q, agencyID, by string, now *Document, changes Difference, file string, m *Mistakes) error {
	held, err := s.duties(ctx, q, agencyID)
	if err != nil {
		return err
	}
	self := slices.IndexFunc(now.Rows[Staff], func(r Row) bool { return by != "" && r.ID == by })
	var given []Change
	for _, c := range changes {
		if c.Kind != Roles {
			continue
		}
		who, role := c.row.cells[0], staff.Role(c.row.cells[1])
		if c.row.cells[4] == taken {
			held[who] = slices.DeleteFunc(held[who], func(has duty) bool { return has.taken && has.role == role })
			continue
		}
		given = append(given, c)
		if c.row.cells[2] == string(agency.OfAgency) {
			held[who] = append(held[who], duty{role, true})
		}
	}
	for _, c := range given {
		who, role := c.row.cells[0], staff.Role(c.row.cells[1])
		if self >= 0 && now.Rows[Staff][self].cells[0] == who {
			m.add(file, c.Line, "role_self")
		}
		if at := slices.IndexFunc(held[who], func(has duty) bool { return has.role.Apart(role) }); at >= 0 {
			m.addIn(colRole, file, c.Line, "role_apart", "role", string(role), "other", string(held[who][at].role))
		}
	}
	return nil
}

// duties reads who has which roles for the whole agency, or will have, by e-mail.
func (s *Service) duties(ctx context.Context, q db.Q, agencyID string) (map[string][]duty, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT staff.email, staff_role.role, staff_role.source IN ('hand', 'import') AND staff_role.until_at IS NULL FROM staff_role
		JOIN staff ON staff.agency_id = staff_role.agency_id AND staff.id = staff_role.staff_id
		WHERE staff_role.agency_id = $1 AND staff_role.place_id = $1 AND (staff_role.until_at IS NULL OR staff_role.until_at > $2)`,
		agencyID, db.Ms(s.o.Clock()))
	if err != nil {
		return nil, fmt.Errorf("read duties: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	held := map[string][]duty{}
	for rows.Next() {
		var who string
		var one duty
		if err := rows.Scan(&who, &one.role, &one.taken); err != nil {
			return nil, fmt.Errorf("read duties: %w", err)
		}
		held[who] = append(held[who], one)
	}
	return held, rows.Err()
}
