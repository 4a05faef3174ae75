package staff_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

func TestOfTooManySessionsTheOneUnusedForLongestEndsAndSoDoItsStreams(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		colleague, used, left := n.SignIn(o.Winter), n.SignIn(o.Sommer), n.SignIn(o.Sommer)
		n.Clock.Forward(10 * time.Minute)
		list := left.Listen("/api/staff/stream", "")
		list.Until("snapshot", nil)
		n.Clock.Forward(10 * time.Minute)
		if !signedIn(used) {
			t.Fatal("not in")
		}
		b := n.Browser()
		for range 49 {
			n.Clock.Forward(time.Millisecond)
			b.Post(path, credentials(o.Sommer, Password)).OK(t)
		}
		if got := list.Until("bye", nil); got != `{"reason":"signed-out"}` {
			t.Error(got)
		}
		if signedIn(left) || !signedIn(used) || !signedIn(colleague) || !signedIn(b) {
			t.Error("the wrong session ended")
		}
		if rows := n.Count(`SELECT COUNT(*) FROM staff_session WHERE agency_id = $1 AND staff_id = $2`, o.Agency, o.Sommer.ID); rows != 50 {
			t.Errorf("%d sessions", rows)
		}
	})
}

func TestAnAccountSignsInOnlySoOftenAtATime(t *testing.T) {
	for name, knowsPassword := range map[string]bool{"a network": false, "a known device": true} {
		t.Run(name, func(t *testing.T) {
			w := New(t, dbtest.SQLite(t))
			w.Cost = staff.Cost{} // the real one, or they would hardly meet
			n := w.Node()
			o := n.Office("lindenau")
			b := n.Browser()
			if knowsPassword {
				b.Post(path, credentials(o.Sommer, Password)).OK(t)
			}
			var all sync.WaitGroup
			var in, throttled atomic.Int32
			for range 40 {
				all.Go(func() {
					one := b
					if !knowsPassword {
						one = n.Browser()
					}
					switch a := one.Post(path, credentials(o.Sommer, Password)); a.Status {
					case http.StatusOK:
						in.Add(1)
					case http.StatusTooManyRequests:
						throttled.Add(1)
					default:
						t.Errorf("%d %s", a.Status, a.Text)
					}
				})
			}
			all.Wait()
			if in.Load() < 1 || throttled.Load() < 1 {
				t.Errorf("%d sign-ins, %d throttled", in.Load(), throttled.Load())
			}
			b.Post(path, credentials(o.Sommer, Password)).OK(t) // when they are through
		})
	}
}
