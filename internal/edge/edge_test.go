package edge_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"visavis/internal/edge"
)

type echoInput struct {
	Body struct {
		Name string `json:"name" maxLength:"5"`
	}
}

type echoOutput struct{ Body struct{ Name string } }

// server is a small API behind Secure, and what it logs.
func server(t *testing.T) (*httptest.Server, *bytes.Buffer) {
	t.Helper()
	edge.UseProblems()
	log := &bytes.Buffer{}
	logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	mux := edge.NewMux()
	api := edge.NewAPI(mux, edge.APIOptions{Title: "test", Version: "1", Log: logger})
	edge.Handle(api, edge.Operation{ID: "echo", Route: "POST /echo/{id}", Tag: "test"},
		func(_ context.Context, in *echoInput) (*echoOutput, error) {
			switch in.Body.Name {
			case "boom":
				return nil, errors.New("disk on fire")
			case "no":
				return nil, edge.NewProblem(http.StatusConflict, "seat.admitted", "by", "Frau Sommer")
			case "panic":
				panic("KANARIE")
			}
			return &echoOutput{Body: struct{ Name string }{in.Body.Name}}, nil
		})
	s := httptest.NewServer(edge.Secure(mux, edge.SecureOptions{Log: logger, HTTPS: true}))
	t.Cleanup(s.Close)
	return s, log
}

type answer struct {
	status int
	header http.Header
	body   string
}

func post(t *testing.T, s *httptest.Server, body string, headers ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/echo/KANARIE-path", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(text)}
}

func code(t *testing.T, a answer) string {
	t.Helper()
	var p struct{ Code string }
	if err := json.Unmarshal([]byte(a.body), &p); err != nil || a.header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("no problem+json: %s %q", a.header.Get("Content-Type"), a.body)
	}
	return p.Code
}

func TestBadRequestsGetAProblemThatEchoesNothing(t *testing.T) {
	s, _ := server(t)
	for _, c := range []struct {
		name, body, want string
		status           int
		headers          []string
	}{
		{"unknown field", `{"name":"a","KANARIE":1}`, "request.invalid", 400, nil},
		{"too long", `{"name":"KANARIE"}`, "request.invalid", 400, nil},
		{"no JSON", `KANARIE`, "request.invalid", 400, nil},
		{"trailing data", `{"name":"a"} KANARIE`, "request.invalid", 400, nil},
		{"a second value", `{"name":"a"}{"name":"b"}`, "request.invalid", 400, nil},
		{"a name twice", `{"name":"a","name":"b"}`, "request.invalid", 400, nil},
		{"a name twice, otherwise spelt", `{"name":"a","n\u0061me":"b"}`, "request.invalid", 400, nil},
		{"a name in capitals", `{"NAME":"a"}`, "request.invalid", 400, nil},
		{"a name twice, once in capitals", `{"name":"a","Name":"b"}`, "request.invalid", 400, nil},
		{"nothing", ``, "request.invalid", 400, nil},
		{"null", `null`, "request.invalid", 400, nil},
		{"an array", `[{"name":"a"}]`, "request.invalid", 400, nil},
		{"no UTF-8", "{\"name\":\"\xff\"}", "request.invalid", 400, nil},
		{"deeply nested", `{"name":` + strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + `}`, "request.invalid", 400, nil},
		{"another kind of JSON", `{"name":"a"}`, "request.content_type", 415, []string{"Content-Type", "application/problem+json"}},
		{"another charset", `{"name":"a"}`, "request.content_type", 415, []string{"Content-Type", "application/json; charset=utf-16"}},
		{"as a form could be sent", `{"name":"a"}`, "request.content_type", 415, []string{"Content-Type", "text/plain"}},
		{"no content type", `{"name":"a"}`, "request.content_type", 415, []string{"Content-Type", ""}},
		{"a short word of the library", `{"name":"a"}`, "request.content_type", 415, []string{"Content-Type", "json"}},
		{"compressed", `{"name":"a"}`, "request.content_type", 415, []string{"Content-Encoding", "gzip"}},
		{"wrong content type", `name=KANARIE`, "request.content_type", 415, []string{"Content-Type", "application/x-www-form-urlencoded"}},
		{"oversize", `{"name":"` + strings.Repeat("KANARIE", 50_000) + `"}`, "request.too_large", 413, nil},
		{"conflict", `{"name":"no"}`, "seat.admitted", 409, nil},
		{"internal", `{"name":"boom"}`, "internal", 500, nil},
		{"panic", `{"name":"panic"}`, "internal", 500, nil},
	} {
		a := post(t, s, c.body, c.headers...)
		if a.status != c.status || code(t, a) != c.want || strings.Contains(a.body, "KANARIE") {
			t.Errorf("%s: %d %s", c.name, a.status, a.body)
		}
	}
}

