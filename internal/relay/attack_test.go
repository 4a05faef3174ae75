package relay

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"visavis/internal/relay/control"
)

// Each attack is mounted twice: as the relay is, and with its one protection off or its one flaw mended, so that a
// test that no longer attacks anything fails as well.

// A participant can sign a check and send it with a stranger's address as its source.
func TestAForgedSourceCannotAimMediaAtAStranger(t *testing.T) {
	for name, with := range map[string]struct {
		trust bool
		hit   bool
	}{"as it is": {false, false}, "protection off": {true, true}} {
		t.Run(name, func(t *testing.T) {
			c := newTestCore(t, Options{trustChecks: with.trust})
			guest, staff := c.pair(1)
			stranger := at("203.0.113.66:53")
			hit := false
			for range 200 {
				c.packet(c.now, stranger, guest.request())
				to, forwarded := staff.media()
				hit = hit || forwarded && to == stranger.remote
				c.pass(retryEvery)
			}
			if hit != with.hit {
				t.Errorf("stranger got media: %t", hit)
			}
		})
	}
}

// An address that has proven nothing gets back at most three times what came from it (as RFC 9000 §8.1 has it for
// QUIC), and each single answer is shorter than its question.
func TestNobodyIsSentMuchMoreThanCameInTheirName(t *testing.T) {
	for name, where := range map[string]string{"IPv4": "203.0.113.66:53", "IPv6": "[2001:db8::66]:53"} {
		t.Run(name, func(t *testing.T) {
			c := newTestCore(t, Options{})
			guest, _ := c.pair(1)
			stranger := at(where)
			got := 0
			for range 100 {
				packet := guest.request()
				before := len(c.sent)
				c.packet(c.now, stranger, packet)
				got += len(packet)
				for _, answer := range c.sent[before:] {
					if m, err := parseSTUN(answer.data); err == nil && m.kind == bindingSuccess && len(answer.data) > len(packet) {
						t.Errorf("answers %d bytes with %d", len(packet), len(answer.data))
					}
				}
				c.pass(2 * time.Second)
				if sum, _ := c.bytesTo(stranger); sum > 3*got {
					t.Fatalf("has sent %d bytes to an address from which %d came", sum, got)
				}
			}
			if sum, _ := c.bytesTo(stranger); sum == 0 {
				t.Error("nothing was sent at all: the test attacks nothing")
			}
		})
	}
}

func TestOnlyChecksThatAServerHasPaidForAreAnswered(t *testing.T) {
	change := func(packet []byte, at int) []byte { packet[at] ^= 1; return packet }
	for name, with := range map[string]struct {
		make     func(c *testCore, b *testBrowser) []byte
		answered bool
	}{
		"right": {func(_ *testCore, b *testBrowser) []byte { return b.request() }, true},
		"signed with another key": {func(c *testCore, b *testBrowser) []byte {
			_, b.pwd = testKey(c.t).Credentials(b.leg)
			return b.request()
		}, false},
		"signed for another leg": {func(c *testCore, b *testBrowser) []byte {
			_, b.pwd = c.key.Credentials(talkOf(9, SideGuest))
			return b.request()
		}, false},
		"of the other side": {func(c *testCore, b *testBrowser) []byte {
			other := b.leg
			other.Side = SideStaff
			b.ufrag, _ = c.key.Credentials(other)
			return b.request()
		}, false},
		"made to last longer": {func(c *testCore, b *testBrowser) []byte {
			later := b.leg
			later.Expires = later.Expires.Add(time.Minute)
			b.ufrag, _ = c.key.Credentials(later)
			return b.request()
		}, false},
		"not signed": {func(c *testCore, b *testBrowser) []byte {
			return appendAttribute(beginSTUN(nil, bindingRequest, c.randomID()), attrUsername, []byte(b.ufrag+":"+b.ownUfrag)...)
		}, false},
		"changed on the way": {func(_ *testCore, b *testBrowser) []byte { return change(b.request(), stunHeader+8) }, false},
		"not ours":           {func(_ *testCore, b *testBrowser) []byte { b.ufrag = "abcd"; return b.request() }, false},
		"expired": {func(c *testCore, b *testBrowser) []byte {
			b.leg.Expires = c.now
			b.ufrag, b.pwd = c.key.Credentials(b.leg)
			return b.request()
		}, false},
		"too far ahead": {func(c *testCore, b *testBrowser) []byte {
			b.leg.Expires = c.now.Add(LongestLeg + time.Hour)
			b.ufrag, b.pwd = c.key.Credentials(b.leg)
			return b.request()
		}, false},
		"empty": {func(*testCore, *testBrowser) []byte { return nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := newTestCore(t, Options{})
			b := c.browser(talkOf(1, SideGuest), "192.0.2.1:1000")
			b.sends(with.make(c, b))
			if answered := len(c.sent) > 0; answered != with.answered {
				t.Errorf("answered: %t, dropped %v", answered, c.dropped)
			}
			if remembered := len(c.legs) > 0; remembered != with.answered {
				t.Errorf("remembered: %t", remembered)
			}
		})
	}
}

