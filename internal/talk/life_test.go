package talk_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/relay"
	"visavis/internal/staff"
	"visavis/internal/talk"
	. "visavis/internal/worldtest"
)

func TestAReloadOfTheGuestsPageBeginsAGenerationAndTheAdvisorGetsANewOffer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.connect().Talk.ID
		window := s.sommer.Listen("/api/staff/talks/"+id+"/stream", "")
		window.Until("snapshot", nil)
		fresh := s.g.Reloaded("page-two")
		fresh.Arrive().OK(t)
		var offer map[string]any
		window.Until("signal", &offer)
		if offer["kind"] != "offer" || offer["generation"] != 2.0 || !strings.Contains(offer["sdp"].(string), fresh.Print) {
			t.Errorf("%v", offer)
		}
		if _, list := guestSees(fresh); len(list) != 0 {
			t.Errorf("messages of the old generation came again: %v", list)
		}
		s.say(s.sommer, id, 2, "answer", answer("staff two")).OK(t)
		if _, list := guestSees(fresh); list.kinds() != "answer " {
			t.Errorf("%v", list)
		}
		fresh.Signal(2, "reveal", Body{"nonce": Nonce}).OK(t)
		fresh.Signal(2, "enter", nil).OK(t)
		talk, _ := s.staffSees(s.sommer, id)
		if talk.Generation != 2 || talk.ConnectedAt != nil || talk.RingUntil != nil {
			t.Errorf("%+v", talk)
		}
		// The same page may begin anew as well, when its connection cannot be saved.
		fresh.Prepare(0).OK(t)
		for offer["generation"] != 3.0 { // the reveal comes before, unless it is overtaken
			window.Until("signal", &offer)
		}
	})
}

// Each is a new connection for the advisor, and two places at the relay.
func TestAGuestBeginsOnlySoManyGenerations(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.admit(s.sommer).Talk.ID
		begun := 0
		for n := range 60 {
			a := s.g.Reloaded(fmt.Sprintf("page-again-%d", n)).Arrive()
			if a.Status == http.StatusOK {
				begun++
				continue
			}
			a.Expect(t, http.StatusTooManyRequests, "link.throttled")
		}
		if begun < 30 || begun > 50 { // one more each two seconds, by the clock of the machine
			t.Errorf("%d generations", begun)
		}
		var generation int
		s.Scan(`SELECT generation FROM talk WHERE agency_id = $1 AND id = $2`, []any{s.o.Agency, id}, &generation)
		if generation != begun+1 {
			t.Errorf("generation %d after %d reloads", generation, begun)
		}
	})
}

// The answer to what it said last was lost: the page has made another connection, and is no newer page for that.
func TestAPageThatDescribesAnotherConnectionBeginsAGeneration(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.connect().Talk.ID
		s.g.Arrive().OK(t) // the same connection as before: it only says how it takes part
		if talk, _ := s.staffSees(s.sommer, id); talk.Generation != 1 {
			t.Fatalf("%+v", talk)
		}
		s.g.Print = Print("another certificate")
		s.g.Arrive().OK(t)
		talk, sent := s.staffSees(s.sommer, id)
		if talk.Generation != 2 || sent.kinds() != "offer " {
			t.Errorf("%+v %v", talk, sent)
		}
	})
}

