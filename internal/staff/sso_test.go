package staff_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	"visavis/internal/staff/oidc"
	"visavis/internal/staff/oidc/oidctest"
	. "visavis/internal/worldtest"
)

// abroad is an office whose staff sign in at a provider, and another one with another provider.
type abroad struct {
	*Node
	o, other         Office
	provider, second *oidctest.Provider
	setUp            int // entries of the audit
}

func newAbroad(t *testing.T, d *db.DB, change func(*staff.Provider)) *abroad {
	t.Helper()
	w := New(t, d)
	s := &abroad{provider: oidctest.New(t, w.Clock.Now), second: oidctest.New(t, w.Clock.Now)}
	first := staff.Provider{
		ID: "keycloak", Name: "Dienstkonto", Agency: "lindenau", Party: party(w, s.provider, "keycloak", nil),
		LinkByEmail: true, CreateAccounts: true, RolesClaim: "groups",
		Roles: []staff.ClaimRole{
			{Value: "beratung", Role: staff.Advisor, Kind: "desk", Code: "L-1"},
			{Value: "beratung-2", Role: staff.Advisor, Kind: "desk", Code: "L-2"},
			{Value: "leitung", Role: staff.Lead, Kind: "desk", Code: "L-1"},
			{Value: "verwaltung", Role: staff.AgencyAdmin, Kind: "agency"},
			{Value: "fort", Role: staff.Advisor, Kind: "desk", Code: "gone"},
		},
	}
	if change != nil {
		change(&first)
	}
	w.Providers = []staff.Provider{first, {
		ID: "entra", Name: "Microsoft", Agency: "ahorn", Party: party(w, s.second, "entra", nil), LinkByEmail: true,
	}, {
		ID: "zweit", Name: "Zweitkonto", Agency: "lindenau", Party: party(w, s.second, "zweit", nil), LinkByEmail: true,
	}}
	s.Node = w.Node()
	s.o, s.other = s.Office("lindenau"), s.Office("ahorn")
	for _, o := range []Office{s.o, s.other} {
		s.Exec(`UPDATE desk SET code = 'L-1' WHERE agency_id = $1 AND id = $2`, o.Agency, o.Desk)
		s.Exec(`UPDATE desk SET code = 'L-2' WHERE agency_id = $1 AND id = $2`, o.Agency, o.Desk2)
	}
	s.setUp = s.Count(`SELECT COUNT(*) FROM audit_entry WHERE agency_id = $1`, s.o.Agency)
	for _, p := range []*oidctest.Provider{s.provider, s.second} {
		p.Person = map[string]any{
			"sub": "person-1", "sid": "session-1", "name": "Sommer, Anna", "email": "Sommer@Amt.example", "email_verified": true,
			"groups": []string{"beratung", "something else"},
		}
	}
	return s
}

func party(w *World, p *oidctest.Provider, id string, change func(*oidc.Options)) *oidc.Party {
	o := oidc.Options{
		Issuer: p.Issuer(), ClientID: oidctest.ClientID, ClientSecret: oidctest.Secret,
		Clock: w.Clock.Now, Transport: p.Server.Client().Transport, Scopes: []string{"email"},
	}
	if change != nil {
		change(&o)
	}
	return oidc.New(o)
}

// browser goes nowhere by itself.
func (s *abroad) browser() *Browser {
	b := s.Browser()
	b.Client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return b
}

// acts are the newest entries of the audit, as many as there are since the office was set up.
func (s *abroad) acts() []string {
	s.T.Helper()
	all, err := db.Texts(s.DB.Read().QueryContext(s.T.Context(), `SELECT act || ' ' || detail FROM audit_entry WHERE agency_id = $1 ORDER BY seq`, s.o.Agency))
	if err != nil {
		s.T.Fatal(err)
	}
	return all[s.setUp:]
}

const ssoPath = "/api/staff/sso/"

