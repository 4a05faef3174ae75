// Package dbtest runs a test on fresh databases of both engines.
//
// PostgreSQL is a real server whose address stands in VISAVIS_TEST_POSTGRES
// (scripts/with-postgres starts one). Without it that half is skipped, loudly.
//
// The schema is made once for each engine and copied from then on: the
// migrations would take longer than most tests.
//
// A test fails when a package of Visavis has the database touch rows of an agency
// without naming it (package scope).
package dbtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/vault"
)

// How long tests wait, on a machine that does much else and stands still for seconds.
const (
	// Patience bounds a wait that runs out only when the test fails: it costs nothing.
	Patience = time.Minute
	// Slack is more than such a machine adds to what the product bounds by a few seconds.
	Slack = 30 * time.Second
)

// Each runs f once on an empty, migrated SQLite file and once on an empty,
// migrated PostgreSQL database, both at the same time and after what follows
// the call: most of a test is waiting.
func Each(t *testing.T, f func(t *testing.T, d *db.DB)) {
	t.Helper()
	for name, open := range map[string]func(testing.TB) *db.DB{"sqlite": SQLite, "postgres": Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, open(t))
		})
	}
}

// SQLite returns a fresh SQLite database, closed when the test ends.
func SQLite(t testing.TB) *db.DB {
	t.Helper()
	return open(t, SQLiteURL(t), db.Options{})
}

// SQLiteURL returns the address of a migrated SQLite file without rows.
func SQLiteURL(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "visavis.db")
	SQLiteAt(t, path)
	return "sqlite:" + path
}

// SQLiteAt makes such a file.
func SQLiteAt(t testing.TB, path string) {
	t.Helper()
	schema, err := migratedFile()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, schema, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Postgres returns a fresh PostgreSQL database, dropped when the test ends.
func Postgres(t testing.TB) *db.DB {
	t.Helper()
	return open(t, PostgresURL(t), db.Options{})
}

// NarrowPostgres is Postgres over a single connection: whoever holds it and wants another waits for itself.
func NarrowPostgres(t testing.TB) *db.DB {
	t.Helper()
	return open(t, PostgresURL(t), db.Options{Connections: 1})
}

// PostgresURL returns the address of a fresh, migrated PostgreSQL database without rows.
func PostgresURL(t testing.TB) string {
	t.Helper()
	server := postgres(t)
	template, err := migratedDatabase(server)
	if err != nil {
		t.Fatal(err)
	}
	return newDatabase(t, server, template)
}

// EmptyPostgresURL returns the address of a fresh PostgreSQL database without tables.
func EmptyPostgresURL(t testing.TB) string {
	t.Helper()
	return newDatabase(t, postgres(t), "template1")
}

// Copy makes another database of all that one holds, which nobody has open: its backup, or one that was restored from it.
func Copy(t testing.TB, address string) string {
	t.Helper()
	if path, lite := strings.CutPrefix(address, "sqlite:"); lite {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		copied := filepath.Join(t.TempDir(), "visavis.db")
		if err := os.WriteFile(copied, content, 0o600); err != nil { //nolint:gosec // in the test's own folder
			t.Fatal(err)
		}
		return "sqlite:" + copied
	}
	at, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return newDatabase(t, postgres(t), strings.TrimPrefix(at.Path, "/"))
}

// LeaveOneReader holds all connections for reading but one until the test ends.
func LeaveOneReader(t testing.TB, d *db.DB) {
	t.Helper()
	pool, ok := d.Read().(*sql.DB)
	if !ok {
		t.Fatal("what reads is no pool")
	}
	for range pool.Stats().MaxOpenConnections - 1 {
		taken, err := pool.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = taken.Close() })
	}
}

func postgres(t testing.TB) string {
	t.Helper()
	server := os.Getenv("VISAVIS_TEST_POSTGRES")
	if server == "" {
		t.Skip("NOT RUN ON POSTGRESQL: VISAVIS_TEST_POSTGRES is not set (make test sets it)")
	}
	return server
}

func newDatabase(t testing.TB, server, template string) string {
	t.Helper()
	name := "visavis_" + vault.NewID()
	admin, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal("open PostgreSQL")
	}
	t.Cleanup(func() {
		_, _ = admin.ExecContext(context.Background(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
		_ = admin.Close()
	})
	// Its files are copied as they are: through the log, as is the rule, they would be written twice.
	if _, err := admin.ExecContext(t.Context(), "CREATE DATABASE "+name+" TEMPLATE "+template+" STRATEGY FILE_COPY"); err != nil {
		t.Fatal("create database:", err)
	}
	return named(server, name)
}

// named is the address of another database of the server.
func named(server, name string) string {
	address, err := url.Parse(server)
	if err != nil {
		panic("VISAVIS_TEST_POSTGRES must be a URL")
	}
	address.Path = "/" + name
	return strings.TrimSpace(address.String())
}

// open opens a database whose statements are watched, and fails the test with what was seen.
func open(t testing.TB, address string, o db.Options) *db.DB {
	t.Helper()
	d, w := watch(t, address, o, asker)
	t.Cleanup(func() { w.tell(t) })
	return d
}

// migratedFile is what an empty, migrated SQLite file holds.
var migratedFile = sync.OnceValues(func() (schema []byte, err error) { //nolint:gochecknoglobals // once in a process
	folder, err := os.MkdirTemp("", "visavis-schema")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	path := filepath.Join(folder, "visavis.db")
	if err := migrate("sqlite:" + path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

var templates sync.Map //nolint:gochecknoglobals // a template once in a process for each server

// migratedDatabase names an empty, migrated database of the server that others are copied from. It stays there as long
// as the server, which is gone after the tests.
func migratedDatabase(server string) (string, error) {
	once, _ := templates.LoadOrStore(server, sync.OnceValues(func() (string, error) {
		name := "template_" + vault.NewID()
		admin, err := sql.Open("pgx", server)
		if err != nil {
			return "", errors.New("open PostgreSQL")
		}
		defer func() { _ = admin.Close() }()
		if _, err := admin.ExecContext(context.Background(), "CREATE DATABASE "+name); err != nil {
			return "", fmt.Errorf("create database: %w", err)
		}
		return name, migrate(named(server, name))
	}))
	return once.(func() (string, error))()
}

func migrate(address string) error {
	d, err := db.Open(context.Background(), address)
	if err != nil {
		return err
	}
	return errors.Join(d.Migrate(context.Background()), d.Close())
}
