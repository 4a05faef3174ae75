package admin_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"visavis/internal/admin"
	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	"visavis/internal/vault"
	. "visavis/internal/worldtest"
)

func file(name, text string) admin.File { return admin.File{Name: name, Data: []byte(text)} }

// emptyAgency is one without anything in it.
func emptyAgency(n *Node, slug string) string {
	n.T.Helper()
	var id string
	n.Tx(func(tx *db.Tx) error {
		a, err := n.Agencies.Create(n.T.Context(), tx, agency.Agency{Slug: slug, Name: "Amt " + slug, Phone: "0"})
		id = a.ID
		return err
	})
	return id
}

// brought imports files that have no mistakes.
func brought(n *Node, agencyID string, files ...admin.File) admin.Difference {
	n.T.Helper()
	d, m := admin.Read(files)
	changes, err := n.Admin.Import(n.T.Context(), agencyID, d, m)
	if err != nil || len(m.List) > 0 {
		n.T.Fatalf("%v %+v", err, m.List)
	}
	return changes
}

// refused imports files that have mistakes, and returns them.
func refused(n *Node, agencyID string, files ...admin.File) []string {
	n.T.Helper()
	d, m := admin.Read(files)
	if _, err := n.Admin.Import(n.T.Context(), agencyID, d, m); err != nil {
		n.T.Fatal(err)
	}
	var codes []string
	for _, one := range m.List {
		codes = append(codes, fmt.Sprintf("%s %d %s", one.File, one.Line, one.Code))
	}
	if len(codes) == 0 {
		n.T.Fatal("nothing was refused")
	}
	return codes
}

func exported(n *Node, agencyID string, format admin.Format) []admin.File {
	n.T.Helper()
	d, err := n.Admin.Export(n.T.Context(), agencyID, "")
	if err != nil {
		n.T.Fatal(err)
	}
	return d.Write(format)
}

func same(a, b []admin.File) bool {
	return slices.EqualFunc(a, b, func(x, y admin.File) bool { return x.Name == y.Name && bytes.Equal(x.Data, y.Data) })
}

func counted(n *Node, agencyID string) string {
	text := ""
	for _, table := range []string{"department", "location", "desk", "service", "staff", "staff_role", "staff_desk"} {
		text += fmt.Sprintf("%s %d ", table, n.Count(`SELECT COUNT(*) FROM `+table+` WHERE agency_id = $1`, agencyID))
	}
	return text
}

func small() []admin.File {
	return []admin.File{
		file("departments.csv", "code;name\nJUG;Jugendamt\nWOG;Wohngeld\n"),
		file("locations.csv", "code;name;city;phone\nLIN;Rathaus;Lindenau;+49 711 1234\nAHO;Bürgerhaus;Ahorn;\n"),
		file("desks.csv", "code;name;department;location\nJ1;Schalter 1;JUG;LIN\nJ2;Schalter 2;JUG;AHO\nW1;Wohngeld 1;WOG;LIN\n"),
		file("services.csv", "code;department;name_de;name_en;minutes\nBER;JUG;Beratung;Advice;30\n"),
		file("staff.csv", "email;name\nSommer@amt.example;Frau Sommer\nchef@amt.example;Herr Chef\n"),
		file("roles.csv", "email;role;at;place\nsommer@amt.example;advisor;location;LIN\nchef@amt.example;agency_admin;agency;\n"),
	}
}

