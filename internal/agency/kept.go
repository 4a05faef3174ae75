package agency

import (
	"context"
	"fmt"

	"visavis/internal/db"
)

// KeptAppointmentsOf tells for each service of an agency for how many days its appointments stay. One answer for a whole
// agency: whoever deletes asks once, not for each of a million appointments.
func (s *Store) KeptAppointmentsOf(ctx context.Context, q db.Q, agencyID string) (map[string]int, error) {
	known := definitions()
	decided, err := scanDecisions(known)(q.QueryContext(ctx, `
		SELECT name, place_kind, place_id, value, fixed FROM policy WHERE agency_id = $1 AND name = $2`, agencyID, KeptAppointments))
	if err != nil {
		return nil, err
	}
	rows, err := q.QueryContext(ctx, `SELECT id, department_id FROM service WHERE agency_id = $1`, agencyID)
	if err != nil {
		return nil, fmt.Errorf("read services: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	kept := map[string]int{}
	for rows.Next() {
		p := Place{Kind: OfService, Within: []string{agencyID, ""}}
		if err := rows.Scan(&p.ID, &p.Within[1]); err != nil {
			return nil, fmt.Errorf("read services: %w", err)
		}
		var here []Decision
		for _, one := range decided[KeptAppointments] {
			if p.In(one.Place) {
				here = append(here, one)
			}
		}
		kept[p.ID] = resolve(known, map[Rule][]Decision{KeptAppointments: here}).Days(KeptAppointments)
	}
	return kept, rows.Err()
}
