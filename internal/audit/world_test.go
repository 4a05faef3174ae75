package audit_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/vault"
)

// world is an installation with two agencies and nothing in their audits.
type world struct {
	*audit.Log
	t        *testing.T
	db       *db.DB
	ring     *vault.Keyring
	agencies *agency.Store
	here     string
	there    string
	mu       sync.Mutex
	now      time.Time
}

func start() time.Time { return time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC) }

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := &world{t: t, db: d, ring: keyring(t), now: start()}
	w.agencies = agency.New(d, w.ring, time.UTC, w.clock)
	w.Log = w.node(w.ring)
	w.tx(func(tx *db.Tx) error {
		for _, id := range []*string{&w.here, &w.there} {
			a, err := w.agencies.Create(t.Context(), tx, agency.Agency{Slug: vault.NewID(), Name: "Amt"})
			if err != nil {
				return err
			}
			*id = a.ID
		}
		return nil
	})
	return w
}

func keyring(t *testing.T) *vault.Keyring {
	t.Helper()
	ring, err := vault.LoadKeyring(filepath.Join(t.TempDir(), "keys"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// node is the log of another process.
func (w *world) node(ring *vault.Keyring) *audit.Log {
	return audit.New(w.db, audit.Options{Ring: ring, Key: w.agencies.Keys().In, Clock: w.clock, Log: slog.New(slog.DiscardHandler)})
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) forward(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) tx(f func(tx *db.Tx) error) {
	w.t.Helper()
	if err := w.db.Tx(w.t.Context(), f); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	w.tx(func(tx *db.Tx) error {
		_, err := tx.ExecContext(w.t.Context(), query, args...)
		return err
	})
}

// held is an entry of the first agency.
func (w *world) held(object string) audit.Entry {
	return audit.Entry{
		Agency: w.here, By: audit.Staff("sommer"), Act: audit.AppointmentClosed, Object: object, Detail: []audit.Code{audit.Is("outcome", "held")},
	}
}

// append writes entries, each in a transaction of its own, a minute apart.
func (w *world) append(objects ...string) {
	w.t.Helper()
	for _, object := range objects {
		w.tx(func(tx *db.Tx) error { return w.Append(w.t.Context(), tx, w.held(object)) })
		w.forward(time.Minute)
	}
}

// verify is what is wrong, in words.
func (w *world) verify(known *audit.Head) []string {
	w.t.Helper()
	faults := []string{}
	for _, f := range w.report(known).Faults {
		faults = append(faults, f.String())
	}
	return faults
}

func (w *world) report(known *audit.Head) audit.Report {
	w.t.Helper()
	r, err := w.Verify(w.t.Context(), w.here, known)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) rows() []audit.Row {
	w.t.Helper()
	list, err := w.Page(w.t.Context(), w.db.Read(), w.here, audit.Filter{}, audit.Cursor{}, 10_000)
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// own is what somebody does who has the database and not the keys: no trigger holds them.
func (w *world) own() {
	w.t.Helper()
	drops := []string{`DROP TRIGGER IF EXISTS audit_entry_unchanged`, `DROP TRIGGER IF EXISTS audit_entry_kept`}
	if w.db.Engine() == db.PostgreSQL {
		drops = []string{`DROP TRIGGER IF EXISTS audit_entry_kept ON audit_entry`, `DROP TRIGGER IF EXISTS audit_entry_whole ON audit_entry`}
	}
	for _, drop := range drops {
		w.exec(drop)
	}
}

func (w *world) ctx() context.Context { return w.t.Context() }
