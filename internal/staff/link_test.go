package staff_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/notify"
	"visavis/internal/staff"
	"visavis/internal/staff/oidc"
	. "visavis/internal/worldtest"
)

const (
	setPath       = "/api/staff/password"
	forgottenPath = setPath + "/forgotten"
	good          = "Vier Fische im Nebel"
)

// letters is a world in which mails are planned, and go nowhere; Winter administers the agency, and Mai has been hired.
type letters struct {
	*Node
	t      *testing.T
	o      Office
	winter *Browser
	mai    Account
}

func withLetters(t *testing.T, d *db.DB) *letters {
	t.Helper()
	w := New(t, d)
	w.Mail = notify.Server{Host: "127.0.0.1", Port: 1, TLS: "off"}
	w.Providers = []staff.Provider{{ID: "amt", Name: "Dienstkonto", Agency: "lindenau", Party: oidc.New(oidc.Options{Issuer: "https://amt.example", Clock: w.Clock.Now})}}
	n := w.Node()
	l := &letters{Node: n, t: t, o: n.Office("lindenau")}
	n.Tx(func(tx *db.Tx) error {
		return n.Staff.Give(t.Context(), tx, l.o.Agency, staff.Grant{
			Staff: l.o.Winter.ID, Held: staff.Held{Role: staff.AgencyAdmin, Kind: agency.OfAgency, Place: l.o.Agency}, Source: staff.ByHand,
		})
	})
	l.winter = n.SignIn(l.o.Winter)
	return l
}

// hire makes Mai's account by the admin page, with an invitation.
func (l *letters) hire() {
	l.t.Helper()
	var made struct {
		ID         string
		Password   bool
		Invitation *struct {
			Until int64
			Mail  string
		}
	}
	l.winter.Post("/api/staff/people?language=en", Body{
		"email": "mai@amt.example", "name": "Herr Mai", "invite": true, "roles": []Body{{"role": "advisor", "place": l.o.Desk2}},
	}).OK(l.t).Into(l.t, &made)
	if made.Password || made.Invitation == nil || made.Invitation.Mail != "queued" || made.Invitation.Until != l.Clock.Now().Add(7*24*time.Hour).UnixMilli() {
		l.t.Fatalf("%+v", made)
	}
	l.mai = Account{ID: made.ID, Email: "mai@amt.example", Name: "Herr Mai", Slug: l.o.Slug}
}

// secret is that of the newest link of somebody, as it stands in the mail.
func (l *letters) secret(who Account, why staff.Reason) string {
	l.t.Helper()
	letter := l.letter(who, why)
	address, secret, found := strings.Cut(letter.Link, "#"+l.o.Slug+".")
	if !found || address != URL+"/staff/password" || len(secret) < 27 {
		l.t.Fatalf("%s", letter.Link)
	}
	return secret
}

func (l *letters) letter(who Account, why staff.Reason) notify.Letter {
	l.t.Helper()
	var id string
	l.Scan(`SELECT id FROM staff_link WHERE agency_id = $1 AND staff_id = $2 AND reason = $3 ORDER BY created_at DESC LIMIT 1`, []any{l.o.Agency, who.ID, why}, &id)
	letter, err := notify.LetterOf(l.t.Context(), l.Agencies, l.Staff, l.o.Agency, id)
	if err != nil {
		l.t.Fatal(err)
	}
	return letter
}

func (l *letters) set(b *Browser, secret, password string) Answer {
	l.t.Helper()
	return b.Post(setPath, Body{"agency": l.o.Slug, "secret": secret, "password": password})
}

// acts counts entries of the audit.
func (l *letters) acts(act audit.Act) int {
	l.t.Helper()
	return l.Count(`SELECT COUNT(*) FROM audit_entry WHERE agency_id = $1 AND act = $2`, l.o.Agency, act)
}

