package staff

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/staff/totp"
	"visavis/internal/vault"
)

const (
	recoveryCodes = 10
	// recoveryLetters without look-alikes: three groups of four are 60 random bits, far beyond what the limits let anybody try.
	recoveryLetters = "0123456789abcdefghjkmnpqrstvwxyz"
	recoveryLength  = 12
)

func totpField(p Person) vault.Field {
	return vault.Field{Agency: p.Agency, Table: "staff_totp", Column: "secret", Row: p.ID}
}

// hasApp tells whether an app shows codes for somebody.
func (s *Service) hasApp(ctx context.Context, q db.Q, p Person) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM staff_totp WHERE agency_id = $1 AND staff_id = $2 AND on_at IS NOT NULL`, p.Agency, p.ID).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("read second factor: %w", err)
	}
	return n > 0, nil
}

// Guarded tells whether somebody signs in with more than a password: an app or a passkey.
func (s *Service) Guarded(ctx context.Context, q db.Q, p Person) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `
		SELECT COUNT(*) FROM (SELECT staff_id FROM staff_totp WHERE agency_id = $1 AND staff_id = $2 AND on_at IS NOT NULL
		UNION ALL SELECT staff_id FROM staff_passkey WHERE agency_id = $1 AND staff_id = $2) AS known`, p.Agency, p.ID).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("read what guards an account: %w", err)
	}
	return n > 0, nil
}

// ownFactor is what somebody sees of their second factor.
func (s *Service) ownFactor(ctx context.Context, q db.Q, p Person) (f OwnFactor, err error) {
	if f.On, err = s.hasApp(ctx, q, p); err != nil {
		return f, err
	}
	if f.Demanded, err = s.demandsFactor(ctx, q, p); err != nil {
		return f, err
	}
	err = q.QueryRowContext(ctx, `SELECT COUNT(*) FROM staff_recovery WHERE agency_id = $1 AND staff_id = $2`, p.Agency, p.ID).Scan(&f.Recovery)
	if err != nil {
		return f, fmt.Errorf("count recovery codes: %w", err)
	}
	return f, nil
}

func errHasFactor() *edge.Problem { return edge.NewProblem(http.StatusConflict, "factor.on") }

// prepareFactor makes a secret that is not in use before a code has shown that the app has it.
func (s *Service) prepareFactor(ctx context.Context, p Person) (totp.Setup, error) {
	a, err := s.agencies.ByID(ctx, p.Agency)
	if err != nil {
		return totp.Setup{}, err
	}
	key, err := s.agencies.Keys().For(ctx, p.Agency)
	if err != nil {
		return totp.Setup{}, err
	}
	secret := totp.NewSecret()
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		err := db.Affected(tx.ExecContext(ctx, `
			INSERT INTO staff_totp (agency_id, staff_id, secret_sealed, made_at, last_step) VALUES ($1, $2, $3, $4, 0)
			ON CONFLICT (agency_id, staff_id) DO UPDATE SET secret_sealed = $3, made_at = $4 WHERE staff_totp.on_at IS NULL`,
			p.Agency, p.ID, key.Seal(totpField(p), secret), db.Ms(s.o.Clock())))
		if errors.Is(err, db.ErrConflict) {
			return errHasFactor()
		}
		return err
	})
	if err != nil {
		return totp.Setup{}, err
	}
	return totp.For(secret, a.Name, p.Email)
}

func errCode() *edge.Problem { return edge.NewProblem(http.StatusForbidden, "factor.wrong") }

// takeCode takes a code of an app, once.
func (s *Service) takeCode(ctx context.Context, tx *db.Tx, p Person, code string, on bool) error {
	key, err := s.agencies.Keys().In(ctx, tx, p.Agency)
	if err != nil {
		return err
	}
	var sealed []byte
	var last int64
	err = tx.QueryRowContext(ctx, `
		SELECT secret_sealed, last_step FROM staff_totp WHERE agency_id = $1 AND staff_id = $2 AND (on_at IS NOT NULL) = $3`, p.Agency, p.ID, on).
		Scan(&sealed, &last)
	if errors.Is(err, db.ErrNoRows) {
		return errCode()
	}
	if err != nil {
		return fmt.Errorf("read second factor: %w", err)
	}
	secret, err := key.Open(totpField(p), sealed)
	if err != nil {
		return fmt.Errorf("open second factor: %w", err)
	}
	step, ok := totp.Match(secret, code, s.o.Clock(), last)
	if !ok {
		return errCode()
	}
	err = db.Affected(tx.ExecContext(ctx, `
		UPDATE staff_totp SET last_step = $1 WHERE agency_id = $2 AND staff_id = $3 AND last_step < $1 AND secret_sealed = $4`, step, p.Agency, p.ID, sealed))
	if errors.Is(err, db.ErrConflict) {
		return errCode() // by another request of the same moment
	}
	return err
}

// turnOn takes the first code of an app, and makes recovery codes, which are shown once.
func (s *Service) turnOn(ctx context.Context, tx *db.Tx, p Person, code string) ([]string, error) {
	if err := s.takeCode(ctx, tx, p, code, false); err != nil {
		return nil, err
	}
	_, err := tx.ExecContext(ctx, `UPDATE staff_totp SET on_at = $1 WHERE agency_id = $2 AND staff_id = $3`, db.Ms(s.o.Clock()), p.Agency, p.ID)
	if err != nil {
		return nil, fmt.Errorf("turn second factor on: %w", err)
	}
	if err := s.note(ctx, tx, audit.Staff(p.ID), audit.FactorOn, p); err != nil {
		return nil, err
	}
	return s.newRecovery(ctx, tx, p)
}

// turnOff takes the second factor away, and the recovery codes with it. It tells whether there was one.
func (s *Service) turnOff(ctx context.Context, tx *db.Tx, p Person) (bool, error) {
	if _, err := tx.ExecContext(ctx, `DELETE FROM staff_recovery WHERE agency_id = $1 AND staff_id = $2`, p.Agency, p.ID); err != nil {
		return false, fmt.Errorf("turn second factor off: %w", err)
	}
	had, err := s.hasApp(ctx, tx, p)
	if err != nil {
		return false, err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM staff_totp WHERE agency_id = $1 AND staff_id = $2`, p.Agency, p.ID); err != nil {
		return false, fmt.Errorf("turn second factor off: %w", err)
	}
	return had, nil
}

