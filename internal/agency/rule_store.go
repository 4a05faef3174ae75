package agency

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"visavis/internal/db"
)

// RulesOf are those for appointments of a service at a desk. What lies where is read anew each time: a rule counts as soon
// as it is decided, also for what was booked before.
func (s *Store) RulesOf(ctx context.Context, q db.Q, agencyID, desk, service string) (Rules, error) {
	own, err := ownOf(ctx, q, agencyID, desk, service)
	if err != nil {
		return nil, err
	}
	known := definitions()
	decided, err := scanDecisions(known)(q.QueryContext(ctx, `
		SELECT policy.name, policy.place_kind, policy.place_id, policy.value, policy.fixed
		FROM desk JOIN policy ON policy.agency_id = desk.agency_id
		     AND policy.place_id IN (desk.agency_id, desk.department_id, $3, desk.location_id, desk.id)
		WHERE desk.agency_id = $1 AND desk.id = $2`, agencyID, desk, service))
	if err != nil {
		return nil, err
	}
	return resolve(known, own.before(decided)), nil
}

// RulesAt are those that a place has, decided by itself or above.
func (s *Store) RulesAt(ctx context.Context, q db.Q, agencyID string, p Place) (Rules, error) {
	ids, args := db.In(2, append(slices.Clone(p.Within), p.ID))
	args = append([]any{agencyID}, args...)
	own, err := ownAt(ctx, q, agencyID, ids, args)
	if err != nil {
		return nil, err
	}
	known := definitions()
	decided, err := scanDecisions(known)(q.QueryContext(ctx, `
		SELECT name, place_kind, place_id, value, fixed FROM policy WHERE agency_id = $1 AND place_id IN `+ids, args...))
	if err != nil {
		return nil, err
	}
	return resolve(known, own.before(decided)), nil
}

