package talk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"time"

	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/seat"
)

// ForSeats is what package seat needs of talks (seat.Talks).
func (s *Service) ForSeats() seat.Talks { return forSeats{s} }

type forSeats struct{ s *Service }

// Rejoin begins a new generation for a fresh page of the guest; far more often than anybody loads a page again is not for
// talking.
func (f forSeats) Rejoin(ctx context.Context, tx *db.Tx, x seat.Seat, prepared seat.Prepared) error {
	if !f.s.fresh.Allow(x.Agency + "/" + x.ID) {
		return edge.NewProblem(http.StatusTooManyRequests, "link.throttled")
	}
	key, err := f.s.o.Agencies.Keys().In(ctx, tx, x.Agency)
	if err != nil {
		return err
	}
	t, err := live(ctx, tx, x.Agency, x.ID)
	if err == nil {
		err = f.s.letWrite(ctx, tx, x, &t)
	}
	if err != nil {
		return err
	}
	return f.s.next(ctx, tx, key, &t, &prepared)
}

// Stayed begins one for a page that was there already and describes another connection than the one in use.
func (f forSeats) Stayed(ctx context.Context, tx *db.Tx, x seat.Seat, prepared seat.Prepared) error {
	t, err := live(ctx, tx, x.Agency, x.ID)
	if err == nil {
		err = f.s.letWrite(ctx, tx, x, &t)
	}
	if err != nil || t.GuestPrint == "" || t.GuestPrint == prepared.Fingerprint {
		return err
	}
	return f.Rejoin(ctx, tx, x, prepared)
}

// Renewed takes the guest's offer for a generation that staff began; once.
func (f forSeats) Renewed(ctx context.Context, tx *db.Tx, x seat.Seat, prepared seat.Prepared, generation int64) error {
	key, err := f.s.o.Agencies.Keys().In(ctx, tx, x.Agency)
	if err != nil {
		return err
	}
	t, err := live(ctx, tx, x.Agency, x.ID)
	if err != nil {
		return err
	}
	if t.Generation != generation {
		return edge.NewProblem(http.StatusConflict, "talk.generation", "generation", t.Generation)
	}
	if t.GuestPrint != "" {
		return outOfOrder()
	}
	if err := f.s.begin(ctx, tx, key, &t, &prepared); err != nil {
		return err
	}
	return f.s.tell(ctx, tx, t)
}

// Changed wakes the talk's window, which shows some of the seat.
func (f forSeats) Changed(ctx context.Context, tx *db.Tx, x seat.Seat) error {
	t, err := live(ctx, tx, x.Agency, x.ID)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.s.o.Events.Append(ctx, tx, t.Agency, Topic(t.ID), "talk", "")
}

// Attended notes whether who leads the talk has it open, and tells the guest when that changes.
func (f forSeats) Attended(ctx context.Context, tx *db.Tx, x seat.Seat, open func(staff string) (bool, error)) error {
	t, err := live(ctx, tx, x.Agency, x.ID)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	here, err := open(t.Staff)
	if err != nil || here == (t.StaffAwaySince == nil) {
		return err
	}
	var since *time.Time
	if !here {
		now := f.s.o.Clock()
		since = &now
	}
	if _, err := tx.ExecContext(ctx, `UPDATE talk SET staff_away_since = $1 WHERE agency_id = $2 AND id = $3`,
		db.MsPtr(since), t.Agency, t.ID); err != nil {
		return fmt.Errorf("note who leads the talk: %w", err)
	}
	if t.Pairing != "" { // the list says where the device is
		return f.s.o.Seats.Tell(ctx, tx, x)
	}
	return f.s.o.Events.Append(ctx, tx, t.Agency, seat.Topic(t.Seat), "seat", "")
}

// Left ends the live talk of a seat: the guest went, or the seat was closed.
func (f forSeats) Left(ctx context.Context, tx *db.Tx, by audit.Actor, x seat.Seat) error {
	t, err := live(ctx, tx, x.Agency, x.ID)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := f.s.note(ctx, tx, by, audit.TalkEnded, t, x); err != nil {
		return err
	}
	return f.s.finish(ctx, tx, &t)
}

