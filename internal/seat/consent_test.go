package seat_test

import (
	"net/http"
	"testing"

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

// Each time is an entry in the audit, so that nobody does it without end.
func TestAUD05NobodyKeepsAnotherWhoHasTheLinkFromConsenting(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		w.tx(func(tx *db.Tx) error {
			at := agency.Place{Kind: agency.OfAgency, ID: p.agency}
			_, err := w.agencies.Decide(t.Context(), tx, p.agency, at, agency.LegalBasis, []byte(`"consent"`), false, "")
			return err
		})
		other, right := w.guest(p), w.guest(p)
		version := right.open(p.slug, p.secret).ok(t).view.Legal.Consent.Version
		says := func(who *browser, given bool) answer {
			t.Helper()
			return who.at(p, "consent", body{"page": "page-one", "version": version, "given": given})
		}
		for range 12 {
			says(other, false).ok(t) // there is nothing to take back
		}
		flips := 0
		for says(other, flips%2 == 0).status == http.StatusOK && flips < 40 { // one more each five seconds
			flips++
		}
		if flips < 10 || flips == 40 {
			t.Errorf("%d times", flips)
		}
		agreed := w.seat(p).Agreed != ""
		if agreed != (flips%2 == 1) {
			t.Error("refused, and done all the same")
		}
		says(other, agreed).ok(t) // that is so already
		says(right, !agreed).ok(t)
		if entered := rows(t, d, `SELECT act FROM audit_entry WHERE act LIKE 'consent.%'`); len(entered) != flips+1 {
			t.Errorf("%d times: %q", flips, entered)
		}
	})
}
