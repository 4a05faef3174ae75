package seat_test

import (
	"fmt"
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/seat"
)

// asking is the window of a service whose guests are asked for their consent.
func asking(version string) seat.Window {
	w := window
	w.Consent = version
	return w
}

func TestAUD05NobodyArrivesWithoutTheConsentThatIsAskedFor(t *testing.T) {
	arrive := seat.Arrive{Who: phone, Mode: seat.Video, Door: "link"}
	do := func(s seat.Seat, w seat.Window, c seat.Command) (seat.Seat, string) {
		after, happened, err := seat.Apply(s, c, at(10, 5), w)
		return after, outcome(after, happened, err)
	}
	expect := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}
	s := in(seat.Expected)
	_, got := do(s, asking("v1"), arrive)
	expect("without it", got, "seat.consent")
	_, got = do(s, asking("v1"), seat.Agree{})
	expect("to nothing", got, "seat.text_changed")
	_, got = do(s, asking("v1"), seat.Agree{Version: "v0"})
	expect("to another text", got, "seat.text_changed")
	agreed, got := do(s, asking("v1"), seat.Agree{Version: "v1"})
	expect("to this text", got, "expected, nobody: agreed")
	if agreed.Agreed != "v1" || agreed.AgreedAt == nil || !agreed.GuestWasThere(window) {
		t.Errorf("%+v", agreed)
	}
	_, got = do(agreed, asking("v1"), seat.Agree{Version: "v1"})
	expect("twice", got, "expected, nobody")
	_, got = do(agreed, asking("v2"), arrive)
	expect("when the text has changed", got, "seat.consent")
	waiting, got := do(agreed, asking("v1"), arrive)
	expect("with it", got, "waiting, phone: arrived")
	_, got = do(waiting, asking("v2"), arrive)
	expect("who waits keeps the place when the text changes", got, "waiting, phone")
	_, got = do(waiting, asking("v1"), seat.Revoke{Who: laptop})
	expect("another device takes it back", got, "seat.elsewhere")
	gone, got := do(waiting, asking("v1"), seat.Revoke{Who: phone})
	expect("taken back while waiting", got, "expected, nobody: left revoked")
	if gone.Agreed != "" || gone.AgreedAt != nil {
		t.Errorf("%+v", gone)
	}
	_, got = do(gone, asking("v1"), arrive)
	expect("after that", got, "seat.consent")
	talking, _ := do(waiting, asking("v1"), seat.Admit{})
	_, got = do(talking, asking("v1"), seat.Revoke{Who: phone})
	expect("taken back in the talk", got, "expected, nobody: left revoked")
	moved, _ := do(agreed, asking("v1"), seat.Move{})
	_, got = do(moved, asking("v1"), arrive)
	expect("it is one appointment, also at another time", got, "waiting, phone: arrived")
	_, got = do(s, window, arrive)
	expect("where nothing is asked for", got, "waiting, phone: arrived")
}

// consenting is a seat whose guest is asked for consent, with the version of the text.
func (w *world) consenting() (place, string) {
	w.t.Helper()
	p := w.newPlace(w.own)
	w.tx(func(tx *db.Tx) error {
		at := agency.Place{Kind: agency.OfAgency, ID: p.agency}
		_, err := w.agencies.Decide(w.t.Context(), tx, p.agency, at, agency.LegalBasis, []byte(`"consent"`), false, "")
		return err
	})
	return p, w.browser().open(p.slug, p.secret).ok(w.t).view.Legal.Consent.Version
}

// says agrees, or takes it back, in a browser that was never seen before.
func (w *world) says(p place, version string, given bool) answer {
	w.t.Helper()
	return w.guest(p).at(p, "consent", body{"page": "page-one", "version": version, "given": given})
}

func (w *world) consents() []string {
	w.t.Helper()
	return dbtest.Texts(w.t, w.db, `SELECT act || ' ' || detail FROM audit_entry WHERE act LIKE 'consent.%' OR act LIKE 'appointment.%' ORDER BY seq`)
}

// Whoever has the link can do it from ever new browsers.
func TestAUD05NobodyFillsTheAuditWithConsentAndNobodyIsKeptFromIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p, version := w.consenting()
		w.says(p, version, false).ok(t) // there is nothing to take back
		for flip := range 24 {
			w.says(p, version, flip%2 == 0).ok(t)
		}
		w.clock.forward(time.Minute)
		w.says(p, version, true).ok(t) // the right guest
		w.says(p, version, true).ok(t) // that is so already
		if w.seat(p).Agreed != version {
			t.Error("what counts is not what was said last")
		}
		if got := w.consents(); len(got) != 10 {
			t.Errorf("%d times: %q", len(got), got)
		}
		at := w.clock.Now()
		w.clock.forward(9 * time.Minute)
		w.doJobs()
		w.await(p, "what was held is written", func(s seat.Seat) bool { return s.Noted.Held == 0 })
		got := w.consents()
		if want := fmt.Sprintf("consent.given version=%s count=15 at=%d", version, db.Ms(at)); len(got) != 11 || got[10] != want {
			t.Errorf("%q, want %q", got, want)
		}
		w.clock.forward(20 * time.Minute)
		w.says(p, version, false).ok(t)
		if got := w.consents(); len(got) != 12 || got[11] != "consent.revoked version="+version {
			t.Errorf("after a rest: %q", got)
		}
	})
}

func TestAUD05WhatCountsIsWrittenBeforeTheGuestIsLetIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p, version := w.consenting()
		for flip := range 13 {
			w.says(p, version, flip%2 == 0).ok(t)
		}
		w.guest(p).at(p, "arrive", arrival("page-one", false)).ok(t)
		if got := w.consents(); len(got) != 10 {
			t.Fatalf("%q", got)
		}
		w.must(p, seat.Admit{})
		got := w.consents()
		if want := fmt.Sprintf("consent.given version=%s count=3 at=%d", version, db.Ms(at(10, 0))); len(got) != 11 || got[10] != want {
			t.Errorf("%q, want %q", got, want)
		}
	})
}

// What the audit must be able to prove is each text that the guest has agreed to, and what counted in the end.
func TestAUD05ATextThatIsAgreedToForTheFirstTimeIsAlwaysWritten(t *testing.T) {
	do := func(s seat.Seat, version string, c seat.Command) seat.Seat {
		t.Helper()
		after, happened, err := seat.Apply(s, c, at(10, 0), asking(version))
		if err != nil {
			t.Fatal(err)
		}
		after, note := seat.NotedOf(s, after, happened, at(10, 0))
		if (note == nil) == (after.Noted.Held == 0) {
			t.Errorf("neither written nor held: %+v", after.Noted)
		}
		return after
	}
	s := in(seat.Expected)
	for range 12 {
		s = do(s, "v1", seat.Agree{Version: "v1"})
		s = do(s, "v1", seat.Revoke{Who: phone})
	}
	if s.Noted.Held != 14 {
		t.Fatalf("%+v", s.Noted)
	}
	s = do(s, "v2", seat.Agree{Version: "v2"})
	if s.Noted.Held != 0 || s.Noted.Version != "v2" {
		t.Errorf("another text: %+v", s.Noted)
	}
	s = do(s, "v2", seat.Revoke{Who: phone})
	if s.Noted.Held != 1 {
		t.Fatalf("%+v", s.Noted)
	}
	if s = do(s, "v2", seat.End{Reason: "noshow"}); s.Noted.Held != 0 {
		t.Errorf("when it is over: %+v", s.Noted)
	}
}
