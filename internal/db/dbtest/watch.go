package dbtest

import (
	"context"
	"database/sql/driver"
	"errors"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"visavis/internal/db"
	"visavis/internal/db/scope"
)

// watcher sees every statement that a test has a database do, in the form in which it is done: a test fails when a package
// of Visavis touches rows of an agency without naming it. What tests themselves ask is their business.
type watcher struct {
	asks   func() string // the package that does; empty: a test
	mu     sync.Mutex
	rule   *scope.Rule // nil: the database is only just opened
	steps  *Steps      // nil: nothing is held
	faults []string
}

// watch opens a migrated database, closed when the test ends.
func watch(t testing.TB, address string, o db.Options, asks func() string) (*db.DB, *watcher) {
	t.Helper()
	w := &watcher{asks: asks}
	o.Through = w.through
	d, err := db.OpenWith(t.Context(), address, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	w.begin(judgedOnce().of(t, d))
	return d, w
}

// judged is what all databases of a process have in common: their tables, and the statements that are as they should be.
type judged struct {
	mu   sync.Mutex
	rule *scope.Rule
	fine sync.Map
}

var judgedOnce = sync.OnceValue(func() *judged { return &judged{} }) //nolint:gochecknoglobals // once in a process

// of returns the rule for a database that was migrated.
func (j *judged) of(t testing.TB, d *db.DB) *scope.Rule {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.rule != nil {
		return j.rule
	}
	rule := scope.Of(AgencyTables(t, d))
	j.rule = &rule
	return j.rule
}

func (w *watcher) begin(rule *scope.Rule) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rule = rule
}

// tell fails the test, once it is over and everything has stopped.
func (w *watcher) tell(t testing.TB) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, fault := range w.faults {
		t.Error(fault)
	}
}

func (w *watcher) during(s *Steps) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.steps = s
}

// around sees a statement, and what becomes of it.
func (w *watcher) around(query string, run func() error) error {
	w.see(query)
	w.mu.Lock()
	steps := w.steps
	w.mu.Unlock()
	if steps == nil {
		return run()
	}
	steps.before(query)
	err := run()
	steps.after(err)
	return err
}

func (w *watcher) see(query string) {
	fine := &judgedOnce().fine
	if _, known := fine.Load(query); known {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.rule == nil {
		return
	}
	fault := w.rule.Fault(query)
	if fault == "" {
		fine.Store(query, true)
		return
	}
	room := w.asks()
	if _, reason := scope.Across(room, query); room == "" || reason != "" {
		return
	}
	line := room + ": " + fault + ": " + strings.Join(strings.Fields(query), " ")
	if !slices.Contains(w.faults, line) {
		w.faults = append(w.faults, line)
	}
}

// asker is the package of Visavis that asks, above those that only pass a statement on; empty: a test does.
func asker() string {
	var places [64]uintptr
	frames := runtime.CallersFrames(places[:runtime.Callers(2, places[:])])
	for {
		frame, more := frames.Next()
		room, ours := roomOf(frame.File)
		switch {
		case !more, ours && (strings.HasSuffix(frame.File, "_test.go") || room == "internal/worldtest"):
			return ""
		case ours && room != "internal/db" && room != "internal/db/dbtest":
			return room
		}
	}
}

// roomOf is the package that a file belongs to, if it is one of ours. (A function's name would not do: one that was put
// into another has the name of that.)
func roomOf(file string) (room string, ours bool) {
	_, here, _, _ := runtime.Caller(0)
	room, ours = strings.CutPrefix(path.Dir(file), strings.TrimSuffix(path.Dir(here), "internal/db/dbtest"))
	return room, ours
}

// through puts the watcher before a driver.
func (w *watcher) through(d driver.Driver) driver.Driver { return watched{d, w} }

type watched struct {
	driver.Driver
	w *watcher
}

// connection is what both drivers' can do.
type connection interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
}

func (d watched) Open(address string) (driver.Conn, error) {
	conn, err := d.Driver.Open(address)
	if err != nil {
		return nil, err
	}
	whole, ok := conn.(connection)
	if !ok {
		return nil, errors.Join(errors.New("the driver's connections can do less than they are watched for"), conn.Close())
	}
	return watchedConn{whole, d.w}, nil
}

type watchedConn struct {
	connection
	w *watcher
}

// ExecContext is a statement.
func (c watchedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	var result driver.Result
	err := c.w.around(query, func() (err error) {
		result, err = c.connection.ExecContext(ctx, query, args)
		return err
	})
	return result, err
}

// QueryContext is one, too.
func (c watchedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	var rows driver.Rows
	err := c.w.around(query, func() (err error) {
		rows, err = c.connection.QueryContext(ctx, query, args)
		return err
	})
	return rows, err
}

// PrepareContext reads one that is done later.
func (c watchedConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	c.w.see(query)
	prepared, err := c.connection.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	whole, ok := prepared.(statement)
	if !ok {
		return nil, errors.Join(errors.New("the driver's statements can do less than they are watched for"), prepared.Close())
	}
	return watchedStatement{whole, query, c.w}, nil
}

// statement is what both drivers' can do.
type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type watchedStatement struct {
	statement
	query string
	w     *watcher
}

// ExecContext does it.
func (s watchedStatement) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	var result driver.Result
	err := s.w.around(s.query, func() (err error) {
		result, err = s.statement.ExecContext(ctx, args)
		return err
	})
	return result, err
}

// CheckNamedValue is the driver's, where it has its own.
func (c watchedConn) CheckNamedValue(value *driver.NamedValue) error {
	if own, ok := c.connection.(driver.NamedValueChecker); ok {
		return own.CheckNamedValue(value)
	}
	return driver.ErrSkip
}

// IsValid is the driver's, where it tells.
func (c watchedConn) IsValid() bool {
	own, tells := c.connection.(driver.Validator)
	return !tells || own.IsValid()
}
