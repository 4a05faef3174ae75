package control

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"time"
)

const (
	// mostIntroductions wait to be sent. They go out within a round of the writer, so that many mean that the link is
	// stuck.
	mostIntroductions = 1024
	// mostRevocations are kept until the relay has confirmed them, as many as a relay remembers.
	mostRevocations = 1 << 16
	// atOnce are taken from the queues together.
	atOnce = 256
	// steady is how long a connection must have lived for the next attempt to follow quickly.
	steady = 10 * time.Second
)

// ClientOptions say where a relay is. Key and Address have no default.
type ClientOptions struct {
	Key     []byte
	Address string
	Log     *slog.Logger

	pace pace
}

// Client is a relay in another process, over a connection that it opens again whenever it is lost.
//
// An introduction is either under way to the relay or refused with ErrAway. One that is lost with the connection is
// asked for again by the relay (Need) as soon as it has a server, and its answer comes from who keeps the talks; so
// none is kept here that might be outdated. A revocation is asked for by nobody: it is kept until the relay has
// confirmed it, and sent again after each reconnection.
type Client struct {
	o      ClientOptions
	secure *tls.Config
	events Audience
	wake   chan struct{}

	mu            sync.Mutex
	connected     bool
	load          Load
	introductions []introduction
	revocations   []revocation // oldest first
	sent          int          // how many of revocations have gone over the present connection
	number        uint64       // of the newest revocation
}

var _ Relay = (*Client)(nil)

// NewClient returns a client that is away until Run has connected it.
func NewClient(o ClientOptions) (*Client, error) {
	o.pace = o.pace.withDefaults()
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	config, err := secure(o.Key, roleServer, roleRelay)
	if err != nil {
		return nil, err
	}
	return &Client{o: o, secure: config, wake: make(chan struct{}, 1)}, nil
}

// Introduce sends the introduction soon, or says ErrAway; see Relay.
func (c *Client) Introduce(ufrag, browserUfrag, browserPwd string) error {
	if max(len(ufrag), len(browserUfrag), len(browserPwd)) > longestName {
		return ErrBrowser
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.connected || len(c.introductions) >= mostIntroductions {
		return ErrAway
	}
	c.introductions = append(c.introductions, introduction{ufrag, browserUfrag, browserPwd})
	c.nudge()
	return nil
}

// Revoke reaches the relay now or after reconnecting.
func (c *Client) Revoke(talk [8]byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.revocations) >= mostRevocations {
		return ErrAway
	}
	c.number++
	c.revocations = append(c.revocations, revocation{c.number, talk})
	c.nudge()
	return nil
}

func (c *Client) nudge() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Load is what the relay has last told.
func (c *Client) Load() Load {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.load
}

// Events tells what the relay tells, until ctx ends. What happens while the relay is away is not told.
func (c *Client) Events(ctx context.Context) <-chan Event { return c.events.Read(ctx) }

// Run keeps the connection until ctx ends.
func (c *Client) Run(ctx context.Context) error {
	wait, said := c.o.pace.again, ""
	for ctx.Err() == nil {
		began := time.Now()
		err := c.once(ctx, func() { said = "" })
		if ctx.Err() == nil && err.Error() != said { // once for each reason, however often it is tried
			said = err.Error()
			c.o.Log.WarnContext(ctx, "relay is away", "error", err)
		}
		if time.Since(began) > steady {
			wait = c.o.pace.again
		}
		pause(ctx, wait/2+rand.N(wait/2+1)) // jitter: many servers lose a relay at the same moment
		wait = min(2*wait, c.o.pace.atMost)
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// once connects and serves one connection until it ends. The error is never nil.
func (c *Client) once(ctx context.Context, reached func()) error {
	l, first, err := dial(ctx, c.o, c.secure)
	if err != nil {
		return err
	}
	defer closeWith(ctx, l.conn.NetConn())()
	c.take(ctx, first)
	c.arrive()
	reached()
	c.o.Log.InfoContext(ctx, "relay is connected")
	writing, stop := context.WithCancel(ctx)
	var writer sync.WaitGroup
	writer.Go(func() { c.write(writing, l) })
	err = c.read(ctx, l)
	c.leave()
	stop()
	hangUp(l.conn)
	writer.Wait()
	return err
}

// dial opens the connection; the relay's first word shows that it has accepted this side, too.
func dial(ctx context.Context, o ClientOptions, config *tls.Config) (*link, message, error) {
	dialer := net.Dialer{Timeout: o.pace.handshake}
	raw, err := dialer.DialContext(ctx, "tcp", o.Address)
	if err != nil {
		return nil, message{}, fmt.Errorf("reach relay: %w", err)
	}
	l, err := shake(ctx, tls.Client(raw, config), o.pace)
	if err != nil {
		_ = raw.Close()
		return nil, message{}, err
	}
	first, err := l.read()
	if err == nil && (first.Event == nil || first.Event.Load == nil) {
		err = errors.New("relay does not begin with its load")
	}
	if err != nil {
		hangUp(l.conn)
		return nil, message{}, err
	}
	return l, first, nil
}

func (c *Client) arrive() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.connected, c.sent = true, 0
	c.nudge()
}

func (c *Client) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.connected, c.introductions, c.load = false, nil, Load{} // of which nobody knows any more
}

func (c *Client) read(ctx context.Context, l *link) error {
	for {
		m, err := l.read()
		if err != nil {
			return err
		}
		c.take(ctx, m)
	}
}

func (c *Client) take(ctx context.Context, m message) {
	if m.Refused != "" {
		c.o.Log.WarnContext(ctx, "relay did not take a leg", "reason", m.Refused)
	}
	c.mu.Lock()
	done := 0
	for done < len(c.revocations) && c.revocations[done].Number <= m.Revoked {
		done++
	}
	c.revocations = slices.Delete(c.revocations, 0, done)
	c.sent = max(0, c.sent-done)
	if m.Event != nil && m.Event.Load != nil {
		c.load = *m.Event.Load
	}
	c.mu.Unlock()
	if m.Event != nil {
		c.events.Tell(*m.Event)
	}
}

// write sends what waits, and a sign of life where nothing does.
func (c *Client) write(ctx context.Context, l *link) {
	defer hangUp(l.conn) // which ends the reader, too
	beat := time.NewTicker(c.o.pace.beat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			if l.write(message{}) != nil {
				return
			}
		case <-c.wake:
			for batch := c.next(); len(batch) > 0; batch = c.next() {
				for _, m := range batch {
					if l.write(m) != nil {
						return
					}
				}
			}
		}
	}
}

// next takes from the queues. The order between the two does not matter: a talk that is revoked takes no leg.
func (c *Client) next() []message {
	c.mu.Lock()
	defer c.mu.Unlock()
	var batch []message
	introduced := min(len(c.introductions), atOnce)
	for _, i := range c.introductions[:introduced] {
		batch = append(batch, message{Introduce: &i})
	}
	c.introductions = slices.Delete(c.introductions, 0, introduced)
	for len(batch) < atOnce && c.sent < len(c.revocations) {
		r := c.revocations[c.sent]
		batch = append(batch, message{Revoke: &r})
		c.sent++
	}
	return batch
}

// Probe connects once, as doctors do, and returns the relay's load.
func Probe(ctx context.Context, o ClientOptions) (Load, error) {
	o.pace = o.pace.withDefaults()
	config, err := secure(o.Key, roleServer, roleRelay)
	if err != nil {
		return Load{}, err
	}
	l, first, err := dial(ctx, o, config)
	if err != nil {
		return Load{}, err
	}
	hangUp(l.conn)
	return *first.Event.Load, nil
}
