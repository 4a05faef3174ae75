package turn

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/logging"
	"github.com/pion/stun/v3"
	pion "github.com/pion/turn/v5"
)

// patience bounds every wait that runs out only when a test fails.
const patience = time.Minute

// door is a server behind a real TCP listener, and a socket that stands for the relay and sends everything back.
type door struct {
	t        *testing.T
	server   *Server
	issuer   *Issuer
	listener net.Listener
	relay    netip.AddrPort // as advertised: nobody is there
	echo     *net.UDPConn
	log      *safeBuffer
	now      time.Time
}

type safeBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *safeBuffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(text)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func testKey() Key {
	key := make(Key, KeyBytes)
	rand.Read(key)
	return key
}

func openDoor(t *testing.T, change func(*Options)) *door {
	t.Helper()
	d := &door{t: t, relay: netip.MustParseAddrPort("203.0.113.7:3478"), log: &safeBuffer{}, now: time.Now()}
	var err error
	if d.echo, err = net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.echo.Close() })
	go sendBack(d.echo)
	real := d.echo.LocalAddr().(*net.UDPAddr).AddrPort()
	o := Options{
		Key: testKey(), Clock: func() time.Time { return d.now },
		Relay: []Way{{d.relay, real}, {netip.MustParseAddrPort("198.51.100.9:3478"), real}},
		Log:   slog.New(slog.NewTextHandler(d.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&o)
	}
	d.issuer = &Issuer{Key: o.Key, URL: "turns:localhost:443?transport=tcp", Clock: o.Clock}
	if d.server, err = New(o); err != nil {
		t.Fatal(err)
	}
	d.serve()
	return d
}

func sendBack(socket *net.UDPConn) {
	packet := make([]byte, longestPacket)
	for {
		size, from, err := socket.ReadFromUDPAddrPort(packet)
		if err != nil {
			return
		}
		_, _ = socket.WriteToUDPAddrPort(packet[:size], from) // a lost packet fails the test by itself
	}
}

func (d *door) serve() {
	d.t.Helper()
	var err error
	if d.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		d.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := d.listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { d.server.Serve(ctx, conn) })
		}
	})
	d.t.Cleanup(func() {
		_ = d.listener.Close()
		cancel()
		running.Wait()
		if n := d.server.Allocations(); n != 0 {
			d.t.Errorf("%d allocations are left when all connections have ended", n)
		}
	})
}

