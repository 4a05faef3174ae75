package agency_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	. "visavis/internal/worldtest"
)

func TestADoorThatIsNotPermittedIsRefusedByTheServer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGround(t, d)
		sommer := g.SignIn(g.o.Sommer)
		guest := g.Guest(g.Book(g.o, sommer, g.o.Booking(Start())))
		doors := func() []string {
			t.Helper()
			var view struct{ Doors []string }
			guest.Post("/api/guest/"+g.o.Slug+"/open", Body{"seat": guest.Place.Seat}).OK(t).Into(t, &view)
			return view.Doors
		}
		call := Body{"phone": "0711 99887"}
		g.must(g.service, agency.Doors, `["link"]`, false)
		if got := doors(); !slices.Equal(got, []string{"link"}) {
			t.Errorf("%v", got)
		}
		guest.Do("callback", call).Expect(t, http.StatusConflict, "seat.door")
		// Who is asked for consent must have something else that is as good.
		g.must(g.service, agency.LegalBasis, `"consent"`, false)
		guest.Do("callback", call).OK(t)
		g.must(g.service, agency.LegalBasis, `"notice"`, false)
		guest.Arrive().OK(t)
		g.must(g.whole, agency.Doors, `["callback"]`, true)
		guest.Arrive().OK(t) // who is there stays
		guest.Do("leave", Body{}).OK(t)
		guest.Arrive().Expect(t, http.StatusConflict, "seat.door")
		guest.Do("callback", call).OK(t)
		if got := doors(); !slices.Equal(got, []string{"callback"}) {
			t.Errorf("%v", got)
		}
		sommer.Post("/api/staff/appointments", g.o.Booking(Start().Add(time.Hour))).Expect(t, http.StatusConflict, "appointment.no_link")
	})
}

func TestAnOfficeGreetsItsGuests(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGround(t, d)
		guest := g.Guest(g.Book(g.o, g.SignIn(g.o.Sommer), g.o.Booking(Start())))
		welcome := func() map[string]string {
			t.Helper()
			var view struct{ Welcome map[string]string }
			guest.Post("/api/guest/"+g.o.Slug+"/open", Body{"seat": guest.Place.Seat}).OK(t).Into(t, &view)
			return view.Welcome
		}
		if got := welcome(); got != nil {
			t.Errorf("%v", got)
		}
		g.must(g.desk, agency.Welcome, `{"de": "Guten Tag!\nWir freuen uns.", "en": "<b>Hello</b>"}`, false)
		if got := welcome(); got["de"] != "Guten Tag!\nWir freuen uns." || got["en"] != "<b>Hello</b>" {
			t.Errorf("%v", got)
		}
	})
}

func TestTheAdvisorIsToldToCompareTheCodeWhereThatIsRequired(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGround(t, d)
		sommer := g.SignIn(g.o.Sommer)
		guest := g.Guest(g.Book(g.o, sommer, g.o.Booking(Start())))
		guest.Arrive().OK(t)
		var begun struct{ Talk struct{ ID string } }
		sommer.Post("/api/staff/seats/"+guest.Place.Seat+"/admit", Body{}).OK(t).Into(t, &begun)
		required := func() bool {
			t.Helper()
			var view struct{ CodeRequired *bool }
			sommer.Get("/api/staff/talks/"+begun.Talk.ID).OK(t).Into(t, &view)
			return *view.CodeRequired
		}
		if required() {
			t.Error("though it is only advised")
		}
		g.must(g.department, agency.CodeCompared, `"required"`, true)
		if !required() {
			t.Error("the page does not ask for it")
		}
		if err := g.decide(g.desk, agency.CodeCompared, `"advised"`, false); err == nil {
			t.Error("below it was decided otherwise")
		}
	})
}
