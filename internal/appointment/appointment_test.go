package appointment_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/notify"
	. "visavis/internal/worldtest"
)

const path = "/api/staff/appointments"

// desk is an agency with somebody of its first desk at a screen.
type desk struct {
	*Node
	t      *testing.T
	o      Office
	sommer *Browser
}

func newDesk(t *testing.T, d *db.DB) *desk {
	t.Helper()
	n := New(t, d).Node()
	s := &desk{Node: n, t: t, o: n.Office("lindenau")}
	s.sommer = n.SignIn(s.o.Sommer)
	return s
}

func with(b Body, key string, value any) Body {
	b[key] = value
	return b
}

func citizen(b Body, key, value string) Body {
	b["citizen"].(Body)[key] = value
	return b
}

type changed struct {
	ID, Link string
	Version  int64
}

func (s *desk) change(by *Browser, p Place, what string, body Body) Answer {
	s.t.Helper()
	return by.Post(path+"/"+p.Appointment+"/"+what, body)
}

func open(b *Browser, p Place) Answer {
	b.T.Helper()
	return b.Post("/api/guest/"+p.Slug+"/open", Body{"secret": p.Secret})
}

func TestABookingMakesASeatWithALinkForStaffToHandOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newDesk(t, d)
		starts := Start().Add(time.Hour)
		p := s.Book(s.o, s.sommer, s.o.Booking(starts))
		var view struct {
			State                               string
			StartsAt, EndsAt, OpensAt, ClosesAt int64
		}
		open(s.Browser(), p).OK(t).Into(t, &view)
		if view.State != "expected" || view.StartsAt != starts.UnixMilli() || view.EndsAt-view.StartsAt != 30*60_000 ||
			view.StartsAt-view.OpensAt != 10*60_000 || view.ClosesAt-view.EndsAt != 15*60_000 {
			t.Errorf("%+v", view)
		}
	})
}

func TestWhereAMailGoesOutStaffGetNoLink(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := New(t, d)
		w.Mail = notify.Server{Host: "127.0.0.1", Port: 1, TLS: "off"} // nobody answers there
		n := w.Node()
		o := n.Office("lindenau")
		sommer := n.SignIn(o.Sommer)
		var made changed
		sommer.Post(path, citizen(o.Booking(Start()), "email", "erika@example.org")).OK(t).Into(t, &made)
		var state string
		n.Scan(`SELECT mail_state FROM appointment WHERE id = $1`, []any{made.ID}, &state)
		if made.Link != "" || state != "queued" {
			t.Errorf("%+v %s", made, state)
		}
		sommer.Post(path, o.Booking(Start())).OK(t).Into(t, &made)
		if n.Secret(o, made.Link) == "" {
			t.Error("without an address staff hand the link over")
		}
	})
}

