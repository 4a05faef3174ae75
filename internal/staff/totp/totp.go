// Package totp makes and reads the codes of an app (RFC 6238), as all apps know them: SHA-1, six digits, a new one every 30
// seconds.
package totp

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 6238: what apps understand; HMAC needs no collision resistance
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"

	"rsc.io/qr"
)

const (
	secretSize = 20 // bytes, as RFC 4226 wants them
	stepTime   = 30 * time.Second
	codes      = 1_000_000
	// skew is how many steps a clock may be wrong.
	skew = 1
)

// NewSecret is what an app and we will share.
func NewSecret() []byte {
	secret := make([]byte, secretSize)
	rand.Read(secret)
	return secret
}

// StepAt is how many codes there have been since 1970.
func StepAt(at time.Time) int64 { return at.Unix() / int64(stepTime/time.Second) }

// Code is that of a step (RFC 4226 §5.3).
func Code(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	_ = binary.Write(mac, binary.BigEndian, step) // a hash takes everything
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[at:])&0x7fffffff)%codes)
}

// Match finds the step that a code is of; none that is not after the last one.
func Match(secret []byte, code string, now time.Time, last int64) (step int64, ok bool) {
	for s := StepAt(now) - skew; s <= StepAt(now)+skew; s++ {
		if s > last && subtle.ConstantTimeCompare([]byte(Code(secret, s)), []byte(code)) == 1 {
			step, ok = s, true
		}
	}
	return step, ok
}

// Is tells whether somebody has typed a code of an app, and no recovery code.
func Is(code string) bool {
	return len(code) == 6 && strings.Trim(code, "0123456789") == ""
}

// Setup is what an app needs: a picture to scan, or a text to type.
type Setup struct {
	Secret string `json:"secret" doc:"In groups of four."`
	URI    string `json:"uri"`
	QR     Matrix `json:"qr"`
}

// Matrix is a QR code: dark squares as an SVG path in a box of so many squares.
type Matrix struct {
	Size int    `json:"size"`
	Path string `json:"path"`
}

const quietZone = 4 // squares that must stay light around the code

// For is what the app of an account with an issuer needs.
func For(secret []byte, issuer, account string) (Setup, error) {
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
	query := url.Values{"secret": {text}, "issuer": {issuer}}
	uri := "otpauth://totp/" + url.PathEscape(issuer+":"+account) + "?" + strings.ReplaceAll(query.Encode(), "+", "%20")
	code, err := qr.Encode(uri, qr.M)
	if err != nil {
		return Setup{}, fmt.Errorf("draw QR code: %w", err)
	}
	var path strings.Builder
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x+quietZone, y+quietZone)
			}
		}
	}
	return Setup{Secret: inFours(text), URI: uri, QR: Matrix{code.Size + 2*quietZone, path.String()}}, nil
}

// inFours puts a text into groups of four, to be read and typed.
func inFours(text string) string {
	var out []string
	for len(text) > 4 {
		out, text = append(out, text[:4]), text[4:]
	}
	return strings.Join(append(out, text), " ")
}
