package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"visavis/internal/db"
	"visavis/internal/vault"
)

// Options configure a Log.
type Options struct {
	Ring *vault.Keyring
	// Key opens an agency's data key, also in a transaction that has just made the agency.
	Key   func(ctx context.Context, q db.Q, agency string) (*vault.DataKey, error)
	Clock func() time.Time
	Log   *slog.Logger
}

// Log writes and reads entries.
type Log struct {
	db *db.DB
	o  Options
}

// New returns a log.
func New(d *db.DB, o Options) *Log { return &Log{d, o} }

// Pseudonym is what stands for a member of staff in an agency's entries.
func (l *Log) Pseudonym(ctx context.Context, q db.Q, agency, staff string) (string, error) {
	key, err := l.o.Key(ctx, q, agency)
	if err != nil {
		return "", fmt.Errorf("audit: %w", err)
	}
	return key.Pseudonym(staff), nil
}

// pending are the entries of one transaction for one agency.
type pending struct{ rows []pendingRow }

type pendingRow struct {
	Row
	once time.Duration
}

type pendingKey struct{ agency string }

// Append writes an entry if the transaction succeeds. It is chained at the very end of it: all who append to an agency's
// chain wait for each other, and none of them then holds anything that another one needs.
func (l *Log) Append(ctx context.Context, tx *db.Tx, e Entry) error {
	if err := e.Check(); err != nil {
		return err
	}
	key, err := l.o.Key(ctx, tx, e.Agency)
	if err != nil {
		return fmt.Errorf("audit %s: %w", e.Act, err)
	}
	p := db.Keep(tx, pendingKey{e.Agency}, func() *pending {
		p := &pending{}
		tx.BeforeCommit(db.Common, func() error { return l.write(ctx, tx, e.Agency, p.rows) })
		return p
	})
	p.rows = append(p.rows, pendingRow{e.Row(db.Ms(l.o.Clock()), key.Pseudonym), e.Once})
	return nil
}

func (l *Log) write(ctx context.Context, tx *db.Tx, agency string, rows []pendingRow) error {
	seals := sealsOf(l.o.Ring, agency)
	h, err := l.lock(ctx, tx, seals, agency)
	if err != nil {
		return err
	}
	var chained []Row
	for _, row := range rows {
		if row.once > 0 {
			known, err := since(ctx, tx, row.Row, row.At-row.once.Milliseconds())
			if err != nil {
				return err
			}
			if known {
				continue
			}
		}
		next := seals.chained(h.last, row.Row)
		h.last = next.link()
		chained = append(chained, next)
	}
	for batch := range slices.Chunk(chained, insertBatch) {
		if err := insert(ctx, tx, batch); err != nil {
			return err
		}
	}
	return saveHead(ctx, tx, seals, h)
}

// lock keeps an agency's chain for the transaction. It goes on where its head says, if nobody but us can have written
// that and nobody has written behind it.
func (l *Log) lock(ctx context.Context, tx *db.Tx, seals seals, agency string) (head, error) {
	h, err := lockHead(ctx, tx, agency)
	if errors.Is(err, db.ErrNoRows) {
		h = head{agency: agency, last: start(), anchor: start()}
		if err := createHead(ctx, tx, seals, h); err != nil {
			return h, err
		}
		h, err = lockHead(ctx, tx, agency)
	}
	if err != nil {
		return h, fmt.Errorf("lock audit: %w", err)
	}
	newest, err := newest(ctx, tx, agency)
	if err != nil || seals.holdsHead(h) && newest.seq <= h.last.seq {
		return h, err
	}
	return l.resume(ctx, tx, seals, h, newest)
}

// resume goes on after whatever entry is the newest, where somebody else has changed the end of the chain: what happens
// must be kept all the same. The entry that says so stays in the chain, and with it the chain stays broken.
func (l *Log) resume(ctx context.Context, tx *db.Tx, seals seals, h head, newest link) (head, error) {
	l.o.Log.ErrorContext(ctx, "the end of the audit was changed from outside: see visavis audit verify", "agency", h.agency)
	broken := seals.chained(newest, Entry{Agency: h.agency, By: System(), Act: AuditBroken, Object: h.agency}.Row(db.Ms(l.o.Clock()), nil))
	h.last = broken.link()
	return h, insert(ctx, tx, []Row{broken})
}
