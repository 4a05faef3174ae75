package appointment_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

// alsoAdvises lets somebody work at one more desk.
func (s *desk) alsoAdvises(who, at string) {
	s.T.Helper()
	s.Tx(func(tx *db.Tx) error {
		return s.Staff.Give(s.T.Context(), tx, s.o.Agency, staff.Grant{
			Staff: who, Held: staff.Held{Role: staff.Advisor, Kind: agency.OfDesk, Place: at}, Source: staff.ByHand,
		})
	})
}

// Sommer, Winter and Herbst share two desks. The database must not have to end one of two bookings that wait for each
// other: it looks for such only after a second.
func TestOfAdvisorsWhoShareDesksNobodyWaitsForEachOther(t *testing.T) {
	d := dbtest.Postgres(t) // SQLite has one writer
	s := newDesk(t, d)
	for who, desk := range map[string]string{s.o.Sommer.ID: s.o.Desk2, s.o.Herbst.ID: s.o.Desk} {
		s.alsoAdvises(who, desk)
	}
	accounts := []Account{s.o.Sommer, s.o.Winter, s.o.Herbst}
	browsers := []*Browser{s.sommer, s.SignIn(s.o.Winter), s.SignIn(s.o.Herbst)}
	before := deadlocks(t, d)
	var all sync.WaitGroup
	for g := range 9 {
		all.Go(func() {
			for i := range 20 {
				body := s.o.Booking(Start().Add(time.Duration(g*20+i+1) * time.Hour))
				switch {
				case g < 6:
					body["advisor"] = accounts[g%3].ID
				case g < 8:
					body["desk"], body["service"] = s.o.Desk2, s.o.Service2
				}
				if a := browsers[g%3].Post(path, body); a.Status != http.StatusOK {
					t.Errorf("%d %s", a.Status, a.Text)
				}
			}
		})
	}
	all.Wait()
	if n := deadlocks(t, d) - before; n != 0 {
		t.Errorf("%d deadlocks", n)
	}
}

// Whoever books waits for the first desk without holding the second, in whatever order the rows lie.
func TestTheDesksOfAnAdvisorAreTakenInTheOrderOfTheirIDs(t *testing.T) {
	d := dbtest.Postgres(t) // SQLite has one writer
	s := newDesk(t, d)
	first, second := min(s.o.Desk, s.o.Desk2), max(s.o.Desk, s.o.Desk2)
	s.Exec(`UPDATE desk SET name = name WHERE id = $1`, first) // now it lies behind the other
	booked := make(chan Answer, 1)
	s.Tx(func(tx *db.Tx) error {
		if _, err := tx.ExecContext(t.Context(), `UPDATE desk SET name = name WHERE id = $1`, first); err != nil {
			return err
		}
		go func() {
			booked <- s.sommer.Post(path, with(s.o.Booking(Start().Add(time.Hour)), "advisor", s.o.Winter.ID))
		}()
		waits(t, d)
		_, err := tx.ExecContext(t.Context(), `SELECT id FROM desk WHERE id = $1 FOR UPDATE NOWAIT`, second)
		return err
	})
	(<-booked).OK(t)
}

// waits returns once a connection waits for what another one holds.
func waits(t *testing.T, d *db.DB) {
	t.Helper()
	for deadline := time.Now().Add(dbtest.Patience); time.Now().Before(deadline); <-time.After(5 * time.Millisecond) {
		var n int
		err := d.Read().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			return
		}
	}
	t.Fatal("nobody waits")
}

// In whatever order they are booked: a change of people in the middle of an appointment is none that anybody can keep.
func TestWhereNobodyIsNamedSomebodyStaysFreeWhateverIsBookedAfterwards(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newDesk(t, d)
		at := Start().Add(2 * time.Hour)
		of := func(who Account, after time.Duration) Body {
			return with(s.o.Booking(at.Add(after)), "advisor", who.ID)
		}
		s.sommer.Post(path, s.o.Booking(at)).OK(t)
		s.sommer.Post(path, of(s.o.Sommer, -15*time.Minute)).OK(t)
		s.sommer.Post(path, of(s.o.Winter, 15*time.Minute)).Expect(t, http.StatusConflict, "appointment.full")
		elsewhere := with(with(of(s.o.Winter, 15*time.Minute), "desk", s.o.Desk2), "service", s.o.Service2)
		s.SignIn(s.o.Winter).Post(path, elsewhere).Expect(t, http.StatusConflict, "appointment.full")
		s.sommer.Post(path, of(s.o.Sommer, 15*time.Minute)).OK(t) // Winter keeps the first
		s.sommer.Post(path, of(s.o.Winter, 30*time.Minute)).OK(t)
	})
}

