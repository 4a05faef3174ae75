package today_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	"visavis/internal/today"
	. "visavis/internal/worldtest"
)

// asked is a transfer as a page gets it.
type asked struct {
	today.Transfer
	CitizenName string `json:"citizenName"`
	Note        string `json:"note"`
}

// transfers waits until a list shows so many.
func (s *offices) transfers(list *Stream, n int) []asked {
	s.t.Helper()
	for {
		var shown []asked
		list.Until("transfers", &shown)
		if len(shown) == n {
			return shown
		}
	}
}

// asking is a list as somebody opens it: whom they are asked to take over from.
func (s *offices) asking(b *Browser, query string) []asked {
	s.t.Helper()
	stream := b.Listen(path+query, "")
	defer stream.Close()
	var shown struct{ Transfers []asked }
	stream.Until("snapshot", &shown)
	return shown.Transfers
}

// entered is what who goes on with a talk gets.
type entered struct {
	Talk struct {
		ID, Seat    string
		Generation  int64
		Staff       struct{ Name string }
		Appointment struct{ Desk string }
		Features    []string
	}
}

// requested is a talk of Frau Sommer that she asks a desk to go on with, and how somebody answers.
func (s *offices) requested(to Body) (p Place, g *Guest, page *Stream, talk string, at Body) {
	s.t.Helper()
	p, g, page = s.waitsFor(s.o.Sommer, Start().Add(5*time.Minute))
	talk = s.admitted(p.Seat)
	g.Signal(1, "enter", nil).OK(s.t)
	var view struct{ Transfer struct{ At int64 } }
	s.sommer.Post(talk+"/transfer", to).OK(s.t).Into(s.t, &view)
	return p, g, page, talk, Body{"at": view.Transfer.At}
}

func TestAColleagueOfTheDeskGoesOnWithATalkOnceTheyHaveAcceptedIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		_, list := snapshot(s.winter, "?day="+Start().AddDate(0, 0, 1).Format(time.DateOnly)) // whatever day is shown
		p, g, page, talk, at := s.requested(Body{"desk": s.o.Desk, "to": s.o.Winter.ID, "note": " Es geht um Wohngeld.\u202e "})
		one := s.transfers(list, 1)[0]
		if one.From.Name != "Frau Sommer" || one.Note != "Es geht um Wohngeld." || !one.Mine || one.Accepted || one.CitizenName != "Erika Beispiel" || one.Seat != p.Seat {
			t.Errorf("%+v", one)
		}
		if n := len(s.asking(s.herbst, "")) + len(s.asking(s.sommer, "")); n != 0 {
			t.Errorf("%d others are asked", n)
		}
		window := s.sommer.Listen(talk+"/stream", "")
		window.Until("snapshot", nil)

		s.winter.Post(talk+"/transfer/enter", at).Expect(t, http.StatusConflict, "transfer.none") // not accepted yet
		s.winter.Post(talk+"/transfer/accept", at).OK(t)
		s.winter.Post(talk+"/transfer/accept", at).OK(t) // pressed twice
		var view struct {
			Talk *struct{ StaffName, NextName, Lead string }
		}
		for view.Talk == nil || view.Talk.NextName == "" {
			page.Until("seat", &view)
		}
		lead := view.Talk.Lead
		if view.Talk.NextName != "Herr Winter" || view.Talk.StaffName != "Frau Sommer" {
			t.Errorf("%+v", view.Talk)
		}
		if one := s.transfers(list, 1)[0]; !one.Accepted || one.Ready {
			t.Errorf("%+v", one)
		}
		s.sommer.Post(talk+"/transfer/ready", Body{}).OK(t)
		if one := s.transfers(list, 1)[0]; !one.Ready {
			t.Errorf("%+v", one)
		}
		var begun entered
		s.winter.Post(talk+"/transfer/enter", at).OK(t).Into(t, &begun)
		if begun.Talk.Staff.Name != "Herr Winter" || begun.Talk.Seat != p.Seat || begun.Talk.Generation != 2 || begun.Talk.Appointment.Desk != s.o.Desk {
			t.Errorf("%+v", begun.Talk)
		}
		s.transfers(list, 0)
		for view.Talk.StaffName != "Herr Winter" {
			page.Until("seat", &view)
		}
		if view.Talk.Lead == lead {
			t.Error("the guest's page takes them for the same person")
		}
		var told struct{ Staff struct{ Name string } }
		for told.Staff.Name != "Herr Winter" { // who led it sees that they do no longer
			window.Until("talk", &told)
		}
		s.sommer.Post(talk+"/transfer/back", Body{}).Expect(t, http.StatusConflict, "talk.led")
		g.Prepare(2).OK(t)

		if n := s.Count(`SELECT COUNT(*) FROM talk WHERE transfer_sealed IS NOT NULL OR transfer_at IS NOT NULL OR transfer_by IS NOT NULL`); n != 0 {
			t.Error("the note outlives what it was for")
		}
		if strings.Contains(s.Log.String(), "Wohngeld") {
			t.Error("the note stands in the log")
		}
		for act, want := range map[audit.Act]int{audit.TransferAsked: 1, audit.TransferAccepted: 1, audit.TransferDone: 1, audit.TalkJoined: 0} {
			if n := s.Count(`SELECT COUNT(*) FROM audit_entry WHERE agency_id = $1 AND act = $2`, s.o.Agency, act); n != want {
				t.Errorf("%s: %d entries, not %d", act, n, want)
			}
		}
	})
}

