package admin_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"visavis/internal/admin"
	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

// forms are those of a place, as somebody sees them.
func forms(t *testing.T, a Answer) (list []admin.FormHead, may bool) {
	t.Helper()
	var got admin.FormsOutput
	a.OK(t).Into(t, &got.Body)
	return got.Body.Forms, got.Body.May
}

func asking(title string, fields ...Body) Body {
	if len(fields) == 0 {
		fields = []Body{{"kind": "text", "label": Body{"de": "Name"}, "required": true}}
	}
	return Body{"title": Body{"de": title}, "fields": fields}
}

// office has somebody who administers its location, and somebody for all of it.
func office(t *testing.T, d *db.DB) (n *Node, o Office, desk agency.Desk, location, whole *Browser) {
	t.Helper()
	n = New(t, d).Node()
	o = n.Office("lindenau")
	desk, err := n.Agencies.Desk(t.Context(), d.Read(), o.Agency, o.Desk)
	if err != nil {
		t.Fatal(err)
	}
	n.Tx(func(tx *db.Tx) error {
		for who, held := range map[string]staff.Held{
			o.Herbst.ID: {Role: staff.LocationAdmin, Kind: agency.OfLocation, Place: desk.LocationID},
			o.Winter.ID: {Role: staff.AgencyAdmin, Kind: agency.OfAgency, Place: o.Agency},
		} {
			if err := n.Staff.Give(t.Context(), tx, o.Agency, staff.Grant{Staff: who, Held: held, Source: staff.ByHand}); err != nil {
				return err
			}
		}
		return nil
	})
	return n, o, desk, n.SignIn(o.Herbst), n.SignIn(o.Winter)
}

func formsOf(place string) string { return "/api/staff/places/" + place + "/forms" }

func TestFormsOfAPlaceAreDefinedChangedAndDroppedAndEachLeavesOneEntry(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n, o, _, _, winter := office(t, d)
		_, head := trail(n, o.Agency, 0)
		at := formsOf(o.Desk)
		list, may := forms(t, winter.Post(at, Body{"form": asking("Antrag\u202e auf\n Wohngeld", Body{
			"kind": "radio", "label": Body{"de": "Art", "en": "Kind"}, "help": Body{"de": " "}, "required": false,
			"options": []Body{{"de": "Miete", "en": "Rent"}, {"de": "Eigentum"}},
		})}))
		if len(list) != 1 || !may || list[0].Title["de"] != "Antrag auf Wohngeld" || list[0].Fields != 1 || list[0].Place != o.Desk || list[0].PlaceName == "" {
			t.Fatalf("%+v %v", list, may)
		}
		one := at + "/" + list[0].ID
		var read struct {
			Version int64
			Form    agency.Template
		}
		winter.Get(one).OK(t).Into(t, &read)
		if f := read.Form.Fields[0]; f.Label["en"] != "Kind" || len(f.Help) != 0 || f.Options[1].In("en") != "Eigentum" {
			t.Errorf("%+v", f)
		}
		// Of two at once one is told so, and nothing is lost.
		winter.Post(one, Body{"version": read.Version, "form": asking("Wohngeld")}).OK(t)
		winter.Post(one, Body{"version": read.Version, "form": asking("Anders")}).Expect(t, http.StatusConflict, "admin.changed")
		winter.Send(http.MethodDelete, one+"?version=1", nil).Expect(t, http.StatusConflict, "admin.changed")
		if list, _ = forms(t, winter.Get(at)); list[0].Title["de"] != "Wohngeld" || list[0].Version != 2 {
			t.Errorf("%+v", list)
		}
		if list, _ = forms(t, winter.Send(http.MethodDelete, one+"?version=2", nil)); len(list) != 0 {
			t.Errorf("%+v", list)
		}
		winter.Get(one).Expect(t, http.StatusNotFound, "not_found")
		var got []string
		got, _ = trail(n, o.Agency, head)
		for i := range got {
			got[i], _, _ = strings.Cut(got[i], " form=")
		}
		if want := []string{"staff form.defined", "staff form.changed", "staff form.dropped"}; !slices.Equal(got, want) {
			t.Errorf("%q", got)
		}
		if n := n.Count(`SELECT COUNT(*) FROM audit_entry WHERE agency_id = $1 AND detail LIKE '%ohngeld%'`, o.Agency); n != 0 {
			t.Error("the audit says what a form asks")
		}
	})
}

