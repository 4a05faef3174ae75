package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/staff"
)

const (
	// longestSubstitution, and how far ahead one may begin.
	longestSubstitution = 366 * 24 * time.Hour
	// mostSubstitutes of a desk that are shown; nobody has as many.
	mostSubstitutes = 200
)

// Substitute is somebody who works at a desk for a time, as its lead has said.
type Substitute struct {
	ID    string     `json:"id"`
	Name  string     `json:"name"`
	Role  staff.Role `json:"role"`
	From  int64      `json:"from"`
	Until int64      `json:"until" doc:"Up to that moment, without it."`
	By    string     `json:"by,omitempty" doc:"Name of who has said so."`
}

// SubstitutesOutput is an answer with the substitutes of a desk.
type SubstitutesOutput struct {
	Body struct {
		Substitutes []Substitute `json:"substitutes" doc:"Those of now and of later, by when they begin."`
	}
}

type substitutesInput struct {
	Desk string `path:"desk" maxLength:"64"`
}

func (s *Service) substituteRoutes(api *edge.API, op func(id, route string) edge.Operation) {
	const at = "/api/staff/desks/{desk}/substitutes"
	edge.Handle(api, op("substitutes", "GET "+at), s.getSubstitutes)
	edge.Handle(api, op("nameSubstitute", "POST "+at), s.postSubstitute)
	edge.Handle(api, op("endSubstitute", "DELETE "+at+"/{person}/{role}"), s.deleteSubstitute)
	edge.Handle(api, op("findSubstitute", "POST "+at+"/search"), s.postSubstituteSearch)
}

// led is a desk whose substitutes a person names. Who leads it gives there what is theirs: to work at it.
func (s *Service) led(ctx context.Context, q db.Q, p staff.Person, desk string) (agency.Place, error) {
	place, err := s.o.Agencies.Place(ctx, q, p.Agency, desk)
	switch {
	case err != nil:
		return place, err
	case place.Kind != agency.OfDesk:
		return place, agency.ErrNotFound
	case !p.May(staff.Substitute, place):
		return place, forbidden403()
	}
	return place, nil
}

func (s *Service) getSubstitutes(ctx context.Context, in *substitutesInput) (*SubstitutesOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	out := &SubstitutesOutput{}
	err = s.db.Snapshot(ctx, func(q db.Q) error {
		if _, err := s.led(ctx, q, p, in.Desk); err != nil {
			return err
		}
		out.Body.Substitutes, err = s.substitutes(ctx, q, p.Agency, in.Desk)
		return err
	})
	return out, problem(err)
}

