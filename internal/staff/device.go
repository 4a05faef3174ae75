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

// A browser in which somebody of an agency has signed in is known to it: whoever guesses passwords from elsewhere, from
// however many networks, neither uses up its tries nor stands in its queue. It proves no more than that; what it may try
// is limited like a network. Nothing is stored: the cookie is its own proof.
const (
	deviceCookie = "device"
	deviceLife   = 90 * 24 * time.Hour // since the last sign-in
	deviceMAC    = 16
)

// deviceProof signs that a device, by its random name, is known to an agency until a second.
func (s *Service) deviceProof(slug, name, until string) string {
	return base64.RawURLEncoding.EncodeToString(s.o.Ring.Derive("staff device", slug, name, until)[:deviceMAC])
}

// knownDevice is the name of the device that a cookie belongs to; empty if the agency does not know it.
func (s *Service) knownDevice(slug, cookie string) string {
	name, rest, _ := strings.Cut(cookie, ".")
	until, proof, _ := strings.Cut(rest, ".")
	seconds, err := strconv.ParseInt(until, 10, 64)
	if err != nil || name == "" || !s.o.Clock().Before(time.Unix(seconds, 0)) {
		return ""
	}
	if !hmac.Equal([]byte(proof), []byte(s.deviceProof(slug, name, until))) {
		return ""
	}
	return name
}

// knowDevice makes the cookie of a device in which somebody has signed in. It keeps its name, and with it the tries that
// it has used.
func (s *Service) knowDevice(slug, name string) *http.Cookie {
	if name == "" {
		name = vault.NewID()
	}
	until := strconv.FormatInt(s.o.Clock().Add(deviceLife).Unix(), 10)
	c := edge.HostCookie(deviceCookie, name+"."+until+"."+s.deviceProof(slug, name, until), http.SameSiteStrictMode)
	c.MaxAge = int(deviceLife / time.Second)
	return c
}
