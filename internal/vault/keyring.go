package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

const keyBytes = 32

// Keyring holds the installation's keys. Wrapping keys are versioned: the newest
// wraps, all of them unwrap.
type Keyring struct {
	wrap   map[uint32]cipher.AEAD
	newest uint32
	derive []byte
	sign   signing
}

type keyringFile struct {
	Wrap   map[uint32]string `json:"wrap"`
	Derive string            `json:"derive"`
	Sign   []signingEntry    `json:"sign,omitempty"` // none: the derived one
}

// LoadKeyring reads the key file, or writes a new one (mode 0600) if there is none.
func LoadKeyring(path string, random io.Reader) (*Keyring, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = createKeyring(path, random)
	}
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	return parseKeyring(text)
}

func createKeyring(path string, random io.Reader) ([]byte, error) {
	var keys [2][keyBytes]byte
	for i := range keys {
		if _, err := io.ReadFull(random, keys[i][:]); err != nil {
			return nil, fmt.Errorf("draw keys: %w", err)
		}
	}
	text, err := json.MarshalIndent(keyringFile{
		Wrap:   map[uint32]string{1: base64.StdEncoding.EncodeToString(keys[0][:])},
		Derive: base64.StdEncoding.EncodeToString(keys[1][:]),
	}, "", "  ")
	if err != nil {
		return nil, err
	}
	return text, writeOnce(path, text)
}

// writeOnce makes the file appear whole or not at all, and never replaces one:
// a lost key file is lost data. Link fails if somebody else was faster.
func writeOnce(path string, text []byte) error {
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, ".keys-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	if _, err := tmp.Write(text); err != nil {
		return err
	}
	if err := errors.Join(tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func parseKeyring(text []byte) (*Keyring, error) {
	var file keyringFile
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, errors.New("key file is damaged: not JSON") // the error would quote the file
	}
	ring := &Keyring{wrap: map[uint32]cipher.AEAD{}}
	for version, encoded := range file.Wrap {
		key, err := decodeKey(encoded)
		if err != nil {
			return nil, fmt.Errorf("key file is damaged: wrap %d: %w", version, err)
		}
		if ring.wrap[version], err = newGCM(key); err != nil {
			return nil, err
		}
		ring.newest = max(ring.newest, version)
	}
	if ring.newest == 0 {
		return nil, errors.New("key file is damaged: no wrapping key")
	}
	var err error
	if ring.derive, err = decodeKey(file.Derive); err != nil {
		return nil, fmt.Errorf("key file is damaged: derive: %w", err)
	}
	return ring, ring.readSigning(file.Sign)
}

func decodeKey(encoded string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(key) != keyBytes {
		return nil, fmt.Errorf("want %d bytes in base64", keyBytes)
	}
	return key, nil
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// Derive returns 32 bytes for a purpose and its parts; parts are length-prefixed,
// so ("ab","c") and ("a","bc") differ.
func (k *Keyring) Derive(purpose string, parts ...string) []byte {
	mac := hmac.New(sha256.New, k.derive)
	for _, part := range append([]string{purpose}, parts...) {
		var length [4]byte
		binary.BigEndian.PutUint32(length[:], uint32(len(part)))
		mac.Write(length[:])
		mac.Write([]byte(part))
	}
	return mac.Sum(nil)
}

const wrapContext = "visavis data key"

// NewDataKey draws a key for an agency and returns it wrapped: four bytes version
// of the wrapping key, then the sealed key.
func (k *Keyring) NewDataKey() ([]byte, error) {
	var key [keyBytes]byte
	if _, err := rand.Read(key[:]); err != nil {
		return nil, err
	}
	return k.wrapKey(key[:]), nil
}

func (k *Keyring) wrapKey(key []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, k.newest)
	return k.wrap[k.newest].Seal(out, nil, key, []byte(wrapContext))
}

// WrapDataKey wraps a data key that RevealDataKey has given out.
func (k *Keyring) WrapDataKey(key []byte) ([]byte, error) {
	if len(key) != keyBytes {
		return nil, fmt.Errorf("wrap data key: want %d bytes", keyBytes)
	}
	return k.wrapKey(key), nil
}

// RevealDataKey unwraps what NewDataKey returned, for a copy of it that is kept elsewhere: whoever has these bytes reads
// all that the agency has sealed.
func (k *Keyring) RevealDataKey(wrapped []byte) ([]byte, error) {
	if len(wrapped) < 4 {
		return nil, errors.New("unwrap data key: too short")
	}
	aead, ok := k.wrap[binary.BigEndian.Uint32(wrapped)]
	if !ok {
		return nil, errors.New("unwrap data key: its wrapping key is not in the key file")
	}
	key, err := aead.Open(nil, nil, wrapped[4:], []byte(wrapContext))
	if err != nil {
		return nil, fmt.Errorf("unwrap data key: %w", err)
	}
	return key, nil
}

// OpenDataKey unwraps what NewDataKey returned.
func (k *Keyring) OpenDataKey(wrapped []byte) (*DataKey, error) {
	key, err := k.RevealDataKey(wrapped)
	if err != nil {
		return nil, err
	}
	gcm, err := newGCM(key)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(pseudonymContext))
	return &DataKey{gcm: gcm, pseudonyms: mac.Sum(nil)}, nil
}
