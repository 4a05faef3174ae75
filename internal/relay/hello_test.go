package relay

import (
	"bytes"
	"slices"
	"testing"
)

// clientHello is a packet as a DTLS handshake begins with; RTP begins otherwise.
func clientHello(n byte, size int) []byte {
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
	first, second := clientHello(1, 1200), clientHello(2, 400)
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
	stranger.sends(clientHello(9, 200))
	guest.media()
	for n := range byte(100) {
		guest.sends(clientHello(n, 1000))
	}
	for range 100 {
		guest.sends([]byte{dtlsHandshake})
	}
	if kept := c.legs[guest.leg.id()].hello; kept.size > mostHello || len(kept.packets) > mostHellos {
		t.Errorf("keeps %d bytes in %d packets for one leg", kept.size, len(kept.packets))
	}
	if c.dropped[noPeer] != 1+100-4+100 {
		t.Errorf("counts %d as lost", c.dropped[noPeer])
	}
	staff.join()
	for n, packet := range c.reachedMedia(staff) {
		if packet[0] != dtlsHandshake || packet[10] != byte(n) {
			t.Errorf("packet %d begins with %d %d", n, packet[0], packet[10])
		}
	}
}

func TestTinyPacketsTakeNoMoreRoomThanAHandshakeDoes(t *testing.T) {
	c := newTestCore(t, Options{})
	guest := c.browser(talkOf(1, SideGuest), "192.0.2.1:1000")
	guest.join()
	for n := range byte(100) {
		guest.sends(clientHello(n, recordHeader))
	}
	if kept := len(c.legs[guest.leg.id()].hello.packets); kept != mostHellos {
		t.Errorf("keeps %d packets", kept)
	}
}

func TestAHandshakeThatHasWaitedForTooLongIsDroppedAndCounted(t *testing.T) {
	c := newTestCore(t, Options{})
	guest, staff := c.browser(talkOf(1, SideGuest), "192.0.2.1:1000"), c.browser(talkOf(1, SideStaff), "198.51.100.1:2000")
	guest.join()
	guest.sends(clientHello(1, 200))
	for range 2 * consent / renewAfter {
		c.pass(renewAfter)
		guest.check()
	}
	staff.join()
	if got := c.reachedMedia(staff); len(got) > 0 || c.dropped[noPeer] != 1 {
		t.Errorf("%d packets delivered, %d counted as lost", len(got), c.dropped[noPeer])
	}
}

func TestABrowserThatIsBackAfterItsConsentHadLapsedIsSentWhatWaits(t *testing.T) {
	c := newTestCore(t, Options{})
	guest, staff := c.pair(1)
	staff.mute = true
	for range 2 * consent / renewAfter {
		c.pass(renewAfter)
		guest.check()
		c.settle()
	}
	staff.mute = false
	guest.sends(clientHello(1, 200))
	if got := c.reachedMedia(staff); len(got) > 0 {
		t.Fatal("sent to an address whose consent has lapsed")
	}
	staff.check()
	c.settle()
	if got := c.reachedMedia(staff); len(got) != 1 {
		t.Errorf("%d packets delivered", len(got))
	}
}
