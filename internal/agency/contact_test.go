package agency_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	. "visavis/internal/worldtest"
)

// shown is what a guest's page and a mail say of the agency.
type shown struct {
	Phone, Dial string
	PhoneHours  agency.Text
	Languages   []string
}

func (g *ground) page(guest *Guest) (s shown, language string) {
	g.T.Helper()
	var view struct {
		Agency   shown
		Language string
	}
	guest.Post("/api/guest/"+g.o.Slug+"/open", Body{"seat": guest.Place.Seat}).OK(g.T).Into(g.T, &view)
	return view.Agency, view.Language
}

func TestAnOfficesOwnTelephoneAndHoursStandOnThePageAndInTheMail(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGround(t, d)
		guest := g.Guest(g.Book(g.o, g.SignIn(g.o.Sommer), g.o.Booking(Start())))
		expect := func(what, phone, hours string) {
			t.Helper()
			if page, _ := g.page(guest); page.Phone != phone || page.PhoneHours.In("de") != hours {
				t.Errorf("%s: the page says %+v", what, page)
			}
			n, err := g.Appointments.Notice(t.Context(), g.o.Agency, guest.Place.Appointment)
			if err != nil || n.Phone != phone || n.PhoneHours != hours {
				t.Errorf("%s: the mail says %q %q %v", what, n.Phone, n.PhoneHours, err)
			}
		}
		expect("as it stands in the rows", "0711 5678", "Montag bis Freitag")
		g.must(g.location, agency.ContactHours, `{"de": "Dienstag, 8 bis 12 Uhr", "en": "Tuesday, 8:00 to 12:00"}`, false)
		expect("hours of the location", "0711 5678", "Dienstag, 8 bis 12 Uhr")
		g.must(g.department, agency.ContactPhone, `"0800 1"`, false)
		expect("the location's own number counts more than the department's", "0711 5678", "Dienstag, 8 bis 12 Uhr")
		g.must(g.desk, agency.ContactPhone, `" 0711 90-1 "`, false)
		expect("the desk's", "0711 90-1", "Dienstag, 8 bis 12 Uhr")
		g.must(g.whole, agency.ContactPhone, `"115"`, true)
		expect("one number for all", "115", "Dienstag, 8 bis 12 Uhr")
		g.must(g.whole, agency.ContactHours, `{"de": "rund um die Uhr"}`, true)
		expect("and hours", "115", "rund um die Uhr")
		for number, dial := range map[string]string{"+49 (0)711 56 78-0": "+4971156780", "0711 56780100 / 0711 56780200": ""} {
			g.must(g.whole, agency.ContactPhone, `"`+number+`"`, true)
			if page, _ := g.page(guest); page.Phone != number || page.Dial != dial {
				t.Errorf("%s: the page says %+v", number, page)
			}
		}
		g.must(g.whole, agency.ContactPhone, `"115"`, true)
		var public shown
		g.Browser().Get("/api/guest/lindenau").OK(t).Into(t, &public)
		if public.Phone != "115" || public.PhoneHours["en"] != "rund um die Uhr" {
			t.Errorf("anybody is told %+v", public)
		}
	})
}

func TestAGuestIsWrittenToInALanguageThatIsOffered(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGround(t, d)
		sommer := g.SignIn(g.o.Sommer)
		english := g.o.Booking(Start())
		english["language"] = "en"
		guest := g.Guest(g.Book(g.o, sommer, english))
		expect := func(language, hours string, offered ...string) {
			t.Helper()
			page, told := g.page(guest)
			if told != language || page.PhoneHours.In(language) != hours || !slices.Equal(page.Languages, offered) {
				t.Errorf("the page is in %s: %+v", told, page)
			}
			if n, err := g.Appointments.Notice(t.Context(), g.o.Agency, guest.Place.Appointment); err != nil || n.Language != language || n.PhoneHours != hours {
				t.Errorf("the mail is in %s: %q %v", n.Language, n.PhoneHours, err)
			}
		}
		expect("en", "Monday to Friday", "de", "en")
		g.must(g.location, agency.SpokenLanguages, `["de"]`, false)
		expect("de", "Montag bis Freitag", "de")
		later := g.o.Booking(Start().Add(time.Hour))
		later["language"] = "en"
		sommer.Post("/api/staff/appointments", later).Expect(t, http.StatusUnprocessableEntity, "language.not_offered")
		// The other desk lies at the same location, and decides for itself.
		other, err := g.Agencies.Place(t.Context(), d.Read(), g.o.Agency, g.o.Desk2)
		if err != nil {
			t.Fatal(err)
		}
		g.must(other, agency.SpokenLanguages, `["en", "de"]`, false)
		var me struct {
			Desks []struct {
				ID        string
				Languages []string
			}
		}
		g.SignIn(g.o.Winter).Get("/api/staff/session").OK(t).Into(t, &me)
		for _, desk := range me.Desks {
			want := []string{"de"}
			if desk.ID == g.o.Desk2 {
				want = []string{"de", "en"}
			}
			if !slices.Equal(desk.Languages, want) {
				t.Errorf("staff can book in %v", desk.Languages)
			}
		}
		g.must(g.whole, agency.SpokenLanguages, `["en"]`, true)
		expect("en", "Monday to Friday", "en")
		// Who has an appointment keeps it, also when it is moved.
		sommer.Post("/api/staff/appointments/"+guest.Place.Appointment+"/move",
			Body{"version": guest.Place.Version, "startsAt": db.Ms(Start().AddDate(0, 0, 1))}).OK(t)
		if got := g.Browser().Get("/api/guest/lindenau?language=de").OK(t); !strings.Contains(got.Text, "Monday to Friday") {
			t.Errorf("%s", got.Text)
		}
	})
}