func TestAJoinOfStaffAsksTheGuestToRenewAndAColleagueTakesOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.connect().Talk.ID
		page := s.g.Stream("")
		page.Until("snapshot", nil)
		winter := s.SignIn(s.o.Winter)
		joined := s.takeOver(winter, id)
		if joined.Talk.Generation != 2 || joined.Talk.Staff.Name != "Herr Winter" || len(joined.Signals) != 0 {
			t.Fatalf("%+v", joined)
		}
		var asked map[string]any
		page.Until("signal", &asked)
		if asked["kind"] != "renew" || asked["generation"] != 2.0 {
			t.Errorf("%v", asked)
		}
		s.g.Prepare(1).Expect(t, http.StatusConflict, "talk.generation")
		s.g.Prepare(2).OK(t)
		s.g.Prepare(2).Expect(t, http.StatusConflict, "talk.order") // once
		_, sent := s.staffSees(winter, id)
		if sent.kinds() != "offer " {
			t.Errorf("%v", sent)
		}
		// Whoever led it before no longer speaks for the agency, nor gets a way to the relay.
		s.say(s.sommer, id, 2, "answer", answer("sommer")).Expect(t, http.StatusConflict, "talk.order")
		s.do(s.sommer, id, "detour", Body{}).Expect(t, http.StatusConflict, "talk.order")
		s.say(winter, id, 2, "answer", answer("winter")).OK(t)
		if view, _ := guestSees(s.g); view["talk"].(map[string]any)["staffName"] != "Herr Winter" {
			t.Errorf("%v", view["talk"])
		}
	})
}

func TestATalkThatAColleagueLeadsIsJoinedOnlyByWhoSaysThatTheyTakeItOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.connect().Talk.ID
		winter := s.SignIn(s.o.Winter)
		for _, body := range []Body{{}, {"takeover": false}} {
			a := s.do(winter, id, "join", body)
			a.Expect(t, http.StatusConflict, "talk.led")
			if a.Params["by"] != "Frau Sommer" {
				t.Errorf("it is not said who leads: %s", a.Text)
			}
		}
		if talk, _ := s.staffSees(s.sommer, id); talk.Staff.Name != "Frau Sommer" || talk.Generation != 1 {
			t.Errorf("%+v", talk)
		}
		if joined := s.join(s.sommer, id); joined.Talk.Generation != 2 { // one's own reload asks nobody
			t.Errorf("%+v", joined)
		}
		s.takeOver(winter, id)
		a := s.do(s.sommer, id, "join", Body{})
		a.Expect(t, http.StatusConflict, "talk.led")
		if a.Params["by"] != "Herr Winter" {
			t.Errorf("it is not said who leads now: %s", a.Text)
		}
		s.join(winter, id)
	})
}

func TestAnotherBrowserGetsTheTalkOnlyWithTheAdvisorsYes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.connect().Talk.ID
		s.do(s.sommer, id, "takeover", Body{"allow": true, "ask": "nobody"}).Expect(t, http.StatusConflict, "seat.nobody_asks")
		other := s.Guest(s.g.Place)
		other.Page, other.Print = "page-far", Print("far")
		other.Arrive().Expect(t, http.StatusConflict, "seat.elsewhere")
		ask := func() string {
			var view struct{ Takeover string }
			other.Do("arrive", Body{"mode": "video", "takeover": true, "commit": strings.Repeat("c", 43), "offer": Description("guest", other.Print)}).OK(t).Into(t, &view)
			return view.Takeover
		}
		if got := ask(); got != "asked" {
			t.Fatal(got)
		}
		first := s.asked(id)
		if talk, _ := s.staffSees(s.sommer, id); first == "" || talk.Generation != 1 {
			t.Errorf("%+v", talk)
		}
		other.Signal(1, "enter", nil).Expect(t, http.StatusConflict, "seat.elsewhere")
		if _, list := guestSees(other); len(list) != 0 {
			t.Errorf("who only asks got %v", list)
		}
		s.do(s.sommer, id, "takeover", Body{"allow": false, "ask": first}).OK(t)
		if view, _ := guestSees(other); view["takeover"] != "refused" {
			t.Errorf("%v", view)
		}
		s.g.Signal(1, "connected", nil).OK(t) // the first goes on as before
		if got := ask(); got != "asked" {
			t.Fatal(got)
		}
		s.do(s.sommer, id, "takeover", Body{"allow": true, "ask": s.asked(id)}).OK(t)
		view, list := guestSees(other)
		if view["here"] != true || list.kinds() != "renew " || list[0]["generation"] != 2.0 {
			t.Errorf("%v %v", view, list)
		}
		other.Prepare(2).OK(t)
		s.say(s.sommer, id, 2, "answer", answer("staff two")).OK(t)
		s.g.Signal(2, "enter", nil).Expect(t, http.StatusConflict, "seat.elsewhere")
		if _, list := guestSees(s.g); len(list) != 0 {
			t.Errorf("the browser that lost the talk got %v", list)
		}
	})
}

