package app

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/stun/v3"

	"visavis/internal/relay/turn"
	"visavis/internal/worldtest"
)

// arrivals is a listener that people reach from whatever address they like.
type arrivals struct {
	coming chan net.Conn
	closed chan struct{}
}

func (a *arrivals) Accept() (net.Conn, error) {
	select {
	case conn := <-a.coming:
		return conn, nil
	case <-a.closed:
		return nil, net.ErrClosed
	}
}

func (a *arrivals) Close() error { close(a.closed); return nil }

func (*arrivals) Addr() net.Addr { return &net.TCPAddr{} }

type fromConn struct {
	net.Conn
	from net.Addr
}

func (c fromConn) RemoteAddr() net.Addr { return c.from }

// states are what the server knows of its connections.
type states struct {
	mu     sync.Mutex
	of     map[net.Conn]http.ConnState
	change chan struct{}
}

// watch makes what s is told known to the test, too.
func watch(s *server) *states {
	w := &states{of: map[net.Conn]http.ConnState{}, change: make(chan struct{})}
	note := s.http.ConnState
	s.http.ConnState = func(conn net.Conn, state http.ConnState) {
		note(conn, state)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.of[conn] = state
		close(w.change)
		w.change = make(chan struct{})
	}
	return w
}

// settle waits until no more requests than these are under way.
func (w *states) settle(t *testing.T, busy int) {
	t.Helper()
	for {
		w.mu.Lock()
		change, active := w.change, 0
		for _, state := range w.of {
			if state == http.StateActive {
				active++
			}
		}
		w.mu.Unlock()
		if active <= busy {
			return
		}
		await(t, "end of a request", change)
	}
}

// hello answers at once, and at /stream never comes to an end.
func hello(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, "hello")
	if strings.HasSuffix(r.URL.Path, "/stream") {
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
}

// town is a server that people from everywhere come to.
type town struct {
	*arrivals
	t      *testing.T
	log    *worldtest.Log
	states *states
	busy   int // streams that were opened
}

func newTown(t *testing.T, l limits) *town {
	t.Helper()
	w := &town{t: t, arrivals: &arrivals{make(chan net.Conn), make(chan struct{})}, log: &worldtest.Log{}}
	s := newServer(http.HandlerFunc(hello), l, slog.New(slog.NewTextHandler(w.log, nil)))
	w.states = watch(s)
	done := make(chan error, 1)
	go func() { done <- s.serve(s.open(w.arrivals, nil, nil)) }()
	t.Cleanup(func() {
		_ = s.shutdown()
		if err := await(t, "end", done); err != nil {
			t.Error(err)
		}
		if len(s.conns.open) != 0 || s.conns.crowd.Count() != 0 {
			t.Errorf("of connections that have ended %v and %d are left", s.conns.open, s.conns.crowd.Count())
		}
	})
	return w
}

// comes tells whether somebody from an address is answered, and leaves the connection open.
func (w *town) comes(address, path string) (conn net.Conn, answered bool) {
	w.t.Helper()
	near, far := net.Pipe()
	w.coming <- fromConn{far, net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(address), 40_000))}
	w.t.Cleanup(func() { _ = near.Close() })
	if near.SetDeadline(time.Now().Add(patience)) != nil { // refused already: the other end is closed
		return near, false
	}
	if _, err := io.WriteString(near, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		return near, false
	}
	response, err := http.ReadResponse(bufio.NewReader(near), nil)
	if err != nil {
		return near, false
	}
	body := make([]byte, len("hello"))
	if _, err = io.ReadFull(response.Body, body); err != nil || string(body) != "hello" {
		return near, false
	}
	if path == "/stream" {
		w.busy++
	}
	w.states.settle(w.t, w.busy)
	return near, true
}

// expect is about somebody who opens a stream.
func (w *town) expect(address string, want bool, who string) net.Conn {
	w.t.Helper()
	conn, answered := w.comes(address, "/stream")
	if answered != want {
		w.t.Errorf("%s: answered is %t", who, answered)
	}
	return conn
}

// rests is somebody who has been answered, and has nothing more to ask.
func (w *town) rests(address string) net.Conn {
	w.t.Helper()
	conn, answered := w.comes(address, "/")
	if !answered {
		w.t.Fatalf("%s is not answered", address)
	}
	return conn
}

// open tells whether the server keeps a connection.
func (w *town) open(conn net.Conn) bool {
	w.t.Helper()
	if conn.SetReadDeadline(time.Now().Add(20*time.Millisecond)) != nil { // of a pipe whose other end is closed
		return false
	}
	var timeout net.Error
	_, err := conn.Read(make([]byte, 1))
	return errors.As(err, &timeout) && timeout.Timeout()
}

