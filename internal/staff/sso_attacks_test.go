package staff_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff/oidc/oidctest"
	. "visavis/internal/worldtest"
)

// holding is a browser with somebody's cookie in it.
func (s *abroad) holding(cookie string) *Browser {
	b := s.browser()
	b.Header.Set("Cookie", cookie)
	return b
}

// stolen begins in one browser and tells its cookie, and where the provider sends it back.
func (s *abroad) stolen(id string, p *oidctest.Provider) (cookie string, query url.Values) {
	s.T.Helper()
	a := s.browser().Get(ssoPath+id+"/start").Expect(s.T, http.StatusSeeOther, "")
	for _, c := range a.Cookies {
		cookie = c.Name + "=" + c.Value
	}
	return cookie, p.Authorize(a.Header.Get("Location"))
}

// Each is somebody who gets hold of an answer, or of a browser, and not of both.
func TestACC07AttacksByWayOfTheBrowserAreRefused(t *testing.T) {
	for name, with := range map[string]struct {
		code   string
		attack func(s *abroad) (b *Browser, id string, query url.Values)
	}{
		"no attack": {"", func(s *abroad) (*Browser, string, url.Values) {
			cookie, query := s.stolen("keycloak", s.provider)
			return s.holding(cookie), "keycloak", query
		}},
		"an answer in a browser that has not asked": {"sso.expired", func(s *abroad) (*Browser, string, url.Values) {
			_, query := s.stolen("keycloak", s.provider)
			return s.browser(), "keycloak", query
		}},
		"an answer in a browser that has asked for another": {"sso.untrusted", func(s *abroad) (*Browser, string, url.Values) {
			_, query := s.stolen("keycloak", s.provider)
			cookie, _ := s.stolen("keycloak", s.provider)
			return s.holding(cookie), "keycloak", query
		}},
		"the code of another browser with one's own state": {"sso.untrusted", func(s *abroad) (*Browser, string, url.Values) {
			_, theirs := s.stolen("keycloak", s.provider)
			cookie, query := s.stolen("keycloak", s.provider)
			query.Set("code", theirs.Get("code"))
			return s.holding(cookie), "keycloak", query
		}},
		"the answer of one provider to the question to another": {"sso.untrusted", func(s *abroad) (*Browser, string, url.Values) {
			cookie, query := s.stolen("keycloak", s.provider)
			return s.holding(cookie), "entra", query
		}},
		"and the other one says that it is its own": {"sso.untrusted", func(s *abroad) (*Browser, string, url.Values) {
			cookie, query := s.stolen("keycloak", s.provider)
			query.Set("iss", s.second.Issuer())
			return s.holding(cookie), "entra", query
		}},
		"the answer of another provider to one's own question": {"sso.untrusted", func(s *abroad) (*Browser, string, url.Values) {
			cookie, query := s.stolen("keycloak", s.provider)
			_, theirs := s.stolen("entra", s.second)
			theirs.Set("state", query.Get("state"))
			return s.holding(cookie), "keycloak", theirs
		}},
		"an evil provider that sends the browser on to a good one": {"sso.untrusted", func(s *abroad) (*Browser, string, url.Values) {
			a := s.browser().Get(ssoPath+"zweit/start").Expect(s.T, http.StatusSeeOther, "")
			to := strings.NewReplacer(s.second.Issuer(), s.provider.Issuer(), "zweit", "keycloak").Replace(a.Header.Get("Location"))
			return s.holding(a.Cookies[0].Name + "=" + a.Cookies[0].Value), "keycloak", s.provider.Authorize(to)
		}},
		"a provider that is none": {"sso.unknown", func(s *abroad) (*Browser, string, url.Values) {
			cookie, query := s.stolen("keycloak", s.provider)
			return s.holding(cookie), "nobody", query
		}},
		"the same answer again, from a provider that does not mind": {"sso.untrusted", func(s *abroad) (*Browser, string, url.Values) {
			s.provider.Again = true
			cookie, query := s.stolen("keycloak", s.provider)
			if at := s.holding(cookie).Get(callback("keycloak", query)).Header.Get("Location"); at != "/staff#signed-in" {
				s.T.Fatalf("at %s", at)
			}
			return s.holding(cookie), "keycloak", query
		}},
		"an answer that comes too late": {"sso.expired", func(s *abroad) (*Browser, string, url.Values) {
			cookie, query := s.stolen("keycloak", s.provider)
			s.Clock.Forward(11 * time.Minute)
			return s.holding(cookie), "keycloak", query
		}},
		"a browser that has given itself more time": {"sso.untrusted", func(s *abroad) (*Browser, string, url.Values) {
			cookie, query := s.stolen("keycloak", s.provider)
			parts := strings.Split(cookie, ".")
			return s.holding(parts[0] + ".9999999999." + parts[2]), "keycloak", query
		}},
		"a browser that has given itself another way back": {"sso.untrusted", func(s *abroad) (*Browser, string, url.Values) {
			cookie, query := s.stolen("keycloak", s.provider)
			return s.holding(cookie + "abc"), "keycloak", query
		}},
		"two states": {"sso.untrusted", func(s *abroad) (*Browser, string, url.Values) {
			cookie, query := s.stolen("keycloak", s.provider)
			query.Add("state", "x")
			return s.holding(cookie), "keycloak", query
		}},
		"nothing": {"sso.untrusted", func(s *abroad) (*Browser, string, url.Values) {
			cookie, _ := s.stolen("keycloak", s.provider)
			return s.holding(cookie), "keycloak", nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newAbroad(t, dbtest.SQLite(t), nil)
			b, id, query := with.attack(s)
			before := s.Count(`SELECT COUNT(*) FROM staff_session`)
			a := b.Get(callback(id, query)).Expect(t, http.StatusSeeOther, "")
			at, _, _ := strings.Cut(a.Header.Get("Location"), "#refused="+with.code)
			if with.code == "" {
				at, _, _ = strings.Cut(a.Header.Get("Location"), "#signed-in")
			}
			if at != "/staff" && at != "/staff/talk/abc" {
				t.Errorf("at %s, want %s", a.Header.Get("Location"), with.code)
			}
			if made := s.Count(`SELECT COUNT(*) FROM staff_session`) - before; made != 0 && with.code != "" || made != 1 && with.code == "" {
				t.Errorf("%d sessions were made", made)
			}
		})
	}
}