// Held tells whether there is a live talk, or one that the guest had entered.
func (f forSeats) Held(ctx context.Context, q db.Q, x seat.Seat, since time.Time) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `
		SELECT COUNT(*) FROM talk
		WHERE agency_id = $1 AND seat_id = $2 AND admitted_at >= $3 AND (ended_at IS NULL OR entered_at IS NOT NULL)`,
		x.Agency, x.ID, db.Ms(since)).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look for talks: %w", err)
	}
	return n > 0, nil
}

// View shows the live talk to its guest.
func (f forSeats) View(ctx context.Context, q db.Q, x seat.Seat) (*seat.TalkView, error) {
	t, err := live(ctx, q, x.Agency, x.ID)
	if errors.Is(err, ErrNotFound) {
		return nil, nil // as the interface says: no live talk
	}
	if err != nil {
		return nil, err
	}
	name, err := f.s.o.Staff.Name(ctx, q, t.Agency, t.Staff)
	if err != nil {
		return nil, err
	}
	next := ""
	if t.Transfer != nil && t.Transfer.By != "" {
		if next, err = f.s.o.Staff.Name(ctx, q, t.Agency, t.Transfer.By); err != nil {
			return nil, err
		}
	}
	return &seat.TalkView{
		ID: t.ID, Generation: t.Generation, StaffName: name, AdmittedAt: db.Ms(t.AdmittedAt),
		RingUntil: db.MsPtr(t.RingUntil), EnteredAt: db.MsPtr(t.EnteredAt), HeadsUpMs: f.s.o.HeadsUp.Milliseconds(),
		StaffHere: t.StaffAwaySince == nil, Features: t.Features, Lead: lead(t), NextName: next,
	}, nil
}

// lead is another word for each member of staff at a seat.
func lead(t Talk) string {
	sum := sha256.Sum256([]byte(t.Seat + "/" + t.Staff))
	return hex.EncodeToString(sum[:8])
}

// Signals are the messages for the guest.
func (f forSeats) Signals(ctx context.Context, q db.Q, x seat.Seat, after int64) ([]map[string]any, error) {
	t, err := live(ctx, q, x.Agency, x.ID)
	if errors.Is(err, ErrNotFound) {
		return []map[string]any{}, nil
	}
	if err != nil {
		return nil, err
	}
	return f.s.signals(ctx, q, t, forGuest, after)
}

const runningTalks = `
	SELECT MIN(CASE WHEN talk.admitted_at > appointment.starts_at
	                THEN talk.admitted_at + appointment.ends_at - appointment.starts_at ELSE appointment.ends_at END)
	FROM talk
	JOIN seat ON seat.id = talk.seat_id AND seat.agency_id = talk.agency_id
	JOIN appointment ON appointment.id = seat.appointment_id AND appointment.agency_id = talk.agency_id
	WHERE talk.agency_id = $1 AND talk.ended_at IS NULL AND `

// BusyUntil is when the talk that the advisor, or without one anybody of the desk, is in should end: as planned, or, if it
// began late, after as much time. As long as a seat's own time has not come, a talk that was planned beside it has
// somebody of its own.
func (f forSeats) BusyUntil(ctx context.Context, q db.Q, x seat.Seat, advisor string, starts time.Time) (*time.Time, error) {
	// Two conditions, so that either is found by its index.
	query, args := runningTalks+`talk.staff_id = $2`, []any{x.Agency, advisor}
	if advisor == "" {
		query = runningTalks + `talk.desk_id = $2 AND (appointment.ends_at <= $3 OR $4 >= $3)`
		args = []any{x.Agency, x.Desk, db.Ms(starts), db.Ms(f.s.o.Clock())}
	}
	var until *int64
	err := q.QueryRowContext(ctx, query, args...).Scan(&until)
	if err != nil {
		return nil, fmt.Errorf("read running talks: %w", err)
	}
	return db.TimePtr(until), nil
}
