// Package vault keeps keys and seals, hashes and hides what must not be read.
//
// A Keyring is the installation's secret, kept in a file outside the database.
// It wraps one DataKey for each agency and derives link secrets and other keys
// by purpose; it also signs what others can verify by its public half. A DataKey seals single fields (AES-256-GCM, bound to their place).
// Personal is a string that does not print itself.
//
// The package knows no SQL, no HTTP and nothing of the product.
package vault

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// idAlphabet is lower-case base32 without the look-alikes i, l, o and u.
const idAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// NewID returns an unguessable id: 22 characters, 110 random bits.
func NewID() string {
	var random [22]byte
	rand.Read(random[:]) // never fails (crypto/rand, Go 1.24)
	for i, b := range random {
		random[i] = idAlphabet[b&31]
	}
	return string(random[:])
}

// NewToken returns a secret for cookies: 160 random bits in base64url.
func NewToken() string {
	var random [20]byte
	rand.Read(random[:])
	return base64.RawURLEncoding.EncodeToString(random[:])
}

// Equal compares two secrets, or two proofs, without telling by its time how far they are alike.
func Equal(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

// Hash is how secrets with at least 128 random bits are stored: SHA-256 without
// salt, since they cannot be guessed from a dictionary.
func Hash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
