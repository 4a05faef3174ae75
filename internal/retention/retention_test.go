package retention_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/retention"
	. "visavis/internal/worldtest"
)

func TestMIN04EachTableSaysWhatBecomesOfItsRowsInTime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		fates, deleted := retention.Fates()
		for table, names := range dbtest.Columns(t, d) {
			fate, known := fates[table]
			if slices.Contains(names, "agency_id") != known {
				t.Errorf("%s: %q", table, fate)
			}
			personal := slices.ContainsFunc(names, func(name string) bool { return strings.HasSuffix(name, "_sealed") })
			if personal && !slices.Contains([]string{"appointment", "account", "unsealed", "month"}, fate) {
				t.Errorf("%s holds something sealed, and stays", table)
			}
			if (fate == "appointment" || fate == "account") && !deleted[table] && table != "staff" {
				t.Errorf("nothing deletes rows of %s", table)
			}
			delete(fates, table)
		}
		if len(fates) > 0 {
			t.Errorf("no such tables: %v", fates)
		}
	})
}

// The manual says of each table of an agency what becomes of it, and of no other.
func TestMIN04TheManualNamesEachTable(t *testing.T) {
	text, err := os.ReadFile("../../docs/operator/retention.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(text), "\n| Table | Goes |\n")
	list, _, _ = strings.Cut(list, "\n\n")
	named := map[string]string{}
	for row := range strings.Lines(list) {
		tables, goes, _ := strings.Cut(strings.TrimPrefix(row, "|"), " | ")
		fate := "itself"
		switch {
		case strings.HasPrefix(goes, "with the appointment"):
			fate = "appointment"
		case strings.HasPrefix(goes, "with the account"):
			fate = "account"
		case strings.HasPrefix(goes, "why somebody declined"):
			fate = "unsealed"
		case strings.HasPrefix(goes, "a year after its month"):
			fate = "month"
		case strings.HasPrefix(goes, "stay until the agency"):
			fate = "agency"
		}
		tables = regexp.MustCompile(`\(.*\)`).ReplaceAllString(tables, "") // what is in it
		for _, table := range regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(tables, -1) {
			named[table[1]] = fate
		}
	}
	if fates, _ := retention.Fates(); !maps.Equal(named, fates) {
		t.Errorf("the manual has\n%v\nand the program\n%v", named, fates)
	}
}

// scene is an office with somebody who works.
type scene struct {
	*Node
	t      *testing.T
	o      Office
	sommer *Browser
}

func newScene(t *testing.T, d *db.DB) *scene {
	t.Helper()
	n := New(t, d).Node()
	s := &scene{Node: n, t: t, o: n.Office("lindenau")}
	s.sommer = n.SignIn(s.o.Sommer)
	return s
}

func (s *scene) run() {
	s.t.Helper()
	for more := true; more; {
		var err error
		if more, err = s.Retention.Run(s.t.Context(), s.o.Agency); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *scene) version(p Place) int {
	return s.Count(`SELECT version FROM appointment WHERE id = $1`, p.Appointment)
}

// talked is an appointment whose guest has waited, been written to and called in, with all that there can be of a guest.
func (s *scene) talked() Place {
	s.t.Helper()
	p := s.Book(s.o, s.sommer, s.o.Booking(s.Clock.Now().Add(5*time.Minute)))
	at := "/api/staff/appointments/" + p.Appointment
	s.sommer.Post(at+"/hand", Body{"version": s.version(p), "advisor": s.o.Winter.ID, "note": "Erika Beispiel kommt"}).OK(s.t)
	g := s.Guest(p)
	g.Arrive().OK(s.t)
	g.Do("callback", Body{"phone": "0170 1112223"}).OK(s.t)
	s.sommer.Post("/api/staff/seats/"+p.Seat+"/message", Body{"text": "Guten Tag, Erika Beispiel"}).OK(s.t)
	s.sommer.Post("/api/staff/seats/"+p.Seat+"/admit", Body{}).OK(s.t)
	return p
}

// whole are two appointments: one with a result, and one that everybody has left as it was.
func (s *scene) whole() []Place {
	s.t.Helper()
	closed := s.talked()
	s.sommer.Post("/api/staff/appointments/"+closed.Appointment+"/outcome", Body{"version": s.version(closed), "outcome": "technical"}).OK(s.t)
	s.Exec(`INSERT INTO survey_done (agency_id, seat_id) VALUES ($1, $2)`, s.o.Agency, closed.Seat)
	// What is left where something failed: a page that nobody missed, a mail that could not be sent.
	s.Exec(`INSERT INTO seat_presence (agency_id, seat_id, page, node_id, created_at) VALUES ($1, $2, 'page-one', 'gone', 0)`, s.o.Agency, closed.Seat)
	s.Exec(`INSERT INTO job (id, agency_id, kind, unique_key, ref, run_at, attempts, dead_at) VALUES ('dead', $1, 'mail', $2, $2, 0, 12, 1)`,
		s.o.Agency, closed.Appointment)
	s.Exec(`INSERT INTO job (id, agency_id, kind, unique_key, ref, run_at, attempts, dead_at) VALUES ('dead2', $1, 'reminder', $2, 'x', 0, 12, 1)`,
		s.o.Agency, closed.Appointment)
	return []Place{closed, s.talked()}
}

// names are the ids and hashes by which rows could be those of appointments.
func (s *scene) names(places ...Place) []string {
	s.t.Helper()
	var all []string
	for _, p := range places {
		for _, query := range []string{
			`SELECT $2 || '' FROM agency WHERE id = $1`, // itself
			`SELECT id FROM seat WHERE agency_id = $1 AND appointment_id = $2`,
			`SELECT id FROM task WHERE agency_id = $1 AND appointment_id = $2`,
			`SELECT talk.id FROM talk JOIN seat ON seat.id = talk.seat_id WHERE seat.agency_id = $1 AND seat.appointment_id = $2`,
			`SELECT talk.media_id FROM talk JOIN seat ON seat.id = talk.seat_id WHERE seat.agency_id = $1 AND seat.appointment_id = $2`,
			`SELECT m.id FROM seat_message m JOIN seat ON seat.id = m.seat_id WHERE seat.agency_id = $1 AND seat.appointment_id = $2`,
		} {
			ids, err := db.Texts(s.DB.Read().QueryContext(s.t.Context(), query, s.o.Agency, p.Appointment))
			if err != nil {
				s.t.Fatal(err)
			}
			all = append(all, ids...)
		}
		for _, query := range []string{
			`SELECT hash FROM seat_link WHERE agency_id = $1 AND seat_id = $2`, `SELECT browser_hash FROM seat_browser WHERE agency_id = $1 AND seat_id = $2`,
		} {
			var hash []byte
			s.Scan(query, []any{s.o.Agency, p.Seat}, &hash)
			all = append(all, hex.EncodeToString(hash))
		}
	}
	return all
}

// where counts the rows in which one of some names stands, by table.
func (s *scene) where(names []string) map[string]int {
	s.t.Helper()
	found := map[string]int{}
	for table := range dbtest.Columns(s.t, s.DB) {
		rows, err := s.DB.Read().QueryContext(s.t.Context(), `SELECT * FROM `+table)
		if err != nil {
			s.t.Fatal(err)
		}
		all, err := rows.Columns()
		if err != nil {
			s.t.Fatal(err)
		}
		for rows.Next() {
			values, into := make([]any, len(all)), make([]any, len(all))
			for i := range values {
				into[i] = &values[i]
			}
			if err := rows.Scan(into...); err != nil {
				s.t.Fatal(err)
			}
			text := ""
			for _, v := range values {
				if raw, ok := v.([]byte); ok {
					text += hex.EncodeToString(raw) + " "
				}
				text += fmt.Sprintf("%s ", v)
			}
			if slices.ContainsFunc(names, func(name string) bool { return strings.Contains(text, name) }) {
				found[table]++
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			s.t.Fatal(err)
		}
	}
	return found
}

func TestMIN04NoTableKeepsARowOfACitizenAfterTheTime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		names := s.names(s.whole()...)
		before := s.where(names)
		fates, _ := retention.Fates()
		for table, fate := range fates {
			if fate == "appointment" && before[table] == 0 {
				t.Errorf("the test has nothing in %s", table)
			}
		}
		for _, table := range []string{"job", "stream", "stream_change"} {
			if before[table] == 0 {
				t.Errorf("the test has nothing in %s", table)
			}
		}
		s.Clock.Set(time.Date(2026, time.May, 31, 21, 59, 0, 0, time.UTC)) // 23:59 in Berlin, 90 days after the 2nd of March
		s.run()
		if n := s.Count(`SELECT COUNT(*) FROM appointment`); n != 2 {
			t.Fatalf("%d appointments are left too early", n)
		}
		s.Clock.Set(time.Date(2026, time.May, 31, 22, 1, 0, 0, time.UTC))
		later := s.Book(s.o, s.SignIn(s.o.Sommer), s.o.Booking(s.Clock.Now().Add(time.Hour)))
		s.run()
		// What was changed just before goes a day later, as each hour.
		if err := s.Events.Prune(t.Context(), s.Clock.Now().Add(time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		after := s.where(names)
		delete(after, "audit_entry") // by ids that stand for nothing any more, for as long as the audit is kept
		if len(after) != 0 {
			t.Errorf("%v", after)
		}
		if s.Count(`SELECT COUNT(*) FROM appointment WHERE id = $1`, later.Appointment) != 1 {
			t.Error("another appointment is gone")
		}
		if got := s.told(audit.RetentionOver); !slices.Equal(got, []string{"what=appointments count=2"}) {
			t.Errorf("%q", got)
		}
		if r, err := s.Audit.Verify(t.Context(), s.o.Agency, nil); err != nil || len(r.Faults) > 0 {
			t.Errorf("%v %v", r.Faults, err)
		}
	})
}

// told is what the audit says of each time that something happened.
func (s *scene) told(act audit.Act) []string {
	s.t.Helper()
	list, err := db.Texts(s.DB.Read().QueryContext(s.t.Context(),
		`SELECT detail FROM audit_entry WHERE agency_id = $1 AND act = $2 ORDER BY seq`, s.o.Agency, act))
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

func TestWhoIsThereIsNeverTouchedHoweverLongAgo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		waits := s.Book(s.o, s.sommer, s.o.Booking(Start()))
		g := s.Guest(waits)
		g.Arrive().OK(t)
		g.Stream("").Until("snapshot", nil)
		talks := s.Book(s.o, s.sommer, s.o.Booking(Start()))
		g = s.Guest(talks)
		g.Arrive().OK(t)
		g.Stream("").Until("snapshot", nil)
		s.sommer.Post("/api/staff/seats/"+talks.Seat+"/admit", Body{}).OK(t)
		back := s.talkedAt(Start().Add(30 * time.Minute))
		gone := s.talkedAt(Start().Add(90 * time.Minute))
		future := s.Book(s.o, s.sommer, s.o.Booking(Start().AddDate(0, 6, 0)))
		s.Stop() // no process notes any more who is there
		for _, p := range []Place{waits, talks} {
			s.Exec(`INSERT INTO seat_presence (agency_id, seat_id, page, node_id, created_at) VALUES ($1, $2, 'page-one', 'other', 0)
				ON CONFLICT (agency_id, seat_id, page, node_id) DO NOTHING`, s.o.Agency, p.Seat)
			s.Exec(`UPDATE seat SET away_since = 0 WHERE id = $1`, p.Seat)
		}
		s.Exec(`DELETE FROM seat_presence WHERE seat_id IN ($1, $2)`, back.Seat, gone.Seat)
		now := Start().AddDate(0, 0, 120)
		s.Clock.Set(now)
		s.Exec(`UPDATE seat SET away_since = $1 WHERE id = $2`, db.Ms(now.Add(-23*time.Hour)), back.Seat)
		s.Exec(`UPDATE seat SET away_since = $1 WHERE id = $2`, db.Ms(now.Add(-25*time.Hour)), gone.Seat)
		s.run()
		for name, p := range map[string]Place{"who waits": waits, "who talks": talks, "who was away for a night": back, "who comes": future} {
			if s.Count(`SELECT COUNT(*) FROM seat WHERE id = $1`, p.Seat) != 1 {
				t.Errorf("%s has lost the place", name)
			}
		}
		if s.Count(`SELECT COUNT(*) FROM seat WHERE id = $1`, gone.Seat) != 0 {
			t.Error("who went without a word is kept for ever")
		}
	})
}

