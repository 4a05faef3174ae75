package staff_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

const path = "/api/staff/session"

func credentials(who Account, password string) Body {
	return Body{"agency": who.Slug, "email": who.Email, "password": password}
}

func signedIn(b *Browser) bool {
	b.T.Helper()
	a := b.Get(path)
	if a.Status != http.StatusOK {
		a.Expect(b.T, http.StatusUnauthorized, "session.none")
	}
	return a.Status == http.StatusOK
}

func TestWhoSignsInSeesTheirDesksServicesAndColleaguesOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		n.Office("ahorn")
		var me staff.Me
		n.SignIn(o.Sommer).Get(path+"?language=en").OK(t).Into(t, &me)
		if me.Name != "Frau Sommer" || len(me.Desks) != 1 || me.Desks[0].Role != staff.Advisor || me.Agency.Slug != "lindenau" || me.Agency.PhoneHours["en"] != "Monday to Friday" {
			t.Errorf("%+v", me)
		}
		if me.Desks[0].ID != o.Desk || len(me.Services) != 1 || me.Services[0].Name != "Beratung (en)" || me.Services[0].Minutes != 30 {
			t.Errorf("%+v", me)
		}
		if len(me.Advisors) != 2 || me.Advisors[0].ID != o.Sommer.ID || me.Advisors[1].ID != o.Winter.ID || !slices.Equal(me.Advisors[1].Desks, []string{o.Desk}) {
			t.Errorf("%+v", me.Advisors)
		}
		n.SignIn(o.Winter).Get(path).OK(t).Into(t, &me)
		if len(me.Desks) != 2 || len(me.Services) != 2 || len(me.Advisors) != 3 {
			t.Errorf("%+v", me)
		}
	})
}

func TestAWrongPasswordAndAnAbsentAccountLookTheSame(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		ahorn := n.Office("ahorn")
		b := n.Browser()
		wrong := b.Post(path, credentials(o.Sommer, "falsch")).Expect(t, http.StatusUnauthorized, "session.wrong")
		for name, who := range map[string]Account{
			"no such account": {Email: "niemand@amt.example", Slug: "lindenau"},
			"no such agency":  {Email: o.Sommer.Email, Slug: "nirgends"},
		} {
			a := b.Post(path, credentials(who, Password))
			if a.Status != wrong.Status || a.Text != wrong.Text || len(a.Cookies) != 0 {
				t.Errorf("%s: %d %s", name, a.Status, a.Text)
			}
		}
		n.Exec(`UPDATE staff SET disabled_at = 1 WHERE id = $1`, o.Winter.ID) // told only to who knows its password
		if a := b.Post(path, credentials(o.Winter, "falsch")); a.Status != wrong.Status || a.Text != wrong.Text {
			t.Errorf("disabled: %d %s", a.Status, a.Text)
		}
		n.Browser().Post(path, credentials(o.Winter, Password)).Expect(t, http.StatusForbidden, "session.disabled")
		b.Post(path, credentials(o.Sommer, strings.Repeat("x", 300))).Expect(t, http.StatusBadRequest, "request.invalid")
		b.Post(path, credentials(o.Sommer, strings.Repeat("ü", 200))).Expect(t, http.StatusUnauthorized, "session.wrong")
		b.Post(path, Body{"agency": "", "email": o.Sommer.Email, "password": Password}).Expect(t, http.StatusUnprocessableEntity, "session.agency")
		typed := o.Sommer
		typed.Email = " SOMMER@Amt.Example "
		b.Post(path, credentials(typed, Password)).OK(t)
		n.Exec(`UPDATE staff SET password_hash = 'damaged' WHERE id = $1`, ahorn.Sommer.ID)
		n.Browser().Post(path, credentials(ahorn.Sommer, Password)).Expect(t, http.StatusInternalServerError, "internal")
	})
}

func TestWhereThereIsOneAgencyNobodyNamesIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		n.Browser().Post(path, Body{"agency": "", "email": o.Sommer.Email, "password": Password}).OK(t)
	})
}

