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

// pairingLink asks for one and is its id and what a browser sends that uses it.
func pairingLink(t *testing.T, o Office, by *Browser) (id string, use Body) {
	t.Helper()
	var made struct{ ID, URL string }
	by.Post("/api/staff/devices", Body{}).OK(t).Into(t, &made)
	page, secret, _ := strings.Cut(made.URL, "#"+o.Slug+".")
	if !strings.HasSuffix(page, "/staff/device") || len(secret) < 22 { // 128 bits
		t.Fatalf("the link is %s", made.URL)
	}
	return made.ID, Body{"agency": o.Slug, "secret": secret}
}

// paired is a browser that is a device from then on.
func paired(t *testing.T, n *Node, o Office, by *Browser) (id string, d *Browser) {
	t.Helper()
	id, use := pairingLink(t, o, by)
	d = n.Browser()
	d.Header.Set("User-Agent", "Mozilla/5.0 (Linux; Android 15) Chrome/140.0")
	d.Post("/api/staff/devices/use", use).OK(t)
	return id, d
}

func isDevice(b *Browser) bool { return b.Get("/api/staff/device").Status == http.StatusOK }

func TestALinkMakesOneBrowserADeviceOnceAndForTwoMinutes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		desktop := n.SignIn(o.Sommer)
		_, late := pairingLink(t, o, desktop)
		n.Clock.Forward(2 * time.Minute)
		n.Browser().Post("/api/staff/devices/use", late).Expect(t, http.StatusGone, "device.link")

		_, before := pairingLink(t, o, desktop)
		_, use := pairingLink(t, o, desktop)
		n.Browser().Post("/api/staff/devices/use", before).Expect(t, http.StatusGone, "device.link") // a newer one was made
		desktop.Post("/api/staff/devices/use", use).Expect(t, http.StatusConflict, "device.here")    // whose session it would end
		phone := n.Browser()
		var is staff.Me
		phone.Post("/api/staff/devices/use", use).OK(t).Into(t, &is)
		if is.Name != o.Sommer.Name || is.Email != "" || len(is.Desks)+len(is.Advisors)+len(is.Services)+len(is.Roles) > 0 {
			t.Errorf("%+v", is)
		}
		n.Browser().Post("/api/staff/devices/use", use).Expect(t, http.StatusGone, "device.link")
		if !isDevice(phone) || !signedIn(desktop) {
			t.Error("not paired, or no longer signed in")
		}
		if found := n.Count(`SELECT COUNT(*) FROM staff_pairing`); found != 0 {
			t.Errorf("%d links are left", found)
		}
		for act, want := range map[audit.Act]int{audit.DevicePaired: 1, audit.DeviceUnpaired: 0, audit.SessionBegun: 1} {
			if got := n.Count(`SELECT COUNT(*) FROM audit_entry WHERE agency_id = $1 AND act = $2`, o.Agency, act); got != want {
				t.Errorf("%s: %d entries, not %d", act, got, want)
			}
		}
	})
}

func TestWhoTalksNowhereHasNothingToPair(t *testing.T) {
	n := New(t, dbtest.SQLite(t)).Node()
	o := n.Office("lindenau")
	n.Exec(`UPDATE staff_role SET role = 'reception' WHERE agency_id = $1 AND staff_id = $2`, o.Agency, o.Winter.ID)
	n.Exec(`UPDATE staff_desk SET role = 'reception' WHERE agency_id = $1 AND staff_id = $2`, o.Agency, o.Winter.ID)
	n.SignIn(o.Winter).Post("/api/staff/devices", Body{}).Expect(t, http.StatusForbidden, "role.talk")
}

func TestADeviceEndsWithTheSessionThatHasPairedItHoweverThatEnds(t *testing.T) {
	for how, end := range map[string]func(*Node, Office, *Browser){
		"signed out":       func(_ *Node, _ Office, b *Browser) { b.Send(http.MethodDelete, "/api/staff/session", nil) },
		"everywhere":       func(_ *Node, _ Office, b *Browser) { b.Send(http.MethodDelete, "/api/staff/account/sessions", nil) },
		"unused for hours": func(n *Node, _ Office, _ *Browser) { n.Clock.Forward(12 * time.Hour) },
		"account disabled": func(n *Node, o Office, _ *Browser) {
			n.Exec(`UPDATE staff SET disabled_at = 1 WHERE agency_id = $1 AND id = $2`, o.Agency, o.Sommer.ID)
		},
		"role lost": func(n *Node, o Office, _ *Browser) {
			n.Exec(`UPDATE staff_role SET until_at = $1 WHERE agency_id = $2 AND staff_id = $3`, db.Ms(n.Clock.Now())-1, o.Agency, o.Sommer.ID)
		},
		"row gone": func(n *Node, o Office, _ *Browser) {
			n.Exec(`DELETE FROM staff_session WHERE agency_id = $1 AND staff_id = $2 AND parent IS NULL`, o.Agency, o.Sommer.ID)
		},
	} {
		t.Run(how, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				n := New(t, d).Node()
				o := n.Office("lindenau")
				desktop := n.SignIn(o.Sommer)
				_, phone := paired(t, n, o, desktop)
				n.Clock.Forward(time.Hour)
				if !isDevice(phone) {
					t.Fatal("not paired")
				}
				end(n, o, desktop)
				if isDevice(phone) {
					t.Error("still paired")
				}
				// Where the one row is deleted the other goes with it, whoever deletes it.
				const orphans = `SELECT COUNT(*) FROM staff_session d WHERE d.parent IS NOT NULL AND NOT EXISTS
					(SELECT 1 FROM staff_session up WHERE up.agency_id = d.agency_id AND up.token_hash = d.parent)`
				if n.Count(orphans) != 0 {
					t.Error("its session is there without its parent")
				}
			})
		})
	}
}

