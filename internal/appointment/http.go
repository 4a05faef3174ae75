package appointment

import (
	"context"
	"errors"
	"net/http"

	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/staff"
	"visavis/internal/vault"
)

// Routes registers what staff do with appointments.
func (s *Service) Routes(api *edge.API) {
	own := s.o.Staff.Require(api)
	op := func(id, route string) edge.Operation {
		return edge.Operation{ID: id, Route: route, Tag: "appointment", Use: own}
	}
	const base = "/api/staff/appointments"
	edge.Handle(api, op("bookAppointment", "POST "+base), s.postBook)
	edge.Handle(api, op("appointmentLink", "GET "+base+"/{id}/link"), s.getLink)
	edge.Handle(api, op("moveAppointment", "POST "+base+"/{id}/move"), s.postMove)
	edge.Handle(api, op("handAppointment", "POST "+base+"/{id}/hand"), s.postHand)
	edge.Handle(api, op("followAppointment", "POST "+base+"/{id}/follow"), s.postFollow)
	edge.Handle(api, op("cancelAppointment", "POST "+base+"/{id}/cancel"), s.postCancel)
	edge.Handle(api, op("closeAppointment", "POST "+base+"/{id}/outcome"), s.postOutcome)
}

// problem is what staff see of an error.
func (s *Service) problem(err error) error {
	switch {
	case errors.Is(err, ErrNotFound):
		return edge.NewProblem(http.StatusNotFound, "appointment.unknown")
	case errors.Is(err, db.ErrConflict):
		return edge.NewProblem(http.StatusConflict, "busy")
	}
	return s.o.Problem(err)
}

type changedOutput struct {
	Body struct {
		ID      string `json:"id"`
		Version int64  `json:"version"`
		Link    string `json:"link,omitempty" doc:"Only where no mail goes out: for staff to hand over."`
	}
}

// answer tells the new version, and the link where no mail carries it.
func (s *Service) answer(ctx context.Context, a Appointment, err error) (*changedOutput, error) {
	if err != nil {
		return nil, s.problem(err)
	}
	out := &changedOutput{}
	out.Body.ID, out.Body.Version = a.ID, a.Version
	out.Body.Link, err = s.LinkByHand(ctx, a)
	return out, db.Done(err)
}

type bookInput struct {
	Body struct {
		Desk     string `json:"desk" maxLength:"64"`
		Service  string `json:"service" maxLength:"64"`
		StartsAt int64  `json:"startsAt" doc:"Milliseconds since 1970 UTC." minimum:"0" maximum:"253402300799000"`
		Advisor  string `json:"advisor,omitempty" maxLength:"64"`
		Citizen  struct {
			Name  string `json:"name" maxLength:"500"`
			Email string `json:"email,omitempty" maxLength:"500"`
			Phone string `json:"phone,omitempty" maxLength:"100"`
		} `json:"citizen"`
		Language string `json:"language" maxLength:"8"`
	}
}

func (s *Service) postBook(ctx context.Context, in *bookInput) (*changedOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	b := in.Body
	a, err := s.Book(ctx, p, Booking{
		Desk: b.Desk, Service: b.Service, Advisor: b.Advisor, Starts: db.Time(b.StartsAt), Language: b.Language,
		Citizen: Citizen{Name: vault.Personal(b.Citizen.Name), Email: vault.Personal(b.Citizen.Email), Phone: vault.Personal(b.Citizen.Phone)},
	})
	return s.answer(ctx, a, err)
}

type linkInput struct {
	ID string `path:"id" maxLength:"64"`
}

type linkOutput struct {
	Body struct {
		Link string `json:"link"`
	}
}

// getLink is for staff whose citizen has no e-mail, or has not got it.
func (s *Service) getLink(ctx context.Context, in *linkInput) (*linkOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	out := &linkOutput{}
	if out.Body.Link, err = s.Link(ctx, p, in.ID); err != nil {
		return nil, s.problem(err)
	}
	return out, nil
}

// VersionBody names the version that somebody saw; exported since the routes are read by reflection, which skips what
// is not.
type VersionBody struct {
	Version int64 `json:"version"`
}

type moveInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		VersionBody
		StartsAt int64 `json:"startsAt" minimum:"0" maximum:"253402300799000"`
	}
}

func (s *Service) postMove(ctx context.Context, in *moveInput) (*changedOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	a, err := s.Move(ctx, p, in.ID, in.Body.Version, db.Time(in.Body.StartsAt))
	return s.answer(ctx, a, err)
}

type handInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		VersionBody
		Advisor string `json:"advisor" maxLength:"64" doc:"Empty: whoever at the desk has time."`
		Note    string `json:"note,omitempty" maxLength:"300"`
	}
}

type handedOutput struct {
	Body struct {
		ID      string `json:"id"`
		Version int64  `json:"version"`
	}
}

func (s *Service) postHand(ctx context.Context, in *handInput) (*handedOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	a, err := s.Hand(ctx, p, in.ID, in.Body.Version, in.Body.Advisor, vault.Personal(in.Body.Note))
	if err != nil {
		return nil, s.problem(err)
	}
	out := &handedOutput{}
	out.Body.ID, out.Body.Version = a.ID, a.Version
	return out, nil
}

type cancelInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body VersionBody
}

func (s *Service) postCancel(ctx context.Context, in *cancelInput) (*changedOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	a, err := s.Cancel(ctx, p, in.ID, in.Body.Version)
	return s.answer(ctx, a, err)
}

type outcomeInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		VersionBody
		Outcome string `json:"outcome" enum:"held,phone,technical,noshow,cancelled"`
	}
}

func (s *Service) postOutcome(ctx context.Context, in *outcomeInput) (*changedOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	a, err := s.Close(ctx, p, in.ID, in.Body.Version, in.Body.Outcome)
	return s.answer(ctx, a, err)
}
