package oidc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Ended is that somebody has signed out at the provider: of one session there, or if it names none of all.
type Ended struct {
	Issuer           string
	Subject, Session string    // one of them may be empty
	Token            string    // its id: the same token must not be taken twice
	Until            time.Time // afterwards it is too old to be taken at all
}

const (
	logoutEvent = "http://schemas.openid.net/event/backchannel-logout"
	// mostToken bounds a logout token, which anybody may send.
	mostToken = 16 << 10
)

// Ended reads a logout token (OpenID Connect Back-Channel Logout 1.0 §2.6).
func (p *Party) Ended(ctx context.Context, raw string) (Ended, error) {
	if raw == "" || len(raw) > mostToken {
		return Ended{}, refuse(Untrusted, "no logout token")
	}
	verified, err := p.ends.VerifyLogout(ctx, raw)
	if err != nil {
		return Ended{}, asRefusal(Untrusted, "logout token", err)
	}
	var said struct {
		times

		Events map[string]json.RawMessage `json:"events"`
		Nonce  json.RawMessage            `json:"nonce"`
	}
	if err := verified.Claims(&said); err != nil {
		return Ended{}, refuse(Untrusted, "logout token: claims of other types")
	}
	var wrong error
	switch event := bytes.TrimSpace(said.Events[logoutEvent]); {
	case verified.Issuer != p.o.Issuer:
		wrong = errors.New("of another issuer")
	case !bytes.HasPrefix(event, []byte("{")):
		wrong = errors.New("about something else")
	case said.Nonce != nil:
		wrong = errors.New("it has a nonce, as only ID tokens do")
	case len(verified.Audience) != 1:
		wrong = errors.New("for several parties")
	case verified.TokenID == "", verified.Subject == "" && verified.SessionID == "":
		wrong = errors.New("about nobody")
	case len(verified.TokenID) > mostText, len(verified.Subject) > mostText, len(verified.SessionID) > mostText:
		wrong = errors.New("a name without end")
	default:
		wrong = said.check(p.o.Clock(), tokenAge)
	}
	if wrong != nil {
		return Ended{}, refuse(Untrusted, "logout token: %w", wrong)
	}
	return Ended{
		Issuer: p.o.Issuer, Subject: verified.Subject, Session: verified.SessionID,
		Token: verified.TokenID, Until: p.o.Clock().Add(tokenAge + 2*skew),
	}, nil
}
