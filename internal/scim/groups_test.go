package scim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

func TestGroupsGiveRolesByTheRulesAndTakeThemBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		a, b := s.make("a@amt.example", nil), s.make("b@amt.example", nil)
		s.rule("Beratung", staff.Advisor, s.o.Desk)
		s.rule("BERATUNG", staff.Reception, s.o.Desk2)
		s.rule("leitung", staff.Lead, s.o.Desk)
		id := s.group("beratung", a.ID)
		const both = "[advisor reception]"
		step := func(name, wantA, wantB string) {
			t.Helper()
			if s.roles(a.ID) != wantA || s.roles(b.ID) != wantB {
				t.Errorf("%s: %s and %s, not %s and %s", name, s.roles(a.ID), s.roles(b.ID), wantA, wantB)
			}
		}
		step("made", both, "[]")
		s.ask(204, "PATCH", "/Groups/"+id, patch([3]any{"Add", "members", members(b.ID)}), nil)
		step("as Entra ID adds", both, both)
		s.ask(204, "PATCH", "/Groups/"+id, patch([3]any{"Remove", "members", members(a.ID)}), nil)
		step("as Entra ID removes", "[]", both)
		s.ask(204, "PATCH", "/Groups/"+id, patch([3]any{"remove", `members[value eq "` + b.ID + `"]`, nil}, [3]any{"add", "", Body{"members": members(a.ID)}}), nil)
		step("as Okta changes", both, "[]")
		s.ask(204, "PATCH", "/Groups/"+id, patch([3]any{"replace", "", Body{"id": id, "displayName": "Leitung"}}), nil)
		step("renamed", "[lead]", "[]")
		s.ask(200, "PUT", "/Groups/"+id, Body{"displayName": "beratung", "members": members(a.ID, b.ID)}, nil)
		step("put", both, both)
		s.ask(204, "PATCH", "/Groups/"+id, patch([3]any{"replace", "members", members(b.ID)}), nil)
		step("replaced", "[]", both)
		var view struct {
			Rules []struct {
				ID, Group, Name string
				Members         int
			}
		}
		s.boss.Get(set).OK(t).Into(t, &view)
		if len(view.Rules) != 3 || view.Rules[0].Members != 1 || view.Rules[0].Name == "" {
			t.Fatalf("%+v", view)
		}
		s.boss.Send("DELETE", set+"/rules/"+view.Rules[0].ID, nil).OK(t)
		if got := s.roles(b.ID); got == both || got == "[]" {
			t.Errorf("a rule is gone, and there is %s", got)
		}
		s.ask(204, "DELETE", "/Groups/"+id, nil, nil)
		step("deleted", "[]", "[]")
		s.ask(404, "GET", "/Groups/"+id, nil, nil)
		if s.acts("directory.rule_made") != 3 || s.acts("directory.rule_dropped") != 1 || s.acts("role.given") < 4 {
			t.Error("the audit lacks something")
		}
	})
}

func TestADirectoryTakesBackOnlyWhatItGave(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		a := s.make(s.o.Sommer.Email, nil) // an advisor by hand
		s.rule("beratung", staff.Advisor, s.o.Desk)
		id := s.group("beratung", a.ID)
		s.ask(204, "DELETE", "/Groups/"+id, nil, nil)
		if n := s.Count(`SELECT COUNT(*) FROM staff_role WHERE agency_id = $1 AND staff_id = $2 AND source = 'hand'`, s.o.Agency, a.ID); n != 1 || s.roles(a.ID) != "[]" {
			t.Errorf("%d by hand, and %s", n, s.roles(a.ID))
		}
	})
}

func TestAGroupGivesNobodyTwoRolesThatOnePersonMayNotHold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		a := s.make("a@amt.example", nil)
		s.rule("leitung", staff.AgencyAdmin, s.o.Agency)
		s.rule("revision", staff.Auditor, s.o.Agency)
		s.group("leitung", a.ID)
		s.group("revision", a.ID)
		if s.roles(a.ID) != "[agency_admin]" {
			t.Error(s.roles(a.ID))
		}
	})
}

