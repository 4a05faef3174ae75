package app

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"visavis/internal/config"
	"visavis/internal/staff/oidc/oidctest"
)

// provided is a configuration with a provider of single sign-on, spoken to without TLS, as on one's own machine.
func provided(t *testing.T, issuer, more string) *config.Config {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.yaml")
	fill(t, file, "sso: [{id: amt, name: Amt, agency: demo, issuer: \""+issuer+"\", client_id: visavis"+more+"}]\n")
	c := configured(t)
	loaded, err := config.Load(config.Source{File: file})
	if err != nil {
		t.Fatal(err)
	}
	c.SSO = loaded.SSO
	return c
}

func TestTheDoctorAsksProvidersOfSingleSignOn(t *testing.T) {
	p := oidctest.New(t, time.Now)
	plain := httptest.NewServer(p.Server.Config.Handler)
	t.Cleanup(plain.Close)
	p.About = func(said map[string]any) {
		for name, value := range said {
			if text, ok := value.(string); ok {
				said[name] = strings.ReplaceAll(text, p.Issuer(), plain.URL)
			}
		}
	}
	report, err := ask(t, provided(t, plain.URL, ", client_secret: x"), Checkup{})
	if err != nil || !strings.Contains(report, "sso amt: "+plain.URL+" answers") || !strings.Contains(report, "/api/staff/sso/amt/callback") {
		t.Errorf("%v:\n%s", err, report)
	}
	if report, err = ask(t, provided(t, plain.URL, ", create_accounts: true"), Checkup{}); err != nil || strings.Count(report, "note   sso amt") != 2 {
		t.Errorf("%v:\n%s", err, report)
	}
	for says, c := range map[string]*config.Config{
		"names itself otherwise":                    provided(t, plain.URL+"/", ""),
		"the role advisor cannot be held at agency": provided(t, plain.URL, ", roles_claim: r, roles: [{value: v, role: advisor, at: agency}]"),
	} {
		if report, err := ask(t, c, Checkup{}); err == nil || !strings.Contains(report, says) {
			t.Errorf("%s: %v:\n%s", says, err, report)
		}
	}
	p.Answers[oidctest.AboutPath] = http.NotFound
	if report, err := ask(t, provided(t, plain.URL, ""), Checkup{}); err == nil || !strings.Contains(report, "404") {
		t.Errorf("%v:\n%s", err, report)
	}
}
