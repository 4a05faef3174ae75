package appointment

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/events"
	"visavis/internal/notify"
	"visavis/internal/staff"
	"visavis/internal/vault"
)

// Seats is what this package needs of the seats above it.
type Seats interface {
	Create(ctx context.Context, tx *db.Tx, agency, appointment, desk string) (string, error)
	Moved(ctx context.Context, tx *db.Tx, agency, appointment string) error
	Close(ctx context.Context, tx *db.Tx, by audit.Actor, agency, appointment, reason string) error
	// Seen tells what there was of the guest.
	Seen(ctx context.Context, tx *db.Tx, agency, appointment string) (Seen, error)
	// Handed tells the guest who the appointment is with now; not while they talk.
	Handed(ctx context.Context, tx *db.Tx, agency, appointment string) error
	// Followed tells the guest of an appointment that is over of the next one.
	Followed(ctx context.Context, tx *db.Tx, agency, appointment string) error
	// Link is the live link of the appointment's seat.
	Link(ctx context.Context, agency, appointment string) (string, error)
}

// Mailer queues mails in the caller's transaction: that about an appointment's present state, and its next reminder.
type Mailer interface {
	Queue(ctx context.Context, tx *db.Tx, agency, appointment string) error
	Remind(ctx context.Context, tx *db.Tx, agency, appointment string, m notify.Moment) error
	Forget(ctx context.Context, tx *db.Tx, agency, appointment string) error
}

// Options configure a Service.
type Options struct {
	Agencies *agency.Store
	Staff    *staff.Service
	Seats    Seats
	Mailer   Mailer // nil: this installation sends no mail
	Events   *events.Log
	Audit    *audit.Log
	Clock    func() time.Time
	// Phone puts a telephone number into its stored form, or refuses it.
	Phone func(string) (string, bool)
	// Problem turns refusals of the seats into what staff may see.
	Problem func(error) error
}

// Service books, moves, cancels and closes.
type Service struct {
	db *db.DB
	o  Options
}

// New returns a service.
func New(d *db.DB, o Options) *Service { return &Service{d, o} }

func (s *Service) tell(ctx context.Context, tx *db.Tx, a Appointment) error {
	return s.o.Events.Append(ctx, tx, a.Agency, agency.DeskTopic(a.Desk), "row", a.ID)
}

// note tells the audit what happened to an appointment.
func (s *Service) note(ctx context.Context, tx *db.Tx, by audit.Actor, act audit.Act, a Appointment, detail ...audit.Code) error {
	return s.o.Audit.Append(ctx, tx, audit.Entry{Agency: a.Agency, By: by, Act: act, Object: a.ID, Detail: detail})
}

// shown tells the audit that staff get the link with the answer.
func (s *Service) shown(a Appointment) audit.Code {
	if s.byHand(a) {
		return audit.Is("link", "shown")
	}
	return audit.Is("link", "")
}

// Book makes an appointment with its seat, and queues the invitation.
func (s *Service) Book(ctx context.Context, p staff.Person, b Booking) (Appointment, error) {
	b, err := b.check(s.o.Clock(), s.o.Phone)
	if err != nil {
		return Appointment{}, err
	}
	key, err := s.o.Agencies.Keys().For(ctx, p.Agency)
	if err != nil {
		return Appointment{}, err
	}
	a := Appointment{
		Agency: p.Agency, Desk: b.Desk, Service: b.Service, Advisor: b.Advisor, Starts: b.Starts,
		Status: Booked, Citizen: b.Citizen, Language: b.Language, Version: 1, Follows: b.follows,
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		a.ID = vault.NewID()
		now, err := s.acting(ctx, tx, p)
		if err != nil {
			return err
		}
		if err := s.complete(ctx, tx, now, &a); err != nil {
			return err
		}
		if err := s.free(ctx, tx, a); err != nil {
			return err
		}
		if err := s.takes(ctx, tx, a); err != nil { // once more: now that the desk is locked nobody closes it meanwhile
			return err
		}
		if err := insert(ctx, tx, key, a, mailNone, p.ID, s.o.Clock()); err != nil {
			return err
		}
		if _, err := s.o.Seats.Create(ctx, tx, a.Agency, a.ID, a.Desk); err != nil {
			return err
		}
		if err := s.mail(ctx, tx, a); err != nil {
			return err
		}
		if err := s.remind(ctx, tx, a); err != nil {
			return err
		}
		if a.Follows != "" {
			if err := s.o.Seats.Followed(ctx, tx, a.Agency, a.Follows); err != nil {
				return err
			}
		}
		err = s.note(ctx, tx, audit.Staff(p.ID), audit.AppointmentBooked, a,
			audit.Is("desk", a.Desk), audit.Number("at", db.Ms(a.Starts)), s.shown(a))
		if err != nil {
			return err
		}
		return s.tell(ctx, tx, a)
	})
	return a, err
}

