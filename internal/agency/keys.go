package agency

import (
	"context"
	"fmt"
	"sync"

	"visavis/internal/db"
	"visavis/internal/vault"
)

// maxKeys bounds the opened keys in memory; an installation rarely has more agencies.
const maxKeys = 1000

// Keys opens the data keys of agencies and keeps them open.
type Keys struct {
	ring *vault.Keyring
	in   func(context.Context, db.Q, string) (Agency, error)
	read db.Q

	mu     sync.Mutex
	open   map[string]*vault.DataKey
	closed int // how often all were
}

// For returns the agency's data key. The first time it is read from the database, over another connection than that of a
// transaction which waits meanwhile: inside of one, and of a snapshot, it is In that is asked.
func (k *Keys) For(ctx context.Context, agencyID string) (*vault.DataKey, error) {
	return k.In(ctx, k.read, agencyID)
}

// In is For by the connection at hand: of a transaction, where the agency may be known to nobody else yet, or a snapshot.
func (k *Keys) In(ctx context.Context, q db.Q, agencyID string) (*vault.DataKey, error) {
	key, closed := k.known(agencyID)
	if key != nil {
		return key, nil
	}
	a, err := k.in(ctx, q, agencyID)
	if err != nil {
		return nil, err
	}
	key, err = k.ring.OpenDataKey(a.wrapped)
	if err != nil {
		return nil, err
	}
	k.remember(agencyID, key, closed)
	return key, nil
}

func (k *Keys) known(agencyID string) (key *vault.DataKey, closed int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.open[agencyID], k.closed
}

// remember keeps a key, unless all were closed since it was looked for: it may be the one that was destroyed.
func (k *Keys) remember(agencyID string, key *vault.DataKey, closed int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if closed != k.closed {
		return
	}
	for other := range k.open {
		if len(k.open) < maxKeys {
			break
		}
		delete(k.open, other) // any: it is opened again when needed
	}
	k.open[agencyID] = key
}

// CloseAll closes all keys, as one of them was destroyed; the others are opened again when needed.
func (k *Keys) CloseAll() {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.open)
	k.closed++
}

// Fit tells whether a key file belongs to a database: how many agencies there are, and how many of their data keys it
// opens. It is for doctors, who alone look at all agencies at once.
func Fit(ctx context.Context, q db.Q, ring *vault.Keyring) (all, opened int, err error) {
	rows, err := q.QueryContext(ctx, `SELECT key_wrapped FROM agency WHERE deleted_at IS NULL`)
	if err != nil {
		return 0, 0, fmt.Errorf("read data keys: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var wrapped []byte
		if err := rows.Scan(&wrapped); err != nil {
			return 0, 0, fmt.Errorf("read data keys: %w", err)
		}
		all++
		if _, err := ring.OpenDataKey(wrapped); err == nil {
			opened++
		}
	}
	return all, opened, rows.Err()
}

// DemandingFactor names the agencies, for who looks at all of them, that want a second factor of who has a password.
func DemandingFactor(ctx context.Context, q db.Q) ([]string, error) {
	slugs, err := db.Texts(q.QueryContext(ctx, `
		SELECT agency.slug FROM agency JOIN policy ON policy.agency_id = agency.id AND policy.place_id = agency.id
		WHERE policy.name = $1 AND policy.value = $2 AND agency.deleted_at IS NULL ORDER BY agency.slug`, SecondFactor, `"`+Demanded+`"`))
	if err != nil {
		return nil, fmt.Errorf("look who demands a second factor: %w", err)
	}
	return slugs, nil
}
