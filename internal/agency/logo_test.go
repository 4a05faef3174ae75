package agency_test

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

func drawn(inside string) []byte {
	return []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 50">` + inside + `</svg>`)
}

func pngOf(t testing.TB, width, height int) []byte {
	t.Helper()
	one := image.NewRGBA(image.Rect(0, 0, width, height))
	for x := range width {
		one.Set(x, x%height, color.RGBA{R: 200, G: uint8(x), A: 255})
	}
	var out bytes.Buffer
	if err := png.Encode(&out, one); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func asText(file []byte) string { return base64.StdEncoding.EncodeToString(file) }

// logoOf is the logo that a guest's page shows.
func logoOf(guest *Guest) *agency.Logo {
	guest.T.Helper()
	var v struct{ Agency struct{ Logo *agency.Logo } }
	guest.Post("/api/guest/"+guest.Place.Slug+"/open", Body{"seat": guest.Place.Seat}).OK(guest.T).Into(guest.T, &v)
	return v.Agency.Logo
}

// admin is somebody who administers the whole agency.
func (g *ground) admin() *Browser {
	g.T.Helper()
	g.Tx(func(tx *db.Tx) error {
		_, err := g.Staff.Create(g.T.Context(), tx, staff.NewAccount{
			Agency: g.o.Agency, Email: "lorenz@amt.example", Name: "Frau Lorenz", Password: Password,
			Roles: []staff.Held{{Role: staff.AgencyAdmin, Kind: agency.OfAgency, Place: g.o.Agency}},
		})
		return err
	})
	return g.SignIn(Account{Email: "lorenz@amt.example", Slug: g.o.Slug})
}

func TestALogoIsThatOfTheLowestPlaceThatHasOneAndSaysWhoseItIs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGround(t, d)
		guest := g.Guest(g.Book(g.o, g.SignIn(g.o.Sommer), g.o.Booking(Start())))
		if logo := logoOf(guest); logo != nil {
			t.Errorf("%+v", logo)
		}
		g.must(g.whole, agency.OwnLogo, `"`+asText(pngOf(t, 320, 80))+`"`, false)
		first := logoOf(guest)
		if first == nil || first.Width != 160 || first.Height != 40 || first.Alt != "" {
			t.Fatalf("%+v", first)
		}
		got := g.Browser().Get(first.Src).OK(t)
		for name, want := range map[string]string{
			"Content-Type": "image/png", "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
			"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if is := got.Header.Get(name); is != want {
				t.Errorf("%s: %q", name, is)
			}
		}
		if !bytes.Equal([]byte(got.Text), pngOf(t, 320, 80)) {
			t.Error("another picture")
		}
		g.must(g.department, agency.OwnLogo, `"data:image/svg+xml;base64,`+asText(drawn(`<rect width="9" height="9"/>`))+`"`, false)
		second := logoOf(guest)
		if second.Src == first.Src || second.Alt != "Jugendamt" {
			t.Errorf("%+v", second)
		}
		if is := g.Browser().Get(second.Src).OK(t).Header.Get("Content-Type"); is != "image/svg+xml" {
			t.Error(is)
		}
		g.must(g.location, agency.OwnLogo, `"`+asText(pngOf(t, 30, 30))+`"`, false)
		if third := logoOf(guest); third.Alt != "Rathaus" || third.Width != 30 || third.Height != 30 {
			t.Errorf("%+v", third)
		}
		for _, place := range []agency.Place{g.location, g.department} {
			g.Tx(func(tx *db.Tx) error {
				_, err := g.Agencies.Undecide(t.Context(), tx, g.o.Agency, place, agency.OwnLogo)
				return err
			})
		}
		if logo := logoOf(guest); *logo != *first {
			t.Errorf("%+v", logo)
		}
		g.Browser().Get(second.Src).Expect(t, http.StatusNotFound, "not_found")
		if n := g.Count(`SELECT COUNT(*) FROM logo WHERE agency_id = $1`, g.o.Agency); n != 1 {
			t.Errorf("%d pictures are kept", n)
		}
	})
}

