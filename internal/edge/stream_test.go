package edge_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"visavis/internal/edge"
)

// counter is a source that shows a number.
type counter struct {
	mu     sync.Mutex
	n      int
	oldest int // changes before it are gone
	bye    bool
	panics string
	log    bytes.Buffer
	wakes  map[chan struct{}]func()
	closed chan struct{}
}

func newCounter() *counter {
	return &counter{wakes: map[chan struct{}]func(){}, closed: make(chan struct{}, 2000)}
}

func (c *counter) set(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
	for wake, interrupt := range c.wakes {
		select {
		case wake <- struct{}{}:
		default:
		}
		interrupt()
	}
}

func (c *counter) source() edge.Source {
	wake := make(chan struct{}, 1)
	c.mu.Lock()
	c.wakes[wake] = func() {}
	c.mu.Unlock()
	return edge.Source{
		Wake: wake,
		OnWake: func(interrupt func()) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.wakes[wake] = interrupt
		},
		Snapshot: func(context.Context) (string, []edge.Event, error) {
			c.mu.Lock()
			defer c.mu.Unlock()
			return strconv.Itoa(c.n), []edge.Event{{Name: "snapshot", Data: c.n}}, nil
		},
		Changes: func(_ context.Context, after string) (string, []edge.Event, bool, error) {
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.panics != "" {
				panic(c.panics)
			}
			from, err := strconv.Atoi(after)
			if err != nil || from < c.oldest || from > c.n {
				return "", nil, false, nil
			}
			var events []edge.Event
			for i := from + 1; i <= c.n; i++ {
				events = append(events, edge.Event{Name: "change", Data: i})
			}
			if c.bye {
				events = append(events, edge.Event{Name: edge.EventBye, Data: map[string]string{"reason": "taken-over"}})
			}
			return strconv.Itoa(c.n), events, true, nil
		},
		Log: slog.New(slog.NewTextHandler(&c.log, nil)),
		Close: func() {
			c.mu.Lock()
			delete(c.wakes, wake)
			c.mu.Unlock()
			c.closed <- struct{}{}
		},
	}
}

func serve(t testing.TB, c *counter, http2 bool) *httptest.Server {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	mux := edge.NewMux()
	mux.HandleFunc("GET /stream", func(w http.ResponseWriter, r *http.Request) {
		if err := edge.Stream(w, r, c.source()); err != nil {
			edge.WriteProblem(w, edge.AsProblem(r.Context(), log, err))
		}
	})
	s := httptest.NewUnstartedServer(edge.Secure(mux, edge.SecureOptions{Log: log}))
	s.EnableHTTP2 = http2
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// reader reads one stream, event by event, as "name data".
type reader struct {
	t    testing.TB
	res  *http.Response
	text *bufio.Reader
	id   string
	end  context.CancelFunc
}

func listen(t testing.TB, s *httptest.Server, headers ...string) *reader {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return &reader{t: t, res: res, text: bufio.NewReader(res.Body), end: cancel}
}

func (r *reader) next() string {
	r.t.Helper()
	name, data := "", ""
	for {
		line, err := r.text.ReadString('\n')
		if err != nil {
			return "end"
		}
		switch field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": "); {
		case field == "event":
			name = value
		case field == "data":
			data = value
		case field == "id":
			r.id = value
		case field == "" && name != "":
			return name + " " + data
		}
	}
}

func (r *reader) expect(want ...string) {
	r.t.Helper()
	for _, w := range want {
		if got := r.next(); got != w {
			r.t.Fatalf("got %q, want %q", got, w)
		}
	}
}

func each(t *testing.T, f func(t *testing.T, http2 bool)) {
	t.Helper()
	for _, http2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("HTTP2=%v", http2), func(t *testing.T) { f(t, http2) })
	}
}

func TestAStreamSaysHelloThenTheSnapshotThenEachChange(t *testing.T) {
	each(t, func(t *testing.T, http2 bool) {
		c := newCounter()
		c.n = 3
		r := listen(t, serve(t, c, http2))
		r.expect("hello {}", "snapshot 3")
		c.set(func() { c.n = 5 })
		r.expect("change 4", "change 5")
		if r.id != "5" || !strings.Contains(r.res.Header.Get("Content-Security-Policy"), "'none'") {
			t.Error(r.id, r.res.Header)
		}
	})
}

// A wake-up may come at any moment of the stream's own work; one that were lost would show with the next change only.
func TestNoWakeUpIsLost(t *testing.T) {
	each(t, func(t *testing.T, http2 bool) {
		c := newCounter()
		r := listen(t, serve(t, c, http2))
		r.expect("hello {}", "snapshot 0")
		for i := 1; i <= 500; i++ {
			c.set(func() { c.n = i })
			r.expect(fmt.Sprintf("change %d", i))
		}
	})
}

