package scim_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

func TestACC08WhoLeavesInTheDirectoryIsOutWithinSecondsSessionsAndTalksIncluded(t *testing.T) {
	for name, leave := range map[string]func(*scene, account){
		"as Entra ID says it": func(s *scene, a account) {
			s.ask(http.StatusOK, "PATCH", "/Users/"+a.ID, patch([3]any{"Replace", "active", "False"}), nil)
		},
		"as Okta says it": func(s *scene, a account) {
			s.ask(http.StatusOK, "PATCH", "/Users/"+a.ID, patch([3]any{"replace", "", Body{"active": false}}), nil)
		},
		"by PUT": func(s *scene, a account) {
			s.ask(http.StatusOK, "PUT", "/Users/"+a.ID, Body{"userName": a.UserName, "active": false}, nil)
		},
		"by DELETE": func(s *scene, a account) { s.ask(http.StatusNoContent, "DELETE", "/Users/"+a.ID, nil, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				s := newScene(t, d)
				a := s.make(s.o.Sommer.Email, nil)
				sommer := s.SignIn(s.o.Sommer)
				guest := s.Guest(s.Book(s.o, sommer, s.o.Booking(Start().Add(5*time.Minute))))
				guest.Arrive().OK(t)
				var begun struct{ Talk struct{ ID string } }
				sommer.Post("/api/staff/seats/"+guest.Place.Seat+"/admit", Body{}).OK(t).Into(t, &begun)
				page := guest.Stream("")
				page.Until("snapshot", nil)
				list, window := sommer.Listen("/api/staff/stream", ""), sommer.Listen("/api/staff/talks/"+begun.Talk.ID+"/stream", "")
				list.Until("snapshot", nil)
				window.Until("snapshot", nil)

				at := time.Now()
				leave(s, a)
				if got := list.Until("bye", nil); got != `{"reason":"signed-out"}` {
					t.Error(got)
				}
				window.Until("bye", nil)
				var view struct {
					State    string
					PassedAt int64
				}
				for view.State != "waiting" {
					page.Until("seat", &view)
				}
				t.Logf("from the directory's request to the end of all: %v", time.Since(at))
				if view.PassedAt == 0 {
					t.Errorf("%+v", view)
				}
				sommer.Get("/api/staff/session").Expect(t, http.StatusUnauthorized, "session.none")
				s.Browser().Post("/api/staff/session", Body{"agency": s.o.Slug, "email": s.o.Sommer.Email, "password": Password}).Expect(t, http.StatusForbidden, "session.disabled")
				if !s.disabled(a.ID) || s.Count(`SELECT COUNT(*) FROM appointment WHERE agency_id = $1`, s.o.Agency) != 1 {
					t.Error("the account is open, or its history gone")
				}
			})
		})
	}
}

