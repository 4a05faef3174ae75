package admin_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"visavis/internal/admin"
	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

// give makes somebody what a role says, at a place.
func give(n *Node, o Office, who Account, role staff.Role, kind agency.Kind, place string) {
	n.T.Helper()
	n.Tx(func(tx *db.Tx) error {
		return n.Staff.Give(n.T.Context(), tx, o.Agency, staff.Grant{
			Staff: who.ID, Source: staff.ByHand, Held: staff.Held{Role: role, Kind: kind, Place: place},
		})
	})
}

// administered is an office whose Frau Herbst administers it, signed in.
func administered(n *Node, slug string) (Office, *Browser) {
	n.T.Helper()
	o := n.Office(slug)
	give(n, o, o.Herbst, staff.AgencyAdmin, agency.OfAgency, o.Agency)
	return o, n.SignIn(o.Herbst)
}

// where is what a desk lies in.
func where(n *Node, o Office) agency.Desk {
	n.T.Helper()
	d, err := n.Agencies.Desk(n.T.Context(), n.DB.Read(), o.Agency, o.Desk)
	if err != nil {
		n.T.Fatal(err)
	}
	return d
}

func placeOf(t *testing.T, b *Browser, id string) admin.PlaceView {
	t.Helper()
	var v admin.PlaceView
	b.Get("/api/staff/places/"+id).OK(t).Into(t, &v)
	return v
}

func personOf(t *testing.T, b *Browser, id string) admin.PersonView {
	t.Helper()
	var v admin.PersonView
	b.Get("/api/staff/people/"+id).OK(t).Into(t, &v)
	return v
}

func TestPlacesAreMadeChangedClosedAndReopened(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o, b := administered(n, "lindenau")
		var department, location, desk, service admin.PlaceView
		b.Post("/api/staff/places", Body{"kind": "department", "code": "REH", "name": " Reha "}).OK(t).Into(t, &department)
		b.Post("/api/staff/places", Body{"kind": "location", "code": "AHO", "name": "Bürgerhaus", "city": "Ahorn", "phone": "+49 30 1"}).OK(t).Into(t, &location)
		b.Post("/api/staff/places", Body{"kind": "desk", "code": "R1", "name": "Reha Ahorn", "department": department.ID, "location": location.ID}).OK(t).Into(t, &desk)
		b.Post("/api/staff/places", Body{"kind": "service", "code": "R-1", "name": "Antrag", "nameEn": "Claim", "minutes": 45, "department": department.ID}).OK(t).Into(t, &service)
		if department.Name != "Reha" || desk.Department.Name != "Reha" || desk.Location.Name != "Bürgerhaus" || service.Minutes != 45 || service.NameEN != "Claim" {
			t.Errorf("%+v %+v %+v", department, desk, service)
		}
		if v := placeOf(t, b, location.ID); v.Below.Desks != 1 || v.Below.Departments != 1 || !v.MayShut || v.Phone != "+49 30 1" || len(v.Gives) != 4 {
			t.Errorf("%+v", v)
		}
		b.Post("/api/staff/places", Body{"kind": "department", "code": "REH", "name": "x"}).Expect(t, 409, "place.code_taken")
		// What a service decides is no part of its row: who has read the row before may still change it.
		b.Send(http.MethodPut, "/api/staff/places/"+service.ID+"/rules/waiting.early", Body{"value": 20}).OK(t)
		b.Post("/api/staff/places/"+service.ID, Body{"version": service.Version, "minutes": 50}).OK(t).Into(t, &service)
		if got := n.Count(`SELECT COUNT(*) FROM policy WHERE agency_id = $1 AND place_id = $2 AND value = '20'`, o.Agency, service.ID); got != 1 || service.Minutes != 50 {
			t.Errorf("%d %+v", got, service)
		}
		var shut admin.PlaceView
		b.Post("/api/staff/places/"+location.ID, Body{"version": location.Version, "shut": true, "name": "Altes Bürgerhaus"}).OK(t).Into(t, &shut)
		if v := placeOf(t, b, desk.ID); !v.Closed || v.Shut || v.Location.Name != "Altes Bürgerhaus" {
			t.Errorf("%+v", v)
		}
		b.Post("/api/staff/places/"+location.ID, Body{"version": location.Version, "city": "x"}).Expect(t, 409, "admin.changed")
		b.Post("/api/staff/places/"+location.ID, Body{"version": shut.Version, "shut": false}).OK(t)
		if v := placeOf(t, b, desk.ID); v.Closed {
			t.Errorf("%+v", v)
		}
		b.Post("/api/staff/places/"+desk.ID, Body{"version": placeOf(t, b, desk.ID).Version, "location": where(n, o).LocationID}).OK(t)
		if v := placeOf(t, b, desk.ID); v.Location.Name != "Rathaus" {
			t.Errorf("%+v", v)
		}
	})
}

