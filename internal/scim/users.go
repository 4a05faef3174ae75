package scim

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/mail"
	"strings"
	"unicode"

	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/staff"
)

func (s *Service) userOf(c caller, a account) user {
	return user{
		Schemas: []string{schemaUser}, ID: a.id, External: a.external, Login: a.login, Name: named{a.name}, Display: a.name,
		Mails: []mailed{{a.mail, "work", true}}, Active: !a.disabled,
		Meta: metaOf(kindUser, c.base+"/Users/"+a.id, a.created, a.changed, a.version),
	}
}

// address is the e-mail address of an account: what was said to be it, else the name, where that is one. Letters that only
// look like others are no address here.
func address(said, login string) (string, *fault) {
	text := staff.FoldName(cmp.Or(said, login))
	parsed, err := mail.ParseAddress(text)
	if err != nil || parsed.Address != text || len(text) > mostNameChars || strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII }) {
		return "", badValue("emails must have an address, or userName must be one")
	}
	return text, nil
}

func value(s *string, otherwise string) string {
	if s == nil {
		return otherwise
	}
	return *s
}

func orTrue(said *bool) *bool {
	if said == nil {
		return new(true)
	}
	return said
}

// writing runs a change of the directory in a transaction in which nobody else changes accounts and roles.
func (s *Service) writing(ctx context.Context, c caller, f func(tx *db.Tx) error) error {
	err := s.db.Retried(ctx, func(tx *db.Tx) error {
		if err := s.o.Staff.InTurn(ctx, tx, c.agency); err != nil {
			return err
		}
		if err := c.still(ctx, tx); err != nil {
			return err
		}
		return f(tx)
	})
	return s.stopped(ctx, c, err)
}

func (s *Service) createUser(ctx context.Context, c caller, body []byte) (user, error) {
	said, f := decode(body)
	var ch userChange
	if f == nil {
		f = ch.whole(said)
	}
	if f == nil && value(ch.login, "") == "" {
		f = badValue("userName is needed")
	}
	if f != nil {
		return user{}, f
	}
	mail, f := address(value(ch.mail, ""), *ch.login)
	if f != nil {
		return user{}, f
	}
	var out user
	err := s.writing(ctx, c, func(tx *db.Tx) error {
		id, err := s.enrol(ctx, tx, c, ch, mail)
		if err != nil {
			return err
		}
		a, err := accountByID(ctx, tx, c.agency, id)
		if err != nil {
			return err
		}
		if a, err = s.change(ctx, tx, c, a, userChange{active: orTrue(ch.active)}); err != nil {
			return err
		}
		out = s.userOf(c, a)
		return nil
	})
	return out, err
}

// enrol finds the account with an address, or makes one, and notes what the directory calls it.
func (s *Service) enrol(ctx context.Context, tx *db.Tx, c caller, ch userChange, mail string) (string, error) {
	known, err := accountByMail(ctx, tx, c.agency, mail)
	if errors.Is(err, db.ErrNoRows) {
		return s.begin(ctx, tx, c, ch, mail)
	}
	if err != nil {
		return "", err
	}
	if err := s.mayEnter(ctx, tx, c, known, ch); err != nil {
		return "", err
	}
	if err := s.noteKnown(ctx, tx, c, known.id); err != nil {
		return "", err
	}
	return known.id, s.enter(ctx, tx, c, known.id, ch)
}

// noteKnown tells the audit that the directory knows an account now, or by another name: who signs in elsewhere may be
// found by that.
func (s *Service) noteKnown(ctx context.Context, tx *db.Tx, c caller, id string) error {
	return s.note(ctx, tx, c.agency, audit.System(), audit.AccountChanged, id, audit.Is("what", "directory"), audit.Is("source", string(staff.SCIM)))
}

// mayEnter tells whether an account that there is may be the one that the directory means. An address may be given to a
// successor, who is somebody else; and none that reaches the whole agency is got by an address.
func (s *Service) mayEnter(ctx context.Context, tx *db.Tx, c caller, known former, ch userChange) error {
	switch {
	case known.known && !known.removed:
		return notUnique("there is a user with this address")
	case known.known && known.external != value(ch.external, ""):
		return notUnique("somebody else had this address, and the account is kept; give the old one another address first")
	case known.known:
		return nil
	}
	whole, err := s.o.Staff.ReachesAll(ctx, tx, c.agency, known.id)
	if err == nil && whole {
		err = notUnique("the account with this address has a role for the whole agency; take it back first, and give it again afterwards")
	}
	return err
}

// begin makes an account; one that the directory has as disabled begins so.
func (s *Service) begin(ctx context.Context, tx *db.Tx, c caller, ch userChange, mail string) (string, error) {
	local, _, _ := strings.Cut(mail, "@")
	disabled := ch.active != nil && !*ch.active
	p, err := s.o.Staff.Create(ctx, tx, staff.NewAccount{
		Agency: c.agency, Email: mail, Name: cmp.Or(ch.name(), local), Disabled: disabled, Source: staff.SCIM,
	})
	if err != nil {
		return "", err
	}
	if err := s.enter(ctx, tx, c, p.ID, ch); err != nil || !disabled {
		return p.ID, err
	}
	return p.ID, s.markLeft(ctx, tx, c, p.ID)
}

