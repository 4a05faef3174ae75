package app

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"visavis/internal/config"
	"visavis/internal/db/dbtest"
	"visavis/internal/demo"
	"visavis/internal/staff"
	"visavis/internal/worldtest"
)

// whole is the demo as people start it, over HTTPS.
type whole struct {
	t        *testing.T
	c        *config.Config
	url      string
	password string
	said     *worldtest.Log // to who started it
	log      *worldtest.Log // at level debug, without the last guard of NewLog
	stop     func()
}

// eachWhole starts one on each database.
func eachWhole(t *testing.T, f func(t *testing.T, w *whole)) {
	t.Helper()
	eachWholeAt(t, worldtest.Cheap(), f)
}

// eachWholeAt starts one with passwords that cost something on each database.
func eachWholeAt(t *testing.T, cost staff.Cost, f func(t *testing.T, w *whole)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		f(t, startWholeAt(t, cost))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		f(t, startWholeAt(t, cost, "VISAVIS_DATABASE_URL="+dbtest.PostgresURL(t)))
	})
}

func startWhole(t *testing.T, environ ...string) *whole {
	t.Helper()
	return startWholeAt(t, worldtest.Cheap(), environ...)
}

func startWholeAt(t *testing.T, cost staff.Cost, environ ...string) *whole {
	t.Helper()
	w := &whole{t: t, said: &worldtest.Log{}, log: &worldtest.Log{}}
	w.c = migrated(t, configured(t, append([]string{
		"VISAVIS_HTTP_TLS=self-signed", "VISAVIS_HTTP_URL=https://localhost:8443", "VISAVIS_HTTP_TRUSTED_PROXIES=127.0.0.0/8",
		"VISAVIS_RELAY_ADVERTISE=127.0.0.1", "VISAVIS_TALK_HEADS_UP=0s",
	}, environ...)...))
	at, stop := running(t, func(ctx context.Context, o Options) error {
		o.Cost, o.Log = cost, slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		return Demo(ctx, w.c, o, w.said)
	})
	w.url, w.stop = "https://"+at, stop
	ring, err := openKeys(w.c)
	if err != nil {
		t.Fatal(err)
	}
	w.password = demo.Password(ring)
	return w
}

func (w *whole) signIn(who demo.Account) *worldtest.Browser {
	w.t.Helper()
	b := visit(w.t, w.url)
	b.T = w.t
	b.Post("/api/staff/session", worldtest.Body{"agency": demo.Slug, "email": who.Email, "password": w.password}).OK(w.t)
	return b
}

func TestTheWholeServerStartsAndSaysWhatToOpen(t *testing.T) {
	eachWhole(t, func(t *testing.T, w *whole) {
		b := visit(t, w.url)
		for path, want := range map[string]string{
			"/healthz": "ok", "/readyz": "", "/": "<title>page", "/test": "<title>page", "/staff": "<title>page", "/staff/talk/x": "<title>page",
			"/t/demo": "<title>page", "/robots.txt": "Disallow: /", "/demo/mail": "<main>", "/api/guest/demo": "Landesamt Musterland", "/api/openapi.json": "openapi",
		} {
			if a := b.Get(path); a.Status != http.StatusOK || !strings.Contains(a.Text, want) {
				t.Errorf("%s: %d %s", path, a.Status, a.Text)
			}
		}
		if a := b.Get("/t/nirgends"); a.Status != http.StatusNotFound || !strings.Contains(a.Text, "<title>page") {
			t.Errorf("a page must say so: %d %s", a.Status, a.Text)
		}
		wanted := []string{w.password, "https://localhost:8443/staff", "https://localhost:8443/demo/mail"}
		for _, account := range demo.Everybody() {
			wanted = append(wanted, account.As, account.Name, account.Email)
		}
		for _, want := range wanted {
			if !strings.Contains(w.said.String(), want) {
				t.Errorf("it does not say %s: %s", want, w.said)
			}
		}
		w.signIn(demo.Accounts()[0])
	})
}

