package retention

import (
	"context"
	"fmt"

	"visavis/internal/db"
)

// linesKept is for how many months after its own a line is kept that a guest has written after a talk: for as long as
// results are shown.
const linesKept = 12

// forgetLines deletes some of those of months before one, and tells how many.
func (s *Service) forgetLines(ctx context.Context, agencyID, month string) (n int, err error) {
	err = s.db.Read().QueryRowContext(ctx, `
		SELECT COUNT(*) FROM (SELECT id FROM survey_line WHERE agency_id = $1 AND month < $2 LIMIT 1) AS one`, agencyID, month).Scan(&n)
	if err == nil && n > 0 {
		err = s.db.Tx(ctx, func(tx *db.Tx) error {
			ids, err := db.Texts(tx.QueryContext(ctx, `
				DELETE FROM survey_line WHERE agency_id = $1 AND id IN
				(SELECT id FROM survey_line WHERE agency_id = $1 AND month < $2 ORDER BY month, id LIMIT $3)
				RETURNING id`, agencyID, month, batch))
			if err != nil {
				return err
			}
			n = len(ids)
			return s.note(ctx, tx, agencyID, "lines", n)
		})
	}
	if err != nil {
		return 0, fmt.Errorf("forget what guests wrote: %w", err)
	}
	return n, nil
}

// monthOf is the month that was so many before this one, by the offices' clock, as it stands in the tables.
func (s *Service) monthOf(ago int) string {
	now := s.o.Clock().In(s.o.Agencies.Zone())
	return now.AddDate(0, -ago, 1-now.Day()).Format("2006-01")
}