func (d *door) dial() net.Conn {
	d.t.Helper()
	conn, err := net.DialTimeout("tcp", d.listener.Addr().String(), patience)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// browser is a TURN client with these credentials.
func (d *door) browser(with ICEServer) *pion.Client {
	d.t.Helper()
	loggers := logging.NewDefaultLoggerFactory()
	loggers.Writer = io.Discard
	client, err := pion.NewClient(&pion.ClientConfig{
		Conn: pion.NewSTUNConn(d.dial()), TURNServerAddr: "localhost:443", Username: with.Username, Password: with.Credential,
		LoggerFactory: loggers,
	})
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(client.Close)
	if err := client.Listen(); err != nil {
		d.t.Fatal(err)
	}
	return client
}

func (d *door) allocate(with ICEServer) net.PacketConn {
	d.t.Helper()
	relayed, err := d.browser(with).Allocate()
	if err != nil {
		d.t.Fatalf("allocate: %v", err)
	}
	d.t.Cleanup(func() { _ = relayed.Close() })
	return relayed
}

// errorCode is what a server has answered.
func errorCode(err error) stun.ErrorCode {
	for code, text := range map[stun.ErrorCode]string{
		stun.CodeForbidden: "403", stun.CodeAllocQuotaReached: "486", stun.CodeBadRequest: "400", stun.CodePeerAddrFamilyMismatch: "443",
	} {
		if err != nil && strings.Contains(err.Error(), text) {
			return code
		}
	}
	return 0
}

func (d *door) comesBack(relayed net.PacketConn, to netip.AddrPort) {
	d.t.Helper()
	packet := make([]byte, 1200)
	rand.Read(packet)
	packet[0] = 128 // media
	if _, err := relayed.WriteTo(packet, net.UDPAddrFromAddrPort(to)); err != nil {
		d.t.Fatalf("send to %s: %v", to, err)
	}
	if err := relayed.SetReadDeadline(time.Now().Add(patience)); err != nil {
		d.t.Fatal(err)
	}
	got := make([]byte, longestPacket)
	size, from, err := relayed.ReadFrom(got)
	if err != nil {
		d.t.Fatalf("nothing comes back from %s: %v", to, err)
	}
	if !bytes.Equal(got[:size], packet) || from.String() != to.String() {
		d.t.Fatalf("%d bytes come back from %s, want %d from %s", size, from, len(packet), to)
	}
}

func TestABrowserReachesTheRelayAtTheAddressesItIsToldWhereverItIs(t *testing.T) {
	d := openDoor(t, nil)
	relayed := d.allocate(d.issuer.Issue("talk.1", Life))
	d.comesBack(relayed, d.relay)
	d.comesBack(relayed, netip.MustParseAddrPort("198.51.100.9:3478"))
}

// forbidden are peers of every kind that a proxy into an agency's network could be used for.
func forbidden() []string {
	return []string{
		"127.0.0.1", "127.0.0.53", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "172.16.0.1",
		"172.31.255.254", "192.168.0.1", "192.168.178.1", "169.254.169.254", "169.254.0.1", "100.64.0.1", "100.127.255.254",
		"192.0.0.1", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.19.255.254", "198.51.100.1", "203.0.113.6", "203.0.113.8",
		"224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "8.8.8.8", "1.1.1.1", "185.199.108.1",
		"::1", "::", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "fe80::1", "fc00::1", "fd12:3456::1", "ff02::1",
		"2001:db8::1", "2002:7f00:1::", "2606:4700::1111",
	}
}

func TestINP08NoOtherPeerIsAllowed(t *testing.T) {
	d := openDoor(t, nil)
	if len(forbidden()) < 40 {
		t.Fatal("the matrix has shrunk")
	}
	client := d.browser(d.issuer.Issue("talk.1", Life))
	if _, err := client.Allocate(); err != nil {
		t.Fatal(err)
	}
	if err := client.CreatePermission(net.UDPAddrFromAddrPort(d.relay)); err != nil {
		t.Errorf("the relay itself is refused: %v", err)
	}
	for _, peer := range forbidden() {
		address := netip.MustParseAddr(peer)
		err := client.CreatePermission(net.UDPAddrFromAddrPort(netip.AddrPortFrom(address, 3478)))
		want := stun.CodeForbidden
		if address.Unmap().Is6() {
			want = stun.CodePeerAddrFamilyMismatch // before anybody asks whether it is the relay
		}
		if errorCode(err) != want {
			t.Errorf("permission for %s: %v, want %d", peer, err, want)
		}
	}
}

func TestINP08AnotherPortOfTheRelaysHostIsNotReached(t *testing.T) {
	d := openDoor(t, nil)
	stranger, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	relayed := d.allocate(d.issuer.Issue("talk.1", Life))
	d.comesBack(relayed, d.relay)
	at := netip.AddrPortFrom(d.relay.Addr(), stranger.LocalAddr().(*net.UDPAddr).AddrPort().Port())
	if _, err := relayed.WriteTo([]byte{128, 1, 2, 3}, net.UDPAddrFromAddrPort(at)); err != nil {
		t.Fatal(err) // the server tells nobody that a packet was dropped
	}
	// What is sent later has come back, so the packet before it would have arrived too.
	d.comesBack(relayed, d.relay)
	if err := stranger.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if size, _, err := stranger.ReadFrom(make([]byte, 100)); err == nil {
		t.Errorf("%d bytes have come to a port that is not the relay's", size)
	}
}

func TestINP08CredentialsLetBeginForMinutesOnlyAndOnlyOnesOfOurs(t *testing.T) {
	d := openDoor(t, nil)
	if Life > 10*time.Minute {
		t.Errorf("credentials live %s", Life)
	}
	good := d.issuer.Issue("talk.1", time.Hour)
	if u, err := parseUser(good.Username); err != nil || u.until.After(d.now.Add(Life)) {
		t.Errorf("credentials for an hour live until %s, %v", u.until, err)
	}
	expired := d.issuer.Issue("talk.1", -time.Second)
	foreign := (&Issuer{Key: testKey(), Clock: d.issuer.Clock}).Issue("talk.1", Life)
	prolonged := good
	prolonged.Username = "99999999999:talk.1"
	other := good
	other.Username = strings.Replace(good.Username, "talk.1", "talk.2", 1)
	for name, with := range map[string]ICEServer{
		"expired": expired, "under another key": foreign, "prolonged by its owner": prolonged, "for another leg": other,
		"without a name": {Username: "99999999999:", Credential: "x"}, "without a time": {Username: "talk", Credential: "x"},
		"with a long name": d.issuer.Issue(strings.Repeat("x", longestName+1), Life),
	} {
		if _, err := d.browser(with).Allocate(); errorCode(err) != stun.CodeBadRequest {
			t.Errorf("credentials %s: %v, want a refusal", name, err)
		}
	}
	if n := d.server.Allocations(); n != 0 {
		t.Errorf("%d allocations after refusals only", n)
	}
	d.comesBack(d.allocate(good), d.relay)
}

func TestWhatHasBegunGoesOnAfterItsCredentialsHaveExpired(t *testing.T) {
	var mu sync.Mutex
	now := time.Now()
	d := openDoor(t, func(o *Options) {
		o.Clock = func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return now
		}
	})
	with := d.issuer.Issue("talk.1", Life)
	relayed := d.allocate(with)
	mu.Lock()
	now = now.Add(time.Hour)
	mu.Unlock()
	d.comesBack(relayed, d.relay) // asks for a permission first
	if _, err := d.browser(with).Allocate(); errorCode(err) != stun.CodeBadRequest {
		t.Errorf("a second beginning with expired credentials: %v, want a refusal", err)
	}
}