// Tests have cheaper ones.
func TestAPasswordCostsWhatItShouldWhereNothingElseIsSaid(t *testing.T) {
	c := configured(t)
	seeded(t, c, Options{Pages: pagesOfTests()})
	d, err := openDatabase(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	hashes := texts(t.Context(), t, d, `SELECT password_hash FROM staff`)
	for _, phc := range hashes {
		if !strings.HasPrefix(phc, "$argon2id$v=19$m=19456,t=2,p=1$") {
			t.Errorf("a password is hashed as %q", phc)
		}
	}
	if len(hashes) == 0 {
		t.Error("there is none")
	}
}

// Whoever tries the roles finds somebody of each, but for those that administer a part of the tree only.
func TestTEN03EachRoleOfTheDemonstrationSeesItsOwn(t *testing.T) {
	w := startWhole(t)
	parts := []string{"/api/staff/places?kind=location", "/api/staff/audit", "/api/staff/approvals", "/api/staff/health"}
	tried := map[string]bool{}
	for _, who := range demo.Everybody() {
		sees, ok := map[string][]bool{
			"Advisor": {false, false, false, false}, "Reception": {false, false, false, false}, "Team lead": {true, false, false, false},
			"Administrator": {true, false, true, false}, "Data protection officer": {true, true, true, false},
			"Auditor": {false, true, false, false}, "Operator": {false, false, false, true},
		}[who.As]
		if !ok || tried[who.As] {
			continue
		}
		tried[who.As] = true
		b := w.signIn(who)
		var me struct{ Desks []struct{ ID string } }
		b.Get("/api/staff/session").OK(t).Into(t, &me)
		if works := who.As == "Advisor" || who.As == "Reception" || who.As == "Team lead"; works != (len(me.Desks) > 0) {
			t.Errorf("%s works at %d desks", who.As, len(me.Desks))
		}
		for i, part := range parts {
			if a := b.Get(part); (a.Status == http.StatusOK) != sees[i] {
				t.Errorf("%s at %s: %d", who.As, part, a.Status)
			}
		}
	}
	if len(tried) != 7 {
		t.Errorf("only %v", tried)
	}
}

func TestWEB03EveryAnswerHasItsHeaders(t *testing.T) {
	eachWhole(t, func(t *testing.T, w *whole) {
		b := visit(t, w.url)
		for _, path := range []string{"/", "/staff", "/t/demo", "/t/nirgends", "/api/guest/demo", "/api/guest/nirgends", "/api/staff/session", "/api/staff/stream", "/nirgends", "/healthz", "/assets/none.js"} {
			h := b.Get(path).Header
			for name, want := range map[string]string{
				"Cross-Origin-Resource-Policy": "same-origin", "X-Content-Type-Options": "nosniff",
				"Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "Strict-Transport-Security": "max-age=31536000",
			} {
				if h.Get(name) != want {
					t.Errorf("%s: %s is %q", path, name, h.Get(name))
				}
			}
			policy := h.Get("Content-Security-Policy")
			if !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "frame-ancestors 'none'") {
				t.Errorf("%s: %s", path, policy)
			}
			isPage := strings.HasPrefix(h.Get("Content-Type"), "text/html")
			if strings.Contains(policy, "trusted-types") != isPage || strings.Contains(h.Get("Permissions-Policy"), "camera=(self)") != isPage || (h.Get("Cross-Origin-Opener-Policy") == "same-origin") != isPage {
				t.Errorf("%s: %v", path, h)
			}
			if h.Get("Server") != "" || h.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s: %v", path, h)
			}
		}
	})
}

func TestWhatNobodyServesIsAProblem(t *testing.T) {
	eachWhole(t, func(t *testing.T, w *whole) {
		b := visit(t, w.url)
		for _, c := range [][2]string{
			{"GET", "/nirgends"},
			{"POST", "/api/nirgends"},
			{"DELETE", "/api/guest/demo"},
			{"GET", "/api/staff"},
			{"PUT", "/staff"},
			{"POST", "/"},
			{"GET", "/api/guest/demo/seats/x/egress"},
			{"GET", "/.git/config"},
			{"GET", "/assets/../../keys"},
			{"GET", "/record"},
		} {
			a := b.Send(c[0], c[1], nil)
			if a.Status < 400 || a.Status > 499 || a.Code == "" {
				t.Errorf("%s %s: %d %s", c[0], c[1], a.Status, a.Text)
			}
		}
	})
}

// waysIn are the routes by which one gets in.
func waysIn() []string {
	const session, password = "/api/staff/session", "/api/staff/password"
	return []string{
		"/api/staff/sso", session + "/setup", session + "/code", session + "/passkey", session + "/passkey/begin",
		password, password + "/link", password + "/forgotten", "/api/staff/devices/use",
	}
}

