package survey_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/edge"
	"visavis/internal/seat"
	"visavis/internal/staff"
	"visavis/internal/survey"
	. "visavis/internal/worldtest"
)

func TestMain(m *testing.M) {
	edge.UseProblems()
	m.Run()
}

// scene is an office whose guests are asked, with somebody who may see what they said of the first department, somebody of
// the second, and somebody of the whole agency.
type scene struct {
	*Node
	o                   Office
	own, other, whole   Account
	department, another string
	sommer, herbst      *Browser
}

func newScene(t *testing.T, d *db.DB) *scene {
	s := &scene{Node: New(t, d).Node()}
	s.o = s.Office("lindenau")
	s.Scan(`SELECT department_id FROM desk WHERE id = $1`, []any{s.o.Desk}, &s.department)
	s.Scan(`SELECT department_id FROM desk WHERE id = $1`, []any{s.o.Desk2}, &s.another)
	s.Decide(s.o, s.o.Agency, agency.SurveyAsked, `"on"`, false)
	s.sommer, s.herbst = s.SignIn(s.o.Sommer), s.SignIn(s.o.Herbst)
	s.own = s.account("own@amt.example", staff.DepartmentAdmin, agency.OfDepartment, s.department)
	s.other = s.account("other@amt.example", staff.DepartmentAdmin, agency.OfDepartment, s.another)
	s.whole = s.account("whole@amt.example", staff.AgencyAdmin, agency.OfAgency, s.o.Agency)
	return s
}

func (s *scene) account(email string, role staff.Role, kind agency.Kind, place string) (who Account) {
	s.T.Helper()
	s.Tx(func(tx *db.Tx) error {
		p, err := s.Staff.Create(s.T.Context(), tx, staff.NewAccount{
			Agency: s.o.Agency, Email: email, Name: email, Password: Password, Roles: []staff.Held{{Role: role, Kind: kind, Place: place}},
		})
		who = Account{ID: p.ID, Email: p.Email, Name: p.Name, Slug: s.o.Slug}
		return err
	})
	return who
}

// talked is a guest who has had a talk, which is over.
func (s *scene) talked() *Guest { return s.talkedAt(s.sommer, s.o.Booking(s.Clock.Now())) }

func (s *scene) talkedAt(by *Browser, booking Body) *Guest {
	s.T.Helper()
	g := s.Guest(s.Book(s.o, by, booking))
	g.Arrive().OK(s.T)
	var started struct{ Talk struct{ ID string } }
	by.Post("/api/staff/seats/"+g.Place.Seat+"/admit", Body{}).OK(s.T).Into(s.T, &started)
	g.Signal(1, "enter", nil).OK(s.T)
	by.Post("/api/staff/talks/"+started.Talk.ID+"/end", Body{"outcome": "held"}).OK(s.T)
	return g
}

func path(g *Guest) string {
	return "/api/guest/" + g.Place.Slug + "/seats/" + g.Place.Seat + "/survey"
}

func asked(g *Guest) (asked, line bool) {
	g.T.Helper()
	var out struct{ Asked, Line bool }
	g.Get(path(g)).OK(g.T).Into(g.T, &out)
	return out.Asked, out.Line
}

type counts struct{ Yes, Partly, No int64 }

type result struct {
	Department, Name       string
	Recommend, Easy, Again *counts
}

func results(b *Browser) map[string][]result {
	b.T.Helper()
	var out struct {
		Months []struct {
			Month   string
			Results []result
		}
	}
	b.Get("/api/staff/survey").OK(b.T).Into(b.T, &out)
	months := map[string][]result{}
	for _, m := range out.Months {
		months[m.Month] = m.Results
	}
	return months
}

func lines(b *Browser, month, department string) []string {
	b.T.Helper()
	var out struct{ Lines []string }
	b.Get("/api/staff/survey/"+month+"/"+department+"/lines").OK(b.T).Into(b.T, &out)
	return out.Lines
}

// many have talked and say yes to everything.
func (s *scene) many(n int, by *Browser, desk, service string) {
	s.T.Helper()
	for range n {
		booking := s.o.Booking(s.Clock.Now())
		booking["desk"], booking["service"] = desk, service
		g := s.talkedAt(by, booking)
		g.Post(path(g), Body{"recommend": "yes", "easy": "yes", "again": "yes"}).OK(s.T)
	}
}

