package seat_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"visavis/internal/seat"
)

// The times of the rules' tests: an appointment from 10:00 to 10:30, its waiting room
// open from 9:50 to 10:45.
func at(hour, minute int) time.Time {
	return time.Date(2026, 3, 2, hour, minute, 0, 0, time.UTC)
}

var window = seat.Window{Opens: at(9, 50), Starts: at(10, 0), Ends: at(10, 30), Closes: at(10, 45)}

// The telephone holds the seat; its second page is another tab of the same browser.
var (
	phone     = seat.Holder{Browser: "aa", Page: "page-one"}
	secondTab = seat.Holder{Browser: "aa", Page: "page-two"}
	laptop    = seat.Holder{Browser: "bb", Page: "page-far"}
)

// in is a seat as guests leave it behind in each state.
func in(state seat.State) seat.Seat {
	s := seat.Seat{ID: "seat", State: state, LinkVersion: 1, Version: 7}
	switch state {
	case seat.Expected:
		return s
	case seat.Closed:
		s.ClosedReason, s.ClosedAt = "held", new(at(10, 20))
	case seat.Waiting, seat.Talking:
	}
	s.Holder, s.Mode, s.Door = phone, seat.Video, "link"
	s.ArrivedAt, s.OpenedAt = new(at(9, 55)), new(at(9, 55))
	return s
}

// asked is a talk that the laptop asks to take over; refused, one where it was told no.
func asked() seat.Seat {
	s := in(seat.Talking)
	s.Asking = laptop
	return s
}

func refused() seat.Seat {
	s := asked()
	s.AskRefused = true
	return s
}

// shut is a talk that no other device may ask for.
func shut() seat.Seat {
	s := in(seat.Talking)
	s.Locked = true
	return s
}

// states are the seats that the table below goes through.
var states = map[string]func() seat.Seat{
	"expected":             func() seat.Seat { return in(seat.Expected) },
	"waiting":              func() seat.Seat { return in(seat.Waiting) },
	"talking":              func() seat.Seat { return in(seat.Talking) },
	"talking, asked":       asked,
	"talking, refused":     refused,
	"talking, locked":      shut,
	"closed":               func() seat.Seat { return in(seat.Closed) },
	"expected, time is up": func() seat.Seat { return in(seat.Expected) },
	"waiting, time is up":  func() seat.Seat { return in(seat.Waiting) },
	"talking, time is up":  func() seat.Seat { return in(seat.Talking) },
}

var commands = map[string]seat.Command{
	"opened":              seat.Opened{},
	"check failed":        seat.Opened{Failed: true},
	"arrive":              seat.Arrive{Who: phone, Mode: seat.Audio, Door: "link"},
	"arrive, second tab":  seat.Arrive{Who: secondTab, Mode: seat.Audio, Door: "link"},
	"arrive, laptop":      seat.Arrive{Who: laptop, Mode: seat.Audio, Door: "link"},
	"take over, laptop":   seat.Arrive{Who: laptop, Mode: seat.Audio, Door: "link", TakeOver: true},
	"answer yes":          seat.Answer{Allow: true},
	"answer no":           seat.Answer{},
	"admit":               seat.Admit{},
	"send back":           seat.SendBack{},
	"pass":                seat.Pass{From: "sommer"},
	"leave":               seat.Leave{Who: phone},
	"leave, second tab":   seat.Leave{Who: secondTab},
	"leave, laptop":       seat.Leave{Who: laptop},
	"stay":                seat.Stay{Who: phone, Until: new(at(10, 45))},
	"lock":                seat.Lock{On: true},
	"unlock":              seat.Lock{},
	"stay, laptop":        seat.Stay{Who: laptop, Until: new(at(10, 45))},
	"agree":               seat.Agree{Version: "v1"},
	"revoke":              seat.Revoke{Who: phone},
	"end":                 seat.End{Reason: "phone"},
	"move":                seat.Move{},
	"page goes away":      seat.Connected{},
	"page is there":       seat.Connected{Here: true},
	"page is on show":     seat.Shown{Who: phone, Visible: true},
	"page is in a pocket": seat.Shown{Who: phone},
	"another is shown":    seat.Shown{Who: laptop, Visible: true},
}

