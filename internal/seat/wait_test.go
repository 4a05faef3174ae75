package seat

import (
	"testing"
	"time"

	"visavis/internal/db"
)

// The page never says less than true: neither by what is said, nor as time passes.
func TestAWaitIsAtLeastWhatTheTalkThoseAheadAndTheLatenessTake(t *testing.T) {
	at := func(hour, minute int) time.Time { return time.Date(2026, time.March, 2, hour, minute, 0, 0, time.UTC) }
	to := func(t time.Time) *time.Time { return &t }
	half := func(hour, minute int) span { return span{at(hour, minute), at(hour, minute).Add(30 * time.Minute)} }
	for name, c := range map[string]struct {
		queue
		now          time.Time
		from, to     int
		until, after time.Time // zero: none
		unknown      bool
	}{
		"before the time":                         {queue: queue{starts: at(10, 0)}, now: at(9, 48), from: 10, to: 20, until: at(10, 0)},
		"after it, and nobody is in the way":      {queue: queue{starts: at(10, 0)}, now: at(10, 3), until: at(10, 0)},
		"ten minutes late":                        {queue: queue{starts: at(10, 0), late: 10 * time.Minute}, now: at(10, 3), from: 5, to: 15, until: at(10, 10)},
		"late, and that time is over":             {queue: queue{starts: at(10, 0), late: 10 * time.Minute}, now: at(10, 11), until: at(10, 10)},
		"a talk that ends in time":                {queue: queue{starts: at(10, 30), busy: to(at(10, 20))}, now: at(10, 15), from: 15, to: 25, until: at(10, 30), after: at(10, 30)},
		"a talk beyond the time":                  {queue: queue{starts: at(10, 0), busy: to(at(10, 20))}, now: at(10, 5), from: 15, to: 25, until: at(10, 20), after: at(10, 20)},
		"a talk that should be over":              {queue: queue{starts: at(10, 0), busy: to(at(10, 0))}, now: at(10, 5), unknown: true},
		"a talk that should be over, later":       {queue: queue{starts: at(10, 30), busy: to(at(10, 0))}, now: at(10, 5), from: 25, to: 35, until: at(10, 30), after: at(10, 30)},
		"it should be over, and somebody is next": {queue: queue{starts: at(10, 30), busy: to(at(10, 0)), ahead: []span{half(10, 0)}}, now: at(10, 10), from: 30, to: 40, until: at(10, 40), after: at(10, 10)},
		"somebody waits before, nobody talks":     {queue: queue{starts: at(10, 30), ahead: []span{half(10, 0)}}, now: at(10, 20), from: 30, to: 40, until: at(10, 50), after: at(10, 20)},
		"two before, with room between":           {queue: queue{starts: at(11, 30), ahead: []span{half(10, 0), half(11, 0)}}, now: at(10, 20), from: 70, to: 80, until: at(11, 30), after: at(10, 30)},
		"late with somebody before":               {queue: queue{starts: at(10, 30), late: 20 * time.Minute, ahead: []span{half(10, 0)}}, now: at(10, 0), from: 50, to: 60, until: at(10, 50), after: at(10, 20)},
		"a talk of half an hour was interrupted":  {queue: queue{starts: at(10, 0), first: 30 * time.Minute}, now: at(10, 5), from: 30, to: 40, until: at(10, 35), after: at(10, 5)},
		"one was, and somebody waits before":      {queue: queue{starts: at(10, 30), first: 30 * time.Minute, ahead: []span{half(10, 0)}}, now: at(10, 20), from: 60, to: 70, until: at(11, 20), after: at(10, 20)},
		"one was, and a colleague talks":          {queue: queue{starts: at(10, 0), first: 30 * time.Minute, busy: to(at(10, 20))}, now: at(10, 5), from: 45, to: 55, until: at(10, 50), after: at(10, 20)},
	} {
		w := c.wait(c.now)
		if (w == nil) != c.unknown {
			t.Errorf("%s: %+v", name, w)
			continue
		}
		if w == nil {
			continue
		}
		if w.From != c.from || w.To != c.to || w.Until != db.Ms(c.until) || (w.After == nil) != c.after.IsZero() || w.After != nil && *w.After != db.Ms(c.after) {
			t.Errorf("%s: %d to %d, until %s, after %v", name, w.From, w.To, db.Time(w.Until), w.After)
		}
	}
}
