package seat

import (
	"strconv"
	"strings"
	"time"
)

// Span is a time between two moments.
type Span struct{ From, Until time.Time }

// Visits are the times that a guest was there and has left again, as one text, so that seats can be compared. Without
// them nothing would be left of a wait that somebody has given up, and that is what has to be proved most.
type Visits string

// mostVisits bounds what somebody can write who comes and goes all day. The longest are kept: they prove most.
const mostVisits = 20

// List are the visits, oldest first.
func (v Visits) List() []Span {
	var list []Span
	for word := range strings.FieldsSeq(string(v)) {
		from, until, _ := strings.Cut(word, "-")
		a, first := strconv.ParseInt(from, 10, 64)
		b, second := strconv.ParseInt(until, 10, 64)
		if first == nil && second == nil {
			list = append(list, Span{time.UnixMilli(a).UTC(), time.UnixMilli(b).UTC()})
		}
	}
	return list
}

// With adds one. Of too many the shortest goes.
func (v Visits) With(one Span) Visits {
	list := append(v.List(), one)
	if len(list) > mostVisits {
		shortest := 0
		for i, s := range list {
			if s.length() < list[shortest].length() {
				shortest = i
			}
		}
		list = append(list[:shortest], list[shortest+1:]...)
	}
	words := make([]string, len(list))
	for i, s := range list {
		words[i] = strconv.FormatInt(s.From.UnixMilli(), 10) + "-" + strconv.FormatInt(s.Until.UnixMilli(), 10)
	}
	return Visits(strings.Join(words, " "))
}

// length is never negative: a clock may have been set back in between.
func (s Span) length() time.Duration { return max(0, s.Until.Sub(s.From)) }

// gone notes that the guest was there until now.
func (s Seat) gone(now time.Time) Seat {
	if s.ArrivedAt != nil {
		s.Visits = s.Visits.With(Span{*s.ArrivedAt, now})
	}
	return s
}