// The list of routes is the server's own: a new one cannot be forgotten.
func TestTEN01EveryRouteOfStaffNeedsASession(t *testing.T) {
	eachWhole(t, func(t *testing.T, w *whole) {
		b := visit(t, w.url)
		var api struct {
			Paths map[string]map[string]json.RawMessage
		}
		b.Get("/api/openapi.json").OK(t).Into(t, &api)
		parameter := regexp.MustCompile(`\{\w+\}`)
		staff, guest := 0, 0
		for path, methods := range api.Paths {
			for method := range methods {
				at := parameter.ReplaceAllString(path, "demo")
				switch {
				case path == "/api/staff/session" && method == "post", slices.Contains(waysIn(), path):
				case strings.HasPrefix(path, "/api/staff/"):
					staff++
					b.Send(strings.ToUpper(method), at, "{}").Expect(t, http.StatusUnauthorized, "session.none")
				case strings.Contains(path, "/seats/"):
					guest++
					if a := b.Send(strings.ToUpper(method), at, "{}"); a.Status < 400 || a.Status > 499 || a.Code == "" {
						t.Errorf("%s: %d %s", path, a.Status, a.Text)
					}
				}
			}
		}
		if staff < 12 || guest < 8 {
			t.Errorf("only %d and %d routes", staff, guest)
		}
		for _, path := range []string{"/api/staff/stream", "/api/staff/talks/x/stream"} {
			b.Get(path).Expect(t, http.StatusUnauthorized, "session.none")
		}
		b.Get("/api/guest/demo/seats/x/stream?page=page-one").Expect(t, http.StatusNotFound, "seat.unknown")
	})
}

func TestStoppingTheServerEndsItsStreamsSoon(t *testing.T) {
	eachWhole(t, func(t *testing.T, w *whole) {
		b := w.signIn(demo.Accounts()[0])
		stream := b.Listen("/api/staff/stream", "")
		stream.Until("snapshot", nil)
		w.stop()
		for name := ""; name != worldtest.End; {
			name, _ = stream.Next()
		}
		if strings.Contains(w.log.String(), "stopped late") || strings.Contains(w.log.String(), "level=ERROR") {
			t.Errorf("%s", w.log)
		}
	})
}

func TestAServerThatIsStartedAgainGoesOnWhereItWas(t *testing.T) {
	w := startWhole(t)
	b := w.signIn(demo.Accounts()[0])
	w.stop()
	at, _ := running(t, func(ctx context.Context, o Options) error { return Demo(ctx, configuredLike(w.c), o, io.Discard) })
	b.URL = "https://" + at
	b.Get("/api/staff/session").OK(t) // the session lives in the database, sealed fields open with the same keys
	stream := b.Listen("/api/staff/stream", "")
	var shown struct {
		Rows []struct{ Citizen struct{ Name string } }
	}
	stream.Until("snapshot", &shown)
	if len(shown.Rows) == 0 || shown.Rows[0].Citizen.Name == "" {
		t.Errorf("%+v", shown)
	}
}

// What a guest's page does after its stream has ended is nobody's business any more when the process ends.
func TestStoppingTheServerWhileAGuestWaitsLeavesNothingBehind(t *testing.T) {
	w := startWhole(t)
	c := canaries{"name": "Kanaria", "e-mail": "kanarienvogel@example.org", "telephone as typed": "0170 7654321"}
	p := w.book(w.signIn(demo.Accounts()[0]), c)
	b := visit(t, w.url)
	b.Post("/api/guest/"+demo.Slug+"/open", worldtest.Body{"secret": p.Secret}).OK(t)
	g := &worldtest.Guest{Browser: b, Place: p, Page: "page-one", Print: worldtest.Print("guest")}
	g.Arrive().OK(t)
	g.Stream("").Until("snapshot", nil)
	w.stop()
	<-time.After(2500 * time.Millisecond) // the grace of a page that might come back
	if strings.Contains(w.log.String(), "level=ERROR") {
		t.Errorf("%s", w.log)
	}
}

// configuredLike is the configuration as it was before Demo put its mailbox into it.
func configuredLike(c *config.Config) *config.Config {
	again := *c
	again.Mail.Host = ""
	return &again
}
