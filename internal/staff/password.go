package staff

import (
	"cmp"
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
)

// Hashing takes 19 MiB and a core, so few passwords are hashed at once, and nobody
// waits long for a turn. One slot is kept for devices that are known.
const (
	hashSlots  = 2
	knownSlots = 1
	turnWait   = 10 * time.Second
)

// Cost is what one guess costs. The zero value is the real one; only tests are cheaper.
type Cost struct{ Memory, Time uint32 }

func (c Cost) params() string { return fmt.Sprintf("m=%d,t=%d,p=%d", c.Memory, c.Time, argonLanes) }

// Key is what becomes of a password at this cost.
func (c Cost) Key(password string, salt []byte) []byte {
	c = c.orReal()
	return argon2.IDKey([]byte(password), salt, c.Time, c.Memory, argonLanes, hashBytes)
}

func (c Cost) orReal() Cost { return cmp.Or(c, Cost{Memory: argonMemory, Time: argonTime}) }

type hasher struct {
	slots chan struct{}
	known chan struct{}
	cost  Cost
}

func newHasher(cost Cost) *hasher {
	return &hasher{slots: make(chan struct{}, hashSlots), known: make(chan struct{}, knownSlots), cost: cost.orReal()}
}

// turn is the right to hash one password.
type turn struct {
	slots chan struct{}
	cost  Cost
}

func (h *hasher) turn(ctx context.Context, known bool) (turn, error) {
	ctx, cancel := context.WithTimeout(ctx, turnWait)
	defer cancel()
	var kept chan struct{} // nobody else is given a place there
	if known {
		kept = h.known
	}
	select {
	case h.slots <- struct{}{}:
		return turn{h.slots, h.cost}, nil
	case kept <- struct{}{}:
		return turn{kept, h.cost}, nil
	case <-ctx.Done():
		return turn{}, ctx.Err()
	}
}

func (t turn) end() { <-t.slots }

// hash returns a PHC string: $argon2id$v=19$m=…,t=…,p=…$salt$hash
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	turn, err := h.turn(ctx, false)
	if err != nil {
		return "", err
	}
	defer turn.end()
	salt := make([]byte, saltBytes)
	rand.Read(salt)
	key := turn.cost.Key(password, salt)
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$%s$%s$%s", argon2.Version, h.cost.params(), encode(salt), encode(key)), nil
}

// absent is compared when there is no such account, so that the answer takes as long.
func (t turn) absent() string {
	zero := func(n int) string { return base64.RawStdEncoding.EncodeToString(make([]byte, n)) }
	return fmt.Sprintf("$argon2id$v=%d$%s$%s$%s", argon2.Version, t.cost.params(), zero(saltBytes), zero(hashBytes))
}

var errHash = errors.New("password hash is damaged")

// matches compares in constant time. Only our own parameters are accepted, so a
// changed row cannot make us compute for minutes.
func (t turn) matches(password, phc string) (bool, error) {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[3] != t.cost.params() {
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
	return subtle.ConstantTimeCompare(t.cost.Key(password, salt), want) == 1, nil
}
