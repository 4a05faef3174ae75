package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/staff"
)

// pageSize is how many places or people are shown at a time.
const pageSize = 50

// onePage is how many rows are read for that: one more tells whether there is another page. It stands in the statement as a
// number, with which PostgreSQL plans better than with a value that it learns later.
func onePage() string { return strconv.Itoa(pageSize + 1) }

// Named is a place by its id and name.
type Named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Place is one line of a list of places.
type Place struct {
	Kind       agency.Kind `json:"kind"`
	ID         string      `json:"id"`
	Code       string      `json:"code"`
	Name       string      `json:"name"`
	City       string      `json:"city,omitempty"`
	Department *Named      `json:"department,omitempty" doc:"Of a desk or a service."`
	Location   *Named      `json:"location,omitempty" doc:"Of a desk."`
	Closed     bool        `json:"closed" doc:"By itself, or with the department or the location."`
}

// placeSearch is what somebody looks for.
type placeSearch struct {
	kind  agency.Kind
	text  string
	below string // id of a department or a location
	after string // id of the last one that was shown
}

// scope are the ids of the places whose desks and people somebody may see; whole: of the agency.
type scope struct {
	whole bool
	ids   []string
}

func scopeOf(p staff.Person) scope {
	s := scope{whole: p.May(staff.SeeOffices, agency.Place{Kind: agency.OfAgency, ID: p.Agency})}
	for _, held := range p.Roles {
		if p.May(staff.SeeOffices, agency.Place{Kind: held.Kind, ID: held.Place}) {
			s.ids = append(s.ids, held.Place)
		}
	}
	return s
}

// searchPlaces lists a page of what somebody looks for, and one more where there is one. Departments, locations and services
// are no secret among those who see anything of the organisation: whoever makes a desk chooses of them. Of desks, as of
// people, everybody sees their own.
func (s *Service) searchPlaces(ctx context.Context, q db.Q, agencyID string, look placeSearch, may scope) ([]Place, error) {
	switch look.kind {
	case agency.OfLocation:
		return searchLocations(ctx, q, agencyID, look)
	case agency.OfDesk:
		return searchDesks(ctx, q, agencyID, look, may)
	case agency.OfDepartment:
		return few(ctx, q, look, `SELECT id, code, name, '', '', closed_at IS NOT NULL FROM department WHERE agency_id = $1`, agencyID)
	case agency.OfService:
		return few(ctx, q, look, `
			SELECT service.id, service.code, service.name, department.id, department.name, service.closed_at IS NOT NULL FROM service
			JOIN department ON department.agency_id = service.agency_id AND department.id = service.department_id
			WHERE service.agency_id = $1`, agencyID)
	default:
		return nil, nil
	}
}

// text reads one value; empty: there is no such row.
func text(ctx context.Context, q db.Q, query, agencyID, id string) (value string, err error) {
	err = q.QueryRowContext(ctx, query, agencyID, id).Scan(&value)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return "", fmt.Errorf("read row: %w", err)
	}
	return value, nil
}

