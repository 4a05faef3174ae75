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

func TestSomebodySeesWhatTheyAreSignedInWithAndEndsOneOfThem(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		agents := map[string]string{
			"firefox windows": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
			"edge windows":    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
			"safari ios":      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
			"chrome android":  "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
			" ":               "<script>alert(1)</script>",
		}
		open := map[string]*Browser{}
		for is, agent := range agents {
			b := n.Browser()
			b.Header.Set("User-Agent", agent)
			b.Post(path, credentials(o.Sommer, Password)).OK(t)
			open[is] = b
		}
		colleague := n.SignIn(o.Winter)
		var account staff.OwnAccount
		own := open["firefox windows"]
		own.Get("/api/staff/account").OK(t).Into(t, &account)
		ids := map[string]string{}
		for _, one := range account.Sessions {
			is := one.Browser + " " + one.System
			if _, known := agents[is]; !known || one.Current != (is == "firefox windows") {
				t.Errorf("%+v", one)
			}
			ids[is] = one.ID
		}
		list := open["edge windows"].Listen("/api/staff/stream", "")
		list.Until("snapshot", nil)
		end := "/api/staff/account/sessions/"
		colleague.Send(http.MethodDelete, end+ids["edge windows"], nil).Expect(t, http.StatusNotFound, "not_found")
		own.Send(http.MethodDelete, end+ids["edge windows"], nil).OK(t).Into(t, &account)
		if list.Until("bye", nil); len(account.Sessions) != 4 || signedIn(open["edge windows"]) || !signedIn(open["safari ios"]) || !signedIn(own) || !signedIn(colleague) {
			t.Errorf("%+v", account.Sessions)
		}
		own.Send(http.MethodDelete, end+ids["edge windows"], nil).Expect(t, http.StatusNotFound, "not_found")
		if n.Count(`SELECT COUNT(*) FROM audit_entry WHERE agency_id = $1 AND act = 'session.ended' AND detail = 'why=chosen count=1'`, o.Agency) != 1 {
			t.Error("the audit knows nothing of it")
		}
		if n.Count(`SELECT COUNT(*) FROM staff_session WHERE device LIKE '%142%' OR device LIKE '%script%'`) != 0 {
			t.Error("more is kept than two words")
		}
	})
}