func TestACC07NobodyIsSentElsewhereAfterSigningIn(t *testing.T) {
	s := newAbroad(t, dbtest.SQLite(t), nil)
	for to, want := range map[string]string{
		"/staff/talk/abc-DEF_123": "/staff/talk/abc-DEF_123", "/staff/talk/ready": "/staff/talk/ready", "": "/staff", "/staff": "/staff",
		"https://evil.example/": "/staff", "//evil.example": "/staff", `/\evil.example`: "/staff", "/staff/talk/../../x": "/staff",
		"/staff/talk/a/b": "/staff", "/staff/talk/a%2f%2e": "/staff", "/staff/talk/a\r\nX: y": "/staff", "/staff/talk/": "/staff",
		"/staff@evil.example": "/staff", "javascript:alert(1)": "/staff", "/staff/talk/" + strings.Repeat("x", 100): "/staff",
		"/staff/talk/abc?x=//evil.example": "/staff", " /staff/talk/abc": "/staff", "/staff/talk/abc\n": "/staff",
	} {
		b := s.browser()
		a := b.Get(ssoPath+"keycloak/start?to="+url.QueryEscape(to)).Expect(t, http.StatusSeeOther, "")
		query := s.provider.Authorize(a.Header.Get("Location"))
		if at := b.Get(callback("keycloak", query)).Header.Get("Location"); at != want+"#signed-in" {
			t.Errorf("%q leads to %q", to, at)
		}
	}
}

func TestACC07NobodyMakesUsAskAProviderWithoutEnd(t *testing.T) {
	s := newAbroad(t, dbtest.SQLite(t), nil)
	b := s.browser()
	throttled := 0
	for range 700 { // as nobody is asked, nobody else is kept out by it
		if s.begin(b, "keycloak") == "/staff#refused=session.throttled" {
			t.Fatal("refused before the provider was asked for anything")
		}
	}
	for range 800 {
		query := s.provider.Authorize(s.begin(b, "keycloak"))
		query.Set("code", "made up")
		if b.Get(callback("keycloak", query)).Header.Get("Location") == "/staff#refused=session.throttled" {
			throttled++
		}
	}
	if throttled < 50 {
		t.Errorf("%d of 800 were refused", throttled)
	}
	elsewhere := s.browser()
	elsewhere.Network = "198.51.100.9"
	if at := s.signIn(elsewhere); at != "/staff#signed-in" {
		t.Errorf("from another network: at %s", at)
	}
}

func TestNobodyFillsTheLogWithRefusals(t *testing.T) {
	s := newAbroad(t, dbtest.SQLite(t), nil)
	for range 30 {
		s.send("keycloak", "x")
		s.browser().Get(ssoPath + "nobody/start")
	}
	if log := s.Log.String(); strings.Count(log, "logout refused") != 1 || strings.Count(log, "sign-in refused") != 1 {
		t.Errorf("%s", log)
	}
	s.Clock.Forward(time.Minute)
	s.send("keycloak", "x")
	if !strings.Contains(s.Log.String(), "times=30") && !strings.Contains(s.Log.String(), `"times":30`) {
		t.Errorf("%s", s.Log.String())
	}
}

// send is the provider's call.
func (s *abroad) send(id, token string) Answer {
	s.T.Helper()
	return s.form(id, url.Values{"logout_token": {token}}.Encode(), "application/x-www-form-urlencoded")
}

func (s *abroad) form(id, body, kind string) Answer {
	s.T.Helper()
	b := s.browser()
	b.Header.Set("Content-Type", kind)
	return b.Send(http.MethodPost, ssoPath+id+"/backchannel", body)
}

