package admin_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"visavis/internal/admin"
	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

const kept = "kept.appointments"

func ruleAt(place, rule string) string { return "/api/staff/places/" + place + "/rules/" + rule }

// ruleIn finds a rule in an answer.
func ruleIn(t *testing.T, a Answer, name string) admin.RuleView {
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

// days is for how long appointments of the office's first service are kept.
func days(n *Node, o Office) int {
	n.T.Helper()
	all, err := n.Agencies.KeptAppointmentsOf(n.T.Context(), n.DB.Read(), o.Agency)
	if err != nil {
		n.T.Fatal(err)
	}
	return all[o.Service]
}

func TestTEN05ForHowLongSomethingIsKeptChangesOnlyWhenTwoPeopleWantIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n, o, first, second := fourEyes(t, d)
		put := func(value any) Answer {
			return first.Send(http.MethodPut, ruleAt(o.Agency, kept), Body{"value": value, "fixed": true})
		}
		if r := ruleIn(t, first.Get("/api/staff/places/"+o.Agency+"/rules"), kept); r.Value != 90.0 || !r.NeedsTwo || !r.MayDecide || r.Asked != nil {
			t.Errorf("%+v", r)
		}
		for _, value := range []int{10, 300} { // shorter and longer alike
			before := days(n, o)
			r := ruleIn(t, put(value), kept)
			if r.Asked == nil || r.Asked.Value != float64(value) || r.Asked.AskedBy != o.Herbst.Name || !r.Asked.Mine || r.MayDecide {
				t.Errorf("%+v", r)
			}
			if days(n, o) != before {
				t.Fatalf("one person alone has made it %d days", days(n, o))
			}
			put(20).Expect(t, http.StatusConflict, "approval.open")
			asked := newest(t, second.Get(approvals))
			if c := asked.Change; c == nil || c.Value != float64(value) || c.Now != float64(before) || c.Kind != agency.OfAgency || !c.Fixed || !asked.MayDecide {
				t.Errorf("%+v", asked)
			}
			first.Post(approvals+"/"+asked.ID, Body{"allow": true}).Expect(t, http.StatusConflict, "approval.self")
			second.Post(approvals+"/"+asked.ID, Body{"allow": true}).OK(t)
			if days(n, o) != value {
				t.Errorf("%d days", days(n, o))
			}
			if r := ruleIn(t, first.Get("/api/staff/places/"+o.Agency+"/rules"), kept); r.Asked != nil || !r.Fixed || r.Value != float64(value) {
				t.Errorf("%+v", r)
			}
			n.Clock.Forward(time.Minute)
		}
		// To leave it to others is a change as well.
		if r := ruleIn(t, first.Send(http.MethodDelete, ruleAt(o.Agency, kept), nil), kept); r.Asked == nil || !r.Asked.Leave || days(n, o) != 300 {
			t.Errorf("%+v, %d days", r, days(n, o))
		}
		asked := newest(t, second.Get(approvals))
		if got := newest(t, second.Post(approvals+"/"+asked.ID, Body{"allow": true})); !got.Change.Leave || days(n, o) != 90 {
			t.Errorf("%+v, %d days", got, days(n, o))
		}
		if r := ruleIn(t, first.Send(http.MethodDelete, ruleAt(o.Agency, kept), nil), kept); r.Asked != nil {
			t.Error("it asks to leave what is not decided")
		}
		// Both are in the audit, each with what they did.
		for act, want := range map[string]int{"approval.asked": 3, "approval.allowed": 3, "rule.decided": 2, "rule.left": 1} {
			if got := n.Count(`SELECT COUNT(*) FROM audit_entry WHERE agency_id = $1 AND act = $2 AND detail LIKE '%rule=kept.appointments%'`, o.Agency, act); got != want {
				t.Errorf("%s %d times", act, got)
			}
		}
		if got := n.Count(`SELECT COUNT(DISTINCT actor) FROM audit_entry WHERE act IN ('rule.decided', 'approval.allowed') AND detail LIKE '%kept.%'`); got != 2 {
			t.Errorf("%d people stand there", got)
		}
	})
}

func TestTEN05WhatCannotHoldIsRefusedWhenItIsAskedForAndAgainWhenItIsAllowed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n, o, first, second := fourEyes(t, d)
		put := func(place, rule string, body Body) Answer {
			return first.Send(http.MethodPut, ruleAt(place, rule), body)
		}
		for _, c := range []struct {
			rule  string
			value any
		}{
			{kept, 0}, {kept, 366}, {kept, 1.5}, {kept, "90"}, {kept, nil}, {"kept.accounts", 1096}, {"kept.audit", 29}, {"kept.audit", 3651},
		} {
			put(o.Agency, c.rule, Body{"value": c.value}).Expect(t, http.StatusUnprocessableEntity, "rule.invalid")
		}
		put(o.Desk, kept, Body{"value": 10}).Expect(t, http.StatusUnprocessableEntity, "rule.invalid")
		put(o.Service, "kept.audit", Body{"value": 100}).Expect(t, http.StatusUnprocessableEntity, "rule.invalid")
		n.SignIn(o.Sommer).Send(http.MethodPut, ruleAt(o.Service, kept), Body{"value": 10}).Expect(t, http.StatusForbidden, "admin.forbidden")
		second.Send(http.MethodPut, ruleAt(o.Service, kept), Body{"value": 10}).Expect(t, http.StatusForbidden, "admin.forbidden")
		if n.Count(`SELECT COUNT(*) FROM approval`) != 0 {
			t.Fatal("it was asked for all the same")
		}
		put(o.Service, kept, Body{"value": 10}).OK(t)
		asked := newest(t, second.Get(approvals))
		n.Decide(o, o.Agency, agency.KeptAppointments, `50`, true) // two others, meanwhile
		second.Post(approvals+"/"+asked.ID, Body{"allow": true}).Expect(t, http.StatusConflict, "rule.fixed")
		if days(n, o) != 50 {
			t.Errorf("%d days", days(n, o))
		}
		put(o.Service, kept, Body{"value": 10}).Expect(t, http.StatusConflict, "rule.fixed")
		// Who has asked has left the agency: what is left is the will of one.
		put(o.Agency, "kept.audit", Body{"value": 100}).OK(t)
		n.Clock.Forward(time.Minute)
		put(o.Agency, "kept.accounts", Body{"value": 100}).OK(t)
		asked = newest(t, second.Get(approvals))
		n.Exec(`UPDATE staff SET disabled_at = 1 WHERE id = $1`, o.Herbst.ID)
		second.Post(approvals+"/"+asked.ID, Body{"allow": true}).Expect(t, http.StatusConflict, "approval.left")
		second.Post(approvals+"/"+asked.ID, Body{"allow": false}).OK(t)
	})
}

