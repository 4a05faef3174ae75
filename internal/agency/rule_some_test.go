package agency_test

import (
	"reflect"
	"testing"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
)

func TestTheRulesOfManyOffersAreThoseOfEachAndAskedForAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGround(t, d)
		named := []agency.Rule{agency.OpensEarly, agency.StaysLate, agency.WaitingMessages}
		offers := []agency.Offer{{Desk: g.o.Desk, Service: g.o.Service}, {Desk: g.o.Desk2, Service: g.o.Service2}}
		compare := func(after string) {
			t.Helper()
			q := &dbtest.Counting{Q: d.Read()}
			got, err := g.Agencies.SomeRules(t.Context(), q, g.o.Agency, offers, named...)
			if err != nil {
				t.Fatal(err)
			}
			if q.Asked != 2 {
				t.Errorf("%d questions", q.Asked)
			}
			for _, o := range offers {
				all, err := g.Agencies.RulesOf(t.Context(), d.Read(), g.o.Agency, o.Desk, o.Service)
				if err != nil {
					t.Fatal(err)
				}
				for _, rule := range named {
					if !reflect.DeepEqual(got[o][rule], all[rule]) {
						t.Errorf("after %s, %v: %+v, want %+v", after, rule, got[o][rule], all[rule])
					}
				}
			}
		}
		compare("nothing")
		g.must(g.whole, agency.OpensEarly, "20", false)
		g.must(g.whole, agency.StaysLate, "40", false)
		compare("the agency")
		g.must(g.department, agency.OpensEarly, "25", true)
		g.must(g.desk, agency.StaysLate, "5", false)
		compare("department and desk")
		g.must(g.location, agency.StaysLate, "50", true)
		compare("the location")
		g.must(g.service, agency.WaitingMessages, `"2026-03-02"`, false)
		compare("the service")
	})
}
