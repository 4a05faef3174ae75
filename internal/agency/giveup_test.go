package agency_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	. "visavis/internal/worldtest"
)

func TestTEN04OfEveryTableOfAnAgencyRowsAreDeletedOrBlanked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		cleared := agency.Owned()
		for _, h := range agency.Husks() {
			cleared = append(cleared, h.Table)
		}
		if sorted := slices.Sorted(slices.Values(cleared)); !slices.Equal(sorted, dbtest.AgencyTables(t, d)) {
			t.Errorf("cleared are\n%v\nand there are\n%v", sorted, dbtest.AgencyTables(t, d))
		}
	})
	d := dbtest.SQLite(t)
	all := dbtest.Columns(t, d)
	for _, h := range agency.Husks() {
		known, columns := slices.Sorted(slices.Values(slices.Concat(h.Said, h.Stays))), slices.Sorted(slices.Values(all[h.Table]))
		if !slices.Equal(columns, known) {
			t.Errorf("of %s it is known what becomes of\n%v\nand there are\n%v", h.Table, known, columns)
		}
		for _, said := range h.Said {
			if !strings.Contains(h.Blank, said+" = '") && !strings.Contains(h.Blank, said+" = id") {
				t.Errorf("%s keeps its %s", h.Table, said)
			}
		}
		texts := dbtest.Texts(t, d, `SELECT name FROM pragma_table_info($1) WHERE type <> 'BIGINT'`, h.Table)
		for _, name := range texts {
			if slices.Contains(h.Stays, name) && name != "id" && !strings.HasSuffix(name, "_id") {
				t.Errorf("%s keeps its %s", h.Table, name)
			}
		}
		if len(texts) < 4 {
			t.Error(texts)
		}
	}
}

// references are the tables to which one refers, and by which columns.
func references(t *testing.T, d *db.DB, table string) (to, columns []string) {
	t.Helper()
	for _, s := range dbtest.Texts(t, d, `SELECT "table" || ' ' || "from" FROM pragma_foreign_key_list($1)`, table) {
		parent, column, _ := strings.Cut(s, " ")
		if parent != table && parent != "agency" {
			to, columns = append(to, parent), append(columns, column)
		}
	}
	return to, columns
}

// Deleting a row would else cost as much as there are rows of all other agencies.
func TestWhatRefersToRowsThatAreDeletedIsFoundByAnIndex(t *testing.T) {
	d := dbtest.SQLite(t)
	seen := 0
	for i, table := range agency.Owned() {
		to, columns := references(t, d, table)
		for j, parent := range to {
			if !slices.Contains(agency.Owned(), parent) {
				continue
			}
			seen++
			if slices.Index(agency.Owned(), parent) < i {
				t.Errorf("%s is cleared before %s, which refers to it", parent, table)
			}
			serving := dbtest.Texts(t, d, `
				SELECT l.name FROM pragma_index_list($1) l WHERE l.partial = 0 AND EXISTS (
					SELECT 1 FROM pragma_index_info(l.name) WHERE seqno = 0 AND name = $2)`, table, columns[j])
			if len(serving) != 1 {
				t.Errorf("%s.%s is found by %v", table, columns[j], serving)
			}
		}
	}
	if seen < 8 {
		t.Errorf("only %d columns refer to what is deleted", seen)
	}
}

func never() bool { return false }