func TestWEB05TheCookieIsBoundToTheOriginAndNewWithEachSignIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		b := n.Browser()
		seen := map[string]bool{}
		for range 3 {
			a := b.Post(path, credentials(o.Sommer, Password)).OK(t)
			if len(a.Cookies) != 2 {
				t.Fatalf("%v", a.Cookies)
			}
			c := a.Cookies[0]
			if c.Name != "__Host-staff" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 0 || !c.Expires.IsZero() {
				t.Errorf("%+v", c)
			}
			if seen[c.Value] || len(c.Value) < 32 {
				t.Errorf("%q", c.Value)
			}
			seen[c.Value] = true
			if strings.Contains(a.Text, c.Value) || a.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%v", a.Header)
			}
		}
		for value := range seen {
			_, token, _ := strings.Cut(value, ".")
			if n.Count(`SELECT COUNT(*) FROM staff_session WHERE CAST(token_hash AS TEXT) LIKE $1`, "%"+token+"%") != 0 {
				t.Error("the token stands in the database")
			}
		}
		// A cookie that somebody else has planted does not become a session.
		b = n.Browser()
		b.Header.Set("Cookie", "__Host-staff="+o.Agency+".planted-by-somebody-else")
		if signedIn(b) {
			t.Error("a planted cookie counts")
		}
		if c := b.Post(path, credentials(o.Sommer, Password)).OK(t).Cookies; len(c) != 2 || strings.Contains(c[0].Value, "planted") {
			t.Errorf("%v", c)
		}
	})
}

func TestASessionIsOfOneAgencyOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o, other := n.Office("lindenau"), n.Office("ahorn")
		c := n.Browser().Post(path, credentials(o.Sommer, Password)).OK(t).Cookies[0]
		_, token, _ := strings.Cut(c.Value, ".")
		for value, want := range map[string]bool{
			c.Value: true, other.Agency + "." + token: false, token: false, "." + token: false, o.Agency + ".": false, c.Value + "x": false,
		} {
			b := n.Browser()
			b.Header.Set("Cookie", "__Host-staff="+value)
			if signedIn(b) != want {
				t.Errorf("%q: %v", value, !want)
			}
		}
	})
}

func TestASessionEndsAfterTwelveHoursWithoutUseAndAfterADayAnyway(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		idle, busy := n.SignIn(o.Sommer), n.SignIn(o.Sommer)
		for hours := 0; hours < 22; hours += 11 {
			n.Clock.Forward(11 * time.Hour)
			if !signedIn(busy) {
				t.Fatalf("ended after %d hours with use", hours+11)
			}
			if got := signedIn(idle); got {
				if hours > 0 {
					t.Error("twelve hours without use, and still there")
				}
				idle = n.Browser() // its session was used just now
			}
		}
		n.Clock.Forward(2*time.Hour + time.Second)
		if signedIn(busy) {
			t.Error("longer than a day")
		}
		sleeper := n.SignIn(o.Sommer)
		if left := n.Count(`SELECT COUNT(*) FROM staff_session WHERE staff_id = $1`, o.Sommer.ID); left != 1 {
			t.Errorf("%d sessions; those that ended go with the next sign-in", left)
		}
		n.Clock.Forward(12*time.Hour + time.Second)
		if signedIn(sleeper) {
			t.Error("twelve hours without use, and still there")
		}
	})
}

func TestACC08WhoIsDisabledIsOutAtOnceAndStaysOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		b := n.SignIn(o.Sommer)
		n.Exec(`UPDATE staff SET disabled_at = $1 WHERE id = $2`, n.Clock.Now().UnixMilli(), o.Sommer.ID)
		if signedIn(b) {
			t.Error("still in")
		}
		b.Get("/api/staff/stream").Expect(t, http.StatusUnauthorized, "session.none")
		b.Post(path, credentials(o.Sommer, Password)).Expect(t, http.StatusForbidden, "session.disabled")
		var me staff.Me
		n.SignIn(o.Winter).Get(path).OK(t).Into(t, &me)
		for _, c := range me.Advisors {
			if c.ID == o.Sommer.ID {
				t.Error("offered as an advisor")
			}
		}
	})
}

func TestSigningOutEndsThatSessionAndItsStreamsOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		one, two := n.SignIn(o.Sommer), n.SignIn(o.Sommer)
		first, second := one.Listen("/api/staff/stream", ""), two.Listen("/api/staff/stream", "")
		first.Until("snapshot", nil)
		second.Until("snapshot", nil)
		a := one.Send(http.MethodDelete, path, nil).Expect(t, http.StatusNoContent, "")
		if len(a.Cookies) != 1 || a.Cookies[0].MaxAge >= 0 {
			t.Errorf("%v", a.Cookies)
		}
		if got := first.Until("bye", nil); got != `{"reason":"signed-out"}` {
			t.Error(got)
		}
		if signedIn(one) || !signedIn(two) {
			t.Error("the wrong session ended")
		}
		n.Book(o, two, o.Booking(Start())) // the other stream goes on
		second.Until("row", nil)
		one.Send(http.MethodDelete, path, nil).Expect(t, http.StatusUnauthorized, "session.none")
	})
}

