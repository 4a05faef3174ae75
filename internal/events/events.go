// Package events numbers changes and wakes whoever waits for them, on every node.
//
// A topic ("desk:…", "seat:…", "talk:…") of an agency has a counter. A change takes
// the next number inside the transaction that makes it, under the row lock of the
// counter at its very end, so that numbers become visible in their order and without holes. Changes
// carry ids, never content. Readers subscribe first, then read: a wake-up says only
// "look again", so a lost or doubled one does no harm.
//
// The main types are Log, Subscription and Bus (how other nodes are woken). The
// package knows nothing of what the topics mean.
package events

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"visavis/internal/db"
)

// Change is one numbered change of a topic.
type Change struct {
	Seq  int64
	Kind string
	Ref  string
}

// Log appends and reads changes.
type Log struct {
	db    *db.DB
	bus   Bus
	clock func() time.Time

	mu    sync.Mutex
	subs  map[string][]*Subscription
	queue []*Subscription // slow readers that are woken soon
	round uint64          // names those slow readers who were woken last
	busy  int             // how many of them have not looked yet; -1: none are awake, and no timer runs
}

// New returns a log. Run must run for subscribers to be woken.
func New(d *db.DB, bus Bus, clock func() time.Time) *Log {
	return &Log{db: d, bus: bus, clock: clock, subs: map[string][]*Subscription{}, busy: none}
}

// Run delivers wake-ups until ctx ends. After each (re)connection of the bus every
// subscriber is woken once, since something may have been missed.
func (l *Log) Run(ctx context.Context) error {
	return l.bus.Listen(ctx, l.wakeAll, l.wake)
}

// pending are the changes of one transaction.
type pending struct{ changes []pendingChange }

type pendingChange struct{ agency, topic, kind, ref string }

type pendingKey struct{ log *Log }

// Append says in the caller's transaction that something of a topic has changed, and wakes subscribers after the commit. It
// is numbered at the very end: all who change a topic wait for each other. Topics have one order, so that of two who change
// the same ones neither waits for the other.
func (l *Log) Append(ctx context.Context, tx *db.Tx, agency, topic, kind, ref string) error {
	if agency == "" || topic == "" {
		return errors.New("append change: of no agency, or of no topic")
	}
	p := db.Keep(tx, pendingKey{l}, func() *pending {
		p := &pending{}
		tx.BeforeCommit(db.Shared, func() error { return l.number(ctx, tx, p.changes) })
		return p
	})
	p.changes = append(p.changes, pendingChange{agency, topic, kind, ref})
	return nil
}

