package relay

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

const (
	// longestPacket leaves room for jumbo-free networks with any tunnel; longer ones are dropped.
	longestPacket = 2048
	// socketBuffer holds a tenth of a second at the highest rates measured. The kernel may allow less.
	socketBuffer = 4 << 20
)

// udpSocket is the one socket of all talks.
type udpSocket interface {
	address() netip.AddrPort
	// mode says for the log how packets pass.
	mode() string
	// receive waits for packets. They are valid until the next call; only one caller may receive.
	receive() ([]datagram, error)
	// forward sends those of the received packets that go on over UDP. Only the caller of receive may forward.
	forward([]datagram)
	// write sends or gives up at once; a packet that is lost here is as lost as one on the network. Anybody may write.
	write(packet []byte, to endpoint)
	// close ends a receive that waits. It may be called twice.
	close()
}

// datagram is a packet on its way through.
type datagram struct {
	packet  []byte
	from    endpoint
	to      endpoint
	forward bool
}

func (d *datagram) overUDP() bool { return d.forward && d.to.conn == nil }

func listenUDP(address string) (udpSocket, error) {
	at, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return nil, err
	}
	conn, err := net.ListenUDP("udp", at)
	if err != nil {
		return nil, err
	}
	_ = conn.SetReadBuffer(socketBuffer)  // the kernel's limit is an operator's choice
	_ = conn.SetWriteBuffer(socketBuffer) // likewise
	if batched := inBatches(conn); batched != nil {
		return batched, nil
	}
	return onePerCall(conn), nil
}

func unmapped(at netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}

// plainSocket takes and sends one packet per call, on every system.
type plainSocket struct {
	conn     *net.UDPConn
	wildcard bool // answers must then come from the address that was asked
	packet   [longestPacket]byte
	control  [controlBytes]byte
	received [1]datagram
}

func onePerCall(conn *net.UDPConn) *plainSocket {
	s := &plainSocket{conn: conn}
	if s.address().Addr().IsUnspecified() {
		s.wildcard = askForLocalAddress(conn)
	}
	return s
}

func (s *plainSocket) address() netip.AddrPort { return s.conn.LocalAddr().(*net.UDPAddr).AddrPort() }
func (s *plainSocket) mode() string            { return "one packet per call" }
func (s *plainSocket) close()                  { s.conn.Close() }

func (s *plainSocket) receive() ([]datagram, error) {
	d := &s.received[0]
	if !s.wildcard {
		size, from, err := s.conn.ReadFromUDPAddrPort(s.packet[:])
		*d = datagram{packet: s.packet[:size], from: endpoint{remote: unmapped(from)}}
		return s.received[:], err
	}
	size, controlSize, _, from, err := s.conn.ReadMsgUDPAddrPort(s.packet[:], s.control[:])
	if err != nil {
		return nil, err
	}
	*d = datagram{
		packet: s.packet[:size],
		from:   endpoint{remote: unmapped(from), local: localAddress(s.control[:controlSize])},
	}
	return s.received[:], nil
}

func (s *plainSocket) forward(received []datagram) {
	for i := range received {
		if d := &received[i]; d.overUDP() {
			s.write(d.packet, d.to)
		}
	}
}

func (s *plainSocket) write(packet []byte, to endpoint) {
	if !s.wildcard || !to.local.IsValid() {
		_, _ = s.conn.WriteToUDPAddrPort(packet, to.remote) // see udpSocket
		return
	}
	var buffer [controlBytes]byte
	_, _, _ = s.conn.WriteMsgUDPAddrPort(packet, fromAddress(buffer[:0], to.local), to.remote) // see udpSocket
}

func (r *Relay) serveUDP(ctx context.Context) error {
	for {
		received, err := r.udp.receive()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil //nolint:nilerr // closed on purpose
			}
			if isFleeting(err) {
				continue
			}
			return fmt.Errorf("read relay's UDP socket: %w", err)
		}
		r.decide(received)
		r.udp.forward(received)
		for i := range received {
			if d := &received[i]; d.forward && d.to.conn != nil {
				d.to.conn.enqueue(d.packet)
			}
		}
	}
}

// decide says of each packet where it goes on to.
func (r *Relay) decide(received []datagram) {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range received {
		if d := &received[i]; len(d.packet) < longestPacket { // longer ones were cut off
			d.to, d.forward = r.core.packet(now, d.from, d.packet)
		}
	}
}
