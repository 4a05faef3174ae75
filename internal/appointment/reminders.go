package appointment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/notify"
)

// Guests who have an e-mail address are reminded. Whether they are at a moment is asked when it comes, not when an
// appointment is booked: so a rule counts as soon as it is decided, also for what was booked before.

// ahead is how long before an appointment a moment lies: days by the calendar, so that it is the same time of day also
// when the clocks change in between.
type ahead struct {
	name string // as the rule has it
	days int
	time time.Duration
}

// moments are all there are, the earliest first.
func moments() []ahead {
	return []ahead{
		{name: agency.BeforeWeek, days: 7},
		{name: agency.BeforeThreeDays, days: 3},
		{name: agency.BeforeDay, days: 1},
		{name: agency.BeforeTwoHours, time: 2 * time.Hour},
	}
}

func (h ahead) of(starts time.Time, zone *time.Location) time.Time {
	return starts.In(zone).AddDate(0, 0, -h.days).Add(-h.time)
}

// fresh is how long after an invitation nobody needs to be reminded of it.
const fresh = time.Hour

// nextMoment is the first that is not before a time.
func nextMoment(a Appointment, from time.Time, zone *time.Location) notify.Moment {
	for _, h := range moments() {
		if at := h.of(a.Starts, zone); !at.Before(from) {
			return notify.Moment{Name: h.name, Sequence: a.InviteVersion, At: at}
		}
	}
	return notify.Moment{}
}

// passed are the moments from one on that are over: more than one where the program stood still for days.
func passed(a Appointment, first string, now time.Time, zone *time.Location) (names []string) {
	for _, h := range moments() {
		if (h.name == first || len(names) > 0) && !h.of(a.Starts, zone).After(now) {
			names = append(names, h.name)
		}
	}
	return names
}

// remind plans the reminders of an appointment as it is now, and drops those of what it was.
func (s *Service) remind(ctx context.Context, tx *db.Tx, a Appointment) error {
	if s.o.Mailer == nil || a.Citizen.Email == "" {
		return nil
	}
	if a.Status == Booked {
		if next := nextMoment(a, s.o.Clock().Add(fresh), s.o.Agencies.Zone()); next.Name != "" {
			return s.o.Mailer.Remind(ctx, tx, a.Agency, a.ID, next)
		}
	}
	return s.o.Mailer.Forget(ctx, tx, a.Agency, a.ID)
}

// Reminder is what there is to do at a moment of an appointment; notify asks when it has come. A reminder that is late,
// since mails could not be sent, is sent until the appointment begins. One is left out while the invitation itself still
// waits to be sent: that says the same.
func (s *Service) Reminder(ctx context.Context, agencyID, id string, m notify.Moment) (notify.Reminder, error) {
	n, err := s.Read(ctx, s.db.Read(), agencyID, id)
	if errors.Is(err, ErrNotFound) || errors.Is(err, agency.ErrNotFound) { // the agency may be given up
		return notify.Reminder{}, notify.ErrNothing
	}
	if err != nil {
		return notify.Reminder{}, err
	}
	now, zone := s.o.Clock(), s.o.Agencies.Zone()
	if n.Status != Booked || n.InviteVersion != m.Sequence || !now.Before(n.Starts) {
		return notify.Reminder{}, notify.ErrNothing
	}
	rules, err := s.o.Agencies.RulesOf(ctx, s.db.Read(), agencyID, n.Desk, n.Service)
	if err != nil {
		return notify.Reminder{}, err
	}
	state, err := mailState(ctx, s.db.Read(), n.Appointment)
	if err != nil {
		return notify.Reminder{}, err
	}
	wanted := func(name string) bool { return slices.Contains(rules.Some(agency.Reminders), name) }
	r := notify.Reminder{Due: state != mailQueued && slices.ContainsFunc(passed(n.Appointment, m.Name, now, zone), wanted)}
	from := now.Add(time.Millisecond)
	if r.Due {
		from = now.Add(fresh)
		if r.Notice, err = s.notice(ctx, n, rules); err != nil {
			return r, err
		}
		r.Notice.Kind, r.Notice.Moment = notify.Reminded, m.Name
	}
	r.Next = nextMoment(n.Appointment, from, zone)
	return r, nil
}

func mailState(ctx context.Context, q db.Q, a Appointment) (state string, err error) {
	err = q.QueryRowContext(ctx, `SELECT mail_state FROM appointment WHERE agency_id = $1 AND id = $2`, a.Agency, a.ID).Scan(&state)
	if err != nil {
		return "", fmt.Errorf("read mail's state: %w", err)
	}
	return state, nil
}
