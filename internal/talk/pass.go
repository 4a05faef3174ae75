package talk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/jobs"
	"visavis/internal/seat"
)

// Who loses the right to lead a talk (dismissed, another role, another desk) loses it at once, and the guest keeps the
// place: the talk's seat waits again, before all others, for whoever of the desk comes first. This is not done in the
// transaction that takes the right: it may be a large one, and would wait for talks, and they for it.

const (
	passJob = "talk.pass"
	// passLater is when the job begins that does it if this process does not: it may be gone.
	passLater = 2 * time.Second
	passTime  = 10 * time.Second
	mostLost  = 1024
)

// loss is somebody, or everybody of an agency, who may do less than before.
type loss struct{ agency, staff string }

// Lost is what package staff needs of talks (staff.Talks).
func (s *Service) Lost(ctx context.Context, tx *db.Tx, agencyID, staffID string, from time.Time) error {
	if now := s.o.Clock(); !from.After(now) {
		from = now.Add(passLater)
		tx.AfterCommit(func() { s.look(loss{agencyID, staffID}) })
	}
	return Later(s.o.Jobs).Lost(ctx, tx, agencyID, staffID, from)
}

// Later leaves it to the servers, for a command beside them.
func Later(queue *jobs.Queue) Queued { return Queued{queue} }

// Queued is Later's.
type Queued struct{ jobs *jobs.Queue }

// Lost is staff.Talks.
func (l Queued) Lost(ctx context.Context, tx *db.Tx, agencyID, staffID string, from time.Time) error {
	key := fmt.Sprint(agencyID, "/", staffID, "/", db.Ms(from)) // one that waits already may have looked too early
	return l.jobs.Add(ctx, tx, jobs.Job{Agency: agencyID, Kind: passJob, Key: key, Ref: staffID, RunAt: from})
}

// look makes RunPasses look at who leads a talk.
func (s *Service) look(l loss) {
	select {
	case s.losses <- l:
	default: // so many at once: the job does it
	}
}

// RunPasses passes on the talks of those who may lead them no longer, until ctx ends.
func (s *Service) RunPasses(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case l := <-s.losses:
			if err := s.passAll(ctx, l); err != nil && ctx.Err() == nil {
				s.o.Log.ErrorContext(ctx, "pass talk on", "error", err)
			}
		}
	}
}

func (s *Service) passDue(ctx context.Context, job jobs.Job) error {
	return s.passAll(ctx, loss{job.Agency, job.Ref})
}

// passAll looks at all live talks that somebody, or anybody, leads.
func (s *Service) passAll(ctx context.Context, l loss) error {
	ctx, cancel := context.WithTimeout(ctx, passTime)
	defer cancel()
	leads, err := db.Texts(s.db.Read().QueryContext(ctx, `
		SELECT DISTINCT staff_id FROM talk WHERE agency_id = $1 AND ended_at IS NULL AND ($2 = '' OR staff_id = $2)`, l.agency, l.staff))
	if err != nil {
		return fmt.Errorf("list who leads a talk: %w", err)
	}
	var failed error
	for _, id := range leads {
		talks, err := s.strayed(ctx, s.db.Read(), l.agency, id)
		for _, t := range talks {
			err = errors.Join(err, s.pass(ctx, t))
		}
		failed = errors.Join(failed, err)
	}
	return failed
}

// strayed are the live talks that somebody leads and may not.
func (s *Service) strayed(ctx context.Context, q db.Q, agencyID, staffID string) ([]Talk, error) {
	p, err := s.o.Staff.Now(ctx, q, agencyID, staffID)
	if err != nil {
		return nil, err
	}
	all, err := ledLive(ctx, q, agencyID, staffID)
	var strayed []Talk
	for _, t := range all {
		if !p.MayTalk(t.Desk) {
			strayed = append(strayed, t)
		}
	}
	return strayed, err
}

// pass ends a talk for who leads it, and lets its guest wait for somebody else. Whoever of the desk has taken it over
// meanwhile keeps it.
func (s *Service) pass(ctx context.Context, seen Talk) error {
	return s.db.Retried(ctx, func(tx *db.Tx) error {
		t, err := byID(ctx, tx, seen.Agency, seen.ID)
		if err != nil {
			return err
		}
		if t.EndedAt != nil || t.Staff != seen.Staff {
			return nil
		}
		x, _, err := s.o.Seats.Do(ctx, tx, t.Agency, t.Seat, seat.Pass{From: t.Staff})
		if err != nil {
			return err
		}
		if err := s.note(ctx, tx, audit.System(), audit.TalkPassed, t, x, audit.Person("from", t.Staff)); err != nil {
			return err
		}
		return s.finish(ctx, tx, &t)
	})
}