func (s *scene) asked(id string) string {
	s.t.Helper()
	talk, _ := s.staffSees(s.sommer, id)
	return talk.Takeover
}

func TestTheAdvisorsYesIsForTheDeviceThatWasShown(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.connect().Talk.ID
		device := func(name string) *Guest {
			g := s.Guest(s.g.Place)
			g.Page, g.Print = "page-"+name, Print(name)
			g.Do("arrive", Body{"mode": "video", "takeover": true, "commit": strings.Repeat("c", 43), "offer": Description("guest", g.Print)}).OK(t)
			return g
		}
		device("second")
		shown := s.asked(id)
		third := device("third")
		s.do(s.sommer, id, "takeover", Body{"allow": true, "ask": shown}).Expect(t, http.StatusConflict, "seat.other_asks")
		if view, _ := guestSees(third); view["here"] == true {
			t.Error("the yes for one device let another one in")
		}
		if now := s.asked(id); now == shown || now == "" {
			t.Errorf("%q after %q", now, shown)
		}
		s.do(s.sommer, id, "takeover", Body{"allow": true, "ask": s.asked(id)}).OK(t)
	})
}

func TestTheWindowOfATalkIsToldAtOnceWhoAsksAndThatTheGuestIsAway(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		page := s.g.Stream("")
		page.Until("snapshot", nil)
		window := s.sommer.Listen("/api/staff/talks/"+s.connect().Talk.ID+"/stream", "")
		window.Until("snapshot", nil)
		other := s.Guest(s.g.Place)
		other.Page, other.Print = "page-far", Print("far")
		other.Do("arrive", Body{"mode": "video", "takeover": true, "commit": strings.Repeat("c", 43), "offer": Description("guest", other.Print)}).OK(t)
		var shown talk.View
		for shown.Takeover == "" {
			window.Until("talk", &shown)
		}
		page.Close()
		for shown.GuestReachable {
			window.Until("talk", &shown)
		}
	})
}

func TestWhoDoesNotAnswerTheRingingWaitsAgainUnpunished(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.admit(s.sommer).Talk.ID
		page := s.g.Stream("")
		page.Until("snapshot", nil)
		s.Clock.Forward(59 * time.Second)
		s.WakeJobs()
		if talk, _ := s.staffSees(s.sommer, id); talk.EndedAt != nil {
			t.Fatal("ended after 59 s")
		}
		s.Clock.Forward(2 * time.Second)
		s.WakeJobs()
		view := untilState(page, "waiting")
		if view["here"] != true || view["arrivedAt"] != float64(Start().UnixMilli()) {
			t.Errorf("%v", view)
		}
		talk, _ := s.staffSees(s.sommer, id)
		if talk.EndedAt == nil || s.Relay.Revoked() != 1 {
			t.Errorf("%+v", talk)
		}
		s.say(s.sommer, id, 1, "connected", nil).Expect(t, http.StatusGone, "talk.ended")
		s.do(s.sommer, id, "join", Body{}).Expect(t, http.StatusGone, "talk.ended")
		again := s.admit(s.sommer) // whoever comes back is let in like before
		if again.Talk.ID == id || again.Talk.Generation != 2 {
			t.Errorf("%+v", again.Talk)
		}
		if _, list := guestSees(s.g); list.kinds() != "renew " {
			t.Errorf("%v", list)
		}
		s.g.Prepare(2).OK(t)
		s.say(s.sommer, again.Talk.ID, 2, "answer", answer("staff")).OK(t)
	})
}