func TestACC07AnInvitationSetsAPasswordOnceAndSignsIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := withLetters(t, d)
		l.hire()
		if letter := l.letter(l.mai, staff.Invited); letter.Language != "en" || letter.Email != l.mai.Email || letter.Agency != "Amt lindenau" {
			t.Errorf("%+v", letter)
		}
		secret := l.secret(l.mai, staff.Invited)
		if l.Count(`SELECT COUNT(*) FROM staff_link WHERE id = $1 OR CAST(hash AS TEXT) LIKE $2`, secret, "%"+secret+"%") != 0 {
			t.Error("the secret stands in the database")
		}
		b := l.Browser()
		var about struct{ Reason, Agency, Email string }
		b.Post(setPath+"/link", Body{"agency": l.o.Slug, "secret": secret}).OK(t).Into(t, &about)
		if about.Reason != "invited" || about.Email != l.mai.Email || about.Agency != "Amt lindenau" {
			t.Errorf("%+v", about)
		}
		l.set(b, secret, "kurz").Expect(t, http.StatusUnprocessableEntity, "password.short")
		l.set(b, secret, "passwort12345").Expect(t, http.StatusUnprocessableEntity, "password.common")
		var me staff.Me
		l.set(b, secret, good).OK(t).Into(t, &me)
		if me.ID != l.mai.ID || len(me.Desks) != 1 || !signedIn(b) {
			t.Errorf("%+v", me)
		}
		l.set(l.Browser(), secret, good+" 2").Expect(t, http.StatusGone, "password.link")
		l.Browser().Post(setPath+"/link", Body{"agency": l.o.Slug, "secret": secret}).Expect(t, http.StatusGone, "password.link")
		l.Browser().Post(path, credentials(l.mai, good)).OK(t)
		if l.acts(audit.AccountInvited) != 1 || l.acts(audit.PasswordSet) != 1 {
			t.Error("the audit knows nothing of it")
		}
		l.winter.Post("/api/staff/people/"+l.mai.ID+"/invite", Body{}).Expect(t, http.StatusConflict, "person.has_password")
	})
}

func TestALinkEndsInTimeAndWithTheAccountAndIsReplacedByTheNextInvitation(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := withLetters(t, d)
		l.hire()
		gone := func(secret string) {
			t.Helper()
			l.set(l.Browser(), secret, good).Expect(t, http.StatusGone, "password.link")
		}
		first := l.secret(l.mai, staff.Invited)
		l.set(l.Browser(), strings.Repeat("x", 27), good).Expect(t, http.StatusGone, "password.link")
		l.Browser().Post(setPath, Body{"agency": "nirgends", "secret": first, "password": good}).Expect(t, http.StatusGone, "password.link")
		l.Clock.Forward(time.Second)
		l.winter.Post("/api/staff/people/"+l.mai.ID+"/invite?language=de", Body{}).OK(t)
		gone(first)
		second := l.secret(l.mai, staff.Invited)
		l.Clock.Forward(7*24*time.Hour - time.Second)
		l.Browser().Post(setPath+"/link", Body{"agency": l.o.Slug, "secret": second}).OK(t)
		l.Clock.Forward(time.Second)
		gone(second)
		l.winter = l.SignIn(l.o.Winter)
		l.winter.Post("/api/staff/people/"+l.mai.ID+"/invite", Body{}).OK(t)
		third := l.secret(l.mai, staff.Invited)
		var view struct{ Version string }
		disable := func(yes bool) {
			t.Helper()
			l.winter.Get("/api/staff/people/"+l.mai.ID).OK(t).Into(t, &view)
			l.winter.Post("/api/staff/people/"+l.mai.ID, Body{"version": view.Version, "disabled": yes}).OK(t)
		}
		disable(true)
		gone(third)
		l.winter.Post("/api/staff/people/"+l.mai.ID+"/invite", Body{}).Expect(t, http.StatusConflict, "person.disabled")
		disable(false)
		gone(third)
		// And whoever may not change the account does not invite either.
		l.SignIn(l.o.Sommer).Post("/api/staff/people/"+l.mai.ID+"/invite", Body{}).Expect(t, http.StatusForbidden, "admin.forbidden")
	})
}

