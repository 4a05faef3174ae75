package app

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"visavis/internal/worldtest"
)

func newTestLobby(all, perSource int) (*lobby, *worldtest.Log) {
	log := &worldtest.Log{}
	l := newLobby(limits{trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}, slog.New(slog.NewTextHandler(log, nil)))
	l.all, l.perSource = all, perSource
	return l, log
}

// comer is a connection that shows whether it was closed.
type comer struct {
	net.Conn
	from   string
	closed bool
}

func (c *comer) Close() error { c.closed = true; return nil }

func (c *comer) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(c.from), 1))
}

func TestTheOldestUndecidedConnectionOfASourceGivesWayToTheNewest(t *testing.T) {
	l, log := newTestLobby(100, 2)
	neighbour := &comer{from: "203.0.113.8"}
	l.enter(neighbour)
	var all []*comer
	var last *visitor
	for range 5 {
		all = append(all, &comer{from: "203.0.113.7"})
		last = l.enter(all[len(all)-1])
	}
	for i, c := range all {
		if want := i < 3; c.closed != want {
			t.Errorf("connection %d of five, where two may be: closed is %t", i, c.closed)
		}
	}
	if neighbour.closed {
		t.Error("somebody else's connection is older, and was closed")
	}
	if !l.leave(last) || l.leave(last) {
		t.Error("the newest does not leave once")
	}
	if said := log.String(); strings.Count(said, "say nothing") != 1 || strings.Contains(said, "203.0") {
		t.Errorf("the log says once a minute, without an address, that some were closed: %s", said)
	}
}

func TestACustomersWholeNetworkIsOneSource(t *testing.T) {
	l, _ := newTestLobby(100, 2)
	first, other := &comer{from: "2001:db8:0:1::1"}, &comer{from: "2001:db8:0:2::1"}
	l.enter(first)
	l.enter(other)
	l.enter(&comer{from: "2001:db8:0:1:ffff::2"})
	l.enter(&comer{from: "2001:db8:0:1:eeee::3"})
	if !first.closed || other.closed {
		t.Errorf("the network's first connection is closed: %t, another customer's: %t", first.closed, other.closed)
	}
}

func TestBehindAProxyAndOnThisMachineOnlyTheLimitOfAllHolds(t *testing.T) {
	for _, from := range []string{"10.1.2.3", "127.0.0.1", "::1"} {
		l, _ := newTestLobby(5, 2)
		var all []*comer
		for range 6 {
			all = append(all, &comer{from: from})
			l.enter(all[len(all)-1])
		}
		for i, c := range all {
			if want := i == 0; c.closed != want {
				t.Errorf("connection %d of six from %s, where five may be: closed is %t", i, from, c.closed)
			}
		}
	}
}

// Somebody who shares an address with an attacker, as in a household or an office, still gets in.
func TestAVAManyHalfOpenConnectionsOfASourceDoNotShutItOut(t *testing.T) {
	w := &arrivals{make(chan net.Conn), make(chan struct{})}
	s := shareOn(t, w, func(p *sharedPort) { p.lobby.perSource, p.wait = 20, 4*patience })
	comes := func() net.Conn {
		near, far := net.Pipe()
		w.coming <- fromConn{far, net.TCPAddrFromAddrPort(netip.MustParseAddrPort("203.0.113.7:40000"))}
		t.Cleanup(func() { _ = near.Close() })
		return near
	}
	for range 60 {
		comes()
	}
	begun := time.Now()
	conn := tls.Client(comes(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	say(t, conn, request)
	if got := hears(t, conn); len(got) < 12 || got[9:12] != "200" {
		t.Errorf("gets %q", got)
	}
	if took := time.Since(begun); took > s.wait/2 {
		t.Errorf("is let in after %s", took)
	}
}