func TestJSONIsTakenAsPagesSendIt(t *testing.T) {
	s, _ := server(t)
	for _, kind := range []string{"application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8"} {
		if a := post(t, s, ` {"name" : "\u00e4\n"} `, "Content-Type", kind); a.status != http.StatusOK {
			t.Errorf("%s: %d %s", kind, a.status, a.body)
		}
	}
}

// LOG-01: neither body, path nor the value of a panic is logged; the cause of an
// internal error is, once.
func TestLOG01TheLogHoldsRoutesNotContents(t *testing.T) {
	s, log := server(t)
	for _, name := range []string{"KANAR", "panic", "boom", "no"} {
		post(t, s, `{"name":"`+name+`"}`, "Cookie", "__Host-guest=KANARIE", "Referer", s.URL+"/KANARIE")
	}
	if strings.Contains(log.String(), "KANA") || !strings.Contains(log.String(), "POST /echo/{id}") {
		t.Error(log)
	}
	if strings.Count(log.String(), "disk on fire") != 1 {
		t.Error("the internal error is not logged exactly once")
	}
}

// WEB-02, WEB-03: every answer, errors included, carries the headers.
func TestWEB02WEB03HeadersOnEveryAnswer(t *testing.T) {
	s, _ := server(t)
	for _, a := range []answer{post(t, s, `{"name":"ok"}`), post(t, s, `{`), post(t, s, `{"name":"panic"}`), post(t, s, `{}`, "Sec-Fetch-Site", "cross-site")} {
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Cross-Origin-Resource-Policy": "same-origin",
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
			"Strict-Transport-Security": "max-age=31536000",
		} {
			if !strings.Contains(a.header.Get(name), want) {
				t.Errorf("%d: %s = %q", a.status, name, a.header.Get(name))
			}
		}
		if strings.Contains(a.header.Get("Content-Security-Policy"), "unsafe") {
			t.Error("unsafe policy")
		}
	}
}

// WEB-02: whatever is a page gets the whole policy, however it is written; a stricter one of its own stays.
func TestWEB02EveryPageHasThePolicyOfPages(t *testing.T) {
	page := func(policy string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			if policy != "" {
				w.Header().Set("Content-Security-Policy", policy)
			}
			_, _ = io.WriteString(w, "<p>Guten Tag</p>")
		})
	}
	for own, want := range map[string]string{"": edge.ContentSecurityPolicy, "default-src 'none'; sandbox": "default-src 'none'; sandbox"} {
		w := httptest.NewRecorder()
		edge.Secure(page(own), edge.SecureOptions{Log: slog.New(slog.DiscardHandler)}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		h := w.Header()
		if h.Get("Content-Security-Policy") != want || h.Get("Cross-Origin-Opener-Policy") != "same-origin" || !strings.Contains(h.Get("Permissions-Policy"), "camera=(self)") {
			t.Error(h)
		}
	}
}

// WEB-06
func TestWEB06AForeignPageCannotPost(t *testing.T) {
	s, _ := server(t)
	for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"}} {
		if a := post(t, s, `{"name":"ok"}`, headers...); a.status != http.StatusForbidden || code(t, a) != "request.foreign_origin" {
			t.Error(headers, a.status)
		}
	}
	if a := post(t, s, `{"name":"ok"}`, "Sec-Fetch-Site", "same-origin"); a.status != http.StatusOK {
		t.Error("our own page is refused")
	}
}

