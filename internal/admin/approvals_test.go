package admin_test

import (
	"net/http"
	"testing"
	"time"

	"visavis/internal/admin"
	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
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
		if got := newest(t, second.Post(approvals+"/"+asked.ID, Body{"allow": false})); got.DecidedBy != o.Winter.Name || got.Allowed {
			t.Errorf("%+v", got)
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

// One person with two accounts is not two. What can be known of that is refused; a third person may still agree.
func TestTEN05WhoseAccountTheAskerHasHadAHandInIsNoSecondPerson(t *testing.T) {
	for name, with := range map[string]struct {
		code string
		do   func(n *Node, o Office, tx *db.Tx) error
	}{
		"role given": {"approval.account", func(n *Node, o Office, tx *db.Tx) error {
			return n.Staff.Give(n.T.Context(), tx, o.Agency, staff.Grant{
				Staff: o.Winter.ID, Source: staff.ByHand, By: o.Herbst.ID, Held: staff.Held{Role: staff.Advisor, Kind: agency.OfDesk, Place: o.Desk},
			})
		}},
		"another address": {"approval.account", func(n *Node, o Office, tx *db.Tx) error {
			p := staff.Person{Agency: o.Agency, ID: o.Winter.ID, Name: o.Winter.Name, Email: "neu@lindenau.example"}
			return n.Staff.Readdress(n.T.Context(), tx, p, staff.Author{By: o.Herbst.ID, Source: staff.ByHand})
		}},
		"the same mailbox": {"approval.same", func(n *Node, o Office, tx *db.Tx) error {
			_, err := tx.ExecContext(n.T.Context(), `UPDATE staff SET email = CASE id WHEN $2 THEN 'herbst@amt.example' ELSE 'herbst+zwei@amt.example' END
				WHERE agency_id = $1 AND id IN ($2, $3)`, o.Agency, o.Herbst.ID, o.Winter.ID)
			return err
		}},
		"by somebody else": {"", func(n *Node, o Office, tx *db.Tx) error {
			return n.Staff.Give(n.T.Context(), tx, o.Agency, staff.Grant{
				Staff: o.Winter.ID, Source: staff.ByHand, By: o.Sommer.ID, Held: staff.Held{Role: staff.Advisor, Kind: agency.OfDesk, Place: o.Desk},
			})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				n, o, first, second := fourEyes(t, d)
				asked := newest(t, first.Post(approvals, Body{"act": "agency.key"}))
				n.Clock.Forward(time.Minute)
				n.Tx(func(tx *db.Tx) error { return with.do(n, o, tx) })
				if with.code == "" {
					second.Post(approvals+"/"+asked.ID, Body{"allow": true}).OK(t)
					return
				}
				second.Post(approvals+"/"+asked.ID, Body{"allow": true}).Expect(t, http.StatusConflict, with.code)
				give(n, o, o.Sommer, staff.Protection, agency.OfAgency, o.Agency)
				n.SignIn(o.Sommer).Post(approvals+"/"+asked.ID, Body{"allow": true}).OK(t)
			})
		})
	}
}
