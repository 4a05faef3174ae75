package pages_test

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"visavis/internal/edge"
	"visavis/internal/pages"
	"visavis/locales"
)

// serve mounts the pages as they stand in the source, without a build.
func serve(t *testing.T, ready error) *edge.Mux {
	t.Helper()
	files := fstest.MapFS{"assets/a-1.js": {Data: []byte("1")}, "assets/a-1.js.br": {Data: []byte("br")}, "favicon.png": {Data: []byte("png")}}
	for _, name := range []string{"guest.html", "staff.html"} {
		content, err := os.ReadFile("../../web/" + name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: content}
	}
	mux := edge.NewMux()
	err := pages.Mount(mux, pages.Options{
		Files:   files,
		Locales: locales.Files,
		Log:     slog.New(slog.DiscardHandler),
		Ready:   func(context.Context) error { return ready },
		Agency: func(_ context.Context, slug, language string) (pages.Agency, error) {
			switch slug {
			case "demo":
				return pages.Agency{Name: "Amt <Nord>", Phone: "+49 (0)30 123456", Dial: "+4930123456", PhoneHours: map[string]string{"de": "Montag", "en": "Monday"}[language]}, nil
			case "two":
				return pages.Agency{Name: "Amt", Phone: "030 23125100 / 030 231252"}, nil
			case "broken":
				return pages.Agency{}, errors.New("database is away")
			}
			return pages.Agency{}, pages.ErrUnknownAgency
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return mux
}

func get(t *testing.T, mux http.Handler, path string, header ...string) (status int, body string, h http.Header) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	return w.Code, w.Body.String(), w.Header()
}

func TestWithoutScriptThePageSaysWhoTheAgencyIsAndHowToCall(t *testing.T) {
	mux := serve(t, nil)
	for language, want := range map[string][]string{
		"de-AT,en;q=0.5": {`lang="de"`, "Amt &lt;Nord&gt;", `<a href="tel:&#43;4930123456">&#43;49 (0)30 123456</a>`, "Montag", "JavaScript in Ihrem Browser"},
		"fr, en-GB":      {`lang="en"`, "Amt &lt;Nord&gt;", "Monday", "JavaScript must be switched on"},
		"en;q=0.2, de":   {`lang="de"`}, // as the calls to the API choose
		"":               {`lang="de"`},
	} {
		status, body, _ := get(t, mux, "/t/demo", "Accept-Language", language)
		for _, text := range want {
			if status != http.StatusOK || !strings.Contains(body, text) {
				t.Errorf("language %q: status %d, no %q in\n%s", language, status, text, body)
			}
		}
	}
}

func TestTwoNumbersInOneFieldAreNoLink(t *testing.T) {
	if _, body, _ := get(t, serve(t, nil), "/t/two"); !strings.Contains(body, "030 23125100 / 030 231252") || strings.Contains(body, `"tel:`) {
		t.Errorf("%s", body)
	}
}

func TestAPageIsCompressedForWhoWantsIt(t *testing.T) {
	mux := serve(t, nil)
	_, plain, h := get(t, mux, "/t/demo")
	if h.Get("Content-Encoding") != "" || !strings.Contains(h.Get("Vary"), "Accept-Encoding") {
		t.Errorf("unasked: %q, vary %q", h.Get("Content-Encoding"), h.Get("Vary"))
	}
	_, body, h := get(t, mux, "/t/demo", "Accept-Encoding", "br, gzip")
	if h.Get("Content-Encoding") != "gzip" || len(body) >= len(plain) {
		t.Fatalf("asked: %q, %d bytes of %d", h.Get("Content-Encoding"), len(body), len(plain))
	}
	r, err := gzip.NewReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if all, err := io.ReadAll(r); err != nil || string(all) != plain {
		t.Errorf("unpacked: %v, %q", err, all)
	}
}

func TestAnUnknownAgencyGetsAPolitePage(t *testing.T) {
	status, body, _ := get(t, serve(t, nil), "/t/nobody")
	if status != http.StatusNotFound || !strings.Contains(body, "Diese Adresse kennen wir nicht") || !strings.Contains(body, `id="app"`) {
		t.Errorf("status %d\n%s", status, body)
	}
}

func TestAMistypedAddressGetsAPageAndAProgramAProblem(t *testing.T) {
	mux := serve(t, nil)
	for path, want := range map[string]string{"/termin": "Diese Adresse kennen wir nicht", "/api/nothing": `"code":"not_found"`} {
		status, body, _ := get(t, mux, path, "Accept", "text/html,*/*")
		if status != http.StatusNotFound || !strings.Contains(body, want) {
			t.Errorf("%s: status %d\n%s", path, status, body)
		}
	}
	if status, body, _ := get(t, mux, "/termin"); status != http.StatusNotFound || !strings.Contains(body, `"code":"not_found"`) {
		t.Errorf("a program got status %d\n%s", status, body)
	}
}

func TestThePageComesEvenWhenTheDatabaseIsAway(t *testing.T) {
	status, body, _ := get(t, serve(t, nil), "/t/broken")
	if status != http.StatusServiceUnavailable || !strings.Contains(body, "Videotermin") {
		t.Errorf("status %d\n%s", status, body)
	}
}

func TestEveryPageIsServedAndNothingElse(t *testing.T) {
	mux := serve(t, errors.New("database is away"))
	for path, want := range map[string]int{
		"/": 200, "/test": 200, "/staff": 200, "/staff/account": 200, "/staff/password": 200, "/staff/talk/abc": 200, "/staff/admin": 200, "/staff/admin/places/abc": 200, "/staff/adm": 404, "/healthz": 200, "/robots.txt": 200, "/favicon.png": 200, "/sandbox": 200,
		"/assets/a-1.js": 200, "/readyz": 503, "/assets/": 404, "/assets/../guest.html": 307, "/guest.html": 404, "/t/": 404, "/nothing": 404,
	} {
		if status, body, _ := get(t, mux, path); status != want {
			t.Errorf("%s: status %d, want %d: %s", path, status, want, body)
		}
	}
	if _, body, h := get(t, mux, "/assets/a-1.js", "Accept-Encoding", "gzip, br"); body != "br" || !strings.Contains(h.Get("Cache-Control"), "immutable") {
		t.Errorf("asset: %q %v", body, h)
	}
}

func TestMissingPagesAreSaidAtTheStart(t *testing.T) {
	err := pages.Mount(edge.NewMux(), pages.Options{Files: fstest.MapFS{}, Locales: locales.Files})
	if err == nil || !strings.Contains(err.Error(), "make build") {
		t.Errorf("got %v", err)
	}
}

// What reads files of others can be told nothing by any network, and is no page of ours.
func TestTheSandboxKnowsNoAddressAndHasNoOrigin(t *testing.T) {
	_, body, h := get(t, serve(t, nil), "/sandbox")
	policy := map[string]string{}
	for part := range strings.SplitSeq(h.Get("Content-Security-Policy"), "; ") {
		name, value, _ := strings.Cut(part, " ")
		policy[name] = value
	}
	_, script, _ := strings.Cut(body, "<script>")
	script, rest, _ := strings.Cut(script, "</script>")
	sum := sha256.Sum256([]byte(script))
	want := map[string]string{
		"default-src": "'none'", "script-src": "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "' 'wasm-unsafe-eval'",
		"worker-src": "blob:", "base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'self'", "sandbox": "allow-scripts",
	}
	if !maps.Equal(policy, want) {
		t.Errorf("policy %q", policy)
	}
	if strings.Contains(rest, "<script") || strings.Contains(script, "//") || !strings.HasPrefix(h.Get("Content-Type"), "text/html") {
		t.Errorf("%v\n%s", h, body)
	}
}
