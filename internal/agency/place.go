package agency

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"visavis/internal/db"
)

// Kind is a level of the organisation.
type Kind string

// The levels, from above.
const (
	OfAgency     Kind = "agency"
	OfDepartment Kind = "department"
	OfService    Kind = "service"
	OfLocation   Kind = "location"
	OfDesk       Kind = "desk"
)

// Place is a part of the organisation, with what it lies in: a service in its department, a desk in its department and
// its location, and all of them in the agency.
type Place struct {
	Kind   Kind
	ID     string
	Name   string
	Within []string // ids, the agency first
}

// In tells whether the place is another one, or lies in it.
func (p Place) In(id string) bool { return p.ID == id || slices.Contains(p.Within, id) }

// places finds any part of an agency by its id, with the department and the location that it lies in.
const places = `
	SELECT 'agency', id, name, '', '' FROM agency WHERE agency.id = $1 AND agency.id = $2
	UNION ALL SELECT 'department', id, name, '', '' FROM department WHERE agency_id = $1 AND id = $2
	UNION ALL SELECT 'service', id, name, department_id, '' FROM service WHERE agency_id = $1 AND id = $2
	UNION ALL SELECT 'location', id, name, '', '' FROM location WHERE agency_id = $1 AND id = $2
	UNION ALL SELECT 'desk', id, name, department_id, location_id FROM desk WHERE agency_id = $1 AND id = $2`

// Place finds a part of an agency, also one that is closed.
func (s *Store) Place(ctx context.Context, q db.Q, agencyID, id string) (Place, error) {
	var p Place
	var department, location string
	err := q.QueryRowContext(ctx, places, agencyID, id).Scan(&p.Kind, &p.ID, &p.Name, &department, &location)
	if errors.Is(err, db.ErrNoRows) {
		return Place{}, ErrNotFound
	}
	if err != nil {
		return Place{}, fmt.Errorf("read place: %w", err)
	}
	for _, above := range []string{agencyID, department, location} {
		if above != "" && above != p.ID {
			p.Within = append(p.Within, above)
		}
	}
	if p.Kind == OfService {
		p.Name = DecodeText(p.Name).In("de")
	}
	return p, nil
}

// Places finds parts of an agency, also closed ones; what is not there is left out. For names: what they lie in is not said.
func (s *Store) Places(ctx context.Context, q db.Q, agencyID string, ids []string) ([]Place, error) {
	list, args := db.In(2, ids)
	rows, err := q.QueryContext(ctx, `
		SELECT 'agency', id, name FROM agency WHERE agency.id = $1 AND agency.id IN `+list+`
		UNION ALL SELECT 'department', id, name FROM department WHERE agency_id = $1 AND id IN `+list+`
		UNION ALL SELECT 'service', id, name FROM service WHERE agency_id = $1 AND id IN `+list+`
		UNION ALL SELECT 'location', id, name FROM location WHERE agency_id = $1 AND id IN `+list+`
		UNION ALL SELECT 'desk', id, name FROM desk WHERE agency_id = $1 AND id IN `+list+`
		ORDER BY 2`, append([]any{agencyID}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("list places: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	var all []Place
	for rows.Next() {
		var p Place
		if err := rows.Scan(&p.Kind, &p.ID, &p.Name); err != nil {
			return nil, fmt.Errorf("list places: %w", err)
		}
		if p.Kind == OfService {
			p.Name = DecodeText(p.Name).In("de")
		}
		all = append(all, p)
	}
	return all, rows.Err()
}

// placesByCode finds what is in use.
const placesByCode = `
	SELECT id FROM department WHERE agency_id = $1 AND code = $2 AND $3 = 'department' AND closed_at IS NULL
	UNION ALL SELECT id FROM location WHERE agency_id = $1 AND code = $2 AND $3 = 'location' AND closed_at IS NULL
	UNION ALL SELECT id FROM desk WHERE agency_id = $1 AND code = $2 AND $3 = 'desk' AND closed_at IS NULL`

// PlaceByCode finds the id of a place by what the agency itself calls it. The agency has no code.
func (s *Store) PlaceByCode(ctx context.Context, q db.Q, agencyID string, kind Kind, code string) (id string, err error) {
	if kind == OfAgency {
		return agencyID, nil
	}
	err = q.QueryRowContext(ctx, placesByCode, agencyID, code, kind).Scan(&id)
	if errors.Is(err, db.ErrNoRows) {
		return "", ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("find place: %w", err)
	}
	return id, nil
}

// Search is what people find a location by.
func (l Location) Search() string { return db.Fold(l.Name + " " + l.City + " " + l.Code) }

// Search is what people find a desk by.
func (d Desk) Search() string { return db.Fold(d.Name + " " + d.Code) }
