package staff_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/jobs"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

const manyPath = "/api/staff/people/invite"

// invites asks to invite many, and tells how many that are.
func (l *letters) invites(what Body) int {
	l.t.Helper()
	var done struct{ Count int }
	l.winter.Post(manyPath, what).OK(l.t).Into(l.t, &done)
	return done.Count
}

// employ makes accounts without passwords, as an import does.
func (l *letters) employ(n int) {
	l.t.Helper()
	for i := range n {
		l.winter.Post("/api/staff/people", Body{
			"email": fmt.Sprintf("neu%02d@amt.example", i), "name": "Herr Neu", "roles": []Body{{"role": "advisor", "place": l.o.Desk2}},
		}).OK(l.t)
	}
}

// settled waits until no invitation is under way.
func (l *letters) settled() {
	l.t.Helper()
	tick, late := time.NewTicker(5*time.Millisecond), time.After(dbtest.Patience)
	defer tick.Stop()
	l.WakeJobs()
	for l.Count(`SELECT COUNT(*) FROM job WHERE kind = $1`, staff.InviteJob) > 0 {
		select {
		case <-tick.C:
		case <-late:
			l.t.Fatal("not done")
		}
	}
}

func TestACC07ManyAreInvitedAtOnceEachOnceAndOneAfterTheOther(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := withLetters(t, d)
		l.hire() // is invited already
		l.employ(55)
		if n := l.invites(Body{"trial": true}); n != 55 {
			t.Fatalf("%d would be", n)
		}
		if n := l.invites(Body{"trial": true, "text": "neu0"}); n != 10 {
			t.Errorf("%d of those who are searched for", n)
		}
		if n := l.invites(Body{"trial": true, "place": l.o.Desk}); n != 0 {
			t.Errorf("%d elsewhere", n)
		}
		l.SignIn(l.o.Sommer).Post(manyPath, Body{"trial": true}).Expect(t, http.StatusForbidden, "admin.forbidden")
		if n := l.invites(Body{}); n != 55 {
			t.Fatalf("%d are", n)
		}
		if n := l.invites(Body{}); n != 0 {
			t.Errorf("%d once more", n)
		}
		if n := l.Count(`SELECT COUNT(*) FROM job WHERE kind = $1 AND run_at > $2`, staff.InviteJob, l.Clock.Now().UnixMilli()); n < 50 {
			t.Errorf("only %d of them wait for their turn", n)
		}
		l.Clock.Forward(time.Minute)
		l.settled()
		if n := l.Count(`SELECT COUNT(*) FROM staff_link WHERE agency_id = $1 AND reason = 'invited'`, l.o.Agency); n != 56 || l.acts(audit.AccountInvited) != 56 {
			t.Errorf("%d links, %d entries", n, l.acts(audit.AccountInvited))
		}
		l.later(l.mai.ID) // as if a process had died after it had done it
		l.settled()
		if n := l.acts(audit.AccountInvited); n != 56 {
			t.Errorf("%d entries: somebody was invited twice", n)
		}
	})
}

func TestACC07WhoMayNoLongerInviteHasNobodyInvited(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := withLetters(t, d)
		l.employ(3)
		if n := l.invites(Body{}); n != 3 {
			t.Fatal(n)
		}
		before := l.acts(audit.AccountInvited)
		l.Exec(`UPDATE staff SET disabled_at = 1 WHERE id = $1`, l.o.Winter.ID)
		l.Clock.Forward(time.Minute)
		l.settled()
		if n := l.acts(audit.AccountInvited); n > before+1 { // the first may have been under way
			t.Errorf("%d were invited", n-before)
		}
	})
}

func (l *letters) later(id string) {
	l.t.Helper()
	l.Tx(func(tx *db.Tx) error {
		return l.Jobs.Add(l.t.Context(), tx, jobs.Job{Agency: l.o.Agency, Kind: staff.InviteJob, Key: id, Ref: l.o.Winter.ID + "/de"})
	})
}
