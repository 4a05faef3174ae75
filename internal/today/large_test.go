package today_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	"visavis/internal/vault"
	. "visavis/internal/worldtest"
)

// The agency of the benchmark: as large as the largest that we know, after some years.
const (
	locations    = 1_000
	desksEach    = 3
	employees    = 10_000
	appointments = 1_000_000
	shown        = 200 // of one day at one person's desks
	ownDesks     = 4
	askedTimes   = 200

	wideDay   = 5_000 // of one day in a department, at a third of all desks: more than a list shows
	wideShown = 2_000
	wideTimes = 40
)

// BenchmarkDeskView measures how long the server takes until a page has the whole list of a day: the request, the rows of
// 200 appointments with their citizens opened, and the first event on the wire; and the same of the reception of a department
// with a thousand desks, whose list is as long as one can be. VISAVIS_BENCH_RESULTS names a folder for the figures; without
// it they are only printed.
func BenchmarkDeskView(b *testing.B) {
	figures := map[string]float64{}
	agencies := map[string]*large{"sqlite": {on: dbtest.SQLite(b)}, "postgres": {on: dbtest.Postgres(b)}}
	var filling sync.WaitGroup
	for _, l := range agencies {
		filling.Go(func() { l.fill(b) })
	}
	filling.Wait()
	if b.Failed() {
		return
	}
	for name, l := range agencies {
		b.Run(name, func(b *testing.B) {
			views := map[string]view{
				"desk_view": {l.node.SignIn(l.office.Sommer), askedTimes, shown},
				"wide_view": {l.node.SignIn(l.office.Winter), wideTimes, wideShown},
			}
			for b.Loop() {
				for key, v := range views {
					took := v.measure(b)
					p50, p95 := took[len(took)/2], took[len(took)*95/100]
					b.ReportMetric(p50, key+"-ms/p50")
					b.ReportMetric(p95, key+"-ms/p95")
					figures[key+"_ms_p50_"+name], figures[key+"_ms_p95_"+name] = p50, p95
				}
			}
			b.ReportMetric(0, "ns/op")
		})
	}
	folder := os.Getenv("VISAVIS_BENCH_RESULTS")
	if folder == "" {
		return
	}
	text, err := json.MarshalIndent(figures, "", "  ")
	if err == nil {
		err = os.WriteFile(folder+"/desk.json", append(text, '\n'), 0o600)
	}
	if err != nil {
		b.Fatal(err)
	}
}

// view is a list that somebody opens several times.
type view struct {
	who         *Browser
	times, rows int
}

// measure is how many milliseconds each time took, in order.
func (v view) measure(b *testing.B) (took []float64) {
	b.Helper()
	for range v.times {
		begun := time.Now()
		stream := v.who.Listen("/api/staff/stream", "")
		var list struct{ Rows []struct{ ID string } }
		stream.Until("snapshot", &list)
		took = append(took, float64(time.Since(begun).Microseconds())/1000)
		stream.Close()
		if len(list.Rows) != v.rows {
			b.Fatalf("%d rows", len(list.Rows))
		}
	}
	slices.Sort(took)
	return took
}

// large is an agency of that size in one database.
type large struct {
	on     *db.DB
	node   *Node
	office Office
}

func (l *large) fill(b *testing.B) {
	l.node = New(b, l.on).Node()
	l.office = l.node.Office("lindenau")
	fill(l.node, l.office)
}

// numbers are $1 rows to make others from; both databases read it so.
const numbers = ` WITH RECURSIVE number(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM number WHERE i + 1 < %d) `

