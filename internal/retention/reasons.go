package retention

import (
	"context"
	"fmt"

	"visavis/internal/db"
)

// reasonsKept is for how many days it stands why somebody declined what another had asked for: long enough to be read after
// a holiday, and to ask again. That it was declined, and by whom, stays.
const reasonsKept = 30

// forgetReasons deletes some of them and tells how many.
func (s *Service) forgetReasons(ctx context.Context, o over) (n int, err error) {
	err = s.db.Read().QueryRowContext(ctx, `
		SELECT COUNT(*) FROM (SELECT id FROM approval WHERE agency_id = $1 AND decided_at < $2 AND reason_sealed IS NOT NULL LIMIT 1) AS one`,
		o.agency, db.Ms(o.before)).Scan(&n)
	if err == nil && n > 0 {
		err = s.db.Tx(ctx, func(tx *db.Tx) error {
			ids, err := db.Texts(tx.QueryContext(ctx, `
				UPDATE approval SET reason_sealed = NULL WHERE agency_id = $1 AND id IN
				(SELECT id FROM approval WHERE agency_id = $1 AND decided_at < $2 AND reason_sealed IS NOT NULL ORDER BY decided_at, id LIMIT $3)
				RETURNING id`, o.agency, db.Ms(o.before), batch))
			if err != nil {
				return err
			}
			n = len(ids)
			return s.note(ctx, tx, o.agency, "reasons", n)
		})
	}
	if err != nil {
		return 0, fmt.Errorf("forget reasons: %w", err)
	}
	return n, nil
}
