package agency

import (
	"context"
	"errors"
	"fmt"
	"time"

	"visavis/internal/db"
	"visavis/internal/vault"
)

// ErrNotFound says that there is no such agency, desk or service (for the caller).
var ErrNotFound = errors.New("agency: not found")

// Store reads and writes the organisation.
type Store struct {
	db    *db.DB
	ring  *vault.Keyring
	zone  *time.Location
	clock func() time.Time
	keys  *Keys
	comes map[Rule]LegalText
	tell  func()
}

// New returns a store. The zone is the one by whose clocks the offices work.
func New(d *db.DB, ring *vault.Keyring, zone *time.Location, clock func() time.Time) *Store {
	s := &Store{db: d, ring: ring, zone: zone, clock: clock, comes: asItComes(), tell: func() {}}
	s.keys = &Keys{ring: ring, in: s.In, read: d.Read(), open: map[string]*vault.DataKey{}}
	return s
}

// Tell names who is told once something was decided that a backup of before does not know (package decided).
func (s *Store) Tell(tell func()) { s.tell = tell }

// One that was given up is there for nobody.
const agencyColumns = `SELECT id, slug, name, phone, phone_hours, COALESCE(host, ''), audit_days, key_wrapped FROM agency WHERE deleted_at IS NULL`

func (s *Store) scan(ctx context.Context, row interface{ Scan(...any) error }) (Agency, error) {
	a := Agency{TimeZone: s.zone.String()}
	var hours string
	err := row.Scan(&a.ID, &a.Slug, &a.Name, &a.Phone, &hours, &a.Host, &a.AuditDays, &a.wrapped)
	if errors.Is(err, db.ErrNoRows) || (err == nil && Hidden(ctx, a.ID)) {
		return Agency{}, ErrNotFound
	}
	if err != nil {
		return Agency{}, fmt.Errorf("read agency: %w", err)
	}
	a.PhoneHours = DecodeText(hours)
	return a, nil
}

// BySlug finds an agency by the name in its links.
func (s *Store) BySlug(ctx context.Context, slug string) (Agency, error) {
	return s.scan(ctx, s.db.Read().QueryRowContext(ctx, agencyColumns+` AND slug = $1`, slug))
}

// ByID finds an agency.
func (s *Store) ByID(ctx context.Context, id string) (Agency, error) {
	return s.In(ctx, s.db.Read(), id)
}

// In is ByID inside a snapshot or a transaction, which must not wait for a second connection: when as many do as there
// are connections, none of them ends.
func (s *Store) In(ctx context.Context, q db.Q, id string) (Agency, error) {
	return s.scan(ctx, q.QueryRowContext(ctx, agencyColumns+` AND id = $1`, id))
}

// Hold keeps others who change an agency's organisation waiting until the transaction ends; db.ErrConflict if there is none.
func (s *Store) Hold(ctx context.Context, tx *db.Tx, id string) error {
	return db.Affected(tx.ExecContext(ctx, `UPDATE agency SET name = name WHERE id = $1`, id))
}

// KeepAudit is for how many days the audit of an agency is kept that has decided nothing (KeptAudit), when the installation
// says so many now: the longest that it has ever said. It remembers that.
func (s *Store) KeepAudit(ctx context.Context, a Agency, says int) (int, error) {
	if says <= a.AuditDays {
		return a.AuditDays, nil
	}
	err := s.db.Retried(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE agency SET audit_days = $1 WHERE id = $2 AND audit_days < $1`, says, a.ID)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("remember for how long the audit is kept: %w", err)
	}
	return says, nil
}

// All lists all agencies by their slugs, for operators and for housekeeping: nobody else looks at more than one.
func (s *Store) All(ctx context.Context) ([]Agency, error) {
	rows, err := s.db.Read().QueryContext(ctx, agencyColumns+` ORDER BY slug`)
	if err != nil {
		return nil, fmt.Errorf("list agencies: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	var all []Agency
	for rows.Next() {
		a, err := s.scan(ctx, rows)
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, rows.Err()
}

// Only finds the one agency of an installation that has no other, or the one under whose host the request came;
// ErrNotFound if there are several, or none.
func (s *Store) Only(ctx context.Context) (Agency, error) {
	if only, bound := ctx.Value(hostKey{}).(string); bound {
		return s.ByID(ctx, only)
	}
	var n int
	if err := s.db.Read().QueryRowContext(ctx, `SELECT COUNT(*) FROM agency WHERE deleted_at IS NULL`).Scan(&n); err != nil {
		return Agency{}, fmt.Errorf("count agencies: %w", err)
	}
	if n != 1 {
		return Agency{}, ErrNotFound
	}
	return s.scan(ctx, s.db.Read().QueryRowContext(ctx, agencyColumns))
}

// Zone is that of the offices' clocks.
func (s *Store) Zone() *time.Location { return s.zone }

// Today is this moment by the clock of the offices.
func (s *Store) Today() time.Time { return s.clock().In(s.zone) }

// Keys opens the agencies' data keys.
func (s *Store) Keys() *Keys { return s.keys }

// Create makes an agency with a fresh data key.
func (s *Store) Create(ctx context.Context, tx *db.Tx, a Agency) (Agency, error) {
	a.ID = vault.NewID()
	var err error
	if a.wrapped, err = s.ring.NewDataKey(); err != nil {
		return a, err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO agency (id, slug, name, phone, phone_hours, host, key_wrapped, created_at)
		VALUES ($1, $2, $3, $4, $5, NULLIF($6, ''), $7, $8)`,
		a.ID, a.Slug, a.Name, a.Phone, a.PhoneHours.Encode(), a.Host, a.wrapped, db.Ms(s.clock()))
	if err != nil {
		return a, fmt.Errorf("create agency: %w", err)
	}
	return a, nil
}

