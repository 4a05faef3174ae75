package agency_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	. "visavis/internal/worldtest"
)

// copies makes many rows like one, but for some columns, whose values may name the number of the copy: i.
func copies(t *testing.T, d *db.DB, table, like, id string, many int, other map[string]string) {
	t.Helper()
	columns := dbtest.Columns(t, d)[table]
	values := slices.Clone(columns)
	for i, c := range columns {
		if other[c] != "" {
			values[i] = other[c]
		}
	}
	err := d.Tx(t.Context(), func(tx *db.Tx) error {
		_, err := tx.ExecContext(t.Context(), fmt.Sprintf(`
			WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < %d)
			INSERT INTO %s (%s) SELECT %s FROM %s, numbers WHERE %s = $1`,
			many, table, strings.Join(columns, ", "), strings.Join(values, ", "), table, like), id)
		if err != nil {
			return err
		}
		return d.Filled(t.Context(), tx, table)
	})
	if err != nil {
		t.Fatalf("%s: %v", table, err)
	}
}

// busy fills an agency with appointments, and with people.
func busy(t *testing.T, n *Node, o Office, appointments, people int) {
	t.Helper()
	link := `CAST(seat_id || '-' || i AS BLOB)`
	if n.DB.Engine() == db.PostgreSQL {
		link = `CONVERT_TO(seat_id || '-' || i, 'UTF8')`
	}
	g := n.Guest(n.Book(o, n.SignIn(o.Sommer), o.Booking(Start())))
	g.Arrive().OK(t)
	g.Do("callback", Body{"phone": "0170 1112223"}).OK(t)
	p, own := g.Place, func(id string) string { return fmt.Sprintf(`'%s-' || i`, id) }
	copies(t, n.DB, "appointment", "id", p.Appointment, appointments, map[string]string{"id": own(p.Appointment)})
	copies(t, n.DB, "seat", "id", p.Seat, appointments, map[string]string{"id": own(p.Seat), "appointment_id": own(p.Appointment)})
	copies(t, n.DB, "seat_link", "seat_id", p.Seat, appointments, map[string]string{"hash": link, "seat_id": own(p.Seat)})
	copies(t, n.DB, "task", "appointment_id", p.Appointment, appointments, map[string]string{"id": own(p.Appointment), "appointment_id": own(p.Appointment)})
	copies(t, n.DB, "staff", "id", o.Winter.ID, people, map[string]string{"id": own(o.Winter.ID), "email": "i || '@example.org'"})
}

// Seconds instead of hours; the long tests have as many rows as a large agency.
func TestClearingAnAgencyTakesNoLongerForWhatOthersHave(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		others, its := 4_000, 2_500
		if os.Getenv("VISAVIS_TEST_LONG") != "" {
			others, its = 100_000, 5_000
		}
		n := New(t, d).Node()
		gone, stays := n.Office("lindenau"), n.Office("ahorn")
		busy(t, n, stays, others, 10)
		busy(t, n, gone, its, its)
		n.Tx(func(tx *db.Tx) error { return n.Agencies.GiveUp(t.Context(), tx, gone.Agency) })
		begun := time.Now()
		if more, err := n.Agencies.Clear(t.Context(), gone.Agency, never); err != nil || more {
			t.Fatal(more, err)
		}
		took := time.Since(begun)
		t.Logf("%d appointments and people beside %d appointments: %v", its, others, took)
		if took > time.Minute {
			t.Errorf("it took %v", took)
		}
		if left := n.Count(`SELECT COUNT(*) FROM appointment WHERE agency_id = $1`, gone.Agency); left > 0 {
			t.Errorf("%d appointments", left)
		}
		if left := n.Count(`SELECT COUNT(*) FROM seat_link WHERE agency_id = $1`, stays.Agency); left <= others {
			t.Errorf("another agency has only %d links", left)
		}
	})
}
