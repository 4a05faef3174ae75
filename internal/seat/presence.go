package seat

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"visavis/internal/db"
)

const (
	// grace spares the list a flicker when a page reloads.
	grace = 2 * time.Second
	// A node that has not renewed its lease is taken for dead, its guests for away.
	leaseTime  = 12 * time.Second
	leaseRenew = 4 * time.Second
	// Most streams of one seat on a node, tabs and devices of a family and those that are about to end, and of one
	// browser among them.
	mostStreams           = 32
	mostStreamsPerBrowser = 16
)

// staffPage begins the name of the window in which a person of staff has a seat's talk: it is kept among the guest's
// pages, and as long as they are.
const staffPage = "staff:"

// presence knows which pages are connected: a row for each in the database, which
// counts while the lease of its node is valid.
type presence struct {
	s *Service

	mu    sync.Mutex
	pages map[pageKey]*connection // of this node
	ended bool                    // the process stops: its lease runs out, and others look after its guests
	notes sync.WaitGroup          // that are being written; none begins when it has ended
}

type pageKey struct{ agency, seat, page string }

// connection is a page with its streams. For a moment there may be two, when a
// telephone changes its network, or none, when a stream broke and begins anew.
type connection struct {
	streams int
	leaving *time.Timer // runs while there is no stream but the page may come back
	unsure  bool        // the row may not say what is true
}

func (c *connection) here() bool { return c.streams > 0 || c.leaving != nil }

func newPresence(s *Service) *presence {
	return &presence{s: s, pages: map[pageKey]*connection{}}
}

// connected is called before a page's stream begins; lost must follow if it succeeds.
func (p *presence) connected(ctx context.Context, x Seat, page string) error {
	k := pageKey{x.Agency, x.ID, page}
	p.enter(k)
	err := p.put(ctx, k)
	if err != nil {
		p.lost(k)
	}
	return err
}

// enter counts a stream of a page; put says so in the database.
func (p *presence) enter(k pageKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, ok := p.pages[k]
	if !ok {
		c = &connection{}
		p.pages[k] = c
	}
	c.streams++
	c.unsure = true
	c.stay()
}

// Attend counts a stream of the window in which a person of staff has the talk of a seat, until the function that it
// returns is called. The stream does not wait for the database.
func (s *Service) Attend(agencyID, seatID, staffID string) (leave func()) {
	k := pageKey{agencyID, seatID, staffPage + staffID}
	s.presence.enter(k)
	s.presence.aside(k)
	return func() { s.presence.lost(k) }
}

// Expect gives a person of staff who begins a talk, or joins it, a moment to attend.
func (s *Service) Expect(agencyID, seatID, staffID string) {
	k := pageKey{agencyID, seatID, staffPage + staffID}
	s.presence.enter(k)
	s.presence.lost(k)
}

func (c *connection) stay() {
	if c.leaving != nil {
		c.leaving.Stop()
		c.leaving = nil
	}
}

// lost is called when a page's stream ends. The page has a moment to come back.
func (p *presence) lost(k pageKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.pages[k]
	if c.streams--; c.streams > 0 || p.ended {
		return
	}
	c.stay()
	var timer *time.Timer
	timer = time.AfterFunc(grace, func() {
		p.mu.Lock()
		if c.leaving != timer {
			p.mu.Unlock()
			return // the page came back
		}
		c.leaving, c.unsure = nil, true
		p.notes.Add(1)
		p.mu.Unlock()
		defer p.notes.Done()
		p.note(k)
	})
	c.leaving = timer
}

// aside notes where the caller does not wait.
func (p *presence) aside(k pageKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.ended {
		p.notes.Go(func() { p.note(k) })
	}
}

// note is put where nobody waits for it; what fails has its turn at the next beat. Of a seat that was deleted meanwhile
// nothing is left to say.
func (p *presence) note(k pageKey) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := p.put(ctx, k); err != nil && !errors.Is(err, ErrNotFound) {
		p.s.o.Log.ErrorContext(ctx, "note who is connected", "error", err)
	}
}

// has tells whether a page is connected to this node, or may come back to it.
func (p *presence) has(k pageKey) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, ok := p.pages[k]
	return ok && c.here()
}

// end forgets who may come back. A page whose stream ends with the process connects
// to another, or to this one after its restart, and is not away meanwhile. What is being
// written is waited for: the database is closed next.
func (p *presence) end() {
	p.mu.Lock()
	p.ended = true
	for _, c := range p.pages {
		c.stay()
	}
	p.mu.Unlock()
	p.notes.Wait()
}

