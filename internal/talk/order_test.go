package talk_test

import (
	"net/http"
	"strings"
	"testing"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/relay"
	. "visavis/internal/worldtest"
)

func TestSignallingGoesOfferAnswerRevealEnterAndEachSideSeesOnlyTheRelay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		begun := s.admit(s.sommer)
		id, offer := begun.Talk.ID, begun.Signals.of("offer")
		if begun.Talk.Generation != 1 || begun.Talk.RingUntil == nil || offer == nil || offer["commit"] == nil {
			t.Fatalf("%+v", begun)
		}
		seen := offer["sdp"].(string)
		if !strings.Contains(seen, "a=fingerprint:sha-256 "+s.g.Print) || strings.Contains(seen, Ufrag("guest")) ||
			strings.Contains(seen, Pwd("guest")) || strings.Contains(seen, "198.51.100.23") {
			t.Errorf("the advisor's page got %s", seen)
		}
		s.say(s.sommer, id, 1, "answer", answer("staff")).OK(t)
		view, list := guestSees(s.g)
		got := list.of("answer")
		if got == nil || got["nonce"] != Nonce || view["state"] != "talking" {
			t.Fatalf("%v %v", view, list)
		}
		seen = got["sdp"].(string)
		if !strings.Contains(seen, RelayHost) || !strings.Contains(seen, Print("staff")) || strings.Contains(seen, Ufrag("staff")) || strings.Contains(seen, "198.51.100.23") {
			t.Errorf("the guest's page got %s", seen)
		}
		s.g.Signal(1, "reveal", Body{"nonce": strings.Repeat("g", 22)}).OK(t)
		s.g.Signal(1, "enter", nil).OK(t)
		s.say(s.sommer, id, 1, "connected", nil).OK(t)
		talk, sent := s.staffSees(s.sommer, id)
		if sent.kinds() != "offer reveal " || sent.of("reveal")["nonce"] != strings.Repeat("g", 22) {
			t.Errorf("%v", sent)
		}
		if talk.EnteredAt == nil || talk.RingUntil != nil || talk.ConnectedAt == nil {
			t.Errorf("%+v", talk)
		}
		s.legsAre(t, id, relay.SideGuest, relay.SideStaff)
	})
}

// legsAre fails unless the relay was told of one leg of each side, each with its browser's credentials.
func (s *scene) legsAre(t *testing.T, id string, sides ...relay.Side) {
	t.Helper()
	seen := map[relay.Side]bool{}
	for ufrag, browser := range s.Relay.Legs() {
		leg, err := relay.ParseUfrag(ufrag)
		if err != nil {
			t.Fatal(err)
		}
		who := map[relay.Side]string{relay.SideGuest: "guest", relay.SideStaff: "staff"}[leg.Side]
		if browser != [2]string{Ufrag(who), Pwd(who)} {
			t.Errorf("side %d: %v", leg.Side, browser)
		}
		seen[leg.Side] = true
	}
	for _, side := range sides {
		if !seen[side] {
			t.Errorf("talk %s: no leg of side %d", id, side)
		}
	}
	if len(seen) != len(sides) {
		t.Errorf("sides %v, want %v", seen, sides)
	}
}

func TestSignalsOutOfOrderAreRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.admit(s.sommer).Talk.ID
		staff := func(kind string, more Body) Answer { return s.say(s.sommer, id, 1, kind, more) }
		order := func(a Answer) { t.Helper(); a.Expect(t, http.StatusConflict, "talk.order") }
		reveal := Body{"nonce": Nonce}
		order(s.g.Signal(1, "reveal", reveal)) // before the advisor's nonce is known to be fixed
		order(s.g.Signal(1, "answer", answer("guest")))
		order(staff("reveal", reveal))
		order(staff("enter", nil))
		order(staff("answer", Body{"sdp": Description("staff", Print("staff")), "nonce": "short"}))
		staff("restart-offer", Body{"sdp": Description("staff", Print("staff"))}).Expect(t, http.StatusConflict, "talk.fingerprint")
		staff("answer", Body{"sdp": "v=0 nonsense", "nonce": Nonce}).Expect(t, http.StatusUnprocessableEntity, "talk.sdp")
		staff("answer", answer("staff")).OK(t)
		order(staff("answer", answer("staff"))) // a second one could change the certificate
		order(s.g.Signal(1, "reveal", Body{"nonce": "short"}))
		s.g.Signal(1, "reveal", reveal).OK(t)
		order(s.g.Signal(1, "reveal", reveal))
		s.g.Signal(1, "enter", nil).OK(t)
		s.g.Signal(1, "enter", nil).OK(t) // twice is no mistake
		s.g.Signal(1, "connected", nil).OK(t)
		s.g.Signal(1, "connected", nil).OK(t)
		s.g.Signal(1, "dance", nil).Expect(t, http.StatusBadRequest, "request.invalid")
	})
}

func TestSignalsOfAnotherGenerationAreRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.connect().Talk.ID
		for _, generation := range []int{2, 9} {
			s.say(s.sommer, id, generation, "connected", nil).Expect(t, http.StatusConflict, "talk.generation")
			a := s.g.Signal(generation, "connected", nil).Expect(t, http.StatusConflict, "talk.generation")
			if a.Params["generation"] != 1.0 {
				t.Errorf("%v", a.Params)
			}
		}
		s.g.Signal(0, "connected", nil).Expect(t, http.StatusBadRequest, "request.invalid")
		again := s.g.Reloaded("page-two")
		again.Prepare(0).Expect(t, http.StatusConflict, "seat.elsewhere") // it must arrive first
		again.Arrive().OK(t)
		again.Signal(1, "enter", nil).Expect(t, http.StatusConflict, "talk.generation")
		s.g.Signal(2, "enter", nil).Expect(t, http.StatusConflict, "seat.elsewhere") // the page before the reload
	})
}

// A page's words may reach the server late: repeated over a bad network, or held up in it.
func TestWhatAPageSaysInATalkCountsInNoneAfterIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		s.do(s.sommer, s.admit(s.sommer).Talk.ID, "sendback", Body{}).OK(t)
		s.g.Prepare(0).OK(t)
		second := s.admit(s.sommer).Talk
		s.say(s.sommer, second.ID, int(second.Generation), "answer", answer("staff")).OK(t)
		for _, kind := range []string{"reveal", "enter", "connected", "restart-offer"} {
			s.g.Signal(1, kind, Body{"nonce": Nonce, "sdp": Description("guest", s.g.Print)}).Expect(t, http.StatusConflict, "talk.generation")
		}
		if talk, sent := s.staffSees(s.sommer, second.ID); talk.RingUntil == nil || talk.EnteredAt != nil || talk.ConnectedAt != nil || sent.kinds() != "offer " {
			t.Errorf("%+v %s", talk, sent.kinds())
		}
		s.g.Signal(int(second.Generation), "enter", nil).OK(t)
	})
}

func TestALaterDescriptionWithAnotherCertificateIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.connect().Talk.ID
		foreign := Body{"sdp": Description("staff", Print("somebody in the middle"))}
		for _, kind := range []string{"restart-offer", "restart-answer"} {
			s.say(s.sommer, id, 1, kind, foreign).Expect(t, http.StatusConflict, "talk.fingerprint")
			s.g.Signal(1, kind, foreign).Expect(t, http.StatusConflict, "talk.fingerprint")
			// the other side's own certificate is foreign as well
			s.say(s.sommer, id, 1, kind, Body{"sdp": Description("staff", s.g.Print)}).Expect(t, http.StatusConflict, "talk.fingerprint")
		}
		if _, list := guestSees(s.g); strings.Contains(list.kinds(), "restart") {
			t.Error("a refused description went on")
		}
	})
}

func TestARestartGivesTheSendersLegNewCredentialsAndTheOtherKeepsItsOwn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		begun := s.connect()
		first := ufragIn(begun.Signals.of("offer")["sdp"].(string))
		_, list := guestSees(s.g)
		guests := ufragIn(list.of("answer")["sdp"].(string))
		s.g.Signal(1, "restart-offer", Body{"sdp": Description("guest", s.g.Print)}).OK(t)
		_, sent := s.staffSees(s.sommer, begun.Talk.ID)
		if got := ufragIn(sent.of("restart-offer")["sdp"].(string)); got != first {
			t.Errorf("the advisor's leg changed: %s, before %s", got, first)
		}
		s.say(s.sommer, begun.Talk.ID, 1, "restart-answer", Body{"sdp": Description("staff", Print("staff"))}).OK(t)
		_, list = guestSees(s.g)
		if got := ufragIn(list.of("restart-answer")["sdp"].(string)); got == guests {
			t.Error("the guest's leg kept its old credentials")
		}
	})
}