func TestADeskHasTheFormsOfAllThatItLiesInAndWhoAdministersAPlaceChangesOnlyItsOwn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		_, o, desk, herbst, winter := office(t, d)
		for place, title := range map[string]string{o.Agency: "Aller", desk.DepartmentID: "Des Bereichs", desk.LocationID: "Hier", o.Desk: "Unseres"} {
			winter.Post(formsOf(place), Body{"form": asking(title)}).OK(t)
		}
		titles := func(list []admin.FormHead) (all []string) {
			for _, one := range list {
				all = append(all, one.Title["de"])
			}
			return all
		}
		list, may := forms(t, herbst.Get(formsOf(o.Desk)))
		if got := titles(list); !slices.Equal(got, []string{"Aller", "Des Bereichs", "Hier", "Unseres"}) || !may {
			t.Errorf("%q %v", got, may)
		}
		if got, _ := forms(t, winter.Get(formsOf(desk.LocationID))); !slices.Equal(titles(got), []string{"Aller", "Hier"}) {
			t.Errorf("%q", titles(got))
		}
		all := list[0]
		if _, may := forms(t, herbst.Get(formsOf(desk.DepartmentID))); may {
			t.Error("who administers a location may define forms of a department")
		}
		herbst.Post(formsOf(o.Agency), Body{"form": asking("Neu")}).Expect(t, http.StatusForbidden, "admin.forbidden")
		herbst.Post(formsOf(o.Agency)+"/"+all.ID, Body{"version": 1, "form": asking("Neu")}).Expect(t, http.StatusForbidden, "admin.forbidden")
		// One from above is read here, and not changed.
		herbst.Get(formsOf(o.Desk) + "/" + all.ID).OK(t)
		herbst.Post(formsOf(o.Desk)+"/"+all.ID, Body{"version": 1, "form": asking("Neu")}).Expect(t, http.StatusNotFound, "not_found")
		herbst.Send(http.MethodDelete, formsOf(o.Desk)+"/"+all.ID+"?version=1", nil).Expect(t, http.StatusNotFound, "not_found")
		// One from below or from next door is not there.
		winter.Get(formsOf(o.Agency)+"/"+list[3].ID).Expect(t, http.StatusNotFound, "not_found")
		winter.Get(formsOf(o.Desk2)+"/"+list[3].ID).Expect(t, http.StatusNotFound, "not_found")
		winter.Post(formsOf(o.Service), Body{"form": asking("Neu")}).Expect(t, http.StatusUnprocessableEntity, "template.place")
	})
}

func TestAFormHasANameOfItsOwnAtItsPlaceAndOnlyWhatPagesCanShow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		_, o, _, _, winter := office(t, d)
		at := formsOf(o.Desk)
		winter.Post(at, Body{"form": asking("Wohngeld")}).OK(t)
		winter.Post(at, Body{"form": asking("  WOHNGELD ")}).Expect(t, http.StatusConflict, "template.named")
		list, _ := forms(t, winter.Post(at, Body{"form": asking("Zweites")}))
		winter.Post(at+"/"+list[1].ID, Body{"version": 1, "form": asking("Wohngeld")}).Expect(t, http.StatusConflict, "template.named")
		winter.Post(formsOf(o.Agency), Body{"form": asking("Wohngeld")}).OK(t)

		field := func(kind, label string, options ...string) Body {
			f := Body{"kind": kind, "label": Body{"de": label}, "required": true}
			if len(options) > 0 {
				var of []Body
				for _, option := range options {
					of = append(of, Body{"de": option})
				}
				f["options"] = of
			}
			return f
		}
		for what, form := range map[string]Body{
			"0 empty":        asking(" \u200b "),
			"0 long":         asking(strings.Repeat("ä", 121)),
			"0 none":         {"title": Body{"de": "X"}, "fields": []Body{}},
			"2 empty":        asking("X", field("text", "A"), Body{"kind": "text", "label": Body{"en": "B"}, "required": true}),
			"1 language":     asking("X", Body{"kind": "text", "label": Body{"de": "A", "xx": "B"}, "required": true}),
			"1 long":         asking("X", field("text", strings.Repeat("😀", 101))),
			"1 options":      asking("X", field("choice", "A")),
			"1 option_twice": asking("X", field("radio", "A", "ja", "nein", "ja ")),
			"1 option_long":  asking("X", field("radio", "A", strings.Repeat("x", 81))),
			"1 help_long":    asking("X", Body{"kind": "text", "label": Body{"de": "A"}, "help": Body{"de": strings.Repeat("x", 301)}, "required": false}),
		} {
			a := winter.Post(at, Body{"form": form}).Expect(t, http.StatusUnprocessableEntity, "template.invalid")
			var wrong struct{ Params map[string]any }
			a.Into(t, &wrong)
			if got := fmt.Sprint(wrong.Params["field"], " ", wrong.Params["what"]); got != what {
				t.Errorf("%s is refused as %q: %s", what, got, a.Text)
			}
		}
		winter.Post(at, Body{"form": asking("X", field("signature", "A"))}).Expect(t, http.StatusBadRequest, "request.invalid")
		winter.Post(at, Body{"form": asking("X", slices.Repeat([]Body{field("text", "A")}, 101)...)}).Expect(t, http.StatusBadRequest, "request.invalid")
		for i := 2; i < 100; i++ {
			winter.Post(at, Body{"form": asking(fmt.Sprint("Formular ", i))}).OK(t)
		}
		winter.Post(at, Body{"form": asking("Noch eines")}).Expect(t, http.StatusConflict, "template.many")
	})
}
