package talk_test

import (
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/talk"
	. "visavis/internal/worldtest"
)

// party is a scene whose citizen talks, and may be accompanied.
type party struct {
	*scene
	id string // the citizen's talk
}

func newParty(t *testing.T, d *db.DB) *party {
	t.Helper()
	n := New(t, d).Node()
	s := &scene{Node: n, t: t, o: n.Office("lindenau")}
	n.Decide(s.o, s.o.Agency, agency.TalkCompany, `"on"`, false)
	s.sommer = n.SignIn(s.o.Sommer)
	s.g = n.Guest(n.Book(s.o, s.sommer, s.o.Booking(Start().Add(5*time.Minute))))
	s.g.Arrive().OK(t)
	p := &party{scene: s, id: s.admit(s.sommer).Talk.ID}
	s.g.Signal(1, "enter", nil).OK(t)
	return p
}

type invited struct{ Seat, Role, Name, Language, State, Link string }

func (p *party) people(by *Browser) []invited {
	p.t.Helper()
	var out struct{ People []invited }
	by.Get("/api/staff/appointments/"+p.g.Place.Appointment+"/company").OK(p.t).Into(p.t, &out)
	return out.People
}

func (p *party) invite(by *Browser, role, name string) Answer {
	p.t.Helper()
	return by.Post("/api/staff/appointments/"+p.g.Place.Appointment+"/company", Body{"role": role, "name": name, "language": "en"})
}

// accompanied invites somebody, who opens the link and waits.
func (p *party) accompanied(role, name string) *Guest {
	p.t.Helper()
	p.invite(p.sommer, role, name).OK(p.t)
	people := p.people(p.sommer)
	last := people[slices.IndexFunc(people, func(one invited) bool { return one.Name == name })]
	place := p.g.Place
	place.Seat, place.Secret = last.Seat, p.Secret(p.o, last.Link)
	g := p.Guest(place)
	g.Arrive().OK(p.t)
	return g
}

func (p *party) bringIn(g *Guest) started {
	p.t.Helper()
	var out started
	p.do(p.sommer, p.id, "company/"+g.Place.Seat, Body{}).OK(p.t).Into(p.t, &out)
	return out
}

func TestWhoAccompaniesACitizenHasASeatAndALinkOfTheirOwn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newParty(t, d)
		interpreter := p.accompanied("interpreter", "Ada Beispiel")
		view, _ := guestSees(interpreter)
		if view["role"] != "interpreter" || view["state"] != "waiting" || view["language"] != "en" || view["talk"] != nil {
			t.Errorf("%v", view)
		}
		seen, _ := p.staffSees(p.sommer, p.id)
		if len(seen.Company) != 1 || seen.Company[0].Name != "Ada Beispiel" || seen.Company[0].State != "waiting" || seen.Company[0].Talk != nil {
			t.Errorf("%+v", seen.Company)
		}
		// Nobody else lets them in, and not by the door of citizens.
		p.sommer.Post("/api/staff/seats/"+interpreter.Place.Seat+"/admit", Body{}).Expect(t, http.StatusConflict, "talk.beside")
		p.do(p.SignIn(p.o.Winter), p.id, "company/"+interpreter.Place.Seat, Body{}).Expect(t, http.StatusConflict, "talk.led")

		beside := p.bringIn(interpreter)
		if beside.Talk.Beside != p.id || beside.Signals.of("offer") == nil {
			t.Errorf("%+v", beside)
		}
		if !slices.Equal(beside.Talk.Features, []string{"chat", "screen", "company"}) {
			t.Errorf("switched on for who accompanies: %v", beside.Talk.Features)
		}
		interpreter.Signal(1, "enter", nil).OK(t)
		seen, _ = p.staffSees(p.sommer, p.id)
		if c := seen.Company[0]; c.State != "talking" || c.Talk == nil || c.Talk.ID != beside.Talk.ID || c.Talk.EnteredAt == nil {
			t.Errorf("%+v", seen.Company)
		}
		for _, act := range []audit.Act{audit.CompanyInvited, audit.CompanyAdmitted} {
			if n := p.Count(`SELECT COUNT(*) FROM audit_entry WHERE agency_id = $1 AND act = $2`, p.o.Agency, act); n != 1 {
				t.Errorf("%s: %d entries", act, n)
			}
		}
	})
}

func TestWhoAccompaniesACitizenDecidesNothingOfTheAppointment(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newParty(t, d)
		g := p.accompanied("companion", "Otto Beispiel")
		g.Do("cancel", Body{"wish": "cancel"}).Expect(t, http.StatusConflict, "seat.role")
		g.Do("cancel", Body{"wish": "move"}).Expect(t, http.StatusConflict, "seat.role")
		g.Do("callback", Body{"phone": "0170 1112223"}).Expect(t, http.StatusConflict, "seat.role")
		beside := p.bringIn(g).Talk.ID
		g.Signal(1, "enter", nil).OK(t)
		for what, body := range map[string]Body{"end": {"outcome": "held"}, "remove": {"outcome": "held"}} {
			p.do(p.sommer, beside, what, body).Expect(t, http.StatusConflict, "talk.beside")
		}
		p.do(p.SignIn(p.o.Winter), beside, "join", Body{"takeover": true}).Expect(t, http.StatusConflict, "talk.beside")
		if view, _ := guestSees(p.g); view["state"] != "talking" {
			t.Errorf("the citizen: %v", view)
		}
	})
}

