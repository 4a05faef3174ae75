package staff_test

import (
	"encoding/json"
	"testing"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

// told lets the agency's directory make an account, and tells its id.
func (s *abroad) told(body Body) string {
	s.T.Helper()
	var secret string
	s.Tx(func(tx *db.Tx) (err error) {
		_, secret, err = s.SCIM.MakeToken(s.T.Context(), tx, s.o.Agency, "directory", "")
		return err
	})
	b := s.Browser()
	b.Header.Set("Authorization", "Bearer "+secret)
	a := b.Post("/scim/v2/"+s.o.Slug+"/Users", body)
	var made struct{ ID string }
	if err := json.Unmarshal([]byte(a.Text), &made); err != nil || a.Status != 201 {
		s.T.Fatal(a.Status, a.Text)
	}
	return made.ID
}

// Neither address nor name is the same: only what both call the person.
func TestWhomTheDirectoryHasMadeIsWhoSignsIn(t *testing.T) {
	for name, with := range map[string]struct {
		set   func(*staff.Provider)
		claim func(map[string]any)
	}{
		"by externalId": {func(p *staff.Provider) { p.ExternalIDClaim = "oid" }, func(c map[string]any) { c["oid"] = "7f3a" }},
		"by userName":   {func(p *staff.Provider) { p.UserNameClaim = "preferred_username" }, func(c map[string]any) { c["preferred_username"] = "N.Neu@Amt.Example" }},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				s := newAbroad(t, d, func(p *staff.Provider) { p.LinkByEmail, p.CreateAccounts = false, false; with.set(p) })
				id := s.told(Body{"userName": "n.neu@amt.example", "externalId": "7f3a", "displayName": "Nele Neu", "emails": []Body{{"value": "nele@amt.example"}}})
				if name == "by userName" {
					s.Exec(`UPDATE staff_directory SET external_id = '' WHERE agency_id = $1`, s.o.Agency)
				}
				s.provider.Person["email"], s.provider.Person["name"] = "elsewhere@other.example", "Somebody"
				if at := s.signIn(s.browser()); at != "/staff#refused=sso.no_account" {
					t.Errorf("without the claim: at %s", at)
				}
				with.claim(s.provider.Person)
				m := me(t, s.in(t))
				if m.ID != id || m.Name != "Nele Neu" || len(m.Desks) != 1 {
					t.Errorf("%+v, not %s", m, id)
				}
				if again := me(t, s.in(t)); again.ID != id {
					t.Errorf("%+v", again)
				}
				// Somebody else whom the provider calls the same is somebody else.
				s.provider.Person["sub"] = "another person"
				if at := s.signIn(s.browser()); at != "/staff#refused=sso.taken" {
					t.Errorf("at %s", at)
				}
			})
		})
	}
}

func TestWhomTheDirectoryHasDisabledSignsInNoMore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newAbroad(t, d, func(p *staff.Provider) { p.ExternalIDClaim = "oid" })
		s.told(Body{"userName": "n.neu@amt.example", "externalId": "7f3a", "active": false})
		s.provider.Person["oid"] = "7f3a"
		if at := s.signIn(s.browser()); at != "/staff#refused=sso.disabled" {
			t.Errorf("at %s", at)
		}
	})
}

// A user name may be a successor's; and who can write one must not get what reaches the whole agency.
func TestAUserNameFindsNobodyWhomAnExternalIDNames(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newAbroad(t, d, func(p *staff.Provider) {
			p.LinkByEmail, p.CreateAccounts, p.ExternalIDClaim, p.UserNameClaim = false, false, "oid", "preferred_username"
		})
		id := s.told(Body{"userName": "n.neu@amt.example", "externalId": "7f3a"})
		s.provider.Person["preferred_username"], s.provider.Person["oid"] = "n.neu@amt.example", "somebody else"
		if at := s.signIn(s.browser()); at != "/staff#refused=sso.no_account" {
			t.Errorf("at %s", at)
		}
		s.Exec(`UPDATE staff_directory SET external_id = '' WHERE agency_id = $1`, s.o.Agency)
		give(s.Node, s.o, Account{ID: id}, staff.AgencyAdmin, agency.Place{Kind: agency.OfAgency, ID: s.o.Agency})
		if at := s.signIn(s.browser()); at != "/staff#refused=sso.taken" {
			t.Errorf("at %s", at)
		}
	})
}
