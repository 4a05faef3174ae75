package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/jobs"
)

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// node is one worker process with its queue.
type node struct {
	*jobs.Queue
	wake chan struct{}
	done chan struct{}
	stop context.CancelFunc
}

func newNode(t *testing.T, d *db.DB, name string, c *clock) *node { return newNodeOf(t, d, name, c, 2) }

func newNodeOf(t *testing.T, d *db.DB, name string, c *clock, workers int) *node {
	t.Helper()
	return newNodeThatLogs(t, d, name, c, workers, slog.New(slog.DiscardHandler))
}

func newNodeThatLogs(t *testing.T, d *db.DB, name string, c *clock, workers int, log *slog.Logger) *node {
	t.Helper()
	n := &node{wake: make(chan struct{}, 1), done: make(chan struct{})}
	n.Queue = jobs.New(d, jobs.Options{Node: name, Clock: c.Now, Workers: workers, Log: log, Wake: n.wake, Publish: n.look})
	return n
}

func (n *node) look() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

func (n *node) run(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	n.stop = stop
	go func() {
		defer close(n.done)
		_ = n.Run(ctx)
	}()
	t.Cleanup(func() { stop(); <-n.done })
}

func add(t *testing.T, d *db.DB, n *node, j jobs.Job) {
	t.Helper()
	if err := d.Tx(t.Context(), func(tx *db.Tx) error { return n.Add(t.Context(), tx, j) }); err != nil {
		t.Fatal(err)
	}
}

// soon is less than the minute after which a queue looks by itself: who forgets to wake it is found out.
const soon = 45 * time.Second

func get[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(soon):
		t.Fatalf("nothing in %v", soon)
		panic("unreachable")
	}
}

// later lets time pass, minute by minute, until a value comes: how long a job takes
// to be settled after its handler returned is not ours to know.
func later[T any](t *testing.T, c *clock, n *node, values <-chan T) T {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	end := time.After(dbtest.Patience)
	for {
		select {
		case v := <-values:
			return v
		case <-tick.C:
			c.forward(time.Minute)
			n.look()
		case <-end:
			t.Fatal("nothing comes")
		}
	}
}

