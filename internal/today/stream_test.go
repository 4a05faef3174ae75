package today_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/today"
	. "visavis/internal/worldtest"
)

const path = "/api/staff/stream"

type day struct {
	Day                 string
	Rows                []row
	Tasks               []task
	MoreRows, MoreTasks bool
	Late                []today.Late
	Now                 int64
}

// row and task read what the page gets.
type row struct {
	today.Row
	Citizen struct{ Name, Email, Phone, Callback string } `json:"citizen"`
}

type task struct {
	today.Task
	CitizenName string `json:"citizenName"`
	Phone       string `json:"phone"`
}

// offices are two agencies; somebody of the first sits at each desk.
type offices struct {
	*Node
	t                      *testing.T
	o, other               Office
	sommer, winter, herbst *Browser
	foreign                *Browser
}

func newOffices(t *testing.T, d *db.DB) *offices {
	t.Helper()
	n := New(t, d).Node()
	s := &offices{Node: n, t: t, o: n.Office("lindenau"), other: n.Office("ahorn")}
	s.sommer, s.winter, s.herbst, s.foreign = n.SignIn(s.o.Sommer), n.SignIn(s.o.Winter), n.SignIn(s.o.Herbst), n.SignIn(s.other.Sommer)
	return s
}

func (s *offices) second(starts time.Time) Body {
	b := s.o.Booking(starts)
	b["desk"], b["service"] = s.o.Desk2, s.o.Service2
	return b
}

func snapshot(b *Browser, query string) (day, *Stream) {
	b.T.Helper()
	stream := b.Listen(path+query, "")
	var shown day
	stream.Until("snapshot", &shown)
	return shown, stream
}

func TestARowShowsAppointmentSeatTalkAndInvitation(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		booking := s.o.Booking(Start().Add(5 * time.Minute))
		booking["advisor"] = s.o.Sommer.ID
		p := s.Book(s.o, s.sommer, booking)
		shown, stream := snapshot(s.sommer, "")
		if shown.Day != "2026-03-02" || shown.Now != Start().UnixMilli() || len(shown.Rows) != 1 || shown.Tasks == nil {
			t.Fatalf("%+v", shown)
		}
		r := shown.Rows[0]
		if r.ID != p.Appointment || r.DeskName != "Schalter Jugendamt" || r.ServiceName != "Beratung" || r.Advisor == nil || r.Advisor.Name != "Frau Sommer" ||
			r.Citizen.Name != "Erika Beispiel" || r.Citizen.Phone != "01701112223" || r.Status != "booked" || r.Invitation.By != "none" ||
			r.Seat.ID != p.Seat || r.Seat.State != "expected" || r.StartsAt-r.Seat.OpensAt != 600_000 || r.Seat.ClosesAt-r.EndsAt != 900_000 || r.Talk != nil {
			t.Errorf("%+v", r)
		}
		g := s.Guest(p)
		g.Do("check", Body{"result": "failed"}).OK(t)
		r = s.until(stream, func(r row) bool { return r.Seat.CheckFailedAt != nil })
		g.Arrive().OK(t)
		r = s.until(stream, func(r row) bool { return r.Seat.State == "waiting" })
		if r.Seat.Mode != "video" || r.Seat.Door != "link" || r.Seat.ArrivedAt == nil || r.Seat.AwaySince == nil {
			t.Errorf("%+v", r.Seat)
		}
		g.Stream("").Until("snapshot", nil)
		s.until(stream, func(r row) bool { return r.Seat.AwaySince == nil })
		s.sommer.Post("/api/staff/seats/"+p.Seat+"/admit", Body{}).OK(t)
		r = s.until(stream, func(r row) bool { return r.Talk != nil })
		if r.Seat.State != "talking" || r.Talk.Staff.Name != "Frau Sommer" || r.Talk.RingUntil == nil {
			t.Errorf("%+v %+v", r.Seat, r.Talk)
		}
		s.sommer.Post("/api/staff/talks/"+r.Talk.ID+"/end", Body{"outcome": "held"}).OK(t)
		r = s.until(stream, func(r row) bool { return r.Status == "done" })
		if r.Outcome != "held" || r.Seat.State != "closed" || r.Seat.ClosedReason != "held" || r.Talk != nil {
			t.Errorf("%+v", r)
		}
	})
}

