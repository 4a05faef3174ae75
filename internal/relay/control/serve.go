package control

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// mostStrangers may be proving who they are at the same time, and mostServers be connected.
	mostStrangers = 64
	mostServers   = 256
	// mostRefusals wait to be told; they are for the log, and more of them say nothing new.
	mostRefusals = 16
	// complainEvery spaces the lines about strangers, who could fill a disk with them.
	complainEvery = 10 * time.Second
	// acceptAgain is the pause after a failure to accept, such as for want of file descriptors.
	acceptAgain = 100 * time.Millisecond
)

// ServeOptions are those of a relay's side. Key has no default.
type ServeOptions struct {
	Key []byte
	Log *slog.Logger

	pace pace
}

// host is the relay's side of all connections.
type host struct {
	relay     Relay
	secure    *tls.Config
	log       *slog.Logger
	pace      pace
	strangers chan struct{} // places
	servers   chan struct{}
	complain  *rate.Sometimes
}

// Serve lets servers speak to r until ctx ends, then closes the listener and all connections. It returns nil if ctx has
// ended, and otherwise why the listener has failed.
func Serve(ctx context.Context, listener net.Listener, r Relay, o ServeOptions) error {
	defer listener.Close()
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	config, err := secure(o.Key, roleRelay, roleServer)
	if err != nil {
		return err
	}
	h := &host{
		relay: r, secure: config, log: o.Log, pace: o.pace.withDefaults(),
		strangers: make(chan struct{}, mostStrangers), servers: make(chan struct{}, mostServers),
		complain: &rate.Sometimes{Interval: complainEvery},
	}
	ctx, cancel := context.WithCancel(ctx)
	var open sync.WaitGroup
	defer open.Wait()
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = listener.Close() })()
	return h.accept(ctx, listener, &open)
}

func (h *host) accept(ctx context.Context, listener net.Listener, open *sync.WaitGroup) error {
	for {
		conn, err := listener.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				_ = conn.Close()
			}
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("accept servers: %w", err)
		case err != nil:
			pause(ctx, acceptAgain)
			continue
		}
		select {
		case h.strangers <- struct{}{}:
			open.Go(func() { h.attend(ctx, conn) })
		default:
			_ = conn.Close()
		}
	}
}

// attend serves one connection from its first byte to its end.
func (h *host) attend(ctx context.Context, raw net.Conn) {
	defer raw.Close()
	defer closeWith(ctx, raw)()
	l, err := shake(ctx, tls.Server(raw, h.secure), h.pace)
	<-h.strangers
	if err != nil {
		if ctx.Err() == nil {
			h.complain.Do(func() {
				h.log.WarnContext(ctx, "somebody without this relay's key was refused", "error", err)
			})
		}
		return
	}
	select {
	case h.servers <- struct{}{}:
		defer func() { <-h.servers }()
	default:
		h.log.WarnContext(ctx, "too many servers")
		return
	}
	h.log.InfoContext(ctx, "server is connected")
	if err := h.talk(ctx, l); ctx.Err() == nil {
		h.log.InfoContext(ctx, "server is gone", "error", err)
	}
}

// answers is what the reader of a connection leaves for its writer.
type answers struct {
	mu       sync.Mutex
	revoked  uint64
	refusals []string
	wake     chan struct{}
}

func (a *answers) leave(revoked uint64, refusal string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.revoked = max(a.revoked, revoked)
	if refusal != "" && len(a.refusals) < mostRefusals {
		a.refusals = append(a.refusals, refusal)
	}
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

func (a *answers) take() []message {
	a.mu.Lock()
	defer a.mu.Unlock()
	batch := []message{{Revoked: a.revoked}}
	for _, refusal := range a.refusals {
		batch = append(batch, message{Refused: refusal})
	}
	a.refusals = nil
	return batch
}

// talk reads and writes until one of the two fails. Neither waits for the other, so that they cannot wait for each
// other in a circle with the server's two.
func (h *host) talk(ctx context.Context, l *link) error {
	ctx, cancel := context.WithCancel(ctx)
	left := &answers{wake: make(chan struct{}, 1)}
	var writer sync.WaitGroup
	defer func() {
		cancel()
		hangUp(l.conn)
		writer.Wait()
	}()
	writer.Go(func() {
		defer hangUp(l.conn) // which ends the reader, too
		h.write(ctx, l, left)
	})
	for {
		m, err := l.read()
		if err != nil {
			return err
		}
		if i := m.Introduce; i != nil {
			if err := h.relay.Introduce(i.Ufrag, i.BrowserUfrag, i.BrowserPwd); err != nil {
				left.leave(0, err.Error())
			}
		}
		if r := m.Revoke; r != nil {
			if err := h.relay.Revoke(r.Talk); err != nil {
				return fmt.Errorf("revoke: %w", err) // unconfirmed, it will come again
			}
			left.leave(r.Number, "")
		}
	}
}

func (h *host) write(ctx context.Context, l *link, left *answers) {
	events := h.relay.Events(ctx)
	load := h.relay.Load()
	if l.write(message{Event: &Event{Kind: Loaded, At: time.Now(), Load: &load}}) != nil {
		return
	}
	beat := time.NewTicker(h.pace.beat)
	defer beat.Stop()
	for {
		batch := []message{{}}
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
		case event, more := <-events:
			if !more {
				return
			}
			batch = []message{{Event: &event}}
		case <-left.wake:
			batch = left.take()
		}
		for _, m := range batch {
			if l.write(m) != nil {
				return
			}
		}
	}
}
