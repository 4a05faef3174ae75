package audit

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"visavis/internal/db"
)

// Filter says which entries somebody looks for; what is zero does not matter.
type Filter struct {
	From, Until time.Time // until: up to that moment, without it
	Act         Act
	Object      string // an id
	Person      string // a pseudonym: who acted, or to whom it happened
}

// Cursor is the entry after which a page begins, the newest first; zero: the beginning.
type Cursor struct{ At, Seq int64 }

// Page lists some entries, the newest first.
func (l *Log) Page(ctx context.Context, q db.Q, agency string, f Filter, after Cursor, most int) ([]Row, error) {
	where, args := f.where(agency)
	if after != (Cursor{}) {
		args = append(args, after.At, after.Seq)
		where += ` AND (at, seq) < ($` + strconv.Itoa(len(args)-1) + `, $` + strconv.Itoa(len(args)) + `)`
	}
	args = append(args, most)
	rows, err := q.QueryContext(ctx, columns+` WHERE agency_id = $1`+where+` ORDER BY at DESC, seq DESC LIMIT $`+strconv.Itoa(len(args)), args...)
	if err != nil {
		return nil, fmt.Errorf("list audit: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	list := []Row{}
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

// Count tells how many entries there are, up to a most.
func (l *Log) Count(ctx context.Context, q db.Q, agency string, f Filter, most int) (int, error) {
	where, args := f.where(agency)
	args = append(args, most)
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM audit_entry WHERE agency_id = $1`+where+
		` LIMIT $`+strconv.Itoa(len(args))+`) AS found`, args...).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count audit: %w", err)
	}
	return n, nil
}

// where is only what is asked for, so that the database finds the index for it.
func (f Filter) where(agency string) (where string, args []any) {
	args = []any{agency}
	and := func(before string, value any, after string) {
		args = append(args, value)
		where += ` AND ` + before + `$` + strconv.Itoa(len(args)) + after
	}
	if !f.From.IsZero() {
		and(`at >= `, db.Ms(f.From), ``)
	}
	if !f.Until.IsZero() {
		and(`at < `, db.Ms(f.Until), ``)
	}
	if f.Act != "" {
		and(`act = `, f.Act, ``)
	}
	if f.Object != "" {
		and(`object_id = `, f.Object, ``)
	}
	if f.Person != "" {
		and(`(actor = `, f.Person, ` OR object_id = $`+strconv.Itoa(len(args)+1)+`)`)
	}
	return where, args
}
