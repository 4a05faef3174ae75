package edge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"time"
)

// sink is a connection that takes pieces of a stream.
type sink interface {
	// send writes within the deadline.
	send(text []byte) error
	// wait returns when there is something to do.
	wait() moment
	close()
}

// moment is why a stream stops waiting.
type moment int

const (
	left  moment = iota // the reader has, or must
	woken               // there may be something to send
	due                 // a sign of life is
)

// serve writes server-sent events. The first answer is read before the headers go
// out, so that a refusal can still be a proper problem.
func (s *stream) serve(w http.ResponseWriter, r *http.Request) error {
	first, err := s.next(r.Context())
	if err != nil {
		s.source.Close()
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // nginx passes it on at once
	h.Set("Cache-Control", "no-store, no-transform")
	begin, bye, err := s.begin(first)
	if err != nil {
		s.source.Close()
		return err
	}
	pack := func(to sink) sink { return to }
	if s.source.packer != nil && AcceptsGzip(r) {
		h.Set("Content-Encoding", "gzip")
		pack = func(to sink) sink { return &packed{sink: to, by: s.source.packer} }
	}
	if r.ProtoMajor == 1 {
		if conn, ok := takeOver(w, s.source); ok {
			// The handler returns and its memory goes; the stream lives on.
			if conn == nil {
				s.source.Close()
				return nil
			}
			go s.run(pack(conn), begin, bye)
			return nil
		}
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	s.run(pack(&flushed{w: w, control: http.NewResponseController(w), ctx: r.Context(), wake: s.source.Wake, over: s.source.over, beat: beat.C}), begin, bye)
	return nil
}

// begin is the hello, which tells the page that nothing on the way collects the
// answer, and the first events.
func (s *stream) begin(first []Event) ([]byte, bool, error) {
	text, err := appendEvent([]byte("retry: 1000\n"), Event{Name: "hello", Data: struct{}{}})
	if err != nil {
		return nil, false, err
	}
	events, bye, err := s.render(first)
	return append(text, events...), bye, err
}

// run sends until the reader leaves, the source says bye, or anything fails; the
// page then connects again and resumes.
func (s *stream) run(to sink, begin []byte, bye bool) {
	defer s.source.Close()
	defer to.close()
	defer s.barrier()
	if err := to.send(begin); err != nil || bye {
		return
	}
	for {
		switch to.wait() {
		case left:
			return
		case due:
			if to.send([]byte(": \n\n")) != nil {
				return
			}
		case woken:
			if !s.passAside(to) {
				return
			}
		}
	}
}

// passAside looks at the source on another goroutine: a database call needs a large stack, and the one that waits here
// for an hour would keep it.
func (s *stream) passAside(to sink) bool {
	done := make(chan bool, 1)
	go func() {
		goOn := false
		defer func() { done <- goOn }()
		defer s.barrier()
		goOn = s.pass(to)
	}()
	return <-done
}

// barrier ends only this stream when its source panics: nobody above a stream that
// was taken over from net/http would stop it from ending the process.
func (s *stream) barrier() {
	if v := recover(); v != nil && s.source.Log != nil {
		s.source.Log.Error("stream panicked", "stack", places(debug.Stack()))
	}
}

// pass sends what is new; false ends the stream.
func (s *stream) pass(to sink) bool {
	events, err := s.next(context.Background()) // bounded by readDeadline
	if err != nil {
		return false // whatever failed is told to the page when it connects again
	}
	if len(events) == 0 {
		return true
	}
	text, bye, err := s.render(events)
	return err == nil && to.send(text) == nil && !bye
}

// taken is a connection that was taken over from net/http. One goroutine both waits for its reader to leave and sends:
// a thousand waiting guests are a thousand stacks, and not two thousand.
type taken struct {
	conn net.Conn
	wake <-chan struct{}
	over <-chan struct{} // as in Source
	beat time.Time       // the next sign of life
	one  [1]byte
}

// takeOver hijacks an HTTP/1.1 connection and writes the response head itself.
func takeOver(w http.ResponseWriter, source Source) (sink, bool) {
	head := w.Header().Clone()
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, false
	}
	if buffered.Reader.Buffered() > 0 {
		_ = conn.Close() // pipelining after a stream: no browser does it
		return nil, true
	}
	t := &taken{conn: conn, wake: source.Wake, over: source.over, beat: time.Now().Add(heartbeat)}
	var text bytes.Buffer
	fmt.Fprintf(&text, "HTTP/1.1 200 OK\r\nDate: %s\r\nConnection: close\r\n", time.Now().UTC().Format(http.TimeFormat))
	head.Del("Connection")
	_ = head.Write(&text) // a Buffer does not fail
	text.WriteString("\r\n")
	if t.send(text.Bytes()) != nil {
		_ = conn.Close()
		return nil, true
	}
	source.OnWake(t.interrupt)
	return t, true
}

// interrupt ends a wait. It may come at any time, also when the connection is closed.
func (t *taken) interrupt() { _ = t.conn.SetReadDeadline(time.Unix(1, 0)) }

// wait reads until the reader has left: the browser closes, and read ends. The deadline is the next sign of life.
func (t *taken) wait() moment {
	for {
		if t.conn.SetReadDeadline(t.beat) != nil {
			return left
		}
		select { // after the deadline is set: who wakes from now on moves it into the past
		case <-t.over:
			return left
		default:
		}
		select {
		case <-t.wake:
			return woken
		default:
		}
		if _, err := t.conn.Read(t.one[:]); !errors.Is(err, os.ErrDeadlineExceeded) {
			return left
		}
		if now := time.Now(); !now.Before(t.beat) {
			t.beat = now.Add(heartbeat)
			return due
		}
	}
}

func (t *taken) send(text []byte) error {
	if err := t.conn.SetWriteDeadline(time.Now().Add(writeDeadline)); err != nil {
		return err
	}
	_, err := t.conn.Write(text)
	return err
}

func (t *taken) close() { _ = t.conn.Close() }

// flushed is a stream inside a handler (HTTP/2, and tests).
type flushed struct {
	w       io.Writer
	control *http.ResponseController
	ctx     context.Context //nolint:containedctx // the request's, to see the reader leave
	wake    <-chan struct{}
	over    <-chan struct{} // as in Source
	beat    <-chan time.Time
}

func (f *flushed) send(text []byte) error {
	if err := f.limit(time.Now().Add(writeDeadline)); err != nil {
		return err
	}
	if _, err := f.w.Write(text); err != nil {
		return err
	}
	if err := f.control.Flush(); err != nil {
		return err
	}
	return f.limit(time.Time{}) // over HTTP/2 a deadline that passes ends the stream, also while nothing is written
}

// limit is without effect where the server has no support for it; then its own limits hold.
func (f *flushed) limit(until time.Time) error {
	if err := f.control.SetWriteDeadline(until); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

func (f *flushed) wait() moment {
	select {
	case <-f.ctx.Done():
		return left
	case <-f.over:
		return left
	case <-f.wake:
		return woken
	case <-f.beat:
		return due
	}
}

func (f *flushed) close() {}
