// Package relay carries the packets of a talk between two browsers without being able to read them. Towards each
// browser it is an ICE-lite agent on one UDP socket (and one TCP listener); DTLS and SRTP are between the browsers.
//
// A Leg is one browser's end of a talk. Its Credentials name it and are derived from a Key, so every relay with that
// key recognises legs and pairs them by itself, also one that was started a moment ago. A Relay forwards between two
// legs only what comes from the address one of them has proven, to the address that the other has proven, and only
// after a server has introduced both: without introduction the relay cannot ask a browser whether it is really there.
//
// The package must not know agencies, people, HTTP, databases or what the packets mean, and logs no address.
package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"visavis/internal/relay/control"
	"visavis/internal/relay/crowd"
)

// Options say where a relay listens and how much it takes on. Only Key and UDP have no default.
type Options struct {
	Key Key
	UDP string // address to listen on, such as ":3478"
	TCP string // empty: no ICE-TCP

	MaxLegs             int // 20,000
	LegBitsPerSecond    int // 8,000,000
	MaxConnections      int // on TCP: 2,000
	MaxConnectionsPerIP int // on TCP, or per IPv6 network: 200, as many people may share one address

	Log *slog.Logger

	// trustChecks switches the proof of addresses off, so that tests can show what it is good for.
	trustChecks bool
	// authenticateWithin is shorter in tests.
	authenticateWithin time.Duration
}

func (o Options) withDefaults() Options {
	orElse := func(value *int, otherwise int) {
		if *value <= 0 {
			*value = otherwise
		}
	}
	orElse(&o.MaxLegs, 20_000)
	orElse(&o.LegBitsPerSecond, 8_000_000)
	orElse(&o.MaxConnections, 2_000)
	orElse(&o.MaxConnectionsPerIP, 200)
	if o.authenticateWithin <= 0 {
		o.authenticateWithin = authenticateWithin
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Relay forwards packets between the legs of talks.
type Relay struct {
	options Options
	log     *slog.Logger
	udp     udpSocket
	tcp     *net.TCPListener
	events  control.Audience

	mu   sync.Mutex // guards core and conns; held for a few dozen legs at a time, or for all checks that are not answered yet; never while waiting
	core *core
	conns

	frames     sync.Pool // of *frame
	queueDrops atomic.Uint64
}

var _ control.Relay = (*Relay)(nil)

// Listen opens the relay's sockets. Packets are taken once Serve runs.
func Listen(options Options) (*Relay, error) {
	options = options.withDefaults()
	if len(options.Key) < KeyBytes {
		return nil, fmt.Errorf("relay key has %d bytes, needs %d", len(options.Key), KeyBytes)
	}
	r := &Relay{options: options, log: options.Log, core: newCore(options.Key, options)}
	r.core.send, r.core.tell = r.send, r.events.Tell
	r.frames.New = func() any { return new(frame) }
	r.open = map[*conn]struct{}{}
	r.crowd = crowd.New[*conn](options.MaxConnections, options.MaxConnectionsPerIP)
	var err error
	if r.udp, err = listenUDP(options.UDP); err != nil {
		return nil, fmt.Errorf("open relay's UDP socket: %w", err)
	}
	r.core.self = r.UDPAddr().Addr().Unmap()
	if options.TCP != "" {
		if r.tcp, err = listenTCP(options.TCP); err != nil {
			r.udp.close()
			return nil, fmt.Errorf("open relay's TCP listener: %w", err)
		}
	}
	return r, nil
}

func listenTCP(address string) (*net.TCPListener, error) {
	at, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, err
	}
	return net.ListenTCP("tcp", at)
}

// UDPAddr is where the relay's UDP socket really is.
func (r *Relay) UDPAddr() netip.AddrPort { return r.udp.address() }

// TCPAddr is where the TCP listener really is, or invalid if there is none.
func (r *Relay) TCPAddr() netip.AddrPort {
	if r.tcp == nil {
		return netip.AddrPort{}
	}
	return r.tcp.Addr().(*net.TCPAddr).AddrPort()
}

const (
	retryEvery = 50 * time.Millisecond
	loadEvery  = 5 * time.Second
)

// Serve works until ctx ends, then closes the sockets and all connections. It returns nil if ctx has ended, and
// otherwise why a socket has failed.
func (r *Relay) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var running sync.WaitGroup
	running.Go(func() { cancel(r.serveUDP(ctx)) })
	running.Go(func() { r.keepHouse(ctx) })
	if r.tcp != nil {
		running.Go(func() { cancel(r.serveTCP(ctx)) })
	}
	r.log.InfoContext(ctx, "relay serves", "io", r.udp.mode(), "tcp", r.tcp != nil)
	<-ctx.Done()
	r.Close()
	running.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) && !errors.Is(cause, context.DeadlineExceeded) {
		return cause
	}
	return nil
}

// Close closes the sockets, which ends Serve.
func (r *Relay) Close() {
	r.udp.close()
	if r.tcp != nil {
		r.tcp.Close()
	}
	r.hangUpAll()
}

func (r *Relay) keepHouse(ctx context.Context) {
	retry, load := time.NewTicker(retryEvery), time.NewTicker(loadEvery)
	defer retry.Stop()
	defer load.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-retry.C:
			r.mu.Lock()
			r.core.retry(now)
			r.mu.Unlock()
			r.sweepShare(now)
		case now := <-load.C:
			snapshot := r.Load()
			r.events.Tell(control.Event{Kind: control.Loaded, At: now, Load: &snapshot})
		}
	}
}

// Introduce hands over what a browser has put into its own description; see control.Relay.
func (r *Relay) Introduce(ufrag, browserUfrag, browserPwd string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.core.introduce(time.Now(), ufrag, browserUfrag, browserPwd)
}

// Revoke ends all legs of a talk, and refuses those to come for as long as their credentials could be valid.
func (r *Relay) Revoke(talk [8]byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.core.revoke(time.Now(), talk)
	return nil
}

// Events tells what happens from now on, until ctx ends; first of all, who waits for an introduction.
func (r *Relay) Events(ctx context.Context) <-chan control.Event {
	events := r.events.Read(ctx)
	now, before := time.Now(), math.MaxInt
	for before > 0 {
		r.mu.Lock()
		before = r.core.needOf(now, before, sweepAtOnce)
		r.mu.Unlock()
	}
	return events
}

// Load counts.
func (r *Relay) Load() control.Load {
	missed := r.events.Missed()
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.core
	load := control.Load{
		Legs: len(c.legs), BoundLegs: c.boundLegs, TCPLegs: c.tcpLegs, TCPConnections: len(r.open),
		Packets: c.packets, Bytes: c.bytes, Checks: c.checks,
		Dropped: map[string]uint64{}, EventsMissed: missed, Full: len(c.legs)+legsOfATalk > r.options.MaxLegs,
	}
	for why, count := range c.dropped {
		if count > 0 {
			load.Dropped[reasonNames[why]] = count
		}
	}
	if count := r.queueDrops.Load(); count > 0 {
		load.Dropped[queueFull] = count
	}
	return load
}

// send sends without waiting for anything but the socket's own buffer. The caller may hold the lock.
func (r *Relay) send(to endpoint, packet []byte) {
	if to.conn != nil {
		to.conn.enqueue(packet)
		return
	}
	r.udp.write(packet, to)
}
