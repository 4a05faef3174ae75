// Package decided keeps what a backup cannot know: what people have decided since it was made. After a restore these
// decisions count again by themselves (docs/decisions/0016-what-a-backup-does-not-know.md).
//
// Of each thing that is decided about the last decision stands in a table, written in the decision's own transaction, and
// once more in a file beside the database. A decision of the file that is newer than what the database knows of its thing
// was lost, and is made good. The main types are Decision, Keeper and List. The package holds ids and no names, and does
// not know how anything is decided: features write decisions down, and who makes one good is handed in.
package decided

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"visavis/internal/db"
)

// Topic is the event topic of the installation that something was decided.
const Topic = "decided"

// What is the kind of a thing. A rule on how long data is kept has its own name.
type What string

// The things that are no rules.
const (
	Agency  What = "agency"
	Account What = "account"
)

// What was decided about an agency or an account. Of a rule it is a word of the rule's own.
const (
	Gone     = "gone"
	Disabled = "disabled"
	Enabled  = "enabled"
)

// Thing is what is decided about.
type Thing struct {
	Agency string // id
	What   What
	Object string // id of the agency, the account or the place
}

// Decision is the last one about a thing. At only grows, whatever the clocks say.
type Decision struct {
	Thing
	Value string
	At    time.Time // in milliseconds
}

func (d Decision) newer(than Decision) bool { return d.At.After(than.At) }

type notes struct{ *db.Prepared }

type notesKey struct{}

// Note writes a decision down in its transaction, which has the agency's turn, and tells of it after the commit.
func Note(ctx context.Context, tx *db.Tx, d Decision, tell func()) error {
	writing := db.Keep(tx, notesKey{}, func() *notes {
		tx.AfterCommit(tell)
		return &notes{tx.Prepared()}
	})
	err := writing.Exec(ctx, `
		INSERT INTO decided (agency_id, what, object_id, value, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (agency_id, object_id, what) DO UPDATE
		SET value = excluded.value, at = CASE WHEN decided.at >= excluded.at THEN decided.at + 1 ELSE excluded.at END`,
		d.Agency, d.What, d.Object, d.Value, db.Ms(d.At))
	if err != nil {
		return fmt.Errorf("note decision: %w", err)
	}
	return nil
}

// Knows tells whether the database knows a decision, or a newer one about the same. Who asks has the agency's turn.
func Knows(ctx context.Context, tx *db.Tx, d Decision) (bool, error) {
	var at int64
	err := tx.QueryRowContext(ctx, `SELECT at FROM decided WHERE agency_id = $1 AND object_id = $2 AND what = $3`, d.Agency, d.Object, d.What).Scan(&at)
	if errors.Is(err, db.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for decision: %w", err)
	}
	return at >= db.Ms(d.At), nil
}

// Known is what the database knows.
type Known struct {
	alive map[string]bool // the agencies that are there
	last  List
}

// Read reads it.
func Read(ctx context.Context, q db.Q) (Known, error) {
	k := Known{map[string]bool{}, List{}}
	err := each(ctx, q, `SELECT id, 'agency', id, 'gone', COALESCE(deleted_at, 0) FROM agency`, func(d Decision) {
		if d.At.Equal(db.Time(0)) {
			k.alive[d.Agency] = true
			return
		}
		k.last[d.Thing] = d
	})
	if err == nil {
		err = each(ctx, q, `SELECT agency_id, what, object_id, value, at FROM decided`, func(d Decision) { k.last[d.Thing] = d })
	}
	if err != nil {
		return k, fmt.Errorf("read decisions: %w", err)
	}
	return k, nil
}

func each(ctx context.Context, q db.Q, query string, f func(Decision)) error {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // read only
	for rows.Next() {
		var d Decision
		var at int64
		if err := rows.Scan(&d.Agency, &d.What, &d.Object, &d.Value, &at); err != nil {
			return err
		}
		d.At = db.Time(at)
		f(d)
	}
	return rows.Err()
}

// List are decisions, of each thing the last.
type List map[Thing]Decision

// Add takes over what is newer.
func (l List) Add(newer List) {
	for thing, d := range newer {
		if was, known := l[thing]; !known || d.newer(was) {
			l[thing] = d
		}
	}
}

// Drop forgets what was decided before a time.
func (l List) Drop(before time.Time) {
	maps.DeleteFunc(l, func(_ Thing, d Decision) bool { return d.At.Before(before) })
}

// Sorted are they in the order in which they were decided.
func (l List) Sorted() []Decision {
	return slices.SortedFunc(maps.Values(l), func(a, b Decision) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Agency, b.Agency), cmp.Compare(a.What, b.What), cmp.Compare(a.Object, b.Object))
	})
}

// Lost are those that the database does not know, in the order in which they were decided. Of an agency that it does not
// have, or that was given up, there is nothing to be decided.
func (l List) Lost(known Known) []Decision {
	gone := map[string]bool{}
	lost := slices.DeleteFunc(l.Sorted(), func(d Decision) bool {
		was, decided := known.last[d.Thing]
		is := known.alive[d.Agency] && (!decided || d.newer(was))
		gone[d.Agency] = gone[d.Agency] || is && d.What == Agency
		return !is
	})
	return slices.DeleteFunc(lost, func(d Decision) bool { return gone[d.Agency] && d.What != Agency })
}

// Missing is how many decisions of the database the list does not have, of those since a time.
func (l List) Missing(known Known, since time.Time) (n int) {
	for thing, d := range known.last {
		if was, has := l[thing]; !d.At.Before(since) && (!has || d.newer(was)) {
			n++
		}
	}
	return n
}