func TestATalkThatGoesOnAtAnotherDeskBelongsToItFromThenOn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		s.Decide(s.o, s.o.Desk2, agency.TalkFiles, `"off"`, false)
		_, before := snapshot(s.sommer, "")
		_, list := snapshot(s.herbst, "")
		p, g, _, talk, at := s.requested(Body{"desk": s.o.Desk2, "note": "Bitte den Antrag ansehen."})
		g.Do("callback", Body{"phone": "030 1234567"}).OK(t)
		one := s.transfers(list, 1)[0]
		if one.FromDesk != "Schalter Jugendamt" || one.DeskName != "Schalter Wohngeld" || one.ServiceName != "Beratung" || one.CitizenName != "" || one.Mine {
			t.Errorf("%+v", one)
		}
		// What they may not see before, they do not.
		s.herbst.Get(talk).Expect(t, http.StatusNotFound, "talk.unknown")
		s.herbst.Post(talk+"/join", Body{"takeover": true}).Expect(t, http.StatusNotFound, "talk.unknown")
		s.foreign.Post(talk+"/transfer/accept", at).Expect(t, http.StatusNotFound, "talk.unknown")

		window := s.sommer.Listen(talk+"/stream", "")
		window.Until("snapshot", nil)
		s.herbst.Post(talk+"/transfer/accept", at).OK(t)
		var begun entered
		s.herbst.Post(talk+"/transfer/enter", at).OK(t).Into(t, &begun)
		if begun.Talk.Appointment.Desk != s.o.Desk2 || strings.Join(begun.Talk.Features, " ") != "chat screen document form" {
			t.Errorf("%+v", begun.Talk)
		}
		var end struct{ Reason string }
		if window.Until("bye", &end); end.Reason != "elsewhere" {
			t.Errorf("%+v", end)
		}
		for gone := map[string]bool{}; !gone["row-gone"] || !gone["task-gone"]; {
			name, _ := before.Next()
			gone[name] = true
		}
		r := s.until(list, func(r row) bool { return r.ID == p.Appointment && r.Talk != nil })
		if r.Desk != s.o.Desk2 || r.Advisor == nil || r.Advisor.ID != s.o.Herbst.ID || r.Talk.Staff.ID != s.o.Herbst.ID {
			t.Errorf("%+v", r)
		}
		if shown, _ := snapshot(s.herbst, ""); len(shown.Tasks) != 1 {
			t.Errorf("%d tasks have come along", len(shown.Tasks))
		}
		s.sommer.Get(talk).Expect(t, http.StatusNotFound, "talk.unknown")
		g.Prepare(2).OK(t)
		s.herbst.Post(talk+"/end", Body{"outcome": "held"}).OK(t)
		again := "/api/staff/appointments/" + p.Appointment + "/follow"
		next := Body{"startsAt": Start().Add(7 * 24 * time.Hour).UnixMilli()}
		s.sommer.Post(again, next).Expect(t, http.StatusNotFound, "appointment.unknown")
		s.herbst.Post(again, next).OK(t) // about the same, there
	})
}

func TestWhoWaitsAgainAtAnotherDeskIsToldOfTheWaitThere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		_, _, page, talk, at := s.requested(Body{"desk": s.o.Desk2})
		s.herbst.Post(talk+"/transfer/accept", at).OK(t)
		s.herbst.Post(talk+"/transfer/enter", at).OK(t)
		s.herbst.Post(talk+"/sendback", Body{}).OK(t)
		var view struct {
			State string
			Wait  *struct{ Until int64 }
		}
		for view.State != "waiting" {
			page.Until("seat", &view)
		}
		if view.Wait == nil {
			t.Fatal("nothing is told of the wait")
		}
		before := view.Wait.Until
		earlier := s.Book(s.o, s.herbst, s.second(Start().Add(time.Minute)))
		s.Guest(earlier).Arrive().OK(t)
		s.herbst.Post("/api/staff/seats/"+earlier.Seat+"/admit", Body{}).OK(t)
		if page.Until("seat", &view); view.Wait.Until <= before {
			t.Errorf("the wait is told as until %d, and was until %d", view.Wait.Until, before)
		}
	})
}

