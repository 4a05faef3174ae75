package events

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Bus wakes the nodes of an installation. A key says only what changed.
type Bus interface {
	// Publish never blocks; a full queue drops the key and, to lose nothing,
	// makes every listener look at everything.
	Publish(key string)
	// Listen delivers keys until ctx ends. ready is called after each (re)connection.
	Listen(ctx context.Context, ready func(), deliver func(key string)) error
}

const busQueue = 4096

// localBus serves one process.
type localBus struct {
	keys     chan string
	overflow chan struct{}
}

// NewLocalBus returns the bus of a single process (SQLite).
func NewLocalBus() Bus {
	return &localBus{keys: make(chan string, busQueue), overflow: make(chan struct{}, 1)}
}

func (b *localBus) Publish(key string) {
	select {
	case b.keys <- key:
	default:
		signal(b.overflow)
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (b *localBus) Listen(ctx context.Context, ready func(), deliver func(string)) error {
	ready()
	for {
		select {
		case <-ctx.Done():
			return nil
		case key := <-b.keys:
			deliver(key)
		case <-b.overflow:
			ready()
		}
	}
}

// postgresBus uses LISTEN and NOTIFY on connections of its own. A payload may have
// 8,000 bytes; keys are far shorter.
type postgresBus struct {
	url   string
	log   *slog.Logger
	out   localBus
	pulse time.Duration
}

const (
	channel    = "visavis"
	minBackoff = 100 * time.Millisecond
	maxBackoff = 5 * time.Second
	// A connection can stand and carry nothing, behind a pooler that hangs or a peer that has gone without a word. So
	// each node says that it is alive, and takes three times as long a silence, its own included, for an end.
	aliveEvery = 5 * time.Second
)

// NewPostgresBus returns the bus of nodes that share a PostgreSQL database.
func NewPostgresBus(url string, log *slog.Logger) Bus {
	return newPostgresBus(url, log, aliveEvery)
}

func newPostgresBus(url string, log *slog.Logger, pulse time.Duration) *postgresBus {
	out := localBus{keys: make(chan string, busQueue), overflow: make(chan struct{}, 1)}
	return &postgresBus{url: url, log: log, out: out, pulse: pulse}
}

func (b *postgresBus) Publish(key string) { b.out.Publish(key) }

// Listen holds two connections, since one that waits for notifications cannot send.
// When either breaks both begin anew, and ready makes every reader look again.
func (b *postgresBus) Listen(ctx context.Context, ready func(), deliver func(string)) error {
	backoff := minBackoff
	for {
		if err := b.connected(ctx, func() { backoff = minBackoff; ready() }, deliver); ctx.Err() == nil {
			b.log.WarnContext(ctx, "notifications of the database interrupted", "error", err)
		}
		wait := backoff/2 + rand.N(backoff/2)
		backoff = min(2*backoff, maxBackoff)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

func (b *postgresBus) connected(ctx context.Context, ready func(), deliver func(string)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	listen, err := b.connect(ctx)
	if err != nil {
		return fmt.Errorf("connect to listen: %w", err)
	}
	defer hangUp(listen)
	if err := b.within(ctx, func(ctx context.Context) error {
		_, err := listen.Exec(ctx, "LISTEN "+channel)
		return err
	}); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	failed := make(chan error, 1)
	go func() { failed <- b.send(ctx); cancel() }()
	ready()
	for {
		var n *pgconn.Notification
		err := b.within(ctx, func(ctx context.Context) (err error) {
			n, err = listen.WaitForNotification(ctx)
			return err
		})
		if err != nil {
			cancel()
			return errors.Join(err, <-failed)
		}
		switch n.Payload {
		case alive:
		case everything:
			ready()
		default:
			deliver(n.Payload)
		}
	}
}

func (b *postgresBus) connect(ctx context.Context) (conn *pgx.Conn, err error) {
	err = b.within(ctx, func(ctx context.Context) error {
		conn, err = pgx.Connect(ctx, b.url)
		return err
	})
	return conn, err
}

// hangUp says good-bye where somebody still listens.
func hangUp(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = conn.Close(ctx) // it may be broken already
}

// within bounds whatever waits for the other end.
func (b *postgresBus) within(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, 3*b.pulse)
	defer cancel()
	return f(ctx)
}

const (
	everything = "*" // asks all nodes to look at all topics
	alive      = ""
)

func (b *postgresBus) send(ctx context.Context) error {
	conn, err := b.connect(ctx)
	if err != nil {
		return fmt.Errorf("connect to notify: %w", err)
	}
	defer hangUp(conn)
	notify := func(key string) error {
		return b.within(ctx, func(ctx context.Context) error {
			_, err := conn.Exec(ctx, "SELECT pg_notify($1, $2)", channel, key)
			return err
		})
	}
	// What was published while no connection stood may be lost: ask for a look at all.
	if err := notify(everything); err != nil {
		return err
	}
	pulse := time.NewTicker(b.pulse)
	defer pulse.Stop()
	for {
		key := everything
		select {
		case <-ctx.Done():
			return nil
		case <-pulse.C:
			key = alive
		case key = <-b.out.keys:
		case <-b.out.overflow:
		}
		if err := notify(key); err != nil {
			signal(b.out.overflow)
			return err
		}
	}
}