// outcome is "state, holder: events", or the code of the refusal. Who holds is named
// phone, second tab, laptop or nobody.
func outcome(s seat.Seat, happened []seat.Event, err error) string {
	if r, ok := errors.AsType[*seat.Refusal](err); ok {
		return r.Code
	}
	if err != nil {
		return "broken: " + err.Error()
	}
	holders := map[seat.Holder]string{phone: "phone", secondTab: "second tab", laptop: "laptop", {}: "nobody"}
	text := string(s.State) + ", " + holders[s.Holder]
	if s.TakeoverAsked() {
		text += ", asked"
	}
	if s.AskRefused {
		text += ", refused"
	}
	if s.Locked {
		text += ", locked"
	}
	for i, e := range happened {
		text += map[bool]string{true: ": ", false: " "}[i == 0] + string(e)
	}
	return text
}

// life is the whole life of a seat: what each command does in each state.
const life = `
expected             | opened              | expected, nobody
expected             | check failed        | expected, nobody
expected             | arrive              | waiting, phone: arrived
expected             | arrive, second tab  | waiting, second tab: arrived
expected             | arrive, laptop      | waiting, laptop: arrived
expected             | take over, laptop   | waiting, laptop: arrived
expected             | answer yes          | seat.nobody_asks
expected             | answer no           | seat.nobody_asks
expected             | admit               | seat.not_waiting
expected             | send back           | seat.not_talking
expected             | pass                | seat.not_talking
expected             | leave               | expected, nobody
expected             | leave, second tab   | expected, nobody
expected             | leave, laptop       | expected, nobody
expected             | stay                | seat.not_waiting
expected             | stay, laptop        | seat.not_waiting
expected             | agree               | seat.text_changed
expected             | revoke              | expected, nobody
expected             | end                 | closed, nobody: ended
expected             | move                | expected, nobody: ended
expected             | page goes away      | expected, nobody
expected             | page is there       | expected, nobody
expected             | another is shown    | expected, nobody
expected             | page is on show     | expected, nobody
expected             | page is in a pocket | expected, nobody
expected             | lock                | seat.not_talking
expected             | unlock              | seat.not_talking

waiting              | opened              | waiting, phone
waiting              | check failed        | waiting, phone
waiting              | arrive              | waiting, phone
waiting              | arrive, second tab  | waiting, second tab: takenover
waiting              | arrive, laptop      | seat.elsewhere
waiting              | take over, laptop   | waiting, laptop: takenover
waiting              | answer yes          | seat.nobody_asks
waiting              | answer no           | seat.nobody_asks
waiting              | admit               | talking, phone: admitted
waiting              | send back           | seat.not_talking
waiting              | pass                | seat.not_talking
waiting              | leave               | expected, nobody: left
waiting              | leave, second tab   | seat.elsewhere
waiting              | leave, laptop       | seat.elsewhere
waiting              | stay                | waiting, phone
waiting              | stay, laptop        | seat.elsewhere
waiting              | agree               | seat.text_changed
waiting              | revoke              | waiting, phone
waiting              | end                 | closed, phone: ended
waiting              | move                | expected, nobody: ended
waiting              | page goes away      | waiting, phone
waiting              | page is there       | waiting, phone
waiting              | another is shown    | waiting, phone
waiting              | page is on show     | waiting, phone
waiting              | page is in a pocket | waiting, phone
waiting              | lock                | seat.not_talking
waiting              | unlock              | seat.not_talking

talking              | opened              | talking, phone
talking              | check failed        | talking, phone
talking              | arrive              | talking, phone
talking              | arrive, second tab  | talking, second tab: takenover rejoined
talking              | arrive, laptop      | seat.elsewhere
talking              | take over, laptop   | talking, phone, asked: asked
talking              | answer yes          | seat.nobody_asks
talking              | answer no           | seat.nobody_asks
talking              | admit               | seat.admitted
talking              | send back           | waiting, phone: sentback
talking              | pass                | waiting, phone: sentback
talking              | leave               | expected, nobody: left
talking              | leave, second tab   | seat.elsewhere
talking              | leave, laptop       | seat.elsewhere
talking              | stay                | seat.not_waiting
talking              | stay, laptop        | seat.not_waiting
talking              | agree               | seat.text_changed
talking              | revoke              | talking, phone
talking              | end                 | closed, phone: ended
talking              | move                | seat.talking
talking              | page goes away      | talking, phone
talking              | page is there       | talking, phone
talking              | another is shown    | talking, phone
talking              | page is on show     | talking, phone
talking              | page is in a pocket | talking, phone
talking              | lock                | talking, phone, locked
talking              | unlock              | talking, phone

talking, locked      | opened              | talking, phone, locked
talking, locked      | check failed        | talking, phone, locked
talking, locked      | arrive              | talking, phone, locked
talking, locked      | arrive, second tab  | talking, second tab, locked: takenover rejoined
talking, locked      | arrive, laptop      | seat.elsewhere
talking, locked      | take over, laptop   | seat.locked
talking, locked      | answer yes          | seat.nobody_asks
talking, locked      | answer no           | seat.nobody_asks
talking, locked      | admit               | seat.admitted
talking, locked      | send back           | waiting, phone: sentback
talking, locked      | pass                | waiting, phone: sentback
talking, locked      | leave               | expected, nobody: left
talking, locked      | leave, second tab   | seat.elsewhere
talking, locked      | leave, laptop       | seat.elsewhere
talking, locked      | stay                | seat.not_waiting
talking, locked      | stay, laptop        | seat.not_waiting
talking, locked      | agree               | seat.text_changed
talking, locked      | revoke              | talking, phone, locked
talking, locked      | end                 | closed, phone: ended
talking, locked      | move                | seat.talking
talking, locked      | page goes away      | talking, phone, locked
talking, locked      | page is there       | talking, phone, locked
talking, locked      | another is shown    | talking, phone, locked
talking, locked      | page is on show     | talking, phone, locked
talking, locked      | page is in a pocket | talking, phone, locked
talking, locked      | lock                | talking, phone, locked
talking, locked      | unlock              | talking, phone

talking, asked       | opened              | talking, phone, asked
talking, asked       | check failed        | talking, phone, asked
talking, asked       | arrive              | talking, phone, asked
talking, asked       | arrive, second tab  | talking, second tab: takenover rejoined
talking, asked       | arrive, laptop      | seat.elsewhere
talking, asked       | take over, laptop   | talking, phone, asked
talking, asked       | answer yes          | talking, laptop: takenover rejoined
talking, asked       | answer no           | talking, phone, refused
talking, asked       | admit               | seat.admitted
talking, asked       | send back           | waiting, phone: sentback
talking, asked       | pass                | waiting, phone: sentback
talking, asked       | leave               | expected, nobody: left
talking, asked       | leave, second tab   | seat.elsewhere
talking, asked       | leave, laptop       | talking, phone
talking, asked       | stay                | seat.not_waiting
talking, asked       | stay, laptop        | seat.not_waiting
talking, asked       | agree               | seat.text_changed
talking, asked       | revoke              | talking, phone, asked
talking, asked       | end                 | closed, phone: ended
talking, asked       | move                | seat.talking
talking, asked       | page goes away      | talking, phone, asked
talking, asked       | page is there       | talking, phone, asked
talking, asked       | another is shown    | talking, phone, asked
talking, asked       | page is on show     | talking, phone, asked
talking, asked       | page is in a pocket | talking, phone, asked
talking, asked       | lock                | talking, phone, refused, locked
talking, asked       | unlock              | talking, phone, asked

talking, refused     | opened              | talking, phone, refused
talking, refused     | check failed        | talking, phone, refused
talking, refused     | arrive              | talking, phone, refused
talking, refused     | arrive, second tab  | talking, second tab: takenover rejoined
talking, refused     | arrive, laptop      | seat.elsewhere
talking, refused     | take over, laptop   | talking, phone, asked: asked
talking, refused     | answer yes          | seat.nobody_asks
talking, refused     | answer no           | seat.nobody_asks
talking, refused     | admit               | seat.admitted
talking, refused     | send back           | waiting, phone: sentback
talking, refused     | pass                | waiting, phone: sentback
talking, refused     | leave               | expected, nobody: left
talking, refused     | leave, second tab   | seat.elsewhere
talking, refused     | leave, laptop       | talking, phone
talking, refused     | stay                | seat.not_waiting
talking, refused     | stay, laptop        | seat.not_waiting
talking, refused     | agree               | seat.text_changed
talking, refused     | revoke              | talking, phone, refused
talking, refused     | end                 | closed, phone: ended
talking, refused     | move                | seat.talking
talking, refused     | page goes away      | talking, phone, refused
talking, refused     | page is there       | talking, phone, refused
talking, refused     | another is shown    | talking, phone, refused
talking, refused     | page is on show     | talking, phone, refused
talking, refused     | page is in a pocket | talking, phone, refused
talking, refused     | lock                | talking, phone, refused, locked
talking, refused     | unlock              | talking, phone, refused

closed               | opened              | seat.closed
closed               | check failed        | seat.closed
closed               | arrive              | seat.closed
closed               | arrive, second tab  | seat.closed
closed               | arrive, laptop      | seat.closed
closed               | take over, laptop   | seat.closed
closed               | answer yes          | seat.nobody_asks
closed               | answer no           | seat.nobody_asks
closed               | admit               | seat.closed
closed               | send back           | seat.not_talking
closed               | pass                | seat.not_talking
closed               | leave               | seat.closed
closed               | leave, second tab   | seat.closed
closed               | leave, laptop       | seat.closed
closed               | stay                | seat.closed
closed               | stay, laptop        | seat.closed
closed               | agree               | seat.closed
closed               | revoke              | seat.closed
closed               | end                 | seat.closed
closed               | move                | seat.closed
closed               | page goes away      | closed, phone
closed               | page is there       | closed, phone
closed               | another is shown    | closed, phone
closed               | page is on show     | closed, phone
closed               | page is in a pocket | closed, phone
closed               | lock                | seat.not_talking
closed               | unlock              | seat.not_talking

expected, time is up | opened              | expected, nobody
expected, time is up | check failed        | expected, nobody
expected, time is up | arrive              | seat.too_late
expected, time is up | arrive, second tab  | seat.too_late
expected, time is up | arrive, laptop      | seat.too_late
expected, time is up | take over, laptop   | seat.too_late
expected, time is up | answer yes          | seat.nobody_asks
expected, time is up | answer no           | seat.nobody_asks
expected, time is up | admit               | seat.not_waiting
expected, time is up | send back           | seat.not_talking
expected, time is up | pass                | seat.not_talking
expected, time is up | leave               | expected, nobody
expected, time is up | leave, second tab   | expected, nobody
expected, time is up | leave, laptop       | expected, nobody
expected, time is up | stay                | seat.not_waiting
expected, time is up | stay, laptop        | seat.not_waiting
expected, time is up | agree               | seat.text_changed
expected, time is up | revoke              | expected, nobody
expected, time is up | end                 | closed, nobody: ended
expected, time is up | move                | expected, nobody: ended
expected, time is up | page goes away      | expected, nobody
expected, time is up | page is there       | expected, nobody
expected, time is up | another is shown    | expected, nobody
expected, time is up | page is on show     | expected, nobody
expected, time is up | page is in a pocket | expected, nobody
expected, time is up | lock                | seat.not_talking
expected, time is up | unlock              | seat.not_talking

waiting, time is up  | opened              | waiting, phone
waiting, time is up  | check failed        | waiting, phone
waiting, time is up  | arrive              | waiting, phone
waiting, time is up  | arrive, second tab  | waiting, second tab: takenover
waiting, time is up  | arrive, laptop      | seat.elsewhere
waiting, time is up  | take over, laptop   | waiting, laptop: takenover
waiting, time is up  | answer yes          | seat.nobody_asks
waiting, time is up  | answer no           | seat.nobody_asks
waiting, time is up  | admit               | talking, phone: admitted
waiting, time is up  | send back           | seat.not_talking
waiting, time is up  | pass                | seat.not_talking
waiting, time is up  | leave               | expected, nobody: left
waiting, time is up  | leave, second tab   | seat.elsewhere
waiting, time is up  | leave, laptop       | seat.elsewhere
waiting, time is up  | stay                | stay.time
waiting, time is up  | stay, laptop        | seat.elsewhere
waiting, time is up  | agree               | seat.text_changed
waiting, time is up  | revoke              | waiting, phone
waiting, time is up  | end                 | closed, phone: ended
waiting, time is up  | move                | expected, nobody: ended
waiting, time is up  | page goes away      | waiting, phone
waiting, time is up  | page is there       | waiting, phone
waiting, time is up  | another is shown    | waiting, phone
waiting, time is up  | page is on show     | waiting, phone
waiting, time is up  | page is in a pocket | waiting, phone
waiting, time is up  | lock                | seat.not_talking
waiting, time is up  | unlock              | seat.not_talking

talking, time is up  | opened              | talking, phone
talking, time is up  | check failed        | talking, phone
talking, time is up  | arrive              | talking, phone
talking, time is up  | arrive, second tab  | talking, second tab: takenover rejoined
talking, time is up  | arrive, laptop      | seat.elsewhere
talking, time is up  | take over, laptop   | talking, phone, asked: asked
talking, time is up  | answer yes          | seat.nobody_asks
talking, time is up  | answer no           | seat.nobody_asks
talking, time is up  | admit               | seat.admitted
talking, time is up  | send back           | waiting, phone: sentback
talking, time is up  | pass                | waiting, phone: sentback
talking, time is up  | leave               | expected, nobody: left
talking, time is up  | leave, second tab   | seat.elsewhere
talking, time is up  | leave, laptop       | seat.elsewhere
talking, time is up  | stay                | seat.not_waiting
talking, time is up  | stay, laptop        | seat.not_waiting
talking, time is up  | agree               | seat.text_changed
talking, time is up  | revoke              | talking, phone
talking, time is up  | end                 | closed, phone: ended
talking, time is up  | move                | seat.talking
talking, time is up  | page goes away      | talking, phone
talking, time is up  | page is there       | talking, phone
talking, time is up  | another is shown    | talking, phone
talking, time is up  | page is on show     | talking, phone
talking, time is up  | page is in a pocket | talking, phone
talking, time is up  | lock                | talking, phone, locked
talking, time is up  | unlock              | talking, phone
`

