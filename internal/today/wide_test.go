package today_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	"visavis/internal/vault"
	. "visavis/internal/worldtest"
)

// many puts so many appointments of one state into the day, all at one time, and a task to each.
func (s *offices) many(n int, state string, starts time.Time) {
	s.t.Helper()
	key, err := s.Agencies.Keys().For(s.t.Context(), s.o.Agency)
	if err != nil {
		s.t.Fatal(err)
	}
	sealed := func(table, column, row, text string) []byte {
		return key.Seal(vault.Field{Agency: s.o.Agency, Table: table, Column: column, Row: row}, []byte(text))
	}
	s.Tx(func(tx *db.Tx) error {
		many := tx.Prepared()
		for i := range n {
			id := fmt.Sprintf("%s%d", state, i)
			if err := many.Exec(s.t.Context(), `
				INSERT INTO appointment (id, agency_id, desk_id, service_id, starts_at, ends_at, status, citizen_sealed, language,
				                         invite_version, mail_state, created_by, created_at, version)
				VALUES ($1, $2, $3, $4, $5, $6, 'booked', $7, 'de', 1, 'none', $8, 0, 1)`,
				id, s.o.Agency, s.o.Desk, s.o.Service, db.Ms(starts), db.Ms(starts.Add(30*time.Minute)),
				sealed("appointment", "citizen_sealed", id, `{"name":"Erika Beispiel"}`), s.o.Sommer.ID); err != nil {
				return err
			}
			if err := many.Exec(s.t.Context(), `
				INSERT INTO seat (id, agency_id, appointment_id, desk_id, state, link_version, asking_refused, version)
				VALUES ($1, $2, $1, $3, $4, 1, FALSE, 1)`, id, s.o.Agency, s.o.Desk, state); err != nil {
				return err
			}
			if err := many.Exec(s.t.Context(), `
				INSERT INTO task (id, agency_id, desk_id, appointment_id, kind, body_sealed, created_at)
				VALUES ($1, $2, $3, $1, 'move', $4, 0)`, id, s.o.Agency, s.o.Desk, sealed("task", "body_sealed", id, `{}`)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (d day) states(of string) map[string]int {
	n := map[string]int{}
	for _, r := range d.Rows {
		if of == "" || r.Desk == of {
			n[r.Seat.State]++
		}
	}
	return n
}

func TestOfADayThatIsTooLongWhoWaitsIsShownAndTheRestIsSaidToBeMore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		waits := s.Book(s.o, s.sommer, s.o.Booking(Start().Add(5*time.Minute)))
		s.Guest(waits).Arrive().OK(t)
		s.Book(s.o, s.herbst, s.second(Start().Add(6*time.Hour)))
		s.many(1500, "closed", Start().Add(-2*time.Hour))
		s.many(700, "expected", Start().Add(time.Minute))

		all, _ := snapshot(s.winter, "")
		if n := all.states(""); n["waiting"] != 1 || n["expected"] != 701 || n["closed"] != 1298 || !all.MoreRows {
			t.Errorf("%v, more: %t", n, all.MoreRows)
		}
		if len(all.Tasks) != 500 || !all.MoreTasks {
			t.Errorf("%d tasks, more: %t", len(all.Tasks), all.MoreTasks)
		}
		one, _ := snapshot(s.winter, "?desk="+s.o.Desk2)
		if n, there := one.states(""), one.states(s.o.Desk2); n["waiting"] != 1 || len(one.Rows) != 2 || there["expected"] != 1 || one.MoreRows {
			t.Errorf("%v, more: %t", n, one.MoreRows)
		}
		if len(one.Tasks) != 0 || one.MoreTasks {
			t.Errorf("%d tasks, more: %t", len(one.Tasks), one.MoreTasks)
		}
	})
}

func TestACC08NobodyAsksForTheDayOfADeskOfOthers(t *testing.T) {
	s := newOffices(t, dbtest.SQLite(t))
	for _, desk := range []string{s.o.Desk2, s.other.Desk, "none"} {
		s.sommer.Get(path+"?desk="+desk).Expect(t, http.StatusNotFound, "not_found")
	}
}

// The numbers of so many desks are longer than what edge takes, and many a proxy.
func TestTheListOfAWholeDepartmentGoesOnAfterABreak(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		s.reception(600)
		s.Exec(`INSERT INTO stream (agency_id, topic, head) SELECT agency_id, 'desk:' || id, 100000 FROM desk WHERE agency_id = $1`, s.o.Agency)
		_, stream := snapshot(s.winter, "")
		before := stream.ID
		stream.Close()
		stream = s.winter.Listen(path, before)
		stream.Until("hello", nil)
		first := s.Book(s.o, s.sommer, s.o.Booking(Start()))
		expect := func(want string) {
			t.Helper()
			name, data := stream.Next()
			if name != "row" || !strings.Contains(data, want) {
				t.Errorf("%s %.200s", name, data)
			}
		}
		expect(first.Appointment) // nothing was missed, so no snapshot
		second := s.Book(s.o, s.sommer, s.o.Booking(Start().Add(time.Hour)))
		expect(second.Appointment)
		stream.Close()
		stream = s.winter.Listen(path, before)
		var shown day
		if stream.Until("snapshot", &shown); len(shown.Rows) != 2 {
			t.Errorf("%d rows", len(shown.Rows))
		}
	})
}

// reception gives Winter the reception of a department with many more desks.
func (s *offices) reception(desks int) {
	s.t.Helper()
	var department, location string
	s.Scan(`SELECT department_id, location_id FROM desk WHERE agency_id = $1 AND id = $2`, []any{s.o.Agency, s.o.Desk}, &department, &location)
	s.Exec(fmt.Sprintf(`INSERT INTO desk (agency_id, id, code, department_id, location_id, name, search)`+numbers+`
		SELECT $1, 'w' || i, 'W' || i, $2, $3, 'Team ' || i, 'team ' || i FROM number`, desks), s.o.Agency, department, location)
	s.Tx(func(tx *db.Tx) error {
		err := s.Staff.Give(s.t.Context(), tx, s.o.Agency, staff.Grant{
			Staff: s.o.Winter.ID, Held: staff.Held{Role: staff.Reception, Kind: agency.OfDepartment, Place: department}, Source: staff.ByHand,
		})
		if err != nil {
			return err
		}
		return s.Staff.SettleAll(s.t.Context(), tx, s.o.Agency)
	})
}
