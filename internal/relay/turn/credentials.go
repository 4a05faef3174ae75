package turn

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"
)

// Key is the secret that credentials are made from. All servers behind one address share it.
type Key []byte

// KeyBytes is the least length of a key.
const KeyBytes = 32

// Life is how long credentials let begin at most.
const Life = 5 * time.Minute

// longestName bounds the name of a leg.
const longestName = 64

// ICEServer is a TURN server as browsers take it (RTCIceServer).
type ICEServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username"`
	Credential string   `json:"credential"`
}

// Issuer makes credentials for the server at one address.
type Issuer struct {
	Key   Key
	URL   string // turns:host:port?transport=tcp
	Clock func() time.Time
}

// Issue lets the browser behind a leg begin allocations for as long as said, but never longer than Life. The name says
// whose quota they count against; it must tell nothing to others.
func (i *Issuer) Issue(leg string, life time.Duration) ICEServer { return i.issue(leg, life, "") }

// IssueBrief is Issue for what is over when the credentials are: so is then everything that has begun with them.
func (i *Issuer) IssueBrief(leg string, life time.Duration) ICEServer {
	return i.issue(leg, life, brief)
}

// brief stands behind the time.
const brief = "!"

func (i *Issuer) issue(leg string, life time.Duration, mark string) ICEServer {
	user := strconv.FormatInt(i.Clock().Add(min(life, Life)).Unix(), 10) + mark + ":" + leg
	return ICEServer{URLs: []string{i.URL}, Username: user, Credential: i.Key.password(user)}
}

// password has 192 bits.
func (k Key) password(user string) string {
	mac := hmac.New(sha256.New, k)
	mac.Write([]byte("visavis turn 1\x00"))
	mac.Write([]byte(user))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:24])
}

var errUser = errors.New("no user name of ours")

// user is what a user name says.
type user struct {
	leg   string
	until time.Time
	brief bool // what begins ends at until, too
}

// parseUser takes a user name apart. That says nothing yet about who made it.
func parseUser(name string) (user, error) {
	seconds, leg, found := strings.Cut(name, ":")
	if !found || leg == "" || len(leg) > longestName {
		return user{}, errUser
	}
	seconds, isBrief := strings.CutSuffix(seconds, brief)
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return user{}, errUser
	}
	return user{leg, time.Unix(unix, 0), isBrief}, nil
}
