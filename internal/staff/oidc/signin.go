package oidc

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	goidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Attempt is one sign-in under way: three secrets that nobody else can guess. The first two come back from the provider,
// and the third one goes there only in the end, and only from us.
type Attempt struct {
	State, Nonce, Verifier string
	RedirectURL            string // where the provider sends the browser back to; it must know the address
}

// Asks tells whether an answer to the attempt makes us ask the provider something.
func (a Attempt) Asks(in Answer) bool { return in.Code != "" && same(in.State, a.State) }

// Begin is where to send the browser.
func (p *Party) Begin(ctx context.Context, a Attempt) (address string, err error) {
	said, err := p.about.get(ctx, aboutLive)
	if err != nil {
		return "", err
	}
	config, err := p.config(said)
	if err != nil {
		return "", err
	}
	config.RedirectURL = a.RedirectURL
	options := []oauth2.AuthCodeOption{goidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)}
	if len(p.o.ACR) > 0 {
		options = append(options, oauth2.SetAuthURLParam("acr_values", strings.Join(p.o.ACR, " ")))
	}
	return config.AuthCodeURL(a.State, options...), nil
}

// Answer is what the browser brings back from the provider.
type Answer struct{ State, Code, Issuer, Error string }

// ReadAnswer reads a callback's query. What comes twice means two things, and is refused.
func ReadAnswer(query url.Values) (Answer, error) {
	for _, name := range []string{"state", "code", "iss", "error"} {
		if len(query[name]) > 1 {
			return Answer{}, refuse(Untrusted, "%s comes twice", name)
		}
	}
	return Answer{State: query.Get("state"), Code: query.Get("code"), Issuer: query.Get("iss"), Error: query.Get("error")}, nil
}

// Finish takes the answer to an attempt and finds out who has signed in.
func (p *Party) Finish(ctx context.Context, a Attempt, in Answer) (Identity, error) {
	if !same(in.State, a.State) {
		return Identity{}, refuse(Untrusted, "an answer to something that we have not asked")
	}
	said, err := p.about.get(ctx, aboutLive)
	if err != nil {
		return Identity{}, err
	}
	if in.Issuer != p.o.Issuer && (in.Issuer != "" || said.NamesItself) {
		return Identity{}, refuse(Untrusted, "the answer of another provider")
	}
	switch {
	case in.Error == "server_error", in.Error == "temporarily_unavailable":
		return Identity{}, refuse(Unavailable, "it answers: %s", in.Error)
	case in.Error != "":
		return Identity{}, refuse(Denied, "it answers: %s", errorCode(in.Error))
	case in.Code == "" || len(in.Code) > mostCode:
		return Identity{}, refuse(Untrusted, "an answer without a code")
	}
	token, err := p.exchange(ctx, said, in.Code, a)
	if err != nil {
		return Identity{}, err
	}
	return p.identify(ctx, token, a.Nonce)
}

const mostCode = 4 << 10

func same(a, b string) bool {
	return b != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

var codes = regexp.MustCompile(`^[a-z_]{1,40}$`)

// errorCode is an error's name, and not whatever somebody may have written there.
func errorCode(said string) string {
	if codes.MatchString(said) {
		return said
	}
	return "something"
}

func (p *Party) exchange(ctx context.Context, said about, code string, a Attempt) (*oauth2.Token, error) {
	config, err := p.config(said)
	if err != nil {
		return nil, err
	}
	config.RedirectURL = a.RedirectURL
	select {
	case p.calls <- struct{}{}:
		defer func() { <-p.calls }()
	case <-ctx.Done():
		return nil, refuse(Unavailable, "wait for its token endpoint: %w", ctx.Err())
	}
	token, err := config.Exchange(goidc.ClientContext(ctx, p.client), code, oauth2.VerifierOption(a.Verifier))
	// The error would quote the answer, which may hold anything.
	if failed, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		if failed.Response != nil && failed.Response.StatusCode >= http.StatusInternalServerError {
			return nil, refuse(Unavailable, "its token endpoint answers with status %d", failed.Response.StatusCode)
		}
		return nil, refuse(Untrusted, "it gives no token: %s", errorCode(failed.ErrorCode))
	}
	if lost, ok := errors.AsType[*url.Error](err); ok {
		return nil, refuse(Unavailable, "ask its token endpoint: %w", lost.Err)
	}
	if err != nil {
		return nil, refuse(Untrusted, "read what its token endpoint says: %w", cut(err))
	}
	return token, nil
}

// Identity is who has signed in. Issuer and Subject name the person for ever; all the rest may change.
type Identity struct {
	Issuer, Subject string
	Session         string // at the provider; empty: it names none
	Name            string
	Email           string
	Verified        bool // the provider vouches for the address
	claims          map[string]any
}

// Values are those of a claim: one, or a list. A name with dots leads into what lies inside, as realm_access.roles does.
func (i Identity) Values(claim string) (values []string, said bool) {
	found, said := lookUp(i.claims, claim)
	if !said {
		return nil, false
	}
	switch v := found.(type) {
	case string:
		return []string{v}, true
	case []any:
		for _, one := range v {
			if text, ok := one.(string); ok {
				values = append(values, text)
			}
		}
		return values, true
	}
	return nil, false
}

