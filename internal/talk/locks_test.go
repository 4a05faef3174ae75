package talk_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	. "visavis/internal/worldtest"
)

// crossing is a scene whose transactions a test holds. The guest is called and has not answered.
func crossing(t *testing.T) (s *scene, steps *dbtest.Steps, talk string) {
	t.Helper()
	d, steps := dbtest.PostgresInSteps(t)
	s = newScene(t, d)
	talk = s.admit(s.sommer).Talk.ID
	s.say(s.sommer, talk, 1, "answer", answer("staff")).OK(t)
	return s, steps, talk
}

func (s *scene) version() int64 {
	s.t.Helper()
	var version int64
	s.Scan(`SELECT version FROM appointment WHERE agency_id = $1 AND id = $2`, []any{s.o.Agency, s.g.Place.Appointment}, &version)
	return version
}

func (s *scene) onAppointment(what string, body Body) Answer {
	s.t.Helper()
	body["version"] = s.version()
	return s.sommer.Post("/api/staff/appointments/"+s.g.Place.Appointment+"/"+what, body)
}

// Whatever ends a talk has the seat in hand already when it comes to the talk, and what a page says in the talk has the
// talk in hand when it comes to the topics: in this order neither waits for who waits for it.
func TestNobodyWhoEndsATalkWaitsForWhoWaitsForThem(t *testing.T) {
	const ends = "UPDATE talk SET staff_id"
	firsts := map[string]func(s *scene, talk string){
		"sent back":    func(s *scene, talk string) { s.do(s.sommer, talk, "sendback", Body{}) },
		"with outcome": func(s *scene, talk string) { s.do(s.sommer, talk, "end", Body{"outcome": "held"}) },
		"in the list":  func(s *scene, _ string) { s.onAppointment("outcome", Body{"outcome": "technical"}) },
		"guest leaves": func(s *scene, _ string) { s.g.Do("leave", Body{}) },
		"dismissed": func(s *scene, _ string) {
			page := looksOn(s.g)
			dismiss(s.Node, s.o, s.o.Sommer)
			untilState(page, "waiting")
		},
		"rung out": func(s *scene, _ string) {
			s.Clock.Forward(RingTime + time.Second)
			s.WakeJobs()
			for late := time.Now().Add(dbtest.Patience); s.Count(`SELECT COUNT(*) FROM job WHERE kind = 'talk.ring'`) > 0; {
				if time.Now().After(late) {
					s.t.Error("the ringing goes on")
					return
				}
			}
		},
	}
	seconds := map[string]func(s *scene, talk string){
		"answered":        func(s *scene, _ string) { s.g.Signal(1, "enter", Body{}) },
		"signal of staff": func(s *scene, talk string) { s.say(s.sommer, talk, 1, "connected", Body{}) },
		"page connects":   func(s *scene, _ string) { s.g.Stream("") },
		"page renews":     func(s *scene, _ string) { s.g.Prepare(0) },
	}
	for ended, first := range firsts {
		for crossed, second := range seconds {
			t.Run(ended+" while "+crossed, func(t *testing.T) {
				t.Parallel()
				s, steps, talk := crossing(t)
				if crossed == "page connects" { // the window is open, and the guest is told so
					s.Exec(`UPDATE talk SET staff_away_since = 1 WHERE agency_id = $1 AND id = $2`, s.o.Agency, talk)
				}
				if n := steps.Crossing(ends, func() { first(s, talk) }, func() { second(s, talk) }); n != 0 {
					t.Errorf("%d times the database had to end one of them", n)
				}
			})
		}
	}
}

// Of the same appointment, and the other way round: what one has in hand is what the other comes to next.
func TestNobodyWhoChangesAnAppointmentWaitsForItsGuest(t *testing.T) {
	for name, both := range map[string]struct {
		begins        string
		first, second func(s *scene)
	}{
		"cancelled while the guest cancels": {
			"UPDATE seat SET state",
			func(s *scene) { s.onAppointment("cancel", Body{}) },
			func(s *scene) { s.g.Do("cancel", Body{"wish": "cancel"}) },
		},
		"moved while the guest cancels": {
			"UPDATE seat SET state",
			func(s *scene) { s.onAppointment("move", Body{"startsAt": Start().Add(5 * time.Hour).UnixMilli()}) },
			func(s *scene) { s.g.Do("cancel", Body{"wish": "cancel"}) },
		},
		"moved while its task is ticked off": {
			"UPDATE task SET done_at",
			func(s *scene) { s.onAppointment("move", Body{"startsAt": Start().Add(5 * time.Hour).UnixMilli()}) },
			func(s *scene) {
				var task string
				s.Scan(`SELECT id FROM task WHERE agency_id = $1`, []any{s.o.Agency}, &task)
				s.sommer.Post("/api/staff/tasks/"+task+"/done", Body{})
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, steps := dbtest.PostgresInSteps(t)
			s := newScene(t, d)
			s.g.Do("cancel", Body{"wish": "move"}).OK(t)
			if n := steps.Crossing(both.begins, func() { both.first(s) }, func() { both.second(s) }); n != 0 {
				t.Errorf("%d times the database had to end one of them", n)
			}
		})
	}
}

