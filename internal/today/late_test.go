package today_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	"visavis/internal/today"
	. "visavis/internal/worldtest"
)

// waited is what a guest's page says of its wait.
type waited struct {
	State string
	Wait  *struct {
		From, To int
		Until    int64
		After    *int64
	}
}

// at answers the page's wait once it is that until a time, in minutes after the beginning of the world.
func (s *offices) waitsUntil(page *Stream, minutes int) waited {
	s.t.Helper()
	for {
		var v waited
		page.Until("seat", &v)
		if v.Wait != nil && v.Wait.Until == Start().Add(time.Duration(minutes)*time.Minute).UnixMilli() {
			return v
		}
	}
}

// waitsFor is a guest of an advisor who waits, with the page's stream.
func (s *offices) waitsFor(advisor Account, starts time.Time) (Place, *Guest, *Stream) {
	s.t.Helper()
	booking := s.o.Booking(starts)
	if advisor.ID != "" {
		booking["advisor"] = advisor.ID
	}
	p := s.Book(s.o, s.sommer, booking)
	g := s.Guest(p)
	g.Arrive().OK(s.t)
	page := g.Stream("")
	page.Until("snapshot", nil)
	return p, g, page
}

func TestLatenessMovesTheWaitOfWhoWaitsAndIsShownToTheDesk(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		path := "/api/staff/desks/" + s.o.Desk + "/late"
		_, _, forSommer := s.waitsFor(s.o.Sommer, Start().Add(5*time.Minute))
		_, _, forAnybody := s.waitsFor(Account{}, Start().Add(5*time.Minute))
		_, list := snapshot(s.winter, "")
		says := func(want ...today.Late) {
			t.Helper()
			var got []today.Late
			if list.Until("late", &got); !slices.Equal(got, want) {
				t.Errorf("%+v, want %+v", got, want)
			}
		}
		s.sommer.Post(path, Body{"advisor": s.o.Sommer.ID, "minutes": 10}).OK(t)
		if v := s.waitsUntil(forSommer, 15); v.Wait.From != 15 || v.Wait.To != 25 {
			t.Errorf("%+v", v.Wait)
		}
		says(today.Late{Who: s.o.Sommer.ID, Minutes: 10})
		s.winter.Post(path, Body{"minutes": 20}).OK(t)
		s.waitsUntil(forSommer, 25)
		s.waitsUntil(forAnybody, 25)
		if shown, _ := snapshot(s.sommer, ""); len(shown.Late) != 2 {
			t.Errorf("%+v", shown.Late)
		}
		if shown, _ := snapshot(s.foreign, ""); len(shown.Late) != 0 {
			t.Errorf("another agency sees %+v", shown.Late)
		}
		s.sommer.Post(path, Body{"minutes": 0}).OK(t)
		s.waitsUntil(forSommer, 15)
		s.waitsUntil(forAnybody, 5)

		for _, b := range []*Browser{s.herbst, s.foreign} {
			b.Post(path, Body{"minutes": 10}).Expect(t, http.StatusNotFound, "desk.unknown")
		}
		for _, who := range []string{s.o.Herbst.ID, s.other.Sommer.ID, s.o.Desk2} {
			s.sommer.Post(path, Body{"advisor": who, "minutes": 10}).Expect(t, http.StatusUnprocessableEntity, "appointment.advisor")
		}
		s.sommer.Post(path, Body{"minutes": 181}).Expect(t, http.StatusBadRequest, "request.invalid")
		s.Clock.Forward(24 * time.Hour)
		if shown, _ := snapshot(s.SignIn(s.o.Winter), ""); len(shown.Late) != 0 {
			t.Errorf("on the next day: %+v", shown.Late)
		}
	})
}

func TestATalkThatLastsLongerMovesThoseAfterItByItself(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		first, guest, _ := s.waitsFor(s.o.Sommer, Start())
		booking := s.o.Booking(Start().Add(30 * time.Minute))
		booking["advisor"] = s.o.Sommer.ID
		s.Book(s.o, s.sommer, booking) // may still come
		s.sommer.Post("/api/staff/seats/"+first.Seat+"/admit", Body{}).OK(t)
		guest.Signal(1, "enter", nil).OK(t)        // else it is called for a minute, and waits again
		s.Clock.Set(Start().Add(52 * time.Minute)) // 22 over its time, and the next one is not there
		third, g, page := s.waitsFor(s.o.Sommer, Start().Add(60*time.Minute))
		var v waited
		g.Post("/api/guest/"+third.Slug+"/open", Body{"seat": third.Seat}).OK(t).Into(t, &v)
		if v.Wait == nil || v.Wait.From != 5 || v.Wait.After == nil || *v.Wait.After != Start().Add(60*time.Minute).UnixMilli() {
			t.Errorf("%+v", v.Wait)
		}
		booking = s.o.Booking(Start().Add(90 * time.Minute))
		booking["advisor"] = s.o.Sommer.ID
		p := s.Book(s.o, s.sommer, booking)
		s.Clock.Set(Start().Add(85 * time.Minute)) // 55 over
		last := s.Guest(p)
		last.Arrive().OK(t)
		last.Post("/api/guest/"+p.Slug+"/open", Body{"seat": p.Seat}).OK(t).Into(t, &v)
		if v.Wait == nil || v.Wait.From != 30 || *v.Wait.After != Start().Add(85*time.Minute).UnixMilli() {
			t.Errorf("with somebody ahead: %+v", v.Wait)
		}
		var begun struct{ ID string }
		s.Scan(`SELECT id FROM talk WHERE agency_id = $1 AND seat_id = $2`, []any{s.o.Agency, first.Seat}, &begun.ID)
		s.sommer.Post("/api/staff/appointments/"+first.Appointment+"/outcome", Body{"version": 1, "outcome": "phone"}).OK(t)
		s.waitsUntil(page, 60) // at once: the talk is over, and nobody is ahead
	})
}

