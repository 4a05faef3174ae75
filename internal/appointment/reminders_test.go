package appointment_test

import (
	"errors"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/notify"
	. "visavis/internal/worldtest"
)

const all = `["week", "three_days", "day", "two_hours"]`

// book books for somebody who has an e-mail address, and waits for the invitation.
func (s *desk) book(box *post, starts time.Time, email string) (changed, string) {
	s.t.Helper()
	var made changed
	s.SignIn(s.o.Sommer).Post(path, citizen(s.o.Booking(starts), "email", email)).OK(s.t).Into(s.t, &made)
	if strings.HasPrefix(email, "nobody") {
		return made, ""
	}
	return made, box.next(s.t)
}

// planned is the next reminder of an appointment, and when; empty: none.
func (s *desk) planned(id string) (ref string, at time.Time) {
	s.t.Helper()
	var ms int64
	s.Scan(`
		SELECT COALESCE(MAX(ref), ''), COALESCE(MAX(run_at), 0) FROM job
		WHERE agency_id = $1 AND kind = 'notify.reminder' AND unique_key = $2`, []any{s.o.Agency, id}, &ref, &ms)
	return ref, db.Time(ms)
}

// untilPlanned waits until the next reminder is another.
func (s *desk) untilPlanned(id, want string) {
	s.t.Helper()
	deadline := time.Now().Add(dbtest.Patience)
	for {
		ref, _ := s.planned(id)
		if ref == want {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("the next is %q, not %q", ref, want)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// untilInvited waits until the invitation is sent and nobody works at it: who moves the clock takes its job away.
func (s *desk) untilInvited(id string) {
	s.t.Helper()
	deadline := time.Now().Add(dbtest.Patience)
	for s.Count(`SELECT COUNT(*) FROM job WHERE agency_id = $1 AND kind = 'notify.mail' AND unique_key = $2`, s.o.Agency, id) != 0 {
		if time.Now().After(deadline) {
			s.t.Fatal("not invited")
		}
		<-time.After(5 * time.Millisecond)
	}
}

// at moves the clock, and the queue looks at it.
func (s *desk) at(t time.Time) {
	s.Clock.Set(t)
	s.WakeJobs()
}

func linkIn(t *testing.T, mail string) string {
	t.Helper()
	_, whole := attachment(t, mail)
	_, rest, _ := strings.Cut(whole, URL+"/t/")
	return URL + "/t/" + strings.Fields(rest)[0]
}

func TestAGuestIsRemindedAtEachMomentOfTheRulesWithTheLinkThatWorks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, box := newMailDesk(t, d)
		s.Decide(s.o, s.o.Agency, agency.Reminders, all, false)
		starts := Start().Add(10 * 24 * time.Hour)
		made, invitation := s.book(box, starts, "erika@example.org")
		s.untilInvited(made.ID)
		ids := map[string]bool{}
		for _, m := range []struct {
			before time.Duration
			next   string
		}{{7 * 24 * time.Hour, "0.three_days"}, {3 * 24 * time.Hour, "0.day"}, {24 * time.Hour, "0.two_hours"}, {2 * time.Hour, ""}} {
			s.at(starts.Add(-m.before))
			text := box.next(t)
			s.untilPlanned(made.ID, m.next)
			if linkIn(t, text) != linkIn(t, invitation) {
				t.Errorf("another link than that of the invitation: %s", text)
			}
			head, err := mail.ReadMessage(strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			ids[head.Header.Get("Message-Id")] = true
			_, whole := attachment(t, text)
			if !strings.HasPrefix(whole, "Erinnerung: Ihr Videotermin am Donnerstag, 12. März 2026, 10:00 Uhr\n") {
				t.Error(whole)
			}
			for _, topic := range []string{"Jugendamt", "Beratung", "Schalter"} {
				if strings.Contains(whole, topic) {
					t.Errorf("it names the topic %s", topic)
				}
			}
		}
		if len(ids) != 4 || len(box.all()) != 5 {
			t.Errorf("%d mails, %v", len(box.all()), slices.Collect(maps.Keys(ids)))
		}
		open(s.Browser(), Place{Office: s.o, Secret: s.Secret(s.o, linkIn(t, box.all()[4]))}).OK(t)
		if strings.Contains(s.Log.String(), "erika@") || strings.Contains(s.Log.String(), s.Secret(s.o, linkIn(t, invitation))) {
			t.Error("address or link stand in the log")
		}
	})
}

func TestNobodyIsRemindedOfWhatTheyHaveJustReadOrWhatIsOver(t *testing.T) {
	s, box := newMailDesk(t, dbtest.SQLite(t))
	for i, c := range []struct {
		after time.Duration
		next  string
	}{
		{10 * 24 * time.Hour, "week"},
		{7 * 24 * time.Hour, "three_days"},
		{25 * time.Hour, "day"},
		{25*time.Hour - time.Minute, "two_hours"},
		{3 * time.Hour, "two_hours"},
		{3*time.Hour - time.Minute, ""},
		{20 * time.Minute, ""},
	} {
		starts := Start().Add(c.after)
		b := s.o.Booking(starts)
		if i%2 == 1 { // who works at both desks can have two at once
			b["desk"], b["service"] = s.o.Desk2, s.o.Service2
		}
		var made changed
		s.SignIn(s.o.Winter).Post(path, citizen(b, "email", "erika@example.org")).OK(t).Into(t, &made)
		box.next(t)
		ref, at := s.planned(made.ID)
		if want := map[bool]string{true: "", false: "0." + c.next}[c.next == ""]; ref != want {
			t.Errorf("an appointment in %s: %q, want %q", c.after, ref, want)
		}
		if ref != "" && (at.Before(Start().Add(time.Hour)) || !at.Before(starts)) {
			t.Errorf("an appointment in %s: reminded at %s", c.after, at)
		}
	}
	var made changed
	s.sommer.Post(path, s.o.Booking(Start().Add(48*time.Hour))).OK(t).Into(t, &made)
	if ref, _ := s.planned(made.ID); ref != "" {
		t.Error("who has no address is reminded")
	}
}

// In the night of 29 March 2026 the clocks go forward.
func TestADayBeforeIsTheSameTimeOfDayAlsoWhenTheClocksChange(t *testing.T) {
	s, box := newMailDesk(t, dbtest.SQLite(t))
	starts := time.Date(2026, time.March, 29, 10, 0, 0, 0, s.Zone)
	s.at(starts.Add(-48 * time.Hour))
	made, _ := s.book(box, starts, "erika@example.org")
	ref, at := s.planned(made.ID)
	if want := time.Date(2026, time.March, 28, 10, 0, 0, 0, s.Zone); ref != "0.day" || !at.Equal(want) {
		t.Errorf("%s %s", ref, at)
	}
}

func TestWhatIsMovedHasOtherRemindersAndWhatIsOverHasNone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, box := newMailDesk(t, d)
		starts := Start().Add(2 * 24 * time.Hour)
		made, first := s.book(box, starts, "erika@example.org")
		s.untilInvited(made.ID)
		old := notify.Moment{Name: "day"}
		if r, err := s.Appointments.Reminder(t.Context(), s.o.Agency, made.ID, old); err != nil || r.Due || r.Next.Name != "day" {
			t.Errorf("before its time: %+v %v", r, err)
		}
		p := Place{Appointment: made.ID}
		later := starts.Add(24 * time.Hour)
		s.change(s.sommer, p, "move", Body{"version": made.Version, "startsAt": later.UnixMilli()}).OK(t).Into(t, &made)
		moved := box.next(t)
		s.untilInvited(made.ID)
		if ref, at := s.planned(made.ID); ref != "1.day" || !at.Equal(later.Add(-24*time.Hour)) {
			t.Errorf("%s %s", ref, at)
		}
		// One that a node has already begun to send.
		if _, err := s.Appointments.Reminder(t.Context(), s.o.Agency, made.ID, old); !errors.Is(err, notify.ErrNothing) {
			t.Error("the old time is still told:", err)
		}
		s.at(later.Add(-24 * time.Hour))
		reminder := box.next(t)
		if link := linkIn(t, reminder); link != linkIn(t, moved) || link == linkIn(t, first) {
			t.Errorf("%s", link)
		}
		s.untilPlanned(made.ID, "1.two_hours")
		s.change(s.SignIn(s.o.Sommer), p, "cancel", Body{"version": made.Version}).OK(t).Into(t, &made)
		if ref, _ := s.planned(made.ID); ref != "" {
			t.Error("what is cancelled has a reminder:", ref)
		}
		if _, err := s.Appointments.Reminder(t.Context(), s.o.Agency, made.ID, notify.Moment{Name: "two_hours", Sequence: 2}); !errors.Is(err, notify.ErrNothing) {
			t.Error("what is cancelled is told:", err)
		}
		box.next(t) // that it is cancelled
		// Moved to today, there is no time left for one.
		today, _ := s.book(box, later.Add(48*time.Hour), "erika@example.org")
		p = Place{Appointment: today.ID}
		s.change(s.SignIn(s.o.Sommer), p, "move", Body{"version": today.Version, "startsAt": s.Clock.Now().Add(2 * time.Hour).UnixMilli()}).OK(t).Into(t, &today)
		if ref, _ := s.planned(today.ID); ref != "" {
			t.Error("reminded just after the mail about the new time:", ref)
		}
	})
}

