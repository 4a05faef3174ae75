package seat

import "time"

// Lock closes a talk to other devices, or opens it again. One that asks at that moment is told no; the device that is in the
// talk may still load its page anew.
type Lock struct{ On bool }

func (c Lock) apply(s Seat, _ time.Time, _ Window) (Seat, []Event, error) { //nolint:unparam // as Command has it
	if s.State != Talking {
		return s, nil, refuse("seat.not_talking")
	}
	s.Locked = c.On
	if c.On && s.TakeoverAsked() {
		s.AskRefused = true
	}
	return s, nil, nil
}
