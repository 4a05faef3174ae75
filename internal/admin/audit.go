package admin

import (
	"context"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/staff"
)

// note tells the audit of a change of a place or a role: an import leaves the same entries as the admin pages.
func (w *writer) note(ctx context.Context, c Change, id string) error {
	e := audit.Entry{
		Agency: w.agency, By: audit.Staff(w.by), Act: audit.PlaceChanged, Object: id,
		Detail: []audit.Code{audit.Is("kind", string(c.Kind)), audit.Is("what", c.What)},
	}
	if c.Kind == Roles {
		role, _, place := w.held(c)
		e.Object = w.ids[Staff][c.row.cells[0]]
		e.Act = audit.RoleGiven
		if c.row.cells[4] == taken {
			e.Act = audit.RoleTaken
		}
		e.Detail = []audit.Code{audit.Is("role", role), audit.Is("place", place), audit.Is("source", string(staff.Import))}
	}
	return w.audit.Append(ctx, w.tx, e)
}

// noteRule tells the audit that a place has decided a rule, or leaves it to others.
func (s *Service) noteRule(ctx context.Context, tx *db.Tx, p staff.Person, place agency.Place, act audit.Act, rule agency.Rule, detail ...audit.Code) error {
	return s.o.Audit.Append(ctx, tx, audit.Entry{
		Agency: p.Agency, By: audit.Staff(p.ID), Act: act, Object: place.ID,
		Detail: append([]audit.Code{audit.Is("rule", string(rule))}, detail...),
	})
}
