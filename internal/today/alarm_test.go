package today_test

import (
	"net/http"
	"testing"
	"time"

	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/seat"
	. "visavis/internal/worldtest"
)

// admitted begins a talk, led by Frau Sommer, and answers with its path.
func (s *offices) admitted(seatID string) string {
	s.t.Helper()
	var begun struct{ Talk struct{ ID string } }
	s.sommer.Post("/api/staff/seats/"+seatID+"/admit", Body{}).OK(s.t).Into(s.t, &begun)
	return "/api/staff/talks/" + begun.Talk.ID
}

func TestWhoLeadsATalkCallsColleaguesAndTheGuestLearnsNothingOfIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		p, _, _ := s.waitsFor(s.o.Sommer, Start().Add(5*time.Minute))
		talk := s.admitted(p.Seat)
		path := talk + "/alarm"
		_, list := snapshot(s.winter, "")
		window := s.sommer.Listen(talk+"/stream", "")
		window.Until("snapshot", nil)
		s.winter.Post(path+"/answer", Body{}).Expect(t, http.StatusConflict, "alarm.none")
		const told = `SELECT COUNT(*) FROM stream_change WHERE agency_id = $1 AND topic = $2`
		before := s.Count(told, s.o.Agency, seat.Topic(p.Seat))

		s.sommer.Post(path, Body{"on": true}).OK(t)
		s.sommer.Post(path, Body{"on": true}).OK(t) // pressed twice
		r := s.until(list, func(r row) bool { return r.Talk != nil && r.Talk.Alarm != nil })
		if r.ID != p.Appointment || r.Talk.Alarm.At == 0 || r.Talk.Alarm.AnsweredBy != "" {
			t.Errorf("%+v", r.Talk.Alarm)
		}
		// Who leads it is no help to themselves, and nobody elsewhere hears of it.
		s.sommer.Post(path+"/answer", Body{}).Expect(t, http.StatusConflict, "alarm.none")
		for _, b := range []*Browser{s.herbst, s.foreign} {
			b.Post(path+"/answer", Body{}).Expect(t, http.StatusNotFound, "talk.unknown")
			b.Post(path, Body{"on": true}).Expect(t, http.StatusNotFound, "talk.unknown")
		}
		s.winter.Post(path, Body{"on": false}).Expect(t, http.StatusConflict, "talk.led")

		s.winter.Post(path+"/answer", Body{}).OK(t)
		s.until(list, func(r row) bool { return r.Talk.Alarm.AnsweredBy == "Herr Winter" })
		var shown struct {
			Alarm *struct{ AnsweredBy *struct{ Name string } }
		}
		for shown.Alarm == nil || shown.Alarm.AnsweredBy == nil {
			window.Until("talk", &shown)
		}
		if shown.Alarm.AnsweredBy.Name != "Herr Winter" {
			t.Errorf("%+v", shown.Alarm.AnsweredBy)
		}
		if n := s.Count(told, s.o.Agency, seat.Topic(p.Seat)); n != before {
			t.Errorf("the guest's page is woken %d times", n-before)
		}
		// Once more, as whoever said to come does not; and taken back.
		s.sommer.Post(path, Body{"on": true}).OK(t)
		s.until(list, func(r row) bool { return r.Talk.Alarm.AnsweredBy == "" })
		s.sommer.Post(path, Body{"on": false}).OK(t)
		s.until(list, func(r row) bool { return r.Talk != nil && r.Talk.Alarm == nil })

		for act, want := range map[audit.Act]int{audit.AlarmRaised: 2, audit.AlarmAnswered: 1, audit.AlarmOver: 1} {
			if n := s.Count(`SELECT COUNT(*) FROM audit_entry WHERE agency_id = $1 AND act = $2`, s.o.Agency, act); n != want {
				t.Errorf("%s: %d entries, not %d", act, n, want)
			}
		}
	})
}

func TestAnAlarmIsOverWithTheTalkAndWhenAColleagueTakesItOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		p, _, _ := s.waitsFor(s.o.Sommer, Start().Add(5*time.Minute))
		talk := s.admitted(p.Seat)
		raised := func() int {
			return s.Count(`SELECT COUNT(*) FROM talk WHERE agency_id = $1 AND (alarm_at IS NOT NULL OR alarm_answered_by IS NOT NULL)`, s.o.Agency)
		}
		s.sommer.Post(talk+"/alarm", Body{"on": true}).OK(t)
		s.winter.Post(talk+"/alarm/answer", Body{}).OK(t)
		if raised() != 1 {
			t.Fatal("there is no alarm")
		}
		s.winter.Post(talk+"/join", Body{"takeover": true}).OK(t)
		if raised() != 0 {
			t.Error("it goes on for who is out of the talk")
		}
		s.winter.Post(talk+"/alarm", Body{"on": true}).OK(t)
		s.winter.Post(talk+"/sendback", Body{}).OK(t)
		if raised() != 0 {
			t.Error("it outlives the talk")
		}
		s.winter.Post(talk+"/alarm", Body{"on": true}).Expect(t, http.StatusGone, "talk.ended")
		s.sommer.Post(talk+"/alarm/answer", Body{}).Expect(t, http.StatusConflict, "alarm.none")
	})
}

func TestAnAlarmIsSeenAlsoByWhoLooksAtAnotherDay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		p, _, _ := s.waitsFor(s.o.Sommer, Start().Add(5*time.Minute))
		alarm := s.admitted(p.Seat) + "/alarm"
		tomorrow := "?day=" + Start().AddDate(0, 0, 1).Format(time.DateOnly)
		shown, list := snapshot(s.winter, tomorrow)
		if shown.Rows == nil || len(shown.Rows) != 0 { // null is no list
			t.Errorf("%+v", shown.Rows)
		}
		s.sommer.Post(alarm, Body{"on": true}).OK(t)
		s.until(list, func(r row) bool { return r.ID == p.Appointment && r.Talk.Alarm != nil })
		if shown, _ := snapshot(s.winter, tomorrow); len(shown.Rows) != 1 || shown.Rows[0].Talk.Alarm == nil {
			t.Errorf("opened later: %+v", shown.Rows)
		}
		if shown, _ := snapshot(s.herbst, tomorrow); len(shown.Rows) != 0 {
			t.Errorf("another desk: %+v", shown.Rows)
		}
		s.sommer.Post(alarm, Body{"on": false}).OK(t)
		var gone struct{ ID string }
		if list.Until("row-gone", &gone); gone.ID != p.Appointment {
			t.Errorf("%+v", gone)
		}
		if shown, _ := snapshot(s.winter, tomorrow); len(shown.Rows) != 0 {
			t.Errorf("it is over: %+v", shown.Rows)
		}
	})
}