// A test of the network lasts for a minute, and whoever is in it for longer wants something else.
func TestINP08WhatHasBegunWithBriefCredentialsEndsWithThem(t *testing.T) {
	d := openDoor(t, func(o *Options) { o.Clock = time.Now })
	const life = 5 * time.Second
	with := d.issuer.IssueBrief("test.1", life)
	lasting := d.allocate(d.issuer.Issue("talk.1", life))
	began := time.Now()
	relayed := d.allocate(with)
	d.comesBack(relayed, d.relay)
	late := time.After(patience)     // others go on for minutes
	for d.server.Allocations() > 1 { // in use all the time
		if _, err := relayed.WriteTo([]byte{128, 1, 2, 3}, net.UDPAddrFromAddrPort(d.relay)); err != nil {
			break
		}
		select {
		case <-late:
			t.Fatalf("after %s an allocation with credentials for %s goes on", time.Since(began), life)
		case <-time.After(20 * time.Millisecond):
		}
	}
	if _, err := d.browser(with).Allocate(); errorCode(err) != stun.CodeBadRequest {
		t.Errorf("a second beginning with expired credentials: %v, want a refusal", err)
	}
	d.comesBack(lasting, d.relay) // counter-check: others outlive theirs
	unmarked := with
	unmarked.Username = strings.Replace(with.Username, brief, "", 1)
	if _, err := d.browser(unmarked).Allocate(); errorCode(err) != stun.CodeBadRequest {
		t.Errorf("brief credentials are made lasting by their owner: %v", err)
	}
}

func TestINP08TestsOfTheNetworkLeaveTalksWhatTheyNeed(t *testing.T) {
	d := openDoor(t, nil)
	now := time.Now()
	passed := func(of limits, packets int, data []byte) (n int) {
		for range packets {
			if of.allow(now, data) {
				n++
			}
		}
		return n
	}
	check, media := make([]byte, 100), append([]byte{128}, make([]byte, 1199)...)
	brief := d.server.limitsFor(user{brief: true})
	if n := passed(brief, 1000, check); n != briefChecksAtOnce {
		t.Errorf("%d checks of one test pass at once", n)
	}
	if n := passed(d.server.limitsFor(user{brief: true}), 1000, media); n < 10 || n > 30 {
		t.Errorf("%d packets of media of one test pass at once", n)
	}
	all := briefChecksAtOnce
	for range 100 {
		all += passed(d.server.limitsFor(user{brief: true}), 1000, check)
	}
	if all > testChecksAtOnce {
		t.Errorf("%d checks of all tests pass at once", all)
	}
	talk := d.server.limitsFor(user{})
	if n := passed(talk, 1000, check); n != checksAtOnce {
		t.Errorf("%d checks of a talk pass beside them", n)
	}
	if n := passed(talk, 100, media); n != 100 {
		t.Errorf("%d packets of media of a talk pass beside them", n)
	}
}

