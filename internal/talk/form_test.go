package talk_test

import (
	"net/http"
	"testing"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	. "visavis/internal/worldtest"
)

func TestThatAFormWasOpenedOrConfirmedIsNotedOnlyByWhoLeadsARunningTalkWhereFormsAreSwitchedOn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		noted := func(opened, confirmed int) {
			t.Helper()
			for act, want := range map[string]int{"form.opened": opened, "form.confirmed": confirmed} {
				if n := s.Count(`SELECT COUNT(*) FROM audit_entry WHERE agency_id = $1 AND act = $2 AND detail = 'role=advisor'`, s.o.Agency, act); n != want {
					t.Errorf("%s: %d entries, not %d", act, n, want)
				}
			}
		}
		id := s.admit(s.sommer).Talk.ID
		s.do(s.sommer, id, "form", Body{"what": "opened", "title": "Antrag"}).Expect(t, http.StatusBadRequest, "request.invalid")
		s.do(s.sommer, id, "form", Body{"what": "signed"}).Expect(t, http.StatusBadRequest, "request.invalid")
		s.do(s.SignIn(s.o.Winter), id, "form", Body{"what": "opened"}).Expect(t, http.StatusConflict, "talk.led")
		noted(0, 0)
		s.do(s.sommer, id, "form", Body{"what": "opened"}).OK(t)
		s.do(s.sommer, id, "form", Body{"what": "confirmed"}).OK(t)
		noted(1, 1)
		s.do(s.sommer, id, "sendback", Body{}).OK(t)
		s.do(s.sommer, id, "form", Body{"what": "opened"}).Expect(t, http.StatusGone, "talk.ended")

		s.Decide(s.o, s.o.Agency, agency.TalkForm, `"off"`, false)
		s.do(s.sommer, s.admit(s.sommer).Talk.ID, "form", Body{"what": "opened"}).Expect(t, http.StatusConflict, "form.off")
		noted(1, 1)
	})
}

func TestAPageThatOpensFormsWithoutEndDoesNotFillTheAudit(t *testing.T) {
	s := newScene(t, dbtest.SQLite(t))
	id := s.admit(s.sommer).Talk.ID
	for range 10 {
		s.do(s.sommer, id, "form", Body{"what": "confirmed"}).OK(t)
	}
	s.do(s.sommer, id, "form", Body{"what": "confirmed"}).Expect(t, http.StatusTooManyRequests, "session.throttled")
}

func TestTheFormsOfADeskAreReadByWhoLeadsATalkThereAndNobodyElse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		form := agency.Template{
			Title:  agency.Text{"de": "Wohngeld"},
			Fields: []agency.TemplateField{{Kind: "text", Label: agency.Text{"de": "Name"}, Required: true}},
		}
		ids := map[string]string{}
		s.Tx(func(tx *db.Tx) (err error) {
			for name, id := range map[string]string{"of all": s.o.Agency, "of the desk": s.o.Desk, "next door": s.o.Desk2} {
				place, err := s.Agencies.Place(t.Context(), tx, s.o.Agency, id)
				if err != nil {
					return err
				}
				if ids[name], err = s.Agencies.DefineTemplate(t.Context(), tx, s.o.Agency, place, form); err != nil {
					return err
				}
			}
			return nil
		})
		at := "/api/staff/talks/" + s.admit(s.sommer).Talk.ID + "/forms"
		var list struct{ Forms []agency.TemplateHead }
		s.sommer.Get(at).OK(t).Into(t, &list)
		if len(list.Forms) != 2 || list.Forms[0].Title["de"] != "Wohngeld" || list.Forms[0].Fields != 1 {
			t.Errorf("%+v", list)
		}
		for name, want := range map[string]int{"of all": http.StatusOK, "of the desk": http.StatusOK, "next door": http.StatusNotFound} {
			if got := s.sommer.Get(at + "/" + ids[name]); got.Status != want {
				t.Errorf("%s: %d", name, got.Status)
			}
		}
		winter := s.SignIn(s.o.Winter)
		for _, path := range []string{at, at + "/" + ids["of all"]} {
			if got := winter.Get(path); got.Status != http.StatusConflict {
				t.Errorf("who does not lead the talk reads %s: %d", path, got.Status)
			}
		}
	})
}
