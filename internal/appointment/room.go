package appointment

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"visavis/internal/db"
)

// span is the time that an appointment takes of somebody; without an advisor, of anybody at its desk.
type span struct {
	advisor      string
	starts, ends int64
}

// room tells whether so many people can keep one more appointment beside those that overlap it: at no moment are there
// more appointments than people, and where nobody is named, somebody has no other of their own in all that time.
func room(people int, one span, others []span) bool {
	busy, beginnings := map[string]bool{}, map[int64]bool{}
	for _, o := range others {
		beginnings[max(o.starts, one.starts)] = true
		if o.advisor != "" {
			busy[o.advisor] = true
		}
	}
	if one.advisor == "" && len(busy) >= people {
		return false
	}
	for moment := range beginnings {
		together := 1
		for _, o := range others {
			if o.starts <= moment && moment < o.ends {
				together++
			}
		}
		if together > people {
			return false
		}
	}
	return true
}

// free refuses what people cannot keep: a second appointment of one advisor at the same time, and at a desk more
// appointments than it has people. An advisor who works at several desks is missing at each.
func free(ctx context.Context, tx *db.Tx, a Appointment) error {
	desks, err := lock(ctx, tx, a)
	if err != nil {
		return err
	}
	if a.Advisor != "" {
		if err := freeAdvisor(ctx, tx, a); err != nil {
			return err
		}
	}
	for _, desk := range desks {
		people, err := peopleAt(ctx, tx, a, desk)
		if err != nil {
			return err
		}
		others, err := overlapping(ctx, tx, a, desk)
		if err != nil {
			return err
		}
		if !room(people, span{a.Advisor, db.Ms(a.Starts), db.Ms(a.Ends)}, others) {
			return refuse(http.StatusConflict, "appointment.full")
		}
	}
	return nil
}

// lock lets others wait who book at the same desks, or for the same advisor, so that of two bookings at the same instant
// the second sees the first (PostgreSQL; SQLite has one writer anyway). It returns the desks: that of the appointment,
// and all of its advisor. All lock the advisor first and then one desk after the other in the order of their ids: of two
// who took the same desks in different order, each would wait for the other.
func lock(ctx context.Context, tx *db.Tx, a Appointment) (desks []string, err error) {
	if a.Advisor != "" {
		err := db.Affected(tx.ExecContext(ctx, `UPDATE staff SET name = name WHERE agency_id = $1 AND id = $2`, a.Agency, a.Advisor))
		if err != nil {
			return nil, fmt.Errorf("lock advisor: %w", err)
		}
	}
	desks, err = desksOf(ctx, tx, a)
	if err != nil {
		return nil, err
	}
	for _, desk := range desks {
		err := db.Affected(tx.ExecContext(ctx, `UPDATE desk SET name = name WHERE agency_id = $1 AND id = $2`, a.Agency, desk))
		if err != nil {
			return nil, fmt.Errorf("lock desk: %w", err)
		}
	}
	return desks, nil
}

// desksOf reads the desk of an appointment and all of its advisor, in the order in which they are locked.
func desksOf(ctx context.Context, tx *db.Tx, a Appointment) (desks []string, err error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT id FROM desk WHERE agency_id = $1
		   AND (id = $2 OR id IN (SELECT desk_id FROM staff_desk WHERE agency_id = $1 AND staff_id = $3)) ORDER BY id`, a.Agency, a.Desk, a.Advisor)
	if err != nil {
		return nil, fmt.Errorf("read desks: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("read desks: %w", err)
		}
		desks = append(desks, id)
	}
	return desks, rows.Err()
}

// longest bounds how far back is looked for what may overlap: nothing lasts a day.
const longest = 24 * time.Hour

func freeAdvisor(ctx context.Context, tx *db.Tx, a Appointment) error {
	var starts int64
	err := tx.QueryRowContext(ctx, `
		SELECT starts_at FROM appointment
		WHERE agency_id = $1 AND advisor_id = $2 AND status = 'booked' AND starts_at < $3 AND ends_at > $4 AND id <> $5 AND starts_at > $6
		ORDER BY starts_at LIMIT 1`, a.Agency, a.Advisor, db.Ms(a.Ends), db.Ms(a.Starts), a.ID, db.Ms(a.Starts.Add(-longest))).Scan(&starts)
	if errors.Is(err, db.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for overlap: %w", err)
	}
	return refuse(http.StatusConflict, "appointment.overlap", "startsAt", starts)
}

// peopleAt counts the staff of a desk, and the advisor, who may have left there meanwhile.
func peopleAt(ctx context.Context, tx *db.Tx, a Appointment, desk string) (people int, err error) {
	err = tx.QueryRowContext(ctx, `
		SELECT COUNT(*) FROM staff WHERE agency_id = $1 AND disabled_at IS NULL
		   AND (id = $3 OR id IN (SELECT staff_id FROM staff_desk WHERE agency_id = $1 AND desk_id = $2))`, a.Agency, desk, a.Advisor).Scan(&people)
	if err != nil {
		return 0, fmt.Errorf("count advisors: %w", err)
	}
	return people, nil
}

// overlapping reads what else takes the people of a desk at the time: appointments there, and their own at other desks.
func overlapping(ctx context.Context, tx *db.Tx, a Appointment, desk string) ([]span, error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT COALESCE(advisor_id, ''), starts_at, ends_at FROM appointment
		WHERE agency_id = $1 AND status = 'booked' AND starts_at < $3 AND ends_at > $4 AND id <> $5 AND starts_at > $6
		  AND (desk_id = $2 OR advisor_id IN (SELECT staff_id FROM staff_desk WHERE agency_id = $1 AND desk_id = $2))`,
		a.Agency, desk, db.Ms(a.Ends), db.Ms(a.Starts), a.ID, db.Ms(a.Starts.Add(-longest)))
	if err != nil {
		return nil, fmt.Errorf("read what overlaps: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	var list []span
	for rows.Next() {
		var s span
		if err := rows.Scan(&s.advisor, &s.starts, &s.ends); err != nil {
			return nil, fmt.Errorf("read what overlaps: %w", err)
		}
		list = append(list, s)
	}
	return list, rows.Err()
}
