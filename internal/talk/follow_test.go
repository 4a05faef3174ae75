package talk_test

import (
	"net/http"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	. "visavis/internal/worldtest"
)

type followed struct {
	ID, By, Link string
	Version      int64
}

func (s *scene) next() time.Time { return Start().Add(7*24*time.Hour + 5*time.Minute) }

// At the end of a talk the next appointment needs nothing but a time, and the guest who is still there is told of it.
func TestTheNextAppointmentIsBookedAtTheEndAndTheGuestIsTold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		begun := s.admit(s.sommer)
		s.g.Signal(1, "enter", nil).OK(t)
		path := "/api/staff/appointments/" + s.g.Place.Appointment + "/follow"
		body := Body{"startsAt": s.next().UnixMilli()}
		s.sommer.Post(path, body).Expect(t, http.StatusConflict, "appointment.open")
		s.do(s.sommer, begun.Talk.ID, "end", Body{"outcome": "held"}).OK(t)

		var seen struct{ View map[string]any }
		stream := s.g.Stream("")
		defer stream.Close()
		stream.Until("snapshot", &seen)
		if seen.View["next"] != nil {
			t.Fatal("there is none yet")
		}
		var made followed
		s.sommer.Post(path, body).OK(t).Into(t, &made)
		if made.By != "hand" || made.Link == "" {
			t.Errorf("%+v", made)
		}
		var told map[string]any
		stream.Until("seat", &told)
		next, _ := told["next"].(map[string]any)
		if next["startsAt"] != float64(s.next().UnixMilli()) || next["mail"] != false || next["link"] != made.Link {
			t.Errorf("%v", told["next"])
		}

		var desk, service, advisor, language string
		s.Scan(`SELECT desk_id, service_id, advisor_id, language FROM appointment WHERE agency_id = $1 AND id = $2`,
			[]any{s.o.Agency, made.ID}, &desk, &service, &advisor, &language)
		if desk != s.o.Desk || service != s.o.Service || advisor != s.o.Sommer.ID || language != "de" {
			t.Error(desk, service, advisor, language)
		}
		place := s.g.Place
		place.Secret = s.Secret(s.o, made.Link)
		s.Scan(`SELECT id FROM seat WHERE agency_id = $1 AND appointment_id = $2`, []any{s.o.Agency, made.ID}, &place.Seat)
		s.Guest(place) // the link opens

		s.sommer.Post("/api/staff/appointments/"+made.ID+"/cancel", Body{"version": made.Version}).OK(t)
		if view, _ := guestSees(s.g); view["next"] != nil {
			t.Error("a cancelled one is still told of")
		}
	})
}

// The link of the next appointment is for the browser that had the talk: an old link that others have must not open it.
func TestOnlyTheBrowserThatHadTheTalkIsToldOfTheNextAppointment(t *testing.T) {
	s := newScene(t, dbtest.SQLite(t))
	begun := s.admit(s.sommer)
	s.g.Signal(1, "enter", nil).OK(t)
	s.do(s.sommer, begun.Talk.ID, "end", Body{"outcome": "held"}).OK(t)
	s.sommer.Post("/api/staff/appointments/"+s.g.Place.Appointment+"/follow", Body{"startsAt": s.next().UnixMilli()}).OK(t)
	if view, _ := guestSees(s.g); view["next"] == nil {
		t.Error("who had the talk is not told")
	}
	if view, _ := guestSees(s.Guest(s.g.Place)); view["next"] != nil {
		t.Error("another browser with the old link is told")
	}
}

// A time at which whoever books is busy is refused, as with every booking.
func TestTheNextAppointmentIsBookedByTheSameRules(t *testing.T) {
	s := newScene(t, dbtest.SQLite(t))
	begun := s.admit(s.sommer)
	s.g.Signal(1, "enter", nil).OK(t)
	s.do(s.sommer, begun.Talk.ID, "end", Body{"outcome": "held"}).OK(t)
	path := "/api/staff/appointments/" + s.g.Place.Appointment + "/follow"
	s.sommer.Post(path, Body{"startsAt": s.next().UnixMilli()}).OK(t)
	if got := s.sommer.Post(path, Body{"startsAt": s.next().UnixMilli()}); got.Status != http.StatusConflict {
		t.Errorf("booked twice: %d", got.Status)
	}
	s.sommer.Post(path, Body{"startsAt": Start().Add(-time.Hour).UnixMilli()}).Expect(t, http.StatusUnprocessableEntity, "appointment.past")
}
