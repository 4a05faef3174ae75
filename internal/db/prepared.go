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

// Prepare returns one without statements; they end with the transaction.
func (t *Tx) Prepare() *Prepared { return &Prepared{tx: t, ready: map[string]*sql.Stmt{}} }

// Exec runs a statement.
func (p *Prepared) Exec(ctx context.Context, query string, args ...any) error {
	ready := p.ready[query]
	if ready == nil {
		var err error
		if ready, err = p.tx.PrepareContext(ctx, query); err != nil {
			return err
		}
		p.ready[query] = ready
	}
	_, err := ready.ExecContext(ctx, args...)
	return err
}
