package today_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	. "visavis/internal/worldtest"
)

func TestAnAppointmentIsHandedToAColleagueWithANoteAndTheGuestSeesWhom(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		p, _, page := s.waitsFor(s.o.Sommer, Start().Add(5*time.Minute))
		path := "/api/staff/appointments/" + p.Appointment + "/hand"
		_, list := snapshot(s.winter, "")
		s.sommer.Post(path, Body{"version": 1, "advisor": s.o.Winter.ID, "note": " Frau Beispiel hört schlecht.\u202e "}).OK(t)
		r := s.until(list, func(r row) bool { return r.ID == p.Appointment && r.Version == 2 })
		if r.Advisor == nil || r.Advisor.ID != s.o.Winter.ID || r.Handed == nil || r.Handed.By.Name != "Frau Sommer" || string(r.Handed.Note) != "Frau Beispiel hört schlecht." {
			t.Errorf("%+v %+v", r.Advisor, r.Handed)
		}
		var view struct{ Advisor string }
		for view.Advisor != "Herr Winter" {
			page.Until("seat", &view)
		}
		if strings.Contains(s.Log.String(), "schlecht") {
			t.Error("the note stands in the log")
		}
		// Two are at it: who was slower is told, and sees the new state.
		s.sommer.Post(path, Body{"version": 1, "advisor": s.o.Sommer.ID}).Expect(t, http.StatusConflict, "appointment.changed")
		s.sommer.Post(path, Body{"version": 2, "advisor": s.o.Sommer.ID}).OK(t) // takes it over
		if r := s.until(list, func(r row) bool { return r.Version == 3 }); r.Advisor.ID != s.o.Sommer.ID || string(r.Handed.Note) != "" {
			t.Errorf("%+v %+v", r.Advisor, r.Handed)
		}
		for _, b := range []*Browser{s.herbst, s.foreign} {
			b.Post(path, Body{"version": 3, "advisor": s.o.Winter.ID}).Expect(t, http.StatusNotFound, "appointment.unknown")
		}
		for _, who := range []string{s.o.Herbst.ID, s.other.Sommer.ID, "x"} {
			s.sommer.Post(path, Body{"version": 3, "advisor": who}).Expect(t, http.StatusUnprocessableEntity, "appointment.advisor")
		}
		s.sommer.Post(path, Body{"version": 3, "advisor": s.o.Winter.ID, "note": strings.Repeat("ü", 301)}).Expect(t, http.StatusBadRequest, "request.invalid")

		s.sommer.Post(path, Body{"version": 3, "advisor": s.o.Winter.ID, "note": "bis gleich"}).OK(t)
		s.sommer.Post("/api/staff/seats/"+p.Seat+"/admit", Body{}).OK(t)
		s.winter.Post(path, Body{"version": 4, "advisor": s.o.Winter.ID}).Expect(t, http.StatusConflict, "seat.talking")
		s.sommer.Post("/api/staff/appointments/"+p.Appointment+"/outcome", Body{"version": 4, "outcome": "held"}).OK(t)
		s.winter.Post(path, Body{"version": 5, "advisor": s.o.Winter.ID}).Expect(t, http.StatusConflict, "appointment.closed")
		if n := s.Count(`SELECT COUNT(*) FROM appointment WHERE agency_id = $1 AND id = $2 AND note_sealed IS NULL AND note_by IS NULL`, s.o.Agency, p.Appointment); n != 1 {
			t.Error("the note outlives the appointment")
		}
	})
}

func TestAnAppointmentIsGivenBackToAllOfTheDesk(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		p, _, page := s.waitsFor(s.o.Sommer, Start().Add(5*time.Minute))
		path := "/api/staff/appointments/" + p.Appointment + "/hand"
		_, list := snapshot(s.winter, "")
		s.sommer.Post(path, Body{"version": 1, "advisor": "", "note": "Ich bin krank."}).OK(t)
		r := s.until(list, func(r row) bool { return r.ID == p.Appointment && r.Version == 2 })
		if r.Advisor != nil || r.Handed == nil || r.Handed.By.Name != "Frau Sommer" || string(r.Handed.Note) != "Ich bin krank." {
			t.Errorf("%+v %+v", r.Advisor, r.Handed)
		}
		var view struct{ Advisor string }
		for view.Advisor = "Frau Sommer"; view.Advisor != ""; {
			view.Advisor = ""
			page.Until("seat", &view)
		}
		s.herbst.Post(path, Body{"version": 2, "advisor": ""}).Expect(t, http.StatusNotFound, "appointment.unknown")
		s.winter.Post("/api/staff/seats/"+p.Seat+"/admit", Body{}).OK(t)

		at := Start().Add(2 * time.Hour)
		named := s.o.Booking(at)
		named["advisor"] = s.o.Sommer.ID
		later := s.Book(s.o, s.sommer, named)
		s.sommer.Post("/api/staff/appointments/"+later.Appointment+"/hand", Body{"version": 1, "advisor": ""}).OK(t) // there is room for it
	})
}

func TestWhoIsTakenLaterInTheDayIsNotHandedAnother(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		at := Start().Add(2 * time.Hour)
		mine, theirs := s.o.Booking(at), s.o.Booking(at)
		mine["advisor"], theirs["advisor"] = s.o.Sommer.ID, s.o.Winter.ID
		p := s.Book(s.o, s.sommer, mine)
		s.Book(s.o, s.sommer, theirs)
		path := "/api/staff/appointments/" + p.Appointment + "/hand"
		s.sommer.Post(path, Body{"version": 1, "advisor": s.o.Winter.ID}).Expect(t, http.StatusConflict, "appointment.overlap")
		s.Clock.Set(at.Add(-5 * time.Minute)) // by then people see for themselves
		s.sommer = s.SignIn(s.o.Sommer)
		s.sommer.Post(path, Body{"version": 1, "advisor": s.o.Winter.ID}).OK(t)
	})
}
