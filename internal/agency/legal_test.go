package agency_test

import (
	"net/http"
	"strings"
	"testing"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	. "visavis/internal/worldtest"
)

// told is what a guest's page knows of the texts.
type told struct {
	State string
	Legal struct {
		Notice  agency.LegalText
		Consent *struct {
			agency.LegalText
			GivenAt *int64
		}
	}
	CallbackAt *int64
}

func look(guest *Guest) (v told) {
	guest.T.Helper()
	guest.Post("/api/guest/"+guest.Place.Slug+"/open", Body{"seat": guest.Place.Seat}).OK(guest.T).Into(guest.T, &v)
	return v
}

func (g *ground) said(version string) string {
	g.T.Helper()
	return g.Browser().Get("/api/guest/" + g.o.Slug + "/legal/" + version).OK(g.T).Text
}

// acts are what the audit says of an appointment since it was booked.
func (g *ground) acts(appointment string) string {
	g.T.Helper()
	list, err := g.Audit.Page(g.T.Context(), g.DB.Read(), g.o.Agency, audit.Filter{Object: appointment}, audit.Cursor{}, 100)
	if err != nil {
		g.T.Fatal(err)
	}
	var out []string
	for _, row := range list {
		if row.Act != audit.AppointmentBooked {
			out = append([]string{string(row.Act) + " " + row.Detail}, out...)
		}
	}
	return strings.Join(out, ", ")
}

func inOrder(text string, parts ...string) bool {
	for _, part := range parts {
		_, after, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = after
	}
	return true
}

func TestAUD05ConsentIsAskedForEachAppointmentAndCanBeTakenBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGround(t, d)
		g.must(g.service, agency.LegalBasis, `"consent"`, false)
		guest := g.Guest(g.Book(g.o, g.SignIn(g.o.Sommer), g.o.Booking(Start())))
		first := look(guest).Legal.Consent
		if first == nil || first.Own || first.Version == "" || first.GivenAt != nil {
			t.Fatalf("%+v", first)
		}
		guest.Arrive().Expect(t, http.StatusConflict, "seat.consent")
		guest.Do("consent", Body{"version": "0123456789abcdef", "given": true}).Expect(t, http.StatusConflict, "seat.text_changed")
		guest.Do("consent", Body{"version": first.Version, "given": true}).OK(t)
		guest.Do("consent", Body{"version": first.Version, "given": true}).OK(t)
		if now := look(guest).Legal.Consent; now.GivenAt == nil || *now.GivenAt != db.Ms(Start()) {
			t.Errorf("%+v", now)
		}
		// It is read, as what guests are asked for, in the order in which they read it.
		if text := g.said(first.Version); !inOrder(text, "Nichts wird aufgezeichnet.", "Das ist freiwillig.", "zurückziehen") {
			t.Errorf("what was agreed to is kept: %s", text)
		}
		guest.Arrive().OK(t)
		guest.Do("consent", Body{"version": first.Version, "given": false}).OK(t)
		if now := look(guest); now.State != "expected" || now.Legal.Consent.GivenAt != nil {
			t.Errorf("%+v", now)
		}
		guest.Arrive().Expect(t, http.StatusConflict, "seat.consent")
		guest.Do("callback", Body{"phone": "0711 99887"}).OK(t)
		if now := look(guest); now.CallbackAt == nil {
			t.Error("what is just as good leaves nothing at the desk")
		}
		if got, want := g.acts(guest.Place.Appointment), "consent.given version="+first.Version+", consent.revoked version="+first.Version; got != want {
			t.Errorf("%s", got)
		}
		// Another appointment of the same service asks anew.
		other := g.Guest(g.Book(g.o, g.SignIn(g.o.Winter), g.o.Booking(Start())))
		other.Arrive().Expect(t, http.StatusConflict, "seat.consent")
		// And what is asked at one service is asked at no other.
		elsewhere := g.o.Booking(Start())
		elsewhere["desk"], elsewhere["service"] = g.o.Desk2, g.o.Service2
		g.Guest(g.Book(g.o, g.SignIn(g.o.Winter), elsewhere)).Arrive().OK(t)
	})
}

