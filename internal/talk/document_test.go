package talk_test

import (
	"net/http"
	"testing"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	. "visavis/internal/worldtest"
)

func TestThatADocumentWasSeenIsNotedOnlyByWhoLeadsARunningTalkWhereDocumentsAreSwitchedOn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		noted := func(want int) {
			t.Helper()
			if n := s.Count(`SELECT COUNT(*) FROM audit_entry WHERE agency_id = $1 AND act = 'document.seen'`, s.o.Agency); n != want {
				t.Errorf("%d entries, not %d", n, want)
			}
		}
		id := s.admit(s.sommer).Talk.ID
		s.do(s.sommer, id, "document", Body{"name": "Ausweis"}).Expect(t, http.StatusBadRequest, "request.invalid")
		s.do(s.SignIn(s.o.Winter), id, "document", Body{}).Expect(t, http.StatusConflict, "talk.led")
		noted(0)
		s.do(s.sommer, id, "document", Body{}).OK(t)
		noted(1)
		s.do(s.sommer, id, "sendback", Body{}).OK(t)
		s.do(s.sommer, id, "document", Body{}).Expect(t, http.StatusGone, "talk.ended")

		s.Decide(s.o, s.o.Agency, agency.TalkDocument, `"off"`, false)
		s.do(s.sommer, s.admit(s.sommer).Talk.ID, "document", Body{}).Expect(t, http.StatusConflict, "document.off")
		noted(1)
	})
}

func TestAPageThatSeesDocumentsWithoutEndDoesNotFillTheAudit(t *testing.T) {
	s := newScene(t, dbtest.SQLite(t))
	id := s.admit(s.sommer).Talk.ID
	untilThrottled(t, 10, func() Answer { return s.do(s.sommer, id, "document", Body{}) })
}

// untilThrottled asks as often as may be, and on until it is refused: a machine that is slow has earned some more meanwhile.
func untilThrottled(t *testing.T, most int, ask func() Answer) {
	t.Helper()
	for range most {
		ask().OK(t)
	}
	for range 2 * most {
		a := ask()
		if a.Status == http.StatusTooManyRequests {
			a.Expect(t, http.StatusTooManyRequests, "session.throttled")
			return
		}
		a.OK(t)
	}
	t.Errorf("%d times, never refused", 3*most)
}
