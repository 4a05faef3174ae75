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

type substituted struct{ Substitutes []admin.Substitute }

// ledOffice is an office whose Herr Winter leads the first desk, signed in.
func ledOffice(n *Node) (o Office, lead *Browser, path string) {
	n.T.Helper()
	o = n.Office("lindenau")
	give(n, o, o.Winter, staff.Lead, agency.OfDesk, o.Desk)
	return o, n.SignIn(o.Winter), "/api/staff/desks/" + o.Desk + "/substitutes"
}

// me is where somebody works, as their pages know it.
func me(t *testing.T, b *Browser) map[string]int64 {
	t.Helper()
	var v struct {
		Desks []struct {
			ID    string
			Until int64
		}
	}
	b.Get("/api/staff/session").OK(t).Into(t, &v)
	at := map[string]int64{}
	for _, desk := range v.Desks {
		at[desk.ID] = desk.Until
	}
	return at
}

// At the moment when it begins or ends nobody asks for anything: an open list follows by itself.
func TestALeadNamesASubstituteForATimeAndOpenPagesFollowWhenItBeginsAndEnds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o, lead, path := ledOffice(n)
		herbst := n.SignIn(o.Herbst)
		follows := func(f func()) {
			t.Helper()
			list := herbst.Listen("/api/staff/stream", "")
			list.Until("snapshot", nil)
			// Whatever wakes the list after the moment shows it what counts now, also before anybody has settled. What is in
			// the tables is so when it has been settled, and that is told to whoever looks at the person.
			settled := n.Events.Subscribe(o.Agency, staff.Topic(o.Herbst.ID))
			defer settled.Close()
			f()
			if got := list.Until("bye", nil); got != `{"reason":"rights"}` {
				t.Error(got)
			}
			select {
			case <-settled.C:
			case <-time.After(dbtest.Patience):
				t.Fatal("nobody has settled")
			}
		}
		begin, end := n.Clock.Now().Add(time.Hour), n.Clock.Now().Add(3*time.Hour)
		var found struct{ People []staff.Found }
		lead.Post(path+"/search", Body{"text": "herb"}).OK(t).Into(t, &found)
		if len(found.People) != 1 || found.People[0].ID != o.Herbst.ID {
			t.Fatalf("%+v", found)
		}
		var list substituted
		lead.Post(path, Body{"person": o.Herbst.ID, "role": "advisor", "from": begin.UnixMilli(), "until": end.UnixMilli()}).OK(t).Into(t, &list)
		want := admin.Substitute{ID: o.Herbst.ID, Name: "Frau Herbst", Role: staff.Advisor, From: begin.UnixMilli(), Until: end.UnixMilli(), By: "Herr Winter"}
		if len(list.Substitutes) != 1 || list.Substitutes[0] != want {
			t.Errorf("%+v", list)
		}
		if _, works := me(t, herbst)[o.Desk]; works {
			t.Error("before it begins")
		}
		follows(func() { n.Clock.Set(begin); n.WakeJobs() })
		if at := me(t, herbst); at[o.Desk] != end.UnixMilli() || at[o.Desk2] != 0 {
			t.Errorf("%v", at)
		}
		herbst.Post("/api/staff/appointments", o.Booking(n.Clock.Now().Add(time.Hour))).OK(t)
		follows(func() { n.Clock.Set(end); n.WakeJobs() })
		if _, works := me(t, herbst)[o.Desk]; works || n.Count(`SELECT COUNT(*) FROM staff_desk WHERE agency_id = $1 AND staff_id = $2`, o.Agency, o.Herbst.ID) != 1 {
			t.Error("after it has ended")
		}
		herbst.Post("/api/staff/appointments", o.Booking(n.Clock.Now().Add(2*time.Hour))).Expect(t, http.StatusUnprocessableEntity, "appointment.desk")
		lead.Get(path).OK(t).Into(t, &list)
		if len(list.Substitutes) != 0 {
			t.Errorf("%+v", list)
		}
	})
}