func TestWhatDoesNotFitAPlaceIsSaid(t *testing.T) {
	n := New(t, dbtest.SQLite(t)).Node()
	o, b := administered(n, "lindenau")
	d := where(n, o)
	for name, c := range map[string]struct {
		body Body
		want []string
	}{
		"no name":                  {Body{"kind": "department", "code": "X"}, []string{"needed"}},
		"an empty code":            {Body{"kind": "department", "code": " ", "name": "x"}, []string{"empty"}},
		"control characters":       {Body{"kind": "location", "code": "X", "name": "a\u0001b", "city": "a\nb"}, []string{"control", "control"}},
		"a desk nowhere":           {Body{"kind": "desk", "code": "X", "name": "x", "department": d.DepartmentID}, []string{"needed"}},
		"a desk at a department":   {Body{"kind": "desk", "code": "X", "name": "x", "department": d.DepartmentID, "location": d.DepartmentID}, []string{"column_unknown", "needed"}},
		"a location in a location": {Body{"kind": "location", "code": "X", "name": "x", "location": d.LocationID}, []string{"column_unknown"}},
		"an endless talk":          {Body{"kind": "service", "code": "X", "name": "x", "department": d.DepartmentID, "minutes": 1000}, []string{"number"}},
		"a city of a department":   {Body{"kind": "department", "code": "X", "name": "x", "city": "y"}, []string{"column_unknown"}},
	} {
		a := b.Post("/api/staff/places", c.body).Expect(t, 422, "admin.invalid")
		var codes []string
		for _, m := range a.Params["mistakes"].([]any) {
			codes = append(codes, m.(Body)["code"].(string))
		}
		if slices.Sort(codes); !slices.Equal(codes, c.want) {
			t.Errorf("%s: %v", name, codes)
		}
	}
	b.Post("/api/staff/places", Body{"kind": "room", "code": "X", "name": "x"}).Expect(t, 400, "request.invalid")
	b.Post("/api/staff/places", Body{"kind": "desk", "code": "X", "name": "x", "department": "nix"}).Expect(t, 404, "not_found")
	b.Get("/api/staff/places?kind=desk&text="+strings.Repeat("x", 101)).Expect(t, 400, "request.invalid")
	b.Get("/api/staff/places").Expect(t, 400, "request.invalid")
}

func TestPlacesAndPeopleAreFoundPageByPage(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o, b := administered(n, "lindenau")
		brought(n, o.Agency, large(120, 130, 140)...)
		type page struct {
			Places, People []struct{ ID, Code, Name, Email string }
			Next           string
		}
		all := func(ask func(after string) Answer) []string {
			var ids []string
			after := ""
			for range 10 {
				var p page
				ask(after).OK(t).Into(t, &p)
				for _, one := range append(p.Places, p.People...) {
					if slices.Contains(ids, one.ID) {
						t.Errorf("%s comes twice", one.Name)
					}
					ids = append(ids, one.ID)
				}
				if after = p.Next; after == "" {
					break
				}
				if len(p.Places)+len(p.People) != 50 {
					t.Errorf("a page of %d", len(p.Places)+len(p.People))
				}
			}
			return ids
		}
		places := func(query string) int {
			return len(all(func(after string) Answer { return b.Get("/api/staff/places?" + query + "&after=" + after) }))
		}
		people := func(body Body) int {
			return len(all(func(after string) Answer { body["after"] = after; return b.Post("/api/staff/people/search", body) }))
		}
		location := where(n, o).LocationID
		var d0 string
		n.Scan(`SELECT id FROM department WHERE agency_id = $1 AND code = 'D0'`, []any{o.Agency}, &d0)
		for query, want := range map[string]int{
			"kind=location": 121, "kind=location&text=ORT+7": 11, "kind=location&text=l0119": 1, "kind=location&text=%25": 0, "kind=location&below=" + d0: 12,
			"kind=desk": 132, "kind=desk&below=" + location: 2, "kind=desk&below=" + d0: 13, "kind=desk&text=team+12&below=" + d0: 1,
			"kind=department": 12, "kind=department&text=FACHBEREICH": 10, "kind=service": 22, "kind=service&below=" + d0: 2, "kind=desk&text=nirgends": 0,
		} {
			if got := places(query); got != want {
				t.Errorf("%s: %d, want %d", query, got, want)
			}
		}
		for _, c := range []struct {
			body Body
			want int
		}{
			{Body{}, 143},
			{Body{"text": "nachname-7"}, 11},
			{Body{"text": "FRAU"}, 2},
			{Body{"place": location}, 3},
			{Body{"place": o.Desk}, 2},
			{Body{"place": d0}, 14},
			{Body{"role": "agency_admin"}, 1},
			{Body{"role": "advisor", "place": o.Agency}, 143},
			{Body{"role": "lead", "place": d0}, 0},
			{Body{"state": "disabled"}, 0},
			{Body{"state": "active", "text": "sommer"}, 1},
			{Body{"text": "_"}, 0},
		} {
			if got := people(c.body); got != c.want {
				t.Errorf("%v: %d, want %d", c.body, got, c.want)
			}
		}
	})
}

