package worldtest

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptrace"
	"strings"
	"testing"

	"visavis/internal/db/dbtest"
)

// streamTime bounds each request. A stream may be open for all that a test does.
const streamTime = 2 * dbtest.Patience

// Browser has cookies of its own and comes from a network of its own.
type Browser struct {
	T       testing.TB
	URL     string
	Network string
	Host    string // that the requests are for; empty: that of the URL
	Client  *http.Client
	Header  http.Header // sent with every request
}

// Browser returns a fresh one.
func (n *Node) Browser() *Browser {
	n.T.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		n.T.Fatal(err)
	}
	return &Browser{
		T: n.T, URL: n.Server.URL, Network: "203.0.113.7", Header: http.Header{},
		Client: &http.Client{Transport: n.Server.Client().Transport, Jar: jar, Timeout: streamTime},
	}
}

// At is the same browser with its cookies at another process, as a balancer sends it there.
func (b *Browser) At(n *Node) *Browser {
	c := *b
	c.URL = n.Server.URL
	c.Client = &http.Client{Transport: n.Server.Client().Transport, Jar: b.Client.Jar, Timeout: streamTime}
	return &c
}

// Body is a JSON object.
type Body = map[string]any

// Answer is what came back; Code and Params are those of a problem.
type Answer struct {
	Status  int
	Header  http.Header
	Text    string
	Code    string
	Params  map[string]any
	Cookies []*http.Cookie
	problem bool
}

// Send sends a request.
func (b *Browser) Send(method, path string, body any) Answer {
	b.T.Helper()
	text := ""
	switch v := body.(type) {
	case nil:
	case string:
		text = v
	default:
		encoded, err := json.Marshal(v)
		if err != nil {
			b.T.Fatal(err)
		}
		text = string(encoded)
	}
	r, err := http.NewRequestWithContext(b.T.Context(), method, b.URL+path, strings.NewReader(text))
	if err != nil {
		b.T.Fatal(err)
	}
	if text != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Host = b.Host
	r.Header.Set("X-Forwarded-For", b.Network)
	maps.Copy(r.Header, b.Header)
	res, err := b.Client.Do(r)
	if err != nil {
		b.T.Error(err) // not Fatal: tests race browsers in goroutines
		return Answer{}
	}
	defer func() { _ = res.Body.Close() }()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		b.T.Error(err)
	}
	a := Answer{Status: res.StatusCode, Header: res.Header, Text: string(got), Cookies: res.Cookies()}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "application/problem+json") {
		var problem struct {
			Code   string
			Params map[string]any
		}
		_ = json.Unmarshal(got, &problem) // an empty code fails the test
		a.Code, a.Params, a.problem = problem.Code, problem.Params, true
	}
	return a
}

// Post sends JSON.
func (b *Browser) Post(path string, body any) Answer {
	b.T.Helper()
	return b.Send(http.MethodPost, path, body)
}

// Get asks.
func (b *Browser) Get(path string) Answer {
	b.T.Helper()
	return b.Send(http.MethodGet, path, nil)
}

// Expect fails unless the answer has the status and, for a problem, the code.
func (a Answer) Expect(t testing.TB, status int, code string) Answer {
	t.Helper()
	if a.Status != status || a.Code != code || a.problem != (status >= 400) {
		t.Fatalf("got %d %q, want %d %q: %s", a.Status, a.Code, status, code, a.Text)
	}
	return a
}

// OK fails unless the answer is 200 or 204.
func (a Answer) OK(t testing.TB) Answer {
	t.Helper()
	if a.Status != http.StatusOK && a.Status != http.StatusNoContent {
		t.Fatalf("got %d %s", a.Status, a.Text)
	}
	return a
}

// Into decodes the body.
func (a Answer) Into(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.Text), v); err != nil {
		t.Fatalf("%v: %s", err, a.Text)
	}
}

// SignIn returns a browser of somebody who is signed in.
func (n *Node) SignIn(who Account) *Browser {
	n.T.Helper()
	b := n.Browser()
	b.Post("/api/staff/session", Body{"agency": who.Slug, "email": who.Email, "password": Password}).OK(n.T)
	return b
}

// Stream is what one page is told.
type Stream struct {
	t    testing.TB
	text *bufio.Reader
	res  *http.Response
	end  context.CancelFunc
	ID   string // of the newest event that had one
}

// Listen opens an event stream; after is where it resumes, or empty.
func (b *Browser) Listen(path, after string) *Stream {
	b.T.Helper()
	ctx, cancel := context.WithTimeout(b.T.Context(), streamTime)
	b.T.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.URL+path, nil)
	if err != nil {
		b.T.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("X-Forwarded-For", b.Network)
	if after != "" {
		r.Header.Set("Last-Event-ID", after)
	}
	res, err := b.Client.Do(r) //nolint:bodyclose // Close does, and the end of the test
	if err != nil {
		b.T.Fatal(err)
	}
	s := &Stream{t: b.T, text: bufio.NewReader(res.Body), res: res, end: cancel}
	b.T.Cleanup(s.Close)
	if res.StatusCode != http.StatusOK {
		b.T.Fatalf("stream answered %d", res.StatusCode)
	}
	return s
}

// Close leaves.
func (s *Stream) Close() {
	s.end()
	_ = s.res.Body.Close()
}

// End is the name of the event that Next returns when there is none any more.
const End = "end"

// Next is the name and the data of the next event.
func (s *Stream) Next() (name, data string) {
	s.t.Helper()
	for {
		line, err := s.text.ReadString('\n')
		if err != nil {
			return End, err.Error()
		}
		switch field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": "); {
		case field == "id":
			s.ID = value
		case field == "event":
			name = value
		case field == "data":
			data = value
		case field == "" && name != "":
			return name, data
		}
	}
}

// Until skips to the event of a name and decodes its data.
func (s *Stream) Until(want string, into any) string {
	s.t.Helper()
	for {
		name, data := s.Next()
		if name == want {
			if into != nil {
				if err := json.Unmarshal([]byte(data), into); err != nil {
					s.t.Fatalf("%v: %s", err, data)
				}
			}
			return data
		}
		if name == End {
			s.t.Fatalf("ended before %s: %s", want, data)
		}
	}
}

// KeptOpen sends a request whose body does not come before meanwhile has happened: the server has let its sender in by
// then, and waits for the body.
func (b *Browser) KeptOpen(method, path, kind, body string, meanwhile func()) int {
	b.T.Helper()
	read, write := io.Pipe()
	waits := make(chan struct{})
	ctx := httptrace.WithClientTrace(b.T.Context(), &httptrace.ClientTrace{Got100Continue: func() { close(waits) }})
	r, err := http.NewRequestWithContext(ctx, method, b.URL+path, read)
	if err != nil {
		b.T.Fatal(err)
	}
	maps.Copy(r.Header, b.Header)
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Expect", "100-continue") // which the server answers when it begins to read
	answered := make(chan int, 1)
	go func() {
		a, err := b.Client.Do(r)
		if err != nil {
			b.T.Error(err)
			answered <- 0
			return
		}
		_ = a.Body.Close()
		answered <- a.StatusCode
	}()
	select {
	case <-waits:
	case status := <-answered:
		b.T.Fatalf("%s %s was answered without its body: %d", method, path, status)
	}
	meanwhile()
	if _, err := io.Copy(write, strings.NewReader(body)); err != nil {
		b.T.Error(err)
	}
	_ = write.Close()
	return <-answered
}