func TestAnImportIsDoneOnceAndATrialChangesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		id := emptyAgency(n, "lindenau")
		document, m := admin.Read(small())
		trial, err := n.Admin.Trial(t.Context(), id, document, m)
		if err != nil || len(trial) != 12 || counted(n, id) != "department 0 location 0 desk 0 service 0 staff 0 staff_role 0 staff_desk 0 " {
			t.Fatalf("%v %s %s", err, trial, counted(n, id))
		}
		changes := brought(n, id, small()...)
		if changes.String() != trial.String() {
			t.Errorf("told %s\ndone %s", trial, changes)
		}
		if got := counted(n, id); got != "department 2 location 2 desk 3 service 1 staff 2 staff_role 2 staff_desk 2 " {
			t.Errorf("%s", got)
		}
		if again := brought(n, id, small()...); len(again) != 0 {
			t.Errorf("%s", again)
		}
		// What a file leaves out stays as it is.
		if changes := brought(n, id, file("locations.csv", "code;city\nLIN;Neustadt\n")); changes.String() != "locations: 1 changed\n  ~ LIN  city \"Lindenau\" → \"Neustadt\"\n" {
			t.Errorf("%s", changes)
		}
		if got := n.Count(`SELECT COUNT(*) FROM location WHERE agency_id = $1 AND phone = '+49 711 1234' AND search = 'rathaus neustadt lin'`, id); got != 1 {
			t.Error("the telephone or the search text is not as it was to be")
		}
	})
}

func TestAnImportWithAMistakeChangesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		id := emptyAgency(n, "lindenau")
		bad := append(small(), file("more.csv", ""))
		bad[5] = file("roles.csv", "email;role;at;place\nsommer@amt.example;advisor;desk;NIX\n")
		bad[2] = file("desks.csv", "code;name;department;location\nJ1;=1;JUG;LIN\n")
		want := []string{"desks.csv 2 formula", "more.csv 0 file_unknown", "roles.csv 2 desk_unknown"}
		if got := refused(n, id, bad...); !slices.Equal(got, want) {
			t.Errorf("%v", got)
		}
		if got := counted(n, id); strings.ContainsAny(got, "123456789") {
			t.Errorf("%s", got)
		}
	})
}

func TestTEN01AnImportTouchesNoOtherAgency(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		one, two := emptyAgency(n, "lindenau"), emptyAgency(n, "ahorn")
		brought(n, one, small()...)
		before := exported(n, one, admin.JSON)
		// The same codes and people, all different, and half of it closed.
		other := strings.NewReplacer("Jugendamt", "Anderes Amt", "Frau Sommer", "Frau Anders", "0711", "030")
		for _, f := range small() {
			brought(n, two, file(f.Name, other.Replace(string(f.Data))))
		}
		brought(n, two, file("departments.csv", "code;state\nJUG;closed\n"), file("staff.csv", "email;state\nsommer@amt.example;disabled\n"))
		if !same(before, exported(n, one, admin.JSON)) {
			t.Error("another agency's import changed it")
		}
		if got := n.Count(`SELECT COUNT(*) FROM staff_desk WHERE agency_id = $1`, one); got != 2 {
			t.Error(got)
		}
		brought(n, one, file("departments.csv", "code;name\nNUR;Nur hier\n"))
		if got := refused(n, two, file("desks.csv", "code;name;department;location\nX;x;NUR;LIN\n")); !slices.Equal(got, []string{"desks.csv 2 department_unknown"}) {
			t.Errorf("%v", got)
		}
	})
}

func TestAnExportComesBackTheSame(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		for seed := range uint64(6) {
			tree := randomTree(rand.New(rand.NewPCG(seed, 7)))
			one := emptyAgency(n, fmt.Sprintf("one-%d", seed))
			brought(n, one, tree...)
			for _, format := range []admin.Format{admin.CSV, admin.JSON} {
				first := exported(n, one, format)
				if changes := brought(n, one, first...); len(changes) != 0 {
					t.Fatalf("seed %d: importing an export changes %s", seed, changes)
				}
				two := emptyAgency(n, fmt.Sprintf("two-%d-%s", seed, format))
				brought(n, two, first...)
				if !same(first, exported(n, two, format)) {
					t.Fatalf("seed %d: an export as %s is not the file that was imported", seed, format)
				}
				packed, err := admin.Pack(first)
				if err != nil {
					t.Fatal(err)
				}
				if format == admin.CSV {
					if changes := brought(n, one, admin.File{Name: "all.zip", Data: packed}); len(changes) != 0 {
						t.Fatalf("seed %d: %s", seed, changes)
					}
				}
			}
		}
	})
}

