package seat_test

import (
	"net/http"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/seat"
)

func TestACheckThatSaysNothingNewIsNotWritten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		guest, family := w.guest(p), w.guest(p)
		count := func(query string) (n int) {
			t.Helper()
			if err := d.Read().QueryRowContext(t.Context(), query, p.id).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		told := func() int { return count(`SELECT COUNT(*) FROM stream_change WHERE topic = 'seat:' || $1`) }
		before := told()
		for _, step := range []struct {
			what   string
			by     *browser
			result string
			after  time.Duration
			told   int
		}{
			{"at first", guest, "started", 0, 1},
			{"again", guest, "started", time.Second, 0},
			{"another result that is as good", guest, "ok", time.Second, 0},
			{"from another browser", family, "started", time.Second, 0},
			{"a failure", guest, "failed", time.Second, 1},
			{"the failure again", family, "failed", time.Second, 0},
			{"what a failure has said, too", family, "ok", time.Second, 0},
			{"a minute later", guest, "started", time.Minute, 1},
			{"the failure a minute later", guest, "failed", time.Second, 1},
		} {
			w.clock.forward(step.after)
			for range 3 {
				step.by.at(p, "check", body{"result": step.result}).expect(t, http.StatusNoContent, "")
			}
			if now := told(); now != before+step.told {
				t.Errorf("%s: told %d times, want %d", step.what, now-before, step.told)
			}
			before = told()
		}
		if n := count(`SELECT COUNT(*) FROM seat_browser WHERE seat_id = $1 AND acted_at IS NOT NULL`); n != 2 {
			t.Errorf("%d browsers are known to be people's", n)
		}
		w.must(p, seat.End{Reason: "technical"})
		guest.at(p, "check", body{"result": "failed"}).expect(t, http.StatusGone, "seat.closed")
	})
}

// What was before the window speaks against no no-show.
func TestAClickThatIsTheFirstInTheWindowIsNews(t *testing.T) {
	w := seat.Window{Opens: at(10, 0), Starts: at(10, 15), Ends: at(10, 45), Closes: at(11, 0)}
	s, _, err := seat.Apply(seat.Seat{State: seat.Expected}, seat.Opened{Failed: true}, at(10, 0).Add(-time.Second), w)
	if err != nil || s.GuestWasThere(w) {
		t.Fatalf("%+v %v", s, err)
	}
	s, _, err = seat.Apply(s, seat.Opened{}, at(10, 0), w)
	if err != nil || !s.GuestWasThere(w) {
		t.Errorf("%+v %v", s, err)
	}
}
