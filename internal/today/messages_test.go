package today_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/seat"
	"visavis/internal/today"
	. "visavis/internal/worldtest"
)

// told is what a guest's page knows of what was said to it.
type told struct {
	State    string
	Messages []struct {
		ID, Text, Answer string
		SentAt           int64
	}
}

func messagePath(p Place) string { return "/api/staff/seats/" + p.Seat + "/message" }

// messagesOf waits until a row's messages are as they should be.
func (s *offices) messagesOf(stream *Stream, p Place, fit func([]today.Message) bool) []today.Message {
	s.t.Helper()
	return s.until(stream, func(r row) bool { return r.ID == p.Appointment && fit(r.Seat.Messages) }).Seat.Messages
}

// waiting is a guest who waits, and its page's stream.
func (s *offices) waiting() (Place, *Guest, *Stream) {
	s.t.Helper()
	p := s.Book(s.o, s.sommer, s.o.Booking(Start().Add(5*time.Minute)))
	g := s.Guest(p)
	g.Arrive().OK(s.t)
	stream := g.Stream("")
	stream.Until("snapshot", nil)
	return p, g, stream
}

// until the page knows of so many messages.
func (s *offices) hears(stream *Stream, n int) told {
	s.t.Helper()
	var view told
	for stream.Until("seat", &view); len(view.Messages) != n; stream.Until("seat", &view) {
		view = told{}
	}
	return view
}

func TestAMessageReachesWhoWaitsAndItsAnswerTheWholeDesk(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		p, g, page := s.waiting()
		_, sommer := snapshot(s.sommer, "")
		_, winter := snapshot(s.winter, "")
		s.winter.Post(messagePath(p), Body{"text": "  Haben Sie\r\nIhren Ausweis da?\u202e "}).OK(t)
		view := s.hears(page, 1)
		if m := view.Messages[0]; m.Text != "Haben Sie\nIhren Ausweis da?" || m.SentAt != s.Clock.Now().UnixMilli() || m.Answer != "" {
			t.Errorf("%+v", m)
		}
		g.Do("answer", Body{"message": view.Messages[0].ID, "text": "Ja, liegt hier."}).OK(t)
		for name, list := range map[string]*Stream{"Sommer": sommer, "Winter": winter} {
			got := s.messagesOf(list, p, func(m []today.Message) bool { return len(m) == 1 && m[0].AnsweredAt != nil })
			if m := got[0]; string(m.Text) != "Haben Sie\nIhren Ausweis da?" || string(m.Answer) != "Ja, liegt hier." || m.Staff.Name != "Herr Winter" {
				t.Errorf("%s: %q %q %+v", name, string(m.Text), string(m.Answer), m.Staff)
			}
		}
		g.Do("answer", Body{"message": view.Messages[0].ID, "ready": "no"}).Expect(t, http.StatusConflict, "message.answered")
		if fresh, _ := snapshot(s.sommer, ""); len(fresh.Rows[0].Seat.Messages) != 1 {
			t.Errorf("a list that is opened later: %+v", fresh.Rows[0].Seat)
		}
		for _, word := range []string{"Ausweis", "liegt hier"} {
			if strings.Contains(s.Log.String(), word) {
				t.Errorf("%q stands in the log", word)
			}
			if n := s.Count(`SELECT COUNT(*) FROM stream_change WHERE ref LIKE $1`, "%"+word+"%"); n != 0 {
				t.Errorf("%q stands in %d events", word, n)
			}
		}
	})
}

