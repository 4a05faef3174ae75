package staff

import (
	"context"
	"errors"
	"fmt"

	"visavis/internal/db"
	"visavis/internal/staff/oidc"
)

// byDirectory finds the account that the agency's directory has named before as the provider does now (package scim
// writes staff_directory); db.ErrNoRows if there is none. A user name may be given to a successor, as an address may: it
// finds nobody whom the provider would have to name otherwise, and nobody who reaches the whole agency.
func (s *Service) byDirectory(ctx context.Context, tx *db.Tx, v Provider, e entry) (candidate, error) {
	if id := one(e.who, v.ExternalIDClaim); id != "" {
		c, err := s.directoryEntry(ctx, tx, e.agency, directoryBy+`d.external_id = $2`, id)
		if !errors.Is(err, db.ErrNoRows) {
			return c, err
		}
	}
	name := FoldName(one(e.who, v.UserNameClaim))
	if name == "" {
		return candidate{}, db.ErrNoRows
	}
	query := directoryBy + `d.user_key = $2`
	if v.ExternalIDClaim != "" {
		query = directoryBy + `d.user_key = $2 AND d.external_id = ''`
	}
	c, err := s.directoryEntry(ctx, tx, e.agency, query, name)
	c.bound = c.bound || c.whole
	return c, err
}

// one is the value of a claim that has exactly one.
func one(who oidc.Identity, claim string) string {
	if claim == "" {
		return ""
	}
	values, _ := who.Values(claim)
	if len(values) != 1 {
		return ""
	}
	return values[0]
}

const directoryBy = `
	SELECT staff.id, staff.agency_id, staff.name, staff.email, staff.disabled_at FROM staff_directory d
	JOIN staff ON staff.agency_id = d.agency_id AND staff.id = d.staff_id
	WHERE d.agency_id = $1 AND d.removed_at IS NULL AND `

func (s *Service) directoryEntry(ctx context.Context, tx *db.Tx, agencyID, query, value string) (candidate, error) {
	var c candidate
	var disabled *int64
	err := tx.QueryRowContext(ctx, query, agencyID, value).Scan(&c.ID, &c.Agency, &c.Name, &c.Email, &disabled)
	if errors.Is(err, db.ErrNoRows) {
		return c, err
	}
	if err != nil {
		return c, fmt.Errorf("read directory: %w", err)
	}
	c.disabled = disabled != nil
	return c, s.standing(ctx, tx, agencyID, &c)
}

// FoldName is how names that people sign in with are compared.
func FoldName(name string) string { return normalEmail(name) }

// ReachesAll tells whether somebody has a role for the whole agency, now or later, whoever gave it.
func (s *Service) ReachesAll(ctx context.Context, tx *db.Tx, agencyID, staffID string) (bool, error) {
	c := candidate{Person: Person{ID: staffID, Agency: agencyID}}
	err := s.standing(ctx, tx, agencyID, &c)
	return c.whole, err
}
