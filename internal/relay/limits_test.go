package relay

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"visavis/internal/relay/control"
)

func TestALegCannotSendMoreThanItsShare(t *testing.T) {
	const share = 1_000_000 // bits a second
	for name, with := range map[string]struct {
		allowed int
		over    bool
	}{"as it is": {share, true}, "with a share for all of it": {100 * share, false}} {
		t.Run(name, func(t *testing.T) {
			c := newTestCore(t, Options{LegBitsPerSecond: with.allowed})
			guest, staff := c.pair(1)
			before := c.bytes
			for range 10_000 { // 12 MB, ten seconds long
				guest.media()
				c.now = c.now.Add(time.Millisecond)
			}
			passed := int(c.bytes-before) * 8
			if most := with.allowed*10 + with.allowed/4; passed > most {
				t.Errorf("%d bits passed, %d may", passed, most)
			}
			if (c.dropped[overBandwidth] > 0) != with.over {
				t.Errorf("dropped %v", c.dropped)
			}
			if !staff.reaches(guest) {
				t.Error("the other direction pays for it")
			}
		})
	}
}

func TestManyPacketsCostALegItsShareHoweverLittleTheyCarry(t *testing.T) {
	const share = 1_000_000 // bits a second
	c := newTestCore(t, Options{LegBitsPerSecond: share})
	guest, _ := c.pair(1)
	before := c.packets
	for range 100_000 { // a second long
		guest.sends([]byte{0x80})
		c.now = c.now.Add(10 * time.Microsecond)
	}
	passed, most := int(c.packets-before), (share+share/4)/(8*headers)
	if passed == 0 || passed > most {
		t.Errorf("%d packets of a byte each passed in a second, %d may", passed, most)
	}
}

func TestALegCannotKeepTheRelayBusyWithChecks(t *testing.T) {
	for name, with := range map[string]struct {
		unlimited bool
		most      int
	}{"as it is": {false, 20*10 + 41}, "limits off": {true, 2001}} {
		t.Run(name, func(t *testing.T) {
			c := newTestCore(t, Options{})
			guest, _ := c.pair(1)
			if with.unlimited {
				c.limits.legChecks, c.limits.pathChecks = rate{1e9, 1e9}, rate{1e9, 1e9}
			}
			before := c.checks
			for range 2000 {
				guest.check()
				c.now = c.now.Add(5 * time.Millisecond)
			}
			answered := int(c.checks - before)
			if answered > with.most || with.unlimited != (answered == 2000) {
				t.Errorf("answered %d", answered)
			}
		})
	}
}

func TestStrangersCannotUseUpWhatProvenAddressesNeed(t *testing.T) {
	c := newTestCore(t, Options{})
	guest, staff := c.pair(1)
	forger := c.browser(talkOf(2, SideGuest), "203.0.113.66:1000")
	for range 100_000 {
		forger.check()
	}
	if c.dropped[overRate] < 50_000 {
		t.Fatalf("the flood was not stopped: %v", c.dropped)
	}
	before := c.checks
	guest.check()
	if c.checks != before+1 || !guest.reaches(staff) {
		t.Error("the flood hit a talk under way")
	}
}

// Whoever floods from forged addresses knows no credentials of anybody else. Legs that a server has introduced do not share
// a limit with what is made up, neither for their checks nor for their answers to the relay's own.
func TestStrangersCannotUseUpWhatNewcomersNeed(t *testing.T) {
	c := newTestCore(t, Options{})
	guest, staff := c.browser(talkOf(1, SideGuest), "192.0.2.1:1000"), c.browser(talkOf(1, SideStaff), "198.51.100.1:2000")
	for _, b := range []*testBrowser{guest, staff} {
		if err := b.introduce(); err != nil {
			t.Fatal(err)
		}
	}
	flood := func() {
		for n := range 20_000 {
			forged := netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, byte(n >> 16), byte(n >> 8), byte(n)}), 1000)
			forger := testBrowser{core: c, leg: Leg{Talk: [8]byte{0xff, byte(n >> 8), byte(n)}, Side: SideGuest, Generation: 1}, at: endpoint{remote: forged}}
			forger.leg.Expires = c.now.Add(time.Hour)
			forger.ufrag, _ = c.key.Credentials(forger.leg)
			forger.ownUfrag, forger.pwd = "Brow", "made up"
			forger.check()
		}
	}
	flood()
	if c.dropped[overRate] < 10_000 {
		t.Fatalf("the flood was not stopped: %v", c.dropped)
	}
	guest.check()
	staff.check()
	flood()
	c.settle()
	if !guest.reaches(staff) || !staff.reaches(guest) {
		t.Errorf("the flood keeps newcomers out: %v", c.dropped)
	}
}

