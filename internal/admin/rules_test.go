package admin_test

import (
	"net/http"
	"strings"
	"testing"

	"visavis/internal/admin"
	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

func TestARuleIsShownWithWhereItComesFromAndChangedWhereThatIsAllowed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		desk, err := n.Agencies.Desk(t.Context(), d.Read(), o.Agency, o.Desk)
		if err != nil {
			t.Fatal(err)
		}
		n.Tx(func(tx *db.Tx) error {
			if err := n.Staff.Give(t.Context(), tx, o.Agency, staff.Grant{
				Staff: o.Herbst.ID, Held: staff.Held{Role: staff.LocationAdmin, Kind: agency.OfLocation, Place: desk.LocationID}, Source: staff.ByHand,
			}); err != nil {
				return err
			}
			return n.Staff.Give(t.Context(), tx, o.Agency, staff.Grant{
				Staff: o.Winter.ID, Held: staff.Held{Role: staff.AgencyAdmin, Kind: agency.OfAgency, Place: o.Agency}, Source: staff.ByHand,
			})
		})
		herbst, winter := n.SignIn(o.Herbst), n.SignIn(o.Winter)
		at := func(place, rule string) string {
			return strings.TrimSuffix("/api/staff/places/"+place+"/rules/"+rule, "/")
		}
		rule := func(a Answer, name string) admin.RuleView {
			t.Helper()
			var got admin.RulesOutput
			a.OK(t).Into(t, &got.Body)
			for _, r := range got.Body.Rules {
				if string(r.Rule) == name {
					return r
				}
			}
			t.Fatalf("no %s in %s", name, a.Text)
			return admin.RuleView{}
		}
		if r := rule(herbst.Get(at(o.Desk, "")), "waiting.early"); r.Value != 10.0 || r.Kind != "" || !r.MayDecide || r.Fixable {
			t.Errorf("%+v", r)
		}
		herbst.Send(http.MethodPut, at(desk.LocationID, "waiting.early"), Body{"value": 20}).OK(t)
		if r := rule(herbst.Get(at(o.Desk, "")), "waiting.early"); r.Value != 20.0 || r.PlaceName != "Rathaus" || r.Kind != agency.OfLocation {
			t.Errorf("%+v", r)
		}
		if r := rule(herbst.Get(at(desk.LocationID, "")), "waiting.early"); !r.Fixable {
			t.Errorf("%+v", r)
		}
		// Above for all: below nobody may, and is told so before they try, and also what becomes of their own.
		herbst.Send(http.MethodPut, at(o.Desk, "offered.from"), Body{"value": "2026-02-01"}).OK(t)
		winter.Send(http.MethodPut, at(o.Agency, "offered.from"), Body{"value": "2026-01-01", "fixed": true}).OK(t)
		if r := rule(herbst.Get(at(o.Desk, "")), "offered.from"); r.MayDecide || !r.Fixed || r.Kind != agency.OfAgency || !r.Overruled {
			t.Errorf("%+v", r)
		}
		herbst.Send(http.MethodPut, at(o.Desk, "offered.from"), Body{"value": "never"}).Expect(t, http.StatusConflict, "rule.fixed")
		if r := rule(winter.Send(http.MethodDelete, at(o.Agency, "offered.from"), nil), "offered.from"); r.Kind != "" || r.Value != "" {
			t.Errorf("%+v", r)
		}
		herbst.Send(http.MethodPut, at(o.Desk, "waiting.early"), Body{"value": 1.5}).Expect(t, http.StatusUnprocessableEntity, "rule.invalid")
		herbst.Send(http.MethodPut, at(o.Desk, "waiting.early"), `{"value":-0}`).OK(t) // JSON has it, and no code of the audit
		herbst.Send(http.MethodPut, at(o.Desk, "waiting.forever"), Body{"value": 1}).Expect(t, http.StatusUnprocessableEntity, "rule.invalid")
		herbst.Send(http.MethodPut, at(o.Agency, "offered.from"), Body{"value": "never"}).Expect(t, http.StatusForbidden, "admin.forbidden")
		other := n.Office("ahorn")
		herbst.Get(at(other.Desk, "")).Expect(t, http.StatusNotFound, "not_found")
		herbst.Send(http.MethodPut, at(other.Desk, "waiting.early"), Body{"value": 1}).Expect(t, http.StatusNotFound, "not_found")
	})
}

func TestWhatGuestsReadWhereNobodyHasWrittenATextCanBeRead(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o, b := administered(n, "lindenau")
		var got admin.RulesOutput
		b.Get("/api/staff/places/"+o.Agency+"/rules").OK(t).Into(t, &got.Body)
		for _, r := range got.Body.Rules {
			switch r.Rule {
			case agency.LegalNotice:
				a, err := n.Agencies.ByID(t.Context(), o.Agency)
				if err != nil || !strings.Contains(r.Comes["de"], a.Name+", Telefon "+a.Phone) || strings.Contains(r.Comes["en"], "{") {
					t.Errorf("%q %v", r.Comes, err)
				}
			case agency.LegalConsent:
				if !strings.Contains(r.Comes["de"], "freiwillig") || r.Comes["en"] == "" {
					t.Errorf("%q", r.Comes)
				}
			default:
				if r.Comes != nil {
					t.Errorf("%s comes with %q", r.Rule, r.Comes)
				}
			}
		}
	})
}