// What a guest answers with one touch is said to the desk in the desk's language, whatever the guest's is.
func TestAReadyAnswerTravelsAsACode(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		p, g, page := s.waiting()
		_, sommer := snapshot(s.sommer, "")
		s.winter.Post(messagePath(p), Body{"text": "Haben Sie Ihren Ausweis da?"}).OK(t)
		id := s.hears(page, 1).Messages[0].ID
		for _, wrong := range []Body{{"ready": "perhaps"}, {"ready": "yes", "text": "Ja"}, {}} {
			wrong["message"] = id
			if got := g.Do("answer", wrong); got.Status != http.StatusBadRequest && got.Status != http.StatusUnprocessableEntity {
				t.Errorf("%v: %d", wrong, got.Status)
			}
		}
		var view struct{ Messages []seat.Message }
		g.Do("answer", Body{"message": id, "ready": "moment"}).OK(t).Into(t, &view)
		if m := view.Messages[0]; m.Ready != "moment" || m.Answer != "" || m.AnsweredAt == nil {
			t.Errorf("%+v", m)
		}
		got := s.messagesOf(sommer, p, func(m []today.Message) bool { return len(m) == 1 && m[0].AnsweredAt != nil })
		if m := got[0]; string(m.Ready) != "moment" || m.Answer != "" {
			t.Errorf("%q %q", string(m.Ready), string(m.Answer))
		}
		if n := s.Count(`SELECT COUNT(*) FROM seat_message WHERE agency_id = $1 AND answer_sealed IS NOT NULL AND answer_ready`, s.o.Agency); n != 1 {
			t.Error("what was answered is not sealed")
		}
	})
}

func TestOnlyTheDeskWritesAndOnlyThePageThatWaitsReadsAndAnswers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		p, g, page := s.waiting()
		for _, b := range []*Browser{s.herbst, s.foreign} {
			b.Post(messagePath(p), Body{"text": "Guten Tag"}).Expect(t, http.StatusNotFound, "seat.unknown")
		}
		s.sommer.Post(messagePath(p), Body{"text": "Guten Tag"}).OK(t)
		id := s.hears(page, 1).Messages[0].ID
		other := s.Guest(p) // the same link on another device
		other.Page = "page-two"
		var shown told
		other.Post("/api/guest/"+p.Slug+"/open", Body{"secret": p.Secret}).OK(t).Into(t, &shown)
		if len(shown.Messages) != 0 {
			t.Errorf("another device reads %+v", shown)
		}
		other.Do("answer", Body{"message": id, "text": "Ja"}).Expect(t, http.StatusConflict, "seat.elsewhere")
		third, _, _ := s.waiting()
		stranger := s.Guest(third)
		stranger.Do("arrive", Body{"mode": "text", "offer": Description("guest", Print("guest")), "commit": strings.Repeat("c", 43), "takeover": true}).OK(t)
		stranger.Do("answer", Body{"message": id, "text": "Ja"}).Expect(t, http.StatusConflict, "message.answered")
		g.Do("answer", Body{"message": id, "text": "Ja"}).OK(t)
	})
}

func TestWhatIsNoTextOrTooMuchIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		p, g, _ := s.waiting()
		for _, text := range []string{"", " \n ", "\u202e\u0007"} {
			s.sommer.Post(messagePath(p), Body{"text": text}).Expect(t, http.StatusUnprocessableEntity, "message.text")
			g.Do("answer", Body{"message": "m", "text": text}).Expect(t, http.StatusUnprocessableEntity, "message.text")
		}
		s.sommer.Post(messagePath(p), Body{"text": strings.Repeat("ü", 501)}).Expect(t, http.StatusBadRequest, "request.invalid")
		s.sommer.Post(messagePath(p), Body{"text": strings.Repeat("ü", 500)}).OK(t)
		g.Do("answer", Body{"message": "m", "text": strings.Repeat("ü", 201)}).Expect(t, http.StatusBadRequest, "request.invalid")
		for range 4 {
			s.winter.Post(messagePath(p), Body{"text": "Hallo"}).OK(t)
		}
		s.sommer.Post(messagePath(p), Body{"text": "Hallo"}).Expect(t, http.StatusTooManyRequests, "message.throttled")
		for i := range 15 {
			s.Exec(`INSERT INTO seat_message (id, agency_id, seat_id, staff_id, body_sealed, sent_at)
				SELECT id || $1, agency_id, seat_id, staff_id, body_sealed, 1 FROM seat_message WHERE agency_id = $2 AND seat_id = $3 ORDER BY id LIMIT 1`,
				string(rune('a'+i)), s.o.Agency, p.Seat)
		}
		fresh := s.sommer.At(s.World.Node()) // its throttle knows nothing yet
		fresh.Post(messagePath(p), Body{"text": "Hallo"}).Expect(t, http.StatusConflict, "message.many")
	})
}