// A page may restart as often as it likes. It fills neither the disk nor the other page's snapshot.
func TestSignalsThatALaterOneReplacesAreNotKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.connect().Talk.ID
		kept := func(want string) {
			t.Helper()
			var all, bytes int
			err := d.Read().QueryRowContext(t.Context(), `SELECT COUNT(*), SUM(LENGTH(body_sealed)) FROM talk_signal WHERE talk_id = $1`, id).Scan(&all, &bytes)
			_, forStaff := s.staffSees(s.sommer, id)
			_, forGuest := guestSees(s.g)
			if got := forStaff.kinds() + "| " + forGuest.kinds(); err != nil || got != want || all != len(forStaff)+len(forGuest) {
				t.Errorf("%d kept, %d bytes: %s (%v)", all, bytes, got, err)
			}
		}
		kept("offer reveal | answer ")
		for range 5 {
			s.g.Signal(1, "restart-offer", Body{"sdp": Description("guest", s.g.Print)}).OK(t)
			s.say(s.sommer, id, 1, "restart-answer", Body{"sdp": Description("staff", Print("staff"))}).OK(t)
			kept("offer reveal restart-offer | answer restart-answer ")
		}
		s.say(s.sommer, id, 1, "restart-offer", Body{"sdp": Description("staff", Print("staff"))}).OK(t)
		kept("offer reveal restart-offer | answer restart-answer restart-offer ")
		s.join(s.sommer, id)
		kept("| renew ")
		s.g.Prepare(2).OK(t)
		kept("offer | renew ")
	})
}

func ufragIn(sdp string) string {
	_, after, _ := strings.Cut(sdp, "a=ice-ufrag:")
	ufrag, _, _ := strings.Cut(after, "\r\n")
	return ufrag
}

func TestLOG01SignalsLieSealedInTheDatabaseAndStandInNoLog(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.connect().Talk.ID
		rows, err := d.Read().QueryContext(t.Context(), `SELECT body_sealed FROM talk_signal WHERE talk_id = $1
			UNION ALL SELECT browser_sealed FROM talk_leg WHERE talk_id = $1`, id)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = rows.Close() }()
		found := 0
		for rows.Next() {
			var sealed []byte
			if err := rows.Scan(&sealed); err != nil {
				t.Fatal(err)
			}
			found++
			for _, word := range []string{"sdp", "nonce", "browser", "Pwd", "{", RelayHost} {
				if strings.Contains(string(sealed), word) && len(word) > 1 {
					t.Errorf("%q is readable", word)
				}
			}
		}
		if err := rows.Err(); err != nil || found != 5 {
			t.Errorf("%d sealed rows, want 5 (offer, answer, reveal, two legs): %v", found, err)
		}
		for _, word := range []string{Nonce, s.g.Print, Pwd("guest"), "198.51.100.23", RelayHost, "Erika", s.g.Network} {
			if strings.Contains(s.Log.String(), word) {
				t.Errorf("%q stands in the log", word)
			}
		}
	})
}

func legsOf(t *testing.T, d *db.DB, id string) (n int) {
	t.Helper()
	if err := d.Read().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM talk_leg WHERE talk_id = $1`, id).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestLegsThatNobodyComesBackToAreNotKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.connect().Talk.ID
		for range 5 {
			s.g.Signal(1, "restart-offer", Body{"sdp": Description("guest", s.g.Print)}).OK(t)
			s.say(s.sommer, id, 1, "restart-answer", Body{"sdp": Description("staff", Print("staff"))}).OK(t)
			s.say(s.sommer, id, 1, "restart-offer", Body{"sdp": Description("staff", Print("staff"))}).OK(t)
			s.g.Signal(1, "restart-answer", Body{"sdp": Description("guest", s.g.Print)}).OK(t)
		}
		if n := legsOf(t, d, id); n != 4 { // of each side the newest, and the one that it may still be leaving
			t.Errorf("after five restarts of each side %d legs are kept", n)
		}
		s.join(s.sommer, id)
		if n := legsOf(t, d, id); n != 4 { // until the new ones are there
			t.Errorf("when a generation begins %d legs are kept", n)
		}
		s.g.Prepare(2).OK(t)
		if n := legsOf(t, d, id); n != 1 {
			t.Errorf("with the first leg of a new generation %d are kept", n)
		}
	})
}

// A counter that is cut off begins again at zero, and the relay takes the leg for one of before.
func TestALegCountsOnBeyond16Bits(t *testing.T) {
	s := newScene(t, dbtest.SQLite(t))
	id := s.connect().Talk.ID
	s.Exec(`UPDATE talk SET generation = 65536, guest_restart = 65535, staff_restart = $1 WHERE id = $2`, relay.MostRestarts, id)
	s.g.Signal(65536, "restart-offer", Body{"sdp": Description("guest", s.g.Print)}).OK(t)
	s.say(s.sommer, id, 65536, "restart-offer", Body{"sdp": Description("staff", Print("staff"))}).Expect(t, http.StatusConflict, "talk.order")
	for ufrag := range s.Relay.Legs() {
		if leg, err := relay.ParseUfrag(ufrag); err == nil && leg.Generation == 65536 && leg.Restart == 65536 {
			return
		}
	}
	t.Errorf("the relay was not told of it: %v", s.Relay.Legs())
}
