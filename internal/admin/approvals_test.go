package admin_test

import (
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"visavis/internal/admin"
	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	"visavis/internal/vault"
	. "visavis/internal/worldtest"
)

const approvals = "/api/staff/approvals"

// newest is the approval that was asked for last.
func newest(t *testing.T, a Answer) admin.ApprovalView {
	t.Helper()
	var got admin.ApprovalsOutput
	a.OK(t).Into(t, &got.Body)
	if len(got.Body.Approvals) == 0 {
		t.Fatal("none")
	}
	return got.Body.Approvals[0]
}

// fourEyes is an office with an administrator and a data protection officer.
func fourEyes(t *testing.T, d *db.DB) (n *Node, o Office, first, second *Browser) {
	t.Helper()
	n = New(t, d).Node()
	o, first = administered(n, "lindenau")
	give(n, o, o.Winter, staff.Protection, agency.OfAgency, o.Agency)
	return n, o, first, n.SignIn(o.Winter)
}

// Until somebody takes the key out, which is done elsewhere, either may think better of it.
func TestTEN05AnAgreedCopyOfTheKeyIsTakenBackByEitherOfTheTwo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n, o, first, second := fourEyes(t, d)
		for _, who := range []*Browser{first, second} {
			at := approvals + "/" + newest(t, first.Post(approvals, Body{"act": "agency.key"})).ID
			if agreed := newest(t, second.Post(at, Body{"allow": true})); !agreed.MayEnd {
				t.Errorf("%+v", agreed)
			}
			first.Post(at, Body{"allow": true}).Expect(t, http.StatusConflict, "approval.decided")
			n.SignIn(o.Sommer).Post(at, Body{"allow": false}).Expect(t, http.StatusForbidden, "admin.forbidden")
			if over := newest(t, who.Post(at, Body{"allow": false})); over.Allowed || over.MayEnd || over.TakenBack != (who == first) {
				t.Errorf("%+v", over)
			}
			who.Post(at, Body{"allow": false}).Expect(t, http.StatusConflict, "approval.decided")
			if _, err := used(n, o); !errors.Is(err, admin.ErrNotApproved) {
				t.Error(err)
			}
			n.Clock.Forward(time.Minute)
		}
	})
}

// Also where much was asked for since, somebody must be able to agree, to end what is agreed to, and to learn that it was declined.
func TestTEN05WhatThereIsSomethingToDoAboutComesBeforeWhatIsOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n, o, first, second := fourEyes(t, d)
		first.Send(http.MethodPut, ruleAt(o.Agency, kept), Body{"value": 10, "fixed": false}).OK(t)
		declined := newest(t, first.Get(approvals)).ID
		second.Post(approvals+"/"+declined, Body{"allow": false}).OK(t)
		n.Clock.Forward(time.Minute)
		waits := newest(t, first.Post(approvals, Body{"act": "agency.delete"})).ID
		n.Clock.Forward(time.Minute)
		agreed := newest(t, first.Post(approvals, Body{"act": "agency.key"})).ID
		second.Post(approvals+"/"+agreed, Body{"allow": true}).OK(t)
		for i := range 60 {
			n.Exec(`INSERT INTO approval (id, agency_id, act, asked_by, asked_at, until_at, decided_by, decided_at, allowed, fixed)
				VALUES ($1, $2, 'agency.delete', $3, $4, $4, $3, $4, 0, FALSE)`,
				vault.NewID(), o.Agency, o.Herbst.ID, db.Ms(n.Clock.Now().Add(time.Duration(i)*time.Second)))
		}
		var got admin.ApprovalsOutput
		first.Get(approvals).OK(t).Into(t, &got.Body)
		var ids []string
		for _, a := range got.Body.Approvals {
			ids = append(ids, a.ID)
		}
		if len(ids) != 3+50 || !slices.Equal(ids[:3], []string{agreed, waits, declined}) || slices.Contains(ids[3:], waits) {
			t.Errorf("%d: %v, want first %s %s %s", len(ids), ids[:4], agreed, waits, declined)
		}
		if key := got.Body.Approvals[0]; !key.MayEnd {
			t.Errorf("%+v", key)
		}
	})
}

