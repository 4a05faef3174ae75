package app

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"visavis/internal/config"
	"visavis/internal/relay/turn"
	"visavis/internal/worldtest"
)

// office is a demonstration that is reached over TLS, with its relay at an address where nobody is.
type office struct {
	t        *testing.T
	at       string
	password string
}

func openOffice(t *testing.T, environ ...string) *office {
	t.Helper()
	c := configured(t, append([]string{
		"VISAVIS_HTTP_TLS=self-signed", "VISAVIS_HTTP_URL=https://localhost", "VISAVIS_RELAY_ADVERTISE=203.0.113.7",
	}, environ...)...)
	var greeting bytes.Buffer
	o := &office{t: t}
	o.at, _ = running(t, func(ctx context.Context, options Options) error { return Demo(ctx, c, options, &greeting) })
	found := regexp.MustCompile(`Password: (\S+)`).FindStringSubmatch(greeting.String())
	if found == nil {
		t.Fatalf("no password in %q", greeting.String())
	}
	o.password = found[1]
	return o
}

func (o *office) browser() *worldtest.Browser {
	o.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		o.t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}
	o.t.Cleanup(transport.CloseIdleConnections)
	return &worldtest.Browser{
		T: o.t, URL: "https://" + o.at, Network: "192.0.2.1", Header: http.Header{},
		Client: &http.Client{Transport: transport, Jar: jar, Timeout: patience},
	}
}

func (o *office) signIn() *worldtest.Browser {
	o.t.Helper()
	b := o.browser()
	b.Post("/api/staff/session", worldtest.Body{"agency": "", "email": "aylin.demir@example.org", "password": o.password}).OK(o.t)
	return b
}

// book makes an appointment of now and returns the path of its seat and a browser that has opened its link.
func (o *office) book(staff *worldtest.Browser) (seat string, guest *worldtest.Browser) {
	o.t.Helper()
	var me struct {
		Agency   struct{ Slug string }
		Desks    []struct{ ID, DepartmentID string }
		Services []struct{ ID, DepartmentID string }
	}
	staff.Get("/api/staff/session").Into(o.t, &me)
	service := ""
	for _, s := range me.Services {
		if s.DepartmentID == me.Desks[0].DepartmentID {
			service = s.ID
		}
	}
	var booked struct{ Link string }
	staff.Post("/api/staff/appointments", worldtest.Body{
		"desk": me.Desks[0].ID, "service": service, "startsAt": time.Now().Add(time.Minute).UnixMilli(), "language": "de",
		"citizen": worldtest.Body{"name": "Erika Beispiel", "phone": "0170 1112223"},
	}).OK(o.t).Into(o.t, &booked)
	_, secret, _ := strings.Cut(booked.Link, "#")
	guest = o.browser()
	var view struct{ Seat string }
	guest.Post("/api/guest/"+me.Agency.Slug+"/open", worldtest.Body{"secret": secret}).OK(o.t).Into(o.t, &view)
	return "/api/guest/" + me.Agency.Slug + "/seats/" + view.Seat, guest
}

// bridge is what a browser does itself: it opens TLS to the port of HTTPS and carries what is said to it there.
func (o *office) bridge(servers []turn.ICEServer) []webrtc.ICEServer {
	o.t.Helper()
	if len(servers) != 1 || len(servers[0].URLs) != 1 || servers[0].URLs[0] != "turns:localhost:443?transport=tcp" {
		o.t.Fatalf("the way is %+v", servers)
	}
	l, err := listen(o.t.Context(), "bridge", "127.0.0.1:0")
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			inner, err := l.Accept()
			if err != nil {
				return
			}
			outer, err := tls.Dial("tcp", o.at, &tls.Config{InsecureSkipVerify: true})
			if err != nil {
				_ = inner.Close()
				return
			}
			go carry(inner, outer)
			go carry(outer, inner)
		}
	}()
	return []webrtc.ICEServer{{
		URLs: []string{"turn:" + l.Addr().String() + "?transport=tcp"}, Username: servers[0].Username, Credential: servers[0].Credential,
	}}
}

func carry(to, from net.Conn) {
	_, _ = io.Copy(to, bufio.NewReader(from)) // its end is all that is of interest
	_ = to.Close()
	_ = from.Close()
}

type detour struct{ ICEServers []turn.ICEServer }

// talker is a page's connection; it has no way but the one given to it.
func (o *office) talker(servers []turn.ICEServer) (*webrtc.PeerConnection, *webrtc.DataChannel) {
	o.t.Helper()
	peer, err := webrtc.NewPeerConnection(webrtc.Configuration{
		ICEServers: o.bridge(servers), ICETransportPolicy: webrtc.ICETransportPolicyRelay,
	})
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { _ = peer.Close() })
	negotiated, id := true, uint16(0)
	channel, err := peer.CreateDataChannel("visavis", &webrtc.DataChannelInit{Negotiated: &negotiated, ID: &id})
	if err != nil {
		o.t.Fatal(err)
	}
	return peer, channel
}

