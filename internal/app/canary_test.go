package app

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"visavis/internal/db"
	"visavis/internal/demo"
	"visavis/internal/worldtest"
)

// canaries are what must never be found again, by what it is.
type canaries map[string]string

// in names those that a text holds.
func (c canaries) in(text []byte) []string {
	var found []string
	for what, word := range c {
		if bytes.Contains(text, []byte(word)) || bytes.Contains(text, []byte(url.QueryEscape(word))) {
			found = append(found, what)
		}
	}
	return found
}

const (
	canaryNetwork  = "203.0.113.77"
	canaryNetwork6 = "2001:db8:77::77"
)

func TestLOG01MIN08NothingPersonalIsFoundInTheDatabaseOrTheLog(t *testing.T) {
	eachWhole(t, func(t *testing.T, w *whole) {
		c := canaries{
			"name": "Kanaria Vogelsang", "second name": "Zeisig", "e-mail": "kanarienvogel@example.org", "telephone as typed": "0170 / 765 43 210", "telephone": "017076543210",
			"number to call as typed": "0171-888 77 66", "number to call": "01718887766", "network": canaryNetwork, "network, shortened": "203.0.113", "network 6": "2001:db8:77",
			"address in a description": "198.51.100.23", "ICE password": worldtest.Pwd("guest"), "a message": "Kanarienvogelfutter", "a note": "Kanarienvogelkäfig", "an answer to it": "Kanarienhirse", "a wrong password": "Kanarienpasswort", "a wrong link": strings.Repeat("Kanarie", 4)[:27],
			"unknown field": "kanarienfeld", "password": w.password,
		}
		w.live(c)
		if len(c) != 23 {
			t.Fatalf("%d canaries", len(c))
		}
		w.audited()
		w.search(c) // while it runs, the write-ahead log included
		w.stop()
		w.search(c)
	})
}