func TestTEN05ADepartmentAsksForItselfAndSeesWhatItHasAskedFor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n, o, first, second := fourEyes(t, d)
		give(n, o, o.Sommer, staff.DepartmentAdmin, agency.OfDepartment, where(n, o).DepartmentID)
		sommer := n.SignIn(o.Sommer)
		first.Send(http.MethodPut, ruleAt(o.Agency, "kept.accounts"), Body{"value": 10}).OK(t)
		n.Clock.Forward(time.Minute)
		r := ruleIn(t, sommer.Send(http.MethodPut, ruleAt(o.Service, kept), Body{"value": 10}), kept)
		theirs := newest(t, second.Get(approvals))
		if r.Asked == nil || theirs.ID != r.Asked.Approval || theirs.Change.PlaceName == "" {
			t.Errorf("%+v %+v", r, theirs)
		}
		var own admin.ApprovalsOutput
		sommer.Get(approvals).OK(t).Into(t, &own.Body)
		if len(own.Body.Approvals) != 1 || own.Body.Approvals[0].MayDecide || !own.Body.Approvals[0].Mine {
			t.Errorf("%+v", own.Body)
		}
		var others admin.ApprovalsOutput
		second.Get(approvals).OK(t).Into(t, &others.Body)
		for _, a := range others.Body.Approvals {
			if a.ID != theirs.ID {
				for _, allow := range []bool{true, false} {
					sommer.Post(approvals+"/"+a.ID, Body{"allow": allow}).Expect(t, http.StatusForbidden, "admin.forbidden")
				}
			}
		}
		sommer.Post(approvals+"/"+theirs.ID, Body{"allow": true}).Expect(t, http.StatusForbidden, "admin.forbidden")
		if text := sommer.Post(approvals+"/"+theirs.ID, Body{"allow": false}).OK(t).Text; strings.Contains(text, "kept.accounts") {
			t.Error(text)
		}
		if r := ruleIn(t, sommer.Get("/api/staff/places/"+o.Service+"/rules"), kept); r.Asked != nil || !r.MayDecide {
			t.Errorf("%+v", r)
		}
	})
}

func TestTEN05WhatADepartmentHasAskedForIsAllowedByTheSecondPerson(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n, o, first, second := fourEyes(t, d)
		department := where(n, o).DepartmentID
		give(n, o, o.Sommer, staff.DepartmentAdmin, agency.OfDepartment, department)
		sommer := n.SignIn(o.Sommer)
		sommer.Send(http.MethodPut, ruleAt(o.Service, kept), Body{"value": 10}).OK(t)
		second.Post(approvals+"/"+newest(t, second.Get(approvals)).ID, Body{"allow": true}).OK(t)
		if r := ruleIn(t, sommer.Get("/api/staff/places/"+o.Service+"/rules"), kept); r.Value != 10.0 || r.Asked != nil {
			t.Errorf("%+v", r)
		}
		n.Clock.Forward(time.Minute)
		sommer.Send(http.MethodPut, ruleAt(o.Service, kept), Body{"value": 20}).OK(t)
		first.Send(http.MethodDelete, "/api/staff/people/"+o.Sommer.ID+"/roles/department_admin/"+department, nil).OK(t)
		second.Post(approvals+"/"+newest(t, second.Get(approvals)).ID, Body{"allow": true}).Expect(t, http.StatusConflict, "approval.left")
	})
}

func TestTheAuditIsKeptAsTheInstallationHasItUntilTheAgencyDecides(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		_, o, first, second := fourEyes(t, d)
		at := "/api/staff/places/" + o.Agency + "/rules"
		if r := ruleIn(t, first.Get(at), "kept.audit"); r.Value != 365.0 || r.Kind != "" {
			t.Errorf("%+v", r)
		}
		first.Send(http.MethodPut, ruleAt(o.Agency, "kept.audit"), Body{"value": 400}).OK(t)
		second.Post(approvals+"/"+newest(t, second.Get(approvals)).ID, Body{"allow": true}).OK(t)
		if r := ruleIn(t, first.Get(at), "kept.audit"); r.Value != 400.0 || r.Kind != agency.OfAgency {
			t.Errorf("%+v", r)
		}
	})
}