func TestABookingThatCannotBeIsRefusedWithItsReason(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newDesk(t, d)
		other := s.Office("ahorn")
		new := func() Body { return s.o.Booking(Start().Add(time.Hour)) }
		at := func(after time.Duration) Body { return s.o.Booking(Start().Add(after)) }
		for name, c := range map[string]struct {
			body Body
			code string
		}{
			"no name":                  {citizen(new(), "name", " \u00a0 "), "citizen.name"},
			"a name of a page":         {citizen(new(), "name", strings.Repeat("n", 121)), "citizen.name"},
			"a name with a bell":       {citizen(new(), "name", "Erika\aBeispiel"), "citizen.name"},
			"no address":               {citizen(new(), "email", "erika"), "email.invalid"},
			"two addresses":            {citizen(new(), "email", "a@b.example,c@d.example"), "email.invalid"},
			"an address with a header": {citizen(new(), "email", "a@b.example\r\nBcc: c@d.example"), "email.invalid"},
			"a named address":          {citizen(new(), "email", "Erika <a@b.example>"), "email.invalid"},
			"letters as a number":      {citizen(new(), "phone", "ruf mich an"), "phone.invalid"},
			"a short number":           {citizen(new(), "phone", "110"), "phone.invalid"},
			"a foreign language":       {with(new(), "language", "tlh"), "language.unknown"},
			"yesterday":                {at(-24 * time.Hour), "appointment.past"},
			"eleven minutes ago":       {at(-11 * time.Minute), "appointment.past"},
			"in three years":           {at(3 * 365 * 24 * time.Hour), "appointment.too_far"},
			"another desk":             {with(new(), "desk", s.o.Desk2), "appointment.desk"},
			"another agency's desk":    {with(new(), "desk", other.Desk), "appointment.desk"},
			"another desk's service":   {with(new(), "service", s.o.Service2), "appointment.service"},
			"another agency's service": {with(new(), "service", other.Service), "appointment.service"},
			"another desk's advisor":   {with(new(), "advisor", s.o.Herbst.ID), "appointment.advisor"},
			"another agency's advisor": {with(new(), "advisor", other.Sommer.ID), "appointment.advisor"},
		} {
			if a := s.sommer.Post(path, c.body); a.Status != http.StatusUnprocessableEntity || a.Code != c.code {
				t.Errorf("%s: %d %s", name, a.Status, a.Text)
			}
		}
		if n := s.Count(`SELECT COUNT(*) FROM appointment`) + s.Count(`SELECT COUNT(*) FROM seat`); n != 0 {
			t.Errorf("%d rows were left behind", n)
		}
		s.sommer.Post(path, at(-9*time.Minute)).OK(t) // the form takes a few minutes
		s.sommer.Post(path, with(new(), "secret", "x")).Expect(t, http.StatusBadRequest, "request.invalid")
		s.Browser().Post(path, new()).Expect(t, http.StatusUnauthorized, "session.none")
	})
}

// Who fills in a form wants to know of all mistakes at once, not of the next after each attempt.
func TestABookingWithSeveralMistakesIsToldAllOfThem(t *testing.T) {
	s := newDesk(t, dbtest.SQLite(t))
	body := s.o.Booking(Start().Add(-24 * time.Hour))
	for field, value := range map[string]string{"name": "", "email": "erika", "phone": "110"} {
		body = citizen(body, field, value)
	}
	var problem struct {
		Params struct{ Also []string }
	}
	s.sommer.Post(path, with(body, "language", "tlh")).Expect(t, http.StatusUnprocessableEntity, "citizen.name").Into(t, &problem)
	if want := []string{"email.invalid", "phone.invalid", "language.unknown", "appointment.past"}; !slices.Equal(problem.Params.Also, want) {
		t.Errorf("also %q, want %q", problem.Params.Also, want)
	}
	one := s.sommer.Post(path, citizen(s.o.Booking(Start().Add(time.Hour)), "phone", "110")).Expect(t, http.StatusUnprocessableEntity, "phone.invalid")
	if strings.Contains(one.Text, "also") {
		t.Errorf("%s", one.Text)
	}
}

func TestAnAdvisorIsNeverBookedTwiceForOneTime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newDesk(t, d)
		starts := Start().Add(time.Hour)
		of := func(who Account, after time.Duration) Body {
			return with(s.o.Booking(starts.Add(after)), "advisor", who.ID)
		}
		first := s.Book(s.o, s.sommer, of(s.o.Sommer, 0))
		for _, after := range []time.Duration{0, -29 * time.Minute, 29 * time.Minute} {
			a := s.sommer.Post(path, of(s.o.Sommer, after)).Expect(t, http.StatusConflict, "appointment.overlap")
			if a.Params["startsAt"] != float64(starts.UnixMilli()) {
				t.Errorf("%v", a.Params)
			}
		}
		s.sommer.Post(path, of(s.o.Sommer, 30*time.Minute)).OK(t)
		s.sommer.Post(path, of(s.o.Winter, 0)).OK(t)
		late := s.Book(s.o, s.sommer, of(s.o.Sommer, 5*time.Hour))
		s.change(s.sommer, late, "move", Body{"startsAt": starts.UnixMilli(), "version": late.Version}).Expect(t, http.StatusConflict, "appointment.overlap")
		open(s.Browser(), late).OK(t) // a refused move leaves the link alive
		s.change(s.sommer, first, "move", Body{"startsAt": starts.Add(-time.Minute).UnixMilli(), "version": first.Version}).OK(t)
		s.change(s.sommer, first, "cancel", Body{"version": first.Version + 1}).OK(t)
		s.sommer.Post(path, of(s.o.Sommer, -time.Minute)).OK(t) // the time is free again
	})
}

