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

// postDocument writes down that a document of the guest was seen in a talk, by whom and in which role. The picture of it
// goes from page to page: nothing of it is known here.
func (s *Service) postDocument(ctx context.Context, in *bareInput) (*struct{}, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	if !s.seen.Allow(p.Session()) {
		return nil, edge.NewProblem(http.StatusTooManyRequests, "session.throttled")
	}
	_, err = s.lead(ctx, p, in.Talk, func(tx *db.Tx, t *Talk) error {
		if !slices.Contains(t.Features, document) {
			return edge.NewProblem(http.StatusConflict, "document.off")
		}
		return s.noteRole(ctx, tx, p, *t, audit.DocumentSeen)
	})
	return nil, problem(err)
}
