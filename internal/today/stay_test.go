package today_test

import (
	"net/http"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	. "visavis/internal/worldtest"
)

func TestTheDeskSeesHowLongSomebodyCanWaitAndNothingElseFollows(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		p, g, page := s.waiting()
		_, winter := snapshot(s.winter, "")
		until := Start().Add(20 * time.Minute).UnixMilli()
		said := func(want *int64) func(row) bool {
			return func(r row) bool {
				return r.ID == p.Appointment && (r.Seat.StayUntil == nil) == (want == nil) && (want == nil || *r.Seat.StayUntil == *want)
			}
		}
		var view struct {
			State     string
			StayUntil *int64
		}
		g.Do("stay", Body{"until": until}).OK(t).Into(t, &view)
		if view.StayUntil == nil || *view.StayUntil != until || view.State != "waiting" {
			t.Errorf("%+v", view)
		}
		s.until(winter, said(&until))
		page.Until("seat", nil)
		for _, wrong := range []int64{until + 1, Start().UnixMilli(), Start().Add(5 * time.Hour).UnixMilli()} {
			g.Do("stay", Body{"until": wrong}).Expect(t, http.StatusUnprocessableEntity, "stay.time")
		}
		other := s.Guest(p) // the same link on another device, which does not hold the place
		other.Page = "page-two"
		other.Do("stay", Body{}).Expect(t, http.StatusConflict, "seat.elsewhere")

		// AVA: nobody loses a place by it, however late it gets.
		s.Clock.Forward(8 * time.Hour)
		if fresh, _ := snapshot(s.sommer, ""); fresh.Rows[0].Seat.State != "waiting" || fresh.Rows[0].Seat.StayUntil == nil {
			t.Errorf("%+v", fresh.Rows[0].Seat)
		}
		g.Do("stay", Body{}).OK(t)
		s.until(winter, said(nil))
		g.Do("stay", Body{"until": s.Clock.Now().Truncate(5 * time.Minute).Add(10 * time.Minute).UnixMilli()}).OK(t)
		g.Do("leave", Body{}).OK(t)
		if n := s.Count(`SELECT COUNT(*) FROM seat WHERE agency_id = $1 AND stay_until IS NOT NULL`, s.o.Agency); n != 0 {
			t.Error("it stays after the wait")
		}
		g.Do("stay", Body{}).Expect(t, http.StatusConflict, "seat.not_waiting")
	})
}
