package seat

import (
	"context"

	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/staff"
	"visavis/internal/vault"
)

func (s deskSide) companyRoutes(api *edge.API, op func(id, route string) edge.Operation) {
	const base = "/api/staff/appointments/{id}/company"
	edge.Handle(api, op("company", "GET "+base), s.getCompany)
	edge.Handle(api, op("inviteCompany", "POST "+base), s.postInvite)
	edge.Handle(api, op("withdrawInvitation", "POST /api/staff/seats/{seat}/withdraw"), s.postWithdraw)
}

// CompanyPath names an appointment in a route; exported since the routes are read by reflection.
type CompanyPath struct {
	ID string `path:"id" maxLength:"64"`
}

// Invited is one of a citizen's company with the link that leads to their seat.
type Invited struct {
	Seat     string `json:"seat"`
	Role     Role   `json:"role" enum:"companion,representative,interpreter"`
	Name     string `json:"name"`
	Language string `json:"language"`
	State    State  `json:"state"`
	Link     string `json:"link"`
}

type companyOutput struct {
	Body struct {
		People []Invited `json:"people"`
	}
}

func (s deskSide) getCompany(ctx context.Context, in *CompanyPath) (*companyOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	x, err := byAppointment(ctx, s.db.Read(), p.Agency, in.ID)
	if err == nil && !p.MayDesk(x.Desk) {
		err = ErrNotFound
	}
	if err != nil {
		return nil, Problem(err)
	}
	return s.company(ctx, p.Agency, in.ID)
}

func (s *Service) company(ctx context.Context, agencyID, appointmentID string) (*companyOutput, error) {
	out := &companyOutput{}
	out.Body.People = []Invited{}
	all, err := s.Company(ctx, s.db.Read(), agencyID, appointmentID)
	if err != nil {
		return nil, err
	}
	for _, g := range all {
		x, err := byID(ctx, s.db.Read(), agencyID, g.Seat)
		if err != nil {
			return nil, Problem(err)
		}
		link, err := s.linkOf(ctx, x)
		if err != nil {
			return nil, err
		}
		out.Body.People = append(out.Body.People, Invited{
			Seat: g.Seat, Role: g.Role, Name: g.Name.Reveal(), Language: g.Language, State: g.State, Link: link,
		})
	}
	return out, nil
}

type inviteInput struct {
	CompanyPath
	Body struct {
		Role     Role   `json:"role" enum:"companion,representative,interpreter"`
		Name     string `json:"name" maxLength:"500"`
		Language string `json:"language" enum:"de,en"`
	}
}

func (s deskSide) postInvite(ctx context.Context, in *inviteInput) (*companyOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	g := NewGuest{Role: in.Body.Role, Name: vault.Personal(in.Body.Name), Language: in.Body.Language}
	if _, err := s.invite(ctx, p, in.ID, g); err != nil {
		return nil, Problem(err)
	}
	out, err := s.company(ctx, p.Agency, in.ID)
	return out, db.Done(err)
}

type withdrawInput struct {
	Seat string `path:"seat" maxLength:"64"`
	Body struct{}
}

func (s deskSide) postWithdraw(ctx context.Context, in *withdrawInput) (*struct{}, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	return nil, Problem(s.withdraw(ctx, p, in.Seat))
}
