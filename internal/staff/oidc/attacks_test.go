package oidc_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"visavis/internal/staff/oidc"
	"visavis/internal/staff/oidc/oidctest"
)

// stage is one provider, one party, and one sign-in under way.
type stage struct {
	*testing.T
	now      time.Time
	provider *oidctest.Provider
	party    *oidc.Party
	attempt  oidc.Attempt
	evil     *oidctest.Provider // another one, which would like to hear of all this
}

func newStage(t *testing.T, change func(*oidc.Options)) *stage {
	t.Helper()
	s := &stage{T: t, now: time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)}
	s.provider = oidctest.New(t, func() time.Time { return s.now })
	s.provider.Person["acr"], s.provider.Person["amr"] = "high", []string{"pwd", "mfa"}
	o := oidc.Options{
		Issuer: s.provider.Issuer(), ClientID: oidctest.ClientID, ClientSecret: oidctest.Secret,
		Scopes: []string{"email"}, ACR: []string{"high"}, AMR: []string{"mfa"},
		Clock: func() time.Time { return s.now }, Transport: s.provider.Server.Client().Transport, Patience: time.Minute,
	}
	if change != nil {
		change(&o)
	}
	s.evil = oidctest.New(t, s.provider.Clock)
	s.party = oidc.New(o)
	s.attempt = s.another()
	return s
}

func (s *stage) another() oidc.Attempt {
	return oidc.Attempt{
		State: rand.Text(), Nonce: rand.Text(), Verifier: rand.Text() + rand.Text(), RedirectURL: "https://termin.example/callback",
	}
}

// visit is the browser's way to the provider and back.
func (s *stage) visit(a oidc.Attempt) (oidc.Answer, error) {
	address, err := s.party.Begin(s.Context(), a)
	if err != nil {
		return oidc.Answer{}, err
	}
	return oidc.ReadAnswer(s.provider.Authorize(address))
}

func (s *stage) signIn(change func(*oidc.Answer)) (oidc.Identity, error) {
	in, err := s.visit(s.attempt)
	if err != nil {
		return oidc.Identity{}, err
	}
	if change != nil {
		change(&in)
	}
	return s.party.Finish(s.Context(), s.attempt, in)
}

// attack is one way to get in without being let in. Each is tried on a provider with which the same sign-in works.
type attack struct {
	name    string
	told    oidc.Reason
	options func(*oidc.Options)
	evil    func(*stage)                    // what the provider, or whoever stands in its place, does
	answer  func(*stage) func(*oidc.Answer) // what the browser brings
}

// claim sets or takes away what an ID token says.
func claim(name string, value any) func(*stage) {
	return func(s *stage) { s.provider.Claims = func(said map[string]any) { said[name] = value } }
}

// elsewhere is what a provider's description says about an endpoint.
func elsewhere(name string) func(*stage) {
	return func(s *stage) {
		s.provider.About = func(said map[string]any) {
			said[name] = strings.ReplaceAll(said[name].(string), s.provider.Issuer(), s.evil.Issuer())
		}
	}
}

func sign(how func(s *stage, said map[string]any) string) func(*stage) {
	return func(s *stage) { s.provider.Sign = func(said map[string]any) string { return how(s, said) } }
}

// forged is a token with a header and a signature of one's own.
func forged(header map[string]any, said map[string]any, secret []byte) string {
	encode := base64.RawURLEncoding.EncodeToString
	text := encode(oidctest.Body(header)) + "." + encode(oidctest.Body(said))
	if secret == nil {
		return text + "."
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(text))
	return text + "." + encode(mac.Sum(nil))
}

func publicKey(s *stage) []byte {
	der, err := x509.MarshalPKIXPublicKey(s.provider.Key().Private.Public())
	if err != nil {
		s.Fatal(err)
	}
	return der
}

func answers(path string, with http.HandlerFunc) func(*stage) {
	return func(s *stage) { s.provider.Answers[path] = with }
}

func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // only then does the server see the client leave
	<-r.Context().Done()
}

