package agency

import (
	"context"
	"errors"
	"net/http"

	"visavis/internal/edge"
)

// Routes registers what anybody may ask.
func (s *Store) Routes(api *edge.API) {
	edge.Handle(api, edge.Operation{ID: "publicAgency", Route: "GET /api/guest/{agency}", Tag: "agency"}, s.public)
}

type publicInput struct {
	Agency   string `path:"agency" maxLength:"64"`
	Language string `query:"language" enum:"de,en" default:"de"`
}

type publicOutput struct{ Body Public }

func (s *Store) public(ctx context.Context, in *publicInput) (*publicOutput, error) {
	a, err := s.BySlug(ctx, in.Agency)
	if errors.Is(err, ErrNotFound) {
		return nil, edge.NewProblem(http.StatusNotFound, "agency.unknown")
	}
	if err != nil {
		return nil, err
	}
	return &publicOutput{Body: a.Public(in.Language)}, nil
}