func clockOf(state string) time.Time {
	if strings.HasSuffix(state, "time is up") {
		return window.Closes
	}
	return at(10, 5)
}

// The table is the whole of it: a state or command that it leaves out is a failure.
func TestEveryCommandInEveryStateDoesWhatTheTableSays(t *testing.T) {
	table := map[[2]string]string{}
	for line := range strings.Lines(life) {
		if parts := strings.Split(strings.TrimSpace(line), "|"); len(parts) == 3 {
			pair := [2]string{strings.TrimSpace(parts[0]), strings.TrimSpace(parts[1])}
			if table[pair] != "" {
				t.Errorf("%q twice in the table", pair)
			}
			table[pair] = strings.TrimSpace(parts[2])
		}
	}
	tried := 0
	for _, state := range slices.Sorted(maps.Keys(states)) {
		for _, name := range slices.Sorted(maps.Keys(commands)) {
			want, ok := table[[2]string{state, name}]
			if !ok {
				t.Errorf("not in the table: %s | %s", state, name)
				continue
			}
			tried++
			before := states[state]()
			after, happened, err := seat.Apply(before, commands[name], clockOf(state), window)
			if got := outcome(after, happened, err); got != want {
				t.Errorf("%s | %s: %s, want %s", state, name, got, want)
			}
			if err != nil && (!reflect.DeepEqual(after, states[state]()) || happened != nil) {
				t.Errorf("%s | %s: refused, but changed something", state, name)
			}
			if !reflect.DeepEqual(before, states[state]()) {
				t.Errorf("%s | %s: the seat that was handed in has changed", state, name)
			}
		}
	}
	if tried != len(table) {
		t.Errorf("%d lines in the table, %d pairs tried: the table names something that does not exist", len(table), tried)
	}
}

