package admin_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

// trail are the entries after a number: what happened, with its details but for ids.
func trail(n *Node, agencyID string, after int64) (out []string, head int64) {
	n.T.Helper()
	list, err := n.Audit.Page(n.T.Context(), n.DB.Read(), agencyID, audit.Filter{}, audit.Cursor{}, 1000)
	if err != nil {
		n.T.Fatal(err)
	}
	slices.SortFunc(list, func(a, b audit.Row) int { return int(a.Seq - b.Seq) })
	for _, row := range list {
		if head = row.Seq; row.Seq > after {
			words := slices.DeleteFunc(strings.Fields(row.Detail), func(w string) bool { return strings.HasPrefix(w, "place=") })
			out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s", row.ActorKind, row.Act, strings.Join(words, " "))))
		}
	}
	return out, head
}

func TestAUD02WhatChangesAnOrganisationLeavesOneEntryEach(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		id := emptyAgency(n, "lindenau")
		_, head := trail(n, id, 0)
		expect := func(what string, want ...string) {
			t.Helper()
			var got []string
			if got, head = trail(n, id, head); !slices.Equal(got, want) {
				t.Errorf("%s left\n\t%s", what, strings.Join(got, "\n\t"))
			}
		}
		brought(n, id, small()...)
		expect("an import",
			"system place.changed kind=departments what=new", "system place.changed kind=departments what=new",
			"system place.changed kind=locations what=new", "system place.changed kind=locations what=new",
			"system place.changed kind=desks what=new", "system place.changed kind=desks what=new", "system place.changed kind=desks what=new",
			"system place.changed kind=services what=new", "system account.created", "system account.created",
			"system role.given role=advisor source=import", "system role.given role=agency_admin source=import")
		brought(n, id, small()...)
		expect("the same once more")
		brought(n, id,
			file("desks.csv", "code;state\nJ1;closed\n"), file("staff.csv", "email;name;state\nsommer@amt.example;Frau Herbst;active\n"),
			file("roles.csv", "email;role;at;place;state\nsommer@amt.example;advisor;location;LIN;taken\n"))
		expect("changes", "system place.changed kind=desks what=closed", "system account.changed what=changed", "system role.taken role=advisor source=import")
		brought(n, id, file("staff.csv", "email;state\nsommer@amt.example;disabled\n"))
		brought(n, id, file("staff.csv", "email;state\nsommer@amt.example;active\n"))
		expect("an account closed and opened", "system account.disabled", "system account.changed what=reopened")
		brought(n, id, file("staff.csv", "email;name;state\nsommer@amt.example;Frau Winter;disabled\n"))
		expect("an account closed and renamed", "system account.changed what=changed", "system account.disabled")
		exported(n, id, "json")
		expect("an export", "system organisation.exported")
		refused(n, id, file("staff.csv", "email;name\nnobody;x\n"))
		expect("an import with mistakes")
		r, err := n.Audit.Verify(t.Context(), id, nil)
		if err != nil || len(r.Faults) != 0 {
			t.Errorf("%v %v", r.Faults, err)
		}
	})
}

func TestAUD02EachDecisionOfARuleLeavesOneEntry(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		n.Tx(func(tx *db.Tx) error {
			return n.Staff.Give(t.Context(), tx, o.Agency, staff.Grant{
				Staff: o.Winter.ID, Held: staff.Held{Role: staff.AgencyAdmin, Kind: "agency", Place: o.Agency}, Source: staff.ByHand,
			})
		})
		winter := n.SignIn(o.Winter)
		_, head := trail(n, o.Agency, 0)
		path := "/api/staff/places/" + o.Agency + "/rules/offered.from"
		winter.Send(http.MethodPut, path, Body{"value": "2026-04-01", "fixed": true}).OK(t)
		winter.Send(http.MethodPut, path, Body{"value": "tomorrow"}).Expect(t, http.StatusUnprocessableEntity, "rule.invalid")
		winter.Send(http.MethodDelete, path, nil).OK(t)
		winter.Send(http.MethodDelete, path, nil).OK(t)
		got, _ := trail(n, o.Agency, head)
		want := []string{"staff rule.decided rule=offered.from value=2026-04-01 fixed=true", "staff rule.left rule=offered.from"}
		if !slices.Equal(got, want) {
			t.Errorf("%q", got)
		}
	})
}

func TestAUD02WhoDoesItInTheAdminPagesStandsInTheAudit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o, b := administered(n, "lindenau")
		n.SignIn(o.Sommer)
		_, head := trail(n, o.Agency, 0)
		b.Send(http.MethodDelete, "/api/staff/people/"+o.Winter.ID+"/roles/advisor/"+o.Desk, nil).OK(t)
		b.Post("/api/staff/people/"+o.Sommer.ID, Body{"version": personOf(t, b, o.Sommer.ID).Version, "disabled": true}).OK(t)
		b.Get("/api/staff/export?format=csv").OK(t)
		upload(b, "trial=true", small()...).OK(t)
		upload(b, "trial=false", file("locations.csv", "code;name\nNEU;Neu\n")).OK(t)
		want := []string{
			"staff role.taken role=advisor source=hand", "staff account.disabled", "system session.ended why=disabled count=1",
			"staff organisation.exported", "staff place.changed kind=locations what=new",
		}
		if got, _ := trail(n, o.Agency, head); !slices.Equal(got, want) {
			t.Errorf("%s", strings.Join(got, "\n"))
		}
	})
}
