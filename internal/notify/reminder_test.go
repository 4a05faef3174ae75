package notify_test

import (
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/notify"
	"visavis/internal/vault"
)

func reminder() notify.Reminder {
	n := invitation()
	n.Kind, n.Moment = notify.Reminded, "day"
	return notify.Reminder{Notice: n, Due: true}
}

// remind plans a reminder for now.
func (o *office) remind() {
	o.t.Helper()
	o.Tx(func(tx *db.Tx) error {
		return o.mails.Remind(o.t.Context(), tx, "agency", "appointment", notify.Moment{Name: "day", At: o.Clock.Now()})
	})
}

func TestAReminderIsReadableAsTextAndHTMLInBothLanguagesAndItsHeadSaysNothing(t *testing.T) {
	s := newServer(t)
	o := newOffice(t, dbtest.SQLite(t), s.at())
	for i, language := range []string{"de", "en"} {
		r := reminder()
		r.Notice.Language = language
		o.reminder = func(notify.Moment) (notify.Reminder, error) { return r, nil }
		o.remind()
		if !o.sent() {
			t.Fatal("not sent")
		}
		l := read(t, s.all()[i].data)
		golden(t, "reminded."+language+".txt", l.subject(t)+"\n\n"+l.text)
		golden(t, "reminded."+language+".html", l.html)
		if strings.Join(l.contentTypeOrder, " ") != "multipart/alternative text/plain text/html" {
			t.Errorf("%v", l.contentTypeOrder)
		}
		for _, foreign := range []string{"src=", "url(", "<script", "<img", "<link"} {
			if strings.Contains(l.html, foreign) {
				t.Errorf("it loads something: %s", foreign)
			}
		}
		if strings.Contains(strings.ReplaceAll(l.raw, "erika."+canary+"@example.org", ""), canary) || strings.Contains(l.raw, "Erika") {
			t.Errorf("%s", l.raw)
		}
		if got := l.head.Get("Message-Id"); got != "<appointment-1.0.reminded.day@amt.example>" {
			t.Error(got)
		}
	}
	if strings.Contains(o.Log.String(), canary) || strings.Contains(o.Log.String(), "abcdefghij") {
		t.Errorf("the log: %s", o.Log)
	}
}

// left waits until so many jobs are left and nobody works at one.
func (o *office) left(t *testing.T, jobs int) {
	t.Helper()
	deadline := time.Now().Add(dbtest.Patience)
	for o.Count(`SELECT COUNT(*) FROM job`) != jobs || o.Count(`SELECT COUNT(*) FROM job WHERE lease_until IS NOT NULL`) != 0 {
		if time.Now().After(deadline) {
			t.Fatalf("not %d jobs", jobs)
		}
		<-time.After(5 * time.Millisecond)
	}
}

func TestAVA01EachReminderIsSentOnceThoughTwoNodesWorkAndOneHasDied(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newServer(t)
		o := newOffice(t, d, s.at())
		_, look := o.node("two", 2, s.at())
		start := o.Clock.Now()
		o.reminder = func(m notify.Moment) (notify.Reminder, error) {
			r := reminder()
			r.Notice.Moment = m.Name
			if m.Name == "day" {
				r.Next = notify.Moment{Name: "two_hours", At: start.Add(22 * time.Hour)}
			}
			return r, nil
		}
		o.remind()
		look()
		if !o.sent() {
			t.Error("not sent")
		}
		o.left(t, 1)
		// A node that leased the next one is dead.
		o.Exec(`UPDATE job SET lease_until = $1, lease_owner = 'dead', attempts = 1`, db.Ms(start.Add(22*time.Hour+time.Minute)))
		o.Clock.Set(start.Add(22 * time.Hour))
		o.look()
		look()
		o.Clock.Forward(time.Minute + time.Second)
		if n := len(s.all()); n != 1 {
			t.Errorf("%d mails while another node may be sending", n)
		}
		o.look()
		look()
		if !o.sent() {
			t.Error("not sent")
		}
		o.left(t, 0)
		if n := len(s.all()); n != 2 {
			t.Errorf("%d mails", n)
		}
	})
}

