package staff

import (
	"context"
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

// A session may pair one device (docs/decisions/0025-paired-devices.md): the same person works at a desktop without camera,
// and sound and picture run on their telephone. The device has a session of its own, which ends with the one that has paired
// it and opens nothing but what a talk needs.
const (
	pairingLife = 2 * time.Minute // of the link, which is read from the screen
	pairedMost  = 12 * time.Hour
)

// Device is one that is paired with a session.
type Device struct {
	ID      string `json:"id"`
	Browser string `json:"browser,omitempty" enum:"edge,opera,firefox,chrome,safari" doc:"By what it says of itself."`
	System  string `json:"system,omitempty" enum:"android,ios,windows,macos,chromeos,linux"`
	Since   int64  `json:"since" doc:"Milliseconds since 1970 UTC."`
}

// Pairing names the paired device that the person acts on; empty: they have signed in themselves.
func (p Person) Pairing() string { return p.pairing }

// Paired is the device that is paired with the person's session, as Acting and Again have found it; nil: there is none.
func (p Person) Paired() *Device { return p.paired }

// own refuses paired devices: whatever does not say that it is for them is not.
func (p Person) own() error {
	if p.pairing != "" {
		return edge.NewProblem(http.StatusForbidden, "device.only")
	}
	return nil
}

// useless tells of a device whose person leads talks nowhere any more: it is for nothing else.
func (p Person) useless() bool { return p.pairing != "" && !p.MayAnywhere(Talk) }

func errPairing() *edge.Problem { return edge.NewProblem(http.StatusGone, "device.link") }

// pairing is a link that waits to be used.
type pairing struct {
	id, secret string
	until      time.Time
}

// preparePairing makes the link; one that the session has made before is good no more.
func (s *Service) preparePairing(ctx context.Context, p Person) (pairing, error) {
	made := pairing{id: vault.NewID(), secret: vault.NewToken(), until: s.o.Clock().Add(pairingLife)}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		p, err := s.Acting(ctx, tx, p)
		if err != nil {
			return err
		}
		if err := p.own(); err != nil {
			return err
		}
		if !p.MayAnywhere(Talk) {
			return edge.NewProblem(http.StatusForbidden, "role.talk")
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO staff_pairing (id, agency_id, staff_id, parent, hash, until_at) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (parent) DO UPDATE SET id = excluded.id, hash = excluded.hash, until_at = excluded.until_at
			WHERE staff_pairing.agency_id = excluded.agency_id`,
			made.id, p.Agency, p.ID, p.session, vault.Hash(made.secret), db.Ms(made.until))
		if err != nil {
			return fmt.Errorf("make link of a device: %w", err)
		}
		return nil
	})
	return made, err
}

// usePairing uses a link up and returns who the device is of, with the value of its cookie.
func (s *Service) usePairing(ctx context.Context, agencyID, secret, device string) (p Person, value string, err error) {
	token := vault.NewToken()
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		var id string
		var parent []byte
		err := tx.QueryRowContext(ctx, `
			DELETE FROM staff_pairing WHERE agency_id = $1 AND hash = $2 AND until_at > $3 RETURNING id, parent`,
			agencyID, vault.Hash(secret), db.Ms(s.o.Clock())).Scan(&id, &parent)
		if errors.Is(err, db.ErrNoRows) {
			return errPairing()
		}
		if err != nil {
			return fmt.Errorf("use link of a device: %w", err)
		}
		if p, err = s.parentOf(ctx, tx, agencyID, parent); err != nil {
			return err
		}
		if _, err := s.dropDevice(ctx, tx, p, "", "replaced"); err != nil {
			return err
		}
		p.pairing = id
		return s.insertDevice(ctx, tx, p, token, device)
	})
	p.session = vault.Hash(token)
	return p, agencyID + "." + token, err
}

// parentOf is who has made a link, if they are still signed in there and lead talks.
func (s *Service) parentOf(ctx context.Context, tx *db.Tx, agencyID string, session []byte) (Person, error) {
	p := Person{session: session}
	var used, expires int64
	err := tx.QueryRowContext(ctx, `
		SELECT staff.id, staff.agency_id, staff.name, staff_session.used_at, staff_session.expires_at `+living,
		s.living(agencyID, session)...).Scan(&p.ID, &p.Agency, &p.Name, &used, &expires)
	if errors.Is(err, db.ErrNoRows) || err == nil && agency.Hidden(ctx, p.Agency) {
		return p, errPairing()
	}
	if err != nil {
		return p, fmt.Errorf("read who pairs a device: %w", err)
	}
	p.used, p.expires = db.Time(used), db.Time(expires)
	if err := s.open(ctx, tx, p); err != nil { // nobody disables the account meanwhile
		return p, err
	}
	if err := s.hold(ctx, tx, &p); err != nil {
		return p, err
	}
	if !p.MayAnywhere(Talk) {
		return p, errPairing()
	}
	return p, nil
}

// insertDevice begins the session of a device; p.session is still its parent.
func (s *Service) insertDevice(ctx context.Context, tx *db.Tx, p Person, token, device string) error {
	now := s.o.Clock()
	expires := min(db.Ms(now.Add(pairedMost)), db.Ms(p.expires))
	_, err := tx.ExecContext(ctx, `
		INSERT INTO staff_session (token_hash, agency_id, staff_id, created_at, used_at, expires_at, device, parent, pairing)
		VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8)`,
		vault.Hash(token), p.Agency, p.ID, db.Ms(now), expires, device, p.session, p.pairing)
	if err != nil {
		return fmt.Errorf("pair device: %w", err)
	}
	tx.AfterCommit(func() { s.o.Nudge(p.Agency, Topic(p.ID)) })
	return s.note(ctx, tx, audit.Staff(p.ID), audit.DevicePaired, p)
}

// dropDevice ends the session of the device that is paired with that of the person, if it is the one that is named or none is.
func (s *Service) dropDevice(ctx context.Context, tx *db.Tx, p Person, id, why string) (dropped bool, err error) {
	err = db.Affected(tx.ExecContext(ctx, `
		DELETE FROM staff_session WHERE agency_id = $1 AND staff_id = $2 AND parent = $3 AND ($4 = '' OR pairing = $4)`,
		p.Agency, p.ID, p.session, id))
	if errors.Is(err, db.ErrConflict) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("end pairing: %w", err)
	}
	tx.AfterCommit(func() { s.o.Nudge(p.Agency, Topic(p.ID)) })
	return true, s.note(ctx, tx, audit.Staff(p.ID), audit.DeviceUnpaired, p, audit.Is("why", why))
}

// unpair ends a pairing of the person's session, or makes its link good no more.
func (s *Service) unpair(ctx context.Context, p Person, id string) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		dropped, err := s.dropDevice(ctx, tx, p, id, "chosen")
		if err != nil || dropped {
			return err
		}
		err = db.Affected(tx.ExecContext(ctx, `DELETE FROM staff_pairing WHERE agency_id = $1 AND staff_id = $2 AND parent = $3 AND id = $4`,
			p.Agency, p.ID, p.session, id))
		if errors.Is(err, db.ErrConflict) {
			return edge.NewProblem(http.StatusNotFound, "not_found")
		}
		if err != nil {
			return fmt.Errorf("drop link of a device: %w", err)
		}
		return nil
	})
}