func TestAStreamResumesAndAfterAGapTakesASnapshot(t *testing.T) {
	each(t, func(t *testing.T, http2 bool) {
		c := newCounter()
		c.n, c.oldest = 9, 5
		s := serve(t, c, http2)
		listen(t, s, "Last-Event-ID", "7").expect("hello {}", "change 8", "change 9")
		listen(t, s, "Last-Event-ID", "3").expect("hello {}", "snapshot 9")
		listen(t, s, "Last-Event-ID", "rubbish").expect("hello {}", "snapshot 9")
	})
}

func TestByeEndsTheStream(t *testing.T) {
	each(t, func(t *testing.T, http2 bool) {
		c := newCounter()
		r := listen(t, serve(t, c, http2))
		r.expect("hello {}", "snapshot 0")
		c.set(func() { c.bye = true })
		r.expect(`bye {"reason":"taken-over"}`, "end")
		<-c.closed
	})
}

func TestAReaderWhoLeavesIsNoticedAtOnce(t *testing.T) {
	each(t, func(t *testing.T, http2 bool) {
		c := newCounter()
		r := listen(t, serve(t, c, http2))
		r.expect("hello {}", "snapshot 0")
		r.end()
		select {
		case <-c.closed:
		case <-time.After(12 * time.Second): // a heartbeat, which would fail, comes after 15
			t.Fatal("not noticed before the next heartbeat")
		}
	})
}

func TestAPageBehindABufferingProxyPollsTheSameEvents(t *testing.T) {
	c := newCounter()
	c.n = 2
	s := serve(t, c, false)
	poll := func(after string) (events []struct{ Name string }, head string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/stream?after="+after, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := s.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		var out struct {
			Events []struct{ Name string }
			Head   string
		}
		if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
			t.Fatal(err)
		}
		return out.Events, out.Head
	}
	if events, head := poll(""); len(events) != 1 || events[0].Name != "snapshot" || head != "2" {
		t.Error(events, head)
	}
	go c.set(func() { c.n = 3 })
	if events, head := poll("2"); len(events) != 1 || events[0].Name != "change" || head != "3" {
		t.Error(events, head)
	}
}

// BenchmarkMemoryOfAWaitingReader prints what 1,000 idle streams cost the server,
// in kB each: heap and stacks of this process, the clients' share subtracted by
// keeping them as bare sockets.
func BenchmarkMemoryOfAWaitingReader(b *testing.B) {
	const readers = 1000
	c := newCounter()
	log := slog.New(slog.DiscardHandler)
	s := httptest.NewServer(edge.Secure(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := edge.Stream(w, r, c.source()); err != nil {
			edge.WriteProblem(w, edge.AsProblem(r.Context(), log, err))
		}
	}), edge.SecureOptions{Log: log}))
	defer s.Close()
	before := used()
	conns := dialAll(b, s.Listener.Addr().String(), readers)
	after := used()
	for _, conn := range conns {
		_ = conn.Close()
	}
	for range readers {
		<-c.closed
	}
	b.ReportMetric(float64(after-before)/readers/1000, "kB/reader")
	b.ReportMetric(0, "ns/op")
}

func used() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// dialAll opens streams as bare sockets and waits for the greeting of each.
func dialAll(b *testing.B, address string, n int) []net.Conn {
	b.Helper()
	var conns []net.Conn
	buf := make([]byte, 4096)
	for range n {
		conn, err := (&net.Dialer{}).DialContext(b.Context(), "tcp", address)
		if err != nil {
			b.Fatal(err)
		}
		conns = append(conns, conn)
		if _, err := conn.Write([]byte("GET /stream HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n")); err != nil {
			b.Fatal(err)
		}
		for seen := ""; !strings.Contains(seen, "snapshot"); {
			k, err := conn.Read(buf)
			if err != nil {
				b.Fatal(err)
			}
			seen += string(buf[:k])
		}
	}
	return conns
}

// A stream that was taken over from net/http runs in a goroutine of its own, where nothing else would stop a panic from
// ending the process and with it all talks.
func TestAPanicOfASourceEndsItsStreamAndNothingElse(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		c := newCounter()
		s := serve(t, c, http2)
		r := listen(t, s)
		r.expect("hello {}")
		r.expect("snapshot 0")
		c.set(func() { c.panics = "KANARIE" })
		r.expect("end")
		<-c.closed
		if strings.Contains(c.log.String(), "KANARIE") || !strings.Contains(c.log.String(), "edge/stream_test.go") {
			t.Errorf("%v: the log names no place, or the value: %s", http2, c.log.String())
		}
	}
}