// talkedAt is an appointment of another time that is in a talk.
func (s *scene) talkedAt(starts time.Time) Place {
	s.t.Helper()
	s.Clock.Set(starts)
	p := s.Book(s.o, s.sommer, s.o.Booking(starts))
	s.Guest(p).Arrive().OK(s.t)
	s.sommer.Post("/api/staff/seats/"+p.Seat+"/admit", Body{}).OK(s.t)
	return p
}

func TestEachServiceKeepsItsAppointmentsForAsLongAsIsDecidedForIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		winter := s.SignIn(s.o.Winter)
		body := s.o.Booking(Start())
		body["desk"], body["service"] = s.o.Desk2, s.o.Service2
		first, second := s.Book(s.o, s.sommer, s.o.Booking(Start())), s.Book(s.o, winter, body)
		s.Decide(s.o, s.o.Agency, agency.KeptAppointments, `20`, false)
		s.Decide(s.o, s.o.Service, agency.KeptAppointments, `10`, false)
		left := func(days int) string {
			s.Clock.Set(Start().AddDate(0, 0, days))
			s.run()
			out := ""
			for name, p := range map[string]Place{"first": first, "second": second} {
				if s.Count(`SELECT COUNT(*) FROM appointment WHERE id = $1`, p.Appointment) == 1 {
					out += name
				}
			}
			return out
		}
		if got := left(11); got != "second" {
			t.Errorf("%q", got)
		}
		s.Decide(s.o, s.o.Agency, agency.KeptAppointments, `365`, true)
		if got := left(300); got != "second" {
			t.Errorf("%q", got)
		}
		if got := left(366); got != "" {
			t.Errorf("%q", got)
		}
	})
}