func TestTEN05ACopyOfTheKeyNeedsTwoWhoMayStillWantIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n, o, first, second := fourEyes(t, d)
		give(n, o, o.Sommer, staff.AgencyAdmin, agency.OfAgency, o.Agency)
		asked := newest(t, first.Post(approvals, Body{"act": "agency.key"}))
		second.Post(approvals+"/"+asked.ID, Body{"allow": true}).OK(t)
		for _, gone := range []string{o.Herbst.ID, o.Winter.ID} {
			n.Exec(`UPDATE staff SET disabled_at = 1 WHERE id = $1`, gone)
			if _, err := used(n, o); !errors.Is(err, admin.ErrNotApproved) {
				t.Errorf("%s is no longer there: %v", gone, err)
			}
			n.Exec(`UPDATE staff SET disabled_at = NULL WHERE id = $1`, gone)
		}
		if id, err := used(n, o); err != nil || id != asked.ID {
			t.Errorf("%s %v", id, err)
		}
		second.Post(approvals+"/"+asked.ID, Body{"allow": false}).Expect(t, http.StatusConflict, "approval.decided")
	})
}

func used(n *Node, o Office) (id string, err error) {
	n.T.Helper()
	n.Tx(func(tx *db.Tx) error {
		id, err = admin.UseApproval(n.T.Context(), tx, n.Staff, o.Agency, admin.ExportKey, n.Clock.Now())
		return nil
	})
	return id, err
}

func TestTEN05AnAgencyIsGivenUpByTwoPeopleAndByNoneAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n, o, first, second := fourEyes(t, d)
		n.SignIn(o.Sommer).Post(approvals, Body{"act": "agency.delete"}).Expect(t, http.StatusForbidden, "admin.forbidden")
		second.Post(approvals, Body{"act": "agency.delete"}).Expect(t, http.StatusForbidden, "admin.forbidden") // watches, and begins nothing
		asked := newest(t, first.Post(approvals, Body{"act": "agency.delete"}))
		first.Post(approvals, Body{"act": "agency.delete"}).Expect(t, http.StatusConflict, "approval.open")
		if asked.MayDecide || asked.AskedBy != o.Herbst.Name {
			t.Errorf("%+v", asked)
		}
		at := approvals + "/" + asked.ID
		first.Post(at, Body{"allow": true}).Expect(t, http.StatusConflict, "approval.self")
		n.SignIn(o.Sommer).Post(at, Body{"allow": true}).Expect(t, http.StatusForbidden, "admin.forbidden")
		other, stranger := administered(n, "ahorn")
		stranger.Post(at, Body{"allow": true}).Expect(t, http.StatusNotFound, "not_found")
		if seen := newest(t, second.Get(approvals)); !seen.MayDecide {
			t.Errorf("%+v", seen)
		}
		list := second.Listen("/api/staff/stream", "")
		list.Until("snapshot", nil)
		second.Post(at, Body{"allow": true}).OK(t)
		list.Until("bye", nil)
		for _, b := range []*Browser{first, second} {
			b.Get("/api/staff/session").Expect(t, http.StatusUnauthorized, "session.none")
		}
		n.Browser().Get("/api/guest/"+o.Slug).Expect(t, http.StatusNotFound, "not_found")
		n.Browser().Get("/api/guest/" + other.Slug).OK(t)
		if n.Count(`SELECT COUNT(*) FROM staff WHERE agency_id = $1 AND email <> id`, o.Agency) != 0 {
			t.Error("its people are still there")
		}
	})
}

