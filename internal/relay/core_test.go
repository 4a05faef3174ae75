package relay

import (
	"bytes"
	"encoding/binary"
	"math"
	"net/netip"
	"slices"
	"testing"
	"time"

	"visavis/internal/relay/control"
)

// testCore is a relay without sockets, with a clock that only moves when told to. What it sends to honest browsers is
// answered when the test says so, and everything it sends is kept.
type testCore struct {
	*core
	t        *testing.T
	now      time.Time
	browsers []*testBrowser
	sent     []testPacket // in order, answered or not
	answered int          // how many of sent have been looked at
	events   []control.Event
}

type testPacket struct {
	to   endpoint
	data []byte
}

func newTestCore(t *testing.T, options Options) *testCore {
	t.Helper()
	options.Key = testKey(t)
	options = options.withDefaults()
	c := &testCore{t: t, core: newCore(options.Key, options), now: time.Unix(2_000_000_000, 0)}
	c.send = func(to endpoint, packet []byte) { c.sent = append(c.sent, testPacket{to, bytes.Clone(packet)}) }
	c.tell = func(event control.Event) { c.events = append(c.events, event) }
	return c
}

func (c *testCore) told(kind control.Kind) (count int) {
	for _, event := range c.events {
		if event.Kind == kind {
			count++
		}
	}
	return count
}

// settle lets the honest browsers answer all checks that the relay has sent them.
func (c *testCore) settle() {
	for ; c.answered < len(c.sent); c.answered++ {
		packet := c.sent[c.answered]
		m, err := parseSTUN(packet.data)
		if err != nil || m.kind != bindingRequest {
			continue
		}
		for _, browser := range c.browsers {
			if browser.at.is(packet.to) && !browser.mute {
				browser.answer(&m)
			}
		}
	}
}

// pass moves the clock as the relay's own tickers would, and lets honest browsers check and answer meanwhile.
func (c *testCore) pass(d time.Duration) {
	for until := c.now.Add(d); c.now.Before(until); {
		c.now = c.now.Add(min(retryEvery, until.Sub(c.now)))
		c.retry(c.now)
		c.sweep(c.now, math.MaxInt)
		c.settle()
	}
}

// bytesTo sums what has been sent to an address, and finds the longest packet.
func (c *testCore) bytesTo(at endpoint) (sum, longest int) {
	for _, packet := range c.sent {
		if packet.to.is(at) {
			sum += len(packet.data)
			longest = max(longest, len(packet.data))
		}
	}
	return sum, longest
}

// testBrowser is a browser as far as the relay sees it.
type testBrowser struct {
	core       *testCore
	leg        Leg
	ufrag, pwd string // the relay's, from the description
	ownUfrag   string
	ownPwd     string
	at         endpoint
	mute       bool // answers nothing
	timid      bool // nominates nothing
	checks     uint64
	sentBytes  int
}

func at(text string) endpoint { return endpoint{remote: netip.MustParseAddrPort(text)} }

func (c *testCore) browser(leg Leg, where string) *testBrowser {
	b := &testBrowser{core: c, leg: leg, ownUfrag: "Brow", ownPwd: "browser/browser+browser0", at: at(where)}
	if leg.Expires.IsZero() {
		b.leg.Expires = c.now.Add(time.Hour)
	}
	b.ufrag, b.pwd = c.key.Credentials(b.leg)
	c.browsers = append(c.browsers, b)
	return b
}

// request is a check as Chromium writes it.
func (b *testBrowser) request() []byte {
	b.checks++
	var id transactionID
	binary.BigEndian.PutUint64(id[4:], b.checks)
	id[0], id[1], id[2] = byte(b.leg.Side), byte(b.leg.Generation), b.leg.Talk[0]
	m := beginSTUN(nil, bindingRequest, id)
	m = appendAttribute(m, attrUsername, []byte(b.ufrag+":"+b.ownUfrag)...)
	m = appendAttribute(m, 0xC057, 0, 1, 0, 10)            // network cost
	m = appendAttribute(m, 0x802A, 1, 2, 3, 4, 5, 6, 7, 8) // ICE-CONTROLLING
	if !b.timid {                                          // controlling agents of lite ones may always nominate
		m = appendAttribute(m, attrUseCandidate)
	}
	m = appendAttribute(m, attrPriority, 0x6e, 0x7f, 0x1e, 0) // peer-reflexive
	return endSTUN(m, b.pwd)
}