func TestWEB06ARequestThatAnotherSiteSendsChangesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		b := n.SignIn(o.Sommer)
		for _, c := range []http.Header{
			{"Sec-Fetch-Site": {"cross-site"}}, {"Sec-Fetch-Site": {"same-site"}}, {"Origin": {"https://evil.example"}}, {"Origin": {"null"}},
		} {
			b.Header = c
			b.Send(http.MethodDelete, path, nil).Expect(t, http.StatusForbidden, "request.foreign_origin")
			b.Post(path, credentials(o.Sommer, Password)).Expect(t, http.StatusForbidden, "request.foreign_origin")
			b.Post("/api/staff/appointments", o.Booking(Start())).Expect(t, http.StatusForbidden, "request.foreign_origin")
		}
		if n.Count(`SELECT COUNT(*) FROM appointment`) != 0 {
			t.Error("booked")
		}
		own, err := url.Parse(n.Server.URL)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []http.Header{{"Sec-Fetch-Site": {"same-origin"}}, {"Origin": {"https://" + own.Host}}} {
			b.Header = c
			b.Post("/api/staff/appointments", o.Booking(Start())).OK(t)
		}
		// A form can send text without asking first; it is not read as JSON.
		b.Header = http.Header{"Content-Type": {"text/plain"}}
		b.Post("/api/staff/appointments", o.Booking(Start())).Expect(t, http.StatusUnsupportedMediaType, "request.content_type")
	})
}

func TestGuessingIsSlowedDownWhereItComesFromAndNobodyElseIsLockedOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		attacker, right := n.Browser(), n.Browser()
		attacker.Network, right.Network = "198.51.100.9", "203.0.113.9"
		wrong := 0
		for range 14 {
			a := attacker.Post(path, credentials(o.Sommer, "geraten"))
			if a.Status != http.StatusTooManyRequests {
				a.Expect(t, http.StatusUnauthorized, "session.wrong")
				wrong++
			} else {
				a.Expect(t, http.StatusTooManyRequests, "session.throttled")
			}
		}
		if wrong < 5 || wrong > 11 {
			t.Errorf("%d guesses were looked at", wrong)
		}
		attacker.Post(path, credentials(o.Sommer, Password)).Expect(t, http.StatusTooManyRequests, "session.throttled")
		neighbour := n.Browser()
		neighbour.Network = "198.51.100.200" // of the same network, as far as anybody can tell
		neighbour.Post(path, credentials(o.Sommer, Password)).Expect(t, http.StatusTooManyRequests, "session.throttled")
		neighbour.Post(path, credentials(o.Winter, Password)).OK(t)
		right.Post(path, credentials(o.Sommer, Password)).OK(t)
		// Who claims to come from elsewhere is not believed beyond the proxy.
		attacker.Network = "203.0.113.9, 198.51.100.9"
		attacker.Post(path, credentials(o.Sommer, "geraten")).Expect(t, http.StatusTooManyRequests, "session.throttled")
		// Some proxies add a line of their own to the one they were sent.
		attacker.Header["X-Forwarded-For"] = []string{"203.0.113.9", "198.51.100.9"}
		attacker.Post(path, credentials(o.Sommer, "geraten")).Expect(t, http.StatusTooManyRequests, "session.throttled")
		if strings.Contains(n.Log.String(), "198.51.100") || strings.Contains(n.Log.String(), "geraten") || strings.Contains(n.Log.String(), "sommer@") {
			t.Error("the log names the network, a password or an account")
		}
	})
}

func TestTheRightPasswordIsNeverCounted(t *testing.T) {
	n := New(t, dbtest.SQLite(t)).Node()
	o := n.Office("lindenau")
	b := n.Browser()
	for i := range 15 {
		if a := b.Post(path, credentials(o.Sommer, Password)); a.Status != http.StatusOK {
			t.Fatalf("sign-in %d: %d %s", i, a.Status, a.Text)
		}
	}
}

func TestManyGuessesAtOnceGetNoFurtherThanOneAfterTheOther(t *testing.T) {
	w := New(t, dbtest.SQLite(t))
	w.Cost = staff.Cost{} // the real one, or they would hardly meet
	n := w.Node()
	o := n.Office("lindenau")
	var all sync.WaitGroup
	var mu sync.Mutex
	wrong := 0
	for i := range 24 {
		all.Go(func() {
			b := n.Browser()
			b.Network = fmt.Sprintf("198.51.100.%d", i+1)
			if a := b.Post(path, credentials(o.Sommer, "geraten")); a.Status == http.StatusUnauthorized {
				mu.Lock()
				defer mu.Unlock()
				wrong++
			}
		})
	}
	all.Wait()
	if wrong < 1 || wrong > 13 { // ten, and those that were being looked at
		t.Errorf("%d guesses were looked at", wrong)
	}
}
