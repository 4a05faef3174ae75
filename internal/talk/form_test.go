package talk_test

import (
	"net/http"
	"testing"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	. "visavis/internal/worldtest"
)

func TestThatAFormWasOpenedOrConfirmedIsNotedOnlyByWhoLeadsARunningTalkWhereFormsAreSwitchedOn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		noted := func(opened, confirmed int) {
			t.Helper()
			for act, want := range map[string]int{"form.opened": opened, "form.confirmed": confirmed} {
				if n := s.Count(`SELECT COUNT(*) FROM audit_entry WHERE agency_id = $1 AND act = $2 AND detail = 'role=advisor'`, s.o.Agency, act); n != want {
					t.Errorf("%s: %d entries, not %d", act, n, want)
				}
			}
		}
		id := s.admit(s.sommer).Talk.ID
		s.do(s.sommer, id, "form", Body{"what": "opened", "title": "Antrag"}).Expect(t, http.StatusBadRequest, "request.invalid")
		s.do(s.sommer, id, "form", Body{"what": "signed"}).Expect(t, http.StatusBadRequest, "request.invalid")
		s.do(s.SignIn(s.o.Winter), id, "form", Body{"what": "opened"}).Expect(t, http.StatusConflict, "talk.led")
		noted(0, 0)
		s.do(s.sommer, id, "form", Body{"what": "opened"}).OK(t)
		s.do(s.sommer, id, "form", Body{"what": "confirmed"}).OK(t)
		noted(1, 1)
		s.do(s.sommer, id, "sendback", Body{}).OK(t)
		s.do(s.sommer, id, "form", Body{"what": "opened"}).Expect(t, http.StatusGone, "talk.ended")

		s.Decide(s.o, s.o.Agency, agency.TalkForm, `"off"`, false)
		s.do(s.sommer, s.admit(s.sommer).Talk.ID, "form", Body{"what": "opened"}).Expect(t, http.StatusConflict, "form.off")
		noted(1, 1)
	})
}

func TestAPageThatOpensFormsWithoutEndDoesNotFillTheAudit(t *testing.T) {
	s := newScene(t, dbtest.SQLite(t))
	id := s.admit(s.sommer).Talk.ID
	for range 10 {
		s.do(s.sommer, id, "form", Body{"what": "confirmed"}).OK(t)
	}
	s.do(s.sommer, id, "form", Body{"what": "confirmed"}).Expect(t, http.StatusTooManyRequests, "session.throttled")
}
