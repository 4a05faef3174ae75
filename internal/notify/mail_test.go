package notify_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"flag"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/jobs"
	"visavis/internal/notify"
	"visavis/internal/vault"
	"visavis/internal/worldtest"
	"visavis/locales"
)

var update = flag.Bool("update", false, "write the golden files anew")

// server is a mail server that answers RCPT as it is told.
type server struct {
	mu     sync.Mutex
	answer error
	mails  []delivered
	port   int
	server *smtp.Server
}

type delivered struct {
	to   []string
	data []byte
}

func newServer(t *testing.T) *server {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{port: l.Addr().(*net.TCPAddr).Port}
	s.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{s: s}, nil }))
	s.server.Domain, s.server.ErrorLog = "localhost", slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	go func() { _ = s.server.Serve(l) }()
	t.Cleanup(func() { _ = s.server.Close() })
	return s
}

func (s *server) say(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = err
}

func (s *server) all() []delivered {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]delivered(nil), s.mails...)
}

func (s *server) at() notify.Server {
	return notify.Server{Host: "127.0.0.1", Port: s.port, TLS: "off"}
}

type session struct {
	s  *server
	to []string
}

func (c *session) Mail(string, *smtp.MailOptions) error { return nil }
func (c *session) Reset()                               { c.to = nil }
func (c *session) Logout() error                        { return nil }

func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.to = append(c.to, to)
	return c.s.answer
}

func (c *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.s.mails = append(c.s.mails, delivered{c.to, data})
	return nil
}

// told is what becomes of a mail.
type told struct {
	sequence int64
	sent     bool
}

// office queues mails and hears what becomes of them.
type office struct {
	*worldtest.World
	t      *testing.T
	mails  *notify.Service
	notice func() (notify.Notice, error)
	// reminder says what to do at a moment.
	reminder func(notify.Moment) (notify.Reminder, error)
	letter   func() (notify.Letter, error)
	told     chan told
	look     func() // at what is due by now
}

const canary = "KANARIE"

func newOffice(t *testing.T, d *db.DB, at notify.Server) *office {
	t.Helper()
	o := &office{World: worldtest.New(t, d), t: t, told: make(chan told, 10)}
	o.notice = func() (notify.Notice, error) { return invitation(), nil }
	o.mails, o.look = o.node("one", 1, at)
	return o
}

