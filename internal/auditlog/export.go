package auditlog

import (
	"context"
	"encoding/csv"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/staff"
)

const (
	exportPage = 1000
	// pageTime bounds how long a page of an export may take to be read and to be taken.
	pageTime = 30 * time.Second
	// As huma bounds them in a search: the end of the year 9999, and the largest number that every browser counts to.
	lastMoment, lastNumber = 253402300799000, 1<<53 - 1
)

// export answers with a table for spreadsheets, the newest first.
func (s *Service) export(w http.ResponseWriter, r *http.Request) {
	if err := s.openExport(w, r); err != nil {
		edge.WriteProblem(w, edge.AsProblem(r.Context(), s.o.Log, err))
	}
}

// exported is what a copy is made of.
type exported struct {
	agency, slug string
	filter       audit.Filter
	at           time.Time
}

func (s *Service) openExport(w http.ResponseWriter, r *http.Request) error {
	p, err := s.o.Staff.Identify(r)
	if err != nil {
		return err
	}
	if err := reader(p); err != nil {
		return err
	}
	asked, err := read(r.URL.Query())
	if err != nil {
		return err
	}
	end, err := s.begin(p.Agency)
	if err != nil {
		return err
	}
	defer end()
	ctx, cancel := context.WithTimeout(r.Context(), edge.RequestTime)
	defer cancel()
	x, err := s.note(ctx, p, asked)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", `attachment; filename="audit-`+x.slug+x.at.UTC().Format("-20060102-150405")+`.csv"`)
	if err := s.write(r.Context(), w, x); err != nil {
		// The status is said already. Only a connection that breaks off tells that this is not all.
		s.o.Log.WarnContext(ctx, "export of the audit broke off", "error", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

// read takes what is asked for out of the address, as huma does for search.
func read(query url.Values) (Asked, error) {
	wrong := edge.NewProblem(http.StatusBadRequest, "request.invalid")
	a := Asked{Act: query.Get("act"), Object: query.Get("object"), Person: query.Get("person")}
	for _, text := range []string{a.Act, a.Object, a.Person} {
		if len(text) > 40 {
			return a, wrong
		}
	}
	numbers := map[string]struct {
		into *int64
		most int64
	}{"from": {&a.From, lastMoment}, "until": {&a.Until, lastMoment}, "number": {&a.Number, lastNumber}}
	for name, number := range numbers {
		text := query.Get(name)
		if text == "" {
			continue
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 || n > number.most {
			return a, wrong
		}
		*number.into = n
	}
	return a, nil
}

// note tells the audit of the export before anybody has a line of it. Entries from then on are not in it.
func (s *Service) note(ctx context.Context, p staff.Person, asked Asked) (exported, error) {
	x := exported{agency: p.Agency, at: s.o.Clock()}
	a, err := s.o.Agencies.ByID(ctx, p.Agency)
	if err != nil {
		return x, err
	}
	x.slug = a.Slug
	q := s.o.DB.Read()
	if x.filter, err = s.filter(ctx, q, p.Agency, asked); err != nil {
		return x, err
	}
	if x.filter.Until.IsZero() || x.filter.Until.After(x.at) {
		x.filter.Until = x.at
	}
	count, err := s.o.Audit.Count(ctx, q, p.Agency, x.filter, s.o.Most+1)
	if err != nil {
		return x, err
	}
	if count > s.o.Most {
		return x, edge.NewProblem(http.StatusUnprocessableEntity, "audit.too_many", "most", s.o.Most)
	}
	detail := append(asked.details(), audit.Number("count", int64(count)), audit.Person("person", asked.Person))
	return x, s.o.DB.Tx(ctx, func(tx *db.Tx) error {
		return s.o.Audit.Append(ctx, tx, audit.Entry{
			Agency: p.Agency, By: audit.Staff(p.ID), Act: audit.AuditExported, Object: p.Agency, Detail: detail,
		})
	})
}

// write goes from page to page: no row waits in memory, and no read of the database lasts.
func (s *Service) write(ctx context.Context, w http.ResponseWriter, x exported) error {
	// As the organisation's tables: Excel opens it in columns, and umlauts as they are, with whatever language it speaks.
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.Comma, out.UseCRLF = ';', true
	if err := out.Write([]string{"number", "at", "actor_kind", "actor", "act", "object_kind", "object", "detail", "hash"}); err != nil {
		return err
	}
	control := http.NewResponseController(w)
	var after audit.Cursor
	for {
		_ = control.SetWriteDeadline(time.Now().Add(2 * pageTime)) // where the connection can do that
		rows, err := s.page(ctx, x, after)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if err := out.Write(cells(r)); err != nil {
				return err
			}
			after = audit.Cursor{At: r.At, Seq: r.Seq}
		}
		if out.Flush(); out.Error() != nil {
			return out.Error()
		}
		if len(rows) < exportPage {
			return nil
		}
	}
}

func (s *Service) page(ctx context.Context, x exported, after audit.Cursor) ([]audit.Row, error) {
	ctx, cancel := context.WithTimeout(ctx, pageTime)
	defer cancel()
	return s.o.Audit.Page(ctx, s.o.DB.Read(), x.agency, x.filter, after, exportPage)
}

func cells(r audit.Row) []string {
	row := []string{
		strconv.FormatInt(r.Seq, 10), db.Time(r.At).Format(time.RFC3339Nano), string(r.ActorKind), r.Actor, string(r.Act),
		string(r.ObjectKind), r.Object, r.Detail, hex.EncodeToString(r.Hash),
	}
	for i, text := range row {
		row[i] = harmless(text)
	}
	return row
}

// harmless keeps a spreadsheet from taking a text for a formula. None of ours begins like one, unless somebody has
// changed it in the database.
func harmless(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n", rune(text[0])) {
		return "'" + text
	}
	return text
}
