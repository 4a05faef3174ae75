package db

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate brings the schema up to date. Several nodes may call it at once: on
// PostgreSQL a session lock lets one of them work, on SQLite the file is its own lock.
func (d *DB) Migrate(ctx context.Context) error {
	provider, err := d.migrator()
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return d.tellPlanner(ctx)
}

// Schema tells the number of the newest migration that the database has seen, 0 if none, and of the newest that this
// program has. It changes nothing.
func (d *DB) Schema(ctx context.Context) (has, newest int64, err error) {
	provider, err := d.migrator()
	if err != nil {
		return 0, 0, err
	}
	for _, source := range provider.ListSources() {
		newest = max(newest, source.Version)
	}
	tables := `SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = $1`
	if d.engine == PostgreSQL {
		tables = `SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = $1`
	}
	var found int
	if err := d.read.QueryRowContext(ctx, tables, goose.DefaultTablename).Scan(&found); err != nil {
		return 0, 0, fmt.Errorf("look for schema: %w", err)
	}
	if found == 0 {
		return 0, newest, nil
	}
	version := `SELECT COALESCE(MAX(version_id), 0) FROM ` + goose.DefaultTablename + ` WHERE is_applied`
	if err := d.read.QueryRowContext(ctx, version).Scan(&has); err != nil {
		return 0, 0, fmt.Errorf("read schema: %w", err)
	}
	return has, newest, nil
}

func (d *DB) migrator() (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	dialect, options := goose.DialectSQLite3, []goose.ProviderOption{}
	if d.engine == PostgreSQL {
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return nil, fmt.Errorf("migrate: %w", err)
		}
		dialect, options = goose.DialectPostgres, append(options, goose.WithSessionLocker(locker))
	}
	provider, err := goose.NewProvider(dialect, d.write, ofEngine{files, d.engine}, options...)
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	return provider, nil
}

// ofEngine leaves out of the migrations what is for the other engine, which only triggers are: the lines from one that
// says "-- +only sqlite" or "-- +only postgres" up to the next such line, or to "-- +only both".
type ofEngine struct {
	fs.FS
	engine Engine
}

const only = "-- +only "

// Open opens a folder or a migration.
func (o ofEngine) Open(name string) (fs.File, error) {
	file, err := o.FS.Open(name)
	if err != nil || !strings.HasSuffix(name, ".sql") {
		return file, err
	}
	text, err := io.ReadAll(file)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return migrationFile{file, strings.NewReader(o.own(string(text)))}, nil
}

func (o ofEngine) own(text string) string {
	var kept strings.Builder
	ours := true
	for line := range strings.Lines(text) {
		if whose, says := strings.CutPrefix(strings.TrimSpace(line), only); says {
			ours = whose == "both" || whose == string(o.engine)
		}
		if ours {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// migrationFile has another text than the file.
type migrationFile struct {
	fs.File
	text io.Reader
}

func (m migrationFile) Read(p []byte) (int, error) { return m.text.Read(p) }
