package decided

import "visavis/internal/vault"

// Save writes a list as a Keeper does.
func (l List) Save(path string, ring *vault.Keyring) error { return l.save(path, ring) }
