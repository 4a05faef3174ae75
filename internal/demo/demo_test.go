package demo_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/demo"
	. "visavis/internal/worldtest"
)

func seed(t *testing.T, n *Node) {
	t.Helper()
	if err := demo.Seed(t.Context(), parts(n)); err != nil {
		t.Fatal(err)
	}
}

func parts(n *Node) demo.Parts {
	return demo.Parts{
		DB: n.DB, Ring: n.Ring, Agencies: n.Agencies, Staff: n.Staff, Appointments: n.Appointments, Clock: n.Clock.Now, TimeZone: n.Zone,
	}
}

// signIn is somebody of the demo at a screen.
func signIn(t *testing.T, n *Node, who demo.Account) *Browser {
	t.Helper()
	b := n.Browser()
	b.Post("/api/staff/session", Body{"agency": "", "email": who.Email, "password": demo.Password(n.Ring)}).OK(t)
	return b
}

type row struct {
	Status      string
	StartsAt    int64
	EndsAt      int64
	Seat        struct{ OpensAt, ClosesAt int64 }
	DeskName    string
	Citizen     struct{ Name string }
	ServiceName string
	Advisor     struct{ Name string }
	Invitation  struct{ By string }
}

func today(b *Browser) []row {
	b.T.Helper()
	var shown struct{ Rows []row }
	stream := b.Listen("/api/staff/stream", "")
	defer stream.Close()
	stream.Until("snapshot", &shown)
	return shown.Rows
}

func TestTheDemoHasTwoDepartmentsThreeLocationsFiveAdvisorsAndEveryOtherRole(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		seed(t, n)
		for what, want := range map[string]int{"agency": 1, "department": 2, "location": 3, "desk": 3, "staff": 13} {
			if got := n.Count(`SELECT COUNT(*) FROM ` + what); got != want {
				t.Errorf("%d rows of %s, want %d", got, what, want)
			}
		}
		n.Browser().Get("/api/guest/" + demo.Slug).OK(t)
		before := n.Count(`SELECT COUNT(*) FROM appointment`)
		seed(t, n)
		if after := n.Count(`SELECT COUNT(*) FROM appointment`); before == 0 || after != before {
			t.Errorf("%d appointments, then %d", before, after)
		}
		if two := n.Count(`SELECT COUNT(*) FROM staff_desk`); two != 8 {
			t.Errorf("%d places at desks; one substitutes at a second", two)
		}
		other := New(t, dbtest.SQLite(t))
		if demo.Password(n.Ring) == demo.Password(other.Ring) {
			t.Error("two installations have the same password")
		}
		b := n.Browser()
		b.Post("/api/staff/session", Body{"agency": demo.Slug, "email": demo.Accounts()[0].Email, "password": "visavis"}).Expect(t, http.StatusUnauthorized, "session.wrong")
	})
}

func TestADemoThatWasMadeBeforeThereWereSomeRolesGetsThem(t *testing.T) {
	n := New(t, dbtest.SQLite(t)).Node()
	seed(t, n)
	for _, who := range demo.Others() {
		n.Exec(`DELETE FROM demo_account WHERE email = $1`, who.Email)
		n.Exec(`DELETE FROM staff_desk WHERE staff_id = (SELECT id FROM staff WHERE email = $1)`, who.Email)
		n.Exec(`DELETE FROM staff_role WHERE staff_id = (SELECT id FROM staff WHERE email = $1)`, who.Email)
		n.Exec(`DELETE FROM staff WHERE email = $1`, who.Email)
	}
	n.Exec(`UPDATE desk SET closed_at = 1 WHERE code = 'BB-MUS'`) // who would work there is left out
	seed(t, n)
	if got := n.Count(`SELECT COUNT(*) FROM staff`); got != 11 {
		t.Errorf("%d accounts", got)
	}
	n.Exec(`UPDATE desk SET closed_at = NULL WHERE code = 'BB-MUS'`)
	seed(t, n)
	for _, who := range demo.Everybody() {
		signIn(t, n, who)
	}
}

// Whenever somebody tries it: each advisor finds an appointment of today that is not over, and at least one of each
// department has its waiting room open.
func TestEachAdvisorHasAnAppointmentTodayAtAnyTimeOfDay(t *testing.T) {
	midnight := time.Date(2026, time.March, 3, 0, 0, 0, 0, time.UTC).Add(-time.Hour) // in Berlin
	for name, at := range map[string]time.Duration{
		"00:00": 0, "00:01": time.Minute, "00:14": 14 * time.Minute, "08:00": 8 * time.Hour, "12:03": 12*time.Hour + 3*time.Minute,
		"23:20": 23*time.Hour + 20*time.Minute, "23:50": 24*time.Hour - 10*time.Minute, "23:59": 24*time.Hour - time.Minute,
	} {
		t.Run(name, func(t *testing.T) {
			n := New(t, dbtest.SQLite(t)).Node()
			n.Clock.Set(midnight.Add(at))
			seed(t, n)
			if open := everybodyHasOne(t, n); len(open) != 2 {
				t.Errorf("only %v can be tried at once", open)
			}
		})
	}
}

