package internal_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/db/scope"
)

// The proof has two halves, with one rule (internal/db/scope): all texts that stand in the source, in whatever way they
// are put together, and all statements that tests run (internal/db/dbtest), as they are put together.
func TestTEN01EveryStatementNamesTheAgency(t *testing.T) {
	tables := dbtest.AgencyTables(t, dbtest.SQLite(t))
	if len(tables) < 15 {
		t.Fatalf("only %v belong to an agency: the test reads the schema wrongly", tables)
	}
	rule := scope.Of(tables)
	used := map[string]bool{}
	seen := 0
	for _, one := range written(t, "..") {
		if !scope.Statement(one.text) {
			continue
		}
		seen++
		fault := rule.Fault(one.text)
		if fault == "" {
			continue
		}
		if known, reason := scope.Across(one.room, one.text); reason != "" {
			used[known] = true
			continue
		}
		t.Errorf("%s: %s: %s", one.at, fault, one.text)
	}
	t.Logf("%d statements and parts of them", seen)
	if seen < 400 {
		t.Errorf("only %d statements found: the test looks in the wrong place", seen)
	}
	for _, known := range scope.Exceptions() {
		if !used[known] {
			t.Errorf("no statement needs the exception %q", known)
		}
	}
}

// keepers are the rooms of features with the tables that are theirs. Those of plumbing may be used by whoever uses it.
var keepers = map[string]string{
	"internal/audit":       "audit_entry audit_head",
	"internal/decided":     "decided",
	"internal/agency":      "agency department desk form_template legal_text location logo policy service",
	"internal/staff":       "staff staff_desk staff_directory staff_identity staff_link staff_once staff_pairing staff_passkey staff_recovery staff_role staff_session staff_totp",
	"internal/admin":       "approval",
	"internal/scim":        "scim_group scim_guard scim_member scim_removal scim_rule scim_token",
	"internal/appointment": "appointment",
	"internal/seat":        "late node seat seat_browser seat_link seat_message seat_presence task",
	"internal/talk":        "talk talk_leg talk_signal",
	"internal/survey":      "survey_count survey_done survey_line",
	"internal/demo":        "demo_account",
	"internal/events":      "stream stream_change",
	"internal/jobs":        "job",
}

// A room that asks in SQL what it may not import knows it all the same. So tables are held to the same rule as packages.
func TestPackagesUseOnlyTablesThatTheirRoomMaySee(t *testing.T) {
	allowed, keeper := seen(), map[string]string{}
	for room, tables := range keepers {
		for table := range strings.FieldsSeq(tables) {
			keeper[table] = room
		}
	}
	for table := range dbtest.Columns(t, dbtest.SQLite(t)) {
		if keeper[table] == "" {
			t.Errorf("table %s is nobody's: add it to a room", table)
		}
	}
	higher := map[string]string{
		"internal/decided agency": "which agencies are gone is decided, too, and stands in their rows",
		"internal/agency staff":   "giving an agency up blanks the rows that others refer to, each after those that refer to it",
	}
	used := map[string]bool{}
	named := regexp.MustCompile(`\b(?:FROM|JOIN|INTO|UPDATE) (?:ONLY )?(\w+)`)
	found := 0
	for _, one := range written(t, "..") {
		if !scope.Statement(one.text) {
			continue
		}
		for _, match := range named.FindAllStringSubmatch(one.text, -1) {
			owner, table := keeper[match[1]], one.room+" "+match[1]
			if owner == "" {
				continue
			}
			found++
			switch may := allowed[one.room]; {
			case owner == one.room, may == "*", contains(may, owner):
			case higher[table] != "":
				used[table] = true
			default:
				t.Errorf("%s: %s may not use table %s, which is that of %s", one.at, one.room, match[1], owner)
			}
		}
	}
	if found < 400 {
		t.Errorf("only %d tables are named in statements: the test looks in the wrong place", found)
	}
	for table := range higher {
		if !used[table] {
			t.Errorf("no statement needs the exception %q", table)
		}
	}
}