// live lets an appointment happen with everything that people can type, and adds the secrets that came up.
func (w *whole) live(c canaries) {
	t := w.t
	t.Helper()
	visit(t, w.url).Post("/api/staff/session", worldtest.Body{"agency": demo.Slug, "email": demo.Accounts()[0].Email, "password": c["a wrong password"]}).
		Expect(t, http.StatusUnauthorized, "session.wrong")
	sommer := w.signIn(demo.Accounts()[0])
	c["cookie of staff"] = cookieOf(t, sommer, "__Host-staff")
	_, c["token of staff"], _ = strings.Cut(c["cookie of staff"], ".")
	p := w.book(sommer, c)
	c["secret of the link"] = p.Secret

	guest := visit(t, w.url)
	guest.Network = canaryNetwork
	open := "/api/guest/" + demo.Slug + "/open"
	guest.Post(open, worldtest.Body{"secret": c["a wrong link"]}).Expect(t, http.StatusNotFound, "link.unknown")
	guest.Post(open, worldtest.Body{"secret": p.Secret}).OK(t)
	c["cookie of the guest"] = cookieOf(t, guest, "__Host-guest")
	far := visit(t, w.url)
	far.Network = canaryNetwork6
	far.Post(open, worldtest.Body{"secret": p.Secret}).OK(t)
	g := &worldtest.Guest{Browser: guest, Place: p, Page: "page-one", Print: worldtest.Print("guest")}
	g.Do("check", worldtest.Body{"result": "failed", "camera": "refused", c["unknown field"]: c["name"]}).Expect(t, http.StatusBadRequest, "request.invalid")
	g.Arrive().OK(t)
	page := g.Stream("")
	page.Until("snapshot", nil)
	g.Do("callback", worldtest.Body{"phone": c["number to call as typed"]}).OK(t)
	g.Do("callback", worldtest.Body{"phone": c["name"]}).Expect(t, http.StatusUnprocessableEntity, "phone.invalid")

	message := "/api/staff/seats/" + p.Seat + "/message"
	sommer.Post(message, worldtest.Body{"text": c["a message"]}).OK(t)
	var told struct{ Messages []struct{ ID string } }
	page.Until("seat", &told)
	for len(told.Messages) == 0 {
		page.Until("seat", &told)
	}
	g.Do("answer", worldtest.Body{"message": told.Messages[0].ID, "text": c["an answer to it"]}).OK(t)
	g.Do("answer", worldtest.Body{"message": c["name"], "text": c["name"]}).Expect(t, http.StatusConflict, "message.answered")
	sommer.Post(message, worldtest.Body{"text": c["a message"], c["unknown field"]: 1}).Expect(t, http.StatusBadRequest, "request.invalid")

	var me struct{ ID string }
	sommer.Get("/api/staff/session").OK(t).Into(t, &me)
	sommer.Post("/api/staff/appointments/"+p.Appointment+"/hand", worldtest.Body{"version": 1, "advisor": me.ID, "note": c["a note"]}).OK(t)

	var begun struct{ Talk struct{ ID string } }
	sommer.Post("/api/staff/seats/"+p.Seat+"/admit", worldtest.Body{}).OK(t).Into(t, &begun)
	talk := "/api/staff/talks/" + begun.Talk.ID
	answer := worldtest.Body{"generation": 1, "kind": "answer", "sdp": worldtest.Description("staff", worldtest.Print("staff")), "nonce": worldtest.Nonce}
	sommer.Post(talk+"/signal", answer).OK(t)
	g.Signal(1, "reveal", worldtest.Body{"nonce": worldtest.Nonce}).OK(t)
	g.Signal(1, "enter", nil).OK(t)
	g.Signal(1, "restart-offer", worldtest.Body{"sdp": worldtest.Description("guest", worldtest.Print(c["name"]))}).Expect(t, http.StatusConflict, "talk.fingerprint")
	sommer.Post(talk+"/join", worldtest.Body{}).OK(t)
	g.Prepare(2).OK(t)
	w.damage(p)
	a := sommer.Get(talk)
	a.Expect(t, http.StatusInternalServerError, "internal")
	if found := c.in([]byte(a.Text)); len(found) != 0 {
		t.Errorf("an error shows %v", found)
	}
}

// audited tells that what happened is in the audit: there, too, nobody may find a canary.
func (w *whole) audited() {
	w.t.Helper()
	acts := texts(w.t.Context(), w.t, w.database(), `SELECT DISTINCT act FROM audit_entry`)
	for _, act := range []string{"session.begun", "appointment.booked", "talk.admitted"} {
		if !slices.Contains(acts, act) {
			w.t.Errorf("the audit knows of no %s", act)
		}
	}
}

// book makes an appointment for the canary and reads the link where the citizen does.
func (w *whole) book(by *worldtest.Browser, c canaries) worldtest.Place {
	t := w.t
	t.Helper()
	var me struct {
		Desks    []struct{ ID, DepartmentID string }
		Services []struct{ ID, DepartmentID string }
	}
	by.Get("/api/staff/session").OK(t).Into(t, &me)
	stream := by.Listen("/api/staff/stream", "")
	var snapshot struct{ Now int64 }
	stream.Until("snapshot", &snapshot)
	var made struct{ ID string }
	by.Post("/api/staff/appointments", worldtest.Body{
		"desk": me.Desks[0].ID, "service": me.Services[0].ID, "startsAt": snapshot.Now + 60_000, "language": "de",
		"citizen": worldtest.Body{"name": c["name"] + " " + c["second name"], "email": c["e-mail"], "phone": c["telephone as typed"]},
	}).OK(t).Into(t, &made)
	p := worldtest.Place{Office: worldtest.Office{Slug: demo.Slug}, Appointment: made.ID}
	for {
		var row struct {
			ID         string
			Seat       struct{ ID string }
			Invitation struct{ State string }
		}
		stream.Until("row", &row)
		if row.ID == made.ID && row.Invitation.State == "sent" {
			p.Seat = row.Seat.ID
			break
		}
	}
	var list struct {
		Messages []struct {
			ID int
			To []string
		}
	}
	by.Get("/demo/mail.json").OK(t).Into(t, &list)
	for _, m := range list.Messages {
		if m.To[0] == c["e-mail"] {
			text := html.UnescapeString(by.Get(fmt.Sprintf("/demo/mail/%d/html", m.ID)).OK(t).Text)
			p.Secret = regexp.MustCompile(`/t/demo#([\w-]{27})`).FindStringSubmatch(text)[1]
		}
	}
	if p.Secret == "" {
		t.Fatal("no mail with a link")
	}
	return p
}

