package relay

import (
	"bytes"
	"errors"
	"net/netip"
	"time"

	"visavis/internal/relay/control"
)

// core is the relay without its sockets: every packet goes through packet, one at a time, under the relay's lock.
// It decides by what was proven, never by what a packet claims.
type core struct {
	key     Key
	options Options
	limits  limits
	self    netip.Addr // where the UDP socket is; unspecified: at all addresses of this machine

	legs    map[legID]*leg
	talks   map[[8]byte][]*leg       // the same by their talk
	order   []*leg                   // the same in a row, to look after them piece by piece
	unswept int                      // of order, those before this one have not been looked after in this round
	paths   map[netip.AddrPort]*path // proven UDP addresses
	pending map[transactionID]*path  // our own checks under way
	revoked map[[8]byte]time.Time
	// revocations are the keys of revoked, oldest first.
	revocations [][8]byte

	sources *sources
	strange bucket
	scratch [longestCheck]byte

	send     func(to endpoint, packet []byte) // must not wait, and not keep packet
	tell     func(control.Event)              // must not wait
	randomID func() transactionID

	tcpLegs   int
	boundLegs int
	briefLegs int
	packets   uint64
	bytes     uint64
	checks    uint64
	dropped   [reasons]uint64
}

// reason says why a packet went nowhere.
type reason uint8

const (
	notOurs reason = iota // neither STUN nor DTLS nor RTP (RFC 7983)
	unknownAddress
	noConsent
	noPeer
	overBandwidth
	malformed
	overRate
	unknownLeg
	unauthenticated
	expired
	revoked
	full
	replayed
	otherBrowser
	tooManyAddresses
	strayAnswer
	reasons
)

// queueFull is counted where the queues are.
const queueFull = "queueFull"

var reasonNames = [...]string{
	notOurs: "notOurs", unknownAddress: "unknownAddress", noConsent: "noConsent", noPeer: "noPeer",
	overBandwidth: "overBandwidth", malformed: "malformed", overRate: "overRate",
	unknownLeg: "unknownLeg", unauthenticated: "unauthenticated", expired: "expired", revoked: "revoked", full: "full",
	replayed: "replayed", otherBrowser: "otherBrowser", tooManyAddresses: "tooManyAddresses",
	strayAnswer: "strayAnswer",
}

func newCore(key Key, options Options) *core {
	return &core{
		key: key, options: options, limits: defaultLimits(options.LegBitsPerSecond),
		legs: map[legID]*leg{}, talks: map[[8]byte][]*leg{}, paths: map[netip.AddrPort]*path{}, pending: map[transactionID]*path{},
		revoked: map[[8]byte]time.Time{}, sources: newSources(),
		randomID: randomTransaction,
	}
}

// packet takes one packet and says where it goes on to. Only media go on; everything else ends here.
func (c *core) packet(now time.Time, from endpoint, packet []byte) (to endpoint, forward bool) {
	if len(packet) == 0 {
		return c.drop(notOurs)
	}
	switch first := packet[0]; { // RFC 7983 §7
	case first >= 20 && first <= 63, first >= 128 && first <= 191:
		return c.media(now, from, packet)
	case first <= 3:
		return c.stun(now, from, packet)
	default:
		return c.drop(notOurs)
	}
}

func (c *core) drop(why reason) (endpoint, bool) {
	c.dropped[why]++
	return endpoint{}, false
}

func (c *core) pathOf(from endpoint) *path {
	if from.conn != nil {
		return from.conn.path
	}
	return c.paths[from.remote]
}

// media is the fast path: two look-ups, no allocation.
func (c *core) media(now time.Time, from endpoint, packet []byte) (endpoint, bool) {
	p := c.pathOf(from)
	switch {
	case p == nil:
		return c.drop(unknownAddress)
	case !p.mayReceive(now) && !c.options.trustChecks:
		return c.drop(noConsent)
	}
	p.heard, p.carried = now, now
	if p.leg.bound != p {
		c.follow(now, p)
	}
	if !c.reachable(now, p.leg.peer) {
		if p.leg.hello.keep(now, packet) {
			return endpoint{}, false
		}
		return c.drop(noPeer)
	}
	return c.toPeer(now, p.leg, len(packet))
}

// reachable says whether media may go to l.
func (c *core) reachable(now time.Time, l *leg) bool {
	return l != nil && l.bound != nil && (l.bound.mayReceive(now) || c.options.trustChecks)
}

