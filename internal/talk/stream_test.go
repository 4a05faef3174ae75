package talk_test

import (
	"net/http"
	"testing"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	. "visavis/internal/worldtest"
)

func TestACC08TheWindowOfATalkEndsWhenItsDeskIsNoLongerThePersons(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.admit(s.sommer).Talk.ID
		s.say(s.sommer, id, 1, "answer", answer("staff")).OK(t)
		path := "/api/staff/talks/" + id
		window := s.sommer.Listen(path+"/stream", "")
		window.Until("snapshot", nil)
		s.Exec(`DELETE FROM staff_desk WHERE agency_id = $1 AND staff_id = $2`, s.o.Agency, s.o.Sommer.ID)
		s.sommer.Get(path).Expect(t, http.StatusNotFound, "talk.unknown")
		s.g.Signal(1, "reveal", Body{"nonce": Nonce}).OK(t)
		if name, data := window.Next(); name != "bye" || data != `{"reason":"elsewhere"}` {
			t.Errorf("%s %s", name, data)
		}
	})
}