// put makes the row say what is true of a page, also when that changes meanwhile. ErrNotFound is as good as written: the
// seat is gone, and its rows with it.
func (p *presence) put(ctx context.Context, k pageKey) error {
	for {
		p.mu.Lock()
		c, ok := p.pages[k]
		here := ok && c.here()
		p.mu.Unlock()
		if !ok {
			return nil
		}
		err := p.write(ctx, k, here)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if p.written(k, here) {
			return err
		}
	}
}

// written tells whether what was written is still true.
func (p *presence) written(k pageKey, here bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, ok := p.pages[k]
	if !ok {
		return true
	}
	if c.here() != here {
		return false
	}
	c.unsure = false
	if !here {
		delete(p.pages, k)
	}
	return true
}

func (p *presence) write(ctx context.Context, k pageKey, here bool) error {
	return p.s.db.Retried(ctx, func(tx *db.Tx) error {
		x, err := p.s.keep(ctx, tx, k.agency, k.seat)
		if err != nil {
			return err
		}
		if here {
			_, err = tx.ExecContext(ctx, `
				INSERT INTO seat_presence (agency_id, seat_id, page, node_id, created_at) VALUES ($1, $2, $3, $4, $5)
				ON CONFLICT (agency_id, seat_id, page, node_id) DO UPDATE SET created_at = excluded.created_at`,
				k.agency, k.seat, k.page, p.s.o.Node, db.Ms(p.s.o.Clock()))
		} else {
			_, err = tx.ExecContext(ctx, `DELETE FROM seat_presence WHERE agency_id = $1 AND seat_id = $2 AND page = $3 AND node_id = $4`,
				k.agency, k.seat, k.page, p.s.o.Node)
		}
		if err != nil {
			return fmt.Errorf("note presence: %w", err)
		}
		return p.settle(ctx, tx, x)
	})
}

// settle compares the rows with a seat and notes a difference. Whoever calls it has the seat in hand: of two nodes that
// write of a page at once, neither sees what the other has not committed, and the second compares with what the first left.
func (p *presence) settle(ctx context.Context, tx *db.Tx, x Seat) error {
	if x.State != Waiting && x.State != Talking {
		return nil
	}
	here, err := p.holds(ctx, tx, x, x.Holder.Page)
	if err != nil {
		return err
	}
	if here != (x.AwaySince == nil) {
		if _, _, err := p.s.Do(ctx, tx, x.Agency, x.ID, Connected{Here: here}); err != nil {
			return err
		}
	}
	if x.State != Talking {
		return nil
	}
	return p.s.talks.Attended(ctx, tx, x, func(staff string) (bool, error) {
		page := staffPage + staff
		// Nobody waited for the row of this node's own window: the guest who connects before it is written must not be told
		// that nobody is there.
		if p.has(pageKey{x.Agency, x.ID, page}) {
			return true, nil
		}
		return p.holds(ctx, tx, x, page)
	})
}

// holds tells whether a page of a seat, as a rule the one that holds it, is connected, on whatever node.
func (p *presence) holds(ctx context.Context, tx *db.Tx, x Seat, page string) (bool, error) {
	var n int
	err := tx.QueryRowContext(ctx, `
		SELECT COUNT(*) FROM seat_presence JOIN node ON node.id = seat_presence.node_id
		WHERE seat_presence.agency_id = $1 AND seat_presence.seat_id = $2 AND seat_presence.page = $3 AND node.lease_until > $4`,
		x.Agency, x.ID, page, db.Ms(p.s.o.Clock())).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("count presence: %w", err)
	}
	return n > 0, nil
}

