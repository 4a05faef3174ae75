package seat_test

import (
	"testing"

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
