package db_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
)

// mostReady is how many the test's connection keeps.
const mostReady = 10

// reads counts what SQLite's driver is asked to read.
type reads struct {
	driver.Driver
	address    string
	read, open atomic.Int64
}

func (r *reads) Open(address string) (driver.Conn, error) {
	conn, err := r.Driver.Open(address)
	if err != nil {
		return nil, err
	}
	return countedConn{conn.(wholeConn), r}, nil
}

type wholeConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type countedConn struct {
	wholeConn
	reads *reads
}

func (c countedConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	prepared, err := c.wholeConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	c.reads.read.Add(1)
	c.reads.open.Add(1)
	return countedStatement{prepared.(wholeStatement), c.reads}, nil
}

func (c countedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.reads.read.Add(1)
	return c.wholeConn.ExecContext(ctx, query, args)
}

func (c countedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.reads.read.Add(1)
	return c.wholeConn.QueryContext(ctx, query, args)
}

type wholeStatement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type countedStatement struct {
	wholeStatement
	reads *reads
}

func (s countedStatement) Close() error {
	s.reads.open.Add(-1)
	return s.wholeStatement.Close()
}

type file struct {
	driver  driver.Driver
	address string
}

func (f file) Connect(context.Context) (driver.Conn, error) { return f.driver.Open(f.address) }
func (f file) Driver() driver.Driver                        { return f.driver }

// counted is a SQLite file with a table, through one connection, and what its driver reads.
func counted(t *testing.T) (*sql.DB, *reads) {
	t.Helper()
	plain, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	r := &reads{Driver: plain.Driver(), address: "file:" + filepath.Join(t.TempDir(), "a.db") + "?_pragma=busy_timeout(50)"}
	d := sql.OpenDB(file{db.Readied(r, mostReady), r.address})
	t.Cleanup(func() { _ = d.Close() })
	d.SetMaxOpenConns(1)
	do(t, d, `CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT UNIQUE)`)
	do(t, d, `INSERT INTO word (id, text) VALUES (1, 'eins'), (2, 'zwei'), (3, 'drei')`)
	r.read.Store(0)
	return d, r
}

func do(t *testing.T, q db.Q, query string, args ...any) {
	t.Helper()
	if _, err := q.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatal(query, err)
	}
}

const wordOf = `SELECT text FROM word WHERE id = $1`

func word(t *testing.T, q db.Q, id int) string {
	t.Helper()
	var text string
	if err := q.QueryRowContext(t.Context(), wordOf, id).Scan(&text); err != nil && !errors.Is(err, sql.ErrNoRows) {
		t.Fatal(err)
	}
	return text
}