func TestTEN05WhatNobodyAllowedDoesNotHappen(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n, o, first, second := fourEyes(t, d)
		asked := newest(t, first.Post(approvals, Body{"act": "agency.delete"}))
		_, before := trail(n, o.Agency, 0)
		if got := newest(t, second.Post(approvals+"/"+asked.ID, Body{"allow": false})); got.DecidedBy != o.Winter.Name || got.Allowed {
			t.Errorf("%+v", got)
		}
		if told, _ := trail(n, o.Agency, before); !slices.Equal(told, []string{"staff approval.refused approval=" + asked.ID + " act=agency.delete"}) {
			t.Errorf("the audit says %q", told)
		}
		second.Post(approvals+"/"+asked.ID, Body{"allow": true}).Expect(t, http.StatusConflict, "approval.decided")

		// Who has asked may take it back.
		n.Clock.Forward(time.Minute)
		asked = newest(t, first.Post(approvals, Body{"act": "agency.delete"}))
		first.Post(approvals+"/"+asked.ID, Body{"allow": false}).OK(t)

		n.Clock.Forward(time.Minute)
		// Too late; sessions have ended as well by then.
		asked = newest(t, first.Post(approvals, Body{"act": "agency.delete"}))
		n.Clock.Forward(7 * 24 * time.Hour)
		n.SignIn(o.Winter).Post(approvals+"/"+asked.ID, Body{"allow": true}).Expect(t, http.StatusConflict, "approval.late")

		// While citizens wait nobody is cut off.
		n.Clock.Set(Start().Add(5 * time.Minute))
		g := n.Guest(n.Book(o, n.SignIn(o.Sommer), o.Booking(Start())))
		g.Arrive().OK(t)
		n.Exec(`UPDATE approval SET until_at = 0 WHERE agency_id = $1`, o.Agency)
		asked = newest(t, n.SignIn(o.Herbst).Post(approvals, Body{"act": "agency.delete"}))
		n.SignIn(o.Winter).Post(approvals+"/"+asked.ID, Body{"allow": true}).Expect(t, http.StatusConflict, "agency.busy")
		g.Get("/api/guest/" + o.Slug).OK(t)
	})
}

// Of the two, none may have lost the right meanwhile.
func TestTEN05WhatSomebodyAskedForWhoMayNoLongerAskIsNotAllowed(t *testing.T) {
	for name, lose := range map[string]func(*Node, Office){
		"disabled": func(n *Node, o Office) {
			n.Exec(`UPDATE staff SET disabled_at = 1 WHERE agency_id = $1 AND id = $2`, o.Agency, o.Herbst.ID)
		},
		"role taken": func(n *Node, o Office) {
			n.Exec(`DELETE FROM staff_role WHERE agency_id = $1 AND staff_id = $2 AND role = 'agency_admin'`, o.Agency, o.Herbst.ID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				n, o, first, second := fourEyes(t, d)
				asked := newest(t, first.Post(approvals, Body{"act": "agency.delete"}))
				lose(n, o)
				second.Post(approvals+"/"+asked.ID, Body{"allow": true}).Expect(t, http.StatusConflict, "approval.left")
				second.Post(approvals+"/"+asked.ID, Body{"allow": false}).OK(t)
				n.Browser().Get("/api/guest/" + o.Slug).OK(t)
			})
		})
	}
}

// onlyOn is half of dbtest.Each.
func onlyOn(sqlite bool) func(*testing.T, func(*testing.T, *db.DB)) {
	return func(t *testing.T, f func(*testing.T, *db.DB)) {
		t.Helper()
		t.Parallel()
		if sqlite {
			f(t, dbtest.SQLite(t))
		} else {
			f(t, dbtest.Postgres(t))
		}
	}
}

