package edge_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"visavis/internal/edge"
)

// watchedConn remembers which read deadline is on it.
type watchedConn struct {
	net.Conn
	until *atomic.Value
}

func (c watchedConn) SetReadDeadline(t time.Time) error {
	c.until.Store(t)
	return c.Conn.SetReadDeadline(t)
}

type watchedListener struct {
	net.Listener
	until *atomic.Value // of the newest connection
}

func (l watchedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return watchedConn{conn, l.until}, err
}

const shortBodyTime = 100 * time.Millisecond

// patient opens a connection to a server whose handler takes longer than a body may. It answers with the read deadline
// that was on the connection meanwhile.
func patient(t *testing.T) net.Conn {
	t.Helper()
	edge.UseProblems()
	log, mux, until := slog.New(slog.DiscardHandler), edge.NewMux(), &atomic.Value{}
	api := edge.NewAPI(mux, edge.APIOptions{Title: "test", Version: "1", Log: log})
	type mayBeEmpty struct {
		Body *struct{ Name string }
	}
	edge.Handle(api, edge.Operation{ID: "wait", Route: "POST /wait"}, func(ctx context.Context, _ *mayBeEmpty) (*echoOutput, error) {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(2 * shortBodyTime):
		}
		out := &echoOutput{}
		if at, _ := until.Load().(time.Time); !at.IsZero() {
			out.Body.Name = at.String()
		}
		return out, nil
	})
	s := httptest.NewUnstartedServer(edge.Secure(mux, edge.SecureOptions{Log: log, BodyTime: shortBodyTime}))
	s.Listener = watchedListener{s.Listener, until}
	s.Start()
	t.Cleanup(s.Close)
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}

const postWait = "POST /wait HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"

func send(t *testing.T, conn net.Conn, request string) answer {
	t.Helper()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(body)}
}

// A read deadline that passes while a handler works would cancel it, and each later request on the connection, which
// a reverse proxy shares among all people.
func TestAHandlerMayTakeLongerThanABodyAndTheConnectionStaysGood(t *testing.T) {
	for name, request := range map[string]string{
		"none":    postWait + "Content-Length: 0\r\n\r\n",
		"length":  postWait + "Content-Length: 12\r\n\r\n" + `{"Name":"a"}`,
		"chunked": postWait + "Transfer-Encoding: chunked\r\n\r\nc\r\n" + `{"Name":"a"}` + "\r\n0\r\n\r\n",
	} {
		conn := patient(t)
		for try := range 2 {
			if got := send(t, conn, request); got.status != http.StatusOK || got.body != `{"Name":""}`+"\n" {
				t.Errorf("body %s, request %d: %d %s", name, try+1, got.status, got.body)
			}
		}
	}
}

func TestABodyMayTakeItsTimeAndNoLonger(t *testing.T) {
	conn, begun := patient(t), time.Now()
	got := send(t, conn, postWait+"Content-Length: 12\r\n\r\n{")
	// Without a bound there is no answer at all; with the one that holds where none is named, it would come after 30 s.
	if took := time.Since(begun); got.status != http.StatusRequestTimeout || took < shortBodyTime || took > 25*time.Second {
		t.Errorf("after %s: %d %s", took, got.status, got.body)
	}
}

// What is left of a body that came too late, or is too large, is never the next request.
func TestTheRestOfABodyIsNoRequest(t *testing.T) {
	next := postWait + "Content-Length: 0\r\n\r\n"
	for want, body := range map[int]string{
		http.StatusRequestTimeout:        postWait + "Content-Length: 1000\r\n\r\n{",
		http.StatusRequestEntityTooLarge: postWait + "Content-Length: 900000\r\n\r\n" + strings.Repeat("x", edge.MaxBody),
	} {
		conn := patient(t)
		if got := send(t, conn, body); got.status != want {
			t.Fatal(got.status, got.body)
		}
		_, _ = io.WriteString(conn, next) // it may be closed already
		rest, err := io.ReadAll(conn)
		if len(rest) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("after %d: %q %v", want, rest, err)
		}
	}
}
