package app

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestAPortThatCannotBeUsedGetsASentenceThatNamesItsKey(t *testing.T) {
	for address, says := range map[string]string{
		taken(t):         "http.listen: another program already uses ",
		"192.0.2.77:443": "http.listen: this machine has no address 192.0.2.77:443",
		"nowhere:":       "http.listen: listen on nowhere:",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		if _, err := listen(ctx, "http.listen", address); err == nil || !strings.HasPrefix(err.Error(), says) {
			t.Errorf("%s: %v", address, err)
		}
		cancel()
	}
	if err := portError("relay.tcp", ":3478", &net.OpError{Op: "listen", Err: syscall.EADDRINUSE}); !strings.HasSuffix(err.Error(), "by relay.tcp or VISAVIS_RELAY_TCP") {
		t.Error(err)
	}
	if err := portError("relay.udp", ":53", &net.OpError{Op: "listen", Err: syscall.EACCES}); !strings.Contains(err.Error(), "CAP_NET_BIND_SERVICE") {
		t.Error(err)
	}
	if _, err := listenRelay(configured(t, "VISAVIS_RELAY_TCP="+taken(t)), random(t, 32), Options{}); err == nil || !strings.HasPrefix(err.Error(), "relay.tcp: another program") {
		t.Error(err)
	}
}

// startServer serves a handler until the test ends.
func startServer(t *testing.T, handler http.Handler) (s *server, at string, ended <-chan error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s = newServer(handler, limits{all: 100, perSource: 100}, slog.New(slog.DiscardHandler))
	done := make(chan error, 1)
	go func() { done <- s.serve(s.open(l, nil, nil)) }()
	t.Cleanup(func() { _ = s.shutdown() })
	return s, l.Addr().String(), done
}

func TestStoppingLetsRequestsFinishAndEndsStreams(t *testing.T) {
	began, finish := make(chan string, 3), make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		began <- "slow"
		select {
		case <-finish:
			_, _ = io.WriteString(w, "finished")
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("/a/stream", func(w http.ResponseWriter, r *http.Request) {
		began <- "stream"
		<-r.Context().Done()
		close(finish) // the stream ends first, and only then the other request can
	})
	mux.HandleFunc("/taken/stream", func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
		began <- "taken over"
	})
	s, at, ended := startServer(t, mux)
	client := &http.Client{Timeout: patience}
	answers := make(chan string, 2)
	for _, path := range []string{"/slow", "/a/stream"} {
		go func() {
			response, err := client.Get("http://" + at + path)
			if err != nil {
				answers <- path + err.Error()
				return
			}
			defer response.Body.Close()
			text, err := io.ReadAll(response.Body)
			answers <- path + string(text)
			if err != nil {
				t.Error(path, err)
			}
		}()
	}
	raw, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	_, _ = io.WriteString(raw, "GET /taken/stream HTTP/1.1\r\nHost: x\r\n\r\n")
	for range 3 {
		await(t, "request", began)
	}
	if err := s.shutdown(); err != nil { // as soon as stopWait is over
		t.Error(err)
	}
	got := await(t, "answer", answers) + " " + await(t, "answer", answers)
	if !strings.Contains(got, "/slowfinished") || !strings.Contains(got, "/a/stream") {
		t.Errorf("answers are %q", got)
	}
	_ = raw.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.Copy(io.Discard, bufio.NewReader(raw)); err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a connection that was taken over stays: %v", err)
	}
	if err := await(t, "end", ended); err != nil {
		t.Error(err)
	}
}

