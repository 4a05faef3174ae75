package config_test

import (
	"bytes"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"visavis/internal/config"
)

var update = flag.Bool("update", false, "write docs/operator/configuration.md")

func TestAnEmptyFileWorks(t *testing.T) {
	c, err := config.Load(config.Source{File: file(t, "")})
	if err != nil {
		t.Fatal(err)
	}
	if c.HTTP.Listen != "127.0.0.1:8080" || c.HTTP.URL.String() != "http://localhost:8080" || c.Talk.HeadsUp != 3*time.Second {
		t.Errorf("unexpected defaults: %+v", c)
	}
	if c.Database.URL.Reveal() != "sqlite:data/visavis.db" || c.Keys.File != "data/keys" {
		t.Errorf("database %q and keys %q are not in data.dir", c.Database.URL.Reveal(), c.Keys.File)
	}
}

func TestThePrintedFileIsReadAsTheSameConfiguration(t *testing.T) {
	before := load(t, "", "VISAVIS_HTTP_LISTEN=:443", "VISAVIS_HTTP_URL=https://termin.example.de",
		"VISAVIS_HTTP_TRUSTED_PROXIES=10.0.0.0/8,192.0.2.1/32", "VISAVIS_RELAY_ADVERTISE=203.0.113.7,2001:db8::7",
		"VISAVIS_RELAY_TURN=false", "VISAVIS_TALK_HEADS_UP=1500ms", "VISAVIS_LOG_LEVEL=debug",
		"VISAVIS_MAIL_FROM=\"Amt: Nord\" <amt@example.de>")
	var printed bytes.Buffer
	if err := config.Write(&printed, before); err != nil {
		t.Fatal(err)
	}
	after, err := config.Load(config.Source{File: file(t, printed.String())})
	if err != nil {
		t.Fatalf("%v in:\n%s", err, printed.String())
	}
	if fmt.Sprintf("%+v", before) != fmt.Sprintf("%+v", after) {
		t.Errorf("before: %+v\nafter:  %+v", before, after)
	}
}

func TestTheEnvironmentWinsOverTheFile(t *testing.T) {
	c := load(t, "http:\n  listen: 127.0.0.1:1\nrelay:\n  advertise: [203.0.113.7, 203.0.113.8]\n", "VISAVIS_HTTP_LISTEN=127.0.0.1:2")
	if c.HTTP.Listen != "127.0.0.1:2" {
		t.Errorf("listen is %s", c.HTTP.Listen)
	}
	if want := []netip.Addr{netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("203.0.113.8")}; len(c.Relay.Advertise) != 2 || c.Relay.Advertise[1] != want[1] {
		t.Errorf("advertise is %v", c.Relay.Advertise)
	}
}

func TestAllMistakesAreReportedTogether(t *testing.T) {
	_, err := config.Load(config.Source{
		File: file(t, "http:\n  lisen: :80\n  tls: maybe\nrelay:\n  turn: perhaps\n  advertise: [here]\ntalk: soon\n"),
		Environ: []string{
			"VISAVIS_TIME_ZONE=Mars/Olympus", "VISAVIS_MAIL_PORT=smtp", "VISAVIS_HTTP_URL=termin.example.de",
			"VISAVIS_HTTP_TRUSTED_PROXIES=10.0.0.1", "VISAVIS_TALK_HEADS_UP=3",
		},
	})
	for _, want := range []string{
		"line 2: http.lisen", "line 3: http.tls", "line 5: relay.turn", "line 6: relay.advertise", "line 7: talk",
		"VISAVIS_TIME_ZONE", "VISAVIS_MAIL_PORT", "VISAVIS_HTTP_URL", "VISAVIS_HTTP_TRUSTED_PROXIES", "VISAVIS_TALK_HEADS_UP",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %s in:\n%v", want, err)
		}
	}
}