// acting is who books, as the transaction sees them. The demonstration books for people who have not signed in.
func (s *Service) acting(ctx context.Context, tx *db.Tx, p staff.Person) (staff.Person, error) {
	if p.Session() == "" {
		return p, nil
	}
	return s.o.Staff.Acting(ctx, tx, p)
}

// takes refuses what a closed desk would have to keep.
func (s *Service) takes(ctx context.Context, tx *db.Tx, a Appointment) error {
	desk, err := s.o.Agencies.Desk(ctx, tx, a.Agency, a.Desk)
	if err == nil && desk.Closed {
		err = refuse(http.StatusConflict, "appointment.desk_closed")
	}
	return err
}

// complete checks that desk, service and advisor fit together and to the person.
func (s *Service) complete(ctx context.Context, tx *db.Tx, p staff.Person, a *Appointment) error {
	if !p.MayDesk(a.Desk) {
		return invalid("appointment.desk")
	}
	if err := s.takes(ctx, tx, *a); err != nil {
		return err
	}
	desk, err := s.o.Agencies.Desk(ctx, tx, p.Agency, a.Desk)
	if err != nil {
		return err
	}
	service, err := s.o.Agencies.Service(ctx, tx, p.Agency, a.Service)
	// After a talk that has gone on at another desk the next one is there, and about what was booked first.
	stays := a.Follows != ""
	if errors.Is(err, agency.ErrNotFound) || err == nil && !stays && service.DepartmentID != desk.DepartmentID {
		return invalid("appointment.service")
	}
	if err != nil {
		return err
	}
	if service.Closed {
		return refuse(http.StatusConflict, "appointment.service_closed")
	}
	if err := s.offered(ctx, tx, *a, true); err != nil {
		return err
	}
	a.Ends = a.Starts.Add(service.Duration)
	if a.Advisor == "" {
		return nil
	}
	ok, err := s.advises(ctx, tx, p.Agency, a.Advisor, a.Desk)
	if err == nil && !ok {
		err = invalid("appointment.advisor")
	}
	return err
}

// offered tells whether there are video appointments yet at a desk on the day of this one, and for a new one whether they
// are in its language, too.
func (s *Service) offered(ctx context.Context, tx *db.Tx, a Appointment, isNew bool) error {
	rules, err := s.o.Agencies.RulesOf(ctx, tx, a.Agency, a.Desk, a.Service)
	if err != nil {
		return err
	}
	if !rules.Offered(a.Starts.In(s.o.Agencies.Zone())) {
		return refuse(http.StatusConflict, "appointment.not_offered")
	}
	if isNew && !slices.Contains(rules.Some(agency.Doors), agency.ByLink) {
		return refuse(http.StatusConflict, "appointment.no_link")
	}
	if isNew && !rules.Spoken(a.Language) {
		return invalid("language.not_offered")
	}
	return nil
}

// mail queues the mail that tells the guest of the present state.
func (s *Service) mail(ctx context.Context, tx *db.Tx, a Appointment) error {
	if s.o.Mailer == nil || a.Citizen.Email == "" {
		return nil
	}
	if err := setMailState(ctx, tx, a, mailQueued); err != nil {
		return err
	}
	return s.o.Mailer.Queue(ctx, tx, a.Agency, a.ID)
}