func TestGroupsAreFoundAndKeptApart(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		a := s.make("a@amt.example", nil)
		id := s.group("Jugendamt", a.ID)
		s.ask(409, "POST", "/Groups", Body{"displayName": "JUGENDAMT"}, nil)
		s.ask(400, "POST", "/Groups", Body{"displayName": ""}, nil)
		s.ask(400, "POST", "/Groups", Body{"displayName": "x", "members": members(s.o.Winter.ID)}, nil) // not of the directory
		var found struct {
			TotalResults int
			Resources    []struct {
				ID      string
				Members []struct{ Value string }
			}
		}
		s.ask(200, "GET", "/Groups?excludedAttributes=members&filter=displayName%20eq%20%22jugendamt%22", nil, &found)
		if found.TotalResults != 1 || found.Resources[0].ID != id || len(found.Resources[0].Members) != 0 {
			t.Errorf("%+v", found)
		}
		s.ask(200, "GET", "/Groups", nil, &found)
		if len(found.Resources[0].Members) != 1 {
			t.Errorf("%+v", found)
		}
		for _, fixed := range []string{"/ServiceProviderConfig", "/ResourceTypes", "/Schemas"} {
			s.ask(http.StatusOK, "GET", fixed, nil, nil)
		}
	})
}

// many are people of the directory with one role each, beside the four of the office.
func (s *scene) many(n int) (ids []string, group string) {
	s.t.Helper()
	s.rule("alle", staff.Advisor, s.o.Desk)
	for i := range n {
		ids = append(ids, s.make(fmt.Sprintf("p%d@amt.example", i), nil).ID)
	}
	return ids, s.group("alle", ids...)
}

type guardView struct {
	Guard struct {
		Share, Removed, Most, Refused int
		StoppedAt, AllowedUntil       *int64
	}
}

func (s *scene) guard() (v guardView) {
	s.t.Helper()
	s.boss.Get(set).OK(s.t).Into(s.t, &v)
	return v
}

func (s *scene) remove(status int, id string) {
	s.t.Helper()
	s.ask(status, "PATCH", "/Users/"+id, patch([3]any{"replace", "active", false}), nil)
}

func TestASyncThatRemovesTooManyStopsAndAsks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		ids, group := s.many(16) // and four: of 20, ten percent are two, but five may always go
		for _, id := range ids[:5] {
			s.remove(200, id)
		}
		s.remove(403, ids[5])
		if v := s.guard(); v.Guard.StoppedAt == nil || v.Guard.Removed != 5 || v.Guard.Refused != 1 || s.disabled(ids[5]) {
			t.Errorf("%+v", v)
		}
		// Nothing more is removed, in whatever way; everything else goes on.
		s.ask(403, "DELETE", "/Users/"+ids[6], nil, nil)
		s.ask(403, "PATCH", "/Groups/"+group, patch([3]any{"remove", "members", members(ids[6])}), nil)
		s.ask(403, "PUT", "/Groups/"+group, Body{"displayName": "other"}, nil)
		s.ask(403, "DELETE", "/Groups/"+group, nil, nil)
		s.make("neu@amt.example", nil)
		if s.roles(ids[6]) != "[advisor]" || s.disabled(ids[6]) || s.acts("directory.stopped") != 1 {
			t.Error("something was removed all the same")
		}
		s.Clock.Forward(2 * time.Hour) // it does not go on by itself
		s.remove(403, ids[6])
		s.boss = s.SignIn(Account{Email: "chefin@amt.example", Slug: s.o.Slug})
		s.boss.Post(set+"/guard", Body{"allow": true}).OK(t)
		for _, id := range ids[5:12] {
			s.remove(200, id)
		}
		s.Clock.Forward(time.Hour + time.Second)
		s.boss = s.SignIn(Account{Email: "chefin@amt.example", Slug: s.o.Slug})
		if v := s.guard(); v.Guard.AllowedUntil != nil || v.Guard.StoppedAt != nil {
			t.Errorf("%+v", v)
		}
		s.ask(204, "DELETE", "/Groups/"+group, nil, nil) // four are left in it
		if s.acts("directory.allowed") != 1 {
			t.Error("the audit lacks something")
		}
	})
}

