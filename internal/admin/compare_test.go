package admin

import (
	"slices"
	"strings"
	"testing"
)

// office is a small organisation, as files.
func office() []File {
	return []File{
		csvOf("departments.csv", "code;name\nJUG;Jugendamt\nWOG;Wohngeld\n"),
		csvOf("locations.csv", "code;name;city;phone\nLIN;Rathaus;Lindenau;+49 711 1234\n"),
		csvOf("desks.csv", "code;name;department;location\nJ1;Schalter 1;JUG;LIN\n"),
		csvOf("services.csv", "code;department;name_de;minutes\nBER;JUG;Beratung;30\n"),
		csvOf("staff.csv", "email;name\nsommer@amt.example;Frau Sommer\n"),
		csvOf("roles.csv", "email;role;at;place\nSommer@amt.example;advisor;desk;J1\nsommer@amt.example;agency_admin;agency;\n"),
	}
}

// after is an organisation once a document is imported.
func after(t *testing.T, files []File) *Document {
	t.Helper()
	d, m := Read(files)
	if changes := Compare(newDocument(), d, m); m.any() || len(changes) == 0 {
		t.Fatalf("%v", m.List)
	}
	d.normal()
	return d
}

func TestADifferenceSaysWhatIsNewChangedClosedAndReopened(t *testing.T) {
	now := after(t, office())
	d, m := Read([]File{csvOf("changes.json", `{
		"departments": [{"code": "JUG", "name": "Amt für Jugend"}, {"code": "WOG", "state": "geschlossen"}, {"code": "REH", "name": "Reha", "state": "offen"}],
		"staff": [{"email": "sommer@amt.example", "state": "gesperrt"}],
		"roles": [{"email": "sommer@amt.example", "role": "advisor", "at": "desk", "place": "J1", "state": "entzogen"},
			{"email": "sommer@amt.example", "role": "lead", "at": "desk", "place": "J1", "state": "taken"}]}`)})
	changes := Compare(now, d, m)
	if m.any() {
		t.Fatal(m.List)
	}
	const want = `departments: 1 new, 1 changed, 1 closed
  ~ JUG  name "Jugendamt" → "Amt für Jugend"
  - WOG  state "open" → "closed"
  + REH  name "Reha"  state "open"
staff: 1 closed
  - sommer@amt.example  state "active" → "disabled"
roles: 1 closed
  - sommer@amt.example advisor desk J1  state "given" → "taken"
`
	if got := changes.String(); got != want {
		t.Errorf("%s", got)
	}
	if got := Compare(now, now, m).String(); got != "Nothing changes.\n" || m.any() {
		t.Errorf("%s %v", got, m.List)
	}
}

func TestADifferenceNamesTheDesksThatAreClosedWithAnother(t *testing.T) {
	files := office()
	files[2] = csvOf("desks.csv", "code;name;department;location;state\nJ1;a;JUG;LIN;\nJ2;b;JUG;LIN;closed\nW1;c;WOG;LIN;\nW2;d;WOG;LIN;\n")
	now := after(t, files)
	d, m := Read([]File{
		csvOf("departments.csv", "code;state\nJUG;closed\n"), csvOf("locations.csv", "code;city\nLIN;Ahorn\n"), csvOf("desks.csv", "code;state\nW2;closed\n"),
	})
	const want = `departments: 1 closed
  - JUG  state "open" → "closed"
locations: 1 changed
  ~ LIN  city "Lindenau" → "Ahorn"
desks: 2 closed
  - W2  state "open" → "closed"
  - J1  with JUG
`
	if got := Compare(now, d, m).String(); got != want || m.any() {
		t.Errorf("%s %v", got, m.List)
	}
	now.Rows[Departments][0].cells[2] = closed
	d, m = Read([]File{csvOf("departments.csv", "code;state\nJUG;open\n")})
	if got := Compare(now, d, m).String(); got != "departments: 1 reopened\n  ^ JUG  state \"closed\" → \"open\"\ndesks: 1 reopened\n  ^ J1  with JUG\n" {
		t.Errorf("%s", got)
	}
}

func TestALongDifferenceIsCutAndCounted(t *testing.T) {
	var b strings.Builder
	b.WriteString("code;name\n")
	for i := range 25 {
		b.WriteString(string(rune('A'+i)) + ";Amt\n")
	}
	d, m := Read([]File{csvOf("departments.csv", b.String())})
	changes := Compare(newDocument(), d, m)
	if got := changes.Short(); !strings.HasPrefix(got, "departments: 25 new\n") || !strings.HasSuffix(got, "  … and 5 more\n") || strings.Count(got, "\n") != 22 {
		t.Errorf("%s", got)
	}
	for i := range changes {
		changes[i].What = Closed
	}
	if got := changes.Short(); strings.Count(got, "\n") != 26 {
		t.Errorf("not all that is closed is told: %s", got)
	}
}

func TestNoDocumentBreaksTheTree(t *testing.T) {
	for _, c := range []struct {
		name, file, text string
		want             []string
	}{
		{"a code twice", "departments.csv", "code;name\nA;a\nB;b\nA;c\n", []string{"4 twice"}},
		{"an e-mail twice", "staff.csv", "email;name\na@b;a\nA@B;b\n", []string{"3 twice"}},
		{"a role twice", "roles.csv", "email;role;at;place\nsommer@amt.example;lead;desk;J1\nsommer@amt.example;lead;desk;J1\n", []string{"3 twice"}},
		{"a desk nowhere", "desks.csv", "code;name;department;location\nK;k;NIX;LIN\nL;l;JUG;NIX\n", []string{"2 department_unknown", "3 location_unknown"}},
		{"a desk in another department", "desks.csv", "code;department\nJ1;WOG\n", []string{"2 fixed"}},
		{"half a desk", "desks.csv", "code;name\nK;k\n", []string{"2 needed", "2 needed"}},
		{"a service nowhere", "services.csv", "code;department;name_de;minutes\nX;LIN;x;30\n", []string{"2 department_unknown"}},
		{"a role at the wrong level", "roles.csv", "email;role;at;place\nsommer@amt.example;agency_admin;desk;J1\nsommer@amt.example;advisor;department;JUG\n", []string{"2 role_level", "3 role_level"}},
		{"a role nowhere", "roles.csv", "email;role;at;place\nsommer@amt.example;lead;desk;NIX\nsommer@amt.example;lead;desk;\nsommer@amt.example;auditor;agency;LIN\n", []string{"2 desk_unknown", "3 empty", "4 role_place"}},
		{"a role of nobody", "roles.csv", "email;role;at;place\nx@amt.example;lead;desk;J1\n", []string{"2 person_unknown"}},
		{"a desk within itself", "desks.csv", "code;name;department;location\nK;k;JUG;K\n", []string{"2 location_unknown"}},
	} {
		d, m := Read([]File{csvOf(c.file, c.text)})
		Compare(after(t, office()), d, m)
		if got := codes(m); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