func untilState(page *Stream, state string) map[string]any {
	for {
		var view map[string]any
		page.Until("seat", &view)
		if view["state"] == state {
			return view
		}
	}
}

func TestWhoHasEnteredIsNotRungBackToTheWaitingRoom(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.connect().Talk.ID
		if left := s.Count(`SELECT COUNT(*) FROM job WHERE kind = 'talk.ring'`); left != 0 {
			t.Errorf("%d ringing jobs", left)
		}
		s.Clock.Forward(2 * time.Minute)
		s.WakeJobs()
		if talk, _ := s.staffSees(s.sommer, id); talk.EndedAt != nil {
			t.Errorf("%+v", talk)
		}
	})
}

func TestSendBackReturnsTheGuestToTheWaitingRoomWithItsPlace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.connect().Talk.ID
		s.do(s.sommer, id, "sendback", Body{}).OK(t)
		view, list := guestSees(s.g)
		if view["state"] != "waiting" || view["here"] != true || view["arrivedAt"] == nil || len(list) != 0 {
			t.Errorf("%v %v", view, list)
		}
		s.gone(t, id)
		s.do(s.sommer, id, "sendback", Body{}).Expect(t, http.StatusGone, "talk.ended")
	})
}

// gone fails unless nothing of a talk is left but that it was.
func (s *scene) gone(t *testing.T, id string) {
	t.Helper()
	if n := s.Count(`SELECT COUNT(*) FROM talk_signal WHERE talk_id = $1`, id) + s.Count(`SELECT COUNT(*) FROM talk_leg WHERE talk_id = $1`, id); n != 0 {
		t.Errorf("%d rows are left", n)
	}
	if s.Relay.Revoked() == 0 {
		t.Error("the relay was not told")
	}
}

func TestATalkEndsWithEachOutcomeAndSoDoSeatAndAppointment(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for outcome, status := range map[string]string{"held": "done", "phone": "done", "technical": "done", "cancelled": "cancelled"} {
			s := newScene(t, d)
			if outcome != "held" {
				t.Logf("again for %s", outcome)
			}
			id := s.connect().Talk.ID
			s.end(id, outcome).OK(t)
			var got, result, state, reason string
			s.Scan(`SELECT appointment.status, appointment.outcome, seat.state, seat.closed_reason FROM appointment
				JOIN seat ON seat.appointment_id = appointment.id WHERE appointment.id = $1`, []any{s.g.Place.Appointment}, &got, &result, &state, &reason)
			if got != status || result != outcome || state != "closed" || reason != outcome {
				t.Errorf("%s: %s %s %s %s", outcome, got, result, state, reason)
			}
			s.gone(t, id)
			s.end(id, outcome).Expect(t, http.StatusGone, "talk.ended")
			s.Exec(`UPDATE agency SET slug = $1 WHERE id = $2`, "old-"+outcome, s.o.Agency)
		}
	})
}

func TestNobodyWhoTalksIsRecordedAsANoShow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.admit(s.sommer).Talk.ID
		a := s.end(id, "noshow").Expect(t, http.StatusConflict, "outcome.noshow_refused")
		if a.Params["proposed"] != "technical" || seatState(s) != "talking" {
			t.Errorf("%v %s", a.Params, seatState(s))
		}
		s.end(id, "vanished").Expect(t, http.StatusBadRequest, "request.invalid")
	})
}

func TestAGuestWhoLeavesEndsTheTalkAndMayComeBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.connect().Talk.ID
		s.g.Do("leave", Body{}).OK(t)
		if talk, _ := s.staffSees(s.sommer, id); talk.EndedAt == nil {
			t.Errorf("%+v", talk)
		}
		s.gone(t, id)
		s.g.Arrive().OK(t)
		if again := s.admit(s.sommer); again.Signals.of("offer") == nil {
			t.Errorf("%+v", again)
		}
	})
}

