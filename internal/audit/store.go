package audit

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"visavis/internal/db"
)

const columns = `SELECT agency_id, seq, at, actor, actor_kind, act, object_kind, object_id, detail, prev, hash FROM audit_entry`

func scan(row interface{ Scan(...any) error }) (Row, error) {
	var r Row
	err := row.Scan(&r.Agency, &r.Seq, &r.At, &r.Actor, &r.ActorKind, &r.Act, &r.ObjectKind, &r.Object, &r.Detail, &r.Prev, &r.Hash)
	if err != nil {
		return r, fmt.Errorf("read audit entry: %w", err)
	}
	return r, nil
}

// insertBatch is how many entries one statement writes: an import has thousands, and all others of its agency wait.
const insertBatch = 100

func insert(ctx context.Context, tx *db.Tx, rows []Row) error {
	var values strings.Builder
	var args []any
	for i, r := range rows {
		separator := "), ("
		if i == 0 {
			separator = "("
		}
		for _, value := range []any{r.Agency, r.Seq, r.At, r.Actor, r.ActorKind, r.Act, r.ObjectKind, r.Object, r.Detail, r.Prev, r.Hash} {
			args = append(args, value)
			values.WriteString(separator + "$" + strconv.Itoa(len(args)))
			separator = ", "
		}
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO audit_entry (agency_id, seq, at, actor, actor_kind, act, object_kind, object_id, detail, prev, hash)
		VALUES `+values.String()+`)`, args...)
	if err != nil {
		return fmt.Errorf("append audit entries: %w", err)
	}
	return nil
}

// since tells whether the act on the object of a row is in the log from a time on.
func since(ctx context.Context, q db.Q, r Row, at int64) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `
		SELECT COUNT(*) FROM audit_entry WHERE agency_id = $1 AND object_id = $2 AND at > $3 AND act = $4`,
		r.Agency, r.Object, at, r.Act).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look for audit entry: %w", err)
	}
	return n > 0, nil
}

// newest is the last entry that there is, whatever the head says.
func newest(ctx context.Context, q db.Q, agency string) (link, error) {
	l := start()
	err := q.QueryRowContext(ctx, `SELECT seq, hash FROM audit_entry WHERE agency_id = $1 ORDER BY seq DESC LIMIT 1`, agency).Scan(&l.seq, &l.hash)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return l, fmt.Errorf("read newest audit entry: %w", err)
	}
	return l, nil
}

// lockHead reads a head and keeps it until the transaction ends.
func lockHead(ctx context.Context, tx *db.Tx, agency string) (head, error) {
	h := head{agency: agency}
	err := tx.QueryRowContext(ctx, `
		UPDATE audit_head SET seq = seq WHERE agency_id = $1 RETURNING seq, hash, anchor_seq, anchor_hash, mac`, agency).
		Scan(&h.last.seq, &h.last.hash, &h.anchor.seq, &h.anchor.hash, &h.mac)
	return h, err
}

func readHead(ctx context.Context, q db.Q, agency string) (head, error) {
	h := head{agency: agency}
	err := q.QueryRowContext(ctx, `SELECT seq, hash, anchor_seq, anchor_hash, mac FROM audit_head WHERE agency_id = $1`, agency).
		Scan(&h.last.seq, &h.last.hash, &h.anchor.seq, &h.anchor.hash, &h.mac)
	return h, err
}

// createHead makes a head unless somebody was faster.
func createHead(ctx context.Context, tx *db.Tx, seals seals, h head) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO audit_head (agency_id, seq, hash, anchor_seq, anchor_hash, mac) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (agency_id) DO NOTHING`,
		h.agency, h.last.seq, h.last.hash, h.anchor.seq, h.anchor.hash, seals.mac(h))
	if err != nil {
		return fmt.Errorf("begin audit: %w", err)
	}
	return nil
}

func saveHead(ctx context.Context, tx *db.Tx, seals seals, h head) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE audit_head SET seq = $1, hash = $2, anchor_seq = $3, anchor_hash = $4, mac = $5 WHERE agency_id = $6`,
		h.last.seq, h.last.hash, h.anchor.seq, h.anchor.hash, seals.mac(h), h.agency)
	if err != nil {
		return fmt.Errorf("save head of audit: %w", err)
	}
	return nil
}