func TestWhoAccompaniesACitizenIsInNoTalkWithoutThem(t *testing.T) {
	for name, ends := range map[string]func(p *party){
		"sent back":        func(p *party) { p.do(p.sommer, p.id, "sendback", Body{}).OK(p.t) },
		"the citizen goes": func(p *party) { p.g.Do("leave", Body{}).OK(p.t) },
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				p := newParty(t, d)
				g := p.accompanied("companion", "Otto Beispiel")
				beside := p.bringIn(g).Talk.ID
				ends(p)
				if view, _ := guestSees(g); view["state"] != "waiting" || view["talk"] != nil {
					t.Errorf("%v", view)
				}
				if view, _ := p.staffSees(p.sommer, beside); view.EndedAt == nil {
					t.Error("the talk beside goes on")
				}
				p.do(p.sommer, p.id, "company/"+g.Place.Seat, Body{}).Expect(t, http.StatusGone, "talk.ended")
			})
		})
	}
}

func TestWithTheAppointmentItIsOverForAllWhoAccompanyTheCitizen(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newParty(t, d)
		in, waits := p.accompanied("companion", "Otto Beispiel"), p.accompanied("interpreter", "Ada Beispiel")
		p.bringIn(in)
		p.do(p.sommer, p.id, "end", Body{"outcome": "held"}).OK(t)
		for _, g := range []*Guest{in, waits} {
			if view, _ := guestSees(g); view["state"] != "closed" || view["talk"] != nil {
				t.Errorf("%v", view)
			}
			g.Arrive().Expect(t, http.StatusGone, "seat.closed")
		}
		if n := p.Count(`SELECT COUNT(*) FROM talk WHERE agency_id = $1 AND ended_at IS NULL`, p.o.Agency); n != 0 {
			t.Errorf("%d talks go on", n)
		}
	})
}

func TestWhoTakesTheTalkOverLeadsItWithAll(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newParty(t, d)
		g := p.accompanied("companion", "Otto Beispiel")
		beside := p.bringIn(g).Talk.ID
		winter := p.SignIn(p.o.Winter)
		p.takeOver(winter, p.id)
		if got := p.join(winter, beside).Talk; got.Staff.ID != p.o.Winter.ID || got.Generation != 2 {
			t.Errorf("%+v", got)
		}
		p.say(p.sommer, beside, 2, "connected", nil).Expect(t, http.StatusConflict, "talk.order")
	})
}

// What is switched on there counts for all of them; who has no other way to say anything goes on writing.
func TestATalkOfSeveralGoesToAnotherDeskWithAll(t *testing.T) {
	for mode, want := range map[string][]string{
		"video": {"files", "document", "form", "company", "company"},
		"text":  {"files", "document", "form", "company", "chat", "company", "chat"},
	} {
		dbtest.Each(t, func(t *testing.T, d *db.DB) {
			p := newParty(t, d)
			p.Decide(p.o, p.o.Desk2, agency.TalkChat, `"off"`, false)
			p.Decide(p.o, p.o.Desk2, agency.TalkScreen, `"off"`, false)
			g := p.accompanied("companion", "Otto Beispiel")
			g.ArriveBy(mode).OK(t)
			beside := p.bringIn(g).Talk.ID
			herbst := p.SignIn(p.o.Herbst)
			var view struct{ Transfer struct{ At int64 } }
			p.do(p.sommer, p.id, "transfer", Body{"desk": p.o.Desk2}).OK(t).Into(t, &view)
			at := Body{"at": view.Transfer.At}
			p.do(herbst, p.id, "transfer/accept", at).OK(t)
			p.do(herbst, p.id, "transfer/enter", at).OK(t)
			main, _ := p.staffSees(herbst, p.id)
			other, _ := p.staffSees(herbst, beside)
			if got := slices.Concat(main.Features, other.Features); !slices.Equal(got, want) {
				t.Errorf("%s: switched on there: %v", mode, got)
			}
		})
	}
}