// BesideAt are the rules that departments and services decide for some of what is booked at a location or a desk, each with
// whether that is fixed, so that it counts more than what the place decides itself.
func (s *Store) BesideAt(ctx context.Context, q db.Q, agencyID string, p Place) (map[Rule]bool, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT DISTINCT policy.name, policy.place_id, policy.fixed
		FROM desk JOIN service ON service.agency_id = desk.agency_id AND service.department_id = desk.department_id AND service.closed_at IS NULL
		JOIN policy ON policy.agency_id = desk.agency_id AND policy.place_id IN (desk.department_id, service.id)
		WHERE desk.agency_id = $1 AND desk.closed_at IS NULL AND (desk.id = $2 OR desk.location_id = $2)`, agencyID, p.ID)
	if err != nil {
		return nil, fmt.Errorf("read rules beside: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	beside := map[Rule]bool{}
	for rows.Next() {
		var rule Rule
		var by string
		var fixed bool
		if err := rows.Scan(&rule, &by, &fixed); err != nil {
			return nil, fmt.Errorf("read rules beside: %w", err)
		}
		if !p.In(by) { // what the place lies in decides for all of it
			beside[rule] = beside[rule] || fixed
		}
	}
	return beside, rows.Err()
}

// OwnRules are the rules that a place has decided, whether or not that counts there.
func (s *Store) OwnRules(ctx context.Context, q db.Q, agencyID, placeID string) ([]Rule, error) {
	names, err := db.Texts(q.QueryContext(ctx, `SELECT name FROM policy WHERE agency_id = $1 AND place_id = $2`, agencyID, placeID))
	if err != nil {
		return nil, fmt.Errorf("read rules of a place: %w", err)
	}
	own := make([]Rule, 0, len(names))
	for _, name := range names {
		own = append(own, Rule(name))
	}
	return own, nil
}

// SpokenAt are the languages that are offered at some desks.
func (s *Store) SpokenAt(ctx context.Context, q db.Q, agencyID string, desks []string) (map[string][]string, error) {
	ids, args := db.In(3, desks)
	rows, err := q.QueryContext(ctx, `
		SELECT desk.id, policy.place_kind, policy.place_id, policy.value, policy.fixed
		FROM desk JOIN policy ON policy.agency_id = desk.agency_id AND policy.name = $2
		     AND policy.place_id IN (desk.agency_id, desk.department_id, desk.location_id, desk.id)
		WHERE desk.agency_id = $1 AND desk.id IN `+ids, append([]any{agencyID, SpokenLanguages}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read languages: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	known, decided := definitions(), map[string]map[Rule][]Decision{}
	for rows.Next() {
		var desk string
		one := found{rule: SpokenLanguages}
		if err := rows.Scan(&desk, &one.Kind, &one.Place, &one.text, &one.Fixed); err != nil {
			return nil, fmt.Errorf("read languages: %w", err)
		}
		if decided[desk] == nil {
			decided[desk] = map[Rule][]Decision{}
		}
		if err := one.into(known, decided[desk]); err != nil {
			return nil, err
		}
	}
	out := map[string][]string{}
	for _, desk := range desks {
		out[desk] = resolve(known, decided[desk]).Some(SpokenLanguages)
	}
	return out, rows.Err()
}

// ownRows are what places say of themselves in their own rows; empty where there is no such place.
type ownRows struct {
	agency, phone, hours, location, dial string
}

func ownOf(ctx context.Context, q db.Q, agencyID, desk, service string) (ownRows, error) {
	o := ownRows{agency: agencyID}
	err := q.QueryRowContext(ctx, `
		SELECT agency.phone, agency.phone_hours, location.id, location.phone
		FROM desk
		JOIN agency ON agency.id = desk.agency_id
		JOIN location ON location.agency_id = desk.agency_id AND location.id = desk.location_id
		JOIN service ON service.agency_id = desk.agency_id AND service.id = $3
		WHERE desk.agency_id = $1 AND desk.id = $2`, agencyID, desk, service).
		Scan(&o.phone, &o.hours, &o.location, &o.dial)
	if errors.Is(err, db.ErrNoRows) {
		return o, ErrNotFound
	}
	if err != nil {
		return o, fmt.Errorf("read what places say of themselves: %w", err)
	}
	return o, nil
}

func ownAt(ctx context.Context, q db.Q, agencyID, ids string, args []any) (ownRows, error) {
	o := ownRows{agency: agencyID}
	err := q.QueryRowContext(ctx, `
		SELECT agency.phone, agency.phone_hours, COALESCE(location.id, ''), COALESCE(location.phone, '')
		FROM agency
		LEFT JOIN location ON location.agency_id = $1 AND location.id IN `+ids+`
		WHERE agency.id = $1`, args...).Scan(&o.phone, &o.hours, &o.location, &o.dial)
	if err != nil {
		return o, fmt.Errorf("read what places say of themselves: %w", err)
	}
	return o, nil
}

// before puts them before what was decided: a decision of the same place counts more.
func (o ownRows) before(decided map[Rule][]Decision) map[Rule][]Decision {
	first := func(rule Rule, kind Kind, place string, value any) {
		decided[rule] = append([]Decision{{Kind: kind, Place: place, Value: value, Own: true}}, decided[rule]...)
	}
	if o.dial != "" {
		first(ContactPhone, OfLocation, o.location, o.dial)
	}
	if o.phone != "" {
		first(ContactPhone, OfAgency, o.agency, o.phone)
	}
	if hours := DecodeText(o.hours); hours.In("") != "" {
		first(ContactHours, OfAgency, o.agency, asValue(hours))
	}
	return decided
}

func asValue(t Text) map[string]any {
	said := map[string]any{}
	for language, text := range t {
		said[language] = text
	}
	return said
}

// decisions are rows of them, as the database gives them.
type decisions interface {
	Next() bool
	Scan(into ...any) error
	Err() error
	Close() error
}

func scanDecisions(known map[Rule]definition) func(decisions, error) (map[Rule][]Decision, error) {
	return func(rows decisions, err error) (map[Rule][]Decision, error) {
		if err != nil {
			return nil, fmt.Errorf("read rules: %w", err)
		}
		defer func() { _ = rows.Close() }() // read only
		decided := map[Rule][]Decision{}
		for rows.Next() {
			var one found
			if err := rows.Scan(&one.rule, &one.Kind, &one.Place, &one.text, &one.Fixed); err != nil {
				return nil, fmt.Errorf("read rules: %w", err)
			}
			if err := one.into(known, decided); err != nil {
				return nil, err
			}
		}
		return decided, rows.Err()
	}
}

// found is a decision as it is stored.
type found struct {
	Decision
	rule Rule
	text string
}

// into leaves out what a version of this program took that is not this one: a decision above it still counts.
func (f found) into(known map[Rule]definition, decided map[Rule][]Decision) error {
	var v any
	if json.Unmarshal([]byte(f.text), &v) != nil {
		return fmt.Errorf("read rules: %s at %s is no JSON", f.rule, f.Place)
	}
	value, fits := known[f.rule].form.take(v)
	if fits {
		f.Value = value
		decided[f.rule] = append(decided[f.rule], f.Decision)
	}
	return nil
}

// Decide lets a place decide a rule: ErrRule if it cannot be decided there or not so, a picture.Error if a file is no
// picture, ErrFixed if somebody above has for all,
// ErrUnfixable. By is the member of staff, or empty. It returns what the audit may hold
// of the value.
func (s *Store) Decide(ctx context.Context, tx *db.Tx, agencyID string, p Place, rule Rule, value json.RawMessage, fixed bool, by string) (code string, err error) {
	if rule == OwnLogo {
		if value, err = s.keepLogo(ctx, tx, agencyID, p, value); err != nil {
			return "", err
		}
	}
	v, err := s.decidable(ctx, tx, agencyID, p, rule, value, fixed)
	if err != nil {
		return "", err
	}
	stored, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("decide rule: %w", err)
	}
	if said, is := v.(map[string]any); is && definitions()[rule].kept {
		if err := s.KeepLegal(ctx, tx, agencyID, LegalText{Version: versionOf(v), said: said}); err != nil {
			return "", err
		}
	}
	return rule.Form().code(v), s.write(ctx, tx, agencyID, p, rule, string(stored), fixed, by, s.clock())
}

// write writes a decision that may be made, or was at that time.
func (s *Store) write(ctx context.Context, tx *db.Tx, agencyID string, p Place, rule Rule, value string, fixed bool, by string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO policy (agency_id, place_kind, place_id, name, value, fixed, changed_at, changed_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (agency_id, place_id, name) DO UPDATE SET value = $5, fixed = $6, changed_at = $7, changed_by = $8`,
		agencyID, p.Kind, p.ID, rule, value, fixed, db.Ms(at), db.Null(by))
	if err != nil {
		return fmt.Errorf("decide rule: %w", err)
	}
	return s.noteRule(ctx, tx, agencyID, p.ID, rule, said(value, fixed), at)
}

