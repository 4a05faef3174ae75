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

func (s span) overlaps(o span) bool { return s.starts < o.ends && s.ends > o.starts }

// room tells whether so many people can keep one more appointment beside what is taken: at no moment are there more
// appointments than people, and where nobody is named, somebody has no other of their own in all that time. That is
// asked of the new one, or where it takes somebody who is named, of those that it overlaps.
func room(people int, one span, taken []span) bool {
	asked := []span{one}
	if one.advisor != "" {
		asked = nil
	}
	for _, o := range taken {
		if !o.overlaps(one) {
			continue
		}
		if one.advisor != "" && o.advisor == "" {
			asked = append(asked, o)
		}
		if moment := max(o.starts, one.starts); together(moment, taken) >= people {
			return false
		}
	}
	for _, x := range asked {
		if busy(x, one, taken) >= people {
			return false
		}
	}
	return true
}

// together counts what is taken at a moment.
func together(moment int64, taken []span) (n int) {
	for _, o := range taken {
		if o.starts <= moment && moment < o.ends {
			n++
		}
	}
	return n
}

// busy counts those who have an appointment of their own while x lasts, also the new one.
func busy(x, one span, taken []span) int {
	names := map[string]bool{}
	for _, o := range taken {
		if o.advisor != "" && o.overlaps(x) {
			names[o.advisor] = true
		}
	}
	if one.advisor != "" {
		names[one.advisor] = true
	}
	return len(names)
}

// free refuses what people cannot keep: a second appointment of one advisor at the same time, and at a desk more
// appointments than it has people. An advisor who works at several desks is missing at each.
func (s *Service) free(ctx context.Context, tx *db.Tx, a Appointment) error {
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
		if err := s.freeDesk(ctx, tx, a, desk); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) freeDesk(ctx context.Context, tx *db.Tx, a Appointment, desk string) error {
	people, err := s.peopleAt(ctx, tx, a, desk)
	if err != nil {
		return err
	}
	one := span{a.Advisor, db.Ms(a.Starts), db.Ms(a.Ends)}
	if !people[one.advisor] {
		one.advisor = ""
	}
	if one.advisor == "" && desk != a.Desk {
		return nil // an advisor who is gone is missing at no other desk
	}
	taken, err := overlapping(ctx, tx, a, desk, people, one)
	if err != nil {
		return err
	}
	if wide := reach(one, taken); wide != one {
		if taken, err = overlapping(ctx, tx, a, desk, people, wide); err != nil {
			return err
		}
	}
	if !room(len(people), one, taken) {
		return refuse(http.StatusConflict, "appointment.full")
	}
	return nil
}

// reach is the time in which others matter to an appointment: that of those which it overlaps and somebody must keep.
func reach(one span, taken []span) span {
	wide := one
	for _, o := range taken {
		if one.advisor != "" && o.advisor == "" {
			wide.starts, wide.ends = min(wide.starts, o.starts), max(wide.ends, o.ends)
		}
	}
	return wide
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
func desksOf(ctx context.Context, tx *db.Tx, a Appointment) ([]string, error) {
	desks, err := db.Texts(tx.QueryContext(ctx, `
		SELECT id FROM desk WHERE agency_id = $1
		   AND (id = $2 OR id IN (SELECT desk_id FROM staff_desk WHERE agency_id = $1 AND staff_id = $3)) ORDER BY id`, a.Agency, a.Desk, a.Advisor))
	if err != nil {
		return nil, fmt.Errorf("read desks: %w", err)
	}
	return desks, nil
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

// peopleAt reads who talks at a desk until the appointment ends, and the advisor, who may have left there meanwhile.
func (s *Service) peopleAt(ctx context.Context, tx *db.Tx, a Appointment, desk string) (map[string]bool, error) {
	talking, err := s.o.Staff.TalkingUntil(ctx, tx, a.Agency, desk, a.Ends)
	if err != nil {
		return nil, err
	}
	list, args := db.In(3, talking)
	rows, err := tx.QueryContext(ctx, `SELECT id FROM staff WHERE agency_id = $1 AND disabled_at IS NULL AND (id = $2 OR id IN `+list+`)`,
		append([]any{a.Agency, a.Advisor}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read advisors: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	people := map[string]bool{}
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("read advisors: %w", err)
		}
		people[id] = true
	}
	return people, rows.Err()
}

// overlapping reads what else takes the people of a desk at a time: appointments there, and their own at other desks.
// One at the desk whose advisor is no longer among them is for anybody there.
func overlapping(ctx context.Context, tx *db.Tx, a Appointment, desk string, people map[string]bool, at span) ([]span, error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT desk_id, COALESCE(advisor_id, ''), starts_at, ends_at FROM appointment
		WHERE agency_id = $1 AND status = 'booked' AND starts_at < $3 AND ends_at > $4 AND id <> $5 AND starts_at > $6
		  AND (desk_id = $2 OR advisor_id = $7 OR advisor_id IN (SELECT staff_id FROM staff_desk WHERE agency_id = $1 AND desk_id = $2 AND role <> 'reception'))`,
		a.Agency, desk, at.ends, at.starts, a.ID, at.starts-longest.Milliseconds(), a.Advisor)
	if err != nil {
		return nil, fmt.Errorf("read what overlaps: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	var list []span
	for rows.Next() {
		var where string
		var s span
		if err := rows.Scan(&where, &s.advisor, &s.starts, &s.ends); err != nil {
			return nil, fmt.Errorf("read what overlaps: %w", err)
		}
		switch {
		case people[s.advisor]:
		case where == desk:
			s.advisor = ""
		default:
			continue // of somebody who is gone
		}
		list = append(list, s)
	}
	return list, rows.Err()
}
