package seat_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/seat"
)

// stream reads what one page is told.
type stream struct {
	t    *testing.T
	text *bufio.Reader
	res  *http.Response
	end  context.CancelFunc
}

func (b *browser) listen(p place, page string) *stream {
	t := b.w.t
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*dbtest.Patience) // as long as the test
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.w.server.URL+"/api/guest/"+p.slug+"/seats/"+p.id+"/stream?page="+page, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	res, err := b.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	s := &stream{t: t, text: bufio.NewReader(res.Body), res: res, end: cancel}
	t.Cleanup(s.close)
	return s
}

func (s *stream) close() {
	s.end()
	_ = s.res.Body.Close()
}

// next is the name and the data of the next event; "end" when there is none any more.
func (s *stream) next() (name, data string) {
	s.t.Helper()
	for {
		line, err := s.text.ReadString('\n')
		if err != nil {
			return "end", err.Error()
		}
		switch field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": "); {
		case field == "event":
			name = value
		case field == "data":
			data = value
		case field == "" && name != "":
			return name, data
		}
	}
}

// until skips to the event of a name.
func (s *stream) until(want string) string {
	s.t.Helper()
	for {
		name, data := s.next()
		if name == want {
			return data
		}
		if name == "end" {
			s.t.Fatalf("ended before %s: %s", want, data)
		}
	}
}

// shown is the seat after it has come into a state.
func (s *stream) shown(state seat.State) seat.GuestView {
	s.t.Helper()
	for {
		var v seat.GuestView
		if err := json.Unmarshal([]byte(s.until("seat")), &v); err != nil {
			s.t.Fatal(err)
		}
		if v.State == state {
			return v
		}
	}
}

func (s *stream) expect(want, data string) {
	s.t.Helper()
	if name, got := s.next(); name != want || (data != "" && got != data) {
		s.t.Fatalf("got %s %s, want %s %s", name, got, want, data)
	}
}

func TestAStreamSaysHelloShowsTheSeatAndThenEachChange(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		guest := w.guest(p)
		s := guest.listen(p, "page-one")
		s.expect("hello", "{}")
		var first struct {
			View    seat.GuestView
			Signals []any
		}
		if err := json.Unmarshal([]byte(s.until("snapshot")), &first); err != nil || first.View.State != seat.Expected || first.View.Here || first.Signals == nil {
			t.Errorf("%+v %v", first, err)
		}
		guest.at(p, "arrive", arrival("page-one", false)).ok(t)
		if v := s.shown(seat.Waiting); !v.Here {
			t.Errorf("%+v", v)
		}
		w.must(p, seat.Admit{})
		if v := s.shown(seat.Talking); v.Talk == nil || v.Talk.StaffName != "Frau Sommer" {
			t.Errorf("%+v", v)
		}
	})
}

func TestAPageIsNotToldAgainWhatItShows(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		guest := w.guest(p)
		s := guest.listen(p, "page-one")
		s.until("snapshot")
		w.must(p, seat.Opened{}) // the desk sees that, and the guest does not
		guest.at(p, "arrive", arrival("page-one", false)).ok(t)
		var v seat.GuestView
		if err := json.Unmarshal([]byte(s.until("seat")), &v); err != nil || v.State != seat.Waiting {
			t.Errorf("%+v %v", v, err)
		}
	})
}

func TestTheMessagesOfATalkGoToThePageThatHoldsItOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		first, second := w.guest(p), w.guest(p)
		first.at(p, "arrive", arrival("page-one", false)).ok(t)
		holder, other := first.listen(p, "page-one"), second.listen(p, "page-far")
		holder.until("snapshot")
		other.until("snapshot")
		w.must(p, seat.Admit{})
		w.tx(func(tx *db.Tx) error {
			return w.events.Append(t.Context(), tx, p.agency, seat.Topic(p.id), "signal", "5")
		})
		if got := holder.until("signal"); got != `{"after":4,"kind":"answer"}` {
			t.Error(got)
		}
		// It is told of the talk before that is over again: of what was, and is no more, nobody is told.
		untilOther := func(state string) {
			for {
				name, data := other.next()
				if name == "signal" || name == "end" {
					t.Fatal("the other browser got", name)
				}
				if strings.Contains(data, `"state":"`+state+`"`) {
					return
				}
			}
		}
		untilOther("talking")
		w.must(p, seat.SendBack{})
		untilOther("waiting")
	})
}

