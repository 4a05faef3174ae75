// Package jobs is a durable queue in a table: what must happen even if the process
// dies. A job is added in the transaction that makes it necessary, carries ids only,
// is leased by one worker at a time, tried again with growing pauses, and put aside
// (dead) when it can never succeed. Workers are woken by whoever adds a job, on every node, and by a timer for
// the next due job; nothing is polled.
//
// The main types are Queue and Job. The package knows nothing of what the jobs do.
package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"visavis/internal/db"
	"visavis/internal/vault"
)

// Job is one thing to do. Kind and Key together are unique.
type Job struct {
	ID       string
	Agency   string
	Kind     string
	Key      string
	Ref      string // an id, never content
	RunAt    time.Time
	Attempts int // tries so far, this one included
	lease    string
}

// Last tells whether the queue gives up when this try fails.
func (j Job) Last() bool { return j.Attempts >= maxAttempts }

// Handler does a job. An error means "try again later", Permanent "never", Again "done, and once more".
type Handler func(ctx context.Context, job Job) error

type permanentError struct{ code string }

func (e permanentError) Error() string { return e.code }

// Permanent puts the job aside. code is stored, so it must not hold personal data.
func Permanent(code string) error { return permanentError{code} }

type againError struct {
	at  time.Time
	ref string
}

func (e againError) Error() string { return "again" }

// Again is no failure: the job is done, and due once more at another time, about something else. It is planned with the
// end of this one, so that none of them is lost or done twice; unless the job was replaced or removed meanwhile.
func Again(at time.Time, ref string) error { return againError{at, ref} }

// Options configure a Queue.
type Options struct {
	Node    string // names the owner of leases, for people who look
	Clock   func() time.Time
	Workers int
	Log     *slog.Logger
	Wake    <-chan struct{} // some node has added a job
	Publish func()          // tells all nodes so; must not block
}

// Queue is the durable queue.
type Queue struct {
	db       *db.DB
	o        Options
	handlers map[string]Handler
	wake     chan struct{}
}

const (
	lease       = 60 * time.Second
	maxAttempts = 12 // with the pauses below: about three hours
	firstPause  = 5 * time.Second
	maxPause    = 2 * time.Hour
	idlePause   = time.Minute // a lease of a dead node ends without any event
	claimWait   = 5 * time.Second
)

// New returns a queue. Handle every kind, then Run.
func New(d *db.DB, o Options) *Queue {
	return &Queue{db: d, o: o, handlers: map[string]Handler{}, wake: make(chan struct{}, 1)}
}

// Handle names who does a kind of job. Before Run only.
func (q *Queue) Handle(kind string, h Handler) { q.handlers[kind] = h }

// Add puts a job into the queue with the caller's transaction. If one with the same
// kind and key waits already, that one stays.
func (q *Queue) Add(ctx context.Context, tx *db.Tx, job Job) error {
	return q.add(ctx, tx, job, `ON CONFLICT (kind, unique_key) DO NOTHING`)
}

// Replace is Add, but the new job takes the place of one that waits.
func (q *Queue) Replace(ctx context.Context, tx *db.Tx, job Job) error {
	return q.add(ctx, tx, job, `ON CONFLICT (kind, unique_key) DO UPDATE
		SET ref = excluded.ref, run_at = excluded.run_at, attempts = 0, dead_at = NULL,
		    lease_until = NULL, lease_owner = NULL, last_error = NULL
		WHERE job.agency_id = excluded.agency_id`)
}

func (q *Queue) add(ctx context.Context, tx *db.Tx, job Job, conflict string) error {
	if job.RunAt.IsZero() {
		job.RunAt = q.o.Clock()
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO job (id, agency_id, kind, unique_key, ref, run_at, attempts)
		VALUES ($1, $2, $3, $4, $5, $6, 0) `+conflict,
		vault.NewID(), job.Agency, job.Kind, job.Key, job.Ref, db.Ms(job.RunAt))
	if err != nil {
		return fmt.Errorf("add job %s: %w", job.Kind, err)
	}
	tx.AfterCommit(q.o.Publish)
	return nil
}

// Remove takes jobs out that are not needed any more.
func (q *Queue) Remove(ctx context.Context, tx *db.Tx, agency, kind string, keys ...string) error {
	err := db.InParts([]any{agency, kind}, keys, func(list string, args []any) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM job WHERE agency_id = $1 AND kind = $2 AND unique_key IN `+list, args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("remove job %s: %w", kind, err)
	}
	return nil
}

// look makes Run look for due jobs again.
func (q *Queue) look() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// Run works until ctx ends and returns when the jobs in hand are done.
func (q *Queue) Run(ctx context.Context) error {
	slots := make(chan struct{}, max(1, q.o.Workers))
	var working sync.WaitGroup
	defer working.Wait()
	for {
		select {
		case <-ctx.Done():
			return nil
		case slots <- struct{}{}:
		}
		job, next, err := q.claim(ctx)
		if job != nil {
			working.Go(func() {
				q.work(ctx, *job)
				<-slots
			})
			continue
		}
		<-slots
		if err != nil && ctx.Err() == nil {
			q.o.Log.ErrorContext(ctx, "claim job", "error", err)
		}
		if !q.rest(ctx, next) {
			return nil
		}
	}
}

// rest waits for a wake-up, the next due job, or (leases of dead nodes) a minute.
func (q *Queue) rest(ctx context.Context, next time.Time) bool {
	pause := idlePause
	if !next.IsZero() {
		pause = min(pause, max(next.Sub(q.o.Clock()), time.Millisecond))
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-q.wake:
	case <-q.o.Wake:
	case <-timer.C:
	}
	return true
}