// node starts a process that sends the office's mails; look makes it look at what is due.
func (o *office) node(name string, workers int, at notify.Server) (mails *notify.Service, look func()) {
	o.t.Helper()
	wake := make(chan struct{}, 1)
	look = func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
	log := slog.New(slog.NewTextHandler(o.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	queue := jobs.New(o.DB, jobs.Options{Node: name, Clock: o.Clock.Now, Workers: workers, Log: log, Wake: wake, Publish: look})
	mails, err := notify.New(notify.Options{
		Server: at, From: mail.Address{Name: "Videotermin Lindenau", Address: "termin@amt.example"},
		TimeZone: o.Zone, Locales: locales.Files, Jobs: queue, Clock: o.Clock.Now, Log: log,
		Notice:   func(context.Context, string, string) (notify.Notice, error) { return o.notice() },
		Reminder: func(_ context.Context, _, _ string, m notify.Moment) (notify.Reminder, error) { return o.reminder(m) },
		Mailed: func(_ context.Context, _, _ string, sequence int64, sent bool) error {
			o.told <- told{sequence, sent}
			return nil
		},
		Letters: o.letters(),
	})
	if err != nil {
		o.t.Fatal(err)
	}
	worldtest.Background(o.t, queue.Run)
	return mails, look
}

func (o *office) queue() {
	o.t.Helper()
	o.Tx(func(tx *db.Tx) error { return o.mails.Queue(o.t.Context(), tx, "agency", "appointment") })
}

// sent waits for what becomes of a mail.
func (o *office) sent() bool { return o.become().sent }

func (o *office) become() told {
	o.t.Helper()
	select {
	case told := <-o.told:
		return told
	case <-time.After(dbtest.Patience):
		o.t.Fatalf("nobody was told; %s", o.Log)
		return told{}
	}
}

func invitation() notify.Notice {
	starts := time.Date(2026, time.March, 9, 13, 5, 0, 0, time.UTC) // a Monday, 14:05 in Berlin
	return notify.Notice{
		Kind: notify.Invited, UID: "appointment-1", Language: "de", Name: canary + " <Erika> & Söhne", Email: "erika." + canary + "@example.org",
		Starts: starts, Ends: starts.Add(40 * time.Minute), Agency: "Amt Lindenau", Location: "Rathaus", Phone: "0711 5678",
		PhoneHours: "Montag bis Freitag", Link: worldtest.URL + "/t/lindenau#abcdefghijklmnopqrstuvwxyz1",
	}
}

// letter is a mail, read without the library that wrote it.
type letter struct {
	head             mail.Header
	raw              string // of the head
	text, html       string
	file, fileType   string
	calendar         string
	contentTypeOrder []string
}

func read(t *testing.T, data []byte) letter {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := bytes.Cut(data, []byte("\r\n\r\n"))
	l := letter{head: m.Header, raw: string(head)}
	l.part(t, m.Header, m.Body)
	return l
}

func (l *letter) part(t *testing.T, head interface{ Get(string) string }, body io.Reader) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(head.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	l.contentTypeOrder = append(l.contentTypeOrder, kind)
	if strings.HasPrefix(kind, "multipart/") {
		parts := multipart.NewReader(body, params["boundary"])
		for {
			p, err := parts.NextRawPart()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			l.part(t, p.Header, p)
		}
	}
	switch head.Get("Content-Transfer-Encoding") {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	switch kind {
	case "text/plain":
		l.text = string(text)
	case "text/html":
		l.html = string(text)
	case "text/calendar":
		l.calendar, l.fileType = string(text), head.Get("Content-Type")
		_, disposition, err := mime.ParseMediaType(head.Get("Content-Disposition"))
		if err != nil {
			t.Fatal(err)
		}
		l.file = disposition["filename"]
	default:
		t.Errorf("an unexpected part: %s", kind)
	}
}

func (l letter) subject(t *testing.T) string {
	t.Helper()
	s, err := new(mime.WordDecoder).DecodeHeader(l.head.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func kinds(language string) []notify.Notice {
	invited := invitation()
	invited.Language = language
	moved, cancelled := invited, invited
	moved.Kind, moved.Sequence = notify.Moved, 1
	cancelled.Kind, cancelled.Sequence, cancelled.Link = notify.Cancelled, 2, ""
	return []notify.Notice{invited, moved, cancelled}
}

func TestAMailIsReadableAsTextAndHTMLInBothLanguages(t *testing.T) {
	s := newServer(t)
	o := newOffice(t, dbtest.SQLite(t), s.at())
	for _, language := range []string{"de", "en"} {
		for _, n := range kinds(language) {
			o.notice = func() (notify.Notice, error) { return n, nil }
			o.queue()
			if !o.sent() {
				t.Fatal("not sent")
			}
			mails := s.all()
			got := mails[len(mails)-1]
			if len(got.to) != 1 || got.to[0] != n.Email.Reveal() {
				t.Errorf("to %v", got.to)
			}
			l := read(t, got.data)
			name := string(n.Kind) + "." + language
			golden(t, name+".txt", l.subject(t)+"\n\n"+l.text)
			golden(t, name+".html", l.html)
			if strings.Join(l.contentTypeOrder, " ") != "multipart/mixed multipart/alternative text/plain text/html text/calendar" {
				t.Errorf("%v", l.contentTypeOrder)
			}
			for _, foreign := range []string{"src=", "url(", "<script", "<img", "<link"} {
				if strings.Contains(l.html, foreign) {
					t.Errorf("%s loads something: %s", name, foreign)
				}
			}
			if !strings.Contains(l.html, "&lt;Erika&gt; &amp; Söhne") || !strings.Contains(l.text, "<Erika> & Söhne") {
				t.Errorf("%s: the name is not written as it is", name)
			}
			if (n.Link != "") != strings.Contains(l.text, "#abcdefghij") || (n.Link != "") != strings.Contains(l.html, "#abcdefghij") {
				t.Errorf("%s: the link", name)
			}
		}
	}
}

// An installation may lie below a path, and that may look like one of ours.
func TestTheTestOfTheDeviceHasTheAddressThatTheLinkBeginsWith(t *testing.T) {
	post := newServer(t)
	o := newOffice(t, dbtest.SQLite(t), post.at())
	for link, want := range map[string]string{
		worldtest.URL + "/t/lindenau#abcdefghijklmnopqrstuvwxyz1":        worldtest.URL + "/test",
		"https://amt.example/t/video/t/lindenau#abcdefghijklmnopqrstuv1": "https://amt.example/t/video/test",
	} {
		o.notice = func() (notify.Notice, error) {
			n := invitation()
			n.Link = link
			return n, nil
		}
		o.queue()
		if !o.sent() {
			t.Fatal("not sent")
		}
		mails := post.all()
		if l := read(t, mails[len(mails)-1].data); !strings.Contains(l.text, want+"\n") && !strings.Contains(l.text, want+"\r\n") {
			t.Errorf("not %s: %s", want, l.text)
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	got = strings.ReplaceAll(got, "\r\n", "\n")
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is\n%s\nwant\n%s", name, got, want)
	}
}

// Subjects and headers are read on lock screens and in logs of mail servers.
func TestINP03TheHeadNamesNeitherCitizenNorTopic(t *testing.T) {
	s := newServer(t)
	o := newOffice(t, dbtest.SQLite(t), s.at())
	o.queue()
	o.sent()
	l := read(t, s.all()[0].data)
	if got := l.subject(t); got != "Ihr Videotermin am Montag, 9. März 2026, 14:05 Uhr" {
		t.Errorf("%q", got)
	}
	if strings.Contains(strings.ReplaceAll(l.raw, "erika."+canary+"@example.org", ""), canary) || strings.Contains(l.raw, "Erika") {
		t.Errorf("%s", l.raw)
	}
	for name, want := range map[string]string{
		"Auto-Submitted": "auto-generated", "Content-Language": "de", "To": "<erika." + canary + "@example.org>",
		"From": `"Videotermin Lindenau" <termin@amt.example>`, "Date": "Mon, 02 Mar 2026 09:00:00 +0000", "Message-Id": "<appointment-1.0.invited@amt.example>",
	} {
		if got := l.head.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for name, word := range map[string]string{"name": "Erika", "address": canary, "link": "abcdefghij"} {
		if strings.Contains(o.Log.String(), word) {
			t.Errorf("the %s stands in the log", name)
		}
	}
}

// entry reads a calendar file (RFC 5545 §3.1) without the library that wrote it.
func entry(t *testing.T, file string) map[string]string {
	t.Helper()
	if !strings.HasSuffix(file, "\r\n") || strings.Contains(strings.ReplaceAll(file, "\r\n", ""), "\n") {
		t.Error("lines do not end with CR LF")
	}
	for line := range strings.SplitSeq(file, "\r\n") {
		if len(line) > 75 {
			t.Errorf("longer than 75 octets: %q", line)
		}
	}
	out, inside := map[string]string{}, ""
	for line := range strings.SplitSeq(strings.TrimSuffix(strings.ReplaceAll(file, "\r\n ", ""), "\r\n"), "\r\n") {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			t.Fatalf("no property: %q", line)
		}
		switch name {
		case "BEGIN":
			inside += value + "/"
			continue
		case "END":
			inside = strings.TrimSuffix(inside, value+"/")
			continue
		}
		name, _, _ = strings.Cut(name, ";")
		if _, twice := out[inside+name]; twice {
			t.Errorf("%s stands twice", inside+name)
		}
		out[inside+name] = value
	}
	if inside != "" {
		t.Errorf("not closed: %s", inside)
	}
	return out
}

func TestINP04TheCalendarFileRisesInSequenceAndIsCancelled(t *testing.T) {
	s := newServer(t)
	o := newOffice(t, dbtest.SQLite(t), s.at())
	for i, n := range kinds("de") {
		o.notice = func() (notify.Notice, error) { return n, nil }
		o.queue()
		o.sent()
		l := read(t, s.all()[i].data)
		method, status := "PUBLISH", "CONFIRMED"
		if n.Kind == notify.Cancelled {
			method, status = "CANCEL", "CANCELLED"
		}
		e := entry(t, l.calendar)
		for name, want := range map[string]string{
			"VCALENDAR/VERSION": "2.0", "VCALENDAR/METHOD": method, "VCALENDAR/VEVENT/STATUS": status,
			"VCALENDAR/VEVENT/UID": "appointment-1@amt.example", "VCALENDAR/VEVENT/SEQUENCE": string(rune('0' + i)),
			"VCALENDAR/VEVENT/DTSTART": "20260309T130500Z", "VCALENDAR/VEVENT/DTEND": "20260309T134500Z",
			"VCALENDAR/VEVENT/DTSTAMP": "20260302T090000Z", "VCALENDAR/VEVENT/SUMMARY": "Videotermin", "VCALENDAR/VEVENT/URL": n.Link,
		} {
			if e[name] != want {
				t.Errorf("%s %s: %q, want %q", n.Kind, name, e[name], want)
			}
		}
		if strings.Contains(l.calendar, canary) || strings.Contains(l.calendar, "Erika") || strings.Contains(l.calendar, "ATTENDEE") {
			t.Errorf("%s", l.calendar)
		}
		if l.file != "videotermin.ics" || !strings.Contains(l.fileType, "method="+method) {
			t.Errorf("%s %s", l.file, l.fileType)
		}
	}
}

func TestARefusedMailIsToldAtOnceAndNotTriedAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newServer(t)
		o := newOffice(t, d, s.at())
		s.say(&smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user " + canary + " at 203.0.113.5"})
		o.queue()
		if o.sent() {
			t.Error("sent")
		}
		o.dead(t, "smtp_550")
		if strings.Contains(o.Log.String(), canary) || strings.Contains(o.Log.String(), "203.0.113.5") {
			t.Errorf("what the server said stands in the log: %s", o.Log)
		}
		s.say(nil)
		o.queue() // the address was corrected: a new mail is tried
		if !o.sent() {
			t.Error("not sent")
		}
	})
}

// dead waits until the job is put aside.
func (o *office) dead(t *testing.T, code string) {
	t.Helper()
	deadline := time.Now().Add(dbtest.Patience)
	for o.Count(`SELECT COUNT(*) FROM job WHERE dead_at IS NOT NULL AND last_error = $1`, code) != 1 {
		if time.Now().After(deadline) {
			t.Fatalf("no job was put aside with %s", code)
		}
		<-time.After(10 * time.Millisecond)
	}
}

func TestAMailThatCannotGoNowGoesLater(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newServer(t)
		o := newOffice(t, d, s.at())
		s.say(&smtp.SMTPError{Code: 451, Message: "later, " + canary})
		o.queue()
		o.tried(t, 1)
		s.say(nil)
		o.look()
		if len(s.all()) != 0 {
			t.Error("tried again at once")
		}
		o.Clock.Forward(7 * time.Second)
		o.look()
		if !o.sent() || len(s.all()) != 1 {
			t.Errorf("not sent: %d", len(s.all()))
		}
		if strings.Contains(o.Log.String(), canary) {
			t.Errorf("what the server said stands in the log: %s", o.Log)
		}
	})
}

// tried waits until the job has failed for the nth time and nobody works on it.
// untilGivenUp lets every try fail.
func (o *office) untilGivenUp(t *testing.T) {
	t.Helper()
	for try := 1; try <= 12; try++ {
		if try < 12 {
			o.tried(t, try)
		}
		o.Clock.Forward(3 * time.Hour)
		o.look()
	}
}

func (o *office) tried(t *testing.T, times int) {
	t.Helper()
	deadline := time.Now().Add(dbtest.Patience)
	for o.Count(`SELECT COUNT(*) FROM job WHERE attempts = $1 AND lease_until IS NULL`, times) != 1 {
		if time.Now().After(deadline) {
			t.Fatalf("not tried %d times", times)
		}
		<-time.After(5 * time.Millisecond)
	}
}

func TestAfterHoursWithoutAServerTheDeskIsToldThatTheMailFailed(t *testing.T) {
	o := newOffice(t, dbtest.SQLite(t), notify.Server{Host: "127.0.0.1", Port: 1, TLS: "off"})
	o.queue()
	o.untilGivenUp(t)
	if o.sent() {
		t.Error("sent")
	}
	o.dead(t, "smtp")
}

func TestTheDeskIsToldWhichMailWasSentOrFailed(t *testing.T) {
	for address, sent := range map[string]bool{"erika@example.org": true, "no address": false} {
		o := newOffice(t, dbtest.SQLite(t), newServer(t).at())
		second := invitation()
		second.Sequence, second.Email = 7, vault.Personal(address)
		o.notice = func() (notify.Notice, error) { return second, nil }
		o.queue()
		if got := o.become(); got != (told{7, sent}) {
			t.Error(address, got)
		}
	}
}

// Neither of them can be delivered, and the desk must learn of it.
func TestAMailThatCannotBeWrittenIsToldAsFailed(t *testing.T) {
	o := newOffice(t, dbtest.SQLite(t), newServer(t).at())
	broken := invitation()
	broken.Email = "no address " + canary
	o.notice = func() (notify.Notice, error) { return broken, nil }
	o.queue()
	if o.sent() {
		t.Error("sent")
	}
	o.dead(t, "smtp_553")
	o.notice = func() (notify.Notice, error) {
		return notify.Notice{Sequence: notify.Unknown}, errors.New("cannot be read")
	}
	o.queue()
	o.untilGivenUp(t)
	if got := o.become(); got != (told{notify.Unknown, false}) {
		t.Errorf("%+v", got)
	}
	if strings.Contains(o.Log.String(), canary) {
		t.Errorf("the address stands in the log: %s", o.Log)
	}
}

// A mistake of ours must not leave the mail "on its way" for ever.
func TestAMailThatMakesUsPanicIsToldAsFailed(t *testing.T) {
	o := newOffice(t, dbtest.SQLite(t), newServer(t).at())
	o.notice = func() (notify.Notice, error) { panic(canary) }
	o.queue()
	o.untilGivenUp(t)
	if got := o.become(); got != (told{notify.Unknown, false}) {
		t.Errorf("%+v", got)
	}
	if strings.Contains(o.Log.String(), canary) {
		t.Errorf("the log says what the panic said: %s", o.Log)
	}
}

func TestWhatIsNoLongerTrueIsNotTold(t *testing.T) {
	s := newServer(t)
	o := newOffice(t, dbtest.SQLite(t), s.at())
	asked := make(chan struct{}, 1)
	o.notice = func() (notify.Notice, error) { asked <- struct{}{}; return notify.Notice{}, notify.ErrNothing }
	o.queue()
	<-asked
	o.notice = func() (notify.Notice, error) { return invitation(), nil }
	o.queue()
	o.sent()
	if len(s.all()) != 1 {
		t.Errorf("%d mails", len(s.all()))
	}
}

// A touch on the number dials it, in the mail as on the pages; what an agency has typed there stays text.
func TestTheTelephoneNumberOfAMailIsDialledByATouch(t *testing.T) {
	post := newServer(t)
	o := newOffice(t, dbtest.SQLite(t), post.at())
	for typed, want := range map[string]string{
		"0711 5678":    "an: <a href=\"tel:07115678\">0711\u00a05678</a> (Montag bis Freitag).",
		"+49 711 / 56": "an: <a href=\"tel:&#43;4971156\">&#43;49\u00a0711\u00a0/\u00a056</a> (",
		`115 "<b>&`:    "an: 115\u00a0&#34;&lt;b&gt;&amp; (Montag bis Freitag).</p>", // words may stand between two numbers
		"am Empfang":   "an: am\u00a0Empfang (Montag bis Freitag).</p>",
	} {
		o.notice = func() (notify.Notice, error) {
			n := invitation()
			n.Phone = typed
			return n, nil
		}
		o.queue()
		if !o.sent() {
			t.Fatal("not sent")
		}
		mails := post.all()
		l := read(t, mails[len(mails)-1].data)
		if !strings.Contains(l.html, want) {
			t.Errorf("%s: %s", typed, l.html)
		}
		if !strings.Contains(l.text, "an: "+strings.ReplaceAll(typed, " ", "\u00a0")+" (Montag bis Freitag).") {
			t.Errorf("%s: %s", typed, l.text)
		}
	}
}
