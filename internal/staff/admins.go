package staff

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"visavis/internal/agency"
	"visavis/internal/db"
)

// An agency that somebody administers is never left without: whoever disables an account or takes a role asks here first.

// ErrLastAdmin says that nobody would administer the agency any more.
var ErrLastAdmin = errors.New("nobody else administers the agency")

// Administered runs a change of accounts and roles. It refuses one after which nobody administers an agency that somebody
// did before; the transaction is to be undone then.
func (s *Service) Administered(ctx context.Context, tx *db.Tx, agencyID string, change func() error) error {
	before, err := s.adminships(ctx, tx, agencyID)
	if err != nil {
		return err
	}
	if err := change(); err != nil || len(before) == 0 {
		return err
	}
	after, err := s.adminships(ctx, tx, agencyID)
	if err == nil && len(after) == 0 {
		err = ErrLastAdmin
	}
	return err
}

// OnlyAdmin tells whether nobody could administer the agency without a person.
func (s *Service) OnlyAdmin(ctx context.Context, q db.Q, agencyID, staffID string) (bool, error) {
	all, err := s.adminships(ctx, q, agencyID)
	for one := range all {
		if one.staff != staffID {
			return false, err
		}
	}
	return len(all) > 0, err
}

// adminship is why somebody may administer the whole agency: one source is enough.
type adminship struct {
	staff  string
	source Source
}

// keepAdmin takes those out of what is to be taken without whom nobody could administer the agency.
func (s *Service) keepAdmin(ctx context.Context, tx *db.Tx, agencyID string, take *moves) (kept bool, err error) {
	held := Held{Role: AgencyAdmin, Kind: agency.OfAgency, Place: agencyID}
	if len(take.who[held]) == 0 {
		return false, nil
	}
	left, err := s.adminships(ctx, tx, agencyID)
	if err != nil {
		return false, err
	}
	take.who[held] = slices.DeleteFunc(take.who[held], func(id string) bool {
		own := adminship{id, take.from}
		if others := len(left); others == 0 || others == 1 && left[own] {
			kept = true
			return true
		}
		delete(left, own)
		return false
	})
	return kept, nil
}

// adminships are all who administer the agency at present, and by whom.
func (s *Service) adminships(ctx context.Context, q db.Q, agencyID string) (map[adminship]bool, error) {
	list, err := s.Admins(ctx, q, agencyID)
	all := map[adminship]bool{}
	for _, one := range list {
		if !one.Disabled {
			all[adminship{one.Staff, one.Source}] = true
		}
	}
	return all, err
}

// Admin is somebody with the role that administers an agency.
type Admin struct {
	Staff, Email string
	Source       Source
	Disabled     bool
	Decided      bool // by people, for good: an import can take it
}

// Admins are all whose role that administers the agency counts at present, once for each who gave it.
func (s *Service) Admins(ctx context.Context, q db.Q, agencyID string) ([]Admin, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT staff.id, staff.email, r.source, staff.disabled_at IS NOT NULL, r.source IN ('hand', 'import') AND r.until_at IS NULL
		FROM staff_role r JOIN staff ON staff.agency_id = r.agency_id AND staff.id = r.staff_id
		WHERE r.agency_id = $1 AND r.role = $3 AND `+inForce, agencyID, db.Ms(s.o.Clock()), AgencyAdmin)
	if err != nil {
		return nil, fmt.Errorf("list administrators: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	var all []Admin
	for rows.Next() {
		var one Admin
		if err := rows.Scan(&one.Staff, &one.Email, &one.Source, &one.Disabled, &one.Decided); err != nil {
			return nil, fmt.Errorf("list administrators: %w", err)
		}
		all = append(all, one)
	}
	return all, rows.Err()
}
