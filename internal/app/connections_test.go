package app

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"visavis/internal/worldtest"
)

// crowd is a listener that people reach from whatever address they like.
type crowd struct {
	coming chan net.Conn
	closed chan struct{}
}

func (c *crowd) Accept() (net.Conn, error) {
	select {
	case conn := <-c.coming:
		return conn, nil
	case <-c.closed:
		return nil, net.ErrClosed
	}
}

func (c *crowd) Close() error { close(c.closed); return nil }

func (*crowd) Addr() net.Addr { return &net.TCPAddr{} }

type fromConn struct {
	net.Conn
	from net.Addr
}

func (c fromConn) RemoteAddr() net.Addr { return c.from }

// town is a server that people from everywhere come to.
type town struct {
	*crowd
	t   *testing.T
	log *worldtest.Log
}

func newTown(t *testing.T, l limits) *town {
	t.Helper()
	w := &town{t: t, crowd: &crowd{make(chan net.Conn), make(chan struct{})}, log: &worldtest.Log{}}
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	s := newServer(hello, l, slog.New(slog.NewTextHandler(w.log, nil)))
	done := make(chan error, 1)
	go func() { done <- s.serve(s.open(w.crowd, nil, nil)) }()
	t.Cleanup(func() {
		_ = s.shutdown()
		if err := await(t, "end", done); err != nil {
			t.Error(err)
		}
		if len(s.conns.open) != 0 || len(s.conns.perSource) != 0 {
			t.Errorf("of connections that have ended %v and %v are left", s.conns.open, s.conns.perSource)
		}
	})
	return w
}

// comes tells whether somebody from an address is answered, and leaves the connection open.
func (w *town) comes(address string) (conn net.Conn, answered bool) {
	w.t.Helper()
	near, far := net.Pipe()
	w.coming <- fromConn{far, net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(address), 40_000))}
	w.t.Cleanup(func() { _ = near.Close() })
	if err := near.SetDeadline(time.Now().Add(patience)); err != nil {
		w.t.Fatal(err)
	}
	if _, err := io.WriteString(near, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		return near, false
	}
	response, err := http.ReadResponse(bufio.NewReader(near), nil)
	if err != nil {
		return near, false
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return near, err == nil && string(body) == "hello"
}

func (w *town) expect(address string, want bool, who string) net.Conn {
	w.t.Helper()
	conn, answered := w.comes(address)
	if answered != want {
		w.t.Errorf("%s: answered is %t", who, answered)
	}
	return conn
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
			_, answered = w.comes("203.0.113.7")
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

// A browser without HTTP/2 opens six connections.
func TestAnOfficeOf300PeopleBehindOneAddressIsLetIn(t *testing.T) {
	c := configured(t)
	w := newTown(t, limits{all: c.HTTP.MaxConnections, perSource: c.HTTP.MaxConnectionsPerSource})
	for n := range 300 * 6 {
		w.expect("203.0.113.7", true, fmt.Sprintf("connection %d of the office", n))
	}
	for n := range 2 * c.HTTP.MaxConnectionsPerSource {
		if _, answered := w.comes("203.0.113.7"); !answered {
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