func TestAnAccountIsMadeFoundAndChangedByTheDirectory(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		a := s.make("Neu@Amt.example", Body{
			"externalId": "oid-1", "name": Body{"givenName": "Nele", "familyName": "Neu"}, "displayName": nil,
			"emails": []Body{{"value": "privat@home.example", "type": "home"}, {"value": "nele.neu@amt.example", "type": "work", "primary": "True"}},
		})
		if a.UserName != "Neu@Amt.example" || a.DisplayName != "Nele Neu" || !a.Active || a.Emails[0].Value != "nele.neu@amt.example" || a.Meta.Location != URL+s.path("/Users/"+a.ID) {
			t.Errorf("%+v", a)
		}
		for filter, found := range map[string]int{
			`userName eq "neu@amt.example"`: 1, `userName Eq "nobody"`: 0, `externalId eq "oid-1"`: 1, `externalId eq ""`: 0, `id eq "` + a.ID + `"`: 1,
			`emails.value eq "NELE.NEU@amt.example"`: 1, `emails[type eq "work"].value eq "x"`: -1, `title eq "x"`: -1, `userName sw "n"`: -1,
			`urn:ietf:params:scim:schemas:core:2.0:User:userName eq "neu@amt.example"`: 1, `userName eq "a" or userName eq "b"`: -1, `((((`: -1,
		} {
			var p page
			status := http.StatusOK
			if found < 0 {
				status = http.StatusBadRequest
			}
			s.ask(status, "GET", "/Users?filter="+strings.NewReplacer(" ", "%20", `"`, "%22", "[", "%5B", "]", "%5D").Replace(filter), nil, &p)
			if found >= 0 && (p.TotalResults != found || len(p.Resources) != found) {
				t.Errorf("%s: %+v", filter, p)
			}
		}
		s.ask(http.StatusOK, "PATCH", "/Users/"+a.ID, patch(
			[3]any{"Replace", `emails[type eq "work"].value`, "n.alt@amt.example"},
			[3]any{"Add", "name.formatted", "Nele Alt"},
			[3]any{"Add", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "Jugend"},
			[3]any{"Add", "title", "Frau"},
			[3]any{"Add", `phoneNumbers[type eq "mobile"].value`, "0170"},
		), &a)
		if a.DisplayName != "Nele Alt" || a.Emails[0].Value != "n.alt@amt.example" || a.UserName != "Neu@Amt.example" {
			t.Errorf("%+v", a)
		}
		before := a.Meta.Version
		s.ask(http.StatusOK, "PUT", "/Users/"+a.ID, Body{"userName": "Neu@Amt.example", "active": "true"}, &a)
		if a.Meta.Version != before || a.ExternalID != "oid-1" {
			t.Errorf("nothing was said anew, and yet %+v", a)
		}
		if s.acts("account.created") < 1 || s.acts("account.changed") != 1 {
			t.Error("the audit lacks something")
		}
		s.ask(http.StatusNotFound, "GET", "/Users/nobody", nil, nil)
	})
}

// Whoever looks for the agency at its own host, and only there, finds its directory interface as well.
func TestTheAddressOfADirectoryIsUnderTheAgencysOwnHost(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		s.Exec(`UPDATE agency SET host = 'termin.lindenau.example' WHERE id = $1`, s.o.Agency)
		const base = "https://termin.lindenau.example/scim/v2/lindenau"
		var view struct{ Address string }
		if s.boss.Get(set).OK(t).Into(t, &view); view.Address != base {
			t.Error(view.Address)
		}
		a := s.make("a@amt.example", nil)
		if a.Meta.Location != base+"/Users/"+a.ID {
			t.Error(a.Meta.Location)
		}
		var kinds struct {
			Resources []struct{ Meta struct{ Location string } }
		}
		if s.ask(http.StatusOK, "GET", "/ResourceTypes", nil, &kinds); !strings.HasPrefix(kinds.Resources[0].Meta.Location, base+"/") {
			t.Errorf("%+v", kinds)
		}
		var g struct {
			Meta    struct{ Location string }
			Members []struct {
				Ref string `json:"$ref"`
			}
		}
		s.ask(http.StatusOK, "GET", "/Groups/"+s.group("g", a.ID), nil, &g)
		if !strings.HasPrefix(g.Meta.Location, base+"/Groups/") || len(g.Members) != 1 || g.Members[0].Ref != a.Meta.Location {
			t.Errorf("%+v", g)
		}
	})
}

func TestListsComeInPages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			s.make(name+"@amt.example", nil)
			s.Clock.Forward(time.Second)
		}
		seen := ""
		for start := 1; start < 7; start += 2 {
			var p page
			s.ask(http.StatusOK, "GET", "/Users?count=2&startIndex="+string(rune('0'+start)), nil, &p)
			if p.TotalResults != 5 || p.StartIndex != start || p.ItemsPerPage != len(p.Resources) {
				t.Errorf("%+v", p)
			}
			for _, a := range p.Resources {
				seen += a.UserName[:1]
			}
		}
		if seen != "abcde" {
			t.Error(seen)
		}
		var p page
		s.ask(http.StatusOK, "GET", "/Users?count=0", nil, &p)
		if p.TotalResults != 5 || len(p.Resources) != 0 {
			t.Errorf("%+v", p)
		}
		s.ask(http.StatusBadRequest, "GET", "/Users?count=many", nil, nil)
	})
}