// number writes changes, those of a topic in the order in which they came. What was said several times becomes visible at
// once, and is one change.
func (l *Log) number(ctx context.Context, tx *db.Tx, changes []pendingChange) error {
	said := map[pendingChange]bool{}
	changes = slices.DeleteFunc(changes, func(c pendingChange) bool {
		again := said[c]
		said[c] = true
		return again
	})
	slices.SortStableFunc(changes, func(a, b pendingChange) int {
		return cmp.Or(strings.Compare(a.agency, b.agency), strings.Compare(a.topic, b.topic))
	})
	for _, c := range changes {
		var seq int64
		err := tx.QueryRowContext(ctx, `
			INSERT INTO stream (agency_id, topic, head) VALUES ($1, $2, 1)
			ON CONFLICT (agency_id, topic) DO UPDATE SET head = stream.head + 1
			RETURNING head`, c.agency, c.topic).Scan(&seq)
		if err != nil {
			return fmt.Errorf("number change: %w", err)
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO stream_change (agency_id, topic, seq, kind, ref, created_at)
			VALUES ($1, $2, $3, $4, $5, $6)`, c.agency, c.topic, seq, c.kind, c.ref, db.Ms(l.clock()))
		if err != nil {
			return fmt.Errorf("store change: %w", err)
		}
		tx.AfterCommit(func() { l.bus.Publish(key(c.agency, c.topic)) })
	}
	return nil
}

// Nudge wakes the subscribers of a topic on every node without a numbered change.
func (l *Log) Nudge(agency, topic string) { l.bus.Publish(key(agency, topic)) }

// WakeAll has the readers of all nodes look again, for a program that has changed much and ends. With SQLite there is no
// way into the process of another.
func WakeAll(ctx context.Context, d *db.DB) error {
	if d.Engine() != db.PostgreSQL {
		return nil
	}
	if _, err := d.Read().ExecContext(ctx, `SELECT pg_notify($1, $2)`, channel, everything); err != nil {
		return fmt.Errorf("wake all nodes: %w", err)
	}
	return nil
}

// Head is the number of the newest change; 0 before the first.
func (l *Log) Head(ctx context.Context, q db.Q, agency, topic string) (int64, error) {
	heads, err := l.Heads(ctx, q, agency, []string{topic})
	if err != nil {
		return 0, err
	}
	return heads[0], nil
}

// Heads are those of several topics, in their order, read at once.
func (l *Log) Heads(ctx context.Context, q db.Q, agency string, topics []string) ([]int64, error) {
	known := map[string]int64{}
	err := db.InParts([]any{agency}, topics, func(list string, args []any) error {
		rows, err := q.QueryContext(ctx, `SELECT topic, head FROM stream WHERE agency_id = $1 AND topic IN `+list, args...)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }() // read only
		for rows.Next() {
			var topic string
			var head int64
			if err := rows.Scan(&topic, &head); err != nil {
				return err
			}
			known[topic] = head
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read heads of topics: %w", err)
	}
	heads := make([]int64, len(topics))
	for i, topic := range topics {
		heads[i] = known[topic]
	}
	return heads, nil
}

// Since returns the changes after a number, oldest first. complete is false when
// some of them are gone, more than limit wait, or the number was never given out:
// the reader then takes a snapshot.
func (l *Log) Since(ctx context.Context, q db.Q, agency, topic string, after int64, limit int) (changes []Change, complete bool, err error) {
	changes, _, complete, err = l.SinceEach(ctx, q, agency, []string{topic}, []int64{after}, limit)
	return changes, complete, err
}

// changesOf are those of one topic; both databases find them by their number, also where several are put together.
const changesOf = `
	SELECT topic, seq, kind, ref FROM stream_change WHERE agency_id = $1 AND topic = $%d AND seq > $%d AND seq <= $%d`

// SinceEach is Since for several topics, each with its number, and a limit for all of them together: one topic after the
// other, and the numbers to go on from. However many topics there are, two questions are asked, and one where nothing is new.
func (l *Log) SinceEach(ctx context.Context, q db.Q, agency string, topics []string, after []int64, limit int) (changes []Change, heads []int64, complete bool, err error) {
	// The heads first: what is numbered after this read is the next wake-up's business.
	heads, err = l.Heads(ctx, q, agency, topics)
	if err != nil {
		return nil, nil, false, err
	}
	var news int64
	var each []string
	args := []any{agency}
	for i, topic := range topics {
		seen, head := after[i], heads[i]
		if seen == head {
			continue
		}
		if news += head - seen; seen > head || news > int64(limit) {
			return nil, nil, false, nil
		}
		n := len(args)
		each = append(each, fmt.Sprintf(changesOf, n+1, n+2, n+3))
		args = append(args, topic, seen, head)
	}
	if news == 0 {
		return nil, heads, true, nil
	}
	rows, err := q.QueryContext(ctx, strings.Join(each, " UNION ALL ")+" ORDER BY topic, seq", args...)
	if err != nil {
		return nil, nil, false, fmt.Errorf("read changes: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	for rows.Next() {
		var c Change
		var topic string
		if err := rows.Scan(&topic, &c.Seq, &c.Kind, &c.Ref); err != nil {
			return nil, nil, false, fmt.Errorf("read changes: %w", err)
		}
		changes = append(changes, c)
	}
	if err := rows.Err(); err != nil {
		return nil, nil, false, fmt.Errorf("read changes: %w", err)
	}
	if int64(len(changes)) != news { // numbers have no holes: some are gone
		return nil, nil, false, nil
	}
	return changes, heads, true, nil
}

// Prune deletes changes older than a time; readers with older numbers get a snapshot.
func (l *Log) Prune(ctx context.Context, before time.Time) error {
	return l.db.Tx(ctx, func(tx *db.Tx) error {
		// Every agency on purpose: age is the only criterion.
		if _, err := tx.ExecContext(ctx, `DELETE FROM stream_change WHERE created_at < $1`, db.Ms(before)); err != nil {
			return fmt.Errorf("prune changes: %w", err)
		}
		return nil
	})
}

// Subscription wakes one reader of one or several topics.
type Subscription struct {
	C    <-chan struct{} // capacity one: several changes, one wake-up
	c    chan struct{}
	log  *Log
	keys []string
	// Guarded by the log's lock.
	onWake func()
	slow   string // a topic that wakes once in a while only; empty: none
	queued bool   // for that
	round  uint64 // in which it was woken by that, and has not looked since; 0: none
}

// Subscribe begins to wake. Subscribe before reading, or a change between the two is missed.
func (l *Log) Subscribe(agency string, topics ...string) *Subscription {
	c := make(chan struct{}, 1)
	s := &Subscription{C: c, c: c, log: l}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, topic := range topics {
		k := key(agency, topic)
		s.keys = append(s.keys, k)
		l.subs[k] = append(l.subs[k], s)
	}
	return s
}

// Slowly wakes the reader by one more topic, in place of the one before that was such, but about a second later, and once
// for all changes until then: for what many readers look at that changes often, and each of them only has to know soon. They
// are woken a few at a time, and the next when these have looked (Looked): however many there are and however slow the
// database is, nobody else waits for them.
func (s *Subscription) Slowly(agency, topic string) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	next := key(agency, topic)
	if next == s.slow {
		return
	}
	if s.slow != "" {
		s.log.leave(s.slow, s)
		s.keys = slices.DeleteFunc(s.keys, func(known string) bool { return known == s.slow })
	}
	s.slow = next
	s.keys = append(s.keys, s.slow)
	s.log.subs[s.slow] = append(s.log.subs[s.slow], s)
}

// OnWake has f called after each wake-up, for a reader that waits for something else and can be interrupted. f must not
// wait, and may be called a last time while Close runs.
func (s *Subscription) OnWake(f func()) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.onWake = f
}

// Close ends the subscription; C is not closed.
func (s *Subscription) Close() {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	if s.queued {
		s.log.queue = slices.DeleteFunc(s.log.queue, func(known *Subscription) bool { return known == s })
	}
	s.log.looked(s)
	for _, k := range s.keys {
		s.log.leave(k, s)
	}
}

func (l *Log) leave(k string, s *Subscription) {
	left := slices.DeleteFunc(l.subs[k], func(known *Subscription) bool { return known == s })
	l.subs[k] = left
	if len(left) == 0 {
		delete(l.subs, k)
	}
}

func (l *Log) wake(k string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.subs[k] {
		if s.slow == k {
			l.wakeSoon(s)
		} else {
			s.wake()
		}
	}
}

func (l *Log) wakeAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, subs := range l.subs {
		for _, s := range subs {
			s.wake()
		}
	}
}

// Slow readers: how long the first of them waits for further changes, how many are woken at a time, and how long the next
// wait for these at most: one of them may be busy with its own reader.
const (
	slowAfter   = time.Second
	slowAtATime = 4
	slowMost    = time.Second
	none        = -1 // as busy
)

func (l *Log) wakeSoon(s *Subscription) {
	if s.queued {
		return
	}
	s.queued = true
	l.queue = append(l.queue, s)
	if l.busy == none {
		l.nextRound(slowAfter)
	}
}

// nextRound has some more woken after a while, or as soon as those of this round have looked. The caller holds mu.
func (l *Log) nextRound(after time.Duration) {
	l.busy = 0
	l.round++
	round := l.round
	time.AfterFunc(after, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.round == round {
			l.wakeSome()
		}
	})
}

// wakeSome wakes the first in the queue. The caller holds mu.
func (l *Log) wakeSome() {
	n := min(len(l.queue), slowAtATime)
	if n == 0 {
		l.busy = none
		return
	}
	l.nextRound(slowMost)
	l.busy = n
	for _, s := range l.queue[:n] {
		s.queued, s.round = false, l.round
		s.wake()
	}
	l.queue = slices.Delete(l.queue, 0, n)
}

// Looked says that the reader has read since it was woken. Readers of a slow topic say so.
func (s *Subscription) Looked() {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.log.looked(s)
}

func (l *Log) looked(s *Subscription) {
	round := s.round
	s.round = 0
	if round == 0 || round != l.round {
		return
	}
	if l.busy--; l.busy == 0 {
		l.wakeSome()
	}
}

func (s *Subscription) wake() {
	select {
	case s.c <- struct{}{}:
	default: // already awake
	}
	if s.onWake != nil {
		s.onWake()
	}
}

func key(agency, topic string) string { return agency + " " + topic }
