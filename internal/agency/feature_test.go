package agency_test

import (
	"errors"
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
)

func TestAFeatureIsSwitchedOnPlaceByPlaceFromItsDayOn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGround(t, d)
		// A quarter to midnight in UTC is the next day already where the offices are.
		g.Clock.Set(time.Date(2026, time.March, 2, 23, 45, 0, 0, time.UTC))
		counts := func(want bool, from agency.Place) {
			t.Helper()
			r := g.rules()
			if r.On(agency.TalkChat, g.Agencies.Today()) != want || r[agency.TalkChat].Place != from.ID {
				t.Errorf("%+v, not %v from the %s", r[agency.TalkChat], want, from.Kind)
			}
			if !r.On(agency.TalkScreen, g.Agencies.Today()) || !r.On(agency.WaitingMessages, g.Agencies.Today()) {
				t.Error("what nobody has switched off is off")
			}
		}
		counts(true, agency.Place{})
		g.must(g.whole, agency.TalkChat, `"off"`, false)
		counts(false, g.whole)
		g.must(g.department, agency.TalkChat, `"2026-03-04"`, false)
		counts(false, g.department)
		g.must(g.department, agency.TalkChat, `"2026-03-03"`, false)
		counts(true, g.department)
		g.must(g.location, agency.TalkChat, `"off"`, false)
		counts(false, g.location)
		g.must(g.desk, agency.TalkChat, `"on"`, false)
		counts(true, g.desk)
		g.must(g.whole, agency.TalkChat, `"2026-03-04"`, true)
		counts(false, g.whole)
		g.Clock.Forward(24 * time.Hour)
		counts(true, g.whole)
		if err := g.decide(g.desk, agency.TalkChat, `"off"`, false); !errors.Is(err, agency.ErrFixed) {
			t.Error(err)
		}
	})
}

func TestASwitchIsOnOffOrADay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGround(t, d)
		for _, value := range []string{`""`, `"never"`, `"2026-02-30"`, `"ON"`, `true`, `1`, `null`, `["on"]`, ``} {
			if err := g.decide(g.desk, agency.TalkScreen, value, false); !errors.Is(err, agency.ErrRule) {
				t.Errorf("%s: %v", value, err)
			}
		}
		for _, at := range []agency.Place{g.whole, g.department, g.service, g.location, g.desk} {
			g.must(at, agency.WaitingMessages, `"2026-03-02"`, false)
		}
	})
}