func (s *Service) substitutes(ctx context.Context, q db.Q, agencyID, desk string) ([]Substitute, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT staff.id, staff.name, r.role, r.from_at, r.until_at, COALESCE(giver.name, '') FROM staff_role r
		JOIN staff ON staff.agency_id = r.agency_id AND staff.id = r.staff_id AND staff.disabled_at IS NULL
		LEFT JOIN staff giver ON giver.agency_id = r.agency_id AND giver.id = r.given_by
		WHERE r.agency_id = $1 AND r.place_id = $2 AND r.source = $3 AND r.until_at > $4
		ORDER BY r.from_at, staff.search, staff.id, r.role LIMIT $5`, agencyID, desk, staff.Substitution, db.Ms(s.o.Clock()), mostSubstitutes)
	if err != nil {
		return nil, fmt.Errorf("list substitutes: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	list := []Substitute{}
	for rows.Next() {
		var one Substitute
		if err := rows.Scan(&one.ID, &one.Name, &one.Role, &one.From, &one.Until, &one.By); err != nil {
			return nil, fmt.Errorf("list substitutes: %w", err)
		}
		list = append(list, one)
	}
	return list, rows.Err()
}

// NamedSubstitute is one whom somebody has named.
type NamedSubstitute struct {
	ID    string     `json:"id"`
	Name  string     `json:"name"`
	Role  staff.Role `json:"role"`
	Place string     `json:"place" doc:"Of the desk: its id."`
	Desk  string     `json:"desk" doc:"Its name."`
	Until int64      `json:"until"`
}

// named are the substitutes whom somebody has named, at desks that the person who asks sees. They do not end with the role
// of who named them: at that moment a desk could be left with nobody, and with the guests of its day. So whoever takes that
// role, or disables the account, is shown who goes on.
func (s *Service) named(ctx context.Context, q db.Q, p staff.Person, by string) ([]NamedSubstitute, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT staff.id, staff.name, r.role, desk.id, desk.name, r.until_at, desk.department_id, desk.location_id FROM staff_role r
		JOIN staff ON staff.agency_id = r.agency_id AND staff.id = r.staff_id AND staff.disabled_at IS NULL
		JOIN desk ON desk.agency_id = r.agency_id AND desk.id = r.place_id
		WHERE r.agency_id = $1 AND r.given_by = $2 AND r.source = $3 AND r.until_at > $4
		ORDER BY staff.search, staff.id, desk.name, r.role LIMIT $5`, p.Agency, by, staff.Substitution, db.Ms(s.o.Clock()), mostSubstitutes)
	if err != nil {
		return nil, fmt.Errorf("list named substitutes: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	var list []NamedSubstitute
	for rows.Next() {
		var one NamedSubstitute
		var department, location string
		if err := rows.Scan(&one.ID, &one.Name, &one.Role, &one.Place, &one.Desk, &one.Until, &department, &location); err != nil {
			return nil, fmt.Errorf("list named substitutes: %w", err)
		}
		at := agency.Place{Kind: agency.OfDesk, ID: one.Place, Within: []string{p.Agency, department, location}}
		if p.May(staff.SeeOffices, at) {
			list = append(list, one)
		}
	}
	return list, rows.Err()
}

type substituteInput struct {
	Desk string `path:"desk" maxLength:"64"`
	Body struct {
		Person string     `json:"person" maxLength:"64" doc:"Id."`
		Role   staff.Role `json:"role" enum:"reception,advisor"`
		From   int64      `json:"from,omitempty" minimum:"0" maximum:"253402300799000" doc:"Without it: at once."`
		Until  int64      `json:"until" minimum:"0" maximum:"253402300799000" doc:"Up to that moment, without it."`
	}
}

// postSubstitute names one, or says anew how long they are.
func (s *Service) postSubstitute(ctx context.Context, in *substituteInput) (*SubstitutesOutput, error) {
	return s.substituting(ctx, in.Desk, func(tx *db.Tx, p staff.Person, desk agency.Place) error {
		now := s.o.Clock()
		from, until := db.Time(in.Body.From), db.Time(in.Body.Until)
		if from.Before(now) {
			from = now
		}
		if !until.After(from) || until.Sub(from) > longestSubstitution || from.Sub(now) > longestSubstitution {
			return edge.NewProblem(http.StatusUnprocessableEntity, "substitute.time")
		}
		if in.Body.Person == p.ID {
			return edge.NewProblem(http.StatusConflict, "role.self")
		}
		a, err := s.account(ctx, tx, p.Agency, in.Body.Person)
		if errors.Is(err, agency.ErrNotFound) || err == nil && a.Disabled {
			return edge.NewProblem(http.StatusNotFound, "staff.unknown")
		}
		if err != nil {
			return err
		}
		return s.o.Staff.Give(ctx, tx, p.Agency, staff.Grant{
			Staff: a.ID, Held: staff.Held{Role: in.Body.Role, Kind: desk.Kind, Place: desk.ID},
			Source: staff.Substitution, By: p.ID, From: from, Until: until,
		})
	})
}

type endSubstituteInput struct {
	Desk   string     `path:"desk" maxLength:"64"`
	Person string     `path:"person" maxLength:"64"`
	Role   staff.Role `path:"role" maxLength:"40"`
}

func (s *Service) deleteSubstitute(ctx context.Context, in *endSubstituteInput) (*SubstitutesOutput, error) {
	return s.substituting(ctx, in.Desk, func(tx *db.Tx, p staff.Person, desk agency.Place) error {
		err := s.o.Staff.Take(ctx, tx, p.Agency, staff.Grant{
			Staff: in.Person, Held: staff.Held{Role: in.Role, Kind: desk.Kind, Place: desk.ID}, Source: staff.Substitution, By: p.ID,
		})
		if errors.Is(err, db.ErrConflict) { // it is over, or a colleague was quicker
			return agency.ErrNotFound
		}
		return err
	})
}

// substituting lets who leads a desk change its substitutes.
func (s *Service) substituting(ctx context.Context, desk string, change func(*db.Tx, staff.Person, agency.Place) error) (*SubstitutesOutput, error) {
	out := &SubstitutesOutput{}
	err := s.acting(ctx, func(tx *db.Tx, p staff.Person) error {
		place, err := s.led(ctx, tx, p, desk)
		if err != nil {
			return err
		}
		if err := change(tx, p, place); err != nil {
			return err
		}
		out.Body.Substitutes, err = s.substitutes(ctx, tx, p.Agency, desk)
		return err
	})
	return out, problem(err)
}

type substituteSearchInput struct {
	Desk string `path:"desk" maxLength:"64"`
	Body struct {
		Text string `json:"text,omitempty" maxLength:"100" doc:"Any part of name or e-mail."`
	}
}

// FoundOutput is an answer with colleagues.
type FoundOutput struct {
	Body struct {
		People []staff.Found `json:"people"`
	}
}

// postSubstituteSearch finds colleagues of the whole agency: who substitutes often comes from another office.
func (s *Service) postSubstituteSearch(ctx context.Context, in *substituteSearchInput) (*FoundOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	out := &FoundOutput{}
	err = s.db.Snapshot(ctx, func(q db.Q) error {
		if _, err := s.led(ctx, q, p, in.Desk); err != nil {
			return err
		}
		out.Body.People, err = s.o.Staff.Find(ctx, q, staff.Look{Agency: p.Agency, Text: in.Body.Text, But: p.ID})
		return err
	})
	return out, problem(err)
}