// randomTree has names of everything that people and machines put into cells.
func randomTree(r *rand.Rand) []admin.File {
	name := func() string {
		parts := []string{"Amt", "Straße", "'=SUM(A1)", "Köln", "a;b", "\"so\"", "x,y", "Łódź", "'-", "''@", "'+1", "日本", "O'Neill"}
		return parts[r.IntN(len(parts))] + fmt.Sprint(r.IntN(100))
	}
	quoted := func(cells ...string) string {
		for i, c := range cells {
			cells[i] = `"` + strings.ReplaceAll(c, `"`, `""`) + `"`
		}
		return strings.Join(cells, ";") + "\n"
	}
	state := func(words ...string) string { return words[r.IntN(len(words))] }
	departments, locations, desks := "code;name;state\n", "code;name;city;phone;state\n", "code;name;department;location;state\n"
	services, people, roles := "code;department;name_de;name_en;minutes;early_minutes;late_minutes;state\n", "email;name;state\n", "email;role;at;place\n"
	nd, nl, nk, np := 1+r.IntN(4), 1+r.IntN(6), r.IntN(12), 1+r.IntN(10)
	for i := range nd {
		departments += quoted(fmt.Sprintf("D'%d", i), name(), state("open", "closed", "offen", ""))
		services += quoted(fmt.Sprintf("S %d", i), fmt.Sprintf("D'%d", i), name(), state("", name()), fmt.Sprint(5+r.IntN(400)), state("", "20"), state("", "0"), state("open", "geschlossen"))
	}
	for i := range nl {
		locations += quoted(fmt.Sprintf("L%d", i), name(), name(), state("", "+49 30 1", "0711"), state("open", "closed"))
	}
	for i := range nk {
		desks += quoted(fmt.Sprintf("K%d", i), name(), fmt.Sprintf("D'%d", r.IntN(nd)), fmt.Sprintf("L%d", r.IntN(nl)), state("open", "closed", ""))
	}
	for i := range np {
		email := fmt.Sprintf("p%d@amt.example", i)
		people += quoted(email, name(), state("active", "gesperrt"))
		roles += quoted(email, "Beratung", "Standort", fmt.Sprintf("L%d", r.IntN(nl)))
		roles += quoted(email, "department_admin", "department", fmt.Sprintf("D'%d", r.IntN(nd)))
		if i == 0 {
			roles += quoted(email, "auditor", "agency", "")
		}
	}
	return []admin.File{
		file("departments.csv", departments), file("locations.csv", locations), file("desks.csv", desks),
		file("services.csv", services), file("staff.csv", people), file("roles.csv", roles),
	}
}

func TestADeskIsClosedWithItsLocationAndOpenedWithIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		id := emptyAgency(n, "lindenau")
		brought(n, id, small()...)
		closedDesks := func() int {
			return n.Count(`SELECT COUNT(*) FROM desk WHERE agency_id = $1 AND closed_at IS NOT NULL`, id)
		}
		workplaces := func() int { return n.Count(`SELECT COUNT(*) FROM staff_desk WHERE agency_id = $1`, id) }
		brought(n, id, file("desks.csv", "code;state\nW1;closed\n"))
		if closedDesks() != 1 || workplaces() != 1 {
			t.Errorf("%d closed, %d workplaces", closedDesks(), workplaces())
		}
		brought(n, id, file("locations.csv", "code;state\nLIN;closed\n"))
		if closedDesks() != 2 || workplaces() != 0 {
			t.Errorf("%d closed, %d workplaces", closedDesks(), workplaces())
		}
		if changes := brought(n, id, exported(n, id, admin.CSV)...); len(changes) != 0 {
			t.Errorf("%s", changes)
		}
		brought(n, id, file("departments.csv", "code;state\nJUG;closed\n"))
		brought(n, id, file("locations.csv", "code;state\nLIN;open\n"))
		if closedDesks() != 3 {
			t.Errorf("%d closed", closedDesks())
		}
		brought(n, id, file("departments.csv", "code;state\nJUG;open\n"))
		if closedDesks() != 1 || workplaces() != 1 {
			t.Errorf("%d closed, %d workplaces", closedDesks(), workplaces())
		}
	})
}

