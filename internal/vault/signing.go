package vault

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// SigningKey is a key with which the installation signs, or has signed: the half that everybody may know.
type SigningKey struct {
	ID     string
	Public ed25519.PublicKey
	Until  time.Time // from when on nothing is signed with it any more; zero: it signs
}

// signing are all of them. What was signed with one of the past can be verified for as long as it is listed.
type signing struct {
	keys    []SigningKey // the last one signs
	private ed25519.PrivateKey
}

// signingEntry is one in the key file. Of a key of the past only the public half is left.
type signingEntry struct {
	Public string    `json:"public"`
	Seed   string    `json:"seed,omitempty"`
	Until  time.Time `json:"until,omitzero"`
}

// signingID names a public key: short enough to be told on the telephone. It proves nothing.
func signingID(public ed25519.PublicKey) string {
	sum := sha256.Sum256(public)
	return hex.EncodeToString(sum[:4])
}

func signingKey(public ed25519.PublicKey, until time.Time) SigningKey {
	return SigningKey{ID: signingID(public), Public: public, Until: until}
}

// firstSigning is the key of who has never changed it. It is derived, so that every key file has one, also those from
// before there were any, and all processes with the same file have the same.
func (k *Keyring) firstSigning() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(k.Derive("signing key"))
}

func (k *Keyring) readSigning(entries []signingEntry) error {
	if len(entries) == 0 {
		private := k.firstSigning()
		k.sign = signing{keys: []SigningKey{signingKey(publicOf(private), time.Time{})}, private: private}
		return nil
	}
	for i, e := range entries {
		public, err := decodeKey(e.Public)
		if err != nil {
			return fmt.Errorf("key file is damaged: sign %d: %w", i+1, err)
		}
		k.sign.keys = append(k.sign.keys, signingKey(public, e.Until))
	}
	last := entries[len(entries)-1]
	seed, err := decodeKey(last.Seed)
	if err != nil || !last.Until.IsZero() {
		return errors.New("key file is damaged: sign: the last key does not sign")
	}
	k.sign.private = ed25519.NewKeyFromSeed(seed)
	if !publicOf(k.sign.private).Equal(k.sign.keys[len(k.sign.keys)-1].Public) {
		return errors.New("key file is damaged: sign: the halves of the last key do not fit")
	}
	return nil
}

func publicOf(private ed25519.PrivateKey) ed25519.PublicKey {
	return private.Public().(ed25519.PublicKey) //nolint:forcetypeassert // as its documentation says
}

// Sign signs what is said for a purpose. What was signed for one counts for no other.
func (k *Keyring) Sign(purpose string, message []byte) []byte {
	return ed25519.Sign(k.sign.private, signed(purpose, message))
}

// signed are the bytes that a signature is over.
func signed(purpose string, message []byte) []byte {
	return append([]byte("visavis "+purpose+"\n"), message...)
}

// Verify tells whether the key has signed this for a purpose.
func (k SigningKey) Verify(purpose string, message, signature []byte) bool {
	return ed25519.Verify(k.Public, signed(purpose, message), signature)
}

// SigningKeys are the present one, last, and those of the past.
func (k *Keyring) SigningKeys() []SigningKey { return slices.Clone(k.sign.keys) }

// Signer is the key that signs at present.
func (k *Keyring) Signer() SigningKey { return k.sign.keys[len(k.sign.keys)-1] }

// renewTime is how long what the former key signs still counts: processes that run go on with what they have read until
// they are started again, and what they hand out meanwhile must not turn out to be worth nothing. It helps nobody who has
// stolen that key, as they can date back.
const renewTime = time.Hour

// RenewSigning gives a key file that there is another key to sign with. The private half of the one before is not in the
// file any more; the public one stays.
func RenewSigning(path string, now time.Time, random io.Reader) (SigningKey, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return SigningKey{}, fmt.Errorf("read key file: %w", err)
	}
	ring, err := parseKeyring(text)
	if err != nil {
		return SigningKey{}, err
	}
	var file keyringFile
	if err := json.Unmarshal(text, &file); err != nil {
		return SigningKey{}, errors.New("key file is damaged: not JSON")
	}
	var seed [keyBytes]byte
	if _, err := io.ReadFull(random, seed[:]); err != nil {
		return SigningKey{}, fmt.Errorf("draw key: %w", err)
	}
	made := signingKey(publicOf(ed25519.NewKeyFromSeed(seed[:])), time.Time{})
	file.Sign = nil
	for _, key := range ring.sign.keys {
		if key.Until.IsZero() {
			key.Until = now.UTC().Truncate(time.Second).Add(renewTime)
		}
		file.Sign = append(file.Sign, signingEntry{Public: base64.StdEncoding.EncodeToString(key.Public), Until: key.Until})
	}
	file.Sign = append(file.Sign, signingEntry{
		Public: base64.StdEncoding.EncodeToString(made.Public), Seed: base64.StdEncoding.EncodeToString(seed[:]),
	})
	text, err = json.MarshalIndent(file, "", "  ")
	if err != nil {
		return SigningKey{}, err
	}
	if _, err := parseKeyring(text); err != nil {
		return SigningKey{}, err
	}
	return made, replace(path, text)
}

// replace puts a file into the place of another, whole or not at all, for the same people as before.
func replace(path string, text []byte) error {
	before, err := os.Stat(path)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // gone already, if all went well
	_, err = tmp.Write(text)
	if err := errors.Join(err, tmp.Chmod(before.Mode().Perm()), tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
