package receipt

import (
	"cmp"
	"slices"
	"time"

	"visavis/internal/seat"
)

// facts are what the server knows of an appointment, as rows have it.
type facts struct {
	starts, ends time.Time
	outcome      string
	seat         seat.Seat
	window       seat.Window
	talks        []seat.Span // that the guest had entered; one that goes on ends now
}

// splinter is what lies between two times that were taken one after the other in the same act.
const splinter = 2 * time.Second

// state says what is known at a moment. It is a pure function, and all that a receipt says of times comes from here.
func (f facts) state(now time.Time) Statement {
	visits := f.seat.Visits.List()
	last := seat.Span{}
	if f.seat.ArrivedAt != nil {
		last = seat.Span{From: *f.seat.ArrivedAt, Until: now}
		if f.seat.ClosedAt != nil {
			last.Until = *f.seat.ClosedAt
		}
		visits = append(visits, last)
	}
	s := Statement{
		Issued: now.Unix(), Starts: f.starts.Unix(), Ends: f.ends.Unix(), Moved: f.seat.LinkVersion > 1, Outcome: f.outcome,
		Talked: periods(f.talks), Waited: periods(waits(visits, f.talks)),
	}
	if f.lostIn(last) {
		s.Lost = f.seat.AwaySince.Unix()
	}
	if len(visits) == 0 && len(f.talks) == 0 {
		s.Opened, s.Failed = f.inWindow(f.seat.OpenedAt), f.inWindow(f.seat.CheckFailedAt)
	}
	return s
}

// lostIn tells whether the page was away at the end of the present visit, and that was no talk.
func (f facts) lostIn(visit seat.Span) bool {
	away := f.seat.AwaySince
	if f.seat.ArrivedAt == nil || away == nil || f.seat.State == seat.Talking {
		return false
	}
	for _, t := range f.talks {
		if !t.Until.Before(*away) {
			return false
		}
	}
	return !away.Before(visit.From) && visit.Until.Sub(*away) >= time.Minute
}

// inWindow is a moment since the waiting room opened; what was before says nothing about this time.
func (f facts) inWindow(t *time.Time) int64 {
	if t == nil || t.Before(f.window.Opens) {
		return 0
	}
	return t.Unix()
}

// waits are what is left of visits without the talks in them. A call that the guest has not answered was no talk.
func waits(visits, talks []seat.Span) []seat.Span {
	talks = slices.Clone(talks)
	slices.SortFunc(talks, func(a, b seat.Span) int { return a.From.Compare(b.From) })
	var out []seat.Span
	for _, v := range visits {
		at, talked := v.From, false
		add := func(until time.Time) {
			if until.Sub(at) >= splinter || !talked {
				out = append(out, seat.Span{From: at, Until: until})
			}
		}
		for _, t := range talks {
			if t.Until.Before(at) || !t.From.Before(v.Until) {
				continue
			}
			if t.From.After(at) {
				add(t.From)
			}
			at, talked = latest(at, t.Until), true
		}
		if v.Until.After(at) || !talked {
			add(v.Until)
		}
	}
	return out
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// periods puts spans into the form of a statement, oldest first. Where a clock was set back in between, one has no length.
func periods(spans []seat.Span) []Period {
	var out []Period
	for _, s := range spans {
		out = append(out, Period{s.From.Unix(), max(s.From.Unix(), s.Until.Unix())})
	}
	slices.SortFunc(out, func(a, b Period) int { return cmp.Compare(a[0], b[0]) })
	return out
}
