package admin

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

func (s *Service) formRoutes(api *edge.API, op func(id, route string) edge.Operation) {
	const forms = "/api/staff/places/{id}/forms"
	edge.Handle(api, op("forms", "GET "+forms), s.getForms)
	edge.Handle(api, op("form", "GET "+forms+"/{form}"), s.getForm)
	edge.Handle(api, op("defineForm", "POST "+forms), s.postForm)
	edge.Handle(api, op("changeForm", "POST "+forms+"/{form}"), s.postChangedForm)
	edge.Handle(api, op("dropForm", "DELETE "+forms+"/{form}"), s.deleteForm)
}

// FormHead is a form that can be filled in at the desks of a place, and which place has defined it.
type FormHead struct {
	agency.TemplateHead
	PlaceName string `json:"placeName"`
}

// FormsOutput lists the forms of a place and of those that it lies in.
type FormsOutput struct {
	Body struct {
		Forms []FormHead `json:"forms"`
		May   bool       `json:"may" doc:"The person may define some here, and change and drop those of the place itself."`
	}
}

func (s *Service) getForms(ctx context.Context, in *placeInput) (*FormsOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	out := &FormsOutput{}
	err = s.db.Snapshot(ctx, func(q db.Q) error {
		place, err := s.o.Agencies.Place(ctx, q, p.Agency, in.ID)
		if err != nil {
			return err
		}
		return s.formsAt(ctx, q, p, place, out)
	})
	return out, formProblem(err)
}

func (s *Service) formsAt(ctx context.Context, q db.Q, p staff.Person, place agency.Place, out *FormsOutput) error {
	if !maySee(p, place) {
		return forbidden403()
	}
	heads, err := s.o.Agencies.TemplatesAt(ctx, q, p.Agency, place)
	if err != nil {
		return err
	}
	around, err := s.o.Agencies.Places(ctx, q, p.Agency, append(slices.Clone(place.Within), place.ID))
	if err != nil {
		return err
	}
	names := map[string]string{}
	for _, one := range around {
		names[one.ID] = one.Name
	}
	out.Body.Forms = []FormHead{}
	for _, head := range heads {
		out.Body.Forms = append(out.Body.Forms, FormHead{head, names[head.Place]})
	}
	out.Body.May = place.Kind != agency.OfService && p.May(staff.Decide, place)
	return nil
}

// FormPath names a form of a place in a route; exported since the routes are read by reflection, which skips what is not.
type FormPath struct {
	ID   string `path:"id" maxLength:"64"`
	Form string `path:"form" maxLength:"64"`
}

type formOutput struct {
	Body struct {
		agency.TemplateHead
		Form agency.Template `json:"form"`
	}
}

func (s *Service) getForm(ctx context.Context, in *FormPath) (*formOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	out := &formOutput{}
	err = s.db.Snapshot(ctx, func(q db.Q) error {
		place, err := s.o.Agencies.Place(ctx, q, p.Agency, in.ID)
		if err != nil {
			return err
		}
		if !maySee(p, place) {
			return forbidden403()
		}
		out.Body.Form, out.Body.TemplateHead, err = s.o.Agencies.Template(ctx, q, p.Agency, place, in.Form)
		return err
	})
	return out, formProblem(err)
}

type newFormInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Form agency.Template `json:"form"`
	}
}

func (s *Service) postForm(ctx context.Context, in *newFormInput) (*FormsOutput, error) {
	return s.changeForms(ctx, in.ID, audit.FormDefined, func(tx *db.Tx, p staff.Person, place agency.Place) (string, error) {
		return s.o.Agencies.DefineTemplate(ctx, tx, p.Agency, place, in.Body.Form)
	})
}

type changedFormInput struct {
	FormPath
	Body struct {
		Version int64           `json:"version"`
		Form    agency.Template `json:"form"`
	}
}

func (s *Service) postChangedForm(ctx context.Context, in *changedFormInput) (*FormsOutput, error) {
	return s.changeForms(ctx, in.ID, audit.FormChanged, func(tx *db.Tx, p staff.Person, place agency.Place) (string, error) {
		return in.Form, s.o.Agencies.ChangeTemplate(ctx, tx, p.Agency, place, in.Form, in.Body.Version, in.Body.Form)
	})
}

type dropFormInput struct {
	FormPath
	Version int64 `query:"version" doc:"Which one they saw."`
}

func (s *Service) deleteForm(ctx context.Context, in *dropFormInput) (*FormsOutput, error) {
	return s.changeForms(ctx, in.ID, audit.FormDropped, func(tx *db.Tx, p staff.Person, place agency.Place) (string, error) {
		return in.Form, s.o.Agencies.DropTemplate(ctx, tx, p.Agency, place, in.Form, in.Version)
	})
}

// changeForms lets somebody change the forms of a place, who may decide its rules, and answers with all of them.
func (s *Service) changeForms(ctx context.Context, id string, act audit.Act, change func(*db.Tx, staff.Person, agency.Place) (string, error)) (*FormsOutput, error) {
	out := &FormsOutput{}
	err := s.acting(ctx, func(tx *db.Tx, p staff.Person) error {
		place, err := s.o.Agencies.Place(ctx, tx, p.Agency, id)
		if err != nil {
			return err
		}
		if !p.May(staff.Decide, place) {
			return forbidden403()
		}
		form, err := change(tx, p, place)
		if err != nil {
			return err
		}
		err = s.o.Audit.Append(ctx, tx, audit.Entry{
			Agency: p.Agency, By: audit.Staff(p.ID), Act: act, Object: place.ID, Detail: []audit.Code{audit.Is("form", form)},
		})
		if err != nil {
			return err
		}
		return s.formsAt(ctx, tx, p, place, out)
	})
	return out, formProblem(err)
}

func formProblem(err error) error {
	if wrong, is := errors.AsType[*agency.TemplateError](err); is {
		return edge.NewProblem(http.StatusUnprocessableEntity, "template.invalid", "field", wrong.Field, "what", wrong.Code)
	}
	switch {
	case errors.Is(err, agency.ErrNoForms):
		return edge.NewProblem(http.StatusUnprocessableEntity, "template.place")
	case errors.Is(err, agency.ErrTemplateNamed):
		return edge.NewProblem(http.StatusConflict, "template.named")
	case errors.Is(err, agency.ErrTemplateMany):
		return edge.NewProblem(http.StatusConflict, "template.many")
	case errors.Is(err, agency.ErrTemplateChanged):
		return edge.NewProblem(http.StatusConflict, "admin.changed")
	}
	return problem(err)
}