func TestWhoKnowsALegsNameUsesUpItsOwnShareOnly(t *testing.T) {
	c := newTestCore(t, Options{})
	guest, staff := c.pair(1)
	for n := range 20_000 {
		forger := *guest
		forger.at = endpoint{remote: netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, byte(n >> 16), byte(n >> 8), byte(n)}), 1000)}
		forger.pwd = "made up"
		forger.check()
	}
	if signed := c.dropped[unauthenticated]; signed == 0 || signed > 1000 {
		t.Errorf("%d signatures were looked at", signed)
	}
	before := c.checks
	guest.check()
	if c.checks != before+1 || !guest.reaches(staff) {
		t.Error("the flood hit a talk under way")
	}
}

// A page that is loaded again and again, or made to, begins a generation each time.
func TestATalkHasLegsOfItsNewestGenerationsOnly(t *testing.T) {
	c := newTestCore(t, Options{})
	other, third := c.pair(2)
	for n := range uint32(300) {
		for i, side := range []Side{SideGuest, SideStaff} {
			leg := talkOf(1, side)
			leg.Generation = n + 1
			if err := c.browser(leg, fmt.Sprintf("192.0.2.%d:%d", 1+i, 1000+n)).introduce(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if alive := len(c.talks[[8]byte{1}]); alive != mostLegsOfATalk || len(c.legs) != alive+2 {
		t.Errorf("%d legs of one talk, %d of all", alive, len(c.legs))
	}
	for id := range c.legs {
		if id.talk == [8]byte{1} && id.generation <= 296 {
			t.Errorf("one of generation %d", id.generation)
		}
	}
	old := talkOf(1, SideGuest)
	if err := c.browser(old, "192.0.2.9:1000").introduce(); !errors.Is(err, control.ErrExpired) {
		t.Errorf("one of long ago: %v", err)
	}
	if !other.reaches(third) {
		t.Error("another talk was hit")
	}
}

func TestWhoComesThroughTURNIsNotStoppedByAnotherWhoDoes(t *testing.T) {
	for name, with := range map[string]struct {
		host string
		own  bool
	}{"loopback": {"127.0.0.1", true}, "the relay's own address": {"192.0.2.7", true}, "another": {"192.0.2.8", false}} {
		t.Run(name, func(t *testing.T) {
			c := newTestCore(t, Options{})
			c.self = netip.MustParseAddr("192.0.2.7")
			forger := c.browser(talkOf(9, SideGuest), with.host+":1000")
			forger.leg.Expires, forger.pwd = c.now, "wrong"
			for range 2000 {
				forger.check()
			}
			if c.dropped[overRate] < 500 {
				t.Fatalf("the flood was not stopped: %v", c.dropped)
			}
			answered := 0
			for n := range byte(3) { // one may share the flood's bucket by chance
				before := c.checks
				c.browser(talkOf(n, SideGuest), fmt.Sprintf("%s:%d", with.host, 2000+int(n))).check()
				answered += int(c.checks - before)
			}
			if (answered > 0) != with.own {
				t.Errorf("%d of three others are answered", answered)
			}
		})
	}
}

func TestTheRelayTakesNoMoreLegsThanItMay(t *testing.T) {
	for name, with := range map[string]struct {
		most int
		full bool
	}{"two": {2, true}, "three": {3, false}} {
		t.Run(name, func(t *testing.T) {
			c := newTestCore(t, Options{MaxLegs: with.most})
			guest, staff := c.pair(1)
			third := c.browser(talkOf(2, SideGuest), "192.0.2.2:1000")
			third.check()
			if (len(c.legs) == with.most) != true || (c.dropped[full] > 0) != with.full {
				t.Errorf("%d legs, dropped %v", len(c.legs), c.dropped)
			}
			if err := third.introduce(); errors.Is(err, control.ErrFull) != with.full {
				t.Errorf("introduction: %v", err)
			}
			if !guest.reaches(staff) {
				t.Error("a talk under way was hit")
			}
			c.pass(keepLeg + 2*time.Second) // nobody has used the old ones
			if third.check(); len(c.legs) != 1 {
				t.Errorf("%d legs after the others were given up", len(c.legs))
			}
		})
	}
}

func TestARelayWithoutRoomForBothSidesOfATalkSaysThatItIsFull(t *testing.T) {
	r, _ := startRelay(t, Options{Key: testKey(t), MaxLegs: 5})
	for n, want := range []bool{false, false, false, false, true} {
		if got := r.Load().Full; got != want {
			t.Errorf("with %d legs, full is %t", n, got)
		}
		leg := talkOf(byte(n), SideGuest)
		leg.Expires = time.Now().Add(time.Minute)
		ufrag, _ := r.options.Key.Credentials(leg)
		if err := r.Introduce(ufrag, "browser", "aPasswordOf25Characters00"); err != nil {
			t.Fatal(err)
		}
	}
}

// Anybody may ask for the legs of a network test. If they lived as long as somebody checks, they would be a tunnel for
// everybody, and whoever collects them would leave no room for talks.
func TestABriefLegEndsInUseOrNot(t *testing.T) {
	for name, with := range map[string]struct{ brief bool }{"network test": {true}, "talk": {false}} {
		t.Run(name, func(t *testing.T) {
			c := newTestCore(t, Options{})
			leg := func(side Side) Leg {
				return Leg{Talk: [8]byte{1}, Side: side, Generation: 1, Expires: c.now.Add(time.Minute), Brief: with.brief}
			}
			one, other := c.browser(leg(SideGuest), "192.0.2.1:1000"), c.browser(leg(SideStaff), "198.51.100.1:2000")
			one.join()
			other.join()
			for range 30 {
				if !one.reaches(other) {
					t.Fatal("media do not flow while it lasts")
				}
				c.pass(1900 * time.Millisecond)
				one.check()
				other.check()
				c.settle()
			}
			for range 5 {
				c.pass(2 * time.Second)
				one.check()
				other.check()
				c.settle()
			}
			if one.reaches(other) == with.brief {
				t.Error("after its minute, media flow: ", !with.brief)
			}
			if with.brief && len(c.legs) != 0 {
				t.Errorf("%d legs are left", len(c.legs))
			}
			if err := one.introduce(); (err != nil) != with.brief {
				t.Errorf("introduction: %v", err)
			}
		})
	}
}

func TestNetworkTestsLeaveTalksMostOfTheRelay(t *testing.T) {
	c := newTestCore(t, Options{MaxLegs: 40})
	leg := func(n byte, brief bool) *testBrowser {
		leg := talkOf(n, SideGuest)
		leg.Brief, leg.Expires = brief, c.now.Add(time.Minute)
		return c.browser(leg, fmt.Sprintf("192.0.2.%d:1000", n))
	}
	for n := range byte(30) {
		if err := leg(n, true).introduce(); errors.Is(err, control.ErrFull) != (n >= 10) {
			t.Fatalf("test %d: %v", n, err)
		}
	}
	if leg(99, true).check(); c.dropped[full] == 0 { // without a server's word
		t.Errorf("a test begins by itself: dropped %v", c.dropped)
	}
	for n := range byte(30) {
		if err := leg(100+n, false).introduce(); err != nil {
			t.Fatalf("talk %d: %v", n, err)
		}
	}
	if err := leg(200, false).introduce(); !errors.Is(err, control.ErrFull) {
		t.Errorf("a leg too many: %v", err)
	}
	c.pass(time.Minute + 2*time.Second) // all tests are over, and no talk is
	if len(c.legs) != 30 {
		t.Fatalf("%d legs are left", len(c.legs))
	}
	for n := range byte(11) {
		if err := leg(50+n, true).introduce(); errors.Is(err, control.ErrFull) != (n >= 10) {
			t.Errorf("test %d after the others are over: %v", n, err)
		}
	}
}

func TestANetworkTestIsNoWayToSendMuch(t *testing.T) {
	for name, with := range map[string]struct{ brief bool }{"network test": {true}, "talk": {false}} {
		t.Run(name, func(t *testing.T) {
			c := newTestCore(t, Options{})
			leg := func(side Side) Leg {
				return Leg{Talk: [8]byte{1}, Side: side, Generation: 1, Expires: c.now.Add(time.Minute), Brief: with.brief}
			}
			one, other := c.browser(leg(SideGuest), "192.0.2.1:1000"), c.browser(leg(SideStaff), "198.51.100.1:2000")
			one.join()
			other.join()
			for range 10 { // a handshake, all at once
				if !one.reaches(other) || !other.reaches(one) {
					t.Fatal("what a test needs does not get through")
				}
			}
			before := c.bytes
			for range 10_000 { // 12 MB, twenty seconds long
				one.media()
				c.now = c.now.Add(2 * time.Millisecond)
			}
			passed, most := int(c.bytes-before), briefAtOnce+20*briefBitsPerSecond/8
			if (passed > most) == with.brief {
				t.Errorf("%d bytes passed, a test may send %d", passed, most)
			}
		})
	}
}

func TestOneLegHasFewAddressesAtATime(t *testing.T) {
	c := newTestCore(t, Options{})
	guest, staff := c.pair(1)
	for port := range 50 {
		c.packet(c.now, at(fmt.Sprintf("203.0.113.66:%d", 1000+port)), guest.request())
		c.now = c.now.Add(100 * time.Millisecond)
	}
	l := c.legs[guest.leg.id()]
	if len(l.paths) != mostPaths || c.dropped[tooManyAddresses] == 0 || !staff.reaches(guest) {
		t.Errorf("%d addresses, dropped %v", len(l.paths), c.dropped)
	}
	guest.check()
	c.settle()
	for range 40 {
		guest.check()
		c.pass(time.Second)
	}
	if len(l.paths) != 1 {
		t.Errorf("%d addresses after a while", len(l.paths))
	}
}

func TestAVA02RestartsFromNewPortsOfSeveralNetworksAreAllHeard(t *testing.T) {
	c := newTestCore(t, Options{})
	guest, _ := c.pair(1)
	for restart := range 8 {
		c.pass(4 * time.Second)
		guest.check() // the old way is still there
		c.settle()
		for network := range 4 {
			name := guest.leg
			name.Restart = uint32(restart + 1)
			b := c.browser(name, fmt.Sprintf("192.0.%d.1:%d", network+2, 10_000+restart))
			b.ownUfrag, b.checks = fmt.Sprintf("New%d", restart), uint64(10_000+restart*100+network*10)
			if err := b.introduce(); err != nil {
				t.Fatal(err)
			}
			before := c.checks
			b.check()
			if c.checks == before {
				t.Errorf("restart %d: network %d gets no answer, dropped %v", restart+1, network, c.dropped)
			}
		}
	}
}

func dialRelay(t *testing.T, r *Relay) net.Conn {
	t.Helper()
	conn, err := net.DialTimeout("tcp", r.TCPAddr().String(), patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}

func framed(packet []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(packet))), packet...)
}

// hungUp reads to the end and says whether the relay has ended the connection before the deadline.
func hungUp(t *testing.T, conn net.Conn) bool {
	t.Helper()
	_, err := io.Copy(io.Discard, conn)
	var timeout net.Error
	return !errors.As(err, &timeout) || !timeout.Timeout()
}

// asks sends a leg's check over a connection, and says whether it is answered.
func asks(t *testing.T, r *Relay, conn net.Conn, leg Leg) bool {
	t.Helper()
	leg.Expires = time.Now().Add(time.Minute)
	ufrag, pwd := r.options.Key.Credentials(leg)
	if _, err := conn.Write(framed(appendCheck(nil, randomTransaction(), ufrag, "browser", pwd))); err != nil {
		return false
	}
	_, err := readFrame(conn, make([]byte, longestPacket))
	return err == nil
}

// The names of a network test's legs are anybody's for the asking.
func TestAConnectionThatNoTalkNeedsGivesWayToTheNext(t *testing.T) {
	t.Parallel()
	for name, limit := range map[string]Options{"of one source": {MaxConnectionsPerIP: 2}, "of all": {MaxConnections: 2}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			limit.Key, limit.TCP, limit.authenticateWithin = testKey(t), "127.0.0.1:0", time.Hour
			r, _ := startRelay(t, limit)
			talk, silent := dialRelay(t, r), dialRelay(t, r)
			if !asks(t, r, talk, talkOf(1, SideGuest)) {
				t.Fatal("a talk's connection is not answered")
			}
			trial := dialRelay(t, r)
			if !hungUp(t, silent) {
				t.Error("a silent connection keeps its place")
			}
			if !asks(t, r, trial, Leg{Talk: [8]byte{2}, Side: SideGuest, Generation: 1, Brief: true}) {
				t.Error("who comes next is refused")
			}
			other := dialRelay(t, r)
			if !hungUp(t, trial) {
				t.Error("a network test keeps its place")
			}
			if !asks(t, r, other, talkOf(3, SideGuest)) {
				t.Error("who comes after a network test is refused")
			}
			if !hungUp(t, dialRelay(t, r)) {
				t.Error("there is a place for a third")
			}
			if !asks(t, r, talk, talkOf(1, SideGuest)) || !asks(t, r, other, talkOf(3, SideGuest)) || r.Load().TCPConnections != 2 {
				t.Error("a talk's connection gives way")
			}
		})
	}
}

func TestAConnectionEndsThatSendsNoValidCheck(t *testing.T) {
	t.Parallel()
	for name, sent := range map[string][]byte{
		"silent":       nil,
		"frame's half": {0, 100, 1, 2, 3},
		"too long":     {0xff, 0xff},
		"HTTP":         []byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
		"empty frames": make([]byte, 100),
		"media":        framed(testRTP),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := startRelay(t, Options{Key: testKey(t), TCP: "127.0.0.1:0", authenticateWithin: 200 * time.Millisecond})
			conn := dialRelay(t, r)
			if _, err := conn.Write(sent); err != nil {
				t.Fatal(err)
			}
			if !hungUp(t, conn) {
				t.Error("is kept")
			}
		})
	}
}
