package relay

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"visavis/internal/relay/control"
)

// crowded is a relay with so many legs, each in use at an address of its own.
func crowded(tb testing.TB, legs int) *core {
	tb.Helper()
	c := newCore(testKey(tb), Options{MaxLegs: legs + 1_000}.withDefaults())
	c.send, c.tell = func(endpoint, []byte) {}, func(control.Event) {}
	now := time.Unix(2_000_000_000, 0)
	for i := range legs {
		name := Leg{Side: SideGuest + Side(i%2), Generation: 1, Expires: now.Add(time.Hour)}
		binary.BigEndian.PutUint32(name.Talk[:], uint32(i/2))
		l, err := c.legFor(now, name)
		if err != nil {
			tb.Fatal(err)
		}
		ufrag, pwd := c.key.Credentials(name)
		known := l.addLogin(now, ufrag, pwd, name)
		known.browserUfrag, known.browserPwd = "Brow", "browser/browser+browser0"
		from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, byte(18 + i>>16), byte(i >> 8), byte(i)}), 1)
		p, _ := l.pathAt(now, endpoint{remote: from}, known)
		p.login, p.heard, p.proven = known, now, now
		c.own(p)
		c.bind(now, p)
	}
	return c
}

// BenchmarkSweep shows how long the relay's lock is held.
func BenchmarkSweep(b *testing.B) {
	c := crowded(b, 20_000)
	now := time.Unix(2_000_000_001, 0)
	for name, most := range map[string]int{"all": len(c.order), "at once": sweepAtOnce} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				c.sweep(now, most)
			}
		})
	}
}

// However many legs come and go in between, a round looks after each that was there when it began.
func TestARoundOfSweepingMissesNobody(t *testing.T) {
	c := crowded(t, 500)
	now := time.Unix(2_000_000_000, 0)
	for _, l := range c.order[:400] {
		l.used = now.Add(-keepLeg - time.Second) // these go
	}
	random := rand.New(rand.NewPCG(1, 2))
	for round := 0; round == 0 || c.unswept > 0; round++ {
		c.sweep(now, 1+random.IntN(20))
		for range random.IntN(4) {
			c.revoke(now, c.order[random.IntN(len(c.order))].id.talk)
		}
		name := Leg{Talk: [8]byte{9, byte(round), byte(round >> 8)}, Side: SideGuest, Generation: 1, Expires: now.Add(time.Hour)}
		if _, err := c.legFor(now, name); err != nil {
			t.Fatal(err)
		}
		c.consistent(t)
	}
	for _, l := range c.order {
		if now.Sub(l.used) > keepLeg {
			t.Error("a leg that is over is still there")
		}
	}
}

// consistent fails unless the three ways to find a leg agree.
func (c *core) consistent(t *testing.T) {
	t.Helper()
	ofTalks := 0
	for talk, legs := range c.talks {
		ofTalks += len(legs)
		for _, l := range legs {
			if l.id.talk != talk || c.legs[l.id] != l {
				t.Fatal("a talk has a leg that is not its own")
			}
		}
	}
	if len(c.legs) != len(c.order) || len(c.legs) != ofTalks {
		t.Fatalf("%d legs, %d in order, %d of talks", len(c.legs), len(c.order), ofTalks)
	}
	for place, l := range c.order {
		if l.place != place || c.legs[l.id] != l {
			t.Fatal("a leg is not where it says")
		}
	}
}

// A relay with 20,000 legs looks after one before each packet has waited long.
func TestSweepingHoldsTheLockForAPieceOnly(t *testing.T) {
	c := crowded(t, 5_000)
	now := time.Unix(2_000_000_000, 0).Add(silentAfter + time.Second)
	told := 0
	c.tell = func(control.Event) { told++ }
	c.sweep(now, sweepAtOnce)
	if told != sweepAtOnce {
		t.Errorf("%d legs were looked after at once", told)
	}
	for c.unswept > 0 {
		c.sweep(now, sweepAtOnce)
	}
	if told != 5_000 {
		t.Errorf("a round has looked after %d of 5,000", told)
	}
}