// One person with two accounts is not two. What can be known of that is refused; a third person may still agree.
func TestTEN05WhoHasHadAHandInTheOthersAccountIsNoSecondPerson(t *testing.T) {
	gives := func(by, to func(Office) string, held func(*Node, Office) staff.Held) func(*Node, Office, *Browser) {
		return func(n *Node, o Office, _ *Browser) {
			n.Tx(func(tx *db.Tx) error {
				return n.Staff.Give(n.T.Context(), tx, o.Agency, staff.Grant{Staff: to(o), Source: staff.ByHand, By: by(o), Held: held(n, o)})
			})
		}
	}
	roleBy := func(by, to func(Office) string) func(*Node, Office, *Browser) {
		return gives(by, to, func(_ *Node, o Office) staff.Held {
			return staff.Held{Role: staff.Advisor, Kind: agency.OfDesk, Place: o.Desk}
		})
	}
	decidingBy := func(by, to func(Office) string) func(*Node, Office, *Browser) {
		return gives(by, to, func(n *Node, o Office) staff.Held {
			return staff.Held{Role: staff.DepartmentAdmin, Kind: agency.OfDepartment, Place: where(n, o).DepartmentID}
		})
	}
	told := func(act audit.Act) func(*Node, Office, *Browser) { // needs a mail server, or what was lost: staff's own tests do it
		return func(n *Node, o Office, _ *Browser) {
			n.Tx(func(tx *db.Tx) error {
				return n.Audit.Append(n.T.Context(), tx, audit.Entry{
					Agency: o.Agency, By: audit.Staff(o.Herbst.ID), Act: act, Object: o.Winter.ID,
				})
			})
		}
	}
	herbst := func(o Office) string { return o.Herbst.ID }
	winter := func(o Office) string { return o.Winter.ID }
	sommer := func(o Office) string { return o.Sommer.ID }
	nobody := func(Office) string { return "" }
	renames := func(o Office) admin.File {
		return file("staff.csv", "email;name\n"+o.Winter.Email+";Herr Wintermann\n")
	}
	for name, with := range map[string]struct {
		code string
		do   func(n *Node, o Office, first *Browser)
	}{
		"role given by who asks":   {"approval.account", roleBy(herbst, winter)},
		"role given by who agrees": {"approval.account", roleBy(winter, herbst)},
		"address changed by who asks": {"approval.account", func(n *Node, o Office, _ *Browser) {
			p := staff.Person{Agency: o.Agency, ID: o.Winter.ID, Name: o.Winter.Name, Email: "neu@lindenau.example"}
			n.Tx(func(tx *db.Tx) error {
				return n.Staff.Readdress(n.T.Context(), tx, p, staff.Author{By: o.Herbst.ID, Source: staff.ByHand})
			})
		}},
		"invited by who asks":                            {"approval.account", told(audit.AccountInvited)},
		"second factor reset by who asks":                {"approval.account", told(audit.FactorReset)},
		"role that decides given by a third":             {"approval.new", decidingBy(sommer, winter)},
		"role that decides given by the system":          {"", decidingBy(nobody, winter)},
		"role that decides given by who asks to a third": {"", decidingBy(herbst, sommer)},
		"imported by who asks":                           {"approval.account", func(n *Node, o Office, first *Browser) { upload(first, "trial=false", renames(o)).OK(n.T) }},
		"the same mailbox": {"approval.same", func(n *Node, o Office, _ *Browser) {
			n.Exec(`UPDATE staff SET email = CASE id WHEN $2 THEN 'herbst@amt.example' ELSE 'herbst+zwei@amt.example' END
				WHERE agency_id = $1 AND id IN ($2, $3)`, o.Agency, o.Herbst.ID, o.Winter.ID)
		}},
		"role given by a third":     {"", roleBy(sommer, winter)},
		"role given by the system":  {"", roleBy(nobody, winter)},
		"role given to a third":     {"", roleBy(herbst, sommer)},
		"imported by the operator":  {"", func(n *Node, o Office, _ *Browser) { brought(n, o.Agency, renames(o)) }},
		"nobody has done anything.": {"", func(*Node, Office, *Browser) {}},
	} {
		for when, earlier := range map[string]bool{"before": true, "since": false} {
			t.Run(name+" "+when, func(t *testing.T) {
				// The audit is asked the same, whether something happened before or since: SQLite answers for the one and
				// PostgreSQL for the other. In the long tests, and where there is one database only, each answers for both.
				on := dbtest.Each
				if os.Getenv("VISAVIS_TEST_LONG") == "" && os.Getenv("VISAVIS_TEST_POSTGRES") != "" {
					on = onlyOn(earlier)
				}
				on(t, func(t *testing.T, d *db.DB) {
					n, o, first, second := fourEyes(t, d)
					if earlier {
						with.do(n, o, first)
						n.Clock.Forward(time.Minute)
					}
					asked := newest(t, first.Post(approvals, Body{"act": "agency.key"}))
					if !earlier {
						n.Clock.Forward(time.Minute)
						with.do(n, o, first)
					}
					why := newest(t, second.Get(approvals)).Hindered
					if with.code == "" {
						if why != nil {
							t.Errorf("%+v", why)
						}
						second.Post(approvals+"/"+asked.ID, Body{"allow": true}).OK(t)
						return
					}
					if why == nil || why.Code != with.code {
						t.Errorf("%+v", why)
					}
					if why != nil && why.OthersMay {
						t.Error("somebody else may, they say, and there is nobody")
					}
					second.Post(approvals+"/"+asked.ID, Body{"allow": true}).Expect(t, http.StatusConflict, with.code)
					give(n, o, o.Sommer, staff.Protection, agency.OfAgency, o.Agency)
					if why := newest(t, second.Get(approvals)).Hindered; why == nil || why.OthersMay != (why.FromAt != 0) {
						t.Errorf("somebody else may, and they say %+v", why)
					}
					n.SignIn(o.Sommer).Post(approvals+"/"+asked.ID, Body{"allow": true}).OK(t)
				})
			})
		}
	}
}

