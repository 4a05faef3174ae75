package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
)

// errLate says that no write could begin in time: somebody else holds the database.
var errLate = errors.New("the database takes no writes in time")

// What an engine says when nothing is wrong with the request, and the same one can succeed later.
// PostgreSQL: https://www.postgresql.org/docs/current/errcodes-appendix.html
// SQLite: https://www.sqlite.org/rescode.html
const (
	pgConnection = "08" // class
	pgResources  = "53" // class: disk full, out of memory, too many connections
	pgFull       = "53100"
	pgOperator   = "57P"   // shut down, crashed, starting
	pgReadOnly   = "25006" // a standby, or switched over meanwhile

	sqliteLocked    = 6
	sqliteReadOnly  = 8
	sqliteInterrupt = 9 // by a deadline
	sqliteIO        = 10
	sqliteFull      = 13
	sqliteCantOpen  = 14
)

// Unavailable tells whether an error says that the database cannot do its work at present: full, read-only, held by
// somebody else, out of reach. What was asked for has not happened, and may be asked for again.
func Unavailable(err error) bool {
	if errors.Is(err, errUnknown) || errors.Is(err, errDone) {
		return false
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return strings.HasPrefix(pg.Code, pgConnection) || strings.HasPrefix(pg.Code, pgResources) ||
			strings.HasPrefix(pg.Code, pgOperator) || pg.Code == pgReadOnly
	}
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		switch lite.Code() & 0xff {
		case sqliteBusy, sqliteLocked, sqliteReadOnly, sqliteInterrupt, sqliteIO, sqliteFull, sqliteCantOpen:
			return true
		}
		return false
	}
	_, refused := errors.AsType[*pgconn.ConnectError](err)
	_, network := errors.AsType[*net.OpError](err)
	return refused || network || errors.Is(err, errLate) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.ErrUnexpectedEOF)
}

// full tells whether there is no room for more. Too many connections, or too little memory, may be over in a moment.
func full(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == pgFull
	}
	lite, ok := errors.AsType[*sqlite.Error](err)
	return ok && lite.Code()&0xff == sqliteFull
}

// fullFor is how long a full database counts as full after the last write that did not fit. Small writes succeed now
// and then all the while.
const fullFor = 30 * time.Second

// writes remembers how the newest write ended. Nobody has to ask the database: each node renews its lease every few
// seconds.
type writes struct {
	mu        sync.Mutex
	failed    error
	until     time.Time // failed holds at least so long
	succeeded bool      // since then
}

func (w *writes) note(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case err == nil:
		w.succeeded = true
	case errors.Is(err, context.Canceled), !Unavailable(err) && !errors.Is(err, errUnknown): // says nothing about the database
	default:
		w.failed, w.succeeded, w.until = err, false, time.Now()
		if full(err) {
			w.until = w.until.Add(fullFor)
		}
	}
}

// Writable tells why writes fail at a time, or nil.
func (d *DB) Writable(at time.Time) error {
	d.writes.mu.Lock()
	defer d.writes.mu.Unlock()
	if d.writes.succeeded && !at.Before(d.writes.until) {
		return nil
	}
	return d.writes.failed
}
