package dbtest

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"visavis/internal/db"
)

// Steps drive transactions on PostgreSQL one statement at a time, as far as a test wants it.
type Steps struct {
	t  testing.TB
	db *db.DB

	mu        sync.Mutex
	begins    string // of the statement before which the next transaction stops; empty: none does
	nth       int    // of those
	reached   chan struct{}
	goOn      chan struct{}
	deadlocks int
	waited    bool
}

// PostgresInSteps is Postgres with the means to hold a transaction.
func PostgresInSteps(t testing.TB) (*db.DB, *Steps) {
	t.Helper()
	s := &Steps{t: t}
	d, w := watch(t, PostgresURL(t), db.Options{}, asker)
	t.Cleanup(func() { w.tell(t) })
	w.during(s)
	s.db = d
	return d, s
}

// Crossing runs first up to a statement that begins so, then second until it waits for first or is done, and then both to
// their end. It tells how many transactions the database has ended since each waited for the other.
func (s *Steps) Crossing(begins string, first, second func()) (deadlocks int) {
	s.t.Helper()
	return s.CrossingAt(1, begins, first, second)
}

// CrossingAt is Crossing at the nth statement that begins so.
func (s *Steps) CrossingAt(nth int, begins string, first, second func()) (deadlocks int) {
	s.t.Helper()
	reached, goOn := make(chan struct{}), make(chan struct{})
	s.mu.Lock()
	s.nth, s.begins, s.reached, s.goOn, s.deadlocks, s.waited = nth, begins, reached, goOn, 0, false
	s.mu.Unlock()

	var both sync.WaitGroup
	defer func() {
		close(goOn)
		both.Wait()
		s.mu.Lock()
		defer s.mu.Unlock()
		deadlocks = s.deadlocks
	}()
	both.Go(first)
	select {
	case <-reached:
	case <-time.After(Patience):
		s.t.Errorf("no statement begins with %s", begins)
		return 0
	}
	done := make(chan struct{})
	both.Go(func() { defer close(done); second() })
	waited := s.untilWaiting(done)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waited = waited
	return 0
}

// Waited tells whether the second of the last two had to wait for the first: if not, they have not crossed, and nothing is shown.
func (s *Steps) Waited() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waited
}

// untilWaiting returns when a transaction of the database waits for a row, or when done is closed, and tells whether one waits.
func (s *Steps) untilWaiting(done <-chan struct{}) bool {
	s.t.Helper()
	for late := time.Now().Add(Patience); time.Now().Before(late); {
		select {
		case <-done:
			return false
		default:
		}
		var waiting int
		err := s.db.Read().QueryRowContext(s.t.Context(), `
			SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting)
		if err != nil {
			s.t.Errorf("look who waits: %v", err)
			return false
		}
		if waiting > 0 {
			return true
		}
	}
	s.t.Error("the second transaction neither waits nor ends")
	return false
}

// before holds the statement that is waited for, once.
func (s *Steps) before(query string) {
	s.mu.Lock()
	holds := s.begins != "" && strings.HasPrefix(strings.Join(strings.Fields(query), " "), s.begins)
	if holds {
		s.nth--
		holds = s.nth == 0
	}
	reached, goOn := s.reached, s.goOn
	if holds {
		s.begins = ""
	}
	s.mu.Unlock()
	if holds {
		close(reached)
		<-goOn
	}
}

// deadlock is PostgreSQL's code for a transaction that it has ended since others waited for it, and it for them.
const deadlock = "40P01"

func (s *Steps) after(err error) {
	said, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err)
	if ok && said.SQLState() == deadlock {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.deadlocks++
	}
}