func TestThePageThatWasTakenOverIsToldAndItsStreamEnds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		first, second := w.guest(p), w.guest(p)
		first.at(p, "arrive", arrival("page-one", false)).ok(t)
		old, tab, far := first.listen(p, "page-one"), first.listen(p, "page-two"), second.listen(p, "page-far")
		first.at(p, "arrive", arrival("page-two", false)).ok(t)
		if got := old.until("bye"); got != `{"reason":"taken-over"}` {
			t.Error(got)
		}
		old.expect("end", "")
		second.at(p, "arrive", arrival("page-far", true)).ok(t)
		if got := tab.until("bye"); got != `{"reason":"taken-over"}` {
			t.Error(got)
		}
		w.must(p, seat.Admit{})
		if v := far.shown(seat.Talking); !v.Here {
			t.Error("the newest page must stay")
		}
	})
}

// Two tabs, one after the other: while the first has no connection the seat goes away and comes back.
func TestAPageThatHasTakenItsSeatBackIsNotSentAwayByWhatWasBefore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		guest := w.guest(p)
		guest.at(p, "arrive", arrival("page-one", false)).ok(t)
		poll := func(after string) (names, head string) {
			t.Helper()
			var got struct {
				Head   string
				Events []struct{ Name string }
			}
			a := guest.call(p.slug, p.id, "GET stream?page=page-one&after="+after, "").ok(t)
			if err := json.Unmarshal([]byte(a.body), &got); err != nil {
				t.Fatal(err)
			}
			for _, e := range got.Events {
				names += e.Name + " "
			}
			return names, got.Head
		}
		_, head := poll("")
		guest.at(p, "arrive", arrival("page-two", false)).ok(t)
		guest.at(p, "arrive", arrival("page-one", false)).ok(t)
		if names, _ := poll(head); names != "seat " {
			t.Errorf("got %s", names)
		}
		guest.at(p, "arrive", arrival("page-two", false)).ok(t)
		if names, _ := poll(head); names != "bye " {
			t.Errorf("got %s", names)
		}
	})
}

func TestWhoLeavesOrWhoseAppointmentMovesIsNotToldOfAnotherDevice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		guest := w.guest(p)
		guest.at(p, "arrive", arrival("page-one", false)).ok(t)
		s := guest.listen(p, "page-one")
		s.until("snapshot")
		guest.at(p, "leave", body{"page": "page-one"}).ok(t)
		if v := s.shown(seat.Expected); v.Here || v.Elsewhere {
			t.Errorf("%+v", v)
		}
		guest.at(p, "arrive", arrival("page-one", false)).ok(t)
		s.shown(seat.Waiting)
		// A page that only looks, in the same browser or in one that got hold of the link.
		tab, stranger := guest.listen(p, "page-two"), w.guest(p).listen(p, "page-far")
		w.tx(func(tx *db.Tx) error { return w.seats.Moved(t.Context(), tx, p.agency, p.appointment) })
		if got := s.until("bye"); !strings.HasPrefix(got, `{"reason":"moved","startsAt":1`) {
			t.Error(got)
		}
		for _, other := range []*stream{tab, stranger} {
			if got := other.until("bye"); got != `{"reason":"moved"}` {
				t.Error(got)
			}
		}
		s.expect("end", "")
	})
}

// So much happens at once that a page gets a whole picture in place of the changes.
func TestAnOldLinkIsShownNothingOfTheNewTimeAfterAGapEither(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		guest := w.guest(p)
		s := guest.listen(p, "page-one")
		s.until("snapshot")
		w.tx(func(tx *db.Tx) error {
			for i := range 201 {
				if err := w.events.Append(t.Context(), tx, p.agency, seat.Topic(p.id), "seat", strconv.Itoa(i)); err != nil {
					return err
				}
			}
			return w.seats.Moved(t.Context(), tx, p.agency, p.appointment)
		})
		s.expect("bye", `{"reason":"moved"}`)
		s.expect("end", "")
	})
}

