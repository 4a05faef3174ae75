package talk_test

import (
	"net/http"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	"visavis/internal/talk"
	. "visavis/internal/worldtest"
)

// dismiss locks an account as the admin pages do.
func dismiss(n *Node, o Office, who Account) {
	n.T.Helper()
	n.Tx(func(tx *db.Tx) error {
		return n.Staff.Disable(n.T.Context(), tx, o.Agency, staff.Author{}, who.ID)
	})
}

func takeDesk(n *Node, o Office, who Account) {
	n.T.Helper()
	n.Tx(func(tx *db.Tx) error {
		return n.Staff.Take(n.T.Context(), tx, o.Agency, staff.Grant{Staff: who.ID, Held: staff.At(staff.Advisor, o.Desk)[0], Source: staff.ByHand})
	})
}

// toReception leaves somebody at the desk, who talks there no more.
func toReception(n *Node, o Office, who Account) {
	n.T.Helper()
	n.Tx(func(tx *db.Tx) error {
		held := staff.At(staff.Reception, o.Desk)[0]
		return n.Staff.Give(n.T.Context(), tx, o.Agency, staff.Grant{Staff: who.ID, Held: held, Source: staff.ByHand})
	})
	takeDesk(n, o, who)
}

type passedRow struct {
	Seat struct {
		State  string
		Passed *struct {
			At   int64
			From struct{ Name string }
		}
	}
}

func untilPassed(list *Stream) passedRow {
	var row passedRow
	for row.Seat.Passed == nil {
		list.Until("row", &row)
	}
	return row
}

// Whatever takes the right away: the pages of who had it end, the guest waits again with the place kept, and the desk is
// told whom to take over.
func TestACC08ATalkPassesToTheDeskWhenWhoLedItMayLeadItNoLonger(t *testing.T) {
	for name, lose := range map[string]func(*Node, Office, Account){"disabled": dismiss, "role taken": takeDesk, "another role": toReception} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				s := newScene(t, d)
				id := s.connect().Talk.ID
				page := s.g.Stream("")
				page.Until("snapshot", nil)
				window, own := s.sommer.Listen("/api/staff/talks/"+id+"/stream", ""), s.sommer.Listen("/api/staff/stream", "")
				window.Until("snapshot", nil)
				own.Until("snapshot", nil)
				winter := s.SignIn(s.o.Winter)
				list := winter.Listen("/api/staff/stream", "")
				list.Until("snapshot", nil)

				begun := time.Now()
				lose(s.Node, s.o, s.o.Sommer)
				own.Until("bye", nil)
				if name != "another role" { // who stays at the desk sees that the talk is over
					window.Until("bye", nil)
				}
				streams := time.Since(begun)
				view := untilState(page, "waiting")
				row := untilPassed(list)
				t.Logf("streams of who left over after %v, guest and desk told after %v", streams, time.Since(begun))
				if view["passedAt"] == nil || view["here"] != true || view["wait"] != nil || view["arrivedAt"] != float64(Start().UnixMilli()) {
					t.Errorf("the guest is told %v", view)
				}
				if row.Seat.Passed.From.Name != "Frau Sommer" || row.Seat.State != "waiting" {
					t.Errorf("%+v", row)
				}
				if s.Relay.Revoked() != 1 {
					t.Error("picture and sound go on")
				}
				s.g.Arrive().OK(t) // the page prepares anew
				if taken := s.admit(winter); taken.Talk.Staff.Name != "Herr Winter" || taken.Signals.of("offer") == nil {
					t.Errorf("%+v", taken)
				}
				if view, _ := guestSees(s.g); view["passedAt"] != nil || view["state"] != "talking" {
					t.Errorf("%v", view)
				}
				if n := s.Count(`SELECT COUNT(*) FROM audit_entry WHERE agency_id = $1 AND act = 'talk.passed'`, s.o.Agency); n != 1 {
					t.Errorf("%d entries in the audit", n)
				}
			})
		})
	}
}

func TestACC08AnInterruptedTalkKeepsThePlaceLongAfterTheWindow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		s.connect()
		page := s.g.Stream("")
		page.Until("snapshot", nil)
		s.Clock.Forward(3 * time.Hour)
		dismiss(s.Node, s.o, s.o.Sommer)
		if view := untilState(page, "waiting"); view["passedAt"] == nil {
			t.Errorf("%v", view)
		}
		s.Clock.Forward(3 * time.Hour)
		fresh := s.g.Reloaded("page-two")
		fresh.Arrive().OK(t)
		s.admit(s.SignIn(s.o.Winter))
	})
}

