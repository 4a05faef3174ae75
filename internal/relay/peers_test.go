package relay

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"visavis/internal/relay/control"
	"visavis/internal/relay/sdp"
)

// patience bounds every wait that runs out only when a test fails.
const patience = time.Minute

func testKey(t testing.TB) Key {
	t.Helper()
	key := make(Key, KeyBytes)
	rand.Read(key)
	return key
}

func testTalk(t testing.TB) (talk [8]byte) {
	t.Helper()
	rand.Read(talk[:])
	return talk
}

// startRelay serves on loopback until the test ends. The returned function stops it sooner.
func startRelay(t testing.TB, options Options) (*Relay, func()) {
	t.Helper()
	if options.UDP == "" {
		options.UDP = "127.0.0.1:0"
	}
	r, err := Listen(options)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Serve(ctx) }()
	stop := func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("relay ended with %v", err)
			}
			ended <- nil
		case <-time.After(patience):
			t.Error("relay does not end")
		}
	}
	t.Cleanup(stop)
	return r, stop
}

// testTalkers are two real WebRTC stacks with the relay between them, as the pages and the server use it.
type testTalkers struct {
	t            *testing.T
	key          Key
	talk         [8]byte
	expires      time.Time // part of the names of the legs, so it is chosen once
	guest, staff *webrtc.PeerConnection
	// introductions by the relay's name for the leg
	introductions map[string][2]string
}

func (p *testTalkers) leg(side Side) Leg {
	return Leg{Talk: p.talk, Side: side, Generation: 1, Expires: p.expires}
}

func newPeer(t *testing.T, network webrtc.NetworkType) *webrtc.PeerConnection {
	t.Helper()
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetNetworkTypes([]webrtc.NetworkType{network})
	settings.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() })
	settings.SetICETimeouts(patience, 2*patience, 100*time.Millisecond)
	media := &webrtc.MediaEngine{}
	if err := media.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	// No interceptors: they add RTCP and header extensions, and this is about the same bytes arriving.
	api := webrtc.NewAPI(webrtc.WithSettingEngine(settings), webrtc.WithMediaEngine(media))
	peer, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := peer.Close(); err != nil {
			t.Errorf("close peer: %v", err)
		}
	})
	return peer
}

func newTalkers(t *testing.T, key Key, network webrtc.NetworkType) *testTalkers {
	t.Helper()
	return &testTalkers{
		t: t, key: key, talk: testTalk(t), expires: time.Now().Add(time.Hour), guest: newPeer(t, network), staff: newPeer(t, network),
		introductions: map[string][2]string{},
	}
}

// negotiate does what the server does with the two descriptions.
func (p *testTalkers) negotiate(r control.Relay, at sdp.Candidate) {
	p.t.Helper()
	offer, err := p.staff.CreateOffer(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	p.hand(r, at, offer, SideStaff, p.staff, p.guest)
	answer, err := p.guest.CreateAnswer(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	p.hand(r, at, answer, SideGuest, p.guest, p.staff)
}

func (p *testTalkers) hand(r control.Relay, at sdp.Candidate, written webrtc.SessionDescription, by Side,
	writer, reader *webrtc.PeerConnection,
) {
	p.t.Helper()
	gathered := webrtc.GatheringCompletePromise(writer)
	if err := writer.SetLocalDescription(written); err != nil {
		p.t.Fatal(err)
	}
	await(p.t, "gathering", gathered)
	ufrag, pwd := p.key.Credentials(p.leg(by.other()))
	text, found, err := sdp.Rewrite(writer.LocalDescription().SDP, sdp.Leg{Ufrag: ufrag, Pwd: pwd, Candidates: []sdp.Candidate{at}})
	if err != nil {
		p.t.Fatalf("rewrite: %v\n%s", err, writer.LocalDescription().SDP)
	}
	own, _ := p.key.Credentials(p.leg(by))
	p.introductions[own] = [2]string{found.Ufrag, found.Pwd}
	if err := r.Introduce(own, found.Ufrag, found.Pwd); err != nil {
		p.t.Fatal(err)
	}
	if err := reader.SetRemoteDescription(webrtc.SessionDescription{Type: written.Type, SDP: text}); err != nil {
		p.t.Fatalf("set remote description: %v\n%s", err, text)
	}
}

// introduceWhenNeeded is the server's part after a restart of the relay.
func (p *testTalkers) introduceWhenNeeded(ctx context.Context, r control.Relay) {
	for event := range r.Events(ctx) {
		if event.Kind != control.Need {
			continue
		}
		if with, known := p.introductions[event.Ufrag]; known {
			if err := r.Introduce(event.Ufrag, with[0], with[1]); err != nil && !errors.Is(err, control.ErrAway) {
				p.t.Errorf("introduce: %v", err)
			}
		}
	}
}

func await[T any](t testing.TB, what string, from <-chan T) T {
	t.Helper()
	select {
	case got := <-from:
		return got
	case <-time.After(patience):
		t.Fatalf("%s has not come", what)
		panic("unreachable")
	}
}

func udpCandidate(r *Relay) sdp.Candidate { return sdp.Candidate{Address: r.UDPAddr()} }

func tcpCandidate(r *Relay) sdp.Candidate { return sdp.Candidate{TCP: true, Address: r.TCPAddr()} }