func TestAStreamNeedsAPageThatNamesItself(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	p := w.newPlace(w.own)
	guest := w.guest(p)
	for _, page := range []string{"", "short", strings.Repeat("x", 65)} {
		guest.call(p.slug, p.id, "GET stream?page="+page, "").expect(t, http.StatusBadRequest, "request.invalid")
	}
}

func away(s seat.Seat) bool { return s.AwaySince != nil }
func here(s seat.Seat) bool { return s.AwaySince == nil }

func TestAGuestIsAwayWhileItsPageHasNoStreamAndKeepsThePlace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		guest := w.guest(p)
		guest.at(p, "arrive", arrival("page-one", false)).ok(t)
		if !away(w.seat(p)) {
			t.Error("no stream yet")
		}
		s := guest.listen(p, "page-one")
		w.await(p, "here", here)
		guest.listen(p, "page-two") // another tab only looks
		s.close()
		if x := w.await(p, "away", away); x.State != seat.Waiting || !x.AwaySince.Equal(at(10, 0)) || x.Holder.Page != "page-one" {
			t.Errorf("%+v", x)
		}
		guest.listen(p, "page-one")
		w.await(p, "here again", here)
	})
}

// The new page's stream may begin before the seat is its own.
func TestAPageThatTakesASeatOverIsPresentAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		first, second := w.guest(p), w.guest(p)
		first.at(p, "arrive", arrival("page-one", false)).ok(t)
		old := first.listen(p, "page-one")
		w.await(p, "here", here)
		w.must(p, seat.Admit{})
		first.listen(p, "page-two").until("snapshot")
		old.close()
		w.await(p, "away", away)
		first.at(p, "arrive", arrival("page-two", false)).ok(t)
		if x := w.seat(p); away(x) {
			t.Errorf("reloaded during a talk: %+v", x)
		}
		second.listen(p, "page-far").until("snapshot")
		second.at(p, "arrive", arrival("page-far", true)).ok(t)
		w.must(p, seat.Answer{Allow: true})
		if x := w.seat(p); away(x) || x.Holder.Page != "page-far" {
			t.Errorf("the advisor allowed it: %+v", x)
		}
		first.at(p, "arrive", arrival("page-off", true)).ok(t)
		w.must(p, seat.Answer{Allow: true})
		if x := w.seat(p); !away(x) {
			t.Errorf("this page has no stream: %+v", x)
		}
	})
}

// A telephone that changes from Wi-Fi to mobile data opens its new stream before the
// server notices that the old one is dead.
func TestAPageThatComesBackByAnotherNetworkIsNotTakenForAwayWhenItsOldStreamEnds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		guest := w.guest(p)
		guest.at(p, "arrive", arrival("page-one", false)).ok(t)
		old := guest.listen(p, "page-one")
		w.await(p, "here", here)
		guest.listen(p, "page-one")
		old.close()
		// Somebody who goes after it tells when the old stream's moment of grace is over.
		other := w.newPlace(w.own)
		neighbour := w.guest(other)
		neighbour.at(other, "arrive", arrival("page-two", false)).ok(t)
		sign := neighbour.listen(other, "page-two")
		w.await(other, "here", here)
		sign.close()
		w.await(other, "away", away)
		if x := w.seat(p); away(x) {
			t.Errorf("%+v", x)
		}
	})
}

