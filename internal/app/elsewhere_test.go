package app

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"net"
	"net/http"
	"net/http/cookiejar"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"visavis/internal/config"
	"visavis/internal/db/dbtest"
	"visavis/internal/demo"
	"visavis/internal/relay/control"
	"visavis/internal/worldtest"
)

// site is an installation as large agencies have it: serve processes on one database, the relay in a process of its own.
type site struct {
	t         *testing.T
	relay     *config.Config
	stopRelay func()
	nodes     []*config.Config
	password  string
}

// newSite starts a relay that has nothing but its key, and as many servers as are asked for.
func newSite(t *testing.T, database string, servers int) *site {
	t.Helper()
	port := strconv.Itoa(freePort(t))
	s := &site{t: t}
	dir := t.TempDir()
	shared := []string{
		"VISAVIS_DATA_DIR=" + dir, "VISAVIS_DATABASE_URL=" + database, "VISAVIS_HTTP_TLS=self-signed",
		"VISAVIS_HTTP_URL=https://localhost:8443", "VISAVIS_RELAY_MODE=external", "VISAVIS_RELAY_ADVERTISE=127.0.0.1",
		"VISAVIS_RELAY_UDP=127.0.0.1:" + port, "VISAVIS_RELAY_TCP=127.0.0.1:" + port, "VISAVIS_TALK_HEADS_UP=0s",
	}
	key, err := RelayKey(configured(t, shared...))
	if err != nil {
		t.Fatal(err)
	}
	s.relay = configured(t, "VISAVIS_RELAY_KEY="+key, "VISAVIS_RELAY_UDP=127.0.0.1:"+port, "VISAVIS_RELAY_TCP=127.0.0.1:"+port,
		"VISAVIS_RELAY_CONTROL=127.0.0.1:0")
	s.startRelay()
	for range servers {
		s.nodes = append(s.nodes, configured(t, append(shared, "VISAVIS_RELAY_CONTROL="+s.relay.Relay.Control)...))
	}
	return s
}

// startRelay starts it at the port of before, if it has run before.
func (s *site) startRelay() {
	s.t.Helper()
	s.relay.Relay.Control, s.stopRelay = runRelay(s.t, s.relay)
}

// serve starts a server with the example agency.
func (s *site) serve(node int) (url string, stop func()) {
	s.t.Helper()
	at, stop := running(s.t, func(ctx context.Context, o Options) error {
		p, err := build(ctx, s.nodes[node], o)
		if err != nil {
			return err
		}
		if err := p.prepareDemo(ctx, nil); err != nil {
			return err
		}
		s.password = demo.Password(p.ring)
		if err := p.run(ctx); err != nil {
			return err
		}
		return p.close()
	})
	return "https://" + at, stop
}

func (s *site) load() control.Load {
	s.t.Helper()
	key, err := keyOfRelay(s.relay)
	if err != nil {
		s.t.Fatal(err)
	}
	load, err := control.Probe(s.t.Context(), control.ClientOptions{Key: key, Address: s.relay.Relay.Control})
	if err != nil {
		s.t.Fatal(err)
	}
	return load
}

func freePort(t *testing.T) int {
	t.Helper()
	for range 20 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		conn, err := net.ListenPacket("udp", l.Addr().String())
		l.Close()
		if err == nil {
			conn.Close()
			return l.Addr().(*net.TCPAddr).Port
		}
	}
	t.Fatal("no port is free for UDP and TCP")
	return 0
}

func visit(t *testing.T, url string) *worldtest.Browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	t.Cleanup(transport.CloseIdleConnections)
	return &worldtest.Browser{T: t, URL: url, Network: "203.0.113.7", Header: http.Header{}, Client: &http.Client{Transport: transport, Jar: jar, Timeout: patience}}
}

// peer is the part of a browser that talks.
type peer struct {
	*webrtc.PeerConnection
	channel *webrtc.DataChannel
	opened  chan struct{}
	heard   chan string
}

