package appointment

import (
	"context"
	"fmt"

	"visavis/internal/db"
)

// PassTo gives an appointment to whoever goes on with the talk about it, in the caller's transaction, which tells everybody.
// What was said about it at the desk before stays there.
func (s *Service) PassTo(ctx context.Context, tx *db.Tx, agencyID, id, desk, advisor string) error {
	err := db.Affected(tx.ExecContext(ctx, `
		UPDATE appointment SET advisor_id = $1, version = version + 1, desk_id = $2,
		       note_sealed = CASE WHEN desk_id = $2 THEN note_sealed END, note_by = CASE WHEN desk_id = $2 THEN note_by END
		WHERE agency_id = $3 AND id = $4 AND status = 'booked'`, advisor, desk, agencyID, id))
	if err != nil {
		return fmt.Errorf("let appointment follow its talk: %w", err)
	}
	return nil
}