// toPeer counts a packet of a leg whose peer is reachable.
func (c *core) toPeer(now time.Time, l *leg, size int) (endpoint, bool) {
	if !l.media.take(now, c.limits.bytesOf(l), float64(headers+size)) {
		return c.drop(overBandwidth)
	}
	c.packets++
	c.bytes += uint64(size)
	return l.peer.bound.at, true
}

func (c *core) stun(now time.Time, from endpoint, packet []byte) (endpoint, bool) {
	known := c.pathOf(from)
	if known != nil {
		if !known.checks.take(now, c.limits.pathChecks, 1) {
			return c.drop(overRate)
		}
	} else if !c.sources.take(now, c.sourceOf(from), c.limits.sourceChecks) {
		return c.drop(overRate)
	}
	m, err := parseSTUN(packet)
	if err != nil {
		return c.drop(malformed)
	}
	if m.kind == bindingSuccess { // whoever has not seen the question cannot make us look at a signature
		return c.answered(now, from, &m)
	}
	return c.checked(now, from, &m)
}

// authenticate finds the leg and the credentials of a check. Nothing is kept of a check that fails here. What comes from
// an address that is not proven counts before its signature is looked at, which is what costs: where it names a login that
// we know, against that leg, else against all others who say what nobody has told us. So whoever makes up names, from as
// many forged addresses as they like, keeps nobody out whom a server has introduced.
func (c *core) authenticate(now time.Time, m *message, stranger bool) (*leg, *login, []byte, reason) {
	ufrag, browser, found := bytes.Cut(m.username, []byte(":"))
	if !found {
		return nil, nil, nil, malformed
	}
	name, err := ParseUfrag(string(ufrag))
	if err != nil {
		return nil, nil, nil, unknownLeg
	}
	if l := c.legs[name.id()]; l != nil {
		if known := l.login(string(ufrag)); known != nil {
			if stranger && !l.strange.take(now, c.limits.namedChecks, 1) {
				return nil, nil, nil, overRate
			}
			if !m.signedWith(known.pwd) {
				return nil, nil, nil, unauthenticated
			}
			if !l.bound.mayReceive(now) && !known.expires.After(now) {
				return nil, nil, nil, expired
			}
			return l, known, browser, reasons
		}
		if c.mayLogin(now, l, name) != nil {
			return nil, nil, nil, expired
		}
	}
	if stranger && !c.strange.take(now, c.limits.strangeChecks, 1) {
		return nil, nil, nil, overRate
	}
	pwd := c.key.password(string(ufrag))
	if !m.signedWith(pwd) {
		return nil, nil, nil, unauthenticated
	}
	l, err := c.legFor(now, name)
	if err != nil {
		return nil, nil, nil, reasonOf(err)
	}
	return l, l.addLogin(now, string(ufrag), pwd, name), browser, reasons
}

func reasonOf(err error) reason {
	switch {
	case errors.Is(err, control.ErrRevoked):
		return revoked
	case errors.Is(err, control.ErrFull):
		return full
	default:
		return expired
	}
}

// checked takes a browser's Binding request.
func (c *core) checked(now time.Time, from endpoint, m *message) (endpoint, bool) {
	l, known, browser, failed := c.authenticate(now, m, c.pathOf(from) == nil)
	if failed != reasons {
		return c.drop(failed)
	}
	if known.introduced() && string(browser) != known.browserUfrag {
		c.need(now, known) // perhaps the browser's new credentials were lost on their way here
		return c.drop(otherBrowser)
	}
	if !l.checks.take(now, c.limits.legChecks, 1) {
		return c.drop(overRate)
	}
	if l.replayed(m.id, from) && !c.options.trustChecks {
		return c.drop(replayed)
	}
	p, given := l.pathAt(now, from, known)
	if p == nil {
		return c.drop(tooManyAddresses)
	}
	if from.conn != nil && from.conn.path != p {
		if from.conn.path != nil { // a connection is one leg's for good
			c.dropPath(p)
			return c.drop(otherBrowser)
		}
		from.conn.path = p
		c.tcpLegs++
	}
	c.dropPath(given)
	p.at.local = from.local
	p.login, p.nominated, p.heard = known, m.useCandidate, now
	p.credit = min(p.credit+amplification*len(m.raw), amplification*longestCheck)
	l.used, known.used = now, now
	if answer := appendAnswer(c.scratch[:0], m.id, from.remote, known.pwd); len(answer) <= len(m.raw) {
		c.checks++
		p.credit -= len(answer)
		c.send(p.at, answer)
	}
	if c.options.trustChecks {
		c.own(p)
	}
	c.prove(now, p)
	c.consider(now, p)
	return endpoint{}, false
}
