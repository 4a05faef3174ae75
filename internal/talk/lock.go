package talk

import (
	"context"

	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/seat"
	"visavis/internal/staff"
)

// lock closes the talk to other devices than the guest's present one, or opens it again; said twice it is one entry.
func (s *Service) lock(ctx context.Context, p staff.Person, id string, on bool) (Talk, error) {
	return s.lead(ctx, p, id, func(tx *db.Tx, t *Talk) error {
		x, err := s.o.Seats.ByID(ctx, tx, t.Agency, t.Seat)
		if err != nil || x.Locked == on {
			return err
		}
		if x, _, err = s.o.Seats.Do(ctx, tx, t.Agency, t.Seat, seat.Lock{On: on}); err != nil {
			return err
		}
		act := audit.TalkUnlocked
		if on {
			act = audit.TalkLocked
		}
		return s.note(ctx, tx, audit.Staff(p.ID), act, *t, x)
	})
}

type lockInput struct {
	Path
	Body struct {
		On bool `json:"on"`
	}
}

func (s *Service) postLock(ctx context.Context, in *lockInput) (*viewOutput, error) {
	return s.acted(ctx, func(ctx context.Context, p staff.Person) (Talk, error) { return s.lock(ctx, p, in.Talk, in.Body.On) })
}
