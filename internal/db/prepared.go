package db

import (
	"context"
	"database/sql"
)

// Prepared runs the same few statements many times in a transaction, each read by the database once.
type Prepared struct {
	tx    *Tx
	ready map[string]*sql.Stmt
}

type preparedKey struct{}

// Prepared are those of the transaction, whichever package repeats them; they end with it.
func (t *Tx) Prepared() *Prepared {
	return Keep(t, preparedKey{}, func() *Prepared { return &Prepared{tx: t, ready: map[string]*sql.Stmt{}} })
}

// Exec runs a statement.
func (p *Prepared) Exec(ctx context.Context, query string, args ...any) error {
	_, err := p.ExecContext(ctx, query, args...)
	return err
}

// ExecContext runs a statement, and tells what it did.
func (p *Prepared) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	ready := p.ready[query]
	if ready == nil {
		var err error
		if ready, err = p.tx.PrepareContext(ctx, query); err != nil {
			return nil, err
		}
		p.ready[query] = ready
	}
	return ready.ExecContext(ctx, args...)
}
