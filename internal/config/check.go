package config

import (
	"fmt"
	"net"
	"net/mail"
	"os"
	"path/filepath"
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
	if url := c.Database.URL.Reveal(); url != "" && !hasAnyPrefix(url, "sqlite:", "postgres://", "postgresql://") {
		wrong("database.url", "must begin with postgres:// or sqlite:")
	}
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
	return mistakes
}

// complete fills in what depends on other keys.
func (c *Config) complete() {
	if c.Database.URL == "" {
		c.Database.URL = Secret("sqlite:" + filepath.Join(c.Data.Dir, "visavis.db"))
	}
	if c.Keys.File == "" {
		c.Keys.File = filepath.Join(c.Data.Dir, "keys")
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
