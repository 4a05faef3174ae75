package audit

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"

	"visavis/internal/vault"
)

// The formats. Another one needs another name, or what was written in the old one would be found changed.
const (
	entryFormat = "visavis audit entry 1"
	headFormat  = "visavis audit head 1"
)

// canonical is a form that only one list of parts has: their number, and each with its length before it.
func canonical(parts ...[]byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(parts)))
	for _, part := range parts {
		out = binary.BigEndian.AppendUint32(out, uint32(len(part)))
		out = append(out, part...)
	}
	return out
}

func number(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }

// Canonical is what the hash of an entry is made of (docs/decisions/0009-audit-chain.md).
func (r Row) Canonical() []byte {
	return canonical([]byte(entryFormat), []byte(r.Agency), number(r.Seq), number(r.At), []byte(r.Actor), []byte(r.ActorKind),
		[]byte(r.Act), []byte(r.ObjectKind), []byte(r.Object), []byte(r.Detail), r.Prev)
}

// head is where a chain ends, and where it begins.
type head struct {
	agency string
	last   link
	anchor link // the newest of the entries that were deleted
	mac    []byte
}

// link is an entry as the next one sees it.
type link struct {
	seq  int64
	hash []byte
}

func (l link) is(o link) bool { return l.seq == o.seq && bytes.Equal(l.hash, o.hash) }

func (h head) canonical() []byte {
	return canonical([]byte(headFormat), []byte(h.agency), number(h.last.seq), h.last.hash, number(h.anchor.seq), h.anchor.hash)
}

// start is what stands before the first entry of all.
func start() link { return link{0, make([]byte, sha256.Size)} }

// seals are the two keys of an agency's chain. Neither is in the database.
type seals struct{ entry, head []byte }

func sealsOf(ring *vault.Keyring, agency string) seals {
	return seals{entry: ring.Derive("audit chain", agency), head: ring.Derive("audit head", agency)}
}

func sum(key, text []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(text)
	return mac.Sum(nil)
}

func (s seals) hash(r Row) []byte { return sum(s.entry, r.Canonical()) }
func (s seals) mac(h head) []byte { return sum(s.head, h.canonical()) }

// holds tells whether nobody but us has written an entry, or a head.
func (s seals) holds(r Row) bool      { return hmac.Equal(r.Hash, s.hash(r)) }
func (s seals) holdsHead(h head) bool { return hmac.Equal(h.mac, s.mac(h)) }

// chained gives a row its place after a link.
func (s seals) chained(after link, r Row) Row {
	r.Seq, r.Prev = after.seq+1, after.hash
	r.Hash = s.hash(r)
	return r
}

func (r Row) link() link { return link{r.Seq, r.Hash} }