func TestAClosedPlaceTakesNoNewAppointmentAndKeepsThoseItHas(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		sommer := n.SignIn(o.Sommer)
		booking := Body{
			"desk": o.Desk, "service": o.Service, "startsAt": n.Clock.Now().Add(time.Hour).UnixMilli(), "language": "de",
			"citizen": Body{"name": "Erika Muster"},
		}
		sommer.Post("/api/staff/appointments", booking).OK(t)
		brought(n, o.Agency, file("services.csv", "code;state\n"+o.Service+";closed\n"))
		booking["startsAt"] = n.Clock.Now().Add(3 * time.Hour).UnixMilli()
		sommer.Post("/api/staff/appointments", booking).Expect(t, 409, "appointment.service_closed")
		brought(n, o.Agency, file("services.csv", "code;state\n"+o.Service+";open\n"), file("desks.csv", "code;state\n"+o.Desk+";closed\n"))
		sommer.Post("/api/staff/appointments", booking).Expect(t, 409, "appointment.desk_closed")
		// Whoever comes to the appointment that there is finds somebody.
		if got := n.Count(`SELECT COUNT(*) FROM staff_desk WHERE agency_id = $1 AND desk_id = $2`, o.Agency, o.Desk); got != 2 {
			t.Errorf("%d work at the closed desk", got)
		}
		n.Exec(`UPDATE appointment SET status = 'done' WHERE agency_id = $1`, o.Agency)
		brought(n, o.Agency, file("desks.csv", "code;name\n"+o.Desk+";Ehemals\n"))
		sommer.Post("/api/staff/appointments", booking).Expect(t, 422, "appointment.desk")
	})
}

func TestADeskThatIsClosedWhileSomebodyBooksTakesNothing(t *testing.T) {
	n := New(t, dbtest.Postgres(t)).Node() // SQLite has one writer anyway
	o := n.Office("lindenau")
	b := n.SignIn(o.Sommer)
	answered := make(chan Answer, 1)
	n.Tx(func(tx *db.Tx) error {
		if _, err := tx.ExecContext(t.Context(), `UPDATE desk SET closed_at = 1, shut_at = 1 WHERE agency_id = $1 AND id = $2`, o.Agency, o.Desk); err != nil {
			return err
		}
		go func() {
			answered <- b.Post("/api/staff/appointments", Body{
				"desk": o.Desk, "service": o.Service, "advisor": o.Sommer.ID, "startsAt": n.Clock.Now().Add(time.Hour).UnixMilli(), "language": "de",
				"citizen": Body{"name": "Erika Muster"},
			})
		}()
		somebodyWaits(n)
		return nil
	})
	(<-answered).Expect(t, 409, "appointment.desk_closed")
}

func TestACC08ADisabledAccountIsOutAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		sommer, winter := n.SignIn(o.Sommer), n.SignIn(o.Winter)
		stream := sommer.Listen("/api/staff/stream", "")
		stream.Until("snapshot", nil)
		brought(n, o.Agency, file("staff.csv", "email;state\n"+o.Sommer.Email+";disabled\n"))
		for {
			name, _ := stream.Next()
			if name == End || name == "gone" || name == "signedout" {
				break
			}
		}
		sommer.Get("/api/staff/session").Expect(t, 401, "session.none")
		winter.Get("/api/staff/session").OK(t)
		if got := n.Count(`SELECT COUNT(*) FROM staff_session WHERE agency_id = $1 AND staff_id = $2`, o.Agency, o.Sommer.ID); got != 0 {
			t.Errorf("%d sessions", got)
		}
		brought(n, o.Agency, file("staff.csv", "email;state\n"+o.Sommer.Email+";active\n"))
		sommer.Get("/api/staff/session").Expect(t, 401, "session.none")
		n.SignIn(o.Sommer)
	})
}

