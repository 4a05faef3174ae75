package relay

import (
	"hash/maphash"
	"net/netip"
	"time"
)

// rate is how much of something may happen.
type rate struct {
	perSecond float64
	burst     float64
}

// bucket counts down what is left of a rate. The zero bucket is full.
type bucket struct {
	used float64
	at   time.Time
}

// take takes n, or nothing and reports false.
func (b *bucket) take(now time.Time, r rate, n float64) bool {
	if passed := now.Sub(b.at); passed > 0 {
		b.used = max(0, b.used-passed.Seconds()*r.perSecond)
		b.at = now
	}
	if b.used+n > r.burst {
		return false
	}
	b.used += n
	return true
}

// What one source, one leg and the whole relay may do. Half a town may share one address behind a carrier's NAT, so
// the limit per source is no limit per person; addresses that are already proven have their own.
const (
	sourceBuckets = 4096
	rememberedIDs = 64
)

// headers is what a packet takes on the wire, and about what it costs here, however little it carries: IPv6 and UDP.
const headers = 48 // bytes

type limits struct {
	sourceChecks  rate // before authentication, per address (or IPv6 network)
	strangeChecks rate // before authentication, all that do not come from proven addresses and name no login we know
	namedChecks   rate // before authentication, per leg whose login they name, not from proven addresses
	pathChecks    rate // before authentication, per proven address
	legChecks     rate // after authentication, per leg
	ownChecks     rate // that the relay itself sends, per leg
	legBytes      rate // media from a leg
	briefBytes    rate // the same from a brief one
}

// What a test of the network sends is a handshake and two words. Its legs are anybody's for the asking, and must not be
// worth having for anything else.
const (
	briefBitsPerSecond = 100_000
	briefAtOnce        = 32_000 // bytes: some handshakes, as packets may be lost
)

func defaultLimits(bitsPerSecond int) limits {
	return limits{
		sourceChecks:  rate{500, 1000},
		strangeChecks: rate{20_000, 5000},
		namedChecks:   rate{100, 200},
		pathChecks:    rate{100, 100},
		legChecks:     rate{20, 40},
		ownChecks:     rate{20, 20},
		legBytes:      rate{float64(bitsPerSecond) / 8, float64(bitsPerSecond) / 32},
		briefBytes:    rate{briefBitsPerSecond / 8, briefAtOnce},
	}
}

// bytesOf is how much a leg may send.
func (l *limits) bytesOf(from *leg) rate {
	if from.ends.IsZero() {
		return l.legBytes
	}
	return l.briefBytes
}

// sources limits each source in constant memory, whatever arrives: sources share a fixed number of buckets, and which
// of them share one is a secret of this process.
type sources struct {
	seed    maphash.Seed
	buckets [sourceBuckets]bucket
}

func newSources() *sources { return &sources{seed: maphash.MakeSeed()} }

func (s *sources) take(now time.Time, from netip.AddrPort, r rate) bool {
	return s.buckets[maphash.Comparable(s.seed, from)%sourceBuckets].take(now, r, 1)
}

// sourceOf is what counts as one source of checks. On this machine that is one socket: all people whom TURN leads here
// have one address, and each has a socket. Who can forge such an address can forge any.
func (c *core) sourceOf(from endpoint) netip.AddrPort {
	address := from.remote.Addr()
	if address.IsLoopback() || address == c.self || address == from.local.Unmap() {
		return from.remote
	}
	return netip.AddrPortFrom(sourceOf(address), 0)
}

// sourceOf is what counts as one source: an IPv4 address, or an IPv6 network, as one customer has at least a /64.
func sourceOf(from netip.Addr) netip.Addr {
	if !from.Is6() {
		return from
	}
	network, err := from.WithZone("").Prefix(64)
	if err != nil {
		return from
	}
	return network.Addr()
}
