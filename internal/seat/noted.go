package seat

import (
	"slices"
	"time"
)

// Noted is what the audit knows of a guest's consent. It has an entry for each change, until they come faster than people
// read and decide; from then on one entry stands for several. So nobody who has the link fills the audit, from however
// many browsers, and nobody is kept from agreeing by what others do: the seat itself says at once what counts.
type Noted struct {
	Version string     // of the newest entry
	Held    int64      // changes that no entry stands for yet
	Last    *time.Time // when the last of these was
	Full    *time.Time // when as many entries may follow at once as ever
}

const (
	notesAtOnce = 10
	noteEvery   = 10 * time.Minute // one more
)

// free is from when on an entry may be written; zero: always.
func (n Noted) free() time.Time {
	if n.Full == nil {
		return time.Time{}
	}
	return n.Full.Add(-(notesAtOnce - 1) * noteEvery)
}

// Note is one entry.
type Note struct {
	Given   bool // what counts since the last change
	Version string
	Changes int64
	Last    *time.Time // when that was; nil: now
}

// noted decides what is written of a command that has turned met into next. A text to which the guest had not agreed before
// is written always, as it is what somebody must be able to prove, and only the agency makes another one; and what is held is written
// before the guest is let in, and before the appointment is over or at another time, which only staff do often.
func noted(met, next Seat, happened []Event, now time.Time) (Seat, *Note) {
	has := func(e Event) bool { return slices.Contains(happened, e) }
	changed := has(Agreed) || has(Revoked)
	n := &next.Noted
	if changed {
		n.Held++
		n.Last = &now
	}
	if n.Held == 0 {
		return next, nil
	}
	version := n.Version
	switch {
	case has(Agreed):
		version = next.Agreed
	case has(Revoked):
		version = met.Agreed
	}
	if version == n.Version && !has(Admitted) && !has(Ended) && now.Before(n.free()) {
		return next, nil
	}
	note := &Note{Given: next.Agreed != "", Version: version, Changes: n.Held}
	if !changed {
		note.Last = n.Last
	}
	full := now
	if n.Full != nil {
		full = latest(now, *n.Full)
	}
	full = full.Add(noteEvery)
	next.Noted = Noted{Version: version, Full: &full}
	return next, note
}

// Write is that an entry may be written again.
type Write struct{}

func (Write) apply(s Seat, _ time.Time, _ Window) (Seat, []Event, error) { return s, nil, nil }
