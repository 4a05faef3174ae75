package turn

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	pion "github.com/pion/turn/v5"
	"golang.org/x/time/rate"
)

const (
	// allocationQueue bounds what waits for a slow connection; the rest is dropped, as a network would.
	allocationQueue = 64
	// checksPerSecond of one allocation: browsers send twenty until they know a way.
	checksPerSecond, checksAtOnce = 50, 100
)

// What a test of the network needs: a handshake and two words. Its credentials are anybody's for the asking. All tests
// together have half of the checks that a relay on another machine takes from one address (500), so that they leave no
// talk without.
const (
	briefChecksPerSecond, briefChecksAtOnce = 5, 30
	testChecksPerSecond, testChecksAtOnce   = 250, 500
	briefBytesPerSecond, briefBytesAtOnce   = 12_500, 32_000
)

var (
	errNotOurs = errors.New("turn leads to the relay only")
	errUnasked = errors.New("allocation that nobody was admitted to")
)

// generator makes allocations for one connection.
type generator struct {
	server *Server
	client *client
}

func (generator) Validate() error { return nil }

// AllocatePacketConn opens the allocation of a connection. What the browser is told as its address at the relay is
// reachable for nobody; it only has to be of the right family.
func (g generator) AllocatePacketConn(asked pion.AllocateListenerConfig) (net.PacketConn, net.Addr, error) {
	if asked.UserID == "" || asked.UserID != g.client.user() {
		return nil, nil, errUnasked
	}
	u, err := parseUser(asked.UserID)
	if err != nil {
		return nil, nil, errUnasked
	}
	a, err := newAllocation(g.server.options, asked.Network == "udp6", g.server.limitsFor(u))
	if err != nil {
		return nil, nil, err
	}
	return a, a.relayed, nil
}

func (generator) AllocateListener(pion.AllocateListenerConfig) (net.Listener, net.Addr, error) {
	return nil, nil, errNotOurs
}

func (generator) AllocateConn(pion.AllocateConnConfig) (net.Conn, error) { return nil, errNotOurs }

// allocation sends to the relay and to nobody else: it has a socket for each of the relay's advertised addresses, and
// each of them is connected to where that address really is, so the kernel neither sends nor takes anything else.
type allocation struct {
	ways     map[netip.AddrPort]*net.UDPConn // by advertised address
	relayed  *net.UDPAddr
	limits   limits
	incoming chan *packet
	pool     sync.Pool // of *packet
	done     chan struct{}
	closing  sync.Once
}

type packet struct {
	from netip.AddrPort
	size int
	data [longestPacket]byte
}

// limits are how much goes from one allocation to the relay.
type limits struct {
	bytes  *rate.Limiter
	checks *rate.Limiter
	shared *rate.Limiter // checks of all tests of the network; nil: of a talk
}

func (s *Server) limitsFor(u user) limits {
	if u.brief {
		return limits{
			bytes:  rate.NewLimiter(briefBytesPerSecond, briefBytesAtOnce),
			checks: rate.NewLimiter(briefChecksPerSecond, briefChecksAtOnce),
			shared: s.tests,
		}
	}
	bytesPerSecond := s.options.BitsPerSecond / 8
	return limits{
		bytes:  rate.NewLimiter(rate.Limit(bytesPerSecond), max(bytesPerSecond/4, longestPacket)),
		checks: rate.NewLimiter(checksPerSecond, checksAtOnce),
	}
}

// allow tells whether a packet is within the limits.
func (l limits) allow(now time.Time, data []byte) bool {
	if !l.bytes.AllowN(now, len(data)) {
		return false
	}
	isCheck := data[0] <= 3 // RFC 7983 §7
	return !isCheck || l.checks.AllowN(now, 1) && (l.shared == nil || l.shared.AllowN(now, 1))
}

func newAllocation(o Options, v6 bool, within limits) (*allocation, error) {
	a := &allocation{
		ways:     map[netip.AddrPort]*net.UDPConn{},
		limits:   within,
		incoming: make(chan *packet, allocationQueue),
		done:     make(chan struct{}),
	}
	a.pool.New = func() any { return new(packet) }
	for _, way := range o.Relay {
		advertised := netip.AddrPortFrom(way.Advertised.Addr().Unmap(), way.Advertised.Port())
		if advertised.Addr().Is6() != v6 || a.ways[advertised] != nil {
			continue
		}
		socket, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(way.Real))
		if err != nil {
			_ = a.Close() // nothing was sent
			return nil, fmt.Errorf("open way to the relay: %w", err)
		}
		a.ways[advertised] = socket
		// Browsers pair loopback with loopback only, so another address is the better one to be told.
		if a.relayed == nil || a.relayed.IP.IsLoopback() {
			port := socket.LocalAddr().(*net.UDPAddr).AddrPort().Port()
			a.relayed = net.UDPAddrFromAddrPort(netip.AddrPortFrom(advertised.Addr(), port))
		}
	}
	if len(a.ways) == 0 {
		return nil, errNotOurs
	}
	for advertised, socket := range a.ways {
		go a.read(advertised, socket)
	}
	return a, nil
}

// read takes what comes from the relay, until the socket is closed.
func (a *allocation) read(advertised netip.AddrPort, socket *net.UDPConn) {
	for {
		p := a.pool.Get().(*packet) //nolint:forcetypeassert // only packets are in the pool
		var err error
		if p.size, err = socket.Read(p.data[:]); err != nil {
			if errors.Is(err, syscall.ECONNREFUSED) {
				continue // no relay there at the moment
			}
			return
		}
		p.from = advertised
		select {
		case a.incoming <- p:
		case <-a.done:
			return
		default:
			a.pool.Put(p)
		}
	}
}

// ReadFrom hands over a packet of the relay.
func (a *allocation) ReadFrom(into []byte) (int, net.Addr, error) {
	select {
	case p := <-a.incoming:
		defer a.pool.Put(p)
		return copy(into, p.data[:p.size]), net.UDPAddrFromAddrPort(p.from), nil
	case <-a.done:
		return 0, nil, net.ErrClosed
	}
}

// WriteTo sends to the relay, at one of the addresses that are advertised. What exceeds the rate is dropped.
func (a *allocation) WriteTo(data []byte, to net.Addr) (int, error) {
	peer, ok := to.(*net.UDPAddr)
	if !ok {
		return 0, errNotOurs
	}
	at := peer.AddrPort()
	socket := a.ways[netip.AddrPortFrom(at.Addr().Unmap(), at.Port())]
	if socket == nil {
		return 0, errNotOurs
	}
	if len(data) == 0 || len(data) > longestPacket || !a.limits.allow(time.Now(), data) {
		return len(data), nil
	}
	return socket.Write(data)
}

// Close closes the sockets.
func (a *allocation) Close() error {
	a.closing.Do(func() { close(a.done) })
	var errs []error
	for _, socket := range a.ways {
		if err := socket.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// LocalAddr is only ever printed.
func (a *allocation) LocalAddr() net.Addr { return a.relayed }

// SetDeadline is part of net.PacketConn.
func (*allocation) SetDeadline(time.Time) error { return os.ErrNoDeadline }

// SetReadDeadline is part of net.PacketConn.
func (*allocation) SetReadDeadline(time.Time) error { return os.ErrNoDeadline }

// SetWriteDeadline is part of net.PacketConn.
func (*allocation) SetWriteDeadline(time.Time) error { return os.ErrNoDeadline }
