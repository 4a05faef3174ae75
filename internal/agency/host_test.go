package agency_test

import (
	"context"
	"errors"
	"testing"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	. "visavis/internal/worldtest"
)

func TestAHostIsAHostNameAndNothingElse(t *testing.T) {
	for host, want := range map[string]bool{
		"termin.ahorn.example": true, "a.de": true, "xn--mnchen-3ya.example": true,
		"": false, "localhost": false, "Termin.example": false, "termin.example:443": false, "termin.example.": false, "-a.example": false,
		"127.0.0.1": false, "::1": false, "a b.example": false, "https://termin.example": false, "*.example": false,
	} {
		if agency.IsHost(host) != want {
			t.Errorf("%q", host)
		}
	}
	for slug, want := range map[string]bool{"amt": true, "amt-nord-2": true, "": false, "-amt": false, "Amt": false, "a/b": false, "ä": false} {
		if agency.IsSlug(slug) != want {
			t.Errorf("%q", slug)
		}
	}
}

func TestAnAgencysAddressIsItsOwnHostWithTheInstallationsPort(t *testing.T) {
	for _, c := range []struct{ host, base, want string }{
		{"", "https://termin.example", "https://termin.example"},
		{"ahorn.example", "https://termin.example", "https://ahorn.example"},
		{"ahorn.example", "http://localhost:8080", "http://ahorn.example:8080"},
	} {
		if got := (agency.Agency{Host: c.host}).URL(c.base); got != c.want {
			t.Errorf("%s at %s: %s", c.host, c.base, got)
		}
	}
}

func TestTEN01UnderTheHostOfAnAgencyThereIsNoOther(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		lindenau, ahorn := n.Office("lindenau"), n.Office("ahorn")
		n.Tx(func(tx *db.Tx) error {
			return n.Agencies.Change(t.Context(), tx, agency.Agency{ID: ahorn.Agency, Name: "Amt Ahorn", Phone: "1", Host: "termin.ahorn.example"})
		})
		for host, want := range map[string]string{
			"termin.ahorn.example": ahorn.Agency, "TERMIN.Ahorn.example:443": ahorn.Agency, "termin.ahorn.example.": ahorn.Agency,
			"ahorn.example": "", "localhost:8080": "",
		} {
			if got, err := n.Agencies.AtHost(t.Context(), host); got != want || err != nil {
				t.Errorf("%s: %q %v", host, got, err)
			}
		}
		under := agency.At(t.Context(), ahorn.Agency)
		if a, err := n.Agencies.BySlug(under, "ahorn"); err != nil || a.Host != "termin.ahorn.example" {
			t.Errorf("%v", err)
		}
		if a, err := n.Agencies.Only(under); err != nil || a.ID != ahorn.Agency {
			t.Errorf("%v %v", a.ID, err)
		}
		for what, ask := range map[string]func(context.Context) (agency.Agency, error){
			"by its name": func(ctx context.Context) (agency.Agency, error) { return n.Agencies.BySlug(ctx, "lindenau") },
			"by its id":   func(ctx context.Context) (agency.Agency, error) { return n.Agencies.ByID(ctx, lindenau.Agency) },
		} {
			if _, err := ask(under); !errors.Is(err, agency.ErrNotFound) {
				t.Errorf("%s: %v", what, err)
			}
		}
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			return n.Agencies.Change(t.Context(), tx, agency.Agency{ID: lindenau.Agency, Name: "x", Phone: "1", Host: "termin.ahorn.example"})
		})
		if !db.IsUnique(err) {
			t.Errorf("two agencies under one host: %v", err)
		}
	})
}
