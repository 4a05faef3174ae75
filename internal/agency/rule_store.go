package agency

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"visavis/internal/db"
)

// RulesOf are those for appointments of a service at a desk. What lies where is read anew each time: a rule counts as soon
// as it is decided, also for what was booked before.
func (s *Store) RulesOf(ctx context.Context, q db.Q, agencyID, desk, service string) (Rules, error) {
	v, err := s.Service(ctx, q, agencyID, service)
	if err != nil {
		return nil, err
	}
	decided, err := scanDecisions(q.QueryContext(ctx, `
		SELECT policy.name, policy.place_kind, policy.place_id, policy.value, policy.fixed
		FROM desk JOIN policy ON policy.agency_id = desk.agency_id
		     AND policy.place_id IN (desk.agency_id, desk.department_id, $3, desk.location_id, desk.id)
		WHERE desk.agency_id = $1 AND desk.id = $2`, agencyID, desk, service))
	if err != nil {
		return nil, err
	}
	v.decide(decided)
	return resolve(decided), nil
}

// RulesAt are those that a place has, decided by itself or above.
func (s *Store) RulesAt(ctx context.Context, q db.Q, agencyID string, p Place) (Rules, error) {
	list, args := db.In(2, append(slices.Clone(p.Within), p.ID))
	decided, err := scanDecisions(q.QueryContext(ctx, `
		SELECT name, place_kind, place_id, value, fixed FROM policy WHERE agency_id = $1 AND place_id IN `+list,
		append([]any{agencyID}, args...)...))
	if err != nil {
		return nil, err
	}
	if p.Kind == OfService {
		v, err := s.Service(ctx, q, agencyID, p.ID)
		if err != nil {
			return nil, err
		}
		v.decide(decided)
	}
	return resolve(decided), nil
}

// decide adds what a service says of itself in its own row.
func (v Service) decide(decided map[Rule][]Decision) {
	decided[OpensEarly] = append(decided[OpensEarly], Decision{Kind: OfService, Place: v.ID, Value: v.Early.Minutes()})
	decided[StaysLate] = append(decided[StaysLate], Decision{Kind: OfService, Place: v.ID, Value: v.Late.Minutes()})
}

func scanDecisions(rows interface {
	Next() bool
	Scan(...any) error
	Err() error
	Close() error
}, err error,
) (map[Rule][]Decision, error) {
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	decided := map[Rule][]Decision{}
	for rows.Next() {
		var rule Rule
		var d Decision
		var value string
		if err := rows.Scan(&rule, &d.Kind, &d.Place, &value, &d.Fixed); err != nil {
			return nil, fmt.Errorf("read rules: %w", err)
		}
		if json.Unmarshal([]byte(value), &d.Value) != nil {
			return nil, fmt.Errorf("read rules: %s at %s is no JSON", rule, d.Place)
		}
		decided[rule] = append(decided[rule], d)
	}
	return decided, rows.Err()
}

// Decide lets a place decide a rule: ErrRule if it cannot be decided there or not so, ErrFixed if somebody above has for
// all. By is the member of staff, or empty.
func (s *Store) Decide(ctx context.Context, tx *db.Tx, agencyID string, p Place, rule Rule, value json.RawMessage, fixed bool, by string) error {
	if err := rule.check(p.Kind, value); err != nil {
		return err
	}
	if err := s.undecidedAbove(ctx, tx, agencyID, p, rule); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO policy (agency_id, place_kind, place_id, name, value, fixed, changed_at, changed_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (agency_id, place_id, name) DO UPDATE SET value = $5, fixed = $6, changed_at = $7, changed_by = $8`,
		agencyID, p.Kind, p.ID, rule, string(value), fixed, db.Ms(s.clock()), db.Null(by))
	if err != nil {
		return fmt.Errorf("decide rule: %w", err)
	}
	return nil
}

func (s *Store) undecidedAbove(ctx context.Context, tx *db.Tx, agencyID string, p Place, rule Rule) error {
	list, args := db.In(3, p.Within)
	var n int
	err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM policy WHERE agency_id = $1 AND name = $2 AND fixed AND place_id IN `+list,
		append([]any{agencyID, rule}, args...)...).Scan(&n)
	if err != nil {
		return fmt.Errorf("read rules above: %w", err)
	}
	if n > 0 {
		return ErrFixed
	}
	return nil
}

// Undecide leaves a rule to those above again, and tells whether the place had decided.
func (s *Store) Undecide(ctx context.Context, tx *db.Tx, agencyID string, p Place, rule Rule) (decided bool, err error) {
	if _, known := definitions()[rule]; !known {
		return false, ErrRule
	}
	err = db.Affected(tx.ExecContext(ctx, `DELETE FROM policy WHERE agency_id = $1 AND place_id = $2 AND name = $3`, agencyID, p.ID, rule))
	if errors.Is(err, db.ErrConflict) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("leave rule to others: %w", err)
	}
	return true, nil
}
