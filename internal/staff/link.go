package staff

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"time"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/vault"
)

// Reason is why somebody gets a link to set their password.
type Reason string

// The reasons.
const (
	Invited   Reason = "invited"
	Forgotten Reason = "forgotten"
)

// life is how long a link is valid: who is invited may be on leave, who has forgotten sits in front of the page.
func (r Reason) life() time.Duration {
	if r == Invited {
		return 7 * 24 * time.Hour
	}
	return time.Hour
}

// Mailer sends people what they need to sign in.
type Mailer interface {
	// QueueLetter plans the mail with a link, in the caller's transaction.
	QueueLetter(ctx context.Context, tx *db.Tx, agency, link string) error
}

// Link is one that is valid.
type Link struct {
	ID       string
	Reason   Reason
	Language string
	Person   Person
	Until    time.Time
}

const linkSecret = 20 // bytes: 160 bits

// linkSecretOf is derived, never stored: the mail can be written again, and the database alone opens nothing.
func (s *Service) linkSecretOf(agencyID, id string) string {
	return base64.RawURLEncoding.EncodeToString(s.o.Ring.Derive("staff password link", agencyID, id)[:linkSecret])
}

// LinkURL is what stands in the mail. Its secret is in the fragment, which browsers do not send.
func (s *Service) LinkURL(a agency.Agency, l Link) string {
	return a.URL(s.o.URL) + "/staff/password#" + a.Slug + "." + s.linkSecretOf(a.ID, l.ID)
}

func errLinkOver() *edge.Problem { return edge.NewProblem(http.StatusGone, "password.link") }

// noPassword refuses an invitation: the account signs in elsewhere.
func noPassword() *edge.Problem { return edge.NewProblem(http.StatusConflict, "person.provider") }

// Invite sends an account without a password a link to set one; it takes the place of an earlier one. An account that the
// directory has given another address has one sent as well: whoever administers says that it is right.
func (s *Service) Invite(ctx context.Context, tx *db.Tx, p Person, language, by string) error {
	if s.o.Mailer == nil {
		return edge.NewProblem(http.StatusConflict, "person.no_mail")
	}
	found, err := s.forLink(ctx, tx, p.Agency, p.ID)
	switch {
	case errors.Is(err, db.ErrNoRows):
		return edge.NewProblem(http.StatusConflict, "person.disabled")
	case err != nil:
		return err
	case found.password != "" && !found.readdressed:
		return edge.NewProblem(http.StatusConflict, "person.has_password")
	}
	allowed, err := s.mayHavePassword(ctx, tx, p)
	if err != nil {
		return err
	}
	if !allowed {
		return noPassword()
	}
	if err := s.dropLinks(ctx, tx, p); err != nil {
		return err
	}
	if err := s.note(ctx, tx, audit.Staff(by), audit.AccountInvited, p); err != nil {
		return err
	}
	return s.sendLink(ctx, tx, p, Invited, language)
}

// CanInvite tells whether mails go out at all.
func (s *Service) CanInvite() bool { return s.o.Mailer != nil }

func (s *Service) sendLink(ctx context.Context, tx *db.Tx, p Person, why Reason, language string) error {
	now := s.o.Clock()
	if _, err := tx.ExecContext(ctx, `DELETE FROM staff_link WHERE agency_id = $1 AND until_at <= $2`, p.Agency, db.Ms(now)); err != nil {
		return fmt.Errorf("forget old links: %w", err)
	}
	id := vault.NewID()
	_, err := tx.ExecContext(ctx, `
		INSERT INTO staff_link (id, agency_id, staff_id, hash, reason, language, mail_state, created_at, until_at)
		VALUES ($1, $2, $3, $4, $5, $6, 'queued', $7, $8)`,
		id, p.Agency, p.ID, vault.Hash(s.linkSecretOf(p.Agency, id)), why, language, db.Ms(now), db.Ms(now.Add(why.life())))
	if err != nil {
		return fmt.Errorf("make link: %w", err)
	}
	return s.o.Mailer.QueueLetter(ctx, tx, p.Agency, id)
}