func TestTEN06OfManyBookingsForOneTimeOneWins(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newDesk(t, d)
		winter := s.SignIn(s.o.Winter)
		for round := range 3 {
			body := func() Body {
				return with(s.o.Booking(Start().Add(time.Duration(round+1)*time.Hour)), "advisor", s.o.Sommer.ID)
			}
			var all sync.WaitGroup
			got := make([]Answer, 8)
			begin := make(chan struct{})
			for i := range got {
				all.Go(func() {
					<-begin
					got[i] = []*Browser{s.sommer, winter}[i%2].Post(path, body())
				})
			}
			close(begin)
			all.Wait()
			won := 0
			for _, a := range got {
				if a.Status == http.StatusOK {
					won++
				} else {
					a.Expect(t, http.StatusConflict, "appointment.overlap")
				}
			}
			if won != 1 {
				t.Errorf("%d bookings", won)
			}
		}
	})
}

// There are two advisors at the desk. One of them works at another desk, too.
func TestATeamIsNeverBookedMoreOftenAtATimeThanItHasPeople(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newDesk(t, d)
		winter := s.SignIn(s.o.Winter)
		starts := Start().Add(time.Hour)
		at := func(after time.Duration) Body { return s.o.Booking(starts.Add(after)) }
		full := func(b Body) { t.Helper(); s.sommer.Post(path, b).Expect(t, http.StatusConflict, "appointment.full") }
		first := s.Book(s.o, s.sommer, at(0))
		s.Book(s.o, s.sommer, with(at(0), "advisor", s.o.Sommer.ID))
		full(at(0))
		full(at(-29 * time.Minute))
		full(at(29 * time.Minute))
		full(with(at(0), "advisor", s.o.Winter.ID)) // whoever takes the first one, it can be no third
		s.Book(s.o, s.sommer, at(30*time.Minute))
		later := s.Book(s.o, s.sommer, at(2*time.Hour))
		s.change(s.sommer, later, "move", Body{"startsAt": starts.UnixMilli(), "version": later.Version}).Expect(t, http.StatusConflict, "appointment.full")
		open(s.Browser(), later).OK(t) // a refused move leaves the link alive
		s.change(s.sommer, first, "move", Body{"startsAt": starts.Add(-time.Minute).UnixMilli(), "version": first.Version}).OK(t)
		s.change(s.sommer, first, "cancel", Body{"version": first.Version + 1}).OK(t)
		s.Book(s.o, s.sommer, at(0)) // somebody is free again

		// What somebody has at another desk is missing here, and the other desk has people of its own.
		elsewhere := with(with(with(at(4*time.Hour), "desk", s.o.Desk2), "service", s.o.Service2), "advisor", s.o.Winter.ID)
		winter.Post(path, elsewhere).OK(t)
		s.Book(s.o, s.sommer, at(4*time.Hour))
		full(at(4 * time.Hour))
		winter.Post(path, with(elsewhere, "advisor", "")).OK(t)

		// Who has left the agency takes no appointment.
		s.Exec(`UPDATE staff SET disabled_at = 1 WHERE id = $1`, s.o.Winter.ID)
		s.Book(s.o, s.sommer, at(6*time.Hour))
		full(at(6 * time.Hour))
	})
}

