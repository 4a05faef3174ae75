package notify_test

import (
	"context"
	"strings"
	"testing"
	"time"

	smtp "github.com/emersion/go-smtp"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/notify"
	"visavis/internal/worldtest"
)

func aLetter(kind, language string) notify.Letter {
	return notify.Letter{
		Kind: kind, ID: "link-1", Language: language, Name: "Paula <Neu> & Söhne", Email: "paula@amt.example", Agency: "Amt Lindenau",
		Link: worldtest.URL + "/staff/password#lindenau.abcdefghijklmnopqrstuvwxyz1", Until: time.Date(2026, time.March, 9, 13, 5, 0, 0, time.UTC),
	}
}

func (o *office) queueLetter(l notify.Letter) {
	o.t.Helper()
	o.letter = func() (notify.Letter, error) { return l, nil }
	o.Tx(func(tx *db.Tx) error { return o.mails.QueueLetter(o.t.Context(), tx, "agency", l.ID+l.Kind+l.Language) })
}

func TestALetterToStaffSaysWhatToDoInBothFormsAndLanguages(t *testing.T) {
	s := newServer(t)
	o := newOffice(t, dbtest.SQLite(t), s.at())
	for i, want := range []struct{ kind, language, subject, label, until string }{
		{"invited", "de", "Ihr Zugang zu den Videoterminen", "Passwort wählen", "Montag, 9. März 2026, 14:05 Uhr"},
		{"invited", "en", "Your access to video appointments", "Choose a password", "Monday, 9 March 2026, 14:05"},
		{"forgotten", "de", "Neues Passwort für die Videotermine", "Neues Passwort wählen", "Montag, 9. März 2026, 14:05 Uhr"},
		{"forgotten", "en", "New password for video appointments", "Choose a new password", "Monday, 9 March 2026, 14:05"},
	} {
		letter := aLetter(want.kind, want.language)
		o.queueLetter(letter)
		if !o.sent() {
			t.Fatal("not sent")
		}
		l := read(t, s.all()[i].data)
		if l.subject(t) != want.subject || strings.Contains(l.raw, "Paula") || l.head.Get("Content-Language") != want.language {
			t.Errorf("%s", l.raw)
		}
		for _, text := range []string{l.text, l.html} {
			for _, said := range []string{want.label, want.until, "Amt Lindenau"} {
				if !strings.Contains(text, said) {
					t.Errorf("%s %s does not say %q: %s", want.kind, want.language, said, text)
				}
			}
		}
		if !strings.Contains(l.text, letter.Link) || !strings.Contains(l.html, `href="`+letter.Link+`"`) || !strings.Contains(l.html, "Paula &lt;Neu&gt; &amp; Söhne") {
			t.Errorf("%s\n%s", l.text, l.html)
		}
		if to := s.all()[i].to; len(to) != 1 || to[0] != "paula@amt.example" {
			t.Error(to)
		}
	}
}

func TestALetterThatIsRefusedIsToldAndOneThatIsNoLongerNeededIsNotSent(t *testing.T) {
	s := newServer(t)
	o := newOffice(t, dbtest.SQLite(t), s.at())
	asked := make(chan struct{}, 1)
	o.letter = func() (notify.Letter, error) { asked <- struct{}{}; return notify.Letter{}, notify.ErrNothing }
	o.Tx(func(tx *db.Tx) error { return o.mails.QueueLetter(t.Context(), tx, "agency", "link-0") })
	<-asked
	s.say(&smtp.SMTPError{Code: 550, Message: "no such user " + canary})
	o.queueLetter(aLetter("forgotten", "de"))
	if o.sent() {
		t.Error("sent")
	}
	o.dead(t, "smtp_550")
	if len(s.all()) != 0 || strings.Contains(o.Log.String(), canary) || strings.Contains(o.Log.String(), "lindenau.abc") {
		t.Errorf("%d mails, %s", len(s.all()), o.Log)
	}
	if n := o.Count(`SELECT COUNT(*) FROM job WHERE unique_key LIKE '%.abc%' OR ref LIKE '%.abc%'`); n != 0 {
		t.Error("a secret waits in the queue")
	}
}

func (o *office) letters() notify.Letters {
	return notify.Letters{
		Letter: func(context.Context, string, string) (notify.Letter, error) { return o.letter() },
		Mailed: func(_ context.Context, _, _ string, sent bool) error {
			o.told <- told{sent: sent}
			return nil
		},
	}
}
