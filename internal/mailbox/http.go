package mailbox

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"visavis/internal/edge"
)

//go:embed mailbox.html mailbox.css
var files embed.FS

// Options configure Mount.
type Options struct {
	Locales  fs.FS // de/pages.json
	TimeZone *time.Location
	Host     string // of people's own addresses, besides this machine's loopback
}

type pages struct {
	*Mailbox
	o     Options
	page  *template.Template
	texts map[string]string
}

// Mount adds the mailbox's page to mux.
func (m *Mailbox) Mount(mux *edge.Mux, o Options) error {
	p := &pages{Mailbox: m, o: o}
	content, err := fs.ReadFile(o.Locales, "de/pages.json")
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, &p.texts); err != nil {
		return fmt.Errorf("read texts of mailbox: %w", err)
	}
	p.page, err = template.New("mailbox.html").Funcs(template.FuncMap{"t": func(key string) string { return p.texts[key] }}).ParseFS(files, "mailbox.html")
	if err != nil {
		return err
	}
	for path, handle := range map[string]http.HandlerFunc{
		"/demo/mail":           p.list,
		"/demo/mail.json":      p.json,
		"/demo/mail.css":       p.style,
		"/demo/mail/{id}/raw":  p.raw,
		"/demo/mail/{id}/html": p.html,
	} {
		mux.HandleFunc("GET "+path, p.at(handle))
	}
	return nil
}

// at answers only those who ask for us by a name that is ours. Whoever owns another name can let it lead to this
// machine; to its browser, their page would then be ours, and could read the invitations.
func (p *pages) at(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		asked := (&url.URL{Host: r.Host}).Hostname()
		for _, own := range []string{p.o.Host, "localhost", "127.0.0.1", "::1"} {
			if own != "" && strings.EqualFold(asked, own) {
				next(w, r)
				return
			}
		}
		http.Error(w, p.texts["pages.mailbox.elsewhere"], http.StatusMisdirectedRequest)
	}
}

// shown is a mail in the list.
type shown struct {
	ID    int
	To    string
	At    string
	Lines []line
	content
}

// line is a line of the text; the whole of it may be a link.
type line struct{ Text, Link string }

func (p *pages) list(w http.ResponseWriter, _ *http.Request) {
	var list []shown
	for _, m := range p.Messages() {
		s := shown{ID: m.ID, To: strings.Join(m.To, ", "), At: m.At.In(p.o.TimeZone).Format("15:04:05"), content: read(m.Data)}
		for text := range strings.Lines(s.Text) {
			l := line{Text: strings.TrimRight(text, "\r\n")}
			if strings.HasPrefix(l.Text, "http://") || strings.HasPrefix(l.Text, "https://") {
				l.Link = l.Text
			}
			s.Lines = append(s.Lines, l)
		}
		list = append(list, s)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = p.page.Execute(w, list) // the client may have gone
}

func (p *pages) json(w http.ResponseWriter, _ *http.Request) {
	type entry struct {
		ID      int       `json:"id"`
		To      []string  `json:"to"`
		Subject string    `json:"subject"`
		At      time.Time `json:"at"`
	}
	list := []entry{}
	for _, m := range p.Messages() {
		list = append(list, entry{m.ID, m.To, read(m.Data).Subject, m.At})
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"messages": list}) // the client may have gone
}

func (p *pages) style(w http.ResponseWriter, _ *http.Request) {
	body, _ := files.ReadFile("mailbox.css") // embedded
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write(body) // the client may have gone
}

func (p *pages) raw(w http.ResponseWriter, r *http.Request) {
	if m, ok := p.asked(w, r); ok {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write(m.Data) // the client may have gone
	}
}

// html shows the mail's HTML as a mail program would: its inline styles, and no
// script or request of any kind.
func (p *pages) html(w http.ResponseWriter, r *http.Request) {
	if m, ok := p.asked(w, r); ok {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		_, _ = w.Write([]byte(read(m.Data).HTML)) // the client may have gone
	}
}

func (p *pages) asked(w http.ResponseWriter, r *http.Request) (Message, bool) {
	id, _ := strconv.Atoi(r.PathValue("id")) // 0 is never given out
	m, ok := p.message(id)
	if !ok {
		edge.WriteProblem(w, edge.NewProblem(http.StatusNotFound, "not_found"))
	}
	return m, ok
}
