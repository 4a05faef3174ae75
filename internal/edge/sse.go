package edge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/debug"
	"time"
)

// sink is a connection that takes pieces of a stream.
type sink interface {
	// send writes within the deadline.
	send(text []byte) error
	// gone is closed when the reader has left.
	gone() <-chan struct{}
	close()
}

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
	if r.ProtoMajor == 1 {
		if conn, ok := takeOver(w); ok {
			// The handler returns and its memory goes; the stream lives on.
			if conn == nil {
				s.source.Close()
				return nil
			}
			go s.run(conn, begin, bye)
			return nil
		}
	}
	s.run(&flushed{w: w, control: http.NewResponseController(w), ctx: r.Context()}, begin, bye)
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
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		select {
		case <-to.gone():
			return
		case <-beat.C:
			if to.send([]byte(": \n\n")) != nil {
				return
			}
		case <-s.source.Wake:
			if !s.pass(to) {
				return
			}
		}
	}
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

// taken is a connection that was taken over from net/http.
type taken struct {
	conn net.Conn
	left chan struct{}
}

// takeOver hijacks an HTTP/1.1 connection and writes the response head itself.
func takeOver(w http.ResponseWriter) (sink, bool) {
	head := w.Header().Clone()
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, false
	}
	if buffered.Reader.Buffered() > 0 {
		_ = conn.Close() // pipelining after a stream: no browser does it
		return nil, true
	}
	t := &taken{conn: conn, left: make(chan struct{})}
	var text bytes.Buffer
	fmt.Fprintf(&text, "HTTP/1.1 200 OK\r\nDate: %s\r\nConnection: close\r\n", time.Now().UTC().Format(http.TimeFormat))
	head.Del("Connection")
	_ = head.Write(&text) // a Buffer does not fail
	text.WriteString("\r\n")
	_ = conn.SetReadDeadline(time.Time{})
	if t.send(text.Bytes()) != nil {
		_ = conn.Close()
		return nil, true
	}
	go t.watch()
	return t, true
}

// watch notices that the reader has left: the browser closes, and read ends.
func (t *taken) watch() {
	var one [1]byte
	_, _ = t.conn.Read(one[:])
	close(t.left)
}

func (t *taken) send(text []byte) error {
	if err := t.conn.SetWriteDeadline(time.Now().Add(writeDeadline)); err != nil {
		return err
	}
	_, err := t.conn.Write(text)
	return err
}

func (t *taken) gone() <-chan struct{} { return t.left }
func (t *taken) close()                { _ = t.conn.Close() }

// flushed is a stream inside a handler (HTTP/2, and tests).
type flushed struct {
	w       io.Writer
	control *http.ResponseController
	ctx     context.Context //nolint:containedctx // the request's, to see the reader leave
}

func (f *flushed) send(text []byte) error {
	// Without support the server's own limits hold.
	if err := f.control.SetWriteDeadline(time.Now().Add(writeDeadline)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := f.w.Write(text); err != nil {
		return err
	}
	return f.control.Flush()
}

func (f *flushed) gone() <-chan struct{} { return f.ctx.Done() }
func (f *flushed) close()                {}
