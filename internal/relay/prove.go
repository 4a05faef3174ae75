package relay

import (
	"crypto/rand"
	"slices"
	"time"

	"visavis/internal/relay/control"
)

// ownCheck is our question whether somebody with the browser's credentials is really there. ICE-lite alone has no
// such check, so a participant could sign one with a forged source and aim the peer's video at a stranger.
type ownCheck struct {
	id     transactionID
	login  *login
	first  time.Time
	latest time.Time
	tries  int
}

const (
	ownCheckTimeout = 100 * time.Millisecond // doubled at each try
	ownCheckTries   = 4
	// amplification bounds what goes to an address that has proven nothing, in bytes for each that came from it, as
	// in RFC 9000 §8.1. A check's answer and our own check fit, and one repetition.
	amplification = 3

	mostRevoked = 1 << 16
)

func randomTransaction() (id transactionID) {
	rand.Read(id[:])
	return id
}

// prove asks the address behind p, unless it has answered a short while ago or is being asked.
func (c *core) prove(now time.Time, p *path) {
	if !p.login.introduced() {
		c.need(now, p.login)
		return
	}
	if c.pending[p.own.id] == p || !p.proven.IsZero() && now.Sub(p.proven) < renewAfter {
		return
	}
	p.own = ownCheck{id: c.randomID(), login: p.login, first: now}
	if c.ask(now, p) {
		c.pending[p.own.id] = p
	}
}

// need asks the servers for an introduction.
func (c *core) need(now time.Time, l *login) { c.needUnless(now, l, needEvery) }

// needUnless asks if it has not been asked for so long.
func (c *core) needUnless(now time.Time, l *login, asked time.Duration) {
	if now.Sub(l.lastNeeded) >= asked {
		l.lastNeeded = now
		c.tell(control.Event{Kind: control.Need, Ufrag: l.ufrag, At: now})
	}
}

// needFor asks for all places of a leg that wait: what was told may have reached nobody, as while no server was
// connected, and the browser's next check may be seconds away.
func (c *core) needFor(now time.Time, l *leg, asked time.Duration) {
	for _, p := range l.paths {
		if !p.login.introduced() && now.Sub(p.heard) < consent {
			c.needUnless(now, p.login, asked)
		}
	}
}

// ask sends the check once, if the leg's rate and what has come from the address allow it.
func (c *core) ask(now time.Time, p *path) bool {
	with := p.own.login
	check := appendCheck(c.scratch[:0], p.own.id, with.browserUfrag, with.ufrag, with.browserPwd)
	if !p.mayReceive(now) && p.credit < len(check) || !p.leg.ownChecks.take(now, c.limits.ownChecks, 1) {
		return false
	}
	p.credit -= len(check)
	p.own.latest = now
	p.own.tries++
	c.send(p.at, check)
	return true
}

// retry repeats checks that were not answered. It runs every few hundredths of a second, and mostly finds nothing.
func (c *core) retry(now time.Time) {
	for id, p := range c.pending {
		switch {
		case now.Sub(p.own.first) > ownCheckTimeout<<ownCheckTries:
			delete(c.pending, id)
		case p.at.conn != nil: // TCP repeats by itself
		case p.own.tries < ownCheckTries && now.Sub(p.own.latest) >= ownCheckTimeout<<(p.own.tries-1):
			c.ask(now, p) // if it may not, the answer to an earlier try can still come
		}
	}
}

// answered takes a browser's answer. It counts once, from the address that was asked, signed as the browser signs.
func (c *core) answered(now time.Time, from endpoint, m *message) (endpoint, bool) {
	p := c.pending[m.id]
	if p == nil || !p.at.is(from) {
		return c.drop(strayAnswer)
	}
	if !m.signedWith(p.own.login.browserPwd) {
		return c.drop(unauthenticated)
	}
	delete(c.pending, m.id)
	p.proven, p.heard = now, now
	c.own(p)
	c.consider(now, p)
	return endpoint{}, false
}

// own makes packets from p's address those of p. An address belongs to who has last proven to be there.
func (c *core) own(p *path) {
	if p.at.conn != nil {
		return
	}
	if before := c.paths[p.at.remote]; before != nil && before != p {
		c.dropPath(before)
	}
	c.paths[p.at.remote] = p
}

// introduce takes the browser's credentials and asks all addresses that have been waiting for them.
func (c *core) introduce(now time.Time, ufrag, browserUfrag, browserPwd string) error {
	name, err := ParseUfrag(ufrag)
	if err != nil {
		return err
	}
	// A relay's own credentials would make it a browser of its own: it would answer its own check, and forward to itself.
	_, foreign := ParseUfrag(browserUfrag)
	if foreign == nil || !iceChars(browserUfrag, 4) || !iceChars(browserPwd, 22) {
		return control.ErrBrowser
	}
	l, err := c.legFor(now, name)
	if err != nil {
		return err
	}
	known := l.login(ufrag)
	if known == nil {
		if err := c.mayLogin(now, l, name); err != nil {
			return err
		}
		known = l.addLogin(now, ufrag, c.key.password(ufrag), name)
	}
	known.browserUfrag, known.browserPwd = browserUfrag, browserPwd
	l.used, known.used = now, now
	for _, p := range l.paths {
		if p.login == known {
			c.prove(now, p)
		}
	}
	return nil
}

// iceChars checks a ufrag or pwd (RFC 8839 §5.4): 256 characters at most.
func iceChars(text string, least int) bool {
	if len(text) < least || len(text) > 256 {
		return false
	}
	for _, char := range []byte(text) {
		switch {
		case 'a' <= char && char <= 'z', 'A' <= char && char <= 'Z', '0' <= char && char <= '9':
		case char == '+', char == '/':
		default:
			return false
		}
	}
	return true
}

// revoke ends a talk for as long as any of its credentials can be valid. A full list forgets who has been on it
// longest: media still need an introduction, which no server gives to a talk that has ended.
func (c *core) revoke(now time.Time, talk [8]byte) {
	for _, l := range slices.Clone(c.talks[talk]) {
		c.dropLeg(l)
	}
	if _, known := c.revoked[talk]; known {
		return
	}
	if len(c.revoked) >= mostRevoked {
		delete(c.revoked, c.revocations[0])
		c.revocations = c.revocations[1:]
	}
	c.revoked[talk] = now.Add(LongestLeg + time.Minute)
	c.revocations = append(c.revocations, talk)
}