// A kind of command that nobody put into the table would escape the test above.
func TestEveryKindOfCommandIsInTheTable(t *testing.T) {
	kinds := map[string]bool{}
	for _, c := range commands {
		kinds[reflect.TypeOf(c).Name()] = true
	}
	for _, kind := range declaredCommands(t) {
		if !kinds[kind] {
			t.Errorf("command %s is not in the table", kind)
		}
		delete(kinds, kind)
	}
	if len(kinds) > 0 {
		t.Errorf("not found in the source: %v", kinds)
	}
}

func TestACC02TheWaitingRoomOpensAndClosesOnTheMillisecond(t *testing.T) {
	for _, x := range []struct {
		when time.Time
		want string
	}{
		{window.Starts.Add(-time.Hour), "seat.too_early"},
		{window.Opens.Add(-time.Millisecond), "seat.too_early"},
		{window.Opens, "waiting, phone: arrived"},
		{window.Starts, "waiting, phone: arrived"},
		{window.Ends, "waiting, phone: arrived"},
		{window.Closes.Add(-time.Millisecond), "waiting, phone: arrived"},
		{window.Closes, "seat.too_late"},
		{window.Closes.Add(24 * time.Hour), "seat.too_late"},
	} {
		after, happened, err := seat.Apply(in(seat.Expected), commands["arrive"], x.when, window)
		if got := outcome(after, happened, err); got != x.want {
			t.Errorf("%s: %s, want %s", x.when.Format("15:04:05.000"), got, x.want)
		}
	}
}