func TestNobodySignsInToAnImportedAccountBeforeAnInvitation(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		id := emptyAgency(n, "lindenau")
		brought(n, id, small()...)
		for _, password := range []string{"", "x", Password} {
			n.Browser().Post("/api/staff/session", Body{"agency": "lindenau", "email": "sommer@amt.example", "password": password}).
				Expect(t, 401, "session.wrong")
		}
	})
}

func TestTheLastAdministratorStays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		id := emptyAgency(n, "lindenau")
		brought(n, id, small()...)
		const disabled, taken = "email;state\nchef@amt.example;disabled\n", "email;role;at;place;state\nchef@amt.example;agency_admin;agency;;taken\n"
		const others = "email;role;at;place;state\nsommer@amt.example;agency_admin;agency;;given\n"
		for where, files := range map[string][]admin.File{
			"staff.csv 2 last_admin": {file("staff.csv", disabled)},
			"roles.csv 2 last_admin": {file("roles.csv", taken)},
			"staff.csv 3 last_admin": {
				file("staff.csv", disabled+"sommer@amt.example;disabled\n"), file("roles.csv", others),
			},
		} {
			if got := refused(n, id, files...); !slices.Equal(got, []string{where}) {
				t.Errorf("%v, want %s", got, where)
			}
			// Who only tries it learns the same.
			doc, m := admin.Read(files)
			if _, err := n.Admin.Trial(t.Context(), id, doc, m); err != nil || len(m.List) != 1 || m.List[0].Code != "last_admin" {
				t.Errorf("%+v %v", m.List, err)
			}
		}
		doc, m := admin.Read([]admin.File{file("staff.csv", disabled), file("roles.csv", others)})
		if _, err := n.Admin.Trial(t.Context(), id, doc, m); err != nil || len(m.List) != 0 {
			t.Errorf("another one administers: %+v %v", m.List, err)
		}
		if got := n.Count(`SELECT COUNT(*) FROM staff_role WHERE agency_id = $1 AND role = 'agency_admin'`, id); got != 1 {
			t.Error(got)
		}
	})
}

func TestAnImportTakesBackWhatPeopleGaveAndNotWhatADirectoryDid(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		n.Tx(func(tx *db.Tx) error {
			return n.Staff.Give(t.Context(), tx, o.Agency, staff.Grant{
				Staff: o.Winter.ID, Source: "claim", Held: staff.Held{Role: staff.Advisor, Kind: agency.OfDesk, Place: o.Desk},
			})
		})
		taken := "email;role;at;place;state\n" + o.Winter.Email + ";advisor;desk;" + o.Desk + ";taken\n"
		if changes := brought(n, o.Agency, file("roles.csv", taken)); len(changes) != 1 {
			t.Errorf("%s", changes)
		}
		if changes := brought(n, o.Agency, file("roles.csv", taken)); len(changes) != 0 {
			t.Errorf("%s", changes)
		}
		if got := n.Count(`SELECT COUNT(*) FROM staff_role WHERE agency_id = $1 AND staff_id = $2 AND place_id = $3 AND source = 'claim'`, o.Agency, o.Winter.ID, o.Desk); got != 1 {
			t.Errorf("%d from the directory", got)
		}
	})
}

func TestTwoImportsAtOnceBecomeOneAfterTheOther(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		id := emptyAgency(n, "lindenau")
		var done sync.WaitGroup
		for range 4 {
			done.Go(func() {
				document, m := admin.Read(small())
				if _, err := n.Admin.Import(context.Background(), id, document, m); err != nil || len(m.List) > 0 {
					t.Errorf("%v %v", err, m.List)
				}
			})
		}
		done.Wait()
		if got := counted(n, id); got != "department 2 location 2 desk 3 service 1 staff 2 staff_role 2 staff_desk 2 " {
			t.Errorf("%s", got)
		}
	})
}