// Nobody has recorded a result yet: the list has to ask for it.
func TestARowShowsThatThereWasATalk(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		p := s.Book(s.o, s.sommer, s.o.Booking(Start()))
		g := s.Guest(p)
		g.Arrive().OK(t)
		_, stream := snapshot(s.sommer, "")
		admit := func() (talk string) {
			s.sommer.Post("/api/staff/seats/"+p.Seat+"/admit", Body{}).OK(t)
			return s.until(stream, func(r row) bool { return r.Talk != nil }).Talk.ID
		}
		s.sommer.Post("/api/staff/talks/"+admit()+"/sendback", Body{}).OK(t)
		if r := s.until(stream, func(r row) bool { return r.Talk == nil }); r.Seat.TalkedUntil != nil {
			t.Errorf("nobody had entered: %+v", r.Seat)
		}
		admit()
		g.Signal(2, "enter", nil).OK(t)
		if r := s.until(stream, func(r row) bool { return r.Talk != nil && r.Talk.EnteredAt != nil }); r.Seat.TalkedUntil != nil {
			t.Errorf("it goes on: %+v", r.Seat)
		}
		s.Clock.Forward(7 * time.Minute)
		g.Do("leave", Body{}).OK(t)
		r := s.until(stream, func(r row) bool { return r.Talk == nil && r.Seat.State == "expected" })
		if until := r.Seat.TalkedUntil; r.Status != "booked" || until == nil || *until != s.Clock.Now().UnixMilli() {
			t.Errorf("%+v", r)
		}
		s.sommer.Post("/api/staff/appointments/"+p.Appointment+"/move", Body{"version": p.Version, "startsAt": Start().Add(2 * time.Hour).UnixMilli()}).OK(t)
		if r := s.until(stream, func(r row) bool { return r.StartsAt > Start().UnixMilli() }); r.Seat.TalkedUntil != nil {
			t.Errorf("that was about another time: %+v", r.Seat)
		}
	})
}

func (s *offices) until(stream *Stream, holds func(row) bool) row {
	s.t.Helper()
	for {
		var r row
		stream.Until("row", &r)
		if holds(r) {
			return r
		}
	}
}

func TestOneStreamShowsSeveralDesksAndNothingOfOthers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		ids := map[string]string{}
		for name, book := range map[string]func() Place{
			"first":   func() Place { return s.Book(s.o, s.sommer, s.o.Booking(Start())) },
			"second":  func() Place { return s.Book(s.o, s.herbst, s.second(Start().Add(time.Minute))) },
			"foreign": func() Place { return s.Book(s.other, s.foreign, s.other.Booking(Start())) },
		} {
			ids[name] = book().Appointment
		}
		streams := map[string]*Stream{}
		for name, c := range map[string]struct {
			b    *Browser
			want []string
		}{
			"Sommer": {s.sommer, []string{ids["first"]}}, "Winter": {s.winter, []string{ids["first"], ids["second"]}},
			"Herbst": {s.herbst, []string{ids["second"]}}, "foreign": {s.foreign, []string{ids["foreign"]}},
		} {
			shown, stream := snapshot(c.b, "")
			var got []string
			for _, r := range shown.Rows {
				got = append(got, r.ID)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s sees %v, want %v", name, got, c.want)
			}
			streams[name] = stream
		}
		more := []Place{
			s.Book(s.other, s.foreign, s.other.Booking(Start().Add(time.Hour))),
			s.Book(s.o, s.herbst, s.second(Start().Add(time.Hour))),
			s.Book(s.o, s.sommer, s.o.Booking(Start().Add(2*time.Hour))),
		}
		for name, want := range map[string][]string{
			"Sommer": {more[2].Appointment}, "Winter": {more[1].Appointment, more[2].Appointment}, "Herbst": {more[1].Appointment}, "foreign": {more[0].Appointment},
		} {
			var got []string // changes at two desks come in any order
			for range want {
				var r row
				event, data := streams[name].Next()
				if event != "row" || json.Unmarshal([]byte(data), &r) != nil {
					t.Fatalf("%s got %s %s", name, event, data)
				}
				got = append(got, r.ID)
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s got %v, want %v", name, got, want)
			}
		}
	})
}

