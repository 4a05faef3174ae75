package retention

import (
	"context"
	"fmt"
	"slices"

	"visavis/internal/db"
	"visavis/internal/seat"
	"visavis/internal/staff"
	"visavis/internal/talk"
)

// fate is what becomes of the rows of a table in time.
type fate string

const (
	// withAppointment goes with the appointment when that has been kept long enough: all that there is of citizens.
	withAppointment fate = "appointment"
	// withAccount goes, or becomes nobody's, with the account that was disabled.
	withAccount fate = "account"
	// ofItself goes by its own rule, and names people by ids at most.
	ofItself fate = "itself"
	// withAgency stays until the agency is given up: the organisation and its rules.
	withAgency fate = "agency"
	// unsealed stays like that, without what is sealed in it: that goes by its own rule (reasons.go).
	unsealed fate = "unsealed"
	// withMonth goes a year after the month that it is of: nobody knows whose it is (lines.go).
	withMonth fate = "month"
)

// tablesOf says so of all tables of an agency. A test compares them with the schema: a new table is a decision.
func tablesOf() map[string]fate {
	return map[string]fate{
		"appointment": withAppointment, "seat": withAppointment, "seat_link": withAppointment, "seat_browser": withAppointment,
		"seat_presence": withAppointment, "seat_message": withAppointment, "task": withAppointment, "survey_done": withAppointment,
		"talk": withAppointment, "talk_signal": withAppointment, "talk_leg": withAppointment,

		"staff": withAccount, "staff_role": withAccount, "staff_desk": withAccount, "staff_session": withAccount, "staff_pairing": withAccount, "staff_link": withAccount,
		"staff_identity": withAccount, "staff_directory": withAccount, "staff_totp": withAccount, "staff_recovery": withAccount,
		"staff_passkey": withAccount, "scim_member": withAccount, "scim_removal": withAccount, "late": withAccount,

		"survey_line": withMonth,

		"job":           ofItself, // when it is done; those of an appointment or an account go with it
		"stream":        ofItself, // likewise
		"stream_change": ofItself, // after a day
		"staff_once":    ofItself, // soon after it is over
		"audit_entry":   ofItself, // kept.audit
		"audit_head":    ofItself,

		"department": withAgency, "location": withAgency, "desk": withAgency, "service": withAgency, "policy": withAgency,
		"approval": unsealed, "legal_text": withAgency, "logo": withAgency, "form_template": withAgency, "scim_token": withAgency, "scim_group": withAgency, "scim_rule": withAgency,
		"scim_guard": withAgency, "decided": withAgency, "survey_count": withAgency, "demo_account": withAgency,
	}
}

// gone are the ids of what is being deleted.
type gone struct{ appointments, seats, talks, accounts []string }

func (g gone) ofAppointments() []string { return g.appointments }
func (g gone) ofSeats() []string        { return g.seats }
func (g gone) ofTalks() []string        { return g.talks }
func (g gone) ofAccounts() []string     { return g.accounts }
func (g gone) all() []string            { return slices.Concat(g.appointments, g.seats, g.talks, g.accounts) }

// topics are those that their pages listened to.
func (g gone) topics() []string {
	var list []string
	for _, kind := range []struct {
		ids   []string
		topic func(string) string
	}{{g.seats, seat.Topic}, {g.talks, talk.Topic}, {g.accounts, staff.Topic}} {
		for _, id := range kind.ids {
			list = append(list, kind.topic(id))
		}
	}
	return list
}

// deletion takes rows out of a table, by the ids of something.
type deletion struct {
	of    func(gone) []string
	query string
}

func by(of func(gone) []string, query string) deletion { return deletion{of, query} }

// deletions are all of them, each table before those that it refers to. Of an account the row itself stays.
func deletions() []deletion {
	return []deletion{
		by(gone.ofTalks, `DELETE FROM talk_signal WHERE agency_id = $1 AND talk_id IN `),
		by(gone.ofTalks, `DELETE FROM talk_leg WHERE agency_id = $1 AND talk_id IN `),
		by(gone.ofSeats, `DELETE FROM talk WHERE agency_id = $1 AND seat_id IN `),
		by(gone.ofSeats, `DELETE FROM seat_message WHERE agency_id = $1 AND seat_id IN `),
		by(gone.ofSeats, `DELETE FROM seat_link WHERE agency_id = $1 AND seat_id IN `),
		by(gone.ofSeats, `DELETE FROM seat_browser WHERE agency_id = $1 AND seat_id IN `),
		by(gone.ofSeats, `DELETE FROM survey_done WHERE agency_id = $1 AND seat_id IN `),
		by(gone.ofSeats, `DELETE FROM seat_presence WHERE agency_id = $1 AND seat_id IN `),
		by(gone.ofSeats, `DELETE FROM seat WHERE agency_id = $1 AND id IN `),
		by(gone.ofAppointments, `DELETE FROM task WHERE agency_id = $1 AND appointment_id IN `),
		by(gone.ofAppointments, `DELETE FROM appointment WHERE agency_id = $1 AND id IN `),

		by(gone.ofAccounts, `DELETE FROM staff_role WHERE agency_id = $1 AND staff_id IN `),
		by(gone.ofAccounts, `DELETE FROM staff_desk WHERE agency_id = $1 AND staff_id IN `),
		by(gone.ofAccounts, `DELETE FROM staff_pairing WHERE agency_id = $1 AND staff_id IN `),
		by(gone.ofAccounts, `DELETE FROM staff_session WHERE agency_id = $1 AND staff_id IN `),
		by(gone.ofAccounts, `DELETE FROM staff_link WHERE agency_id = $1 AND staff_id IN `),
		by(gone.ofAccounts, `DELETE FROM staff_identity WHERE agency_id = $1 AND staff_id IN `),
		by(gone.ofAccounts, `DELETE FROM staff_directory WHERE agency_id = $1 AND staff_id IN `),
		by(gone.ofAccounts, `DELETE FROM staff_totp WHERE agency_id = $1 AND staff_id IN `),
		by(gone.ofAccounts, `DELETE FROM staff_recovery WHERE agency_id = $1 AND staff_id IN `),
		by(gone.ofAccounts, `DELETE FROM staff_passkey WHERE agency_id = $1 AND staff_id IN `),
		by(gone.ofAccounts, `DELETE FROM scim_member WHERE agency_id = $1 AND staff_id IN `),
		by(gone.ofAccounts, `DELETE FROM scim_removal WHERE agency_id = $1 AND staff_id IN `),
		by(gone.ofAccounts, `DELETE FROM late WHERE agency_id = $1 AND who IN `),

		by(gone.all, `DELETE FROM job WHERE agency_id = $1 AND ref IN `),
		by(gone.all, `DELETE FROM job WHERE agency_id = $1 AND unique_key IN `),
		by(gone.topics, `DELETE FROM stream_change WHERE agency_id = $1 AND topic IN `),
		by(gone.topics, `DELETE FROM stream WHERE agency_id = $1 AND topic IN `),
	}
}

// remove deletes all rows of what is gone.
func (g gone) remove(ctx context.Context, tx *db.Tx, agencyID string) error {
	for _, d := range deletions() {
		ids := d.of(g)
		if len(ids) == 0 {
			continue
		}
		list, args := db.In(2, ids)
		if _, err := tx.ExecContext(ctx, d.query+list, append([]any{agencyID}, args...)...); err != nil {
			return fmt.Errorf("%s: %w", d.query, err)
		}
	}
	return nil
}
