package demo

import (
	"context"
	"errors"
	"time"

	"visavis/internal/agency"
	"visavis/internal/appointment"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/staff"
	"visavis/internal/vault"
)

// entry is an example of an appointment: minutes from now, and for whom. What is soon is not that of whoever stands first
// in the list, and the rest hours away: several appointments that the form proposes can be tried
// at once.
type entry struct {
	advisor, citizen, email, phone, language string
	after                                    int
}

func entries() []entry {
	return []entry{
		{"Aylin Demir", "Tomasz Nowak", "tomasz.nowak@example.org", "", "en", 150},
		{"Aylin Demir", "Ingrid Sommer", "", "030 555 0102", "de", 195},
		{"Jonas Weber", "Helga Brandt", "helga.brandt@example.org", "030 555 0101", "de", 5},
		{"Jonas Weber", "Fatma Yıldız", "fatma.yildiz@example.org", "", "de", 140},
		{"Jonas Weber", "Peter Hoffmann", "peter.hoffmann@example.org", "", "de", 185},
		{"Katharina Vogt", "Olena Kovalenko", "olena.kovalenko@example.org", "", "en", 130},
		{"Mehmet Aksoy", "Familie Lindner", "familie.lindner@example.org", "", "de", 5},
		{"Mehmet Aksoy", "Rosa Conti", "rosa.conti@example.org", "", "de", 150},
		{"Sabine Krüger", "Heinz Albrecht", "", "030 555 0103", "de", 135},
	}
}

const step = 5 * time.Minute

// book gives everybody who has nothing ahead today the examples of a day, so that there is something to try whenever
// the demo is started.
func (p Parts) book(ctx context.Context, agency string, people map[string]staff.Person) error {
	now := p.Clock().In(p.TimeZone)
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, p.TimeZone)
	tomorrow := midnight.AddDate(0, 0, 1)
	for name, person := range people {
		var ahead int
		err := p.DB.Read().QueryRowContext(ctx, `
			SELECT COUNT(*) FROM appointment
			WHERE agency_id = $1 AND advisor_id = $2 AND status = 'booked' AND ends_at > $3 AND starts_at >= $4 AND starts_at < $5`,
			agency, person.ID, db.Ms(now), db.Ms(midnight), db.Ms(tomorrow)).Scan(&ahead)
		if err != nil {
			return err
		}
		if ahead > 0 {
			continue
		}
		latest := tomorrow.Add(-step) // the first of somebody's day is today, even a minute before midnight
		for _, e := range entries() {
			if e.advisor != name {
				continue
			}
			starts := now.Truncate(step).Add(time.Duration(e.after) * time.Minute)
			if !latest.IsZero() && starts.After(latest) {
				starts = latest
			}
			latest = time.Time{}
			if err := p.bookOne(ctx, agency, person, e, starts); err != nil {
				return err
			}
		}
	}
	return nil
}

// longestShift is how far an example gives way to what is booked at its time: an appointment of last night may reach
// into today's first.
const longestShift = 2 * time.Hour

// bookOne leaves an example out that what somebody has set up otherwise since has no room for: it is no reason not to start.
func (p Parts) bookOne(ctx context.Context, id string, person staff.Person, e entry, starts time.Time) error {
	desk, services, err := p.offered(ctx, id, person)
	if err != nil || desk == "" {
		return err
	}
	b := appointment.Booking{
		Desk: desk, Advisor: person.ID, Language: e.language, Starts: starts,
		Citizen: appointment.Citizen{Name: vault.Personal(e.citizen), Email: vault.Personal(e.email), Phone: vault.Personal(e.phone)},
	}
	soon := e.after < int(early/time.Minute) // a short one: what is proposed after it can still be tried at once
	var chosen time.Duration
	for _, s := range services {
		if b.Service == "" || (s.Duration < chosen) == soon {
			b.Service, chosen = s.ID, s.Duration
		}
	}
	for ; b.Starts.Before(starts.Add(longestShift)); b.Starts = b.Starts.Add(step) {
		if _, err = p.Appointments.Book(ctx, person, b); !overlaps(err) {
			break
		}
	}
	if _, refused := errors.AsType[*edge.Problem](err); refused {
		return nil
	}
	return err
}

// offered is the first of somebody's desks that takes appointments, and what for; no desk if there is none.
func (p Parts) offered(ctx context.Context, id string, person staff.Person) (desk string, services []agency.Service, err error) {
	for _, at := range person.Desks {
		d, err := p.Agencies.Desk(ctx, p.DB.Read(), id, at)
		if err != nil {
			return "", nil, err
		}
		if d.Closed {
			continue
		}
		services, err := p.Agencies.Services(ctx, p.DB.Read(), id, []string{d.DepartmentID})
		if err != nil || len(services) > 0 {
			return at, services, err
		}
	}
	return "", nil, nil
}

func overlaps(err error) bool {
	problem, ok := errors.AsType[*edge.Problem](err)
	return ok && (problem.Code == "appointment.overlap" || problem.Code == "appointment.full")
}