// Who was made somebody who decides asks in vain until then: whoever agrees, it could be for who made them so.
func TestTEN05WhoDecidesSinceTodayIsAgreedWithSevenDaysLater(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n, o, _, second := fourEyes(t, d)
		n.Tx(func(tx *db.Tx) error {
			return n.Staff.Give(t.Context(), tx, o.Agency, staff.Grant{
				Staff: o.Sommer.ID, Source: staff.ByHand, By: o.Herbst.ID, Held: staff.Held{Role: staff.AgencyAdmin, Kind: agency.OfAgency, Place: o.Agency},
			})
		})
		from := n.Clock.Now().Add(7 * 24 * time.Hour)
		n.Clock.Forward(time.Minute)
		asked := newest(t, n.SignIn(o.Sommer).Post(approvals, Body{"act": "agency.key"}))
		second.Post(approvals+"/"+asked.ID, Body{"allow": true}).Expect(t, http.StatusConflict, "approval.new")
		n.Clock.Set(from)
		n.SignIn(o.Winter).Post(approvals+"/"+asked.ID, Body{"allow": true}).OK(t)
	})
}

// makes has somebody make an account by the admin pages, which can be signed in to.
func makes(n *Node, o Office, b *Browser, email string, roles ...Body) Account {
	n.T.Helper()
	var made admin.PersonView
	b.Post("/api/staff/people", Body{"email": email, "name": "Frau Neu", "roles": append([]Body{}, roles...)}).OK(n.T).Into(n.T, &made)
	n.Exec(`UPDATE staff SET password_hash = (SELECT password_hash FROM staff WHERE id = $2) WHERE agency_id = $1 AND id = $3`,
		o.Agency, o.Winter.ID, made.ID)
	return Account{ID: made.ID, Email: made.Email, Slug: o.Slug}
}