func TestWhoComesTooEarlyIsToldWhenTheRoomOpens(t *testing.T) {
	_, _, err := seat.Apply(in(seat.Expected), commands["arrive"], at(9, 0), window)
	r, ok := errors.AsType[*seat.Refusal](err)
	if !ok || fmt.Sprint(r.Params) != fmt.Sprintf("map[opensAt:%d]", window.Opens.UnixMilli()) {
		t.Error(err, r)
	}
}

func TestWhoComesToAClosedSeatIsToldWhy(t *testing.T) {
	_, _, err := seat.Apply(in(seat.Closed), commands["arrive"], at(10, 5), window)
	r, ok := errors.AsType[*seat.Refusal](err)
	if !ok || fmt.Sprint(r.Params) != "map[reason:held]" {
		t.Error(err, r)
	}
}

func TestARoomClosesByTimeAloneAndAnUnusedAppointmentCanStillBeMoved(t *testing.T) {
	unused := in(seat.Expected)
	if _, _, err := seat.Apply(unused, commands["arrive"], window.Closes.Add(-time.Millisecond), window); err != nil {
		t.Error("closed too early:", err)
	}
	_, _, err := seat.Apply(unused, commands["arrive"], window.Closes, window)
	if r, ok := errors.AsType[*seat.Refusal](err); !ok || r.Code != "seat.too_late" {
		t.Error(err)
	}
	later := seat.Window{Opens: window.Opens.AddDate(0, 0, 1), Starts: window.Starts.AddDate(0, 0, 1), Ends: window.Ends.AddDate(0, 0, 1), Closes: window.Closes.AddDate(0, 0, 1)}
	moved, _, err := seat.Apply(unused, seat.Move{}, window.Closes.Add(time.Hour), later)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := seat.Apply(moved, commands["arrive"], later.Starts, later); err != nil {
		t.Error(err)
	}
	// Who is inside when the room closes stays, however long it takes.
	for _, state := range []seat.State{seat.Waiting, seat.Talking} {
		if _, _, err := seat.Apply(in(state), commands["arrive"], window.Closes.Add(time.Hour), window); err != nil {
			t.Error(state, err)
		}
	}
}

