package app

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"visavis/internal/relay/turn"
)

// limits bound the connections of a server. Whoever holds more than a share of them could keep all others out.
type limits struct {
	all, perSource int
	trusted        []netip.Prefix // proxies, behind which one address is many people
}

// connections are all that are open, streams that net/http has given away included. Addresses are kept as long as their
// connections, and told to nobody.
type connections struct {
	limits limits
	log    *slog.Logger

	mu        sync.Mutex
	open      map[net.Conn]netip.Addr
	perSource map[netip.Addr]int
	told      time.Time // when the log last said that some were refused
}

func newConnections(l limits, log *slog.Logger) *connections {
	l.all = min(l.all, openFiles()*3/4) // the rest is for the database, the relay and files
	return &connections{limits: l, log: log, open: map[net.Conn]netip.Addr{}, perSource: map[netip.Addr]int{}}
}

// source is what counts as one: an IPv4 address or an IPv6 network. Invalid where it is many people: a proxy of ours, or
// whatever is on this machine.
func (l limits) source(remote net.Addr) netip.Addr {
	if at, ok := remote.(*net.TCPAddr); ok && at.IP.IsLoopback() {
		return netip.Addr{}
	}
	return turn.Source(remote, l.trusted)
}

// add counts a connection, or refuses it.
func (c *connections) add(conn net.Conn) bool {
	source := c.limits.source(conn.RemoteAddr())
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case len(c.open) >= c.limits.all:
		c.tell("http.max_connections")
		return false
	case source.IsValid() && c.perSource[source] >= c.limits.perSource:
		c.tell("http.max_connections_per_source")
		return false
	}
	c.open[conn] = source
	if source.IsValid() {
		c.perSource[source]++
	}
	return true
}

// tell says which limit was reached, once a minute: an attack must not fill the log, too.
func (c *connections) tell(limit string) {
	if now := time.Now(); now.Sub(c.told) >= time.Minute {
		c.told = now
		c.log.WarnContext(context.Background(), "too many connections, some are refused", "limit", limit, "open", len(c.open))
	}
}

func (c *connections) remove(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	source, known := c.open[conn]
	if !known { // closed twice
		return
	}
	delete(c.open, conn)
	if !source.IsValid() {
		return
	}
	if c.perSource[source]--; c.perSource[source] == 0 {
		delete(c.perSource, source)
	}
}

func (c *connections) close() {
	c.mu.Lock()
	left := make([]net.Conn, 0, len(c.open))
	for conn := range c.open {
		left = append(left, conn)
	}
	c.mu.Unlock()
	for _, conn := range left {
		_ = conn.Close() // its reader sees the end, whatever this says
	}
}

// tracked is a listener whose connections are known, and not too many.
type tracked struct {
	net.Listener
	conns *connections
}

func (t *tracked) Accept() (net.Conn, error) {
	for {
		conn, err := t.Listener.Accept()
		if err != nil {
			return nil, err
		}
		known := &trackedConn{Conn: conn, conns: t.conns}
		if t.conns.add(known) {
			return known, nil
		}
		_ = conn.Close() // nothing was said on it
	}
}

type trackedConn struct {
	net.Conn
	conns *connections
}

func (c *trackedConn) Close() error {
	c.conns.remove(c)
	return c.Conn.Close()
}
