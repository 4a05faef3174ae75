package jobs

import (
	"context"
	"fmt"
	"time"

	"visavis/internal/db"
)

// Dead is a job that was given up: nobody does it any more, and another with its key is not added.
type Dead struct {
	ID, Kind string
	At       time.Time
	Attempts int
	Code     string // why, without a word of what it was about
}

// Dead lists the jobs of an agency that were given up, the last one first; without an agency, those of nobody.
func (*Queue) Dead(ctx context.Context, q db.Q, agency string) ([]Dead, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT id, kind, dead_at, attempts, COALESCE(last_error, '') FROM job
		WHERE agency_id = $1 AND dead_at IS NOT NULL ORDER BY dead_at DESC, id`, agency)
	if err != nil {
		return nil, fmt.Errorf("list dead jobs: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	var list []Dead
	for rows.Next() {
		var one Dead
		var at int64
		if err := rows.Scan(&one.ID, &one.Kind, &at, &one.Attempts, &one.Code); err != nil {
			return nil, fmt.Errorf("list dead jobs: %w", err)
		}
		one.At = db.Time(at)
		list = append(list, one)
	}
	return list, rows.Err()
}

// Revive has dead jobs of an agency done after all: they are due at once, with all their tries before them.
func (q *Queue) Revive(ctx context.Context, tx *db.Tx, agency string, ids ...string) error {
	err := db.InParts([]any{agency, db.Ms(q.o.Clock())}, ids, func(list string, args []any) error {
		_, err := tx.ExecContext(ctx, `
			UPDATE job SET dead_at = NULL, attempts = 0, run_at = $2, last_error = NULL
			WHERE agency_id = $1 AND dead_at IS NOT NULL AND id IN `+list, args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("revive jobs: %w", err)
	}
	tx.AfterCommit(q.o.Publish)
	return nil
}

// Drop deletes dead jobs of an agency.
func (*Queue) Drop(ctx context.Context, tx *db.Tx, agency string, ids ...string) error {
	err := db.InParts([]any{agency}, ids, func(list string, args []any) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM job WHERE agency_id = $1 AND dead_at IS NOT NULL AND id IN `+list, args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("drop jobs: %w", err)
	}
	return nil
}
