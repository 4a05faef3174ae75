package admin_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

func TestNobodyGivesThemselvesARole(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o, b := administered(n, "lindenau")
		location := where(n, o).LocationID
		give(n, o, o.Winter, staff.LocationAdmin, agency.OfLocation, location)
		for role, place := range map[string]string{"protection": o.Agency, "auditor": o.Agency, "operator": o.Agency, "advisor": o.Desk} {
			b.Post("/api/staff/people/"+o.Herbst.ID+"/roles", Body{"role": role, "place": place}).Expect(t, 409, "role.self")
		}
		n.SignIn(o.Winter).Post("/api/staff/people/"+o.Winter.ID+"/roles", Body{"role": "lead", "place": location}).Expect(t, 409, "role.self")
		// Nor by a file; others may be in it.
		mine := file("roles.csv", "email;role;at;place\n"+o.Sommer.Email+";operator;agency;\n"+o.Herbst.Email+";operator;agency;\n")
		for _, query := range []string{"trial=true", "trial=false"} {
			a := upload(b, query, mine).Expect(t, 422, "import.mistakes")
			if got := fmt.Sprint(a.Params["mistakes"]); got != "[map[code:role_self file:roles.csv kind:roles line:3]]" {
				t.Error(got)
			}
		}
		upload(b, "trial=false", file("roles.csv", "email;role;at;place\n"+o.Sommer.Email+";operator;agency;\n"+o.Herbst.Email+";agency_admin;agency;\n")).OK(t)
		if got := n.Count(`SELECT COUNT(*) FROM staff_role WHERE agency_id = $1 AND staff_id = $2`, o.Agency, o.Herbst.ID); got != 2 {
			t.Errorf("%d roles", got)
		}
	})
}

func TestTEN03WhoAdministersTheAgencyDoesNotWatchOverIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o, b := administered(n, "lindenau")
		give(n, o, o.Winter, staff.AgencyAdmin, agency.OfAgency, o.Agency)
		at := "/api/staff/people/" + o.Winter.ID + "/roles"
		b.Post(at, Body{"role": "protection", "place": o.Agency}).Expect(t, 409, "role.apart")
		b.Post(at, Body{"role": "auditor", "place": o.Agency}).Expect(t, 409, "role.apart")
		both := []Body{{"role": "auditor", "place": o.Agency}, {"role": "agency_admin", "place": o.Agency}}
		b.Post("/api/staff/people", Body{"email": "neu@amt.example", "name": "Neu", "roles": both}).Expect(t, 409, "role.apart")

		const head = "email;role;at;place;state\n"
		if got := refused(n, o.Agency, file("roles.csv", head+o.Sommer.Email+";operator;agency;;\n"+o.Winter.Email+";auditor;agency;;\n")); !slices.Equal(got, []string{"roles.csv 3 role_apart"}) {
			t.Errorf("beside what there is: %v", got)
		}
		two := head + o.Sommer.Email + ";agency_admin;agency;;\n" + o.Sommer.Email + ";protection;agency;;\n"
		if got := refused(n, o.Agency, file("roles.csv", two)); !slices.Equal(got, []string{"roles.csv 2 role_apart", "roles.csv 3 role_apart"}) {
			t.Errorf("both in one file: %v", got)
		}
		// Whoever changes sides leaves the other one, in one file or after the other.
		brought(n, o.Agency, file("roles.csv", head+o.Winter.Email+";auditor;agency;;\n"+o.Winter.Email+";agency_admin;agency;;taken\n"))
		b.Post(at, Body{"role": "protection", "place": o.Agency}).OK(t)
		b.Post(at, Body{"role": "agency_admin", "place": o.Agency}).Expect(t, 409, "role.apart")
		b.Send(http.MethodDelete, at+"/protection/"+o.Agency, nil).OK(t)
		b.Send(http.MethodDelete, at+"/auditor/"+o.Agency, nil).OK(t)
		b.Post(at, Body{"role": "agency_admin", "place": o.Agency}).OK(t)
		// What a directory gives is not in a file, and counts.
		n.Tx(func(tx *db.Tx) error {
			return n.Staff.Give(t.Context(), tx, o.Agency, staff.Grant{Staff: o.Sommer.ID, Source: "claim", Held: staff.Held{Role: staff.Auditor, Kind: agency.OfAgency, Place: o.Agency}})
		})
		if got := refused(n, o.Agency, file("roles.csv", head+o.Sommer.Email+";agency_admin;agency;;\n")); !slices.Equal(got, []string{"roles.csv 2 role_apart"}) {
			t.Errorf("beside what a directory gives: %v", got)
		}
	})
}