func TestALeadEndsASubstitutionBeforeItsTime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o, lead, path := ledOffice(n)
		herbst := n.SignIn(o.Herbst)
		said := Body{"person": o.Herbst.ID, "role": "advisor", "until": n.Clock.Now().Add(time.Hour).UnixMilli()}
		lead.Post(path, said).OK(t)
		if at := me(t, herbst); at[o.Desk] == 0 {
			t.Errorf("%v", at)
		}
		said["until"] = n.Clock.Now().Add(2 * time.Hour).UnixMilli() // longer, after all
		lead.Post(path, said).OK(t)
		if at := me(t, herbst); at[o.Desk] != said["until"] {
			t.Errorf("%v", at)
		}
		talking := n.Book(o, herbst, o.Booking(n.Clock.Now().Add(5*time.Minute)))
		g := n.Guest(talking)
		g.Arrive().OK(t)
		var begun struct{ Talk struct{ ID string } }
		herbst.Post("/api/staff/seats/"+talking.Seat+"/admit", Body{}).OK(t).Into(t, &begun)
		window := herbst.Listen("/api/staff/talks/"+begun.Talk.ID+"/stream", "")
		window.Until("snapshot", nil)
		page := g.Stream("")
		var list substituted
		lead.Send(http.MethodDelete, path+"/"+o.Herbst.ID+"/advisor", nil).OK(t).Into(t, &list)
		if len(list.Substitutes) != 0 {
			t.Errorf("%+v", list)
		}
		if got := window.Until("bye", nil); got != `{"reason":"elsewhere"}` {
			t.Error(got)
		}
		// The guest's place is the desk's: it waits again, and a colleague goes on.
		var view struct{ PassedAt int64 }
		for view.PassedAt == 0 {
			page.Until("seat", &view)
		}
		lead.Post("/api/staff/seats/"+talking.Seat+"/admit", Body{}).OK(t)
		lead.Send(http.MethodDelete, path+"/"+o.Herbst.ID+"/advisor", nil).Expect(t, http.StatusNotFound, "not_found")
		lead.Send(http.MethodDelete, path+"/"+o.Sommer.ID+"/advisor", nil).Expect(t, http.StatusNotFound, "not_found") // not by a lead
		if n.Count(`SELECT COUNT(*) FROM job WHERE kind = 'staff.settle'`) != 0 {
			t.Error("a job for nothing")
		}
		var details []string
		for _, act := range []string{"role.given", "role.taken"} {
			var detail string
			n.Scan(`SELECT detail FROM audit_entry WHERE agency_id = $1 AND act = $2 AND detail LIKE '%source=substitute%' ORDER BY seq LIMIT 1`, []any{o.Agency, act}, &detail)
			details = append(details, detail)
		}
		if !strings.Contains(details[0], "role=advisor place="+o.Desk) || !strings.Contains(details[0], "until=") || details[1] == "" {
			t.Errorf("%q", details)
		}
	})
}

func TestNobodyGivesByASubstitutionMoreThanWorkAtTheDeskTheyLead(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o, lead, path := ledOffice(n)
		foreign := n.Office("ahorn")
		until := n.Clock.Now().Add(time.Hour).UnixMilli()
		whom := func(id string) Body { return Body{"person": id, "role": "advisor", "until": until} }
		for _, role := range []string{"lead", "agency_admin", "auditor", ""} {
			body := whom(o.Herbst.ID)
			body["role"] = role
			lead.Post(path, body).Expect(t, http.StatusBadRequest, "request.invalid")
		}
		lead.Post("/api/staff/desks/"+o.Desk2+"/substitutes", whom(o.Sommer.ID)).Expect(t, http.StatusForbidden, "admin.forbidden")
		lead.Post("/api/staff/desks/"+foreign.Desk+"/substitutes", whom(o.Sommer.ID)).Expect(t, http.StatusNotFound, "not_found")
		lead.Post("/api/staff/desks/"+where(n, o).LocationID+"/substitutes", whom(o.Sommer.ID)).Expect(t, http.StatusNotFound, "not_found")
		lead.Post(path, whom(o.Winter.ID)).Expect(t, http.StatusConflict, "role.self")
		lead.Post(path, whom(foreign.Sommer.ID)).Expect(t, http.StatusNotFound, "staff.unknown")
		for _, wrong := range []time.Duration{0, -time.Hour, 367 * 24 * time.Hour} {
			body := whom(o.Herbst.ID)
			body["until"] = n.Clock.Now().Add(wrong).UnixMilli()
			lead.Post(path, body).Expect(t, http.StatusUnprocessableEntity, "substitute.time")
		}
		n.SignIn(o.Sommer).Post(path, whom(o.Herbst.ID)).Expect(t, http.StatusForbidden, "admin.forbidden")
		// A substitute names none.
		lead.Post(path, whom(o.Herbst.ID)).OK(t)
		n.SignIn(o.Herbst).Post(path, whom(o.Sommer.ID)).Expect(t, http.StatusForbidden, "admin.forbidden")
		var found struct{ People []staff.Found }
		lead.Post(path+"/search", Body{}).OK(t).Into(t, &found)
		if len(found.People) != 2 {
			t.Errorf("the colleagues but not oneself, and nobody of another agency: %+v", found)
		}
	})
}

