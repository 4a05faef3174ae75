package staff

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

	"visavis/internal/qr"
)

// Codes of an app (RFC 6238), as all apps know them: SHA-1, six digits, a new one every 30 seconds.
const (
	totpSecret = 20 // bytes, as RFC 4226 wants them
	totpStep   = 30 * time.Second
	totpDigits = 1_000_000
	// totpSkew is how many steps a clock may be wrong.
	totpSkew = 1
)

func newTOTPSecret() []byte {
	secret := make([]byte, totpSecret)
	rand.Read(secret)
	return secret
}

func stepOf(at time.Time) int64 { return at.Unix() / int64(totpStep/time.Second) }

// totpCode is that of a step (RFC 4226 §5.3).
func totpCode(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	_ = binary.Write(mac, binary.BigEndian, step) // a hash takes everything
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[at:])&0x7fffffff)%totpDigits)
}

// totpMatch finds the step that a code is of; none that is not after the last one.
func totpMatch(secret []byte, code string, now time.Time, last int64) (step int64, ok bool) {
	for s := stepOf(now) - totpSkew; s <= stepOf(now)+totpSkew; s++ {
		if s > last && subtle.ConstantTimeCompare([]byte(totpCode(secret, s)), []byte(code)) == 1 {
			step, ok = s, true
		}
	}
	return step, ok
}

// isTOTP tells whether somebody has typed a code of an app, and no recovery code.
func isTOTP(code string) bool {
	return len(code) == 6 && strings.Trim(code, "0123456789") == ""
}

// Setup is what an app needs: a picture to scan, or a text to type.
type Setup struct {
	Secret string    `json:"secret" doc:"In groups of four."`
	URI    string    `json:"uri"`
	QR     qr.Matrix `json:"qr"`
}

func setupOf(secret []byte, issuer, account string) (Setup, error) {
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
	query := url.Values{"secret": {text}, "issuer": {issuer}}
	uri := "otpauth://totp/" + url.PathEscape(issuer+":"+account) + "?" + strings.ReplaceAll(query.Encode(), "+", "%20")
	code, err := qr.Draw(uri)
	if err != nil {
		return Setup{}, err
	}
	return Setup{Secret: inFours(text), URI: uri, QR: code}, nil
}

// inFours puts a text into groups of four, to be read and typed.
func inFours(text string) string {
	var out []string
	for len(text) > 4 {
		out, text = append(out, text[:4]), text[4:]
	}
	return strings.Join(append(out, text), " ")
}