func lookUp(claims map[string]any, name string) (any, bool) {
	if found, ok := claims[name]; ok {
		return found, true
	}
	first, rest, inside := strings.Cut(name, ".")
	within, ok := claims[first].(map[string]any)
	if !inside || !ok {
		return nil, false
	}
	return lookUp(within, rest)
}

// identify looks at everything that an ID token must say (OpenID Connect Core 1.0 §3.1.3.7).
func (p *Party) identify(ctx context.Context, token *oauth2.Token, nonce string) (Identity, error) {
	raw, ok := token.Extra("id_token").(string)
	if !ok || raw == "" {
		return Identity{}, refuse(Untrusted, "it gives no ID token")
	}
	// The library would not tell a provider that does not answer from one that lies.
	if _, err := p.keys.kept.get(ctx, keysLive); err != nil {
		return Identity{}, err
	}
	verified, err := p.people.Verify(ctx, raw)
	if err != nil {
		return Identity{}, asRefusal(Untrusted, "ID token", err)
	}
	var said personal
	if err := verified.Claims(&said); err != nil {
		return Identity{}, refuse(Untrusted, "ID token: claims of other types")
	}
	if verified.AccessTokenHash != "" && verified.VerifyAccessToken(token.AccessToken) != nil {
		return Identity{}, refuse(Untrusted, "ID token: of another access token")
	}
	// The library lets a known provider leave the scheme out.
	if verified.Issuer != p.o.Issuer {
		return Identity{}, refuse(Untrusted, "ID token: of another issuer")
	}
	for _, check := range []error{
		p.partyOf(verified.Audience, said.Authorized),
		said.check(p.o.Clock(), tokenAge),
		subject(said.Subject, said.Session),
		answersTo(verified.Nonce, nonce),
		p.strength(said),
	} {
		if check != nil {
			return Identity{}, asRefusal(Untrusted, "ID token", check)
		}
	}
	who := Identity{
		Issuer: p.o.Issuer, Subject: said.Subject, Session: said.Session,
		Name: said.Name, Email: said.Email, Verified: bool(said.EmailVerified),
	}
	if err := verified.Claims(&who.claims); err != nil {
		return Identity{}, refuse(Untrusted, "ID token: claims of other types")
	}
	return who, nil
}

// personal is what an ID token says.
type personal struct {
	times

	Subject       string `json:"sub"`
	Session       string `json:"sid"`
	Authorized    string `json:"azp"`
	Class         string `json:"acr"`
	Methods       texts  `json:"amr"`
	Name          string `json:"name"`
	Email         string `json:"email"`
	EmailVerified truth  `json:"email_verified"`
}

// partyOf: the token is for us, and for nobody else besides.
func (p *Party) partyOf(audience []string, authorized string) error {
	if authorized == "" && len(audience) > 1 {
		return errors.New("for several parties, and it is not said for whom it was made")
	}
	if authorized != "" && authorized != p.o.ClientID {
		return errors.New("made for another party")
	}
	return nil
}

func subject(sub, session string) error {
	switch {
	case sub == "":
		return errors.New("about nobody")
	case len(sub) > mostText || len(session) > mostText:
		return errors.New("a name without end")
	}
	return nil
}

func answersTo(nonce, asked string) error {
	if !same(nonce, asked) {
		return errors.New("an answer to another question")
	}
	return nil
}

// strength: what is asked for must be said.
func (p *Party) strength(said personal) error {
	if len(p.o.ACR) > 0 && !slices.Contains(p.o.ACR, said.Class) {
		return refuse(Weak, "ID token: its acr is none of sso.require_acr")
	}
	if len(p.o.AMR) > 0 && !slices.ContainsFunc(said.Methods, func(m string) bool { return slices.Contains(p.o.AMR, m) }) {
		return refuse(Weak, "ID token: its amr has none of sso.require_amr")
	}
	return nil
}

// times of a token, in seconds.
type times struct {
	Expires   *float64 `json:"exp"`
	NotBefore *float64 `json:"nbf"`
	Issued    *float64 `json:"iat"`
}

// check finds a token whose time has not come, or is over.
func (t times) check(now time.Time, oldest time.Duration) error {
	expires, ok := moment(t.Expires)
	if !ok {
		return errors.New("it does not say until when")
	}
	issued, ok := moment(t.Issued)
	if !ok {
		return errors.New("it does not say since when")
	}
	from, limited := moment(t.NotBefore)
	switch {
	case !now.Before(expires.Add(skew)):
		return errors.New("expired; are the clocks right?")
	case limited && now.Add(skew).Before(from):
		return errors.New("not valid yet; are the clocks right?")
	case issued.After(now.Add(skew)):
		return errors.New("made in the future; are the clocks right?")
	case issued.Before(now.Add(-oldest - skew)):
		return errors.New("made too long ago; are the clocks right?")
	}
	return nil
}

const lastSecond = 1 << 40

func moment(seconds *float64) (time.Time, bool) {
	if seconds == nil || math.IsNaN(*seconds) || *seconds <= 0 || *seconds > lastSecond {
		return time.Time{}, false
	}
	return time.Unix(int64(*seconds), 0), true
}

// texts are one or several.
type texts []string

// UnmarshalJSON takes a text for a list of one.
func (t *texts) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*t = texts{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(t))
}

// truth is true or false; some providers write it as a text.
type truth bool

// UnmarshalJSON takes nothing for true but true.
func (t *truth) UnmarshalJSON(raw []byte) error {
	*t = string(raw) == "true" || string(raw) == `"true"`
	return nil
}
