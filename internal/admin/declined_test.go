package admin_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"visavis/internal/admin"
	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

const reason = "Bitte erst nach dem Umzug.\nDanach gern."

// declined lets one ask for the key and another decline it.
func declined(t *testing.T, first, second *Browser, why string) admin.ApprovalView {
	t.Helper()
	asked := newest(t, first.Post(approvals, Body{"act": "agency.key"}))
	return newest(t, second.Post(approvals+"/"+asked.ID, Body{"allow": false, "reason": why}))
}

func TestTEN05WhoHasAskedIsToldThatAndWhyItWasDeclined(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n, o, first, second := fourEyes(t, d)
		give(n, o, o.Sommer, staff.DepartmentAdmin, agency.OfDepartment, where(n, o).DepartmentID)
		if got := declined(t, first, second, "  Bitte erst\u202e nach dem\u0007 Umzug.\nDanach gern. \n"); got.Reason != reason || got.Unread {
			t.Errorf("who declined sees %+v", got)
		}
		got := newest(t, first.Get(approvals))
		if got.Reason != reason || !got.Unread || got.DecidedBy != o.Winter.Name {
			t.Errorf("who asked sees %+v", got)
		}
		if text := n.SignIn(o.Sommer).Get(approvals).OK(t).Text; strings.Contains(text, "Umzug") {
			t.Errorf("a third person sees %s", text)
		}
		read := approvals + "/" + got.ID + "/read"
		second.Post(read, Body{}).Expect(t, http.StatusForbidden, "admin.forbidden")
		_, stranger := administered(n, "ahorn")
		stranger.Post(read, Body{}).Expect(t, http.StatusNotFound, "not_found")
		if !newest(t, first.Get(approvals)).Unread {
			t.Error("somebody else has read it for them")
		}
		for range 2 {
			if got := newest(t, first.Post(read, Body{})); got.Unread || got.Reason != reason {
				t.Errorf("%+v", got)
			}
		}
	})
}

func TestTEN05TheReasonStandsNowhereInTheOpenAndNotInTheAudit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n, o, first, second := fourEyes(t, d)
		_, head := trail(n, o.Agency, 0)
		declined(t, first, second, reason)
		if n.Count(`SELECT COUNT(*) FROM approval WHERE agency_id = $1 AND LENGTH(reason_sealed) > LENGTH($2)`, o.Agency, reason) != 1 {
			t.Error("it is kept nowhere, or as it was typed")
		}
		said, _ := trail(n, o.Agency, head)
		for i, entry := range said {
			said[i], _, _ = strings.Cut(entry, " approval=")
		}
		if !slices.Equal(said, []string{"staff approval.asked", "staff approval.refused"}) {
			t.Errorf("%q", said)
		}
	})
}

func TestTEN05WhatWasTakenBackIsNoRefusal(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n, o, first, second := fourEyes(t, d)
		_, head := trail(n, o.Agency, 0)
		asked := newest(t, first.Post(approvals, Body{"act": "agency.key"}))
		got := newest(t, first.Post(approvals+"/"+asked.ID, Body{"allow": false, "reason": reason}))
		if !got.TakenBack || got.Unread || got.Reason != "" {
			t.Errorf("%+v", got)
		}
		second.Post(approvals+"/"+asked.ID, Body{"allow": false, "reason": reason}).Expect(t, http.StatusConflict, "approval.decided")
		said, _ := trail(n, o.Agency, head)
		if len(said) != 2 || !strings.HasPrefix(said[1], "staff approval.taken_back ") {
			t.Errorf("%q", said)
		}
	})
}

func TestTEN05AReasonIsOptionalAndShort(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n, _, first, second := fourEyes(t, d)
		if got := declined(t, first, second, " \n"); got.Reason != "" {
			t.Errorf("%+v", got)
		}
		if !newest(t, first.Get(approvals)).Unread {
			t.Error("without a reason nobody is told")
		}
		// Whoever asks again knows what became of it.
		n.Clock.Forward(time.Minute)
		asked := newest(t, first.Post(approvals, Body{"act": "agency.key"}))
		var all admin.ApprovalsOutput
		first.Get(approvals).OK(t).Into(t, &all.Body)
		for _, a := range all.Body.Approvals {
			if a.Unread {
				t.Errorf("%+v", a)
			}
		}
		at := approvals + "/" + asked.ID
		second.Post(at, Body{"allow": false, "reason": strings.Repeat("ü", 301)}).Expect(t, http.StatusBadRequest, "request.invalid")
		second.Post(at, Body{"allow": false, "reason": strings.Repeat("ü", 300)}).OK(t)
	})
}
