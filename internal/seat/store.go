package seat

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"visavis/internal/db"
)

// ErrNotFound says that there is no such seat for the caller.
var ErrNotFound = errors.New("seat: not found")

const columns = `SELECT id, agency_id, appointment_id, desk_id, state, COALESCE(closed_reason, ''), COALESCE(door, ''),
	COALESCE(mode, ''), link_version, opened_at, check_failed_at, arrived_at, away_since, hidden_since, stay_until,
	holder_hash, COALESCE(holder_page, ''), asking_hash, COALESCE(asking_page, ''), asking_refused, locked, closed_at,
	passed_at, COALESCE(passed_from, ''), COALESCE(consent_version, ''), consented_at,
	COALESCE(consent_entered, ''), consent_held, consent_held_at, consent_full_at, visits, role, COALESCE(language, ''), version FROM seat`

func scan(row interface{ Scan(...any) error }) (Seat, error) {
	var s Seat
	var opened, failed, arrived, away, hidden, stay, closed, passed, agreed, held, full *int64
	var holder, asking []byte
	err := row.Scan(&s.ID, &s.Agency, &s.Appointment, &s.Desk, &s.State, &s.ClosedReason, &s.Door,
		&s.Mode, &s.LinkVersion, &opened, &failed, &arrived, &away, &hidden, &stay,
		&holder, &s.Holder.Page, &asking, &s.Asking.Page, &s.AskRefused, &s.Locked, &closed,
		&passed, &s.PassedFrom, &s.Agreed, &agreed,
		&s.Noted.Version, &s.Noted.Held, &held, &full, &s.Visits, &s.Role, &s.Language, &s.Version)
	if errors.Is(err, db.ErrNoRows) {
		return s, ErrNotFound
	}
	if err != nil {
		return s, fmt.Errorf("read seat: %w", err)
	}
	s.OpenedAt, s.CheckFailedAt, s.ArrivedAt = db.TimePtr(opened), db.TimePtr(failed), db.TimePtr(arrived)
	s.AwaySince, s.HiddenSince, s.ClosedAt = db.TimePtr(away), db.TimePtr(hidden), db.TimePtr(closed)
	s.StayUntil = db.TimePtr(stay)
	s.PassedAt, s.AgreedAt = db.TimePtr(passed), db.TimePtr(agreed)
	s.Noted.Last, s.Noted.Full = db.TimePtr(held), db.TimePtr(full)
	s.Holder.Browser, s.Asking.Browser = hex.EncodeToString(holder), hex.EncodeToString(asking)
	return s, nil
}

func byID(ctx context.Context, q db.Q, agency, id string) (Seat, error) {
	return scan(q.QueryRowContext(ctx, columns+` WHERE agency_id = $1 AND id = $2`, agency, id))
}

// byAppointment finds the citizen's seat, of which each appointment has one.
func byAppointment(ctx context.Context, q db.Q, agency, appointment string) (Seat, error) {
	return scan(q.QueryRowContext(ctx, columns+` WHERE agency_id = $1 AND appointment_id = $2 AND role = 'citizen'`, agency, appointment))
}

func hash(browser string) []byte {
	b, err := hex.DecodeString(browser)
	if err != nil || len(b) == 0 {
		return nil
	}
	return b
}

// save writes a seat as the rules left it; db.ErrConflict if somebody was faster.
func save(ctx context.Context, tx *db.Tx, s Seat) error {
	err := db.Affected(tx.ExecContext(ctx, `
		UPDATE seat SET state = $1, closed_reason = $2, door = $3, mode = $4, link_version = $5, opened_at = $6,
		       check_failed_at = $7, arrived_at = $8, away_since = $9, hidden_since = $10, holder_hash = $11,
		       holder_page = $12, asking_hash = $13, asking_page = $14, asking_refused = $15, closed_at = $16,
		       stay_until = $17, passed_at = $18, passed_from = $19, consent_version = $20,
		       consented_at = $21, consent_entered = $22, consent_held = $23, consent_held_at = $24, consent_full_at = $25,
		       locked = $26, visits = $27, version = version + 1
		WHERE agency_id = $28 AND id = $29 AND version = $30`,
		s.State, db.Null(s.ClosedReason), db.Null(s.Door), db.Null(string(s.Mode)), s.LinkVersion, db.MsPtr(s.OpenedAt),
		db.MsPtr(s.CheckFailedAt), db.MsPtr(s.ArrivedAt), db.MsPtr(s.AwaySince), db.MsPtr(s.HiddenSince), hash(s.Holder.Browser),
		db.Null(s.Holder.Page), hash(s.Asking.Browser), db.Null(s.Asking.Page), s.AskRefused, db.MsPtr(s.ClosedAt),
		db.MsPtr(s.StayUntil), db.MsPtr(s.PassedAt), db.Null(s.PassedFrom), db.Null(s.Agreed), db.MsPtr(s.AgreedAt),
		db.Null(s.Noted.Version), s.Noted.Held, db.MsPtr(s.Noted.Last), db.MsPtr(s.Noted.Full),
		s.Locked, string(s.Visits), s.Agency, s.ID, s.Version))
	if err != nil {
		return fmt.Errorf("save seat: %w", err)
	}
	return nil
}