// Seven days later two people are two; what was asked for before is still open, if nobody has had a hand in since.
func TestTEN05AnAccountFromTheSameDayMayAgreeSevenDaysLater(t *testing.T) {
	for name, make := range map[string]func(n *Node, o Office, first *Browser) Account{
		"made by who asks": func(n *Node, o Office, first *Browser) Account {
			return makes(n, o, first, "neu@amt.example", Body{"role": "protection", "place": o.Agency})
		},
		"made by an account that who asks has made": func(n *Node, o Office, first *Browser) Account {
			between := makes(n, o, first, "dazwischen@amt.example", Body{"role": "agency_admin", "place": o.Agency})
			return makes(n, o, n.SignIn(between), "neu@amt.example", Body{"role": "protection", "place": o.Agency})
		},
		"made without a role, which it has by the system": func(n *Node, o Office, first *Browser) Account {
			neu := makes(n, o, first, "neu@amt.example")
			give(n, o, neu, staff.Protection, agency.OfAgency, o.Agency)
			return neu
		},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				n, o, first, _ := fourEyes(t, d)
				neu := make(n, o, first)
				from := n.Clock.Now().Add(7 * 24 * time.Hour)
				n.Clock.Forward(time.Hour)
				asked := newest(t, first.Post(approvals, Body{"act": "agency.key"}))
				refused := n.SignIn(neu).Post(approvals+"/"+asked.ID, Body{"allow": true})
				refused.Expect(t, http.StatusConflict, "approval.new")
				seen := newest(t, n.SignIn(neu).Get(approvals))
				if why := seen.Hindered; !seen.MayDecide || why == nil || why.FromAt != db.Ms(from) || why.FromAt >= seen.UntilAt {
					t.Errorf("%+v %+v", seen, seen.Hindered)
				}
				n.Clock.Set(from.Add(-time.Millisecond))
				n.SignIn(neu).Post(approvals+"/"+asked.ID, Body{"allow": true}).Expect(t, http.StatusConflict, "approval.new")
				n.Clock.Set(from)
				if seen := newest(t, n.SignIn(neu).Get(approvals)); seen.Hindered != nil {
					t.Errorf("%+v", seen.Hindered)
				}
				n.SignIn(neu).Post(approvals+"/"+asked.ID, Body{"allow": true}).OK(t)
			})
		})
	}
}

// directoryOf speaks for an agency's directory with a key that somebody has made; empty: a command.
func directoryOf(n *Node, o Office, by string) (say func(method, path string, body Body) string) {
	n.T.Helper()
	var secret string
	n.Tx(func(tx *db.Tx) (err error) {
		_, secret, err = n.SCIM.MakeToken(n.T.Context(), tx, o.Agency, "Verzeichnis", by)
		return err
	})
	b := n.Browser()
	b.Header.Set("Authorization", "Bearer "+secret)
	b.Header.Set("Content-Type", "application/scim+json")
	return func(method, path string, body Body) string {
		n.T.Helper()
		var made struct{ ID string }
		a := b.Send(method, "/scim/v2/"+o.Slug+path, body)
		if a.Status >= 300 {
			n.T.Fatalf("%s %s: %d %s", method, path, a.Status, a.Text)
		}
		if a.Text != "" {
			a.Into(n.T, &made)
		}
		return made.ID
	}
}

// Whoever made a key may have kept it; it goes on without them, so those who administer are told.
func TestACC08AKeyWhoseMakerIsDisabledIsPointedOutToThoseWhoAdminister(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o, _ := administered(n, "lindenau")
		give(n, o, o.Winter, staff.AgencyAdmin, agency.OfAgency, o.Agency)
		give(n, o, o.Sommer, staff.LocationAdmin, agency.OfLocation, where(n, o).LocationID)
		directoryOf(n, o, o.Herbst.ID)
		directoryOf(n, o, "")
		winter := n.SignIn(o.Winter)
		var is struct {
			Tokens []struct {
				By   string
				Left string
			}
		}
		told := func() (by, left string) {
			winter.Get("/api/staff/directory").OK(t).Into(t, &is)
			for _, key := range is.Tokens {
				by += "," + key.By
				left += "," + key.Left
			}
			return by, left
		}
		if by, left := told(); by != ",Frau Herbst," && by != ",,Frau Herbst" || left != ",," {
			t.Errorf("%s %s", by, left)
		}
		v := personOf(t, winter, o.Herbst.ID)
		if v.Keys != 1 || personOf(t, winter, o.Winter.ID).Keys != 0 || personOf(t, n.SignIn(o.Sommer), o.Herbst.ID).Keys != 0 {
			t.Errorf("%+v", v)
		}
		path := "/api/staff/people/" + o.Herbst.ID
		winter.Send("DELETE", path+"/roles/agency_admin/"+o.Agency, nil).OK(t)
		if _, left := told(); strings.Trim(left, ",") != "role" {
			t.Errorf("without the role: %q", left)
		}
		winter.Post(path, Body{"version": v.Version, "disabled": true}).OK(t)
		if _, left := told(); strings.Trim(left, ",") != "account" {
			t.Errorf("disabled: %q", left)
		}
		if v := personOf(t, winter, o.Herbst.ID); v.Keys != 1 {
			t.Errorf("%+v", v)
		}
	})
}