func TestINP08ATestOfTheNetworkSendsFewChecks(t *testing.T) {
	check := make([]byte, 100)
	for name, with := range map[string]struct {
		issue func(*Issuer) ICEServer
		brief bool
	}{
		"test": {func(i *Issuer) ICEServer { return i.IssueBrief("test.1", Life) }, true},
		"talk": {func(i *Issuer) ICEServer { return i.Issue("talk.1", Life) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := openDoor(t, nil)
			relayed := d.allocate(with.issue(d.issuer))
			d.comesBack(relayed, d.relay)
			const most = briefChecksAtOnce + 10
			back := 0
			for range 300 {
				if _, err := relayed.WriteTo(check, net.UDPAddrFromAddrPort(d.relay)); err != nil {
					t.Fatal(err)
				}
			}
			for {
				within := 300 * time.Millisecond // nothing comes any more
				if back == 0 || !with.brief && back <= most {
					within = patience
				}
				if err := relayed.SetReadDeadline(time.Now().Add(within)); err != nil {
					t.Fatal(err)
				}
				if _, _, err := relayed.ReadFrom(make([]byte, longestPacket)); err != nil {
					break
				}
				back++
			}
			if back == 0 || (back <= most) != with.brief {
				t.Errorf("%d checks come back, a test may send %d", back, most)
			}
		})
	}
}

func TestINP08QuotaForEachLegAndEachSource(t *testing.T) {
	d := openDoor(t, func(o *Options) { o.MaxPerLeg, o.MaxPerSource = 2, 4 })
	first := d.allocate(d.issuer.Issue("talk.1", Life))
	d.allocate(d.issuer.Issue("talk.1", Life/2)) // other credentials, the same leg
	if _, err := d.browser(d.issuer.Issue("talk.1", Life)).Allocate(); errorCode(err) != stun.CodeAllocQuotaReached {
		t.Errorf("third allocation of a leg: %v, want 486", err)
	}
	d.allocate(d.issuer.Issue("talk.2", Life))
	d.allocate(d.issuer.Issue("talk.2", Life)) // in place of the one that got none
	ends(t, d.dial(), "a fifth connection from one source")
	d.comesBack(first, d.relay)
}