func TestAPageInAPocketIsHiddenAndNotAway(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		guest, other := w.guest(p), w.guest(p)
		guest.at(p, "arrive", arrival("page-one", false)).ok(t)
		guest.listen(p, "page-one")
		w.await(p, "here", here)
		guest.at(p, "presence", body{"page": "page-one", "visible": false}).expect(t, http.StatusNoContent, "")
		if x := w.seat(p); away(x) || x.HiddenSince == nil {
			t.Errorf("%+v", x)
		}
		other.at(p, "presence", body{"page": "page-one", "visible": true}).expect(t, http.StatusNoContent, "")
		guest.at(p, "presence", body{"page": "page-two", "visible": true}).expect(t, http.StatusNoContent, "")
		if x := w.seat(p); x.HiddenSince == nil {
			t.Error("a page that does not hold the seat spoke for the one that does")
		}
		guest.at(p, "presence", body{"page": "page-one", "visible": true}).expect(t, http.StatusNoContent, "")
		if x := w.seat(p); x.HiddenSince != nil {
			t.Errorf("%+v", x)
		}
	})
}

// guestOfAnotherNode waits on a page whose stream is with a node that has no lease
// longer than five seconds.
func (w *world) guestOfAnotherNode() place {
	w.t.Helper()
	p := w.newPlace(w.own)
	guest := w.guest(p)
	ctx := w.t.Context()
	w.tx(func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO node (id, started_at, lease_until) VALUES ('node-dead', 0, $1)`, db.Ms(w.clock.Now().Add(5*time.Second)))
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO seat_presence (agency_id, seat_id, page, node_id, created_at) VALUES ($1, $2, 'page-two', 'node-dead', 0)`, p.agency, p.id)
		return err
	})
	guest.at(p, "arrive", arrival("page-two", false)).ok(w.t)
	if away(w.seat(p)) {
		w.t.Fatal("a page on another node counts as well")
	}
	return p
}

func TestAVA07TheGuestsOfANodeWhoseLeaseRanOutAreAway(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		guest := w.guest(p)
		guest.at(p, "arrive", arrival("page-one", false)).ok(t)
		guest.listen(p, "page-one")
		w.await(p, "here", here)
		lost := w.guestOfAnotherNode()
		w.clock.forward(6 * time.Second)
		if away(w.seat(lost)) {
			t.Fatal("nobody has looked yet")
		}
		w.background(w.node("node-two").Run)
		if x := w.await(lost, "away", away); x.State != seat.Waiting || !x.AwaySince.Equal(at(10, 0).Add(6*time.Second)) {
			t.Errorf("%+v", x)
		}
		if away(w.seat(p)) {
			t.Error("the guest of a node in good health was taken for away")
		}
	})
}

// The database was out of a node's reach for a while, so that others took it for dead;
// its streams never broke, and no page will connect again.
func TestAVA07ANodeThatWasOnlySilentTakesItsGuestsBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		guest := w.guest(p)
		guest.at(p, "arrive", arrival("page-one", false)).ok(t)
		guest.listen(p, "page-one")
		w.await(p, "here", here)
		w.clock.forward(13 * time.Second)
		stop := w.background(w.node("node-two").Run)
		w.await(p, "away", away)
		stop()
		w.background(w.seats.Run)
		w.await(p, "here", here)
	})
}

// The same without another node: a machine that slept, and a page that reads first.
func TestANodeWhoseLeaseLapsedUnseenTakesItsGuestsBack(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	p := w.newPlace(w.own)
	guest := w.guest(p)
	guest.at(p, "arrive", arrival("page-one", false)).ok(t)
	guest.listen(p, "page-one")
	w.await(p, "here", here)
	w.clock.forward(13 * time.Second)
	guest.at(p, "arrive", arrival("page-one", false)).ok(t)
	if !away(w.seat(p)) {
		t.Fatal("this test needs a seat that looks away")
	}
	w.background(w.seats.Run)
	w.await(p, "here", here)
}

// Snapshots that each wait for a second connection wait for each other: sixteen pages that were woken at once stood
// still for ten seconds, and with them everybody who read anything.
func TestAPageIsShownItsSeatOverTheOneConnectionThatIsLeft(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		s := w.guest(p).listen(p, "page-one")
		s.until("snapshot")
		dbtest.LeaveOneReader(t, d)
		w.must(p, seat.Arrive{Who: seat.Holder{Browser: "another", Page: "elsewhere"}, Mode: seat.Audio, Door: "link"})
		s.until("seat") // else the stream ends, as the database does not answer it
	})
}

