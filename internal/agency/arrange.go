package agency

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"visavis/internal/db"
	"visavis/internal/vault"
)

// Here places are made and changed, by whomever. An import does it thousands of times, so the statements are prepared. What
// is closed stays closed since it first was.

// since is when something was closed, for what is closed.
func (s *Store) since(closed bool) *int64 {
	if !closed {
		return nil
	}
	return new(db.Ms(s.clock()))
}

// CreateDepartment makes a department.
func (s *Store) CreateDepartment(ctx context.Context, tx *db.Tx, agencyID string, d Department) (Department, error) {
	d.ID = vault.NewID()
	d.Code = cmp.Or(d.Code, d.ID)
	err := tx.Prepared().Exec(ctx, `INSERT INTO department (id, agency_id, code, name, closed_at) VALUES ($1, $2, $3, $4, $5)`,
		d.ID, agencyID, d.Code, d.Name, s.since(d.Closed))
	if err != nil {
		return d, fmt.Errorf("create department: %w", err)
	}
	return d, nil
}

// ChangeDepartment gives a department another name, closes or opens it.
func (s *Store) ChangeDepartment(ctx context.Context, tx *db.Tx, agencyID string, d Department) error {
	err := db.Affected(tx.Prepared().ExecContext(ctx, `
		UPDATE department SET name = $1, closed_at = CASE WHEN CAST($2 AS BIGINT) IS NULL THEN NULL ELSE COALESCE(closed_at, $2) END
		WHERE agency_id = $3 AND id = $4`, d.Name, s.since(d.Closed), agencyID, d.ID))
	if err != nil {
		return fmt.Errorf("change department: %w", err)
	}
	return nil
}

// CreateLocation makes a location.
func (s *Store) CreateLocation(ctx context.Context, tx *db.Tx, agencyID string, l Location) (Location, error) {
	l.ID = vault.NewID()
	l.Code = cmp.Or(l.Code, l.ID)
	err := tx.Prepared().Exec(ctx, `
		INSERT INTO location (id, agency_id, code, name, city, phone, search, closed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		l.ID, agencyID, l.Code, l.Name, l.City, l.Phone, l.Search(), s.since(l.Closed))
	if err != nil {
		return l, fmt.Errorf("create location: %w", err)
	}
	return l, nil
}

// ChangeLocation gives a location another name, city or telephone, closes or opens it.
func (s *Store) ChangeLocation(ctx context.Context, tx *db.Tx, agencyID string, l Location) error {
	err := db.Affected(tx.Prepared().ExecContext(ctx, `
		UPDATE location SET name = $1, city = $2, phone = $3, search = $4,
		       closed_at = CASE WHEN CAST($5 AS BIGINT) IS NULL THEN NULL ELSE COALESCE(closed_at, $5) END
		WHERE agency_id = $6 AND id = $7`, l.Name, l.City, l.Phone, l.Search(), s.since(l.Closed), agencyID, l.ID))
	if err != nil {
		return fmt.Errorf("change location: %w", err)
	}
	return nil
}

// CreateDesk makes a desk; department and location must be of the same agency. Follow comes after it.
func (s *Store) CreateDesk(ctx context.Context, tx *db.Tx, agencyID string, d Desk) (Desk, error) {
	d.ID = vault.NewID()
	d.Code = cmp.Or(d.Code, d.ID)
	err := db.Affected(tx.Prepared().ExecContext(ctx, `
		INSERT INTO desk (id, agency_id, department_id, location_id, code, name, search, shut_at)
		SELECT $1, $2, department.id, location.id, $5, $6, $7, CAST($8 AS BIGINT) FROM department, location
		WHERE department.id = $3 AND department.agency_id = $2 AND location.id = $4 AND location.agency_id = $2`,
		d.ID, agencyID, d.DepartmentID, d.LocationID, d.Code, d.Name, d.Search(), s.since(d.Shut)))
	if err != nil {
		return d, fmt.Errorf("create desk: %w", err)
	}
	return d, nil
}

// ChangeDesk gives a desk another name or location, which must be of the same agency, closes or opens it. Follow comes after
// it. A desk never changes its department.
func (s *Store) ChangeDesk(ctx context.Context, tx *db.Tx, agencyID string, d Desk) error {
	err := db.Affected(tx.Prepared().ExecContext(ctx, `
		UPDATE desk SET name = $1, location_id = $2, search = $3,
		       shut_at = CASE WHEN CAST($4 AS BIGINT) IS NULL THEN NULL ELSE COALESCE(shut_at, $4) END
		WHERE agency_id = $5 AND id = $6 AND EXISTS (SELECT 1 FROM location WHERE location.agency_id = $5 AND location.id = $2)`,
		d.Name, d.LocationID, d.Search(), s.since(d.Shut), agencyID, d.ID))
	if err != nil {
		return fmt.Errorf("change desk: %w", err)
	}
	return nil
}

// CreateService makes a service; its department must be of the same agency.
func (s *Store) CreateService(ctx context.Context, tx *db.Tx, agencyID string, v Service) (Service, error) {
	v.ID = vault.NewID()
	v.Code = cmp.Or(v.Code, v.ID)
	err := db.Affected(tx.Prepared().ExecContext(ctx, `
		INSERT INTO service (id, agency_id, department_id, code, name, minutes, closed_at)
		SELECT $1, $2, department.id, $4, $5, CAST($6 AS BIGINT), CAST($7 AS BIGINT) FROM department
		WHERE department.id = $3 AND department.agency_id = $2`,
		v.ID, agencyID, v.DepartmentID, v.Code, v.Name.Encode(), int64(v.Duration/time.Minute), s.since(v.Closed)))
	if err != nil {
		return v, fmt.Errorf("create service: %w", err)
	}
	return v, nil
}

// ChangeService gives a service another name or length, closes or opens it. It never changes its department.
func (s *Store) ChangeService(ctx context.Context, tx *db.Tx, agencyID string, v Service) error {
	err := db.Affected(tx.Prepared().ExecContext(ctx, `
		UPDATE service SET name = $1, minutes = $2,
		       closed_at = CASE WHEN CAST($3 AS BIGINT) IS NULL THEN NULL ELSE COALESCE(closed_at, $3) END
		WHERE agency_id = $4 AND id = $5`, v.Name.Encode(), int64(v.Duration/time.Minute), s.since(v.Closed), agencyID, v.ID))
	if err != nil {
		return fmt.Errorf("change service: %w", err)
	}
	return nil
}

// Follow closes the desks of what is closed, and opens those that were closed only with it. Who calls it has taken all of
// them already.
func (s *Store) Follow(ctx context.Context, tx *db.Tx, agencyID string) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE desk SET closed_at = $2 WHERE agency_id = $1 AND closed_at IS NULL AND (shut_at IS NOT NULL
		   OR department_id IN (SELECT id FROM department WHERE agency_id = $1 AND closed_at IS NOT NULL)
		   OR location_id IN (SELECT id FROM location WHERE agency_id = $1 AND closed_at IS NOT NULL))`, agencyID, db.Ms(s.clock()))
	if err != nil {
		return fmt.Errorf("close desks: %w", err)
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE desk SET closed_at = NULL WHERE agency_id = $1 AND closed_at IS NOT NULL AND shut_at IS NULL
		   AND department_id IN (SELECT id FROM department WHERE agency_id = $1 AND closed_at IS NULL)
		   AND location_id IN (SELECT id FROM location WHERE agency_id = $1 AND closed_at IS NULL)`, agencyID)
	if err != nil {
		return fmt.Errorf("open desks: %w", err)
	}
	return nil
}
