package seat

import (
	"context"
	"fmt"
	"time"

	"visavis/internal/db"
)

// Wait is an honest range in minutes; both 0: at once. Until is the moment that it is about. It holds if whoever is first
// is free After: for as long as that is not so, it moves on by itself.
type Wait struct {
	From  int    `json:"from"`
	To    int    `json:"to"`
	Until int64  `json:"until"`
	After *int64 `json:"after,omitempty"`
}

const (
	step = 5 // minutes; nobody can promise more exactly
	// overdue is how long after the beginning somebody who is not there is still waited for.
	overdue = 10 * time.Minute
	// mostAhead bounds what lies before an appointment on one day of one advisor.
	mostAhead = 50
)

// span is an appointment of the same advisor that comes first.
type span struct{ starts, ends time.Time }

// queue is what decides when it is somebody's turn.
type queue struct {
	starts time.Time     // as agreed
	late   time.Duration // as the desk or the advisor has said
	busy   *time.Time    // until when the running talk should last
	ahead  []span        // in their order
	first  time.Duration // of those at the desk whose talk was interrupted: they come before all others
}

// wait is a range that holds, or nothing: the running talk is over its time, and nobody else comes first.
func (t queue) wait(now time.Time) *Wait {
	var free time.Time
	switch {
	case t.busy != nil && t.busy.After(now):
		free = *t.busy
	case t.busy != nil || len(t.ahead) > 0 || t.first > 0:
		free = now
	}
	length := t.first
	free = free.Add(t.first)
	for _, a := range t.ahead {
		free = latest(free, a.starts.Add(t.late)).Add(a.ends.Sub(a.starts))
		length += a.ends.Sub(a.starts)
	}
	until := latest(free, t.starts.Add(t.late))
	w := &Wait{Until: db.Ms(until)}
	if t.busy != nil || len(t.ahead) > 0 || t.first > 0 {
		w.After = new(db.Ms(until.Add(-length)))
	}
	switch left := until.Sub(now); {
	case left > 0:
		w.From = int(left/time.Minute) / step * step
		w.To = w.From + 2*step
	case t.busy != nil:
		return nil
	}
	return w
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (s *Service) wait(ctx context.Context, q db.Q, x Seat, advisor string, starts, now time.Time) (*Wait, error) {
	if x.PassedAt != nil { // whose talk was interrupted comes first, and nobody can say more exactly
		return nil, nil // as it says: no range
	}
	t := queue{starts: starts}
	var err error
	if t.busy, err = s.talks.BusyUntil(ctx, q, x, advisor, starts); err != nil {
		return nil, err
	}
	if t.late, err = late(ctx, q, x, advisor, now); err != nil {
		return nil, err
	}
	if t.ahead, err = ahead(ctx, q, x, advisor, starts, now); err != nil {
		return nil, err
	}
	if t.first, err = interrupted(ctx, q, x); err != nil {
		return nil, err
	}
	return t.wait(now), nil
}

// interrupted is how long those at the desk take who wait as who led their talk may lead it no longer.
func interrupted(ctx context.Context, q db.Q, x Seat) (time.Duration, error) {
	var length int64
	err := q.QueryRowContext(ctx, `
		SELECT COALESCE(SUM(a.ends_at - a.starts_at), 0) FROM seat s
		JOIN appointment a ON a.agency_id = s.agency_id AND a.id = s.appointment_id
		WHERE s.agency_id = $1 AND s.desk_id = $2 AND s.role = 'citizen' AND s.state = 'waiting' AND s.passed_at IS NOT NULL AND s.id <> $3`,
		x.Agency, x.Desk, x.ID).Scan(&length)
	if err != nil {
		return 0, fmt.Errorf("read whose talk was interrupted: %w", err)
	}
	return time.Duration(length) * time.Millisecond, nil
}

// late is by how much the desk of a seat, or the advisor, says to be late.
func late(ctx context.Context, q db.Q, x Seat, advisor string, now time.Time) (time.Duration, error) {
	var minutes int64
	err := q.QueryRowContext(ctx, `
		SELECT COALESCE(MAX(minutes), 0) FROM late WHERE agency_id = $1 AND who IN ($2, $3) AND until_at > $4`,
		x.Agency, x.Desk, advisor, db.Ms(now)).Scan(&minutes)
	if err != nil {
		return 0, fmt.Errorf("read lateness: %w", err)
	}
	return time.Duration(minutes) * time.Minute, nil
}

// ahead are the appointments that a named advisor has before this one and that have not begun: of who waits, or may
// still come. Those whose talk was interrupted at the same desk come before all of them.
func ahead(ctx context.Context, q db.Q, x Seat, advisor string, starts, now time.Time) ([]span, error) {
	if advisor == "" {
		return nil, nil
	}
	rows, err := q.QueryContext(ctx, `
		SELECT a.starts_at, a.ends_at FROM appointment a
		JOIN seat s ON s.agency_id = a.agency_id AND s.appointment_id = a.id AND s.role = 'citizen'
		WHERE a.agency_id = $1 AND a.advisor_id = $2 AND a.starts_at < $3 AND a.starts_at > $4 AND a.status = 'booked'
		  AND (s.state = 'waiting' AND (s.passed_at IS NULL OR s.desk_id <> $7) OR s.state = 'expected' AND a.starts_at > $5)
		ORDER BY a.starts_at, a.id LIMIT $6`,
		x.Agency, advisor, db.Ms(starts), db.Ms(starts.Add(-24*time.Hour)), db.Ms(now.Add(-overdue)), mostAhead, x.Desk)
	if err != nil {
		return nil, fmt.Errorf("read who comes first: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	var list []span
	for rows.Next() {
		var from, to int64
		if err := rows.Scan(&from, &to); err != nil {
			return nil, fmt.Errorf("read who comes first: %w", err)
		}
		list = append(list, span{db.Time(from), db.Time(to)})
	}
	return list, rows.Err()
}

// Busy tells whether guests of an agency wait or talk at this moment.
func Busy(ctx context.Context, q db.Q, agencyID string) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM seat WHERE agency_id = $1 AND state IN ('waiting', 'talking')`, agencyID).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("count who is here: %w", err)
	}
	return n > 0, nil
}