// begin goes to a provider, and answers where that is.
func (s *abroad) begin(b *Browser, id string) string {
	s.T.Helper()
	return b.Get(ssoPath+id+"/start").Expect(s.T, http.StatusSeeOther, "").Header.Get("Location")
}

func callback(id string, query url.Values) string {
	return ssoPath + id + "/callback?" + query.Encode()
}

// signIn goes to the first provider and back, and answers where the browser is then.
func (s *abroad) signIn(b *Browser) string {
	s.T.Helper()
	query := s.provider.Authorize(s.begin(b, "keycloak"))
	return b.Get(callback("keycloak", query)).Expect(s.T, http.StatusSeeOther, "").Header.Get("Location")
}

func (s *abroad) in(t *testing.T) *Browser {
	t.Helper()
	b := s.browser()
	if at := s.signIn(b); at != "/staff#signed-in" {
		t.Fatalf("at %s", at)
	}
	return b
}

type meView struct {
	ID, Name, Email string
	Roles           []staff.Held
	Desks           []struct {
		ID   string
		Role staff.Role
	}
}

func me(t *testing.T, b *Browser) (m meView) {
	t.Helper()
	b.Get(path).OK(t).Into(t, &m)
	return m
}

func TestACC07WhoComesFromTheProviderHasTheAccountWithTheSameAddress(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newAbroad(t, d, nil)
		b := s.browser()
		query := s.provider.Authorize(s.begin(b, "keycloak"))
		a := b.Get(callback("keycloak", query))
		if a.Header.Get("Location") != "/staff#signed-in" {
			t.Fatalf("%d %s", a.Status, a.Header.Get("Location"))
		}
		for _, c := range a.Cookies {
			if c.Name == "__Host-staff" && (!c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteStrictMode) {
				t.Errorf("%v", c)
			}
			if c.Name == "__Host-sso" && c.MaxAge >= 0 {
				t.Errorf("kept: %v", c)
			}
		}
		if m := me(t, b); m.ID != s.o.Sommer.ID || m.Name != "Frau Sommer" {
			t.Errorf("%+v", m)
		}
		// From now on the name at the provider counts, whatever the address is.
		s.provider.Person["email"], s.provider.Person["email_verified"] = "herbst@amt.example", false
		if m := me(t, s.in(t)); m.ID != s.o.Sommer.ID {
			t.Errorf("%+v", m)
		}
		if n := s.Count(`SELECT COUNT(*) FROM staff_identity`); n != 1 {
			t.Errorf("%d identities", n)
		}
	})
}

func TestACC07WhoHasNoAccountGetsOneAndItHasNoPassword(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newAbroad(t, d, nil)
		s.provider.Person["email"], s.provider.Person["name"] = "neu@amt.example", "  Neu\u0007 \n Frau "
		b := s.in(t)
		m := me(t, b)
		if m.Name != "Neu Frau" || m.Email != "neu@amt.example" || len(m.Desks) != 1 || m.Desks[0].ID != s.o.Desk || m.Desks[0].Role != staff.Advisor {
			t.Errorf("%+v", m)
		}
		desk := s.o.Desk
		if got, want := s.acts(), []string{
			"account.created ", "identity.bound ", "role.given role=advisor place=" + desk + " source=claim", "session.begun ",
		}; !slices.Equal(got, want) {
			t.Errorf("the audit says %q", got)
		}
		for _, password := range []string{"", "x", Password} {
			s.Browser().Post(path, Body{"agency": "lindenau", "email": "neu@amt.example", "password": password}).
				Expect(t, http.StatusUnauthorized, "session.wrong")
		}
	})
}

func TestACC07TheFirstTwoSignInsAtTheSameInstantMakeOneAccount(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newAbroad(t, d, nil)
		s.provider.Person["email"] = "neu@amt.example"
		var all sync.WaitGroup
		for range 4 {
			b := s.browser()
			query := s.provider.Authorize(s.begin(b, "keycloak"))
			all.Go(func() {
				if at := b.Get(callback("keycloak", query)).Header.Get("Location"); at != "/staff#signed-in" {
					t.Errorf("at %s", at)
				}
			})
		}
		all.Wait()
		if n := s.Count(`SELECT COUNT(*) FROM staff WHERE email = 'neu@amt.example'`); n != 1 {
			t.Errorf("%d accounts", n)
		}
	})
}

