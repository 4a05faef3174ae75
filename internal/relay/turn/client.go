package turn

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/logging"

	"visavis/internal/relay/crowd"
)

const (
	// longestPacket is what the relay takes.
	longestPacket = 2048
	// longestFrame leaves room for a Send indication around it.
	longestFrame = longestPacket + 64
	writeWithin  = 5 * time.Second

	stunHeader    = 20
	stunCookie    = 0x2112A442
	channelHeader = 4
)

var errFrame = errors.New("neither a request that we take nor channel data")

// client is the browser's end of a connection, as the packets that the library works with. What it would choke on
// ends here.
type client struct {
	server  *Server
	conn    net.Conn
	reader  *bufio.Reader
	began   time.Time
	local   *net.UDPAddr
	holder  atomic.Pointer[holder]
	member  *crowd.Member[*client] // guarded by the server's lock
	over    bool                   // likewise: it counts no more
	done    chan struct{}
	hanging sync.Once
}

// holder is whose allocation a connection has, and until when at most.
type holder struct {
	user string
	ends time.Time
}

func newClient(s *Server, conn net.Conn) *client {
	return &client{
		server: s, conn: conn, reader: bufio.NewReaderSize(conn, longestFrame), began: time.Now(), done: make(chan struct{}),
		local: net.UDPAddrFromAddrPort(s.usual()),
	}
}

// user is who holds the connection's allocation; empty: nobody yet.
func (c *client) user() string {
	if h := c.holder.Load(); h != nil {
		return h.user
	}
	return ""
}

func (c *client) begin(user string, ends time.Time) { c.holder.Store(&holder{user, ends}) }

func (c *client) hangUp() {
	c.hanging.Do(func() {
		close(c.done)
		c.conn.Close()
	})
}

// ReadFrom reads one message. An error is the end of the connection.
func (c *client) ReadFrom(packet []byte) (int, net.Addr, error) {
	until := c.began.Add(c.server.options.within)
	if h := c.holder.Load(); h != nil {
		until = time.Now().Add(c.server.options.idle)
		if h.ends.Before(until) {
			until = h.ends
		}
	}
	err := c.conn.SetReadDeadline(until)
	size := 0
	if err == nil {
		size, err = readFrame(c.reader, packet)
	}
	if err != nil {
		c.hangUp()
		return 0, nil, err
	}
	return size, c.remote(), nil
}

// remote is told to the browser as its own address, which it has to be (RFC 8656 §7.3).
func (c *client) remote() net.Addr {
	if at, ok := c.conn.RemoteAddr().(*net.TCPAddr); ok {
		return at
	}
	return net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.IPv4Unspecified(), 0))
}

// readFrame reads one message off a stream (RFC 8656 §12.5 pads channel data there). It takes what browsers send to
// reach a peer over UDP, and nothing else.
func readFrame(from *bufio.Reader, frame []byte) (int, error) {
	head, err := from.Peek(channelHeader)
	if err != nil {
		return 0, err
	}
	size := int(binary.BigEndian.Uint16(head[2:]))
	switch kind := binary.BigEndian.Uint16(head); {
	case kind>>12 == 4: // RFC 8656 §12: channels are 0x4000 to 0x4FFF
		size = channelHeader + (size+3)&^3
	case kind < 0x4000:
		if head, err = from.Peek(stunHeader); err != nil {
			return 0, err
		}
		if !taken(kind) || size%4 != 0 || binary.BigEndian.Uint32(head[4:]) != stunCookie {
			return 0, errFrame
		}
		size += stunHeader
	default:
		return 0, errFrame
	}
	if size > longestFrame || size > len(frame) {
		return 0, errFrame
	}
	return io.ReadFull(from, frame[:size])
}

// taken are the message types that a browser has reason to send (RFC 8656 §17): no allocations over TCP, no answers.
func taken(kind uint16) bool {
	const binding, allocate, refresh, createPermission, channelBind, sendIndication = 0x001, 0x003, 0x004, 0x008, 0x009, 0x016
	switch kind {
	case binding, allocate, refresh, createPermission, channelBind, sendIndication:
		return true
	}
	return false
}

// WriteTo writes one message. A browser that takes none of it for long is gone.
func (c *client) WriteTo(packet []byte, _ net.Addr) (int, error) {
	err := c.conn.SetWriteDeadline(time.Now().Add(writeWithin))
	size := 0
	if err == nil {
		size, err = c.conn.Write(packet)
	}
	if err != nil {
		c.hangUp()
	}
	return size, err
}

// Close ends the connection.
func (c *client) Close() error {
	c.hangUp()
	return nil
}

// LocalAddr is what the library takes for the address that was asked: it allocates in the same family where a browser
// names none, and that has to be one that leads on, whatever the browser's own connection runs over.
func (c *client) LocalAddr() net.Addr { return c.local }

// Deadlines are our own business.
func (*client) SetDeadline(time.Time) error { return nil }

// SetReadDeadline is part of net.PacketConn.
func (*client) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline is part of net.PacketConn.
func (*client) SetWriteDeadline(time.Time) error { return nil }

// silence is the library's log.
type silence struct{}

func (silence) NewLogger(string) logging.LeveledLogger { return silence{} }
func (silence) Trace(string)                           {}
func (silence) Tracef(string, ...any)                  {}
func (silence) Debug(string)                           {}
func (silence) Debugf(string, ...any)                  {}
func (silence) Info(string)                            {}
func (silence) Infof(string, ...any)                   {}
func (silence) Warn(string)                            {}
func (silence) Warnf(string, ...any)                   {}
func (silence) Error(string)                           {}
func (silence) Errorf(string, ...any)                  {}
