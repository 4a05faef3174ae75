package talk

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"visavis/internal/db"
	"visavis/internal/relay"
	"visavis/internal/seat"
	"visavis/internal/vault"
)

const columns = `SELECT id, agency_id, seat_id, desk_id, staff_id, media_id, generation, guest_restart, staff_restart,
	admitted_at, ring_until, entered_at, connected_at, ended_at, staff_away_since, COALESCE(guest_print, ''), COALESCE(staff_print, ''),
	revealed_at IS NOT NULL, features, alarm_at, COALESCE(alarm_answered_by, ''),
	transfer_at, COALESCE(transfer_desk, ''), COALESCE(transfer_to, ''), transfer_sealed, COALESCE(transfer_by, ''), transfer_ready_at,
	COALESCE(transfer_no, ''), COALESCE(transfer_no_by, ''), pairing, COALESCE(beside, ''), version FROM talk`

func scan(row interface{ Scan(...any) error }) (Talk, error) {
	var t Talk
	var media, features string
	var admitted int64
	var ring, entered, connected, ended, away, alarm, asked, ready *int64
	var f Transfer
	err := row.Scan(&t.ID, &t.Agency, &t.Seat, &t.Desk, &t.Staff, &media, &t.Generation, &t.GuestRestart, &t.StaffRestart,
		&admitted, &ring, &entered, &connected, &ended, &away, &t.GuestPrint, &t.StaffPrint, &t.Revealed, &features,
		&alarm, &t.AlarmAnsweredBy, &asked, &f.Desk, &f.To, &f.note, &f.By, &ready, &f.No, &f.NoBy, &t.Pairing, &t.Beside, &t.Version)
	if errors.Is(err, db.ErrNoRows) {
		return t, ErrNotFound
	}
	if err != nil {
		return t, fmt.Errorf("read talk: %w", err)
	}
	if n, err := hex.Decode(t.Media[:], []byte(media)); err != nil || n != len(t.Media) {
		return t, errors.New("read talk: damaged media id")
	}
	t.AdmittedAt = db.Time(admitted)
	t.RingUntil, t.EnteredAt, t.ConnectedAt, t.EndedAt = db.TimePtr(ring), db.TimePtr(entered), db.TimePtr(connected), db.TimePtr(ended)
	t.StaffAwaySince, t.AlarmAt = db.TimePtr(away), db.TimePtr(alarm)
	t.Features = strings.Fields(features)
	if asked != nil {
		f.At, f.ReadyAt = db.Time(*asked), db.TimePtr(ready)
		t.Transfer = &f
	}
	return t, nil
}

func byID(ctx context.Context, q db.Q, agency, id string) (Talk, error) {
	return scan(q.QueryRowContext(ctx, columns+` WHERE agency_id = $1 AND id = $2`, agency, id))
}

func live(ctx context.Context, q db.Q, agency, seatID string) (Talk, error) {
	return scan(q.QueryRowContext(ctx, columns+` WHERE agency_id = $1 AND seat_id = $2 AND ended_at IS NULL`, agency, seatID))
}

// ledLive are the live talks that a person leads.
func ledLive(ctx context.Context, q db.Q, agency, staffID string) ([]Talk, error) {
	return liveTalks(ctx, q, ` AND staff_id = $2`, agency, staffID)
}