// many copies an appointment that is over, each with its seat.
func (s *scene) many(n int) {
	s.t.Helper()
	p := s.Book(s.o, s.sommer, s.o.Booking(Start()))
	s.Tx(func(tx *db.Tx) error {
		for i := range n - 1 {
			id := fmt.Sprintf("copy%d", i)
			for _, query := range []string{
				`INSERT INTO appointment (id, agency_id, desk_id, service_id, starts_at, ends_at, status, citizen_sealed, language, invite_version, mail_state, created_by, created_at, version)
				 SELECT $1, agency_id, desk_id, service_id, starts_at, ends_at, status, citizen_sealed, language, invite_version, mail_state, created_by, created_at, version
				 FROM appointment WHERE id = $2`,
				`INSERT INTO seat (id, agency_id, appointment_id, desk_id, state, link_version, asking_refused, version)
				 SELECT $1, agency_id, $1, desk_id, 'expected', 1, FALSE, 1 FROM appointment WHERE id = $2`,
			} {
				if _, err := tx.ExecContext(s.t.Context(), query, id, p.Appointment); err != nil {
					return err
				}
			}
		}
		return nil
	})
	s.Clock.Set(Start().AddDate(0, 0, 100))
}

func TestWhateverInterruptsItWhatIsDeletedIsTold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		const all = 2*retention.Batch + 7
		s.many(all)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Retention.Run(ctx, s.o.Agency); err == nil {
			t.Error("it has not noticed that it was interrupted")
		}
		if n := s.Count(`SELECT COUNT(*) FROM appointment`); n != all || len(s.told(audit.RetentionOver)) != 0 {
			t.Fatalf("%d, %q", n, s.told(audit.RetentionOver))
		}
		// Two processes at once, as jobs of theirs: each row is deleted once, and told once.
		failed := make(chan error, 2)
		for range 2 {
			go func() {
				_, err := s.Retention.Run(t.Context(), s.o.Agency)
				failed <- err
			}()
		}
		for range 2 {
			if err := <-failed; err != nil {
				t.Error(err)
			}
		}
		sum := 0
		for _, detail := range s.told(audit.RetentionOver) {
			var n int
			if _, err := fmt.Sscanf(detail, "what=appointments count=%d", &n); err != nil || n > retention.Batch {
				t.Errorf("%q %v", detail, err)
			}
			sum += n
		}
		left := s.Count(`SELECT COUNT(*) FROM appointment`)
		if sum+left != all {
			t.Errorf("%d are told, and %d are left of %d", sum, left, all)
		}
		s.run()
		if n := s.Count(`SELECT COUNT(*) FROM appointment`) + s.Count(`SELECT COUNT(*) FROM seat`); n != 0 {
			t.Errorf("%d rows are left", n)
		}
	})
}

