package agency_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	. "visavis/internal/worldtest"
)

// ground is an office with its places.
type ground struct {
	*Node
	o                                          Office
	whole, department, service, location, desk agency.Place
}

func newGround(t *testing.T, d *db.DB) *ground {
	t.Helper()
	n := New(t, d).Node()
	g := &ground{Node: n, o: n.Office("lindenau")}
	first, err := n.Agencies.Desk(t.Context(), d.Read(), g.o.Agency, g.o.Desk)
	if err != nil {
		t.Fatal(err)
	}
	for id, into := range map[string]*agency.Place{
		g.o.Agency: &g.whole, first.DepartmentID: &g.department, g.o.Service: &g.service, first.LocationID: &g.location, g.o.Desk: &g.desk,
	} {
		if *into, err = n.Agencies.Place(t.Context(), d.Read(), g.o.Agency, id); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

func (g *ground) decide(p agency.Place, rule agency.Rule, value string, fixed bool) error {
	g.T.Helper()
	return g.DB.Tx(g.T.Context(), func(tx *db.Tx) error {
		_, err := g.Agencies.Decide(g.T.Context(), tx, g.o.Agency, p, rule, json.RawMessage(value), fixed, g.o.Sommer.ID)
		return err
	})
}

func (g *ground) must(p agency.Place, rule agency.Rule, value string, fixed bool) {
	g.T.Helper()
	if err := g.decide(p, rule, value, fixed); err != nil {
		g.T.Fatal(err)
	}
}

func (g *ground) rules() agency.Rules {
	g.T.Helper()
	r, err := g.Agencies.RulesOf(g.T.Context(), g.DB.Read(), g.o.Agency, g.o.Desk, g.o.Service)
	if err != nil {
		g.T.Fatal(err)
	}
	return r
}

func TestARuleIsFixedOnlyWhereSomebodyBelowMayDecideIt(t *testing.T) {
	for rule, want := range map[agency.Rule][]agency.Kind{
		agency.OpensEarly:   {agency.OfAgency, agency.OfDepartment, agency.OfService, agency.OfLocation},
		agency.LegalBasis:   {agency.OfAgency, agency.OfDepartment}, // no location decides it
		agency.KeptAudit:    nil,                                    // only the whole agency decides it
		agency.KeptAccounts: nil,
	} {
		for _, kind := range []agency.Kind{agency.OfAgency, agency.OfDepartment, agency.OfService, agency.OfLocation, agency.OfDesk} {
			if got := rule.Fixable(kind); got != slices.Contains(want, kind) {
				t.Errorf("%s at a %s: %v", rule, kind, got)
			}
		}
	}
}

// What the page does not offer the server does not take, and what a service holds to counts at every location.
func TestAServiceHoldsLocationsAndDesksToARule(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGround(t, d)
		g.must(g.location, agency.CodeCompared, `"advised"`, false)
		g.must(g.service, agency.CodeCompared, `"required"`, false)
		if got := g.rules()[agency.CodeCompared]; got.Value != agency.Advised {
			t.Errorf("the location decides after the service: %+v", got)
		}
		g.must(g.service, agency.CodeCompared, `"required"`, true)
		if got := g.rules()[agency.CodeCompared]; got.Value != agency.Required || got.Kind != agency.OfService {
			t.Errorf("%+v", got)
		}
		for _, c := range []struct {
			at   agency.Place
			rule agency.Rule
		}{{g.desk, agency.CodeCompared}, {g.service, agency.LegalBasis}, {g.whole, agency.Passwords}} {
			value := map[agency.Rule]string{agency.CodeCompared: `"required"`, agency.LegalBasis: `"notice"`, agency.Passwords: `"everyone"`}[c.rule]
			if err := g.decide(c.at, c.rule, value, true); !errors.Is(err, agency.ErrUnfixable) {
				t.Errorf("%s at a %s: %v", c.rule, c.at.Kind, err)
			}
		}
	})
}