func TestOfManyBookingsForATeamAsManyWinAsItHasPeople(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newDesk(t, d)
		winter := s.SignIn(s.o.Winter)
		for round := range 3 {
			starts := Start().Add(time.Duration(round+1) * time.Hour)
			var all sync.WaitGroup
			got := make([]Answer, 8)
			begin := make(chan struct{})
			for i := range got {
				body := s.o.Booking(starts)
				if i%3 == 0 { // some are for one of the two, at the desk that they share or at the other
					body["advisor"] = s.o.Winter.ID
				}
				if i == 6 {
					body["desk"], body["service"] = s.o.Desk2, s.o.Service2
				}
				all.Go(func() {
					<-begin
					got[i] = []*Browser{winter, s.sommer}[i%2].Post(path, body)
				})
			}
			close(begin)
			all.Wait()
			won := 0
			for _, a := range got {
				switch {
				case a.Status == http.StatusOK:
					won++
				case a.Status != http.StatusConflict || a.Code != "appointment.full" && a.Code != "appointment.overlap":
					t.Errorf("%d %s", a.Status, a.Text)
				}
			}
			if won != 2 {
				t.Errorf("%d bookings for two people", won)
			}
		}
	})
}

func TestACC02AMoveKillsTheOldLinkSaysSoAndTellsWhoWaits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newDesk(t, d)
		p := s.Book(s.o, s.sommer, s.o.Booking(Start()))
		g := s.Guest(p)
		g.Arrive().OK(t)
		page := g.Stream("")
		page.Until("snapshot", nil)
		to := Start().Add(48 * time.Hour)
		var moved changed
		s.change(s.sommer, p, "move", Body{"startsAt": to.UnixMilli(), "version": p.Version}).OK(t).Into(t, &moved)
		if got := page.Until("bye", nil); got != fmt.Sprintf(`{"reason":"moved","startsAt":%d}`, to.UnixMilli()) {
			t.Error(got)
		}
		open(s.Browser(), p).Expect(t, http.StatusGone, "link.moved")
		g.Post("/api/guest/"+p.Slug+"/open", Body{"seat": p.Seat}).Expect(t, http.StatusGone, "link.moved")
		g.Arrive().Expect(t, http.StatusGone, "link.moved")
		fresh := p
		fresh.Secret, fresh.Version = s.Secret(s.o, moved.Link), moved.Version
		var view struct {
			State    string
			StartsAt int64
		}
		open(g.Browser, fresh).OK(t).Into(t, &view)
		if view.State != "expected" || view.StartsAt != to.UnixMilli() {
			t.Errorf("%+v", view)
		}
		s.change(s.sommer, p, "move", Body{"startsAt": to.UnixMilli(), "version": p.Version}).Expect(t, http.StatusConflict, "appointment.changed")
		s.change(s.sommer, fresh, "move", Body{"startsAt": Start().Add(-time.Hour).UnixMilli(), "version": fresh.Version}).Expect(t, http.StatusUnprocessableEntity, "appointment.past")
		open(s.Browser(), fresh).OK(t)
	})
}

func TestWhatIsTalkedAboutIsNotMoved(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newDesk(t, d)
		p := s.Book(s.o, s.sommer, s.o.Booking(Start()))
		s.Guest(p).Arrive().OK(t)
		s.sommer.Post("/api/staff/seats/"+p.Seat+"/admit", Body{}).OK(t)
		a := s.change(s.sommer, p, "move", Body{"startsAt": Start().Add(time.Hour).UnixMilli(), "version": p.Version})
		a.Expect(t, http.StatusConflict, "seat.talking")
		open(s.Browser(), p).OK(t)
		// Calling it off from the list ends the talk as well.
		s.change(s.sommer, p, "cancel", Body{"version": p.Version}).OK(t)
		if n := s.Count(`SELECT COUNT(*) FROM talk WHERE agency_id = $1 AND ended_at IS NULL`, s.o.Agency); n != 0 {
			t.Errorf("%d live talks", n)
		}
	})
}