func newPeer(t *testing.T, sections bool) *peer {
	t.Helper()
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	settings.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() })
	settings.SetICETimeouts(patience, 2*patience, 100*time.Millisecond)
	connection, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings), webrtc.WithMediaEngine(codecs(t))).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{PeerConnection: connection, opened: make(chan struct{}), heard: make(chan string, 64)}
	t.Cleanup(func() { _ = p.Close() })
	if sections {
		for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeVideo} {
			if _, err := p.AddTransceiverFromKind(kind); err != nil {
				t.Fatal(err)
			}
		}
	}
	negotiated, id := true, uint16(0)
	if p.channel, err = p.CreateDataChannel("talk", &webrtc.DataChannelInit{Negotiated: &negotiated, ID: &id}); err != nil {
		t.Fatal(err)
	}
	p.channel.OnOpen(func() { close(p.opened) })
	p.channel.OnMessage(func(m webrtc.DataChannelMessage) { p.heard <- string(m.Data) })
	return p
}

func codecs(t *testing.T) *webrtc.MediaEngine {
	t.Helper()
	media := &webrtc.MediaEngine{}
	if err := media.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	return media
}

// describe makes an offer, or an answer to what the other side has written.
func (p *peer) describe(t *testing.T, offer string) string {
	t.Helper()
	var own webrtc.SessionDescription
	var err error
	if offer == "" {
		own, err = p.CreateOffer(nil)
	} else {
		p.takes(t, webrtc.SDPTypeOffer, offer)
		own, err = p.CreateAnswer(nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(p.PeerConnection)
	if err := p.SetLocalDescription(own); err != nil {
		t.Fatal(err)
	}
	await(t, "gathering", gathered)
	return p.LocalDescription().SDP
}

func (p *peer) takes(t *testing.T, kind webrtc.SDPType, text string) {
	t.Helper()
	if err := p.SetRemoteDescription(webrtc.SessionDescription{Type: kind, SDP: text}); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
}

type told struct{ Kind, SDP string }

// talking is a talk under way, the advisor at one server, the guest at another.
type talking struct {
	advisor      *worldtest.Browser
	id           string
	staff, guest *peer
}

func (s *site) talk(staffAt, guestAt string) *talking {
	t := s.t
	t.Helper()
	k := &talking{advisor: visit(t, staffAt), staff: newPeer(t, false), guest: newPeer(t, true)}
	var me struct {
		Desks    []struct{ ID, DepartmentID string }
		Services []struct{ ID, DepartmentID string }
	}
	k.advisor.Post("/api/staff/session", worldtest.Body{"agency": "", "email": demo.Accounts()[0].Email, "password": s.password}).OK(t).Into(t, &me)
	service := ""
	for _, one := range me.Services {
		if one.DepartmentID == me.Desks[0].DepartmentID {
			service = one.ID
		}
	}
	var booked struct{ Link string }
	k.advisor.Post("/api/staff/appointments", worldtest.Body{
		"desk": me.Desks[0].ID, "service": service, "startsAt": time.Now().Add(2 * time.Minute).Truncate(time.Minute).UnixMilli(),
		"language": "de", "citizen": worldtest.Body{"name": "Erika Beispiel"},
	}).OK(t).Into(t, &booked)
	_, secret, _ := strings.Cut(booked.Link, "#")

	guest := &worldtest.Guest{Browser: visit(t, guestAt), Page: "page-one", Place: worldtest.Place{Office: worldtest.Office{Slug: demo.Slug}}}
	var view struct{ Seat string }
	guest.Post("/api/guest/demo/open", worldtest.Body{"secret": secret}).OK(t).Into(t, &view)
	guest.Place.Seat = view.Seat
	guest.Do("check", worldtest.Body{"result": "started"}).OK(t)
	commit := base64.RawURLEncoding.EncodeToString(random(t, 32))
	guest.Do("arrive", worldtest.Body{"mode": "video", "commit": commit, "offer": k.guest.describe(t, "")}).OK(t)
	stream := guest.Stream("")
	stream.Until("snapshot", nil)

	var started struct {
		Talk    struct{ ID string }
		Signals []told
	}
	k.advisor.Post("/api/staff/seats/"+view.Seat+"/admit", worldtest.Body{}).OK(t).Into(t, &started)
	k.id = started.Talk.ID
	k.advisor.Post("/api/staff/talks/"+k.id+"/signal", worldtest.Body{
		"generation": 1, "kind": "answer", "sdp": k.staff.describe(t, started.Signals[0].SDP), "nonce": worldtest.Nonce,
	}).OK(t)
	var answer told
	for answer.Kind != "answer" {
		stream.Until("signal", &answer)
	}
	k.guest.takes(t, webrtc.SDPTypeAnswer, answer.SDP)
	await(t, "open channel", k.guest.opened)
	await(t, "open channel", k.staff.opened)
	return k
}

// hear sends a word both ways and says how long that took.
func (k *talking) hear(t *testing.T, word string) time.Duration {
	t.Helper()
	began := time.Now()
	for _, way := range [][2]*peer{{k.guest, k.staff}, {k.staff, k.guest}} {
		if err := way[0].channel.SendText(word); err != nil {
			t.Fatal(err)
		}
		for got := ""; got != word; {
			got = await(t, word, way[1].heard)
		}
	}
	return time.Since(began)
}

// backSoon fails unless both sides hear each other again soon after a restart.
func (s *site) backSoon(k *talking, what string) {
	s.t.Helper()
	took := k.hear(s.t, what)
	s.t.Logf("%s: back after %s", what, took.Round(time.Millisecond))
	if took > dbtest.Slack { // a few seconds are meant, and stand in the log
		s.t.Errorf("%s: back after %s", what, took)
	}
}

// The whole way: relay and servers as processes of their own, a guest at one server and an advisor at the other.
func TestATalkThroughARelayElsewhereOutlivesItsRestartsAndEndsThereToo(t *testing.T) {
	for engine, address := range map[string]func(*testing.T) (string, int){
		"sqlite":   func(t *testing.T) (string, int) { return "sqlite:" + t.TempDir() + "/visavis.db", 1 },
		"postgres": func(t *testing.T) (string, int) { return dbtest.PostgresURL(t), 2 },
	} {
		t.Run(engine, func(t *testing.T) {
			database, servers := address(t)
			s := newSite(t, database, servers)
			one, stopOne := s.serve(0)
			two := one
			if servers > 1 {
				two, _ = s.serve(1)
			}
			k := s.talk(one, two)
			k.hear(t, "before")
			if load := s.load(); load.BoundLegs != 2 {
				t.Fatalf("the talk goes another way: %+v", load)
			}

			s.stopRelay()
			s.startRelay()
			s.backSoon(k, "after the relay's restart")

			// The server that knew both browsers is gone as well: another one answers, or the same after its restart.
			stopOne()
			s.stopRelay()
			s.startRelay()
			if servers == 1 {
				two, _ = s.serve(0)
			}
			s.backSoon(k, "after the server's end")

			k.advisor.URL = two
			k.advisor.Post("/api/staff/talks/"+k.id+"/end", worldtest.Body{"outcome": "held"}).OK(t)
			tick := time.NewTicker(20 * time.Millisecond)
			defer tick.Stop()
			for late := time.After(patience); s.load().Legs > 0; {
				select {
				case <-tick.C:
				case <-late:
					t.Fatal("the relay carries a talk that has ended")
				}
			}
		})
	}
}

func TestAServerStartsAndServesWithoutItsRelay(t *testing.T) {
	c := configured(t, "VISAVIS_RELAY_MODE=external", "VISAVIS_RELAY_CONTROL=127.0.0.1:1", "VISAVIS_RELAY_UDP=:20100", "VISAVIS_RELAY_TCP=:20100")
	at, _ := running(t, func(ctx context.Context, o Options) error { return Serve(ctx, c, o) })
	visit(t, "http://"+at).Get("/readyz").OK(t)
}
