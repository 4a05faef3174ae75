package appointment

import (
	"context"
	"net/http"
	"time"

	"visavis/internal/db"
	"visavis/internal/staff"
)

// Follow books the next appointment of somebody whose appointment is over, at its end: for the same citizen, at the same
// desk, about the same, in the same language, and with whoever books it, if they lead talks there. The page that asks needs to
// know nothing more of the citizen for it.
func (s *Service) Follow(ctx context.Context, p staff.Person, id string, starts time.Time) (Appointment, error) {
	key, err := s.o.Agencies.Keys().For(ctx, p.Agency)
	if err != nil {
		return Appointment{}, err
	}
	before, err := byID(ctx, s.db.Read(), key, p.Agency, id)
	switch {
	case err != nil:
		return before, err
	case !p.MayDesk(before.Desk):
		return before, ErrNotFound
	case before.Status == Booked:
		return before, refuse(http.StatusConflict, "appointment.open")
	}
	b := Booking{
		Desk: before.Desk, Service: before.Service, Starts: starts, Citizen: before.Citizen, Language: before.Language, follows: before.ID,
	}
	if p.MayTalk(before.Desk) {
		b.Advisor = p.ID
	}
	return s.Book(ctx, p, b)
}

type followInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		StartsAt int64 `json:"startsAt" minimum:"0" maximum:"253402300799000"`
	}
}

type followedOutput struct {
	Body struct {
		ID      string `json:"id"`
		Version int64  `json:"version"`
		By      string `json:"by" enum:"mail,hand" doc:"How the invitation goes out."`
		Link    string `json:"link,omitempty" doc:"Only where no mail goes out: for staff to hand over."`
	}
}

func (s *Service) postFollow(ctx context.Context, in *followInput) (*followedOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	a, err := s.Follow(ctx, p, in.ID, db.Time(in.Body.StartsAt))
	if err != nil {
		return nil, s.problem(err)
	}
	out := &followedOutput{}
	out.Body.ID, out.Body.Version, out.Body.By = a.ID, a.Version, "mail"
	if s.byHand(a) {
		out.Body.By = "hand"
	}
	out.Body.Link, err = s.LinkByHand(ctx, a)
	return out, db.Done(err)
}
