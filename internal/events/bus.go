package events

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
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
	url string
	log *slog.Logger
	out localBus
}

const (
	channel    = "visavis"
	minBackoff = 100 * time.Millisecond
	maxBackoff = 5 * time.Second
)

// NewPostgresBus returns the bus of nodes that share a PostgreSQL database.
func NewPostgresBus(url string, log *slog.Logger) Bus {
	return &postgresBus{url: url, log: log, out: localBus{keys: make(chan string, busQueue), overflow: make(chan struct{}, 1)}}
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
	listen, err := pgx.Connect(ctx, b.url)
	if err != nil {
		return fmt.Errorf("connect to listen: %w", err)
	}
	defer func() { _ = listen.Close(context.WithoutCancel(ctx)) }() // the connection may be broken already
	if _, err := listen.Exec(ctx, "LISTEN "+channel); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	failed := make(chan error, 1)
	go func() { failed <- b.send(ctx); cancel() }()
	ready()
	for {
		n, err := listen.WaitForNotification(ctx)
		if err != nil {
			cancel()
			return errors.Join(err, <-failed)
		}
		if n.Payload == everything {
			ready()
		} else {
			deliver(n.Payload)
		}
	}
}

// everything asks all nodes to look at all topics.
const everything = "*"

func (b *postgresBus) send(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, b.url)
	if err != nil {
		return fmt.Errorf("connect to notify: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	notify := func(key string) error {
		_, err := conn.Exec(ctx, "SELECT pg_notify($1, $2)", channel, key)
		return err
	}
	// What was published while no connection stood may be lost: ask for a look at all.
	if err := notify(everything); err != nil {
		return err
	}
	for {
		key := everything
		select {
		case <-ctx.Done():
			return nil
		case key = <-b.out.keys:
		case <-b.out.overflow:
		}
		if err := notify(key); err != nil {
			signal(b.out.overflow)
			return err
		}
	}
}