func TestWhoseAccountItIsIsNotDecidedByAnAddressAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		// The same person as before.
		a := s.make(s.o.Sommer.Email, Body{"externalId": "oid-sommer"})
		if a.ID != s.o.Sommer.ID {
			t.Error("a second account")
		}
		s.ask(http.StatusConflict, "POST", "/Users", Body{"userName": "SOMMER@amt.example"}, nil)
		s.ask(http.StatusConflict, "POST", "/Users", Body{"userName": "anders@amt.example", "externalId": "oid-sommer"}, nil)
		// Who reaches the whole agency.
		s.ask(http.StatusConflict, "POST", "/Users", Body{"userName": "chefin@amt.example"}, nil)
		// Letters that look alike are no address.
		s.ask(http.StatusBadRequest, "POST", "/Users", Body{"userName": "w\u0130nter@amt.example"}, nil)
		s.ask(http.StatusBadRequest, "POST", "/Users", Body{"userName": "winter"}, nil)
		// A successor with the same address is somebody else; the same person comes back.
		s.ask(http.StatusNoContent, "DELETE", "/Users/"+a.ID, nil, nil)
		s.ask(http.StatusNotFound, "GET", "/Users/"+a.ID, nil, nil)
		s.ask(http.StatusConflict, "POST", "/Users", Body{"userName": s.o.Sommer.Email, "externalId": "oid-successor"}, nil)
		if !s.disabled(a.ID) {
			t.Error("a successor has opened the account")
		}
		back := s.make(s.o.Sommer.Email, Body{"externalId": "oid-sommer"})
		if back.ID != a.ID || !back.Active || s.disabled(a.ID) {
			t.Errorf("%+v", back)
		}
	})
}

func TestWhomThoseWhoAdministerHaveDisabledNoDirectoryOpensAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		a := s.make(s.o.Sommer.Email, nil)
		var person struct{ Version string }
		s.boss.Get("/api/staff/people/"+a.ID).OK(t).Into(t, &person)
		s.boss.Post("/api/staff/people/"+a.ID, Body{"version": person.Version, "disabled": true}).OK(t)
		s.ask(http.StatusOK, "PATCH", "/Users/"+a.ID, patch([3]any{"replace", "active", true}), &a)
		if a.Active || !s.disabled(a.ID) {
			t.Errorf("%+v", a)
		}
	})
}

// Also whom the directory had disabled before, and those who administer have let in again meanwhile.
func TestWhoWasDisabledByHandAfterTheDirectoryStaysSo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		a := s.make(s.o.Sommer.Email, nil)
		active := func(yes bool) {
			t.Helper()
			s.Clock.Forward(time.Minute)
			s.ask(http.StatusOK, "PATCH", "/Users/"+a.ID, patch([3]any{"replace", "active", yes}), &a)
		}
		byHand := func(disabled bool) {
			t.Helper()
			s.Clock.Forward(time.Minute)
			var person struct{ Version string }
			s.boss.Get("/api/staff/people/"+a.ID).OK(t).Into(t, &person)
			s.boss.Post("/api/staff/people/"+a.ID, Body{"version": person.Version, "disabled": disabled}).OK(t)
		}
		active(false)
		byHand(false)
		byHand(true)
		active(true)
		if a.Active || !s.disabled(a.ID) {
			t.Errorf("the directory has opened what was closed by hand: %+v", a)
		}
		// A new entry of the directory for the same account opens it no more than that.
		s.ask(http.StatusNoContent, "DELETE", "/Users/"+a.ID, nil, nil)
		if back := s.make(s.o.Sommer.Email, nil); back.ID != a.ID || back.Active {
			t.Errorf("%+v", back)
		}
		// And what the directory closes it opens, as before.
		byHand(false)
		active(false)
		active(true)
		if !a.Active || s.disabled(a.ID) {
			t.Errorf("the directory no longer opens what it has closed: %+v", a)
		}
	})
}

