package staff_test

import (
	"net/http"
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	. "visavis/internal/worldtest"
)

// while lets a request run while a transaction is open that changes what it has looked at before, and returns its answer.
// The request may wait for the transaction: then it has a moment to come so far.
func (l *letters) while(change string, args []any, request func() Answer) Answer {
	l.t.Helper()
	answered := make(chan Answer, 1)
	l.Tx(func(tx *db.Tx) error {
		for _, query := range []string{change, `DELETE FROM staff_session WHERE agency_id = $1 AND staff_id = $2`} {
			if _, err := tx.ExecContext(l.t.Context(), query, args...); err != nil {
				return err
			}
		}
		go func() { answered <- request() }()
		select {
		case a := <-answered:
			answered <- a
		case <-time.After(300 * time.Millisecond):
		}
		return nil
	})
	return <-answered
}

// Whoever changes a password or disables an account ends all sessions; one that begins in the same instant would stay.
func TestACC08NoSessionBeginsByWhatWasTrueBefore(t *testing.T) {
	const (
		changed  = `UPDATE staff SET password_hash = 'another' WHERE agency_id = $1 AND id = $2`
		disabled = `UPDATE staff SET disabled_at = 1 WHERE agency_id = $1 AND id = $2`
	)
	for name, c := range map[string]struct {
		change string
		ready  func(*letters, *Browser) func() Answer
		code   string
	}{
		"another password": {changed, func(l *letters, b *Browser) func() Answer {
			return func() Answer { return b.Post(path, credentials(l.o.Sommer, Password)) }
		}, "session.wrong"},
		"disabled": {disabled, func(l *letters, b *Browser) func() Answer {
			return func() Answer { return b.Post(path, credentials(l.o.Sommer, Password)) }
		}, "session.wrong"},
		"another password, at the second step": {changed, func(l *letters, b *Browser) func() Answer {
			phone, _ := l.turnOn(l.SignIn(l.o.Sommer))
			l.Clock.Forward(30 * time.Second)
			ticket := l.ticket(b, l.o.Sommer, "session.code")
			return func() Answer { return l.second(b, ticket, phone.code(0)) }
		}, "session.expired"},
		"disabled, with a passkey": {disabled, func(l *letters, b *Browser) func() Answer {
			a := newAuthenticator(l.t)
			l.addKey(l.SignIn(l.o.Sommer), a).OK(l.t)
			body := Body{"credential": a.signed(l.challenge())}
			return func() Answer { return b.Post(passkeyPath, body) }
		}, "session.none"},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				l := withLetters(t, d)
				b := l.Browser()
				request := c.ready(l, b)
				l.while(c.change, []any{l.o.Agency, l.o.Sommer.ID}, request).Expect(t, http.StatusUnauthorized, c.code)
				l.Exec(`UPDATE staff SET disabled_at = NULL WHERE agency_id = $1 AND id = $2`, l.o.Agency, l.o.Sommer.ID)
				if n := l.Count(`SELECT COUNT(*) FROM staff_session WHERE agency_id = $1 AND staff_id = $2`, l.o.Agency, l.o.Sommer.ID); n != 0 || signedIn(b) {
					t.Errorf("%d sessions", n)
				}
			})
		})
	}
}

// Whoever knows no more than the password sets up no second factor of their own beside somebody's passkey.
func TestACC07APasskeyIsNotGotAroundByThePasswordWhereASecondFactorIsDemanded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := withLetters(t, d)
		l.demand(agency.Demanded)
		early := l.ticket(l.Browser(), l.o.Sommer, "session.setup")
		l.demand(agency.Optional)
		own, a := l.SignIn(l.o.Sommer), newAuthenticator(t)
		l.addKey(own, a).OK(t)
		l.Browser().Post(path, credentials(l.o.Sommer, Password)).OK(t) // where none is demanded it is as before
		l.demand(agency.Demanded)
		l.Browser().Post(path, credentials(l.o.Sommer, Password)).Expect(t, http.StatusForbidden, "session.passkey")
		var setup struct{ Secret string }
		l.Browser().Post(path+"/setup", Body{"ticket": early}).OK(t).Into(t, &setup)
		l.second(l.Browser(), early, l.app(setup.Secret).code(0)).Expect(t, http.StatusForbidden, "session.passkey")
		l.byKey(a).OK(t)
		// In one's own account an app goes beside it.
		phone, _ := l.turnOn(own)
		l.Clock.Forward(30 * time.Second)
		b := l.Browser()
		l.second(b, l.ticket(b, l.o.Sommer, "session.code"), phone.code(0)).OK(t)
	})
}

func TestWhoGuessesPasskeysKeepsNobodyOfTheSameNetworkOut(t *testing.T) {
	l := withLetters(t, dbtest.SQLite(t))
	a := newAuthenticator(t)
	l.addKey(l.SignIn(l.o.Sommer), a).OK(t)
	guess := l.Browser()
	status := 0
	for range 700 {
		status = guess.Post(passkeyPath, Body{"credential": Body{}}).Status
	}
	if status != http.StatusTooManyRequests {
		t.Error(status)
	}
	l.byKey(a).OK(t)
	visitor := l.Browser()
	visitor.Client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if got := visitor.Get("/api/staff/sso/amt/callback").Header.Get("Location"); got != "/staff#refused=sso.expired" {
		t.Error(got)
	}
}

func TestAUserHandleThatIsNoTextIsRefusedLikeAnyOther(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := withLetters(t, d)
		a := newAuthenticator(t)
		for _, handle := range []string{"\x00.\x00", "\xff\xfe", l.o.Agency + ".\x00", "", "."} {
			a.user = b64([]byte(handle))
			l.byKey(a).Expect(t, http.StatusForbidden, "passkey.refused")
		}
	})
}

func TestWhoHasSignedInHereBeforeGetsALinkWhateverTheNetworkAsksFor(t *testing.T) {
	l := withLetters(t, dbtest.SQLite(t))
	known, stranger := l.SignIn(l.o.Sommer), l.Browser()
	for range 30 {
		stranger.Post(forgottenPath, Body{"agency": l.o.Slug, "email": "niemand@amt.example"})
	}
	stranger.Post(forgottenPath, Body{"agency": l.o.Slug, "email": l.o.Herbst.Email}).Expect(t, http.StatusTooManyRequests, "session.throttled")
	l.forget(known, l.o.Sommer)
	l.untilLinks(l.o.Sommer, 1)
	known.Post(forgottenPath, Body{"agency": l.o.Slug, "email": l.o.Herbst.Email}).Expect(t, http.StatusTooManyRequests, "session.throttled")
}
