// Package oidctest is an OpenID provider for tests. It keeps to the protocol as long as nobody tells it to do otherwise.
//
// The main type is Provider. It is help for tests: nothing of the product imports it.
package oidctest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
)

// The client that the provider knows.
const (
	ClientID = "visavis"
	Secret   = "geheim: 100 % & mehr" //nolint:gosec // of nobody real; what basic authentication has to escape
)

// Key is one to sign with. ID is what it is published as.
type Key struct {
	ID        string
	Algorithm jose.SignatureAlgorithm
	Private   crypto.Signer
	Use       string
}

// Provider answers over TLS. Its fields are set before it is asked.
type Provider struct {
	T      testing.TB
	Server *httptest.Server
	Clock  func() time.Time
	// Person is what the next sign-ins say of who signs in, beside what the protocol asks for; nil values are left out.
	Person map[string]any

	// What it does otherwise than it should.
	About    func(said map[string]any)                         // its description
	Claims   func(said map[string]any)                         // of ID tokens
	Sign     func(said map[string]any) string                  // ID tokens
	Answers  map[string]http.HandlerFunc                       // instead of its own, by path
	NoPKCE   bool                                              // it gives tokens to whoever has the code
	Again    bool                                              // and for each code as often as it is asked
	Token    func(answer map[string]any)                       // the answer of the token endpoint
	Endpoint func(w http.ResponseWriter, r *http.Request) bool // before the token endpoint; true: it has answered

	mu     sync.Mutex
	keys   []Key
	grants map[string]grant
	asked  map[string]int
}

type grant struct{ challenge, nonce, redirect, subject string }

// The paths of a provider.
const (
	AboutPath     = "/.well-known/openid-configuration"
	AuthorizePath = "/authorize"
	TokenPath     = "/token"
	KeysPath      = "/keys"
)

// New starts a provider with one key.
func New(t testing.TB, clock func() time.Time) *Provider {
	t.Helper()
	p := &Provider{
		T: t, Clock: clock, Person: map[string]any{"sub": "person-1", "sid": "session-1"},
		Answers: map[string]http.HandlerFunc{}, grants: map[string]grant{}, asked: map[string]int{},
	}
	p.keys = []Key{p.NewKey("key-1")}
	p.Server = httptest.NewUnstartedServer(http.HandlerFunc(p.serve))
	p.Server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	p.Server.StartTLS()
	t.Cleanup(p.Server.Close)
	return p
}

// Issuer is what the provider names itself.
func (p *Provider) Issuer() string { return p.Server.URL }

// NewKey makes a key, and does not publish it.
func (p *Provider) NewKey(id string) Key {
	p.T.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		p.T.Fatal(err)
	}
	return Key{ID: id, Algorithm: jose.ES256, Private: private}
}

// Key is the one that it signs with at present.
func (p *Provider) Key() Key {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keys[len(p.keys)-1]
}

// Publish replaces the keys; the last one signs.
func (p *Provider) Publish(keys ...Key) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys = keys
}

// Asked is how often a path was asked for.
func (p *Provider) Asked(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[path]
}

func (p *Provider) serve(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked[r.URL.Path]++
	p.mu.Unlock()
	if other := p.Answers[r.URL.Path]; other != nil {
		other(w, r)
		return
	}
	switch r.URL.Path {
	case AboutPath:
		p.about(w)
	case KeysPath:
		p.publish(w)
	case TokenPath:
		p.token(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (p *Provider) about(w http.ResponseWriter) {
	said := map[string]any{
		"issuer": p.Issuer(), "authorization_endpoint": p.Issuer() + AuthorizePath, "token_endpoint": p.Issuer() + TokenPath,
		"jwks_uri": p.Issuer() + KeysPath, "response_types_supported": []string{"code"},
		"code_challenge_methods_supported":               []string{"S256"},
		"authorization_response_iss_parameter_supported": true,
		"token_endpoint_auth_methods_supported":          []string{"client_secret_basic"},
	}
	if p.About != nil {
		p.About(said)
	}
	p.say(w, said)
}

func (p *Provider) publish(w http.ResponseWriter) {
	p.mu.Lock()
	var set jose.JSONWebKeySet
	for _, key := range p.keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: key.Private.Public(), KeyID: key.ID, Algorithm: string(key.Algorithm), Use: key.Use})
	}
	p.mu.Unlock()
	p.say(w, set)
}

