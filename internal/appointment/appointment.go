// Package appointment books, moves, cancels and closes appointments.
//
// The rules are pure (this file), the store keeps one row per appointment under an
// optimistic lock, and the routes are those of staff. The main types are
// Appointment, Booking and Service. The package knows that an appointment has a
// seat and that its guest is told by mail, both through interfaces, and nothing of
// talks and media.
package appointment

import (
	"net/http"
	"strings"
	"time"

	"visavis/internal/edge"
	"visavis/internal/vault"
	"visavis/locales"
)

// Status is what has become of an appointment.
type Status string

// The statuses.
const (
	Booked    Status = "booked"
	Done      Status = "done"
	Cancelled Status = "cancelled"
)

// Outcomes that an appointment can end with.
const (
	Held      = "held"
	Phone     = "phone"
	Technical = "technical"
	NoShow    = "noshow"
	Called    = "cancelled" // called off: by staff, or by the guest
)

// Citizen is whom an appointment is for. It is stored sealed and does not print itself.
type Citizen struct {
	Name, Email, Phone vault.Personal
}

// Appointment is a service at a time, owned by a desk.
type Appointment struct {
	ID, Agency, Desk, Service string
	Advisor                   string // empty: anybody of the desk
	Starts, Ends              time.Time
	Status                    Status
	Outcome                   string
	Citizen                   Citizen
	Language                  string
	InviteVersion             int64 // rises with each move; SEQUENCE of the calendar file
	Version                   int64
}

// Booking is what staff ask for.
type Booking struct {
	Desk, Service, Advisor string
	Starts                 time.Time
	Citizen                Citizen
	Language               string
}

const (
	// lateBooking allows for the minutes it takes to fill in the form: a talk may begin at once.
	lateBooking = 10 * time.Minute
	// patience is how late somebody may be before that can be a no-show.
	patience = 10 * time.Minute
	// farthest keeps a typing error in the year from becoming an appointment.
	farthest = 2 * 365 * 24 * time.Hour
)

func refuse(status int, code string, params ...any) error {
	return edge.NewProblem(status, code, params...)
}

func invalid(code string) error { return refuse(http.StatusUnprocessableEntity, code) }

// check puts a booking into its stored form, or says all that is wrong with it.
func (b Booking) check(now time.Time, phone func(string) (string, bool)) (Booking, error) {
	var wrong []string
	must := func(ok bool, code string) {
		if !ok {
			wrong = append(wrong, code)
		}
	}
	name, ok := ProperName(b.Citizen.Name.Reveal())
	must(ok, "citizen.name")
	email := strings.TrimSpace(b.Citizen.Email.Reveal())
	must(email == "" || Deliverable(email), "email.invalid")
	number := strings.TrimSpace(b.Citizen.Phone.Reveal())
	if number != "" {
		number, ok = phone(number)
		must(ok, "phone.invalid")
	}
	must(locales.Has(b.Language), "language.unknown")
	if code := wrongStart(b.Starts, now); code != "" {
		wrong = append(wrong, code)
	}
	b.Citizen = Citizen{Name: vault.Personal(name), Email: vault.Personal(email), Phone: vault.Personal(number)}
	return b, mistakes(wrong)
}

// mistakes names the first, which is mostly the only one, and the others beside it.
func mistakes(codes []string) error {
	switch len(codes) {
	case 0:
		return nil
	case 1:
		return invalid(codes[0])
	}
	return refuse(http.StatusUnprocessableEntity, codes[0], "also", codes[1:])
}

// wrongStart is empty where an appointment can begin then.
func wrongStart(starts, now time.Time) string {
	switch {
	case starts.Before(now.Add(-lateBooking)):
		return "appointment.past"
	case starts.After(now.Add(farthest)):
		return "appointment.too_far"
	}
	return ""
}

// Seen is what the seat knows of its guest.
type Seen struct {
	There  bool // something speaks against a no-show
	Talked bool // somebody talks with the guest, or did so in the window of the appointment
}

// endable tells whether an outcome may be recorded now. An appointment can be called off at any time; every other
// outcome needs that it has begun: its time has come, or there was a talk. A no-show can cost benefits, so it also needs
// that nothing speaks against it, and some patience.
func endable(a Appointment, outcome string, now time.Time, seen Seen) error {
	switch {
	case a.Status != Booked:
		return refuse(http.StatusConflict, "appointment.closed", "status", string(a.Status))
	case outcome == Called:
		return nil
	case now.Before(a.Starts) && !seen.Talked:
		return refuse(http.StatusConflict, "outcome.too_early")
	case outcome == NoShow && (seen.There || seen.Talked):
		return refuse(http.StatusConflict, "outcome.noshow_refused", "proposed", Technical)
	case outcome == NoShow && now.Before(a.Starts.Add(patience)):
		return refuse(http.StatusConflict, "outcome.noshow_early", "minutes", int(patience.Minutes()))
	}
	return nil
}
