package edge

import (
	"net/http"
	"slices"
	"sync"
)

// Streams bounds how many streams are open at a time for a key (a seat, a session), and for each owner within it (a
// browser). A new one always gets in: of too many of an owner that one's oldest ends, of too many of the key the oldest
// of the owner who has most. Its page may connect again, as after any break. So nobody keeps another out who may open
// streams for the same key.
type Streams struct {
	most, perOwner int
	packer         compressors

	mu   sync.Mutex
	open map[string][]*ending // by key, the oldest first
}

// ending is how an open stream is told to end.
type ending struct {
	owner     string
	over      chan struct{}
	interrupt func() // wakes the stream out of its wait; nil as long as it needs none
}

// NewStreams allows so many streams for a key, and for an owner within it.
func NewStreams(most, perOwner int) *Streams {
	return &Streams{most: most, perOwner: perOwner, open: map[string][]*ending{}}
}

// Enter counts the stream that a source is for until its Close, and ends another where there are too many.
func (s *Streams) Enter(key, owner string, source Source) Source {
	e := &ending{owner: owner, over: make(chan struct{})}
	onWake, closeSource := source.OnWake, source.Close
	source.over, source.packer = e.over, &s.packer
	source.OnWake = func(interrupt func()) {
		s.mu.Lock()
		e.interrupt = interrupt
		s.mu.Unlock()
		onWake(interrupt)
		select {
		case <-e.over: // meanwhile
			interrupt()
		default:
		}
	}
	source.Close = func() {
		s.leave(key, e)
		closeSource()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if victim := s.surplus(key, owner); victim != nil {
		close(victim.over)
		if victim.interrupt != nil {
			victim.interrupt()
		}
		s.drop(key, victim)
	}
	s.open[key] = append(s.open[key], e)
	return source
}

// surplus is who gives way to one more of an owner; nil while there is room. The caller holds mu.
func (s *Streams) surplus(key, owner string) *ending {
	open, count := s.open[key], map[string]int{owner: 1}
	for _, e := range open {
		count[e.owner]++
	}
	from := owner
	if count[owner] <= s.perOwner {
		if len(open) < s.most {
			return nil
		}
		for _, e := range open {
			if count[e.owner] > count[from] {
				from = e.owner
			}
		}
	}
	if i := slices.IndexFunc(open, func(e *ending) bool { return e.owner == from }); i >= 0 {
		return open[i]
	}
	return open[0] // each owner has one, and the new one none yet
}

func (s *Streams) leave(key string, e *ending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(key, e)
}

func (s *Streams) drop(key string, e *ending) {
	left := slices.DeleteFunc(s.open[key], func(known *ending) bool { return known == e })
	if len(left) == 0 {
		delete(s.open, key)
		return
	}
	s.open[key] = left
}

// errGaveWay ends a long poll; the page asks again.
func errGaveWay() error { return NewProblem(http.StatusServiceUnavailable, "unavailable") }
