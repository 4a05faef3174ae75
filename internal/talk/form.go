package talk

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"visavis/internal/agency"
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

type talkFormsOutput struct {
	Body struct {
		Forms []agency.TemplateHead `json:"forms"`
	}
}

// getForms lists the forms of the agency that who leads a talk can open in it: those of its desk, and of all that this lies in.
func (s *Service) getForms(ctx context.Context, in *Path) (*talkFormsOutput, error) {
	out := &talkFormsOutput{}
	err := s.formsOf(ctx, in.Talk, func(q db.Q, agencyID string, desk agency.Place) (err error) {
		out.Body.Forms, err = s.o.Agencies.TemplatesAt(ctx, q, agencyID, desk)
		return err
	})
	return out, err
}

type oneFormInput struct {
	Path
	Form string `path:"form" maxLength:"64"`
}

type talkFormOutput struct {
	Body struct {
		Form agency.Template `json:"form"`
	}
}

func (s *Service) getForm(ctx context.Context, in *oneFormInput) (*talkFormOutput, error) {
	out := &talkFormOutput{}
	err := s.formsOf(ctx, in.Talk, func(q db.Q, agencyID string, desk agency.Place) (err error) {
		out.Body.Form, _, err = s.o.Agencies.Template(ctx, q, agencyID, desk, in.Form)
		return err
	})
	return out, err
}

// formsOf reads something of the forms at the desk of a talk, for who leads it, where forms are switched on.
func (s *Service) formsOf(ctx context.Context, id string, read func(q db.Q, agencyID string, desk agency.Place) error) error {
	p, err := staff.From(ctx)
	if err != nil {
		return err
	}
	err = s.db.Snapshot(ctx, func(q db.Q) error {
		t, err := s.led(ctx, q, p, id)
		if err != nil {
			return err
		}
		if !slices.Contains(t.Features, form) {
			return edge.NewProblem(http.StatusConflict, "form.off")
		}
		desk, err := s.o.Agencies.Place(ctx, q, t.Agency, t.Desk)
		if err != nil {
			return err
		}
		return read(q, t.Agency, desk)
	})
	if errors.Is(err, agency.ErrNotFound) {
		err = ErrNotFound
	}
	return problem(err)
}