// Change gives an agency another name, telephone number or host. Its name in links never changes: it stands in letters.
func (s *Store) Change(ctx context.Context, tx *db.Tx, a Agency) error {
	err := db.Affected(tx.ExecContext(ctx, `
		UPDATE agency SET name = $1, phone = $2, phone_hours = $3, host = NULLIF($4, '') WHERE id = $5 AND deleted_at IS NULL`,
		a.Name, a.Phone, a.PhoneHours.Encode(), a.Host, a.ID))
	if err != nil {
		return fmt.Errorf("change agency: %w", err)
	}
	return nil
}

const deskColumns = `
	SELECT desk.id, desk.code, desk.name, department.id, department.name, location.id, location.name, location.phone,
	       desk.closed_at IS NOT NULL
	FROM desk
	JOIN department ON department.id = desk.department_id AND department.agency_id = desk.agency_id
	JOIN location ON location.id = desk.location_id AND location.agency_id = desk.agency_id
	WHERE desk.agency_id = $1 `

func scanDesk(row interface{ Scan(...any) error }) (Desk, error) {
	var d Desk
	err := row.Scan(&d.ID, &d.Code, &d.Name, &d.DepartmentID, &d.Department, &d.LocationID, &d.Location, &d.Phone, &d.Closed)
	return d, err
}

// Desks lists some desks of an agency with the names of department and location.
func (s *Store) Desks(ctx context.Context, q db.Q, agencyID string, ids []string) ([]Desk, error) {
	list, args := db.In(2, ids)
	rows, err := q.QueryContext(ctx, deskColumns+`AND desk.id IN `+list+` ORDER BY location.name, department.name, desk.name, desk.id`,
		append([]any{agencyID}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("list desks: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	var desks []Desk
	for rows.Next() {
		d, err := scanDesk(rows)
		if err != nil {
			return nil, fmt.Errorf("list desks: %w", err)
		}
		desks = append(desks, d)
	}
	return desks, rows.Err()
}

// Desk finds one desk.
func (s *Store) Desk(ctx context.Context, q db.Q, agencyID, deskID string) (Desk, error) {
	d, err := scanDesk(q.QueryRowContext(ctx, deskColumns+`AND desk.id = $2`, agencyID, deskID))
	if errors.Is(err, db.ErrNoRows) {
		return d, ErrNotFound
	}
	if err != nil {
		return d, fmt.Errorf("read desk: %w", err)
	}
	return d, nil
}

const serviceColumns = `SELECT id, code, department_id, name, minutes, closed_at IS NOT NULL FROM service`

func scanService(row interface{ Scan(...any) error }) (Service, error) {
	var v Service
	var name string
	var minutes int64
	if err := row.Scan(&v.ID, &v.Code, &v.DepartmentID, &name, &minutes, &v.Closed); err != nil {
		return v, err
	}
	v.Name = DecodeText(name)
	v.Duration = time.Duration(minutes) * time.Minute
	return v, nil
}

// Services lists what some departments offer, the shortest first.
func (s *Store) Services(ctx context.Context, q db.Q, agencyID string, departments []string) ([]Service, error) {
	list, args := db.In(2, departments)
	rows, err := q.QueryContext(ctx, serviceColumns+` WHERE agency_id = $1 AND closed_at IS NULL AND department_id IN `+list+` ORDER BY minutes, name, id`,
		append([]any{agencyID}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("list services: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	var services []Service
	for rows.Next() {
		v, err := scanService(rows)
		if err != nil {
			return nil, fmt.Errorf("list services: %w", err)
		}
		services = append(services, v)
	}
	return services, rows.Err()
}

// Service finds one service.
func (s *Store) Service(ctx context.Context, q db.Q, agencyID, serviceID string) (Service, error) {
	v, err := scanService(q.QueryRowContext(ctx, serviceColumns+` WHERE agency_id = $1 AND id = $2`, agencyID, serviceID))
	if errors.Is(err, db.ErrNoRows) {
		return v, ErrNotFound
	}
	if err != nil {
		return v, fmt.Errorf("read service: %w", err)
	}
	return v, nil
}
