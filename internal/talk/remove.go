package talk

import (
	"context"

	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/staff"
)

// remove puts the guest out who cannot be talked with: the talk ends, the appointment is over with an outcome, and its link
// says to call the office. Before they have entered there is nobody to put out.
func (s *Service) remove(ctx context.Context, p staff.Person, id, outcome string) (Talk, error) {
	return s.lead(ctx, p, id, func(tx *db.Tx, t *Talk) error {
		if err := mainOnly(*t); err != nil {
			return err
		}
		if t.EnteredAt == nil {
			return outOfOrder()
		}
		x, err := s.o.Seats.ByID(ctx, tx, t.Agency, t.Seat)
		if err != nil {
			return err
		}
		if err := s.o.Appointments.Outcome(ctx, tx, p, x.Appointment, outcome); err != nil {
			return err
		}
		if err := s.o.Seats.Removed(ctx, tx, t.Agency, t.Seat); err != nil {
			return err
		}
		if err := s.note(ctx, tx, audit.Staff(p.ID), audit.GuestRemoved, *t, x); err != nil {
			return err
		}
		*t, err = byID(ctx, tx, t.Agency, t.ID)
		return err
	})
}

type removeInput struct {
	Path
	Body struct {
		Outcome string `json:"outcome" enum:"held,phone"`
	}
}

func (s *Service) postRemove(ctx context.Context, in *removeInput) (*viewOutput, error) {
	return s.acted(ctx, func(ctx context.Context, p staff.Person) (Talk, error) {
		return s.remove(ctx, p, in.Talk, in.Body.Outcome)
	})
}
