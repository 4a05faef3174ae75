package seat

import (
	"context"
	"fmt"

	"visavis/internal/agency"
	"visavis/internal/db"
)

// Fits tells whether a guest who talks can go on at another desk: it must offer that, and ask for no other consent than
// this guest has given.
func (s *Service) Fits(ctx context.Context, q db.Q, x Seat, desk string) error {
	x.Desk = desk
	w, rules, err := s.policy(ctx, q, x)
	switch {
	case err != nil:
		return err
	case !rules.Offered(s.o.Agencies.Today()) || x.Door != "" && !w.lets(x.Door):
		return refuse("transfer.not_offered")
	case w.asks(x):
		return refuse("transfer.consent")
	}
	return nil
}

// Follow lets the seat of who talks belong to the desk that goes on with the talk, and what is to be done about its
// appointment, too. Whoever calls it has the appointment in hand.
func (s *Service) Follow(ctx context.Context, tx *db.Tx, agencyID, id, desk string) error {
	x, err := s.keep(ctx, tx, agencyID, id)
	if err != nil {
		return err
	}
	if x.State != Talking {
		return refuse("seat.not_talking")
	}
	if x.Desk == desk {
		return nil
	}
	if _, err := tx.ExecContext(ctx, `UPDATE seat SET desk_id = $1, version = version + 1 WHERE agency_id = $2 AND id = $3`,
		desk, agencyID, id); err != nil {
		return fmt.Errorf("let seat follow its talk: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE seat SET desk_id = $1, version = version + 1 WHERE agency_id = $2 AND appointment_id = $3 AND role <> 'citizen'`,
		desk, agencyID, x.Appointment); err != nil {
		return fmt.Errorf("let company follow: %w", err)
	}
	open, err := openTasks(ctx, tx, x)
	if err != nil {
		return err
	}
	for task := range open {
		if _, err := tx.ExecContext(ctx, `UPDATE task SET desk_id = $1 WHERE agency_id = $2 AND id = $3`, desk, agencyID, task); err != nil {
			return fmt.Errorf("let task follow its talk: %w", err)
		}
		for _, at := range []string{x.Desk, desk} {
			if err := s.o.Events.Append(ctx, tx, agencyID, agency.DeskTopic(at), "task", task); err != nil {
				return err
			}
		}
	}
	// The new desk, and the guest, are told by who goes on with the talk.
	return s.o.Events.Append(ctx, tx, agencyID, agency.DeskTopic(x.Desk), "row", x.Appointment)
}

// removed is why a seat is closed whose guest was put out of the talk, whatever the appointment's outcome is.
const removed = "removed"

// Removed says of a seat that was closed in the same transaction that its guest was put out. Everybody is told of it by
// what closed it.
func (s *Service) Removed(ctx context.Context, tx *db.Tx, agencyID, id string) error {
	err := db.Affected(tx.ExecContext(ctx, `UPDATE seat SET closed_reason = $1 WHERE agency_id = $2 AND id = $3 AND state = $4`,
		removed, agencyID, id, Closed))
	if err != nil {
		return fmt.Errorf("note that the guest was put out: %w", err)
	}
	return nil
}