// MIN: what was said while waiting is for the wait alone.
func TestMessagesEndWithTheWaitAndNoneBeginsInATalk(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		kept := func(p Place) int {
			return s.Count(`SELECT COUNT(*) FROM seat_message WHERE agency_id = $1 AND seat_id = $2`, s.o.Agency, p.Seat)
		}
		for what, over := range map[string]func(p Place, g *Guest){
			"left":      func(_ Place, g *Guest) { g.Do("leave", Body{}).OK(t) },
			"cancelled": func(_ Place, g *Guest) { g.Do("cancel", Body{"wish": "cancel"}).OK(t) },
			"moved": func(p Place, _ *Guest) {
				s.sommer.Post("/api/staff/appointments/"+p.Appointment+"/move", Body{"version": 1, "startsAt": Start().Add(5 * time.Hour).UnixMilli()}).OK(t)
			},
			"closed": func(p Place, _ *Guest) {
				s.Clock.Forward(6 * time.Minute)
				s.sommer.Post("/api/staff/appointments/"+p.Appointment+"/outcome", Body{"version": 1, "outcome": "phone"}).OK(t)
				s.Clock.Set(Start())
			},
		} {
			p, g, page := s.waiting()
			s.sommer.Post(messagePath(p), Body{"text": "Guten Tag"}).OK(t)
			s.hears(page, 1)
			if over(p, g); kept(p) != 0 {
				t.Errorf("%s: still there", what)
			}
			s.sommer.Post(messagePath(p), Body{"text": "Guten Tag"})
			if kept(p) != 0 {
				t.Errorf("%s: written to nobody", what)
			}
			s.Exec(`UPDATE appointment SET status = 'done' WHERE agency_id = $1 AND id = $2`, s.o.Agency, p.Appointment)
		}

		p, g, page := s.waiting()
		s.sommer.Post(messagePath(p), Body{"text": "Guten Tag"}).OK(t)
		id := s.hears(page, 1).Messages[0].ID
		s.sommer.Post("/api/staff/seats/"+p.Seat+"/admit", Body{}).OK(t)
		s.winter.Post(messagePath(p), Body{"text": "Noch etwas"}).Expect(t, http.StatusConflict, "seat.not_waiting")
		g.Do("answer", Body{"message": id, "text": "Ja"}).Expect(t, http.StatusConflict, "seat.not_waiting")
		if talking := s.hears(page, 0); talking.State != "talking" {
			t.Errorf("%+v", talking)
		}
	})
}

func TestWhereMessagesAreSwitchedOffTheListOffersNoneAndTheServerRefusesThem(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		p, g, page := s.waiting()
		say := func() Answer { return s.sommer.Post(messagePath(p), Body{"text": "Haben Sie Ihren Ausweis da?"}) }
		offered := func(want bool) {
			t.Helper()
			list, stream := snapshot(s.sommer, "")
			defer stream.Close()
			if list.Rows[0].Seat.MayWrite != want {
				t.Errorf("offered: %v", !want)
			}
		}
		say().OK(t)
		offered(true)
		s.Decide(s.o, s.o.Service, agency.WaitingMessages, `"2026-03-03"`, false)
		say().Expect(t, http.StatusConflict, "message.off")
		offered(false)
		// A question that was asked before is answered all the same.
		heard := s.hears(page, 1)
		g.Do("answer", Body{"message": heard.Messages[0].ID, "text": "Ja."}).OK(t)
		s.Decide(s.o, s.o.Service, agency.WaitingMessages, `"2026-03-02"`, false)
		say().OK(t)
		offered(true)
	})
}