// enter notes what the directory calls an account; who comes back keeps what was known of them.
func (s *Service) enter(ctx context.Context, tx *db.Tx, c caller, id string, ch userChange) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO staff_directory (agency_id, staff_id, login, user_key, external_id, created_at, changed_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $6, 1)
		ON CONFLICT (agency_id, staff_id) DO UPDATE SET login = excluded.login, user_key = excluded.user_key,
		       external_id = excluded.external_id, changed_at = excluded.changed_at, version = staff_directory.version + 1, removed_at = NULL`,
		c.agency, id, *ch.login, staff.FoldName(*ch.login), value(ch.external, ""), db.Ms(s.o.Clock()))
	return err
}

// change brings an account to what a request says of it.
func (s *Service) change(ctx context.Context, tx *db.Tx, c caller, a account, ch userChange) (account, error) {
	next := a
	next.login, next.external, next.name = value(ch.login, a.login), value(ch.external, a.external), cmp.Or(ch.name(), a.name)
	if next.login == "" {
		return a, badValue("userName is needed")
	}
	if ch.mail != nil && staff.FoldName(*ch.mail) != a.mail {
		var f *fault
		if next.mail, f = address(*ch.mail, ""); f != nil {
			return a, f
		}
	}
	if next != a {
		if err := s.saveAccount(ctx, tx, c, a, next); err != nil {
			return a, err
		}
	}
	switch {
	case ch.active == nil || *ch.active != a.disabled:
	case *ch.active && a.left:
		if err := s.enable(ctx, tx, c, a); err != nil {
			return a, err
		}
	case !*ch.active:
		if err := s.disable(ctx, tx, c, a); err != nil {
			return a, err
		}
	}
	return accountByID(ctx, tx, c.agency, a.id)
}

func (s *Service) saveAccount(ctx context.Context, tx *db.Tx, c caller, a, next account) error {
	err := db.Affected(tx.ExecContext(ctx, `
		UPDATE staff_directory SET login = $1, user_key = $2, external_id = $3, changed_at = $4, version = version + 1
		WHERE agency_id = $5 AND staff_id = $6`,
		next.login, staff.FoldName(next.login), next.external, db.Ms(s.o.Clock()), c.agency, a.id))
	if err != nil {
		return err
	}
	if next.login != a.login || next.external != a.external {
		if err := s.noteKnown(ctx, tx, c, a.id); err != nil {
			return err
		}
	}
	if next.name == a.name && next.mail == a.mail {
		return nil
	}
	p := staff.Person{ID: a.id, Agency: c.agency, Name: next.name, Email: next.mail}
	if next.mail == a.mail {
		return s.o.Staff.Rename(ctx, tx, p, author())
	}
	return s.o.Staff.Readdress(ctx, tx, p, author())
}

// author is who writes accounts here.
func author() staff.Author { return staff.Author{Source: staff.SCIM} }

// enable enables an account that the directory has disabled. What those who administer have disabled stays disabled.
func (s *Service) enable(ctx context.Context, tx *db.Tx, c caller, a account) error {
	if err := s.o.Staff.Enable(ctx, tx, staff.Person{ID: a.id, Agency: c.agency}, author()); err != nil {
		return err
	}
	if err := s.markLeft(ctx, tx, c, a.id); err != nil {
		return err
	}
	return s.back(ctx, tx, c, a.id)
}

// disable disables an account: its sessions end, and its talks pass to colleagues.
func (s *Service) disable(ctx context.Context, tx *db.Tx, c caller, a account) error {
	last, err := s.o.Staff.OnlyAdmin(ctx, tx, c.agency, a.id)
	if err != nil {
		return err
	}
	if last {
		return refuse(http.StatusForbidden, "mutability", "nobody else administers the agency; the account stays")
	}
	if err := s.remove(ctx, tx, c, []string{a.id}); err != nil {
		return err
	}
	if err := s.o.Staff.Disable(ctx, tx, c.agency, author(), a.id); err != nil {
		return err
	}
	return s.markLeft(ctx, tx, c, a.id)
}

// markLeft notes that it was the directory that has disabled an account, or enabled it again.
func (s *Service) markLeft(ctx context.Context, tx *db.Tx, c caller, id string) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE staff_directory SET left_at = (SELECT disabled_at FROM staff WHERE staff.agency_id = $1 AND staff.id = $2),
		       changed_at = $3, version = version + 1
		WHERE agency_id = $1 AND staff_id = $2`, c.agency, id, db.Ms(s.o.Clock()))
	return err
}

// changeUser is PUT and PATCH.
func (s *Service) changeUser(ctx context.Context, c caller, id string, ch userChange) (user, error) {
	var out user
	err := s.writing(ctx, c, func(tx *db.Tx) error {
		a, err := accountByID(ctx, tx, c.agency, id)
		if err != nil {
			return err
		}
		if a, err = s.change(ctx, tx, c, a, ch); err != nil {
			return err
		}
		out = s.userOf(c, a)
		return nil
	})
	return out, err
}

// deleteUser disables the account for good as far as the directory goes. It is kept: what it did stays its own.
func (s *Service) deleteUser(ctx context.Context, c caller, id string) error {
	return s.writing(ctx, c, func(tx *db.Tx) error {
		a, err := accountByID(ctx, tx, c.agency, id)
		if err != nil {
			return err
		}
		if !a.disabled {
			if err := s.disable(ctx, tx, c, a); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM scim_member WHERE agency_id = $1 AND staff_id = $2`, c.agency, id); err != nil {
			return err
		}
		if err := s.align(ctx, tx, c, []string{id}, s.remove); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE staff_directory SET removed_at = $1, changed_at = $1, version = version + 1 WHERE agency_id = $2 AND staff_id = $3`,
			db.Ms(s.o.Clock()), c.agency, id)
		return err
	})
}