func TestACC07OfTwoWhoHaveTheSameAddressAtTheSameInstantOneComesIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newAbroad(t, d, nil)
		var all sync.WaitGroup
		var in, taken atomic.Int32
		for i := range 6 {
			b := s.browser()
			query := s.provider.Authorize(s.begin(b, "keycloak"))
			s.provider.Subject(query.Get("code"), "person-"+strconv.Itoa(i))
			all.Go(func() {
				switch at := b.Get(callback("keycloak", query)).Header.Get("Location"); at {
				case "/staff#signed-in":
					in.Add(1)
				case "/staff#refused=sso.taken":
					taken.Add(1)
				default:
					t.Errorf("at %s", at)
				}
			})
		}
		all.Wait()
		if in.Load() != 1 || taken.Load() != 5 {
			t.Errorf("%d came in, %d were refused", in.Load(), taken.Load())
		}
	})
}

func TestACC07RolesAreWhatTheProviderSaysAtTheNewestSignIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newAbroad(t, d, nil)
		s.provider.Person["sub"], s.provider.Person["email"] = "person-9", "neu@amt.example"
		s.provider.Person["groups"] = []string{"beratung", "leitung", "beratung-2", "fort", "beratung"}
		first := s.in(t)
		desks := func() (got []string) {
			for _, d := range me(t, first).Desks {
				got = append(got, d.ID+" "+string(d.Role))
			}
			slices.Sort(got)
			return got
		}
		want := []string{s.o.Desk + " lead", s.o.Desk2 + " advisor"}
		slices.Sort(want)
		if got := desks(); !slices.Equal(got, want) {
			t.Fatalf("%v", got)
		}
		if !strings.Contains(s.Log.String(), "place that is not there") {
			t.Error("nobody tells the operator of a place that is not there")
		}
		// What somebody has given by hand is not the provider's to take.
		s.Tx(func(tx *db.Tx) error {
			return s.Staff.Give(t.Context(), tx, s.o.Agency, staff.Grant{
				Staff: me(t, first).ID, Held: staff.At(staff.Reception, s.o.Desk2)[0], Source: staff.ByHand,
			})
		})
		list := first.Listen("/api/staff/stream", "")
		list.Until("snapshot", nil)
		s.provider.Person["groups"] = "verwaltung"
		s.in(t)
		begun := time.Now()
		if got := list.Until("bye", nil); got != `{"reason":"rights"}` { // ACC-08: the other window shows other desks at once
			t.Error(got)
		}
		t.Logf("the other window is told after %v", time.Since(begun))
		if got := desks(); !slices.Equal(got, []string{s.o.Desk2 + " reception"}) {
			t.Errorf("%v", got)
		}
		if held := me(t, first).Roles; len(held) != 2 || !slices.Contains(held, staff.Held{Role: staff.AgencyAdmin, Kind: "agency", Place: s.o.Agency}) {
			t.Errorf("%+v", held)
		}
	})
}

// The provider says so at each sign-in.
func TestTheLogTellsNowAndThenOfARoleThatNobodyMayHoldBesideAnother(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newAbroad(t, d, nil)
		s.in(t)
		s.Tx(func(tx *db.Tx) error {
			return s.Staff.Give(t.Context(), tx, s.o.Agency, staff.Grant{
				Staff: s.o.Sommer.ID, Held: staff.Held{Role: staff.Auditor, Kind: agency.OfAgency, Place: s.o.Agency}, Source: staff.ByHand,
			})
		})
		s.provider.Person["groups"] = []string{"beratung", "verwaltung"}
		told := func() int { return strings.Count(s.Log.String(), "nobody may hold beside another") }
		for signIns, want := range []int{0, 1, 1, 1} {
			if signIns > 0 {
				s.signIn(s.browser())
			}
			if got := told(); got != want {
				t.Errorf("after %d sign-ins told %d times", signIns, got)
			}
		}
		s.Clock.Forward(2 * time.Minute)
		s.signIn(s.browser())
		if told() != 2 || !strings.Contains(s.Log.String(), "times=3") {
			t.Error(s.Log.String())
		}
	})
}