// dropLinks makes all links of somebody invalid.
func (s *Service) dropLinks(ctx context.Context, tx *db.Tx, p Person) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM staff_link WHERE agency_id = $1 AND staff_id = $2`, p.Agency, p.ID); err != nil {
		return fmt.Errorf("make links invalid: %w", err)
	}
	return nil
}

// forLink reads an account that is open; the row is kept, so that of two people who invite at once the second waits.
func (s *Service) forLink(ctx context.Context, tx *db.Tx, agencyID, id string) (account, error) {
	var a account
	err := tx.QueryRowContext(ctx, `
		UPDATE staff SET name = name WHERE agency_id = $1 AND id = $2 AND disabled_at IS NULL
		RETURNING id, agency_id, name, email, password_hash, readdressed_at IS NOT NULL`, agencyID, id).
		Scan(&a.ID, &a.Agency, &a.Name, &a.Email, &a.password, &a.readdressed)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return a, fmt.Errorf("read account: %w", err)
	}
	return a, err
}

// mayHavePassword tells whether an account may be signed in to by password: an agency can say that whoever has an account
// at its provider signs in there and nowhere else.
func (s *Service) mayHavePassword(ctx context.Context, q db.Q, p Person) (bool, error) {
	rules, err := s.agencies.RulesAt(ctx, q, p.Agency, agency.Place{Kind: agency.OfAgency, ID: p.Agency})
	if err != nil || rules.PasswordBesideProvider() {
		return true, err
	}
	list, issuers := db.In(3, s.issuers())
	var bound int
	err = q.QueryRowContext(ctx, `SELECT COUNT(*) FROM staff_identity WHERE agency_id = $1 AND staff_id = $2 AND issuer IN `+list,
		append([]any{p.Agency, p.ID}, issuers...)...).Scan(&bound)
	if err != nil {
		return false, fmt.Errorf("read identities: %w", err)
	}
	return bound == 0, nil
}

const validLink = `
	SELECT l.id, l.reason, l.language, l.until_at, staff.id, staff.agency_id, staff.name, staff.email FROM staff_link l
	JOIN staff ON staff.agency_id = l.agency_id AND staff.id = l.staff_id
	WHERE l.agency_id = $1 AND l.until_at > $2 AND staff.disabled_at IS NULL AND `

func (s *Service) readLink(ctx context.Context, q db.Q, agencyID, which string, key any) (Link, error) {
	var l Link
	var until int64
	err := q.QueryRowContext(ctx, validLink+which, agencyID, db.Ms(s.o.Clock()), key).
		Scan(&l.ID, &l.Reason, &l.Language, &until, &l.Person.ID, &l.Person.Agency, &l.Person.Name, &l.Person.Email)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return l, fmt.Errorf("read link: %w", err)
	}
	if err != nil {
		return l, err
	}
	l.Until = db.Time(until)
	allowed, err := s.mayHavePassword(ctx, q, l.Person)
	if err == nil && !allowed {
		err = db.ErrNoRows
	}
	return l, err
}

// LinkToMail is what the mail of a link says; db.ErrNoRows if there is nothing to send any more.
func (s *Service) LinkToMail(ctx context.Context, agencyID, id string) (Link, error) {
	return s.readLink(ctx, s.db.Read(), agencyID, `l.id = $3`, id)
}

func (s *Service) linkBySecret(ctx context.Context, q db.Q, agencyID, secret string) (Link, error) {
	l, err := s.readLink(ctx, q, agencyID, `l.hash = $3`, vault.Hash(secret))
	if errors.Is(err, db.ErrNoRows) {
		err = errLinkOver()
	}
	return l, err
}

// Mailed notes whether the mail of a link has gone out.
func (s *Service) Mailed(ctx context.Context, agencyID, id string, sent bool) error {
	state := "failed"
	if sent {
		state = "sent"
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE staff_link SET mail_state = $1 WHERE agency_id = $2 AND id = $3`, state, agencyID, id)
		return err
	})
}

// takeLink uses a link up, and with it all others of the same person. Whoever has it has the letter box.
func (s *Service) takeLink(ctx context.Context, tx *db.Tx, l Link) error {
	err := db.Affected(tx.ExecContext(ctx, `DELETE FROM staff_link WHERE agency_id = $1 AND id = $2 AND until_at > $3`,
		l.Person.Agency, l.ID, db.Ms(s.o.Clock())))
	if errors.Is(err, db.ErrConflict) {
		return errLinkOver() // by another request of the same moment
	}
	if err != nil {
		return fmt.Errorf("use link: %w", err)
	}
	_, err = tx.ExecContext(ctx, `UPDATE staff SET readdressed_at = NULL WHERE agency_id = $1 AND id = $2`, l.Person.Agency, l.Person.ID)
	if err != nil {
		return fmt.Errorf("use link: %w", err)
	}
	return s.dropLinks(ctx, tx, l.Person)
}
