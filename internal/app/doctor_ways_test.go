package app

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"visavis/internal/config"
)

// open is an installation that is running, and the same configuration for who asks about it.
func open(t *testing.T, environ ...string) *config.Config {
	t.Helper()
	port, media := strconv.Itoa(freePort(t)), strconv.Itoa(freePort(t))
	c := configured(t, append([]string{
		"VISAVIS_HTTP_LISTEN=127.0.0.1:" + port, "VISAVIS_HTTP_URL=https://localhost:" + port, "VISAVIS_HTTP_TLS=self-signed",
		"VISAVIS_RELAY_UDP=127.0.0.1:" + media, "VISAVIS_RELAY_TCP=127.0.0.1:" + media, "VISAVIS_RELAY_ADVERTISE=127.0.0.1",
	}, environ...)...)
	serveHere(t, c)
	asking := *c
	return &asking
}

func TestTheDoctorTakesEveryWayToTheRelayThatBrowsersTake(t *testing.T) {
	c := open(t)
	report, err := ask(t, c, Checkup{wait: patience})
	for _, line := range []string{
		"ok     relay.udp: the relay answers at 127.0.0.1:", "ok     relay.tcp: the relay answers at 127.0.0.1:",
		"ok     relay.turn: TURN over TLS leads to the relay at localhost:",
	} {
		if err != nil || !strings.Contains(report, line) {
			t.Errorf("%v, and %q is not in:\n%s", err, line, report)
		}
	}
}

// soonOver is enough for answers that do not come.
const soonOver = time.Second

// Each case changes one thing around an installation that works (the test above).
func TestTheDoctorSaysWhichWayToTheRelayIsClosedAndWhatToDo(t *testing.T) {
	for name, with := range map[string]struct {
		line, says string
		change     func(t *testing.T, c *config.Config)
	}{
		"UDP where nobody listens": {"WRONG  relay.udp", "let relay.udp listen on that address", func(t *testing.T, c *config.Config) {
			c.Relay.UDP, c.Relay.TURN = "127.0.0.1:"+strconv.Itoa(freePort(t)), false
		}},
		"TCP where nobody listens": {"WRONG  relay.tcp", "let relay.tcp listen on that address", func(t *testing.T, c *config.Config) {
			c.Relay.TCP = "127.0.0.1:" + strconv.Itoa(freePort(t))
		}},
		"TCP that is swallowed": {"WRONG  relay.tcp", "let firewalls pass port", func(t *testing.T, c *config.Config) {
			c.Relay.TCP = taken(t)
		}},
		"an outer address that does not lead back": {"note   relay.udp", "Behind address translation", func(_ *testing.T, c *config.Config) {
			c.Relay.Advertise = []netip.Addr{netip.MustParseAddr("192.0.2.77")} // nobody has it
			c.Relay.TURN = false
		}},
		"TURN switched off": {"note   relay.turn", "are left with the telephone", func(_ *testing.T, c *config.Config) { c.Relay.TURN = false }},
		"an address that leads nowhere": {"note   relay.turn", "open the page /test in another network", func(t *testing.T, c *config.Config) {
			at(t, c, "https://localhost:"+strconv.Itoa(freePort(t)))
		}},
		"a proxy that ends TLS": {"WRONG  relay.turn", "on layer 4", func(t *testing.T, c *config.Config) { at(t, c, proxy(t, c)) }},
		"a certificate that nobody trusts": {"WRONG  relay.turn", "put the whole chain of a known authority", func(t *testing.T, c *config.Config) {
			c.HTTP.TLS = "files"
			certificate("localhost", time.Now(), 0o600)(t, c)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t)
			with.change(t, c)
			report, err := ask(t, c, Checkup{wait: soonOver})
			if strings.Count(report, "WRONG") > 1 { // or a good way was slower than that
				report, err = ask(t, c, Checkup{wait: 10 * soonOver})
			}
			if !strings.Contains(report, with.line+": ") || !strings.Contains(report, with.says) || (err != nil) != strings.HasPrefix(with.line, "WRONG") {
				t.Errorf("ends with %v after:\n%s", err, report)
			}
			if strings.Count(report, "WRONG") > 1 {
				t.Errorf("more than one thing is wrong:\n%s", report)
			}
		})
	}
}

func TestTheDoctorNoticesThatTheRunningVisavisHasNoTURNOrOtherKeys(t *testing.T) {
	c := open(t, "VISAVIS_RELAY_TURN=false")
	c.Relay.TURN = true
	if report, err := ask(t, c, Checkup{wait: soonOver}); err == nil || !strings.Contains(report, "WRONG  relay.turn: the Visavis that is running here answers no TURN over TLS") {
		t.Errorf("%v:\n%s", err, report)
	}
	c = open(t)
	c.Data.Dir = t.TempDir()
	c.Keys.File = filepath.Join(c.Data.Dir, "keys")
	c.Database.URL = config.Secret("sqlite:" + filepath.Join(c.Data.Dir, "visavis.db"))
	if _, err := openKeys(c); err != nil {
		t.Fatal(err)
	}
	report, err := ask(t, c, Checkup{wait: soonOver})
	for _, line := range []string{"WRONG  relay.udp: ", "no other relay has it", "WRONG  relay.turn: ", "with this configuration and these keys?"} {
		if err == nil || !strings.Contains(report, line) {
			t.Errorf("%v, and %q is not in:\n%s", err, line, report)
		}
	}
}

func TestTheDoctorSaysWhoIsLeftWithTheTelephoneWhereTLSEndsElsewhere(t *testing.T) {
	c := open(t, "VISAVIS_HTTP_TLS=off", "VISAVIS_HTTP_URL=https://termin.example.de", "VISAVIS_HTTP_TRUSTED_PROXIES=127.0.0.1/32")
	if report, err := ask(t, c, Checkup{wait: patience}); err != nil || !strings.Contains(report, "note   relay.turn: it needs http.tls") {
		t.Errorf("%v:\n%s", err, report)
	}
}

func TestTheDoctorOfARelayAsksItAsBrowsersDo(t *testing.T) {
	media := strconv.Itoa(freePort(t))
	c := installed(t, "VISAVIS_RELAY_CONTROL=127.0.0.1:0", "VISAVIS_RELAY_UDP=127.0.0.1:"+media, "VISAVIS_RELAY_TCP=127.0.0.1:"+media,
		"VISAVIS_RELAY_ADVERTISE=127.0.0.1")
	c.Relay.Control, _ = runRelay(t, c)
	report, err := ask(t, c, Checkup{Relay: true, wait: patience})
	if err != nil || strings.Count(report, "the relay answers at 127.0.0.1:"+media) != 2 {
		t.Errorf("%v:\n%s", err, report)
	}
}

func at(t *testing.T, c *config.Config, address string) {
	t.Helper()
	if err := c.HTTP.URL.UnmarshalText([]byte(address)); err != nil {
		t.Fatal(err)
	}
}

// proxy speaks HTTPS for people and HTTPS to Visavis, as most proxies do.
func proxy(t *testing.T, c *config.Config) string {
	t.Helper()
	to := &url.URL{Scheme: "https", Host: c.HTTP.Listen}
	onward := httputil.NewSingleHostReverseProxy(to)
	onward.Transport = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	server := httptest.NewTLSServer(onward)
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
}
