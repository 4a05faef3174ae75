package today

import (
	"context"
	"fmt"
	"time"

	"visavis/internal/db"
)

// Late is by how many minutes a desk of the person, or somebody there, says to be late.
type Late struct {
	Who     string `json:"who"` // id of the desk or the colleague
	Minutes int64  `json:"minutes"`
}

func (s store) late(ctx context.Context, q db.Q, now time.Time) ([]Late, error) {
	desks, args := s.own(db.Ms(now))
	found, err := q.QueryContext(ctx, `
		SELECT l.who, l.minutes FROM late l
		WHERE l.agency_id = $1 AND l.until_at > $2 AND (
		      l.who IN `+desks+`
		   OR l.who IN (SELECT c.staff_id FROM staff_desk c JOIN staff ON staff.agency_id = c.agency_id AND staff.id = c.staff_id
		                WHERE c.agency_id = $1 AND staff.disabled_at IS NULL AND c.desk_id IN `+desks+`))
		ORDER BY l.who`, args...)
	if err != nil {
		return nil, fmt.Errorf("read who is late: %w", err)
	}
	defer func() { _ = found.Close() }() // read only
	list := []Late{}
	for found.Next() {
		var l Late
		if err := found.Scan(&l.Who, &l.Minutes); err != nil {
			return nil, fmt.Errorf("read who is late: %w", err)
		}
		list = append(list, l)
	}
	return list, found.Err()
}
