package agency

import (
	"context"
	"errors"
	"fmt"

	"visavis/internal/db"
	"visavis/internal/vault"
)

// ErrOtherKey says that an agency has a key that can be opened, and that it is another one.
var ErrOtherKey = errors.New("agency: it has another key, and that can be opened")

// RevealKey is an agency's data key itself, for a copy of it: whoever has it reads everything.
func (s *Store) RevealKey(ctx context.Context, q db.Q, agencyID string) ([]byte, error) {
	a, err := s.In(ctx, q, agencyID)
	if err != nil {
		return nil, err
	}
	return s.ring.RevealDataKey(a.wrapped)
}

// RestoreKey puts back a data key whose wrapping key is lost, and tells whether that was needed. A key that can be opened
// is never replaced: what it has sealed would be lost.
func (s *Store) RestoreKey(ctx context.Context, tx *db.Tx, agencyID string, key []byte) (needed bool, err error) {
	a, err := s.In(ctx, tx, agencyID)
	if err != nil {
		return false, err
	}
	if has, err := s.ring.RevealDataKey(a.wrapped); err == nil {
		if vault.Equal(has, key) {
			return false, nil
		}
		return false, ErrOtherKey
	}
	wrapped, err := s.ring.WrapDataKey(key)
	if err != nil {
		return false, err
	}
	err = db.Affected(tx.ExecContext(ctx, `UPDATE agency SET key_wrapped = $1 WHERE id = $2 AND deleted_at IS NULL`, wrapped, agencyID))
	if err != nil {
		return false, fmt.Errorf("restore key: %w", err)
	}
	tx.AfterCommit(s.keys.CloseAll)
	return true, nil
}