func TestAReminderThatTheRulesDoNotWantIsLeftOutAndTheNextMomentComes(t *testing.T) {
	s := newServer(t)
	o := newOffice(t, dbtest.SQLite(t), s.at())
	start := o.Clock.Now()
	o.reminder = func(m notify.Moment) (notify.Reminder, error) {
		return notify.Reminder{Next: notify.Moment{Name: "two_hours", Sequence: 3, At: start.Add(time.Hour)}}, nil
	}
	o.remind()
	o.left(t, 1)
	deadline := time.Now().Add(dbtest.Patience)
	for o.Count(`SELECT COUNT(*) FROM job WHERE ref = '3.two_hours' AND run_at = $1`, db.Ms(start.Add(time.Hour))) != 1 {
		if time.Now().After(deadline) {
			t.Fatal("the next is not planned")
		}
		<-time.After(5 * time.Millisecond)
	}
	o.reminder = func(notify.Moment) (notify.Reminder, error) { return notify.Reminder{}, notify.ErrNothing }
	o.Clock.Forward(time.Hour)
	o.look()
	o.left(t, 0)
	if len(s.all()) != 0 {
		t.Error("a mail was sent")
	}
}

// As with an invitation: a server's last word is shown at once, its silence after hours. After that the next is tried.
func TestAReminderThatCannotBeDeliveredIsTold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newServer(t)
		o := newOffice(t, d, s.at())
		r := reminder()
		r.Notice.Sequence, r.Next = 4, notify.Moment{Name: "two_hours", Sequence: 4, At: o.Clock.Now().Add(1000 * time.Hour)}
		o.reminder = func(notify.Moment) (notify.Reminder, error) { return r, nil }
		o.Tx(func(tx *db.Tx) error {
			return o.mails.Remind(t.Context(), tx, "agency", "appointment", notify.Moment{Name: "day", Sequence: 4})
		})
		if got := o.become(); got != (told{4, true}) {
			t.Errorf("%+v", got)
		}
		o.left(t, 1)
		s.say(&smtp.SMTPError{Code: 550, Message: "no such user " + canary})
		o.remind()
		if o.sent() {
			t.Error("sent")
		}
		o.dead(t, "smtp_550")
		s.say(&smtp.SMTPError{Code: 451, Message: "later, " + canary})
		o.remind()
		for try := 1; try <= 12; try++ {
			if try < 12 {
				o.tried(t, try)
			}
			o.Clock.Forward(3 * time.Hour)
			o.look()
		}
		if o.sent() {
			t.Error("sent")
		}
		o.left(t, 1)
		if n := o.Count(`SELECT COUNT(*) FROM job WHERE dead_at IS NULL AND ref = '4.two_hours' AND attempts = 0`); n != 1 {
			t.Error("the next is not planned")
		}
		if strings.Contains(o.Log.String(), canary) {
			t.Errorf("what the server said stands in the log: %s", o.Log)
		}
	})
}

func TestAReminderThatIsWrongOrMakesUsPanicIsToldAsFailed(t *testing.T) {
	o := newOffice(t, dbtest.SQLite(t), newServer(t).at())
	broken := reminder()
	broken.Notice.Email = vault.Personal("no address " + canary)
	o.reminder = func(notify.Moment) (notify.Reminder, error) { return broken, nil }
	o.remind()
	if o.sent() {
		t.Error("sent")
	}
	o.dead(t, "smtp_553")
	o.reminder = func(notify.Moment) (notify.Reminder, error) { panic(canary) }
	o.remind()
	o.untilGivenUp(t)
	if o.sent() {
		t.Error("sent")
	}
	if strings.Contains(o.Log.String(), canary) {
		t.Errorf("the log: %s", o.Log)
	}
}