func TestPeopleAreEmployedAndLeave(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o, b := administered(n, "lindenau")
		var made admin.PersonView
		b.Post("/api/staff/people", Body{"email": "Neu@Amt.example", "name": "Frau Neu", "roles": []Body{{"role": "advisor", "place": o.Desk}}}).OK(t).Into(t, &made)
		if made.Email != "neu@amt.example" || made.Password || len(made.Roles) != 1 || made.Roles[0].Name != "Schalter Jugendamt" || !made.May {
			t.Errorf("%+v", made)
		}
		if got := n.Count(`SELECT COUNT(*) FROM staff_desk WHERE agency_id = $1 AND staff_id = $2`, o.Agency, made.ID); got != 1 {
			t.Error("she works nowhere")
		}
		b.Post("/api/staff/people", Body{"email": "neu@amt.example", "name": "x", "roles": []Body{}}).Expect(t, 409, "person.exists")
		b.Post("/api/staff/people", Body{"email": "neu", "name": "x", "roles": []Body{}}).Expect(t, 422, "admin.invalid")
		at := "/api/staff/people/" + made.ID
		b.Post(at+"/roles", Body{"role": "lead", "place": o.Desk2}).OK(t)
		b.Post(at+"/roles", Body{"role": "agency_admin", "place": o.Desk2}).Expect(t, 422, "role.level")
		b.Post(at+"/roles", Body{"role": "lead", "place": "nix"}).Expect(t, 404, "not_found")
		b.Send(http.MethodDelete, at+"/roles/lead/"+o.Desk2, nil).OK(t)
		b.Send(http.MethodDelete, at+"/roles/lead/"+o.Desk2, nil).Expect(t, 404, "not_found")
		b.Post(at, Body{"version": "x", "name": "y"}).Expect(t, 409, "admin.changed")
		looks := func() int {
			return n.Count(`SELECT COUNT(*) FROM job WHERE agency_id = $1 AND kind = 'talk.pass'`, o.Agency)
		}
		before := looks()
		b.Post(at, Body{"version": made.Version, "name": "Frau Alt"}).OK(t)
		if looks() != before {
			t.Error("for another name all talks are looked at")
		}

		sommer := n.SignIn(o.Sommer)
		v := personOf(t, b, o.Sommer.ID)
		b.Post("/api/staff/people/"+o.Sommer.ID, Body{"version": v.Version, "disabled": true}).OK(t)
		sommer.Get("/api/staff/session").Expect(t, 401, "session.none")
		if got := n.Count(`SELECT COUNT(*) FROM job WHERE agency_id = $1 AND kind = 'talk.pass' AND ref = $2`, o.Agency, o.Sommer.ID); got != 1 || looks() != before+1 {
			t.Error("not hers alone are looked at")
		}
		if v := personOf(t, b, o.Sommer.ID); !v.Disabled {
			t.Errorf("%+v", v)
		}
		self := personOf(t, b, o.Herbst.ID)
		b.Post("/api/staff/people/"+o.Herbst.ID, Body{"version": self.Version, "disabled": true}).Expect(t, 409, "person.self")
		b.Send(http.MethodDelete, "/api/staff/people/"+o.Herbst.ID+"/roles/agency_admin/"+o.Agency, nil).Expect(t, 409, "role.last_admin")
		n.Tx(func(tx *db.Tx) error {
			return n.Staff.Give(t.Context(), tx, o.Agency, staff.Grant{Staff: o.Winter.ID, Source: "scim", Held: staff.Held{Role: staff.Lead, Kind: agency.OfDesk, Place: o.Desk}})
		})
		b.Send(http.MethodDelete, "/api/staff/people/"+o.Winter.ID+"/roles/lead/"+o.Desk, nil).Expect(t, 409, "role.elsewhere")
	})
}

