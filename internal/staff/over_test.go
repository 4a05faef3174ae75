package staff_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/edge"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

// Nobody presses anything, and nothing happens at the desk.
func TestACC08AStreamEndsWithItsSessionAlsoWhenNothingWakesIt(t *testing.T) {
	for why, before := range map[string]func(n *Node, b *Browser){
		"twelve hours without use": func(n *Node, _ *Browser) { n.Clock.Forward(12*time.Hour - 100*time.Millisecond) },
		"a day at most": func(n *Node, b *Browser) {
			for range 2 {
				n.Clock.Forward(11 * time.Hour)
				b.Get(path).OK(n.T)
			}
			n.Clock.Forward(2*time.Hour - 100*time.Millisecond)
		},
	} {
		t.Run(why, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				n := New(t, d).Node()
				o := n.Office("lindenau")
				b, colleague := n.SignIn(o.Sommer), n.SignIn(o.Winter)
				before(n, b)
				colleague.Get(path)
				list := b.Listen("/api/staff/stream", "")
				list.Until("snapshot", nil)
				n.Clock.Forward(time.Second)
				if got := list.Until("bye", nil); got != `{"reason":"signed-out"}` {
					t.Error(got)
				}
			})
		})
	}
}

// The list of a place that was left says itself that it is there, again whenever the network breaks.
func TestACC08AnOpenListIsNoUseOfASessionAndWhatSomebodyDoesIs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		left, there := n.SignIn(o.Sommer), n.SignIn(o.Winter)
		for range 2 {
			n.Clock.Forward(6*time.Hour - 100*time.Millisecond)
			for _, b := range []*Browser{left, there} {
				list := b.Listen("/api/staff/stream", "")
				list.Until("snapshot", nil)
				list.Close()
			}
			there.Get(path).OK(t)
		}
		list, theirs := left.Listen("/api/staff/stream", ""), there.Listen("/api/staff/stream", "")
		list.Until("snapshot", nil)
		theirs.Until("snapshot", nil)
		n.Clock.Forward(time.Second)
		list.Until("bye", nil)
		if !signedIn(there) || signedIn(left) {
			t.Error("the wrong one is signed out")
		}
	})
}

// The end that a stream knew when it was opened has passed, and the session was used meanwhile.
func TestAStreamWaitsForTheEndOfItsSessionAnewWhenThatWasUsed(t *testing.T) {
	n := New(t, dbtest.SQLite(t)).Node()
	o := n.Office("lindenau")
	b := n.Browser()
	cookies := b.Post(path, credentials(o.Sommer, Password)).OK(t).Cookies
	n.Clock.Forward(12*time.Hour - 50*time.Millisecond)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	p, err := n.Staff.Watching(r)
	if err != nil {
		t.Fatal(err)
	}
	b.Get(path).OK(t)
	woken := n.Events.Subscribe(o.Agency, staff.Topic(o.Sommer.ID))
	defer woken.Close()
	bound := n.Staff.Bound(p, edge.Source{
		Changes: func(context.Context, string) (string, []edge.Event, bool, error) { return "", nil, true, nil },
		Close:   func() {},
	})
	defer bound.Close()
	for _, later := range []time.Duration{12*time.Hour - 50*time.Millisecond, 0} {
		select {
		case <-woken.C:
		case <-time.After(dbtest.Patience):
			t.Fatal("it is not woken")
		}
		n.Clock.Forward(later)
		if _, _, _, err := bound.Changes(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
	}
}

func TestMIN04WhatIsOverOfASignInIsDeletedAlsoOfWhoNeverComesAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := withLetters(t, d)
		l.SignIn(l.o.Sommer)
		l.forget(l.Browser(), l.o.Sommer)
		l.untilLinks(l.o.Sommer, 1)
		l.Exec(`INSERT INTO staff_once (agency_id, hash, until_at) VALUES ($1, $2, $3)`, l.o.Agency, []byte("token"), l.Clock.Now().Add(time.Hour).UnixMilli())
		count := func() (n [3]int) {
			n[0] = l.Count(`SELECT COUNT(*) FROM staff_session WHERE agency_id = $1`, l.o.Agency)
			n[1] = l.Count(`SELECT COUNT(*) FROM staff_link WHERE agency_id = $1`, l.o.Agency)
			n[2] = l.Count(`SELECT COUNT(*) FROM staff_once WHERE agency_id = $1`, l.o.Agency)
			return n
		}
		for _, step := range []struct {
			later time.Duration
			left  [3]int
		}{{0, [3]int{2, 1, 1}}, {11 * time.Hour, [3]int{2, 0, 0}}, {2 * time.Hour, [3]int{1, 0, 0}}, {11 * time.Hour, [3]int{0, 0, 0}}} {
			l.Clock.Forward(step.later)
			signedIn(l.winter)
			if err := l.Staff.Prune(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := count(); got != step.left {
				t.Errorf("after %v more: %v", step.later, got)
			}
		}
	})
}
