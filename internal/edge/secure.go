package edge

import (
	"cmp"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"runtime/debug"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxBody is the largest request body, in bytes.
const MaxBody = 256 << 10

// ContentSecurityPolicy is that of every page: our own origin only, no inline
// script or style, Trusted Types (Svelte's own policy, and that of the worker
// which blurs; docs/decisions/0021). The only page that lets itself be framed
// is the sandbox in which files are read.
const ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
	"font-src 'self'; connect-src 'self'; media-src 'self' blob:; worker-src 'self'; frame-src 'self'; manifest-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types svelte-trusted-html visavis-worker"

// permissionsPolicy gives our own pages the devices and takes the rest away.
const permissionsPolicy = "camera=(self), microphone=(self), display-capture=(self), screen-wake-lock=(self), " +
	"autoplay=(self), fullscreen=(self), picture-in-picture=(self), clipboard-write=(self), " +
	"geolocation=(), payment=(), usb=(), serial=(), midi=(), hid=(), accelerometer=(), gyroscope=(), " +
	"magnetometer=(), browsing-topics=(), interest-cohort=()"

// SecureOptions configure Secure.
type SecureOptions struct {
	Log   *slog.Logger
	HTTPS bool // the public address is https: browsers are told to stay with it

	// How long the body of a request may take to come, and an answer to be taken. Zero: half a minute, and two minutes.
	// Streams have limits of their own.
	BodyTime, AnswerTime time.Duration

	// Uploads are the few requests that may have a larger body, and more time for it: "POST /path" and how many bytes; in
	// a path, * is any one part. Whoever handles them asks first who sends it.
	Uploads map[string]int64
}

const (
	bodyTime   = 30 * time.Second // 256 kB over a bad mobile network
	answerTime = 2 * time.Minute  // the largest font over a worse one
	uploadTime = 4 * time.Minute  // 20 MB from an office with little line, and what is done with it
)

// limitTime bounds a request on its connection, where the connection can do that.
func (o SecureOptions) limitTime(w http.ResponseWriter, r *http.Request) {
	now, control := time.Now(), http.NewResponseController(w)
	body, answer := cmp.Or(o.BodyTime, bodyTime), cmp.Or(o.AnswerTime, answerTime)
	if o.mostBody(r) > MaxBody {
		body, answer = uploadTime, uploadTime+answer
	}
	_ = control.SetWriteDeadline(now.Add(answer))
	if r.ContentLength != 0 {
		_ = control.SetReadDeadline(now.Add(body))
	}
}

func (o SecureOptions) mostBody(r *http.Request) int64 {
	asked, most := r.Method+" "+r.URL.Path, int64(MaxBody)
	for pattern, bytes := range o.Uploads {
		if larger, _ := path.Match(pattern, asked); larger { // the patterns are our own
			most = max(most, bytes)
		}
	}
	return most
}

// barePolicy is for everything that is no page: nothing may be made of it.
const barePolicy = "default-src 'none'; frame-ancestors 'none'"

// Secure wraps everything that is served: security headers, cross-origin
// protection, a bounded body, a log line without personal data, and a barrier
// for panics.
func Secure(next http.Handler, o SecureOptions) http.Handler {
	csrf := http.NewCrossOriginProtection()
	csrf.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		WriteProblem(w, NewProblem(http.StatusForbidden, "request.foreign_origin"))
	}))
	protected := csrf.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setHeaders(w.Header(), o.HTTPS)
		o.limitTime(w, r)
		// A copy: with a body that is not its own, net/http does not see that one did not come whole, keeps the
		// connection, and takes the rest for the next request.
		r = r.WithContext(r.Context())
		r.Body = http.MaxBytesReader(w, r.Body, o.mostBody(r))
		seen := &statusWriter{ResponseWriter: w}
		begun := time.Now()
		if !isText(r.URL) {
			WriteProblem(w, NewProblem(http.StatusBadRequest, "request.invalid"))
			return
		}
		defer func() {
			if v := recover(); v != nil {
				barrier(o.Log, seen, r, v)
			}
			logRequest(o.Log, r, seen.status, time.Since(begun))
		}()
		protected.ServeHTTP(seen, r)
	})
}

// isText tells whether an address is one that a database can look for: in UTF-8, and without NUL.
func isText(address *url.URL) bool {
	texts := []string{address.Path}
	if strings.Contains(address.RawQuery, "%") {
		query, _ := url.ParseQuery(address.RawQuery) // what is none is nothing to whoever reads it
		for name, values := range query {
			texts = append(append(texts, name), values...)
		}
	} else {
		texts = append(texts, address.RawQuery)
	}
	return !slices.ContainsFunc(texts, func(text string) bool { return !utf8.ValidString(text) || strings.ContainsRune(text, 0) })
}

func setHeaders(h http.Header, https bool) {
	h.Set("Content-Security-Policy", barePolicy)
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	if https {
		// Of this host alone: an agency's own host may have others below it, of which nothing is known here.
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// setPageHeaders adds what concerns pages only, so that the hundred small answers that a guest's telephone loads need
// not carry it. A handler that has a stricter policy of its own keeps it.
func setPageHeaders(h http.Header) {
	if !strings.HasPrefix(h.Get("Content-Type"), "text/html") {
		return
	}
	if h.Get("Content-Security-Policy") == barePolicy {
		h.Set("Content-Security-Policy", ContentSecurityPolicy)
	}
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", permissionsPolicy)
}

// barrier answers for a handler that panicked. The value may hold what a user
// typed, so only the place is logged.
func barrier(log *slog.Logger, w *statusWriter, r *http.Request, value any) {
	if value == http.ErrAbortHandler { //nolint:errorlint // a sentinel that net/http compares like this
		panic(value)
	}
	log.ErrorContext(r.Context(), "handler panicked", "route", route(r), "stack", places(debug.Stack()))
	if w.status == 0 {
		WriteProblem(w, ErrInternal())
	}
}

// places keeps the file lines of a stack and drops the arguments.
func places(stack []byte) []string {
	var out []string
	for line := range strings.Lines(string(stack)) {
		if file, ok := strings.CutPrefix(line, "\t"); ok && len(out) < 20 {
			file, _, _ = strings.Cut(file, " +0x")
			if i := strings.LastIndex(file, "/internal/"); i >= 0 {
				out = append(out, strings.TrimSpace(file[i+1:]))
			}
		}
	}
	return out
}

// logRequest tells method, route pattern, status and duration; never the path
// (it holds ids), the query or an address.
func logRequest(log *slog.Logger, r *http.Request, status int, took time.Duration) {
	log.DebugContext(r.Context(), "request", "method", r.Method, "route", route(r), "status", status, "ms", took.Milliseconds())
}

func route(r *http.Request) string {
	if r.Pattern == "" {
		return "none"
	}
	return r.Pattern
}

// statusWriter remembers the status. Unwrap lets http.ResponseController reach
// what is underneath.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
		setPageHeaders(w.Header())
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(b)
}
