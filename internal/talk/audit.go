package talk

import (
	"context"

	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/seat"
	"visavis/internal/staff"
)

// note tells the audit what happened in a talk. Whoever asks what became of an appointment finds it there.
func (s *Service) note(ctx context.Context, tx *db.Tx, by audit.Actor, act audit.Act, t Talk, x seat.Seat, more ...audit.Code) error {
	return s.o.Audit.Append(ctx, tx, audit.Entry{
		Agency: t.Agency, By: by, Act: act, Object: x.Appointment, Detail: append(more, audit.Is("talk", t.ID)),
	})
}

// noteJoined tells it that a colleague leads a talk from now on, and who did so before.
func (s *Service) noteJoined(ctx context.Context, tx *db.Tx, p staff.Person, t Talk) error {
	x, err := s.o.Seats.ByID(ctx, tx, t.Agency, t.Seat)
	if err != nil {
		return err
	}
	return s.note(ctx, tx, audit.Staff(p.ID), audit.TalkJoined, t, x, audit.Person("from", t.Staff))
}

// noteRole writes down what somebody did in a talk, and in which role: of the guest's document or file nothing is known here.
func (s *Service) noteRole(ctx context.Context, tx *db.Tx, p staff.Person, t Talk, act audit.Act) error {
	x, err := s.o.Seats.ByID(ctx, tx, t.Agency, t.Seat)
	if err != nil {
		return err
	}
	return s.o.Audit.Append(ctx, tx, audit.Entry{
		Agency: t.Agency, By: audit.Staff(p.ID), Act: act, Object: x.Appointment,
		Detail: []audit.Code{audit.Is("role", string(p.RoleAt(t.Desk)))},
	})
}