func everybodyHasOne(t *testing.T, n *Node) (open map[string]bool) {
	t.Helper()
	now := n.Clock.Now().UnixMilli()
	open = map[string]bool{}
	for _, who := range demo.Accounts() {
		ahead := 0
		for _, r := range today(signIn(t, n, who)) {
			if r.Advisor.Name != who.Name || r.Status != "booked" || r.EndsAt <= now {
				continue
			}
			ahead++
			if r.Seat.OpensAt <= now {
				department, _, _ := strings.Cut(r.DeskName, " ")
				open[department] = true
			}
		}
		if ahead == 0 {
			t.Errorf("%s has none", who.Name)
		}
	}
	return open
}

// What a newcomer does is to book an appointment at the time that the form proposes, the first at which the advisor has
// none, and to open its link; and once more, before the first has a result.
func TestWhatIsBookedOneAfterTheOtherCanBeTriedAtOnce(t *testing.T) {
	n := New(t, dbtest.SQLite(t)).Node()
	n.Clock.Set(time.Date(2026, time.March, 3, 11, 3, 0, 0, time.UTC))
	seed(t, n)
	for i, who := range demo.Accounts() {
		times := 2
		if i == 0 { // whoever is named first
			times = 3
		}
		b := signIn(t, n, who)
		var me struct {
			ID       string
			Desks    []struct{ ID, DepartmentID string }
			Services []struct {
				ID, DepartmentID string
				Minutes          int
			}
		}
		b.Get("/api/staff/session").OK(t).Into(t, &me)
		desk := me.Desks[0]
		for range times {
			for _, service := range me.Services {
				if service.DepartmentID != desk.DepartmentID {
					continue
				}
				starts := proposed(n, today(b), who.Name, time.Duration(service.Minutes)*time.Minute)
				b.Post("/api/staff/appointments", Body{
					"desk": desk.ID, "service": service.ID, "advisor": me.ID, "startsAt": starts.UnixMilli(), "language": "de",
					"citizen": Body{"name": "Erika Beispiel"},
				}).OK(t)
				break // the form proposes the first service, too
			}
		}
		for _, r := range today(b) {
			if r.Citizen.Name == "Erika Beispiel" && r.Advisor.Name == who.Name && r.Seat.OpensAt > n.Clock.Now().UnixMilli() {
				t.Errorf("%s: the waiting room opens at %s only", who.Name, time.UnixMilli(r.Seat.OpensAt))
			}
		}
	}
}

// proposed is the next full five minutes at which an advisor has nothing else.
func proposed(n *Node, rows []row, advisor string, length time.Duration) time.Time {
	step := 5 * time.Minute
	starts := n.Clock.Now().Add(step - 1).Truncate(step)
	for slices.ContainsFunc(rows, func(r row) bool {
		return r.Advisor.Name == advisor && r.StartsAt < starts.Add(length).UnixMilli() && r.EndsAt > starts.UnixMilli()
	}) {
		starts = starts.Add(step)
	}
	return starts
}

func TestADemoThatIsStartedAgainHasSomethingToTryAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		n.Clock.Set(time.Date(2026, time.March, 2, 22, 50, 0, 0, time.UTC)) // 23:50
		for _, pause := range []time.Duration{0, 6 * time.Minute, 20 * time.Minute, time.Hour, 7 * time.Hour, 6 * time.Hour} {
			n.Clock.Forward(pause)
			seed(t, n)
			everybodyHasOne(t, n)
		}
	})
}

func TestADemoStartsAgainAfterAccountsWereClosedAndLeavesThemClosed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		seed(t, n)
		for _, who := range demo.Everybody() {
			n.Exec(`UPDATE staff SET disabled_at = 1 WHERE email = $1`, who.Email)
			seed(t, n)
		}
		if got := n.Count(`SELECT COUNT(*) FROM staff WHERE disabled_at IS NOT NULL`); got != len(demo.Everybody()) {
			t.Errorf("%d accounts are closed, want %d", got, len(demo.Everybody()))
		}
	})
}