// A substitute of this week takes nothing of the next.
func TestWhoseRoleEndsBeforeAnAppointmentDoesNotKeepIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newDesk(t, d)
		at := Start().Add(2 * time.Hour)
		s.alsoAdvises(s.o.Herbst.ID, s.o.Desk)
		s.Exec(`UPDATE staff_role SET until_at = $1 WHERE agency_id = $2 AND staff_id = $3 AND place_id = $4`,
			at.Add(30*time.Minute).UnixMilli(), s.o.Agency, s.o.Herbst.ID, s.o.Desk)
		for range 3 {
			s.sommer.Post(path, s.o.Booking(at)).OK(t) // ends with the role
		}
		late := at.Add(time.Hour)
		for range 2 {
			s.sommer.Post(path, s.o.Booking(late)).OK(t)
		}
		s.sommer.Post(path, s.o.Booking(late)).Expect(t, http.StatusConflict, "appointment.full")
	})
}

func TestWhatSomebodyHadWhoIsGoneIsForAnybodyAtItsDeskAndMissingAtNoOther(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newDesk(t, d)
		at := Start().Add(2 * time.Hour)
		s.alsoAdvises(s.o.Herbst.ID, s.o.Desk)
		s.sommer.Post(path, with(s.o.Booking(at.Add(-15*time.Minute)), "advisor", s.o.Herbst.ID)).OK(t)
		later := with(with(s.o.Booking(at.Add(4*time.Hour)), "desk", s.o.Desk2), "service", s.o.Service2)
		s.SignIn(s.o.Winter).Post(path, with(later, "advisor", s.o.Herbst.ID)).OK(t)
		s.Exec(`UPDATE staff SET disabled_at = 1 WHERE id = $1`, s.o.Herbst.ID)

		// Sommer takes it over, who is free until a quarter past; Winter keeps the one without a name.
		s.sommer.Post(path, with(s.o.Booking(at.Add(15*time.Minute)), "advisor", s.o.Sommer.ID)).OK(t)
		s.sommer.Post(path, s.o.Booking(at)).OK(t)
		s.sommer.Post(path, s.o.Booking(at.Add(-15*time.Minute))).Expect(t, http.StatusConflict, "appointment.full")

		s.sommer.Post(path, s.o.Booking(at.Add(4*time.Hour))).OK(t)
		s.sommer.Post(path, s.o.Booking(at.Add(4*time.Hour))).OK(t)
	})
}

// deadlocks counts those that the server had to end. A connection tells what it has seen within a second.
func deadlocks(t *testing.T, d *db.DB) (n int) {
	t.Helper()
	<-time.After(1200 * time.Millisecond)
	err := d.Read().QueryRowContext(t.Context(), `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// As soon as a role is over: nobody has settled where people work by then.
func TestWhoseRoleIsOverKeepsNoAppointmentAtTheDesk(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newDesk(t, d)
		s.Tx(func(tx *db.Tx) error {
			return s.Staff.Give(t.Context(), tx, s.o.Agency, staff.Grant{
				Staff: s.o.Herbst.ID, Held: staff.At(staff.Advisor, s.o.Desk)[0], Source: staff.Substitution, Until: Start().Add(150 * time.Minute),
			})
		})
		at := Start().Add(2 * time.Hour)
		for range 3 {
			s.sommer.Post(path, s.o.Booking(at)).OK(t)
		}
		s.Clock.Forward(150 * time.Minute)
		if s.Count(`SELECT COUNT(*) FROM staff_desk WHERE agency_id = $1 AND desk_id = $2`, s.o.Agency, s.o.Desk) != 3 {
			t.Fatal("it was settled already: the test shows nothing")
		}
		later := at.Add(4 * time.Hour)
		s.sommer.Post(path, with(s.o.Booking(later), "advisor", s.o.Herbst.ID)).Expect(t, http.StatusUnprocessableEntity, "appointment.advisor")
		for range 2 {
			s.sommer.Post(path, s.o.Booking(later)).OK(t)
		}
		s.sommer.Post(path, s.o.Booking(later)).Expect(t, http.StatusConflict, "appointment.full")
	})
}
