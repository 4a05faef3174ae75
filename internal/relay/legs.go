package relay

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"visavis/internal/relay/control"
)

// How long things hold.
const (
	// consent is how long an answer to our own check allows sending to an address (RFC 7675 §5.1).
	consent = 30 * time.Second
	// renewAfter is the age of an answer at which the browser's next check makes us ask again.
	renewAfter = 4 * time.Second
	// moveAfter is the silence of the bound address after which another proven one takes over without being
	// nominated: some browsers' checks from a new port never carry USE-CANDIDATE.
	moveAfter = 500 * time.Millisecond
	// followAfter is how long no media have come from the bound address when another one's media move the leg: a few
	// packets of sound, so that those which overtake each other on two ways do not move it back and forth.
	followAfter = 100 * time.Millisecond
	// silentAfter is the silence that is told to the servers.
	silentAfter = 10 * time.Second
	// keepLogin is how long credentials of before an ICE restart stay valid unused.
	keepLogin = 30 * time.Second
	// keepLeg is how long a leg is remembered that nobody uses. Forgetting costs nothing but another Need.
	keepLeg = 2 * time.Minute
	// needEvery spaces the requests for one introduction.
	needEvery = time.Second

	mostPaths  = 8
	mostLogins = 4

	legsOfATalk = 2

	// mostLegsOfATalk are those of its four newest generations, or of all three ways that a network test tries. A page that
	// is loaded again begins a generation: without this, one guest who does nothing else would take the places of hundreds.
	mostLegsOfATalk = 4 * legsOfATalk

	// briefShare is the part of all legs that network tests may have. They are anybody's for the asking, so however many
	// ask, three quarters are left for talks; and a quarter is far more tests than people make in one minute.
	briefShare = 4
)

// endpoint is where packets come from and go to: an address on the UDP socket, or a connection.
type endpoint struct {
	remote netip.AddrPort
	local  netip.Addr // the address that was asked, on a wildcard socket
	conn   *conn      // nil on UDP
}

func (e endpoint) is(other endpoint) bool { return e.remote == other.remote && e.conn == other.conn }

// login is one set of credentials of a leg: ours, and the browser's once introduced.
type login struct {
	ufrag, pwd                string
	browserUfrag, browserPwd  string
	restart                   uint32
	expires, used, lastNeeded time.Time
}

func (l *login) introduced() bool { return l.browserPwd != "" }

// leg is one browser's end of a talk.
type leg struct {
	id     legID
	place  int // in the core's order
	peer   *leg
	logins []*login
	paths  []*path
	bound  *path // where media come from and go to
	used   time.Time
	ends   time.Time // of a brief leg; zero: when nobody uses it any more
	silent bool      // has been told

	hello hello

	media     bucket
	checks    bucket
	ownChecks bucket
	strange   bucket // checks in its name from addresses that are not proven
	seen      [rememberedIDs]seenID
	seenNext  int
}

type seenID struct {
	id   transactionID
	from endpoint
}

// path is one address of a leg.
type path struct {
	leg       *leg
	at        endpoint
	login     *login // of the newest check
	heard     time.Time
	carried   time.Time // last media
	proven    time.Time // last answer to our own check; zero: never
	nominated bool      // by the newest check
	own       ownCheck
	credit    int // bytes that may go there unproven
	checks    bucket
}

func (p *path) mayReceive(now time.Time) bool {
	return p != nil && !p.proven.IsZero() && now.Sub(p.proven) < consent
}

// replayed reports whether this transaction was seen from another place, and remembers it. A captured check sent
// again from elsewhere must neither move the leg nor be answered there.
func (l *leg) replayed(id transactionID, from endpoint) bool {
	for i := range l.seen {
		if l.seen[i].id == id && l.seen[i].from.remote.IsValid() {
			return !l.seen[i].from.is(from)
		}
	}
	l.seen[l.seenNext%rememberedIDs] = seenID{id, from}
	l.seenNext++
	return false
}

func (l *leg) login(ufrag string) *login {
	for _, known := range l.logins {
		if known.ufrag == ufrag {
			return known
		}
	}
	return nil
}

func (l *leg) newest() uint32 {
	var newest uint32
	for _, known := range l.logins {
		newest = max(newest, known.restart)
	}
	return newest
}

// addLogin makes room by forgetting what was used longest ago.
func (l *leg) addLogin(now time.Time, ufrag, pwd string, name Leg) *login {
	if len(l.logins) >= mostLogins {
		oldest := slices.MinFunc(l.logins, func(a, b *login) int { return a.used.Compare(b.used) })
		l.logins = slices.DeleteFunc(l.logins, func(known *login) bool { return known == oldest })
	}
	added := &login{ufrag: ufrag, pwd: pwd, restart: name.Restart, expires: name.Expires, used: now}
	l.logins = append(l.logins, added)
	return added
}

// pathAt finds the leg's path, or makes one if there is room or another one gives way.
func (l *leg) pathAt(now time.Time, from endpoint, with *login) (p *path, dropped *path) {
	for _, known := range l.paths {
		if known.at.is(from) {
			return known, nil
		}
	}
	if len(l.paths) >= mostPaths {
		if dropped = l.spare(now, with); dropped == nil {
			return nil, nil
		}
	}
	p = &path{leg: l, at: from}
	l.paths = append(l.paths, p)
	return p, dropped
}

