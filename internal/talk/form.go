package talk

import (
	"context"
	"net/http"
	"slices"

	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/staff"
)

type formInput struct {
	Path
	Body struct {
		What string `json:"what" enum:"opened,confirmed"`
	}
}

// postForm writes down that a form was opened in a talk, or that the guest has confirmed what stands in it, as the page
// of who leads the talk says. The form goes from page to page: nothing of it is known here.
func (s *Service) postForm(ctx context.Context, in *formInput) (*struct{}, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	if !s.seen.Allow(p.Session()) {
		return nil, edge.NewProblem(http.StatusTooManyRequests, "session.throttled")
	}
	act := audit.FormOpened
	if in.Body.What == "confirmed" {
		act = audit.FormConfirmed
	}
	_, err = s.lead(ctx, p, in.Talk, func(tx *db.Tx, t *Talk) error {
		if !slices.Contains(t.Features, form) {
			return edge.NewProblem(http.StatusConflict, "form.off")
		}
		return s.noteRole(ctx, tx, p, *t, act)
	})
	return nil, problem(err)
}
