package admin_test

import (
	"net/http"
	"strings"
	"testing"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	. "visavis/internal/worldtest"
)

// Anybody can send it, and no database looks for it.
func TestWhatIsNoTextIsRefusedAndNoErrorOfOurs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o, boss := administered(n, "lindenau")
		stranger := n.Browser()
		for _, path := range []string{
			"/api/staff/people/a%00b", "/api/staff/people/%ff", "/api/staff/places?kind=desk&text=%00", "/api/staff/audit?object=%00",
			"/api/staff/places/%00/rules", "/api/guest/%00", "/api/guest/%ff", "/api/staff/sso?agency=%00", "/t/%00",
		} {
			for _, b := range []*Browser{boss, stranger} {
				b.Get(path).Expect(t, http.StatusBadRequest, "request.invalid")
			}
		}
		boss.Send(http.MethodDelete, "/api/staff/people/"+o.Sommer.ID+"/roles/advisor/%00", nil).Expect(t, http.StatusBadRequest, "request.invalid")
		for path, body := range map[string]Body{
			"/api/staff/people/search":                           {"text": "\x00"},
			"/api/staff/people":                                  {"email": "a\x00@amt.example", "name": "x", "roles": []Body{}},
			"/api/staff/people/" + o.Sommer.ID + "/roles":        {"role": "advisor", "place": "\x00"},
			"/api/staff/session":                                 {"agency": "\x00", "email": "a", "password": "b"},
			"/api/staff/password/forgotten":                      {"agency": o.Slug, "email": "\x00"},
			"/api/staff/password/link":                           {"agency": "\x00", "secret": "x"},
			"/api/staff/session/code":                            {"ticket": "code.\x00.\x00.9999999999.x", "code": "000000"},
			"/api/guest/" + o.Slug + "/open":                     {"seat": "\x00"},
			"/api/staff/desks/" + o.Desk + "/substitutes":        {"person": "\x00", "role": "advisor", "until": 1},
			"/api/staff/directory/rules":                         {"group": "x", "role": "advisor", "place": "\x00"},
			"/api/staff/account/passkeys":                        {"label": "\x00", "credential": Body{}},
			"/api/staff/desks/" + o.Desk + "/substitutes/search": {"text": "\x00"},
		} {
			if a := boss.Post(path, body); a.Status != http.StatusBadRequest || a.Code != "request.invalid" {
				t.Errorf("%s: %d %s", path, a.Status, a.Text)
			}
		}
		if strings.Contains(n.Log.String(), "level=ERROR") {
			t.Error("somebody is woken for it")
		}
	})
}