func TestTheLowestPlaceThatHasDecidedCountsUnlessOneAboveHasForAll(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGround(t, d)
		if r := g.rules(); r.Minutes(agency.OpensEarly) != 10*time.Minute || r.Minutes(agency.StaysLate) != 15*time.Minute || r[agency.OpensEarly].Kind != "" {
			t.Errorf("%+v", r)
		}
		for i, p := range []agency.Place{g.whole, g.department, g.service} {
			g.must(p, agency.OpensEarly, strconv.Itoa(i), false)
			g.must(p, agency.StaysLate, strconv.Itoa(100+i), false)
			if r := g.rules(); r.Minutes(agency.OpensEarly) != time.Duration(i)*time.Minute || r.Minutes(agency.StaysLate) != time.Duration(100+i)*time.Minute ||
				r[agency.OpensEarly].Place != p.ID {
				t.Errorf("a %s has decided: %+v", p.Kind, r)
			}
		}
		g.must(g.location, agency.OpensEarly, `20`, false)
		g.must(g.desk, agency.OpensEarly, `30`, false)
		if r := g.rules(); r.Minutes(agency.OpensEarly) != 30*time.Minute || r[agency.OpensEarly].Place != g.o.Desk {
			t.Errorf("%+v", r)
		}
		g.must(g.location, agency.OpensEarly, `25`, true)
		if r := g.rules(); r.Minutes(agency.OpensEarly) != 25*time.Minute || !r[agency.OpensEarly].Fixed {
			t.Errorf("%+v", r)
		}
		if err := g.decide(g.desk, agency.OpensEarly, `5`, false); !errors.Is(err, agency.ErrFixed) {
			t.Error(err)
		}
		n := g.Node
		for _, want := range []bool{true, false} {
			n.Tx(func(tx *db.Tx) error {
				decided, err := n.Agencies.Undecide(t.Context(), tx, g.o.Agency, g.location, agency.OpensEarly)
				if decided != want {
					t.Errorf("it had decided: %v", decided)
				}
				return err
			})
		}
		if r := g.rules(); r.Minutes(agency.OpensEarly) != 30*time.Minute {
			t.Errorf("%+v", r)
		}
		at, err := n.Agencies.RulesAt(t.Context(), d.Read(), g.o.Agency, g.location)
		if err != nil || at[agency.OpensEarly].Kind != agency.OfAgency {
			t.Errorf("a location has what its desk has decided: %+v %v", at, err)
		}
	})
}

func TestNobodyDecidesWhatThereIsNotOrWhereItDoesNotBelong(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGround(t, d)
		for _, c := range []struct {
			at    agency.Place
			rule  agency.Rule
			value string
		}{
			{g.desk, "waiting.forever", `1`},
			{g.desk, agency.OpensEarly, `-1`},
			{g.desk, agency.OpensEarly, `241`},
			{g.desk, agency.OpensEarly, `1.5`},
			{g.desk, agency.OpensEarly, `"10"`},
			{g.desk, agency.OpensEarly, `1e400`},
			{g.desk, agency.OpensEarly, ``},
			{g.desk, agency.OfferedFrom, `"2026-13-01"`},
			{g.desk, agency.OfferedFrom, `"tomorrow"`},
			{g.desk, agency.OfferedFrom, `null`},
			{g.location, agency.ContactPhone, `"0711 1"`}, // it stands in its own row
			{g.service, agency.ContactPhone, `"0711 1"`},
			{g.desk, agency.ContactPhone, `""`},
			{g.desk, agency.ContactPhone, `"ruf an"`},
			{g.desk, agency.ContactPhone, `"0711 1` + strings.Repeat("1", 64) + `"`},
			{g.desk, agency.ContactHours, `"montags"`},
			{g.desk, agency.ContactHours, `{}`},
			{g.desk, agency.ContactHours, `{"de": " "}`},
			{g.desk, agency.ContactHours, `{"xx": "montags"}`},
			{g.desk, agency.ContactHours, `{"de": 1}`},
			{g.desk, agency.ContactHours, `{"de": "montags\ndienstags"}`},
			{g.desk, agency.ContactHours, `{"de": "\u202emontags"}`},
			{g.desk, agency.ContactHours, `{"de": "montags\u0000"}`},
			{g.desk, agency.ContactHours, `{"de": "` + strings.Repeat("ä", 201) + `"}`},
			{g.desk, agency.SpokenLanguages, `[]`},
			{g.desk, agency.SpokenLanguages, `["de", "de"]`},
			{g.desk, agency.SpokenLanguages, `["fr"]`},
			{g.desk, agency.SpokenLanguages, `"de"`},
			{g.service, agency.SpokenLanguages, `["de"]`},
		} {
			if err := g.decide(c.at, c.rule, c.value, false); !errors.Is(err, agency.ErrRule) {
				t.Errorf("%s at a %s is %s: %v", c.rule, c.at.Kind, c.value, err)
			}
		}
		if n := g.Count(`SELECT COUNT(*) FROM policy`); n != 0 {
			t.Errorf("%d decisions", n)
		}
	})
}

