package seat

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"time"
)

// State of a seat. It never depends on a connection: presence stands beside it.
type State string

// The states: expected ─arrive▶ waiting ─admit▶ talking ─end▶ closed.
const (
	Expected State = "expected"
	Waiting  State = "waiting"
	Talking  State = "talking"
	Closed   State = "closed"
)

// Mode is what the guest brings: picture and sound, sound only, or text only.
type Mode string

// The modes.
const (
	Video Mode = "video"
	Audio Mode = "audio"
	Text  Mode = "text"
)

// Holder is the page that holds a seat: a browser (hash of its cookie) and the page in it.
type Holder struct {
	Browser string
	Page    string
}

// Seat is a guest's place in an appointment.
type Seat struct {
	ID            string
	Agency        string
	Appointment   string
	Desk          string
	Role          Role
	Language      string // of the invitation; empty: the appointment's
	State         State
	ClosedReason  string // held, phone, technical, noshow, cancelled
	Door          string
	Mode          Mode
	LinkVersion   int64
	OpenedAt      *time.Time // latest click on the landing page
	CheckFailedAt *time.Time
	ArrivedAt     *time.Time
	Visits        Visits     // before this one
	AwaySince     *time.Time // nil while a page is connected
	HiddenSince   *time.Time
	StayUntil     *time.Time // how long the guest can wait, as they have said; nil: as long as it takes
	Holder        Holder
	Asking        Holder // a browser that asks, or asked, to take over a talk
	AskRefused    bool   // and was told no
	Locked        bool   // nobody may ask
	ClosedAt      *time.Time
	PassedAt      *time.Time // while it waits again since who led its talk may lead it no longer
	PassedFrom    string     // and who that was
	Agreed        string     // the version of the text that the guest has agreed to; empty: to none, or not any more
	AgreedAt      *time.Time
	Noted         Noted // what the audit knows of that
	Version       int64
}

// Window is when the waiting room is open for a seat. It closes by time alone: a seat that nobody used stays expected
// until staff record an outcome, or move the appointment.
type Window struct {
	Opens, Starts, Ends, Closes time.Time
	// Consent is the version of the text without whose guest's agreement nobody gets in; empty: none is asked for.
	Consent string
	// Doors are those that may be used; nil: all.
	Doors []string
}

// lets tells whether a door may be used.
func (w Window) lets(door string) bool { return w.Doors == nil || slices.Contains(w.Doors, door) }

// asks tells whether the guest is asked to agree to something, and has not.
func (w Window) asks(s Seat) bool { return w.Consent != "" && s.Agreed != w.Consent }

// Refusal is a command that the rules do not allow now. Code is what the user's
// page finds its words by.
type Refusal struct {
	Code   string
	Params map[string]any
}

func (r *Refusal) Error() string { return "refused: " + r.Code }

func refuse(code string, params ...any) *Refusal {
	r := &Refusal{Code: code}
	for i := 0; i+1 < len(params); i += 2 {
		if r.Params == nil {
			r.Params = map[string]any{}
		}
		r.Params[fmt.Sprint(params[i])] = params[i+1]
	}
	return r
}

// Event is what a command brought about, for whoever must be told.
type Event string

// The events.
const (
	Arrived   Event = "arrived"   // a guest waits
	TakenOver Event = "takenover" // another page holds the seat now
	Asked     Event = "asked"     // another browser asks to take over the talk
	Admitted  Event = "admitted"
	SentBack  Event = "sentback"
	Left      Event = "left"
	Ended     Event = "ended"
	Rejoined  Event = "rejoined" // the same browser, during a talk, in a fresh page
	Agreed    Event = "agreed"   // to be seen and heard by video
	Revoked   Event = "revoked"  // and not any more
)

// Command is something that somebody wants to happen to a seat.
type Command interface {
	apply(s Seat, now time.Time, w Window) (Seat, []Event, error)
}

// Apply is the whole life of a seat: a pure function of the seat, the command, the
// clock and the window. It returns the seat as it is then and what happened, or a
// *Refusal and the seat unchanged.
func Apply(s Seat, c Command, now time.Time, w Window) (Seat, []Event, error) {
	next, events, err := c.apply(s, now, w)
	if err != nil {
		return s, nil, err
	}
	return next, events, nil
}

