package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"visavis/internal/db"
)

// cutBatch bounds how long an agency's chain is kept from others while old entries are deleted.
const cutBatch = 1000

// ErrBroken says that a chain is not as it was written: what is in it stays, to be looked at.
var ErrBroken = errors.New("audit: the chain is broken")

// Cut deletes an agency's entries from before a time, from the beginning of the chain only, and tells how many. Where it
// begins now stays in the head, and what was deleted is an entry itself. Several nodes may cut at once.
func (l *Log) Cut(ctx context.Context, agency string, before time.Time) (int64, error) {
	var cut int64
	for {
		var n int64
		err := l.db.Tx(ctx, func(tx *db.Tx) (err error) {
			n, err = l.cutSome(ctx, tx, agency, before)
			return err
		})
		cut += n
		if err != nil || n < cutBatch {
			return cut, err
		}
	}
}

func (l *Log) cutSome(ctx context.Context, tx *db.Tx, agency string, before time.Time) (int64, error) {
	if old, err := oldest(ctx, tx, agency); err != nil || old == nil || *old >= db.Ms(before) {
		return 0, err // nobody is kept waiting for nothing
	}
	seals := sealsOf(l.o.Ring, agency)
	h, err := lockHead(ctx, tx, agency)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return 0, fmt.Errorf("lock audit: %w", err)
	}
	if err != nil || !seals.holdsHead(h) {
		return 0, ErrBroken
	}
	anchor, err := l.past(ctx, tx, seals, h, db.Ms(before))
	if err != nil || anchor.seq == h.anchor.seq {
		return 0, err
	}
	from := h.anchor.seq + 1
	h.anchor = anchor
	if err := saveHead(ctx, tx, seals, h); err != nil { // first: entries go only when they lie before the beginning
		return 0, err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM audit_entry WHERE agency_id = $1 AND seq <= $2`, agency, anchor.seq); err != nil {
		return 0, fmt.Errorf("cut audit: %w", err)
	}
	return anchor.seq - from + 1, l.Append(ctx, tx, Entry{
		Agency: agency, By: System(), Act: AuditCut, Object: agency, Detail: []Code{Number("from", from), Number("to", anchor.seq)},
	})
}

func oldest(ctx context.Context, q db.Q, agency string) (at *int64, err error) {
	var found int64
	err = q.QueryRowContext(ctx, `SELECT at FROM audit_entry WHERE agency_id = $1 ORDER BY seq LIMIT 1`, agency).Scan(&found)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil // there is none
	}
	if err != nil {
		return nil, fmt.Errorf("read oldest audit entry: %w", err)
	}
	return &found, nil
}

// past is the newest entry of the first batch from before a time. What is deleted can be proved no more, so it must be
// whole.
func (l *Log) past(ctx context.Context, tx *db.Tx, seals seals, h head, before int64) (link, error) {
	rows, err := tx.QueryContext(ctx, columns+` WHERE agency_id = $1 ORDER BY seq LIMIT $2`, h.agency, cutBatch)
	if err != nil {
		return h.anchor, fmt.Errorf("read audit: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	last := h.anchor
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return h.anchor, err
		}
		if r.At >= before || r.Seq >= h.last.seq { // the last one stays: there is always something to begin with
			break
		}
		if r.Seq != last.seq+1 || !bytes.Equal(r.Prev, last.hash) || !seals.holds(r) {
			return h.anchor, ErrBroken
		}
		last = r.link()
	}
	return last, rows.Err()
}