func TestAUD05AChangedTextIsANewVersionAndOldOnesStay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGround(t, d)
		g.must(g.whole, agency.LegalBasis, `"consent"`, true)
		g.must(g.department, agency.LegalConsent, `{"de": "Erste Fassung <b>fett</b>"}`, false)
		guest := g.Guest(g.Book(g.o, g.SignIn(g.o.Sommer), g.o.Booking(Start())))
		first := look(guest).Legal.Consent.Version
		guest.Do("consent", Body{"version": first, "given": true}).OK(t)
		g.must(g.department, agency.LegalConsent, `{"de": "Zweite Fassung", "en": "Second version"}`, false)
		second := look(guest).Legal.Consent
		if !second.Own || second.Version == first || second.GivenAt != nil {
			t.Errorf("%+v", second)
		}
		guest.Arrive().Expect(t, http.StatusConflict, "seat.consent")
		guest.Do("consent", Body{"version": first, "given": true}).Expect(t, http.StatusConflict, "seat.text_changed")
		guest.Do("consent", Body{"version": second.Version, "given": true}).OK(t)
		guest.Arrive().OK(t)
		if !strings.Contains(g.said(first), "Erste Fassung") || !strings.Contains(g.said(second.Version), "Second version") {
			t.Error("not all versions are there")
		}
		// The same text again is the same version.
		g.must(g.department, agency.LegalConsent, `{"de": "Erste Fassung <b>fett</b>"}`, false)
		if got := look(guest).Legal.Consent.Version; got != first {
			t.Errorf("%s, not %s", got, first)
		}
		other := g.Office("ahorn")
		g.Browser().Get("/api/guest/"+other.Slug+"/legal/"+first).Expect(t, http.StatusNotFound, "not_found")
		g.Browser().Get("/api/guest/"+g.o.Slug+"/legal/nothing").Expect(t, http.StatusNotFound, "not_found")
	})
}

func TestAUD02TheNoticeThatWasShownIsKeptWithTheSeatAndInTheAudit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGround(t, d)
		guest := g.Guest(g.Book(g.o, g.SignIn(g.o.Sommer), g.o.Booking(Start())))
		shown := look(guest).Legal
		if shown.Consent != nil || shown.Notice.Own {
			t.Fatalf("%+v", shown)
		}
		g.must(g.service, agency.LegalNotice, `{"de": "Eigener Text\n\nmit Absatz"}`, false)
		now := look(guest).Legal.Notice
		if !now.Own || now.Version == shown.Notice.Version || !strings.Contains(g.said(now.Version), `Eigener Text\n\nmit Absatz`) {
			t.Errorf("%+v", now)
		}
		guest.ArriveAfter(now.Version).OK(t)
		var kept string
		g.Scan(`SELECT notice_version FROM seat WHERE agency_id = $1 AND id = $2`, []any{g.o.Agency, guest.Place.Seat}, &kept)
		if kept != now.Version {
			t.Errorf("the seat says %q", kept)
		}
		// Nobody fills the audit by coming and going.
		guest.Do("leave", Body{}).OK(t)
		guest.ArriveAfter(now.Version).OK(t)
		if got, want := g.acts(guest.Place.Appointment), "notice.shown version="+now.Version; got != want {
			t.Errorf("%s", got)
		}
		// Who had opened the page before the text was changed has seen another one. What nobody has ever written keeps
		// nobody out, and is not kept.
		guest.Do("leave", Body{}).OK(t)
		guest.ArriveAfter(shown.Notice.Version).OK(t)
		guest.Do("leave", Body{}).OK(t)
		guest.ArriveAfter("0123456789abcdef").OK(t)
		g.Scan(`SELECT notice_version FROM seat WHERE agency_id = $1 AND id = $2`, []any{g.o.Agency, guest.Place.Seat}, &kept)
		if kept != shown.Notice.Version || !strings.Contains(g.said(kept), "Nichts wird aufgezeichnet.") || !inOrder(g.said(kept), "verschlüsselt", "aufgezeichnet", "Verantwortlich ist: {agency}", "Sie dürfen wissen") {
			t.Errorf("the seat says %q", kept)
		}
	})
}
