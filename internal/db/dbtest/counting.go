package dbtest

import (
	"context"
	"database/sql"

	"visavis/internal/db"
)

// Counting counts how often the database is asked.
type Counting struct {
	db.Q

	Asked int
}

// QueryContext counts, and asks.
func (c *Counting) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	c.Asked++
	return c.Q.QueryContext(ctx, query, args...)
}

// QueryRowContext counts, and asks.
func (c *Counting) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	c.Asked++
	return c.Q.QueryRowContext(ctx, query, args...)
}
