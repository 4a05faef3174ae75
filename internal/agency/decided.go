package agency

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"visavis/internal/db"
	"visavis/internal/decided"
)

// How long data is kept is what a backup of before must not take back. The list of what was decided has each such decision
// as a word: the value, and whether it counts for all below.
const (
	above      = "above" // it was left to those above again
	fixedBelow = ",fixed"
)

func said(value string, fixed bool) string {
	if fixed {
		return value + fixedBelow
	}
	return value
}

func (s *Store) noteRule(ctx context.Context, tx *db.Tx, agencyID, place string, rule Rule, value string, at time.Time) error {
	if rule.Group() != Kept {
		return nil
	}
	thing := decided.Thing{Agency: agencyID, What: decided.What(rule), Object: place}
	return decided.Note(ctx, tx, decided.Decision{Thing: thing, Value: value, At: at}, s.tell)
}

// MakeGood decides a rule again as it was decided at an earlier time of which the database knows nothing, and tells whether
// that was to be done. What two people had agreed to, and nobody above had forbidden then, is not asked again.
func (s *Store) MakeGood(ctx context.Context, tx *db.Tx, d decided.Decision) (done bool, err error) {
	place, err := s.Place(ctx, tx, d.Agency, d.Object)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	is, err := s.saidAt(ctx, tx, d)
	if err != nil || is == d.Value {
		return false, err
	}
	rule := Rule(d.What)
	if d.Value == above {
		return s.undecide(ctx, tx, d.Agency, place, rule, d.At)
	}
	value, fixed := strings.CutSuffix(d.Value, fixedBelow)
	if _, err := rule.check(place.Kind, []byte(value)); err != nil {
		return false, nil //nolint:nilerr // of a version of this program that took it: another decision counts
	}
	return true, s.write(ctx, tx, d.Agency, place, rule, value, fixed, "", d.At)
}

// saidAt is what a place has decided of a rule, as a word.
func (s *Store) saidAt(ctx context.Context, tx *db.Tx, d decided.Decision) (string, error) {
	var value string
	var fixed bool
	err := tx.QueryRowContext(ctx, `SELECT value, fixed FROM policy WHERE agency_id = $1 AND place_id = $2 AND name = $3`, d.Agency, d.Object, d.What).
		Scan(&value, &fixed)
	if errors.Is(err, db.ErrNoRows) {
		return above, nil
	}
	if err != nil {
		return "", fmt.Errorf("read rule: %w", err)
	}
	return said(value, fixed), nil
}
