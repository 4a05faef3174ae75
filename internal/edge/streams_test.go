package edge_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"visavis/internal/edge"
)

// bounded serves a counter whose streams are bounded: two of each owner, three of all.
func bounded(t *testing.T, c *counter, http2 bool) *httptest.Server {
	t.Helper()
	log, streams := slog.New(slog.DiscardHandler), edge.NewStreams(3, 2)
	s := httptest.NewUnstartedServer(edge.Secure(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		source := streams.Enter("one", r.Header.Get("Owner"), c.source())
		if err := edge.Stream(w, r, source); err != nil {
			edge.WriteProblem(w, edge.AsProblem(r.Context(), log, err))
		}
	}), edge.SecureOptions{Log: log}))
	s.EnableHTTP2 = http2
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func TestOfTooManyStreamsOfAnOwnerItsOldestEnds(t *testing.T) {
	each(t, func(t *testing.T, http2 bool) {
		c := newCounter()
		s := bounded(t, c, http2)
		other := listen(t, s, "Owner", "other")
		other.expect("hello {}", "snapshot 0")
		var mine []*reader
		for range 3 {
			r := listen(t, s, "Owner", "me")
			r.expect("hello {}", "snapshot 0")
			mine = append(mine, r)
		}
		mine[0].expect("end")
		<-c.closed
		c.set(func() { c.n = 1 })
		for _, r := range []*reader{other, mine[1], mine[2]} {
			r.expect("change 1")
		}
	})
}

func TestOfTooManyStreamsOfAllTheOldestOfWhoHasMostEnds(t *testing.T) {
	each(t, func(t *testing.T, http2 bool) {
		c := newCounter()
		s := bounded(t, c, http2)
		var all []*reader
		for _, owner := range []string{"me", "other", "other", "third"} {
			r := listen(t, s, "Owner", owner)
			r.expect("hello {}", "snapshot 0")
			all = append(all, r)
		}
		all[1].expect("end")
		fifth := listen(t, s, "Owner", "fourth") // now each has one: the oldest of all
		fifth.expect("hello {}", "snapshot 0")
		all[0].expect("end")
		c.set(func() { c.n = 1 })
		for _, r := range []*reader{all[2], all[3], fifth} {
			r.expect("change 1")
		}
	})
}

func TestALongPollGivesWayAndIsToldToComeAgain(t *testing.T) {
	c := newCounter()
	s := bounded(t, c, false)
	status := make(chan int, 1)
	go func() {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/stream?after=0", nil)
		if err != nil {
			t.Error(err)
		}
		r.Header.Set("Owner", "me")
		res, err := s.Client().Do(r)
		if err != nil {
			t.Error(err)
			status <- 0
			return
		}
		_ = res.Body.Close()
		status <- res.StatusCode
	}()
	for range 20 { // the poll is among them, wherever
		listen(t, s, "Owner", "me").expect("hello {}", "snapshot 0")
		select {
		case got := <-status:
			if got != http.StatusServiceUnavailable {
				t.Errorf("is answered with %d", got)
			}
			return
		default:
		}
	}
	if got := <-status; got != http.StatusServiceUnavailable {
		t.Errorf("is answered with %d", got)
	}
}