func (o *office) described(peer *webrtc.PeerConnection, d webrtc.SessionDescription, err error) string {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(peer)
	if err := peer.SetLocalDescription(d); err != nil {
		o.t.Fatal(err)
	}
	await(o.t, "gathering", gathered)
	if !strings.Contains(peer.LocalDescription().SDP, "typ relay") {
		o.t.Fatal("no way over TURN was found")
	}
	return peer.LocalDescription().SDP
}

type signals struct {
	Signals []struct{ Kind, SDP string }
}

func (s signals) of(t *testing.T, kind string) string {
	t.Helper()
	for _, one := range s.Signals {
		if one.Kind == kind {
			return one.SDP
		}
	}
	t.Fatalf("no signal %s in %+v", kind, s)
	return ""
}

const anyCommit, anyNonce = "NNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNN", "NNNNNNNNNNNNNNNNNNNNNN"

// admitted lets a guest in who cannot reach the relay, and asks for the detour on both sides.
func (o *office) admitted() (seat string, guest, staff *worldtest.Browser, talk string, forGuest, forStaff detour) {
	o.t.Helper()
	staff = o.signIn()
	seat, guest = o.book(staff)
	page := worldtest.Body{"page": "page-one"}
	arrival := worldtest.Body{
		"page": "page-one", "mode": "video", "takeover": false, "commit": anyCommit,
		"offer": worldtest.Description("guest", worldtest.Print("guest")),
	}
	guest.Post(seat+"/arrive", arrival).OK(o.t)
	guest.Post(seat+"/detour", page).Expect(o.t, http.StatusNotFound, "talk.unknown") // ACC-03: nothing before admission
	var started struct{ Talk struct{ ID string } }
	staff.Post("/api/staff/seats/"+seat[strings.LastIndexByte(seat, '/')+1:]+"/admit", worldtest.Body{}).OK(o.t).Into(o.t, &started)
	talk = "/api/staff/talks/" + started.Talk.ID
	guest.Post(seat+"/detour", page).OK(o.t).Into(o.t, &forGuest)
	staff.Post(talk+"/detour", worldtest.Body{}).OK(o.t).Into(o.t, &forStaff)
	return seat, guest, staff, talk, forGuest, forStaff
}

func TestATalkGoesThroughThePortOfHTTPSWhenNothingElseIsOpen(t *testing.T) {
	o := openOffice(t)
	seat, guest, staff, talk, forGuest, forStaff := o.admitted()

	caller, said := o.talker(forGuest.ICEServers)
	offer, err := caller.CreateOffer(nil)
	prepared := worldtest.Body{"page": "page-one", "commit": anyCommit, "offer": o.described(caller, offer, err)}
	guest.Post(seat+"/prepare", prepared).OK(t)

	var toStaff, toGuest signals
	staff.Listen(talk+"/stream", "").Until("snapshot", &toStaff)
	called, heard := o.talker(forStaff.ICEServers)
	if err := called.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: toStaff.of(t, "offer")}); err != nil {
		t.Fatal(err)
	}
	answer, err := called.CreateAnswer(nil)
	text := o.described(called, answer, err)
	messages := make(chan []byte, 1)
	heard.OnMessage(func(m webrtc.DataChannelMessage) { messages <- m.Data })
	staff.Post(talk+"/signal", worldtest.Body{"generation": 2, "kind": "answer", "sdp": text, "nonce": anyNonce}).OK(t)
	opened := make(chan struct{})
	said.OnOpen(func() { close(opened) })
	guest.Listen(seat+"/stream?page=page-one", "").Until("snapshot", &toGuest)
	if err := caller.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: toGuest.of(t, "answer")}); err != nil {
		t.Fatal(err)
	}

	await(t, "connection", opened)
	long := make([]byte, 16_000) // many packets of full size
	rand.Read(long)
	if err := said.Send(long); err != nil {
		t.Fatal(err)
	}
	if got := await(t, "message", messages); !bytes.Equal(got, long) {
		t.Error("a message has changed on its way")
	}
	for _, peer := range []*webrtc.PeerConnection{caller, called} {
		pair, err := peer.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
		if err != nil || pair.Remote.Address != "203.0.113.7" {
			t.Errorf("a side is connected over %v, %v", pair, err)
		}
	}

	staff.Post(talk+"/end", worldtest.Body{"outcome": "held"}).OK(t)
	staff.Post(talk+"/detour", worldtest.Body{}).Expect(t, http.StatusGone, "talk.ended")
	guest.Post(seat+"/detour", worldtest.Body{"page": "page-one"}).Expect(t, http.StatusNotFound, "talk.unknown")
}