func TestACC08SigningOutAtTheProviderEndsTheSessionAndItsStreams(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newAbroad(t, d, nil)
		first := s.in(t)
		s.provider.Person["sid"] = "session-2"
		second := s.in(t)
		byPassword := s.SignIn(s.o.Sommer)
		list := first.Listen("/api/staff/stream", "")
		list.Until("snapshot", nil)

		begun := time.Now()
		a := s.send("keycloak", s.provider.Logout(func(said map[string]any) { said["sid"], said["sub"] = "session-1", nil })).Expect(t, http.StatusOK, "")
		if a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%v", a.Header)
		}
		if signedIn(first) || !signedIn(second) || !signedIn(byPassword) {
			t.Error("the wrong session ended")
		}
		if got := list.Until("bye", nil); got != `{"reason":"signed-out"}` {
			t.Error(got)
		}
		t.Logf("the page is told after %v", time.Since(begun))
		if got := s.acts(); got[len(got)-1] != "session.ended why=provider" {
			t.Errorf("the audit says %q", got)
		}

		third := s.in(t)
		s.send("keycloak", s.provider.Logout(func(said map[string]any) { said["sid"] = nil })).Expect(t, http.StatusOK, "")
		if signedIn(second) || signedIn(third) || !signedIn(byPassword) {
			t.Error("of all sessions there")
		}
		// Nobody there: that is no mistake of the provider's.
		s.send("keycloak", s.provider.Logout(nil)).Expect(t, http.StatusOK, "")
	})
}

func TestACC08AProviderThatNamesNoSessionsSignsThePersonOut(t *testing.T) {
	s := newAbroad(t, dbtest.SQLite(t), nil)
	delete(s.provider.Person, "sid")
	b := s.in(t)
	s.send("keycloak", s.provider.Logout(func(said map[string]any) { said["sid"] = "unheard of" })).Expect(t, http.StatusOK, "")
	if signedIn(b) {
		t.Error("still in")
	}
}

func TestACC08NobodyElseSignsSomebodyOut(t *testing.T) {
	s := newAbroad(t, dbtest.SQLite(t), nil)
	b := s.in(t)
	byPassword := s.SignIn(s.other.Sommer)
	good := func() string { return s.provider.Logout(nil) }
	for name, a := range map[string]Answer{
		"another provider's token":    s.send("keycloak", s.second.Logout(nil)),
		"a token at another provider": s.send("entra", good()),
		"no token":                    s.send("keycloak", ""),
		"two tokens":                  s.form("keycloak", "logout_token="+good()+"&logout_token="+good(), "application/x-www-form-urlencoded"),
		"another name":                s.form("keycloak", "token="+good(), "application/x-www-form-urlencoded"),
		"JSON":                        s.form("keycloak", `{"logout_token":"`+good()+`"}`, "application/json"),
		"as a plain text":             s.form("keycloak", "logout_token="+good(), "text/plain"),
		"an ID token": s.send("keycloak", s.provider.Signed(s.provider.Key(), "", map[string]any{
			"iss": s.provider.Issuer(), "aud": oidctest.ClientID, "sub": "person-1", "nonce": "n", "iat": s.Clock.Now().Unix(), "exp": s.Clock.Now().Unix() + 60,
		})),
	} {
		if a.Status != http.StatusBadRequest || a.Text != `{"error":"invalid_request"}` {
			t.Errorf("%s: %d %s", name, a.Status, a.Text)
		}
	}
	s.send("nobody", good()).Expect(t, http.StatusNotFound, "not_found")
	if a := s.browser().Get(ssoPath + "keycloak/backchannel?logout_token=" + good()); a.Status != http.StatusMethodNotAllowed {
		t.Errorf("%d %s", a.Status, a.Text)
	}
	if !signedIn(b) || !signedIn(byPassword) {
		t.Error("signed out")
	}
	// A session with the same name at another provider of this agency is another one, and so is a person.
	s.send("zweit", s.second.Logout(nil)).Expect(t, http.StatusOK, "")
	if !signedIn(b) {
		t.Error("signed out by another provider")
	}
	// The person of another agency with the same name at another provider is somebody else.
	s.send("entra", s.second.Logout(nil)).Expect(t, http.StatusOK, "")
	if !signedIn(b) {
		t.Error("signed out by the provider of another agency")
	}
}

func TestACC08ALogoutTokenIsTakenOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newAbroad(t, d, nil)
		s.in(t)
		token := s.provider.Logout(nil)
		s.send("keycloak", token).Expect(t, http.StatusOK, "")
		again := s.in(t)
		if a := s.send("keycloak", token); a.Status != http.StatusBadRequest {
			t.Errorf("%d %s", a.Status, a.Text)
		}
		if !signedIn(again) {
			t.Error("signed out by an old token")
		}
		s.Clock.Forward(13 * time.Minute)
		s.send("keycloak", s.provider.Logout(nil)).Expect(t, http.StatusOK, "")
		if n := s.Count(`SELECT COUNT(*) FROM staff_once`); n > 1 {
			t.Errorf("%d are kept", n)
		}
	})
}