func TestADeskThatOpensEarlierLetsGuestsInEarlierAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGround(t, d)
		sommer := g.SignIn(g.o.Sommer)
		guest := g.Guest(g.Book(g.o, sommer, g.o.Booking(Start().Add(25*time.Minute))))
		guest.Arrive().Expect(t, http.StatusConflict, "seat.too_early")
		g.must(g.whole, agency.OpensEarly, `30`, false)
		g.must(g.service, agency.OpensEarly, `20`, false)
		guest.Arrive().Expect(t, http.StatusConflict, "seat.too_early")
		g.must(g.desk, agency.OpensEarly, `30`, false)
		g.must(g.department, agency.StaysLate, `90`, true)
		guest.Arrive().OK(t)
		var list struct {
			Rows []struct {
				Seat struct{ OpensAt, ClosesAt int64 }
			}
		}
		sommer.Listen("/api/staff/stream", "").Until("snapshot", &list)
		if got, want := list.Rows[0].Seat.OpensAt, db.Ms(Start().Add(-5*time.Minute)); got != want {
			t.Errorf("the list says %d, not %d", got, want)
		}
		if got, want := list.Rows[0].Seat.ClosesAt, db.Ms(Start().Add((25+30+90)*time.Minute)); got != want {
			t.Errorf("the list says that the link works until %d, not %d", got, want)
		}
	})
}

func TestADeskBeginsOnTheDayThatItsPlacesHaveDecided(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGround(t, d)
		winter := g.SignIn(g.o.Winter)
		book := func(days int, desk, service string) Answer {
			booking := g.o.Booking(Start().AddDate(0, 0, days))
			booking["desk"], booking["service"] = desk, service
			return winter.Post("/api/staff/appointments", booking)
		}
		g.must(g.whole, agency.OfferedFrom, `"never"`, false)
		g.must(g.department, agency.OfferedFrom, `"2026-03-04"`, false)
		book(1, g.o.Desk, g.o.Service).Expect(t, http.StatusConflict, "appointment.not_offered")
		var made struct {
			ID      string
			Version int64
		}
		book(2, g.o.Desk, g.o.Service).OK(t).Into(t, &made)
		book(2, g.o.Desk2, g.o.Service2).Expect(t, http.StatusConflict, "appointment.not_offered")
		winter.Post("/api/staff/appointments/"+made.ID+"/move", Body{"version": made.Version, "startsAt": db.Ms(Start().AddDate(0, 0, 1))}).
			Expect(t, http.StatusConflict, "appointment.not_offered")
		winter.Post("/api/staff/appointments/"+made.ID+"/move", Body{"version": made.Version, "startsAt": db.Ms(Start().AddDate(0, 0, 3))}).OK(t)
	})
}

func TestTEN01NoAgencyDecidesForAnother(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGround(t, d)
		other := g.Office("ahorn")
		g.must(g.desk, agency.OpensEarly, `60`, false)
		r, err := g.Agencies.RulesOf(t.Context(), d.Read(), other.Agency, other.Desk, other.Service)
		if err != nil || r.Minutes(agency.OpensEarly) != 10*time.Minute {
			t.Errorf("%+v %v", r, err)
		}
		// Not even by the ids of its places.
		at, err := g.Agencies.RulesAt(t.Context(), d.Read(), other.Agency, g.desk)
		if err != nil || at[agency.OpensEarly].Kind != "" {
			t.Errorf("%+v %v", at, err)
		}
		if _, err := g.Agencies.RulesOf(t.Context(), d.Read(), other.Agency, other.Desk, g.o.Service); !errors.Is(err, agency.ErrNotFound) {
			t.Error(err)
		}
	})
}

// Whoever looks for a rule looks for what it is about.
func TestRulesThatBelongTogetherFollowEachOtherAtEveryPlace(t *testing.T) {
	for _, kind := range []agency.Kind{agency.OfAgency, agency.OfDepartment, agency.OfService, agency.OfLocation, agency.OfDesk} {
		var groups []agency.Group
		for _, rule := range agency.RulesFor(kind) {
			if rule.Group() == "" {
				t.Errorf("%s is about nothing", rule)
			}
			groups = append(groups, rule.Group())
		}
		whole := []agency.Group{agency.Meetings, agency.Features, agency.Contact, agency.Wording, agency.Security, agency.Kept}
		groups = slices.Compact(groups)
		want := slices.DeleteFunc(whole, func(g agency.Group) bool { return !slices.Contains(groups, g) })
		if !slices.Equal(groups, want) {
			t.Errorf("at a %s they are about %v", kind, groups)
		}
	}
}
