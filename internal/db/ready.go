package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"
)

// SQLite's driver has each statement read and planned anew, which takes longer than most of ours take to run: of what an
// admission costs the server it was two fifths. So a connection keeps those it has read: one statement is never run twice
// at once, none is shared with another connection, and what has failed is read anew. SQLite itself reads one again whose
// tables have changed since (https://www.sqlite.org/c3ref/prepare.html). PostgreSQL's driver keeps its own.

// How many a connection keeps, of about 3 kB each: the one that writes, and each of those that read.
const (
	readyToWrite = 96
	readyToRead  = 32
)

// readied puts that before SQLite's driver.
type readied struct {
	driver.Driver
	most int
}

// sqliteConn is what connections of SQLite's driver can do.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// sqliteStatement is what its statements can do.
type sqliteStatement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// Open makes a connection.
func (d readied) Open(address string) (driver.Conn, error) {
	conn, err := d.Driver.Open(address)
	if err != nil {
		return nil, err
	}
	whole, ok := conn.(sqliteConn)
	if !ok {
		return nil, errors.Join(errors.New("SQLite's driver has other connections than were expected"), conn.Close())
	}
	return &readyConn{sqliteConn: whole, most: d.most, ready: map[string]*ready{}}, nil
}

// readyConn is used by one at a time: database/sql sees to it, also while rows are read and closed.
type readyConn struct {
	sqliteConn
	most  int
	ready map[string]*ready
	runs  uint64
}

// ready is a statement that was read.
type ready struct {
	sqliteStatement
	query string
	last  uint64 // when it was run, counted in runs
	busy  bool   // its rows are being read
}

// ExecContext runs a statement.
func (c *readyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	one, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	if one == nil {
		return c.sqliteConn.ExecContext(ctx, query, args)
	}
	result, err := one.ExecContext(ctx, args)
	c.putBack(one, err)
	return result, err
}

// QueryContext runs one that has rows.
func (c *readyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	one, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	if one == nil {
		return c.sqliteConn.QueryContext(ctx, query, args)
	}
	rows, err := one.QueryContext(ctx, args)
	if err != nil {
		c.putBack(one, err)
		return nil, err
	}
	return readyRows{rows, func(err error) { c.putBack(one, err) }}, nil
}

// readyRows give the statement back.
type readyRows struct {
	driver.Rows
	putBack func(error)
}

// Close ends the reading.
func (r readyRows) Close() error {
	err := r.Rows.Close()
	r.putBack(err)
	return err
}

// take returns the statement for a query, or nil for one that the driver is to read itself.
func (c *readyConn) take(ctx context.Context, query string) (*ready, error) {
	if !readOnce(query) {
		return nil, nil // there is none
	}
	one := c.ready[query]
	switch {
	case one == nil:
		prepared, err := c.PrepareContext(ctx, query)
		if err != nil {
			return nil, err
		}
		whole, ok := prepared.(sqliteStatement)
		if !ok {
			return nil, errors.Join(errors.New("SQLite's driver has other statements than were expected"), prepared.Close())
		}
		c.makeRoom()
		one = &ready{sqliteStatement: whole, query: query}
		c.ready[query] = one
	case one.busy:
		return nil, nil // once more at the same time
	}
	c.runs++
	one.last, one.busy = c.runs, true
	return one, nil
}

// readOnce tells whether it is enough to read a statement once: a PRAGMA may act while it is read
// (https://www.sqlite.org/pragma.html), and what changes tables hardly comes a second time.
func readOnce(query string) bool {
	query = strings.TrimLeft(query, " \t\n")
	for _, begins := range []string{"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"} {
		if strings.HasPrefix(query, begins) {
			return true
		}
	}
	return false
}

// makeRoom lets go of the one that has not been run for longest.
func (c *readyConn) makeRoom() {
	if len(c.ready) < c.most {
		return
	}
	var oldest *ready
	for _, one := range c.ready {
		if !one.busy && (oldest == nil || one.last < oldest.last) {
			oldest = one
		}
	}
	if oldest != nil { // nobody reads so many at once
		c.letGo(oldest)
	}
}

func (c *readyConn) putBack(one *ready, err error) {
	one.busy = false
	if err != nil {
		c.letGo(one)
	}
}

func (c *readyConn) letGo(one *ready) {
	delete(c.ready, one.query)
	_ = one.Close() // an error is that of its last run, which was told
}

// Close closes the statements and the connection. Nobody reads rows any more: database/sql waits for that.
func (c *readyConn) Close() error {
	for _, one := range c.ready {
		c.letGo(one)
	}
	return c.sqliteConn.Close()
}
