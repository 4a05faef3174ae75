package staff

import (
	"crypto/hmac"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"visavis/internal/edge"
	"visavis/internal/vault"
)

// A browser in which somebody has signed in is known for that account: whoever guesses its password from elsewhere, from
// however many networks, neither uses up its tries nor stands in its queue. It proves no more than that; what it may try
// is limited like a network. For every other account it is as unknown as any browser of its network, or whoever has one
// password could make devices without end and guess with each of them. Nothing is stored: the cookie is its own proof.
const (
	deviceCookie = "device"
	deviceLife   = 90 * 24 * time.Hour // since the last sign-in
	deviceMAC    = 16
)

// deviceProof signs that a device, by its random name, is known until a second for an account, by the address that it
// signs in with: whether a device is known is asked before anybody looks whether there is such an account.
func (s *Service) deviceProof(slug, email, name, until string) string {
	return base64.RawURLEncoding.EncodeToString(s.o.Ring.Derive("staff device of account", slug, email, name, until)[:deviceMAC])
}

// knownDevice is the name of the device that a cookie belongs to; empty if it is not known for the account.
func (s *Service) knownDevice(slug, email, cookie string) string {
	name, rest, _ := strings.Cut(cookie, ".")
	until, proof, _ := strings.Cut(rest, ".")
	seconds, err := strconv.ParseInt(until, 10, 64)
	if err != nil || name == "" || !s.o.Clock().Before(time.Unix(seconds, 0)) {
		return ""
	}
	if !hmac.Equal([]byte(proof), []byte(s.deviceProof(slug, email, name, until))) {
		return ""
	}
	return name
}

// knowDevice makes the cookie of a device in which an account has signed in. If it was known for that one, it keeps its
// name, and with it the tries that it has used; if for another, it no longer is.
func (s *Service) knowDevice(slug, email, name string) *http.Cookie {
	if name == "" {
		name = vault.NewID()
	}
	until := strconv.FormatInt(s.o.Clock().Add(deviceLife).Unix(), 10)
	c := edge.HostCookie(deviceCookie, name+"."+until+"."+s.deviceProof(slug, email, name, until), http.SameSiteStrictMode)
	c.MaxAge = int(deviceLife / time.Second)
	return c
}
