package db_test

import (
	"strings"
	"testing"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
)

// Each page that waits asks this once a second, while others arrive.
func TestSQLiteFindsInterruptedTalksWithoutReadingAllWhoWait(t *testing.T) {
	plan := planOf(t, dbtest.SQLite(t), `
		SELECT id FROM seat WHERE agency_id = 'a' AND desk_id = 'd' AND state = 'waiting' AND passed_at IS NOT NULL AND id <> 's'`)
	if !strings.Contains(plan, "seat_passed") {
		t.Error(plan)
	}
}

func planOf(t *testing.T, d *db.DB, query string) string {
	t.Helper()
	rows, err := d.Read().QueryContext(t.Context(), `EXPLAIN QUERY PLAN `+query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }() // read only
	plan := ""
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		plan += step + "\n"
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return plan
}

// Each of these wants an order that another index has, which holds the whole agency.
func TestSQLiteDoesNotReadAWholeAgencyForTheSakeOfAnOrder(t *testing.T) {
	d := dbtest.SQLite(t)
	for query, narrow := range map[string]string{
		`SELECT role FROM staff_role WHERE agency_id = 'a' AND staff_id = 's' ORDER BY place_id`: "agency_id=? AND staff_id=?",
		`SELECT staff.name FROM staff_desk JOIN staff ON staff.agency_id = staff_desk.agency_id AND staff.id = staff_desk.staff_id
		 WHERE staff_desk.agency_id = 'a' AND staff_desk.desk_id = 'd' ORDER BY staff.search`: "agency_id=? AND desk_id=?",
	} {
		plan := planOf(t, d, query)
		if !strings.Contains(plan, narrow) || strings.Contains(plan, "(agency_id=?)") {
			t.Errorf("%s\n%s", query, plan)
		}
	}
}

func TestThePlannerIsToldOnce(t *testing.T) {
	d := dbtest.SQLite(t)
	changes := func() (n int) {
		t.Helper()
		if err := d.Read().QueryRowContext(t.Context(), `PRAGMA data_version`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := changes()
	if err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := changes(); after != before {
		t.Errorf("written again: %d, %d", before, after)
	}
}
