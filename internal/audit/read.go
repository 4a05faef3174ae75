package audit

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"visavis/internal/db"
)

// Filter says which entries somebody looks for; what is zero does not matter.
type Filter struct {
	From, Until time.Time // until: up to that moment, without it
	Act         Act
	Object      string // an id
	Person      string // a pseudonym: who acted, or to whom it happened
	Number      int64
}

// Cursor is the entry after which a page begins, the newest first; zero: the beginning.
type Cursor struct{ At, Seq int64 }

// Page lists some entries, the newest first.
func (l *Log) Page(ctx context.Context, q db.Q, agency string, f Filter, after Cursor, most int) ([]Row, error) {
	w := f.where(agency)
	if after != (Cursor{}) {
		w.text += ` AND (at, seq) < (` + w.put(after.At) + `, ` + w.put(after.Seq) + `)`
	}
	limit := ` ORDER BY at DESC, seq DESC LIMIT ` + w.put(most)
	one := func(of string) string { return columns + ` WHERE agency_id = $1` + w.text + of + limit }
	query := one(``)
	if f.Person != "" {
		by, about := w.person(f)
		query = `SELECT * FROM (` + one(by) + `) AS by_it UNION SELECT * FROM (` + one(about) + `) AS about_it` + limit
	}
	rows, err := q.QueryContext(ctx, query, w.args...)
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

// Done is what is looked for of what was done to somebody, or to the agency.
type Done struct {
	By    string    // an id; empty: whoever of the kind
	Kind  ActorKind // empty: the staff
	To    string    // an id
	Since time.Time
	Acts  []Act  // that are all done to things of one kind
	With  []Code // belong to it; none: whatever belongs to it
}

// Last tells when something was done for the last time; zero: not since then.
func (l *Log) Last(ctx context.Context, q db.Q, agency string, d Done) (time.Time, error) {
	key, err := l.o.Key(ctx, q, agency)
	if err != nil {
		return time.Time{}, fmt.Errorf("audit: %w", err)
	}
	object := d.To
	if shapes[d.Acts[0]].object == OfStaff {
		object = key.Pseudonym(d.To)
	}
	w := &condition{args: []any{agency}}
	w.text = ` AND object_id = ` + w.put(object) + ` AND at >= ` + w.put(db.Ms(d.Since)) + ` AND actor_kind = ` + w.put(string(cmp.Or(d.Kind, ByStaff)))
	if d.By != "" {
		w.text += ` AND actor = ` + w.put(key.Pseudonym(d.By))
	}
	acts := make([]string, len(d.Acts))
	for i, act := range d.Acts {
		acts[i] = w.put(string(act))
	}
	w.text += ` AND act IN (` + strings.Join(acts, `, `) + `)`
	for _, with := range d.With {
		w.text += ` AND ' ' || detail || ' ' LIKE ` + w.put(`% `+with.key+`=`+with.value+` %`)
	}
	var at *int64
	err = q.QueryRowContext(ctx, `SELECT MAX(at) FROM audit_entry WHERE agency_id = $1`+w.text, w.args...).Scan(&at)
	if err != nil {
		return time.Time{}, fmt.Errorf("look in audit: %w", err)
	}
	if at == nil {
		return time.Time{}, nil
	}
	return db.Time(*at), nil
}

// Count tells how many entries there are, up to a most.
func (l *Log) Count(ctx context.Context, q db.Q, agency string, f Filter, most int) (int, error) {
	w := f.where(agency)
	limit := ` LIMIT ` + w.put(most)
	one := func(of string) string {
		return `SELECT seq FROM audit_entry WHERE agency_id = $1` + w.text + of + limit
	}
	query := one(``)
	if f.Person != "" {
		by, about := w.person(f)
		query = `SELECT seq FROM (` + one(by) + `) AS by_it UNION SELECT seq FROM (` + one(about) + `) AS about_it`
	}
	var n int
	if err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM (`+query+`) AS found`, w.args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count audit: %w", err)
	}
	return min(n, most), nil
}

// condition is what a query asks for besides the agency.
type condition struct {
	text string
	args []any
}

// put adds an argument and returns its placeholder.
func (c *condition) put(value any) string {
	c.args = append(c.args, value)
	return `$` + strconv.Itoa(len(c.args))
}

// where is only what is asked for, so that the database finds the index for it.
func (f Filter) where(agency string) *condition {
	c := &condition{args: []any{agency}}
	if !f.From.IsZero() {
		c.text += ` AND at >= ` + c.put(db.Ms(f.From))
	}
	if !f.Until.IsZero() {
		c.text += ` AND at < ` + c.put(db.Ms(f.Until))
	}
	if f.Act != "" {
		c.text += ` AND act = ` + c.put(f.Act)
	}
	if f.Object != "" {
		c.text += ` AND object_id = ` + c.put(f.Object)
	}
	if f.Number > 0 {
		c.text += ` AND seq = ` + c.put(f.Number)
	}
	return c
}

// person is what entries by somebody have, and what those about them have: two questions, each with an index of its own.
func (c *condition) person(f Filter) (by, about string) {
	who := c.put(f.Person)
	return ` AND actor = ` + who, ` AND object_id = ` + who
}
