package db_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
)

// most is how long anybody may be kept waiting by a database that others hold. Four seconds are meant, and a busy machine
// adds to them; unbounded it would be half a minute, or for ever.
const most = 20 * time.Second

func openFile(t *testing.T, path string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	if err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d
}

// hold keeps a write transaction open until release is called.
func hold(t *testing.T, d *db.DB) (release func()) {
	t.Helper()
	held, done, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- d.Tx(context.Background(), func(*db.Tx) error { close(held); <-done; return nil })
	}()
	<-held
	return func() {
		close(done)
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

func TestWhoWaitsForALockedDatabaseIsToldWithinSecondsAndNothingIsLost(t *testing.T) {
	path := filepath.Join(t.TempDir(), "visavis.db")
	d := openFile(t, path)
	for who, other := range map[string]*db.DB{"another program": openFile(t, path), "another request": d} {
		release := hold(t, other)
		begun := time.Now()
		err := d.Tx(context.Background(), func(tx *db.Tx) error { return insert(t, tx, who) })
		if took := time.Since(begun); took > most || !db.Unavailable(err) {
			t.Errorf("held by %s: after %s %v", who, took, err)
		}
		if d.Writable(time.Now()) == nil {
			t.Errorf("held by %s: it counts as writable", who)
		}
		release()
		if err := d.Tx(t.Context(), func(tx *db.Tx) error { return insert(t, tx, who) }); err != nil {
			t.Errorf("%s has let go: %v", who, err)
		}
		if err := d.Writable(time.Now()); err != nil {
			t.Errorf("%s has let go, and still: %v", who, err)
		}
	}
	if n := count(t, d.Read()); n != 2 {
		t.Errorf("%d rows", n)
	}
}

// smallest keeps a SQLite database from growing.
func smallest(t *testing.T, d *db.DB, pages int) {
	t.Helper()
	if err := d.Tx(t.Context(), func(tx *db.Tx) error {
		_, err := tx.ExecContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages))
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func TestAFullDatabaseCountsAsFullThoughSmallWritesSucceed(t *testing.T) {
	d := dbtest.SQLite(t)
	const row = `INSERT INTO stream (agency_id, topic, head) VALUES ('a', $1, 1)`
	write := func(topic string, bytes int) error {
		return d.Tx(t.Context(), func(tx *db.Tx) error {
			_, err := tx.ExecContext(t.Context(), row, topic+string(make([]byte, bytes)))
			return err
		})
	}
	smallest(t, d, 1) // SQLite takes what there is already
	err := write("large", 100_000)
	if !db.Unavailable(err) || d.Writable(time.Now()) == nil {
		t.Fatalf("a full database: %v", err)
	}
	if err := write("small", 1); err != nil {
		t.Fatal(err)
	}
	if d.Writable(time.Now()) == nil {
		t.Error("one small write, and it is not full any more")
	}
	if err := d.Writable(time.Now().Add(31 * time.Second)); err != nil {
		t.Errorf("nothing has failed for long, and still: %v", err)
	}
	if n := count(t, d.Read()); n != 1 {
		t.Errorf("%d rows", n)
	}
}

func TestADatabaseThatMayOnlyBeReadIsNotWritable(t *testing.T) {
	address := dbtest.PostgresURL(t)
	writable, err := db.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer writable.Close()
	if err := writable.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	standby, err := db.Open(t.Context(), address+"&default_transaction_read_only=on")
	if err != nil {
		t.Fatal(err)
	}
	defer standby.Close()
	err = standby.Tx(t.Context(), func(tx *db.Tx) error { return insert(t, tx, "x") })
	if !db.Unavailable(err) || standby.Writable(time.Now()) == nil {
		t.Error(err)
	}
	if n := count(t, standby.Read()); n != 0 {
		t.Errorf("%d rows", n)
	}
}

func TestWhatFailsAfterACommitHasHappened(t *testing.T) {
	late := fmt.Errorf("read: %w", context.DeadlineExceeded)
	if !db.Unavailable(late) || db.Unavailable(db.Done(late)) || db.Unavailable(errors.Join(db.Done(late), late)) {
		t.Error("who is told that nothing has happened asks again, and books twice")
	}
	if db.Done(nil) != nil {
		t.Error("nothing has failed")
	}
	if err := db.Done(late); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestADatabaseOutOfReachIsUnavailable(t *testing.T) {
	_, err := db.Open(t.Context(), "postgres://nobody@127.0.0.1:1/nothing")
	if !db.Unavailable(err) {
		t.Error(err)
	}
}

func TestWhatIsWrongWithTheRequestSaysNothingAboutTheDatabase(t *testing.T) {
	for code, want := range map[string]bool{
		"53100": true, "53200": true, "53300": true, "25006": true, "57P01": true, "57P03": true, "08006": true, // full, no memory, too many, read-only, stopping, starting, gone
		"23505": false, "42601": false, "40001": false, "22021": false,
	} {
		if db.Unavailable(fmt.Errorf("insert: %w", &pgconn.PgError{Code: code})) != want {
			t.Error(code)
		}
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		twice := func(tx *db.Tx) error { return errors.Join(insert(t, tx, "x"), insert(t, tx, "x")) }
		if err := d.Tx(t.Context(), twice); err == nil || db.Unavailable(err) {
			t.Error(err)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := d.Tx(gone, twice); err == nil {
			t.Error("who has gone has written")
		}
		if err := d.Writable(time.Now()); err != nil {
			t.Errorf("others make it count as not writable: %v", err)
		}
	})
}

func TestOnlyADiskWithoutRoomCountsAsFullForLong(t *testing.T) {
	for code, want := range map[string]bool{"53100": true, "53200": false, "53300": false, "57P03": false} {
		d := dbtest.SQLite(t)
		if err := d.Tx(t.Context(), func(*db.Tx) error { return &pgconn.PgError{Code: code} }); !db.Unavailable(err) || d.Writable(time.Now()) == nil {
			t.Errorf("%s: %v", code, err)
		}
		if err := d.Tx(t.Context(), func(tx *db.Tx) error { return insert(t, tx, "x") }); err != nil {
			t.Fatal(err)
		}
		if full := d.Writable(time.Now()) != nil; full != want {
			t.Errorf("%s, and a write has succeeded since: full is %v", code, full)
		}
	}
}

// slowCommit makes a commit that has written to the table take longer than anybody waits.
const slowCommit = `
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON stream DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()`

func TestACommitWithoutAnAnswerIsNotSaidToHaveDoneNothing(t *testing.T) {
	d := dbtest.Postgres(t) // SQLite always answers
	if err := d.Tx(t.Context(), func(tx *db.Tx) error { _, err := tx.ExecContext(t.Context(), slowCommit); return err }); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second) // enough to come as far as the commit
	defer cancel()
	err := d.Tx(ctx, func(tx *db.Tx) error { return insert(t, tx, "x") })
	if !errors.Is(err, context.DeadlineExceeded) || db.Unavailable(err) {
		t.Error(err)
	}
	if d.Writable(time.Now()) == nil {
		t.Error("it counts as writable")
	}
}

func TestACommitThatWasCutOffIsNotSaidToHaveDoneNothing(t *testing.T) {
	for what, does := range map[string]string{
		"08007": `RAISE EXCEPTION 'x' USING ERRCODE = '08007'`,
		"08006": `RAISE EXCEPTION 'x' USING ERRCODE = '08006'`, // as a pool says it of the server behind it
		"40003": `RAISE EXCEPTION 'x' USING ERRCODE = '40003'`,
		"57P01": `PERFORM pg_terminate_backend(pg_backend_pid())`,
	} {
		d := dbtest.Postgres(t)
		for _, query := range []string{
			`CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ` + does + `; RETURN NULL; END $$`,
			`CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON stream DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cut()`,
		} {
			if err := d.Tx(t.Context(), func(tx *db.Tx) error { _, err := tx.ExecContext(t.Context(), query); return err }); err != nil {
				t.Fatal(err)
			}
		}
		err := d.Tx(t.Context(), func(tx *db.Tx) error { return insert(t, tx, "x") })
		if err == nil || db.Unavailable(err) {
			t.Errorf("%s: %v", what, err)
		}
		if d.Writable(time.Now()) == nil {
			t.Errorf("%s: it counts as writable", what)
		}
	}
}

func TestWhoRunsOutOfTimeBeforeTheCommitHasDoneNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := d.Tx(ctx, func(tx *db.Tx) error {
			err := insert(t, tx, "x")
			<-ctx.Done()
			return err
		})
		if !db.Unavailable(err) {
			t.Error(err)
		}
		if n := count(t, d.Read()); n != 0 {
			t.Errorf("%d rows", n)
		}
	})
}
