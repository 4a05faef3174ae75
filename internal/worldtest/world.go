// Package worldtest builds a small world for tests: two agencies with people, one or more servers on one database with
// everything real but the relay and the clock, and browsers that speak to them over HTTPS.
//
// The main types are World, Node (one process), Office (an agency) and Browser. It is help for tests: nothing of the
// product imports it.
package worldtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/events"
	"visavis/internal/notify"
	"visavis/internal/scanner"
	"visavis/internal/staff"
	"visavis/internal/vault"
)

// Start is when the world's clock stands still at first: a Monday, 10:00 in Berlin.
func Start() time.Time { return time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC) }

// URL is the public address that links begin with.
const URL = "https://termin.example"

// World is what all processes of an installation share.
type World struct {
	T     testing.TB
	DB    *db.DB
	Ring  *vault.Keyring
	Clock *Clock
	Log   *Log
	Zone  *time.Location
	// Mail is the server that takes mails; set it before the first Node. Without a host no mail is sent.
	Mail notify.Server
	// Cost is that of a password, far below the real one.
	Cost staff.Cost
	// MostExported entries of an audit at once; 0: as many as in earnest.
	MostExported int
	// ListedMembers of groups are in one answer to a directory; 0: as many as in earnest.
	ListedMembers int
	// Providers are where staff sign in besides; set them before the first Node.
	Providers []staff.Provider
	// Scanner looks for viruses; set it before the first Node. nil: there is none.
	Scanner *scanner.Clamd

	nodes int
}

var problems = sync.OnceFunc(edge.UseProblems) //nolint:gochecknoglobals // it guards a global of the library

// New returns a world on a database, without any process.
func New(t testing.TB, d *db.DB) *World {
	t.Helper()
	problems()
	ring, err := vault.LoadKeyring(filepath.Join(t.TempDir(), "keys"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return &World{T: t, DB: d, Ring: ring, Clock: &Clock{now: Start()}, Log: &Log{}, Zone: zone, Cost: Cheap()}
}

// Cheap is what a guess at a password costs in tests: next to nothing.
func Cheap() staff.Cost { return staff.Cost{Memory: 64, Time: 1} }

// Clock stands still until a test moves it.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now is the world's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set moves the clock.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// Forward moves the clock by a duration.
func (c *Clock) Forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Log is what all processes have written, at level debug.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (w *World) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(w.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Tx runs f in a transaction.
func (w *World) Tx(f func(tx *db.Tx) error) {
	w.T.Helper()
	if err := w.DB.Tx(w.T.Context(), f); err != nil {
		w.T.Fatal(err)
	}
}

// Exec runs a statement.
func (w *World) Exec(query string, args ...any) {
	w.T.Helper()
	w.Tx(func(tx *db.Tx) error {
		_, err := tx.ExecContext(w.T.Context(), query, args...)
		return err
	})
}

// Scan reads one row.
func (w *World) Scan(query string, args []any, into ...any) {
	w.T.Helper()
	if err := w.DB.Read().QueryRowContext(w.T.Context(), query, args...).Scan(into...); err != nil {
		w.T.Fatal(err)
	}
}

// Count is the number that a query returns.
func (w *World) Count(query string, args ...any) int {
	w.T.Helper()
	var n int
	w.Scan(query, args, &n)
	return n
}

func (w *World) bus() events.Bus {
	if w.DB.Engine() == db.PostgreSQL {
		return events.NewPostgresBus(w.DB.PostgresURL(), w.logger())
	}
	return events.NewLocalBus()
}

func loopback() []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} }

// Background runs until the test ends or it is stopped.
func Background(t testing.TB, run func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := run(ctx); err != nil && ctx.Err() == nil {
			t.Error(err)
		}
	}()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}
