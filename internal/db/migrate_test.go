package db_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
)

// each runs a test on an empty database of either engine, without a schema.
func each(t *testing.T, f func(t *testing.T, d *db.DB)) {
	t.Helper()
	for engine, address := range map[string]func(testing.TB) string{
		"sqlite":   func(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "old.db") },
		"postgres": dbtest.EmptyPostgresURL,
	} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			d, err := db.Open(t.Context(), address(t))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = d.Close() })
			f(t, d)
		})
	}
}

// What opened and closed at a moment does so after the update: as many minutes as before, from the service that said so.
func TestWaitingRoomsOpenAndLinksWorkAsBeforeTheUpdateThatLetEveryPlaceDecide(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		if err := d.MigrateTo(t.Context(), 29); err != nil {
			t.Fatal(err)
		}
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			for _, statement := range []string{
				`INSERT INTO agency (id, slug, name, phone, phone_hours, key_wrapped, created_at, deleted_at)
				 VALUES ('a', 'a', 'Amt', '', '{}', 'k', 5, NULL), ('b', 'b', '', '', '{}', '', 6, 7)`,
				`INSERT INTO department (id, agency_id, code, name) VALUES ('da', 'a', 'D', 'D'), ('db', 'b', 'D', '')`,
				`INSERT INTO service (id, agency_id, department_id, code, name, minutes, early_minutes, late_minutes) VALUES
				 ('usual', 'a', 'da', '1', '{}', 30, 10, 15), ('both', 'a', 'da', '2', '{}', 30, 240, 0),
				 ('late', 'a', 'da', '3', '{}', 30, 10, 1440), ('gone', 'b', 'db', '4', '', 30, 20, 20)`,
				`INSERT INTO policy (agency_id, place_kind, place_id, name, value, fixed, changed_at)
				 VALUES ('a', 'location', 'l', 'waiting.early', '30', TRUE, 1)`,
			} {
				if _, err := tx.ExecContext(t.Context(), statement); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		rows, err := d.Read().QueryContext(t.Context(), `
			SELECT place_kind, place_id, name, value, CASE WHEN fixed THEN 'fixed' ELSE '' END FROM policy
			WHERE agency_id = 'a' OR agency_id = 'b' ORDER BY place_id, name`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		var got []string
		for rows.Next() {
			var one [5]string
			if err := rows.Scan(&one[0], &one[1], &one[2], &one[3], &one[4]); err != nil {
				t.Fatal(err)
			}
			got = append(got, strings.TrimSpace(strings.Join(one[:], " ")))
		}
		want := []string{
			"service both waiting.early 240", "service both waiting.late 0",
			"location l waiting.early 30 fixed", "service late waiting.late 1440",
		}
		if err := rows.Err(); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q %v", got, err)
		}
	})
}

// A demonstration of before is known by the addresses of its accounts, and gets none again that was erased.
func TestADemonstrationFromBeforeTheUpdateIsKnownAndNoOtherAgency(t *testing.T) {
	for name, one := range map[string]struct{ slug, mail, erased, want string }{
		"the demonstration":        {"demo", "aylin.demir@example.org", "NULL", "1"},
		"one with erased accounts": {"demo", "aylin.demir@example.org", "5", "7"},
		"an agency called so":      {"demo", "aylin.demir@amt.example", "NULL", "0"},
		"one called otherwise":     {"amt", "aylin.demir@example.org", "NULL", "0"},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, d *db.DB) {
				if err := d.MigrateTo(t.Context(), 33); err != nil {
					t.Fatal(err)
				}
				err := d.Tx(t.Context(), func(tx *db.Tx) error {
					for _, statement := range []string{
						`INSERT INTO agency (id, slug, name, phone, phone_hours, key_wrapped, created_at) VALUES ('a', '` + one.slug + `', 'Amt', '', '{}', 'k', 5)`,
						`INSERT INTO staff (id, agency_id, email, name, search, password_hash, created_at, erased_at)
						 VALUES ('s', 'a', '` + one.mail + `', 'A', '', '', 1, NULL), ('t', 'a', 't', '-', '', '', 1, ` + one.erased + `)`,
					} {
						if _, err := tx.ExecContext(t.Context(), statement); err != nil {
							return err
						}
					}
					return nil
				})
				if err == nil {
					err = d.Migrate(t.Context())
				}
				if err != nil {
					t.Fatal(err)
				}
				var got string
				err = d.Read().QueryRowContext(t.Context(), `SELECT CAST(COUNT(*) AS TEXT) FROM demo_account WHERE agency_id = 'a'`).Scan(&got)
				if err != nil || got != one.want {
					t.Errorf("%s accounts are known, want %s, %v", got, one.want, err)
				}
			})
		})
	}
}
