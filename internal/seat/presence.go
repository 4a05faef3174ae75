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
)

// presence knows which pages are connected: a row for each in the database, which
// counts while the lease of its node is valid.
type presence struct {
	s *Service

	mu      sync.Mutex
	leaving map[string]*time.Timer // by seat and page: connections just lost
}

func newPresence(s *Service) *presence {
	return &presence{s: s, leaving: map[string]*time.Timer{}}
}

func (p *presence) connected(ctx context.Context, x Seat, page string) error {
	p.mu.Lock()
	if t, ok := p.leaving[x.ID+page]; ok {
		t.Stop()
		delete(p.leaving, x.ID+page)
	}
	p.mu.Unlock()
	return p.s.retried(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO seat_presence (agency_id, seat_id, page, node_id, created_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (agency_id, seat_id, page, node_id) DO UPDATE SET created_at = excluded.created_at`,
			x.Agency, x.ID, page, p.s.o.Node, db.Ms(p.s.o.Clock()))
		if err != nil {
			return fmt.Errorf("note presence: %w", err)
		}
		return p.settle(ctx, tx, x.Agency, x.ID)
	})
}

// lost is called when a page's stream ends. The page has a moment to come back.
func (p *presence) lost(x Seat, page string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := x.ID + page
	if t, ok := p.leaving[key]; ok {
		t.Stop()
	}
	p.leaving[key] = time.AfterFunc(grace, func() {
		p.mu.Lock()
		delete(p.leaving, key)
		p.mu.Unlock()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := p.forget(ctx, x, page); err != nil {
			p.s.o.Log.ErrorContext(ctx, "note that a guest is away", "error", err)
		}
	})
}

func (p *presence) forget(ctx context.Context, x Seat, page string) error {
	return p.s.retried(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM seat_presence WHERE agency_id = $1 AND seat_id = $2 AND page = $3 AND node_id = $4`,
			x.Agency, x.ID, page, p.s.o.Node)
		if err != nil {
			return fmt.Errorf("forget presence: %w", err)
		}
		return p.settle(ctx, tx, x.Agency, x.ID)
	})
}

// settle compares the rows with the seat and notes a difference.
func (p *presence) settle(ctx context.Context, tx *db.Tx, agencyID, seatID string) error {
	x, err := byID(ctx, tx, agencyID, seatID)
	if err != nil {
		return err
	}
	if x.State != Waiting && x.State != Talking {
		return nil
	}
	var n int
	err = tx.QueryRowContext(ctx, `
		SELECT COUNT(*) FROM seat_presence JOIN node ON node.id = seat_presence.node_id
		WHERE seat_presence.agency_id = $1 AND seat_presence.seat_id = $2 AND seat_presence.page = $3 AND node.lease_until > $4`,
		x.Agency, x.ID, x.Holder.Page, db.Ms(p.s.o.Clock())).Scan(&n)
	if err != nil {
		return fmt.Errorf("count presence: %w", err)
	}
	if here := n > 0; here == (x.AwaySince == nil) {
		return nil
	}
	_, _, err = p.s.Do(ctx, tx, agencyID, seatID, Presence{Connected: n > 0, Visible: x.HiddenSince == nil})
	return err
}

// Run keeps this node's lease and looks after the guests of nodes that died, until
// ctx ends. One write each four seconds, however many guests wait.
func (s *Service) Run(ctx context.Context) error {
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
func (s *Service) Lease(ctx context.Context) error { return s.presence.lease(ctx) }

func (p *presence) lease(ctx context.Context) error {
	now := p.s.o.Clock()
	return p.s.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO node (id, started_at, lease_until) VALUES ($1, $2, $3)
			ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until`,
			p.s.o.Node, db.Ms(now), db.Ms(now.Add(leaseTime)))
		if err != nil {
			return fmt.Errorf("renew lease: %w", err)
		}
		return nil
	})
}

func (p *presence) beat(ctx context.Context) error {
	if err := p.lease(ctx); err != nil {
		return err
	}
	dead, err := strings2(ctx, p.s.db.Read(), `SELECT id, '' FROM node WHERE lease_until < $1`, db.Ms(p.s.o.Clock()))
	if err != nil {
		return err
	}
	for _, node := range dead {
		err = errors.Join(err, p.bury(ctx, node[0]))
	}
	return err
}

// bury removes a dead node and settles the seats of its guests. Seats of all
// agencies on purpose: the node served them all.
func (p *presence) bury(ctx context.Context, node string) error {
	seats, err := strings2(ctx, p.s.db.Read(), `SELECT DISTINCT agency_id, seat_id FROM seat_presence WHERE node_id = $1`, node)
	if err != nil {
		return err
	}
	err = p.s.db.Tx(ctx, func(tx *db.Tx) error {
		_, first := tx.ExecContext(ctx, `DELETE FROM seat_presence WHERE node_id = $1`, node)
		_, second := tx.ExecContext(ctx, `DELETE FROM node WHERE id = $1`, node)
		return errors.Join(first, second)
	})
	if err != nil {
		return fmt.Errorf("forget dead node: %w", err)
	}
	for _, x := range seats {
		err = errors.Join(err, p.s.retried(ctx, func(tx *db.Tx) error { return p.settle(ctx, tx, x[0], x[1]) }))
	}
	return err
}

func strings2(ctx context.Context, q db.Q, query string, args ...any) ([][2]string, error) {
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
