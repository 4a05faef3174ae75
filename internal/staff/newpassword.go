package staff

import (
	"context"
	"errors"
	"net/http"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/staff/strength"
)

func weak(fault string) *edge.Problem {
	if fault == strength.Short {
		return edge.NewProblem(http.StatusUnprocessableEntity, "password.short", "least", strength.Least)
	}
	return edge.NewProblem(http.StatusUnprocessableEntity, "password."+fault)
}

// newPassword makes the hash of a password that somebody has chosen.
func (s *Service) newPassword(ctx context.Context, a agency.Agency, p Person, password string) (phc string, err error) {
	if fault := strength.Fault(password, p.Name, p.Email, a.Name, a.Slug); fault != "" {
		return "", weak(fault)
	}
	phc, err = s.hasher.hash(ctx, password)
	if errors.Is(err, context.DeadlineExceeded) {
		return "", throttled()
	}
	return phc, err
}

// setPassword writes a new password, and ends all sessions but the one that is kept.
func (s *Service) setPassword(ctx context.Context, tx *db.Tx, p Person, phc, why string, kept []byte) error {
	err := db.Affected(tx.ExecContext(ctx, `UPDATE staff SET password_hash = $1 WHERE agency_id = $2 AND id = $3 AND disabled_at IS NULL`, phc, p.Agency, p.ID))
	if err != nil {
		return err
	}
	if err := s.note(ctx, tx, audit.Staff(p.ID), audit.PasswordSet, p, audit.Is("why", why)); err != nil {
		return err
	}
	return s.endSessions(ctx, tx, p, kept, "password", p.ID)
}

// reminder is somebody who says to have forgotten a password.
type reminder struct{ slug, email, language string }

// remind sends a link, if there is such an account and it has a password. Nobody waits for it, so that no answer tells by
// its time whether there is.
func (s *Service) remind(ctx context.Context, r reminder) error {
	ctx, cancel := context.WithTimeout(ctx, noteTime)
	defer cancel()
	a, err := s.agencies.BySlug(ctx, r.slug)
	if errors.Is(err, agency.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	found, err := s.accountByEmail(ctx, a.ID, r.email)
	if errors.Is(err, db.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	allowed, err := s.mayHavePassword(ctx, s.db.Read(), found.Person)
	if err != nil || !allowed || found.password == "" || found.readdressed || !s.reminded.Allow(a.ID+"/"+found.ID) {
		return err
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := s.note(ctx, tx, audit.System(), audit.PasswordAsked, found.Person); err != nil {
			return err
		}
		return s.sendLink(ctx, tx, found.Person, Forgotten, r.language)
	})
}