// spare is the path that gives way: one that nobody was heard on for long, or that is older than the ICE restart which
// the new one belongs to. A phone that finds no way restarts every few seconds, from new ports on each of its networks.
func (l *leg) spare(now time.Time, with *login) (spare *path) {
	for _, p := range l.paths {
		current := p.login.restart >= with.restart && now.Sub(p.heard) < consent
		if p != l.bound && !current && (spare == nil || p.heard.Before(spare.heard)) {
			spare = p
		}
	}
	return spare
}

// legFor finds or makes the leg that a ufrag names. When it fails, the error says why the leg may not begin.
func (c *core) legFor(now time.Time, name Leg) (*leg, error) {
	if known := c.legs[name.id()]; known != nil {
		return known, nil
	}
	if _, revoked := c.revoked[name.Talk]; revoked {
		return nil, control.ErrRevoked
	}
	if !name.Expires.After(now) || name.Expires.After(now.Add(LongestLeg+time.Minute)) {
		return nil, control.ErrExpired
	}
	if !c.roomInTalk(name) {
		return nil, control.ErrExpired
	}
	if len(c.legs) >= c.options.MaxLegs || name.Brief && c.briefLegs >= c.options.MaxLegs/briefShare {
		return nil, control.ErrFull
	}
	made := &leg{id: name.id(), used: now}
	if name.Brief {
		made.ends = name.Expires
		c.briefLegs++
	}
	made.peer = c.legs[made.id.peer()]
	if made.peer != nil {
		made.peer.peer = made
	}
	c.legs[made.id] = made
	c.talks[made.id.talk] = append(c.talks[made.id.talk], made)
	made.place = len(c.order)
	c.order = append(c.order, made)
	return made, nil
}

// roomInTalk makes room for a leg in its talk: one of the oldest generation gives way, unless that is newer.
func (c *core) roomInTalk(name Leg) bool {
	legs := c.talks[name.Talk]
	if len(legs) < mostLegsOfATalk {
		return true
	}
	oldest := slices.MinFunc(legs, func(a, b *leg) int { return cmp.Compare(a.id.generation, b.id.generation) })
	if oldest.id.generation >= name.Generation {
		return false
	}
	c.dropLeg(oldest)
	return true
}

// mayLogin says whether a known leg may take these credentials. Those of before its newest restart are only found,
// never added again: once forgotten they are dead.
func (c *core) mayLogin(now time.Time, l *leg, name Leg) error {
	if name.Restart < l.newest() || !name.Expires.After(now) || name.Expires.After(now.Add(LongestLeg+time.Minute)) {
		return control.ErrExpired
	}
	return nil
}

func (c *core) dropPath(p *path) {
	if p == nil {
		return
	}
	if c.paths[p.at.remote] == p {
		delete(c.paths, p.at.remote)
	}
	if p.at.conn != nil && p.at.conn.path == p {
		p.at.conn.path = nil
		c.tcpLegs--
		p.at.conn.hangUp()
	}
	delete(c.pending, p.own.id)
	if p.leg.bound == p {
		p.leg.bound = nil
		c.boundLegs--
	}
	p.leg.paths = slices.DeleteFunc(p.leg.paths, func(known *path) bool { return known == p })
}

func (c *core) dropLeg(l *leg) {
	for len(l.paths) > 0 {
		c.dropPath(l.paths[0])
	}
	if l.peer != nil {
		l.peer.peer = nil
	}
	delete(c.legs, l.id)
	c.dropped[noPeer] += uint64(len(l.hello.packets))
	if !l.ends.IsZero() {
		c.briefLegs--
	}
	others := slices.DeleteFunc(c.talks[l.id.talk], func(known *leg) bool { return known == l })
	if c.talks[l.id.talk] = others; len(others) == 0 {
		delete(c.talks, l.id.talk)
	}
	last := len(c.order) - 1 // it takes the place that becomes free
	c.order[l.place] = c.order[last]
	c.order[l.place].place = l.place
	c.order[last] = nil
	c.order = c.order[:last]
}

// bind makes p the leg's place. It must have answered our own check.
func (c *core) bind(now time.Time, p *path) {
	if p.leg.bound == nil {
		c.boundLegs++
	}
	p.leg.bound = p
	p.leg.silent = false
	c.tell(control.Event{Kind: control.Bound, Ufrag: p.login.ufrag, At: now})
}

// consider decides after each check and each answer whether the leg moves to p.
func (c *core) consider(now time.Time, p *path) {
	bound := p.leg.bound
	switch {
	case bound == p:
		if p.leg.silent && p.mayReceive(now) {
			p.leg.silent = false
			c.tell(control.Event{Kind: control.Bound, Ufrag: p.login.ufrag, At: now})
		}
	case !p.mayReceive(now) && !c.options.trustChecks:
	case !bound.mayReceive(now), p.nominated, now.Sub(bound.heard) > moveAfter:
		c.bind(now, p)
	}
	c.deliver(now, p.leg)
}

// follow moves the leg to where its media come from. That is where the browser has chosen to be, which it may say in a
// check only seconds later: Chromium does after an interruption, having gone on with a way that it had not nominated.
func (c *core) follow(now time.Time, p *path) {
	if bound := p.leg.bound; !bound.mayReceive(now) || now.Sub(bound.carried) > followAfter {
		c.bind(now, p)
	}
}