func (p *Provider) say(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(value); err != nil && p.T.Context().Err() == nil {
		p.T.Log(err)
	}
}

// Authorize is the browser's visit: somebody signs in, and the browser comes back with this.
func (p *Provider) Authorize(address string) url.Values {
	p.T.Helper()
	asked, err := url.Parse(address)
	if err != nil {
		p.T.Fatal(err)
	}
	q := asked.Query()
	for name, want := range map[string]string{"response_type": "code", "client_id": ClientID, "code_challenge_method": "S256"} {
		if q.Get(name) != want {
			p.T.Fatalf("%s is %q in %s", name, q.Get(name), address)
		}
	}
	if !strings.HasPrefix(address, p.Issuer()+AuthorizePath+"?") || q.Get("state") == "" || !strings.Contains(q.Get("scope"), "openid") {
		p.T.Fatalf("asked for by %s", address)
	}
	code := rand.Text()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.grants[code] = grant{q.Get("code_challenge"), q.Get("nonce"), q.Get("redirect_uri"), ""}
	return url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {p.Issuer()}}
}

// Subject says who has got a code, other than Person.
func (p *Provider) Subject(code, subject string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	known := p.grants[code]
	known.subject = subject
	p.grants[code] = known
}

// token gives a token for each code once, to the client that proves its secret and whoever has begun.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	if p.Endpoint != nil && p.Endpoint(w, r) {
		return
	}
	id, secret, _ := r.BasicAuth()
	code := r.PostFormValue("code")
	p.mu.Lock()
	known, ok := p.grants[code]
	if !p.Again {
		delete(p.grants, code)
	}
	p.mu.Unlock()
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	proven := p.NoPKCE || base64.RawURLEncoding.EncodeToString(sum[:]) == known.challenge
	if !ok || !proven || id != url.QueryEscape(ClientID) || secret != url.QueryEscape(Secret) || r.PostFormValue("redirect_uri") != known.redirect {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		p.say(w, map[string]any{"error": "invalid_grant", "error_description": "of nobody's business"})
		return
	}
	said := p.Usual()
	said["nonce"] = known.nonce
	maps.Copy(said, p.Person)
	if known.subject != "" {
		said["sub"] = known.subject
	}
	if p.Claims != nil {
		p.Claims(said)
	}
	sign := p.Sign
	if sign == nil {
		sign = func(said map[string]any) string { return p.Signed(p.Key(), "", said) }
	}
	answer := map[string]any{"access_token": "access", "token_type": "Bearer", "expires_in": 60, "id_token": sign(said)}
	if p.Token != nil {
		p.Token(answer)
	}
	p.say(w, answer)
}

// Usual is what every token says.
func (p *Provider) Usual() map[string]any {
	now := p.Clock().Unix()
	return map[string]any{"iss": p.Issuer(), "aud": ClientID, "iat": now, "exp": now + 120}
}

// Logout is a logout token for the person and session of Person.
func (p *Provider) Logout(change func(said map[string]any)) string {
	said := p.Usual()
	said["sub"], said["sid"], said["jti"] = p.Person["sub"], p.Person["sid"], rand.Text()
	said["events"] = map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}
	if change != nil {
		change(said)
	}
	return p.Signed(p.Key(), "logout+jwt", said)
}

// Signed is a token by a key; nil values are left out.
func (p *Provider) Signed(key Key, kind string, said map[string]any) string {
	p.T.Helper()
	options := (&jose.SignerOptions{}).WithHeader("kid", key.ID)
	if kind != "" {
		options = options.WithType(jose.ContentType(kind))
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: key.Algorithm, Key: key.Private}, options)
	if err != nil {
		p.T.Error(err)
		return ""
	}
	signed, err := signer.Sign(Body(said))
	if err != nil {
		p.T.Error(err)
		return ""
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		p.T.Error(err)
	}
	return token
}

// Body is the JSON of claims; nil values are left out.
func Body(said map[string]any) []byte {
	said = maps.Clone(said)
	maps.DeleteFunc(said, func(_ string, value any) bool { return value == nil })
	body, err := json.Marshal(said)
	if err != nil {
		return nil
	}
	return body
}
