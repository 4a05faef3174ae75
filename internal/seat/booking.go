package seat

import (
	"context"
	"errors"
	"fmt"

	"visavis/internal/agency"
	"visavis/internal/appointment"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/vault"
)

// Create makes the seat of an appointment with its first link.
func (s *Service) Create(ctx context.Context, tx *db.Tx, agencyID, appointmentID, deskID string) (string, error) {
	x := Seat{ID: vault.NewID(), Agency: agencyID, Appointment: appointmentID, Desk: deskID, State: Expected, LinkVersion: 1}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO seat (id, agency_id, appointment_id, desk_id, state, link_version, asking_refused, version)
		VALUES ($1, $2, $3, $4, $5, $6, FALSE, 1)`, x.ID, x.Agency, x.Appointment, x.Desk, x.State, x.LinkVersion)
	if err != nil {
		return "", fmt.Errorf("create seat: %w", err)
	}
	return x.ID, s.storeLink(ctx, tx, x)
}

// Moved gives the seat of a moved appointment a new link. The old one says "moved",
// also to browsers that have shown it; who has the page open is told at once, and the page that held the seat at that
// moment the new time, too. A wish
// for another time is fulfilled, a call that was asked for comes at the new one.
func (s *Service) Moved(ctx context.Context, tx *db.Tx, agencyID, appointmentID string) error {
	x, err := byAppointment(ctx, tx, agencyID, appointmentID)
	if err != nil {
		return err
	}
	if err := s.followTasks(ctx, tx, x, taskMove); err != nil {
		return err
	}
	company, err := accompany(ctx, tx, agencyID, appointmentID)
	if err != nil {
		return err
	}
	for _, x := range append([]Seat{x}, company...) {
		if x.Role != Citizen && x.State == Closed {
			continue
		}
		if err := s.moveSeat(ctx, tx, x); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) moveSeat(ctx context.Context, tx *db.Tx, x Seat) error {
	met, x, _, err := s.do(ctx, tx, x.Agency, x.ID, Move{})
	if err != nil {
		return err
	}
	if err := killLinks(ctx, tx, x, "moved"); err != nil {
		return err
	}
	if err := s.o.Events.Append(ctx, tx, x.Agency, Topic(x.ID), "moved", met.Holder.Page); err != nil {
		return err
	}
	return s.storeLink(ctx, tx, x)
}

// Handed tells the guest who the appointment is with now, and the desk. In a talk that is who leads it.
func (s *Service) Handed(ctx context.Context, tx *db.Tx, agencyID, appointmentID string) error {
	x, err := byAppointment(ctx, tx, agencyID, appointmentID)
	if err != nil {
		return err
	}
	if x, err = s.keep(ctx, tx, agencyID, x.ID); err != nil {
		return err
	}
	switch x.State {
	case Talking:
		return refuse("seat.talking")
	case Closed:
		return closedRefusal(x)
	case Expected, Waiting:
	}
	company, err := accompany(ctx, tx, agencyID, appointmentID)
	for _, one := range company {
		err = errors.Join(err, s.Tell(ctx, tx, one))
	}
	return errors.Join(err, s.Tell(ctx, tx, x))
}

// Followed tells the guest of an appointment that is over, whose page is still open, that there is a next one.
func (s *Service) Followed(ctx context.Context, tx *db.Tx, agencyID, appointmentID string) error {
	x, err := byAppointment(ctx, tx, agencyID, appointmentID)
	if err != nil {
		return err
	}
	return s.Tell(ctx, tx, x)
}

// Close closes the seat of an appointment with its outcome. After a talk that was held
// the desk has nothing left to do, nor after a cancellation, when the link says so, too;
// after a technical failure it owes the guest another time. A seat that is closed already
// stays as it is.
func (s *Service) Close(ctx context.Context, tx *db.Tx, by audit.Actor, agencyID, appointmentID, reason string) error {
	x, err := byAppointment(ctx, tx, agencyID, appointmentID)
	if err != nil {
		return err
	}
	if x.State == Closed {
		return nil
	}
	if _, err := s.goes(ctx, tx, by, agencyID, x.ID, End{Reason: reason}); err != nil {
		return err
	}
	if err := s.closeCompany(ctx, tx, by, x, reason); err != nil {
		return err
	}
	switch reason {
	case "technical":
		return s.promiseTime(ctx, tx, x)
	case "held":
		return s.followTasks(ctx, tx, x, taskCallback, taskMove)
	case "cancelled":
		if err := s.followTasks(ctx, tx, x, taskCallback, taskMove); err != nil {
			return err
		}
		return killLinks(ctx, tx, x, "cancelled")
	}
	return nil
}

// Seen tells what there was of the guest in the window of the appointment, and lets nothing be added before the
// transaction ends. Who may want the appointment, too, keeps it first.
func (s *Service) Seen(ctx context.Context, tx *db.Tx, agencyID, appointmentID string) (appointment.Seen, error) {
	x, err := byAppointment(ctx, tx, agencyID, appointmentID)
	if err != nil {
		return appointment.Seen{}, err
	}
	if x, err = s.keep(ctx, tx, agencyID, x.ID); err != nil {
		return appointment.Seen{}, err
	}
	w, err := s.Window(ctx, tx, x)
	if err != nil {
		return appointment.Seen{}, err
	}
	talked, err := s.talks.Held(ctx, tx, x, w.Opens)
	if err != nil {
		return appointment.Seen{}, err
	}
	// Who still waits for a call or another time has not stayed away, however early it was asked for.
	wishes, err := openTasks(ctx, tx, x)
	return appointment.Seen{There: x.GuestWasThere(w) || len(wishes) > 0, Talked: talked}, err
}

// Link returns the live link of an appointment's seat. It is derived anew, so it
// can be shown and sent again.
func (s *Service) Link(ctx context.Context, agencyID, appointmentID string) (string, error) {
	return s.linkIn(ctx, s.db.Read(), agencyID, appointmentID)
}

// linkIn is Link as a picture of the database has it.
func (s *Service) linkIn(ctx context.Context, q db.Q, agencyID, appointmentID string) (string, error) {
	a, err := s.o.Agencies.ByID(ctx, agencyID)
	if err != nil {
		return "", err
	}
	x, err := byAppointment(ctx, q, agencyID, appointmentID)
	if err != nil {
		return "", err
	}
	return s.linkTo(a, x)
}

// linkOf is the live link of a seat.
func (s *Service) linkOf(ctx context.Context, x Seat) (string, error) {
	a, err := s.o.Agencies.ByID(ctx, x.Agency)
	if err != nil {
		return "", err
	}
	return s.linkTo(a, x)
}

func (s *Service) linkTo(a agency.Agency, x Seat) (string, error) {
	if x.State == Closed {
		return "", errors.New("the seat is closed: its link is dead")
	}
	return a.URL(s.o.URL) + "/t/" + a.Slug + "#" + s.secret(x.Agency, x.ID, x.LinkVersion), nil
}