// settled waits until nobody is at work: what is still being written down would count as a dead node's once the clock goes on.
func settled(t *testing.T, d *db.DB) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(dbtest.Patience); ; {
		leased := 0
		if err := d.Read().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM job WHERE lease_until IS NOT NULL AND dead_at IS NULL`).Scan(&leased); err != nil {
			t.Fatal(err)
		}
		if leased == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("%d jobs stay leased", leased)
		}
	}
}

func TestAJobIsDoneOnceThoughTwoNodesWork(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := &clock{now: time.Now()}
		done := make(chan string, 100)
		var nodes []*node
		for _, name := range []string{"one", "two"} {
			n := newNode(t, d, name, c)
			n.Handle("mail", func(_ context.Context, j jobs.Job) error { done <- j.Ref; return nil })
			nodes = append(nodes, n)
			n.run(t)
		}
		for _, ref := range []string{"a", "b", "c", "d", "e", "f"} {
			add(t, d, nodes[0], jobs.Job{Agency: "x", Kind: "mail", Key: ref, Ref: ref})
			nodes[1].look()
		}
		seen := map[string]int{}
		for range 6 {
			seen[get(t, done)]++
		}
		if len(seen) != 6 {
			t.Error(seen)
		}
	})
}

func TestTheSameKeyIsQueuedOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := &clock{now: time.Now()}
		n := newNode(t, d, "one", c)
		add(t, d, n, jobs.Job{Agency: "x", Kind: "mail", Key: "k", Ref: "first"})
		add(t, d, n, jobs.Job{Agency: "x", Kind: "mail", Key: "k", Ref: "second"})
		done := make(chan string, 10)
		n.Handle("mail", func(_ context.Context, j jobs.Job) error { done <- j.Ref; return nil })
		n.run(t)
		if ref := get(t, done); ref != "first" {
			t.Error(ref)
		}
	})
}

func TestAFailedJobIsTriedAgainLaterAndAPermanentOneNever(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := &clock{now: time.Now()}
		n := newNode(t, d, "one", c)
		tries := make(chan int, 10)
		n.Handle("flaky", func(_ context.Context, j jobs.Job) error {
			tries <- j.Attempts
			if j.Attempts == 1 {
				return errors.New("server busy")
			}
			return nil
		})
		n.Handle("hopeless", func(context.Context, jobs.Job) error { tries <- 100; return jobs.Permanent("refused") })
		n.run(t)
		add(t, d, n, jobs.Job{Agency: "x", Kind: "flaky", Key: "1"})
		if got := get(t, tries); got != 1 {
			t.Fatal(got)
		}
		add(t, d, n, jobs.Job{Agency: "x", Kind: "hopeless", Key: "1"})
		if got := get(t, tries); got != 100 {
			t.Fatal("the second try came without a pause")
		}
		settled(t, d)
		if got := later(t, c, n, tries); got != 2 {
			t.Fatal(got)
		}
	})
}

// lines collects what is logged.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func TestAJobThatPanicsIsTriedAgainAndTheLogSaysWhereButNotWhat(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := &clock{now: time.Now()}
		log := &lines{}
		n := newNodeThatLogs(t, d, "one", c, 1, slog.New(slog.NewTextHandler(log, nil)))
		tries := make(chan int, 10)
		n.Handle("clumsy", func(_ context.Context, j jobs.Job) error {
			tries <- j.Attempts
			if j.Attempts == 1 {
				panic("Erika Mustermann")
			}
			return nil
		})
		n.Handle("next", func(context.Context, jobs.Job) error { tries <- 100; return nil })
		n.run(t)
		add(t, d, n, jobs.Job{Agency: "x", Kind: "clumsy", Key: "1"})
		if got := get(t, tries); got != 1 {
			t.Fatal(got)
		}
		add(t, d, n, jobs.Job{Agency: "x", Kind: "next", Key: "1"}) // by the only worker: the first is settled then
		if got := get(t, tries); got != 100 {
			t.Fatal("the second try came without a pause, or the worker is gone:", got)
		}
		var code string
		var dead *int64
		if err := d.Read().QueryRowContext(t.Context(), `SELECT last_error, dead_at FROM job WHERE kind = 'clumsy'`).Scan(&code, &dead); err != nil {
			t.Fatal(err)
		}
		if code != "panicked" || dead != nil {
			t.Error("recorded as", code, dead)
		}
		if got := later(t, c, n, tries); got != 2 {
			t.Fatal(got)
		}
		said := log.String()
		if !strings.Contains(said, "jobs_test.") || !strings.Contains(said, "kind=clumsy") {
			t.Error("the log does not say where:", said)
		}
		if strings.Contains(said, "Erika") {
			t.Error("the log holds the value:", said)
		}
	})
}

// AVA-01: a worker that dies with a job in hand loses nothing.
func TestAVA01AJobOfADeadWorkerIsTakenOverAfterItsLease(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := &clock{now: time.Now()}
		dead := newNodeOf(t, d, "dead", c, 1) // a second worker would take the job over itself
		stuck := make(chan struct{})
		release := make(chan struct{})
		dead.Handle("mail", func(context.Context, jobs.Job) error { close(stuck); <-release; return nil })
		add(t, d, dead, jobs.Job{Agency: "x", Kind: "mail", Key: "1", Ref: "r"})
		dead.run(t)
		t.Cleanup(func() { close(release) })
		get(t, stuck)
		alive := newNode(t, d, "alive", c)
		done := make(chan jobs.Job, 1)
		alive.Handle("mail", func(_ context.Context, j jobs.Job) error { done <- j; return nil })
		alive.run(t)
		if j := later(t, c, alive, done); j.Ref != "r" || j.Attempts != 2 {
			t.Error(j)
		}
	})
}

func TestAJobOfATransactionThatFailsIsNotQueued(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := newNode(t, d, "one", &clock{now: time.Now()})
		boom := errors.New("boom")
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			return errors.Join(n.Add(t.Context(), tx, jobs.Job{Agency: "x", Kind: "mail", Key: "1"}), boom)
		})
		var rows int
		if err2 := d.Read().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM job`).Scan(&rows); err2 != nil || rows != 0 || !errors.Is(err, boom) {
			t.Fatal(rows, err, err2)
		}
	})
}

