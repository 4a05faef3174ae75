package relay

import (
	"bytes"
	"slices"
	"testing"
)

// hello is a packet as a DTLS handshake begins with; RTP begins otherwise.
func hello(n byte, size int) []byte {
	packet := make([]byte, size)
	packet[0], packet[1], packet[2], packet[10] = dtlsHandshake, 0xfe, 0xfd, n
	return packet
}

// reachedMedia is what the relay has sent to a browser by itself, checks and answers aside.
func (c *testCore) reachedMedia(b *testBrowser) (packets [][]byte) {
	for _, packet := range c.sent {
		if packet.to.is(b.at) && packet.data[0] > 3 {
			packets = append(packets, packet.data)
		}
	}
	return packets
}

func TestAHandshakeThatBeginsBeforeTheOtherSideIsThereReachesItOnceItHasProvenItsAddress(t *testing.T) {
	c := newTestCore(t, Options{})
	guest, staff := c.browser(talkOf(1, SideGuest), "192.0.2.1:1000"), c.browser(talkOf(1, SideStaff), "198.51.100.1:2000")
	guest.join()
	first, second := hello(1, 1200), hello(2, 400)
	for _, packet := range [][]byte{first, second} {
		if _, forwarded := guest.sends(slices.Clone(packet)); forwarded {
			t.Fatal("went somewhere")
		}
	}
	if err := staff.introduce(); err != nil {
		t.Fatal(err)
	}
	staff.check()
	if got := c.reachedMedia(staff); len(got) > 0 {
		t.Fatal("sent to an address that has not answered")
	}
	c.settle()
	if got := c.reachedMedia(staff); !slices.EqualFunc(got, [][]byte{first, second}, bytes.Equal) {
		t.Fatalf("%d packets have reached the other side, want both and as they were", len(got))
	}
	staff.check()
	c.pass(2 * renewAfter)
	if got := c.reachedMedia(staff); len(got) != 2 {
		t.Error("delivered twice")
	}
}

func TestOnlyTheBeginningOfAHandshakeIsKeptAndLittleOfIt(t *testing.T) {
	c := newTestCore(t, Options{})
	guest, staff := c.browser(talkOf(1, SideGuest), "192.0.2.1:1000"), c.browser(talkOf(1, SideStaff), "198.51.100.1:2000")
	stranger := c.browser(talkOf(1, SideGuest), "203.0.113.9:9000")
	guest.join()
	stranger.sends(hello(9, 200))
	guest.media()
	for n := range byte(100) {
		guest.sends(hello(n, 1000))
	}
	if kept := c.legs[guest.leg.id()].helloSize; kept > mostHello {
		t.Errorf("keeps %d bytes for one leg", kept)
	}
	if c.dropped[noPeer] != 1+100-4 {
		t.Errorf("counts %d as lost", c.dropped[noPeer])
	}
	staff.join()
	for n, packet := range c.reachedMedia(staff) {
		if packet[0] != dtlsHandshake || packet[10] != byte(n) {
			t.Errorf("packet %d begins with %d %d", n, packet[0], packet[10])
		}
	}
}
