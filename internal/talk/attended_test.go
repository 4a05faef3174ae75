package talk_test

import (
	"net/http"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/seat"
	. "visavis/internal/worldtest"
)

// window opens a person's window of the talk.
func window(by *Browser, id string) *Stream {
	by.T.Helper()
	stream := by.Listen("/api/staff/talks/"+id+"/stream", "")
	stream.Until("snapshot", nil)
	return stream
}

// looksOn opens the guest's stream, and has read how things stand.
func looksOn(g *Guest) *Stream {
	g.T.Helper()
	page := g.Stream("")
	page.Until("snapshot", nil)
	return page
}

// staffHere is what the guest's page shows when it connects now.
func staffHere(g *Guest) bool {
	g.T.Helper()
	view, _ := guestSees(g)
	return view["talk"].(map[string]any)["staffHere"].(bool)
}

// untilStaff waits until the guest's page is told whether the advisor is there.
func untilStaff(page *Stream, here bool) {
	var view seat.GuestView
	for view.Talk == nil || view.Talk.StaffHere != here {
		page.Until("seat", &view)
	}
}

func TestTheGuestIsToldWhenTheAdvisorsWindowGoesAndComesBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.connect().Talk.ID
		open := window(s.sommer, id)
		page := looksOn(s.g)
		if !staffHere(s.g) {
			t.Error("the window is open")
		}
		// A colleague who looks does not lead.
		window(s.SignIn(s.o.Winter), id)
		open.Close()
		untilStaff(page, false)
		if staffHere(s.g) {
			t.Error("the window is closed")
		}
		window(s.sommer, id)
		untilStaff(page, true)
		if !staffHere(s.g) {
			t.Error("the window is open again")
		}
	})
}

func TestAGuestWhoConnectsWhileTheWindowOpensIsNotToldThatNobodyIsThere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		s.admit(s.sommer)
		if !staffHere(s.g) {
			t.Error("the window has a moment to open")
		}
	})
}

func TestAWindowThatIsReloadedWasNeverAway(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.connect().Talk.ID
		open := window(s.sommer, id)
		page := looksOn(s.g)
		for begun := time.Now(); ; begun = time.Now() {
			open.Close()
			s.join(s.sommer, id)
			open = window(s.sommer, id)
			if time.Since(begun) < time.Second {
				break
			}
			page = looksOn(s.g) // a machine that stood still for so long has perhaps let the guest know
		}
		<-time.After(3 * time.Second)                           // longer than a window has to come back
		s.g.Do("callback", Body{"phone": "0170 1112223"}).OK(t) // the last that this test tells the page
		for {
			var view seat.GuestView
			page.Until("seat", &view)
			if !view.Talk.StaffHere {
				t.Fatal("the guest was told that nobody is there")
			}
			if view.CallbackAt != nil {
				return
			}
		}
	})
}

func TestTheGuestIsToldOfAnAdvisorWhoBeginsATalkAndOpensNoWindow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		page := looksOn(s.g)
		s.admit(s.sommer)
		untilStaff(page, true)
		untilStaff(page, false)
	})
}

func TestWhoTakesTheTalkOverIsThereInTheFirstOnesPlace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.connect().Talk.ID
		open := window(s.sommer, id)
		page := looksOn(s.g)
		winter := s.SignIn(s.o.Winter)
		s.takeOver(winter, id)
		theirs := window(winter, id)
		open.Close()
		theirs.Close()
		untilStaff(page, false)
		window(s.sommer, id) // leads no longer
		window(winter, id)
		untilStaff(page, true)
	})
}

func TestAVA02AfterTheDeathOfAServerTheGuestLearnsWhetherTheAdvisorIsThere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.connect().Talk.ID
		window(s.sommer, id)
		s.attends(1)
		s.Stop()
		s.Clock.Forward(5 * time.Second)
		n := s.World.Node()
		g := &Guest{Browser: s.g.At(n), Place: s.g.Place, Page: s.g.Page, Print: s.g.Print}
		if !staffHere(g) {
			t.Error("the window has a moment to come back")
		}
		page := looksOn(g)
		s.Clock.Forward(10 * time.Second) // the new server's own lease lasts
		untilStaff(page, false)
		s.sommer = s.sommer.At(n)
		window(s.sommer, id)
		untilStaff(page, true)
		s.attends(1)
	})
}

// attends waits until so many windows of staff are noted.
func (s *scene) attends(want int) {
	s.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(dbtest.Patience)
	for s.Count(`SELECT COUNT(*) FROM seat_presence WHERE agency_id = $1 AND page LIKE 'staff:%'`, s.o.Agency) != want {
		select {
		case <-tick.C:
		case <-late:
			s.t.Fatalf("not %d windows", want)
		}
	}
}

func TestAGuestsPageSpeaksForNobodyOfStaff(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		s.admit(s.sommer)
		path := "/api/guest/" + s.g.Place.Slug + "/seats/" + s.g.Place.Seat + "/stream?after=&page=staff:" + s.o.Sommer.ID
		s.g.Get(path).Expect(t, http.StatusBadRequest, "request.invalid")
	})
}
