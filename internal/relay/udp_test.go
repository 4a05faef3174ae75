package relay

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"
)

// eachSocket runs a test with every way of taking packets that this system has.
func eachSocket(t *testing.T, address string, test func(t *testing.T, s udpSocket)) {
	for name, open := range map[string]func(conn *net.UDPConn) udpSocket{
		"one packet per call":      func(conn *net.UDPConn) udpSocket { return onePerCall(conn) },
		"several packets per call": inBatches,
	} {
		t.Run(name, func(t *testing.T) {
			at, err := net.ResolveUDPAddr("udp", address)
			if err != nil {
				t.Fatal(err)
			}
			conn, err := net.ListenUDP("udp", at)
			if err != nil {
				t.Fatal(err)
			}
			s := open(conn)
			if s == nil {
				conn.Close()
				t.Skip("not on this system")
			}
			t.Cleanup(s.close)
			if s.mode() != name {
				t.Errorf("mode is %q", s.mode())
			}
			test(t, s)
		})
	}
}

// sendBack returns every packet to where it came from until the socket is closed, and then why it ended.
func sendBack(s udpSocket) <-chan error {
	ended := make(chan error, 1)
	go func() {
		for {
			received, err := s.receive()
			if err != nil {
				ended <- err
				return
			}
			for i := range received {
				d := &received[i]
				d.to, d.forward = d.from, true
				if bytes.HasPrefix(d.packet, []byte("alone")) {
					d.forward = false
					s.write(d.packet, d.from)
				}
			}
			s.forward(received)
		}
	}()
	return ended
}

func dial(t *testing.T, from, to string) *net.UDPConn {
	t.Helper()
	local := net.UDPAddrFromAddrPort(netip.MustParseAddrPort(from))
	conn, err := net.DialUDP("udp", local, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(to)))
	if err != nil {
		t.Skip("this machine has no such address:", err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// expect reads one packet. The dialled connection takes none that comes from elsewhere than was asked.
func expect(t *testing.T, conn *net.UDPConn, want string) {
	t.Helper()
	buffer := make([]byte, longestPacket)
	size, err := conn.Read(buffer)
	if err != nil || string(buffer[:size]) != want {
		t.Fatalf("got %.40q and %v, want %.40q", buffer[:size], err, want)
	}
}

func TestAnswersComeFromTheAddressThatWasAsked(t *testing.T) {
	for name, with := range map[string]struct{ listen, from, ask string }{
		"one address":               {"127.0.0.1:0", "127.0.0.1:0", "127.0.0.1"},
		"any, over IPv4":            {"0.0.0.0:0", "127.0.0.1:0", "127.0.0.2"},
		"any of both, over IPv4":    {":0", "127.0.0.1:0", "127.0.0.3"},
		"any of both, over IPv6":    {":0", "[::1]:0", "::1"},
		"one address, IPv6":         {"[::1]:0", "[::1]:0", "::1"},
		"from another, over IPv4":   {"127.0.0.1:0", "127.0.0.9:0", "127.0.0.1"},
		"any, from another of IPv4": {":0", "127.0.0.9:0", "127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			if with.from == "[::1]:0" {
				probe, err := net.ListenPacket("udp", with.from)
				if err != nil {
					t.Skip("no IPv6 here:", err)
				}
				probe.Close()
			}
			eachSocket(t, with.listen, func(t *testing.T, s udpSocket) {
				sendBack(s)
				conn := dial(t, with.from, netip.AddrPortFrom(netip.MustParseAddr(with.ask), s.address().Port()).String())
				for _, text := range []string{"forwarded", "alone"} {
					if _, err := conn.Write([]byte(text)); err != nil {
						t.Fatal(err)
					}
					expect(t, conn, text)
				}
			})
		})
	}
}

func TestManyPacketsAtOncePassUnchangedAndInTheirOrder(t *testing.T) {
	eachSocket(t, "127.0.0.1:0", func(t *testing.T, s udpSocket) {
		conn := dial(t, "127.0.0.1:0", s.address().String())
		text := func(i int) string { return fmt.Sprintf("%d%s", i, bytes.Repeat([]byte{byte(i)}, i*10)) }
		const many = 100
		for i := range many {
			if _, err := conn.Write([]byte(text(i))); err != nil {
				t.Fatal(err)
			}
		}
		sendBack(s) // only now: they come in as few batches as can be
		for i := range many {
			expect(t, conn, text(i))
		}
	})
}

func TestEmptyAndOverlongPacketsAreLostAndTheNextOneIsNot(t *testing.T) {
	r, _ := startRelay(t, Options{Key: testKey(t)})
	conn := dial(t, "127.0.0.1:0", r.UDPAddr().String())
	for _, packet := range [][]byte{{}, make([]byte, longestPacket+500), make([]byte, longestPacket), {0xff}, {}} {
		if _, err := conn.Write(packet); err != nil {
			t.Fatal(err)
		}
	}
	guest := Leg{Talk: testTalk(t), Side: SideGuest, Generation: 1, Expires: time.Now().Add(time.Hour)}
	ufrag, pwd := r.core.key.Credentials(guest)
	check := appendAttribute(beginSTUN(nil, bindingRequest, randomTransaction()), attrUsername, []byte(ufrag+":brow")...)
	check = appendAttribute(check, 0x802A, 1, 2, 3, 4, 5, 6, 7, 8)
	if _, err := conn.Write(endSTUN(check, pwd)); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, longestPacket)
	if size, err := conn.Read(buffer); err != nil || size == 0 {
		t.Fatal("the check is not answered:", err)
	}
	if dropped := r.Load().Dropped["notOurs"]; dropped != 3 {
		t.Errorf("%d packets were looked at and are nobody's, want the two empty ones and the short one", dropped)
	}
}

func TestAWaitingSocketEndsWhenItIsClosed(t *testing.T) {
	eachSocket(t, "127.0.0.1:0", func(t *testing.T, s udpSocket) {
		ended := sendBack(s)
		conn := dial(t, "127.0.0.1:0", s.address().String())
		if _, err := conn.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		expect(t, conn, "x") // it runs
		s.close()
		if err := await(t, "the end", ended); !errors.Is(err, net.ErrClosed) {
			t.Errorf("ended with %v", err)
		}
		s.close()
		s.write([]byte("nobody"), endpoint{remote: conn.LocalAddr().(*net.UDPAddr).AddrPort()})
		if _, err := s.receive(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("received after the end: %v", err)
		}
	})
}
