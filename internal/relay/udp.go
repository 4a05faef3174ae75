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
type udpSocket struct {
	conn     *net.UDPConn
	wildcard bool // answers must then come from the address that was asked
}

func listenUDP(address string) (*udpSocket, error) {
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
	s := &udpSocket{conn: conn}
	if conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().IsUnspecified() {
		s.wildcard = askForLocalAddress(conn)
	}
	return s, nil
}

func (s *udpSocket) mode() string { return "one packet per call" }

func (s *udpSocket) read(packet, control []byte) (int, endpoint, error) {
	if !s.wildcard {
		size, from, err := s.conn.ReadFromUDPAddrPort(packet)
		return size, endpoint{remote: unmapped(from)}, err
	}
	size, controlSize, _, from, err := s.conn.ReadMsgUDPAddrPort(packet, control)
	if err != nil {
		return 0, endpoint{}, err
	}
	return size, endpoint{remote: unmapped(from), local: localAddress(control[:controlSize])}, nil
}

func unmapped(at netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}

// write sends or gives up; a packet that is lost here is as lost as one on the network.
func (s *udpSocket) write(packet []byte, to endpoint) {
	if !s.wildcard || !to.local.IsValid() {
		_, _ = s.conn.WriteToUDPAddrPort(packet, to.remote) // see above
		return
	}
	var buffer [controlBytes]byte
	_, _, _ = s.conn.WriteMsgUDPAddrPort(packet, fromAddress(buffer[:0], to.local), to.remote) // see above
}

func (r *Relay) serveUDP(ctx context.Context) error {
	packet, control := make([]byte, longestPacket), make([]byte, controlBytes)
	for {
		size, from, err := r.udp.read(packet, control)
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil //nolint:nilerr // closed on purpose
			}
			if isFleeting(err) {
				continue
			}
			return fmt.Errorf("read relay's UDP socket: %w", err)
		}
		if size == len(packet) {
			continue // cut off
		}
		r.mu.Lock()
		to, forward := r.core.packet(time.Now(), from, packet[:size])
		r.mu.Unlock()
		if forward {
			r.send(to, packet[:size])
		}
	}
}