func closedRefusal(s Seat) *Refusal { return refuse("seat.closed", "reason", s.ClosedReason) }

// Opened is a click on the landing page, or the result of the check there.
type Opened struct{ Failed bool }

// openedAnew is when the same again is news: whoever repeats it moves nothing before that.
const openedAnew = time.Minute

func (c Opened) apply(s Seat, now time.Time, w Window) (Seat, []Event, error) {
	if s.State == Closed {
		return s, nil, closedRefusal(s)
	}
	known := func(t *time.Time) bool {
		return t != nil && now.Sub(*t) < openedAnew && t.Before(w.Opens) == now.Before(w.Opens) // see GuestWasThere
	}
	if known(s.OpenedAt) && (!c.Failed || known(s.CheckFailedAt)) {
		return s, nil, nil
	}
	s.OpenedAt = &now
	if c.Failed {
		s.CheckFailedAt = &now
	}
	return s, nil, nil
}

// Arrive is a guest who wants to enter the waiting room, or to go on from another page.
type Arrive struct {
	Who      Holder
	Mode     Mode
	Door     string
	TakeOver bool
}

func (c Arrive) apply(s Seat, now time.Time, w Window) (Seat, []Event, error) {
	switch s.State {
	case Closed:
		return s, nil, closedRefusal(s)
	case Expected:
		return c.enter(s, now, w)
	case Waiting:
		return c.again(s, now)
	case Talking:
		return c.duringTalk(s, now)
	}
	return s, nil, refuse("seat.state")
}

func (c Arrive) enter(s Seat, now time.Time, w Window) (Seat, []Event, error) {
	if now.Before(w.Opens) {
		return s, nil, refuse("seat.too_early", "opensAt", w.Opens.UnixMilli())
	}
	if !now.Before(w.Closes) {
		return s, nil, refuse("seat.too_late")
	}
	if c.Door != "" && !w.lets(c.Door) {
		return s, nil, refuse("seat.door", "door", c.Door)
	}
	if w.asks(s) {
		return s, nil, refuse("seat.consent")
	}
	s.State, s.ArrivedAt, s.OpenedAt = Waiting, &now, &now
	return c.hold(s), []Event{Arrived}, nil
}

// again: the newer page takes over; from another browser only with a click for it.
func (c Arrive) again(s Seat, _ time.Time) (Seat, []Event, error) {
	if c.Who == s.Holder {
		return c.hold(s), nil, nil
	}
	if c.Who.Browser != s.Holder.Browser && !c.TakeOver {
		return s, nil, refuse("seat.elsewhere")
	}
	return c.hold(s), []Event{TakenOver}, nil
}

// duringTalk: the same browser may come back (reload, second tab); another one
// needs the advisor's yes, since families share mailboxes.
func (c Arrive) duringTalk(s Seat, _ time.Time) (Seat, []Event, error) {
	if c.Who.Browser == s.Holder.Browser {
		before := s
		s = c.hold(s)
		if c.Who == before.Holder { // it says how it takes part now; whoever asks for the talk still does
			s.Asking, s.AskRefused = before.Asking, before.AskRefused
			return s, nil, nil
		}
		return s, []Event{TakenOver, Rejoined}, nil
	}
	if !c.TakeOver {
		return s, nil, refuse("seat.elsewhere")
	}
	if s.Locked {
		return s, nil, refuse("seat.locked")
	}
	if s.Asking == c.Who && !s.AskRefused {
		return s, nil, nil
	}
	s.Asking, s.AskRefused = c.Who, false
	return s, []Event{Asked}, nil
}

func (c Arrive) hold(s Seat) Seat {
	s.Holder, s.Mode = c.Who, c.Mode
	s.Asking, s.AskRefused = Holder{}, false
	if c.Door != "" {
		s.Door = c.Door
	}
	s.HiddenSince = nil
	return s
}

// Answer is the advisor's yes or no to a browser that asks to take over: the one that was shown, by its Seat.Ask, or
// whichever.
type Answer struct {
	Allow bool
	Ask   string
}

