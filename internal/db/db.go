// Package db opens SQLite or PostgreSQL behind database/sql, migrates, and runs
// transactions. One SQL text serves both: $1 placeholders, RETURNING, ON CONFLICT,
// times as BIGINT milliseconds UTC, ids as TEXT.
//
// The main types are DB, Tx and Q (what reads and writes have in common). Of agencies
// the package knows that nearly all indexes begin with them (plans.go), and no more; every
// caller puts the agency in its WHERE.
package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"runtime"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	_ "modernc.org/sqlite"             // driver "sqlite"
)

// Engine names a database engine.
type Engine string

// The two engines.
const (
	SQLite     Engine = "sqlite"
	PostgreSQL Engine = "postgres"
)

// Q is what *sql.DB, *sql.Tx and *Tx have in common.
type Q interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// DB is an open database, safe for concurrent use.
type DB struct {
	engine Engine
	url    string
	write  *sql.DB // SQLite: exactly one connection, since SQLite has one writer
	read   *sql.DB // PostgreSQL: the same pool
	writes writes
}

// Options are for who opens a database in another way than servers do.
type Options struct {
	// Through stands between database/sql and an engine's driver, and sees every statement. nil: nothing does.
	Through func(driver.Driver) driver.Driver
	// Connections is how many a process has to PostgreSQL at most; 0: as many as servers have.
	Connections int
}

// Open opens "sqlite:PATH" or "postgres://…" and checks that it answers.
func Open(ctx context.Context, address string) (*DB, error) { return OpenWith(ctx, address, Options{}) }

// OpenWith is Open with options.
func OpenWith(ctx context.Context, address string, o Options) (*DB, error) {
	var d *DB
	var err error
	switch {
	case strings.HasPrefix(address, "sqlite:"):
		d, err = o.openSQLite(strings.TrimPrefix(address, "sqlite:"))
	case strings.HasPrefix(address, "postgres://"), strings.HasPrefix(address, "postgresql://"):
		d, err = o.openPostgres(address)
	default:
		return nil, errors.New("open database: the address must begin with sqlite: or postgres://")
	}
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := d.write.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), d.Close())
	}
	return d, nil
}

// SQLite: WAL so that readers do not wait, FULL so that an acknowledged commit
// survives a power cut, secure_delete so that deleted text is overwritten.
const sqlitePragmas = "_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
	"&_pragma=foreign_keys(1)&_pragma=secure_delete(1)&_pragma=temp_store(MEMORY)"

// Pages that a connection keeps, in KiB. One writes, and large imports are quicker if all of their pages fit. Several
// read, and what one of them has let go the system still has.
const (
	writeCache = "&_pragma=cache_size(-2000)"
	readCache  = "&_pragma=cache_size(-500)"
)

func (o Options) openSQLite(path string) (*DB, error) {
	// SQLite would make a file that everybody on the machine may read, and gives its mode to those beside it.
	made, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := made.Close(); err != nil {
		return nil, err
	}
	file := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + sqlitePragmas
	write, err := o.pool("sqlite", file+writeCache+"&_txlock=immediate", readyToWrite)
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	read, err := o.pool("sqlite", file+readCache+"&_pragma=query_only(1)", readyToRead)
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	read.SetMaxOpenConns(max(4, runtime.NumCPU()))
	read.SetMaxIdleConns(4)
	return &DB{engine: SQLite, write: write, read: read}, nil
}

// mostConnections is for each process: PostgreSQL has 100 as it comes.
const mostConnections = 20

func (o Options) openPostgres(address string) (*DB, error) {
	pool, err := o.pool("pgx", address, 0)
	if err != nil {
		return nil, errors.New("the PostgreSQL address cannot be read") // the error would quote the password
	}
	most := mostConnections
	if o.Connections > 0 {
		most = o.Connections
	}
	pool.SetMaxOpenConns(most)
	pool.SetMaxIdleConns((most + 1) / 2)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	return &DB{engine: PostgreSQL, url: address, write: pool, read: pool}, nil
}

// pool is sql.Open, through what stands before the driver. Each connection has so many statements ready.
func (o Options) pool(engine, address string, ready int) (*sql.DB, error) {
	pool, err := sql.Open(engine, address)
	if err != nil || ready == 0 && o.Through == nil {
		return pool, err
	}
	used := pool.Driver()
	if ready > 0 {
		used = readied{used, ready}
	}
	if o.Through != nil {
		used = o.Through(used)
	}
	if err := pool.Close(); err != nil { // it has no connection yet
		return nil, err
	}
	return sql.OpenDB(through{used, address}), nil
}

// through makes connections by a driver that is not registered.
type through struct {
	driver  driver.Driver
	address string
}

func (t through) Connect(context.Context) (driver.Conn, error) { return t.driver.Open(t.address) }
func (t through) Driver() driver.Driver                        { return t.driver }

// Close closes all connections.
func (d *DB) Close() error {
	if d.read == d.write {
		return d.write.Close()
	}
	return errors.Join(d.read.Close(), d.write.Close())
}

// Engine tells which engine this is.
func (d *DB) Engine() Engine { return d.engine }

// PostgresURL is the address for LISTEN connections; empty on SQLite.
func (d *DB) PostgresURL() string { return d.url }

// Read runs single statements; each sees what is committed.
func (d *DB) Read() Q { return d.read }

// Snapshot runs several reads on one consistent state.
func (d *DB) Snapshot(ctx context.Context, f func(Q) error) error {
	options := &sql.TxOptions{ReadOnly: true}
	if d.engine == PostgreSQL {
		options.Isolation = sql.LevelRepeatableRead
	}
	tx, err := d.read.BeginTx(ctx, options)
	if err != nil {
		return fmt.Errorf("begin snapshot: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // read only
	return f(tx)
}