// claim leases the job that is due for longest. Without one it tells when the next is due.
// Jobs of all agencies on purpose: the queue serves the installation.
func (q *Queue) claim(ctx context.Context) (job *Job, next time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, claimWait)
	defer cancel()
	now := q.o.Clock()
	err = q.db.Tx(ctx, func(tx *db.Tx) error {
		job = nil
		// Of one claim: a job that was replaced while this node works at it is claimed anew, perhaps by the same.
		j := Job{lease: q.o.Node + "." + vault.NewID()}
		var runAt int64
		err := tx.QueryRowContext(ctx, `
			UPDATE job SET lease_until = $1, lease_owner = $2, attempts = attempts + 1
			WHERE id = (SELECT id FROM job
			            WHERE dead_at IS NULL AND run_at <= $3 AND (lease_until IS NULL OR lease_until < $3)
			            ORDER BY run_at LIMIT 1)
			  AND (lease_until IS NULL OR lease_until < $3)
			RETURNING id, agency_id, kind, unique_key, ref, run_at, attempts`,
			db.Ms(now.Add(lease)), j.lease, db.Ms(now)).
			Scan(&j.ID, &j.Agency, &j.Kind, &j.Key, &j.Ref, &runAt, &j.Attempts)
		if errors.Is(err, sql.ErrNoRows) {
			next, err = q.nextDue(ctx, tx)
			return err
		}
		if err != nil {
			return fmt.Errorf("lease job: %w", err)
		}
		j.RunAt = db.Time(runAt)
		job = &j
		return nil
	})
	return job, next, err
}

func (q *Queue) nextDue(ctx context.Context, tx *db.Tx) (time.Time, error) {
	var due, free sql.NullInt64 // each from the beginning of an index: months of reminders wait in the table
	err := tx.QueryRowContext(ctx, `
		SELECT (SELECT run_at FROM job WHERE dead_at IS NULL AND lease_until IS NULL ORDER BY run_at LIMIT 1),
		       (SELECT MIN(lease_until) FROM job WHERE dead_at IS NULL AND lease_until IS NOT NULL)`).Scan(&due, &free)
	switch {
	case err != nil || !due.Valid && !free.Valid:
		return time.Time{}, err
	case !due.Valid || free.Valid && free.Int64 < due.Int64:
		return db.Time(free.Int64 + 1), nil
	}
	return db.Time(due.Int64), nil
}

func (q *Queue) work(ctx context.Context, job Job) {
	ctx, cancel := context.WithTimeout(ctx, lease-10*time.Second) // done before somebody else may begin
	defer cancel()
	err := q.call(ctx, job)
	// The outcome is written even while the process is being stopped.
	after, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer done()
	if err := q.settle(after, job, err); err != nil {
		q.o.Log.ErrorContext(after, "settle job", "kind", job.Kind, "error", err)
	}
	q.look()
}

func (q *Queue) call(ctx context.Context, job Job) (err error) {
	h, ok := q.handlers[job.Kind]
	if !ok {
		return Permanent("unknown_kind")
	}
	defer func() {
		if recover() != nil { // the value may hold personal data: only the place is told
			q.o.Log.ErrorContext(ctx, "job panicked", "kind", job.Kind, "attempt", job.Attempts, "stack", places())
			err = errPanicked
		}
	}()
	return h(ctx, job)
}

// errPanicked is a failure like others: what a handler stumbled over may be gone at the next try.
var errPanicked = errors.New("panicked")

// places are the lines that led to a panic, without arguments.
func places() []string {
	callers := make([]uintptr, 20)
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers)]) // without Callers, places and who recovers
	var lines []string
	for {
		frame, more := frames.Next()
		lines = append(lines, fmt.Sprintf("%s:%d", frame.Function, frame.Line))
		if !more {
			return lines
		}
	}
}

// settle deletes a job that is done, plans the next try, or puts it aside. The
// lease guards it: who lost the lease has no say any more.
func (q *Queue) settle(ctx context.Context, job Job, result error) error {
	return q.db.Tx(ctx, func(tx *db.Tx) error {
		if result == nil {
			_, err := tx.ExecContext(ctx, `DELETE FROM job WHERE agency_id = $1 AND id = $2 AND lease_owner = $3`, job.Agency, job.ID, job.lease)
			return err
		}
		if next, more := errors.AsType[againError](result); more {
			_, err := tx.ExecContext(ctx, `
				UPDATE job SET ref = $1, run_at = $2, attempts = 0, lease_until = NULL, lease_owner = NULL, last_error = NULL
				WHERE agency_id = $3 AND id = $4 AND lease_owner = $5`, next.ref, db.Ms(next.at), job.Agency, job.ID, job.lease)
			return err
		}
		var permanent permanentError
		var dead *int64
		code := "failed"
		if errors.As(result, &permanent) || job.Last() {
			now := db.Ms(q.o.Clock())
			dead = &now
		}
		switch {
		case permanent.code != "":
			code = permanent.code
		case errors.Is(result, errPanicked):
			code = errPanicked.Error()
		}
		q.o.Log.WarnContext(ctx, "job failed", "kind", job.Kind, "attempt", job.Attempts, "dead", dead != nil, "error", result)
		_, err := tx.ExecContext(ctx, `
			UPDATE job SET lease_until = NULL, lease_owner = NULL, run_at = $1, dead_at = $2, last_error = $3
			WHERE agency_id = $4 AND id = $5 AND lease_owner = $6`,
			db.Ms(q.o.Clock().Add(pause(job.Attempts))), dead, code, job.Agency, job.ID, job.lease)
		return err
	})
}

// pause grows: 5 s, 10 s, 20 s … at most two hours, each with up to a quarter of jitter.
func pause(attempts int) time.Duration {
	p := maxPause
	if attempts < 12 {
		p = min(maxPause, firstPause<<(attempts-1))
	}
	return p + rand.N(p/4)
}
