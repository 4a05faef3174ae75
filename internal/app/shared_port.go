package app

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"net"
	"slices"
	"sync"
	"time"
)

// settleWait is how long a connection may take for its handshake, and again to say what it is.
const settleWait = headerWait

// protocol is what speaks on a connection.
type protocol int

const (
	undecided protocol = iota
	speaksHTTP
	speaksTURN
	speaksNeither
)

// headBytes is enough to tell.
const headBytes = 8

// speaks tells TURN from HTTP by the first bytes inside TLS. A method begins with a letter, a connection over HTTP/2
// with "PRI"; STUN begins with two bits that are zero, and has its magic cookie in the second word (RFC 8489 §5).
func speaks(head []byte) protocol {
	switch {
	case len(head) == 0:
		return undecided
	case head[0] > 3: // a STUN type has 14 bits; of its requests none comes above 0x03FF
		return speaksHTTP
	case len(head) < headBytes:
		return undecided
	case binary.BigEndian.Uint32(head[4:]) == 0x2112A442:
		return speaksTURN
	}
	return speaksNeither
}

// sharedPort is a listener for HTTPS on a port where TURN over TLS is answered too. What net/http gets from it is the
// same as from a listener of its own: connections with HTTP/2 as they are, all others with their first bytes put back.
type sharedPort struct {
	net.Listener
	config *tls.Config
	turn   func(context.Context, net.Conn)
	wait   time.Duration // settleWait; shorter in tests
	lobby  *lobby

	arrived chan arrival
	closed  context.Context //nolint:containedctx // the end of the listener, not of a call
	close   context.CancelFunc
	running sync.WaitGroup
}

// arrival is what Accept returns.
type arrival struct {
	conn net.Conn
	err  error
}

func sharePort(l net.Listener, config *tls.Config, turn func(context.Context, net.Conn), room *lobby) *sharedPort {
	p := &sharedPort{
		Listener: l, config: config.Clone(), turn: turn, wait: settleWait, lobby: room, arrived: make(chan arrival),
	}
	p.closed, p.close = context.WithCancel(context.Background())
	// Somebody who negotiates neither kind of HTTP is no reason to refuse the handshake: we then choose nothing.
	without := config.Clone()
	without.NextProtos = nil
	p.config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		for _, offered := range hello.SupportedProtos {
			if slices.Contains(config.NextProtos, offered) {
				return nil, nil // as crypto/tls says: the configuration stays
			}
		}
		return without, nil
	}
	return p
}

// begin accepts connections until Close.
func (p *sharedPort) begin() { p.running.Go(p.accept) }

// accept takes connections and lets each of them settle by itself.
func (p *sharedPort) accept() {
	for {
		conn, err := p.Listener.Accept()
		if err != nil {
			select {
			case p.arrived <- arrival{err: err}: // net/http knows which of them pass, and waits
				continue
			case <-p.closed.Done():
				return
			}
		}
		v := p.lobby.enter(conn)
		p.running.Go(func() { p.settle(v) })
	}
}

// settle finds out what a connection is for, and hands it on.
func (p *sharedPort) settle(v *visitor) {
	conn, kind := p.look(v.conn)
	if !p.lobby.leave(v) {
		kind = speaksNeither
	}
	switch kind {
	case speaksHTTP:
		select {
		case p.arrived <- arrival{conn: conn}:
		case <-p.closed.Done():
			conn.Close()
		}
	case speaksTURN:
		p.turn(p.closed, conn)
	default:
		conn.Close()
	}
}

func (p *sharedPort) look(raw net.Conn) (net.Conn, protocol) {
	conn := tls.Server(raw, p.config)
	ctx, cancel := context.WithTimeout(p.closed, p.wait)
	defer cancel()
	// net/http meets the same error again, and has an answer for those who came without TLS.
	if conn.HandshakeContext(ctx) != nil || conn.ConnectionState().NegotiatedProtocol != "" {
		return conn, speaksHTTP
	}
	if conn.SetReadDeadline(time.Now().Add(p.wait)) != nil {
		return conn, speaksNeither
	}
	head := make([]byte, 0, headBytes)
	for {
		size, err := conn.Read(head[len(head):cap(head)])
		head = head[:len(head)+size]
		kind := speaks(head)
		if err != nil && kind == undecided {
			return conn, speaksNeither
		}
		if kind != undecided {
			return &begun{conn, head}, kind
		}
	}
}

// begun is a connection whose first bytes have been read already.
type begun struct {
	*tls.Conn
	head []byte
}

func (c *begun) Read(into []byte) (int, error) {
	if len(c.head) == 0 {
		return c.Conn.Read(into)
	}
	size := copy(into, c.head)
	c.head = c.head[size:]
	return size, nil
}

// Accept returns the next connection for net/http.
func (p *sharedPort) Accept() (net.Conn, error) {
	select {
	case next := <-p.arrived:
		return next.conn, next.err
	case <-p.closed.Done():
		return nil, net.ErrClosed
	}
}

// Close stops listening and ends what goes over TURN.
func (p *sharedPort) Close() error {
	p.close()
	return p.Listener.Close()
}