// fill makes a large agency around a small one, and today's appointments at the desks of its first advisor.
func fill(n *Node, o Office) {
	n.T.Helper()
	started := time.Now()
	department, another := "", ""
	n.Scan(`SELECT department_id FROM desk WHERE agency_id = $1 AND id = $2`, []any{o.Agency, o.Desk}, &department)
	n.Scan(`SELECT department_id FROM desk WHERE agency_id = $1 AND id = $2`, []any{o.Agency, o.Desk2}, &another)
	now := db.Ms(n.Clock.Now())
	insert := func(table string, count int, columns, values string, args ...any) {
		n.T.Helper()
		n.Exec(fmt.Sprintf(`INSERT INTO %s (agency_id, %s)`+numbers+`SELECT $1, %s FROM number`, table, columns, count, values), append([]any{o.Agency}, args...)...)
	}
	insert("location", locations, "id, code, name, city, phone, search", `'l' || i, 'L' || i, 'Standort ' || i, 'Ort ' || i, '', 'standort ' || i || ' ort ' || i`)
	insert("desk", locations*desksEach, "id, code, department_id, location_id, name, search",
		fmt.Sprintf(`'d' || i, 'D' || i, CASE WHEN i %% %d = 0 THEN $2 ELSE $3 END, 'l' || (i / %d), 'Team ' || i, 'team ' || i`, desksEach, desksEach), department, another)
	insert("staff", employees, "id, email, name, search, password_hash, created_at",
		`'p' || i, 'p' || i || '@amt.example', 'Person ' || i, 'person ' || i || ' p' || i || '@amt.example', '', CAST($2 AS BIGINT)`, now)
	insert("staff_role", employees, "staff_id, role, place_kind, place_id, source, from_at, given_at",
		fmt.Sprintf(`'p' || i, 'advisor', 'desk', 'd' || (i %% %d), 'import', 0, 0`, locations*desksEach))
	n.Tx(func(tx *db.Tx) error {
		for i := range ownDesks {
			err := n.Staff.Give(n.T.Context(), tx, o.Agency, staff.Grant{
				Staff: o.Sommer.ID, Held: staff.Held{Role: staff.Advisor, Kind: agency.OfDesk, Place: fmt.Sprintf("d%d", i)}, Source: staff.Import,
			})
			if err != nil {
				return err
			}
		}
		err := n.Staff.Give(n.T.Context(), tx, o.Agency, staff.Grant{
			Staff: o.Winter.ID, Held: staff.Held{Role: staff.Reception, Kind: agency.OfDepartment, Place: department}, Source: staff.Import,
		})
		if err != nil {
			return err
		}
		return n.Staff.SettleAll(n.T.Context(), tx, o.Agency)
	})
	// Ten years and two ahead, so that today's are in the middle; none of them today, which has its own.
	const halfHour = 30 * 60_000
	insert("appointment", appointments,
		"id, desk_id, service_id, starts_at, ends_at, status, outcome, citizen_sealed, language, invite_version, mail_state, created_by, created_at, version",
		fmt.Sprintf(`'a' || i, 'd' || (i %% %d), $2,
			CAST($3 AS BIGINT) + (i / %d - 300) * CAST(86400000 AS BIGINT) + CASE WHEN i / %d >= 300 THEN 86400000 ELSE 0 END,
			CAST($3 AS BIGINT) + (i / %d - 300) * CAST(86400000 AS BIGINT) + %d + CASE WHEN i / %d >= 300 THEN 86400000 ELSE 0 END,
			'done', 'held', CAST($4 AS BYTEA), 'de', 1, 'sent', $5, 0, 1`,
			locations*desksEach, locations*desksEach, locations*desksEach, locations*desksEach, halfHour, locations*desksEach),
		o.Service, now, make200Bytes(), o.Sommer.ID)
	insert("seat", appointments, "id, appointment_id, desk_id, state, closed_reason, door, link_version, asking_refused, version",
		fmt.Sprintf(`'s' || i, 'a' || i, 'd' || (i %% %d), 'closed', 'held', 'link', 1, FALSE, 3`, locations*desksEach))
	insert("talk", appointments/10, "id, seat_id, desk_id, staff_id, media_id, generation, guest_restart, staff_restart, admitted_at, entered_at, ended_at, signal_head, version",
		fmt.Sprintf(`'t' || i, 's' || (i * 10), 'd' || ((i * 10) %% %d), $2, 'm' || i, 1, 0, 0, 0, 0, 1, 5, 4`, locations*desksEach), o.Sommer.ID)
	fillToday(n, o)
	fillWide(n, o, department)
	n.Exec(`ANALYZE`)
	n.T.Logf("filled in %.0f s", time.Since(started).Seconds())
}