func TestTheLastWhoAdministersIsNotRemovedByTheDirectory(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		a := s.make("zweite@amt.example", nil)
		s.rule("leitung", staff.AgencyAdmin, s.o.Agency)
		id := s.group("Leitung", a.ID)
		if s.roles(a.ID) != "[agency_admin]" {
			t.Fatal(s.roles(a.ID))
		}
		// The other one goes.
		s.Exec(`UPDATE staff SET disabled_at = 1 WHERE agency_id = $1 AND email = 'chefin@amt.example'`, s.o.Agency)
		s.ask(http.StatusForbidden, "PATCH", "/Users/"+a.ID, patch([3]any{"replace", "active", false}), nil)
		s.ask(http.StatusForbidden, "DELETE", "/Users/"+a.ID, nil, nil)
		s.ask(http.StatusNoContent, "PATCH", "/Groups/"+id, patch([3]any{"remove", `members[value eq "` + a.ID + `"]`, nil}), nil)
		if s.disabled(a.ID) || s.roles(a.ID) != "[agency_admin]" || !strings.Contains(s.Log.String(), "last administrator") {
			t.Error("nobody administers the agency any more, or nobody is told")
		}
	})
}

func TestOnlyATokenOfTheAgencyLetsADirectoryIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		other := s.Office("ahorn")
		var view struct {
			Tokens []struct {
				ID, Label string
				UsedAt    *int64
			}
		}
		s.ask(http.StatusOK, "GET", "/ServiceProviderConfig", nil, nil)
		s.boss.Get(set).OK(t).Into(t, &view)
		if len(view.Tokens) != 1 || view.Tokens[0].Label != "Entra ID" || view.Tokens[0].UsedAt == nil {
			t.Errorf("%+v", view)
		}
		for name, change := range map[string]func(*Browser) string{
			"no token":  func(b *Browser) string { b.Header.Del("Authorization"); return s.path("/Users") },
			"a session": func(b *Browser) string { *b = *s.boss; return s.path("/Users") },
			"a wrong token": func(b *Browser) string {
				b.Header.Set("Authorization", "Bearer vscim_AAAAAAAAAAAAAAAAAAAAAAAAAAA")
				return s.path("/Users")
			},
			"another agency":      func(*Browser) string { return "/scim/v2/" + other.Slug + "/Users" },
			"an agency not there": func(*Browser) string { return "/scim/v2/nowhere/Users" },
		} {
			b := s.Browser()
			b.Header = s.directory.Header.Clone()
			if a := b.Get(change(b)); a.Status != http.StatusUnauthorized || a.Header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s: %d %s", name, a.Status, a.Text)
			}
		}
		if n := s.Count(`SELECT COUNT(*) FROM scim_token WHERE agency_id = $1 AND hash = $2`, s.o.Agency, []byte(s.directory.Header.Get("Authorization")[7:])); n != 0 {
			t.Error("the token stands in the database")
		}
		// A request whose body is kept back does not outlive its token.
		status := s.directory.KeptOpen("POST", s.path("/Users"), "application/scim+json", `{"userName":"spaet@amt.example"}`, func() {
			s.boss.Send("DELETE", set+"/tokens/"+view.Tokens[0].ID, nil).OK(t)
		})
		if status != http.StatusUnauthorized {
			t.Errorf("%d", status)
		}
		s.ask(http.StatusUnauthorized, "GET", "/Users", nil, nil)
		if s.acts("directory.token_made") != 1 || s.acts("directory.token_dropped") != 1 {
			t.Error("the audit lacks something")
		}
	})
}