func TestARuleCountsWhenTheMomentComesNotWhenTheAppointmentWasBooked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, box := newMailDesk(t, d)
		starts := Start().Add(10 * 24 * time.Hour)
		made, _ := s.book(box, starts, "erika@example.org")
		s.untilInvited(made.ID)
		due := func(name string) bool {
			t.Helper()
			r, err := s.Appointments.Reminder(t.Context(), s.o.Agency, made.ID, notify.Moment{Name: name})
			if err != nil {
				t.Fatal(err)
			}
			return r.Due
		}
		s.at(starts.Add(-7 * 24 * time.Hour)) // nobody has decided: a day before, and no other
		s.untilPlanned(made.ID, "0.three_days")
		if due("week") {
			t.Error("a week before")
		}
		s.Decide(s.o, s.o.Agency, agency.Reminders, `["three_days"]`, false)
		s.at(starts.Add(-3 * 24 * time.Hour))
		box.next(t)
		s.untilPlanned(made.ID, "0.day")
		s.Decide(s.o, s.o.Desk, agency.Reminders, `[]`, false)
		s.at(starts.Add(-24 * time.Hour))
		s.untilPlanned(made.ID, "0.two_hours")
		if due("day") {
			t.Error("the desk wants none")
		}
		s.Decide(s.o, s.o.Service, agency.Reminders, `["two_hours"]`, true)
		s.at(starts.Add(-2 * time.Hour))
		box.next(t)
		s.untilPlanned(made.ID, "")
		if n := len(box.all()); n != 3 {
			t.Errorf("%d mails", n)
		}
	})
}