// WEB-05
func TestWEB05CookiesAreBoundToThisOrigin(t *testing.T) {
	w := httptest.NewRecorder()
	http.SetCookie(w, edge.HostCookie("guest", "value", http.SameSiteLaxMode))
	set := w.Header().Get("Set-Cookie")
	for _, part := range []string{"__Host-guest=value", "Path=/", "HttpOnly", "Secure", "SameSite=Lax"} {
		if !strings.Contains(set, part) {
			t.Error(set)
		}
	}
	if strings.Contains(set, "Domain") || strings.Contains(set, "Max-Age") || strings.Contains(set, "Expires") {
		t.Error("no domain, and gone with the browser:", set)
	}
}

// WEB-07: forwarded headers count only from trusted proxies.
func TestWEB07ForwardedAddressesCountOnlyFromTrustedProxies(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for _, c := range []struct{ remote, forwarded, want string }{
		{"203.0.113.77:1", "", "203.0.113.0/24"},
		{"203.0.113.77:1", "198.51.100.1", "203.0.113.0/24"},
		{"10.0.0.1:1", "198.51.100.1", "198.51.100.0/24"},
		{"10.0.0.1:1", "1.2.3.4, 198.51.100.1, 10.9.9.9", "198.51.100.0/24"},
		{"10.0.0.1:1", "rubbish", "10.0.0.0/24"},
		{"10.0.0.1:1", "198.51.100.1:1234", "198.51.100.0/24"},
		{"10.0.0.1:1", "198.51.100.1:1234, 10.9.9.9:80", "198.51.100.0/24"},
		{"10.0.0.1:1", "[2001:db8:1:2::77]:443", "2001:db8:1::/48"},
		{"10.0.0.1:1", "[2001:db8:1:2::77]", "2001:db8:1::/48"},
		{"10.0.0.1:1", "2001:db8:1:2::77", "2001:db8:1::/48"},
		{"10.0.0.1:1", "[::ffff:198.51.100.1]:9", "198.51.100.0/24"},
		{"10.0.0.1:1", "198.51.100.1:", "198.51.100.0/24"},
		{"10.0.0.1:1", "[", "10.0.0.0/24"},
		{"10.0.0.1:1", "198.51.100.1:1:2", "10.0.0.0/24"},
		{"203.0.113.77:1", "198.51.100.1:1234", "203.0.113.0/24"},
		{"[2001:db8:1:2::77]:1", "", "2001:db8:1::/48"},
		{"[::ffff:203.0.113.77]:1", "", "203.0.113.0/24"},
		{"rubbish", "", "unknown"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.RemoteAddr = c.remote
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := edge.ClientPrefix(r, trusted); got != c.want {
			t.Errorf("%v: %s", c, got)
		}
	}
}

func TestALimiterForgetsTheOldestKeyAndCountsEachAlone(t *testing.T) {
	l := edge.NewLimiter(time.Hour, 2, 2)
	first, second, third := l.Allow("a"), l.Allow("a"), l.Allow("a")
	if !first || !second || third || !l.Exhausted("a") || l.Exhausted("b") {
		t.Error("two at once, then none; others are untouched")
	}
	l.Allow("b")
	l.Allow("c") // pushes out a, the one unused for longest
	if !l.Allow("a") {
		t.Error("more keys are kept than allowed")
	}
}

func TestAskingALimiterForKeysThatItDoesNotKnowPushesNobodyOut(t *testing.T) {
	l := edge.NewLimiter(time.Hour, 1, 2)
	l.Allow("a")
	for i := range 10 {
		if l.Exhausted(strconv.Itoa(i)) {
			t.Error("a key that was never used has none left")
		}
	}
	if l.Allow("a") {
		t.Error("the bucket was pushed out by questions")
	}
}

func TestAssetsComeInTheBestFormThatTheBrowserReads(t *testing.T) {
	files := fstest.MapFS{"assets/a.js": {Data: []byte("plain")}, "assets/a.js.br": {Data: []byte("brotli")}, "assets/a.js.gz": {Data: []byte("gzip")}, "secret": {Data: []byte("x")}}
	h := edge.Assets(files, "assets")
	for accept, want := range map[string]string{"gzip, deflate, br": "brotli", "gzip": "gzip", "br;q=0, gzip;q=0.5": "gzip", "": "plain", "identity": "plain"} {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/assets/a.js", nil)
		r.Header.Set("Accept-Encoding", accept)
		h.ServeHTTP(w, r)
		if w.Body.String() != want || !strings.Contains(w.Header().Get("Content-Type"), "javascript") || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%q: %q %v", accept, w.Body, w.Header())
		}
	}
	for _, path := range []string{"/assets/../secret", "/assets/missing.js", "/assets/", "/assets"} {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.URL.Path = path
		if h.ServeHTTP(w, r); w.Code != http.StatusNotFound {
			t.Error(path, w.Code)
		}
	}
}

