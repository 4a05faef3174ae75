package agency

import (
	"context"
	"fmt"

	"visavis/internal/db"
)

// GivenUp is the event topic of the installation that an agency was given up, so that no process keeps its key open.
const GivenUp = "agencies"

// owned are the tables that hold an agency's rows, each before those that it refers to.
func owned() []string {
	return []string{
		"talk_signal", "talk_leg", "talk", "seat_message", "seat_link", "seat_browser", "seat_presence", "late", "task", "seat", "legal_text",
		"appointment", "approval", "policy", "staff_role", "staff_desk", "staff_session", "staff_link", "scim_member", "scim_removal", "scim_guard", "scim_rule", "scim_group", "scim_token", "staff_directory", "staff_totp", "staff_recovery", "staff_passkey", "staff_identity", "staff_once",
		"audit_entry", "audit_head", "service", "desk", "location", "department", "staff", "job", "stream_change", "stream",
	}
}

// GiveUp destroys an agency's data key, and with it whatever was sealed: nobody can read it any more, who has the database
// included. From then on the agency is there for nobody; Clear deletes its rows. Its name in links stays taken.
func (s *Store) GiveUp(ctx context.Context, tx *db.Tx, agencyID string) error {
	err := db.Affected(tx.ExecContext(ctx, `
		UPDATE agency SET key_wrapped = $1, name = '', phone = '', phone_hours = '{}', host = NULL, deleted_at = $2
		WHERE id = $3 AND deleted_at IS NULL`, []byte{}, db.Ms(s.clock()), agencyID))
	if err != nil {
		return fmt.Errorf("give up agency: %w", err)
	}
	tx.AfterCommit(s.keys.CloseAll)
	return nil
}

// batch is how many rows are deleted at a time: other agencies want to write meanwhile.
const batch = 2000

// Clear deletes all rows of an agency that was given up. It may be called again after it was interrupted.
func (s *Store) Clear(ctx context.Context, agencyID string) error {
	var given int
	err := s.db.Read().QueryRowContext(ctx, `SELECT COUNT(*) FROM agency WHERE id = $1 AND deleted_at IS NOT NULL`, agencyID).Scan(&given)
	if err != nil {
		return fmt.Errorf("look for agency to clear: %w", err)
	}
	if given == 0 {
		return ErrNotFound
	}
	// The audit lets nobody delete but what lies before its beginning.
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE audit_head SET anchor_seq = seq WHERE agency_id = $1`, agencyID)
		return err
	})
	for _, table := range owned() {
		for n := int64(batch); err == nil && n == batch; {
			n, err = s.deleteSome(ctx, table, agencyID)
		}
	}
	if err != nil {
		return fmt.Errorf("clear agency: %w", err)
	}
	return nil
}

func (s *Store) deleteSome(ctx context.Context, table, agencyID string) (n int64, err error) {
	row := "rowid"
	if s.db.Engine() == db.PostgreSQL {
		row = "ctid"
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		result, err := tx.ExecContext(ctx, fmt.Sprintf(
			`DELETE FROM %[1]s WHERE agency_id = $1 AND %[2]s IN (SELECT %[2]s FROM %[1]s WHERE agency_id = $1 LIMIT %[3]d)`,
			table, row, batch), agencyID) // names of our own
		if err != nil {
			return err
		}
		n, err = result.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("delete rows of %s: %w", table, err)
	}
	return n, nil
}