// asksDesk lets the other desk be asked to go on with a talk, and somebody of it say yes: what is left is to enter.
func (s *scene) asksDesk(talk string) (enter func() Answer) {
	s.t.Helper()
	s.g.Signal(1, "enter", nil).OK(s.t)
	var view struct{ Transfer struct{ At int64 } }
	s.do(s.sommer, talk, "transfer", Body{"desk": s.o.Desk2}).OK(s.t).Into(s.t, &view)
	herbst, at := s.SignIn(s.o.Herbst), Body{"at": view.Transfer.At}
	s.do(herbst, talk, "transfer/accept", at).OK(s.t)
	return func() Answer { return s.do(herbst, talk, "transfer/enter", at) }
}

// Whoever led a talk until a moment ago does not end what another desk has just taken on.
func TestATalkThatSomebodyGoesOnWithIsEndedByNobodyElse(t *testing.T) {
	for name, ends := range map[string]func(s *scene, talk string) Answer{
		"end":    func(s *scene, talk string) Answer { return s.do(s.sommer, talk, "end", Body{"outcome": "held"}) },
		"remove": func(s *scene, talk string) Answer { return s.do(s.sommer, talk, "remove", Body{"outcome": "held"}) },
		"lock":   func(s *scene, talk string) Answer { return s.do(s.sommer, talk, "lock", Body{"on": true}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, steps, talk := crossing(t)
			enter := s.asksDesk(talk)
			var late Answer
			steps.Crossing(readsSeat, func() { late = ends(s, talk) }, func() { enter().OK(t) })
			late.Expect(t, http.StatusNotFound, "talk.unknown")
			if s.Count(`SELECT COUNT(*) FROM seat WHERE state = 'talking' AND NOT locked`) != 1 {
				t.Error("something was done to a talk that belongs to others")
			}
		})
	}
}

const readsSeat = "SELECT id, agency_id, appointment_id"

func (s *scene) liveOfNobody() int {
	s.t.Helper()
	return s.Count(`SELECT COUNT(*) FROM talk JOIN seat ON seat.id = talk.seat_id WHERE talk.ended_at IS NULL AND seat.state <> 'talking'`)
}

// Whenever the advisor calls the guest in who goes at that moment, no talk is left behind whose guest is not in it: nobody
// could call the guest in any more.
func TestWhoGoesWhileTheyAreCalledInLeavesNoTalkBehind(t *testing.T) {
	for how, goes := range map[string]func(s *scene){
		"guest leaves":             func(s *scene) { s.g.Do("leave", Body{}) },
		"guest takes consent back": func(s *scene) { s.g.Do("consent", Body{"version": "v1", "given": false}) },
		"advisor cancels":          func(s *scene) { s.onAppointment("cancel", Body{}) },
	} {
		for nth := 2; nth <= 3; nth++ { // the first only finds out who asks
			t.Run(fmt.Sprint(how, " ", nth), func(t *testing.T) {
				t.Parallel()
				d, steps := dbtest.PostgresInSteps(t)
				s := newScene(t, d)
				s.Exec(`UPDATE seat SET consent_version = 'v1', consented_at = 1 WHERE agency_id = $1 AND id = $2`, s.o.Agency, s.g.Place.Seat)
				called := func() { s.sommer.Post("/api/staff/seats/"+s.g.Place.Seat+"/admit", Body{}) }
				if n := steps.CrossingAt(nth, readsSeat, func() { goes(s) }, called); n != 0 {
					t.Errorf("%d times the database had to end one of them", n)
				}
				if s.liveOfNobody() != 0 {
					t.Error("a talk goes on without its guest")
				}
			})
		}
	}
}

// Nothing leaves such a talk behind any more; one that is there all the same ends when its guest is called in.
func TestATalkThatHasOutlivedItsGuestShutsNobodyOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		first := s.admit(s.sommer).Talk.ID
		s.Exec(`UPDATE seat SET state = 'waiting' WHERE agency_id = $1 AND id = $2`, s.o.Agency, s.g.Place.Seat)
		if again := s.admit(s.sommer).Talk.ID; again == first {
			t.Error("the same talk once more")
		}
		if before, _ := s.staffSees(s.sommer, first); before.EndedAt == nil {
			t.Error("the talk before goes on")
		}
	})
}