func TestOfTwoWhoAcceptOneGoesOnAndTheOtherIsToldWho(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		_, _, _, talk, at := s.requested(Body{"desk": s.o.Desk2})
		var both sync.WaitGroup
		answers := make([]Answer, 2)
		for i, b := range []*Browser{s.winter, s.herbst} {
			both.Go(func() { answers[i] = b.Post(talk+"/transfer/accept", at) })
		}
		both.Wait()
		late, lost := s.herbst, answers[1]
		if lost.Status < 300 {
			late, lost = s.winter, answers[0]
		}
		lost.Expect(t, http.StatusConflict, "transfer.accepted")
		late.Post(talk+"/transfer/enter", at).Expect(t, http.StatusConflict, "transfer.accepted")
		late.Post(talk+"/transfer/decline", Body{"at": at["at"], "why": "busy"}).Expect(t, http.StatusConflict, "transfer.accepted")
		if n := len(s.asking(late, "")); n != 0 {
			t.Error("who was slower is asked on")
		}
	})
}

// untilNext waits until a guest's page says who goes on with the talk in a moment.
func untilNext(page *Stream, name string) {
	for {
		var view struct {
			Talk *struct{ NextName string }
		}
		page.Until("seat", &view)
		if view.Talk != nil && view.Talk.NextName == name {
			return
		}
	}
}

func TestATransferIsDeclinedAndTakenBackAndAskedForAnew(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		_, list := snapshot(s.winter, "")
		_, _, page, talk, at := s.requested(Body{"desk": s.o.Desk, "note": "Bitte"})
		s.transfers(list, 1)
		no := Body{"at": at["at"], "why": "busy"}
		s.sommer.Post(talk+"/transfer", Body{"desk": s.o.Desk}).Expect(t, http.StatusConflict, "transfer.open")
		s.sommer.Post(talk+"/transfer/accept", at).Expect(t, http.StatusConflict, "transfer.none") // one's own
		s.winter.Post(talk+"/transfer/accept", at).OK(t)
		untilNext(page, "Herr Winter")
		s.winter.Post(talk+"/transfer/decline", no).OK(t) // after all
		s.transfers(list, 0)
		untilNext(page, "")
		var shown struct {
			Transfer *struct {
				Declined   string
				DeclinedBy struct{ Name string }
			}
		}
		s.sommer.Get(talk).OK(t).Into(t, &shown)
		if shown.Transfer == nil || shown.Transfer.Declined != "busy" || shown.Transfer.DeclinedBy.Name != "Herr Winter" {
			t.Errorf("%+v", shown.Transfer)
		}
		if n := s.Count(`SELECT COUNT(*) FROM talk WHERE transfer_sealed IS NOT NULL`); n != 0 {
			t.Error("the note outlives the no")
		}
		s.winter.Post(talk+"/transfer/accept", at).Expect(t, http.StatusConflict, "transfer.none")
		s.Clock.Forward(time.Second)
		s.sommer.Post(talk+"/transfer", Body{"desk": s.o.Desk2}).OK(t)
		s.winter.Post(talk+"/transfer/accept", at).Expect(t, http.StatusConflict, "transfer.none") // the request of before
		s.sommer.Post(talk+"/transfer/back", Body{}).OK(t)
		s.sommer.Post(talk+"/transfer/back", Body{}).OK(t)
		s.transfers(list, 0)
		s.sommer.Post(talk+"/transfer", Body{"desk": s.o.Desk}).OK(t)
		s.transfers(list, 1)
		s.sommer.Post(talk+"/end", Body{"outcome": "held"}).OK(t) // it is over with the talk
		s.transfers(list, 0)
		for act, want := range map[audit.Act]int{audit.TransferAsked: 3, audit.TransferDeclined: 1, audit.TransferOver: 1} {
			if n := s.Count(`SELECT COUNT(*) FROM audit_entry WHERE agency_id = $1 AND act = $2`, s.o.Agency, act); n != want {
				t.Errorf("%s: %d entries, not %d", act, n, want)
			}
		}
	})
}

// The guest's page has said who comes: it says, too, that nobody does after all.
func TestAGuestIsToldThatWhoHadAcceptedIsNotAskedAnyMore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		_, _, page, talk, at := s.requested(Body{"desk": s.o.Desk})
		s.winter.Post(talk+"/transfer/accept", at).OK(t)
		untilNext(page, "Herr Winter")
		window := s.sommer.Listen(talk+"/stream", "") // that there is none the guest would be told, too
		window.Until("snapshot", nil)
		s.sommer.Post(talk+"/transfer/back", Body{}).OK(t)
		untilNext(page, "")
	})
}