// bell is a log that rings.
type bell chan struct{}

func (b bell) Write(line []byte) (int, error) {
	select {
	case b <- struct{}{}:
	default:
	}
	return len(line), nil
}

func TestAQueueThatTheDatabaseDoesNotAnswerLooksAgain(t *testing.T) {
	d := dbtest.Postgres(t) // SQLite keeps nobody longer than its own timeout
	complains := make(bell, 1)
	n := newNodeThatLogs(t, d, "one", &clock{now: time.Now()}, 1, slog.New(slog.NewTextHandler(complains, nil)))
	err := d.Tx(t.Context(), func(tx *db.Tx) error {
		if _, err := tx.ExecContext(t.Context(), `LOCK TABLE job IN ACCESS EXCLUSIVE MODE`); err != nil {
			return err
		}
		n.run(t)
		select {
		case <-complains:
		case <-time.After(dbtest.Patience):
			t.Error("it waits for ever")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What is told about an appointment that is moved while the mail about its old time is on its way must not be lost.
func TestAJobThatIsReplacedWhileItIsDoneIsDoneAgainAndTheFirstHasNoSayInIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := &clock{now: time.Now()}
		n := newNode(t, d, "one", c)
		began, goOn := make(chan string, 10), map[string]chan error{"old": make(chan error), "new": make(chan error)}
		n.Handle("mail", func(ctx context.Context, j jobs.Job) error {
			began <- j.Ref
			select {
			case err := <-goOn[j.Ref]:
				return err
			case <-ctx.Done(): // a test that has failed ends, too
				return ctx.Err()
			}
		})
		settled := make(chan string, 10)
		n.Handle("next", func(_ context.Context, j jobs.Job) error { settled <- j.Ref; return nil })
		n.run(t)
		add(t, d, n, jobs.Job{Agency: "x", Kind: "mail", Key: "1", Ref: "old"})
		get(t, began)
		if err := d.Tx(t.Context(), func(tx *db.Tx) error {
			return n.Replace(t.Context(), tx, jobs.Job{Agency: "x", Kind: "mail", Key: "1", Ref: "new"})
		}); err != nil {
			t.Fatal(err)
		}
		if ref := get(t, began); ref != "new" {
			t.Fatal(ref)
		}
		goOn["old"] <- nil
		add(t, d, n, jobs.Job{Agency: "x", Kind: "next", Key: "1", Ref: "r"}) // by the worker that has settled the old one
		get(t, settled)
		goOn["new"] <- errors.New("server busy")
		go func() { goOn["new"] <- nil }()
		if ref := later(t, c, n, began); ref != "new" {
			t.Error(ref)
		}
	})
}

func TestAJobThatIsDueAgainIsOneJobFromTimeToTime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := &clock{now: time.Now()}
		n := newNodeOf(t, d, "one", c, 1)
		done := make(chan jobs.Job, 10)
		start := c.Now()
		n.Handle("round", func(_ context.Context, j jobs.Job) error {
			done <- j
			if j.Ref == "first" {
				return jobs.Again(start.Add(2*time.Hour), "second")
			}
			return nil
		})
		settled := make(chan string, 1)
		n.Handle("next", func(_ context.Context, j jobs.Job) error { settled <- j.Kind; return nil })
		n.run(t)
		add(t, d, n, jobs.Job{Agency: "x", Kind: "round", Key: "1", Ref: "first"})
		first := get(t, done)
		add(t, d, n, jobs.Job{Agency: "x", Kind: "next", Key: "1"}) // by the only worker: the first is settled then
		get(t, settled)
		second := later(t, c, n, done)
		if second.Ref != "second" || second.ID != first.ID || second.Attempts != 1 {
			t.Errorf("%+v", second)
		}
		if c.Now().Before(start.Add(2 * time.Hour)) {
			t.Error("too early:", c.Now().Sub(start))
		}
	})
}
