package admin

import (
	"context"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/staff"
)

// note tells the audit of a change of a place: an import leaves the same entries as the admin pages.
func (w *writer) note(ctx context.Context, c Change, id string) error {
	e := audit.Entry{
		Agency: w.agency, By: audit.Staff(w.by), Act: audit.PlaceChanged, Object: id,
		Detail: []audit.Code{audit.Is("kind", string(c.Kind)), audit.Is("what", c.What)},
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
