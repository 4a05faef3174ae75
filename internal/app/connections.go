package app

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"visavis/internal/relay/crowd"
	"visavis/internal/relay/turn"
)

// limits bound the connections of a server. Whoever holds more than a share of them could keep all others out.
type limits struct {
	all, perSource int
	trusted        []netip.Prefix // proxies, behind which one address is many people
}

// connections are all that are open, streams that net/http has given away included. Addresses are kept as long as their
// connections, and told to nobody. Browsers keep connections open that they have no use for, and so does whoever means to
// keep others out. So where there are too many, the one on which nothing has been asked for longest gives way, of the same
// source or of all; never one with a request or a stream.
type connections struct {
	limits limits
	log    *slog.Logger

	mu    sync.Mutex
	open  map[net.Conn]*member
	crowd *crowd.Crowd[net.Conn]
	// When the log last said that some were closed, or refused.
	toldClosed, toldRefused time.Time
}

type member = crowd.Member[net.Conn]

func newConnections(l limits, log *slog.Logger) *connections {
	l.all = min(l.all, openFiles()*3/4) // the rest is for the database, the relay and files
	return &connections{
		limits: l, log: log, open: map[net.Conn]*member{}, crowd: crowd.New[net.Conn](l.all, l.perSource),
	}
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
	entered, gaveWay := c.crowd.Enter(source, conn)
	if gaveWay != nil {
		delete(c.open, gaveWay.Who)
		c.tell(&c.toldClosed, "those unused for longest are closed")
	}
	if entered != nil {
		c.open[conn] = entered
	} else {
		c.tell(&c.toldRefused, "some are refused")
	}
	c.mu.Unlock()
	if gaveWay != nil {
		_ = gaveWay.Who.Close() // its reader sees the end, whatever this says
	}
	return entered != nil
}

// tell says that a limit was reached, once a minute: an attack must not fill the log, too. The caller holds mu.
func (c *connections) tell(told *time.Time, so string) {
	limit, open := "http.max_connections_per_source", c.crowd.Count()
	if open >= c.limits.all {
		limit = "http.max_connections"
	}
	if now := time.Now(); now.Sub(*told) >= time.Minute {
		*told = now
		c.log.WarnContext(context.Background(), "too many connections", "limit", limit, "open", open, "so", so)
	}
}

// note is told by net/http what happens on a connection.
func (c *connections) note(conn net.Conn, state http.ConnState) {
	conn = underneath(conn)
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.open[conn]
	if known == nil { // it gave way, or was closed
		return
	}
	switch state {
	case http.StateActive, http.StateHijacked:
		c.crowd.Prove(known)
	case http.StateIdle:
		c.crowd.Yield(known)
	case http.StateNew, http.StateClosed: // they come and go elsewhere
	}
}

// underneath is the connection that was accepted, below TLS.
func underneath(conn net.Conn) net.Conn {
	if above, ok := conn.(interface{ NetConn() net.Conn }); ok {
		return above.NetConn()
	}
	return conn
}

func (c *connections) remove(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.open[conn]; known != nil { // not closed twice
		delete(c.open, conn)
		c.crowd.Leave(known)
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