// forget asks for a link and waits until it is made, or until something that was asked for after it is.
func (l *letters) forget(b *Browser, who Account) {
	l.t.Helper()
	b.Post(forgottenPath+"?language=de", Body{"agency": who.Slug, "email": who.Email}).Expect(l.t, http.StatusNoContent, "")
}

func (l *letters) untilLinks(who Account, n int) {
	l.t.Helper()
	tick, late := time.NewTicker(5*time.Millisecond), time.After(dbtest.Patience)
	defer tick.Stop()
	for l.Count(`SELECT COUNT(*) FROM staff_link WHERE agency_id = $1 AND staff_id = $2`, l.o.Agency, who.ID) != n {
		select {
		case <-tick.C:
		case <-late:
			l.t.Fatalf("not %d links", n)
		}
	}
}

func TestWhoHasForgottenThePasswordGetsALinkForAnHourAndNobodyLearnsWhoHasAnAccount(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := withLetters(t, d)
		l.hire()
		b := l.Browser()
		known := b.Post(forgottenPath, Body{"agency": l.o.Slug, "email": " SOMMER@amt.example "})
		unknown := b.Post(forgottenPath, Body{"agency": l.o.Slug, "email": "niemand@amt.example"})
		nowhere := b.Post(forgottenPath, Body{"agency": "nirgends", "email": "sommer@amt.example"})
		for _, a := range []Answer{known, unknown, nowhere} {
			if a.Status != http.StatusNoContent || a.Text != "" || len(a.Cookies) != 0 {
				t.Errorf("%d %s", a.Status, a.Text)
			}
		}
		l.untilLinks(l.o.Sommer, 1)
		// Who has no password yet is invited, and gets nothing else.
		l.forget(b, l.mai)
		l.Clock.Forward(time.Second)
		l.forget(b, l.o.Sommer)
		l.untilLinks(l.o.Sommer, 2)
		l.untilLinks(l.mai, 1)

		elsewhere := l.SignIn(l.o.Sommer)
		first := l.secret(l.o.Sommer, staff.Forgotten)
		l.set(b, first, good).OK(t)
		l.untilLinks(l.o.Sommer, 0)
		if signedIn(elsewhere) || !signedIn(b) {
			t.Error("the new password ends other sessions, and begins one")
		}
		l.Browser().Post(path, credentials(l.o.Sommer, Password)).Expect(t, http.StatusUnauthorized, "session.wrong")

		l.forget(b, l.o.Sommer)
		l.untilLinks(l.o.Sommer, 1)
		second := l.secret(l.o.Sommer, staff.Forgotten)
		l.Clock.Forward(time.Hour)
		l.set(b, second, good).Expect(t, http.StatusGone, "password.link")
		if n := l.acts(audit.PasswordAsked); n != 3 {
			t.Errorf("%d", n)
		}
	})
}

func TestNobodyFillsALetterBoxAndNoNetworkAsksWithoutEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := withLetters(t, d)
		b := l.Browser()
		for range 6 {
			l.forget(b, l.o.Sommer)
		}
		l.forget(b, l.o.Herbst) // after them
		l.untilLinks(l.o.Herbst, 1)
		l.untilLinks(l.o.Sommer, 3)
		status := http.StatusNoContent
		for range 40 {
			status = b.Post(forgottenPath, Body{"agency": l.o.Slug, "email": "niemand@amt.example"}).Status
		}
		if status != http.StatusTooManyRequests {
			t.Error(status)
		}
		other := l.Browser()
		other.Network = "192.0.2.8"
		l.forget(other, l.o.Sommer)
	})
}

