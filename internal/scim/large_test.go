package scim_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

// employ makes many people whom the directory knows, without a role.
func (s *scene) employ(n int) []string {
	s.t.Helper()
	const id = `'member-of-an-office-' || i`
	numbers := fmt.Sprintf(`WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < %d) `, n)
	s.Exec(numbers+`INSERT INTO staff (id, agency_id, email, name, search, password_hash, created_at)
		SELECT `+id+`, $1, i || '@amt.example', 'Person ' || i, '', '', 1 FROM numbers`, s.o.Agency)
	s.Exec(numbers+`INSERT INTO staff_directory (agency_id, staff_id, login, user_key, external_id, created_at, changed_at, version)
		SELECT $1, `+id+`, i || '@amt.example', i || '@amt.example', '', 1, 1, 1 FROM numbers`, s.o.Agency)
	s.Tx(func(tx *db.Tx) error { return s.DB.Filled(s.t.Context(), tx, "staff", "staff_directory") }) // as it is after a minute
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprint("member-of-an-office-", i+1)
	}
	return ids
}

// written is what a change of a group writes, as one text.
func (s *scene) written(group string) string {
	s.t.Helper()
	var version, roles, newest, desks, jobs, entries int64
	s.Scan(`SELECT version FROM scim_group WHERE agency_id = $1 AND id = $2`, []any{s.o.Agency, group}, &version)
	s.Scan(`SELECT COUNT(*), COALESCE(MAX(given_at), 0) FROM staff_role WHERE agency_id = $1 AND source = 'scim'`, []any{s.o.Agency}, &roles, &newest)
	s.Scan(`SELECT COUNT(*) FROM staff_desk WHERE agency_id = $1 AND desk_id = $2`, []any{s.o.Agency, s.o.Desk}, &desks)
	s.Scan(`SELECT COUNT(*) FROM job WHERE agency_id = $1`, []any{s.o.Agency}, &jobs)
	s.Scan(`SELECT COUNT(*) FROM audit_entry WHERE agency_id = $1`, []any{s.o.Agency}, &entries)
	return fmt.Sprint("version ", version, ", ", roles, " roles until ", newest, ", ", desks, " at the desk, ", jobs, " jobs, ", entries, " entries")
}

func (s *scene) timed(status int, method, rest string, body any) {
	s.t.Helper()
	begun := time.Now()
	s.ask(status, method, rest, body, nil)
	s.t.Logf("%s: %d in %v", method, status, time.Since(begun).Round(time.Millisecond))
}

// With a statement for each member and each thing to be known of one, 5,000 would be 65,000 statements in one transaction. The
// long tests have twice as many; the times stand in the log.
func TestACC08AGroupOfThousandsIsWrittenWithFewStatements(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		s.rule("Alle", staff.Advisor, s.o.Desk)
		group := s.group("Alle")
		most, leave := 2_000, 500
		if os.Getenv("VISAVIS_TEST_LONG") != "" {
			most, leave = 10_000, 2_000
		}
		ids := s.employ(most)
		all := Body{"displayName": "Alle", "members": members(ids...)}
		before := s.Count(`SELECT COUNT(*) FROM staff_desk WHERE agency_id = $1`, s.o.Agency)
		s.timed(http.StatusOK, "PUT", "/Groups/"+group, all)
		if n := s.Count(`SELECT COUNT(*) FROM staff_desk WHERE agency_id = $1`, s.o.Agency); n != before+most || s.acts("role.given") < most {
			t.Fatalf("%d more work at the desk, and the audit tells of %d", n-before, s.acts("role.given"))
		}

		was := s.written(group)
		s.Clock.Forward(time.Minute)
		s.timed(http.StatusOK, "PUT", "/Groups/"+group, all)
		if now := s.written(group); now != was {
			t.Errorf("the same again, and yet\n%s became\n%s", was, now)
		}

		out := patch([3]any{"remove", "members", members(ids[:leave]...)})
		s.timed(http.StatusForbidden, "PATCH", "/Groups/"+group, out) // a tenth may go
		if v := s.guard(); v.Guard.StoppedAt == nil || v.Guard.Removed != 0 || s.roles(ids[0]) != "[advisor]" || s.acts("directory.stopped") != 1 {
			t.Errorf("%+v, and %s", v, s.roles(ids[0]))
		}
		s.boss.Post(set+"/guard", Body{"allow": true}).OK(t)
		s.timed(http.StatusNoContent, "PATCH", "/Groups/"+group, out)
		if n := s.Count(`SELECT COUNT(*) FROM scim_member WHERE agency_id = $1 AND group_id = $2`, s.o.Agency, group); n != most-leave {
			t.Errorf("%d members", n)
		}
		if s.acts("role.taken") != leave || s.roles(ids[0]) != "[]" || s.roles(ids[leave]) != "[advisor]" {
			t.Errorf("%d roles were taken; who is out has %s, who is in %s", s.acts("role.taken"), s.roles(ids[0]), s.roles(ids[leave]))
		}
		if r, err := s.Audit.Verify(t.Context(), s.o.Agency, nil); err != nil || len(r.Faults) > 0 {
			t.Error(err, r.Faults)
		}
	})
}

