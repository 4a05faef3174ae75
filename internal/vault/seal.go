package vault

import (
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
)

// Field is the place of a sealed value. It is authenticated, so that a value
// copied to another row, column or agency does not open there.
type Field struct{ Agency, Table, Column, Row string }

func (f Field) bytes() []byte {
	var out []byte
	for _, part := range []string{f.Agency, f.Table, f.Column, f.Row} {
		out = binary.BigEndian.AppendUint32(out, uint32(len(part)))
		out = append(out, part...)
	}
	return out
}

// DataKey seals one agency's fields, and stands other names for its people.
type DataKey struct {
	gcm        cipher.AEAD
	pseudonyms []byte
}

const (
	pseudonymContext = "visavis pseudonyms"
	pseudonymBytes   = 16
)

// Pseudonym stands for a person, by its id, where nobody is to read who that is. The same person always has the same
// one, so whoever has the key can look for somebody; once the key is destroyed, nobody can tell whose it was.
func (k *DataKey) Pseudonym(id string) string {
	mac := hmac.New(sha256.New, k.pseudonyms)
	mac.Write([]byte(id))
	return hex.EncodeToString(mac.Sum(nil)[:pseudonymBytes])
}

const sealVersion = 1

// Seal encrypts: one byte version, 12 bytes random nonce, ciphertext, 16 bytes tag.
func (k *DataKey) Seal(f Field, plaintext []byte) []byte {
	return k.gcm.Seal([]byte{sealVersion}, nil, plaintext, f.bytes())
}

// ErrSealed says that a value was not sealed by this key for this place.
var ErrSealed = errors.New("sealed value does not open here")

// Open decrypts what Seal returned for the same field.
func (k *DataKey) Open(f Field, sealed []byte) ([]byte, error) {
	if len(sealed) < 1 || sealed[0] != sealVersion {
		return nil, ErrSealed
	}
	plain, err := k.gcm.Open(nil, nil, sealed[1:], f.bytes())
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}
