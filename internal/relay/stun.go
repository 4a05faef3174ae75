package relay

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 8489 §14.5 prescribes HMAC-SHA1, and browsers know nothing else
	"encoding/binary"
	"errors"
	"hash/crc32"
	"net/netip"
	"slices"
)

// STUN, as far as ICE needs it (RFC 8489, RFC 8445 §16).
const (
	stunHeader = 20
	stunCookie = 0x2112A442
	// longestCheck is far above what browsers send; nothing longer is read as STUN.
	longestCheck = 1280
	// mostAttributes bounds the work on one message.
	mostAttributes = 24

	bindingRequest = 0x0001
	bindingSuccess = 0x0101

	attrUsername       = 0x0006
	attrIntegrity      = 0x0008
	attrXorMapped      = 0x0020
	attrPriority       = 0x0024
	attrUseCandidate   = 0x0025
	attrFingerprint    = 0x8028
	attrControlled     = 0x8029
	fingerprintXor     = 0x5354554e
	integrityBytes     = sha1.Size
	firstOptionalAttr  = 0x8000
	ownCheckPriority   = 0x7e7f1eff // host candidate's peer-reflexive priority (RFC 8445 §5.1.2)
	integrityAttrBytes = 4 + integrityBytes
	fingerprintBytes   = 8
)

var errNotSTUN = errors.New("not a STUN message we know")

type transactionID [12]byte

// message is a parsed Binding message. Its slices point into the packet.
type message struct {
	raw          []byte
	kind         uint16
	id           transactionID
	username     []byte
	integrity    []byte // nil: there was none
	integrityAt  int
	useCandidate bool
}

// parseSTUN accepts Binding requests and successes with exactly one MESSAGE-INTEGRITY before one correct FINGERPRINT
// at the very end, and nothing that we would have to understand and do not (RFC 8489 §6.3.1).
func parseSTUN(packet []byte) (message, error) {
	if len(packet) < stunHeader || len(packet) > longestCheck || len(packet)%4 != 0 ||
		binary.BigEndian.Uint32(packet[4:]) != stunCookie ||
		int(binary.BigEndian.Uint16(packet[2:])) != len(packet)-stunHeader {
		return message{}, errNotSTUN
	}
	m := message{raw: packet, kind: binary.BigEndian.Uint16(packet)}
	if m.kind != bindingRequest && m.kind != bindingSuccess {
		return message{}, errNotSTUN
	}
	copy(m.id[:], packet[8:stunHeader])
	at := stunHeader
	for range mostAttributes {
		if len(packet)-at < 4 {
			return message{}, errNotSTUN
		}
		kind, size := binary.BigEndian.Uint16(packet[at:]), int(binary.BigEndian.Uint16(packet[at+2:]))
		next := at + 4 + (size+3)&^3
		if next > len(packet) {
			return message{}, errNotSTUN
		}
		value := packet[at+4 : at+4+size]
		if kind == attrFingerprint {
			if m.integrity == nil || size != 4 || next != len(packet) ||
				binary.BigEndian.Uint32(value) != crc32.ChecksumIEEE(packet[:at])^fingerprintXor {
				return message{}, errNotSTUN
			}
			return m, nil
		}
		if m.integrity == nil && !m.attribute(kind, value, at) {
			return message{}, errNotSTUN
		}
		at = next
	}
	return message{}, errNotSTUN
}

// attribute takes one attribute up to and including MESSAGE-INTEGRITY; later ones are not authenticated and ignored
// (RFC 8489 §14.5).
func (m *message) attribute(kind uint16, value []byte, at int) bool {
	switch kind {
	case attrUsername:
		if m.username != nil || len(value) == 0 {
			return false
		}
		m.username = value
	case attrUseCandidate:
		m.useCandidate = true
	case attrIntegrity:
		if len(value) != integrityBytes {
			return false
		}
		m.integrity, m.integrityAt = value, at
	case attrPriority, attrXorMapped:
	default:
		return kind >= firstOptionalAttr
	}
	return true
}

// signedWith reports whether the message was signed with this password (RFC 8489 §14.5: as if it ended there).
func (m *message) signedWith(pwd string) bool {
	var header [4]byte
	copy(header[:], m.raw[:2])
	binary.BigEndian.PutUint16(header[2:], uint16(m.integrityAt-stunHeader+integrityAttrBytes))
	mac := hmac.New(sha1.New, []byte(pwd))
	mac.Write(header[:])
	mac.Write(m.raw[4:m.integrityAt])
	var sum [integrityBytes]byte
	return hmac.Equal(mac.Sum(sum[:0]), m.integrity)
}

func beginSTUN(b []byte, kind uint16, id transactionID) []byte {
	b = binary.BigEndian.AppendUint16(b, kind)
	b = binary.BigEndian.AppendUint16(b, 0)
	b = binary.BigEndian.AppendUint32(b, stunCookie)
	return append(b, id[:]...)
}

func appendAttribute(b []byte, kind uint16, value ...byte) []byte {
	b = binary.BigEndian.AppendUint16(b, kind)
	b = binary.BigEndian.AppendUint16(b, uint16(len(value)))
	b = append(b, value...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

// endSTUN signs the message and closes it with its fingerprint.
func endSTUN(b []byte, pwd string) []byte {
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)-stunHeader+integrityAttrBytes))
	mac := hmac.New(sha1.New, []byte(pwd))
	mac.Write(b)
	var sum [integrityBytes]byte
	b = appendAttribute(b, attrIntegrity, mac.Sum(sum[:0])...)
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)-stunHeader+fingerprintBytes))
	var crc [4]byte
	binary.BigEndian.PutUint32(crc[:], crc32.ChecksumIEEE(b)^fingerprintXor)
	return appendAttribute(b, attrFingerprint, crc[:]...)
}

// appendAnswer writes the success to a check: where it came from, signed with the password it was signed with.
func appendAnswer(b []byte, id transactionID, from netip.AddrPort, pwd string) []byte {
	b = beginSTUN(b, bindingSuccess, id)
	var value [20]byte
	binary.BigEndian.PutUint16(value[2:], from.Port()^(stunCookie>>16))
	var mask [16]byte
	binary.BigEndian.PutUint32(mask[:], stunCookie)
	copy(mask[4:], id[:])
	address := from.Addr().AsSlice()
	value[1] = 1
	if len(address) == 16 {
		value[1] = 2
	}
	for i := range address {
		value[4+i] = address[i] ^ mask[i] //nolint:gosec // an address has 4 or 16 bytes
	}
	b = appendAttribute(b, attrXorMapped, value[:4+len(address)]...)
	return endSTUN(b, pwd)
}

// appendCheck writes our own check of a browser's address. A lite agent is always controlled (RFC 8445 §6.1.1), and
// the tie-breaker of a role that cannot change is never used.
func appendCheck(b []byte, id transactionID, browserUfrag, ufrag, browserPwd string) []byte {
	b = beginSTUN(b, bindingRequest, id)
	b = appendAttribute(b, attrUsername, slices.Concat([]byte(browserUfrag), []byte(":"), []byte(ufrag))...)
	b = appendAttribute(b, attrPriority, ownCheckPriority>>24, ownCheckPriority>>16&0xff, ownCheckPriority>>8&0xff,
		ownCheckPriority&0xff)
	b = appendAttribute(b, attrControlled, id[:8]...)
	return endSTUN(b, browserPwd)
}
