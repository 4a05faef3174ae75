// Package pages serves what browsers load: the two built pages, their assets, and the answers for load balancers.
//
// The guest's page is a template: without script it still says what this is, who the agency is and its telephone
// number. Everything else happens in the browser. The package knows no database; whoever mounts it says how an agency
// is found.
package pages

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"visavis/internal/edge"
	"visavis/locales"
)

// ErrUnknownAgency is what Options.Agency returns for a slug that nobody has.
var ErrUnknownAgency = errors.New("no agency with this slug")

// Agency is what the page says about an agency before any script runs.
type Agency struct {
	Name       string
	Phone      string
	Dial       string // what is dialled; empty where Phone is not one number
	PhoneHours string // in the language asked for
}

// Options say what is served.
type Options struct {
	Files   fs.FS // the built pages: guest.html, staff.html, assets/
	Locales fs.FS // the catalogues: de/pages.json, en/pages.json
	Agency  func(ctx context.Context, slug, language string) (Agency, error)
	Ready   func(ctx context.Context) error // tells whether the parts that this process needs answer
	Log     *slog.Logger
}

//go:embed noscript.tmpl
var templates embed.FS

type server struct {
	Options
	guest *template.Template
	staff *template.Template
	texts map[string]map[string]string
}

// page is what the template sees.
type page struct {
	Language string
	Agency   *Agency
	Unknown  bool
	texts    map[string]string
}

// T is a text of the catalogue.
func (p page) T(key string) string { return p.texts[key] }

// Mount adds the routes to mux. It fails when the pages were not built, because nothing would work without them.
func Mount(mux *edge.Mux, o Options) error {
	s := &server{Options: o, texts: map[string]map[string]string{}}
	var err error
	if s.guest, err = parse(o.Files, "guest.html"); err != nil {
		return err
	}
	if s.staff, err = parse(o.Files, "staff.html"); err != nil {
		return err
	}
	for _, language := range locales.Languages() {
		if s.texts[language], err = readTexts(o.Locales, language); err != nil {
			return err
		}
	}
	mux.HandleFunc("GET /{$}", s.plain(s.guest))
	mux.HandleFunc("GET /test", s.plain(s.guest))
	mux.HandleFunc("GET /receipt", s.plain(s.guest)) // what it shows is in the fragment
	mux.HandleFunc("GET /t/{agency}", s.visit)
	mux.HandleFunc("GET /staff", s.plain(s.staff))
	mux.HandleFunc("GET /staff/account", s.plain(s.staff))
	mux.HandleFunc("GET /staff/password", s.plain(s.staff)) // the secret is in the fragment
	mux.HandleFunc("GET /staff/device", s.plain(s.staff))   // likewise
	mux.HandleFunc("GET /staff/talk/{id}", s.plain(s.staff))
	mux.HandleFunc("GET /staff/admin", s.plain(s.staff))
	mux.HandleFunc("GET /staff/admin/{rest...}", s.plain(s.staff)) // the page reads the rest
	mux.HandleFunc("GET /sandbox", sandbox())
	mux.Handle("GET /assets/", edge.Assets(o.Files, "assets"))
	mux.HandleFunc("GET /favicon.png", s.favicon)
	mux.HandleFunc("GET /robots.txt", robots)
	mux.HandleFunc("GET /healthz", healthy)
	mux.HandleFunc("GET /readyz", s.ready)
	mux.HandleFunc("/", s.notFound)
	return nil
}

// SameForAll tells of a path that what stands there is the same for every agency, so that nobody needs to ask for one.
func SameForAll(path string) bool {
	switch path {
	case "/healthz", "/readyz", "/favicon.png", "/robots.txt", "/sandbox":
		return true
	}
	return strings.HasPrefix(path, "/assets/")
}

func parse(files fs.FS, name string) (*template.Template, error) {
	content, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, fmt.Errorf("the web pages are not built (make build does it): %w", err)
	}
	t, err := template.ParseFS(templates, "noscript.tmpl")
	if err != nil {
		return nil, err
	}
	return t.New(name).Parse(string(content))
}

func readTexts(files fs.FS, language string) (map[string]string, error) {
	content, err := fs.ReadFile(files, language+"/pages.json")
	if err != nil {
		return nil, err
	}
	texts := map[string]string{}
	if err := json.Unmarshal(content, &texts); err != nil {
		return nil, fmt.Errorf("read texts of pages: %w", err)
	}
	return texts, nil
}

func (s *server) plain(t *template.Template) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.render(w, r, t, http.StatusOK, page{})
	}
}

// visit is where links lead. The secret is in the fragment, which never reaches us.
func (s *server) visit(w http.ResponseWriter, r *http.Request) {
	agency, err := s.Agency(r.Context(), r.PathValue("agency"), locales.Choose(r.Header.Get("Accept-Language")))
	switch {
	case errors.Is(err, ErrUnknownAgency):
		s.render(w, r, s.guest, http.StatusNotFound, page{Unknown: true})
	case err != nil:
		s.Log.ErrorContext(r.Context(), "agency for page not read", "error", err)
		s.render(w, r, s.guest, http.StatusServiceUnavailable, page{})
	default:
		s.render(w, r, s.guest, http.StatusOK, page{Agency: &agency})
	}
}

func (s *server) render(w http.ResponseWriter, r *http.Request, t *template.Template, status int, p page) {
	p.Language = locales.Choose(r.Header.Get("Accept-Language"))
	p.texts = s.texts[p.Language]
	var body bytes.Buffer
	if err := t.Execute(&body, p); err != nil {
		s.Log.ErrorContext(r.Context(), "page not rendered", "error", err)
		edge.WriteProblem(w, edge.ErrInternal())
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", p.Language)
	h.Add("Vary", "Accept-Language, Accept-Encoding")
	sent := body.Bytes()
	if edge.AcceptsGzip(r) {
		h.Set("Content-Encoding", "gzip")
		sent = edge.Gzip(sent)
	}
	w.WriteHeader(status)
	_, _ = w.Write(sent) // the client may have gone
}

func (s *server) favicon(w http.ResponseWriter, _ *http.Request) {
	body, err := fs.ReadFile(s.Files, "favicon.png")
	if err != nil {
		edge.WriteProblem(w, edge.NewProblem(http.StatusNotFound, "not_found"))
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=86400")
	edge.WriteFile(w, "favicon.png", "", body)
}

func robots(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("User-agent: *\nDisallow: /\n")) // the client may have gone
}

// notFound is the answer for what nobody serves: a page for people who mistyped an address, a problem for programs.
func (s *server) notFound(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet && !strings.HasPrefix(r.URL.Path, "/api/") && strings.Contains(r.Header.Get("Accept"), "text/html") {
		s.render(w, r, s.guest, http.StatusNotFound, page{Unknown: true})
		return
	}
	edge.WriteProblem(w, edge.NewProblem(http.StatusNotFound, "not_found"))
}

func healthy(w http.ResponseWriter, _ *http.Request) {
	_, _ = w.Write([]byte("ok\n")) // the client may have gone
}

// readyWait bounds the answer for load balancers, which ask often.
const readyWait = 2 * time.Second

func (s *server) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyWait)
	defer cancel()
	if err := s.Ready(ctx); err != nil {
		s.Log.WarnContext(ctx, "not ready", "error", err)
		edge.WriteProblem(w, edge.NewProblem(http.StatusServiceUnavailable, "not_ready"))
		return
	}
	healthy(w, r)
}