func TestWhoAdministersAnOfficeReachesNoFurther(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o, boss := administered(n, "lindenau")
		first := where(n, o)
		brought(n, o.Agency, file("locations.csv", "code;name\nAHO;Ahorn\n"),
			file("desks.csv", "code;name;department;location\nA1;Ahorn 1;"+first.DepartmentID+";AHO\n"))
		var elsewhere, ahorn string
		n.Scan(`SELECT id, location_id FROM desk WHERE agency_id = $1 AND code = 'A1'`, []any{o.Agency}, &elsewhere, &ahorn)
		give(n, o, o.Winter, staff.LocationAdmin, agency.OfLocation, first.LocationID)
		b := n.SignIn(o.Winter)

		if v := placeOf(t, b, first.LocationID); v.MayShut || len(v.Gives) != 3 || len(v.May) != 4 {
			t.Errorf("%+v", v)
		}
		b.Post("/api/staff/places/"+first.LocationID, Body{"version": placeOf(t, b, first.LocationID).Version, "phone": "0711 9"}).OK(t)
		b.Post("/api/staff/places/"+first.LocationID, Body{"version": placeOf(t, b, first.LocationID).Version, "shut": true}).Expect(t, 403, "admin.forbidden")
		b.Post("/api/staff/places/"+o.Desk, Body{"version": placeOf(t, b, o.Desk).Version, "shut": true}).OK(t)
		b.Post("/api/staff/places/"+o.Desk, Body{"version": placeOf(t, b, o.Desk).Version, "location": ahorn}).Expect(t, 403, "admin.forbidden")
		b.Get("/api/staff/places/"+elsewhere).Expect(t, 403, "admin.forbidden")
		b.Post("/api/staff/places/"+elsewhere, Body{"version": "x", "name": "x"}).Expect(t, 403, "admin.forbidden")
		b.Post("/api/staff/places", Body{"kind": "location", "code": "X", "name": "x"}).Expect(t, 403, "admin.forbidden")
		b.Post("/api/staff/places", Body{"kind": "desk", "code": "X", "name": "x", "department": first.DepartmentID, "location": ahorn}).Expect(t, 403, "admin.forbidden")
		b.Post("/api/staff/places", Body{"kind": "desk", "code": "X", "name": "x", "department": first.DepartmentID, "location": first.LocationID}).OK(t)

		b.Post("/api/staff/people", Body{"email": "a@amt.example", "name": "a", "roles": []Body{}}).Expect(t, 403, "admin.forbidden")
		b.Post("/api/staff/people", Body{"email": "a@amt.example", "name": "a", "roles": []Body{{"role": "advisor", "place": elsewhere}}}).Expect(t, 403, "role.forbidden")
		b.Post("/api/staff/people", Body{"email": "a@amt.example", "name": "a", "roles": []Body{{"role": "location_admin", "place": first.LocationID}}}).Expect(t, 403, "role.forbidden")
		b.Post("/api/staff/people", Body{"email": "a@amt.example", "name": "a", "roles": []Body{{"role": "advisor", "place": o.Desk}}}).OK(t)
		// Frau Herbst works here, too, but is more than that.
		if v := personOf(t, b, o.Herbst.ID); v.May {
			t.Errorf("%+v", v)
		}
		b.Post("/api/staff/people/"+o.Herbst.ID, Body{"version": personOf(t, boss, o.Herbst.ID).Version, "disabled": true}).Expect(t, 403, "admin.forbidden")
		b.Send(http.MethodDelete, "/api/staff/people/"+o.Herbst.ID+"/roles/agency_admin/"+o.Agency, nil).Expect(t, 403, "role.forbidden")
		b.Send(http.MethodDelete, "/api/staff/people/"+o.Herbst.ID+"/roles/advisor/"+o.Desk2, nil).OK(t)
		b.Get("/api/staff/people/"+o.Herbst.ID).Expect(t, 403, "admin.forbidden")
		var found struct{ People []admin.Account }
		b.Post("/api/staff/people/search", Body{}).OK(t).Into(t, &found)
		if len(found.People) != 3 || slices.ContainsFunc(found.People, func(a admin.Account) bool { return a.ID == o.Herbst.ID }) {
			t.Errorf("%+v", found.People)
		}
		upload(b, "trial=true", small()...).Expect(t, 403, "admin.forbidden")
		b.Get("/api/staff/export?format=json").Expect(t, 403, "admin.forbidden")
	})
}