func TestATalkThatAColleagueHasTakenOverStaysTheirs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.connect().Talk.ID
		winter, herbst := s.SignIn(s.o.Winter), s.SignIn(s.o.Herbst)
		s.takeOver(winter, id)
		dismiss(s.Node, s.o, s.o.Sommer)
		// One after the other is looked at, and this one passes.
		booking := s.o.Booking(Start().Add(5 * time.Minute))
		booking["desk"], booking["service"] = s.o.Desk2, s.o.Service2
		other := s.Guest(s.Book(s.o, herbst, booking))
		other.Arrive().OK(t)
		page := other.Stream("")
		page.Until("snapshot", nil)
		herbst.Post("/api/staff/seats/"+other.Place.Seat+"/admit", Body{}).OK(t)
		dismiss(s.Node, s.o, s.o.Herbst)
		untilState(page, "waiting")
		if talk, _ := s.staffSees(winter, id); talk.EndedAt != nil || talk.Staff.Name != "Herr Winter" {
			t.Errorf("%+v", talk)
		}
	})
}

// The process that took the right may be gone before it has looked.
func TestACC08AnotherProcessPassesATalkOn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.connect().Talk.ID
		page := s.g.Stream("")
		page.Until("snapshot", nil)
		s.Exec(`UPDATE staff SET disabled_at = 1 WHERE agency_id = $1 AND id = $2`, s.o.Agency, s.o.Sommer.ID)
		s.Tx(func(tx *db.Tx) error { // as a command does
			return talk.Later(s.Jobs).Lost(t.Context(), tx, s.o.Agency, "", s.Clock.Now())
		})
		s.WakeJobs()
		if view := untilState(page, "waiting"); view["passedAt"] == nil {
			t.Errorf("%v", view)
		}
		s.do(s.SignIn(s.o.Winter), id, "join", Body{"takeover": true}).Expect(t, http.StatusGone, "talk.ended")
	})
}

// Nobody is told by an event that a role ends by its time.
func TestACC08ATalkPassesWhenTheRoleOfWhoLeadsItIsOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		s.Tx(func(tx *db.Tx) error {
			return s.Staff.Give(t.Context(), tx, s.o.Agency, staff.Grant{
				Staff: s.o.Sommer.ID, Held: staff.At(staff.Advisor, s.o.Desk)[0], Source: staff.ByHand, Until: s.Clock.Now().Add(time.Hour),
			})
		})
		s.connect()
		page := s.g.Stream("")
		page.Until("snapshot", nil)
		s.Clock.Forward(time.Hour + time.Second)
		s.WakeJobs()
		if view := untilState(page, "waiting"); view["passedAt"] == nil {
			t.Errorf("%v", view)
		}
	})
}

// Whoever waits at the desk waits for this one too, however long they have waited already.
func TestWhoseTalkWasInterruptedComesBeforeAllOthersInTheWindowAndInTheirTimes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		winter := s.SignIn(s.o.Winter)
		early := s.Guest(s.Book(s.o, winter, s.o.Booking(Start().Add(4*time.Minute))))
		early.Arrive().OK(t)
		elsewhere := s.o.Booking(Start().Add(3 * time.Minute)) // this desk has two people, and they are booked
		elsewhere["desk"], elsewhere["service"] = s.o.Desk2, s.o.Service2
		led := s.Guest(s.Book(s.o, winter, elsewhere))
		led.Arrive().OK(t)
		var begun started
		winter.Post("/api/staff/seats/"+led.Place.Seat+"/admit", Body{}).OK(t).Into(t, &begun)
		s.Exec(`UPDATE seat SET arrived_at = arrived_at + 60000 WHERE agency_id = $1 AND id = $2`, s.o.Agency, s.g.Place.Seat)
		s.connect()
		page := s.g.Stream("")
		page.Until("snapshot", nil)
		before, _ := guestSees(early)
		dismiss(s.Node, s.o, s.o.Sommer)
		untilState(page, "waiting")
		var first struct{ Waiting talk.Others }
		window := winter.Listen("/api/staff/talks/"+begun.Talk.ID+"/stream", "")
		window.Until("snapshot", &first)
		if n := first.Waiting.Next; first.Waiting.Count != 2 || n == nil || n.StartsAt != Start().Add(5*time.Minute).UnixMilli() {
			t.Errorf("%v", first.Waiting)
		}
		after, _ := guestSees(early)
		longer := func(view map[string]any) float64 { return view["wait"].(map[string]any)["until"].(float64) }
		if longer(after)-longer(before) < float64((20 * time.Minute).Milliseconds()) {
			t.Errorf("%v, and before it was %v", after["wait"], before["wait"])
		}
	})
}