func TestAVA02ATalkGoesOnAfterARestartOfTheServer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		begun := s.admit(s.sommer)
		id := begun.Talk.ID
		s.Stop()
		n := s.World.Node()
		s.sommer, s.g.Browser = s.sommer.At(n), s.g.At(n)
		s.say(s.sommer, id, 1, "answer", answer("staff")).OK(t)
		s.g.Signal(1, "reveal", Body{"nonce": Nonce}).OK(t)
		talk, sent := s.staffSees(s.sommer, id)
		if sent.kinds() != "offer reveal " || sent.of("offer")["sdp"] != begun.Signals.of("offer")["sdp"] || talk.Generation != 1 {
			t.Errorf("%+v %v", talk, sent)
		}
		// A relay that restarted too asks for the browsers it has forgotten.
		_, list := guestSees(s.g)
		guests := ufragIn(list.of("answer")["sdp"].(string))
		n.Relay.Need(guests)
		n.Relay.Need("unknown")
		n.Relay.Need("unknown")
		legs := n.Relay.Legs()
		if legs[guests] != [2]string{Ufrag("guest"), Pwd("guest")} {
			t.Errorf("%v", legs)
		}
		if leg, err := relay.ParseUfrag(guests); err != nil || leg.Side != relay.SideGuest {
			t.Errorf("%+v %v", leg, err)
		}
		// The ringing began before the restart and ends on time.
		page := s.g.Stream("")
		page.Until("snapshot", nil)
		s.Clock.Forward(61 * time.Second)
		n.WakeJobs()
		untilState(page, "waiting")
	})
}

// Others that the relay asks for wait behind it.
func TestARelayThatAsksWhileTheDatabaseDoesNotAnswerKeepsNobodyForEver(t *testing.T) {
	d := dbtest.Postgres(t) // readers of SQLite wait for nobody
	s := newScene(t, d)
	s.connect()
	_, list := guestSees(s.g)
	asked := ufragIn(list.of("answer")["sdp"].(string))
	s.Tx(func(tx *db.Tx) error {
		_, err := tx.ExecContext(t.Context(), `LOCK TABLE talk_leg IN ACCESS EXCLUSIVE MODE`)
		s.Relay.Need(asked)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		late := time.After(dbtest.Patience)
		for !strings.Contains(s.Log.String(), "introduce leg that the relay asked for") {
			select {
			case <-tick.C:
			case <-late:
				t.Error("it still waits")
				return err
			}
		}
		return err
	})
}

func TestTwoServersOnOneDatabaseAreOne(t *testing.T) {
	w := New(t, dbtest.Postgres(t))
	one, two := w.Node(), w.Node()
	o := one.Office("lindenau")
	sommer, winter := one.SignIn(o.Sommer), one.SignIn(o.Winter).At(two)
	g := one.Guest(one.Book(o, sommer, o.Booking(Start().Add(5*time.Minute))))
	far := &Guest{Browser: g.At(two), Place: g.Place, Page: g.Page, Print: g.Print}
	far.Arrive().OK(t)
	page := far.Stream("")
	page.Until("snapshot", nil)
	answers := race(6, func(i int) Answer {
		return []*Browser{sommer, winter}[i%2].Post("/api/staff/seats/"+g.Place.Seat+"/admit", Body{})
	})
	won := 0
	var begun started
	for _, a := range answers {
		if a.Status == http.StatusOK {
			won++
			a.Into(t, &begun)
		} else {
			a.Expect(t, http.StatusConflict, "seat.admitted")
		}
	}
	if won != 1 {
		t.Fatalf("%d were let in", won)
	}
	untilState(page, "talking") // said on one server, heard on the other
	s := &scene{Node: one, t: t, o: o, sommer: sommer, g: g}
	leader := sommer
	if begun.Talk.Staff.Name == "Herr Winter" {
		leader = winter
	}
	s.say(leader, begun.Talk.ID, 1, "answer", answer("staff")).OK(t)
	var got map[string]any
	page.Until("signal", &got)
	if got["kind"] != "answer" {
		t.Errorf("%v", got)
	}
	window := winter.Listen("/api/staff/talks/"+begun.Talk.ID+"/stream", "")
	window.Until("snapshot", nil)
	g.Signal(1, "reveal", Body{"nonce": Nonce}).OK(t)
	window.Until("signal", &got)
	if got["kind"] != "reveal" {
		t.Errorf("%v", got)
	}
}