func TestTEN03WhoWorksAtADeskOrKeepsTheMachinesSeesNothingOfTheOrganisation(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		give(n, o, o.Winter, staff.Operator, agency.OfAgency, o.Agency)
		for _, who := range []Account{o.Sommer, o.Winter} {
			b := n.SignIn(who)
			b.Get("/api/staff/places?kind=desk").Expect(t, 403, "admin.forbidden")
			b.Get("/api/staff/places/"+o.Desk).Expect(t, 403, "admin.forbidden")
			b.Post("/api/staff/places", Body{"kind": "department", "code": "X", "name": "x"}).Expect(t, 403, "admin.forbidden")
			b.Post("/api/staff/places/"+o.Desk, Body{"version": "x", "name": "x"}).Expect(t, 403, "admin.forbidden")
			b.Post("/api/staff/people/search", Body{}).Expect(t, 403, "admin.forbidden")
			b.Get("/api/staff/people/"+o.Herbst.ID).Expect(t, 403, "admin.forbidden")
			b.Post("/api/staff/people", Body{"email": "a@amt.example", "name": "a", "roles": []Body{}}).Expect(t, 403, "admin.forbidden")
			b.Post("/api/staff/people/"+o.Herbst.ID, Body{"version": "x", "name": "x"}).Expect(t, 403, "admin.forbidden")
			b.Post("/api/staff/people/"+who.ID+"/roles", Body{"role": "agency_admin", "place": o.Agency}).Expect(t, 403, "role.forbidden")
			b.Send(http.MethodDelete, "/api/staff/people/"+o.Herbst.ID+"/roles/advisor/"+o.Desk2, nil).Expect(t, 403, "role.forbidden")
			upload(b, "trial=true", small()...).Expect(t, 403, "admin.forbidden")
			b.Get("/api/staff/export?format=csv").Expect(t, 403, "admin.forbidden")
		}
		nobody := n.Browser()
		upload(nobody, "trial=false", small()...).Expect(t, 401, "session.none")
		nobody.Get("/api/staff/export?format=csv").Expect(t, 401, "session.none")
		nobody.Get("/api/staff/places?kind=desk").Expect(t, 401, "session.none")
	})
}