func TestAReminderThatIsLateIsSentOnceUntilTheAppointmentBegins(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, box := newMailDesk(t, d)
		s.Decide(s.o, s.o.Agency, agency.Reminders, all, false)
		starts := Start().Add(10 * 24 * time.Hour)
		made, _ := s.book(box, starts, "erika@example.org")
		s.untilInvited(made.ID)
		s.at(starts.Add(-90 * time.Minute)) // nothing ran for days: one mail, not four
		box.next(t)
		s.untilPlanned(made.ID, "")
		if n := len(box.all()); n != 2 {
			t.Errorf("%d mails", n)
		}
		s.at(starts)
		if _, err := s.Appointments.Reminder(t.Context(), s.o.Agency, made.ID, notify.Moment{Name: "two_hours"}); !errors.Is(err, notify.ErrNothing) {
			t.Error("reminded of what has begun:", err)
		}
	})
}

func TestWhileTheInvitationItselfWaitsNobodyIsReminded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, box := newMailDesk(t, d)
		starts := Start().Add(2 * 24 * time.Hour)
		made, _ := s.book(box, starts, "erika@example.org")
		s.untilInvited(made.ID)
		s.Exec(`UPDATE appointment SET mail_state = 'queued' WHERE agency_id = $1 AND id = $2`, s.o.Agency, made.ID)
		s.at(starts.Add(-24 * time.Hour))
		s.untilPlanned(made.ID, "0.two_hours")
		if n := len(box.all()); n != 1 {
			t.Errorf("%d mails", n)
		}
	})
}

func TestTheListSaysThatAReminderWasRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, box := newMailDesk(t, d)
		starts := Start().Add(25 * time.Hour)
		made, _ := s.book(box, starts, "erika@example.org")
		s.untilInvited(made.ID)
		box.close()
		s.at(starts.Add(-24 * time.Hour))
		deadline := time.Now().Add(dbtest.Patience)
		for s.Count(`SELECT COUNT(*) FROM appointment WHERE agency_id = $1 AND mail_state = 'failed'`, s.o.Agency) == 0 {
			if time.Now().After(deadline) {
				t.Fatal("the list does not say that it failed")
			}
			<-time.After(5 * time.Millisecond)
		}
	})
}

func TestAnAgencyThatIsGivenUpRemindsNobody(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, box := newMailDesk(t, d)
		starts := Start().Add(25 * time.Hour)
		made, _ := s.book(box, starts, "erika@example.org")
		s.untilInvited(made.ID)
		s.Tx(func(tx *db.Tx) error { return s.Agencies.GiveUp(t.Context(), tx, s.o.Agency) })
		s.at(starts.Add(-24 * time.Hour))
		s.untilPlanned(made.ID, "")
		if n := len(box.all()); n != 1 {
			t.Errorf("%d mails", n)
		}
		if _, err := s.Agencies.Clear(t.Context(), s.o.Agency, func() bool { return false }); err != nil {
			t.Fatal(err)
		}
	})
}
