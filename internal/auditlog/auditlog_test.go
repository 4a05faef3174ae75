package auditlog_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/auditlog"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

const (
	search = "/api/staff/audit"
	export = "/api/staff/audit/export"
)

// desk is an agency with an auditor, and an audit that only its people have written.
type desk struct {
	*Node
	o        Office
	auditor  *Browser
	auditors Account
}

func open(t *testing.T, d *db.DB, most int) *desk {
	t.Helper()
	w := New(t, d)
	w.MostExported = most
	s := &desk{Node: w.Node()}
	s.o = s.Office("lindenau")
	s.auditors = s.hire("prüfung@amt.example", staff.Auditor)
	s.Clock.Forward(time.Second)
	s.auditor = s.SignIn(s.auditors)
	s.Clock.Forward(time.Second)
	return s
}

func (s *desk) hire(email string, role staff.Role) Account {
	s.T.Helper()
	a := Account{Email: email, Slug: s.o.Slug}
	s.Tx(func(tx *db.Tx) error {
		p, err := s.Staff.Create(s.T.Context(), tx, staff.NewAccount{
			Agency: s.o.Agency, Email: email, Name: "Frau Prüf", Password: Password,
			Roles: []staff.Held{{Role: role, Kind: agency.OfAgency, Place: s.o.Agency}},
		})
		a.ID = p.ID
		return err
	})
	return a
}

type page struct {
	Entries []auditlog.Entry
	Next    string
	Places  []auditlog.Named
}

func (s *desk) page(query string) page {
	s.T.Helper()
	var p page
	s.auditor.Get(search+"?"+query).OK(s.T).Into(s.T, &p)
	return p
}

func (s *desk) count(act audit.Act) int {
	s.T.Helper()
	return s.Count(`SELECT COUNT(*) FROM audit_entry WHERE agency_id = $1 AND act = $2`, s.o.Agency, act)
}

func TestAUD01AuditorAndProtectionOfficerReadTheirAgencysAuditAndNobodyElseDoes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, 0)
		abroad := s.Office("ahorn")
		s.SignIn(abroad.Sommer)
		for _, role := range []staff.Role{staff.Protection, staff.Operator, staff.AgencyAdmin} {
			b := s.SignIn(s.hire(string(role)+"@amt.example", role))
			for _, path := range []string{search, export} {
				if role == staff.Protection {
					b.Get(path).OK(t)
					continue
				}
				b.Get(path).Expect(t, http.StatusForbidden, "role.audit")
			}
		}
		for _, path := range []string{search, export} {
			s.SignIn(s.o.Sommer).Get(path).Expect(t, http.StatusForbidden, "role.audit")
			s.SignIn(abroad.Sommer).Get(path).Expect(t, http.StatusForbidden, "role.audit")
			s.Browser().Get(path).Expect(t, http.StatusUnauthorized, "session.none")
		}
		text := s.auditor.Get(search).OK(t).Text
		s.Clock.Forward(time.Second)
		text += s.auditor.Get(export).OK(t).Text
		for _, name := range []string{"Sommer", "Prüf", "@amt.example", s.o.Sommer.ID, abroad.Agency, abroad.Sommer.ID} {
			if strings.Contains(text, name) {
				t.Errorf("%s stands in it", name)
			}
		}
		if !strings.Contains(text, "account.created") || s.count(audit.AuditSearched) != 0 {
			t.Error(text)
		}
	})
}

func TestAUD02LookingForAPersonIsAnEntryAndItsPagesAreNot(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, 0)
		for range 51 {
			s.SignIn(s.o.Sommer).Send(http.MethodDelete, "/api/staff/session", nil).OK(t)
		}
		s.SignIn(s.o.Winter)
		s.Clock.Forward(time.Second)
		query := "person=" + s.o.Sommer.ID
		first := s.page(query)
		if len(first.Entries) != 100 || first.Next == "" || s.count(audit.AuditSearched) != 1 {
			t.Fatalf("%d entries, %q, %d searches", len(first.Entries), first.Next, s.count(audit.AuditSearched))
		}
		second := s.page(query + "&cursor=" + first.Next)
		// An account and a role at the beginning, 51 times in and out, and that one looks for her.
		if len(second.Entries) != 5 || second.Next != "" || s.count(audit.AuditSearched) != 1 {
			t.Errorf("%d entries, %q, %d searches", len(second.Entries), second.Next, s.count(audit.AuditSearched))
		}
		if newest := first.Entries[0]; newest.Act != string(audit.AuditSearched) || newest.ActorKind != "staff" {
			t.Errorf("%+v", newest)
		}
		seen := map[int64]bool{}
		for _, e := range append(first.Entries, second.Entries...) {
			if seen[e.Number] || e.Actor == s.o.Sommer.ID || strings.Contains(e.Object, s.o.Sommer.ID) {
				t.Errorf("%+v", e)
			}
			seen[e.Number] = true
		}
		// Nobody comes to a second page without a first one: of this list, and of their own.
		protection := s.SignIn(s.hire("schutz@amt.example", staff.Protection))
		for _, other := range []string{"person=" + s.o.Winter.ID, query + "&act=session.left", ""} {
			s.auditor.Get(search+"?"+other+"&cursor="+first.Next).Expect(t, http.StatusUnprocessableEntity, "request.invalid")
		}
		protection.Get(search+"?"+query+"&cursor="+first.Next).Expect(t, http.StatusUnprocessableEntity, "request.invalid")
		s.auditor.Get(search+"?"+query+"&cursor=e30").Expect(t, http.StatusUnprocessableEntity, "request.invalid")
		s.auditor.Get(search+"?person=nobody").Expect(t, http.StatusNotFound, "staff.unknown")
		if s.count(audit.AuditSearched) != 1 {
			t.Errorf("%d searches", s.count(audit.AuditSearched))
		}
	})
}

