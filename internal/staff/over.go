package staff

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"visavis/internal/db"
	"visavis/internal/edge"
)

// How long a session lasts without use, and at most. Use is what somebody does; that a page is open, and keeps its stream,
// is none: nobody may be there.
const (
	sessionIdle = 12 * time.Hour
	sessionMax  = 24 * time.Hour
	// touchAfter spares a write for each request.
	touchAfter = 5 * time.Minute
)

// notOver are the sessions that have not ended by themselves at a moment, $3: they were used since another, $4. That of a
// device ends with its parent.
const notOver = `staff_session.expires_at > $3 AND staff_session.used_at > $4
	AND (staff_session.parent IS NULL OR EXISTS (SELECT 1 FROM staff_session up WHERE up.agency_id = $1
	     AND up.token_hash = staff_session.parent AND up.expires_at > $3 AND up.used_at > $4))`

// living finds a session by the hash of its token, and whose it is, as long as it counts.
const (
	living   = sessions + owned
	sessions = `
	FROM staff_session
	JOIN staff ON staff.id = staff_session.staff_id AND staff.agency_id = staff_session.agency_id`
	owned = `
	WHERE staff_session.agency_id = $1 AND staff_session.token_hash = $2 AND staff.disabled_at IS NULL AND ` + notOver
	// livingWithDevice has the device that is paired with it beside it, as d.
	livingWithDevice = sessions + `
	LEFT JOIN staff_session d ON d.agency_id = staff_session.agency_id AND d.parent = staff_session.token_hash
	     AND d.expires_at > $3 AND d.used_at > $4` + owned
)

// living are the arguments of both.
func (s *Service) living(agencyID string, of any) []any {
	now := s.o.Clock()
	return []any{agencyID, of, db.Ms(now), db.Ms(now.Add(-sessionIdle))}
}

// use keeps a session alive.
func (s *Service) use(ctx context.Context, p Person) error {
	now := s.o.Clock()
	if now.Sub(p.used) <= touchAfter {
		return nil
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE staff_session SET used_at = $1 WHERE agency_id = $2 AND token_hash = $3`,
			db.Ms(now), p.Agency, p.session)
		return err
	})
}

// Bound counts a stream among those of the person's session: of too many the oldest gives way. When the session ends by
// itself the stream looks again, and says so.
func (s *Service) Bound(p Person, source edge.Source) edge.Source {
	var due atomic.Bool
	end := time.AfterFunc(s.left(p), func() {
		due.Store(true)
		s.o.Nudge(p.Agency, Topic(p.ID))
	})
	changes, closeSource := source.Changes, source.Close
	source.Changes = func(ctx context.Context, after string) (string, []edge.Event, bool, error) {
		if due.Swap(false) {
			now, lives, err := s.Again(ctx, p)
			if err != nil {
				return "", nil, false, err
			}
			if lives { // it was used meanwhile
				end.Reset(max(s.left(now), time.Second))
			}
		}
		return changes(ctx, after)
	}
	source.Close = func() {
		end.Stop()
		closeSource()
	}
	return s.streams.Enter(p.Session(), "", source)
}

// left is how long a session lasts if nobody uses it any more.
func (s *Service) left(p Person) time.Duration {
	now := s.o.Clock()
	return min(p.expires.Sub(now), p.used.Add(sessionIdle).Sub(now))
}

// Prune deletes sessions, links and tokens of providers that are over, of all agencies. They count no more as it is; but
// of who never comes again nobody else would delete them. Each in a transaction of its own, as it has no order with the
// others: whoever signs in takes such rows one after the other, too.
func (s *Service) Prune(ctx context.Context) error {
	now := s.o.Clock()
	for _, over := range []struct {
		query string
		args  []any
	}{
		{`DELETE FROM staff_session WHERE expires_at <= $1 OR used_at <= $2`, []any{db.Ms(now), db.Ms(now.Add(-sessionIdle))}},
		{`DELETE FROM staff_link WHERE until_at <= $1`, []any{db.Ms(now)}},
		{`DELETE FROM staff_pairing WHERE until_at <= $1`, []any{db.Ms(now)}},
		{`DELETE FROM staff_once WHERE until_at <= $1`, []any{db.Ms(now)}},
	} {
		err := s.db.Retried(ctx, func(tx *db.Tx) error {
			_, err := tx.ExecContext(ctx, over.query, over.args...)
			return err
		})
		if err != nil {
			return fmt.Errorf("forget what is over: %w", err)
		}
	}
	return nil
}
