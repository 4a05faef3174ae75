package retention

import (
	"context"
	"fmt"
	"slices"
	"time"

	"visavis/internal/db"
)

// longGone is since when nobody can have been at a seat that still says that somebody waits or talks: its guest has closed
// the page, and nobody has recorded what became of it. A seat with a page that is connected is never touched.
const longGone = 24 * time.Hour

// taken finds the appointments at whose seats somebody waits or talks, or did so after $2.
const taken = `
	SELECT seat.appointment_id FROM seat WHERE seat.agency_id = $1 AND seat.state IN ('waiting', 'talking')
	   AND (COALESCE(seat.away_since, seat.arrived_at, 0) >= $2
	     OR EXISTS (SELECT 1 FROM seat_presence p WHERE p.agency_id = $1 AND p.seat_id = seat.id)) `

// overAt finds the appointments of service $3 that have ended before $4, but for those.
const overAt = `
	SELECT a.id FROM appointment a WHERE a.agency_id = $1 AND a.service_id = $3 AND a.ends_at < $4
	   AND NOT EXISTS (` + taken + `AND seat.appointment_id = a.id) ORDER BY a.ends_at, a.id LIMIT $5`

// forgetAppointments deletes some that are over, with everything that there is of their guests, and tells how many.
func (s *Service) forgetAppointments(ctx context.Context, o over, service string) (n int, err error) {
	args := []any{o.agency, db.Ms(s.o.Clock().Add(-longGone)), service, db.Ms(o.before), batch}
	found, err := db.Texts(s.db.Read().QueryContext(ctx, overAt, args...))
	if err == nil && len(found) > 0 {
		err = s.db.Tx(ctx, func(tx *db.Tx) error {
			g, err := keep(ctx, tx, args)
			if err != nil {
				return err
			}
			n = len(g.appointments)
			if err := g.remove(ctx, tx, o.agency); err != nil {
				return err
			}
			return s.note(ctx, tx, o.agency, "appointments", n)
		})
	}
	if err != nil {
		return 0, fmt.Errorf("delete appointments: %w", err)
	}
	return n, nil
}

// keep holds appointments and their seats until the transaction ends: nobody moves one of them meanwhile. With the seats
// in hand it looks once more whether somebody is there, who may have come while it waited for them.
func keep(ctx context.Context, tx *db.Tx, args []any) (g gone, err error) {
	g.appointments, err = db.Texts(tx.QueryContext(ctx, `
		UPDATE appointment SET version = version + 1 WHERE agency_id = $1 AND ends_at < $4 AND id IN (`+overAt+`) RETURNING id`, args...))
	if err != nil || len(g.appointments) == 0 {
		return g, err
	}
	agencyID, since := args[0], args[1]
	list, ids := db.In(2, g.appointments)
	_, err = tx.ExecContext(ctx, `UPDATE seat SET version = version + 1 WHERE agency_id = $1 AND appointment_id IN `+list, append([]any{agencyID}, ids...)...)
	if err != nil {
		return g, err
	}
	list, ids = db.In(3, g.appointments)
	here, err := db.Texts(tx.QueryContext(ctx, taken+`AND seat.appointment_id IN `+list, append([]any{agencyID, since}, ids...)...))
	if err != nil {
		return g, err
	}
	g.appointments = slices.DeleteFunc(g.appointments, func(id string) bool { return slices.Contains(here, id) })
	list, ids = db.In(2, g.appointments)
	g.seats, err = db.Texts(tx.QueryContext(ctx, `SELECT id FROM seat WHERE agency_id = $1 AND appointment_id IN `+list, append([]any{agencyID}, ids...)...))
	if err != nil {
		return g, err
	}
	list, ids = db.In(2, g.seats)
	g.talks, err = db.Texts(tx.QueryContext(ctx, `SELECT id FROM talk WHERE agency_id = $1 AND seat_id IN `+list, append([]any{agencyID}, ids...)...))
	return g, err
}
