// Package turn lets browsers reach the relay through a TLS connection, from networks that let nothing else through. It
// is a TURN server (RFC 8656) whose allocations lead to one place only: the relay. To the relay an allocation is one
// more address of a leg, which has to prove itself like every other.
//
// A Server serves connections that somebody else has accepted. An Issuer makes the short-lived credentials for it. Each
// connection gets an instance of its own of the library below, with our framing in front of it, so that what comes from
// one browser is never looked at together with what comes from another.
//
// The package must not know talks, HTTP, TLS or what the packets mean, and logs no address.
package turn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/stun/v3"
	pion "github.com/pion/turn/v5"
	"golang.org/x/time/rate"

	"visavis/internal/relay/crowd"
)

// Way is one address of the relay: as browsers are told, and where packets for it really go.
type Way struct {
	Advertised, Real netip.AddrPort
}

// Options say where a Server's allocations lead and how much it takes on. Key and Relay have no default.
type Options struct {
	Key     Key
	Relay   []Way
	Trusted []netip.Prefix // proxies, behind which one address is many people
	Clock   func() time.Time
	Log     *slog.Logger

	MaxConnections int // 2,000
	MaxPerSource   int // connections from one address, or IPv6 network: 200, as many people may share one
	MaxPerLeg      int // allocations: 8, as a browser asks for one on each of its networks, and again at a restart
	BitsPerSecond  int // towards the relay, for each allocation: 8,000,000

	// within, idle and longest are shorter in tests.
	within, idle, longest time.Duration
}

const (
	// realm takes part in the key of long-term credentials (RFC 8489 §9.2.2), nothing else.
	realm = "visavis"
	// authenticateWithin is how long a connection may last without an allocation.
	authenticateWithin = 10 * time.Second
	// idleAfter ends a connection on which nothing comes: browsers check their paths every few seconds.
	idleAfter = 2 * time.Minute
	// longestConnection is as long as the longest talk. Credentials live much shorter, but only let begin.
	longestConnection = 12 * time.Hour
)

func (o Options) withDefaults() Options {
	orElse := func(value *int, otherwise int) {
		if *value <= 0 {
			*value = otherwise
		}
	}
	lasts := func(value *time.Duration, otherwise time.Duration) {
		if *value <= 0 {
			*value = otherwise
		}
	}
	orElse(&o.MaxConnections, 2_000)
	orElse(&o.MaxPerSource, 200)
	orElse(&o.MaxPerLeg, 8)
	orElse(&o.BitsPerSecond, 8_000_000)
	lasts(&o.within, authenticateWithin)
	lasts(&o.idle, idleAfter)
	lasts(&o.longest, longestConnection)
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Server leads browsers to the relay.
type Server struct {
	options Options
	tests   *rate.Limiter // checks of all tests of the network together

	mu          sync.Mutex // guards the counts
	crowd       *crowd.Crowd[*client]
	allocations int
	perLeg      map[string]int
}

// New returns a server for the ways to one relay.
func New(options Options) (*Server, error) {
	options = options.withDefaults()
	if len(options.Key) < KeyBytes {
		return nil, fmt.Errorf("turn key has %d bytes, needs %d", len(options.Key), KeyBytes)
	}
	if len(options.Relay) == 0 {
		return nil, errors.New("turn has no relay to lead to")
	}
	for _, way := range options.Relay {
		if !way.Advertised.IsValid() || !way.Real.IsValid() || way.Real.Addr().IsUnspecified() || way.Real.Port() == 0 {
			return nil, errors.New("turn has a way that leads nowhere")
		}
	}
	return &Server{
		options: options, tests: rate.NewLimiter(testChecksPerSecond, testChecksAtOnce),
		crowd: crowd.New[*client](options.MaxConnections, options.MaxPerSource), perLeg: map[string]int{},
	}, nil
}

// Allocations counts those of the moment.
func (s *Server) Allocations() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.allocations
}

// Serve works on a connection until either side or ctx ends it, and closes it.
func (s *Server) Serve(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	c := newClient(s, conn)
	if !s.enter(c) {
		s.options.Log.DebugContext(ctx, "turn connection refused", "why", "too many")
		return
	}
	defer s.leave(c)
	defer s.release(c)
	defer context.AfterFunc(ctx, c.hangUp)()
	if _, err := pion.NewServer(s.configure(c)); err != nil {
		s.options.Log.ErrorContext(ctx, "serve turn connection", "error", err)
		return
	}
	// It ends by itself when the client can no longer be read.
	<-c.done
}

func (s *Server) configure(c *client) pion.ServerConfig {
	return pion.ServerConfig{
		Realm:         realm,
		LoggerFactory: silence{}, // it names addresses at every level
		InboundMTU:    longestFrame + 1,
		AuthHandler: func(request *pion.RequestAttributes) (string, []byte, bool) {
			return s.authenticate(c, request.Username, request.Method == stun.MethodAllocate)
		},
		QuotaHandler: func(user, _ string, _ net.Addr) bool { return s.take(c, user) },
		PacketConnConfigs: []pion.PacketConnConfig{{
			PacketConn:            c,
			RelayAddressGenerator: generator{s, c},
			PermissionHandler:     func(_ net.Addr, peer net.IP) bool { return s.leadsTo(peer) },
		}},
	}
}

// authenticate says which key a request must be signed with. Credentials let begin while they live; what has begun
// with them may go on, unless they are brief.
func (s *Server) authenticate(c *client, name string, begins bool) (id string, key []byte, ok bool) {
	u, err := parseUser(name)
	if err != nil {
		return "", nil, false
	}
	if (begins || u.brief) && !u.until.After(s.options.Clock()) || !begins && c.user() != name {
		return "", nil, false
	}
	return name, pion.GenerateAuthKey(name, realm, s.options.Key.password(name)), true
}

// leadsTo knows the relay's addresses; every other peer is forbidden. The port is looked at with each packet.
func (s *Server) leadsTo(peer net.IP) bool {
	address, ok := netip.AddrFromSlice(peer)
	if !ok {
		return false
	}
	for _, way := range s.options.Relay {
		if way.Advertised.Addr().Unmap() == address.Unmap() {
			return true
		}
	}
	return false
}

// usual is an address of the relay in the family that nearly all browsers ask for.
func (s *Server) usual() netip.AddrPort {
	for _, way := range s.options.Relay {
		if way.Advertised.Addr().Unmap().Is4() {
			return way.Advertised
		}
	}
	return s.options.Relay[0].Advertised
}