// Of so many at once nobody is looked for one by one; who leads a talk is found all the same.
func TestACC08WhoLosesARoleWithManyOthersLeadsNoTalkAnyMore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		s.rule("Alle", staff.Advisor, s.o.Desk)
		s.hire("talks@amt.example")
		ids := append(s.employ(80), s.make("talks@amt.example", nil).ID)
		group := s.group("Alle", ids...)
		s.boss.Post(set+"/guard", Body{"allow": true}).OK(t)
		advisor := s.SignIn(Account{Email: "talks@amt.example", Slug: s.o.Slug})
		guest := s.Guest(s.Book(s.o, advisor, s.o.Booking(Start().Add(5*time.Minute))))
		guest.Arrive().OK(t)
		advisor.Post("/api/staff/seats/"+guest.Place.Seat+"/admit", Body{}).OK(t)
		page := guest.Stream("")
		page.Until("snapshot", nil)

		begun := time.Now()
		s.ask(http.StatusNoContent, "PATCH", "/Groups/"+group, patch([3]any{"replace", "members", members()}), nil)
		var view struct {
			State    string
			PassedAt int64
		}
		for view.State != "waiting" {
			page.Until("seat", &view)
		}
		t.Logf("the guest waits for another after %v", time.Since(begun))
		if view.PassedAt == 0 {
			t.Errorf("%+v", view)
		}
	})
}

// One of many is no user of the directory, or belongs to somebody else: nothing of it happens.
func TestAGroupOfManyIsTakenWholeOrNotAtAll(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		s.rule("Alle", staff.Advisor, s.o.Desk)
		group := s.group("Alle")
		ids := s.employ(1200)
		for _, stranger := range []string{s.o.Winter.ID, "nobody"} {
			s.ask(http.StatusBadRequest, "PUT", "/Groups/"+group, Body{"displayName": "Alle", "members": members(append(ids, stranger)...)}, nil)
		}
		if n := s.Count(`SELECT COUNT(*) FROM scim_member WHERE agency_id = $1`, s.o.Agency); n != 0 || s.roles(ids[0]) != "[]" {
			t.Errorf("%d members, and one has %s", n, s.roles(ids[0]))
		}
	})
}

// Of two who administer the agency by the same group, one stays.
func TestAGroupThatLosesAllWhoAdministerLeavesOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		s.rule("Leitung", staff.AgencyAdmin, s.o.Agency)
		ids := s.employ(3)
		group := s.group("Leitung", ids...)
		s.Exec(`DELETE FROM staff_role WHERE agency_id = $1 AND role = 'agency_admin' AND source = 'hand'`, s.o.Agency)
		s.ask(http.StatusNoContent, "PATCH", "/Groups/"+group, patch([3]any{"replace", "members", members()}), nil)
		if n := s.Count(`SELECT COUNT(*) FROM staff_role WHERE agency_id = $1 AND role = 'agency_admin'`, s.o.Agency); n != 1 || s.acts("role.taken") != 2 {
			t.Errorf("%d administer the agency, and %d do not any more", n, s.acts("role.taken"))
		}
	})
}

// A directory writes its groups whole: each member with an address and a name.
func TestABodyOfADirectoryMayHoldAGroupOfThousands(t *testing.T) {
	s := newScene(t, dbtest.SQLite(t))
	group := s.group("Alle")
	var all []Body
	for _, id := range s.employ(2500) {
		all = append(all, Body{"value": id, "$ref": "https://directory.example/scim/v2/Users/" + id, "type": "User", "display": "Mitarbeitende Person " + id})
	}
	s.ask(http.StatusOK, "PUT", "/Groups/"+group, Body{"displayName": "Alle", "members": all}, nil)
	if n := s.Count(`SELECT COUNT(*) FROM scim_member WHERE agency_id = $1`, s.o.Agency); n != len(all) {
		t.Errorf("%d members", n)
	}
	all[0]["display"] = strings.Repeat("x", 3<<20)
	s.ask(http.StatusRequestEntityTooLarge, "PUT", "/Groups/"+group, Body{"displayName": "Alle", "members": all}, nil)
	if got := s.boss.Post(set+"/rules", Body{"group": strings.Repeat("x", 300<<10), "role": "advisor", "place": s.o.Desk}); got.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("elsewhere: %d %.100s", got.Status, got.Text)
	}
}