func TestWhoWaitsIsToldOfACancellationAndTheLinkSaysSo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newDesk(t, d)
		p := s.Book(s.o, s.sommer, s.o.Booking(Start()))
		g := s.Guest(p)
		g.Arrive().OK(t)
		page := g.Stream("")
		page.Until("snapshot", nil)
		s.change(s.sommer, p, "cancel", Body{"version": p.Version + 7}).Expect(t, http.StatusConflict, "appointment.changed")
		s.change(s.sommer, p, "cancel", Body{"version": p.Version}).OK(t)
		var view struct{ State, ClosedReason string }
		page.Until("seat", &view)
		if view.State != "closed" || view.ClosedReason != "cancelled" {
			t.Errorf("%+v", view)
		}
		open(s.Browser(), p).Expect(t, http.StatusGone, "link.cancelled")
		s.change(s.sommer, p, "cancel", Body{"version": p.Version + 1}).Expect(t, http.StatusConflict, "appointment.closed")
		s.change(s.sommer, p, "move", Body{"startsAt": Start().Add(time.Hour).UnixMilli(), "version": p.Version + 1}).Expect(t, http.StatusConflict, "appointment.closed")
	})
}

func TestAGuestCallsTheAppointmentOffOrAsksForAnotherTime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newDesk(t, d)
		p := s.Book(s.o, s.sommer, s.o.Booking(Start().Add(time.Hour)))
		g := s.Guest(p)
		var view struct {
			State       string
			MoveAskedAt *int64
		}
		g.Do("cancel", Body{"wish": "move"}).OK(t).Into(t, &view)
		if view.State != "expected" || view.MoveAskedAt == nil {
			t.Errorf("%+v", view)
		}
		if n := s.Count(`SELECT COUNT(*) FROM task WHERE agency_id = $1 AND appointment_id = $2 AND kind = 'move' AND done_at IS NULL`, s.o.Agency, p.Appointment); n != 1 {
			t.Errorf("%d tasks", n)
		}
		g.Do("cancel", Body{"wish": "cancel"}).OK(t).Into(t, &view)
		var status, outcome string
		s.Scan(`SELECT status, outcome FROM appointment WHERE id = $1`, []any{p.Appointment}, &status, &outcome)
		if view.State != "closed" || status != "cancelled" || outcome != "cancelled" {
			t.Errorf("%+v %s %s", view, status, outcome)
		}
	})
}

// A dialog that was closed too early, a mail that did not come: the link can be handed over again.
func TestTheDeskCanShowTheLiveLinkAgainAndNobodyElse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newDesk(t, d)
		p := s.Book(s.o, s.sommer, s.o.Booking(Start()))
		var got struct{ Link string }
		link := path + "/" + p.Appointment + "/link"
		s.SignIn(s.o.Winter).Get(link).OK(t).Into(t, &got)
		if s.Secret(s.o, got.Link) != p.Secret {
			t.Error("another link than the one given out first")
		}
		s.change(s.sommer, p, "move", Body{"startsAt": Start().Add(time.Hour).UnixMilli(), "version": p.Version}).OK(t)
		s.sommer.Get(link).OK(t).Into(t, &got)
		if moved := s.Secret(s.o, got.Link); moved == p.Secret {
			t.Error("the link is the one before the move")
		}
		s.SignIn(s.o.Herbst).Get(link).Expect(t, http.StatusNotFound, "appointment.unknown")
		s.SignIn(s.Office("ahorn").Sommer).Get(link).Expect(t, http.StatusNotFound, "appointment.unknown")
		s.Browser().Get(link).Expect(t, http.StatusUnauthorized, "session.none")
		s.change(s.sommer, p, "cancel", Body{"version": p.Version + 1}).OK(t)
		s.sommer.Get(link).Expect(t, http.StatusConflict, "appointment.closed")
	})
}

