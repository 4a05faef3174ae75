package talk_test

import (
	"net/http"
	"testing"

	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	. "visavis/internal/worldtest"
)

func TestAGuestIsPutOutOfATalkAndTheLinkSaysToCall(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.admit(s.sommer).Talk.ID
		held := Body{"outcome": "held"}
		s.do(s.sommer, id, "remove", held).Expect(t, http.StatusConflict, "talk.order") // nobody is there yet
		s.g.Signal(1, "enter", nil).OK(t)
		s.do(s.SignIn(s.o.Winter), id, "remove", held).Expect(t, http.StatusConflict, "talk.led")
		s.do(s.sommer, id, "remove", Body{"outcome": "noshow"}).Expect(t, http.StatusBadRequest, "request.invalid")
		s.do(s.sommer, id, "remove", held).OK(t)
		s.do(s.sommer, id, "remove", held).Expect(t, http.StatusGone, "talk.ended")

		if view, _ := guestSees(s.g); view["state"] != "closed" || view["closedReason"] != "removed" || view["talk"] != nil {
			t.Errorf("%v", view)
		}
		s.g.Arrive().Expect(t, http.StatusGone, "seat.closed")
		var again struct{ ClosedReason string } // the link, in another browser
		s.Guest(s.g.Place).Post("/api/guest/"+s.o.Slug+"/open", Body{"secret": s.g.Place.Secret}).OK(t).Into(t, &again)
		if again.ClosedReason != "removed" {
			t.Errorf("%+v", again)
		}
		var outcome string
		s.Scan(`SELECT outcome FROM appointment WHERE agency_id = $1 AND id = $2`, []any{s.o.Agency, s.g.Place.Appointment}, &outcome)
		if outcome != "held" {
			t.Errorf("the appointment is %s", outcome)
		}
		for act, want := range map[audit.Act]int{audit.GuestRemoved: 1, audit.TalkEnded: 1, audit.AppointmentClosed: 1} {
			if n := s.Count(`SELECT COUNT(*) FROM audit_entry WHERE agency_id = $1 AND act = $2`, s.o.Agency, act); n != want {
				t.Errorf("%s: %d entries, not %d", act, n, want)
			}
		}
	})
}
