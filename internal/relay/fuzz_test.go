package relay

import (
	"bytes"
	"testing"
)

// FuzzForeignPackets: whatever a stranger sends, from an address of its own or from that of a guest, goes on to nobody
// but the guest's own peer, is answered to nobody who has not signed it, and disturbs no talk that is under way.
func FuzzForeignPackets(f *testing.F) {
	c := newTestCore(&testing.T{}, Options{})
	seed := c.browser(talkOf(7, SideGuest), "192.0.2.7:7")
	f.Add(seed.request(), false)
	f.Add(seed.request(), true)
	f.Add(appendAnswer(nil, transactionID{1}, seed.at.remote, seed.ownPwd), true)
	f.Add(bytes.Clone(testRTP), false)
	f.Add(bytes.Clone(testRTP), true)
	f.Add([]byte{}, false)
	f.Add([]byte{22, 254, 253, 0, 0}, true)                                                 // the beginning of a DTLS record
	f.Add([]byte("\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl"), false)                    // a request without anything
	f.Add([]byte("\x00\x01\x00\x08\x21\x12\xa4\x42abcdefghijkl\x00\x06\xff\xff1234"), true) // an attribute that is too long
	f.Add(append([]byte("\x00\x01\x05\x00\x21\x12\xa4\x42abcdefghijkl"), make([]byte, longestCheck)...), false)
	f.Fuzz(func(t *testing.T, packet []byte, asGuest bool) {
		c := newTestCore(t, Options{})
		guest, staff := c.pair(1)
		before := len(c.sent)
		from := at("203.0.113.66:6666")
		if asGuest {
			from = guest.at
		}
		to, forwarded := c.packet(c.now, from, bytes.Clone(packet))
		switch {
		case forwarded && !asGuest:
			t.Fatalf("a stranger's packet goes on to %v", to.remote)
		case forwarded && !to.is(staff.at):
			t.Fatalf("the guest's packet goes on to %v", to.remote)
		case len(c.sent) > before:
			t.Fatalf("%x is answered", packet) // nobody can sign by chance
		}
		if !guest.reaches(staff) || !staff.reaches(guest) {
			t.Fatal("the talk is disturbed")
		}
	})
}

// FuzzReadFrame: a frame read from a stream is what its length says, or an error; never more than there is room for.
func FuzzReadFrame(f *testing.F) {
	f.Add([]byte{0, 3, 1, 2, 3})
	f.Add([]byte{0, 0})
	f.Add([]byte{0xff, 0xff, 1})
	f.Add([]byte{0})
	f.Fuzz(func(t *testing.T, stream []byte) {
		packet := make([]byte, longestPacket)
		size, err := readFrame(bytes.NewReader(stream), packet)
		if err != nil {
			return
		}
		if want := int(stream[0])<<8 | int(stream[1]); size != want || !bytes.Equal(packet[:size], stream[frameHeader:frameHeader+size]) {
			t.Fatalf("%d bytes of %x", size, stream)
		}
	})
}
