package staff

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/decided"
	"visavis/internal/vault"
)

// Accounts are made, renamed, disabled and enabled again here, whoever wants it: somebody who administers, an import, the
// agency's directory, a provider. Each of these is one entry in the audit, and who is disabled is out at once.

// Author is who writes an account.
type Author struct {
	By     string    // id; empty: nobody in person
	Source Source    // that the audit names; empty: none
	At     time.Time // when it was decided; zero: now
}

// NewAccount is what Create needs.
type NewAccount struct {
	Agency, Email, Name string
	Password            string // empty: nobody gets in with one before an invitation
	Disabled            bool   // from the beginning: nobody is removed by that
	Roles               []Held // by hand
	By                  string // who makes it; empty: nobody in person
	Source              Source // that the audit names; empty: none
}

// Create makes an account.
func (s *Service) Create(ctx context.Context, tx *db.Tx, n NewAccount) (p Person, err error) {
	p = Person{ID: vault.NewID(), Agency: n.Agency, Name: n.Name, Email: normalEmail(n.Email)}
	phc, now := "", db.Ms(s.o.Clock())
	if n.Password != "" {
		if phc, err = s.hasher.hash(ctx, n.Password); err != nil {
			return p, fmt.Errorf("create account: %w", err)
		}
	}
	var disabled *int64
	if n.Disabled {
		disabled = &now
	}
	err = tx.Prepared().Exec(ctx, `
		INSERT INTO staff (id, agency_id, email, name, search, password_hash, disabled_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		p.ID, p.Agency, p.Email, p.Name, SearchText(p.Name, p.Email), phc, disabled, now)
	if err == nil {
		err = s.noteAccount(ctx, tx, Author{By: n.By, Source: n.Source}, audit.AccountCreated, p)
	}
	if err != nil {
		return p, fmt.Errorf("create account: %w", err)
	}
	if len(n.Roles) == 0 {
		return p, nil
	}
	for _, held := range n.Roles {
		if err := s.Give(ctx, tx, p.Agency, Grant{Staff: p.ID, Held: held, Source: ByHand, By: n.By}); err != nil {
			return p, fmt.Errorf("create account: %w", err)
		}
	}
	return p, s.hold(ctx, tx, &p)
}

// Rename gives an account another name; it is found by that, and by its address.
func (s *Service) Rename(ctx context.Context, tx *db.Tx, p Person, who Author) error {
	err := tx.Prepared().Exec(ctx, `UPDATE staff SET name = $1, search = $2 WHERE agency_id = $3 AND id = $4`,
		p.Name, SearchText(p.Name, p.Email), p.Agency, p.ID)
	if err != nil {
		return fmt.Errorf("rename account: %w", err)
	}
	return s.noteAccount(ctx, tx, who, audit.AccountChanged, p, audit.Is("what", "changed"))
}

// Readdress gives an account another address, and a name. Links that went to the old address are invalid, and who has
// forgotten the password gets none at the new one until somebody has shown that it is theirs.
func (s *Service) Readdress(ctx context.Context, tx *db.Tx, p Person, who Author) error {
	_, err := tx.ExecContext(ctx, `UPDATE staff SET name = $1, email = $2, search = $3, readdressed_at = $4 WHERE agency_id = $5 AND id = $6`,
		p.Name, p.Email, SearchText(p.Name, p.Email), db.Ms(s.o.Clock()), p.Agency, p.ID)
	if err != nil {
		return fmt.Errorf("readdress account: %w", err)
	}
	if err := s.dropLinks(ctx, tx, p); err != nil {
		return err
	}
	return s.noteAccount(ctx, tx, who, audit.AccountChanged, p, audit.Is("what", "address"))
}

// Disable disables accounts: their sessions end, their links are invalid, and their talks pass to colleagues. Those that are
// disabled already stay as they are.
func (s *Service) Disable(ctx context.Context, tx *db.Tx, agencyID string, who Author, people ...string) error {
	var disabled []string
	at := s.decidedAt(who)
	err := db.InParts([]any{agencyID, db.Ms(at)}, people, func(list string, args []any) error {
		part, err := db.Texts(tx.QueryContext(ctx, `
			UPDATE staff SET disabled_at = $2 WHERE agency_id = $1 AND disabled_at IS NULL AND id IN `+list+` RETURNING id`, args...))
		disabled = append(disabled, part...)
		return err
	})
	if err != nil {
		return fmt.Errorf("disable accounts: %w", err)
	}
	slices.Sort(disabled)
	for _, id := range disabled {
		p := Person{ID: id, Agency: agencyID}
		if err := errors.Join(s.noteAccount(ctx, tx, who, audit.AccountDisabled, p), s.noteDecided(ctx, tx, p, decided.Disabled, at)); err != nil {
			return err
		}
	}
	return s.shutOut(ctx, tx, agencyID, disabled)
}

// Enable enables an account again.
func (s *Service) Enable(ctx context.Context, tx *db.Tx, p Person, who Author) error {
	err := tx.Prepared().Exec(ctx, `UPDATE staff SET disabled_at = NULL WHERE agency_id = $1 AND id = $2`, p.Agency, p.ID)
	if err != nil {
		return fmt.Errorf("enable account: %w", err)
	}
	if err := s.noteDecided(ctx, tx, p, decided.Enabled, s.decidedAt(who)); err != nil {
		return err
	}
	return s.noteAccount(ctx, tx, who, audit.AccountChanged, p, audit.Is("what", "reopened"))
}

// MakeGood disables an account, or enables it, as it was decided at an earlier time of which the database knows nothing, and
// tells whether that was to be done.
func (s *Service) MakeGood(ctx context.Context, tx *db.Tx, d decided.Decision) (done bool, err error) {
	var is string
	err = tx.QueryRowContext(ctx, `
		SELECT CASE WHEN disabled_at IS NULL THEN 'enabled' ELSE 'disabled' END FROM staff WHERE agency_id = $1 AND id = $2 AND erased_at IS NULL`,
		d.Agency, d.Object).Scan(&is)
	switch who := (Author{At: d.At}); {
	case errors.Is(err, db.ErrNoRows):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("make good what was decided of an account: %w", err)
	case is == d.Value:
		return false, nil
	case d.Value == decided.Disabled:
		return true, s.Disable(ctx, tx, d.Agency, who, d.Object)
	default:
		return true, s.Enable(ctx, tx, Person{ID: d.Object, Agency: d.Agency}, who)
	}
}

func (s *Service) decidedAt(who Author) time.Time {
	if who.At.IsZero() {
		return s.o.Clock()
	}
	return who.At
}

func (s *Service) noteDecided(ctx context.Context, tx *db.Tx, p Person, value string, at time.Time) error {
	thing := decided.Thing{Agency: p.Agency, What: decided.Account, Object: p.ID}
	return decided.Note(ctx, tx, decided.Decision{Thing: thing, Value: value, At: at}, func() { s.o.Nudge("", decided.Topic) })
}

func (s *Service) noteAccount(ctx context.Context, tx *db.Tx, who Author, act audit.Act, p Person, detail ...audit.Code) error {
	return s.note(ctx, tx, audit.Staff(who.By), act, p, append(detail, audit.Is("source", string(who.Source)))...)
}

// shutOut ends the sessions of people whose accounts are disabled, and their links, and lets their talks pass.
func (s *Service) shutOut(ctx context.Context, tx *db.Tx, agencyID string, people []string) error {
	ended := map[string]int64{}
	err := db.InParts([]any{agencyID}, people, func(list string, args []any) error {
		ids, err := db.Texts(tx.QueryContext(ctx, `DELETE FROM staff_session WHERE agency_id = $1 AND staff_id IN `+list+` RETURNING staff_id`, args...))
		for _, id := range ids {
			ended[id]++
		}
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM staff_link WHERE agency_id = $1 AND staff_id IN `+list, args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("end sessions and links of disabled accounts: %w", err)
	}
	for _, id := range slices.Sorted(maps.Keys(ended)) {
		tx.AfterCommit(func() { s.o.Nudge(agencyID, Topic(id)) })
		err := s.note(ctx, tx, audit.System(), audit.SessionEnded, Person{ID: id, Agency: agencyID},
			audit.Is("why", "disabled"), audit.Number("count", ended[id]))
		if err != nil {
			return err
		}
	}
	return s.lose(ctx, tx, agencyID, people)
}
