package admin_test

import (
	"net/http"
	"testing"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

func TestWhatTheAgencyHasClosedNoOfficeOpensAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o, boss := administered(n, "lindenau")
		give(n, o, o.Winter, staff.LocationAdmin, agency.OfLocation, where(n, o).LocationID)
		b := n.SignIn(o.Winter)
		at := "/api/staff/people/" + o.Sommer.ID
		shut := func(who *Browser, is bool) Answer {
			return who.Post(at, Body{"version": personOf(t, boss, o.Sommer.ID).Version, "disabled": is})
		}
		again := Body{"email": o.Sommer.Email, "name": "x", "roles": []Body{{"role": "advisor", "place": o.Desk}}}
		if a := b.Post("/api/staff/people", again).Expect(t, 409, "person.exists"); a.Params["id"] != o.Sommer.ID {
			t.Errorf("of a colleague: %v", a.Params)
		}
		shut(boss, true).OK(t)
		if personOf(t, b, o.Sommer.ID).May {
			t.Error("the page offers it")
		}
		shut(b, false).Expect(t, 403, "admin.forbidden")
		b.Post(at, Body{"version": personOf(t, boss, o.Sommer.ID).Version, "name": "x"}).Expect(t, 403, "admin.forbidden")
		b.Post(at+"/roles", Body{"role": "lead", "place": o.Desk}).Expect(t, 403, "role.disabled")

		boss.Send(http.MethodDelete, at+"/roles/advisor/"+o.Desk, nil).OK(t)
		if a := b.Post("/api/staff/people", again).Expect(t, 409, "person.exists"); a.Params["id"] != nil {
			t.Errorf("of somebody who is not seen: %v", a.Params)
		}
		if a := boss.Post("/api/staff/people", again).Expect(t, 409, "person.exists"); a.Params["id"] != o.Sommer.ID {
			t.Errorf("for the agency: %v", a.Params)
		}
		boss.Post(at+"/roles", Body{"role": "advisor", "place": o.Desk}).OK(t)
		shut(boss, false).OK(t)
		b.Post(at+"/roles", Body{"role": "lead", "place": o.Desk}).OK(t)
	})
}

func TestOnlyWhatSomebodyMayTakeIsOfferedToThem(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o, boss := administered(n, "lindenau")
		at := where(n, o)
		give(n, o, o.Winter, staff.LocationAdmin, agency.OfLocation, at.LocationID)
		give(n, o, o.Sommer, staff.Reception, agency.OfDepartment, at.DepartmentID)
		n.Tx(func(tx *db.Tx) error {
			lead := staff.Held{Role: staff.Lead, Kind: agency.OfDesk, Place: o.Desk}
			return n.Staff.Give(t.Context(), tx, o.Agency, staff.Grant{Staff: o.Sommer.ID, Source: staff.SCIM, Held: lead})
		})
		b, person := n.SignIn(o.Winter), "/api/staff/people/"+o.Sommer.ID
		for _, r := range personOf(t, b, o.Sommer.ID).Roles {
			if r.MayTake != (r.Role == staff.Advisor) {
				t.Errorf("a location's administration is offered to take %s: %t", r.Role, r.MayTake)
			}
		}
		for _, r := range personOf(t, boss, o.Sommer.ID).Roles {
			if r.MayTake != (r.Source != staff.SCIM) {
				t.Errorf("the agency's administration is offered to take %s: %t", r.Role, r.MayTake)
			}
		}
		b.Send(http.MethodDelete, person+"/roles/reception/"+at.DepartmentID, nil).Expect(t, 403, "role.forbidden")
		boss.Send(http.MethodDelete, person+"/roles/lead/"+o.Desk, nil).Expect(t, 409, "role.elsewhere")
	})
}

func TestPeersDoNotChangeEachOther(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o, boss := administered(n, "lindenau")
		at := where(n, o)
		give(n, o, o.Winter, staff.LocationAdmin, agency.OfLocation, at.LocationID)
		give(n, o, o.Sommer, staff.LocationAdmin, agency.OfLocation, at.LocationID)
		b := n.SignIn(o.Winter)
		change := func(who *Browser, id string, body Body) Answer {
			body["version"] = personOf(t, boss, id).Version
			return who.Post("/api/staff/people/"+id, body)
		}
		if personOf(t, b, o.Sommer.ID).May {
			t.Error("the page offers it")
		}
		change(b, o.Sommer.ID, Body{"disabled": true}).Expect(t, 403, "admin.forbidden")
		change(b, o.Sommer.ID, Body{"name": "x"}).Expect(t, 403, "admin.forbidden")
		// One's own name, and no more than that.
		change(b, o.Winter.ID, Body{"name": "Herr Dr. Winter"}).OK(t)
		change(b, o.Winter.ID, Body{"disabled": true}).Expect(t, 409, "person.self")
		// Whoever has less is theirs, and the agency may give both what they have.
		boss.Send(http.MethodDelete, "/api/staff/people/"+o.Sommer.ID+"/roles/location_admin/"+at.LocationID, nil).OK(t)
		change(b, o.Sommer.ID, Body{"disabled": true}).OK(t)
		change(boss, o.Winter.ID, Body{"disabled": true}).OK(t)
	})
}