// Who holds the seat opened its stream first, and must not be the one who gives way to another browser's many.
func TestManyStreamsOfAnotherBrowserEndNoneOfMine(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	p := w.newPlace(w.own)
	guest, other, third := w.guest(p), w.guest(p), w.guest(p)
	guest.at(p, "arrive", arrival("page-one", false)).ok(t)
	mine := guest.listen(p, "page-one")
	mine.until("snapshot")
	var open []*stream
	for n := range 30 {
		from := other
		if n%2 == 0 {
			from = third
		}
		s := from.listen(p, fmt.Sprintf("page-%04d", n))
		s.until("snapshot")
		open = append(open, s)
	}
	last := guest.listen(p, "page-two")
	last.until("snapshot")
	for n := range 20 {
		s := other.listen(p, fmt.Sprintf("page-x%03d", n))
		s.until("snapshot")
	}
	if name, _ := open[1].next(); name != "end" {
		t.Errorf("the oldest of the browser that has most goes on with %s", name)
	}
	w.must(p, seat.Admit{})
	mine.shown(seat.Talking)
	last.shown(seat.Talking)
}

func TestOfTooManyStreamsOfABrowserTheOldestEnds(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	p := w.newPlace(w.own)
	guest := w.guest(p)
	var open []*stream
	for n := range 20 {
		s := guest.listen(p, fmt.Sprintf("page-%04d", n))
		s.until("snapshot")
		open = append(open, s)
	}
	for _, s := range open[:4] {
		if name, _ := s.next(); name != "end" {
			t.Errorf("an old stream goes on with %s", name)
		}
	}
	w.must(p, seat.Arrive{Who: seat.Holder{Browser: "another", Page: "elsewhere"}, Mode: seat.Audio, Door: "link"})
	for _, s := range open[4:] {
		s.until("seat")
	}
}

// A statement that waits for ever would keep this node from renewing its lease once the database answers again.
func TestALeaseThatIsNotAnsweredIsGivenUpInTimeForTheNext(t *testing.T) {
	d := dbtest.Postgres(t) // readers of SQLite wait for nobody
	w := newWorld(t, d)
	w.tx(func(tx *db.Tx) error {
		_, err := tx.ExecContext(t.Context(), `LOCK TABLE node IN ACCESS EXCLUSIVE MODE`)
		ctx, cancel := context.WithTimeout(t.Context(), dbtest.Patience)
		defer cancel()
		begun := time.Now()
		if w.seats.Lease(ctx) == nil {
			t.Error("it was renewed")
		}
		if took := time.Since(begun); took > dbtest.Slack {
			t.Errorf("it took %s", took)
		}
		return err
	})
}

// Settling the guests of a dead node may be cut short; what is left has its turn later.
func TestAVA07WhatIsLeftOfADeadNodesGuestsIsSettledTheNextTime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		lost := w.guestOfAnotherNode()
		second := w.newPlace(w.own)
		w.guest(second).at(second, "arrive", arrival("page-two", false)).ok(t)
		w.tx(func(tx *db.Tx) error {
			_, err := tx.ExecContext(t.Context(), `INSERT INTO seat_presence (agency_id, seat_id, page, node_id, created_at) VALUES ($1, $2, 'page-two', 'node-dead', 0)`,
				second.agency, second.id)
			return err
		})
		w.must(second, seat.Connected{Here: true})
		w.clock.forward(6 * time.Second)
		// A first try got as far as one of them.
		w.tx(func(tx *db.Tx) error {
			_, err := tx.ExecContext(t.Context(), `DELETE FROM seat_presence WHERE seat_id = $1 AND node_id = 'node-dead'`, lost.id)
			return err
		})
		w.must(lost, seat.Connected{})
		w.background(w.node("node-two").Run)
		w.await(second, "away", away)
		w.await(lost, "away", away)
	})
}