func (d *door) until(what string, is func() bool) {
	d.t.Helper()
	for late := time.After(patience); !is(); {
		select {
		case <-late:
			d.t.Fatalf("waited in vain until %s", what)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func TestAConnectionThatNoTalkNeedsGivesWayToTheNext(t *testing.T) {
	for name, limit := range map[string]func(*Options){
		"of one source": func(o *Options) { o.MaxPerSource = 2 }, "of all": func(o *Options) { o.MaxConnections = 2 },
	} {
		t.Run(name, func(t *testing.T) {
			d := openDoor(t, func(o *Options) { limit(o); o.within = time.Hour })
			talk := d.allocate(d.issuer.Issue("talk.1", Life))
			silent := d.dial()
			d.until("the silent connection is in", func() bool {
				d.server.mu.Lock()
				defer d.server.mu.Unlock()
				return d.server.crowd.Count() == 2
			})
			trial := d.allocate(d.issuer.IssueBrief("test.1", Life))
			ends(t, silent, "a silent connection")
			d.comesBack(trial, d.relay)
			other := d.allocate(d.issuer.Issue("talk.2", Life))
			d.until("a network test gives way", func() bool { return d.server.Allocations() == 2 })
			ends(t, d.dial(), "a third connection")
			d.comesBack(talk, d.relay)
			d.comesBack(other, d.relay)
		})
	}
}

// ends waits for the server to hang up.
func ends(t *testing.T, conn net.Conn, what string) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	_, err := io.Copy(io.Discard, conn)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		t.Errorf("%s does not end", what)
	}
}

func TestProxiesOfOursAreNoSource(t *testing.T) {
	d := openDoor(t, func(o *Options) {
		o.MaxPerSource, o.Trusted = 1, []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})
	d.comesBack(d.allocate(d.issuer.Issue("talk.1", Life)), d.relay)
	d.comesBack(d.allocate(d.issuer.Issue("talk.2", Life)), d.relay)
}

func TestWhoDoesNotAuthenticateInTimeOrFallsSilentIsHungUpOn(t *testing.T) {
	d := openDoor(t, func(o *Options) { o.within, o.idle = 100*time.Millisecond, 100*time.Millisecond })
	ends(t, d.dial(), "a connection that says nothing")
	slow := d.dial()
	if _, err := slow.Write([]byte{0, 3, 0, 0}); err != nil {
		t.Fatal(err)
	}
	ends(t, slow, "a connection that never finishes its request")
	d.allocate(d.issuer.Issue("talk.1", Life))
	late := time.After(patience)
	for d.server.Allocations() > 0 {
		select {
		case <-late:
			t.Fatal("a silent allocation does not end")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func TestFramesThatNoBrowserSendsEndTheConnection(t *testing.T) {
	header := func(kind, size uint16) []byte {
		frame := make([]byte, stunHeader)
		binary.BigEndian.PutUint16(frame, kind)
		binary.BigEndian.PutUint16(frame[2:], size)
		binary.BigEndian.PutUint32(frame[4:], stunCookie)
		return frame
	}
	for name, frame := range map[string][]byte{
		"HTTP":                          []byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
		"a length that wraps around":    header(0x0003, 0xFFEC),
		"longer than any packet":        header(0x0003, longestFrame),
		"a length that is no multiple":  header(0x0003, 3),
		"another cookie":                append([]byte{0, 3, 0, 0, 1, 2, 3, 4}, make([]byte, 12)...),
		"an allocation over TCP begins": header(0x000A, 0), // Connect, RFC 6062
		"an answer":                     header(0x0103, 0),
		"a channel out of range":        {0x50, 0, 0, 0},
		"a channel longer than packets": {0x40, 0, 0xFF, 0xFF},
	} {
		t.Run(name, func(t *testing.T) {
			d := openDoor(t, func(o *Options) { o.within = time.Hour })
			conn := d.dial()
			if _, err := conn.Write(frame); err != nil {
				t.Fatal(err)
			}
			ends(t, conn, "a connection with "+name)
		})
	}
}

func TestLOG04NoAddressIsLogged(t *testing.T) {
	d := openDoor(t, func(o *Options) { o.MaxPerSource = 2 })
	if _, err := d.browser(d.issuer.Issue("talk.1", -time.Minute)).Allocate(); err == nil {
		t.Error("expired credentials let begin")
	}
	client := d.browser(d.issuer.Issue("talk.1", Life))
	if _, err := client.Allocate(); err != nil {
		t.Fatal(err)
	}
	if err := client.CreatePermission(&net.UDPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 1}); err == nil {
		t.Error("a peer that is not the relay is allowed")
	}
	d.allocate(d.issuer.Issue("talk.1", Life))
	ends(t, d.dial(), "a third connection from one source")
	text := d.log.String()
	if !strings.Contains(text, "too many") {
		t.Errorf("the log is not the one that is written to: %q", text)
	}
	for _, address := range []string{"127.0.0.1", "10.0.0.1", "203.0.113", "198.51.100", "talk.1"} {
		if strings.Contains(text, address) {
			t.Errorf("the log names %s: %s", address, text)
		}
	}
}

func TestARelayOfTheOtherFamilyIsFoundWithoutAsking(t *testing.T) {
	var six netip.AddrPort
	d := openDoor(t, func(o *Options) {
		six = netip.MustParseAddrPort("[2001:db8::7]:3478")
		o.Relay = []Way{{six, o.Relay[0].Real}}
	})
	d.comesBack(d.allocate(d.issuer.Issue("talk.1", Life)), six)
}

func TestAServerNeedsAKeyAndAWay(t *testing.T) {
	way := Way{netip.MustParseAddrPort("203.0.113.7:3478"), netip.MustParseAddrPort("127.0.0.1:3478")}
	nowhere := Way{way.Advertised, netip.MustParseAddrPort("0.0.0.0:3478")}
	for name, o := range map[string]Options{
		"no key": {Relay: []Way{way}}, "no way": {Key: testKey()}, "a way to nowhere": {Key: testKey(), Relay: []Way{nowhere}},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("with %s there is a server", name)
		}
	}
}
