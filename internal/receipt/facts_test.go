package receipt

import (
	"reflect"
	"testing"
	"time"

	"visavis/internal/seat"
)

// at is a minute of the morning of the appointment, which is agreed for ten o'clock.
func at(hour, minute int) time.Time {
	return time.Date(2026, time.March, 2, hour, minute, 0, 0, time.UTC)
}

func span(from, until time.Time) seat.Span { return seat.Span{From: from, Until: until} }

func period(from, until time.Time) Period { return Period{from.Unix(), until.Unix()} }

func visits(list ...seat.Span) seat.Visits {
	var v seat.Visits
	for _, one := range list {
		v = v.With(one)
	}
	return v
}

// What a receipt says of times, for all that can have become of an appointment. The clock stands at noon.
func TestWhatIsKnownIsSaidAndNothingElse(t *testing.T) {
	closed := func(end time.Time) seat.Seat {
		return seat.Seat{State: seat.Closed, LinkVersion: 1, ArrivedAt: new(at(9, 58)), ClosedAt: &end}
	}
	for name, c := range map[string]struct {
		seat  seat.Seat
		talks []seat.Span
		want  Statement
	}{
		"waited and talked": {
			seat: closed(at(10, 41)), talks: []seat.Span{span(at(10, 7), at(10, 41))},
			want: Statement{Waited: []Period{period(at(9, 58), at(10, 7))}, Talked: []Period{period(at(10, 7), at(10, 41))}},
		},
		"the end was taken in two steps": {
			seat: closed(at(10, 41).Add(900 * time.Millisecond)), talks: []seat.Span{span(at(10, 7), at(10, 41))},
			want: Statement{Waited: []Period{period(at(9, 58), at(10, 7))}, Talked: []Period{period(at(10, 7), at(10, 41))}},
		},
		"waited in vain": {
			seat: closed(at(10, 40)),
			want: Statement{Waited: []Period{period(at(9, 58), at(10, 40))}},
		},
		"sent back between two talks": {
			seat: closed(at(10, 41)), talks: []seat.Span{span(at(10, 25), at(10, 41)), span(at(10, 7), at(10, 15))},
			want: Statement{
				Waited: []Period{period(at(9, 58), at(10, 7)), period(at(10, 15), at(10, 25))},
				Talked: []Period{period(at(10, 7), at(10, 15)), period(at(10, 25), at(10, 41))},
			},
		},
		"left while waiting, and never came back": {
			seat: seat.Seat{State: seat.Expected, LinkVersion: 1, OpenedAt: new(at(9, 58)), Visits: visits(span(at(9, 58), at(10, 30)))},
			want: Statement{Waited: []Period{period(at(9, 58), at(10, 30))}},
		},
		"left the talk, came back, and waits still": {
			seat:  seat.Seat{State: seat.Waiting, LinkVersion: 1, ArrivedAt: new(at(11, 0)), Visits: visits(span(at(9, 58), at(10, 30)))},
			talks: []seat.Span{span(at(10, 7), at(10, 30))},
			want: Statement{
				Waited: []Period{period(at(9, 58), at(10, 7)), period(at(11, 0), at(12, 0))},
				Talked: []Period{period(at(10, 7), at(10, 30))},
			},
		},
		"moved after a wait": {
			seat: seat.Seat{State: seat.Expected, LinkVersion: 2, Visits: visits(span(at(8, 0), at(8, 20)))},
			want: Statement{Moved: true, Waited: []Period{period(at(8, 0), at(8, 20))}},
		},
		"the page was gone long before the end": {
			seat: func() seat.Seat { s := closed(at(10, 40)); s.AwaySince = new(at(10, 2)); return s }(),
			want: Statement{Waited: []Period{period(at(9, 58), at(10, 40))}, Lost: at(10, 2).Unix()},
		},
		"the page was closed after the end": {
			seat: func() seat.Seat { s := closed(at(10, 40)); s.AwaySince = new(at(11, 2)); return s }(),
			want: Statement{Waited: []Period{period(at(9, 58), at(10, 40))}},
		},
		"the line was lost in the talk": {
			seat:  func() seat.Seat { s := closed(at(10, 41)); s.AwaySince = new(at(10, 20)); return s }(),
			talks: []seat.Span{span(at(10, 7), at(10, 41))},
			want:  Statement{Waited: []Period{period(at(9, 58), at(10, 7))}, Talked: []Period{period(at(10, 7), at(10, 41))}},
		},
		"never arrived, but tried": {
			seat: seat.Seat{State: seat.Closed, LinkVersion: 1, OpenedAt: new(at(9, 59)), CheckFailedAt: new(at(10, 1))},
			want: Statement{Opened: at(9, 59).Unix(), Failed: at(10, 1).Unix()},
		},
		"looked at the link days before": {
			seat: seat.Seat{State: seat.Closed, LinkVersion: 1, OpenedAt: new(at(9, 59).Add(-48 * time.Hour))},
		},
		"nothing is known": {seat: seat.Seat{State: seat.Closed, LinkVersion: 1}},
		"the clock was set back while somebody waited": {
			seat: closed(at(9, 30)),
			want: Statement{Waited: []Period{period(at(9, 58), at(9, 58))}},
		},
	} {
		f := facts{starts: at(10, 0), ends: at(10, 40), seat: c.seat, talks: c.talks, window: seat.Window{Opens: at(9, 30)}}
		c.want.Issued, c.want.Starts, c.want.Ends = at(12, 0).Unix(), at(10, 0).Unix(), at(10, 40).Unix()
		if got := f.state(at(12, 0)); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, c.want)
		}
	}
}