func TestTheWindowOfATalkResumesWhereItStoodAndCountsWhoElseWaits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.admit(s.sommer).Talk.ID
		var first struct{ Waiting talk.Others }
		path := "/api/staff/talks/" + id + "/stream"
		window := s.sommer.Listen(path, "")
		window.Until("snapshot", &first)
		at := window.ID
		window.Close()
		s.say(s.sommer, id, 1, "answer", answer("staff")).OK(t)
		s.g.Signal(1, "reveal", Body{"nonce": Nonce}).OK(t)
		window = s.sommer.Listen(path, at)
		window.Until("hello", nil)
		name, data := window.Next()
		if name != "signal" || !strings.Contains(data, `"reveal"`) {
			t.Errorf("%s %s", name, data)
		}
		another := s.Guest(s.Book(s.o, s.sommer, s.o.Booking(Start().Add(time.Minute))))
		another.Arrive().OK(t)
		if first.Waiting != (talk.Others{}) {
			t.Errorf("%+v waited at first", first.Waiting)
		}
		var waiting talk.Others
		for ; waiting.Count != 1; waiting.Next = nil {
			window.Until("waiting", &waiting)
			if n := waiting.Next; n == nil || n.Since != s.Clock.Now().UnixMilli() || n.StartsAt != Start().Add(time.Minute).UnixMilli() || n.ServiceName != "Beratung" {
				t.Errorf("%+v", n)
			}
		}
		s.sommer.Send(http.MethodDelete, "/api/staff/session", nil).OK(t)
		if got := window.Until("bye", nil); got != `{"reason":"signed-out"}` {
			t.Error(got)
		}
	})
}

func TestAUD05WhoTakesTheConsentBackInATalkEndsIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		s.Tx(func(tx *db.Tx) error {
			place, err := s.Agencies.Place(t.Context(), tx, s.o.Agency, s.o.Service)
			if err != nil {
				return err
			}
			_, err = s.Agencies.Decide(t.Context(), tx, s.o.Agency, place, agency.LegalBasis, []byte(`"consent"`), false, s.o.Sommer.ID)
			return err
		})
		s.g = s.Guest(s.Book(s.o, s.sommer, s.o.Booking(Start().Add(5*time.Minute))))
		var seen struct {
			Legal struct{ Consent struct{ Version string } }
		}
		s.g.Post("/api/guest/"+s.o.Slug+"/open", Body{"seat": s.g.Place.Seat}).OK(t).Into(t, &seen)
		consent := func(given bool) { s.g.Do("consent", Body{"version": seen.Legal.Consent.Version, "given": given}).OK(t) }
		consent(true)
		s.g.Arrive().OK(t)
		id := s.connect().Talk.ID
		page, window := s.g.Stream(""), s.sommer.Listen("/api/staff/talks/"+id+"/stream", "")
		page.Until("snapshot", nil)
		window.Until("snapshot", nil)

		consent(false)
		untilState(page, "expected")
		var over struct{ EndedAt *int64 }
		if window.Until("talk", &over); over.EndedAt == nil {
			t.Error("who led it is not told")
		}
		s.gone(t, id)
		if s.Relay.Revoked() != 1 {
			t.Error("picture and sound go on")
		}
		for _, act := range []string{"talk.ended", "consent.revoked"} {
			if n := s.Count(`SELECT COUNT(*) FROM audit_entry WHERE agency_id = $1 AND act = $2 AND actor_kind = 'guest'`, s.o.Agency, act); n != 1 {
				t.Errorf("%d of %s by the guest in the audit", n, act)
			}
		}
		s.g.Arrive().Expect(t, http.StatusConflict, "seat.consent")
	})
}