// liveTalks are those of an agency for which a condition holds.
func liveTalks(ctx context.Context, q db.Q, condition string, args ...any) ([]Talk, error) {
	rows, err := q.QueryContext(ctx, columns+` WHERE agency_id = $1 AND ended_at IS NULL`+condition, args...)
	if err != nil {
		return nil, fmt.Errorf("list talks: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	var all []Talk
	for rows.Next() {
		t, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, rows.Err()
}

// create makes the live talk of a seat; a unique index allows only one. Its messages and generations are numbered on from
// those of the talk before: the guest's page follows the seat. What it has missed may begin in a talk that is over, and what
// it says names a generation and no talk: said in one it counts in none after it. With main it stands beside that one.
func (s *Service) create(ctx context.Context, tx *db.Tx, x seat.Seat, staffID string, main *Talk) (Talk, error) {
	now := s.o.Clock()
	ring := now.Add(s.o.RingTime)
	t := Talk{
		ID: vault.NewID(), Agency: x.Agency, Seat: x.ID, Desk: x.Desk, Staff: staffID,
		AdmittedAt: db.Time(db.Ms(now)), RingUntil: &ring, Version: 1,
	}
	rand.Read(t.Media[:])
	var err error
	if t.Features, err = s.features(ctx, tx, x); err != nil {
		return t, err
	}
	if main != nil {
		t.Beside, t.Features = main.ID, forCompany(main.Features)
	}
	err = tx.QueryRowContext(ctx, `
		INSERT INTO talk (id, agency_id, seat_id, desk_id, staff_id, media_id, generation, guest_restart, staff_restart,
		                  admitted_at, ring_until, features, beside, signal_head, version)
		VALUES ($1, $2, $3, $4, $5, $6,
		        (SELECT COALESCE(MAX(generation), 0) + 1 FROM talk WHERE agency_id = $2 AND seat_id = $3), 0, 0, $7, $8, $9, $10,
		        (SELECT COALESCE(MAX(signal_head), 0) FROM talk WHERE agency_id = $2 AND seat_id = $3), 1)
		RETURNING generation`,
		t.ID, t.Agency, t.Seat, t.Desk, t.Staff, t.mediaHex(), db.Ms(t.AdmittedAt), db.MsPtr(t.RingUntil), strings.Join(t.Features, " "), db.Null(t.Beside)).Scan(&t.Generation)
	if err != nil {
		return t, fmt.Errorf("create talk: %w", err)
	}
	return t, nil
}

// save writes a talk; db.ErrConflict if somebody was faster.
func save(ctx context.Context, tx *db.Tx, t *Talk, nowMs int64) error {
	var asked *int64
	var f Transfer
	if t.Transfer != nil {
		f = *t.Transfer
		at := db.Ms(f.At)
		asked = &at
	}
	err := db.Affected(tx.ExecContext(ctx, `
		UPDATE talk SET staff_id = $1, generation = $2, guest_restart = $3, staff_restart = $4, ring_until = $5,
		       entered_at = $6, connected_at = $7, ended_at = $8, guest_print = $9, staff_print = $10,
		       revealed_at = CASE WHEN $11 THEN COALESCE(revealed_at, $12) END,
		       alarm_at = $13, alarm_answered_by = $14, transfer_at = $15, transfer_desk = $16, transfer_to = $17, transfer_sealed = $18,
		       transfer_by = $19, transfer_ready_at = $20, transfer_no = $21, transfer_no_by = $22, pairing = $23, version = version + 1
		WHERE agency_id = $24 AND id = $25 AND version = $26`,
		t.Staff, t.Generation, t.GuestRestart, t.StaffRestart, db.MsPtr(t.RingUntil), db.MsPtr(t.EnteredAt),
		db.MsPtr(t.ConnectedAt), db.MsPtr(t.EndedAt), db.Null(t.GuestPrint), db.Null(t.StaffPrint), t.Revealed, nowMs,
		db.MsPtr(t.AlarmAt), db.Null(t.AlarmAnsweredBy), asked, db.Null(f.Desk), db.Null(f.To), f.note,
		db.Null(f.By), db.MsPtr(f.ReadyAt), db.Null(f.No), db.Null(f.NoBy), t.Pairing, t.Agency, t.ID, t.Version))
	if err != nil {
		return fmt.Errorf("save talk: %w", err)
	}
	t.Version++
	return nil
}

// reader is who a signal is for.
type reader string

const (
	forGuest reader = "guest"
	forStaff reader = "staff"
)

// signal appends a message to the talk's queue and wakes its reader.
func (s *Service) signal(ctx context.Context, tx *db.Tx, key *vault.DataKey, t Talk, to reader, kind string, body map[string]any) error {
	var seq int64
	err := tx.QueryRowContext(ctx, `UPDATE talk SET signal_head = signal_head + 1 WHERE agency_id = $1 AND id = $2 RETURNING signal_head`,
		t.Agency, t.ID).Scan(&seq)
	if err != nil {
		return fmt.Errorf("number signal: %w", err)
	}
	if body == nil {
		body = map[string]any{}
	}
	plain, err := json.Marshal(body)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO talk_signal (agency_id, talk_id, seq, generation, side, kind, body_sealed, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		t.Agency, t.ID, seq, t.Generation, to, kind, key.Seal(signalField(t, seq), plain), db.Ms(s.o.Clock()))
	if err != nil {
		return fmt.Errorf("store signal: %w", err)
	}
	if err := dropReplaced(ctx, tx, t, to, kind, seq); err != nil {
		return err
	}
	topic := Topic(t.ID)
	if to == forGuest {
		topic = seat.Topic(t.Seat)
	}
	return s.o.Events.Append(ctx, tx, t.Agency, topic, "signal", fmt.Sprint(seq))
}

// dropReplaced deletes what nobody reads after this signal: those of former generations, and descriptions of former ICE
// restarts. Else a page that goes on restarting would fill the disk, and the other page at its next snapshot.
func dropReplaced(ctx context.Context, tx *db.Tx, t Talk, to reader, kind string, seq int64) error {
	if kind != restartOffer && kind != restartAnswer {
		kind = ""
	}
	_, err := tx.ExecContext(ctx, `
		DELETE FROM talk_signal WHERE agency_id = $1 AND talk_id = $2
		AND (generation < $3 OR side = $4 AND kind = $5 AND seq < $6)`, t.Agency, t.ID, t.Generation, to, kind, seq)
	if err != nil {
		return fmt.Errorf("delete replaced signals: %w", err)
	}
	return nil
}

func signalField(t Talk, seq int64) vault.Field {
	return vault.Field{Agency: t.Agency, Table: "talk_signal", Column: "body_sealed", Row: fmt.Sprint(t.ID, "/", seq)}
}

// signals are the messages of the current generation for a reader after a number.
func (s *Service) signals(ctx context.Context, q db.Q, t Talk, to reader, after int64) ([]map[string]any, error) {
	key, err := s.o.Agencies.Keys().In(ctx, q, t.Agency)
	if err != nil {
		return nil, err
	}
	rows, err := q.QueryContext(ctx, `
		SELECT seq, kind, body_sealed FROM talk_signal
		WHERE agency_id = $1 AND talk_id = $2 AND side = $3 AND generation = $4 AND seq > $5 ORDER BY seq`,
		t.Agency, t.ID, to, t.Generation, after)
	if err != nil {
		return nil, fmt.Errorf("read signals: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	out := []map[string]any{}
	for rows.Next() {
		var seq int64
		var kind string
		var sealed []byte
		if err := rows.Scan(&seq, &kind, &sealed); err != nil {
			return nil, fmt.Errorf("read signals: %w", err)
		}
		plain, err := key.Open(signalField(t, seq), sealed)
		if err != nil {
			return nil, fmt.Errorf("read signals: %w", err)
		}
		body := map[string]any{}
		if err := json.Unmarshal(plain, &body); err != nil {
			return nil, fmt.Errorf("read signals: %w", err)
		}
		body["seq"], body["generation"], body["kind"] = seq, t.Generation, kind
		out = append(out, body)
	}
	return out, rows.Err()
}

type browserCredentials struct{ Ufrag, Pwd string }

// introduce keeps a browser's ICE credentials, for a relay that asks again, and
// hands them to the relay after the commit.
func (s *Service) introduce(ctx context.Context, tx *db.Tx, key *vault.DataKey, t Talk, side relay.Side, ufrag, pwd string) error {
	leg, _ := s.o.RelayKey.Credentials(t.leg(side))
	plain, err := json.Marshal(browserCredentials{ufrag, pwd}) //nolint:gosec // sealed before it goes anywhere
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO talk_leg (ufrag, agency_id, talk_id, browser_sealed, created_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (ufrag) DO UPDATE SET browser_sealed = excluded.browser_sealed WHERE talk_leg.agency_id = excluded.agency_id`,
		leg, t.Agency, t.ID, key.Seal(legField(t.Agency, leg), plain), db.Ms(s.o.Clock()))
	if err != nil {
		return fmt.Errorf("keep leg: %w", err)
	}
	if err := s.dropLegs(ctx, tx, t); err != nil {
		return err
	}
	tx.AfterCommit(func() { s.hand(ctx, leg, browserCredentials{ufrag, pwd}) })
	return nil
}

// dropLegs deletes the legs that no browser comes back to: those of former generations, and of ICE restarts before the
// last one, which may still be under way. Else a page that goes on restarting would fill the disk.
func (s *Service) dropLegs(ctx context.Context, tx *db.Tx, t Talk) error {
	args := []any{t.Agency, t.ID}
	for _, side := range []relay.Side{relay.SideGuest, relay.SideStaff} {
		leg := t.leg(side)
		ufrag, _ := s.o.RelayKey.Credentials(leg)
		leg.Restart = max(leg.Restart, 1) - 1
		before, _ := s.o.RelayKey.Credentials(leg)
		args = append(args, ufrag, before)
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM talk_leg WHERE agency_id = $1 AND talk_id = $2 AND ufrag NOT IN ($3, $4, $5, $6)`, args...)
	if err != nil {
		return fmt.Errorf("delete former legs: %w", err)
	}
	return nil
}

func legField(agency, ufrag string) vault.Field {
	return vault.Field{Agency: agency, Table: "talk_leg", Column: "browser_sealed", Row: ufrag}
}

// hand gives credentials to the relay. If it cannot be reached now it asks later.
func (s *Service) hand(ctx context.Context, leg string, c browserCredentials) {
	if err := s.o.Relay.Introduce(leg, c.Ufrag, c.Pwd); err != nil {
		s.o.Log.WarnContext(ctx, "relay did not take a leg", "error", err)
	}
}

// need answers the relay. The leg's name is unguessable and comes from the relay,
// which knows no agencies: so this reads without an agency in its WHERE (internal/db/scope has all that do).
func (s *Service) need(ctx context.Context, ufrag string) error {
	var agencyID string
	var sealed []byte
	err := s.db.Read().QueryRowContext(ctx, `
		SELECT talk_leg.agency_id, talk_leg.browser_sealed FROM talk_leg
		JOIN talk ON talk.id = talk_leg.talk_id AND talk.agency_id = talk_leg.agency_id
		WHERE talk_leg.ufrag = $1 AND talk.ended_at IS NULL`, ufrag).Scan(&agencyID, &sealed)
	if errors.Is(err, db.ErrNoRows) {
		return ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("read leg: %w", err)
	}
	key, err := s.o.Agencies.Keys().For(ctx, agencyID)
	if err != nil {
		return err
	}
	plain, err := key.Open(legField(agencyID, ufrag), sealed)
	if err != nil {
		return err
	}
	var c browserCredentials
	if err := json.Unmarshal(plain, &c); err != nil {
		return err
	}
	s.hand(ctx, ufrag, c)
	return nil
}

// forget deletes what only a live talk needs and takes its legs from the relay.
func (s *Service) forget(ctx context.Context, tx *db.Tx, t Talk) error {
	_, first := tx.ExecContext(ctx, `DELETE FROM talk_signal WHERE agency_id = $1 AND talk_id = $2`, t.Agency, t.ID)
	_, second := tx.ExecContext(ctx, `DELETE FROM talk_leg WHERE agency_id = $1 AND talk_id = $2`, t.Agency, t.ID)
	if err := errors.Join(first, second); err != nil {
		return fmt.Errorf("forget talk: %w", err)
	}
	if err := s.endPairs(ctx, tx, t); err != nil {
		return err
	}
	tx.AfterCommit(func() {
		if err := s.o.Relay.Revoke(t.Media); err != nil {
			s.o.Log.WarnContext(ctx, "relay did not end a talk", "error", err)
		}
	})
	return nil
}