func FuzzForeignHeadersNeverPanic(f *testing.F) {
	f.Add("10.0.0.1:1", "1.2.3.4, 5.6.7.8", "br;q=0.1, gzip")
	f.Add("[::1]:9", ",,,", "*;q=")
	f.Add("10.0.0.1:1", "1.2.3.4:5, [2001:db8::1]:443, [::1, :1", "gzip")
	files := fstest.MapFS{"assets/a.js": {Data: []byte("plain")}, "assets/a.js.br": {Data: []byte("b")}}
	h := edge.Assets(files, "assets")
	f.Fuzz(func(_ *testing.T, remote, forwarded, accept string) {
		r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/assets/a.js", nil)
		r.RemoteAddr = remote
		r.Header["X-Forwarded-For"] = []string{forwarded}
		r.Header["Accept-Encoding"] = []string{accept}
		edge.ClientPrefix(r, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")})
		h.ServeHTTP(httptest.NewRecorder(), r)
	})
}

// patience bounds every wait that runs out only when a test fails.
const patience = time.Minute

// slow opens a connection to a server whose requests are bounded to a moment.
func slow(t *testing.T, handler http.Handler) net.Conn {
	t.Helper()
	o := edge.SecureOptions{Log: slog.New(slog.DiscardHandler), BodyTime: 200 * time.Millisecond, AnswerTime: 200 * time.Millisecond}
	server := httptest.NewServer(edge.Secure(handler, o))
	t.Cleanup(server.Close)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestABodyThatDoesNotComeKeepsNoConnection(t *testing.T) {
	conn := slow(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})) // does not even read it
	if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\na"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the connection stays")
	}
}

func TestAnAnswerThatIsNotTakenKeepsNoConnection(t *testing.T) {
	ended := make(chan error, 1)
	conn := slow(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		var err error
		for err == nil { // more than any buffer on the way
			_, err = w.Write(make([]byte, 1<<20))
		}
		ended <- err
	}))
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Error("it is written for ever")
	}
}

func TestAnAddressThatIsNoTextIsRefusedBeforeAnybodyLooksForIt(t *testing.T) {
	called := 0
	handler := edge.Secure(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called++ }), edge.SecureOptions{Log: slog.New(slog.DiscardHandler)})
	for path, want := range map[string]int{
		"/a%00": 400, "/%ff": 400, "/a?b=%00": 400, "/a?%ff=1": 400, "/a?x=%zz&b=%00": 400, "/a?b=\xff": 400,
		"/%C3%BC?b=%C3%BC+x%20y": 200, "/a?b=%zz": 200, "/a?b": 200,
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.Path, r.URL.RawQuery, _ = strings.Cut(path, "?")
		if unescaped, err := url.PathUnescape(r.URL.Path); err == nil {
			r.URL.Path = unescaped
		}
		handler.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%q: %d", path, w.Code)
		}
	}
	if called != 3 {
		t.Errorf("called %d times", called)
	}
}
