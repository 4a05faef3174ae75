package staff

import (
	"context"
	"errors"
	"net/http"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/edge"
)

// passwordRoutes are those for who sets a password by a link, and for who has forgotten it.
func (s *Service) passwordRoutes(api *edge.API) {
	const set = "POST /api/staff/password"
	slow := turnWait + edge.RequestTime
	edge.Handle(api, edge.Operation{ID: "forgetPassword", Route: set + "/forgotten", Tag: "staff", Status: http.StatusNoContent}, s.postForgotten)
	edge.Handle(api, edge.Operation{ID: "openPasswordLink", Route: set + "/link", Tag: "staff"}, s.postLink)
	edge.Handle(api, edge.Operation{ID: "setPassword", Route: set, Tag: "staff", Within: slow}, s.postPassword)
	s.accountRoutes(api)
}

type forgottenInput struct {
	Asked
	Browser
	Body struct {
		Agency string `json:"agency" maxLength:"64"`
		Email  string `json:"email" maxLength:"254"`
	}
}

// postForgotten answers everybody alike: whether there is such an account is found out afterwards.
func (s *Service) postForgotten(ctx context.Context, in *forgottenInput) (*struct{}, error) {
	slug, err := s.slug(ctx, in.Body.Agency)
	if err != nil {
		return nil, err
	}
	if s.o.Mailer == nil {
		return nil, edge.NewProblem(http.StatusConflict, "password.no_mail")
	}
	if !s.asking.Allow(s.attempt(in.Browser, slug, in.Body.Email, "").source) {
		return nil, throttled()
	}
	select {
	case s.forgotten <- reminder{slug, normalEmail(in.Body.Email), in.language()}:
		return nil, nil // there is nothing to say
	default:
		return nil, edge.NewProblem(http.StatusServiceUnavailable, "unavailable")
	}
}

// LinkSecret is what the fragment of a link holds.
type LinkSecret struct {
	Agency string `json:"agency" maxLength:"64"`
	Secret string `json:"secret" maxLength:"64"`
}

type openLinkInput struct{ Body LinkSecret }

type openedLinkOutput struct {
	Body struct {
		Reason Reason `json:"reason"`
		Agency string `json:"agency" doc:"Its name."`
		Email  string `json:"email"`
	}
}

// postLink tells whose password a link sets, and uses nothing up: mail scanners open links, too.
func (s *Service) postLink(ctx context.Context, in *openLinkInput) (*openedLinkOutput, error) {
	out := &openedLinkOutput{}
	a, l, err := s.opened(ctx, in.Body)
	out.Body.Reason, out.Body.Agency, out.Body.Email = l.Reason, a.Name, l.Person.Email
	return out, err
}

func (s *Service) opened(ctx context.Context, secret LinkSecret) (agency.Agency, Link, error) {
	a, err := s.agencies.BySlug(ctx, secret.Agency)
	if errors.Is(err, agency.ErrNotFound) {
		err = errLinkOver()
	}
	if err != nil {
		return a, Link{}, err
	}
	l, err := s.linkBySecret(ctx, s.db.Read(), a.ID, secret.Secret)
	return a, l, err
}

type setPasswordInput struct {
	Asked
	Browser
	Body struct {
		LinkSecret
		Password string `json:"password" maxLength:"400"`
	}
}

// postPassword sets a password by a link, and signs its owner in.
func (s *Service) postPassword(ctx context.Context, in *setPasswordInput) (*meOutput, error) {
	a, l, err := s.opened(ctx, in.Body.LinkSecret)
	if err != nil {
		return nil, err
	}
	phc, err := s.newPassword(ctx, a, l.Person, in.Body.Password)
	if err != nil {
		return nil, err
	}
	p, token, more := l.Person, "", error(nil)
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := s.takeLink(ctx, tx, l); err != nil {
			return err
		}
		if err := s.setPassword(ctx, tx, p, phc, string(l.Reason), nil); err != nil {
			return err
		}
		more = s.further(ctx, tx, p)
		if _, is := errors.AsType[*edge.Problem](more); is {
			return nil // the password is set all the same
		}
		if more != nil {
			return more
		}
		token, err = s.insertSession(ctx, tx, p, origin{device: in.is})
		return err
	})
	if errors.Is(err, db.ErrConflict) { // disabled at this very moment
		err = errLinkOver()
	}
	if err != nil {
		return nil, err
	}
	if more != nil {
		return nil, more
	}
	if err := s.hold(ctx, s.db.Read(), &p); err != nil {
		return nil, db.Done(err)
	}
	try := s.attempt(in.Browser, a.Slug, p.Email, "")
	return s.arrive(ctx, p, token, *s.knowDevice(a.Slug, p.Email, try.device), in.language())
}