// A check that was overheard on the network is worth nothing once its leg has expired, nor from another place before.
func TestAnOverheardCheckIsWorthNothing(t *testing.T) {
	elsewhere := at("203.0.113.66:1000")
	for name, with := range map[string]struct {
		from     endpoint
		after    time.Duration
		answered bool
	}{
		"from its own place in time": {at("192.0.2.1:1000"), time.Second, true},
		"from elsewhere in time":     {elsewhere, time.Second, false},
		"from its own place late":    {at("192.0.2.1:1000"), time.Hour, false},
		"from elsewhere late":        {elsewhere, time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := newTestCore(t, Options{})
			b := c.browser(talkOf(1, SideGuest), "192.0.2.1:1000")
			overheard := b.request()
			b.sends(slices.Clone(overheard))
			b.mute = true
			c.now = c.now.Add(with.after)
			c.sweep(c.now, math.MaxInt)
			before := len(c.sent)
			c.packet(c.now, with.from, overheard)
			if answered := len(c.sent) > before; answered != with.answered {
				t.Errorf("answered: %t, dropped %v", answered, c.dropped)
			}
		})
	}
}

// Whoever hears a check can send it again from elsewhere after the relay has forgotten its number. That gets a short
// answer there and no media, as the relay's own check stays without one.
func TestAnOverheardCheckOfARunningTalkDoesNotMoveIt(t *testing.T) {
	c := newTestCore(t, Options{})
	guest, staff := c.pair(1)
	overheard := guest.request()
	guest.sends(slices.Clone(overheard))
	for range 2 * rememberedIDs {
		guest.check()
		c.pass(100 * time.Millisecond)
	}
	for range 30 {
		c.packet(c.now, at("203.0.113.66:1000"), slices.Clone(overheard))
		if !staff.reaches(guest) {
			t.Fatal("media do not reach the guest any more")
		}
		guest.check()
		staff.check()
		c.pass(200 * time.Millisecond)
	}
}

func TestOnlyTheTwoSidesOfOneTalkAreBroughtTogether(t *testing.T) {
	for name, with := range map[string]struct {
		other  Leg
		paired bool
	}{
		"the other side":       {talkOf(1, SideStaff), true},
		"another talk":         {talkOf(2, SideStaff), false},
		"the same side":        {Leg{Talk: [8]byte{1}, Side: SideGuest, Generation: 2}, false},
		"before the reload":    {Leg{Talk: [8]byte{1}, Side: SideStaff, Generation: 0}, false},
		"after the reload":     {Leg{Talk: [8]byte{1}, Side: SideStaff, Generation: 2}, false},
		"a restart of its ICE": {Leg{Talk: [8]byte{1}, Side: SideStaff, Generation: 1, Restart: 3}, true},
	} {
		t.Run(name, func(t *testing.T) {
			c := newTestCore(t, Options{})
			guest := c.browser(talkOf(1, SideGuest), "192.0.2.1:1000")
			other := c.browser(with.other, "198.51.100.1:2000")
			guest.join()
			other.join()
			_, out := guest.media()
			_, back := other.media()
			if out != with.paired || back != with.paired {
				t.Errorf("forwarded: %t, %t", out, back)
			}
		})
	}
}