func TestADirectoryThatHasBeenPutRightIsWatchedAnew(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		ids, group := s.many(8)
		s.ask(403, "DELETE", "/Groups/"+group, nil, nil) // all of them at once: nothing of it happens
		if s.roles(ids[0]) != "[advisor]" || s.guard().Guard.StoppedAt == nil {
			t.Fatal("they have lost their role, or nobody is asked")
		}
		s.boss.Post(set+"/guard", Body{"allow": false}).OK(t)
		for _, id := range ids[:5] {
			s.remove(200, id)
		}
		s.remove(403, ids[5])
		s.boss.Post(set+"/guard", Body{"share": 60, "allow": false}).OK(t)
		for _, id := range ids[5:8] {
			s.remove(200, id)
		}
		if v := s.guard(); v.Guard.Share != 60 || v.Guard.StoppedAt != nil || s.acts("directory.resumed") != 2 || s.acts("directory.share_set") != 1 {
			t.Errorf("%+v", v)
		}
	})
}

// Who only changes groups is not removed, in whatever order the directory says it.
func TestWhoIsBackWithinTheHourDoesNotCount(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		ids, group := s.many(8)
		for _, id := range ids {
			s.ask(204, "PATCH", "/Groups/"+group, patch([3]any{"remove", "members", members(id)}), nil)
			s.ask(204, "PATCH", "/Groups/"+group, patch([3]any{"add", "members", members(id)}), nil)
		}
		if v := s.guard(); v.Guard.Removed != 0 || v.Guard.StoppedAt != nil {
			t.Errorf("%+v", v)
		}
	})
}

func TestTEN01AnAgencysDirectoryReachesNoOther(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		a := s.make("a@amt.example", nil)
		group := s.group("g", a.ID)
		other := s.Office("ahorn")
		var made struct{ Token string }
		s.Tx(func(tx *db.Tx) error {
			_, secret, err := s.SCIM.MakeToken(t.Context(), tx, other.Agency, "x", "")
			made.Token = secret
			return err
		})
		b := s.Browser()
		b.Header.Set("Authorization", "Bearer "+made.Token)
		for _, request := range [][2]string{
			{"GET", "/Users/" + a.ID},
			{"PUT", "/Users/" + a.ID},
			{"PATCH", "/Users/" + a.ID},
			{"DELETE", "/Users/" + a.ID},
			{"GET", "/Groups/" + group},
			{"PUT", "/Groups/" + group},
			{"PATCH", "/Groups/" + group},
			{"DELETE", "/Groups/" + group},
		} {
			var body any
			switch request[0] {
			case "PUT":
				body = Body{"userName": "x@amt.example", "displayName": "x", "active": false}
			case "PATCH":
				body = patch([3]any{"replace", "externalId", "x"})
			}
			if got := b.Send(request[0], "/scim/v2/ahorn"+request[1], body); got.Status != http.StatusNotFound {
				t.Errorf("%v: %d %s", request, got.Status, got.Text)
			}
		}
		got := b.Send("POST", "/scim/v2/ahorn/Groups", Body{"displayName": "g", "members": members(a.ID)})
		if got.Status != http.StatusBadRequest {
			t.Errorf("%d %s", got.Status, got.Text)
		}
		var list page
		_ = json.Unmarshal([]byte(b.Get("/scim/v2/ahorn/Users").Text), &list)
		if list.TotalResults != 0 {
			t.Errorf("%+v", list)
		}
	})
}

func TestARuleGivesARoleOnlyWhereItCanBeHeld(t *testing.T) {
	s := newScene(t, dbtest.SQLite(t))
	s.boss.Post(set+"/rules", Body{"group": "g", "role": "agency_admin", "place": s.o.Desk}).Expect(t, http.StatusUnprocessableEntity, "role.level")
	s.boss.Post(set+"/rules", Body{"group": "g", "role": "advisor", "place": "nowhere"}).Expect(t, http.StatusNotFound, "not_found")
	s.boss.Post(set+"/rules", Body{"group": " ", "role": "advisor", "place": s.o.Desk}).Expect(t, http.StatusUnprocessableEntity, "directory.group")
	s.boss.Post(set+"/tokens", Body{"label": ""}).Expect(t, http.StatusUnprocessableEntity, "directory.label")
	for range 9 {
		s.connect("more")
	}
	s.boss.Post(set+"/tokens", Body{"label": "x"}).Expect(t, http.StatusConflict, "directory.tokens")
}