func TestWrongTokensAreSlowedDownAndTheRightOneIsNot(t *testing.T) {
	s := newScene(t, dbtest.SQLite(t))
	bad := s.Browser()
	bad.Network = "198.51.100.9"
	bad.Header.Set("Authorization", "Bearer vscim_wrong")
	slowed := 0
	for range 80 {
		if bad.Get(s.path("/Users")).Status == http.StatusTooManyRequests {
			slowed++ // a machine that stands still for a second has earned another try meanwhile
		}
	}
	if slowed == 0 {
		t.Error("80 wrong tokens, never slowed down")
	}
	s.directory.Network = bad.Network
	s.ask(http.StatusOK, "GET", "/Users", nil, nil)
}

func TestOnlyWhoAdministersTheAgencySetsItsDirectory(t *testing.T) {
	s := newScene(t, dbtest.SQLite(t))
	var location string
	s.Scan(`SELECT location_id FROM desk WHERE agency_id = $1 AND id = $2`, []any{s.o.Agency, s.o.Desk}, &location)
	s.hire("ort@amt.example", staff.Held{Role: staff.LocationAdmin, Kind: agency.OfLocation, Place: location})
	b := s.SignIn(Account{Email: "ort@amt.example", Slug: s.o.Slug})
	b.Get(set).Expect(t, http.StatusForbidden, "role.forbidden")
	b.Post(set+"/tokens", Body{"label": "x"}).Expect(t, http.StatusForbidden, "role.forbidden")
	b.Post(set+"/rules", Body{"group": "x", "role": "advisor", "place": s.o.Desk}).Expect(t, http.StatusForbidden, "role.forbidden")
	b.Post(set+"/guard", Body{"allow": true}).Expect(t, http.StatusForbidden, "role.forbidden")
}

func TestBodiesThatNobodySendsAreRefused(t *testing.T) {
	s := newScene(t, dbtest.SQLite(t))
	a := s.make("a@amt.example", nil)
	for body, status := range map[string]int{
		"":                  http.StatusBadRequest,
		"[]":                http.StatusBadRequest,
		"{":                 http.StatusBadRequest,
		"\xff":              http.StatusBadRequest,
		"null":              http.StatusBadRequest,
		`{"Operations":[]}`: http.StatusBadRequest,
		`{"Operations":[{"op":"test","path":"active"}]}`:                                                     http.StatusBadRequest,
		`{"Operations":[{"op":"replace","path":"active","value":"x"}]}`:                                      http.StatusBadRequest,
		`{"Operations":[{"op":"replace","path":"active","value":1}]}`:                                        http.StatusBadRequest,
		`{"Operations":[{"op":"replace","path":7,"value":1}]}`:                                               http.StatusBadRequest,
		`{"Operations":[{"op":"remove"}]}`:                                                                   http.StatusBadRequest,
		`{"Operations":[{"op":"remove","path":"active"}]}`:                                                   http.StatusBadRequest,
		`{"Operations":[{"op":"replace","path":"a[[","value":1}]}`:                                           http.StatusBadRequest,
		`{"Operations":[{"op":"replace","value":{"active":true,"Active":false}}]}`:                           http.StatusBadRequest,
		`{"Operations":[{"op":"replace","path":"userName","value":"` + strings.Repeat("x", 300) + `"}]}`:     http.StatusBadRequest,
		`{"Operations":[{"op":"replace","path":"userName","value":"` + strings.Repeat("x", 300_000) + `"}]}`: http.StatusRequestEntityTooLarge,
	} {
		got := s.directory.Send("PATCH", s.path("/Users/"+a.ID), body)
		if got.Status != status || !strings.Contains(got.Text, "urn:ietf:params:scim:api:messages:2.0:Error") {
			t.Errorf("%.60s: %d %s", body, got.Status, got.Text)
		}
	}
}