func (c Answer) apply(s Seat, _ time.Time, _ Window) (Seat, []Event, error) {
	if s.State != Talking || !s.TakeoverAsked() {
		return s, nil, refuse("seat.nobody_asks")
	}
	if c.Ask != "" && c.Ask != s.Ask() {
		return s, nil, refuse("seat.other_asks")
	}
	if !c.Allow {
		s.AskRefused = true
		return s, nil, nil
	}
	s.Holder, s.Asking, s.AskRefused = s.Asking, Holder{}, false
	return s, []Event{TakenOver, Rejoined}, nil
}

// Admit lets a waiting guest in. Who admits is written by package talk; of two at once the second is refused.
type Admit struct{}

func (Admit) apply(s Seat, _ time.Time, _ Window) (Seat, []Event, error) {
	switch s.State {
	case Waiting:
		s.State = Talking
		return s.resumed(), []Event{Admitted}, nil
	case Talking:
		return s, nil, refuse("seat.admitted")
	case Closed:
		return s, nil, closedRefusal(s)
	case Expected:
	}
	return s, nil, refuse("seat.not_waiting")
}

// SendBack returns a guest from the talk to the waiting room: asked by staff, or
// because nobody answered the ringing. It leaves no mark on the guest.
type SendBack struct{}

func (SendBack) apply(s Seat, _ time.Time, _ Window) (Seat, []Event, error) {
	if s.State != Talking {
		return s, nil, refuse("seat.not_talking")
	}
	s.State, s.Asking, s.AskRefused, s.Locked = Waiting, Holder{}, false, false
	return s, []Event{SentBack}, nil
}

// Pass returns a guest to the waiting room whose talk nobody leads any more: who led it has lost the right to. Whenever
// that is, the place stays, and whoever comes next takes the talk up.
type Pass struct{ From string }

func (c Pass) apply(s Seat, now time.Time, w Window) (Seat, []Event, error) {
	s, events, err := SendBack{}.apply(s, now, w)
	if err == nil {
		s.PassedAt, s.PassedFrom = &now, c.From
	}
	return s, events, err
}

// resumed forgets that a talk was interrupted.
func (s Seat) resumed() Seat {
	s.PassedAt, s.PassedFrom = nil, ""
	return s
}

// Leave is a guest who goes on purpose: out of the waiting room, or out of the
// talk. The place stays until the appointment is closed. Who only asked for a talk
// that another browser has asks no longer.
type Leave struct{ Who Holder }

func (c Leave) apply(s Seat, now time.Time, _ Window) (Seat, []Event, error) {
	switch {
	case s.State == Closed:
		return s, nil, closedRefusal(s)
	case s.State == Expected: // asked twice, since the first answer was lost
		return s, nil, nil
	case s.State == Talking && c.Who == s.Asking:
		s.Asking, s.AskRefused = Holder{}, false
		return s, nil, nil
	case c.Who != s.Holder:
		return s, nil, refuse("seat.elsewhere")
	}
	s = s.gone(now)
	s.State, s.ArrivedAt, s.StayUntil = Expected, nil, nil
	s.Holder, s.Asking, s.AskRefused, s.Locked, s.HiddenSince = Holder{}, Holder{}, false, false, nil
	return s.resumed(), []Event{Left}, nil
}

// Stay is a guest who says until when they can wait, or takes it back. The desk is told and nothing else follows: the
// order stays, and nobody loses a place by it.
type Stay struct {
	Who   Holder
	Until *time.Time
}

// The times that can be said: of a clock's five minutes, and not so far ahead that it says nothing.
const (
	stayStep    = 5 * time.Minute
	longestStay = 4 * time.Hour
)

func (c Stay) apply(s Seat, now time.Time, _ Window) (Seat, []Event, error) {
	switch {
	case s.State == Closed:
		return s, nil, closedRefusal(s)
	case s.State != Waiting:
		return s, nil, refuse("seat.not_waiting")
	case c.Who != s.Holder:
		return s, nil, refuse("seat.elsewhere")
	case c.Until != nil && (!c.Until.After(now) || c.Until.Sub(now) > longestStay || !c.Until.Equal(c.Until.Truncate(stayStep))):
		return s, nil, refuse("stay.time")
	}
	s.StayUntil = c.Until
	return s, nil, nil
}

// Agree is the guest's consent to a text, in the version that was shown.
type Agree struct{ Version string }

