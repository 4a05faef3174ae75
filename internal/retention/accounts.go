package retention

import (
	"context"
	"fmt"

	"visavis/internal/db"
)

// nobody is what stands for the name of somebody whose account was erased.
const nobody = "–"

// eraseAccounts deletes who some people were whose accounts are disabled for long enough, and tells how many. Their rows
// stay: appointments, rules and roles that they gave name them, by an id that stands for nobody any more.
func (s *Service) eraseAccounts(ctx context.Context, o over) (n int, err error) {
	before := db.Ms(o.before)
	err = s.db.Read().QueryRowContext(ctx, `
		SELECT COUNT(*) FROM (SELECT id FROM staff WHERE agency_id = $1 AND disabled_at < $2 AND erased_at IS NULL LIMIT 1) AS one`,
		o.agency, before).Scan(&n)
	if err == nil && n > 0 {
		err = s.db.Tx(ctx, func(tx *db.Tx) error {
			// Whoever enables an account again does so before, or finds none: they hold the agency meanwhile.
			if err := s.o.Agencies.Hold(ctx, tx, o.agency); err != nil {
				return err
			}
			ids, err := db.Texts(tx.QueryContext(ctx, `
				UPDATE staff SET name = $4, email = id, search = '', password_hash = '', erased_at = $3
				WHERE agency_id = $1 AND id IN
				(SELECT id FROM staff WHERE agency_id = $1 AND disabled_at < $2 AND erased_at IS NULL ORDER BY disabled_at, id LIMIT $5)
				RETURNING id`, o.agency, before, db.Ms(s.o.Clock()), nobody, batch))
			if err != nil {
				return err
			}
			n = len(ids)
			if err := (gone{accounts: ids}).remove(ctx, tx, o.agency); err != nil {
				return err
			}
			return s.note(ctx, tx, o.agency, "accounts", n)
		})
	}
	if err != nil {
		return 0, fmt.Errorf("erase accounts: %w", err)
	}
	return n, nil
}
