package app

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v3"
)

// shared is a listener for both, and what speaks TURN on it.
type shared struct {
	*sharedPort
	turned chan net.Conn
}

func share(t *testing.T, change func(*sharedPort)) *shared {
	t.Helper()
	l, err := listen(t.Context(), "http.listen", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return shareOn(t, l, change)
}

func shareOn(t *testing.T, l net.Listener, change func(*sharedPort)) *shared {
	t.Helper()
	c := configured(t, "VISAVIS_HTTP_TLS=self-signed", "VISAVIS_HTTP_URL=https://localhost")
	if err := c.MakeDataDir(); err != nil {
		t.Fatal(err)
	}
	certs, err := newCertificates(c, []netip.Addr{netip.MustParseAddr("127.0.0.1")}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s := &shared{turned: make(chan net.Conn, 16)}
	room := newLobby(limits{}, slog.New(slog.DiscardHandler))
	s.sharedPort = sharePort(l, certs.config(), func(_ context.Context, conn net.Conn) { s.turned <- conn }, room)
	if change != nil {
		change(s.sharedPort)
	}
	s.begin()
	server := &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) }),
		TLSConfig:         certs.config(),
		ReadHeaderTimeout: patience,
		ErrorLog:          quiet(),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(s) }()
	t.Cleanup(func() {
		_ = server.Close()
		if err := await(t, "end", ended); !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("serving ended with %v", err)
		}
		s.running.Wait()
	})
	return s
}

// connect opens TLS and offers these protocols.
func (s *shared) connect(t *testing.T, offered ...string) *tls.Conn {
	t.Helper()
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, NextProtos: offered}}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, err := dialer.DialContext(ctx, "tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn.(*tls.Conn)
}

func say(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
}

// hears is what comes until the other side hangs up.
func hears(t *testing.T, conn net.Conn) string {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(conn)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		t.Fatal("the other side does not hang up")
	}
	return string(text)
}

const request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

func TestHTTPIsServedOnTheSharedPortInBothVersionsAndWithoutNegotiation(t *testing.T) {
	s := share(t, nil)
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: patience}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+s.Addr().String()+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body) // an empty one fails below
	_ = res.Body.Close()
	if string(body) != "HTTP/2.0" {
		t.Errorf("a browser of today gets %q, want HTTP/2.0", body)
	}
	for name, offered := range map[string][]string{"HTTP/1.1": {"http/1.1"}, "nothing": nil, "what we do not know": {"webrtc", "stun.turn"}} {
		conn := s.connect(t, offered...)
		say(t, conn, request)
		if got := hears(t, conn); len(got) < 8 || got[len(got)-8:] != "HTTP/1.1" {
			t.Errorf("who offers %s gets %q", name, got)
		}
	}
}

func TestTURNOnTheSharedPortIsHandedOverWhole(t *testing.T) {
	s := share(t, nil)
	message := stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest)).Raw
	for _, offered := range [][]string{nil, {"stun.turn"}} {
		conn := s.connect(t, offered...)
		for i := range message { // byte by byte: the worst network
			say(t, conn, string(message[i:i+1]))
		}
		got := make([]byte, len(message))
		turned := await(t, "turn", s.turned)
		if _, err := io.ReadFull(turned, got); err != nil || string(got) != string(message) {
			t.Errorf("TURN gets %x, %v, want %x", got, err, message)
		}
		_ = turned.Close()
	}
}

func TestWhatIsNeitherHTTPNorTURNIsHungUpOn(t *testing.T) {
	s := share(t, nil)
	for _, head := range []string{"\x00\x03\x00\x00\x21\x12\xA4\x43", "\x03\xFF\x00\x00\x00\x00\x00\x00", "\x01\x02\x03\x04GET "} {
		conn := s.connect(t)
		say(t, conn, head)
		if got := hears(t, conn); got != "" {
			t.Errorf("%q gets the answer %q", head, got)
		}
	}
}

func TestWhoCameWithoutTLSIsToldSo(t *testing.T) {
	s := share(t, nil)
	conn, err := (&net.Dialer{Timeout: patience}).DialContext(t.Context(), "tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	say(t, conn, request)
	if got := hears(t, conn); len(got) < 12 || got[9:12] != "400" {
		t.Errorf("gets %q, want 400", got)
	}
}

func TestAVASlowConnectionsNeitherStayNorHoldUpOthers(t *testing.T) {
	s := share(t, func(p *sharedPort) { p.wait = 200 * time.Millisecond })
	plain, err := (&net.Dialer{Timeout: patience}).DialContext(t.Context(), "tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	silent, half := s.connect(t), s.connect(t)
	say(t, half, "\x00\x03\x00\x00\x21\x12")

	conn := s.connect(t)
	say(t, conn, request)
	if got := hears(t, conn); len(got) < 12 || got[9:12] != "200" {
		t.Errorf("beside slow connections somebody gets %q", got)
	}
	for name, slow := range map[string]net.Conn{"no handshake": plain, "no word": silent, "half a word": half} {
		if got := hears(t, slow); got != "" {
			t.Errorf("who says %s gets %q", name, got)
		}
	}
	s.lobby.mu.Lock()
	defer s.lobby.mu.Unlock()
	if s.lobby.order.Len() != 0 || len(s.lobby.count) != 0 {
		t.Errorf("%d connections of %d sources are still counted", s.lobby.order.Len(), len(s.lobby.count))
	}
}

// Once the first bytes have decided, more of them change nothing; every message of TURN and every request of HTTP is
// taken for what it is.
func FuzzSpeaks(f *testing.F) {
	f.Add([]byte(request), uint16(3))
	f.Add([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), uint16(0x0101))
	f.Add([]byte{0, 3, 0, 8, 0x21, 0x12, 0xA4, 0x42}, uint16(0))
	f.Add([]byte{}, uint16(0x3FF))
	f.Fuzz(func(t *testing.T, head []byte, kind uint16) {
		decided := undecided
		for size := range len(head) + 1 {
			now := speaks(head[:size])
			if decided != undecided && now != decided {
				t.Fatalf("after %d bytes it is %d, before it was %d", size, now, decided)
			}
			decided = now
		}
		if len(head) >= headBytes && decided == undecided {
			t.Fatal("enough has come and nothing is decided")
		}
		message := binary.BigEndian.AppendUint32([]byte{byte(kind>>8) & 3, byte(kind), 0, 0}, 0x2112A442)
		if speaks(append(message, head...)) != speaksTURN {
			t.Fatal("a message of TURN is not taken for one")
		}
		if speaks(append([]byte("GET /"), head...)) != speaksHTTP {
			t.Fatal("a request is not taken for one")
		}
	})
}

func quiet() *log.Logger { //nolint:forbidigo // net/http has no other
	return slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
}