func TestANewPasswordEndsAllOtherSessionsAndNeedsTheOldOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := withLetters(t, d)
		here, there := l.SignIn(l.o.Sommer), l.SignIn(l.o.Sommer)
		const own = "/api/staff/account/password"
		here.Post(own, Body{"current": "falsch", "password": good}).Expect(t, http.StatusForbidden, "password.wrong")
		here.Post(own, Body{"current": Password, "password": "Sommer Sommer"}).Expect(t, http.StatusUnprocessableEntity, "password.common")
		l.forget(here, l.o.Sommer)
		l.untilLinks(l.o.Sommer, 1)
		var account staff.OwnAccount
		here.Post(own, Body{"current": Password, "password": good}).OK(t).Into(t, &account)
		if len(account.Sessions) != 1 || !account.Sessions[0].Current || !account.Password {
			t.Errorf("%+v", account)
		}
		if !signedIn(here) || signedIn(there) {
			t.Error("other sessions end, and this one does not")
		}
		l.untilLinks(l.o.Sommer, 0)
		l.Browser().Post(path, credentials(l.o.Sommer, good)).OK(t)
		if !strings.Contains(l.details(audit.SessionEnded), "why=password count=1") {
			t.Error(l.details(audit.SessionEnded))
		}
	})
}

func (l *letters) details(act audit.Act) string {
	l.t.Helper()
	all, err := db.Texts(l.DB.Read().QueryContext(l.t.Context(), `SELECT detail FROM audit_entry WHERE agency_id = $1 AND act = $2 ORDER BY seq`, l.o.Agency, act))
	if err != nil {
		l.t.Fatal(err)
	}
	return strings.Join(all, "\n")
}

func TestSomebodySignsOutEverywhere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := withLetters(t, d)
		here, there := l.SignIn(l.o.Sommer), l.SignIn(l.o.Sommer)
		var account staff.OwnAccount
		here.Get("/api/staff/account").OK(t).Into(t, &account)
		if len(account.Sessions) != 2 || account.Email != l.o.Sommer.Email {
			t.Errorf("%+v", account)
		}
		gone := here.Send(http.MethodDelete, "/api/staff/account/sessions", nil).OK(t)
		if len(gone.Cookies) != 1 || gone.Cookies[0].MaxAge >= 0 || signedIn(here) || signedIn(there) {
			t.Errorf("%v", gone.Cookies)
		}
		if !signedIn(l.winter) {
			t.Error("of nobody else")
		}
	})
}

// The agency may say so; otherwise a password stands beside the provider.
func TestWhoSignsInAtAProviderHasNoPasswordWhereTheAgencySaysSo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := withLetters(t, d)
		l.hire()
		secret := l.secret(l.mai, staff.Invited)
		for _, who := range []Account{l.mai, l.o.Sommer} {
			l.Exec(`INSERT INTO staff_identity (agency_id, issuer, subject, staff_id, created_at, used_at) VALUES ($1, 'https://amt.example', $2, $2, 0, 0)`, l.o.Agency, who.ID)
		}
		l.Browser().Post(path, credentials(l.o.Sommer, Password)).OK(t)
		rule := "/api/staff/places/" + l.o.Agency + "/rules/" + string(agency.Passwords)
		l.winter.Send(http.MethodPut, rule, Body{"value": "nobody"}).Expect(t, http.StatusUnprocessableEntity, "rule.invalid")
		l.winter.Send(http.MethodPut, rule, Body{"value": agency.WithoutProvider}).OK(t)
		l.set(l.Browser(), secret, good).Expect(t, http.StatusGone, "password.link")
		l.winter.Post("/api/staff/people/"+l.mai.ID+"/invite", Body{}).Expect(t, http.StatusConflict, "person.provider")
		l.Browser().Post(path, credentials(l.o.Sommer, Password)).Expect(t, http.StatusForbidden, "session.provider")
		l.Browser().Post(path, credentials(l.o.Sommer, "falsch")).Expect(t, http.StatusUnauthorized, "session.wrong")
		l.Browser().Post(path, credentials(l.o.Herbst, Password)).OK(t)
	})
}