// Whoever asks to be called has come in their own way, and a no-show can cost benefits.
func TestWhoHasAskedForSomethingIsNoNoShow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newDesk(t, d)
		noshow := func(p Place) Answer {
			return s.change(s.sommer, p, "outcome", Body{"version": p.Version, "outcome": "noshow"})
		}
		for wish, body := range map[string]Body{"callback": {"phone": "0711 4455"}, "cancel": {"wish": "move"}} {
			for _, early := range []bool{true, false} {
				p := s.Book(s.o, s.sommer, s.o.Booking(s.Clock.Now().Add(2*time.Hour)))
				if !early {
					s.Clock.Forward(2 * time.Hour)
				}
				s.Guest(p).Do(wish, body).OK(t)
				if early {
					s.Clock.Forward(2 * time.Hour)
				}
				if a := noshow(p).Expect(t, http.StatusConflict, "outcome.noshow_refused"); a.Params["proposed"] != "technical" {
					t.Errorf("%s: %s", wish, a.Text)
				}
				s.change(s.sommer, p, "outcome", Body{"version": p.Version, "outcome": "held"}).OK(t)
			}
		}
		if n := s.Count(`SELECT COUNT(*) FROM task WHERE agency_id = $1 AND done_at IS NULL`, s.o.Agency); n != 0 {
			t.Errorf("after talks that were held the desk still has %d things to do", n)
		}
	})
}

func TestAMoveToTheSameTimeTakesNoLinkAway(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newDesk(t, d)
		p := s.Book(s.o, s.sommer, s.o.Booking(Start().Add(time.Hour)))
		s.change(s.sommer, p, "move", Body{"version": p.Version, "startsAt": Start().Add(time.Hour + 20*time.Second).UnixMilli()}).
			Expect(t, http.StatusUnprocessableEntity, "appointment.same_time")
		open(s.Browser(), p).OK(t)
	})
}

func TestEachOutcomeClosesTheSeatAndIsFinal(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newDesk(t, d)
		for _, outcome := range []string{"held", "phone", "technical", "cancelled"} {
			p := s.Book(s.o, s.sommer, s.o.Booking(Start()))
			s.change(s.sommer, p, "outcome", Body{"version": p.Version, "outcome": outcome}).OK(t)
			s.change(s.sommer, p, "outcome", Body{"version": p.Version + 1, "outcome": "held"}).Expect(t, http.StatusConflict, "appointment.closed")
			g := s.Browser()
			if a := open(g, p); outcome == "cancelled" {
				a.Expect(t, http.StatusGone, "link.cancelled")
			} else if !strings.Contains(a.OK(t).Text, `"closedReason":"`+outcome+`"`) {
				t.Errorf("%s: %s", outcome, a.Text)
			}
		}
		p := s.Book(s.o, s.sommer, s.o.Booking(Start()))
		s.change(s.sommer, p, "outcome", Body{"version": p.Version, "outcome": "lost"}).Expect(t, http.StatusBadRequest, "request.invalid")
	})
}

func TestNothingHasAResultBeforeItHasBegun(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newDesk(t, d)
		starts := Start().Add(5 * time.Minute) // the waiting room is open
		early := func(p Place) {
			t.Helper()
			for _, outcome := range []string{"held", "phone", "technical", "noshow"} {
				s.change(s.sommer, p, "outcome", Body{"version": p.Version, "outcome": outcome}).Expect(t, http.StatusConflict, "outcome.too_early")
			}
		}
		p := s.Book(s.o, s.sommer, s.o.Booking(starts))
		early(p)
		g := s.Guest(p)
		g.Do("check", Body{"result": "failed"}).OK(t)
		early(p) // and what is proposed instead of a no-show cannot be recorded yet, either
		g.Arrive().OK(t)
		early(p)

		// A call that nobody answers is no talk.
		admit := func() (talk string) {
			var made struct{ Talk struct{ ID string } }
			s.sommer.Post("/api/staff/seats/"+p.Seat+"/admit", Body{}).OK(t).Into(t, &made)
			return made.Talk.ID
		}
		s.sommer.Post("/api/staff/talks/"+admit()+"/sendback", Body{}).OK(t)
		early(p)

		// From a talk on there is a result, and none of them is a no-show.
		admit()
		g.Signal(2, "enter", nil).OK(t)
		g.Do("leave", Body{}).OK(t)
		s.change(s.sommer, p, "outcome", Body{"version": p.Version, "outcome": "noshow"}).Expect(t, http.StatusConflict, "outcome.noshow_refused")
		s.change(s.sommer, p, "outcome", Body{"version": p.Version, "outcome": "held"}).OK(t)

		// So there is from the time on that was booked; calling off needs nothing.
		late := s.Book(s.o, s.sommer, s.o.Booking(starts))
		off := s.Book(s.o, s.sommer, s.o.Booking(starts))
		s.change(s.sommer, off, "cancel", Body{"version": off.Version}).OK(t)
		s.Clock.Set(starts)
		s.change(s.sommer, late, "outcome", Body{"version": late.Version, "outcome": "held"}).OK(t)
	})
}

