package talk_test

import (
	"encoding/json"
	"slices"
	"testing"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	. "visavis/internal/worldtest"
)

// on is what both sides are told to be switched on in a talk.
func (s *scene) on(id string, want ...string) {
	s.t.Helper()
	view, _ := s.staffSees(s.sommer, id)
	if !slices.Equal(view.Features, want) {
		s.t.Errorf("staff have %v, not %v", view.Features, want)
	}
	seen, _ := guestSees(s.g)
	told, err := json.Marshal(seen["talk"].(map[string]any)["features"])
	if err != nil {
		s.t.Fatal(err)
	}
	if expected, err := json.Marshal(append([]string{}, want...)); err != nil || string(told) != string(expected) {
		s.t.Errorf("the guest has %s, not %s: %v", told, expected, err)
	}
}

func TestATalkKeepsTheFeaturesThatItBeganWith(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		before := s.admit(s.sommer).Talk.ID
		s.on(before, "chat", "screen", "files", "document", "form")
		s.Decide(s.o, s.o.Desk, agency.TalkChat, `"off"`, false)
		s.Decide(s.o, s.o.Service, agency.TalkScreen, `"2026-03-03"`, false)
		s.Decide(s.o, s.o.Agency, agency.TalkFiles, `"off"`, false)
		s.Decide(s.o, s.o.Agency, agency.TalkDocument, `"off"`, false)
		s.Decide(s.o, s.o.Agency, agency.TalkForm, `"off"`, false)
		s.on(before, "chat", "screen", "files", "document", "form")
		s.join(s.sommer, before)
		s.takeOver(s.SignIn(s.o.Winter), before)
		s.on(before, "chat", "screen", "files", "document", "form")
		s.takeOver(s.sommer, before)
		s.do(s.sommer, before, "sendback", Body{}).OK(t)

		after := s.admit(s.sommer).Talk.ID
		s.on(after)
		s.Decide(s.o, s.o.Desk, agency.TalkChat, `"on"`, false)
		s.Decide(s.o, s.o.Service, agency.TalkScreen, `"2026-03-02"`, false)
		s.Decide(s.o, s.o.Agency, agency.TalkFiles, `"on"`, false)
		s.Decide(s.o, s.o.Agency, agency.TalkDocument, `"on"`, false)
		s.Decide(s.o, s.o.Agency, agency.TalkForm, `"on"`, false)
		s.on(after)
		s.do(s.sommer, after, "sendback", Body{}).OK(t)
		s.on(s.admit(s.sommer).Talk.ID, "chat", "screen", "files", "document", "form")
	})
}

// They have no other way to say anything.
func TestWhoTakesPartInWritingHasTheChatWhereverItIsSwitchedOff(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		s.Decide(s.o, s.o.Agency, agency.TalkChat, `"off"`, true)
		first := s.admit(s.sommer).Talk.ID
		s.on(first, "screen", "files", "document", "form")
		s.g.ArriveBy("audio").OK(t)
		s.on(first, "screen", "files", "document", "form")
		s.g.ArriveBy("text").OK(t) // both devices are gone
		s.on(first, "screen", "files", "document", "form", "chat")
		s.g.ArriveBy("video").OK(t) // what was begun in writing can be ended so
		s.on(first, "screen", "files", "document", "form", "chat")
		s.do(s.sommer, first, "sendback", Body{}).OK(t)

		second := s.admit(s.sommer).Talk.ID
		s.on(second, "screen", "files", "document", "form")
		s.g = s.g.Reloaded("page-two")
		s.g.ArriveBy("text").OK(t)
		s.on(second, "screen", "files", "document", "form", "chat")
		s.do(s.sommer, second, "sendback", Body{}).OK(t)
		s.on(s.admit(s.sommer).Talk.ID, "chat", "screen", "files", "document", "form")
	})
}