// Mailed notes what has become of the mail about a version of the invitation; the staff's list shows it. What an
// earlier mail comes to says nothing about the newest.
func (s *Service) Mailed(ctx context.Context, agencyID, id string, invite int64, sent bool) error {
	state := mailFailed
	if sent {
		state = mailSent
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		a, err := byID(ctx, tx, nil, agencyID, id)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if invite != notify.Unknown {
			a.InviteVersion = invite
		}
		// Who is reminded has been invited: the list shows nothing new.
		if before, err := mailState(ctx, tx, a); err != nil || before == state {
			return err
		}
		err = setMailState(ctx, tx, a, state)
		if errors.Is(err, db.ErrConflict) {
			return nil
		}
		if err != nil {
			return err
		}
		return s.tell(ctx, tx, a)
	})
}

// LinkByHand is the link for staff to hand over, where no mail goes out.
func (s *Service) LinkByHand(ctx context.Context, a Appointment) (string, error) {
	if !s.byHand(a) {
		return "", nil
	}
	return s.o.Seats.Link(ctx, a.Agency, a.ID)
}

func (s *Service) byHand(a Appointment) bool {
	return (s.o.Mailer == nil || a.Citizen.Email == "") && a.Status == Booked
}

// Link is the live link of an appointment of the person's desks, for staff to hand over.
func (s *Service) Link(ctx context.Context, p staff.Person, id string) (string, error) {
	a, err := byID(ctx, s.db.Read(), nil, p.Agency, id)
	switch {
	case err != nil:
		return "", err
	case !p.MayDesk(a.Desk):
		return "", ErrNotFound
	case a.Status != Booked:
		return "", refuse(http.StatusConflict, "appointment.closed", "status", string(a.Status))
	}
	link, err := s.o.Seats.Link(ctx, p.Agency, id)
	if err != nil {
		return "", err
	}
	// Nobody sees it of whom that is not written.
	return link, s.db.Tx(ctx, func(tx *db.Tx) error { return s.note(ctx, tx, audit.Staff(p.ID), audit.LinkShown, a) })
}

// change loads an appointment of the person's desks in the version that the page has
// seen, and lets f change it.
func (s *Service) change(ctx context.Context, p staff.Person, id string, version int64, f func(*db.Tx, *Appointment) error) (Appointment, error) {
	key, err := s.o.Agencies.Keys().For(ctx, p.Agency)
	if err != nil {
		return Appointment{}, err
	}
	var a Appointment
	err = s.db.Retried(ctx, func(tx *db.Tx) error { // a seat may change meanwhile: the rules decide anew
		now, err := s.o.Staff.Acting(ctx, tx, p)
		if err != nil {
			return err
		}
		if a, err = byID(ctx, tx, key, p.Agency, id); err != nil {
			return err
		}
		if !now.MayDesk(a.Desk) {
			return ErrNotFound
		}
		if a.Version != version {
			return refuse(http.StatusConflict, "appointment.changed")
		}
		return f(tx, &a)
	})
	return a, err
}

// Move gives an appointment another time. The old link dies, the guest gets a new one.
func (s *Service) Move(ctx context.Context, p staff.Person, id string, version int64, starts time.Time) (Appointment, error) {
	return s.change(ctx, p, id, version, func(tx *db.Tx, a *Appointment) error {
		if a.Status != Booked {
			return refuse(http.StatusConflict, "appointment.closed", "status", string(a.Status))
		}
		if starts.Truncate(time.Minute).Equal(a.Starts.Truncate(time.Minute)) {
			return invalid("appointment.same_time") // a new link for nothing would put out who waits
		}
		// Who gets another time must have a chance to come.
		if now := s.o.Clock(); starts.Before(now.Truncate(time.Minute)) {
			return invalid("appointment.past")
		} else if code := wrongStart(starts, now); code != "" {
			return invalid(code)
		}
		length, before := a.Ends.Sub(a.Starts), a.Starts
		a.Starts, a.Ends = starts, starts.Add(length)
		if err := s.offered(ctx, tx, *a, false); err != nil {
			return err
		}
		a.InviteVersion++
		if err := s.free(ctx, tx, *a); err != nil {
			return err
		}
		if err := save(ctx, tx, a); err != nil {
			return err
		}
		if err := s.o.Seats.Moved(ctx, tx, a.Agency, a.ID); err != nil {
			return err
		}
		if err := s.mail(ctx, tx, *a); err != nil {
			return err
		}
		if err := s.remind(ctx, tx, *a); err != nil {
			return err
		}
		err := s.note(ctx, tx, audit.Staff(p.ID), audit.AppointmentMoved, *a,
			audit.Number("from", db.Ms(before)), audit.Number("to", db.Ms(starts)), s.shown(*a))
		if err != nil {
			return err
		}
		return s.tell(ctx, tx, *a)
	})
}

