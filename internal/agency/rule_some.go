package agency

import (
	"context"
	"fmt"

	"visavis/internal/db"
)

// Offer is a service at a desk.
type Offer struct{ Desk, Service string }

// SomeRules are RulesOf for many offers, but only of the rules that are named: however many offers there are, two questions
// are asked. None of the named may be one that places say in their own rows (ContactPhone, ContactHours).
func (s *Store) SomeRules(ctx context.Context, q db.Q, agencyID string, offers []Offer, names ...Rule) (map[Offer]Rules, error) {
	above, err := placesAbove(ctx, q, agencyID, offers)
	if err != nil {
		return nil, err
	}
	known, all := map[Rule]definition{}, definitions()
	for _, name := range names {
		known[name] = all[name]
	}
	places := []string{agencyID}
	seen := map[string]bool{agencyID: true}
	for _, o := range offers {
		for _, place := range []string{above[o.Desk].department, above[o.Desk].location, o.Desk, o.Service} {
			if !seen[place] {
				seen[place] = true
				places = append(places, place)
			}
		}
	}
	decided, err := decidedAt(ctx, q, agencyID, known, places)
	if err != nil {
		return nil, err
	}
	out := map[Offer]Rules{}
	for _, o := range offers {
		at := map[Rule][]Decision{}
		for _, place := range []string{agencyID, above[o.Desk].department, o.Service, above[o.Desk].location, o.Desk} {
			for rule, list := range decided[place] {
				at[rule] = append(at[rule], list...)
			}
		}
		out[o] = resolve(known, at)
	}
	return out, nil
}

// deskIn is where a desk lies.
type deskIn struct{ department, location string }

func placesAbove(ctx context.Context, q db.Q, agencyID string, offers []Offer) (map[string]deskIn, error) {
	above, desks := map[string]deskIn{}, []string{}
	for _, o := range offers {
		if _, seen := above[o.Desk]; !seen {
			above[o.Desk] = deskIn{}
			desks = append(desks, o.Desk)
		}
	}
	err := db.InParts([]any{agencyID}, desks, func(list string, args []any) error {
		rows, err := q.QueryContext(ctx, `SELECT id, department_id, location_id FROM desk WHERE agency_id = $1 AND id IN `+list, args...)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }() // read only
		for rows.Next() {
			var desk string
			var in deskIn
			if err := rows.Scan(&desk, &in.department, &in.location); err != nil {
				return err
			}
			above[desk] = in
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read where desks lie: %w", err)
	}
	return above, nil
}

// decidedAt is what places have decided of some rules, by place.
func decidedAt(ctx context.Context, q db.Q, agencyID string, known map[Rule]definition, places []string) (map[string]map[Rule][]Decision, error) {
	decided := map[string]map[Rule][]Decision{}
	first := []any{agencyID}
	var names []string
	for name := range known {
		names = append(names, string(name))
	}
	named, more := db.In(2, names)
	err := db.InParts(append(first, more...), places, func(list string, args []any) error {
		rows, err := q.QueryContext(ctx, `
			SELECT name, place_kind, place_id, value, fixed FROM policy WHERE agency_id = $1 AND name IN `+named+` AND place_id IN `+list, args...)
		if err != nil {
			return fmt.Errorf("read rules: %w", err)
		}
		defer func() { _ = rows.Close() }() // read only
		for rows.Next() {
			var one found
			if err := rows.Scan(&one.rule, &one.Kind, &one.Place, &one.text, &one.Fixed); err != nil {
				return fmt.Errorf("read rules: %w", err)
			}
			if decided[one.Place] == nil {
				decided[one.Place] = map[Rule][]Decision{}
			}
			if err := one.into(known, decided[one.Place]); err != nil {
				return err
			}
		}
		return rows.Err()
	})
	return decided, err
}
