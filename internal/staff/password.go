package staff

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"
)

// argon2id with the OWASP minimum (Password Storage Cheat Sheet): 19 MiB, two
// passes, one lane.
const (
	argonMemory = 19 * 1024 // KiB
	argonTime   = 2
	argonLanes  = 1
	saltBytes   = 16
	hashBytes   = 32
	maxPassword = 256 // bytes; more would be a way to keep us busy
)

// Hashing takes 19 MiB and a core, so few passwords are hashed at once, and nobody
// waits long for a turn.
const (
	hashSlots = 3
	turnWait  = 10 * time.Second
)

type hasher struct{ slots chan struct{} }

func newHasher() *hasher { return &hasher{slots: make(chan struct{}, hashSlots)} }

// turn is the right to hash one password.
type turn struct{ slots chan struct{} }

func (h *hasher) turn(ctx context.Context) (turn, error) {
	ctx, cancel := context.WithTimeout(ctx, turnWait)
	defer cancel()
	select {
	case h.slots <- struct{}{}:
		return turn{h.slots}, nil
	case <-ctx.Done():
		return turn{}, ctx.Err()
	}
}

func (t turn) end() { <-t.slots }

func (turn) key(password string, salt []byte) []byte {
	return argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonLanes, hashBytes)
}

// hash returns a PHC string: $argon2id$v=19$m=…,t=…,p=…$salt$hash
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	turn, err := h.turn(ctx)
	if err != nil {
		return "", err
	}
	defer turn.end()
	salt := make([]byte, saltBytes)
	rand.Read(salt)
	key := turn.key(password, salt)
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, argonMemory, argonTime, argonLanes, encode(salt), encode(key)), nil
}

var errHash = errors.New("password hash is damaged")

// matches compares in constant time. Only our own parameters are accepted, so a
// changed row cannot make us compute for minutes.
func (t turn) matches(password, phc string) (bool, error) {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[1] != "argon2id" ||
		parts[3] != fmt.Sprintf("m=%d,t=%d,p=%d", argonMemory, argonTime, argonLanes) {
		return false, errHash
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, errHash
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(want) != hashBytes {
		return false, errHash
	}
	return subtle.ConstantTimeCompare(t.key(password, salt), want) == 1, nil
}