func TestAStreamResumesOverSeveralDesksWithExactlyWhatWasMissed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		_, stream := snapshot(s.winter, "")
		at := stream.ID
		stream.Close()
		first := s.Book(s.o, s.sommer, s.o.Booking(Start()))
		second := s.Book(s.o, s.herbst, s.second(Start()))
		s.Guest(first).Arrive().OK(t)
		stream = s.winter.Listen(path, at)
		stream.Until("hello", nil)
		got := map[string]string{}
		for range 2 {
			var r row
			name, data := stream.Next()
			if name != "row" || json.Unmarshal([]byte(data), &r) != nil {
				t.Fatalf("%s %s", name, data)
			}
			got[r.ID] = r.Seat.State
		}
		if got[first.Appointment] != "waiting" || got[second.Appointment] != "expected" {
			t.Errorf("%v", got)
		}
		newest := stream.ID
		stream.Close()
		for name, cursor := range map[string]string{"somebody else's": s.cursorOf(s.sommer), "nonsense": "x:1.2", "ahead": newest + "9"} {
			stream := s.winter.Listen(path, cursor)
			stream.Until("hello", nil)
			if event, _ := stream.Next(); event != "snapshot" {
				t.Errorf("%s: %s", name, event)
			}
		}
		s.Tx(func(tx *db.Tx) error {
			for i := range 101 { // too many to follow one by one
				if err := s.Events.Append(t.Context(), tx, s.o.Agency, agency.DeskTopic(s.o.Desk), "row", strconv.Itoa(i)); err != nil {
					return err
				}
			}
			return nil
		})
		stream = s.winter.Listen(path, newest)
		stream.Until("hello", nil)
		if event, data := stream.Next(); event != "snapshot" || strings.Count(data, `"deskName"`) != 2 {
			t.Errorf("%s", event)
		}
	})
}

func (s *offices) cursorOf(b *Browser) string {
	_, stream := snapshot(b, "")
	defer stream.Close()
	return stream.ID
}

func TestADayIsThatOfTheOfficesAndARowThatLeavesItIsGone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		midnight := time.Date(2026, time.March, 3, 0, 0, 0, 0, s.Zone) // 23:00 UTC
		last := s.Book(s.o, s.sommer, s.o.Booking(midnight.Add(-time.Minute)))
		next := s.Book(s.o, s.sommer, s.o.Booking(midnight))
		shown, stream := snapshot(s.sommer, "?day=2026-03-02")
		tomorrow, other := snapshot(s.sommer, "?day=2026-03-03")
		if len(shown.Rows) != 1 || shown.Rows[0].ID != last.Appointment || len(tomorrow.Rows) != 1 || tomorrow.Rows[0].ID != next.Appointment {
			t.Errorf("%+v %+v", shown.Rows, tomorrow.Rows)
		}
		s.sommer.Post("/api/staff/appointments/"+last.Appointment+"/move", Body{"version": 1, "startsAt": midnight.Add(9 * time.Hour).UnixMilli()}).OK(t)
		var gone struct{ ID string }
		stream.Until("row-gone", &gone)
		if gone.ID != last.Appointment {
			t.Errorf("%+v", gone)
		}
		if r := s.until(other, func(r row) bool { return r.ID == last.Appointment }); r.Version != 2 {
			t.Errorf("%+v", r)
		}
		for _, day := range []string{"2026-02-30", "morgen", "2026-3-2"} {
			s.sommer.Get(path+"?day="+day).Expect(t, http.StatusBadRequest, "request.invalid")
		}
		s.Browser().Get(path).Expect(t, http.StatusUnauthorized, "session.none")
		s.Clock.Set(midnight.Add(time.Second))
		if shown, _ := snapshot(s.SignIn(s.o.Sommer), ""); shown.Day != "2026-03-03" || len(shown.Rows) != 2 {
			t.Errorf("%+v", shown)
		}
	})
}

// Lists are left open overnight: in the morning they show the morning's people, and all of them.
func TestAListThatIsLeftOpenOvernightGoesOnToTheNewDay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		midnight := time.Date(2026, time.March, 3, 0, 0, 0, 0, s.Zone)
		s.Clock.Set(midnight.Add(-4 * time.Hour))
		s.sommer = s.SignIn(s.o.Sommer)
		morning := s.Book(s.o, s.sommer, s.o.Booking(midnight.Add(9*time.Hour)))
		shown, open := snapshot(s.sommer, "")
		_, closed := snapshot(s.sommer, "")
		yesterday, named := snapshot(s.sommer, "?day=2026-03-02")
		if shown.Day != "2026-03-02" || yesterday.Day != shown.Day || len(shown.Rows) != 0 {
			t.Fatalf("%+v", shown)
		}
		at := closed.ID
		closed.Close()
		s.Clock.Set(midnight.Add(4 * time.Hour))
		later := s.Book(s.o, s.sommer, s.o.Booking(midnight.Add(10*time.Hour)))
		for what, stream := range map[string]*Stream{"still open": open, "opened again": s.sommer.Listen(path, at)} {
			var fresh day
			stream.Until("snapshot", &fresh)
			if fresh.Day != "2026-03-03" || len(fresh.Rows) != 2 || fresh.Rows[0].ID != morning.Appointment || fresh.Rows[1].ID != later.Appointment {
				t.Errorf("%s: %+v", what, fresh)
			}
		}
		var gone struct{ ID string }
		if named.Until("row-gone", &gone); gone.ID != later.Appointment {
			t.Errorf("the day that was asked for is left: %+v", gone)
		}
	})
}

