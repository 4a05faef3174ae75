package talk_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	. "visavis/internal/worldtest"
)

// pair is a device of a person of staff.
func (s *scene) pair(by *Browser) *Browser {
	s.t.Helper()
	var made struct{ URL string }
	by.Post("/api/staff/devices", Body{}).OK(s.t).Into(s.t, &made)
	_, secret, _ := strings.Cut(made.URL, "#"+s.o.Slug+".")
	phone := s.Browser()
	phone.Post("/api/staff/devices/use", Body{"agency": s.o.Slug, "secret": secret}).OK(s.t)
	return phone
}

func (s *scene) admitOn(by *Browser) Answer {
	s.t.Helper()
	return by.Post("/api/staff/seats/"+s.g.Place.Seat+"/admit", Body{"device": true})
}

// taken is the talk that a device is told to take, as soon as it is that.
func taken(stream *Stream) string {
	var told struct{ ID string }
	stream.Until("talk", &told)
	return told.ID
}

func TestATalkRunsOnThePairedDeviceAndNoOtherPageAnswersItsGuest(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		s.admitOn(s.sommer).Expect(t, http.StatusConflict, "device.none")
		phone := s.pair(s.sommer)
		stream := phone.Listen("/api/staff/device/stream", "")
		if got := taken(stream); got != "" {
			t.Fatalf("there is no talk, and it is told %q", got)
		}
		var begun started
		s.admitOn(s.sommer).OK(t).Into(t, &begun)
		id := begun.Talk.ID
		if len(begun.Signals) != 0 {
			t.Errorf("the desktop gets %s", begun.Signals.kinds())
		}
		if got := taken(stream); got != id {
			t.Errorf("it is told %q, not %q", got, id)
		}
		joined := s.join(phone, id)
		generation := int(joined.Talk.Generation)
		s.g.Prepare(generation).OK(t)
		if _, list := s.staffSees(s.sommer, id); list.of("offer") != nil {
			t.Error("the desktop gets the guest's offer")
		}
		s.say(s.sommer, id, generation, "answer", answer("desktop")).Expect(t, http.StatusConflict, "talk.order")
		s.do(s.sommer, id, "detour", Body{}).Expect(t, http.StatusConflict, "talk.order")
		s.say(phone, id, generation, "answer", answer("staff")).OK(t)
		s.g.Signal(generation, "enter", nil).OK(t)
		if _, list := s.staffSees(phone, id); list.of("offer") == nil {
			t.Error("the device gets no offer")
		}
		for what, body := range map[string]Body{
			"end": {"outcome": "held"}, "sendback": {}, "remove": {"outcome": "held"}, "transfer": {"desk": s.o.Desk2}, "alarm/answer": {},
		} {
			s.do(phone, id, what, body).Expect(t, http.StatusForbidden, "device.only")
		}
		s.do(s.sommer, id, "end", Body{"outcome": "held"}).OK(t)
		if got := taken(stream); got != "" {
			t.Errorf("the talk is over, and it is told %q", got)
		}
	})
}

func TestADeviceSeesNoTalkButTheOneThatRunsOnItAndNobodyWhoWaits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		winter := s.SignIn(s.o.Winter)
		phone, strange := s.pair(s.sommer), s.pair(winter)
		mine := s.connect() // at the desktop
		for _, device := range []*Browser{phone, strange} {
			device.Get("/api/staff/talks/"+mine.Talk.ID).Expect(t, http.StatusNotFound, "talk.unknown")
			device.Get("/api/staff/talks/"+mine.Talk.ID+"/stream").Expect(t, http.StatusNotFound, "talk.unknown")
			for _, body := range []Body{{}, {"takeover": true}} {
				s.do(device, mine.Talk.ID, "join", body).Expect(t, http.StatusNotFound, "talk.unknown")
			}
			s.say(device, mine.Talk.ID, 1, "connected", nil).Expect(t, http.StatusNotFound, "talk.unknown")
		}
		s.do(s.sommer, mine.Talk.ID, "sendback", Body{}).OK(t)
		var begun started
		s.admitOn(s.sommer).OK(t).Into(t, &begun)
		s.do(strange, begun.Talk.ID, "join", Body{"takeover": true}).Expect(t, http.StatusNotFound, "talk.unknown")
		other := s.Guest(s.Book(s.o, s.sommer, s.o.Booking(Start().Add(10*time.Minute))))
		other.Arrive().OK(t)
		var first struct{ Waiting struct{ Count int } }
		window := phone.Listen("/api/staff/talks/"+begun.Talk.ID+"/stream", "")
		window.Until("snapshot", &first)
		if first.Waiting.Count != 0 {
			t.Errorf("the device is told that %d wait", first.Waiting.Count)
		}
		s.sommer.Post("/api/staff/seats/"+other.Place.Seat+"/admit", Body{"device": true}).Expect(t, http.StatusConflict, "device.busy")
	})
}

func TestTheDesktopGoesOnInPlaceOfADeviceWhichIsOutOfTheTalkAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		phone := s.pair(s.sommer)
		stream := phone.Listen("/api/staff/device/stream", "")
		taken(stream)
		var begun started
		s.admitOn(s.sommer).OK(t).Into(t, &begun)
		id := begun.Talk.ID
		taken(stream)
		joined := s.join(phone, id)
		window := phone.Listen("/api/staff/talks/"+id+"/stream", "")
		window.Until("snapshot", nil)

		again := s.join(s.sommer, id)
		if again.Talk.Generation <= joined.Talk.Generation {
			t.Errorf("generation %d after %d", again.Talk.Generation, joined.Talk.Generation)
		}
		if got := window.Until("bye", nil); got != `{"reason":"elsewhere"}` {
			t.Error(got)
		}
		if got := taken(stream); got != "" {
			t.Errorf("it is still told %q", got)
		}
		s.do(phone, id, "join", Body{}).Expect(t, http.StatusNotFound, "talk.unknown")
		s.g.Prepare(int(again.Talk.Generation)).OK(t)
		s.say(s.sommer, id, int(again.Talk.Generation), "answer", answer("staff")).OK(t)

		// And back, which the window reads in the talk.
		var back started
		s.do(s.sommer, id, "join", Body{"device": true}).OK(t).Into(t, &back)
		if !back.Talk.Device || len(back.Signals) != 0 {
			t.Errorf("%+v with %s", back.Talk, back.Signals.kinds())
		}
		if got := taken(stream); got != id {
			t.Errorf("it is told %q, not %q", got, id)
		}
		s.join(phone, id)
		s.do(phone, id, "join", Body{"device": true}).Expect(t, http.StatusConflict, "device.none") // it has none itself
		winter := s.SignIn(s.o.Winter)
		s.do(winter, id, "join", Body{"takeover": true, "device": true}).Expect(t, http.StatusConflict, "device.none")
		if over := s.takeOver(winter, id); over.Talk.Device {
			t.Error("a colleague's talk runs on the device")
		}
		if got := taken(stream); got != "" {
			t.Errorf("it is still told %q", got)
		}
	})
}
