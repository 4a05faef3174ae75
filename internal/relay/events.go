package relay

import (
	"context"
	"slices"
	"sync"

	"visavis/internal/relay/control"
)

const eventQueue = 256

// events hands each event to every reader. A reader that is too slow misses some; nobody waits for it.
type events struct {
	mu      sync.Mutex
	readers []chan control.Event
	missed  uint64
}

func (e *events) tell(event control.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, reader := range e.readers {
		select {
		case reader <- event:
		default:
			e.missed++
		}
	}
}

func (e *events) read(ctx context.Context) <-chan control.Event {
	reader := make(chan control.Event, eventQueue)
	e.mu.Lock()
	e.readers = append(e.readers, reader)
	e.mu.Unlock()
	context.AfterFunc(ctx, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.readers = slices.DeleteFunc(e.readers, func(known chan control.Event) bool { return known == reader })
		close(reader)
	})
	return reader
}

func (e *events) missedSoFar() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.missed
}