// Each is a sign-in that works but for one thing, and what the person is told.
func TestACC07WhoMayNotComeInIsToldWhy(t *testing.T) {
	for name, with := range map[string]struct {
		code   string
		change func(*staff.Provider)
		person Body
		before func(s *abroad)
	}{
		"nothing is wrong":                      {code: ""},
		"the claim for roles is missing":        {code: "sso.claims", person: Body{"groups": nil}},
		"the claim for roles is no list":        {code: "sso.claims", person: Body{"groups": 7}},
		"the address is not vouched for":        {code: "sso.email", person: Body{"email_verified": false}},
		"nobody says whether it is":             {code: "sso.email", person: Body{"email_verified": nil}},
		"there is no address":                   {code: "sso.email", person: Body{"email": nil}},
		"the address is several":                {code: "sso.email", person: Body{"email": "sommer@amt.example, x@y.example"}},
		"the address has a name before it":      {code: "sso.email", person: Body{"email": "x <sommer@amt.example>"}},
		"nobody has the address":                {code: "sso.no_account", person: Body{"email": "neu@amt.example"}, change: func(p *staff.Provider) { p.CreateAccounts = false }},
		"addresses do not count":                {code: "sso.taken", change: func(p *staff.Provider) { p.LinkByEmail = false }},
		"nobody is let in by coming":            {code: "sso.no_account", change: func(p *staff.Provider) { p.LinkByEmail, p.CreateAccounts = false, false }},
		"no value of the claim means anything":  {code: "sso.no_role", person: Body{"email": "neu@amt.example", "groups": []string{"x"}}},
		"the only place is not there":           {code: "sso.no_role", person: Body{"email": "neu@amt.example", "groups": []string{"fort"}}},
		"the account is disabled":               {code: "sso.disabled", before: func(s *abroad) { s.disable(s.o.Sommer.ID) }},
		"the known account is disabled":         {code: "sso.disabled", before: func(s *abroad) { s.signIn(s.browser()); s.disable(s.o.Sommer.ID) }},
		"the address has got to somebody else":  {code: "sso.taken", before: func(s *abroad) { s.signIn(s.browser()); s.provider.Person["sub"] = "person-2" }},
		"the provider is down":                  {code: "sso.unavailable", before: func(s *abroad) { s.provider.Answers[oidctest.TokenPath] = unwell }},
		"the provider lies":                     {code: "sso.untrusted", person: Body{"nonce": "x"}},
		"the provider says nothing of strength": {code: "sso.weak", change: func(p *staff.Provider) { p.Party = nil }},
	} {
		t.Run(name, func(t *testing.T) {
			s := newAbroad(t, dbtest.SQLite(t), with.change)
			if s.Providers[0].Party == nil {
				s.Providers[0].Party = party(s.World, s.provider, "keycloak", func(o *oidc.Options) { o.AMR = []string{"mfa"} })
			}
			maps.Copy(s.provider.Person, with.person)
			if with.before != nil {
				with.before(s)
			}
			b := s.browser()
			want := "/staff#refused=" + with.code
			if with.code == "" {
				want = "/staff#signed-in"
			}
			if at := s.signIn(b); at != want {
				t.Errorf("at %s, want %s", at, want)
			}
			if signedIn(b) != (with.code == "") {
				t.Error("and yet")
			}
			for _, personal := range []string{"Sommer", "sommer@", "neu@", "person-1"} {
				if strings.Contains(s.Log.String(), personal) {
					t.Errorf("%s in the log:\n%s", personal, s.Log.String())
				}
			}
		})
	}
}

func unwell(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }

// disable disables an account, as an import does.
func (s *abroad) disable(id string) {
	s.T.Helper()
	s.Tx(func(tx *db.Tx) error {
		return s.Staff.Disable(s.T.Context(), tx, s.o.Agency, staff.Author{}, id)
	})
}

func TestACC07AnAddressThatTheOperatorTrustsNeedsNoVouching(t *testing.T) {
	s := newAbroad(t, dbtest.SQLite(t), func(p *staff.Provider) { p.TrustEmail = true })
	delete(s.provider.Person, "email_verified")
	if m := me(t, s.in(t)); m.ID != s.o.Sommer.ID {
		t.Errorf("%+v", m)
	}
}

func TestACC07RunningSessionsGoOnWithoutTheProvider(t *testing.T) {
	s := newAbroad(t, dbtest.SQLite(t), nil)
	b := s.in(t)
	list := b.Listen("/api/staff/stream", "")
	list.Until("snapshot", nil)
	s.provider.Server.Close()
	s.Clock.Forward(2 * time.Hour)
	other := s.browser()
	if at := s.begin(other, "keycloak"); at != "/staff#refused=sso.unavailable" {
		t.Errorf("at %s", at)
	}
	if !signedIn(b) {
		t.Error("signed out")
	}
	if _, err := s.Staff.ByEmail(t.Context(), s.o.Agency, s.o.Sommer.Email); err != nil {
		t.Error(err)
	}
}

func TestTheSignInPageLearnsWhichWaysThereAre(t *testing.T) {
	s := newAbroad(t, dbtest.SQLite(t), nil)
	type ways struct {
		Providers         []struct{ ID, Name string }
		Password, Several bool
	}
	ask := func(query string) (w ways) {
		s.Browser().Get("/api/staff/sso"+query).OK(t).Into(t, &w)
		return w
	}
	if w := ask(""); !w.Several || len(w.Providers) != 0 {
		t.Errorf("%+v", w)
	}
	if w := ask("?agency=lindenau"); len(w.Providers) != 2 || w.Providers[0].ID != "keycloak" || w.Providers[0].Name != "Dienstkonto" || !w.Password {
		t.Errorf("%+v", w)
	}
	if w := ask("?agency=nowhere"); len(w.Providers) != 0 || !w.Password || w.Several {
		t.Errorf("%+v", w)
	}
	s.Exec(`UPDATE staff SET password_hash = '' WHERE agency_id = $1`, s.o.Agency)
	if w := ask("?agency=lindenau"); w.Password {
		t.Errorf("%+v", w)
	}
}

func TestACC07NobodyIsSentToTheProviderOfAnAgencyThatIsNotThere(t *testing.T) {
	s := newAbroad(t, dbtest.SQLite(t), func(p *staff.Provider) { p.Agency = "nowhere" })
	if at := s.begin(s.browser(), "keycloak"); at != "/staff#refused=sso.unknown" {
		t.Errorf("at %s", at)
	}
}

// What binds a sign-in to a browser is a cookie, and a cookie is bound to a host.
func TestACC07WhereAnAgencyHasItsOwnHostASignInBeginsAndEndsThere(t *testing.T) {
	s := newAbroad(t, dbtest.SQLite(t), nil)
	const host = "termin.lindenau.example"
	s.Tx(func(tx *db.Tx) error {
		return s.Agencies.Change(t.Context(), tx, agency.Agency{ID: s.o.Agency, Name: "Amt", Phone: "1", Host: host})
	})
	b := s.browser()
	const start = "/api/staff/sso/keycloak/start?to=%2Fstaff"
	if at := b.Get(start).Header.Get("Location"); at != "https://"+host+start {
		t.Errorf("at %s", at)
	}
	b.Host = host
	at, err := url.Parse(b.Get(start).Header.Get("Location"))
	if err != nil || at.Query().Get("redirect_uri") != "https://"+host+"/api/staff/sso/keycloak/callback" {
		t.Errorf("%v %v", at, err)
	}
}
