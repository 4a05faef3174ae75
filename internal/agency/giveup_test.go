package agency_test

import (
	"errors"
	"slices"
	"testing"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	. "visavis/internal/worldtest"
)

// tables are those that have a column for the agency, as the database says.
func tables(t *testing.T, d *db.DB) []string {
	t.Helper()
	query := `SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c ON c.name = 'agency_id' WHERE m.type = 'table'`
	if d.Engine() == db.PostgreSQL {
		query = `SELECT table_name FROM information_schema.columns WHERE table_schema = current_schema() AND column_name = 'agency_id'`
	}
	names, err := db.Texts(d.Read().QueryContext(t.Context(), query))
	if err != nil || len(names) < 20 {
		t.Fatalf("%v %v", names, err)
	}
	slices.Sort(names)
	return names
}

func TestEveryTableOfAnAgencyIsCleared(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		owned := agency.Owned()
		if sorted := slices.Sorted(slices.Values(owned)); !slices.Equal(sorted, tables(t, d)) {
			t.Errorf("cleared are\n%v\nand there are\n%v", sorted, tables(t, d))
		}
	})
	d := dbtest.SQLite(t)
	for i, table := range agency.Owned() {
		refers, err := db.Texts(d.Read().QueryContext(t.Context(), `SELECT "table" FROM pragma_foreign_key_list($1)`, table))
		if err != nil {
			t.Fatal(err)
		}
		for _, to := range refers {
			if to != table && slices.Index(agency.Owned(), to) < i && to != "agency" {
				t.Errorf("%s is cleared before %s, which refers to it", to, table)
			}
		}
	}
}

func TestTEN07AnAgencyThatWasGivenUpCannotBeReadByAnybody(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		gone, stays := n.Office("lindenau"), n.Office("ahorn")
		for _, o := range []Office{gone, stays} {
			g := n.Guest(n.Book(o, n.SignIn(o.Sommer), o.Booking(Start())))
			g.Arrive().OK(t)
			g.Do("callback", Body{"phone": "0170 1112223"}).OK(t)
		}
		if err := n.Agencies.Clear(t.Context(), gone.Agency); !errors.Is(err, agency.ErrNotFound) {
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
		if err := n.Agencies.Clear(t.Context(), gone.Agency); err != nil {
			t.Fatal(err)
		}
		for _, table := range tables(t, d) {
			if left := n.Count(`SELECT COUNT(*) FROM `+table+` WHERE agency_id = $1`, gone.Agency); left > 0 {
				t.Errorf("%d rows of %s", left, table)
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