func TestATalkBeforeAMoveIsNoResultOfTheAppointmentThen(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newDesk(t, d)
		p := s.Book(s.o, s.sommer, s.o.Booking(Start()))
		g := s.Guest(p)
		g.Arrive().OK(t)
		s.sommer.Post("/api/staff/seats/"+p.Seat+"/admit", Body{}).OK(t)
		g.Signal(1, "enter", nil)
		g.Do("leave", Body{}).OK(t)
		var moved changed
		s.change(s.sommer, p, "move", Body{"startsAt": Start().Add(24 * time.Hour).UnixMilli(), "version": p.Version}).OK(t).Into(t, &moved)
		s.change(s.sommer, p, "outcome", Body{"version": moved.Version, "outcome": "held"}).Expect(t, http.StatusConflict, "outcome.too_early")
	})
}

// A no-show can cost benefits: nobody gets one against whom nothing but silence speaks.
func TestANoShowNeedsThatNothingSpeaksAgainstIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newDesk(t, d)
		before, within := -2*time.Hour, -5*time.Minute
		for name, c := range map[string]struct {
			at  time.Duration // of what the guest does, from the start of the appointment
			do  func(*Guest)
			yes bool
		}{
			"nothing was seen of the guest":      {before, func(*Guest) {}, true},
			"a mail scanner opened the link":     {within, func(*Guest) {}, true},
			"the link was opened days before":    {before, func(g *Guest) { g.Do("check", Body{"result": "started"}).OK(t) }, true},
			"the check failed days before":       {before, func(g *Guest) { g.Do("check", Body{"result": "failed"}).OK(t) }, true},
			"the link was opened in the window":  {within, func(g *Guest) { g.Do("check", Body{"result": "started"}).OK(t) }, false},
			"the check failed in the window":     {within, func(g *Guest) { g.Do("check", Body{"result": "failed"}).OK(t) }, false},
			"the guest waits":                    {within, func(g *Guest) { g.Arrive().OK(t) }, false},
			"the guest waited and left":          {within, func(g *Guest) { g.Arrive().OK(t); g.Do("leave", Body{}).OK(t) }, false},
			"the guest came first to the window": {before, func(g *Guest) { s.Clock.Forward(-within - before); g.Arrive().OK(t) }, false},
		} {
			s.Clock.Set(Start())
			starts := Start().Add(4 * time.Hour)
			p := s.Book(s.o, s.sommer, s.o.Booking(starts))
			noshow := Body{"version": p.Version, "outcome": "noshow"}
			if name == "nothing was seen of the guest" {
				s.change(s.sommer, p, "outcome", noshow).Expect(t, http.StatusConflict, "outcome.too_early")
			}
			s.Clock.Set(starts.Add(c.at))
			c.do(s.Guest(p))
			s.Clock.Set(starts.Add(20 * time.Minute))
			a := s.change(s.sommer, p, "outcome", noshow)
			switch {
			case c.yes && a.Status != http.StatusOK:
				t.Errorf("%s: %d %s", name, a.Status, a.Text)
			case !c.yes && (a.Code != "outcome.noshow_refused" || a.Params["proposed"] != "technical"):
				t.Errorf("%s: %d %s", name, a.Status, a.Text)
			}
			s.change(s.sommer, p, "cancel", Body{"version": p.Version}) // where it is still booked, it would be in the way of the next
		}
	})
}