// A directory is somebody's hand where somebody of the staff has a key to it, or says what its groups give.
func TestTEN05WhatADirectoryHasMadeIsNoSecondPersonWhereStaffHaveAKeyToIt(t *testing.T) {
	const schemas = "schemas"
	user := []string{"urn:ietf:params:scim:schemas:core:2.0:User"}
	group := []string{"urn:ietf:params:scim:schemas:core:2.0:Group"}
	type say = func(method, path string, body Body) string
	enrolled := func(directory say, email string) string {
		return directory("POST", "/Users", Body{schemas: user, "userName": email, "displayName": "Frau Neu"})
	}
	rule := func(b *Browser, o Office) {
		b.Post("/api/staff/directory/rules", Body{"group": "Datenschutz", "role": "protection", "place": o.Agency}).OK(b.T)
	}
	raised := func(directory say, id string) {
		directory("POST", "/Groups", Body{schemas: group, "displayName": "Datenschutz", "members": []Body{{"value": id}}})
	}
	revoked := func(n *Node, o Office, by string) {
		n.Tx(func(tx *db.Tx) error {
			keys, err := n.SCIM.Tokens(t.Context(), tx, o.Agency)
			for _, key := range keys {
				err = errors.Join(err, n.SCIM.DropToken(t.Context(), tx, o.Agency, key.ID, by))
			}
			return err
		})
	}
	herbst := func(o Office) string { return o.Herbst.ID }
	sommer := func(o Office) string { return o.Sommer.ID }
	nobody := func(Office) string { return "" }
	spoken := func(revoker func(Office) string) func(*Node, Office, *Browser, say) string {
		return func(n *Node, o Office, first *Browser, directory say) string {
			rule(first, o)
			n.Clock.Forward(60 * 24 * time.Hour)
			id := enrolled(directory, "neu@amt.example")
			raised(directory, id)
			revoked(n, o, revoker(o))
			return id
		}
	}
	for name, with := range map[string]struct {
		key     func(Office) string // who has made it
		hinders bool
		do      func(n *Node, o Office, first *Browser, directory say) (second string)
	}{
		"an account by the key of who asks": {herbst, true, func(n *Node, o Office, _ *Browser, directory say) string {
			id := enrolled(directory, "neu@amt.example")
			give(n, o, Account{ID: id}, staff.Protection, agency.OfAgency, o.Agency)
			return id
		}},
		"an account by the key of a third": {sommer, true, func(n *Node, o Office, _ *Browser, directory say) string {
			id := enrolled(directory, "neu@amt.example")
			give(n, o, Account{ID: id}, staff.Protection, agency.OfAgency, o.Agency)
			return id
		}},
		"an account by the operator's key": {nobody, false, func(n *Node, o Office, _ *Browser, directory say) string {
			id := enrolled(directory, "neu@amt.example")
			give(n, o, Account{ID: id}, staff.Protection, agency.OfAgency, o.Agency)
			return id
		}},
		"a role by a rule from before and the operator's key": {nobody, false, func(n *Node, o Office, first *Browser, directory say) string {
			rule(first, o)
			n.Clock.Forward(8 * 24 * time.Hour)
			id := enrolled(directory, "neu@amt.example")
			raised(directory, id)
			return id
		}},
		"a role by a new rule of who asks": {nobody, true, func(n *Node, o Office, first *Browser, directory say) string {
			id := enrolled(directory, "neu@amt.example")
			raised(directory, id)
			n.Clock.Forward(8 * 24 * time.Hour)
			rule(n.SignIn(o.Herbst), o)
			return id
		}},
		"a role by the key of who asks, from long before": {herbst, true, func(n *Node, o Office, first *Browser, directory say) string {
			rule(first, o)
			id := enrolled(directory, "neu@amt.example")
			n.Clock.Forward(8 * 24 * time.Hour)
			raised(directory, id)
			return id
		}},
		"another account elsewhere by the key of who asks": {herbst, true, func(n *Node, o Office, first *Browser, directory say) string {
			rule(first, o)
			id := enrolled(directory, "neu@amt.example")
			raised(directory, id)
			n.Clock.Forward(8 * 24 * time.Hour)
			directory("PUT", "/Users/"+id, Body{schemas: user, "userName": "neu@amt.example", "displayName": "Frau Neu", "externalId": "herbst-zwei"})
			return id
		}},
		"a role by the key of who asks, who has revoked it since":        {herbst, true, spoken(herbst)},
		"a role by the key of who asks, which the operator revoked":      {herbst, true, spoken(nobody)},
		"a role by the operator's key, which who asks has revoked since": {nobody, false, spoken(herbst)},
		"a role by the operator's key, after the key of who asks was gone": {herbst, false, func(n *Node, o Office, first *Browser, _ say) string {
			rule(first, o)
			revoked(n, o, o.Herbst.ID)
			n.Clock.Forward(8 * 24 * time.Hour)
			operators := directoryOf(n, o, "")
			id := enrolled(operators, "neu@amt.example")
			raised(operators, id)
			return id
		}},
		"a role by a new rule of who asks, who has removed it since": {nobody, true, func(n *Node, o Office, first *Browser, directory say) string {
			id := enrolled(directory, "neu@amt.example")
			raised(directory, id)
			rule(first, o)
			give(n, o, Account{ID: id}, staff.Protection, agency.OfAgency, o.Agency)
			var is struct{ Rules []struct{ ID string } }
			first.Get("/api/staff/directory").OK(t).Into(t, &is)
			first.Send("DELETE", "/api/staff/directory/rules/"+is.Rules[0].ID, nil).OK(t)
			return id
		}},
		"nothing of late by the key of who asks": {herbst, false, func(n *Node, o Office, first *Browser, directory say) string {
			rule(first, o)
			id := enrolled(directory, "neu@amt.example")
			raised(directory, id)
			n.Clock.Forward(8 * 24 * time.Hour)
			return id
		}},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				n, o, first, _ := fourEyes(t, d)
				id := with.do(n, o, first, directoryOf(n, o, with.key(o)))
				n.Exec(`UPDATE staff SET password_hash = (SELECT password_hash FROM staff WHERE id = $2) WHERE agency_id = $1 AND id = $3`,
					o.Agency, o.Winter.ID, id)
				neu := Account{ID: id, Email: "neu@amt.example", Slug: o.Slug}
				n.Clock.Forward(time.Hour)
				asked := newest(t, n.SignIn(o.Herbst).Post(approvals, Body{"act": "agency.key"}))
				second := n.SignIn(neu)
				if !with.hinders {
					second.Post(approvals+"/"+asked.ID, Body{"allow": true}).OK(t)
					return
				}
				second.Post(approvals+"/"+asked.ID, Body{"allow": true}).Expect(t, http.StatusConflict, "approval.new")
				n.SignIn(o.Winter).Post(approvals+"/"+asked.ID, Body{"allow": true}).OK(t)
			})
		})
	}
}
