package auditlog_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"visavis/internal/audit"
	"visavis/internal/auditlog"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
	"visavis/locales"
)

// AUD-01: whether the chain holds is to be seen by who may read it, without a command line.
func TestAUD01ThePageSaysWhetherTheChainHoldsAndSinceWhen(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, 0)
		check := func() (w auditlog.Whole) {
			t.Helper()
			s.auditor.Post(search+"/check", Body{}).OK(t).Into(t, &w)
			return w
		}
		w := check()
		if w.Entries < 5 || w.First != 1 || w.Since != Start().UnixMilli() || w.Head == "" || len(w.Faults) != 0 || w.At != s.Clock.Now().UnixMilli() {
			t.Errorf("%+v", w)
		}
		drop := `DROP TRIGGER audit_entry_unchanged`
		if d.Engine() == db.PostgreSQL {
			drop = `DROP TRIGGER audit_entry_kept ON audit_entry`
		}
		s.Exec(drop)
		s.Exec(`UPDATE audit_entry SET act = 'account.disabled' WHERE agency_id = $1 AND seq = 3`, s.o.Agency)
		if w = check(); len(w.Faults) != 1 || w.Faults[0] != (auditlog.Fault{What: "changed", Number: 3}) {
			t.Errorf("%+v", w)
		}
		for _, b := range []*Browser{s.SignIn(s.o.Sommer), s.SignIn(s.hire("chef@amt.example", staff.AgencyAdmin))} {
			b.Post(search+"/check", Body{}).Expect(t, http.StatusForbidden, "role.audit")
			b.Post(search+"/people", Body{}).Expect(t, http.StatusForbidden, "role.audit")
		}
	})
}

func TestTheAuditorFindsWhomToLookForAndAnswersNameThePseudonym(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, 0)
		s.Office("ahorn")
		s.Exec(`UPDATE staff SET disabled_at = 1 WHERE agency_id = $1 AND id = $2`, s.o.Agency, s.o.Sommer.ID)
		var found struct{ People []staff.Found }
		s.auditor.Post(search+"/people", Body{"text": "SOMM"}).OK(t).Into(t, &found)
		if len(found.People) != 1 || found.People[0].ID != s.o.Sommer.ID {
			t.Fatalf("who has left, and nobody of another agency: %+v", found)
		}
		s.Clock.Forward(time.Second)
		var page struct {
			Person  string
			Entries []auditlog.Entry
		}
		s.auditor.Get(search+"?person="+s.o.Sommer.ID).OK(t).Into(t, &page)
		if page.Person == "" || page.Person == s.o.Sommer.ID || len(page.Entries) == 0 || page.Entries[0].Object != page.Person {
			t.Errorf("%+v", page)
		}
	})
}

// What the page shows has a word in every language, also what somebody adds later.
func TestEveryActDetailAndFaultHasAWord(t *testing.T) {
	for _, language := range []string{"de", "en"} {
		raw, err := locales.Files.ReadFile(language + "/audit.json")
		if err != nil {
			t.Fatal(err)
		}
		var words map[string]string
		if err := json.Unmarshal(raw, &words); err != nil {
			t.Fatal(err)
		}
		for _, act := range audit.Acts() {
			if words["audit.act."+string(act)] == "" {
				t.Errorf("%s: no word for %s", language, act)
			}
			for _, detail := range act.Details() {
				if words["audit.detail."+detail] == "" {
					t.Errorf("%s: no word for the detail %s of %s", language, detail, act)
				}
			}
		}
		for _, what := range audit.Faults() {
			if words["audit.fault."+strings.ReplaceAll(string(what), " ", "-")] == "" {
				t.Errorf("%s: no word for the fault %s", language, what)
			}
		}
	}
}
