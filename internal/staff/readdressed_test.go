package staff_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

// directory is what somebody has who has got hold of the key of the agency's directory.
func (l *letters) directory() *Browser {
	l.t.Helper()
	var made struct{ Token string }
	l.winter.Post("/api/staff/directory/tokens", Body{"label": "Verzeichnis"}).OK(l.t).Into(l.t, &made)
	b := l.Browser()
	b.Header.Set("Authorization", "Bearer "+made.Token)
	return b
}

func (l *letters) readdress(b *Browser, id, address string) {
	l.t.Helper()
	b.Send(http.MethodPatch, "/scim/v2/"+l.o.Slug+"/Users/"+id, Body{"Operations": []Body{{"op": "replace", "path": "emails", "value": address}}}).OK(l.t)
}

// A directory says who somebody is and where mail reaches them. If that opened an account that has a password, its key
// would open them all.
func TestNoDirectoryGetsIntoAnAccountByGivingItAnotherAddress(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := withLetters(t, d)
		l.hire()
		invitation := l.secret(l.mai, staff.Invited)
		b := l.directory()
		for _, who := range []Account{l.o.Sommer, l.mai} {
			if a := b.Post("/scim/v2/"+l.o.Slug+"/Users", Body{"userName": who.Email}); a.Status != http.StatusCreated {
				t.Fatal(a.Text)
			}
		}
		l.forget(l.Browser(), l.o.Sommer)
		l.untilLinks(l.o.Sommer, 1)
		sent := l.secret(l.o.Sommer, staff.Forgotten)
		l.readdress(b, l.o.Sommer.ID, "dieb@amt.example")
		l.readdress(b, l.mai.ID, "mai.neu@amt.example")
		// Links that went to the old address are over.
		l.set(l.Browser(), sent, good).Expect(t, http.StatusGone, "password.link")
		l.set(l.Browser(), invitation, good).Expect(t, http.StatusGone, "password.link")
		// And none goes to the new one.
		thief := Account{Email: "dieb@amt.example", Slug: l.o.Slug}
		l.forget(l.Browser(), thief)
		l.forget(l.Browser(), l.o.Herbst) // after it
		l.untilLinks(l.o.Herbst, 1)
		l.untilLinks(l.o.Sommer, 0)
		if !strings.Contains(l.details(audit.AccountChanged), "what=address source=scim") {
			t.Error(l.details(audit.AccountChanged))
		}
		// Who knows the password has the address.
		l.Browser().Post(path, credentials(thief, "falsch")).Expect(t, http.StatusUnauthorized, "session.wrong")
		l.SignIn(thief)
		l.forget(l.Browser(), thief)
		l.untilLinks(l.o.Sommer, 1)
	})
}

func TestWhoAdministersInvitesAnAccountThatHasAnotherAddress(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := withLetters(t, d)
		b := l.directory()
		if a := b.Post("/scim/v2/"+l.o.Slug+"/Users", Body{"userName": l.o.Sommer.Email}); a.Status != http.StatusCreated {
			t.Fatal(a.Text)
		}
		invite := "/api/staff/people/" + l.o.Sommer.ID + "/invite"
		l.winter.Post(invite, Body{}).Expect(t, http.StatusConflict, "person.has_password")
		l.readdress(b, l.o.Sommer.ID, "winter-sommer@amt.example")
		var view struct{ Password, Readdressed bool }
		l.winter.Get("/api/staff/people/"+l.o.Sommer.ID).OK(t).Into(t, &view)
		if !view.Password || !view.Readdressed {
			t.Errorf("%+v", view)
		}
		l.Clock.Forward(time.Second)
		l.winter.Post(invite, Body{}).OK(t)
		l.set(l.Browser(), l.secret(l.o.Sommer, staff.Invited), good).OK(t)
		view.Readdressed = false
		l.winter.Get("/api/staff/people/"+l.o.Sommer.ID).OK(t).Into(t, &view)
		if view.Readdressed {
			t.Errorf("%+v", view)
		}
		l.winter.Post(invite, Body{}).Expect(t, http.StatusConflict, "person.has_password")
	})
}
