package agency

import (
	"context"
	"fmt"
	"slices"

	"visavis/internal/db"
)

// GivenUp is the event topic of the installation that an agency was given up, so that no process keeps its key open.
const GivenUp = "agencies"

// Owned are the tables whose rows of an agency are deleted, each before those that it refers to. Each column by which
// others refer to one of them has an index that begins with it, or every deleted row costs a look at all rows of all
// agencies.
func Owned() []string {
	return []string{
		"talk_signal", "talk_leg", "talk", "seat_message", "seat_link", "seat_browser", "seat_presence", "survey_done", "survey_line", "survey_count", "late", "task", "seat", "legal_text", "logo", "form_template",
		"appointment", "approval", "policy", "staff_role", "staff_desk", "staff_pairing", "staff_session", "staff_link", "scim_member", "scim_removal", "scim_guard", "scim_rule", "scim_group", "scim_token", "staff_directory", "staff_totp", "staff_recovery", "staff_passkey", "staff_identity", "staff_once", "demo_account",
		"audit_entry", "audit_head", "decided", "job", "stream_change", "stream",
	}
}

// Husk is a table whose rows stay, without what they said: appointments, talks and much else refer to them in so many
// columns that an index on each of them would cost every booking more than the empty rows ever will.
type Husk struct {
	Table, Blank string
	Said, Stays  []string // all columns: what the statement blanks, and ids, numbers and times
}

// Husks are all of them.
func Husks() []Husk {
	place := []string{"id", "agency_id", "closed_at"}
	return []Husk{
		{
			Table: "staff",
			Blank: `UPDATE staff SET email = id, name = '', password_hash = '', search = ''
			WHERE agency_id = $1 AND id IN (SELECT id FROM staff WHERE agency_id = $1 AND email <> id LIMIT $2)`,
			Said:  []string{"email", "name", "password_hash", "search"},
			Stays: []string{"id", "agency_id", "disabled_at", "created_at", "erased_at", "readdressed_at"},
		},
		{
			Table: "service",
			Blank: `UPDATE service SET name = '', code = id
			WHERE agency_id = $1 AND id IN (SELECT id FROM service WHERE agency_id = $1 AND (name <> '' OR code <> id) LIMIT $2)`,
			Said:  []string{"name", "code"},
			Stays: slices.Concat(place, []string{"department_id", "minutes"}),
		},
		{
			Table: "desk",
			Blank: `UPDATE desk SET name = '', code = id, search = ''
			WHERE agency_id = $1 AND id IN (SELECT id FROM desk WHERE agency_id = $1 AND (name <> '' OR code <> id) LIMIT $2)`,
			Said:  []string{"name", "code", "search"},
			Stays: slices.Concat(place, []string{"department_id", "location_id", "shut_at"}),
		},
		{
			Table: "location",
			Blank: `UPDATE location SET name = '', city = '', phone = '', code = id, search = ''
			WHERE agency_id = $1 AND id IN (SELECT id FROM location WHERE agency_id = $1 AND (name <> '' OR code <> id) LIMIT $2)`,
			Said:  []string{"name", "city", "phone", "code", "search"},
			Stays: place,
		},
		{
			Table: "department",
			Blank: `UPDATE department SET name = '', code = id
			WHERE agency_id = $1 AND id IN (SELECT id FROM department WHERE agency_id = $1 AND (name <> '' OR code <> id) LIMIT $2)`,
			Said:  []string{"name", "code"},
			Stays: place,
		},
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
	tx.AfterCommit(s.tell)
	return nil
}

// Forgetting is the kind of a job that lets go of a destroyed key in the database's own files; nobody's, like what it is
// about. While there is one, operators are told.
const Forgetting = "agency.forget"

// ForgetKeys lets go of what rows of agencies said before, as keys that were destroyed. db.ErrStays: it is there yet.
func (s *Store) ForgetKeys(ctx context.Context) error {
	if err := s.db.Forget(ctx, "agency"); err != nil {
		return fmt.Errorf("let go of destroyed keys: %w", err)
	}
	return nil
}

// batch is how many rows are deleted at a time: other agencies want to write meanwhile.
const batch = 2000

// Clear deletes rows of an agency that was given up, but for the husks of those that others refer to, until there are no
// more, or until there is enough done for once: then it is called again. At least one batch is done each time.
func (s *Store) Clear(ctx context.Context, agencyID string, enough func() bool) (more bool, err error) {
	if more, err = s.clear(ctx, agencyID, enough); err != nil {
		return more, fmt.Errorf("clear agency: %w", err)
	}
	return more, nil
}

func (s *Store) clear(ctx context.Context, agencyID string, enough func() bool) (more bool, err error) {
	var given int
	err = s.db.Read().QueryRowContext(ctx, `SELECT COUNT(*) FROM agency WHERE id = $1 AND deleted_at IS NOT NULL`, agencyID).Scan(&given)
	if err != nil {
		return false, fmt.Errorf("look for it: %w", err)
	}
	if given == 0 {
		return false, ErrNotFound
	}
	// The audit lets nobody delete but what lies before its beginning.
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE audit_head SET anchor_seq = seq WHERE agency_id = $1`, agencyID)
		return err
	})
	if err != nil {
		return false, err
	}
	for _, table := range Owned() {
		if more, err = batches(enough, func() (int64, error) { return s.deleteSome(ctx, table, agencyID) }); more || err != nil {
			return more, err
		}
	}
	for _, h := range Husks() {
		if more, err = batches(enough, func() (int64, error) { return s.some(ctx, h.Table, h.Blank, agencyID, batch) }); more || err != nil {
			return more, err
		}
	}
	return false, nil
}

// batches does them until one finds no more rows, or until it is enough: then there may be more. One that finds nothing is
// no work, or an end would never be reached.
func batches(enough func() bool, one func() (int64, error)) (more bool, err error) {
	for n := int64(batch); n == batch; {
		if n, err = one(); err != nil {
			return false, err
		}
		if n > 0 && enough() {
			return true, nil
		}
	}
	return false, nil
}

func (s *Store) deleteSome(ctx context.Context, table, agencyID string) (int64, error) {
	row := "rowid"
	if s.db.Engine() == db.PostgreSQL {
		row = "ctid"
	}
	return s.some(ctx, table, fmt.Sprintf(
		`DELETE FROM %[1]s WHERE agency_id = $1 AND %[2]s IN (SELECT %[2]s FROM %[1]s WHERE agency_id = $1 LIMIT $2)`,
		table, row), agencyID, batch) // names of our own
}

// some runs a statement for a few rows of a table.
func (s *Store) some(ctx context.Context, table, query string, args ...any) (n int64, err error) {
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		result, err := tx.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		n, err = result.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("clear rows of %s: %w", table, err)
	}
	return n, nil
}