// Decidable tells whether a place could decide so now, and what the audit may hold of the value.
func (s *Store) Decidable(ctx context.Context, tx *db.Tx, agencyID string, p Place, rule Rule, value json.RawMessage, fixed bool) (code string, err error) {
	v, err := s.decidable(ctx, tx, agencyID, p, rule, value, fixed)
	if err != nil {
		return "", err
	}
	return rule.Form().code(v), nil
}

func (s *Store) decidable(ctx context.Context, tx *db.Tx, agencyID string, p Place, rule Rule, value json.RawMessage, fixed bool) (any, error) {
	v, err := rule.check(p.Kind, value)
	if err != nil {
		return nil, err
	}
	if fixed && !rule.Fixable(p.Kind) {
		return nil, ErrUnfixable
	}
	return v, s.undecidedAbove(ctx, tx, agencyID, p, rule)
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
	return s.undecide(ctx, tx, agencyID, p, rule, s.clock())
}

func (s *Store) undecide(ctx context.Context, tx *db.Tx, agencyID string, p Place, rule Rule, at time.Time) (decided bool, err error) {
	err = db.Affected(tx.ExecContext(ctx, `DELETE FROM policy WHERE agency_id = $1 AND place_id = $2 AND name = $3`, agencyID, p.ID, rule))
	if errors.Is(err, db.ErrConflict) {
		return false, nil
	}
	if err == nil && rule == OwnLogo {
		err = s.dropLogo(ctx, tx, agencyID, p)
	}
	if err != nil {
		return false, fmt.Errorf("leave rule to others: %w", err)
	}
	return true, s.noteRule(ctx, tx, agencyID, p.ID, rule, above, at)
}