func TestAGuestIsAskedOnceAfterTheTalk(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		waits := s.Guest(s.Book(s.o, s.sommer, s.o.Booking(Start().Add(5*time.Minute))))
		waits.Arrive().OK(t)
		if is, _ := asked(waits); is {
			t.Error("asked before the talk")
		}
		waits.Post(path(waits), Body{"easy": "yes"}).Expect(t, http.StatusConflict, "survey.over")
		waits.Do("leave", Body{}).OK(t)

		g := s.talked()
		if is, line := asked(g); !is || line {
			t.Errorf("asked: %v, for a line: %v", is, line)
		}
		g.Post(path(g), Body{}).Expect(t, http.StatusUnprocessableEntity, "survey.empty")
		g.Post(path(g), Body{"easy": "yes", "line": "Danke"}).Expect(t, http.StatusUnprocessableEntity, "survey.line")
		g.Post(path(g), Body{"easy": "maybe"}).Expect(t, http.StatusBadRequest, "request.invalid")
		g.Post(path(g), Body{"easy": "partly"}).OK(t)
		if is, _ := asked(g); is {
			t.Error("asked again")
		}
		g.Post(path(g), Body{"easy": "no"}).Expect(t, http.StatusConflict, "survey.over")
		if n := s.Count(`SELECT COUNT(*) FROM survey_count WHERE n = 1 AND question = 'easy' AND answer = 'partly'`); n != 1 {
			t.Errorf("%d", n)
		}
		if n := s.Count(`SELECT COUNT(*) FROM survey_count`); n != 1 {
			t.Errorf("%d rows: what was not answered counts as nothing", n)
		}
	})
}

func TestOfTwoAnswersAtOnceOneCounts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		g := s.talked()
		var both sync.WaitGroup
		for range 4 {
			both.Go(func() { g.Post(path(g), Body{"again": "yes"}) })
		}
		both.Wait()
		if n := s.Count(`SELECT n FROM survey_count`); n != 1 {
			t.Errorf("counted %d times", n)
		}
		// Each of them has found, before, that nothing was answered yet.
		service := survey.New(s.DB, survey.Options{Agencies: s.Agencies, Staff: s.Staff, Seats: s.Seats})
		first, err := service.TakeEasy(t.Context(), seat.Seat{Agency: s.o.Agency, ID: g.Place.Seat, Desk: s.o.Desk})
		if n := s.Count(`SELECT SUM(n) FROM survey_count`); first || err != nil || n != 1 {
			t.Errorf("the second is the first: %v, %v; counted %d times", first, err, n)
		}
	})
}

func TestNobodyIsAskedWhereTheOfficeDoesNotAsk(t *testing.T) {
	s := newScene(t, dbtest.SQLite(t))
	s.Decide(s.o, s.o.Desk, agency.SurveyAsked, `"off"`, false)
	g := s.talked()
	if is, _ := asked(g); is {
		t.Error("asked")
	}
	stranger := s.Browser()
	stranger.Get(path(g)).Expect(t, http.StatusNotFound, "seat.unknown")
	stranger.Post(path(g), Body{"easy": "yes"}).Expect(t, http.StatusNotFound, "seat.unknown")
}

func TestResultsComeWhenTheMonthIsOverAndOnlyOfEnough(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		s.many(6, s.sommer, s.o.Desk, s.o.Service)
		s.many(3, s.herbst, s.o.Desk2, s.o.Service2)
		month := s.Clock.Now().Format("2006-01")
		if got := results(s.SignIn(s.whole)); len(got) != 0 {
			t.Errorf("of a month that goes on: %+v", got)
		}
		s.Clock.Forward(31 * 24 * time.Hour)

		got := results(s.SignIn(s.whole))[month]
		if len(got) != 3 || got[0].Department != "" || got[0].Easy == nil || got[0].Easy.Yes != 9 {
			t.Fatalf("%+v", got)
		}
		if got[1].Name > got[2].Name {
			t.Errorf("%q stands before %q", got[1].Name, got[2].Name)
		}
		for _, r := range got[1:] { // else nine less six tells of three
			if r.Easy != nil || r.Recommend != nil || r.Again != nil {
				t.Errorf("%s is shown beside the sum", r.Name)
			}
		}
		if got := results(s.SignIn(s.own))[month]; len(got) != 1 || got[0].Department != s.department || got[0].Easy != nil {
			t.Errorf("the department reads %+v", got)
		}
		s.sommer = s.SignIn(s.o.Sommer)
		s.sommer.Get("/api/staff/survey").Expect(t, http.StatusForbidden, "role.figures")
	})
}