// Run keeps this node's lease and looks after the guests of nodes that died, until
// ctx ends. One write each four seconds, however many guests wait.
func (s *Service) Run(ctx context.Context) error {
	defer s.presence.end()
	tick := time.NewTicker(leaseRenew)
	defer tick.Stop()
	for {
		if err := s.presence.beat(ctx); err != nil && ctx.Err() == nil {
			s.o.Log.ErrorContext(ctx, "renew lease", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Lease registers this node; before the first guest connects.
func (s *Service) Lease(ctx context.Context) error {
	_, err := s.presence.lease(ctx)
	return err
}

// lease tells whether there was none, or one that had run out: others may have
// taken this node for dead meanwhile, and its guests for away.
func (p *presence) lease(ctx context.Context) (lapsed bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, leaseRenew)
	defer cancel()
	now := p.s.o.Clock()
	err = p.s.db.Tx(ctx, func(tx *db.Tx) error {
		until := db.Ms(now.Add(leaseTime))
		err := db.Affected(tx.ExecContext(ctx, `UPDATE node SET lease_until = $1 WHERE id = $2 AND lease_until > $3`, until, p.s.o.Node, db.Ms(now)))
		if lapsed = errors.Is(err, db.ErrConflict); lapsed {
			_, err = tx.ExecContext(ctx, `
				INSERT INTO node (id, started_at, lease_until) VALUES ($1, $2, $3)
				ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until`, p.s.o.Node, db.Ms(now), until)
		}
		if err != nil {
			return fmt.Errorf("renew lease: %w", err)
		}
		return nil
	})
	return lapsed, err
}

// beat renews the lease, and looks after what may not be true. What does not get done before the lease must be renewed
// again has its turn after that.
func (p *presence) beat(ctx context.Context) error {
	lapsed, err := p.lease(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, leaseRenew)
	defer cancel()
	err = p.assure(ctx, lapsed)
	dead, first := pairs(ctx, p.s.db.Read(), `SELECT id, '' FROM node WHERE lease_until < $1`, db.Ms(p.s.o.Clock()))
	err = errors.Join(err, first)
	for _, node := range dead {
		err = errors.Join(err, p.bury(ctx, node[0]))
	}
	return err
}

// assure writes the rows again that may not be true: all of them after a lapse, and
// those whose writing failed.
func (p *presence) assure(ctx context.Context, all bool) error {
	var list []pageKey
	p.mu.Lock()
	for k, c := range p.pages {
		c.unsure = c.unsure || all
		if c.unsure {
			list = append(list, k)
		}
	}
	p.mu.Unlock()
	var failed error
	for _, k := range list {
		if ctx.Err() != nil {
			break
		}
		if err := p.put(ctx, k); err != nil && !errors.Is(err, ErrNotFound) {
			failed = errors.Join(failed, fmt.Errorf("write presence again: %w", err))
		}
	}
	return failed
}

// errAlive says that a node has renewed its lease, or that others have seen to its guests.
var errAlive = errors.New("the node is not dead any more")

// bury settles the seats of a dead node's guests, one by one, and removes it when none is left. A seat that cannot be
// settled keeps none of the others waiting. Seats of all agencies on purpose: the node served them all.
func (p *presence) bury(ctx context.Context, node string) error {
	seats, err := pairs(ctx, p.s.db.Read(), `SELECT DISTINCT agency_id, seat_id FROM seat_presence WHERE node_id = $1`, node)
	if err != nil {
		return err
	}
	var failed error
	for _, x := range seats {
		err := p.release(ctx, node, x[0], x[1])
		if errors.Is(err, errAlive) {
			return failed
		}
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("settle seat of dead node: %w", err))
		}
		if ctx.Err() != nil {
			return failed
		}
	}
	if failed != nil {
		return failed
	}
	err = p.s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := p.hold(ctx, tx, node); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			DELETE FROM node WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM seat_presence WHERE node_id = $1)`, node)
		return err
	})
	if err != nil && !errors.Is(err, errAlive) {
		return fmt.Errorf("forget dead node: %w", err)
	}
	return nil
}

// release forgets what a dead node said of a seat, and settles the seat.
func (p *presence) release(ctx context.Context, node, agencyID, seatID string) error {
	return p.s.db.Retried(ctx, func(tx *db.Tx) error {
		if err := p.hold(ctx, tx, node); err != nil {
			return err
		}
		x, err := p.s.keep(ctx, tx, agencyID, seatID)
		if errors.Is(err, ErrNotFound) {
			return nil // deleted meanwhile, with its rows
		}
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM seat_presence WHERE agency_id = $1 AND seat_id = $2 AND node_id = $3`,
			agencyID, seatID, node); err != nil {
			return fmt.Errorf("forget presence: %w", err)
		}
		return p.settle(ctx, tx, x)
	})
}

// hold keeps a node dead until the transaction ends: if it renews its lease, then after that, and it sees that the lease
// had run out and writes all its rows again.
func (p *presence) hold(ctx context.Context, tx *db.Tx, node string) error {
	err := db.Affected(tx.ExecContext(ctx, `UPDATE node SET lease_until = lease_until WHERE id = $1 AND lease_until < $2`,
		node, db.Ms(p.s.o.Clock())))
	if errors.Is(err, db.ErrConflict) {
		return errAlive
	}
	if err != nil {
		return fmt.Errorf("hold dead node: %w", err)
	}
	return nil
}

// pairs reads rows of two texts.
func pairs(ctx context.Context, q db.Q, query string, args ...any) ([][2]string, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read presence: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	var out [][2]string
	for rows.Next() {
		var x [2]string
		if err := rows.Scan(&x[0], &x[1]); err != nil {
			return nil, fmt.Errorf("read presence: %w", err)
		}
		out = append(out, x)
	}
	return out, rows.Err()
}
