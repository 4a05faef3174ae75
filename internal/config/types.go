package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"
	_ "time/tzdata" // machines and containers that have no time zones of their own
)

// Secret is a value that prints as "[secret]" wherever it is printed by accident.
type Secret string

// Reveal returns the value itself.
func (s Secret) Reveal() string { return string(s) }

// Format prints the redacted value for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.redacted())) }

// LogValue is what log lines show.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.redacted()) }

// MarshalText keeps the value out of JSON and the like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.redacted()), nil }

func (s Secret) redacted() string {
	if s == "" {
		return ""
	}
	return "[secret]"
}

// URL is an absolute http or https address without path, query or fragment.
type URL struct{ *url.URL }

// UnmarshalText accepts only what can stand at the beginning of a link.
func (u *URL) UnmarshalText(text []byte) error {
	parsed, err := url.Parse(string(text))
	switch {
	case err != nil:
		return errors.New("is no address such as https://termin.example.de")
	case parsed.Scheme != "http" && parsed.Scheme != "https", parsed.Hostname() == "":
		return errors.New("must begin with https:// or http:// and name a host")
	case parsed.Path != "" && parsed.Path != "/", parsed.RawQuery != "", parsed.Fragment != "", parsed.User != nil:
		return errors.New("must end after host and port: Visavis needs an origin of its own, not a folder of another one")
	}
	parsed.Path = ""
	u.URL = parsed
	return nil
}

func (u URL) String() string {
	if u.URL == nil {
		return ""
	}
	return u.URL.String()
}

// Localhost tells whether the address is reachable from this machine only.
func (u URL) Localhost() bool {
	switch u.Hostname() {
	case "localhost", "127.0.0.1", "::1":
		return true
	}
	return false
}

// Location is a time zone by its IANA name.
type Location struct{ *time.Location }

// UnmarshalText looks the name up.
func (l *Location) UnmarshalText(text []byte) error {
	found, err := time.LoadLocation(string(text))
	// "Local" is whatever this machine has; a browser would not know it.
	if err != nil || len(text) == 0 || found == time.Local {
		return errors.New("is no time zone such as Europe/Berlin")
	}
	l.Location = found
	return nil
}

func (l Location) String() string {
	if l.Location == nil {
		return ""
	}
	return l.Location.String()
}
