package control

import (
	"context"
	"slices"
	"sync"
)

const eventQueue = 256

// Audience hands each event to every reader. A reader that is too slow misses some; nobody waits for it. The zero
// Audience is ready.
type Audience struct {
	mu      sync.Mutex
	readers []chan Event
	missed  uint64
}

// Tell tells everybody who reads at this moment.
func (a *Audience) Tell(event Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, reader := range a.readers {
		select {
		case reader <- event:
		default:
			a.missed++
		}
	}
}

// Read returns what is told from now on. The channel is closed when ctx ends.
func (a *Audience) Read(ctx context.Context) <-chan Event {
	reader := make(chan Event, eventQueue)
	a.mu.Lock()
	a.readers = append(a.readers, reader)
	a.mu.Unlock()
	context.AfterFunc(ctx, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.readers = slices.DeleteFunc(a.readers, func(known chan Event) bool { return known == reader })
		close(reader)
	})
	return reader
}

// Missed counts the events that slow readers did not get.
func (a *Audience) Missed() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.missed
}