func TestACC08TheWindowOfATalkCountsNobodyAtADeskWhereTheRoleIsJustOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		s.Tx(func(tx *db.Tx) error {
			return s.Staff.Give(t.Context(), tx, s.o.Agency, staff.Grant{
				Staff: s.o.Sommer.ID, Held: staff.At(staff.Advisor, s.o.Desk2)[0], Source: staff.Substitution, Until: Start().Add(time.Minute),
			})
		})
		id := s.admit(s.sommer).Talk.ID
		booking := s.o.Booking(Start().Add(5 * time.Minute))
		booking["desk"], booking["service"] = s.o.Desk2, s.o.Service2
		s.Guest(s.Book(s.o, s.SignIn(s.o.Herbst), booking)).Arrive().OK(t)
		waiting := func() (first struct{ Waiting talk.Others }) {
			window := s.sommer.Listen("/api/staff/talks/"+id+"/stream", "")
			defer window.Close()
			window.Until("snapshot", &first)
			return first
		}
		if got := waiting(); got.Waiting.Count != 1 || got.Waiting.Next == nil {
			t.Errorf("%+v", got)
		}
		s.Clock.Forward(time.Minute) // and nobody has settled yet
		if got := waiting(); got.Waiting != (talk.Others{}) {
			t.Errorf("%+v", got)
		}
	})
}

func TestOnlyWhoLeadsATalkEndsItSendsTheGuestBackOrAnswersAnotherBrowser(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.connect().Talk.ID
		winter := s.SignIn(s.o.Winter)
		s.Clock.Forward(10 * time.Minute)
		other := s.Guest(s.g.Place)
		other.Page, other.Print = "page-far", Print("far")
		other.Do("arrive", Body{"mode": "video", "takeover": true, "commit": strings.Repeat("c", 43), "offer": Description("guest", other.Print)}).OK(t)
		steps := []struct {
			what string
			body Body
		}{{"takeover", Body{"allow": true, "ask": s.asked(id)}}, {"sendback", Body{}}, {"end", Body{"outcome": "held"}}}
		refused := func(by *Browser, leader string) {
			t.Helper()
			for _, step := range steps {
				a := s.do(by, id, step.what, step.body)
				a.Expect(t, http.StatusConflict, "talk.led")
				if a.Params["by"] != leader {
					t.Errorf("%s: it is not said who leads: %s", step.what, a.Text)
				}
			}
		}
		refused(winter, "Frau Sommer")
		if talk, _ := s.staffSees(s.sommer, id); talk.EndedAt != nil || talk.Takeover == "" || talk.Generation != 1 {
			t.Errorf("%+v", talk)
		}
		s.takeOver(winter, id)
		refused(s.sommer, "Herr Winter")
		s.do(winter, id, "end", Body{"outcome": "held"}).OK(t)
	})
}

func TestTheStepsOfANetworkTestAreThrottledByNetwork(t *testing.T) {
	s := newScene(t, dbtest.SQLite(t))
	b := s.Browser()
	var test struct{ ID string }
	b.Post("/api/test/paths", Body{}).OK(t).Into(t, &test)
	passed := 0
	for range 400 {
		a := b.Post("/api/test/describe", Body{"id": test.ID, "path": "udp", "side": "a", "sdp": Description("guest", Print("a"))})
		if a.Status == http.StatusTooManyRequests {
			a.Expect(t, http.StatusTooManyRequests, "test.throttled")
			continue
		}
		a.OK(t)
		passed++
	}
	if passed < 6*30 || passed > 300 {
		t.Errorf("%d of 400 passed", passed)
	}
}