func TestATaskIsShownUntilSomebodyHasDoneIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		g := s.Guest(s.Book(s.o, s.sommer, s.o.Booking(Start())))
		_, stream := snapshot(s.sommer, "")
		g.Do("callback", Body{"phone": "0711 / 99 88-77"}).OK(t)
		var asked task
		stream.Until("task", &asked)
		if asked.Kind != "callback" || asked.Phone != "0711998877" || asked.CitizenName != "Erika Beispiel" || asked.DoneAt != nil {
			t.Errorf("%+v", asked)
		}
		g.Do("callback", Body{"phone": "0711 1"}).OK(t) // a better number takes the place of the first
		shown, second := snapshot(s.winter, "")
		if len(shown.Tasks) != 1 || shown.Tasks[0].Phone != "07111" || len(shown.Rows) != 1 {
			t.Fatalf("%+v", shown.Tasks)
		}
		done := "/api/staff/tasks/" + shown.Tasks[0].ID + "/done"
		for _, b := range []*Browser{s.herbst, s.foreign} {
			b.Post(done, Body{}).Expect(t, http.StatusNotFound, "not_found")
		}
		s.winter.Post(done, Body{}).OK(t)
		s.sommer.Post(done, Body{}).OK(t) // the second hears the same
		for {
			var one task
			second.Until("task", &one)
			if one.DoneAt != nil {
				if one.DoneBy != s.o.Winter.ID {
					t.Errorf("%+v", one)
				}
				break
			}
		}
		if shown, _ := snapshot(s.sommer, ""); len(shown.Tasks) != 0 {
			t.Errorf("%+v", shown.Tasks)
		}
		for name, word := range map[string]string{"name": "Erika", "number": "998877", "number as typed": "99 88-77"} {
			if strings.Contains(s.Log.String(), word) {
				t.Errorf("the %s stands in the log", name)
			}
		}
	})
}

// The guest's page says that somebody gets in touch: somebody has to know.
func TestATechnicalFailureLeavesTheDeskToFindAnotherTime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		end := func(outcome string, wishes ...string) (owed, all []task) {
			t.Helper()
			p := s.Book(s.o, s.sommer, s.o.Booking(Start()))
			g := s.Guest(p)
			for _, wish := range wishes {
				g.Do("cancel", Body{"wish": wish}).OK(t)
			}
			s.sommer.Post("/api/staff/appointments/"+p.Appointment+"/outcome", Body{"outcome": outcome, "version": p.Version}).OK(t)
			shown, _ := snapshot(s.winter, "")
			for _, one := range shown.Tasks {
				if one.Appointment == p.Appointment {
					owed = append(owed, one)
				}
			}
			return owed, shown.Tasks
		}
		owed, _ := end("technical")
		if len(owed) != 1 || owed[0].Kind != "move" || owed[0].Phone != "01701112223" || owed[0].CitizenName != "Erika Beispiel" {
			t.Errorf("%+v", owed)
		}
		p := s.Book(s.o, s.sommer, s.o.Booking(Start()))
		s.Guest(p).Do("callback", Body{"phone": "0711 4455"}).OK(t)
		s.sommer.Post("/api/staff/appointments/"+p.Appointment+"/outcome", Body{"outcome": "technical", "version": p.Version}).OK(t)
		shown, _ := snapshot(s.winter, "")
		for _, one := range shown.Tasks {
			if one.Appointment == p.Appointment && one.Phone != "07114455" {
				t.Errorf("not the number left for today: %+v", one)
			}
		}
		for _, r := range shown.Rows {
			if r.ID == p.Appointment && (r.Citizen.Callback != "07114455" || r.Citizen.Phone != "01701112223") {
				t.Errorf("%+v", r.Citizen)
			}
		}
		if again, _ := end("technical", "move"); len(again) != 1 {
			t.Errorf("asked for already: %+v", again)
		}
		if none, all := end("held"); len(none) != 0 || len(all) != 4 {
			t.Errorf("held: %+v of %+v", none, all)
		}
	})
}