func TestTheCertificateIsReadAgainWhenAskedAndTheOldOneStaysWhenItCannotBe(t *testing.T) {
	c := configured(t, secure()...)
	certificate("termin.example.de", time.Now(), 0o600)(t, c)
	certs, err := newCertificates(c, nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	serial := func() string { return certs.current.Load().Leaf.SerialNumber.String() }
	first := serial()
	asked := make(chan os.Signal)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); certs.renewOn(ctx, asked, slog.New(slog.DiscardHandler)) }()

	fill(t, c.HTTP.TLSCert, "half a file")
	asked <- syscall.SIGHUP
	asked <- syscall.SIGHUP // taken once the first has been dealt with
	if serial() != first {
		t.Error("the certificate in use is gone")
	}
	text, err := makeSelfSigned([]string{"termin.example.de"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	fill(t, c.HTTP.TLSCert, string(text))
	asked <- syscall.SIGHUP
	asked <- syscall.SIGHUP
	if serial() == first {
		t.Error("the new certificate is not used")
	}
	cancel()
	await(t, "end", ended)
}

func TestASelfSignedCertificateIsKeptUntilItEndsOrNamesTooLittle(t *testing.T) {
	c := configured(t, "VISAVIS_HTTP_TLS=self-signed", "VISAVIS_HTTP_URL=https://videotermin.local")
	now := time.Now()
	relayAt := []netip.Addr{netip.MustParseAddr("192.0.2.5")}
	serialOf := func(advertise []netip.Addr, at time.Time) string {
		certs, err := newCertificates(c, advertise, at)
		if err != nil {
			t.Fatal(err)
		}
		leaf := certs.current.Load().Leaf
		for _, host := range []string{"videotermin.local", "localhost", "127.0.0.1"} {
			if err := leaf.VerifyHostname(host); err != nil {
				t.Error(err)
			}
		}
		if leaf.NotAfter.Sub(leaf.NotBefore) > 398*24*time.Hour {
			t.Error("browsers refuse certificates that are good for so long")
		}
		return leaf.SerialNumber.String()
	}
	first := serialOf(nil, now)
	if serialOf(nil, now.Add(300*24*time.Hour)) != first {
		t.Error("it is made anew at each start")
	}
	second := serialOf(relayAt, now)
	if second == first {
		t.Error("it does not name the new address")
	}
	if serialOf(relayAt, now.Add(340*24*time.Hour)) == second {
		t.Error("it is kept until its end")
	}
	info, err := os.Stat(filepath.Join(c.Data.Dir, "self-signed.pem"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its file: %v, %v", info, err)
	}
}

func TestNothingOlderThanTLS13IsSpoken(t *testing.T) {
	c := configured(t, "VISAVIS_HTTP_TLS=self-signed", "VISAVIS_HTTP_URL=https://localhost:8443")
	certs, err := newCertificates(c, nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(certs.current.Load().Leaf)
	for version, accepted := range map[uint16]bool{tls.VersionTLS12: false, tls.VersionTLS13: true} {
		near, far := net.Pipe()
		go func() { _ = tls.Server(far, certs.config()).Handshake(); far.Close() }()
		err := tls.Client(near, &tls.Config{RootCAs: pool, ServerName: "localhost", MaxVersion: version, MinVersion: tls.VersionTLS12}).Handshake()
		if (err == nil) != accepted {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
		near.Close()
	}
	if none, err := newCertificates(configured(t), nil, time.Now()); none != nil || err != nil {
		t.Errorf("without TLS: %v, %v", none, err)
	}
}

func TestWithoutAnAddressToldBrowsersGetThoseAtWhichTheRelayListens(t *testing.T) {
	everywhere, err := advertised(configured(t, "VISAVIS_RELAY_UDP=:1", "VISAVIS_RELAY_TCP=:1"))
	if err != nil || everywhere.udp[0] != netip.AddrFrom4([4]byte{127, 0, 0, 1}) || !slices.Equal(everywhere.udp, everywhere.tcp) {
		t.Fatalf("on localhost: %v, %v", everywhere, err)
	}
	for name, with := range map[string]struct {
		environ  []string
		udp, tcp string
	}{
		"told": {
			[]string{"RELAY_ADVERTISE=203.0.113.7,2001:db8::7", "RELAY_UDP=127.0.0.1:1", "RELAY_TCP=127.0.0.1:1"}, "[203.0.113.7 2001:db8::7]", "[203.0.113.7 2001:db8::7]",
		},
		"loopback alone":         {[]string{"RELAY_UDP=127.0.0.1:1", "RELAY_TCP=[::1]:1"}, "[127.0.0.1]", "[::1]"},
		"loopback by its name":   {[]string{"RELAY_UDP=localhost:1", "RELAY_TCP=localhost:1"}, "[127.0.0.1]", "[127.0.0.1]"},
		"another address alone":  {[]string{"RELAY_UDP=192.0.2.7:1", "RELAY_TCP=192.0.2.7:1"}, "[192.0.2.7]", "[192.0.2.7]"},
		"one of them everywhere": {[]string{"RELAY_UDP=127.0.0.1:1", "RELAY_TCP=:1"}, "[127.0.0.1]", fmt.Sprint(everywhere.tcp)},
		"every IPv4 address":     {[]string{"RELAY_UDP=0.0.0.0:1", "RELAY_TCP=0.0.0.0:1"}, fmt.Sprint(everywhere.udp), fmt.Sprint(everywhere.tcp)},
		"every IPv6 address":     {[]string{"RELAY_UDP=[::]:1", "RELAY_TCP=[::]:1"}, fmt.Sprint(everywhere.udp), fmt.Sprint(everywhere.tcp)},
		"away from localhost":    {[]string{"HTTP_URL=https://termin.example.de", "RELAY_UDP=192.0.2.7:1", "RELAY_TCP=192.0.2.7:1"}, "[192.0.2.7]", "[192.0.2.7]"},
	} {
		var environ []string
		for _, variable := range with.environ {
			environ = append(environ, "VISAVIS_"+variable)
		}
		got, err := advertised(configured(t, environ...))
		if err != nil || fmt.Sprint(got.udp) != with.udp || fmt.Sprint(got.tcp) != with.tcp {
			t.Errorf("%s: over UDP %v, over TCP %v, %v", name, got.udp, got.tcp, err)
		}
	}
}

func TestBrowsersAreToldOverWhatTheRelayTakesMediaAndWhere(t *testing.T) {
	one, other := netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("2001:db8::7")
	advertise := advertisement{udp: []netip.Addr{one, other}, tcp: []netip.Addr{other}}
	want := "[{false 203.0.113.7:3478} {false [2001:db8::7]:3478} {true [2001:db8::7]:3479}]"
	if list := candidates(advertise, 3478, 3479); fmt.Sprint(list) != want {
		t.Errorf("candidates are %v", list)
	}
	if all := advertise.all(); !slices.Equal(all, []netip.Addr{one, other}) {
		t.Errorf("all are %v", all)
	}
}
