package appointment

import (
	"context"
	"errors"
	"fmt"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/notify"
	"visavis/internal/vault"
)

// Names is an appointment with what people read of it.
type Names struct {
	Appointment
	ServiceName agency.Text
	Place       agency.Desk
}

// Read opens an appointment with the names of its desk and service.
func (s *Service) Read(ctx context.Context, q db.Q, agencyID, id string) (Names, error) {
	key, err := s.o.Agencies.Keys().In(ctx, q, agencyID)
	if err != nil {
		return Names{}, err
	}
	a, err := byID(ctx, q, key, agencyID, id)
	n := Names{Appointment: a}
	if err != nil {
		return n, err
	}
	if n.Place, err = s.o.Agencies.Desk(ctx, q, agencyID, a.Desk); err != nil {
		return n, err
	}
	service, err := s.o.Agencies.Service(ctx, q, agencyID, a.Service)
	n.ServiceName = service.Name
	return n, err
}

// PhoneOf is the citizen's number that an appointment was booked with; empty without one.
func (s *Service) PhoneOf(ctx context.Context, q db.Q, agencyID, id string) (vault.Personal, error) {
	key, err := s.o.Agencies.Keys().In(ctx, q, agencyID)
	if err != nil {
		return "", err
	}
	a, err := byID(ctx, q, key, agencyID, id)
	return a.Citizen.Phone, err
}

// Notice is what the mail about an appointment says; notify reads it when it sends,
// so that a mail never tells of what is no longer true.
func (s *Service) Notice(ctx context.Context, agencyID, id string) (notify.Notice, error) {
	n, err := s.Read(ctx, s.db.Read(), agencyID, id)
	if errors.Is(err, ErrNotFound) {
		return notify.Notice{}, notify.ErrNothing
	}
	failed := notify.Notice{Sequence: notify.Unknown}
	if n.Version > 0 { // the row was read, if nothing else
		failed.Sequence = n.InviteVersion
	}
	if err != nil {
		return failed, err
	}
	rules, err := s.o.Agencies.RulesOf(ctx, s.db.Read(), agencyID, n.Desk, n.Service)
	if err != nil {
		return failed, err
	}
	notice, err := s.notice(ctx, n, rules)
	if err == nil && n.Status != Booked && n.Status != Cancelled {
		err = notify.ErrNothing
	}
	return notice, err
}

// notice is what any mail about an appointment says by some rules.
func (s *Service) notice(ctx context.Context, n Names, rules agency.Rules) (notify.Notice, error) {
	failed := notify.Notice{Sequence: n.InviteVersion}
	a, err := s.o.Agencies.ByID(ctx, n.Agency)
	if err != nil {
		return failed, err
	}
	language := rules.Language(n.Language)
	public := a.Public(rules)
	notice := notify.Notice{
		Kind: notify.Cancelled, UID: n.ID, Sequence: n.InviteVersion, Language: language, Name: n.Citizen.Name, Email: n.Citizen.Email,
		Starts: n.Starts, Ends: n.Ends, Agency: a.Name, Location: n.Place.Location, Phone: public.Phone, PhoneHours: public.PhoneHours.In(language),
	}
	if n.Status != Booked {
		return notice, nil
	}
	notice.Kind = notify.Invited
	if n.InviteVersion > 0 {
		notice.Kind = notify.Moved
	}
	if notice.Link, err = s.o.Seats.Link(ctx, n.Agency, n.ID); err != nil {
		return notice, fmt.Errorf("link for mail: %w", err)
	}
	return notice, nil
}
