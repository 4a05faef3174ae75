package talk_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/talk"
	. "visavis/internal/worldtest"
)

func TestTEN06OfManyWhoAdmitAtOnceOneWinsAndTheOthersAreToldWho(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		people := []Account{o.Sommer, o.Winter}
		desks := []*Browser{n.SignIn(o.Sommer), n.SignIn(o.Winter)}
		rounds := 8
		if testing.Short() {
			rounds = 3
		}
		for round := range rounds {
			starts := Start().Add(time.Duration(round) * time.Second)
			g := n.Guest(n.Book(o, desks[0], o.Booking(starts)))
			g.Arrive().OK(t)
			answers := race(6, func(i int) Answer {
				return desks[i%2].Post("/api/staff/seats/"+g.Place.Seat+"/admit", Body{})
			})
			winner := -1
			for i, a := range answers {
				if a.Status == http.StatusOK {
					if winner >= 0 {
						t.Fatal("two were let in")
					}
					winner = i
				}
			}
			if winner < 0 {
				t.Fatalf("nobody won: %s", answers[0].Text)
			}
			for i, a := range answers {
				if i == winner {
					continue
				}
				a.Expect(t, http.StatusConflict, "seat.admitted")
				if a.Params["by"] != people[winner%2].Name {
					t.Errorf("by %v, want %s", a.Params["by"], people[winner%2].Name)
				}
			}
			if live := n.Count(`SELECT COUNT(*) FROM talk WHERE agency_id = $1 AND seat_id = $2`, o.Agency, g.Place.Seat); live != 1 {
				t.Errorf("%d talks", live)
			}
			desks[0].Post("/api/staff/appointments/"+g.Place.Appointment+"/cancel", Body{"version": g.Place.Version}).OK(t) // there are but two people
		}
	})
}

// race calls f in as many goroutines, all released at once.
func race(n int, f func(i int) Answer) []Answer {
	out := make([]Answer, n)
	begin := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-begin
			out[i] = f(i)
		})
	}
	close(begin)
	all.Wait()
	return out
}

// The relay's address, and the ufrags and passwords of its legs, are credentials.
func TestACC03NobodyGetsAnythingOfTheRelayBeforeAdmission(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		stream := s.g.Stream("")
		_, before := stream.Next() // hello
		_, snapshot := stream.Next()
		seen := before + snapshot
		seen += s.g.Post("/api/guest/"+s.o.Slug+"/open", Body{"seat": s.g.Place.Seat}).OK(t).Text
		seen += s.g.Prepare(0).OK(t).Text
		list := s.sommer.Listen("/api/staff/stream", "")
		seen += list.Until("snapshot", nil)
		for _, word := range []string{RelayHost, "candidate", "ice-ufrag", "ice-pwd", "commit"} {
			if strings.Contains(seen, word) {
				t.Errorf("%q was told before admission", word)
			}
		}
		if legs := s.Relay.Legs(); len(legs) != 0 {
			t.Errorf("the relay was told of %v", legs)
		}
		s.g.Signal(1, "enter", nil).Expect(t, http.StatusNotFound, "talk.unknown")
		s.g.Do("detour", Body{}).Expect(t, http.StatusNotFound, "talk.unknown")
		begun := s.admit(s.sommer)
		far := s.Guest(s.g.Place)
		far.Page = "page-far"
		far.Do("detour", Body{}).Expect(t, http.StatusConflict, "seat.elsewhere")
		if a := s.g.Do("detour", Body{}).OK(t); !strings.Contains(a.Text, DetourURL) {
			t.Errorf("%s", a.Text)
		}
		defer func() {
			s.end(begun.Talk.ID, "held").OK(t)
			s.g.Do("detour", Body{}).Expect(t, http.StatusNotFound, "talk.unknown")
			s.do(s.sommer, begun.Talk.ID, "detour", Body{}).Expect(t, http.StatusGone, "talk.ended")
		}()
		if !strings.Contains(text(begun.Signals.of("offer")["sdp"]), RelayHost) {
			t.Error("this test must see the relay's address once the guest is admitted")
		}
	})
}

func TestOnlyAWaitingGuestIsAdmittedAndOnlyByPeopleOfTheDesk(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		other := s.Office("ahorn")
		path := "/api/staff/seats/" + s.g.Place.Seat + "/admit"
		s.Browser().Post(path, Body{}).Expect(t, http.StatusUnauthorized, "session.none")
		s.SignIn(s.o.Herbst).Post(path, Body{}).Expect(t, http.StatusNotFound, "seat.unknown")
		s.SignIn(other.Sommer).Post(path, Body{}).Expect(t, http.StatusNotFound, "seat.unknown")
		s.g.Do("leave", Body{}).OK(t)
		s.sommer.Post(path, Body{}).Expect(t, http.StatusConflict, "seat.not_waiting")
		s.g.Arrive().OK(t)
		begun := s.admit(s.sommer)
		s.end(begun.Talk.ID, "held").OK(t)
		s.sommer.Post(path, Body{}).Expect(t, http.StatusGone, "seat.closed")
	})
}