func TestOneSourceCannotTakeAllConnections(t *testing.T) {
	w := newTown(t, limits{all: 12, perSource: 4, trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	first := w.expect("203.0.113.7", true, "the first")
	for range 3 {
		w.expect("203.0.113.7", true, "one of four")
	}
	w.expect("203.0.113.7", false, "a fifth from one address")
	w.expect("203.0.113.8", true, "the neighbour")
	for host := range 4 {
		w.expect(fmt.Sprintf("2001:db8:0:1::%d", host+1), true, "one of four of an IPv6 network")
	}
	w.expect("2001:db8:0:1:ffff::9", false, "a fifth from one IPv6 network")
	_ = first.Close()
	late := time.After(patience)
	for answered := false; !answered; { // the server sees the end in its own time
		select {
		case <-late:
			t.Fatal("a place that is free is not given again")
		default:
			_, answered = w.comes("203.0.113.7", "/stream")
		}
	}
	for n := range 3 {
		w.expect("10.0.0.1", true, fmt.Sprintf("somebody behind the proxy, %d", n))
	}
	w.expect("198.51.100.1", false, "anybody, when there are too many")
	said := w.log.String()
	if strings.Count(said, "some are refused") != 1 {
		t.Errorf("the log says once a minute that some are refused: %s", said)
	}
	if strings.Contains(said, "203.0") || strings.Contains(said, "2001:") {
		t.Errorf("the log names an address: %s", said)
	}
}

// Else a few networks, which with IPv6 one household has, would hold all connections with next to nothing.
func TestTheConnectionUnusedForLongestGivesWayToWhoComesNext(t *testing.T) {
	for name, with := range map[string]struct {
		limits
		next string
		gone int
	}{
		"there is room":                     {limits{all: 5, perSource: 3}, "203.0.113.9", -1},
		"of all":                            {limits{all: 4, perSource: 3}, "203.0.113.9", 2},
		"of its own source":                 {limits{all: 9, perSource: 1}, "203.0.113.4", 3},
		"of its own source, with all taken": {limits{all: 4, perSource: 1}, "203.0.113.4", 3},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t, with.limits)
			all := []net.Conn{w.expect("203.0.113.1", true, "a stream")}
			for n := 2; n < 5; n++ {
				all = append(all, w.rests(fmt.Sprintf("203.0.113.%d", n)))
			}
			if _, err := io.WriteString(all[1], "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil { // the first, again
				t.Fatal(err)
			}
			if _, err := http.ReadResponse(bufio.NewReader(all[1]), nil); err != nil {
				t.Fatal(err)
			}
			w.states.settle(t, w.busy)
			w.rests(with.next)
			for n, conn := range all {
				if w.open(conn) != (n != with.gone) {
					t.Errorf("connection %d is closed: %t", n, n != with.gone)
				}
			}
			if said := w.log.String(); strings.Contains(said, "are closed") != (with.gone >= 0) || strings.Contains(said, "refused") || strings.Contains(said, "203.0") {
				t.Errorf("the log says %q", said)
			}
		})
	}
}

func TestWhoHasAskedForNothingYetGivesWay(t *testing.T) {
	w := newTown(t, limits{all: 20, perSource: 20})
	for range 60 { // half a request each
		near, far := net.Pipe()
		t.Cleanup(func() { _ = near.Close() })
		w.coming <- fromConn{far, net.TCPAddrFromAddrPort(netip.MustParseAddrPort("203.0.113.7:40000"))}
	}
	w.expect("203.0.113.8", true, "who asks")
}

// A browser without HTTP/2 opens six connections.
func TestAnOfficeOf300PeopleBehindOneAddressIsLetIn(t *testing.T) {
	c := configured(t)
	w := newTown(t, limits{all: c.HTTP.MaxConnections, perSource: c.HTTP.MaxConnectionsPerSource})
	for n := range 300 * 6 {
		w.expect("203.0.113.7", true, fmt.Sprintf("connection %d of the office", n))
	}
	for n := range 2 * c.HTTP.MaxConnectionsPerSource {
		if _, answered := w.comes("203.0.113.7", "/stream"); !answered {
			w.expect("198.51.100.1", true, "somebody elsewhere")
			return
		}
		if n > c.HTTP.MaxConnectionsPerSource {
			t.Fatal("one address has no limit")
		}
	}
}

func TestPeopleOnThisMachineAndBehindProxiesAreNoSource(t *testing.T) {
	l := limits{trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	for address, want := range map[string]string{
		"127.0.0.1": "invalid IP", "::1": "invalid IP", "10.1.2.3": "invalid IP", "::ffff:10.1.2.3": "invalid IP",
		"203.0.113.7": "203.0.113.7", "::ffff:203.0.113.7": "203.0.113.7", "2001:db8::1": "2001:db8::",
	} {
		at := net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(address), 1))
		if got := l.source(at).String(); got != want {
			t.Errorf("%s counts as %s, want %s", address, got, want)
		}
	}
}

// person is a browser with one connection.
type person struct {
	net.Conn
	t      *testing.T
	client *http.Client
	url    string
	gone   chan struct{}
	ended  sync.Once
}

