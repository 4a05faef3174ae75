package admin_test

import (
	"slices"
	"testing"

	"visavis/internal/admin"
	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	. "visavis/internal/worldtest"
)

// services is a table with what two services, of two departments, say of how early and how late.
func services(first, second string) admin.File {
	return file("services.csv", "code;department;name_de;minutes;early_minutes;late_minutes\nBER;JUG;Beratung;30;"+first+"\nANT;WOG;Antrag;30;"+second+"\n")
}

func TestAServiceSaysInItsFileHowEarlyAndHowLateOrLeavesItToThoseAbove(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		id := emptyAgency(n, "lindenau")
		brought(n, id, small()...)
		_, head := trail(n, id, 0)
		expect := func(f admin.File, want ...string) {
			t.Helper()
			brought(n, id, f)
			var got []string
			if got, head = trail(n, id, head); !slices.Equal(got, want) {
				t.Errorf("%s left %q", f.Data, got)
			}
			if again := brought(n, id, f); len(again) != 0 {
				t.Errorf("once more: %s", again)
			}
		}
		decided := func(want int, value string) {
			t.Helper()
			if got := n.Count(`SELECT COUNT(*) FROM policy WHERE agency_id = $1 AND place_kind = 'service' AND value = $2 AND NOT fixed`, id, value); got != want {
				t.Errorf("%d say %s", got, value)
			}
		}
		expect(services("20;", ";0"),
			"system rule.decided rule=waiting.early value=20 fixed=false",
			"system place.changed kind=services what=new", "system rule.decided rule=waiting.late value=0 fixed=false")
		decided(1, "20")
		expect(file("services.csv", "code;name_de\nBER;Rat\n"), "system place.changed kind=services what=changed")
		decided(1, "20") // what is left out stays
		expect(file("o.json", `{"services": [{"code": "BER", "late_minutes": 20}, {"code": "ANT", "late_minutes": null}]}`),
			"system rule.decided rule=waiting.late value=20 fixed=false", "system rule.left rule=waiting.late")
		decided(2, "20")
		expect(services(";20", ";"), "system place.changed kind=services what=changed", "system rule.left rule=waiting.early")
		decided(1, "20")
		decided(0, "0")
		for _, bad := range []string{"241;", ";1441", "x;", "1.5;"} {
			if got := refused(n, id, services(bad, ";")); !slices.Equal(got, []string{"services.csv 2 number"}) {
				t.Errorf("%s: %v", bad, got)
			}
		}
	})
}

func TestAFileSaysNothingElseThanWhatIsDecidedAboveForAll(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		id := emptyAgency(n, "lindenau")
		brought(n, id, small()...)
		brought(n, id, services("20;", ";"))
		decide := func(place agency.Place, rule agency.Rule) {
			t.Helper()
			n.Tx(func(tx *db.Tx) error {
				_, err := n.Agencies.Decide(t.Context(), tx, id, place, rule, []byte(`5`), true, "")
				return err
			})
		}
		department, err := n.Agencies.PlaceByCode(t.Context(), d.Read(), id, agency.OfDepartment, "WOG")
		if err != nil {
			t.Fatal(err)
		}
		decide(agency.Place{Kind: agency.OfAgency, ID: id}, agency.OpensEarly)
		decide(agency.Place{Kind: agency.OfDepartment, ID: department, Within: []string{id}}, agency.StaysLate)
		brought(n, id, services("20;30", ";")) // what it said before is kept, and another department is free
		if got := refused(n, id, services("21;30", "10;10")); !slices.Equal(got, []string{"services.csv 2 decided_above", "services.csv 3 decided_above", "services.csv 3 decided_above"}) {
			t.Errorf("%v", got)
		}
		document, m := admin.Read([]admin.File{services("21;30", ";")})
		if _, err := n.Admin.Trial(t.Context(), id, document, m); err != nil || len(m.List) != 1 {
			t.Errorf("a trial: %+v %v", m.List, err)
		}
		brought(n, id, services(";", ";"))
		if got := n.Count(`SELECT COUNT(*) FROM policy WHERE agency_id = $1 AND place_kind = 'service'`, id); got != 0 {
			t.Errorf("%d decisions", got)
		}
	})
}

// A file has no column for it.
func TestWhatAServiceDecidesForAllBelowStaysSoByAnImport(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		n.Decide(o, o.Service, agency.OpensEarly, `20`, true)
		brought(n, o.Agency, file("services.csv", "code;early_minutes\n"+o.Service+";25\n"))
		if got := n.Count(`SELECT COUNT(*) FROM policy WHERE agency_id = $1 AND place_id = $2 AND value = '25' AND fixed`, o.Agency, o.Service); got != 1 {
			t.Error("it is no longer for all")
		}
	})
}
