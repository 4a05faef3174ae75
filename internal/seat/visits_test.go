package seat_test

import (
	"testing"
	"time"

	"visavis/internal/seat"
)

// Whoever gives a wait up keeps that they were there; for how long is what a receipt says.
func TestLeavingForgetsTheArrivalAndNotThatSomebodyWasThere(t *testing.T) {
	for name, c := range map[string]struct {
		seat    seat.Seat
		command seat.Command
		want    int
	}{
		"left the waiting room":     {in(seat.Waiting), seat.Leave{Who: phone}, 1},
		"left the talk":             {in(seat.Talking), seat.Leave{Who: phone}, 1},
		"took the agreement back":   {agreed(in(seat.Waiting)), seat.Revoke{Who: phone}, 1},
		"moved while waiting":       {in(seat.Waiting), seat.Move{}, 1},
		"moved before":              {in(seat.Expected), seat.Move{}, 0},
		"left twice":                {in(seat.Expected), seat.Leave{Who: phone}, 0},
		"closed, and so still here": {in(seat.Waiting), seat.End{Reason: "held"}, 0},
	} {
		s := run(t, c.seat, c.command)
		list := s.Visits.List()
		if len(list) != c.want {
			t.Errorf("%s: %v", name, list)
			continue
		}
		if c.want == 1 && (!list[0].From.Equal(*c.seat.ArrivedAt) || !list[0].Until.Equal(at(10, 5))) {
			t.Errorf("%s: %v", name, list)
		}
	}
}

func agreed(s seat.Seat) seat.Seat {
	s.Agreed = "1"
	return s
}

// Nobody writes without end, and nobody loses their long wait by many short ones.
func TestOfManyVisitsTheLongestAreKept(t *testing.T) {
	var v seat.Visits
	v = v.With(seat.Span{From: at(8, 0), Until: at(9, 0)})
	for i := range 100 {
		from := at(9, 0).Add(time.Duration(i) * time.Minute)
		v = v.With(seat.Span{From: from, Until: from.Add(time.Duration(i) * time.Second)})
	}
	list := v.List()
	if len(list) != 20 || !list[0].From.Equal(at(8, 0)) || !list[0].Until.Equal(at(9, 0)) {
		t.Fatal(len(list), list[0])
	}
	for i := 1; i < len(list); i++ {
		if list[i].From.Before(list[i-1].From) {
			t.Error("not in their order")
		}
	}
}
