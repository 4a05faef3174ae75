package talk_test

import (
	"net/http"
	"strings"
	"testing"

	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	. "visavis/internal/worldtest"
)

func TestALockedTalkIsAskedForByNoOtherDevice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.connect().Talk.ID
		far := s.Guest(s.g.Place)
		far.Page, far.Print = "page-far", Print("far")
		ask := func() Answer {
			return far.Do("arrive", Body{"mode": "video", "takeover": true, "commit": strings.Repeat("c", 43), "offer": Description("guest", far.Print)})
		}
		ask().OK(t)
		if s.asked(id) == "" {
			t.Fatal("nobody asks")
		}
		s.do(s.SignIn(s.o.Winter), id, "lock", Body{"on": true}).Expect(t, http.StatusConflict, "talk.led")
		s.do(s.sommer, id, "lock", Body{"on": true}).OK(t)
		s.do(s.sommer, id, "lock", Body{"on": true}).OK(t) // pressed twice
		if s.asked(id) != "" {
			t.Error("who asks at that moment goes on asking")
		}
		ask().Expect(t, http.StatusConflict, "seat.locked")
		if view, _ := guestSees(far); view["locked"] != true || view["takeover"] != "refused" {
			t.Errorf("the other device sees %v, %v", view["locked"], view["takeover"])
		}
		// Who is in the talk comes back, and reads nothing of it.
		if view, _ := guestSees(s.g); view["locked"] != nil {
			t.Error("the device in the talk is told that it is locked out")
		}
		s.g.Reloaded("page-anew").Arrive().OK(t)
		s.do(s.sommer, id, "lock", Body{"on": false}).OK(t)
		ask().OK(t)
		if s.asked(id) == "" {
			t.Error("it is not open again")
		}
		s.do(s.sommer, id, "lock", Body{"on": true}).OK(t)
		s.do(s.sommer, id, "sendback", Body{}).OK(t)
		if n := s.Count(`SELECT COUNT(*) FROM seat WHERE agency_id = $1 AND locked`, s.o.Agency); n != 0 {
			t.Error("it outlives the talk")
		}
		for act, want := range map[audit.Act]int{audit.TalkLocked: 2, audit.TalkUnlocked: 1} {
			if n := s.Count(`SELECT COUNT(*) FROM audit_entry WHERE agency_id = $1 AND act = $2`, s.o.Agency, act); n != want {
				t.Errorf("%s: %d entries, not %d", act, n, want)
			}
		}
	})
}
