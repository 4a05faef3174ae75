package agency_test

import (
	"bytes"
	"errors"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"testing"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/vault"
	. "visavis/internal/worldtest"
)

func TestAnybodyMayKnowNameAndTelephoneAndNothingElse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		n.Office("lindenau")
		b := n.Browser()
		var public map[string]any
		a := b.Get("/api/guest/lindenau").OK(t)
		a.Into(t, &public)
		if got := slices.Sorted(maps.Keys(public)); !slices.Equal(got, []string{"dial", "languages", "name", "phone", "phoneHours", "slug", "timeZone"}) {
			t.Errorf("%v", got)
		}
		if public["name"] != "Amt lindenau" || public["phone"] != "0711 1234" || public["dial"] != "07111234" || !reflect.DeepEqual(public["phoneHours"], map[string]any{"de": "Montag bis Freitag", "en": "Monday to Friday"}) || public["timeZone"] != n.Zone.String() || len(a.Cookies) != 0 {
			t.Errorf("%v %v", public, a.Cookies)
		}
		b.Get("/api/guest/nirgends").Expect(t, http.StatusNotFound, "not_found")
	})
}

func TestTEN04EachAgencyHasAKeyOfItsOwn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		one, two := n.Office("lindenau"), n.Office("ahorn")
		ctx := t.Context()
		first, err := n.Agencies.Keys().For(ctx, one.Agency)
		if err != nil {
			t.Fatal(err)
		}
		second, err := n.Agencies.Keys().For(ctx, two.Agency)
		if err != nil {
			t.Fatal(err)
		}
		field := vault.Field{Agency: one.Agency, Table: "appointment", Column: "citizen_sealed", Row: "1"}
		sealed := first.Seal(field, []byte("Erika"))
		if _, err := second.Open(field, sealed); !errors.Is(err, vault.ErrSealed) {
			t.Errorf("another agency's key opened it: %v", err)
		}
		// A process that starts later, with the same key file, opens it.
		n.Stop()
		again, err := n.World.Node().Agencies.Keys().For(ctx, one.Agency)
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := again.Open(field, sealed); err != nil || !bytes.Equal(plain, []byte("Erika")) {
			t.Errorf("%q %v", plain, err)
		}
		if _, err := n.Agencies.Keys().For(ctx, "nowhere"); !errors.Is(err, agency.ErrNotFound) {
			t.Error(err)
		}
	})
}

func TestTEN01NothingIsBuiltFromPartsOfTwoAgencies(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		one, two := n.Office("lindenau"), n.Office("ahorn")
		ctx := t.Context()
		var mine, foreign agency.Desk
		err := d.Tx(ctx, func(tx *db.Tx) (err error) {
			if mine, err = n.Agencies.Desk(ctx, tx, one.Agency, one.Desk); err != nil {
				return err
			}
			foreign, err = n.Agencies.Desk(ctx, tx, two.Agency, two.Desk)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for name, f := range map[string]func(tx *db.Tx) error{
			"a desk of another's department": func(tx *db.Tx) error {
				_, err := n.Agencies.CreateDesk(ctx, tx, one.Agency, agency.Desk{DepartmentID: foreign.DepartmentID, LocationID: mine.LocationID})
				return err
			},
			"a desk at another's location": func(tx *db.Tx) error {
				_, err := n.Agencies.CreateDesk(ctx, tx, one.Agency, agency.Desk{DepartmentID: mine.DepartmentID, LocationID: foreign.LocationID})
				return err
			},
			"a desk that moves to another's location": func(tx *db.Tx) error {
				return n.Agencies.ChangeDesk(ctx, tx, one.Agency, agency.Desk{ID: one.Desk, LocationID: foreign.LocationID})
			},
			"another's desk": func(tx *db.Tx) error {
				return n.Agencies.ChangeDesk(ctx, tx, one.Agency, agency.Desk{ID: two.Desk, LocationID: mine.LocationID})
			},
			"another's department": func(tx *db.Tx) error {
				return n.Agencies.ChangeDepartment(ctx, tx, one.Agency, agency.Department{ID: foreign.DepartmentID})
			},
			"another's location": func(tx *db.Tx) error {
				return n.Agencies.ChangeLocation(ctx, tx, one.Agency, agency.Location{ID: foreign.LocationID})
			},
			"another's service": func(tx *db.Tx) error {
				return n.Agencies.ChangeService(ctx, tx, one.Agency, agency.Service{ID: two.Service})
			},
			"a service of another's department": func(tx *db.Tx) error {
				_, err := n.Agencies.CreateService(ctx, tx, one.Agency, agency.Service{DepartmentID: foreign.DepartmentID})
				return err
			},
		} {
			if err := d.Tx(ctx, f); !errors.Is(err, db.ErrConflict) {
				t.Errorf("%s: %v", name, err)
			}
		}
		q := d.Read()
		if _, err := n.Agencies.Desk(ctx, q, one.Agency, two.Desk); !errors.Is(err, agency.ErrNotFound) {
			t.Error(err)
		}
		if _, err := n.Agencies.Service(ctx, q, one.Agency, two.Service); !errors.Is(err, agency.ErrNotFound) {
			t.Error(err)
		}
		desks, err := n.Agencies.Desks(ctx, q, one.Agency, []string{one.Desk, one.Desk2, two.Desk})
		if err != nil || len(desks) != 2 {
			t.Errorf("%v %v", desks, err)
		}
		services, err := n.Agencies.Services(ctx, q, one.Agency, []string{mine.DepartmentID, foreign.DepartmentID})
		if err != nil || len(services) != 1 {
			t.Errorf("%v %v", services, err)
		}
		if _, err := n.Agencies.Only(ctx); !errors.Is(err, agency.ErrNotFound) {
			t.Error(err)
		}
	})
}

func TestATextIsShownInTheLanguageOrInGerman(t *testing.T) {
	for _, c := range []struct {
		text           agency.Text
		language, want string
	}{
		{agency.Text{"de": "Eins", "en": "One"}, "en", "One"},
		{agency.Text{"de": "Eins"}, "en", "Eins"},
		{agency.Text{"en": "One"}, "de", "One"},
		{agency.Text{}, "de", ""},
		{nil, "de", ""},
	} {
		if got := c.text.In(c.language); got != c.want {
			t.Errorf("%v in %s: %q", c.text, c.language, got)
		}
	}
}
