package edge

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// limited notes the deadline that holds.
type limited struct {
	*httptest.ResponseRecorder
	until   time.Time
	written time.Time // what held while something was written
}

func (l *limited) SetWriteDeadline(until time.Time) error {
	l.until = until
	return nil
}

func (l *limited) Write(text []byte) (int, error) {
	l.written = l.until
	return l.ResponseRecorder.Write(text)
}

func TestAStreamInsideAHandlerHasADeadlineOnlyWhileItWrites(t *testing.T) {
	w := &limited{ResponseRecorder: httptest.NewRecorder()}
	f := &flushed{w: w, control: http.NewResponseController(w), ctx: t.Context()}
	if err := f.send([]byte("event: hello\n\n")); err != nil {
		t.Fatal(err)
	}
	if w.written.IsZero() || w.Body.Len() == 0 || !w.Flushed {
		t.Errorf("written with the deadline %s: %q", w.written, w.Body)
	}
	if !w.until.IsZero() {
		t.Error("the deadline is left to pass: HTTP/2 would end the stream with it")
	}
}