func TestNothingIsForwardedBeforeBothSidesAreIntroducedAndProven(t *testing.T) {
	c := newTestCore(t, Options{})
	guest := c.browser(talkOf(1, SideGuest), "192.0.2.1:1000")
	staff := c.browser(talkOf(1, SideStaff), "198.51.100.1:2000")
	steps := []struct {
		name string
		do   func() error
	}{
		{"nothing", func() error { return nil }},
		{"guest's check", func() error { guest.check(); return nil }},
		{"staff's check", func() error { staff.check(); return nil }},
		{"guest's introduction", guest.introduce},
		{"guest's answer", func() error { c.settle(); return nil }},
		{"staff's introduction", func() error { staff.mute = true; err := staff.introduce(); c.settle(); return err }},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if _, forwarded := guest.media(); forwarded {
			t.Errorf("after %s the guest's media are forwarded", step.name)
		}
		if _, forwarded := staff.media(); forwarded {
			t.Errorf("after %s the staff's media are forwarded", step.name)
		}
	}
	staff.mute = false
	c.pass(time.Second)
	if !guest.reaches(staff) || !staff.reaches(guest) {
		t.Error("after staff's answer nothing is forwarded: the test attacks nothing")
	}
	if c.told(control.Bound) != 2 || c.told(control.Need) != 2 {
		t.Errorf("told %+v", c.events)
	}
}

func TestARevokedTalkIsSilentAtOnceAndStaysSo(t *testing.T) {
	for name, revoke := range map[string]bool{"revoked": true, "not revoked": false} {
		t.Run(name, func(t *testing.T) {
			c := newTestCore(t, Options{})
			guest, staff := c.pair(1)
			other, friend := c.pair(2)
			if revoke {
				c.revoke(c.now, guest.leg.Talk)
			}
			if guest.reaches(staff) == revoke || staff.reaches(guest) == revoke {
				t.Error("media")
			}
			if !other.reaches(friend) {
				t.Error("another talk was hit")
			}
			sent := len(c.sent)
			guest.check()
			if (len(c.sent) == sent) != revoke {
				t.Error("check")
			}
			if err := staff.introduce(); errors.Is(err, control.ErrRevoked) != revoke {
				t.Errorf("introduction: %v", err)
			}
			again := c.browser(Leg{Talk: guest.leg.Talk, Side: SideGuest, Generation: 2, Expires: c.now.Add(LongestLeg)}, "192.0.2.1:1001")
			if err := again.introduce(); errors.Is(err, control.ErrRevoked) != revoke {
				t.Errorf("introduction after a reload: %v", err)
			}
			c.now = c.now.Add(LongestLeg - time.Second)
			c.sweep(c.now, math.MaxInt)
			if err := again.introduce(); errors.Is(err, control.ErrRevoked) != revoke {
				t.Errorf("introduction a day later: %v", err)
			}
		})
	}
}

func TestMediaStopWhenAnAddressNoLongerAnswers(t *testing.T) {
	for name, mute := range map[string]bool{"silent": true, "answering": false} {
		t.Run(name, func(t *testing.T) {
			c := newTestCore(t, Options{})
			guest, staff := c.pair(1)
			guest.mute = mute
			for range 40 { // a forger keeps on sending checks in the guest's name
				guest.check()
				staff.check()
				c.pass(time.Second)
			}
			if staff.reaches(guest) == mute {
				t.Errorf("reaches: %t", !mute)
			}
		})
	}
}

// It would answer its own checks and so prove any address of its own, and one packet would go round for ever.
func TestARelayIsNoBrowser(t *testing.T) {
	c := newTestCore(t, Options{})
	b := c.browser(talkOf(1, SideGuest), "192.0.2.1:3478")
	elsewhere := Key(bytes.Repeat([]byte{7}, 32))
	for name, key := range map[string]Key{"this one": c.key, "another one": elsewhere} {
		for whose, leg := range map[string]Leg{"own": b.leg, "other": talkOf(2, SideStaff)} {
			b.ownUfrag, b.ownPwd = key.Credentials(leg)
			if err := b.introduce(); !errors.Is(err, control.ErrBrowser) {
				t.Errorf("%s, credentials of the %s leg: %v", name, whose, err)
			}
		}
	}
	b.ownUfrag, b.ownPwd = "Brow", "browser/browser+browser0"
	if err := b.introduce(); err != nil {
		t.Errorf("a browser: %v", err)
	}
}