func searchLocations(ctx context.Context, q db.Q, agencyID string, look placeSearch) ([]Place, error) {
	from, err := text(ctx, q, `SELECT search FROM location WHERE agency_id = $1 AND id = $2`, agencyID, look.after)
	if err != nil {
		return nil, err
	}
	args := []any{agencyID, db.Containing(look.text), from, look.after}
	below := ""
	if look.below != "" {
		args, below = append(args, look.below), ` AND id IN (SELECT location_id FROM desk WHERE agency_id = $1 AND department_id = $5)`
	}
	rows, err := q.QueryContext(ctx, `
		SELECT id, code, name, city, closed_at IS NOT NULL FROM location
		WHERE agency_id = $1 AND search LIKE $2 ESCAPE '!' AND (search, id) > ($3, $4)`+below+`
		ORDER BY search, id LIMIT `+onePage(), args...)
	if err != nil {
		return nil, fmt.Errorf("search locations: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	places := []Place{}
	for rows.Next() {
		p := Place{Kind: agency.OfLocation}
		if err := rows.Scan(&p.ID, &p.Code, &p.Name, &p.City, &p.Closed); err != nil {
			return nil, fmt.Errorf("search locations: %w", err)
		}
		places = append(places, p)
	}
	return places, rows.Err()
}

func searchDesks(ctx context.Context, q db.Q, agencyID string, look placeSearch, may scope) ([]Place, error) {
	from, err := text(ctx, q, `SELECT search FROM desk WHERE agency_id = $1 AND id = $2`, agencyID, look.after)
	if err != nil {
		return nil, err
	}
	args := []any{agencyID, db.Containing(look.text), from, look.after}
	only := ""
	if look.below != "" {
		args = append(args, look.below)
		only = ` AND (desk.department_id = $5 OR desk.location_id = $5)`
	}
	if !may.whole {
		list, ids := db.In(len(args)+1, may.ids)
		args = append(args, ids...)
		only += ` AND (desk.id IN ` + list + ` OR desk.department_id IN ` + list + ` OR desk.location_id IN ` + list + `)`
	}
	rows, err := q.QueryContext(ctx, `
		SELECT desk.id, desk.code, desk.name, department.id, department.name, location.id, location.name, desk.closed_at IS NOT NULL FROM desk
		JOIN department ON department.agency_id = desk.agency_id AND department.id = desk.department_id
		JOIN location ON location.agency_id = desk.agency_id AND location.id = desk.location_id
		WHERE desk.agency_id = $1 AND desk.search LIKE $2 ESCAPE '!' AND (desk.search, desk.id) > ($3, $4)`+only+`
		ORDER BY desk.search, desk.id LIMIT `+onePage(), args...)
	if err != nil {
		return nil, fmt.Errorf("search desks: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	places := []Place{}
	for rows.Next() {
		p := Place{Kind: agency.OfDesk, Department: &Named{}, Location: &Named{}}
		if err := rows.Scan(&p.ID, &p.Code, &p.Name, &p.Department.ID, &p.Department.Name, &p.Location.ID, &p.Location.Name, &p.Closed); err != nil {
			return nil, fmt.Errorf("search desks: %w", err)
		}
		places = append(places, p)
	}
	return places, rows.Err()
}

// few searches what no agency has thousands of, and what has no text in the database to search by.
func few(ctx context.Context, q db.Q, look placeSearch, query, agencyID string) ([]Place, error) {
	rows, err := q.QueryContext(ctx, query, agencyID)
	if err != nil {
		return nil, fmt.Errorf("search places: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	places := []Place{}
	for rows.Next() {
		p, department := Place{Kind: look.kind}, Named{}
		if err := rows.Scan(&p.ID, &p.Code, &p.Name, &department.ID, &department.Name, &p.Closed); err != nil {
			return nil, fmt.Errorf("search places: %w", err)
		}
		if department.ID != "" {
			p.Department = &department
			p.Name = agency.DecodeText(p.Name).In("de")
		}
		if look.below == "" || department.ID == look.below {
			places = append(places, p)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("search places: %w", err)
	}
	return pageOf(places, look), nil
}

func pageOf(places []Place, look placeSearch) []Place {
	text := db.Fold(look.text)
	places = slices.DeleteFunc(places, func(p Place) bool { return !strings.Contains(db.Fold(p.Name+" "+p.Code), text) && p.ID != look.after })
	slices.SortFunc(places, func(a, b Place) int {
		return cmp.Or(strings.Compare(db.Fold(a.Name), db.Fold(b.Name)), strings.Compare(a.ID, b.ID))
	})
	if at := slices.IndexFunc(places, func(p Place) bool { return p.ID == look.after }); at >= 0 {
		places = places[at+1:]
	}
	return places[:min(len(places), pageSize+1)]
}

// Below counts what lies below a place.
type Below struct {
	Departments int `json:"departments,omitempty"`
	Locations   int `json:"locations,omitempty"`
	Desks       int `json:"desks"`
	Services    int `json:"services,omitempty"`
	People      int `json:"people" doc:"Who has a role there or below."`
}

func countBelow(ctx context.Context, q db.Q, agencyID string, place agency.Place) (b Below, err error) {
	count := func(into *int, query string, args ...any) {
		if err == nil {
			err = q.QueryRowContext(ctx, query, args...).Scan(into)
		}
	}
	id := place.ID
	switch place.Kind {
	case agency.OfAgency:
		count(&b.Departments, `SELECT COUNT(*) FROM department WHERE agency_id = $1`, agencyID)
		count(&b.Locations, `SELECT COUNT(*) FROM location WHERE agency_id = $1`, agencyID)
		count(&b.Desks, `SELECT COUNT(*) FROM desk WHERE agency_id = $1`, agencyID)
		count(&b.Services, `SELECT COUNT(*) FROM service WHERE agency_id = $1`, agencyID)
		count(&b.People, `SELECT COUNT(*) FROM staff WHERE agency_id = $1 AND erased_at IS NULL`, agencyID)
	case agency.OfDepartment:
		count(&b.Locations, `SELECT COUNT(DISTINCT location_id) FROM desk WHERE agency_id = $1 AND department_id = $2`, agencyID, id)
		count(&b.Desks, `SELECT COUNT(*) FROM desk WHERE agency_id = $1 AND department_id = $2`, agencyID, id)
		count(&b.Services, `SELECT COUNT(*) FROM service WHERE agency_id = $1 AND department_id = $2`, agencyID, id)
	case agency.OfLocation:
		count(&b.Departments, `SELECT COUNT(DISTINCT department_id) FROM desk WHERE agency_id = $1 AND location_id = $2`, agencyID, id)
		count(&b.Desks, `SELECT COUNT(*) FROM desk WHERE agency_id = $1 AND location_id = $2`, agencyID, id)
	default:
	}
	if place.Kind != agency.OfAgency && place.Kind != agency.OfService {
		count(&b.People, `SELECT COUNT(DISTINCT staff_id) FROM staff_role WHERE agency_id = $1 AND place_id IN (`+belowPlace+`)`, agencyID, id)
	}
	if err != nil {
		return b, fmt.Errorf("count below place: %w", err)
	}
	return b, nil
}

// belowPlace is a place and its desks.
const belowPlace = `SELECT id FROM desk WHERE agency_id = $1 AND (department_id = $2 OR location_id = $2) UNION ALL SELECT CAST($2 AS TEXT)`
