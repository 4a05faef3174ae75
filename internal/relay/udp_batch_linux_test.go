package relay

import (
	"net"
	"testing"
	"time"
)

func TestOnlyABusySocketGathersPackets(t *testing.T) {
	for _, one := range []struct {
		packets int
		within  time.Duration
		busy    bool
	}{
		{packets: 100, within: 4 * time.Millisecond, busy: true},
		{packets: 40, within: 4 * time.Millisecond},
		{packets: 100, within: time.Second},
		{packets: 1, within: time.Hour},
	} {
		if busy(one.packets, one.within) != one.busy {
			t.Errorf("%d packets within %s: want busy %v", one.packets, one.within, one.busy)
		}
	}
}

// The packets of a whole window are put into its books here, as a test can't send at an exact rate.
func TestASocketGathersWhileItIsBusyAndNoLonger(t *testing.T) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	s, ok := inBatches(conn).(*batchSocket)
	if !ok {
		conn.Close()
		t.Skip("not on this system")
	}
	t.Cleanup(s.close)
	browser := dial(t, "127.0.0.1:0", s.address().String())
	take := func(before int) {
		t.Helper()
		s.yielded, s.taken = time.Now().Add(-2*yieldEvery), before
		if _, err := browser.Write([]byte("a packet")); err != nil {
			t.Fatal(err)
		}
		received, err := s.receive()
		if err != nil || len(received) != 1 {
			t.Fatalf("%d packets, %v", len(received), err)
		}
	}
	take(1000)
	if !s.gather {
		t.Error("a busy socket takes each packet singly")
	}
	take(10)
	if s.gather {
		t.Error("a socket that is not busy any more lets packets wait")
	}
	s.gather = true
	s.close()
	if received, err := s.receive(); err == nil {
		t.Errorf("a closed socket gives %d packets", len(received))
	}
}