func TestAUD01ASearchIsByTimeActAndObject(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, 0)
		sommer := s.SignIn(s.o.Sommer)
		made := s.Book(s.o, sommer, s.o.Booking(s.Clock.Now().Add(5*time.Minute)))
		s.Clock.Forward(time.Hour)
		later := s.Clock.Now().UnixMilli()
		sommer.Post("/api/staff/appointments/"+made.Appointment+"/cancel", Body{"version": made.Version}).OK(t)
		s.Clock.Forward(time.Second)
		for query, want := range map[string]string{
			"object=" + made.Appointment:                               "appointment.cancelled appointment.booked ",
			"object=" + made.Appointment + "&act=appointment.booked":   "appointment.booked ",
			fmt.Sprintf("from=%d", later):                              "appointment.cancelled ",
			fmt.Sprintf("until=%d&object=%s", later, made.Appointment): "appointment.booked ",
			"object=niemand": "",
		} {
			got := ""
			for _, e := range s.page(query).Entries {
				got += e.Act + " "
			}
			if got != want {
				t.Errorf("%s: %s", query, got)
			}
		}
		s.auditor.Get(search+"?act=eaten").Expect(t, http.StatusUnprocessableEntity, "audit.act")
		s.auditor.Get(search+"?from=x").Expect(t, http.StatusBadRequest, "request.invalid")
		for query, code := range map[string]string{"from=x": "request.invalid", "until=-1": "request.invalid", "object=" + strings.Repeat("x", 41): "request.invalid"} {
			s.auditor.Get(export+"?"+query).Expect(t, http.StatusBadRequest, code)
		}
	})
}

// Of places ids stand in the audit. Who reads it is told their names, as they are now: of the own agency alone.
func TestAUD01PlacesAreCalledByTheirNamesAndOnlyThoseOfTheOwnAgency(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, 0)
		abroad := s.Office("ahorn")
		s.Tx(func(tx *db.Tx) error {
			for _, e := range []audit.Entry{
				{Act: audit.PlaceChanged, Object: s.o.Desk},
				{Act: audit.RuleLeft, Object: abroad.Desk},
				{Act: audit.RuleLeft, Object: "gone"},
				{Act: audit.ApprovalAsked, Object: s.o.Agency, Detail: []audit.Code{audit.Is("place", s.o.Agency)}},
			} {
				e.Agency, e.By = s.o.Agency, audit.System()
				if err := s.Audit.Append(t.Context(), tx, e); err != nil {
					return err
				}
			}
			return nil
		})
		s.Clock.Forward(time.Second)
		got := map[string]auditlog.Named{}
		for _, p := range s.page("").Places {
			got[p.ID] = p
		}
		if desk := got[s.o.Desk]; desk.Kind != agency.OfDesk || desk.Name == "" {
			t.Errorf("%+v", got)
		}
		if whole := got[s.o.Agency]; whole.Kind != agency.OfAgency || whole.Name == "" {
			t.Errorf("%+v", got)
		}
		if len(got[abroad.Desk].Name)+len(got["gone"].Name) > 0 {
			t.Errorf("%+v", got)
		}
	})
}

