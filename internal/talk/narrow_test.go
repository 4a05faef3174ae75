package talk_test

import (
	"testing"
	"time"

	"visavis/internal/db/dbtest"
	. "visavis/internal/worldtest"
)

// Whoever has a transaction and wants another connection for what it reads, such as the agency's key the first time, waits
// for those who have one and want the same.
func TestOneConnectionIsEnoughForATalk(t *testing.T) {
	n := New(t, dbtest.NarrowPostgres(t)).Node()
	s := &scene{Node: n, t: t, o: n.Office("lindenau")}
	s.sommer = n.SignIn(s.o.Sommer)
	// As with the first request after a start, or after an agency was given up.
	step := func(name string, do func()) {
		t.Helper()
		n.Agencies.Keys().CloseAll()
		begun := time.Now()
		do() // fails when it waits for itself: a request is given up after some seconds
		t.Logf("%s took %v", name, time.Since(begun))
	}
	step("booking", func() { s.g = n.Guest(n.Book(s.o, s.sommer, s.o.Booking(Start().Add(5*time.Minute)))) })
	step("a number to call", func() { s.g.Do("callback", Body{"phone": "0170 1112223"}).OK(t) })
	step("arriving", func() { s.g.Arrive().OK(t) })
	step("a message", func() { s.sommer.Post("/api/staff/seats/"+s.g.Place.Seat+"/message", Body{"text": "Gleich"}).OK(t) })
	step("the guest's page", func() { looksOn(s.g) })
	step("the list", func() { s.sommer.Listen("/api/staff/stream", "").Until("snapshot", nil) })
	var id string
	step("admitting", func() { id = s.admit(s.sommer).Talk.ID })
	step("an answer", func() { s.say(s.sommer, id, 1, "answer", answer("staff")).OK(t) })
	step("the guest's page in the talk", func() { guestSees(s.g) })
	step("the window", func() { s.staffSees(s.sommer, id) })
	step("entering", func() { s.g.Signal(1, "enter", nil).OK(t) })
	fresh := s.g.Reloaded("page-two")
	step("a fresh page", func() { fresh.Arrive().OK(t) })
	step("beginning anew", func() { fresh.Prepare(0).OK(t) })
	step("a join", func() { s.join(s.sommer, id) })
	step("renewing", func() { fresh.Prepare(4).OK(t) })
	step("an end that owes another time", func() { s.do(s.sommer, id, "end", Body{"outcome": "technical"}).OK(t) })
	s.g = n.Guest(n.Book(s.o, s.sommer, s.o.Booking(Start().Add(50*time.Minute))))
	step("cancelling", func() { s.g.Do("cancel", Body{"wish": "cancel"}).OK(t) })
}
