// Package today is the list that staff work from: the appointments of one day at a person's desks with who waits,
// since when and how to reach them, the open tasks, and the stream that keeps both up to date.
//
// It only reads what others write, each kind with one query for all desks, and shows a person nothing of a desk that is
// not theirs: the queries are bound to the person's desks, so that nobody can forget to ask. The main types are Row, Task and
// Service.
package today

import (
	"log/slog"

	"visavis/internal/vault"
)

// Row is one appointment of the day, with its seat and the talk that runs.
type Row struct {
	ID          string     `json:"id"`
	Version     int64      `json:"version"`
	StartsAt    int64      `json:"startsAt"`
	EndsAt      int64      `json:"endsAt"`
	Desk        string     `json:"desk"`
	DeskName    string     `json:"deskName"`
	Service     string     `json:"service"`
	ServiceName string     `json:"serviceName"`
	Advisor     *Person    `json:"advisor,omitempty"`
	Handed      *Handed    `json:"handed,omitempty"`
	Citizen     Citizen    `json:"citizen"`
	Language    string     `json:"language"`
	Status      string     `json:"status"`
	Outcome     string     `json:"outcome,omitempty"`
	Seat        Seat       `json:"seat"`
	Talk        *Talk      `json:"talk,omitempty"`
	MayInvite   bool       `json:"mayInvite" doc:"The desk can invite somebody to accompany the citizen."`
	Company     []Guest    `json:"company,omitempty" doc:"Who accompanies the citizen."`
	Invitation  Invitation `json:"invitation"`
}

// Guest is somebody who accompanies the citizen, and where they are.
type Guest struct {
	Seat      string `json:"seat"`
	Role      string `json:"role" enum:"companion,representative,interpreter"`
	Name      Shown  `json:"name"`
	State     string `json:"state" enum:"expected,waiting,talking"`
	AwaySince *int64 `json:"awaySince,omitempty"`
}

// Person is a colleague.
type Person struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Handed says who has given the appointment to its advisor, and what they let them know.
type Handed struct {
	By   Person `json:"by"`
	Note Shown  `json:"note,omitempty"`
}

// Citizen is whom the appointment is for. Its fields print as [personal]; only the answer to the page reveals them.
type Citizen struct {
	Name  Shown `json:"name"`
	Email Shown `json:"email,omitempty"`
	Phone Shown `json:"phone,omitempty"`
	// Callback is the newest number at which the citizen has asked to be called about this appointment.
	Callback Shown `json:"callback,omitempty"`
}

// Shown is a personal value on its way to somebody who may see it: the only thing it does beyond vault.Personal is to
// be written into an answer.
type Shown vault.Personal

// MarshalText writes the value itself.
func (s Shown) MarshalText() ([]byte, error) { return []byte(s), nil }

// String keeps it out of logs and errors.
func (s Shown) String() string { return vault.Personal(s).String() }

// GoString keeps it out of %#v.
func (s Shown) GoString() string { return vault.Personal(s).GoString() }

// LogValue keeps it out of log lines, which would otherwise marshal it.
func (s Shown) LogValue() slog.Value { return vault.Personal(s).LogValue() }

// Seat is where the guest is.
type Seat struct {
	ID            string `json:"id"`
	State         string `json:"state"`
	ClosedReason  string `json:"closedReason,omitempty"`
	Door          string `json:"door,omitempty"`
	Mode          string `json:"mode,omitempty"`
	OpensAt       int64  `json:"opensAt"`
	ClosesAt      int64  `json:"closesAt"`
	OpenedAt      *int64 `json:"openedAt,omitempty"`
	CheckFailedAt *int64 `json:"checkFailedAt,omitempty"`
	ArrivedAt     *int64 `json:"arrivedAt,omitempty"`
	AwaySince     *int64 `json:"awaySince,omitempty"`
	HiddenSince   *int64 `json:"hiddenSince,omitempty"`
	StayUntil     *int64 `json:"stayUntil,omitempty" doc:"How long the guest can wait, as they have said."`
	// Passed says that a talk was interrupted, as who led it may lead it no longer: a colleague takes it up.
	Passed      *Passed `json:"passed,omitempty"`
	TalkedUntil *int64  `json:"talkedUntil,omitempty" doc:"When the last talk with the guest ended that both were in."`
	MayWrite    bool    `json:"mayWrite" doc:"The desk can write to who waits here."`
	// Messages are those of the present wait, oldest first.
	Messages []Message `json:"messages,omitempty"`
}

// Passed is since when a guest waits for whoever takes the talk up, and who led it.
type Passed struct {
	At   int64  `json:"at"`
	From Person `json:"from"`
}

// Talk is the conversation that runs at present.
type Talk struct {
	ID            string `json:"id"`
	Staff         Person `json:"staff"`
	AdmittedAt    int64  `json:"admittedAt"`
	RingUntil     *int64 `json:"ringUntil,omitempty"`
	EnteredAt     *int64 `json:"enteredAt,omitempty"`
	ConnectedAt   *int64 `json:"connectedAt,omitempty"`
	TakeoverAsked bool   `json:"takeoverAsked"`
	Alarm         *Alarm `json:"alarm,omitempty"`
	Device        bool   `json:"device,omitempty" doc:"Sound and picture run on a device that is paired with the session of who leads it."`
	AwaySince     *int64 `json:"awaySince,omitempty" doc:"Since when that device is not there."`
}

// called tells whether who leads the talk calls for help.
func (r Row) called() bool { return r.Talk != nil && r.Talk.Alarm != nil }

// Alarm says that who leads a talk has called for help.
type Alarm struct {
	At         int64  `json:"at"`
	AnsweredBy string `json:"answeredBy,omitempty" doc:"The name of who has said to come."`
}

// Invitation says whether the citizen has been told.
type Invitation struct {
	By    string `json:"by"`    // mail, none
	State string `json:"state"` // queued, sent, failed, none
}

// Task is what a desk has to do apart from talking.
type Task struct {
	ID          string `json:"id"`
	Desk        string `json:"desk"`
	Appointment string `json:"appointment"`
	Kind        string `json:"kind"` // callback, move
	CitizenName Shown  `json:"citizenName"`
	Phone       Shown  `json:"phone,omitempty"`
	Email       Shown  `json:"email,omitempty"`
	StartsAt    int64  `json:"startsAt"`
	CreatedAt   int64  `json:"createdAt"`
	DoneAt      *int64 `json:"doneAt,omitempty"`
	DoneBy      string `json:"doneBy,omitempty"`
}