// newRecovery makes recovery codes; those before are good no more.
func (s *Service) newRecovery(ctx context.Context, tx *db.Tx, p Person) ([]string, error) {
	if _, err := tx.ExecContext(ctx, `DELETE FROM staff_recovery WHERE agency_id = $1 AND staff_id = $2`, p.Agency, p.ID); err != nil {
		return nil, fmt.Errorf("make recovery codes: %w", err)
	}
	codes := make([]string, recoveryCodes)
	for i := range codes {
		codes[i] = newRecoveryCode()
		_, err := tx.ExecContext(ctx, `INSERT INTO staff_recovery (agency_id, staff_id, hash) VALUES ($1, $2, $3)`,
			p.Agency, p.ID, s.recoveryHash(p, codes[i]))
		if err != nil {
			return nil, fmt.Errorf("make recovery codes: %w", err)
		}
	}
	return codes, s.note(ctx, tx, audit.Staff(p.ID), audit.RecoveryMade, p)
}

func newRecoveryCode() string {
	random := make([]byte, recoveryLength)
	rand.Read(random)
	for i, b := range random {
		random[i] = recoveryLetters[b&31]
	}
	return string(random[:4]) + "-" + string(random[4:8]) + "-" + string(random[8:])
}

// recoveryHash is under a key outside the database: 60 bits could be tried through by who has that alone.
func (s *Service) recoveryHash(p Person, code string) []byte {
	return s.o.Ring.Derive("staff recovery code", p.Agency, p.ID, normalRecovery(code))
}

// normalRecovery is a code as people type it from paper: capitals, spaces, and letters that look like others.
func normalRecovery(code string) string {
	return strings.NewReplacer("-", "", " ", "", "o", "0", "i", "1", "l", "1", "u", "v").Replace(strings.ToLower(code))
}

// takeRecovery uses a recovery code up.
func (s *Service) takeRecovery(ctx context.Context, tx *db.Tx, p Person, code string) error {
	err := db.Affected(tx.ExecContext(ctx, `DELETE FROM staff_recovery WHERE agency_id = $1 AND staff_id = $2 AND hash = $3`,
		p.Agency, p.ID, s.recoveryHash(p, code)))
	if errors.Is(err, db.ErrConflict) {
		return errCode()
	}
	if err != nil {
		return fmt.Errorf("use recovery code: %w", err)
	}
	return s.note(ctx, tx, audit.Staff(p.ID), audit.RecoveryUsed, p)
}

// ResetFactor takes from somebody all that they sign in with beside the password, since they have lost it, and ends their
// sessions: whoever has found it may use one.
func (s *Service) ResetFactor(ctx context.Context, tx *db.Tx, p Person, by string) error {
	had, err := s.turnOff(ctx, tx, p)
	if err != nil {
		return err
	}
	removed, err := db.Texts(tx.QueryContext(ctx, `DELETE FROM staff_passkey WHERE agency_id = $1 AND staff_id = $2 RETURNING id`, p.Agency, p.ID))
	if err != nil {
		return fmt.Errorf("remove passkeys: %w", err)
	}
	if !had && len(removed) == 0 {
		return edge.NewProblem(http.StatusConflict, "factor.none")
	}
	if err := s.note(ctx, tx, audit.Staff(by), audit.FactorReset, p); err != nil {
		return err
	}
	return s.endSessions(ctx, tx, p, nil, "factor", by)
}
