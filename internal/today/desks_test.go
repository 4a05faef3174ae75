package today_test

import (
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

func TestACC08AListShowsNothingMoreOfADeskThatIsNoLongerThePersons(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		s.Book(s.o, s.sommer, s.o.Booking(Start()))
		second := s.Book(s.o, s.herbst, s.second(Start().Add(time.Minute)))
		shown, stream := snapshot(s.winter, "")
		if len(shown.Rows) != 2 {
			t.Fatalf("%d rows", len(shown.Rows))
		}
		s.Exec(`DELETE FROM staff_desk WHERE agency_id = $1 AND staff_id = $2 AND desk_id = $3`, s.o.Agency, s.o.Winter.ID, s.o.Desk)
		s.Book(s.o, s.sommer, s.o.Booking(Start().Add(time.Hour)))
		var end struct{ Reason string }
		if stream.Until("bye", &end); end.Reason != "rights" {
			t.Errorf("%+v", end)
		}
		stream = s.winter.Listen(path, stream.ID)
		stream.Until("snapshot", &shown)
		if len(shown.Rows) != 1 || shown.Rows[0].ID != second.Appointment {
			t.Errorf("%+v", shown.Rows)
		}
		third := s.Book(s.o, s.herbst, s.second(Start().Add(time.Hour)))
		var r row
		if stream.Until("row", &r); r.ID != third.Appointment {
			t.Errorf("%s, want %s", r.ID, third.Appointment)
		}
	})
}

// A role is over at its moment, also where nobody has done the job yet that settles where somebody works.
func TestACC08AListShowsNobodyAtADeskWhereTheRoleIsJustOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		guest := s.Guest(s.Book(s.o, s.sommer, s.o.Booking(Start().Add(5*time.Minute))))
		guest.Arrive().OK(t)
		s.sommer.Post("/api/staff/desks/"+s.o.Desk+"/late", Body{"minutes": 10}).OK(t)
		s.Tx(func(tx *db.Tx) error {
			return s.Staff.Give(t.Context(), tx, s.o.Agency, staff.Grant{
				Staff: s.o.Sommer.ID, Held: staff.At(staff.Advisor, s.o.Desk)[0], Source: staff.ByHand, Until: Start().Add(time.Minute),
			})
		})
		guest.Do("callback", Body{"phone": "030 1234567"}).OK(t)
		shown, _ := snapshot(s.sommer, "")
		if len(shown.Rows) != 1 || len(shown.Tasks) != 1 || len(shown.Late) != 1 {
			t.Fatalf("%+v", shown)
		}
		s.Clock.Forward(time.Minute)
		shown, _ = snapshot(s.sommer, "")
		if len(shown.Rows) != 0 || len(shown.Tasks) != 0 || len(shown.Late) != 0 {
			t.Errorf("%d rows, %d tasks, %d late", len(shown.Rows), len(shown.Tasks), len(shown.Late))
		}
	})
}

func TestAListFollowsADeskAndARoleThatThePersonIsGivenMeanwhile(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		_, stream := snapshot(s.sommer, "")
		for _, role := range []staff.Role{staff.Reception, staff.Advisor} {
			s.Tx(func(tx *db.Tx) error {
				return s.Staff.Give(t.Context(), tx, s.o.Agency, staff.Grant{
					Staff: s.o.Sommer.ID, Held: staff.Held{Role: role, Kind: agency.OfDesk, Place: s.o.Desk2}, Source: staff.ByHand,
				})
			})
			var end struct{ Reason string }
			if stream.Until("bye", &end); end.Reason != "rights" {
				t.Errorf("%s: %+v", role, end)
			}
			stream = s.sommer.Listen(path, stream.ID)
			stream.Until("snapshot", nil)
		}
		there := s.Book(s.o, s.herbst, s.second(Start().Add(time.Minute)))
		var r row
		if stream.Until("row", &r); r.ID != there.Appointment {
			t.Errorf("%s, want %s", r.ID, there.Appointment)
		}
	})
}
