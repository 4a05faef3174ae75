package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
)

// Tx is a write transaction. It is a Q.
type Tx struct {
	*sql.Tx
	before []last
	after  []func()
	kept   map[any]any
}

// Rank is the order in which transactions come to rows that many of them change. All take them in one order, at the very
// end and after all other rows: so they wait for each other as short as can be, and nobody for a row of somebody who waits
// for them (docs/decisions/0014-order-of-locks.md).
type Rank int

// The ranks: rows that many transactions change, and one that nearly all do.
const (
	Shared Rank = iota + 1
	Common
)

type last struct {
	rank Rank
	do   func() error
}

// BeforeCommit runs f when the transaction has done everything else, what has a lower rank first.
func (t *Tx) BeforeCommit(rank Rank, f func() error) { t.before = append(t.before, last{rank, f}) }

func (t *Tx) finish() error {
	for len(t.before) > 0 {
		first := 0
		for i, one := range t.before {
			if one.rank < t.before[first].rank {
				first = i
			}
		}
		do := t.before[first].do
		t.before = slices.Delete(t.before, first, first+1)
		if err := do(); err != nil {
			return err
		}
	}
	return nil
}

// Keep returns what a package has kept in this transaction under a key; the first time, what is made. The key has a type
// of the package's own.
func Keep[T any](t *Tx, key any, made func() *T) *T {
	if known, ok := t.kept[key].(*T); ok {
		return known
	}
	if t.kept == nil {
		t.kept = map[any]any{}
	}
	one := made()
	t.kept[key] = one
	return one
}

// AfterCommit runs f once the transaction is committed, and never otherwise.
func (t *Tx) AfterCommit(f func()) { t.after = append(t.after, f) }

// Many is how many rows of a table, written at once, are worth telling the database of (Filled).
const Many = 500

// Filled tells the database that tables have got many rows at once. PostgreSQL would find out within a minute, and choose
// slow ways until then; SQLite does not count.
func (d *DB) Filled(ctx context.Context, tx *Tx, tables ...string) error {
	if d.engine != PostgreSQL {
		return nil
	}
	for _, table := range tables {
		if _, err := tx.ExecContext(ctx, `ANALYZE `+table); err != nil { // names of our own
			return fmt.Errorf("count rows of %s: %w", table, err)
		}
	}
	return nil
}

const (
	txTries    = 6
	txMaxPause = 40 * time.Millisecond
	// txBegin is how long a transaction may wait for those before it, or for another program that holds the database.
	// A person who waits is better told than kept, and a page asks again.
	txBegin = 4 * time.Second
)

// Tx runs f in a transaction and commits if it returns nil. When the engine asks
// for it (serialization failure, deadlock, busy), f runs again from the start: it
// must change nothing but the database and what AfterCommit does.
func (d *DB) Tx(ctx context.Context, f func(*Tx) error) error {
	err := d.tries(ctx, time.Now().Add(txBegin), f)
	d.writes.note(err)
	return err
}

func (d *DB) tries(ctx context.Context, begin time.Time, f func(*Tx) error) error {
	for try := 1; ; try++ {
		err := d.once(ctx, begin, f)
		if err == nil || try == txTries || !again(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(rand.N(txMaxPause)): // jitter, so that two losers do not meet again
		}
	}
}

// conflictTries is far above what people who press at the same instant cause.
const conflictTries = 5

// Retried is Tx for guarded updates: when somebody else changed a row meanwhile, f runs again and decides on what is
// true then.
func (d *DB) Retried(ctx context.Context, f func(*Tx) error) error {
	var err error
	for range conflictTries {
		if err = d.Tx(ctx, f); !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return err
}

func (d *DB) once(ctx context.Context, begin time.Time, f func(*Tx) error) error {
	life, cancel := context.WithCancelCause(ctx) // the transaction lives as long
	defer cancel(nil)
	late := time.AfterFunc(time.Until(begin), func() { cancel(errLate) })
	begun, err := d.write.BeginTx(life, nil)
	late.Stop()
	if errors.Is(context.Cause(life), errLate) {
		err = errLate
	}
	if begun != nil {
		defer func() { _ = begun.Rollback() }() // a no-op after commit
	}
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	tx := &Tx{Tx: begun}
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.finish(); err != nil {
		return err
	}
	if err := commit(ctx, begun); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	for _, after := range tx.after {
		after()
	}
	return nil
}

// errDone says that what was asked for has happened, and something after it failed.
var errDone = errors.New("done, but")

// Done is for errors of what is read for the answer once a transaction is committed: nobody may be told that nothing
// has happened, and ask for it again.
func Done(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w %w", errDone, err)
}

// errUnknown says that a commit was sent and not answered: it may have happened.
var errUnknown = errors.New("whether it has happened is not known")

func commit(ctx context.Context, begun *sql.Tx) error {
	if err := ctx.Err(); err != nil { // the caller's own: a context that follows it learns of its end a moment later
		return err // not sent
	}
	err := begun.Commit()
	pg, answered := errors.AsType[*pgconn.PgError](err)
	_, lite := errors.AsType[*sqlite.Error](err)
	if err == nil || answered && !leavesOpen(pg.Code) || lite || pgconn.SafeToRetry(err) {
		return err
	}
	return fmt.Errorf("%w: %w", errUnknown, err)
}

// leavesOpen tells of what a server, or a pool before it, answers to a commit, whether that may have happened: the
// connection was lost, or ended by somebody while the commit waited, perhaps for a copy elsewhere.
func leavesOpen(code string) bool {
	return strings.HasPrefix(code, pgConnection) || strings.HasPrefix(code, pgOperator) || code == pgNotKnown
}

// PostgreSQL: https://www.postgresql.org/docs/current/errcodes-appendix.html
// SQLite: https://www.sqlite.org/rescode.html (the low byte is the primary code).
const (
	pgSerialization = "40001"
	pgDeadlock      = "40P01"
	pgUnique        = "23505"
	pgNotKnown      = "40003"
	sqliteBusy      = 5
	sqliteUnique    = 2067
	sqlitePrimary   = 1555
)

func again(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == pgSerialization || pg.Code == pgDeadlock
	}
	lite, ok := errors.AsType[*sqlite.Error](err)
	return ok && lite.Code()&0xff == sqliteBusy
}

// IsUnique tells whether a UNIQUE or PRIMARY KEY constraint refused a row.
func IsUnique(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == pgUnique
	}
	lite, ok := errors.AsType[*sqlite.Error](err)
	return ok && (lite.Code() == sqliteUnique || lite.Code() == sqlitePrimary)
}

// ErrNoRows is what Scan returns when a query for one row found none.
var ErrNoRows = sql.ErrNoRows

// ErrConflict says that a row was changed by somebody else since it was read.
var ErrConflict = errors.New("row was changed by somebody else")

// Affected turns "no row matched" of a guarded UPDATE into ErrConflict:
//
//	db.Affected(tx.ExecContext(ctx, `UPDATE … WHERE … AND version = $3`, …))
func Affected(res sql.Result, err error) error {
	n, err := Changed(res, err)
	if err == nil && n == 0 {
		err = ErrConflict
	}
	return err
}

// Changed is how many rows a statement has written.
func Changed(res sql.Result, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}