func (c Agree) apply(s Seat, now time.Time, w Window) (Seat, []Event, error) {
	switch {
	case s.State == Closed:
		return s, nil, closedRefusal(s)
	case c.Version == "" || c.Version != w.Consent:
		return s, nil, refuse("seat.text_changed") // nobody agrees to what they have not read
	case c.Version == s.Agreed:
		return s, nil, nil
	}
	s.Agreed, s.AgreedAt, s.OpenedAt = c.Version, &now, &now
	return s, []Event{Agreed}, nil
}

// Revoke takes the consent back. Whoever waits or talks goes, as with Leave.
type Revoke struct{ Who Holder }

func (c Revoke) apply(s Seat, now time.Time, w Window) (Seat, []Event, error) {
	switch {
	case s.State == Closed:
		return s, nil, closedRefusal(s)
	case s.Agreed == "":
		return s, nil, nil
	case s.State != Expected && c.Who != s.Holder:
		return s, nil, refuse("seat.elsewhere")
	}
	s, happened, err := Leave(c).apply(s, now, w)
	s.Agreed, s.AgreedAt = "", nil
	return s, append(happened, Revoked), err
}

// End closes the seat with the appointment's outcome, in whatever state it is.
type End struct{ Reason string }

func (c End) apply(s Seat, now time.Time, _ Window) (Seat, []Event, error) {
	if s.State == Closed {
		return s, nil, closedRefusal(s)
	}
	s.State, s.ClosedReason, s.ClosedAt, s.StayUntil = Closed, c.Reason, &now, nil
	s.Asking, s.AskRefused, s.Locked = Holder{}, false, false
	return s.resumed(), []Event{Ended}, nil
}

// Move gives the seat a new time: the old link dies, who waits is told and expected again. The window is that of the new
// time; what lies in it, too, still speaks against a no-show.
type Move struct{}

func (Move) apply(s Seat, now time.Time, w Window) (Seat, []Event, error) {
	switch s.State {
	case Closed:
		return s, nil, closedRefusal(s)
	case Talking:
		return s, nil, refuse("seat.talking")
	case Waiting:
		s.OpenedAt = &now
		s = s.gone(now)
	case Expected:
	}
	s.LinkVersion++
	s.State, s.ArrivedAt, s.StayUntil = Expected, nil, nil
	if !w.has(s.OpenedAt) {
		s.OpenedAt = nil
	}
	if !w.has(s.CheckFailedAt) {
		s.CheckFailedAt = nil
	}
	s.Holder, s.HiddenSince = Holder{}, nil
	return s.resumed(), []Event{Ended}, nil
}

// Connected tells whether the holder's page has its stream. It and Shown say nothing of each other: a telephone that is
// unlocked does both in the same moment.
type Connected struct{ Here bool }

func (c Connected) apply(s Seat, now time.Time, _ Window) (Seat, []Event, error) {
	switch {
	case c.Here:
		s.AwaySince = nil
	case s.AwaySince == nil:
		s.AwaySince = &now
	}
	return s, nil, nil
}

// Shown tells whether a page is on the screen. That of a page which does not hold the seat is nobody's business.
type Shown struct {
	Who     Holder
	Visible bool
}

func (c Shown) apply(s Seat, now time.Time, _ Window) (Seat, []Event, error) {
	switch {
	case c.Who != s.Holder:
	case c.Visible:
		s.HiddenSince = nil
	case s.HiddenSince == nil:
		s.HiddenSince = &now
	}
	return s, nil, nil
}

// GuestWasThere tells whether anything speaks against a no-show, which can cost
// benefits: in the window the link was opened, the check failed, or the guest arrived.
func (s Seat) GuestWasThere(w Window) bool {
	return w.has(s.OpenedAt) || w.has(s.CheckFailedAt) || s.ArrivedAt != nil
}

// has tells whether something happened since the window opened.
func (w Window) has(t *time.Time) bool { return t != nil && !t.Before(w.Opens) }

// Ask names who waits for the advisor's answer without telling anything of them; empty if nobody does.
func (s Seat) Ask() string {
	if !s.TakeoverAsked() {
		return ""
	}
	sum := sha256.Sum256([]byte(s.Asking.Browser + " " + s.Asking.Page))
	return hexOf(sum[:8])
}

// TakeoverAsked tells whether another browser waits for the advisor's answer.
func (s Seat) TakeoverAsked() bool { return s.Asking != (Holder{}) && !s.AskRefused }