// A talk that was planned beside an appointment of anybody's has somebody of its own, one that was planned before it has
// not.
func TestAnAppointmentOfAnybodyWaitsForWhatShouldBeOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		beside, guest, _ := s.waitsFor(s.o.Sommer, Start())
		s.sommer.Post("/api/staff/seats/"+beside.Seat+"/admit", Body{}).OK(t)
		guest.Signal(1, "enter", nil).OK(t) // else it is called for a minute, and waits again
		s.Clock.Set(Start().Add(15 * time.Minute))
		p, g, _ := s.waitsFor(Account{}, Start().Add(20*time.Minute))
		look := func() (v waited) {
			g.Post("/api/guest/"+p.Slug+"/open", Body{"seat": p.Seat}).OK(t).Into(t, &v)
			return v
		}
		if v := look(); v.Wait == nil || v.Wait.Until != Start().Add(20*time.Minute).UnixMilli() || v.Wait.After != nil {
			t.Errorf("beside it: %+v", v.Wait)
		}
		s.Clock.Set(Start().Add(22 * time.Minute)) // its time has come, and nobody has called
		if v := look(); v.Wait == nil || v.Wait.Until != Start().Add(30*time.Minute).UnixMilli() {
			t.Errorf("nobody calls: %+v", v.Wait)
		}
		s.Clock.Set(Start().Add(32 * time.Minute))
		p, g, _ = s.waitsFor(Account{}, Start().Add(32*time.Minute))
		if v := look(); v.Wait != nil {
			t.Errorf("after it: %+v", v.Wait)
		}
	})
}

// Who asks for one answer at a time is told of the desk's events once, and waits again.
func TestAGuestWhoPollsIsNotToldTheSameWaitAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		p, g, _ := s.waitsFor(s.o.Sommer, Start().Add(5*time.Minute))
		g.Header = http.Header{"Accept": {"application/json"}}
		var got struct {
			Head   string
			Events []struct{ Name string }
		}
		poll := "/api/guest/" + p.Slug + "/seats/" + p.Seat + "/stream?page=" + g.Page
		g.Get(poll).OK(t).Into(t, &got)
		s.sommer.Post("/api/staff/desks/"+s.o.Desk+"/late", Body{"minutes": 10}).OK(t)
		g.Get(poll+"&after="+got.Head).OK(t).Into(t, &got)
		if len(got.Events) != 1 || got.Events[0].Name != "seat" {
			t.Fatalf("%+v", got)
		}
		told := make(chan Answer, 1)
		go func() { told <- g.Get(poll + "&after=" + got.Head) }()
		select {
		case a := <-told:
			t.Errorf("told again: %s", a.Text)
		case <-time.After(300 * time.Millisecond):
		}
		s.sommer.Post("/api/staff/desks/"+s.o.Desk+"/late", Body{"minutes": 0}).OK(t)
		<-told
	})
}

func TestNobodyIsLateWhoHasLeft(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		late := func(who Account) Answer {
			return s.sommer.Post("/api/staff/desks/"+s.o.Desk+"/late", Body{"advisor": who.ID, "minutes": 10})
		}
		s.Tx(func(tx *db.Tx) error {
			return s.Staff.Give(t.Context(), tx, s.o.Agency, staff.Grant{
				Staff: s.o.Herbst.ID, Held: staff.At(staff.Advisor, s.o.Desk)[0], Source: staff.Substitution, Until: Start().Add(time.Minute),
			})
		})
		late(s.o.Winter).OK(t)
		late(s.o.Herbst).OK(t)
		if shown, _ := snapshot(s.sommer, ""); len(shown.Late) != 2 {
			t.Fatalf("%+v", shown.Late)
		}
		s.Clock.Forward(time.Minute)
		s.Tx(func(tx *db.Tx) error {
			return s.Staff.Disable(t.Context(), tx, s.o.Agency, staff.Author{}, s.o.Winter.ID)
		})
		for _, who := range []Account{s.o.Winter, s.o.Herbst} {
			late(who).Expect(t, http.StatusUnprocessableEntity, "appointment.advisor")
		}
		if shown, _ := snapshot(s.sommer, ""); slices.ContainsFunc(shown.Late, func(l today.Late) bool { return l.Who == s.o.Winter.ID }) {
			t.Errorf("%+v", shown.Late)
		}
	})
}