// Who named a substitute may be gone; who may give the role there ends it, and sees who goes on.
func TestTEN04WhoAdministersEndsASubstitutionWhoseLeadIsGone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o, lead, path := ledOffice(n)
		give(n, o, o.Sommer, staff.LocationAdmin, agency.OfLocation, where(n, o).LocationID)
		give(n, o, o.Herbst, staff.Lead, agency.OfDesk, o.Desk2)
		boss := n.SignIn(o.Sommer)
		until := n.Clock.Now().Add(300 * 24 * time.Hour).UnixMilli()
		lead.Post(path, Body{"person": o.Herbst.ID, "role": "advisor", "until": until}).OK(t)
		roles := "/api/staff/people/" + o.Herbst.ID + "/roles/advisor/"
		lead.Send(http.MethodDelete, roles+o.Desk, nil).Expect(t, http.StatusForbidden, "role.forbidden") // at the desk's own page only

		var gone admin.PersonView
		boss.Send(http.MethodDelete, "/api/staff/people/"+o.Winter.ID+"/roles/lead/"+o.Desk, nil).OK(t).Into(t, &gone)
		if len(gone.Named) != 1 || gone.Named[0].ID != o.Herbst.ID || gone.Named[0].Place != o.Desk || gone.Named[0].Until != until {
			t.Errorf("%+v", gone.Named)
		}
		herbst := n.SignIn(o.Herbst)
		if me(t, herbst)[o.Desk] != until {
			t.Error("the desk has lost who stands in for the lead")
		}
		var seen admin.PersonView // by who leads another desk of theirs
		if herbst.Get("/api/staff/people/"+o.Winter.ID).OK(t).Into(t, &seen); len(seen.Named) != 0 {
			t.Errorf("%+v", seen.Named)
		}
		boss.Send(http.MethodDelete, roles+o.Desk, nil).OK(t)
		if _, works := me(t, herbst)[o.Desk]; works {
			t.Error("still there")
		}
		if boss.Get("/api/staff/people/"+o.Winter.ID).OK(t).Into(t, &seen); len(seen.Named) != 0 {
			t.Errorf("%+v", seen.Named)
		}
		boss.Send(http.MethodDelete, roles+o.Desk, nil).Expect(t, http.StatusNotFound, "not_found")
		if n.Count(`SELECT COUNT(*) FROM audit_entry WHERE agency_id = $1 AND act = 'role.taken' AND detail LIKE '%source=substitute%'`, o.Agency) != 1 {
			t.Error("the audit knows nothing of it")
		}
	})
}

// Also what was given by hand or by an import may end; the moment finds who is concerned.
func TestEveryRoleThatEndsIsSettledWhenItDoes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		end := n.Clock.Now().Add(time.Hour)
		n.Exec(`UPDATE staff_role SET until_at = $1 WHERE agency_id = $2 AND staff_id = $3`, end.UnixMilli(), o.Agency, o.Sommer.ID)
		n.Tx(func(tx *db.Tx) error { return n.Staff.SettleAll(t.Context(), tx, o.Agency) })
		list := n.SignIn(o.Sommer).Listen("/api/staff/stream", "")
		list.Until("snapshot", nil)
		n.Clock.Set(end)
		n.WakeJobs()
		if got := list.Until("bye", nil); got != `{"reason":"rights"}` {
			t.Error(got)
		}
	})
}