func (b *testBrowser) sends(packet []byte) (to endpoint, forwarded bool) {
	b.sentBytes += len(packet)
	return b.core.packet(b.core.now, b.at, packet)
}

func (b *testBrowser) check() { b.sends(b.request()) }

func (b *testBrowser) answer(question *message) {
	if want := b.ownUfrag + ":" + b.ufrag; string(question.username) != want || !question.signedWith(b.ownPwd) {
		b.core.t.Errorf("the relay's check names %q and not %q, or has a wrong signature", question.username, want)
		return
	}
	b.sends(appendAnswer(nil, question.id, netip.MustParseAddrPort("192.0.2.200:3478"), b.ownPwd))
}

func (b *testBrowser) introduce() error {
	return b.core.introduce(b.core.now, b.ufrag, b.ownUfrag, b.ownPwd)
}

// join is the whole way to a bound leg.
func (b *testBrowser) join() {
	b.core.t.Helper()
	if err := b.introduce(); err != nil {
		b.core.t.Fatal(err)
	}
	b.check()
	b.core.settle()
	if bound := b.core.legs[b.leg.id()].bound; bound == nil || !bound.at.is(b.at) {
		b.core.t.Fatal("leg is not bound: the test's own way in does not work")
	}
}

var testRTP = append([]byte{0x80, 96}, make([]byte, 1198)...)

// media sends one packet and says where it went.
func (b *testBrowser) media() (to netip.AddrPort, forwarded bool) {
	where, forwarded := b.sends(slices.Clone(testRTP))
	return where.remote, forwarded
}

// reaches says whether media get from b to the other now.
func (b *testBrowser) reaches(other *testBrowser) bool {
	to, forwarded := b.media()
	return forwarded && to == other.at.remote
}

func talkOf(n byte, side Side) Leg { return Leg{Talk: [8]byte{n}, Side: side, Generation: 1} }

// pair is an ordinary talk under way.
func (c *testCore) pair(n byte) (guest, staff *testBrowser) {
	c.t.Helper()
	guest = c.browser(talkOf(n, SideGuest), netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, n}), 1000).String())
	staff = c.browser(talkOf(n, SideStaff), netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, n}), 2000).String())
	guest.join()
	staff.join()
	if !guest.reaches(staff) || !staff.reaches(guest) {
		c.t.Fatal("an ordinary talk does not work")
	}
	return guest, staff
}

// The answer to an ICE restart changes what the browser calls itself and not what the relay calls the leg. When that
// introduction is lost, nobody but the relay can notice.
func TestALegWhoseBrowserHasNewCredentialsIsAskedForAgain(t *testing.T) {
	c := newTestCore(t, Options{})
	guest, staff := c.pair(1)
	staff.ownUfrag, staff.ownPwd = "Anew", "another/browser+password"
	c.pass(needEvery)
	c.events = nil
	staff.check()
	staff.check()
	if c.told(control.Need) != 1 {
		t.Fatalf("told %+v", c.events)
	}
	if c.events[0].Ufrag != staff.ufrag {
		t.Errorf("asks for another leg")
	}
	staff.join()
	if !guest.reaches(staff) || !staff.reaches(guest) {
		t.Error("media do not flow after the introduction")
	}
	c.pass(needEvery)
	c.events = nil
	staff.check()
	if c.told(control.Need) != 0 {
		t.Error("still asks for it")
	}
}

// A relay that has restarted hears browsers before any server has found it again.
func TestALegThatWasAskedForInVainIsAskedForAgainWithoutAnotherCheck(t *testing.T) {
	c := newTestCore(t, Options{})
	guest := c.browser(Leg{Side: SideGuest}, "192.0.2.1:1000")
	guest.check()
	for second := range 3 {
		c.events = nil
		c.pass(needEvery)
		if c.told(control.Need) != 1 {
			t.Errorf("in second %d asked %d times", second, c.told(control.Need))
		}
	}
	c.events = nil
	c.needOf(c.now, math.MaxInt, math.MaxInt) // a server has come
	if c.told(control.Need) != 1 {
		t.Error("a server that comes is not asked at once")
	}
	c.pass(consent)
	c.events = nil
	c.pass(2 * needEvery)
	if c.told(control.Need) != 0 {
		t.Error("asks for a browser that is gone")
	}
	guest.check()
	if err := c.introduce(c.now, guest.ufrag, guest.ownUfrag, guest.ownPwd); err != nil {
		t.Fatal(err)
	}
	c.events = nil
	c.pass(2 * needEvery)
	if c.told(control.Need) != 0 {
		t.Error("asks for what it has")
	}
}
