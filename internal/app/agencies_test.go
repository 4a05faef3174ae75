package app

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"visavis/internal/agency"
	"visavis/internal/config"
	"visavis/internal/db"
	"visavis/internal/demo"
	"visavis/internal/staff"
	"visavis/internal/worldtest"
)

func ahorn() NewAgency {
	return NewAgency{
		Slug: "ahorn", Name: "Amt Ahorn", Phone: "0711 1", Hours: "Montag bis Freitag", Host: "termin.ahorn.example",
		Admin: "chef@ahorn.example", AdminName: "Frau Chef",
	}
}

// created runs the command that makes an agency, and is what it prints.
func created(t *testing.T, c *config.Config, n NewAgency) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := CreateAgency(t.Context(), c, n, &out)
	return out.String(), err
}

func TestTEN01AgenciesOfOneInstallationKnowNothingOfEachOtherUnderTheirHosts(t *testing.T) {
	// The command makes an account as the server will read it: at the real cost.
	eachWholeAt(t, staff.Cost{}, func(t *testing.T, w *whole) {
		said, err := created(t, w.c, ahorn())
		if err != nil {
			t.Fatal(err)
		}
		password := said[strings.LastIndex(said, " ")+1 : len(said)-1]
		if want := "chef@ahorn.example can sign in at https://termin.ahorn.example:8443/staff?agency=ahorn with the password "; !strings.HasPrefix(said, want) {
			t.Errorf("%s", said)
		}
		own, common := visit(t, w.url), visit(t, w.url)
		own.Host, common.Host = "termin.ahorn.example:8443", "localhost:8443"
		for _, c := range []struct {
			by   *worldtest.Browser
			path string
			want int
		}{
			{own, "/t/ahorn", 200},
			{own, "/api/guest/ahorn", 200},
			{own, "/t/demo", 404},
			{own, "/api/guest/demo", 404},
			{own, "/test", 200},
			{common, "/t/ahorn", 200},
			{common, "/t/demo", 200},
			{common, "/api/guest/ahorn", 200},
		} {
			if got := c.by.Get(c.path); got.Status != c.want {
				t.Errorf("%s at %s: %d", c.path, c.by.Host, got.Status)
			}
		}
		for _, route := range []string{"GET /t/{agency}", "GET /test"} { // also of a request that sees one agency only
			if n := strings.Count(w.log.String(), fmt.Sprintf("route=%q status=200", route)); route == "GET /test" && n != 1 || n < 1 {
				t.Errorf("%s stands in the log %d times", route, n)
			}
		}
		// Nobody names an agency there, and no other can be signed in to.
		own.Post("/api/staff/session", worldtest.Body{"agency": demo.Slug, "email": demo.Accounts()[0].Email, "password": w.password}).
			Expect(t, http.StatusUnauthorized, "session.wrong")
		own.Post("/api/staff/session", worldtest.Body{"agency": "", "email": "chef@ahorn.example", "password": password}).OK(t)
		own.Get("/api/staff/session").OK(t)
		common.Post("/api/staff/session", worldtest.Body{"agency": "", "email": "chef@ahorn.example", "password": password}).
			Expect(t, http.StatusUnprocessableEntity, "session.agency")
		// Passkeys are made for the installation's host: here no browser would show one, so nobody is offered any.
		own.Post("/api/staff/session/passkey/begin", worldtest.Body{}).Expect(t, http.StatusConflict, "passkey.none")
		own.Post("/api/staff/session/passkey", worldtest.Body{"credential": worldtest.Body{}}).Expect(t, http.StatusConflict, "passkey.none")
		own.Post("/api/staff/account/passkeys/begin", worldtest.Body{"password": password}).Expect(t, http.StatusConflict, "passkey.none")
		own.Post("/api/staff/account/passkeys", worldtest.Body{"label": "x", "credential": worldtest.Body{}}).Expect(t, http.StatusConflict, "passkey.none")
		for by, offered := range map[*worldtest.Browser]bool{own: false, common: true} {
			var ways struct{ Passkeys bool }
			if by.Get("/api/staff/sso?agency=ahorn").OK(t).Into(t, &ways); ways.Passkeys != offered {
				t.Errorf("%s: %+v", by.Host, ways)
			}
		}
		// A session of another agency is none here.
		stranger := w.signIn(demo.Accounts()[0])
		stranger.Get("/api/staff/session").OK(t)
		at, err := url.Parse(w.url)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range stranger.Client.Jar.Cookies(at) { // which no browser would send there
			stranger.Header.Add("Cookie", c.Name+"="+c.Value)
		}
		stranger.Host = own.Host
		stranger.Get("/api/staff/session").Expect(t, http.StatusUnauthorized, "session.none")
		stranger.Get("/api/staff/places?kind=location").Expect(t, http.StatusUnauthorized, "session.none")
		// Nor is a sign-in that is not through.
		err = w.database().Tx(t.Context(), func(tx *db.Tx) error {
			_, err := tx.ExecContext(t.Context(), `
				INSERT INTO policy (agency_id, place_kind, place_id, name, value, fixed, changed_at)
				SELECT id, 'agency', id, $1, '"demanded"', FALSE, 0 FROM agency WHERE slug = $2`, agency.SecondFactor, demo.Slug)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		halfway := common.Post("/api/staff/session", worldtest.Body{"agency": demo.Slug, "email": demo.Accounts()[0].Email, "password": w.password}).
			Expect(t, http.StatusUnauthorized, "session.setup")
		ticket := worldtest.Body{"ticket": halfway.Params["ticket"]}
		own.Post("/api/staff/session/setup", ticket).Expect(t, http.StatusUnauthorized, "session.expired")
		common.Post("/api/staff/session/setup", ticket).OK(t)
	})
}

func TestAnAgencyIsMadeListedAndChangedByCommand(t *testing.T) {
	eachInstalled(t, func(t *testing.T, c *config.Config) {
		if _, err := created(t, c, ahorn()); err != nil {
			t.Fatal(err)
		}
		if _, err := created(t, c, ahorn()); err == nil || !strings.Contains(err.Error(), "choose another") {
			t.Errorf("twice: %v", err)
		}
		for what, wrong := range map[string]func(*NewAgency){
			"the name in links": func(n *NewAgency) { n.Slug = "Ahorn!" }, "--name": func(n *NewAgency) { n.Name = " " },
			"--admin:": func(n *NewAgency) { n.Admin = "Chef <chef@ahorn.example>" }, "--host": func(n *NewAgency) { n.Host = "https://x.example" },
		} {
			n := ahorn()
			n.Slug, n.Host = "birke", "termin.birke.example"
			wrong(&n)
			if _, err := created(t, c, n); err == nil || !strings.Contains(err.Error(), what) {
				t.Errorf("%s: %v", what, err)
			}
		}
		var out bytes.Buffer
		name, none := "Amt am Ahorn", ""
		if err := ChangeAgency(t.Context(), c, "ahorn", AgencyChange{Name: &name, Host: &none}, &out); err != nil {
			t.Fatal(err)
		}
		if err := ListAgencies(t.Context(), c, &out); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"Amt am Ahorn", fmt.Sprintf("%s/t/ahorn", c.HTTP.URL), fmt.Sprintf("%s/staff?agency=ahorn", c.HTTP.URL), demo.Slug} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("no %s in\n%s", want, &out)
			}
		}
		if err := ChangeAgency(t.Context(), c, "birke", AgencyChange{}, &out); err == nil {
			t.Error("one that there is not was changed")
		}
		// It stands in its audit, and what was refused does not.
		if told := entries(t, c, "agency.changed"); !slices.Equal(told, []string{"what=created", "what=changed"}) {
			t.Errorf("the audit says %q", told)
		}
		var report bytes.Buffer
		if err := VerifyAudit(t.Context(), c, AuditCheck{}, &report); err != nil {
			t.Errorf("%v: %s", err, &report)
		}
	})
}