func TestTEN01ALogoIsNoOtherAgencys(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGround(t, d)
		other := g.Office("ahorn")
		g.must(g.whole, agency.OwnLogo, `"`+asText(pngOf(t, 40, 40))+`"`, false)
		guest := g.Guest(g.Book(g.o, g.SignIn(g.o.Sommer), g.o.Booking(Start())))
		src := logoOf(guest).Src
		g.Browser().Get(strings.Replace(src, g.o.Slug, other.Slug, 1)).Expect(t, http.StatusNotFound, "not_found")
		if logo := logoOf(g.Guest(g.Book(other, g.SignIn(other.Sommer), other.Booking(Start())))); logo != nil {
			t.Errorf("%+v", logo)
		}
		g.Tx(func(tx *db.Tx) error { return g.Agencies.GiveUp(t.Context(), tx, g.o.Agency) })
		g.Browser().Get(src).Expect(t, http.StatusNotFound, "not_found")
		if _, err := g.Agencies.Clear(t.Context(), g.o.Agency, never); err != nil {
			t.Fatal(err)
		}
		if n := g.Count(`SELECT COUNT(*) FROM logo`); n != 0 {
			t.Errorf("%d pictures are left", n)
		}
	})
}

func TestOfAFileThatIsNoLogoNothingIsStoredAndTheOneBeforeStays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGround(t, d)
		admin := g.admin()
		at := func(p agency.Place) string { return "/api/staff/places/" + p.ID + "/rules/logo" }
		refused := func(want int) {
			t.Helper()
			for _, c := range []struct {
				value  any
				status int
				code   string
			}{
				{asText([]byte("GIF89a")), http.StatusUnprocessableEntity, "logo.type"},
				{"no base64", http.StatusUnprocessableEntity, "logo.type"},
				{asText(bytes.Repeat([]byte("a"), 65<<10)), http.StatusUnprocessableEntity, "logo.too_large"},
				{asText(bytes.Repeat([]byte("a"), 5<<20)), http.StatusRequestEntityTooLarge, "request.too_large"},
				{asText(drawn(`<script>1</script>`)), http.StatusUnprocessableEntity, "logo.active"},
				{asText(pngOf(t, 1501, 20)), http.StatusUnprocessableEntity, "logo.shape"},
				{asText(pngOf(t, 40, 40)[:60]), http.StatusUnprocessableEntity, "logo.broken"},
				{"160x40-0123456789abcdef", http.StatusUnprocessableEntity, "logo.type"},
				{Body{"version": "x"}, http.StatusUnprocessableEntity, "rule.invalid"},
				{7, http.StatusUnprocessableEntity, "rule.invalid"},
				{nil, http.StatusUnprocessableEntity, "logo.type"},
			} {
				admin.Send(http.MethodPut, at(g.whole), Body{"value": c.value}).Expect(t, c.status, c.code)
			}
			if n := g.Count(`SELECT COUNT(*) FROM logo`) + g.Count(`SELECT COUNT(*) FROM policy`); n != want {
				t.Errorf("%d rows, not %d", n, want)
			}
		}
		refused(0)
		admin.Send(http.MethodPut, at(g.whole), Body{"value": asText(pngOf(t, 40, 40))}).OK(t)
		refused(2)
		for _, place := range []agency.Place{g.service, g.desk} {
			admin.Send(http.MethodPut, at(place), Body{"value": asText(pngOf(t, 40, 40))}).Expect(t, http.StatusUnprocessableEntity, "rule.invalid")
		}
		var page struct {
			Rules []struct {
				Rule    agency.Rule
				Value   any
				Place   string
				Picture *agency.Logo
			}
		}
		admin.Get("/api/staff/places/"+g.location.ID+"/rules").OK(t).Into(t, &page)
		for _, one := range page.Rules {
			if (one.Picture != nil) != (one.Rule == agency.OwnLogo) {
				t.Errorf("%+v", one)
			}
			if one.Rule == agency.OwnLogo && (one.Place != g.o.Agency || !strings.HasSuffix(one.Picture.Src, one.Value.(string))) {
				t.Errorf("its origin: %+v", one)
			}
		}
		admin.Send(http.MethodPut, at(g.whole), Body{"value": asText(pngOf(t, 40, 40)), "fixed": true}).OK(t)
		admin.Send(http.MethodPut, at(g.location), Body{"value": asText(pngOf(t, 30, 30))}).Expect(t, http.StatusConflict, "rule.fixed")
		admin.Send(http.MethodDelete, at(g.whole), nil).OK(t)
		if n := g.Count(`SELECT COUNT(*) FROM logo`); n != 0 {
			t.Errorf("%d pictures are left", n)
		}
	})
}