// Who is told "we call you" is called at the new time; of what is called off nothing is left to do.
func TestATaskFollowsItsAppointment(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		p := s.Book(s.o, s.sommer, s.o.Booking(Start()))
		other := s.Guest(s.Book(s.o, s.winter, s.o.Booking(Start().Add(4*time.Hour))))
		other.Do("callback", Body{"phone": "0711 2"}).OK(t)
		g := s.Guest(p)
		g.Do("callback", Body{"phone": "0711 1"}).OK(t)
		g.Do("cancel", Body{"wish": "move"}).OK(t)
		shown, stream := snapshot(s.winter, "")
		if len(shown.Tasks) != 3 {
			t.Fatalf("%+v", shown.Tasks)
		}

		to := Start().Add(time.Hour)
		s.sommer.Post("/api/staff/appointments/"+p.Appointment+"/move", Body{"startsAt": to.UnixMilli(), "version": p.Version}).OK(t)
		for range 2 {
			var one task
			stream.Until("task", &one)
			if one.StartsAt != to.UnixMilli() || (one.DoneAt != nil) != (one.Kind == "move") || one.DoneBy != "" {
				t.Errorf("moved: %+v", one)
			}
		}
		if shown, _ = snapshot(s.winter, ""); len(shown.Tasks) != 2 {
			t.Errorf("moved: %+v", shown.Tasks)
		}

		s.sommer.Post("/api/staff/appointments/"+p.Appointment+"/cancel", Body{"version": p.Version + 1}).OK(t)
		var one task
		if stream.Until("task", &one); one.Kind != "callback" || one.DoneAt == nil {
			t.Errorf("called off: %+v", one)
		}
		if shown, _ = snapshot(s.winter, ""); len(shown.Tasks) != 1 || shown.Tasks[0].Phone != "07112" {
			t.Errorf("called off: %+v", shown.Tasks)
		}
	})
}

func TestLongPollingTellsTheSameAsTheStream(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		b := *s.sommer
		b.Header = http.Header{"Accept": {"application/json"}}
		var got struct {
			Head   string
			Events []struct {
				Name string
				Data json.RawMessage
			}
		}
		b.Get(path).OK(t).Into(t, &got)
		if len(got.Events) != 1 || got.Events[0].Name != "snapshot" {
			t.Fatalf("%+v", got)
		}
		p := s.Book(s.o, s.sommer, s.o.Booking(Start()))
		b.Get(path+"?after="+got.Head).OK(t).Into(t, &got)
		if len(got.Events) != 1 || got.Events[0].Name != "row" || !strings.Contains(string(got.Events[0].Data), p.Appointment) {
			t.Errorf("%+v", got)
		}
	})
}

func TestWhatIsPersonalPrintsItselfNowhere(t *testing.T) {
	r := today.Row{Citizen: today.Citizen{Name: "KANARIE", Email: "KANARIE@example.org", Phone: "KANARIE"}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if text := fmt.Sprintf(verb, r.Citizen); strings.Contains(text, "KANARIE") {
			t.Errorf("%s: %s", verb, text)
		}
	}
	if text, err := json.Marshal(r); err != nil || strings.Count(string(text), "KANARIE") != 3 {
		t.Errorf("%s %v", text, err)
	}
}

func TestAPageIsToldInTimeThatTheDatabaseDoesNotAnswer(t *testing.T) {
	d := dbtest.Postgres(t) // readers of SQLite wait for nobody
	s := newOffices(t, d)
	fresh := s.sommer.At(s.World.Node()) // a process that has not opened the agency's key
	s.Tx(func(tx *db.Tx) error {
		_, err := tx.ExecContext(t.Context(), `LOCK TABLE agency IN ACCESS EXCLUSIVE MODE`)
		begun := time.Now()
		a := fresh.Get(path)
		if took := time.Since(begun); took > dbtest.Slack {
			t.Errorf("it took %s", took)
		}
		a.Expect(t, http.StatusServiceUnavailable, "unavailable")
		return err
	})
}