func TestAnInvitationIsTakenBackAndItsLinkSaysSo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newParty(t, d)
		g := p.accompanied("companion", "Otto Beispiel")
		beside := p.bringIn(g).Talk.ID
		withdraw := "/api/staff/seats/" + g.Place.Seat + "/withdraw"
		p.sommer.Post(withdraw, Body{}).OK(t)
		p.Browser().Post("/api/guest/"+p.o.Slug+"/open", Body{"secret": g.Place.Secret}).Expect(t, http.StatusGone, "link.cancelled")
		if view, _ := p.staffSees(p.sommer, beside); view.EndedAt == nil {
			t.Error("the talk goes on")
		}
		if view, _ := guestSees(p.g); view["state"] != "talking" {
			t.Errorf("the citizen: %v", view)
		}
		if n := p.Count(`SELECT COUNT(*) FROM audit_entry WHERE agency_id = $1 AND act = $2`, p.o.Agency, audit.CompanyWithdrawn); n != 1 {
			t.Errorf("%d entries", n)
		}
		p.sommer.Post("/api/staff/seats/"+p.g.Place.Seat+"/withdraw", Body{}).Expect(t, http.StatusNotFound, "seat.unknown")
	})
}

func TestOnlySoManyAccompanyACitizenAndOnlyWhereItIsSwitchedOn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newParty(t, d)
		p.invite(p.sommer, "companion", "\u200b").Expect(t, http.StatusUnprocessableEntity, "company.name")
		for range 3 {
			p.invite(p.sommer, "companion", "Otto Beispiel").OK(t)
		}
		p.invite(p.sommer, "companion", "Otto Beispiel").Expect(t, http.StatusConflict, "company.many")
		p.sommer.Post("/api/staff/seats/"+p.people(p.sommer)[0].Seat+"/withdraw", Body{}).OK(t)
		p.Decide(p.o, p.o.Agency, agency.TalkCompany, `"off"`, false)
		p.invite(p.sommer, "companion", "Otto Beispiel").Expect(t, http.StatusConflict, "company.off")
	})
}

// describe asks for a description of one guest for another.
func describe(g *Guest, with string, round int) Answer {
	g.T.Helper()
	return g.Do("pair", Body{"with": with, "round": round, "sdp": Description("guest", g.Print)})
}

func TestTwoGuestsOfOneTalkAreConnectedThroughTheRelayAndNobodyElseIs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newParty(t, d)
		g := p.accompanied("companion", "Otto Beispiel")
		describe(g, p.id, 1).Expect(t, http.StatusNotFound, "talk.unknown") // who waits is not in the talk
		beside := p.bringIn(g).Talk.ID
		var there, back struct{ SDP string }
		before := p.Relay.Legs()
		describe(p.g, beside, 1).OK(t).Into(t, &there)
		describe(g, p.id, 1).OK(t).Into(t, &back)
		legs := slices.DeleteFunc(slices.Collect(maps.Keys(p.Relay.Legs())), func(ufrag string) bool { return before[ufrag] != [2]string{} })
		if len(legs) != 2 || p.Relay.Ended(legs[0]) || p.Relay.Ended(legs[1]) {
			t.Errorf("legs of the two: %v", legs)
		}
		if there.SDP == "" || there.SDP == back.SDP {
			t.Errorf("%q", there.SDP)
		}
		for what, with := range map[string]string{"oneself": p.id, "nobody": "nobody", "another's": p.other()} {
			if a := describe(p.g, with, 1); a.Status != http.StatusNotFound {
				t.Errorf("%s: %d", what, a.Status)
			}
		}
		p.sommer.Post("/api/staff/seats/"+g.Place.Seat+"/withdraw", Body{}).OK(t)
		describe(p.g, beside, 2).Expect(t, http.StatusNotFound, "talk.unknown")
		if !p.Relay.Ended(legs...) {
			t.Error("the relay still carries what the two say to each other")
		}
	})
}

// other is the talk of another appointment at the same desk.
func (p *party) other() string {
	p.t.Helper()
	winter := p.SignIn(p.o.Winter)
	g := p.Guest(p.Book(p.o, winter, p.o.Booking(Start().Add(10*time.Minute))))
	g.Arrive().OK(p.t)
	var out struct{ Talk talk.View }
	winter.Post("/api/staff/seats/"+g.Place.Seat+"/admit", Body{}).OK(p.t).Into(p.t, &out)
	return out.Talk.ID
}

// They have no other way to say anything, and the others are to read it.
func TestWhoAccompaniesInWritingSwitchesTheChatOnForAll(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newParty(t, d)
		p.do(p.sommer, p.id, "sendback", Body{}).OK(t)
		p.Decide(p.o, p.o.Agency, agency.TalkChat, `"off"`, true)
		p.id = p.admit(p.sommer).Talk.ID
		p.g.Signal(2, "enter", nil).OK(t)
		speaks := p.bringIn(p.accompanied("companion", "Rolf Beispiel")).Talk
		chats := func(id string) bool {
			view, _ := p.staffSees(p.sommer, id)
			return slices.Contains(view.Features, "chat")
		}
		if chats(p.id) || chats(speaks.ID) {
			t.Error("the chat is on although it is switched off")
		}
		writes := p.accompanied("companion", "Ada Beispiel")
		writes.ArriveBy("text").OK(t)
		if all := []bool{chats(p.bringIn(writes).Talk.ID), chats(p.id), chats(speaks.ID)}; slices.Contains(all, false) {
			t.Errorf("who can write: %v", all)
		}
	})
}