func TestTEN02NobodyChangesWhatIsNotAtTheirDesk(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newDesk(t, d)
		other := s.Office("ahorn")
		p := s.Book(s.o, s.sommer, s.o.Booking(Start()))
		for who, b := range map[string]*Browser{"another desk": s.SignIn(s.o.Herbst), "another agency": s.SignIn(other.Sommer)} {
			for route, body := range map[string]Body{
				"move":    {"version": p.Version, "startsAt": Start().Add(time.Hour).UnixMilli()},
				"cancel":  {"version": p.Version},
				"outcome": {"version": p.Version, "outcome": "held"},
			} {
				mine := s.change(b, p, route, body)
				absent := s.change(b, Place{Appointment: "nowhere"}, route, body)
				if mine.Status != http.StatusNotFound || mine.Text != absent.Text {
					t.Errorf("%s, %s: %d %s, of one that is not there %s", who, route, mine.Status, mine.Text, absent.Text)
				}
			}
		}
		var version int64
		s.Scan(`SELECT version FROM appointment WHERE id = $1`, []any{p.Appointment}, &version)
		if version != p.Version {
			t.Error("changed")
		}
		s.change(s.SignIn(s.o.Winter), p, "outcome", Body{"version": p.Version, "outcome": "held"}).OK(t) // a colleague of the desk may
	})
}

func TestTEN04TheCitizenLiesSealedAndDoesNotOpenInAnotherRow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newDesk(t, d)
		one, two := s.Book(s.o, s.sommer, s.o.Booking(Start())), s.Book(s.o, s.sommer, s.o.Booking(Start()))
		var sealed []byte
		s.Scan(`SELECT citizen_sealed FROM appointment WHERE id = $1`, []any{one.Appointment}, &sealed)
		if strings.Contains(string(sealed), "Erika") || strings.Contains(string(sealed), "1112223") {
			t.Error("readable")
		}
		s.Exec(`UPDATE appointment SET citizen_sealed = $1 WHERE id = $2`, sealed, two.Appointment)
		s.Guest(two).Arrive().OK(t)
		a := s.sommer.Post("/api/staff/seats/"+two.Seat+"/admit", Body{})
		if a.Status != http.StatusInternalServerError || strings.Contains(a.Text, "Erika") {
			t.Errorf("a value copied to another row was shown: %s", a.Text)
		}
	})
}

// Somebody holds what a booking has to write: on SQLite the file, on PostgreSQL the advisor's row.
func TestABookingThatTheDatabaseCannotTakeIsToldWithinSecondsAndNothingIsLost(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newDesk(t, d)
		held, release, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		go func() {
			ended <- d.Tx(context.Background(), func(tx *db.Tx) error {
				_, err := tx.ExecContext(context.Background(), `UPDATE staff SET name = name WHERE id = $1`, s.o.Sommer.ID)
				close(held)
				<-release
				return err
			})
		}()
		<-held
		booking := with(s.o.Booking(Start().Add(time.Hour)), "advisor", s.o.Sommer.ID)
		begun := time.Now()
		told := s.sommer.Post(path, booking)
		if took := time.Since(begun); took > dbtest.Slack {
			t.Errorf("it took %s", took)
		}
		told.Expect(t, http.StatusServiceUnavailable, "unavailable")
		if told.Header.Get("Retry-After") == "" {
			t.Error("it does not say when to ask again")
		}
		close(release)
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		s.sommer.Post(path, booking).OK(t)
		if n := s.Count(`SELECT COUNT(*) FROM appointment`); n != 1 {
			t.Errorf("%d appointments", n)
		}
	})
}