func make200Bytes() []byte { return make([]byte, 200) }

// fillToday books the day that is shown.
func fillToday(n *Node, o Office) {
	n.T.Helper()
	book := booker(n, o)
	n.Tx(func(tx *db.Tx) error {
		many := tx.Prepared()
		for i := range shown {
			if err := book(many, fmt.Sprintf("today%d", i), fmt.Sprintf("d%d", i%ownDesks), o.Service, "expected", i%50-20); err != nil {
				return err
			}
		}
		return nil
	})
}

// fillWide books the day of a department: at all of its desks but the advisor's, for several services, in all states. Some
// places have rules of their own.
func fillWide(n *Node, o Office, department string) {
	n.T.Helper()
	services := []string{o.Service}
	n.Tx(func(tx *db.Tx) error {
		for i := range 5 {
			one, err := n.Agencies.CreateService(n.T.Context(), tx, o.Agency, agency.Service{
				DepartmentID: department, Name: agency.Text{"de": fmt.Sprintf("Anliegen %d", i)}, Duration: 30 * time.Minute,
			})
			if err != nil {
				return err
			}
			services = append(services, one.ID)
		}
		return nil
	})
	n.Decide(o, department, agency.StaysLate, "20", false)
	for i := range 50 {
		n.Decide(o, fmt.Sprintf("l%d", i*20), agency.OpensEarly, "15", false)
	}
	states := []string{"closed", "closed", "closed", "expected", "expected", "expected", "expected", "expected", "waiting", "talking"}
	book := booker(n, o)
	n.Tx(func(tx *db.Tx) error {
		many := tx.Prepared()
		for i := range wideDay {
			desk := fmt.Sprintf("d%d", desksEach*(ownDesks+i%(locations-ownDesks)))
			if err := book(many, fmt.Sprintf("wide%d", i), desk, services[i%len(services)], states[i%len(states)], i%50-20); err != nil {
				return err
			}
		}
		return nil
	})
}

// booker returns what books appointments by many tens of minutes from now on.
func booker(n *Node, o Office) func(many *db.Prepared, id, desk, service, state string, tens int) error {
	n.T.Helper()
	ctx := n.T.Context()
	key, err := n.Agencies.Keys().For(ctx, o.Agency)
	if err != nil {
		n.T.Fatal(err)
	}
	return func(many *db.Prepared, id, desk, service, state string, tens int) error {
		citizen := key.Seal(vault.Field{Agency: o.Agency, Table: "appointment", Column: "citizen_sealed", Row: id},
			[]byte(fmt.Sprintf(`{"name":"Erika Beispiel %s","email":"erika%s@example.org","phone":"01701112223"}`, id, id)))
		starts := db.Ms(n.Clock.Now()) + int64(tens)*10*60_000
		err := many.Exec(ctx, `
			INSERT INTO appointment (id, agency_id, desk_id, service_id, advisor_id, starts_at, ends_at, status, citizen_sealed, language,
			                         invite_version, mail_state, created_by, created_at, version)
			VALUES ($1, $2, $3, $4, $5, $6, $7, 'booked', $8, 'de', 1, 'sent', $5, 0, 1)`,
			id, o.Agency, desk, service, o.Sommer.ID, starts, starts+30*60_000, citizen)
		if err != nil {
			return err
		}
		return many.Exec(ctx, `
			INSERT INTO seat (id, agency_id, appointment_id, desk_id, state, link_version, asking_refused, version)
			VALUES ($1, $2, $3, $4, $5, 1, FALSE, 1)`, "s"+id, o.Agency, id, desk, state)
	}
}