func TestNobodyIsAdmittedToARelayThatIsFullAndTheGuestGoesOnWaiting(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		path := "/api/staff/seats/" + s.g.Place.Seat + "/admit"
		s.Relay.Fill(true)
		s.SignIn(s.o.Herbst).Post(path, Body{}).Expect(t, http.StatusNotFound, "seat.unknown")
		s.sommer.Post(path, Body{}).Expect(t, http.StatusServiceUnavailable, "talk.full")
		if legs := s.Relay.Legs(); len(legs) != 0 {
			t.Errorf("the relay was told of %v", legs)
		}
		s.Relay.Fill(false)
		if begun := s.admit(s.sommer); text(begun.Signals.of("offer")["sdp"]) == "" {
			t.Error("what the guest has prepared is lost")
		}
	})
}

func (s *scene) end(id, outcome string) Answer {
	s.t.Helper()
	return s.do(s.sommer, id, "end", Body{"outcome": outcome})
}

func TestTEN02NoRouteOfATalkShowsOrChangesItForOthers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		other := s.Office("ahorn")
		id := s.connect().Talk.ID
		var version int64
		read := func() (v int64) {
			s.Scan(`SELECT version + generation * 1000 FROM talk WHERE id = $1`, []any{id}, &v)
			return v
		}
		version = read()
		for who, b := range map[string]*Browser{"another desk": s.SignIn(s.o.Herbst), "another agency": s.SignIn(other.Sommer)} {
			for route, body := range map[string]Body{
				"join": {}, "detour": {}, "sendback": {}, "takeover": {"allow": true, "ask": "somebody"}, "end": {"outcome": "held"},
				"signal": {"generation": 1, "kind": "connected"},
			} {
				a := s.do(b, id, route, body)
				if a.Status != http.StatusNotFound || a.Code != "talk.unknown" {
					t.Errorf("%s, %s: %d %s", who, route, a.Status, a.Text)
				}
			}
			b.Get("/api/staff/talks/"+id).Expect(t, http.StatusNotFound, "talk.unknown")
			b.Get("/api/staff/talks/"+id+"/stream").Expect(t, http.StatusNotFound, "talk.unknown")
		}
		if read() != version {
			t.Error("somebody else changed the talk")
		}
		s.Browser().Get("/api/staff/talks/"+id).Expect(t, http.StatusUnauthorized, "session.none")
		s.Browser().Get("/api/staff/talks/"+id+"/stream").Expect(t, http.StatusUnauthorized, "session.none")
	})
}

// Where the connection fails, the advisor calls: at the number left for today, not at the one of months ago.
func TestTheTalksWindowShowsTheNumberAtWhichTheGuestWantsToBeCalled(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.admit(s.sommer).Talk.ID
		if view, _ := s.staffSees(s.sommer, id); view.Appointment.Citizen.Phone != "01701112223" {
			t.Errorf("%+v", view.Appointment)
		}
		s.g.Do("callback", Body{"phone": "0711 4455"}).OK(t)
		view, _ := s.staffSees(s.sommer, id)
		if view.Appointment.Citizen.Phone != "07114455" || view.CallAskedAt == nil {
			t.Errorf("%+v %v", view.Appointment, view.CallAskedAt)
		}
		var task string
		s.Scan(`SELECT id FROM task WHERE agency_id = $1 AND kind = 'callback'`, []any{s.o.Agency}, &task)
		s.sommer.Post("/api/staff/tasks/"+task+"/done", Body{}).OK(t)
		if view, _ = s.staffSees(s.sommer, id); view.Appointment.Citizen.Phone != "07114455" {
			t.Errorf("called there once already: %+v", view.Appointment)
		}
		if view.CallAskedAt != nil {
			t.Error("nobody waits to be called any more")
		}
	})
}

// By one click, at the number that was booked with; what was asked for before the talk is over with it.
func TestTheTalksWindowIsToldWhenTheGuestWouldRatherBeCalled(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		s.g.Do("callback", Body{"phone": "0711 4455"}).OK(t)
		s.Clock.Forward(time.Minute)
		id := s.admit(s.sommer).Talk.ID
		if view, _ := s.staffSees(s.sommer, id); view.CallAskedAt != nil {
			t.Error("it was asked for before the talk")
		}
		stream := s.sommer.Listen("/api/staff/talks/"+id+"/stream", "")
		defer stream.Close()
		stream.Until("snapshot", nil)
		s.Clock.Forward(time.Minute)
		s.g.Do("callback", Body{}).OK(t)
		var told talk.View
		for told.CallAskedAt == nil {
			stream.Until("talk", &told)
		}
		if told.Appointment.Citizen.Phone != "07114455" {
			t.Errorf("%+v", told.Appointment)
		}
	})
}

// A telephone is locked, is rung in vain, and is called in once more; then it is unlocked.
func TestAPageThatWasAwayForAWholeTalkHearsEverythingOfTheNext(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		stream := s.g.Stream("")
		stream.Until("snapshot", nil)
		first := s.admit(s.sommer).Talk.ID
		stream.Until("seat", nil)
		at := stream.ID
		stream.Close()
		s.say(s.sommer, first, 1, "answer", answer("staff")).OK(t)
		s.do(s.sommer, first, "sendback", Body{}).OK(t)
		s.admit(s.sommer)
		if _, list := guestSees(s.g); list.kinds() != "renew " {
			t.Fatalf("a page that comes anew is told %q", list.kinds())
		}
		var heard map[string]any
		if s.g.Stream(at).Until("signal", &heard); heard["kind"] != "renew" {
			t.Errorf("a page that resumes is told %v", heard)
		}
	})
}
