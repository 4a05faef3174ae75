// Package dbtest runs a test on fresh databases of both engines.
//
// PostgreSQL is a real server whose address stands in VISAVIS_TEST_POSTGRES
// (scripts/with-postgres starts one). Without it that half is skipped, loudly.
package dbtest

import (
	"context"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"visavis/internal/db"
	"visavis/internal/vault"
)

// Each runs f once on an empty, migrated SQLite file and once on an empty,
// migrated PostgreSQL database.
func Each(t *testing.T, f func(t *testing.T, d *db.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { f(t, Postgres(t)) })
}

// SQLite returns a fresh SQLite database, closed when the test ends.
func SQLite(t testing.TB) *db.DB {
	t.Helper()
	return open(t, "sqlite:"+filepath.Join(t.TempDir(), "visavis.db"))
}

// Postgres returns a fresh PostgreSQL database, dropped when the test ends.
func Postgres(t testing.TB) *db.DB {
	t.Helper()
	return open(t, PostgresURL(t))
}

// PostgresURL returns the address of a fresh, empty PostgreSQL database.
func PostgresURL(t testing.TB) string {
	t.Helper()
	server := os.Getenv("VISAVIS_TEST_POSTGRES")
	if server == "" {
		t.Skip("NOT RUN ON POSTGRESQL: VISAVIS_TEST_POSTGRES is not set (make test sets it)")
	}
	name := "visavis_" + vault.NewID()
	admin, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal("open PostgreSQL")
	}
	t.Cleanup(func() {
		_, _ = admin.ExecContext(context.Background(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
		_ = admin.Close()
	})
	if _, err := admin.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal("create database:", err)
	}
	address, err := url.Parse(server)
	if err != nil {
		t.Fatal("VISAVIS_TEST_POSTGRES must be a URL")
	}
	address.Path = "/" + name
	return strings.TrimSpace(address.String())
}

func open(t testing.TB, address string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	if err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d
}