func TestTEN04AnAgencyThatWasGivenUpCannotBeReadByAnybody(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		gone, stays := n.Office("lindenau"), n.Office("ahorn")
		for _, o := range []Office{gone, stays} {
			g := n.Guest(n.Book(o, n.SignIn(o.Sommer), o.Booking(Start())))
			g.Arrive().OK(t)
			g.Do("callback", Body{"phone": "0170 1112223"}).OK(t)
		}
		if _, err := n.Agencies.Clear(t.Context(), gone.Agency, never); !errors.Is(err, agency.ErrNotFound) {
			t.Fatalf("a living agency is cleared: %v", err)
		}
		n.Tx(func(tx *db.Tx) error { return n.Agencies.GiveUp(t.Context(), tx, gone.Agency) })
		if _, err := n.Agencies.Keys().For(t.Context(), gone.Agency); !errors.Is(err, agency.ErrNotFound) {
			t.Errorf("its key is there: %v", err)
		}
		if n.Count(`SELECT LENGTH(key_wrapped) FROM agency WHERE id = $1`, gone.Agency) != 0 {
			t.Error("its wrapped key is there")
		}
		n.Browser().Get("/api/guest/lindenau").Expect(t, 404, "not_found")
		for rounds, more := 1, true; more; rounds++ { // each does as little as it can
			var err error
			if more, err = n.Agencies.Clear(t.Context(), gone.Agency, func() bool { return true }); err != nil || rounds > 100 {
				t.Fatalf("round %d: %v", rounds, err)
			}
			if !more && rounds < 10 {
				t.Errorf("only %d rounds", rounds)
			}
		}
		for _, table := range agency.Owned() {
			if left := n.Count(`SELECT COUNT(*) FROM `+table+` WHERE agency_id = $1`, gone.Agency); left > 0 {
				t.Errorf("%d rows of %s", left, table)
			}
		}
		for _, h := range agency.Husks() {
			for _, said := range h.Said {
				if n.Count(`SELECT COUNT(*) FROM `+h.Table+` WHERE agency_id = $1 AND `+said+` NOT IN ('', id)`, gone.Agency) > 0 {
					t.Errorf("the %s of %s", said, h.Table)
				}
			}
			if n.Count(`SELECT COUNT(*) FROM `+h.Table+` WHERE agency_id = $1 AND name = ''`, stays.Agency) > 0 {
				t.Errorf("another agency has lost names of %s", h.Table)
			}
		}
		// The name stands in its letters: nobody else gets it.
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			_, err := n.Agencies.Create(t.Context(), tx, agency.Agency{Slug: "lindenau", Name: "Amt", Phone: "1"})
			return err
		})
		if !db.IsUnique(err) {
			t.Errorf("the name is free: %v", err)
		}
		n.SignIn(stays.Sommer).Get("/api/staff/session").OK(t)
		if n.Count(`SELECT COUNT(*) FROM seat WHERE agency_id = $1`, stays.Agency) != 1 {
			t.Error("another agency has lost something")
		}
		if r, err := n.Audit.Verify(t.Context(), stays.Agency, nil); err != nil || len(r.Faults) > 0 {
			t.Errorf("%v %v", r.Faults, err)
		}
	})
}

// afterRead does something once a row was read, before anybody has looked at it.
type afterRead struct {
	db.Q
	do func()
}

func (q afterRead) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	row := q.Q.QueryRowContext(ctx, query, args...)
	q.do()
	return row
}

func TestTEN04AKeyThatIsDestroyedWhileItIsOpenedIsNotKeptOpen(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		gone := n.Office("lindenau")
		keys := n.Agencies.Keys()
		keys.CloseAll()
		given := afterRead{d.Read(), func() {
			n.Tx(func(tx *db.Tx) error { return n.Agencies.GiveUp(t.Context(), tx, gone.Agency) })
		}}
		if _, err := keys.In(t.Context(), given, gone.Agency); err != nil {
			t.Fatal(err)
		}
		if _, err := keys.For(t.Context(), gone.Agency); !errors.Is(err, agency.ErrNotFound) {
			t.Errorf("it opens what nobody is to read any more: %v", err)
		}
	})
}

func TestTEN04OfADestroyedKeyNothingStaysInTheDatabasesFiles(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		gone, _ := n.Office("lindenau"), n.Office("ahorn")
		var key []byte
		n.Scan(`SELECT key_wrapped FROM agency WHERE id = $1`, []any{gone.Agency}, &key)
		err := d.Snapshot(t.Context(), func(q db.Q) error { // somebody makes a backup meanwhile
			var nodes int // whoever reads agencies themselves would not let the table be written anew at all
			if err := q.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM node`).Scan(&nodes); err != nil {
				return err
			}
			n.Tx(func(tx *db.Tx) error { return n.Agencies.GiveUp(t.Context(), tx, gone.Agency) })
			if err := n.Agencies.ForgetKeys(t.Context()); !errors.Is(err, db.ErrStays) || !holds(t, d, key) {
				t.Errorf("the key stays for whoever reads, and that is told: %v", err)
			}
			if _, err := n.Agencies.Clear(t.Context(), gone.Agency, never); err != nil {
				t.Errorf("the rows have to wait for it: %v", err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		// Somebody may read at that very moment, be it PostgreSQL itself.
		for late := time.Now().Add(dbtest.Patience); errors.Is(n.Agencies.ForgetKeys(t.Context()), db.ErrStays); {
			if time.Now().After(late) {
				t.Fatal("it stays for ever")
			}
		}
		if holds(t, d, key) {
			t.Error("the key is still there, and nobody is told so")
		}
	})
}

// holds tells whether the files in which the database keeps agencies hold something.
func holds(t *testing.T, d *db.DB, what []byte) bool {
	t.Helper()
	if d.Engine() == db.PostgreSQL {
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			_, err := tx.ExecContext(t.Context(), `CHECKPOINT`)
			return err
		})
		var at int
		if err == nil {
			err = d.Read().QueryRowContext(t.Context(), `SELECT position($1::bytea IN pg_read_binary_file(pg_relation_filepath('agency')))`, what).Scan(&at)
		}
		if err != nil {
			t.Fatal(err)
		}
		return at > 0
	}
	files := dbtest.Texts(t, d, `SELECT file FROM pragma_database_list`)
	main, _ := os.ReadFile(files[0])
	beside, _ := os.ReadFile(files[0] + "-wal") // may be none
	return bytes.Contains(main, what) || bytes.Contains(beside, what)
}
