package talk

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/staff"
)

// Others are those who wait at the person's desks: how many, and which appointment is next. Without names, as the window
// may be on a screen that is shown.
type Others struct {
	Count int   `json:"count"`
	Next  *Next `json:"next,omitempty"`
}

// Next is the appointment of who has waited longest of those whom the person may call in; whose talk was interrupted comes
// before all others, as in the list.
type Next struct {
	Since       int64  `json:"since"`
	StartsAt    int64  `json:"startsAt"`
	Service     string `json:"service"`
	ServiceName string `json:"serviceName"`
}

// String tells whether others wait than before.
func (o Others) String() string {
	if o.Next == nil {
		return fmt.Sprint(o.Count)
	}
	return fmt.Sprintf("%d.%d.%d", o.Count, o.Next.Since, o.Next.StartsAt)
}

// The desks are those of the person at this moment: staff_desk still has a role that is just over.
func (s *Service) others(ctx context.Context, q db.Q, p staff.Person) (Others, error) {
	var o Others
	if p.Pairing() != "" {
		return o, nil // whoever waits is the list's business
	}
	desks, args := db.In(2, p.Desks)
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM seat WHERE agency_id = $1 AND role = 'citizen' AND state = 'waiting' AND desk_id IN `+desks,
		append([]any{p.Agency}, args...)...).Scan(&o.Count)
	if err != nil {
		return o, fmt.Errorf("count waiting seats: %w", err)
	}
	if o.Count == 0 {
		return o, nil
	}
	var n Next
	var service string
	desks, args = db.In(2, slices.DeleteFunc(slices.Clone(p.Desks), func(desk string) bool { return !p.MayTalk(desk) }))
	err = q.QueryRowContext(ctx, `
		SELECT seat.arrived_at, a.starts_at, v.id, v.name FROM seat
		JOIN appointment a ON a.agency_id = seat.agency_id AND a.id = seat.appointment_id
		JOIN service v ON v.agency_id = a.agency_id AND v.id = a.service_id
		WHERE seat.agency_id = $1 AND seat.role = 'citizen' AND seat.state = 'waiting' AND seat.desk_id IN `+desks+`
		ORDER BY CASE WHEN seat.passed_at IS NULL THEN 1 ELSE 0 END, seat.arrived_at, a.id LIMIT 1`,
		append([]any{p.Agency}, args...)...).Scan(&n.Since, &n.StartsAt, &n.Service, &service)
	if errors.Is(err, db.ErrNoRows) {
		return o, nil
	}
	if err != nil {
		return o, fmt.Errorf("read who waits next: %w", err)
	}
	n.ServiceName = agency.DecodeText(service).In("de")
	o.Next = &n
	return o, nil
}