// Whoever uses the desktop for longer pairs anew: a telephone that was left somewhere is a device for a day of work at most.
func TestADeviceLastsTwelveHoursAndNoLongerThanTheSessionThatHasPairedIt(t *testing.T) {
	n := New(t, dbtest.SQLite(t)).Node()
	o := n.Office("lindenau")
	desktop := n.SignIn(o.Sommer)
	_, phone := paired(t, n, o, desktop)
	for range 12 {
		if !isDevice(phone) || !signedIn(desktop) {
			t.Fatal("over too soon")
		}
		n.Clock.Forward(time.Hour)
	}
	if isDevice(phone) || !signedIn(desktop) {
		t.Error("still a device, or no longer signed in")
	}
	n.Clock.Forward(time.Hour)
	_, phone = paired(t, n, o, desktop)
	var ends, parent int64
	n.Scan(`SELECT expires_at FROM staff_session WHERE parent IS NOT NULL AND pairing <> '' ORDER BY created_at DESC LIMIT 1`, nil, &ends)
	n.Scan(`SELECT expires_at FROM staff_session WHERE parent IS NULL`, nil, &parent)
	if ends > parent || !isDevice(phone) {
		t.Errorf("the device lasts until %d, its parent until %d", ends, parent)
	}
}

func TestADeviceThatIsUsedIsOverAllTheSameWhenNobodyIsAtTheDesktopAnyMore(t *testing.T) {
	n := New(t, dbtest.SQLite(t)).Node()
	o := n.Office("lindenau")
	desktop := n.SignIn(o.Sommer)
	n.Clock.Forward(4 * time.Minute) // so soon after it that to pair a device is no further use
	_, phone := paired(t, n, o, desktop)
	for range 11 {
		n.Clock.Forward(time.Hour)
		if !isDevice(phone) {
			t.Fatal("over too soon")
		}
	}
	n.Clock.Forward(57 * time.Minute)
	if signedIn(desktop) || isDevice(phone) {
		t.Error("the desktop was not used for twelve hours, and the device is still one")
	}
}

func TestTheDesktopEndsThePairingAndThePageHearsOfItAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		desktop, other, colleague := n.SignIn(o.Sommer), n.SignIn(o.Sommer), n.SignIn(o.Winter)
		id, phone := paired(t, n, o, desktop)
		stream := phone.Listen("/api/staff/device/stream", "")
		stream.Until("talk", nil)
		for _, b := range []*Browser{other, colleague} { // neither another session of the person, nor another person
			b.Send(http.MethodDelete, "/api/staff/devices/"+id, nil).Expect(t, http.StatusNotFound, "not_found")
		}
		desktop.Send(http.MethodDelete, "/api/staff/devices/"+id, nil).OK(t)
		if got := stream.Until("bye", nil); got != `{"reason":"signed-out"}` {
			t.Error(got)
		}
		if isDevice(phone) || !signedIn(desktop) {
			t.Error("still paired, or no longer signed in")
		}
		desktop.Send(http.MethodDelete, "/api/staff/devices/"+id, nil).Expect(t, http.StatusNotFound, "not_found")

		_, use := pairingLink(t, o, desktop)
		_, before := paired(t, n, o, desktop)
		_, next := paired(t, n, o, desktop) // one at a time
		if isDevice(before) || !isDevice(next) {
			t.Error("the one before is still a device")
		}
		n.Browser().Post("/api/staff/devices/use", use).Expect(t, http.StatusGone, "device.link")
		next.Send(http.MethodDelete, "/api/staff/session", nil).OK(t) // the telephone's own button
		if isDevice(next) || !signedIn(desktop) {
			t.Error("still a device, or no longer signed in")
		}
		for why, want := range map[string]int{"chosen": 1, "replaced": 1, "left": 1} {
			if got := n.Count(`SELECT COUNT(*) FROM audit_entry WHERE agency_id = $1 AND act = $2 AND detail LIKE $3`, o.Agency, audit.DeviceUnpaired, "%"+why+"%"); got != want {
				t.Errorf("%s: %d entries, not %d", why, got, want)
			}
		}
	})
}
