package relay

import (
	"net"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
)

// The same attack as in attack_test.go, on real sockets and between real peers: a signed check leaves from a socket
// whose owner answers nothing, which to the relay is the same as a forged source.
func TestAStrangersSocketGetsNoMediaOfARunningTalk(t *testing.T) {
	t.Parallel()
	for name, trust := range map[string]bool{"as it is": false, "protection off": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := testKey(t)
			r, _ := startRelay(t, Options{Key: key, trustChecks: trust})
			talkers := newTalkers(t, key, webrtc.NetworkTypeUDP4)
			media := talkers.withMedia()
			talkers.negotiate(r, udpCandidate(r))
			media.flows()

			stranger, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(r.UDPAddr()))
			if err != nil {
				t.Fatal(err)
			}
			defer stranger.Close()
			if err := stranger.SetReadDeadline(time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			ufrag, pwd := key.Credentials(talkers.leg(SideGuest))
			browser := talkers.introductions[ufrag][0]
			checks, hit := 0, false
			packet := make([]byte, longestPacket)
			for checks < 10 && !hit {
				check := beginSTUN(nil, bindingRequest, randomTransaction())
				check = appendAttribute(check, attrUsername, []byte(ufrag+":"+browser)...)
				check = appendAttribute(check, attrUseCandidate)
				if _, err := stranger.Write(endSTUN(check, pwd)); err != nil {
					t.Fatal(err)
				}
				answered := false
				for !answered && !hit {
					media.write()
					size, err := stranger.Read(packet)
					if err != nil {
						t.Fatalf("the relay says nothing at all: %v", err)
					}
					m, err := parseSTUN(packet[:size])
					hit = err != nil
					answered = err == nil && m.kind == bindingSuccess
				}
				checks++
			}
			// With the protection off, media come right after the answer.
			for range 10 {
				media.write()
			}
			if !hit {
				within := 300 * time.Millisecond
				if trust {
					within = patience
				}
				if err := stranger.SetReadDeadline(time.Now().Add(within)); err != nil {
					t.Fatal(err)
				}
			}
			for !hit {
				size, err := stranger.Read(packet)
				if err != nil {
					break
				}
				_, err = parseSTUN(packet[:size])
				hit = err != nil
			}
			if hit != trust {
				t.Errorf("stranger got media: %t", hit)
			}
			if !trust {
				media.flows()
			}
		})
	}
}
