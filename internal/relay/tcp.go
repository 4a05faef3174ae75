package relay

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"visavis/internal/relay/crowd"
)

// ICE-TCP, passive (RFC 6544 §4.4): browsers connect, and both ways carry packets framed by RFC 4571.
const (
	// connQueue bounds what waits for a slow browser: a tenth of a second of video, then packets are dropped.
	connQueue = 64
	// authenticateWithin is how long a connection may last without a valid check.
	authenticateWithin = 5 * time.Second
	writeWithin        = 5 * time.Second
	frameHeader        = 2
)

var errFrameTooLong = errors.New("frame too long")

// conns are the open connections, guarded by the relay's lock.
type conns struct {
	open   map[*conn]struct{}
	crowd  *crowd.Crowd[*conn]
	closed bool
}

// conn is one browser's TCP connection.
type conn struct {
	relay  *Relay
	net    net.Conn
	remote netip.AddrPort
	path   *path                // guarded by the relay's lock
	member *crowd.Member[*conn] // likewise
	queue  chan *frame
	done   chan struct{}
	hang   sync.Once
}

type frame struct {
	size int
	data [frameHeader + longestPacket]byte
}

func (c *conn) hangUp() {
	c.hang.Do(func() {
		close(c.done)
		c.net.Close()
	})
}

// enqueue never waits: what does not fit is dropped, as a network would.
func (c *conn) enqueue(packet []byte) {
	if len(packet) > longestPacket {
		return
	}
	f := c.relay.frames.Get().(*frame)
	binary.BigEndian.PutUint16(f.data[:], uint16(len(packet)))
	f.size = frameHeader + copy(f.data[frameHeader:], packet)
	select {
	case c.queue <- f:
	default:
		c.relay.frames.Put(f)
		c.relay.queueDrops.Add(1)
	}
}

func (r *Relay) serveTCP(ctx context.Context) error {
	var running sync.WaitGroup
	defer running.Wait()
	for {
		accepted, err := r.tcp.AcceptTCP()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil
			}
			var timeout net.Error
			if errors.As(err, &timeout) && timeout.Timeout() || isShortage(err) {
				select { // out of file descriptors: those in use will be given back
				case <-ctx.Done():
				case <-time.After(acceptPause):
				}
				continue
			}
			return fmt.Errorf("accept on relay's TCP listener: %w", err)
		}
		c := r.admit(accepted)
		if c == nil {
			accepted.Close()
			continue
		}
		running.Go(c.write)
		running.Go(c.read)
	}
}

const acceptPause = 50 * time.Millisecond

func (r *Relay) admit(accepted *net.TCPConn) *conn {
	at, ok := accepted.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return nil
	}
	c := &conn{
		relay: r, net: accepted, remote: unmapped(at.AddrPort()),
		queue: make(chan *frame, connQueue), done: make(chan struct{}),
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	member, gaveWay := r.crowd.Enter(sourceOf(c.remote.Addr()), c)
	if gaveWay != nil {
		r.core.dropped[full]++
		r.release(gaveWay.Who)
	}
	if member == nil {
		r.core.dropped[full]++
		return nil
	}
	c.member = member
	r.open[c] = struct{}{}
	return c
}

// settled keeps the place of a connection that a talk needs. Credentials of a network test are anybody's for the asking,
// so such a connection gives way like one that has said nothing.
func (r *Relay) settled(c *conn) {
	if c.path.leg.ends.IsZero() {
		r.crowd.Prove(c.member)
	}
}

func (r *Relay) forget(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.release(c)
}

// release ends a connection. The caller holds the lock.
func (r *Relay) release(c *conn) {
	c.hangUp()
	if c.path != nil {
		r.core.dropPath(c.path)
	}
	delete(r.open, c)
	r.crowd.Leave(c.member)
}

func (r *Relay) hangUpAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	for c := range r.open {
		c.hangUp()
	}
}

func (c *conn) read() {
	defer c.relay.forget(c)
	reader := bufio.NewReaderSize(c.net, longestPacket)
	packet := make([]byte, longestPacket)
	deadline := time.Now().Add(c.relay.options.authenticateWithin)
	for {
		if c.net.SetReadDeadline(deadline) != nil {
			return
		}
		size, err := readFrame(reader, packet)
		if err != nil {
			return // gone, silent or talking something else: all the same to us
		}
		r, now := c.relay, time.Now()
		r.mu.Lock()
		to, forward := r.core.packet(now, endpoint{remote: c.remote, conn: c}, packet[:size])
		known := c.path != nil
		if known {
			r.settled(c)
		}
		r.mu.Unlock()
		if known {
			deadline = now.Add(consent)
		}
		if forward {
			r.send(to, packet[:size])
		}
	}
}

// readFrame reads one packet (RFC 4571 §2). An empty frame is a packet of no bytes.
func readFrame(from io.Reader, packet []byte) (int, error) {
	if _, err := io.ReadFull(from, packet[:frameHeader]); err != nil {
		return 0, err
	}
	size := int(binary.BigEndian.Uint16(packet))
	if size > len(packet) {
		return 0, errFrameTooLong
	}
	_, err := io.ReadFull(from, packet[:size])
	return size, err
}

func (c *conn) write() {
	for {
		select {
		case <-c.done:
			return
		case f := <-c.queue:
			err := c.net.SetWriteDeadline(time.Now().Add(writeWithin))
			if err == nil {
				_, err = c.net.Write(f.data[:f.size])
			}
			c.relay.frames.Put(f)
			if err != nil {
				c.hangUp()
				return
			}
		}
	}
}
