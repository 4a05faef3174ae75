package app

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/config"
	"visavis/internal/db"
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

// overPlain is a provider that is spoken to without TLS.
func overPlain(t *testing.T) (*oidctest.Provider, *httptest.Server) {
	t.Helper()
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
	return p, plain
}

func TestTheDoctorAsksProvidersOfSingleSignOn(t *testing.T) {
	p, plain := overPlain(t)
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

func TestTheDoctorSaysWhereASecondFactorIsDemandedAndTheProviderIsNotAskedForOne(t *testing.T) {
	_, plain := overPlain(t)
	c := installed(t)
	d, err := db.Open(t.Context(), c.Database.URL.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	asked := func(more string) string {
		t.Helper()
		c.SSO = provided(t, plain.URL, ", client_secret: x"+more).SSO
		if err := d.Read().QueryRowContext(t.Context(), `SELECT slug FROM agency`).Scan(&c.SSO[0].Agency); err != nil {
			t.Fatal(err)
		}
		report, err := ask(t, c, Checkup{})
		if err != nil {
			t.Error(err)
		}
		return report
	}
	const note = "demands a second factor of who has a password, and this provider is not asked for one"
	if report := asked(""); strings.Contains(report, note) {
		t.Error(report)
	}
	err = d.Tx(t.Context(), func(tx *db.Tx) error {
		_, err := tx.ExecContext(t.Context(), `
			INSERT INTO policy (agency_id, place_kind, place_id, name, value, fixed, changed_at) SELECT id, 'agency', id, $1, '"demanded"', FALSE, 0 FROM agency`,
			agency.SecondFactor)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if report := asked(""); !strings.Contains(report, note) {
		t.Error(report)
	}
	if report := asked(", require_amr: [mfa]"); strings.Contains(report, note) {
		t.Error(report)
	}
}
