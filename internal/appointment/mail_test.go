package appointment_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/notify"
	. "visavis/internal/worldtest"
)

// post is a mail server; it refuses recipients that begin with "nobody", and all of them while it is closed.
type post struct {
	mu     sync.Mutex
	mails  []string
	came   chan string
	closed bool
}

func (p *post) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
}

// next waits for a mail.
func (p *post) next(t *testing.T) string {
	t.Helper()
	select {
	case text := <-p.came:
		return text
	case <-time.After(dbtest.Patience):
		t.Fatal("no mail")
		return ""
	}
}

type postSession struct{ *post }

func (postSession) Mail(string, *smtp.MailOptions) error { return nil }
func (postSession) Reset()                               {}
func (postSession) Logout() error                        { return nil }

func (s postSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || strings.HasPrefix(to, "nobody") {
		return &smtp.SMTPError{Code: 550, Message: "no such user"}
	}
	return nil
}

func (s postSession) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, string(text))
	s.came <- string(text)
	return err
}

func newMailDesk(t *testing.T, d *db.DB) (*desk, *post) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &post{came: make(chan string, 100)}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return postSession{p}, nil }))
	server.Domain, server.ErrorLog = "localhost", slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	go func() {
		if err := server.Serve(l); err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { _ = server.Close() })
	w := New(t, d)
	w.Mail = notify.Server{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, TLS: "off"}
	n := w.Node()
	s := &desk{Node: n, t: t, o: n.Office("lindenau")}
	s.sommer = n.SignIn(s.o.Sommer)
	return s, p
}

// untilMail waits until the list says what has become of the mail about this version of an appointment. The one before
// may still be told of: a row is shown as it is by then, so a slow list says "sent" twice.
func untilMail(list *Stream, of changed, state string) {
	for {
		var row struct {
			ID         string
			Version    int64
			Invitation struct{ State string }
		}
		list.Until("row", &row)
		if row.ID == of.ID && row.Version == of.Version && row.Invitation.State == state {
			return
		}
	}
}

func (p *post) all() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.mails...)
}

func TestEachChangeIsToldByAMailThatReplacesTheCalendarEntry(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, box := newMailDesk(t, d)
		list := s.sommer.Listen("/api/staff/stream", "")
		list.Until("snapshot", nil)
		var made changed
		s.sommer.Post(path, citizen(s.o.Booking(Start().Add(time.Hour)), "email", "erika@example.org")).OK(t).Into(t, &made)
		untilMail(list, made, "sent")
		p := Place{Appointment: made.ID}
		s.change(s.sommer, p, "move", Body{"version": made.Version, "startsAt": Start().Add(3 * time.Hour).UnixMilli()}).OK(t).Into(t, &made)
		untilMail(list, made, "sent")
		s.change(s.sommer, p, "cancel", Body{"version": made.Version}).OK(t).Into(t, &made)
		untilMail(list, made, "sent")
		mails := box.all()
		if len(mails) != 3 {
			t.Fatalf("%d mails", len(mails))
		}
		uids := map[string]bool{}
		for i, want := range [][]string{{"SEQUENCE:0", "METHOD:PUBLISH"}, {"SEQUENCE:1", "METHOD:PUBLISH"}, {"SEQUENCE:2", "METHOD:CANCEL"}} {
			calendar, plain := attachment(t, mails[i])
			for _, line := range want {
				if !strings.Contains(calendar, line+"\r\n") {
					t.Errorf("mail %d lacks %s: %s", i, line, calendar)
				}
			}
			_, uid, _ := strings.Cut(calendar, "UID:")
			uid, _, _ = strings.Cut(uid, "\r\n")
			uids[uid] = true
			for _, topic := range []string{"Jugendamt", "Beratung", "Schalter"} {
				if strings.Contains(plain, topic) || strings.Contains(calendar, topic) {
					t.Errorf("mail %d names the topic %s", i, topic)
				}
			}
		}
		if len(uids) != 1 {
			t.Errorf("calendars cannot tell that they are one entry: %v", uids)
		}
		if strings.Contains(s.Log.String(), "erika@") {
			t.Error("the address stands in the log")
		}
	})
}

// attachment is the calendar file, and the whole mail decoded.
func attachment(t *testing.T, text string) (calendar, whole string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	whole = subject + "\n"
	for _, p := range parts(t, m.Header.Get("Content-Type"), m.Body) {
		whole += p.text
		if p.kind == "text/calendar" {
			calendar = p.text
		}
	}
	return calendar, whole
}

func TestTheListSaysThatAMailWasRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, box := newMailDesk(t, d)
		list := s.sommer.Listen("/api/staff/stream", "")
		list.Until("snapshot", nil)
		var made changed
		s.sommer.Post(path, citizen(s.o.Booking(Start().Add(time.Hour)), "email", "nobody@example.org")).OK(t).Into(t, &made)
		untilMail(list, made, "failed")
		var code string
		s.Scan(`SELECT mail_state FROM appointment WHERE agency_id = $1 AND id = $2`, []any{s.o.Agency, made.ID}, &code)
		if len(box.all()) != 0 || code != "failed" {
			t.Errorf("%d %s", len(box.all()), code)
		}
	})
}

// The mail server may take long: the mail about the old time comes to its end when that about the new one is away.
func TestWhatBecomesOfAnEarlierMailSaysNothingAboutTheNewest(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := newMailDesk(t, d)
		list := s.sommer.Listen("/api/staff/stream", "")
		list.Until("snapshot", nil)
		var made changed
		s.sommer.Post(path, citizen(s.o.Booking(Start().Add(time.Hour)), "email", "erika@example.org")).OK(t).Into(t, &made)
		untilMail(list, made, "sent")
		p := Place{Appointment: made.ID}
		s.change(s.sommer, p, "move", Body{"version": made.Version, "startsAt": Start().Add(3 * time.Hour).UnixMilli()}).OK(t).Into(t, &made)
		untilMail(list, made, "sent")
		for _, result := range []struct {
			sequence int64
			sent     bool
			want     string
		}{{0, false, "sent"}, {1, false, "failed"}, {1, true, "sent"}, {-1, false, "failed"}} { // -1: it could not be read
			if err := s.Appointments.Mailed(t.Context(), s.o.Agency, made.ID, result.sequence, result.sent); err != nil {
				t.Fatal(err)
			}
			var state string
			s.Scan(`SELECT mail_state FROM appointment WHERE agency_id = $1 AND id = $2`, []any{s.o.Agency, made.ID}, &state)
			if state != result.want {
				t.Errorf("after mail %d, sent: %t, the list says %s", result.sequence, result.sent, state)
			}
		}
	})
}

// Where nothing is known of the mail that failed, the newest is meant: it must not stay on its way for ever.
func TestAMailWhoseAppointmentCannotBeReadIsShownAsFailedAlsoAfterAMove(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := newMailDesk(t, d)
		list := s.sommer.Listen("/api/staff/stream", "")
		list.Until("snapshot", nil)
		var made changed
		s.sommer.Post(path, citizen(s.o.Booking(Start().Add(time.Hour)), "email", "erika@example.org")).OK(t).Into(t, &made)
		untilMail(list, made, "sent")
		s.change(s.sommer, Place{Appointment: made.ID}, "move", Body{"version": made.Version, "startsAt": Start().Add(3 * time.Hour).UnixMilli()}).OK(t).Into(t, &made)
		untilMail(list, made, "sent") // else the mails that are under way have the last word
		away, cancel := context.WithCancel(t.Context())
		cancel()
		n, err := s.Appointments.Notice(away, s.o.Agency, made.ID)
		if err == nil || n.Sequence != notify.Unknown {
			t.Errorf("nothing was read, and it is mail %d, %v", n.Sequence, err)
		}
		if err := s.Appointments.Mailed(t.Context(), s.o.Agency, made.ID, n.Sequence, false); err != nil {
			t.Fatal(err)
		}
		var state string
		s.Scan(`SELECT mail_state FROM appointment WHERE agency_id = $1 AND id = $2`, []any{s.o.Agency, made.ID}, &state)
		if state != "failed" {
			t.Errorf("the list says %s", state)
		}
		// The row can be read, and what lies sealed in it not: then it is known which mail that was.
		s.Exec(`UPDATE appointment SET citizen_sealed = $1 WHERE agency_id = $2 AND id = $3`, []byte("broken"), s.o.Agency, made.ID)
		if n, err := s.Appointments.Notice(t.Context(), s.o.Agency, made.ID); err == nil || n.Sequence != 1 {
			t.Errorf("mail %d, %v", n.Sequence, err)
		}
	})
}