func TestCredentialsOfTheDetourAreForThePageInTheTalkOnly(t *testing.T) {
	o := openOffice(t)
	seat, guest, _, talk, forGuest, forStaff := o.admitted()
	if forGuest.ICEServers[0].Username == forStaff.ICEServers[0].Username {
		t.Error("both sides have the same credentials")
	}
	guest.Post(seat+"/detour", worldtest.Body{"page": "page-two"}).Expect(t, http.StatusConflict, "seat.elsewhere")
	o.browser().Post(talk+"/detour", worldtest.Body{}).Expect(t, http.StatusUnauthorized, "session.none")
	if answer := o.browser().Post(seat+"/detour", worldtest.Body{"page": "page-one"}); answer.Status < 400 || strings.Contains(answer.Text, "credential") {
		t.Errorf("a stranger gets %d %s", answer.Status, answer.Text)
	}
	key, _, _ := strings.Cut(forGuest.ICEServers[0].Username, ":")
	if until := parseUnix(t, key); time.Until(until) > 10*time.Minute {
		t.Errorf("credentials live until %s", until)
	}
}

func TestWithoutTLSOrTURNThereIsNoDetour(t *testing.T) {
	for _, environ := range [][]string{
		{"VISAVIS_RELAY_TURN=false"},
		{"VISAVIS_HTTP_TLS=off"},
	} {
		c := configured(t, append([]string{"VISAVIS_HTTP_TLS=self-signed", "VISAVIS_HTTP_URL=https://localhost"}, environ...)...)
		p, err := build(t.Context(), c, inTests())
		if err != nil {
			t.Fatal(err)
		}
		if p.turn != nil || p.detour != nil {
			t.Errorf("with %v there is one", environ)
		}
		if err := p.close(); err != nil {
			t.Error(err)
		}
	}
}

func TestTheNetworkTestOffersTheDetourWithItsOwnCredentials(t *testing.T) {
	o := openOffice(t)
	b := o.browser()
	var ways struct {
		ID    string
		Paths []string
	}
	b.Post("/api/test/paths", worldtest.Body{}).OK(t).Into(t, &ways)
	if strings.Join(ways.Paths, " ") != "udp tcp tls" {
		t.Fatalf("the ways are %v", ways.Paths)
	}
	users := map[string]bool{}
	for _, path := range ways.Paths {
		for _, side := range []string{"a", "b"} {
			var got struct {
				SDP        string
				ICEServers []turn.ICEServer
			}
			b.Post("/api/test/describe", worldtest.Body{
				"id": ways.ID, "path": path, "side": side, "sdp": worldtest.Description("page", worldtest.Print("page")),
			}).OK(t).Into(t, &got)
			if (len(got.ICEServers) == 1) != (path == "tls") {
				t.Errorf("on path %s there are the servers %v", path, got.ICEServers)
			}
			for _, server := range got.ICEServers {
				users[server.Username] = true
				seconds, brief := strings.CutSuffix(strings.Split(server.Username, ":")[0], "!")
				if until := parseUnix(t, seconds); !brief || time.Until(until) > time.Minute {
					t.Errorf("credentials of a test live until %s", until)
				}
			}
			if udp := strings.Contains(got.SDP, " udp "); udp == (path == "tcp") {
				t.Errorf("on path %s the relay is shown as %s", path, got.SDP)
			}
		}
	}
	if len(users) != 2 {
		t.Errorf("the two ends have the names %v", users)
	}
}

func TestTheWayOfTURNIsWhereTheRelayIsForThisProcess(t *testing.T) {
	for listens, want := range map[string]string{
		"[::]:3478": "127.0.0.1:3478", "0.0.0.0:3478": "127.0.0.1:3478", "10.0.0.7:3478": "10.0.0.7:3478", "[2001:db8::7]:1": "[2001:db8::7]:1",
	} {
		if got := within(addrPort(t, listens)).String(); got != want {
			t.Errorf("a relay that listens on %s is sought at %s, want %s", listens, got, want)
		}
	}
	for address, want := range map[string]string{
		"https://termin.example.de": "turns:termin.example.de:443?transport=tcp", "https://[2001:db8::7]:8443": "turns:[2001:db8::7]:8443?transport=tcp",
	} {
		var u config.URL
		if err := u.UnmarshalText([]byte(address)); err != nil {
			t.Fatal(err)
		}
		if got := turnURL(u); got != want {
			t.Errorf("for %s the way is %s, want %s", address, got, want)
		}
	}
}

func parseUnix(t *testing.T, seconds string) time.Time {
	t.Helper()
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return time.Unix(n, 0)
}

func addrPort(t *testing.T, text string) netip.AddrPort {
	t.Helper()
	at, err := netip.ParseAddrPort(text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
