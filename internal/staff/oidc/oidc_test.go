package oidc_test

import (
	"crypto/rand"
	"crypto/rsa"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"visavis/internal/staff/oidc"
	"visavis/internal/staff/oidc/oidctest"
)

func TestACC07WhoHasSignedInAtTheProviderIsKnown(t *testing.T) {
	s := newStage(t, nil)
	maps.Copy(s.provider.Person, map[string]any{
		"name": "Frau Sommer", "email": "sommer@amt.example", "email_verified": true, "groups": []string{"a", "b"},
		"realm_access": map[string]any{"roles": []string{"advisor"}}, "https://amt.example/place": "nord",
	})
	who, err := s.signIn(nil)
	if err != nil {
		t.Fatal(err)
	}
	if who.Issuer != s.provider.Issuer() || who.Subject != "person-1" || who.Session != "session-1" || who.Name != "Frau Sommer" ||
		who.Email != "sommer@amt.example" || !who.Verified {
		t.Errorf("%+v", who)
	}
	for name, want := range map[string][]string{
		"groups": {"a", "b"}, "realm_access.roles": {"advisor"}, "https://amt.example/place": {"nord"}, "name": {"Frau Sommer"},
	} {
		if got, said := who.Values(name); !said || !slices.Equal(got, want) {
			t.Errorf("%s is %v", name, got)
		}
	}
	for _, name := range []string{"roles", "realm_access.groups", "name.first", "exp", ""} {
		if got, said := who.Values(name); said {
			t.Errorf("%s is %v", name, got)
		}
	}
}

func TestACC07OnlyAnAddressThatTheProviderVouchesForIsVerified(t *testing.T) {
	for _, said := range []any{nil, false, "false", 1, "yes", map[string]any{}} {
		s := newStage(t, nil)
		s.provider.Person["email"], s.provider.Person["email_verified"] = "sommer@amt.example", said
		if who, err := s.signIn(nil); err != nil || who.Verified {
			t.Errorf("%v: %+v %v", said, who.Verified, err)
		}
	}
}

func TestACC07TheProviderIsAskedForWhatIsNeededAndToldNoSecret(t *testing.T) {
	s := newStage(t, nil)
	address, err := s.party.Begin(t.Context(), s.attempt)
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := at.Query()
	for name, want := range map[string]string{
		"redirect_uri": "https://termin.example/callback", "scope": "openid email", "state": s.attempt.State, "nonce": s.attempt.Nonce,
		"acr_values": "high", "code_challenge_method": "S256",
	} {
		if q.Get(name) != want {
			t.Errorf("%s is %q", name, q.Get(name))
		}
	}
	if strings.Contains(address, s.attempt.Verifier) || strings.Contains(address, url.QueryEscape(oidctest.Secret)) {
		t.Errorf("a secret in %s", address)
	}
}

func TestACC07ClocksMayBeAMinuteApart(t *testing.T) {
	for name, apart := range map[string]time.Duration{"exp": -59 * time.Second, "nbf": 59 * time.Second, "iat": 59 * time.Second} {
		s := newStage(t, nil)
		claim(name, s.now.Add(apart).Unix())(s)
		if _, err := s.signIn(nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestACC07ANewKeyIsKnownAtOnceAndAnOldOneForTenMinutes(t *testing.T) {
	s := newStage(t, nil)
	if _, err := s.signIn(nil); err != nil {
		t.Fatal(err)
	}
	old := s.provider.Key()
	s.now = s.now.Add(time.Minute)
	s.provider.Publish(s.provider.NewKey("key-2"))
	if _, err := s.signIn(nil); err != nil {
		t.Errorf("with the new key: %v", err)
	}
	// Whoever has the old one may sign until the keys are read again, which they were just now.
	s.provider.Sign = func(said map[string]any) string { return s.provider.Signed(old, "", said) }
	_, err := s.signIn(nil)
	refusedAs(t, oidc.Untrusted, err)

	other := newStage(t, nil)
	if _, err := other.signIn(nil); err != nil {
		t.Fatal(err)
	}
	taken := other.provider.Key()
	other.provider.Publish(other.provider.NewKey("key-2"))
	other.provider.Sign = func(said map[string]any) string { return other.provider.Signed(taken, "", said) }
	other.now = other.now.Add(11 * time.Minute)
	_, err = other.signIn(nil)
	refusedAs(t, oidc.Untrusted, err)
}

func TestACC07NobodyMakesUsAskForKeysOverAndOver(t *testing.T) {
	s := newStage(t, nil)
	if _, err := s.signIn(nil); err != nil {
		t.Fatal(err)
	}
	stranger := s.provider.NewKey("")
	for i := range 200 {
		stranger.ID = rand.Text()
		if _, err := s.party.Ended(t.Context(), s.provider.Signed(stranger, "logout+jwt", payload(s, s.provider.Logout(nil)))); err == nil {
			t.Fatal("a stranger has signed somebody out")
		}
		if i%20 == 0 {
			s.now = s.now.Add(time.Second)
		}
	}
	if asked := s.provider.Asked(oidctest.KeysPath); asked > 2 {
		t.Errorf("asked %d times within ten seconds", asked)
	}
}

func TestACC07AProviderThatIsDownIsNotAskedByEverybody(t *testing.T) {
	s := newStage(t, nil)
	s.provider.Answers[oidctest.AboutPath] = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, err := s.party.Begin(t.Context(), s.another()); err == nil {
				t.Error("begun without a provider")
			}
		})
	}
	all.Wait()
	if asked := s.provider.Asked(oidctest.AboutPath); asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	delete(s.provider.Answers, oidctest.AboutPath)
	s.now = s.now.Add(4 * time.Second)
	if _, err := s.signIn(nil); err != nil {
		t.Errorf("when it is back: %v", err)
	}
}

func TestACC07KeysOfAllCommonKindsWork(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, algorithm := range []jose.SignatureAlgorithm{jose.RS256, jose.PS384} {
		s := newStage(t, nil)
		s.provider.Publish(s.provider.Key(), oidctest.Key{ID: "rsa", Algorithm: algorithm, Private: private})
		if _, err := s.signIn(nil); err != nil {
			t.Errorf("%s: %v", algorithm, err)
		}
	}
}

func TestWhatComesTwiceInAnAnswerIsRefused(t *testing.T) {
	for _, name := range []string{"state", "code", "iss", "error"} {
		_, err := oidc.ReadAnswer(url.Values{name: {"a", "a"}})
		refusedAs(t, oidc.Untrusted, err)
	}
}

func TestAnIssuerIsAnAddressThatOthersCannotReadAlong(t *testing.T) {
	for _, good := range []string{"https://login.example.de", "https://login.example.de/", "https://login.example.de/realms/amt", "http://localhost:9000", "http://127.0.0.1:9000/x"} {
		if err := oidc.CheckIssuer(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "login.example.de", "http://login.example.de", "https://", "https://a:b@login.example.de", "https://login.example.de?x=1", "https://login.example.de#x", "https://login.example.de?", "ftp://login.example.de"} {
		if oidc.CheckIssuer(bad) == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

func TestTheDoctorReachesAProvider(t *testing.T) {
	s := newStage(t, nil)
	if err := s.party.Reach(t.Context()); err != nil {
		t.Error(err)
	}
	bare := newStage(t, nil)
	bare.provider.Publish()
	if bare.party.Reach(t.Context()) == nil {
		t.Error("content with a provider without keys")
	}
}
