package talk_test

import (
	"net/http"
	"strings"
	"testing"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/relay/turn"
	. "visavis/internal/worldtest"
)

// counted is whose quota an allocation counts against, as the answer's credentials say.
func counted(t *testing.T, a Answer) string {
	t.Helper()
	var out struct{ ICEServers []turn.ICEServer }
	a.OK(t).Into(t, &out)
	_, name, _ := strings.Cut(out.ICEServers[0].Username, ":")
	return name
}

// The relay lets each side of a talk begin eight allocations: who has lost the talk may still have all of them.
func TestTheDetourOfWhoTakesATalkOverCountsForThemAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.connect().Talk.ID
		guest, sommer := counted(t, s.g.Do("detour", Body{})), counted(t, s.do(s.sommer, id, "detour", Body{}))
		again := s.g.Reloaded("page-two")
		again.Arrive().OK(t)
		if counted(t, again.Do("detour", Body{})) != guest {
			t.Error("whoever loads the page anew gets another eight each time")
		}
		far := s.Guest(s.g.Place)
		far.Page = "page-far"
		far.Do("arrive", Body{"mode": "video", "takeover": true, "commit": strings.Repeat("c", 43), "offer": Description("guest", far.Print)}).OK(t)
		s.do(s.sommer, id, "takeover", Body{"allow": true, "ask": s.asked(id)}).OK(t)
		again.Do("detour", Body{}).Expect(t, http.StatusConflict, "seat.elsewhere")
		if counted(t, far.Do("detour", Body{})) == guest {
			t.Error("the guest's browser that has lost the talk counts against the one that has it")
		}
		winter := s.SignIn(s.o.Winter)
		s.takeOver(winter, id)
		if counted(t, s.do(winter, id, "detour", Body{})) == sommer {
			t.Error("the colleague who led the talk counts against the one who leads it")
		}
	})
}