// Everybody who sees a demonstration start knows its password, which must open nothing beside real people.
func TestADemoIsMadeBesideNoOtherAgency(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		n.Office("lindenau")
		err := demo.Seed(t.Context(), parts(n))
		if err == nil || !strings.Contains(err.Error(), "another agency (lindenau)") || !strings.Contains(err.Error(), "a database of its own") {
			t.Errorf("%v", err)
		}
		if got := n.Count(`SELECT COUNT(*) FROM agency`); got != 1 {
			t.Errorf("%d agencies", got)
		}
		if got, err := demo.Usable(t.Context(), d.Read()); got != 0 || err != nil {
			t.Errorf("%d accounts, %v", got, err)
		}
	})
}

// An agency that is only called so would get accounts with a known password, at each start of a demonstration.
func TestAnAgencyThatIsOnlyCalledDemoIsNotTakenForTheDemonstration(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		n.Office(demo.Slug)
		people := n.Count(`SELECT COUNT(*) FROM staff`)
		err := demo.Seed(t.Context(), parts(n))
		if err == nil || !strings.Contains(err.Error(), "another agency (demo)") {
			t.Errorf("%v", err)
		}
		if got := n.Count(`SELECT COUNT(*) FROM staff`); got != people {
			t.Errorf("%d accounts more", got-people)
		}
		if got, err := demo.Usable(t.Context(), d.Read()); got != 0 || err != nil {
			t.Errorf("%d accounts, %v", got, err)
		}
	})
}

func TestAnAccountOfTheDemonstrationThatWasErasedDoesNotComeBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		seed(t, n)
		// As retention does it once an account was disabled for long enough.
		n.Exec(`UPDATE staff SET name = '-', email = id, search = '', password_hash = '', disabled_at = 1, erased_at = 2 WHERE email = $1`,
			demo.Administrator().Email)
		people := n.Count(`SELECT COUNT(*) FROM staff`)
		seed(t, n)
		if got := n.Count(`SELECT COUNT(*) FROM staff`); got != people {
			t.Errorf("%d accounts more", got-people)
		}
	})
}

func TestWhoeverGivesTheDemonstrationsAgencyUpIsToldWhyItDoesNotStartAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		seed(t, n)
		n.Exec(`UPDATE agency SET deleted_at = 1 WHERE slug = $1`, demo.Slug)
		if err := demo.Seed(t.Context(), parts(n)); err == nil || !strings.Contains(err.Error(), "given up") {
			t.Errorf("%v", err)
		}
	})
}

func TestOnlyAccountsThatSomebodyCanUseAreCounted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		seed(t, n)
		n.Office("lindenau") // that came later
		seed(t, n)
		first, second, all := demo.Everybody()[0], demo.Everybody()[1], len(demo.Everybody())
		for _, step := range []struct {
			change string
			args   []any
			want   int
		}{
			{`UPDATE staff SET name = name`, nil, all},
			{`UPDATE staff SET disabled_at = 1 WHERE email = $1`, []any{first.Email}, all - 1},
			{`UPDATE staff SET password_hash = '' WHERE email = $1`, []any{second.Email}, all - 2},
			{`UPDATE staff SET email = 'anders@example.org' WHERE email = $1`, []any{demo.Administrator().Email}, all - 2}, // who knew the password does still
			{`UPDATE agency SET deleted_at = 1 WHERE slug = $1`, []any{demo.Slug}, 0},
		} {
			n.Exec(step.change, step.args...)
			if got, err := demo.Usable(t.Context(), d.Read()); got != step.want || err != nil {
				t.Errorf("%s: %d accounts, want %d, %v", step.change, got, step.want, err)
			}
		}
	})
}

// Whoever tries the administration closes and rearranges: the demo starts all the same.
func TestADemoStartsAgainHoweverItsOrganisationWasChanged(t *testing.T) {
	for name, change := range map[string]string{
		"a closed desk":    `UPDATE desk SET closed_at = 1 WHERE code = 'BB-MUS'`,
		"all desks closed": `UPDATE desk SET closed_at = 1`,
		"nobody at a desk": `DELETE FROM staff_desk`,
		"nothing to book":  `UPDATE service SET closed_at = 1`,
	} {
		t.Run(name, func(t *testing.T) {
			n := New(t, dbtest.SQLite(t)).Node()
			seed(t, n)
			n.Exec(change)
			n.Clock.Forward(24 * time.Hour)
			seed(t, n)
			ahead := n.Count(`SELECT COUNT(*) FROM appointment WHERE starts_at > $1`, n.Clock.Now().UnixMilli())
			if some := name == "a closed desk"; (ahead > 0) != some {
				t.Errorf("%d appointments", ahead)
			}
		})
	}
}