// The page that waited is another one while the advisor calls it in.
func TestATalkBeginsWithWhatThePageThatHasItHasDescribed(t *testing.T) {
	d, steps := dbtest.PostgresInSteps(t)
	s := newScene(t, d)
	other := s.Guest(s.g.Place)
	other.Page = "page-two"
	takesOver := func() {
		other.Do("arrive", Body{
			"mode": "video", "takeover": true, "commit": strings.Repeat("c", 43), "offer": Description("guest", Print("other")),
		})
	}
	steps.Crossing("UPDATE seat SET prepared_sealed = NULL", func() { s.admit(s.sommer) }, takesOver)
	var page, print string
	s.Scan(`SELECT seat.holder_page, talk.guest_print FROM seat JOIN talk ON talk.agency_id = seat.agency_id AND talk.seat_id = seat.id
		WHERE seat.agency_id = $1 AND seat.id = $2`, []any{s.o.Agency, s.g.Place.Seat}, &page, &print)
	if (page == s.g.Page) != (print == s.g.Print) {
		t.Errorf("%s holds the seat, and the talk has begun with the description of another", page)
	}
}

// It can cost benefits: who comes while "did not come" is being written was there, or comes after it.
func TestWhoComesWhileANoShowIsWrittenDidNotStayAway(t *testing.T) {
	d, steps := dbtest.PostgresInSteps(t)
	n := New(t, d).Node()
	s := &scene{Node: n, t: t, o: n.Office("lindenau")}
	s.sommer = n.SignIn(s.o.Sommer)
	s.g = n.Guest(n.Book(s.o, s.sommer, s.o.Booking(Start().Add(5*time.Minute))))
	s.Clock.Forward(16 * time.Minute)
	var comes Answer
	missed := func() { s.onAppointment("outcome", Body{"outcome": "noshow"}).OK(t) }
	if n := steps.Crossing("UPDATE appointment SET starts_at", missed, func() { comes = s.g.Arrive() }); n != 0 {
		t.Errorf("%d times the database had to end one of them", n)
	}
	if s.Count(`SELECT COUNT(*) FROM seat WHERE closed_reason = 'noshow' AND arrived_at IS NOT NULL`) != 0 {
		t.Errorf("arrived (%d), and did not come", comes.Status)
	}
}

// The means itself: two who take two rows in different order are found.
func TestWhoWaitsForEachOtherIsFound(t *testing.T) {
	d, steps := dbtest.PostgresInSteps(t)
	node := func(id string) string { return `UPDATE node SET lease_until = 2 WHERE id = '` + id + `'` }
	for _, id := range []string{"a", "b"} {
		both(t, d, `INSERT INTO node (id, started_at, lease_until) VALUES ('`+id+`', 1, 1)`)
	}
	n := steps.Crossing(node("b"), func() { both(t, d, node("a"), node("b")) }, func() { both(t, d, node("b")+` AND lease_until > 0`, node("a")) })
	if n != 1 {
		t.Errorf("found %d times", n)
	}
}

func both(t *testing.T, d *db.DB, statements ...string) {
	t.Helper()
	err := d.Tx(t.Context(), func(tx *db.Tx) error {
		for _, statement := range statements {
			if _, err := tx.ExecContext(t.Context(), statement); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// Who enters takes the appointment, its seat and then the talk, as all others do.
func TestNobodyWhoGoesOnWithATalkWaitsForWhoEndsIt(t *testing.T) {
	others := map[string]func(s *scene, talk string){
		"sent back":    func(s *scene, talk string) { s.do(s.sommer, talk, "sendback", Body{}) },
		"with outcome": func(s *scene, talk string) { s.do(s.sommer, talk, "end", Body{"outcome": "held"}) },
		"in the list":  func(s *scene, _ string) { s.onAppointment("outcome", Body{"outcome": "technical"}) },
		"guest leaves": func(s *scene, _ string) { s.g.Do("leave", Body{}) },
		"page renews":  func(s *scene, _ string) { s.g.Prepare(0) },
		"guest's wish": func(s *scene, _ string) { s.g.Do("callback", Body{"phone": "030 1234567"}) },
	}
	for _, held := range []string{"UPDATE appointment SET advisor_id", "UPDATE seat SET desk_id", "UPDATE talk SET desk_id", "UPDATE talk SET staff_id"} {
		for name, other := range others {
			t.Run(name+" at "+held, func(t *testing.T) {
				t.Parallel()
				s, steps, talk := crossing(t)
				enter := s.asksDesk(talk)
				if n := steps.Crossing(held, func() { enter() }, func() { other(s, talk) }); n != 0 {
					t.Errorf("%d times the database had to end one of them", n)
				}
				if s.liveOfNobody() != 0 {
					t.Error("a talk goes on without its guest")
				}
				if n := s.Count(`SELECT COUNT(*) FROM seat JOIN appointment a ON a.id = seat.appointment_id WHERE a.desk_id <> seat.desk_id`); n != 0 {
					t.Error("the appointment is at one desk, and its seat at another")
				}
			})
		}
	}
}