// Whichever way a statement is written, a bad one is found, and a good one is not.
func TestAStatementIsFoundHoweverItIsWritten(t *testing.T) {
	rule := scope.Of([]string{"seat", "talk"})
	for form, code := range map[string]string{
		"argument":             `q.QueryRow(ctx, "SELECT id FROM seat WHERE AGENCY id = $1", id)`,
		"constant":             `const query = "SELECT id FROM seat WHERE AGENCY id = $1"; q.QueryRow(ctx, query, id)`,
		"constant of package":  `q.QueryRow(ctx, columns+" WHERE AGENCY id = $1", id)`,
		"constant of another":  `q.QueryRow(ctx, other.Columns+" WHERE AGENCY id = $1", id)`,
		"variable":             `query := "SELECT id FROM seat WHERE AGENCY id = $1"; q.QueryRow(ctx, query, id)`,
		"variable of package":  `q.QueryRow(ctx, kept, id)`,
		"assigned later":       `var query string; query = "SELECT id FROM seat WHERE AGENCY id = $1"; _ = query`,
		"added to":             `query := ""; query += "SELECT id FROM seat WHERE AGENCY id = $1"; _ = query`,
		"field":                `_ = struct{ query string }{query: "SELECT id FROM seat WHERE AGENCY id = $1"}`,
		"list":                 `_ = []string{"SELECT id FROM seat WHERE AGENCY id = $1"}`,
		"list of structs":      `_ = []struct{ into *int; query string }{{nil, "SELECT id FROM seat WHERE AGENCY id = $1"}}`,
		"key of a map":         `_ = map[string]int{"SELECT id FROM seat WHERE AGENCY id = $1": 1}`,
		"returned":             `_ = func() string { return "SELECT id FROM seat WHERE AGENCY id = $1" }`,
		"concatenation":        `_ = "SELECT id FROM " + "seat " + "WHERE AGENCY id = $1"`,
		"with a variable":      `_ = "SELECT id FROM seat WHERE AGENCY id IN " + list + " ORDER BY id"`,
		"a table in a hole":    `_ = "DELETE FROM " + table + " WHERE AGENCY id = $1"`,
		"Sprintf":              `_ = fmt.Sprintf("DELETE FROM %[1]s WHERE AGENCY id IN (SELECT id FROM %[1]s WHERE AGENCY id = $2)", table)`,
		"Sprintf, its format":  `const format = "DELETE FROM %s WHERE AGENCY id = $1"; _ = fmt.Sprintf(format, table)`,
		"builder":              `b.WriteString("SELECT id FROM seat WHERE AGENCY id = $1")`,
		"only a condition":     `_ = query + " AND id IN (SELECT seat_id FROM talk WHERE AGENCY id = $1)"`,
		"only a join":          `_ = query + " JOIN talk ON ALSO talk.seat_id = seat.id" + where`,
		"converted":            `_ = text("SELECT id FROM seat WHERE AGENCY id = $1")`,
		"in a function of one": `_ = first("DELETE FROM seat WHERE AGENCY id = $1")[0]`,
	} {
		t.Run(form, func(t *testing.T) {
			for good, found := range map[bool]bool{true: false, false: true} {
				agency, also := "", ""
				if good {
					agency, also = "agency_id = $2 AND", "talk.agency_id = seat.agency_id AND"
				}
				faults := ""
				for _, one := range written(t, packages(t, strings.NewReplacer("AGENCY", agency, "ALSO", also), code)) {
					if scope.Statement(one.text) {
						faults += rule.Fault(one.text)
					}
				}
				if (faults != "") != found {
					t.Errorf("good: %v, and found was %q", good, faults)
				}
			}
		})
	}
}

// packages is a module of two packages, one with some code in a function.
func packages(t *testing.T, names *strings.Replacer, code string) string {
	t.Helper()
	root := t.TempDir()
	for path, text := range map[string]string{
		"internal/other/other.go": "package other\n\nconst Columns = `SELECT id FROM seat`\n",
		"internal/one/one.go": "package one\n\nimport \"visavis/internal/other\"\n\nconst columns = `SELECT id FROM seat`\n\n" +
			"func f() {\n" + code + "\n}\n\n" +
			"var kept = `SELECT id FROM seat WHERE AGENCY id = $1`\n",
	} {
		if !strings.Contains(code, "kept") {
			text, _, _ = strings.Cut(text, "var kept")
		}
		file := filepath.Join(root, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(names.Replace(text)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// unlike are the columns to which a rule applies that no exception names, and the exceptions that there is no column for.
func unlike(columns map[string][]string, applies func(name string) bool, but map[string]string) (faults []string) {
	seen := map[string]bool{}
	for table, names := range columns {
		for _, name := range names {
			full := table + "." + name
			if !applies(name) {
				continue
			}
			seen[full] = true
			if but[full] == "" {
				faults = append(faults, full)
			}
		}
	}
	for full := range but {
		if !seen[full] {
			faults = append(faults, "no longer "+full)
		}
	}
	slices.Sort(faults)
	return faults
}

// noColumn proves a rule about the columns that there are, in both databases; and that it would find one more.
func noColumn(t *testing.T, applies func(name string) bool, but map[string]string, table, other string) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if faults := unlike(dbtest.Columns(t, d), applies, but); len(faults) > 0 {
			t.Errorf("%v", faults)
		}
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			_, err := tx.ExecContext(t.Context(), "ALTER TABLE "+table+" ADD COLUMN "+other+" TEXT NOT NULL DEFAULT ''")
			return err
		})
		if faults := unlike(dbtest.Columns(t, d), applies, but); err != nil || !slices.Equal(faults, []string{table + "." + other}) {
			t.Errorf("of a table with one column more: %v %v", faults, err)
		}
	})
}

func TestMIN08NoColumnIsMadeForAnAddress(t *testing.T) {
	words := regexp.MustCompile(`(^|_)(ip|ips|addr|addresses?|host|network|remote|peer|forwarded|prefix|agent|user_agent|device|location_lat)(_|$)`)
	noColumn(t, words.MatchString, map[string]string{
		"agency.host":          "the agency's own name in the network, which it gives to everybody",
		"staff_session.device": "two words at most, of browser and system, by which people know their own sessions",
	}, "seat", "client_ip")
}

// What a citizen says of itself has one place in each table, sealed.
func TestTEN04NoColumnHoldsACitizensFieldsInTheOpen(t *testing.T) {
	personal := regexp.MustCompile(`citizen|guest_name|birth|note|comment|topic|phone|email|street|(^|_)name$`)
	open := func(name string) bool { return personal.MatchString(name) && !strings.HasSuffix(name, "_sealed") }
	noColumn(t, open, map[string]string{
		"agency.name": "the office", "agency.phone": "the office", "agency.phone_hours": "the office", "department.name": "the office",
		"policy.name": "of a rule", "location.name": "the office", "location.phone": "the office", "desk.name": "the office", "service.name": "the office",
		"stream.topic": "a kind and an id", "stream_change.topic": "a kind and an id",
		"staff.email": "an employee's, who signs in with it", "staff.name": "an employee's", "demo_account.email": "invented",
		"appointment.note_by": "the id of the colleague who wrote it",
	}, "appointment", "citizen_phone")
}