func TestAPageOfStaffJoinsOnlySoOften(t *testing.T) {
	s := newScene(t, dbtest.SQLite(t))
	id := s.admit(s.sommer).Talk.ID
	passed := 0
	for range 60 {
		if a := s.do(s.sommer, id, "join", Body{}); a.Status != http.StatusTooManyRequests {
			a.OK(t)
			passed++
		}
	}
	if passed < 20 || passed > 50 {
		t.Errorf("%d of 60 passed", passed)
	}
	s.takeOver(s.SignIn(s.o.Winter), id)
}

// The list and the windows of one session are counted together.
func TestOfTooManyStreamsOfASessionTheOldestEnds(t *testing.T) {
	s := newScene(t, dbtest.SQLite(t))
	id := s.admit(s.sommer).Talk.ID
	window := "/api/staff/talks/" + id + "/stream"
	colleague := s.SignIn(s.o.Winter).Listen(window, "")
	colleague.Until("snapshot", nil)
	list := s.sommer.Listen("/api/staff/stream", "")
	list.Until("snapshot", nil)
	var windows []*Stream
	for range 32 {
		w := s.sommer.Listen(window, "")
		w.Until("snapshot", nil)
		windows = append(windows, w)
	}
	if name, _ := list.Next(); name != End {
		t.Errorf("the oldest goes on with %q", name)
	}
	s.g.Signal(1, "enter", nil).OK(t)
	for _, w := range append(windows, colleague) {
		w.Until("talk", nil)
	}
}

func TestTheNetworkTestGivesLegsForAMinuteAndNothingElse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		b := s.Browser()
		var test struct {
			ID    string
			Paths []string
		}
		b.Post("/api/test/paths", Body{}).OK(t).Into(t, &test)
		if strings.Join(test.Paths, " ") != "udp tcp tls" {
			t.Errorf("%v", test.Paths)
		}
		ask := func(id, path string) Answer {
			return b.Post("/api/test/describe", Body{"id": id, "path": path, "side": "a", "sdp": Description("guest", Print("a"))})
		}
		var described struct{ SDP string }
		ask(test.ID, "udp").OK(t).Into(t, &described)
		if !strings.Contains(described.SDP, RelayHost) || strings.Contains(described.SDP, " tcp ") {
			t.Errorf("%s", described.SDP)
		}
		ask(strings.Map(func(r rune) rune { return r ^ 1 }, test.ID[:1])+test.ID[1:], "udp").Expect(t, http.StatusGone, "test.over")
		leg, err := relay.ParseUfrag(ufragIn(described.SDP))
		if err != nil || !leg.Brief || leg.Expires.After(s.Clock.Now().Add(time.Minute)) {
			t.Errorf("%+v %v", leg, err)
		}
		s.Clock.Forward(61 * time.Second)
		ask(test.ID, "udp").Expect(t, http.StatusGone, "test.over")
	})
}

func TestAWindowIsToldInTimeThatTheDatabaseDoesNotAnswer(t *testing.T) {
	d := dbtest.Postgres(t) // readers of SQLite wait for nobody
	s := newScene(t, d)
	id := s.admit(s.sommer).Talk.ID
	s.Tx(func(tx *db.Tx) error {
		_, err := tx.ExecContext(t.Context(), `LOCK TABLE talk IN ACCESS EXCLUSIVE MODE`)
		begun := time.Now()
		a := s.sommer.Get("/api/staff/talks/" + id + "/stream")
		if took := time.Since(begun); took > dbtest.Slack {
			t.Errorf("it took %s", took)
		}
		a.Expect(t, http.StatusServiceUnavailable, "unavailable")
		return err
	})
}