// Cancel calls an appointment off. Whoever waits is told.
func (s *Service) Cancel(ctx context.Context, p staff.Person, id string, version int64) (Appointment, error) {
	return s.Close(ctx, p, id, version, Called)
}

// Close records an outcome from the list, without a talk or beside one.
func (s *Service) Close(ctx context.Context, p staff.Person, id string, version int64, outcome string) (Appointment, error) {
	return s.change(ctx, p, id, version, func(tx *db.Tx, a *Appointment) error { return s.end(ctx, tx, audit.Staff(p.ID), a, outcome) })
}

// end closes appointment and seat with an outcome, or nothing of them.
func (s *Service) end(ctx context.Context, tx *db.Tx, by audit.Actor, a *Appointment, outcome string) error {
	if err := s.Keep(ctx, tx, a.Agency, a.ID); err != nil {
		return err
	}
	seen, err := s.o.Seats.Seen(ctx, tx, a.Agency, a.ID)
	if err != nil {
		return err
	}
	if err := endable(*a, outcome, s.o.Clock(), seen); err != nil {
		return err
	}
	a.Status, a.Outcome = Done, outcome
	if outcome == Called {
		a.Status = Cancelled
		a.InviteVersion++
	}
	if err := save(ctx, tx, a); err != nil {
		return err
	}
	if err := s.o.Seats.Close(ctx, tx, by, a.Agency, a.ID, outcome); err != nil {
		return err
	}
	if err := s.remind(ctx, tx, *a); err != nil {
		return err
	}
	act, detail := audit.AppointmentClosed, []audit.Code{audit.Is("outcome", outcome)}
	if outcome == Called {
		act, detail = audit.AppointmentCancelled, nil
		if err := s.mail(ctx, tx, *a); err != nil {
			return err
		}
	}
	if err := s.note(ctx, tx, by, act, *a, detail...); err != nil {
		return err
	}
	return s.tell(ctx, tx, *a)
}

// Outcome is Close in the caller's transaction, for a talk that ends.
func (s *Service) Outcome(ctx context.Context, tx *db.Tx, p staff.Person, id, outcome string) error {
	return s.endInTx(ctx, tx, audit.Staff(p.ID), p.Agency, id, outcome)
}

// Keep lets nobody change an appointment before the transaction ends.
func (s *Service) Keep(ctx context.Context, tx *db.Tx, agencyID, id string) error {
	if _, err := tx.ExecContext(ctx, `UPDATE appointment SET version = version WHERE agency_id = $1 AND id = $2`, agencyID, id); err != nil {
		return fmt.Errorf("keep appointment: %w", err)
	}
	return nil
}

// CancelByGuest is the guest's own cancellation, in the caller's transaction.
func (s *Service) CancelByGuest(ctx context.Context, tx *db.Tx, agencyID, id string) error {
	return s.endInTx(ctx, tx, audit.Guest(), agencyID, id, Called)
}

func (s *Service) endInTx(ctx context.Context, tx *db.Tx, by audit.Actor, agencyID, id, outcome string) error {
	key, err := s.o.Agencies.Keys().In(ctx, tx, agencyID)
	if err != nil {
		return err
	}
	a, err := byID(ctx, tx, key, agencyID, id)
	if err != nil {
		return err
	}
	return s.end(ctx, tx, by, &a, outcome)
}