// Read is called by the client all the time, also where it waits for nothing.
func (p *person) Read(into []byte) (int, error) {
	size, err := p.Conn.Read(into)
	if err != nil {
		p.ended.Do(func() { close(p.gone) })
	}
	return size, err
}

func newPerson(t *testing.T, url string, version int) *person {
	t.Helper()
	p := &person{t: t, url: url, gone: make(chan struct{})}
	var versions http.Protocols
	versions.SetHTTP1(version == 1)
	versions.SetHTTP2(version == 2)
	transport := &http.Transport{
		Protocols: &versions, TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if p.Conn != nil {
				return nil, errors.New("one connection is enough")
			}
			var err error
			p.Conn, err = (&net.Dialer{}).DialContext(ctx, network, address)
			return p, err
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	p.client = &http.Client{Transport: transport, Timeout: patience}
	return p
}

// asks returns what comes in answer, as a stream.
func (p *person) asks(path string) io.Reader {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.url+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	response, err := p.client.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = response.Body.Close() })
	if _, err := io.ReadFull(response.Body, make([]byte, len("hello"))); err != nil {
		p.t.Fatal(err)
	}
	if path == "/" {
		_, _ = io.Copy(io.Discard, response.Body) // to its end
	}
	return response.Body
}

// speakTURN opens a connection and says something that only TURN understands.
func speakTURN(t *testing.T, at string) net.Conn {
	t.Helper()
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}
	conn, err := dialer.DialContext(t.Context(), "tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	isAnswered(t, conn)
	return conn
}

func isAnswered(t *testing.T, relayed net.Conn) {
	t.Helper()
	say(t, relayed, string(stun.MustBuild(stun.TransactionID, stun.BindingRequest).Raw))
	if _, err := relayed.Read(make([]byte, 1500)); err != nil {
		t.Errorf("TURN does not answer: %v", err)
	}
}

// serveTLS serves hello for so many people besides one who uses TURN.
func serveTLS(t *testing.T, most int, certs *certificates, detour *turn.Server) (at string, w *states) {
	t.Helper()
	l, err := listen(t.Context(), "http.listen", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var secure *tls.Config
	if certs != nil {
		secure = certs.config()
	}
	if detour != nil {
		most++
	}
	s := newServer(http.HandlerFunc(hello), limits{all: most, perSource: most}, slog.New(slog.DiscardHandler))
	w = watch(s)
	opened, done := s.open(l, secure, detour), make(chan error, 1)
	go func() { done <- s.serve(opened) }()
	t.Cleanup(func() {
		_ = s.shutdown()
		_ = await(t, "end", done)
	})
	return l.Addr().String(), w
}

func TestAConnectionWithARequestNeverGivesWayHoweverItIsSpoken(t *testing.T) {
	c := configured(t, "VISAVIS_HTTP_TLS=self-signed", "VISAVIS_HTTP_URL=https://localhost")
	if err := c.MakeDataDir(); err != nil {
		t.Fatal(err)
	}
	certs, err := newCertificates(c, nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	nowhere := netip.MustParseAddrPort("127.0.0.1:9")
	detour, err := turn.New(turn.Options{Key: make([]byte, turn.KeyBytes), Relay: []turn.Way{{Advertised: nowhere, Real: nowhere}}})
	if err != nil {
		t.Fatal(err)
	}
	for name, with := range map[string]struct {
		certs   *certificates
		turn    *turn.Server
		version int
	}{
		"HTTP/1.1":             {nil, nil, 1},
		"HTTP/1.1 over TLS":    {certs, nil, 1},
		"HTTP/2":               {certs, nil, 2},
		"HTTP/1.1 beside TURN": {certs, detour, 1},
		"HTTP/2 beside TURN":   {certs, detour, 2},
	} {
		t.Run(name, func(t *testing.T) {
			at, states := serveTLS(t, 3, with.certs, with.turn)
			url := "http://" + at
			if with.certs != nil {
				url = "https://" + at
			}
			var relayed net.Conn
			if with.turn != nil {
				relayed = speakTURN(t, at)
			}
			comes := func() *person {
				p := newPerson(t, url, with.version)
				p.asks("/")
				return p
			}
			busy := comes()
			states.settle(t, 0)
			busy.asks("/stream")
			if with.version == 2 {
				busy.asks("/") // one of its requests is over, one is not
			}
			var resting []*person
			for range 5 {
				newest := comes()
				states.settle(t, 1)
				if resting = append(resting, newest); len(resting) < 3 {
					continue
				}
				await(t, "end of the connection unused for longest", resting[0].gone)
				resting = resting[1:]
				for _, p := range []*person{busy, resting[0], resting[1]} {
					select {
					case <-p.gone:
						t.Fatal("another one is closed")
					default:
					}
				}
			}
			if relayed != nil {
				isAnswered(t, relayed)
			}
		})
	}
}