func TestSQLiteReadsAStatementOnceInAConnection(t *testing.T) {
	d, r := counted(t)
	for range 3 {
		for id, want := range map[int]string{1: "eins", 2: "zwei", 7: ""} {
			if got := word(t, d, id); got != want {
				t.Errorf("%d is %q", id, got)
			}
		}
		tx, err := d.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		do(t, tx, `UPDATE word SET text = $1 WHERE id = $2`, "drei", 3)
		if got := word(t, tx, 3); got != "drei" {
			t.Error(got)
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
	}
	if n := r.read.Load(); n != 2 {
		t.Errorf("two statements were read %d times", n)
	}
}

func TestAStatementWhoseRowsAreBeingReadIsNotRunOnceMore(t *testing.T) {
	d, _ := counted(t)
	tx, err := d.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	const all = `SELECT id FROM word WHERE id >= $1 ORDER BY id`
	read := func(from int, each func(id int)) {
		rows, err := tx.QueryContext(t.Context(), all, from)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var id int
			if err := rows.Scan(&id); err != nil {
				t.Fatal(err)
			}
			each(id)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	var got []int
	read(1, func(outer int) { read(outer, func(inner int) { got = append(got, 10*outer+inner) }) })
	if fmt.Sprint(got) != "[11 12 13 22 23 33]" {
		t.Error(got)
	}
	got = nil
	read(3, func(id int) { got = append(got, id) })
	if fmt.Sprint(got) != "[3]" {
		t.Error(got)
	}
}

func TestAStatementFollowsWhatHasBecomeOfItsTable(t *testing.T) {
	d, _ := counted(t)
	columns := func() int {
		rows, err := d.QueryContext(t.Context(), `SELECT * FROM word WHERE id = 1`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		if !rows.Next() {
			t.Fatal("no row", rows.Err())
		}
		names, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		return len(names)
	}
	if n := columns(); n != 2 {
		t.Error(n)
	}
	do(t, d, `ALTER TABLE word ADD COLUMN language TEXT`)
	if n := columns(); n != 3 {
		t.Errorf("%d columns after one was added", n)
	}
	if got := word(t, d, 2); got != "zwei" {
		t.Error(got)
	}
	do(t, d, `DROP TABLE word`)
	if err := d.QueryRowContext(t.Context(), wordOf, 1).Scan(new(string)); err == nil {
		t.Error("it reads a table that is gone")
	}
	do(t, d, `CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT)`)
	if got := word(t, d, 2); got != "" {
		t.Error(got)
	}
}

func TestAStatementThatHasFailedIsReadAnewAndWorks(t *testing.T) {
	d, r := counted(t)
	const insert = `INSERT INTO word (id, text) VALUES ($1, $2)`
	if _, err := d.ExecContext(t.Context(), insert, 1, "one"); !db.IsUnique(err) {
		t.Error(err)
	}
	do(t, d, insert, 4, "vier")
	if n := r.read.Load(); n != 2 {
		t.Errorf("read %d times", n)
	}
	if _, err := d.ExecContext(t.Context(), insert, 5); err == nil {
		t.Error("an argument of the last time was taken")
	}
	do(t, d, insert, 5, nil)
}

func TestAStatementWaitsForNobodyLongerThanBefore(t *testing.T) {
	d, r := counted(t)
	const update = `UPDATE word SET text = $1 WHERE id = 1`
	do(t, d, update, "one")
	other, err := sql.Open("sqlite", r.address)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	other.SetMaxOpenConns(1)
	do(t, other, `BEGIN IMMEDIATE`)
	if _, err := d.ExecContext(t.Context(), update, "un"); !db.Unavailable(err) {
		t.Errorf("held by somebody else: %v", err)
	}
	do(t, other, `COMMIT`)
	do(t, d, update, "uno")
	if got := word(t, d, 1); got != "uno" {
		t.Error(got)
	}
}

func TestAStatementThatWasBrokenOffWorksAgain(t *testing.T) {
	d, _ := counted(t)
	const long = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) SELECT COUNT(*) FROM n`
	for _, sort := range []string{"query", "rows"} {
		var n int
		if sort == "query" {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
			defer cancel()
			if err := d.QueryRowContext(ctx, long, 1_000_000_000).Scan(&n); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v", err)
			}
		} else {
			ctx, cancel := context.WithCancel(t.Context())
			rows, err := d.QueryContext(ctx, wordOf, 1)
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			cancel()
			for rows.Next() {
				n++ // at most one
			}
			if err := rows.Err(); err != nil && !errors.Is(err, context.Canceled) { // it may be quicker
				t.Error(err)
			}
		}
		if err := d.QueryRowContext(t.Context(), long, 10).Scan(&n); err != nil || n != 10 {
			t.Errorf("%d, %v", n, err)
		}
		if got := word(t, d, 1); got != "eins" {
			t.Error(got)
		}
	}
}

func TestAConnectionKeepsSoManyStatementsAndClosesThem(t *testing.T) {
	d, r := counted(t)
	for range 2 {
		for i := range 2 * mostReady {
			var n int
			if err := d.QueryRowContext(t.Context(), fmt.Sprintf(`SELECT %d`, i)).Scan(&n); err != nil || n != i {
				t.Fatal(i, n, err)
			}
			word(t, d, 1) // is used all the time, and stays
		}
	}
	if n := r.open.Load(); n != mostReady {
		t.Errorf("it keeps %d", n)
	}
	if n := r.read.Load(); n != 4*mostReady+1 {
		t.Errorf("it has read %d", n)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if n := r.open.Load(); n != 0 {
		t.Errorf("%d stay open", n)
	}
}

func TestManyReadAndWriteByTheSameStatements(t *testing.T) {
	d := dbtest.SQLite(t)
	var all sync.WaitGroup
	for who := range 8 {
		all.Go(func() {
			for i := range 25 {
				topic := fmt.Sprintf("%d-%d", who, i)
				if err := d.Tx(t.Context(), func(tx *db.Tx) error { return insert(t, tx, topic) }); err != nil {
					t.Error(err)
				}
				var got string
				err := d.Read().QueryRowContext(t.Context(), `SELECT topic FROM stream WHERE agency_id = 'a' AND topic = $1`, topic).Scan(&got)
				if err != nil || got != topic {
					t.Errorf("%s: %q, %v", topic, got, err)
				}
			}
		})
	}
	all.Wait()
	if n := count(t, d.Read()); n != 200 {
		t.Errorf("%d rows", n)
	}
}
