package edge

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// Event is one message of a stream. Cursor is where a reader resumes after it;
// several events of one change share it, and only the last carries it.
type Event struct {
	Cursor string
	Name   string
	Data   any
}

// Source is what a stream shows. The page is a picture of it: a snapshot, then changes.
type Source struct {
	// Snapshot returns everything and the cursor to go on from.
	Snapshot func(ctx context.Context) (cursor string, events []Event, err error)
	// Changes returns what came after a cursor and the cursor behind it;
	// complete is false after a gap, then a snapshot follows.
	Changes func(ctx context.Context, after string) (cursor string, events []Event, complete bool, err error)
	// Wake says "look again". It must have been subscribed before the stream begins.
	Wake <-chan struct{}
	// OnWake has a function called after each wake-up, so that a stream can wait for its reader and be interrupted.
	OnWake func(func())
	// Close is called once when the stream has ended, however it ended.
	Close func()
	// Log is told of a panic; nil: nobody is.
	Log *slog.Logger

	over   <-chan struct{} // closed when the stream must give way (Streams); nil: never
	packer *compressors    // nil: it goes out as it is
}

// EventBye ends a stream for good: the page does not connect again.
const EventBye = "bye"

const (
	heartbeat     = 15 * time.Second
	writeDeadline = 10 * time.Second
	pollWait      = 25 * time.Second
	readDeadline  = 10 * time.Second // of the database, for one round of changes
	maxCursor     = 2048
)

// Stream serves a source: server-sent events, or one long poll where the page asks
// for JSON. On HTTP/1.1 it takes the connection over, so that a waiting guest costs
// neither net/http's buffers nor its goroutine's stack.
func Stream(w http.ResponseWriter, r *http.Request, source Source) error {
	after := r.Header.Get("Last-Event-ID")
	if after == "" {
		after = r.URL.Query().Get("after")
	}
	if len(after) > maxCursor {
		source.Close()
		return NewProblem(http.StatusBadRequest, "request.invalid")
	}
	s := &stream{source: source, cursor: after}
	if strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
		return s.serve(w, r)
	}
	defer source.Close()
	return s.poll(w, r)
}

type stream struct {
	source Source
	cursor string
}

// next returns what the reader has not seen, at first or after a gap a snapshot.
func (s *stream) next(ctx context.Context) ([]Event, error) {
	ctx, cancel := context.WithTimeout(ctx, readDeadline)
	defer cancel()
	if s.cursor != "" {
		cursor, events, complete, err := s.source.Changes(ctx, s.cursor)
		if err != nil {
			return nil, err
		}
		if complete {
			s.cursor = cursor
			return events, nil
		}
	}
	cursor, events, err := s.source.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	s.cursor = cursor
	return events, nil
}

type polledEvent struct {
	Name string `json:"name"`
	Data any    `json:"data"`
}

func (s *stream) poll(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), pollWait)
	defer cancel()
	events, err := s.next(r.Context())
	for err == nil && len(events) == 0 {
		select {
		case <-ctx.Done():
			return answerPoll(w, s.cursor, nil)
		case <-s.source.over:
			return errGaveWay()
		case <-s.source.Wake:
			events, err = s.next(r.Context())
		}
	}
	if err != nil {
		return err
	}
	return answerPoll(w, s.cursor, events)
}

func answerPoll(w http.ResponseWriter, cursor string, events []Event) error {
	out := struct {
		Events []polledEvent `json:"events"`
		Head   string        `json:"head"`
	}{Events: []polledEvent{}, Head: cursor}
	for _, e := range events {
		out.Events = append(out.Events, polledEvent{e.Name, e.Data})
	}
	text, err := json.Marshal(out)
	if err != nil {
		return fmt.Errorf("answer long poll: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(text, '\n')) // the client may have gone; there is nobody else to tell
	return nil
}

// appendEvent writes one event as text/event-stream (WHATWG HTML §9.2).
// json.Marshal leaves no line break in the data.
func appendEvent(out []byte, e Event) ([]byte, error) {
	data, err := json.Marshal(e.Data)
	if err != nil {
		return nil, err
	}
	if e.Cursor != "" {
		out = append(append(append(out, "id: "...), e.Cursor...), '\n')
	}
	out = append(append(append(out, "event: "...), e.Name...), '\n')
	return append(append(append(out, "data: "...), data...), "\n\n"...), nil
}

// render writes events; the last one carries the cursor. bye tells that the
// stream ends with them.
func (s *stream) render(events []Event) (text []byte, bye bool, err error) {
	for i, e := range events {
		if i == len(events)-1 {
			e.Cursor = s.cursor
		}
		if text, err = appendEvent(text, e); err != nil {
			return nil, false, err
		}
		if e.Name == EventBye {
			return text, true, nil
		}
	}
	return text, false, nil
}
