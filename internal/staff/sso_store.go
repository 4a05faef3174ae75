package staff

import (
	"context"
	"errors"
	"fmt"
	"time"

	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/staff/oidc"
	"visavis/internal/vault"
)

// candidate is an account that somebody may come to have a session of.
type candidate struct {
	Person

	disabled bool
	bound    bool // to somebody at a provider of today
	whole    bool // has a role for the whole agency, now or later
	guarded  bool // by something beside the password: an app or a passkey
	moved    bool // to another address, by the directory, and nobody has shown since that it is theirs
}

func (c candidate) refusal() error {
	if c.disabled {
		return refused("sso.disabled")
	}
	return nil
}

// byIdentity finds an account by who its owner is at a provider, and notes that the identity is in use.
func (s *Service) byIdentity(ctx context.Context, tx *db.Tx, agencyID string, who oidc.Identity) (candidate, error) {
	c := candidate{bound: true}
	var disabled *int64
	err := tx.QueryRowContext(ctx, `
		SELECT staff.id, staff.agency_id, staff.name, staff.email, staff.disabled_at FROM staff_identity
		JOIN staff ON staff.agency_id = staff_identity.agency_id AND staff.id = staff_identity.staff_id
		WHERE staff_identity.agency_id = $1 AND staff_identity.issuer = $2 AND staff_identity.subject = $3`,
		agencyID, who.Issuer, who.Subject).Scan(&c.ID, &c.Agency, &c.Name, &c.Email, &disabled)
	if errors.Is(err, db.ErrNoRows) {
		return c, err
	}
	if err != nil {
		return c, fmt.Errorf("read identity: %w", err)
	}
	c.disabled = disabled != nil
	_, err = tx.ExecContext(ctx, `UPDATE staff_identity SET used_at = $1 WHERE agency_id = $2 AND issuer = $3 AND subject = $4`,
		db.Ms(s.o.Clock()), agencyID, who.Issuer, who.Subject)
	if err != nil {
		return c, fmt.Errorf("note identity: %w", err)
	}
	return c, nil
}

// byAddress finds an account by its e-mail address, also one that is disabled. The row is taken by writing it as it is:
// of two people with the same address who come at the same instant, the second waits, and sees that it has gone.
func (s *Service) byAddress(ctx context.Context, tx *db.Tx, agencyID, email string) (candidate, error) {
	var c candidate
	var disabled *int64
	err := tx.QueryRowContext(ctx, `
		UPDATE staff SET email = email WHERE agency_id = $1 AND email = $2 RETURNING id, agency_id, name, email, disabled_at`, agencyID, email).
		Scan(&c.ID, &c.Agency, &c.Name, &c.Email, &disabled)
	if errors.Is(err, db.ErrNoRows) {
		return c, err
	}
	if err != nil {
		return c, fmt.Errorf("read account: %w", err)
	}
	c.disabled = disabled != nil
	return c, s.standing(ctx, tx, agencyID, &c)
}

// standing reads whose an account is already, and how far it reaches.
func (s *Service) standing(ctx context.Context, tx *db.Tx, agencyID string, c *candidate) error {
	known, issuers := db.In(3, s.issuers())
	var others, whole int
	err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM staff_identity WHERE agency_id = $1 AND staff_id = $2 AND issuer IN `+known,
		append([]any{agencyID, c.ID}, issuers...)...).Scan(&others)
	if err != nil {
		return fmt.Errorf("read identities: %w", err)
	}
	err = tx.QueryRowContext(ctx, `
		SELECT COUNT(*) FROM staff_role WHERE agency_id = $1 AND staff_id = $2 AND place_kind = 'agency' AND (until_at IS NULL OR until_at > $3)`,
		agencyID, c.ID, db.Ms(s.o.Clock())).Scan(&whole)
	if err != nil {
		return fmt.Errorf("read roles: %w", err)
	}
	c.bound, c.whole = others > 0, whole > 0
	err = tx.QueryRowContext(ctx, `SELECT readdressed_at IS NOT NULL FROM staff WHERE agency_id = $1 AND id = $2`, agencyID, c.ID).Scan(&c.moved)
	if err != nil {
		return fmt.Errorf("read whose address it is: %w", err)
	}
	c.guarded, err = s.Guarded(ctx, tx, Person{ID: c.ID, Agency: agencyID})
	return err
}

// issuers are all providers of today: an account whose provider has been replaced is free for the new one.
func (s *Service) issuers() []string {
	names := make([]string, len(s.o.Providers))
	for i, v := range s.o.Providers {
		names[i] = v.Party.Issuer()
	}
	return names
}

// bind notes who a person is at a provider.
func (s *Service) bind(ctx context.Context, tx *db.Tx, p Person, who oidc.Identity) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO staff_identity (agency_id, issuer, subject, staff_id, created_at, used_at) VALUES ($1, $2, $3, $4, $5, $5)`,
		p.Agency, who.Issuer, who.Subject, p.ID, db.Ms(s.o.Clock()))
	if err != nil {
		return fmt.Errorf("note identity: %w", err)
	}
	return s.note(ctx, tx, audit.System(), audit.IdentityBound, p)
}

// once takes something that must not be taken twice, until it is too old to be taken at all.
func (s *Service) once(ctx context.Context, tx *db.Tx, agencyID, what string, until time.Time) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM staff_once WHERE agency_id = $1 AND until_at <= $2`, agencyID, db.Ms(s.o.Clock())); err != nil {
		return fmt.Errorf("forget what is over: %w", err)
	}
	err := db.Affected(tx.ExecContext(ctx, `
		INSERT INTO staff_once (agency_id, hash, until_at) VALUES ($1, $2, $3) ON CONFLICT (agency_id, hash) DO NOTHING`,
		agencyID, vault.Hash(what), db.Ms(until)))
	if errors.Is(err, db.ErrConflict) {
		return refused("sso.untrusted")
	}
	if err != nil {
		return fmt.Errorf("note what is taken: %w", err)
	}
	return nil
}

// dropElsewhere ends sessions that were begun at a provider: the one that it names, and of the person that it names all
// whose name there is not known. It tells whose they were.
func (s *Service) dropElsewhere(ctx context.Context, tx *db.Tx, agencyID string, e oidc.Ended) ([]string, error) {
	bySession, err := db.Texts(tx.QueryContext(ctx, `
		DELETE FROM staff_session WHERE agency_id = $1 AND issuer = $2 AND sid = $3 AND sid <> '' RETURNING staff_id`,
		agencyID, e.Issuer, e.Session))
	if err != nil {
		return nil, fmt.Errorf("end sessions: %w", err)
	}
	byPerson, err := db.Texts(tx.QueryContext(ctx, `
		DELETE FROM staff_session WHERE agency_id = $1 AND issuer = $2 AND ($3 = '' OR sid = '') AND staff_id IN
		(SELECT staff_id FROM staff_identity WHERE agency_id = $1 AND issuer = $2 AND subject = $4) RETURNING staff_id`,
		agencyID, e.Issuer, e.Session, e.Subject))
	if err != nil {
		return nil, fmt.Errorf("end sessions: %w", err)
	}
	return append(bySession, byPerson...), nil
}

// hasPasswords tells whether somebody of an agency signs in with one.
func (s *Service) hasPasswords(ctx context.Context, agencyID string) (bool, error) {
	var n int
	err := s.db.Read().QueryRowContext(ctx, `
		SELECT COUNT(*) FROM (SELECT id FROM staff WHERE agency_id = $1 AND password_hash <> '' AND disabled_at IS NULL LIMIT 1) AS one`,
		agencyID).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look for passwords: %w", err)
	}
	return n > 0, nil
}
