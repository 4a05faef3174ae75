package talk_test

import (
	"net/http"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	. "visavis/internal/worldtest"
)

func TestACC08TheWindowOfATalkEndsWhenItsDeskIsNoLongerThePersons(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.admit(s.sommer).Talk.ID
		s.say(s.sommer, id, 1, "answer", answer("staff")).OK(t)
		path := "/api/staff/talks/" + id
		window := s.sommer.Listen(path+"/stream", "")
		window.Until("snapshot", nil)
		s.Exec(`DELETE FROM staff_desk WHERE agency_id = $1 AND staff_id = $2`, s.o.Agency, s.o.Sommer.ID)
		s.sommer.Get(path).Expect(t, http.StatusNotFound, "talk.unknown")
		s.g.Signal(1, "reveal", Body{"nonce": Nonce}) // makes the window look; the talk may have passed on by now, and then it is none
		if name, data := window.Next(); name != "bye" || data != `{"reason":"elsewhere"}` {
			t.Errorf("%s %s", name, data)
		}
	})
}

// Where a proxy holds streams back the window asks for one answer at a time: one that only repeats itself would make it
// ask a hundred times a second.
func TestAWindowThatAsksAgainHearsOnlyWhatIsNew(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.admit(s.sommer).Talk.ID
		s.say(s.sommer, id, 1, "answer", answer("staff")).OK(t)
		head := ""
		asks := func() (names string) {
			t.Helper()
			var answer struct {
				Events []struct{ Name string }
				Head   string
			}
			s.sommer.Get("/api/staff/talks/"+id+"/stream?after="+head).OK(t).Into(t, &answer)
			for _, e := range answer.Events {
				names += e.Name + " "
			}
			head = answer.Head
			return names
		}
		if got := asks(); got != "snapshot " {
			t.Error(got)
		}
		s.g.Signal(1, "reveal", Body{"nonce": Nonce}).OK(t)
		if got := asks(); got != "signal " {
			t.Error(got)
		}
		another := s.Guest(s.Book(s.o, s.sommer, s.o.Booking(Start().Add(time.Minute))))
		another.Arrive().OK(t)
		if got := asks(); got != "waiting " {
			t.Error(got)
		}
		s.g.Signal(1, "enter", nil).OK(t)
		if got := asks(); got != "talk " {
			t.Error(got)
		}
	})
}
