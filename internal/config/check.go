package config

import (
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// check finds values that are right each for itself and wrong together, or that only work by accident.
func (c *Config) check() []error {
	var mistakes []error
	wrong := func(key, format string, args ...any) {
		mistakes = append(mistakes, fmt.Errorf("%s "+format, append([]any{key}, args...)...))
	}
	addresses := map[string]string{"http.listen": c.HTTP.Listen, "relay.udp": c.Relay.UDP, "relay.tcp": c.Relay.TCP}
	if c.Relay.Mode == "external" {
		addresses["relay.control"] = c.Relay.Control
	}
	for _, f := range fields(c) { // in the order of the struct
		if address, isAddress := addresses[f.key]; isAddress {
			if _, port, err := net.SplitHostPort(address); err != nil || port == "" {
				wrong(f.key, "must be an address with a port, such as 127.0.0.1:8080 or :443")
			}
		}
	}
	if c.HTTP.TLS == "files" && (c.HTTP.TLSCert == "" || c.HTTP.TLSKey == "") {
		wrong("http.tls", "is files, so http.tls_cert and http.tls_key are needed")
	}
	if c.HTTP.TLS != "off" && c.HTTP.URL.Scheme != "https" {
		wrong("http.url", "must begin with https:// when http.tls is %s", c.HTTP.TLS)
	}
	if c.HTTP.TLS == "off" && c.HTTP.URL.Scheme == "http" && !c.HTTP.URL.Localhost() {
		wrong("http.url", "must begin with https://: browsers give camera and microphone to nothing else but localhost")
	}
	if c.HTTP.MaxConnections < 1 {
		wrong("http.max_connections", "must be at least 1")
	}
	if c.HTTP.MaxConnectionsPerSource < 1 {
		wrong("http.max_connections_per_source", "must be at least 1")
	}
	if url := c.Database.URL.Reveal(); url != "" && !hasAnyPrefix(url, "sqlite:", "postgres://", "postgresql://") {
		wrong("database.url", "must begin with postgres:// or sqlite:")
	}
	mistakes = append(mistakes, c.Relay.check()...)
	for _, address := range c.Relay.Advertise {
		if address.IsUnspecified() || address.IsMulticast() {
			wrong("relay.advertise", "holds %s, which no browser can reach", address)
		}
	}
	if c.Mail.Port < 1 || c.Mail.Port > 65535 {
		wrong("mail.port", "must be between 1 and 65535")
	}
	if _, err := mail.ParseAddress(c.Mail.From); err != nil {
		wrong("mail.from", "must be an e-mail address, with or without a name before it")
	}
	if c.Talk.HeadsUp < 0 || c.Talk.HeadsUp > 10*time.Second {
		wrong("talk.heads_up", "must be between 0s and 10s")
	}
	if c.Talk.Ring < 5*time.Second || c.Talk.Ring > 5*time.Minute {
		wrong("talk.ring", "must be between 5s and 5m")
	}
	if at := c.Scanner.Clamd; at != "" && !hasAnyPrefix(at, "unix:/", "tcp:") {
		wrong("scanner.clamd", "must be unix: with a path, or tcp: with a host and a port")
	}
	if c.Audit.KeepDays < 30 || c.Audit.KeepDays > 3650 {
		wrong("audit.keep_days", "must be between 30 and 3650")
	}
	if c.Decided.KeepDays < 30 || c.Decided.KeepDays > 3650 {
		wrong("decided.keep_days", "must be between 30 and 3650")
	}
	return append(mistakes, checkSSO(c.SSO)...)
}

// check finds what only a relay in another process needs.
func (r Relay) check() []error {
	if r.Mode != "external" {
		return nil
	}
	var mistakes []error
	host, _, err := net.SplitHostPort(r.Control)
	if err == nil && !isHere(host) && len(r.Advertise) == 0 {
		mistakes = append(mistakes, fmt.Errorf("relay.advertise is needed: relay.mode is external and relay.control is on "+
			"another machine (%s), whose addresses for browsers nobody here knows", host))
	}
	if _, _, err := r.Ports(); err != nil {
		mistakes = append(mistakes, err)
	}
	return mistakes
}

// isHere tells whether a host is this machine for certain; without a host it is.
func isHere(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "" || host == "localhost" || err == nil && (address.IsLoopback() || address.IsUnspecified())
}

// Ports are those of a relay in another process, as serve processes must tell them to browsers.
func (r Relay) Ports() (udp, tcp uint16, err error) {
	if udp, err = portOf("relay.udp", r.UDP); err != nil {
		return 0, 0, err
	}
	tcp, err = portOf("relay.tcp", r.TCP)
	return udp, tcp, err
}

func portOf(key, address string) (uint16, error) {
	_, text, err := net.SplitHostPort(address)
	if err != nil {
		return 0, fmt.Errorf("%s must be an address with a port", key)
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 {
		return 0, fmt.Errorf("%s must name its port by number when relay.mode is external, and not %q", key, text)
	}
	return uint16(port), nil
}

// complete fills in what depends on other keys.
func (c *Config) complete() {
	if c.Database.URL == "" {
		c.Database.URL = Secret("sqlite:" + filepath.Join(c.Data.Dir, "visavis.db"))
	}
	if c.Keys.File == "" {
		c.Keys.File = filepath.Join(c.Data.Dir, "keys")
	}
	if c.Decided.File == "" {
		c.Decided.File = filepath.Join(c.Data.Dir, "decided")
	}
}

// MakeDataDir makes the folder for files, readable by its owner only.
func (c *Config) MakeDataDir() error {
	if err := os.MkdirAll(c.Data.Dir, 0o700); err != nil {
		return fmt.Errorf("make data.dir: %w", err)
	}
	return nil
}

func hasAnyPrefix(text string, prefixes ...string) bool {
	for _, prefix := range prefixes {
		if strings.HasPrefix(text, prefix) {
			return true
		}
	}
	return false
}
