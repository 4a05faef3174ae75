package seat

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"

	"visavis/internal/db"
	"visavis/internal/vault"
)

const (
	secretBytes = 20 // 160 bit
	secretChars = 27
)

// secret derives the link's secret from a key outside the database: it can be put
// into a mail again at any time, though only its hash is stored.
func (s *Service) secret(agency, seat string, version int64) string {
	key := s.o.Ring.Derive("seat link", agency, seat, strconv.FormatInt(version, 10))
	return base64.RawURLEncoding.EncodeToString(key[:secretBytes])
}

func (s *Service) storeLink(ctx context.Context, tx *db.Tx, x Seat) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO seat_link (agency_id, hash, seat_id, version) VALUES ($1, $2, $3, $4)`,
		x.Agency, vault.Hash(s.secret(x.Agency, x.ID, x.LinkVersion)), x.ID, x.LinkVersion)
	if err != nil {
		return fmt.Errorf("store link: %w", err)
	}
	return nil
}

// killLinks makes all links of a seat answer with a reason from now on.
func killLinks(ctx context.Context, tx *db.Tx, x Seat, reason string) error {
	_, err := tx.ExecContext(ctx, `UPDATE seat_link SET dead_reason = $1 WHERE agency_id = $2 AND seat_id = $3 AND dead_reason IS NULL`,
		reason, x.Agency, x.ID)
	if err != nil {
		return fmt.Errorf("end links: %w", err)
	}
	return nil
}

// link is what is kept of a link.
type link struct {
	seat    string
	version int64
	dead    string // why; empty: it lives
}

// linkBySecret finds a link. The hash is compared by the database's index: timing tells
// nothing about a secret of 160 bits.
func linkBySecret(ctx context.Context, q db.Q, agency, secret string) (link, error) {
	if len(secret) != secretChars {
		return link{}, ErrNotFound
	}
	var l link
	err := q.QueryRowContext(ctx, `SELECT seat_id, version, COALESCE(dead_reason, '') FROM seat_link WHERE agency_id = $1 AND hash = $2`,
		agency, vault.Hash(secret)).Scan(&l.seat, &l.version, &l.dead)
	if errors.Is(err, db.ErrNoRows) {
		return link{}, ErrNotFound
	}
	if err != nil {
		return link{}, fmt.Errorf("find link: %w", err)
	}
	return l, nil
}

// maxBrowsers of each kind may come back to a seat: those that only opened its link, and those in which a person acted.
const maxBrowsers = 20

// bind lets a browser that has shown the secret come back without it, for as long as the link is the seat's. When there
// are too many, those go that have not shown it for longest, but only among those that did no more than this: mail
// scanners open links too, and must not drop anybody who entered.
func bind(ctx context.Context, tx *db.Tx, x Seat, browser string, nowMs int64) error {
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO seat_browser (agency_id, seat_id, browser_hash, created_at, link_version) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (agency_id, seat_id, browser_hash) DO UPDATE SET
			link_version = excluded.link_version, created_at = excluded.created_at`,
		x.Agency, x.ID, hash(browser), nowMs, x.LinkVersion); err != nil {
		return fmt.Errorf("bind browser: %w", err)
	}
	_, err := tx.ExecContext(ctx, `
		DELETE FROM seat_browser WHERE agency_id = $1 AND seat_id = $2 AND acted_at IS NULL AND browser_hash NOT IN (
			SELECT browser_hash FROM seat_browser WHERE agency_id = $1 AND seat_id = $2 AND acted_at IS NULL
			ORDER BY CASE WHEN browser_hash = $3 THEN 0 ELSE 1 END, created_at DESC LIMIT $4)`,
		x.Agency, x.ID, hash(browser), maxBrowsers)
	if err != nil {
		return fmt.Errorf("bind browser: %w", err)
	}
	return nil
}

// acted notes that a person clicked in a bound browser. Of too many such browsers those go that were used least
// recently, but never the one that holds the seat.
func acted(ctx context.Context, tx *db.Tx, x Seat, browser string, nowMs int64) error {
	if _, err := tx.ExecContext(ctx, `UPDATE seat_browser SET acted_at = $1 WHERE agency_id = $2 AND seat_id = $3 AND browser_hash = $4`,
		nowMs, x.Agency, x.ID, hash(browser)); err != nil {
		return fmt.Errorf("note use of browser: %w", err)
	}
	_, err := tx.ExecContext(ctx, `
		DELETE FROM seat_browser WHERE agency_id = $1 AND seat_id = $2 AND acted_at IS NOT NULL AND browser_hash NOT IN (
			SELECT browser_hash FROM seat_browser WHERE agency_id = $1 AND seat_id = $2 AND acted_at IS NOT NULL
			ORDER BY CASE WHEN browser_hash = $3 THEN 0 ELSE 1 END, acted_at DESC LIMIT $4)`,
		x.Agency, x.ID, hash(x.Holder.Browser), maxBrowsers)
	if err != nil {
		return fmt.Errorf("note use of browser: %w", err)
	}
	return nil
}

// hasActed tells whether a person clicked in a bound browser since then.
func hasActed(ctx context.Context, q db.Q, x Seat, browser string, sinceMs int64) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `
		SELECT COUNT(*) FROM seat_browser WHERE agency_id = $1 AND seat_id = $2 AND browser_hash = $3 AND acted_at > $4`,
		x.Agency, x.ID, hash(browser), sinceMs).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("find use of browser: %w", err)
	}
	return n > 0, nil
}

// shownBy is the version of the link that a browser has shown last, 0 for a stranger.
func shownBy(ctx context.Context, q db.Q, agency, seat, browser string) (version int64, err error) {
	err = q.QueryRowContext(ctx, `SELECT link_version FROM seat_browser WHERE agency_id = $1 AND seat_id = $2 AND browser_hash = $3`,
		agency, seat, hash(browser)).Scan(&version)
	if errors.Is(err, db.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("find browser: %w", err)
	}
	return version, nil
}