func TestTEN01NothingOfAnotherAgencyIsSeenOrChanged(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		_, b := administered(n, "lindenau")
		other, _ := administered(n, "ahorn")
		theirs := where(n, other)
		before := exported(n, other.Agency, admin.JSON)
		for _, id := range []string{other.Agency, other.Desk, other.Service, theirs.DepartmentID, theirs.LocationID} {
			b.Get("/api/staff/places/"+id).Expect(t, 404, "not_found")
			b.Post("/api/staff/places/"+id, Body{"version": "x", "name": "x"}).Expect(t, 404, "not_found")
		}
		b.Post("/api/staff/places", Body{"kind": "desk", "code": "X", "name": "x", "department": theirs.DepartmentID, "location": theirs.LocationID}).Expect(t, 404, "not_found")
		b.Get("/api/staff/people/"+other.Sommer.ID).Expect(t, 404, "not_found")
		b.Post("/api/staff/people/"+other.Sommer.ID, Body{"version": "x", "disabled": true}).Expect(t, 404, "not_found")
		b.Post("/api/staff/people/"+other.Sommer.ID+"/roles", Body{"role": "lead", "place": other.Desk}).Expect(t, 404, "not_found")
		b.Send(http.MethodDelete, "/api/staff/people/"+other.Sommer.ID+"/roles/advisor/"+other.Desk, nil).Expect(t, 404, "not_found")
		b.Post("/api/staff/people", Body{"email": "a@amt.example", "name": "a", "roles": []Body{{"role": "advisor", "place": other.Desk}}}).Expect(t, 404, "not_found")
		for _, query := range []string{"kind=desk", "kind=location", "kind=department", "kind=service", "kind=desk&below=" + theirs.DepartmentID, "kind=location&after=" + theirs.LocationID} {
			a := b.Get("/api/staff/places?" + query).OK(t)
			for _, id := range []string{other.Desk, other.Desk2, other.Service, theirs.DepartmentID, theirs.LocationID} {
				if strings.Contains(a.Text, id) {
					t.Errorf("%s: %s", query, a.Text)
				}
			}
		}
		if a := b.Post("/api/staff/people/search", Body{"place": other.Desk}).OK(t); !strings.Contains(a.Text, `"people":[]`) {
			t.Error(a.Text)
		}
		upload(b, "trial=false", small()...).OK(t)
		if !same(before, exported(n, other.Agency, admin.JSON)) {
			t.Error("it was changed")
		}
	})
}

// upload sends files as the page does.
func upload(b *Browser, query string, files ...admin.File) Answer {
	b.T.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, f := range files {
		w, err := form.CreateFormFile("file", f.Name)
		if err != nil {
			b.T.Fatal(err)
		}
		if _, err := w.Write(f.Data); err != nil {
			b.T.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		b.T.Fatal(err)
	}
	b.Header.Set("Content-Type", form.FormDataContentType())
	defer b.Header.Del("Content-Type")
	return b.Send(http.MethodPost, "/api/staff/import?"+query, body.String())
}

func TestAFormOfFilesIsTriedAndThenImported(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o, b := administered(n, "lindenau")
		before := counted(n, o.Agency)
		var trial, done, again admin.Imported
		upload(b, "trial=true", small()...).OK(t).Into(t, &trial)
		if counted(n, o.Agency) != before {
			t.Error("a trial changed something")
		}
		upload(b, "trial=false", small()...).OK(t).Into(t, &done)
		upload(b, "trial=false", small()...).OK(t).Into(t, &again)
		if !trial.Trial || done.Trial || len(done.Changes) != len(trial.Changes) || done.Counts[admin.Desks][admin.Added] != 3 || len(again.Changes) != 0 {
			t.Errorf("%+v %+v %+v", trial, done, again)
		}
		if got := n.Count(`SELECT COUNT(*) FROM staff_role WHERE agency_id = $1 AND source = 'import' AND given_by = $2`, o.Agency, o.Herbst.ID); got != 2 {
			t.Error("it is not known who gave the roles")
		}
		a := upload(b, "trial=false", file("departments.csv", "code;name\nA;=1\nB;\n")).Expect(t, 422, "import.mistakes")
		if list := a.Params["mistakes"].([]any); len(list) != 2 || list[0].(Body)["code"] != "formula" || list[0].(Body)["line"] != 2.0 || list[0].(Body)["file"] != "departments.csv" {
			t.Errorf("%v", a.Params)
		}
		for _, format := range []string{"csv", "json"} {
			a := b.Get("/api/staff/export?format=" + format).OK(t)
			name := map[string]string{"csv": "organisation.zip", "json": "organisation.json"}[format]
			if !strings.Contains(a.Header.Get("Content-Disposition"), name) {
				t.Error(a.Header)
			}
			var again admin.Imported
			upload(b, "trial=true", admin.File{Name: name, Data: []byte(a.Text)}).OK(t).Into(t, &again)
			if len(again.Changes) != 0 {
				t.Errorf("%s: %s", format, again.Changes)
			}
		}
		b.Get("/api/staff/export").Expect(t, 400, "request.invalid")
		upload(b, "", small()...).Expect(t, 400, "request.invalid")
		b.Post("/api/staff/import?trial=true", Body{}).Expect(t, 415, "request.content_type")
	})
}