func TestArrivingNotesWhenAndHow(t *testing.T) {
	s, _, err := seat.Apply(in(seat.Expected), commands["arrive"], at(9, 58), window)
	if err != nil || !s.ArrivedAt.Equal(at(9, 58)) || !s.OpenedAt.Equal(at(9, 58)) || s.Mode != seat.Audio || s.Door != "link" {
		t.Errorf("%+v %v", s, err)
	}
	again, _, err := seat.Apply(s, seat.Arrive{Who: secondTab, Mode: seat.Text}, at(10, 4), window)
	if err != nil || !again.ArrivedAt.Equal(at(9, 58)) || again.Mode != seat.Text || again.Door != "link" {
		t.Errorf("coming again must keep the time and the door, and take the new mode: %+v %v", again, err)
	}
}

func TestALaptopThatWasAllowedHoldsTheTalkAndThePhoneMustAskToo(t *testing.T) {
	s := run(t, in(seat.Talking), commands["take over, laptop"], commands["answer yes"])
	if s.Holder != laptop || s.TakeoverAsked() {
		t.Fatalf("%+v", s)
	}
	if _, _, err := seat.Apply(s, commands["arrive"], at(10, 6), window); err == nil {
		t.Error("the phone came back into the talk without a click")
	}
	s = run(t, s, seat.Arrive{Who: phone, TakeOver: true})
	if s.Holder != laptop || s.Asking != phone {
		t.Errorf("%+v", s)
	}
}