// The agency's telephone number stands in its own row: it counts, and there is nothing to reset until a rule says otherwise.
func TestOnlyWhatAPlaceHasDecidedIsSaidToBeDecidedThere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		n.Tx(func(tx *db.Tx) error {
			return n.Staff.Give(t.Context(), tx, o.Agency, staff.Grant{
				Staff: o.Winter.ID, Held: staff.Held{Role: staff.AgencyAdmin, Kind: agency.OfAgency, Place: o.Agency}, Source: staff.ByHand,
			})
		})
		winter := n.SignIn(o.Winter)
		at := func(place string) string { return "/api/staff/places/" + place + "/rules" }
		is := func(a Answer, value string, decided bool) {
			t.Helper()
			var got admin.RulesOutput
			a.OK(t).Into(t, &got.Body)
			for _, r := range got.Body.Rules {
				if r.Rule == agency.ContactPhone && (r.Value != value || r.Place != o.Agency || r.Decided != decided) {
					t.Errorf("%+v", r)
				}
			}
		}
		is(winter.Get(at(o.Agency)), "0711 1234", false)
		phone := at(o.Agency) + "/contact.phone"
		is(winter.Send(http.MethodDelete, phone, nil), "0711 1234", false)
		is(winter.Send(http.MethodPut, phone, Body{"value": "0711 99"}), "0711 99", true)
		desk, err := n.Agencies.Desk(t.Context(), d.Read(), o.Agency, o.Desk)
		if err != nil {
			t.Fatal(err)
		}
		is(winter.Get(at(desk.DepartmentID)), "0711 99", false)
		is(winter.Send(http.MethodDelete, phone, nil), "0711 1234", false)
		is(winter.Get(at(desk.DepartmentID)), "0711 1234", false)
	})
}

// At a location nobody has decided, and yet a service opens its waiting rooms earlier there: the page must not say that the
// default counts for all.
func TestARuleSaysWhereServicesHaveDecidedOtherwise(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		desk, err := n.Agencies.Desk(t.Context(), d.Read(), o.Agency, o.Desk)
		if err != nil {
			t.Fatal(err)
		}
		n.Tx(func(tx *db.Tx) error {
			return n.Staff.Give(t.Context(), tx, o.Agency, staff.Grant{
				Staff: o.Winter.ID, Held: staff.Held{Role: staff.AgencyAdmin, Kind: agency.OfAgency, Place: o.Agency}, Source: staff.ByHand,
			})
		})
		winter := n.SignIn(o.Winter)
		at := func(place string) string { return "/api/staff/places/" + place + "/rules" }
		decide := func(place string, body Body) {
			t.Helper()
			winter.Send(http.MethodPut, at(place)+"/waiting.early", body).OK(t)
		}
		expect := func(what string, want map[string]bool) {
			t.Helper()
			for place, beside := range want {
				var got admin.RulesOutput
				winter.Get(at(place)).OK(t).Into(t, &got.Body)
				for _, r := range got.Body.Rules {
					if want := beside && r.Rule == agency.OpensEarly; r.Beside != want {
						t.Errorf("%s: %s at %s: %v, want %v", what, r.Rule, place, r.Beside, want)
					}
				}
			}
		}
		location := desk.LocationID
		expect("nobody has decided", map[string]bool{location: false, o.Desk: false})
		decide(o.Service, Body{"value": 20})
		expect("a service has", map[string]bool{location: true, o.Desk: true, o.Desk2: false, o.Service: false, o.Agency: false})
		decide(location, Body{"value": 30})
		expect("the location has, which counts more", map[string]bool{location: false, o.Desk: false})
		decide(o.Service, Body{"value": 20, "fixed": true})
		if r := ruleIn(t, winter.Get(at(o.Service)), "waiting.early"); !r.Fixed || !r.Fixable {
			t.Errorf("%+v", r)
		}
		winter.Send(http.MethodPut, at(o.Desk)+"/waiting.early", Body{"value": 20, "fixed": true}).Expect(t, http.StatusUnprocessableEntity, "rule.unfixable")
		expect("the service has for all", map[string]bool{location: true, o.Desk: true})
		decide(o.Agency, Body{"value": 5, "fixed": true})
		expect("the agency has for all", map[string]bool{location: false, o.Desk: false})
		winter.Send(http.MethodDelete, at(o.Agency)+"/waiting.early", nil).OK(t)
		winter.Send(http.MethodDelete, at(o.Service)+"/waiting.early", nil).OK(t)
		winter.Send(http.MethodDelete, at(location)+"/waiting.early", nil).OK(t)
		decide(desk.DepartmentID, Body{"value": 25})
		expect("a department has", map[string]bool{location: true, o.Desk: false})
	})
}