// damage puts what was sealed for another appointment into this one, so that opening it fails.
func (w *whole) damage(p worldtest.Place) {
	w.t.Helper()
	ctx := w.t.Context()
	err := w.database().Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE appointment SET citizen_sealed =
			(SELECT citizen_sealed FROM appointment WHERE id <> $1 LIMIT 1) WHERE id = $1`, p.Appointment)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *whole) database() *db.DB {
	w.t.Helper()
	d, err := openDatabase(w.t.Context(), w.c)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = d.Close() })
	return d
}

func cookieOf(t *testing.T, b *worldtest.Browser, name string) string {
	t.Helper()
	at, err := url.Parse(b.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, cookie := range b.Client.Jar.Cookies(at) {
		if cookie.Name == name {
			return cookie.Value
		}
	}
	t.Fatalf("no cookie %s", name)
	return ""
}

// search looks for the canaries wherever the server writes: its folder with the database's files and their write-ahead
// logs, and its log. What is public must be found, or the search sees nothing.
func (w *whole) search(c canaries) {
	t := w.t
	t.Helper()
	if found := c.in([]byte(w.log.String())); len(found) != 0 {
		t.Errorf("the log holds %v", found)
	}
	if !strings.Contains(w.log.String(), "POST /api/guest/{agency}/seats/{seat}/arrive") {
		t.Error("the log is not that of level debug")
	}
	public := false
	look := func(where string, text []byte) {
		public = public || bytes.Contains(text, []byte("Landesamt Musterland"))
		if found := c.in(text); len(found) != 0 {
			t.Errorf("%s holds %v", where, found)
		}
	}
	folders := []string{w.c.Data.Dir}
	if address, err := url.Parse(w.c.Database.URL.Reveal()); err == nil && strings.HasPrefix(address.Scheme, "postgres") {
		look("the database", dump(t, w.database()))
		if host := address.Query().Get("host"); host != "" {
			folders = append(folders, filepath.Join(host, "data", "base"), filepath.Join(host, "data", "pg_wal"), filepath.Join(host, "server.log"))
		}
	}
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || err == nil && entry.IsDir() {
				return nil // files of others come and go
			}
			text, err := os.ReadFile(path)
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			look(path, text)
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	if !public {
		t.Error("the search sees not even what is public")
	}
}

// dump is every row of every table as text, and what is bytes as it is.
func dump(t *testing.T, d *db.DB) []byte {
	t.Helper()
	ctx := t.Context()
	var out bytes.Buffer
	for _, table := range texts(ctx, t, d, `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`) {
		for _, row := range texts(ctx, t, d, `SELECT CAST(row_to_json(x) AS TEXT) FROM "`+table+`" x`) {
			var fields map[string]any
			if err := json.Unmarshal([]byte(row), &fields); err != nil {
				t.Fatal(err)
			}
			for _, value := range fields {
				text := fmt.Sprint(value)
				if raw, ok := strings.CutPrefix(text, `\x`); ok {
					if decoded, err := hex.DecodeString(raw); err == nil {
						out.Write(decoded)
					}
				}
				out.WriteString(text + "\n")
			}
		}
	}
	return out.Bytes()
}

func texts(ctx context.Context, t *testing.T, d *db.DB, query string) []string {
	t.Helper()
	rows, err := d.Read().QueryContext(ctx, query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		out = append(out, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