func TestValuesThatContradictEachOtherAreRefused(t *testing.T) {
	for name, environ := range map[string][]string{
		"http.url must begin with https": {"VISAVIS_HTTP_URL=http://termin.example.de"},
		"http.url must end after host":   {"VISAVIS_HTTP_URL=https://example.de/termine"},
		"http.tls_cert and http.tls_key": {"VISAVIS_HTTP_TLS=files", "VISAVIS_HTTP_URL=https://termin.example.de"},
		"no browser can reach":           {"VISAVIS_RELAY_ADVERTISE=0.0.0.0"},
		"database.url must begin":        {"VISAVIS_DATABASE_URL=mysql://db"},
		"http.listen must be an address": {"VISAVIS_HTTP_LISTEN=8080"},
		"talk.heads_up must be between":  {"VISAVIS_TALK_HEADS_UP=1m"},
		"talk.ring must be between":      {"VISAVIS_TALK_RING=1s"},
		"mail.password is given twice":   {"VISAVIS_MAIL_PASSWORD=a", "VISAVIS_MAIL_PASSWORD_FILE=" + file(t, "b")},
		"mail.password cannot be read":   {"VISAVIS_MAIL_PASSWORD_FILE=/nowhere"},
		"VISAVIS_TIME_ZONE is no":        {"VISAVIS_TIME_ZONE=Local"}, // no browser knows what that is here
		"mail.from must be":              {"VISAVIS_MAIL_FROM=nobody"},
		"relay.control must be an":       {"VISAVIS_RELAY_MODE=external", "VISAVIS_RELAY_CONTROL=relay"},
	} {
		key, _, _ := strings.Cut(name, " ")
		_, err := config.Load(config.Source{Environ: environ})
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestARelayOnThisMachineNeedsNoAdvertisedAddress(t *testing.T) {
	for _, environ := range [][]string{
		{"VISAVIS_RELAY_CONTROL=127.0.0.1:3479"},
		{"VISAVIS_RELAY_CONTROL=[::1]:3479"},
		{"VISAVIS_RELAY_CONTROL=localhost:3479"},
		{"VISAVIS_RELAY_CONTROL=:3479"},
		{"VISAVIS_RELAY_CONTROL=relay.example.de:3479", "VISAVIS_RELAY_ADVERTISE=203.0.113.7"},
	} {
		load(t, "", append(environ, "VISAVIS_RELAY_MODE=external")...)
	}
}

func TestSecretsComeFromFilesAndCredentials(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "mail.password"), "from systemd\n")
	if got := load(t, "", "CREDENTIALS_DIRECTORY="+folder).Mail.Password.Reveal(); got != "from systemd" {
		t.Errorf("password from a credential: %q", got)
	}
	if got := load(t, "mail:\n  password_file: "+file(t, "from a file\n")+"\n", "CREDENTIALS_DIRECTORY="+folder).Mail.Password.Reveal(); got != "from a file" {
		t.Errorf("password from a file: %q", got)
	}
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	c := load(t, "", "VISAVIS_MAIL_PASSWORD=canary", "VISAVIS_DATABASE_URL=postgres://canary@db/visavis", "VISAVIS_RELAY_KEY=canary")
	var printed bytes.Buffer
	if err := config.Write(&printed, c); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{printed.String(), fmt.Sprintf("%v %+v %#v %s", c, c, c, c.Mail.Password)} {
		if strings.Contains(text, "canary") {
			t.Errorf("a secret in: %s", text)
		}
	}
}

const twoProviders = `sso:
  - id: keycloak
    name: "Dienst: Konto"
    agency: nord
    issuer: https://login.example.de/realms/amt
    client_id: visavis
    client_secret: canary
    require_amr: [mfa, hwk]
    link_by_email: true
    roles_claim: realm_access.roles
    roles:
      - {value: "CN=Beratung,OU=Amt", role: advisor, at: "desk:N-1"}
      - {value: all, role: auditor, at: agency}
  - {id: entra, name: Microsoft, agency: sued, issuer: "https://login.example.com/t/v2.0", client_id: x, scopes: []}
`

