package staff_test

import (
	"slices"
	"strings"
	"testing"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	"visavis/internal/staff/oidc/oidctest"
	. "visavis/internal/worldtest"
)

func TestACC07AnAddressWithLettersThatLookAlikeIsNobodys(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newAbroad(t, d, nil)
		s.provider.Person["sub"] = "somebody else"
		for _, email := range []string{"w\u0130nter@amt.example", "sommer@amt.\u212Aexample", "SOMMER\u017F@amt.example"} {
			s.provider.Person["email"] = email
			b := s.browser()
			if at := s.signIn(b); at != "/staff#refused=sso.email" || signedIn(b) {
				t.Errorf("%q: at %s", email, at)
			}
		}
		s.Browser().Post(path, Body{"agency": "lindenau", "email": "w\u0130nter@amt.example", "password": Password}).Expect(t, 401, "session.wrong")
	})
}

// elsewhere signs in at the second provider of the agency.
func (s *abroad) elsewhere(b *Browser) string {
	s.T.Helper()
	query := s.second.Authorize(s.begin(b, "zweit"))
	return b.Get(callback("zweit", query)).Expect(s.T, 303, "").Header.Get("Location")
}

func TestACC07AnAccountOfOneProviderIsNotGotAtAnother(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newAbroad(t, d, nil)
		s.in(t)
		s.second.Person["sub"] = "somebody else"
		if at := s.elsewhere(s.browser()); at != "/staff#refused=sso.taken" {
			t.Errorf("at %s", at)
		}
		// Once the first provider has been replaced by another one, its people come from there.
		s.Providers[0].Party = party(s.World, oidctest.New(t, s.Clock.Now), "keycloak", nil)
		if at := s.elsewhere(s.browser()); at != "/staff#signed-in" {
			t.Errorf("at %s", at)
		}
	})
}

func TestACC07AnAccountForTheWholeAgencyIsNotGotByItsAddress(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newAbroad(t, d, nil)
		whole := place(s.Node, s.o.Agency, s.o.Agency)
		for _, role := range []staff.Role{staff.AgencyAdmin, staff.Protection, staff.Auditor, staff.Operator} {
			give(s.Node, s.o, s.o.Sommer, role, whole)
			b := s.browser()
			if at := s.signIn(b); at != "/staff#refused=sso.taken" || signedIn(b) {
				t.Errorf("%s: at %s", role, at)
			}
			s.Tx(func(tx *db.Tx) error {
				return s.Staff.Take(t.Context(), tx, s.o.Agency, staff.Grant{
					Staff: s.o.Sommer.ID, Held: staff.Held{Role: role, Kind: whole.Kind, Place: whole.ID}, Source: staff.ByHand,
				})
			})
		}
		s.in(t)
	})
}

func TestACC07NothingIsKeptOfWhoHasNoRole(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newAbroad(t, d, nil)
		before := s.Count(`SELECT COUNT(*) FROM staff`)
		s.provider.Person["email"], s.provider.Person["groups"] = "neu@amt.example", []string{}
		if at := s.signIn(s.browser()); at != "/staff#refused=sso.no_role" {
			t.Errorf("at %s", at)
		}
		if made := s.Count(`SELECT COUNT(*) FROM staff`) - before; made != 0 || s.Count(`SELECT COUNT(*) FROM staff_identity`) != 0 || len(s.acts()) != 0 {
			t.Errorf("%d accounts, the audit says %q", made, s.acts())
		}
		s.provider.Person["groups"] = []string{"beratung"}
		s.in(t)
	})
}

func TestACC07TheLastWhoAdministersKeepsTheRole(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newAbroad(t, d, nil)
		admins := func() int {
			return s.Count(`SELECT COUNT(*) FROM staff_role WHERE role = 'agency_admin' AND source = 'claim'`)
		}
		s.provider.Person["groups"] = []string{"beratung", "verwaltung"}
		s.in(t)
		s.provider.Person["groups"] = []string{"beratung"}
		s.in(t)
		if admins() != 1 || !strings.Contains(s.Log.String(), "last administrator") {
			t.Error("nobody administers the agency any more, or nobody is told")
		}
		give(s.Node, s.o, s.o.Winter, staff.AgencyAdmin, place(s.Node, s.o.Agency, s.o.Agency))
		s.in(t)
		if admins() != 0 {
			t.Error("kept although there is another one")
		}
	})
}

func TestACC07AProviderThatSaysNothingOfRolesTakesNoneBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newAbroad(t, d, nil)
		given := me(t, s.in(t)).Roles
		s.second.Person["sub"] = "person-2"
		s.Exec(`INSERT INTO staff_identity (agency_id, issuer, subject, staff_id, created_at, used_at) VALUES ($1, $2, 'person-2', $3, 1, 1)`,
			s.o.Agency, s.second.Issuer(), s.o.Sommer.ID)
		b := s.browser()
		if at := s.elsewhere(b); at != "/staff#signed-in" {
			t.Fatalf("at %s", at)
		}
		if roles := me(t, b).Roles; !slices.Equal(roles, given) {
			t.Errorf("%+v became %+v", given, roles)
		}
	})
}
