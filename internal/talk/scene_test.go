package talk_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/talk"
	. "visavis/internal/worldtest"
)

type signals []map[string]any

// of finds the newest message of a kind.
func (s signals) of(kind string) map[string]any {
	for _, one := range slices.Backward(s) {
		if one["kind"] == kind {
			return one
		}
	}
	return nil
}

func (s signals) kinds() string {
	out := ""
	for _, one := range s {
		out += one["kind"].(string) + " "
	}
	return out
}

type started struct {
	Talk    talk.View
	Signals signals
}

// scene is an appointment five minutes from now whose guest waits.
type scene struct {
	*Node
	t      *testing.T
	o      Office
	sommer *Browser
	g      *Guest
}

func newScene(t *testing.T, d *db.DB) *scene {
	t.Helper()
	return sceneIn(t, New(t, d))
}

func sceneIn(t *testing.T, w *World) *scene {
	t.Helper()
	n := w.Node()
	s := &scene{Node: n, t: t, o: n.Office("lindenau")}
	s.sommer = n.SignIn(s.o.Sommer)
	s.g = n.Guest(n.Book(s.o, s.sommer, s.o.Booking(Start().Add(5*time.Minute))))
	s.g.Arrive().OK(t)
	return s
}

func (s *scene) admit(by *Browser) started {
	s.t.Helper()
	var out started
	by.Post("/api/staff/seats/"+s.g.Place.Seat+"/admit", Body{}).OK(s.t).Into(s.t, &out)
	return out
}

func (s *scene) join(by *Browser, id string) started {
	s.t.Helper()
	var out started
	by.Post("/api/staff/talks/"+id+"/join", Body{}).OK(s.t).Into(s.t, &out)
	return out
}

// takeOver joins a talk that somebody else leads.
func (s *scene) takeOver(by *Browser, id string) started {
	s.t.Helper()
	var out started
	s.do(by, id, "join", Body{"takeover": true}).OK(s.t).Into(s.t, &out)
	return out
}

func (s *scene) do(by *Browser, id, what string, body Body) Answer {
	s.t.Helper()
	return by.Post("/api/staff/talks/"+id+"/"+what, body)
}

func (s *scene) say(by *Browser, id string, generation int, kind string, more Body) Answer {
	s.t.Helper()
	body := Body{"generation": generation, "kind": kind}
	maps.Copy(body, more)
	return s.do(by, id, "signal", body)
}

func answer(print string) Body {
	return Body{"sdp": Description("staff", Print(print)), "nonce": Nonce}
}

// guestSees is what the guest's page gets when it connects now.
func guestSees(g *Guest) (view map[string]any, list signals) {
	g.T.Helper()
	var first struct {
		View    map[string]any
		Signals signals
	}
	stream := g.Stream("")
	defer stream.Close()
	stream.Until("snapshot", &first)
	return first.View, first.Signals
}

// staffSees is what the talk's window gets when it connects now.
func (s *scene) staffSees(by *Browser, id string) (view talk.View, list signals) {
	s.t.Helper()
	var first struct {
		Talk    talk.View
		Signals signals
	}
	stream := by.Listen("/api/staff/talks/"+id+"/stream", "")
	defer stream.Close()
	stream.Until("snapshot", &first)
	return first.Talk, first.Signals
}

// connect brings a talk to where both sides have all they need.
func (s *scene) connect() started {
	s.t.Helper()
	begun := s.admit(s.sommer)
	id := begun.Talk.ID
	s.say(s.sommer, id, 1, "answer", answer("staff")).OK(s.t)
	s.g.Signal(1, "reveal", Body{"nonce": Nonce}).OK(s.t)
	s.g.Signal(1, "enter", nil).OK(s.t)
	return begun
}

func seatState(s *scene) string {
	s.t.Helper()
	var state string
	s.Scan(`SELECT state FROM seat WHERE agency_id = $1 AND id = $2`, []any{s.o.Agency, s.g.Place.Seat}, &state)
	return state
}

func text(v any) string {
	out, _ := json.Marshal(v) //nolint:errchkjson // of tests
	return string(out)
}
