package agency

import (
	"context"
	"errors"
	"net/http"

	"visavis/internal/db"
	"visavis/internal/edge"
)

// Routes registers what anybody may ask.
func (s *Store) Routes(api *edge.API) {
	edge.Handle(api, edge.Operation{ID: "publicAgency", Route: "GET /api/guest/{agency}", Tag: "agency"}, s.public)
	edge.Handle(api, edge.Operation{ID: "logo", Route: "GET /api/guest/{agency}/logo/{version}", Tag: "agency"}, s.logo)
	edge.Handle(api, edge.Operation{ID: "legalText", Route: "GET /api/guest/{agency}/legal/{version}", Tag: "agency"}, s.legal)
}

type publicIn struct {
	Slug string `path:"agency" maxLength:"64"`
}

type publicOut struct{ Body Public }

func (s *Store) public(ctx context.Context, in *publicIn) (*publicOut, error) {
	a, err := s.BySlug(ctx, in.Slug)
	if errors.Is(err, ErrNotFound) {
		return nil, edge.NewProblem(http.StatusNotFound, "not_found")
	}
	if err != nil {
		return nil, err
	}
	p, err := s.Public(ctx, s.db.Read(), a)
	return &publicOut{p}, err
}

// Public is what anybody may know of an agency, by the rules of the whole of it.
func (s *Store) Public(ctx context.Context, q db.Q, a Agency) (Public, error) {
	rules, err := s.RulesAt(ctx, q, a.ID, Place{Kind: OfAgency, ID: a.ID})
	return a.Public(rules), err
}

type legalIn struct {
	Slug    string `path:"agency" maxLength:"64"`
	Version string `path:"version" maxLength:"64"`
}

type legalOut struct {
	Body struct {
		Text Text `json:"text" doc:"By language."`
	}
}

// legal is for whoever is to read it before an appointment, or wants to read again what they have agreed to.
func (s *Store) legal(ctx context.Context, in *legalIn) (*legalOut, error) {
	a, err := s.BySlug(ctx, in.Slug)
	out := &legalOut{}
	if err == nil {
		out.Body.Text, err = s.LegalText(ctx, s.db.Read(), a.ID, in.Version)
	}
	if errors.Is(err, ErrNotFound) {
		return nil, edge.NewProblem(http.StatusNotFound, "not_found")
	}
	return out, err
}