// An agency with a thousand offices is set up in a moment: no password is hashed, and nothing is asked row by row.
func TestALargeAgencyIsImportedAndComesBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		id := emptyAgency(n, "gross")
		files := large(100, 300, 1000) // how long ten times as many take, the bench measures
		changes := brought(n, id, files...)
		again := brought(n, id, files...)
		if len(changes) != 100+300+1000+1000+20+10 || len(again) != 0 {
			t.Errorf("%d changes, again %d", len(changes), len(again))
		}
		if changes := brought(n, id, exported(n, id, admin.JSON)...); len(changes) != 0 {
			t.Errorf("%s", changes.Short())
		}
	})
}

// large is an agency as files: ten departments with two services each.
func large(locations, desks, people int) []admin.File {
	var d, l, k, v, p, r strings.Builder
	d.WriteString("code;name\n")
	v.WriteString("code;department;name_de;name_en;minutes\n")
	for i := range 10 {
		fmt.Fprintf(&d, "D%d;Fachbereich %d\n", i, i)
		for j := range 2 {
			fmt.Fprintf(&v, "V%d-%d;D%d;Anliegen %d;Service %d;30\n", i, j, i, j, j)
		}
	}
	l.WriteString("code;name;city;phone\n")
	for i := range locations {
		fmt.Fprintf(&l, "L%04d;Standort %d;Ort %d;030 %06d\n", i, i, i%300, i)
	}
	k.WriteString("code;name;department;location\n")
	for i := range desks {
		fmt.Fprintf(&k, "K%05d;Team %d;D%d;L%04d\n", i, i, i%10, i%locations)
	}
	p.WriteString("email;name\n")
	r.WriteString("email;role;at;place\n")
	for i := range people {
		fmt.Fprintf(&p, "person.%05d@amt.example;Vorname Nachname-%d\n", i, i)
		fmt.Fprintf(&r, "person.%05d@amt.example;advisor;desk;K%05d\n", i, i%desks)
	}
	return []admin.File{
		file("departments.csv", d.String()), file("locations.csv", l.String()), file("desks.csv", k.String()),
		file("services.csv", v.String()), file("staff.csv", p.String()), file("roles.csv", r.String()),
	}
}

// An import takes what somebody gave by hand, and the audit says so.
func TestAUD02TheAuditSaysWhoHadGivenARoleThatAnImportTakes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		id := emptyAgency(n, "lindenau")
		brought(n, id, small()...)
		n.Tx(func(tx *db.Tx) error {
			p, err := n.Staff.ByEmail(t.Context(), id, "chef@amt.example")
			if err != nil {
				return err
			}
			held := staff.Held{Role: staff.Operator, Kind: agency.OfAgency, Place: id}
			return n.Staff.Give(t.Context(), tx, id, staff.Grant{Staff: p.ID, Source: staff.ByHand, Held: held})
		})
		brought(n, id, file("roles.csv", "email;role;at;place;state\nchef@amt.example;operator;agency;;taken\n"))
		if got := n.Count(`SELECT COUNT(*) FROM audit_entry WHERE agency_id = $1 AND act = 'role.taken' AND detail = 'role=operator place=' || $1 || ' source=hand'`, id); got != 1 {
			t.Errorf("%d entries", got)
		}
	})
}

func TestALocationsTelephoneHoldsANumber(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o, boss := administered(n, "lindenau")
		for phone, fits := range map[string]bool{"": true, "115": true, "030 1234-0 (Zentrale)": true, "115 oder 116117": true, "abc": false, "Zimmer 12": false} {
			got := refused
			if fits {
				got = func(n *Node, agency string, files ...admin.File) []string { brought(n, agency, files...); return nil }
			}
			table := file("locations.csv", "code;name;city;phone\nNEU;Neu;Ort;"+phone+"\n")
			if wrong := got(n, o.Agency, table); !fits && !slices.Equal(wrong, []string{"locations.csv 2 phone"}) {
				t.Errorf("%q: %v", phone, wrong)
			}
			made := boss.Post("/api/staff/places", Body{"kind": "location", "code": vault.NewID(), "name": "Neu", "phone": phone})
			if fits {
				made.OK(t)
			} else {
				made.Expect(t, 422, "admin.invalid")
			}
		}
	})
}