func TestLinesAreReadOnlyWhereAnswersAreShown(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		s.Decide(s.o, s.o.Agency, agency.SurveyLine, `"on"`, false)
		for range 4 {
			g := s.talked()
			g.Post(path(g), Body{"easy": "yes", "line": " Danke!\u202e "}).OK(t)
		}
		month := s.Clock.Now().Format("2006-01")
		if n := s.Count(`SELECT COUNT(*) FROM survey_line WHERE text_sealed LIKE '%Danke%'`); n != 0 {
			t.Error("a line can be read in the database")
		}
		s.Clock.Forward(31 * 24 * time.Hour)
		if got := lines(s.SignIn(s.own), month, s.department); len(got) != 0 {
			t.Errorf("of four: %q", got)
		}
		s.Exec(`UPDATE survey_count SET n = n + 1`)
		if got := lines(s.SignIn(s.own), month, s.department); len(got) != 4 || got[0] != "Danke!" {
			t.Errorf("of five: %q", got)
		}
		s.SignIn(s.other).Get("/api/staff/survey/"+month+"/"+s.department+"/lines").Expect(t, http.StatusNotFound, "place.unknown")
		s.SignIn(s.o.Sommer).Get("/api/staff/survey/"+month+"/"+s.department+"/lines").Expect(t, http.StatusNotFound, "place.unknown")
		now := s.Clock.Now().Format("2006-01")
		s.Exec(`UPDATE survey_count SET month = $1`, now)
		s.Exec(`UPDATE survey_line SET month = $1`, now)
		if got := lines(s.SignIn(s.own), now, s.department); len(got) != 0 {
			t.Errorf("of a month that goes on: %q", got)
		}
	})
}

// everything is what stands in each table, a row a line.
func (s *scene) everything() map[string][]string {
	s.T.Helper()
	all := map[string][]string{}
	for table := range dbtest.Columns(s.T, s.DB) {
		rows, err := s.DB.Read().QueryContext(s.T.Context(), `SELECT * FROM `+table)
		if err != nil {
			s.T.Fatal(err)
		}
		names, err := rows.Columns()
		if err != nil {
			s.T.Fatal(err)
		}
		all[table] = []string{}
		for rows.Next() {
			values, into := make([]any, len(names)), make([]any, len(names))
			for i := range values {
				into[i] = &values[i]
			}
			if err := rows.Scan(into...); err != nil {
				s.T.Fatal(err)
			}
			all[table] = append(all[table], fmt.Sprintf("%s", values))
		}
		if err := rows.Close(); err != nil {
			s.T.Fatal(err)
		}
		slices.Sort(all[table])
	}
	return all
}

// What a guest has said changes three tables and no other, and none of what it adds tells whose it is: not by an id, not by
// a time, not by the transaction that wrote it.
func TestNothingTiesWhatWasSaidToWhoHasSaidIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		s.Decide(s.o, s.o.Agency, agency.SurveyLine, `"on"`, false)
		g := s.talked()
		asked(g) // who was there is noted already
		before := s.everything()
		g.Post(path(g), Body{"easy": "yes", "line": "Danke!"}).OK(t)
		after := s.everything()
		for _, table := range slices.Sorted(maps.Keys(after)) {
			if !slices.Equal(before[table], after[table]) && !strings.HasPrefix(table, "survey_") {
				t.Errorf("%s is another: %q, and was %q", table, after[table], before[table])
			}
		}
		if got, want := after["survey_done"], fmt.Sprintf("[%s %s]", g.Place.Seat, s.o.Agency); !slices.Equal(got, []string{want}) {
			t.Errorf("that they have answered is kept as %q", got)
		}
		if got, want := after["survey_count"], fmt.Sprintf("[%s %s %s easy yes %%!s(int64=1)]", s.o.Agency, s.department, s.Clock.Now().Format("2006-01")); !slices.Equal(got, []string{want}) {
			t.Errorf("what they have answered is kept as %q", got)
		}
		for _, name := range []string{g.Place.Seat, g.Place.Appointment, s.o.Desk, s.o.Service, s.o.Sommer.ID} {
			if strings.Contains(strings.Join(after["survey_line"], " "), name) {
				t.Errorf("what they have written is kept as %q", after["survey_line"])
			}
		}
		if d.Engine() == db.PostgreSQL {
			if n := s.Count(`SELECT COUNT(*) FROM survey_done x WHERE x.xmin IN (SELECT xmin FROM survey_count) OR x.xmin IN (SELECT xmin FROM survey_line)`); n != 0 {
				t.Error("one transaction has written who has answered, and what")
			}
		}
	})
}
