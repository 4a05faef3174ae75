package relay

import (
	"runtime"
	"slices"
	"time"

	"visavis/internal/relay/control"
)

const (
	// A round of sweeping takes so many ticks of retryEvery: about a second.
	roundTicks = 20
	// sweepAtOnce is how many legs are looked after while packets wait.
	sweepAtOnce = 64
)

// sweep forgets what is over and tells who has become silent, among the next legs of the round: so many at most, and
// none twice. Of those that come meanwhile some have their turn in the next round.
func (c *core) sweep(now time.Time, most int) {
	c.unswept = min(c.unswept, len(c.order))
	if c.unswept == 0 {
		c.unswept = len(c.order)
		c.forgetRevocations(now, most)
	}
	for ; most > 0 && c.unswept > 0; most-- {
		c.unswept-- // downwards: whatever takes the place of a leg that goes has had its turn, or comes to it
		c.sweepLeg(now, c.order[c.unswept])
	}
}

func (c *core) sweepLeg(now time.Time, l *leg) {
	c.needFor(now, l, needEvery)
	if l.bound != nil && !l.silent && now.Sub(l.bound.heard) > silentAfter {
		l.silent = true
		c.tell(control.Event{Kind: control.Silent, Ufrag: l.bound.login.ufrag, At: now})
	}
	if now.Sub(l.used) > keepLeg || !l.ends.IsZero() && !l.ends.After(now) {
		c.dropLeg(l)
		return
	}
	if newest := l.newest(); len(l.logins) > 1 {
		l.logins = slices.DeleteFunc(l.logins, func(known *login) bool {
			return known.restart < newest && now.Sub(known.used) > keepLogin
		})
	}
	for _, p := range slices.Backward(l.paths) { // what is dropped moves only those that had their turn
		if now.Sub(p.heard) > consent && p != l.bound {
			c.dropPath(p)
		}
	}
}

func (c *core) forgetRevocations(now time.Time, most int) {
	for ; most > 0 && len(c.revocations) > 0 && now.After(c.revoked[c.revocations[0]]); most-- {
		delete(c.revoked, c.revocations[0])
		c.revocations = c.revocations[1:]
	}
}

// needOf asks for those that wait, among so many legs before a place in the order. It returns where to go on.
func (c *core) needOf(now time.Time, before, most int) int {
	before = min(before, len(c.order))
	for ; most > 0 && before > 0; most-- {
		before--
		c.needFor(now, c.order[before], 0)
	}
	return before
}

// sweepShare looks after a tick's share of the legs. Packets go on in between.
func (r *Relay) sweepShare(now time.Time) {
	r.mu.Lock()
	left := len(r.core.order)/roundTicks + 1
	r.mu.Unlock()
	for ; left > 0; left -= sweepAtOnce {
		r.mu.Lock()
		r.core.sweep(now, min(left, sweepAtOnce))
		r.mu.Unlock()
		runtime.Gosched()
	}
}