func TestProvidersOfSingleSignOnAreAList(t *testing.T) {
	c := load(t, twoProviders)
	if len(c.SSO) != 2 {
		t.Fatalf("%d providers", len(c.SSO))
	}
	first, second := c.SSO[0], c.SSO[1]
	if first.ClientSecret.Reveal() != "canary" || fmt.Sprint(first.RequireAMR, first.Scopes) != "[mfa hwk] [profile email]" || !first.LinkByEmail || first.CreateAccounts {
		t.Errorf("%+v", first)
	}
	if len(first.Roles) != 2 || first.Roles[0].Value != "CN=Beratung,OU=Amt" || first.Roles[1].Role != "auditor" {
		t.Errorf("%+v", first.Roles)
	}
	if kind, code := first.Roles[0].Place(); kind != "desk" || code != "N-1" {
		t.Errorf("%s %s", kind, code)
	}
	if second.ClientSecret != "" || len(second.Scopes) != 0 || len(second.Roles) != 0 {
		t.Errorf("%+v", second)
	}
	var printed bytes.Buffer
	if err := config.Write(&printed, c); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(printed.String(), "canary") || strings.Contains(fmt.Sprintf("%v %+v %#v", c, c, c.SSO), "canary") {
		t.Errorf("a secret in:\n%s", printed.String())
	}
	after := load(t, printed.String())
	c.SSO[0].ClientSecret = ""
	if before, after := fmt.Sprintf("%+v", c.SSO), fmt.Sprintf("%+v", after.SSO); before != after {
		t.Errorf("%s became\n%s in\n%s", before, after, printed.String())
	}
}

func TestTheSecretOfAProviderComesFromAFileOrACredential(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "sso.keycloak.client_secret"), "from systemd\n")
	const rest = "{id: keycloak, name: K, agency: a, issuer: https://k.example, client_id: v"
	if got := load(t, "sso: ["+rest+"}]", "CREDENTIALS_DIRECTORY="+folder).SSO[0].ClientSecret.Reveal(); got != "from systemd" {
		t.Errorf("from a credential: %q", got)
	}
	named := rest + ", client_secret_file: " + file(t, "from a file\n") + "}"
	if got := load(t, "sso: ["+named+"]", "CREDENTIALS_DIRECTORY="+folder).SSO[0].ClientSecret.Reveal(); got != "from a file" {
		t.Errorf("from a file: %q", got)
	}
}

func TestAllMistakesOfProvidersAreReportedTogether(t *testing.T) {
	_, err := config.Load(config.Source{File: file(t, `sso:
  - {id: a, nam: A, link_by_email: perhaps}
  - {id: b, roles: [{role: king}]}
  - word
`)})
	expect(t, err, "line 2: sso.nam", "line 2: sso.link_by_email", "line 3: sso.roles.role", "line 4: sso")
	_, err = config.Load(config.Source{File: file(t, `sso:
  - {id: A, issuer: "http://login.example.de"}
  - {id: b, name: B, agency: x, issuer: "https://b.example?x", client_id: v, roles: [{value: v, role: advisor, at: desk}]}
  - {id: b, name: B, agency: x, issuer: "https://b.example?x", client_id: v, roles_claim: r, roles: [{at: "planet:x"}]}
`)})
	expect(t, err, "sso 1 (A): sso.name is needed", "sso 1 (A): sso.agency is", "sso 1 (A): sso.client_id is", "sso 1 (A): sso.id must",
		"sso 1 (A): sso.issuer must", "sso 2 (b): sso.issuer must", "sso 2 (b): sso.roles_claim", "sso 2 (b): sso.roles do not say where",
		"sso 3 (b): sso.id is that", "sso 3 (b): sso.issuer is that", "without value", "which role")
	_, err = config.Load(config.Source{File: file(t, "sso: {id: a}\n")})
	expect(t, err, "line 1: sso must be a list")
}

func expect(t *testing.T, err error, all ...string) {
	t.Helper()
	for _, want := range all {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %q in:\n%v", want, err)
		}
	}
}

func TestMistypedVariablesAreFound(t *testing.T) {
	got := config.UnknownVariables([]string{"VISAVIS_HTTP_LISTEN=x", "VISAVIS_HTTP_LISEN=x", "VISAVIS_MAIL_PASSWORD_FILE=x", "HOME=/", "VISAVIS_CONFIG=x"})
	if len(got) != 1 || got[0] != "VISAVIS_HTTP_LISEN" {
		t.Errorf("got %v", got)
	}
}

func TestTheManualIsMadeFromTheSource(t *testing.T) {
	const path = "../../docs/operator/configuration.md"
	var manual bytes.Buffer
	if err := config.WriteManual(&manual); err != nil {
		t.Fatal(err)
	}
	if *update {
		write(t, path, manual.String())
	}
	kept, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(kept) != manual.String() {
		t.Errorf("%s is not what the source says; run: go test ./internal/config -update", path)
	}
}

func load(t *testing.T, content string, environ ...string) *config.Config {
	t.Helper()
	c, err := config.Load(config.Source{File: file(t, content), Environ: environ})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	write(t, path, content)
	return path
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
