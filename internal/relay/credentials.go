package relay

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"

	"visavis/internal/relay/control"
)

// Key is the secret that relays and servers share. Whoever has it can name legs that every such relay accepts.
type Key []byte

// KeyBytes is the least length of a key.
const KeyBytes = 32

// Side is one of the two ends of a talk.
type Side uint8

// The two sides.
const (
	SideGuest Side = 1
	SideStaff Side = 2
)

func (s Side) other() Side { return SideGuest + SideStaff - s }

// Leg names one browser's end of a talk. Two legs belong together when talk and generation are the same and the sides
// differ.
type Leg struct {
	Talk [8]byte
	Side Side
	// Generation counts reloads of either page: both sides begin anew, with new connections and credentials.
	Generation uint32
	// Restart counts ICE restarts of this side alone. It gives the leg new credentials (RFC 8445 §9) and changes
	// nothing else: the leg stays itself, and so does its peer. MostRestarts at most.
	Restart uint32
	// Expires ends the time in which the leg may begin, to the second. A leg in use lives on while its browser's
	// checks come.
	Expires time.Time
	// Brief legs end when they expire, in use or not: they are given to anybody who asks.
	Brief bool
}

// MostRestarts is how far Restart may count. A leg that counted on from zero would be refused as one of before.
const MostRestarts = 1<<24 - 1

// LongestLeg bounds how far ahead a leg may expire, and with it how long revocations are remembered.
const LongestLeg = 24 * time.Hour

const (
	ufragVersion = 2
	briefBit     = 0x80 // beside the side
	ufragBytes   = 21   // a multiple of three: base64 without padding, and only one spelling for each leg
	ufragChars   = 28
	pwdBytes     = 24
)

// Credentials are what goes into the description for the leg's browser (RFC 8839 §5.4). The ufrag carries the leg in
// the open, so that any relay with the key can read it; the pwd proves that a server has issued it.
func (k Key) Credentials(leg Leg) (ufrag, pwd string) {
	var raw [ufragBytes]byte
	raw[0] = ufragVersion
	raw[1] = byte(leg.Side)
	if leg.Brief {
		raw[1] |= briefBit
	}
	copy(raw[2:10], leg.Talk[:])
	binary.BigEndian.PutUint32(raw[13:], min(leg.Restart, MostRestarts)) // its first byte, 0, is written over
	binary.BigEndian.PutUint32(raw[10:], leg.Generation)
	binary.BigEndian.PutUint32(raw[17:], uint32(leg.Expires.Unix()))
	ufrag = base64.RawStdEncoding.EncodeToString(raw[:])
	return ufrag, k.password(ufrag)
}

// password has 192 bits; RFC 8445 §5.3 asks for 128.
func (k Key) password(ufrag string) string {
	mac := hmac.New(sha256.New, k)
	mac.Write([]byte("visavis relay leg 1\x00"))
	mac.Write([]byte(ufrag))
	return base64.RawStdEncoding.EncodeToString(mac.Sum(nil)[:pwdBytes])
}

// ParseUfrag reads the leg out of a ufrag. That says nothing yet about who made it.
func ParseUfrag(ufrag string) (Leg, error) {
	var raw [ufragBytes]byte
	if len(ufrag) != ufragChars {
		return Leg{}, control.ErrForeign
	}
	if _, err := base64.RawStdEncoding.Strict().Decode(raw[:], []byte(ufrag)); err != nil {
		return Leg{}, control.ErrForeign
	}
	leg := Leg{
		Side:       Side(raw[1] &^ briefBit),
		Generation: binary.BigEndian.Uint32(raw[10:]),
		Restart:    binary.BigEndian.Uint32(raw[13:]) & MostRestarts,
		Expires:    time.Unix(int64(binary.BigEndian.Uint32(raw[17:])), 0),
		Brief:      raw[1]&briefBit != 0,
	}
	copy(leg.Talk[:], raw[2:10])
	if raw[0] != ufragVersion || leg.Side != SideGuest && leg.Side != SideStaff {
		return Leg{}, control.ErrForeign
	}
	return leg, nil
}

// Verify reports whether the pair was made under this key.
func (k Key) Verify(ufrag, pwd string) bool {
	_, err := ParseUfrag(ufrag)
	return err == nil && hmac.Equal([]byte(pwd), []byte(k.password(ufrag)))
}

// legID is a leg without what may change during its life.
type legID struct {
	talk       [8]byte
	side       Side
	generation uint32
}

func (l Leg) id() legID { return legID{l.Talk, l.Side, l.Generation} }

func (id legID) peer() legID { return legID{id.talk, id.side.other(), id.generation} }