func TestTheNewerOfTwoThatAskIsTheOneThatIsAnswered(t *testing.T) {
	tablet := seat.Holder{Browser: "cc", Page: "page-tab"}
	s := run(t, in(seat.Talking), commands["take over, laptop"], seat.Arrive{Who: tablet, TakeOver: true}, commands["answer yes"])
	if s.Holder != tablet {
		t.Errorf("%+v", s)
	}
}

func TestEndingOrSendingBackForgetsWhoAsked(t *testing.T) {
	for _, name := range []string{"end", "send back", "leave"} {
		if s := run(t, asked(), commands[name]); s.Asking != (seat.Holder{}) || s.AskRefused {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

func TestMovingGivesANewLinkAndForgetsTheOldDay(t *testing.T) {
	s := in(seat.Waiting)
	s.CheckFailedAt, s.HiddenSince = new(at(9, 52)), new(at(9, 57))
	tomorrow := seat.Window{Opens: window.Opens.AddDate(0, 0, 1), Starts: window.Starts.AddDate(0, 0, 1)}
	s, _, err := seat.Apply(s, seat.Move{}, at(10, 5), tomorrow)
	if err != nil || s.LinkVersion != 2 || s.ArrivedAt != nil || s.OpenedAt != nil || s.CheckFailedAt != nil || s.HiddenSince != nil {
		t.Errorf("%+v %v", s, err)
	}
	if s.GuestWasThere(tomorrow) {
		t.Error("what happened on the old day speaks for the new one")
	}
}

// Else a no-show that was refused could be had by a move of one minute.
func TestMovingWithinTheWindowTakesNothingFromWhatSpeaksForTheGuest(t *testing.T) {
	soon := seat.Window{Opens: at(9, 56), Starts: at(10, 6)}
	opened, failed := in(seat.Expected), in(seat.Expected)
	opened.OpenedAt, failed.CheckFailedAt = new(at(9, 57)), new(at(9, 57))
	for name, x := range map[string]struct {
		seat seat.Seat
		want bool
	}{
		"opened":                     {opened, true},
		"the check failed":           {failed, true},
		"waits, for however long":    {in(seat.Waiting), true},
		"opened before the new time": {func() seat.Seat { s := in(seat.Expected); s.OpenedAt = new(at(9, 55)); return s }(), false},
		"nothing":                    {in(seat.Expected), false},
	} {
		moved, _, err := seat.Apply(x.seat, seat.Move{}, at(10, 5), soon)
		if got := moved.GuestWasThere(soon); err != nil || got != x.want {
			t.Errorf("%s: %v, want %v (%v)", name, got, x.want, err)
		}
	}
}

func TestPresenceStandsBesideTheStateAndCountsFromTheFirstMoment(t *testing.T) {
	steps := []struct {
		minute       int
		command      seat.Command
		away, hidden *time.Time
	}{
		{1, seat.Connected{Here: true}, nil, nil},
		{2, seat.Shown{Who: phone}, nil, new(at(10, 2))},
		{3, seat.Connected{}, new(at(10, 3)), new(at(10, 2))},
		{4, seat.Connected{}, new(at(10, 3)), new(at(10, 2))},
		{5, seat.Shown{Who: laptop, Visible: true}, new(at(10, 3)), new(at(10, 2))},
		{6, seat.Shown{Who: phone, Visible: true}, new(at(10, 3)), nil},
		{7, seat.Connected{Here: true}, nil, nil},
		{8, seat.Connected{}, new(at(10, 8)), nil},
		{9, seat.Shown{Who: phone}, new(at(10, 8)), new(at(10, 9))},
		{10, seat.Shown{Who: phone}, new(at(10, 8)), new(at(10, 9))},
	}
	for _, state := range []seat.State{seat.Waiting, seat.Talking} {
		s := in(state)
		for _, x := range steps {
			next, happened, err := seat.Apply(s, x.command, at(10, x.minute), window)
			if err != nil || happened != nil || next.State != state || next.Holder != s.Holder {
				t.Fatalf("%s, %d: %+v %v %v", state, x.minute, next, happened, err)
			}
			if !reflect.DeepEqual([]*time.Time{x.away, x.hidden}, []*time.Time{next.AwaySince, next.HiddenSince}) {
				t.Errorf("%s, %d: away %v, hidden %v", state, x.minute, next.AwaySince, next.HiddenSince)
			}
			s = next
		}
	}
}

// A no-show can cost benefits: anything that speaks for the guest counts.
func TestWhatSpeaksAgainstANoShow(t *testing.T) {
	early, within := new(window.Opens.Add(-time.Millisecond)), new(window.Opens)
	for name, x := range map[string]struct {
		seat seat.Seat
		want bool
	}{
		"nothing":                        {seat.Seat{}, false},
		"opened the day before":          {seat.Seat{OpenedAt: early}, false},
		"check failed the day before":    {seat.Seat{CheckFailedAt: early}, false},
		"opened in the window":           {seat.Seat{OpenedAt: within}, true},
		"check failed in the window":     {seat.Seat{CheckFailedAt: within}, true},
		"arrived":                        {seat.Seat{ArrivedAt: within}, true},
		"arrived and left again":         {run(t, in(seat.Waiting), seat.Leave{Who: phone}), true},
		"was sent back, then went":       {run(t, in(seat.Talking), seat.SendBack{}, seat.Leave{Who: phone}), true},
		"came, and the seat was closed":  {run(t, in(seat.Waiting), seat.End{Reason: "technical"}), true},
		"never came, the seat is closed": {run(t, in(seat.Expected), seat.End{Reason: "noshow"}), false},
	} {
		if got := x.seat.GuestWasThere(window); got != x.want {
			t.Errorf("%s: %v, want %v", name, got, x.want)
		}
	}
}

// The desk sees it beside the wait, and calls in the same order as before; the talk keeps it, as who is sent back waits on.
func TestHowLongAGuestCanWaitIsSaidInFiveMinutesAndGoesWithTheWait(t *testing.T) {
	said := run(t, in(seat.Waiting), commands["stay"])
	if said.StayUntil == nil || !said.StayUntil.Equal(at(10, 45)) {
		t.Fatalf("%+v", said)
	}
	for _, until := range []time.Time{at(10, 5), at(10, 0), at(10, 47), at(14, 10), at(10, 45).Add(time.Millisecond)} {
		_, _, err := seat.Apply(said, seat.Stay{Who: phone, Until: &until}, at(10, 5), window)
		if outcome(said, nil, err) != "stay.time" {
			t.Errorf("%s: %v", until, err)
		}
	}
	if changed := run(t, said, seat.Stay{Who: phone, Until: new(at(10, 10))}); !changed.StayUntil.Equal(at(10, 10)) {
		t.Errorf("%+v", changed)
	}
	if back := run(t, said, seat.Stay{Who: phone}); back.StayUntil != nil {
		t.Errorf("%+v", back)
	}
	if sent := run(t, said, seat.Admit{}, seat.SendBack{}); sent.StayUntil == nil {
		t.Error("who is sent back waits on, and can do so as long as before")
	}
	for name, over := range map[string]seat.Command{"left": seat.Leave{Who: phone}, "closed": seat.End{Reason: "phone"}, "moved": seat.Move{}} {
		if s := run(t, said, over); s.StayUntil != nil {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

// run applies commands at 10:05, none of which may be refused.
func run(t *testing.T, s seat.Seat, list ...seat.Command) seat.Seat {
	t.Helper()
	for _, c := range list {
		var err error
		if s, _, err = seat.Apply(s, c, at(10, 5), window); err != nil {
			t.Fatalf("%T: %v", c, err)
		}
	}
	return s
}

// declaredCommands finds the types of rules.go that have the method apply.
func declaredCommands(t *testing.T) []string {
	t.Helper()
	var kinds []string
	for _, path := range []string{"rules.go", "lock.go"} { // the one elsewhere changes nothing
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Name.Name != "apply" || f.Recv == nil {
				continue
			}
			if receiver, ok := f.Recv.List[0].Type.(*ast.Ident); ok {
				kinds = append(kinds, receiver.Name)
			}
		}
	}
	return kinds
}