func TestWhatAnImportTakesAwayIsShownFirst(t *testing.T) {
	n := New(t, dbtest.SQLite(t)).Node()
	_, b := administered(n, "lindenau")
	var departments, people strings.Builder
	departments.WriteString("code;name;state\n")
	people.WriteString("email;name\n")
	for i := range 30 {
		fmt.Fprintf(&departments, "A%02d;Abteilung %d;open\n", i, i)
		fmt.Fprintf(&people, "p%02d@lindenau.example;Person %d\n", i, i)
	}
	upload(b, "trial=false", file("departments.csv", departments.String()), file("staff.csv", people.String())).OK(t)
	changed := strings.ReplaceAll(departments.String(), "Abteilung", "Bereich")
	changed = strings.Replace(changed, "A29;Bereich 29;open", "A29;Bereich 29;closed", 1)
	disabled := "email;name;state\np07@lindenau.example;Person 7;disabled\n"
	var done admin.Imported
	upload(b, "trial=true", file("departments.csv", changed), file("staff.csv", disabled)).OK(t).Into(t, &done)
	if len(done.Changes) != 22 || done.More != 9 || done.Counts[admin.Departments][admin.Changed] != 29 {
		t.Fatalf("%d and %d more, %v", len(done.Changes), done.More, done.Counts)
	}
	for i, key := range []string{"A29", "p07@lindenau.example", "A00"} {
		if done.Changes[i].Key[0] != key || (done.Changes[i].What == admin.Closed) != (i < 2) {
			t.Errorf("%d: %+v", i, done.Changes[i])
		}
	}
	upload(b, "trial=true", file("departments.csv", strings.ReplaceAll(changed, "open", "closed"))).OK(t).Into(t, &done)
	if len(done.Changes) != 30 || done.More != 0 || slices.ContainsFunc(done.Changes, func(c admin.Change) bool { return c.What != admin.Closed }) {
		t.Errorf("of 30 that are closed %d are told, and not of %d", len(done.Changes), done.More)
	}
}

func TestAnUploadIsBoundedAndSoIsEveryOtherBody(t *testing.T) {
	n := New(t, dbtest.SQLite(t)).Node()
	_, b := administered(n, "lindenau")
	line := "A%06d;a department whose name is as long as that of many others are\n"
	var text strings.Builder
	text.WriteString("code;name\n")
	for i := 0; text.Len() < 8<<20; i++ {
		fmt.Fprintf(&text, line, i)
	}
	fits := text.String()
	var done admin.Imported
	upload(b, "trial=true", file("departments.csv", fits)).OK(t).Into(t, &done)
	if len(done.Changes) != 20 || done.More != strings.Count(fits, "\n")-21 {
		t.Errorf("%d and %d more", len(done.Changes), done.More)
	}
	upload(b, "trial=true", file("departments.csv", strings.Repeat(fits, 7)[:50<<20])).Expect(t, 413, "import.too_large")
	b.Post("/api/staff/people/search", `{"text":"`+strings.Repeat("x", 300<<10)+`"}`).Expect(t, 413, "request.too_large")
}

func TestTwoAdministratorsAtOnceDoNotUndoEachOther(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o, b := administered(n, "lindenau")
		v := placeOf(t, b, o.Desk)
		var done sync.WaitGroup
		var changed, late, made, taken int
		var mu sync.Mutex
		for i := range 6 {
			done.Go(func() {
				a := b.Post("/api/staff/places/"+o.Desk, Body{"version": v.Version, "name": fmt.Sprintf("Name %d", i)})
				c := b.Post("/api/staff/places", Body{"kind": "department", "code": "NEU", "name": fmt.Sprintf("Name %d", i)})
				mu.Lock()
				defer mu.Unlock()
				for _, one := range []struct {
					a           Answer
					first, next *int
					code        string
				}{{a, &changed, &late, "admin.changed"}, {c, &made, &taken, "place.code_taken"}} {
					switch {
					case one.a.Status == http.StatusOK:
						*one.first++
					case one.a.Status == http.StatusConflict && one.a.Code == one.code:
						*one.next++
					default:
						t.Errorf("%d %s", one.a.Status, one.a.Text)
					}
				}
			})
		}
		done.Wait()
		if changed != 1 || late != 5 || made != 1 || taken != 5 {
			t.Errorf("%d changed, %d late, %d made, %d taken", changed, late, made, taken)
		}
	})
}
