package staff_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

func (s *abroad) demand() {
	s.T.Helper()
	s.Exec(`INSERT INTO policy (agency_id, place_kind, place_id, name, value, fixed, changed_at) VALUES ($1, 'agency', $1, $2, '"demanded"', FALSE, 0)`,
		s.o.Agency, agency.SecondFactor)
}

// Which factors a provider asks for is its own business, and can be demanded of it (acr, amr).
func TestACC07WhoComesFromAProviderIsNotAskedForASecondFactorHere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newAbroad(t, d, nil)
		s.demand()
		b := s.in(t)
		if m := me(t, b); m.ID != s.o.Sommer.ID {
			t.Errorf("%+v", m)
		}
		// The password beside it is not enough.
		s.Browser().Post(path, credentials(s.o.Sommer, Password)).Expect(t, http.StatusUnauthorized, "session.setup")
		// And who comes from there sets one up for it, and goes on coming from there.
		l := &letters{Node: s.Node, t: t, o: s.o}
		l.turnOn(b)
		s.Browser().Post(path, credentials(s.o.Sommer, Password)).Expect(t, http.StatusUnauthorized, "session.code")
		s.in(t)
	})
}

func TestACC07AnAccountThatIsGuardedByMoreThanAPasswordIsNotGotByItsAddress(t *testing.T) {
	for name, guard := range map[string]func(*letters, *Browser){
		"an app":    func(l *letters, b *Browser) { l.turnOn(b) },
		"a passkey": func(l *letters, b *Browser) { l.addKey(b, newAuthenticator(l.t)).OK(l.t) },
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				s := newAbroad(t, d, nil)
				guard(&letters{Node: s.Node, t: t, o: s.o}, s.SignIn(s.o.Sommer))
				b := s.browser()
				if at := s.signIn(b); at != "/staff#refused=sso.taken" || signedIn(b) {
					t.Errorf("at %s", at)
				}
				s.Tx(func(tx *db.Tx) error {
					return s.Staff.ResetFactor(t.Context(), tx, staff.Person{ID: s.o.Sommer.ID, Agency: s.o.Agency}, s.o.Winter.ID)
				})
				s.in(t)
			})
		})
	}
}

func TestACC07AnAccountThatTheDirectoryHasReaddressedIsNotGotByItsAddress(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newAbroad(t, d, nil)
		s.Tx(func(tx *db.Tx) error {
			return s.Staff.Readdress(t.Context(), tx, staff.Person{ID: s.o.Sommer.ID, Agency: s.o.Agency, Name: s.o.Sommer.Name, Email: s.o.Sommer.Email}, staff.Author{})
		})
		if at := s.signIn(s.browser()); at != "/staff#refused=sso.taken" {
			t.Errorf("at %s", at)
		}
		s.SignIn(s.o.Sommer)
		s.in(t)
	})
}

// Who watches over something does not do it, whoever says so.
func TestAClaimGivesNobodyTwoRolesThatOnePersonMayNotHold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newAbroad(t, d, nil)
		s.in(t)
		give(s.Node, s.o, s.o.Sommer, staff.Auditor, place(s.Node, s.o.Agency, s.o.Agency))
		s.provider.Person["groups"] = []string{"beratung", "verwaltung"}
		m := me(t, s.in(t))
		if slices.ContainsFunc(m.Roles, func(h staff.Held) bool { return h.Role == staff.AgencyAdmin }) || len(m.Roles) != 3 {
			t.Errorf("%+v", m.Roles)
		}
		if !strings.Contains(s.Log.String(), "nobody may hold beside another one") {
			t.Error("and nobody is told")
		}
	})
}