// Named anew, a substitute who is in a talk may have a later beginning: it is over for now.
func TestACC08ATalkPassesWhenASubstituteWhoLeadsItIsNamedForLater(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		s.Tx(func(tx *db.Tx) error {
			return s.Staff.Give(t.Context(), tx, s.o.Agency, staff.Grant{Staff: s.o.Winter.ID, Held: staff.At(staff.Lead, s.o.Desk)[0], Source: staff.ByHand})
		})
		lead := s.SignIn(s.o.Winter)
		named := func(from time.Duration) {
			t.Helper()
			lead.Post("/api/staff/desks/"+s.o.Desk+"/substitutes", Body{
				"person": s.o.Herbst.ID, "role": "advisor", "from": s.Clock.Now().Add(from).UnixMilli(), "until": s.Clock.Now().Add(from + 8*time.Hour).UnixMilli(),
			}).OK(t)
		}
		named(0)
		s.admit(s.SignIn(s.o.Herbst))
		page := s.g.Stream("")
		page.Until("snapshot", nil)
		named(0) // as before: nothing changes
		named(24 * time.Hour)
		if view := untilState(page, "waiting"); view["passedAt"] == nil {
			t.Errorf("%v", view)
		}
		if n := s.Count(`SELECT COUNT(*) FROM audit_entry WHERE agency_id = $1 AND act = 'talk.passed'`, s.o.Agency); n != 1 {
			t.Errorf("%d entries in the audit", n)
		}
	})
}

func TestACC08WhoIsDismissedWhileAdmittingLeadsNoTalk(t *testing.T) {
	for name, lose := range map[string]struct {
		do     func(*Node, Office, Account)
		status int
	}{"disabled": {dismiss, http.StatusUnauthorized}, "role taken": {takeDesk, http.StatusNotFound}, "another role": {toReception, http.StatusForbidden}} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, dbtest.SQLite(t))
			got := s.sommer.KeptOpen(http.MethodPost, "/api/staff/seats/"+s.g.Place.Seat+"/admit", "application/json", "{}", func() { lose.do(s.Node, s.o, s.o.Sommer) })
			if got != lose.status || seatState(s) != "waiting" {
				t.Errorf("%d, and the seat is %s", got, seatState(s))
			}
		})
	}
}

// What was decided in the same instant is looked at once more when the talk has begun.
func TestACC08ATalkThatBeginsWhileTheRightGoesPasses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		id := s.connect().Talk.ID
		// As if this came between the look at the roles and the talk's row; nobody is told.
		s.Exec(`UPDATE talk SET staff_id = $1 WHERE agency_id = $2 AND id = $3`, s.o.Herbst.ID, s.o.Agency, id)
		page := s.g.Stream("")
		page.Until("snapshot", nil)
		herbst := s.SignIn(s.o.Herbst)
		booking := s.o.Booking(Start().Add(5 * time.Minute))
		booking["desk"], booking["service"] = s.o.Desk2, s.o.Service2
		other := s.Guest(s.Book(s.o, herbst, booking))
		other.Arrive().OK(t)
		herbst.Post("/api/staff/seats/"+other.Place.Seat+"/admit", Body{}).OK(t) // whoever begins a talk is looked at
		untilState(page, "waiting")
	})
}

func TestACC08SeveralProcessesPassATalkOnce(t *testing.T) {
	w := New(t, dbtest.Postgres(t))
	one, two := w.Node(), w.Node()
	s := &scene{Node: one, t: t, o: one.Office("lindenau")}
	s.sommer = one.SignIn(s.o.Sommer)
	s.g = one.Guest(one.Book(s.o, s.sommer, s.o.Booking(Start().Add(5*time.Minute))))
	s.g.Arrive().OK(t)
	id := s.connect().Talk.ID
	page := (&Guest{Browser: s.g.At(two), Place: s.g.Place, Page: s.g.Page, Print: s.g.Print}).Stream("")
	page.Until("snapshot", nil)
	window := s.sommer.At(two).Listen("/api/staff/talks/"+id+"/stream", "")
	window.Until("snapshot", nil)
	begun := time.Now()
	dismiss(one, s.o, s.o.Sommer) // and both processes hear of the job, too
	w.Clock.Forward(3 * time.Second)
	two.WakeJobs()
	window.Until("bye", nil)
	untilState(page, "waiting")
	t.Logf("over on another process after %v", time.Since(begun))
	if n := s.Count(`SELECT COUNT(*) FROM audit_entry WHERE agency_id = $1 AND act = 'talk.passed'`, s.o.Agency); n != 1 {
		t.Errorf("%d entries in the audit", n)
	}
}