func TestOnlyWhoMayIsAskedAndEverythingIsAskedAnewWhenTheyEnter(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		_, _, _, talk, at := s.requested(Body{"desk": s.o.Desk2})
		s.sommer.Post(talk+"/transfer/back", Body{}).OK(t)
		for _, to := range []Body{
			{"desk": s.o.Desk, "to": s.o.Herbst.ID}, {"desk": s.o.Desk, "to": s.o.Sommer.ID}, {"desk": s.o.Desk, "to": s.other.Sommer.ID},
			{"desk": s.o.Desk2, "to": s.o.Herbst.ID},
		} {
			s.sommer.Post(talk+"/transfer", to).Expect(t, http.StatusUnprocessableEntity, "appointment.advisor")
		}
		for _, desk := range []string{s.other.Desk, "x"} {
			s.sommer.Post(talk+"/transfer", Body{"desk": desk}).Expect(t, http.StatusNotFound, "desk.unknown")
		}
		s.winter.Post(talk+"/transfer", Body{"desk": s.o.Desk2}).Expect(t, http.StatusConflict, "talk.led")
		s.winter.Post(talk+"/transfer/desks", Body{}).Expect(t, http.StatusConflict, "talk.led")
		var found struct{ Desks []agency.FoundDesk }
		s.sommer.Post(talk+"/transfer/desks", Body{"text": "wohng"}).OK(t).Into(t, &found)
		if len(found.Desks) != 1 || found.Desks[0].ID != s.o.Desk2 {
			t.Errorf("%+v", found.Desks)
		}

		var view struct{ Transfer struct{ At int64 } }
		s.sommer.Post(talk+"/transfer", Body{"desk": s.o.Desk2}).OK(t).Into(t, &view)
		at["at"] = view.Transfer.At
		s.herbst.Post(talk+"/transfer/accept", at).OK(t)
		const shut = `UPDATE desk SET closed_at = $1 WHERE agency_id = $2 AND id = $3`
		s.Exec(shut, 1, s.o.Agency, s.o.Desk2)
		s.herbst.Post(talk+"/transfer/enter", at).Expect(t, http.StatusConflict, "transfer.desk_closed")
		s.Exec(shut, nil, s.o.Agency, s.o.Desk2)
		s.Decide(s.o, s.o.Desk2, agency.Doors, `["callback"]`, false)
		s.herbst.Post(talk+"/transfer/enter", at).Expect(t, http.StatusConflict, "transfer.not_offered")
		s.Decide(s.o, s.o.Desk2, agency.Doors, `["link"]`, false)

		var department string
		s.Scan(`SELECT department_id FROM desk WHERE agency_id = $1 AND id = $2`, []any{s.o.Agency, s.o.Desk2}, &department)
		s.Decide(s.o, department, agency.LegalBasis, `"consent"`, false)
		s.herbst.Post(talk+"/transfer/enter", at).Expect(t, http.StatusConflict, "transfer.consent")
		s.Decide(s.o, department, agency.LegalBasis, `"notice"`, false)

		// Reception sees what is asked of the desk, may say no, and takes part in no talk.
		for _, role := range []string{"reception", ""} {
			s.Exec(`DELETE FROM staff_role WHERE agency_id = $1 AND staff_id = $2`, s.o.Agency, s.o.Herbst.ID)
			if role != "" {
				s.Tx(func(tx *db.Tx) error {
					return s.Staff.Give(t.Context(), tx, s.o.Agency, staff.Grant{
						Staff: s.o.Herbst.ID, Held: staff.At(staff.Reception, s.o.Desk2)[0], Source: staff.ByHand,
					})
				})
			}
			s.Tx(func(tx *db.Tx) error { return s.Staff.SettleAll(t.Context(), tx, s.o.Agency) })
			if role != "" {
				s.herbst.Post(talk+"/transfer/enter", at).Expect(t, http.StatusForbidden, "role.talk")
			} else {
				s.herbst.Post(talk+"/transfer/enter", at).Expect(t, http.StatusNotFound, "talk.unknown")
			}
		}
	})
}

func TestWhoTakesATalkOverTakesOverThatSomebodyIsAsked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newOffices(t, d)
		_, list := snapshot(s.herbst, "")
		_, _, _, talk, at := s.requested(Body{"desk": s.o.Desk2, "note": "Bitte"})
		s.herbst.Post(talk+"/transfer/accept", at).OK(t)
		s.winter.Post(talk+"/join", Body{"takeover": true}).OK(t)
		for one := s.transfers(list, 1)[0]; one.From.Name != "Herr Winter"; {
			one = s.transfers(list, 1)[0]
		}
		s.sommer.Post(talk+"/join", Body{"takeover": true}).OK(t) // a window that is loaded anew changes nothing either
		s.sommer.Post(talk+"/join", Body{}).OK(t)
		s.herbst.Post(talk+"/transfer/enter", at).OK(t)
	})
}