func TestAJobDeletesForEachAgencyAndIsPlannedOnceForAllNodes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		other := s.Office("ahorn")
		s.many(3)
		p := s.Book(other, s.SignIn(other.Sommer), other.Booking(s.Clock.Now()))
		s.Exec(`UPDATE appointment SET starts_at = 0, ends_at = 0 WHERE id = $1`, p.Appointment)
		for range 2 {
			if err := s.Retention.Plan(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		s.WakeJobs()
		s.untilRetained()
		if n := s.Count(`SELECT COUNT(*) FROM appointment`); n != 0 {
			t.Errorf("%d appointments are left", n)
		}
		if got := s.told(audit.RetentionOver); !slices.Equal(got, []string{"what=appointments count=3"}) {
			t.Errorf("%q", got)
		}
	})
}

// What goes is decided by the day and the rules, not by what was done before.
func TestMIN06WhatWasDeletedIsDeletedAgainAfterABackupIsRestored(t *testing.T) {
	address := dbtest.SQLiteURL(t)
	s := newScene(t, opened(t, address))
	names := s.names(s.whole()...)
	dismissed := s.o.Herbst
	s.Exec(`UPDATE staff SET disabled_at = $1 WHERE agency_id = $2 AND id = $3`, db.Ms(s.Clock.Now()), s.o.Agency, dismissed.ID)
	s.Stop()
	if err := s.DB.Forget(t.Context(), "agency"); err != nil { // all is in the one file then
		t.Fatal(err)
	}
	whole, err := os.ReadFile(strings.TrimPrefix(address, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	s.Clock.Forward(100 * 24 * time.Hour)
	s.run()
	if left := s.where(names); left["appointment"]+left["seat"] != 0 {
		t.Fatalf("not deleted: %v", left)
	}

	backup := filepath.Join(t.TempDir(), "restored.db")
	if err := os.WriteFile(backup, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	w := *s.World
	w.DB = opened(t, "sqlite:"+backup)
	again := &scene{Node: w.Node(), t: t, o: s.o}
	if before := again.where(names); before["appointment"] != 2 || before["seat"] == 0 {
		t.Fatalf("the backup has nothing: %v", before)
	}
	if err := again.Retention.Plan(t.Context()); err != nil { // as each process does when it starts
		t.Fatal(err)
	}
	again.WakeJobs()
	again.untilRetained()
	if err := again.Events.Prune(t.Context(), again.Clock.Now().Add(time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	after := again.where(names)
	delete(after, "audit_entry") // by ids that stand for nothing any more
	if len(after) != 0 {
		t.Errorf("%v", after)
	}
	if n := again.Count(`SELECT COUNT(*) FROM staff WHERE id = $1 AND erased_at IS NULL`, dismissed.ID); n != 0 {
		t.Error("who has left has a name again")
	}
}

func opened(t *testing.T, address string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// untilRetained waits for the jobs.
func (s *scene) untilRetained() {
	s.t.Helper()
	tick, late := time.NewTicker(5*time.Millisecond), time.After(dbtest.Patience)
	defer tick.Stop()
	for s.Count(`SELECT COUNT(*) FROM job WHERE kind = 'retention'`) > 0 {
		select {
		case <-tick.C:
		case <-late:
			s.t.Fatal("the jobs are not done")
		}
	}
}

// employed gives an account everything that there can be of it.
func (s *scene) employed(who Account) {
	s.t.Helper()
	for table, rest := range map[string]string{
		"staff_identity (agency_id, issuer, subject, staff_id, created_at, used_at)":                                     `$1, 'https://idp.example', 'subject-of-winter', $2, 0, 0`,
		"staff_directory (agency_id, staff_id, login, user_key, external_id, created_at, changed_at, version, left_at)":  `$1, $2, 'winter@dir', 'winter@dir', 'E4711', 0, 0, 1, 0`,
		"staff_totp (agency_id, staff_id, secret_sealed, made_at, last_step)":                                            `$1, $2, 'x', 0, 0`,
		"staff_recovery (agency_id, staff_id, hash)":                                                                     `$1, $2, 'x'`,
		"staff_passkey (id, agency_id, staff_id, credential_hash, credential_sealed, label_sealed, created_at, used_at)": `'pk', $1, $2, 'x', 'x', 'x', 0, 0`,
		"staff_link (id, agency_id, staff_id, hash, reason, language, mail_state, created_at, until_at)":                 `'ln', $1, $2, 'x', 'invited', 'de', 'sent', 0, 0`,
		"scim_group (id, agency_id, title, title_key, external_id, created_at, changed_at, version)":                     `'gr', $1, 'G', 'g', '', 0, 0, 1`,
		"scim_member (agency_id, group_id, staff_id)":                                                                    `$1, 'gr', $2`,
		"scim_removal (agency_id, staff_id, at)":                                                                         `$1, $2, 0`,
		"late (agency_id, who, minutes, until_at, said_by)":                                                              `$1, $2, 5, 0, $2`,
	} {
		if strings.HasPrefix(table, "scim_member") {
			continue // its group comes first
		}
		s.put(table, rest, who)
	}
	s.Exec(`INSERT INTO staff_pairing (id, agency_id, staff_id, parent, hash, until_at)
		SELECT 'pr', agency_id, staff_id, token_hash, token_hash, 0 FROM staff_session WHERE agency_id = $1 AND staff_id = $2 LIMIT 1`, s.o.Agency, who.ID)
	s.put("scim_member (agency_id, group_id, staff_id)", `$1, 'gr', $2`, who)
}

func (s *scene) put(table, values string, who Account) {
	s.t.Helper()
	args := []any{s.o.Agency, who.ID}
	if !strings.Contains(values, "$2") {
		args = args[:1]
	}
	s.Exec(`INSERT INTO `+table+` VALUES (`+values+`)`, args...)
}

func TestMIN04WhoHasLeftTheAgencyHasNoNameAfterTheTime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		s.SignIn(s.o.Winter)
		s.Book(s.o, s.SignIn(s.o.Winter), s.o.Booking(Start().AddDate(1, 0, 0)))
		s.employed(s.o.Winter)
		names := []string{"Winter", s.o.Winter.Email, "winter@dir", "subject-of-winter", "E4711"}
		fates, _ := retention.Fates()
		for table, n := range s.where(append(names, s.o.Winter.ID)) {
			if fates[table] == "account" {
				delete(fates, table)
			}
			_ = n
		}
		for table, fate := range fates {
			if fate == "account" {
				t.Errorf("the test has nothing in %s", table)
			}
		}
		s.Exec(`UPDATE staff SET disabled_at = $1 WHERE id = $2`, db.Ms(Start()), s.o.Winter.ID)
		s.Exec(`UPDATE staff SET disabled_at = $1 WHERE id = $2`, db.Ms(Start().AddDate(0, 0, 5)), s.o.Herbst.ID)
		s.Clock.Set(Start().AddDate(0, 0, 91))
		s.run()
		if found := s.where(names); len(found) > 0 {
			t.Errorf("%v", found)
		}
		for table := range s.where([]string{s.o.Winter.ID}) {
			if fate := map[string]bool{"staff": true, "appointment": true}[table]; !fate {
				t.Errorf("the account is still in %s", table)
			}
		}
		if s.Count(`SELECT COUNT(*) FROM staff WHERE agency_id = $1 AND erased_at IS NULL`, s.o.Agency) != 2 {
			t.Error("others are gone, too")
		}
		if got := s.told(audit.RetentionOver); !slices.Equal(got, []string{"what=accounts count=1"}) {
			t.Errorf("%q", got)
		}
		// Nobody finds the account, or opens it again; whoever has the address now gets another one.
		s.Exec(`UPDATE staff SET disabled_at = NULL WHERE id = $1`, s.o.Herbst.ID)
		s.Exec(`INSERT INTO staff_role (agency_id, staff_id, role, place_kind, place_id, source, from_at, given_at)
			VALUES ($1, $2, 'agency_admin', 'agency', $1, 'hand', 0, 0)`, s.o.Agency, s.o.Herbst.ID)
		admin := s.SignIn(s.o.Herbst)
		admin.Get("/api/staff/people/"+s.o.Winter.ID).Expect(t, http.StatusNotFound, "not_found")
		var list struct{ People []struct{ ID string } }
		admin.Post("/api/staff/people/search", Body{}).OK(t).Into(t, &list)
		if len(list.People) != 2 {
			t.Errorf("%+v", list)
		}
		if text := admin.Get("/api/staff/export?format=json").OK(t).Text; strings.Contains(text, s.o.Winter.ID) {
			t.Error(text)
		}
		admin.Post("/api/staff/people", Body{"email": s.o.Winter.Email, "name": "Herr Winter", "roles": []Body{}}).OK(t)
	})
}

// An agency with a thousand services, each with little to delete, keeps other agencies' jobs waiting no longer than another.
func TestEachTransactionThatDeletesIsATurnHoweverLittleItWas(t *testing.T) {
	left := 5
	for _, step := range []struct {
		deleted []int
		left    int
	}{
		{[]int{1}, 4}, {[]int{0}, 4}, {[]int{retention.Batch, 0}, 3}, {[]int{retention.Batch, 7}, 1}, {[]int{7}, 0}, {nil, 0},
	} {
		next := step.deleted
		err := retention.Repeat(&left, func() (int, error) {
			if len(next) == 0 {
				t.Fatalf("%v: once too often", step.deleted)
			}
			n := next[0]
			next = next[1:]
			return n, nil
		})
		if err != nil || left != step.left || len(next) > 0 {
			t.Errorf("%v: %d left, want %d, %v", step.deleted, left, step.left, err)
		}
	}
}

func TestMIN04WhySomebodyDeclinedIsForgottenAfterAMonth(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		for id, decided := range map[string]time.Time{"old": Start(), "new": Start().AddDate(0, 0, 1)} {
			s.Exec(`INSERT INTO approval (id, agency_id, act, asked_by, asked_at, until_at, decided_by, decided_at, allowed, reason_sealed)
				VALUES ($1, $2, 'agency.key', $3, 0, 0, $4, $5, 0, $6)`, id, s.o.Agency, s.o.Herbst.ID, s.o.Winter.ID, db.Ms(decided), []byte("sealed"))
		}
		left := func() (ids []string) {
			t.Helper()
			ids, err := db.Texts(d.Read().QueryContext(t.Context(), `SELECT id FROM approval WHERE agency_id = $1 AND reason_sealed IS NOT NULL ORDER BY id`, s.o.Agency))
			if err != nil {
				t.Fatal(err)
			}
			return ids
		}
		s.Clock.Set(Start().AddDate(0, 0, 30))
		if s.run(); len(left()) != 2 {
			t.Errorf("a day too early only %q are left", left())
		}
		s.Clock.Set(Start().AddDate(0, 0, 31))
		if s.run(); !slices.Equal(left(), []string{"new"}) {
			t.Errorf("%q are left", left())
		}
		if got := s.told(audit.RetentionOver); !slices.Equal(got, []string{"what=reasons count=1"}) {
			t.Errorf("%q", got)
		}
		if s.Count(`SELECT COUNT(*) FROM approval WHERE agency_id = $1 AND decided_by = $2`, s.o.Agency, s.o.Winter.ID) != 2 {
			t.Error("that it was declined is forgotten, too")
		}
	})
}

func TestMIN04WhatGuestsWroteAfterTheirTalksIsForgottenAYearAfterItsMonth(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newScene(t, d)
		for id, month := range map[string]string{"old": "2026-01", "new": "2026-02"} {
			s.Exec(`INSERT INTO survey_line (id, agency_id, department_id, month, text_sealed)
				SELECT $1, agency_id, department_id, $2, $3 FROM desk WHERE id = $4`, id, month, []byte("sealed"), s.o.Desk)
			s.Exec(`INSERT INTO survey_count (agency_id, department_id, month, question, answer, n)
				SELECT agency_id, department_id, $1, 'easy', 'yes', 7 FROM desk WHERE id = $2`, month, s.o.Desk)
		}
		left := func(at time.Time) []string {
			s.Clock.Set(at)
			s.run()
			ids, err := db.Texts(d.Read().QueryContext(t.Context(), `SELECT id FROM survey_line WHERE agency_id = $1 ORDER BY id`, s.o.Agency))
			if err != nil {
				t.Fatal(err)
			}
			return ids
		}
		// Their months are over an hour earlier in Berlin.
		if got := left(time.Date(2027, time.January, 31, 22, 59, 0, 0, time.UTC)); len(got) != 2 {
			t.Errorf("a day too early only %q are left", got)
		}
		if got := left(time.Date(2027, time.January, 31, 23, 1, 0, 0, time.UTC)); !slices.Equal(got, []string{"new"}) {
			t.Errorf("%q are left", got)
		}
		if got := s.told(audit.RetentionOver); !slices.Equal(got, []string{"what=lines count=1"}) {
			t.Errorf("%q", got)
		}
		if s.Count(`SELECT COUNT(*) FROM survey_count`) != 2 {
			t.Error("the numbers are gone, too")
		}
	})
}