func huge(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"keys":[`))
	for range 400 {
		_, _ = w.Write([]byte(`{"kty":"oct","k":"` + strings.Repeat("A", 1000) + `"},`))
	}
	_, _ = w.Write([]byte(`{}]}`))
}

func impatient(o *oidc.Options) { o.Patience = 100 * time.Millisecond }

func tokens() []attack {
	return []attack{
		{name: "alg none", evil: sign(func(_ *stage, said map[string]any) string {
			return forged(map[string]any{"alg": "none"}, said, nil)
		})},
		{name: "HS256 with the public key as the secret", evil: sign(func(s *stage, said map[string]any) string {
			return forged(map[string]any{"alg": "HS256", "kid": "key-1"}, said, publicKey(s))
		})},
		{name: "HS256 with the client's secret", evil: sign(func(_ *stage, said map[string]any) string {
			return forged(map[string]any{"alg": "HS256"}, said, []byte(oidctest.Secret))
		})},
		{name: "another key with the same name", evil: sign(func(s *stage, said map[string]any) string {
			return s.provider.Signed(s.provider.NewKey("key-1"), "", said)
		})},
		{name: "another key with another name", evil: sign(func(s *stage, said map[string]any) string {
			return s.provider.Signed(s.provider.NewKey("key-2"), "", said)
		})},
		{name: "another key that the token brings along", evil: sign(signedWithItsOwnKey)},
		{name: "a key for something else", evil: func(s *stage) {
			key := s.provider.NewKey("key-2")
			key.Use = "enc"
			s.provider.Publish(s.provider.Key(), key)
		}},
		{name: "a key that is too short", evil: func(s *stage) {
			short, err := rsa.GenerateKey(rand.Reader, 1024)
			if err != nil {
				s.Fatal(err)
			}
			s.provider.Publish(oidctest.Key{ID: "short", Algorithm: jose.RS256, Private: short})
		}},
		{name: "a changed claim under the old signature", evil: sign(func(s *stage, said map[string]any) string {
			parts := strings.Split(s.provider.Signed(s.provider.Key(), "", said), ".")
			said["sub"] = "somebody else"
			return parts[0] + "." + base64.RawURLEncoding.EncodeToString(oidctest.Body(said)) + "." + parts[2]
		})},
		{name: "a logout token", evil: sign(func(s *stage, said map[string]any) string {
			return s.provider.Signed(s.provider.Key(), "logout+jwt", said)
		})},
		{name: "an access token", evil: sign(func(s *stage, said map[string]any) string {
			return s.provider.Signed(s.provider.Key(), "at+jwt", said)
		})},
		{name: "another issuer", evil: claim("iss", "https://evil.example")},
		{name: "almost the issuer", evil: func(s *stage) { claim("iss", s.provider.Issuer()+"/")(s) }},
		{name: "another audience", evil: claim("aud", "another-client")},
		{name: "no audience", evil: claim("aud", nil)},
		{name: "a further audience, and no azp", evil: claim("aud", []string{oidctest.ClientID, "another-client"})},
		{name: "a further audience, and its azp", evil: func(s *stage) {
			s.provider.Claims = func(said map[string]any) {
				said["aud"], said["azp"] = []string{oidctest.ClientID, "another-client"}, "another-client"
			}
		}},
		{name: "the azp of another client", evil: claim("azp", "another-client")},
		{name: "about nobody", evil: claim("sub", nil)},
		{name: "about somebody without a name", evil: claim("sub", "")},
		{name: "a name without end", evil: claim("sub", strings.Repeat("x", 256))},
		{name: "another nonce", evil: claim("nonce", "another")},
		{name: "no nonce", evil: claim("nonce", nil)},
		{name: "an empty nonce", evil: claim("nonce", "")},
		{name: "of another access token", evil: claim("at_hash", "AAAAAAAAAAAAAAAAAAAAAA")},
		{name: "no acr", told: oidc.Weak, evil: claim("acr", nil)},
		{name: "a lower acr", told: oidc.Weak, evil: claim("acr", "low")},
		{name: "no amr", told: oidc.Weak, evil: claim("amr", nil)},
		{name: "an amr without the second factor", told: oidc.Weak, evil: claim("amr", []string{"pwd"})},
		{name: "no ID token", evil: func(s *stage) {
			s.provider.Token = func(answer map[string]any) { delete(answer, "id_token") }
		}},
	}
}

func signedWithItsOwnKey(s *stage, said map[string]any) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: s.provider.NewKey("key-1").Private},
		&jose.SignerOptions{EmbedJWK: true})
	if err != nil {
		s.Fatal(err)
	}
	signed, err := signer.Sign(oidctest.Body(said))
	if err != nil {
		s.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		s.Fatal(err)
	}
	return token
}

func moments() []attack {
	at := func(name string, from time.Duration) func(*stage) {
		return func(s *stage) { claim(name, s.now.Add(from).Unix())(s) }
	}
	return []attack{
		{name: "expired", evil: at("exp", -61*time.Second)},
		{name: "without an end", evil: claim("exp", nil)},
		{name: "an end that is no time", evil: claim("exp", 1e300)},
		{name: "not valid yet", evil: at("nbf", 61*time.Second)},
		{name: "made in the future", evil: at("iat", 61*time.Second)},
		{name: "made long ago", evil: at("iat", -12*time.Minute)},
		{name: "without a beginning", evil: claim("iat", nil)},
	}
}

func ways() []attack {
	return []attack{
		{name: "the state of another sign-in", answer: func(s *stage) func(*oidc.Answer) {
			return func(in *oidc.Answer) { in.State = s.another().State }
		}},
		{name: "no state", answer: func(*stage) func(*oidc.Answer) { return func(in *oidc.Answer) { in.State = "" } }},
		{name: "iss of another provider", answer: func(*stage) func(*oidc.Answer) {
			return func(in *oidc.Answer) { in.Issuer = "https://evil.example" }
		}},
		{name: "no iss where it was promised", answer: func(*stage) func(*oidc.Answer) { return func(in *oidc.Answer) { in.Issuer = "" } }},
		{name: "no code", answer: func(*stage) func(*oidc.Answer) { return func(in *oidc.Answer) { in.Code = "" } }},
		{name: "a code that nobody has given out", answer: func(*stage) func(*oidc.Answer) {
			return func(in *oidc.Answer) { in.Code = rand.Text() }
		}},
		{name: "somebody else's code", answer: foreignCode},
		{
			name: "somebody else's code, and a provider that does not look at PKCE",
			evil: func(s *stage) { s.provider.NoPKCE = true }, answer: foreignCode,
		},
		{name: "a code for the second time", answer: func(s *stage) func(*oidc.Answer) {
			return func(in *oidc.Answer) {
				if _, err := s.party.Finish(s.Context(), s.attempt, *in); err != nil {
					s.Fatal(err)
				}
			}
		}},
		{name: "the provider says no", told: oidc.Denied, answer: func(*stage) func(*oidc.Answer) {
			return func(in *oidc.Answer) { in.Error = "access_denied" }
		}},
		{name: "no at the provider, by somebody else", answer: func(*stage) func(*oidc.Answer) {
			return func(in *oidc.Answer) { in.Error, in.State = "access_denied", "x" }
		}},
	}
}

// foreignCode is one that was given out to another browser.
func foreignCode(s *stage) func(*oidc.Answer) {
	return func(in *oidc.Answer) {
		other, err := s.visit(s.another())
		if err != nil {
			s.Fatal(err)
		}
		in.Code = other.Code
	}
}

func providers() []attack {
	redirect := func(path string) func(*stage) {
		return func(s *stage) {
			s.provider.Answers[path] = func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, s.evil.Issuer()+path, http.StatusTemporaryRedirect)
			}
		}
	}
	return []attack{
		{name: "it names itself otherwise", evil: func(s *stage) {
			s.provider.About = func(said map[string]any) { said["issuer"] = "https://evil.example" }
		}},
		{name: "PKCE is taken away: only plain is left", evil: func(s *stage) {
			s.provider.About = func(said map[string]any) { said["code_challenge_methods_supported"] = []string{"plain"} }
		}},
		{name: "people would sign in elsewhere", evil: elsewhere("authorization_endpoint")},
		{name: "our secret would go elsewhere", evil: elsewhere("token_endpoint")},
		{name: "the keys would come from elsewhere", evil: elsewhere("jwks_uri")},
		{name: "its description is to be read elsewhere", told: oidc.Unavailable, evil: redirect(oidctest.AboutPath)},
		{name: "the token endpoint leads elsewhere", told: oidc.Unavailable, evil: redirect(oidctest.TokenPath)},
		{name: "the keys are to be read elsewhere", told: oidc.Unavailable, evil: redirect(oidctest.KeysPath)},
		{name: "keys without end", evil: answers(oidctest.KeysPath, huge)},
		{name: "a token without end", evil: answers(oidctest.TokenPath, huge)},
		{name: "a description without end", told: oidc.Unavailable, evil: answers(oidctest.AboutPath, huge)},
		{name: "its description never comes", told: oidc.Unavailable, options: impatient, evil: answers(oidctest.AboutPath, hang)},
		{name: "its token never comes", told: oidc.Unavailable, options: impatient, evil: answers(oidctest.TokenPath, hang)},
		{name: "its keys never come", told: oidc.Unavailable, options: impatient, evil: answers(oidctest.KeysPath, hang)},
		{name: "it is down", told: oidc.Unavailable, evil: func(s *stage) { s.provider.Server.Close() }},
		{name: "it has an error", told: oidc.Unavailable, evil: answers(oidctest.TokenPath, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
		})},
	}
}

func TestACC07AttacksOnASignInAreRefused(t *testing.T) {
	for part, all := range map[string][]attack{"token": tokens(), "time": moments(), "way": ways(), "provider": providers()} {
		for _, a := range all {
			t.Run(part+": "+a.name, func(t *testing.T) {
				if part != "provider" { // what it says first is kept
					s := newStage(t, a.options)
					if _, err := s.signIn(nil); err != nil {
						t.Fatalf("without the attack: %v", err)
					}
				}
				s := newStage(t, a.options)
				if a.evil != nil {
					a.evil(s)
				}
				var change func(*oidc.Answer)
				if a.answer != nil {
					change = a.answer(s)
				}
				who, err := s.signIn(change)
				refusedAs(t, a.told, err)
				if who.Subject != "" {
					t.Errorf("and is %q all the same", who.Subject)
				}
				for _, path := range []string{oidctest.AboutPath, oidctest.TokenPath, oidctest.KeysPath} {
					if s.evil.Asked(path) > 0 {
						t.Errorf("asked elsewhere for %s", path)
					}
				}
			})
		}
	}
}

func refusedAs(t *testing.T, told oidc.Reason, err error) {
	t.Helper()
	if told == "" {
		told = oidc.Untrusted
	}
	refusal, ok := errors.AsType[*oidc.Refusal](err)
	if !ok {
		t.Fatalf("not refused: %v", err)
	}
	t.Log(refusal)
	if refusal.Reason != told {
		t.Errorf("refused as %s and not as %s", refusal.Reason, told)
	}
	for _, secret := range []string{oidctest.Secret, url.QueryEscape(oidctest.Secret), "nobody's business", "person-1"} {
		if strings.Contains(refusal.Error(), secret) {
			t.Errorf("the log would read: %s", refusal)
		}
	}
}

func TestACC07AttacksOnALogoutAreRefused(t *testing.T) {
	set := func(name string, value any) func(map[string]any) {
		return func(said map[string]any) { said[name] = value }
	}
	event := func(value any) func(map[string]any) {
		return set("events", map[string]any{"http://schemas.openid.net/event/backchannel-logout": value})
	}
	for name, change := range map[string]func(map[string]any){
		"a nonce":                     set("nonce", "x"),
		"no events":                   set("events", nil),
		"other events":                set("events", map[string]any{"http://schemas.openid.net/event/other": map[string]any{}}),
		"an event that is none":       event(nil),
		"an event that is a text":     event("yes"),
		"another audience":            set("aud", "another-client"),
		"several audiences":           set("aud", []string{oidctest.ClientID, "another-client"}),
		"another issuer":              set("iss", "https://evil.example"),
		"expired":                     func(said map[string]any) { said["exp"] = said["iat"].(int64) - 61 },
		"no end":                      set("exp", nil),
		"no beginning":                set("iat", nil),
		"made long ago":               func(said map[string]any) { said["iat"] = said["iat"].(int64) - 720 },
		"made in the future":          func(said map[string]any) { said["iat"] = said["iat"].(int64) + 61 },
		"no name of its own":          set("jti", nil),
		"a name of its own, endless":  set("jti", strings.Repeat("x", 256)),
		"about nobody and no session": func(said map[string]any) { said["sub"], said["sid"] = nil, nil },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, nil)
			if _, err := s.party.Ended(t.Context(), s.provider.Logout(nil)); err != nil {
				t.Fatalf("without the attack: %v", err)
			}
			_, err := s.party.Ended(t.Context(), s.provider.Logout(change))
			refusedAs(t, oidc.Untrusted, err)
		})
	}
	for name, make := range map[string]func(s *stage) string{
		"alg none": func(s *stage) string {
			return forged(map[string]any{"alg": "none"}, payload(s, s.provider.Logout(nil)), nil)
		},
		"HS256 with the public key as the secret": func(s *stage) string {
			return forged(map[string]any{"alg": "HS256", "kid": "key-1"}, payload(s, s.provider.Logout(nil)), publicKey(s))
		},
		"another key with the same name": func(s *stage) string {
			return s.provider.Signed(s.provider.NewKey("key-1"), "logout+jwt", payload(s, s.provider.Logout(nil)))
		},
		"an access token": func(s *stage) string {
			return s.provider.Signed(s.provider.Key(), "at+jwt", payload(s, s.provider.Logout(nil)))
		},
		"an ID token": func(s *stage) string {
			said := s.provider.Usual()
			said["sub"], said["nonce"] = "person-1", "x"
			return s.provider.Signed(s.provider.Key(), "", said)
		},
		"nothing":  func(*stage) string { return "" },
		"no token": func(*stage) string { return "a.b.c" },
		"an endless one": func(s *stage) string {
			return s.provider.Logout(func(said map[string]any) { said["pad"] = strings.Repeat("x", 20_000) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, nil)
			_, err := s.party.Ended(t.Context(), make(s))
			refusedAs(t, oidc.Untrusted, err)
		})
	}
}

// payload is what a token says.
func payload(s *stage, token string) map[string]any {
	s.Helper()
	body, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		s.Fatal(err)
	}
	var said map[string]any
	if err := json.Unmarshal(body, &said); err != nil {
		s.Fatal(err)
	}
	return said
}
