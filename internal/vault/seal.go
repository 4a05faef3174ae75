package vault

import (
	"crypto/cipher"
	"encoding/binary"
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

// DataKey seals one agency's fields.
type DataKey struct{ gcm cipher.AEAD }

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
