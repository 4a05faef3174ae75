package relay

import (
	"bytes"
	"crypto/rand"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"visavis/internal/relay/control"
	"visavis/internal/relay/sdp"
)

// testMedia carries video packets from staff to guest and channel messages from guest to staff and back.
type testMedia struct {
	*testTalkers
	track    *webrtc.TrackLocalStaticRTP
	packets  chan *rtp.Packet
	opened   chan *webrtc.DataChannel
	messages chan []byte
	sequence uint16
}

func (p *testTalkers) withMedia() *testMedia {
	t := p.t
	t.Helper()
	m := &testMedia{
		testTalkers: p, packets: make(chan *rtp.Packet, 1024), opened: make(chan *webrtc.DataChannel, 1),
		messages: make(chan []byte, 64),
	}
	var err error
	if m.track, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "video", "staff"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.staff.AddTrack(m.track); err != nil {
		t.Fatal(err)
	}
	p.guest.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			packet, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			select {
			case m.packets <- packet:
			default: // nobody looks at the moment
			}
		}
	})
	negotiated, id := true, uint16(1)
	for _, peer := range []*webrtc.PeerConnection{p.guest, p.staff} {
		channel, err := peer.CreateDataChannel("chat", &webrtc.DataChannelInit{Negotiated: &negotiated, ID: &id})
		if err != nil {
			t.Fatal(err)
		}
		if peer == p.guest {
			channel.OnOpen(func() { m.opened <- channel })
			continue
		}
		channel.OnMessage(func(message webrtc.DataChannelMessage) { m.messages <- message.Data })
	}
	return m
}

func (m *testMedia) write() (payload []byte) {
	m.t.Helper()
	m.sequence++
	payload = make([]byte, 1000)
	rand.Read(payload)
	header := rtp.Header{Version: 2, SequenceNumber: m.sequence, Timestamp: uint32(m.sequence) * 3000}
	if err := m.track.WriteRTP(&rtp.Packet{Header: header, Payload: payload}); err != nil {
		m.t.Fatal(err)
	}
	return payload
}

// flows sends packets, each with its own random payload, until one of them has arrived as it was sent.
func (m *testMedia) flows() {
	m.t.Helper()
	sent := map[uint16][]byte{}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for {
		select {
		case <-late:
			m.t.Fatalf("no packet arrives: guest %s, staff %s", m.guest.ConnectionState(), m.staff.ConnectionState())
		case <-tick.C:
			payload := m.write()
			sent[m.sequence] = payload
		case got := <-m.packets:
			want, ours := sent[got.SequenceNumber]
			if !ours {
				continue // of an earlier call
			}
			if !bytes.Equal(got.Payload, want) {
				m.t.Fatalf("packet %d has changed on its way", got.SequenceNumber)
			}
			return
		}
	}
}

func (m *testMedia) chats() {
	m.t.Helper()
	channel := await(m.t, "open channel", m.opened)
	for _, size := range []int{1, 1000, 16_000} {
		text := make([]byte, size)
		rand.Read(text)
		if err := channel.Send(text); err != nil {
			m.t.Fatal(err)
		}
		if got := await(m.t, "message", m.messages); !bytes.Equal(got, text) {
			m.t.Fatalf("message of %d bytes has changed on its way", size)
		}
	}
}

func TestMediaAndChatArriveUnchangedOverUDPAndOverTCP(t *testing.T) {
	t.Parallel()
	for name, with := range map[string]struct {
		network   webrtc.NetworkType
		candidate func(*Relay) sdp.Candidate
		tcpLegs   int
	}{
		"udp": {webrtc.NetworkTypeUDP4, udpCandidate, 0},
		"tcp": {webrtc.NetworkTypeTCP4, tcpCandidate, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := testKey(t)
			r, _ := startRelay(t, Options{Key: key, TCP: "127.0.0.1:0"})
			talkers := newTalkers(t, key, with.network)
			media := talkers.withMedia()
			talkers.negotiate(r, with.candidate(r))
			media.chats()
			media.flows()
			load := r.Load()
			if load.Legs != 2 || load.BoundLegs != 2 || load.TCPLegs != with.tcpLegs || load.Packets == 0 || load.Bytes < 17_000 {
				t.Errorf("load is %+v", load)
			}
		})
	}
}

func TestNeitherSideLearnsTheOthersAddress(t *testing.T) {
	t.Parallel()
	key := testKey(t)
	r, _ := startRelay(t, Options{Key: key})
	talkers := newTalkers(t, key, webrtc.NetworkTypeUDP4)
	media := talkers.withMedia()
	talkers.negotiate(r, udpCandidate(r))
	media.chats()
	for _, peer := range []*webrtc.PeerConnection{talkers.guest, talkers.staff} {
		pair, err := peer.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
		if err != nil || pair == nil || pair.Remote.Port != r.UDPAddr().Port() {
			t.Fatalf("selected pair is %v, %v", pair, err)
		}
		seen := 0
		for _, stat := range peer.GetStats() {
			candidate, ok := stat.(webrtc.ICECandidateStats)
			if !ok || candidate.Type != webrtc.StatsTypeRemoteCandidate {
				continue
			}
			seen++
			if candidate.Port != int32(r.UDPAddr().Port()) {
				t.Errorf("knows %s:%d, which is not the relay", candidate.IP, candidate.Port)
			}
		}
		if seen == 0 {
			t.Error("no remote candidate in the statistics: the test looks in the wrong place")
		}
	}
}

func TestMediaFlowAgainAfterTheRelayHasRestartedAtTheSameAddress(t *testing.T) {
	t.Parallel()
	key := testKey(t)
	r, stop := startRelay(t, Options{Key: key})
	talkers := newTalkers(t, key, webrtc.NetworkTypeUDP4)
	media := talkers.withMedia()
	talkers.negotiate(r, udpCandidate(r))
	media.flows()
	at := r.UDPAddr().String()
	stop()

	again, _ := startRelay(t, Options{Key: key, UDP: at})
	go talkers.introduceWhenNeeded(t.Context(), again)
	began := time.Now()
	media.flows()
	media.chats()
	t.Logf("back after %s", time.Since(began))
}

// The counter-test: without the server's answer to Need, the restarted relay forwards nothing.
func TestARestartedRelayForwardsNothingUntilTheServerIntroducesTheLegs(t *testing.T) {
	t.Parallel()
	key := testKey(t)
	r, stop := startRelay(t, Options{Key: key})
	talkers := newTalkers(t, key, webrtc.NetworkTypeUDP4)
	media := talkers.withMedia()
	talkers.negotiate(r, udpCandidate(r))
	media.flows()
	stop()

	again, _ := startRelay(t, Options{Key: key, UDP: r.UDPAddr().String()})
	events := again.Events(t.Context())
	needed := map[string]bool{}
	for len(needed) < 2 {
		if event := await(t, "need", events); event.Kind == control.Need {
			needed[event.Ufrag] = true
		}
	}
	for range 20 {
		media.write()
	}
	// Whatever is told from now on comes after these packets were taken.
	await(t, "another event", events)
	load := again.Load()
	if load.Packets != 0 || load.BoundLegs != 0 || load.Legs != 2 || load.Dropped["unknownAddress"] < 20 {
		t.Errorf("load is %+v", load)
	}
}
