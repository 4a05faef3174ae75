package appointment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"visavis/internal/db"
	"visavis/internal/vault"
)

// ErrNotFound says that there is no such appointment for the caller.
var ErrNotFound = errors.New("appointment: not found")

// sealedCitizen is the form inside the envelope.
type sealedCitizen struct {
	Name  string `json:"name"`
	Email string `json:"email,omitempty"`
	Phone string `json:"phone,omitempty"`
}

func citizenField(agency, id string) vault.Field {
	return vault.Field{Agency: agency, Table: "appointment", Column: "citizen_sealed", Row: id}
}

func seal(key *vault.DataKey, a Appointment) ([]byte, error) {
	plain, err := json.Marshal(sealedCitizen{a.Citizen.Name.Reveal(), a.Citizen.Email.Reveal(), a.Citizen.Phone.Reveal()})
	if err != nil {
		return nil, err
	}
	return key.Seal(citizenField(a.Agency, a.ID), plain), nil
}

// OpenCitizen unseals the citizen of an appointment, for whoever has read the row.
func OpenCitizen(key *vault.DataKey, agency, id string, sealed []byte) (Citizen, error) {
	plain, err := key.Open(citizenField(agency, id), sealed)
	if err != nil {
		return Citizen{}, fmt.Errorf("open citizen of appointment %s: %w", id, err)
	}
	var c sealedCitizen
	if json.Unmarshal(plain, &c) != nil {
		return Citizen{}, fmt.Errorf("open citizen of appointment %s: not as it was written", id)
	}
	return Citizen{vault.Personal(c.Name), vault.Personal(c.Email), vault.Personal(c.Phone)}, nil
}

// Opens tells whether a key opens what an agency has sealed, by its newest appointment; true if there is none.
func Opens(ctx context.Context, q db.Q, key *vault.DataKey, agency string) (bool, error) {
	var id string
	var sealed []byte
	err := q.QueryRowContext(ctx, `
		SELECT id, citizen_sealed FROM appointment WHERE agency_id = $1 ORDER BY created_at DESC LIMIT 1`, agency).Scan(&id, &sealed)
	if errors.Is(err, db.ErrNoRows) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("read something sealed: %w", err)
	}
	_, err = key.Open(citizenField(agency, id), sealed)
	return err == nil, nil
}

func insert(ctx context.Context, tx *db.Tx, key *vault.DataKey, a Appointment, mailState, by string, now time.Time) error {
	sealed, err := seal(key, a)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO appointment (id, agency_id, desk_id, service_id, advisor_id, starts_at, ends_at, status,
		       citizen_sealed, language, invite_version, mail_state, created_by, created_at, version, follows)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		a.ID, a.Agency, a.Desk, a.Service, db.Null(a.Advisor), db.Ms(a.Starts), db.Ms(a.Ends), a.Status,
		sealed, a.Language, a.InviteVersion, mailState, by, db.Ms(now), a.Version, db.Null(a.Follows))
	if err != nil {
		return fmt.Errorf("insert appointment: %w", err)
	}
	return nil
}

// byID reads an appointment without its citizen unless a key is given.
func byID(ctx context.Context, q db.Q, key *vault.DataKey, agency, id string) (Appointment, error) {
	a := Appointment{ID: id, Agency: agency}
	var starts, ends int64
	var sealed []byte
	err := q.QueryRowContext(ctx, `
		SELECT desk_id, service_id, COALESCE(advisor_id, ''), starts_at, ends_at, status, COALESCE(outcome, ''),
		       citizen_sealed, language, invite_version, version
		FROM appointment WHERE agency_id = $1 AND id = $2`, agency, id).
		Scan(&a.Desk, &a.Service, &a.Advisor, &starts, &ends, &a.Status, &a.Outcome,
			&sealed, &a.Language, &a.InviteVersion, &a.Version)
	if errors.Is(err, db.ErrNoRows) {
		return a, ErrNotFound
	}
	if err != nil {
		return a, fmt.Errorf("read appointment: %w", err)
	}
	a.Starts, a.Ends = db.Time(starts), db.Time(ends)
	if key != nil {
		a.Citizen, err = OpenCitizen(key, agency, id, sealed)
	}
	return a, err
}

// save writes what moving and closing change; db.ErrConflict if somebody was faster.
func save(ctx context.Context, tx *db.Tx, a *Appointment) error {
	err := db.Affected(tx.ExecContext(ctx, `
		UPDATE appointment SET starts_at = $1, ends_at = $2, status = $3, outcome = $4, invite_version = $5, version = version + 1,
		       note_sealed = CASE WHEN $3 = 'booked' THEN note_sealed END, note_by = CASE WHEN $3 = 'booked' THEN note_by END
		WHERE agency_id = $6 AND id = $7 AND version = $8`,
		db.Ms(a.Starts), db.Ms(a.Ends), a.Status, db.Null(a.Outcome), a.InviteVersion, a.Agency, a.ID, a.Version))
	if err != nil {
		return fmt.Errorf("save appointment: %w", err)
	}
	a.Version++
	return nil
}

// Expecting are the closed desks of an agency at which somebody is still expected: the appointments that they had before, up
// to a day after, as a talk may begin late. Package staff leaves their people there.
func Expecting(ctx context.Context, q db.Q, agency string, now time.Time) ([]string, error) {
	desks, err := db.Texts(q.QueryContext(ctx, `
		SELECT d.id FROM desk d WHERE d.agency_id = $1 AND d.closed_at IS NOT NULL AND EXISTS (SELECT 1 FROM appointment a
		WHERE a.agency_id = d.agency_id AND a.desk_id = d.id AND a.starts_at > $2 AND a.status = 'booked')`, agency, db.Ms(now.Add(-24*time.Hour))))
	if err != nil {
		return nil, fmt.Errorf("look for closed desks that expect somebody: %w", err)
	}
	return desks, nil
}

// advises tells whether a member of staff talks at a desk.
func (s *Service) advises(ctx context.Context, q db.Q, agency, staffID, desk string) (bool, error) {
	p, err := s.o.Staff.Now(ctx, q, agency, staffID)
	return p.MayTalk(desk), err
}

// The states of the newest mail about an appointment.
const (
	mailNone   = "none"
	mailQueued = "queued"
	mailSent   = "sent"
	mailFailed = "failed"
)

// setMailState is about one version of the invitation; db.ErrConflict if there is a newer one.
func setMailState(ctx context.Context, tx *db.Tx, a Appointment, state string) error {
	err := db.Affected(tx.ExecContext(ctx, `UPDATE appointment SET mail_state = $1 WHERE agency_id = $2 AND id = $3 AND invite_version = $4`,
		state, a.Agency, a.ID, a.InviteVersion))
	if err != nil {
		return fmt.Errorf("note mail's state: %w", err)
	}
	return nil
}
