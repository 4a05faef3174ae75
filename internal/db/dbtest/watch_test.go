package dbtest

import (
	"runtime"
	"strings"
	"testing"

	"visavis/internal/db"
)

// recorder is a test that may fail.
type recorder struct {
	testing.TB
	faults []string
}

func (r *recorder) Helper()            {}
func (r *recorder) Error(words ...any) { r.faults = append(r.faults, words[0].(string)) }

// Statements in the forms in which they reach a driver.
func statements(t *testing.T, d *db.DB, condition string) {
	t.Helper()
	query, change := `SELECT id FROM seat WHERE `+condition+` state = $1`, `UPDATE seat SET door = 'x' WHERE `+condition+` state = $1`
	if _, err := db.Texts(d.Read().QueryContext(t.Context(), query, "a")); err != nil { //nolint:rowserrcheck // Texts does
		t.Error(err)
	}
	err := d.Tx(t.Context(), func(tx *db.Tx) error {
		if _, err := tx.ExecContext(t.Context(), change, "a"); err != nil {
			return err
		}
		return tx.Prepared().Exec(t.Context(), strings.Replace(change, "UPDATE seat SET door = 'x'", "DELETE FROM seat", 1), "a")
	})
	if err != nil {
		t.Error(err)
	}
}

func TestTEN01AStatementThatAPackageRunsWithoutTheAgencyFailsTheTest(t *testing.T) {
	for condition, faults := range map[string]int{"": 3, "agency_id = $1 AND": 0} {
		for room, want := range map[string]int{"internal/seat": faults, "": 0} {
			r := &recorder{TB: t}
			d, w := watch(t, SQLiteURL(t), db.Options{}, func() string { return room })
			statements(t, d, condition)
			statements(t, d, condition) // told once
			w.tell(r)
			if len(r.faults) != want {
				t.Errorf("%q of %q: %q", condition, room, r.faults)
			}
		}
	}
}

func TestWhatATestAsksIsItsOwnBusiness(t *testing.T) {
	Each(t, func(t *testing.T, d *db.DB) { statements(t, d, "") })
	_, here, _, _ := runtime.Caller(0)
	if room, ours := roomOf(here); !ours || room != "internal/db/dbtest" {
		t.Error(room, ours)
	}
	if room, ours := roomOf("database/sql/sql.go"); ours {
		t.Error(room)
	}
}