func TestAUD01AnEntryIsFoundByItsNumber(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, 0)
		all := s.page("").Entries
		wanted := all[len(all)-2]
		if got := s.page(fmt.Sprint("number=", wanted.Number)).Entries; len(got) != 1 || got[0] != wanted {
			t.Errorf("%+v", got)
		}
		if got := s.page("number=123456789").Entries; len(got) != 0 {
			t.Errorf("%+v", got)
		}
		s.auditor.Get(search+"?number=-1").Expect(t, http.StatusBadRequest, "request.invalid")
		s.auditor.Get(export+"?number=-1").Expect(t, http.StatusBadRequest, "request.invalid")
		table, err := tableOf(s.auditor.Get(fmt.Sprint(export, "?number=", wanted.Number)).OK(t))
		if err != nil || len(table) != 2 {
			t.Error(table, err)
		}
		if list := s.page("act=audit.exported").Entries; len(list) != 1 || list[0].Detail != fmt.Sprint("count=1 number=", wanted.Number) {
			t.Errorf("%+v", list)
		}
	})
}

func TestAUD02ACopyIsATableAndAnEntry(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, 0)
		for range 3 {
			s.SignIn(s.o.Sommer)
		}
		s.Clock.Forward(time.Second)
		a := s.auditor.Get(export + "?act=session.begun&person=" + s.o.Sommer.ID).OK(t)
		if a.Header.Get("Content-Type") != "text/csv; charset=utf-8; header=present" ||
			a.Header.Get("Content-Disposition") != `attachment; filename="audit-lindenau-20260302-090003.csv"` {
			t.Errorf("%v", a.Header)
		}
		if !strings.HasPrefix(a.Text, "\ufeffnumber;at;actor_kind;actor;act;object_kind;object;detail;hash\r\n") {
			t.Errorf("%.100s", a.Text)
		}
		table, err := tableOf(a)
		if err != nil || len(table) != 4 || table[1][4] != "session.begun" || table[1][1] != "2026-03-02T09:00:02Z" || len(table[1][8]) != 64 {
			t.Errorf("%v %v", table, err)
		}
		list := s.page("act=audit.exported").Entries
		hidden, err := s.Audit.Pseudonym(t.Context(), d.Read(), s.o.Agency, s.o.Sommer.ID)
		if err != nil || len(list) != 1 || list[0].Detail != "count=3 act=session.begun person="+hidden {
			t.Errorf("%+v %v", list, err)
		}
		if s.count(audit.AuditSearched) != 0 {
			t.Error("an export is no search besides")
		}
	})
}

func tableOf(a Answer) ([][]string, error) {
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(a.Text, "\ufeff")))
	r.Comma = ';'
	return r.ReadAll()
}

func TestAUD02TooMuchIsNotCopiedAndNoEntry(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, 12)
		s.auditor.Get(export).OK(t)
		for range 3 {
			s.SignIn(s.o.Winter)
		}
		s.Clock.Forward(time.Second)
		a := s.auditor.Get(export).Expect(t, http.StatusUnprocessableEntity, "audit.too_many")
		if a.Params["most"] != 12.0 || s.count(audit.AuditExported) != 1 {
			t.Errorf("%v, %d exports", a.Params, s.count(audit.AuditExported))
		}
		s.auditor.Get(export + "?act=session.begun").OK(t)
	})
}

// More than one page of it, and what somebody has put into the database is no formula.
func TestAUD01ACopyIsWholeAndWithoutFormulas(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, 0)
		s.Tx(func(tx *db.Tx) error {
			for i := range 2100 {
				err := s.Audit.Append(t.Context(), tx, audit.Entry{Agency: s.o.Agency, By: audit.Guest(), Act: audit.TakeoverAsked, Object: fmt.Sprint("x", i)})
				if err != nil {
					return err
				}
			}
			return nil
		})
		s.Clock.Forward(time.Second)
		drop := `DROP TRIGGER audit_entry_unchanged`
		if d.Engine() == db.PostgreSQL {
			drop = `DROP TRIGGER audit_entry_kept ON audit_entry`
		}
		s.Exec(drop)
		s.Exec(`UPDATE audit_entry SET detail = '=1+1' WHERE agency_id = $1 AND object_id = 'x5'`, s.o.Agency)
		s.Exec(`UPDATE audit_entry SET detail = $1 WHERE agency_id = $2 AND object_id = 'x6'`, "a,\"b\"\nc", s.o.Agency)
		table, err := tableOf(s.auditor.Get(export + "?act=takeover.asked").OK(t))
		if err != nil || len(table) != 2101 {
			t.Fatal(len(table), err)
		}
		seen := map[string]string{}
		for _, row := range table[1:] {
			seen[row[6]] = row[7]
		}
		if len(seen) != 2100 || seen["x5"] != "'=1+1" || seen["x6"] != "a,\"b\"\nc" {
			t.Errorf("%d different, %q, %q", len(seen), seen["x5"], seen["x6"])
		}
	})
}
