package admin

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

func csvOf(name, text string) File { return File{Name: name, Data: []byte(text)} }

// codes are what was found wrong, as "line code".
func codes(m *Mistakes) []string {
	var all []string
	for _, one := range m.List {
		all = append(all, fmt.Sprintf("%d %s", one.Line, one.Code))
	}
	return all
}

func TestATableIsReadHoweverExcelSavesIt(t *testing.T) {
	const text = "Kürzel;Name;Ort;Telefon\r\nLIN;Bürgerhaus Lindenau;Köln;0711 5678\r\n"
	latin, _ := charmap.Windows1252.NewEncoder().String(text)
	wide, _ := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(strings.ReplaceAll(text, ";", "\t"))
	for name, data := range map[string]string{
		"UTF-8":                 text,
		"UTF-8 with a mark":     "\ufeff" + text,
		"Latin-1 of Windows":    latin,
		"UTF-16 with tabs":      wide,
		"commas":                strings.ReplaceAll(text, ";", ","),
		"with sep=":             "sep=;\r\n" + text,
		"old Macintosh":         strings.ReplaceAll(text, "\r\n", "\r"),
		"quoted":                "\"code\";\"name\";\"city\";\"phone\"\n\"LIN\";\"Bürgerhaus Lindenau\";\"Köln\";\"0711 5678\"\n",
		"empty rows and spaces": " code ;name;city;phone;\n;;;;\n LIN ;Bürgerhaus Lindenau; Köln ;0711 5678;\n;;;;\n",
	} {
		d, m := Read([]File{csvOf("Standorte (2).CSV", data)})
		if m.any() || len(d.Rows[Locations]) != 1 {
			t.Errorf("%s: %v %v", name, d.Rows, m.List)
			continue
		}
		row := d.Rows[Locations][0]
		if got := strings.Join(row.cells, "|"); got != "LIN|Bürgerhaus Lindenau|Köln|0711 5678|" || row.said(4) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestEveryMistakeIsToldWithItsLine(t *testing.T) {
	for _, c := range []struct {
		name, file, text string
		want             []string
	}{
		{"formula", "departments.csv", "code;name\nA;=1+1\nB;+49\nC;-1\nD;@x\nE; =2\nF;'=kept\n", []string{"2 formula", "3 formula", "4 formula", "5 formula", "6 formula"}},
		{"formula as telephone", "locations.csv", "code;name;phone\nA;a;+49 711 1234\nB;b;+SUM(A1)\nC;c;=1\n", []string{"3 formula", "4 formula"}},
		{"control", "departments.csv", "code;name\nA;a\tb\nB;b\nC;\u202ec\n", []string{"2 control", "4 control"}},
		{"line break", "departments.csv", "sep=;\ncode;name\nA;\"a\"\"\n\"\nB;\"\"\"b\"\"\"\nC;\"c\n\n;c\"\n", []string{"3 line_break", "6 line_break"}},
		{"line break and open", "departments.csv", "code;name\nA;\"a\na\"\nB;\"b\n", []string{"2 line_break", "4 quotes"}},
		{"nul", "departments.csv", "code;name\nA;a\nB;\x00\n", []string{"3 nul"}},
		{"lost", "departments.csv", "code;name\nA;M\ufffdller\n", []string{"2 lost"}},
		{"spoilt", "departments.csv", "code;name\nA;MÃ¼ller\n", []string{"2 spoilt"}},
		{"two encodings", "departments.csv", "code;name\nA;Müller\nB;M\xfcller\n", []string{"3 two_encodings"}},
		{"quotes", "departments.csv", "code;name\nA;\"a\nB;b\n", []string{"2 quotes"}},
		{"bare quotes", "departments.csv", "code;name\nA;a\"b\n", []string{"2 quotes"}},
		{"empty", "departments.csv", "code;name\n;a\nB;\n", []string{"2 empty", "3 empty"}},
		{"long", "departments.csv", "code;name\nA;" + strings.Repeat("x", 201) + "\n", []string{"2 too_long"}},
		{"cells", "departments.csv", "code;name\nA\nB;b;c\n", []string{"2 cells", "3 cells"}},
		{"nameless column", "departments.csv", "code;name;\nA;a;b\n", []string{"2 no_column"}},
		{"unknown column", "departments.csv", "code;parent\nA;a\n", []string{"1 column_unknown"}},
		{"column twice", "departments.csv", "code;name;Name\nA;a;a\n", []string{"1 column_twice"}},
		{"no key", "departments.csv", "name\nA\n", []string{"1 column_missing"}},
		{"nothing", "departments.csv", "", []string{"0 no_header"}},
		{"number", "services.csv", "code;department;name_de;minutes\nA;D;a;4\nB;D;b;x\nC;D;c;480\n", []string{"2 number", "3 number"}},
		{"state", "departments.csv", "code;state\nA;halb\nB;GESCHLOSSEN\nC;\n", []string{"2 word"}},
		{"e-mail", "staff.csv", "email;name\nx;a\na@b;c\n", []string{"2 email"}},
		{"role", "roles.csv", "email;role;at;place\na@b;chef;desk;K\na@b;Beratung;Team;K\na@b;lead;floor;K\n", []string{"2 word", "4 word"}},
		{"foreign file", "places.csv", "", []string{"0 file_unknown"}},
		{"foreign kind", "staff.txt", "", []string{"0 file_unknown"}},
		{"workbook", "staff.xlsx", "PK\x03\x04 half of it", []string{"0 workbook"}},
		{"workbook of old", "staff.csv", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00", []string{"0 workbook"}},
		{"workbook as CSV", "staff.csv", "PK\x03\x04\x14\x00[Content_Types].xml", []string{"0 workbook"}},
		{"workbook as archive", "all.zip", "PK\x03\x04\x14\x00[Content_Types].xml", []string{"0 workbook"}},
		{"archive as CSV", "staff.csv", "PK\x03\x04\x14\x00staff.csv", []string{"0 zip_name"}},
		{"half an archive", "all.zip", "PK\x03\x04\x14\x00\x00\x00staff.csv", []string{"0 zip"}},
		{"picture", "staff.csv", "\x89PNG\r\n\x1a\n\x00\x00", []string{"0 binary"}},
		{"PDF", "staff.csv", "%PDF-1.7\n", []string{"0 binary"}},
		{"PDF as JSON", "a.json", "%PDF-1.7\n", []string{"0 binary"}},
		{"JSON", "a.json", "{\"departments\": [\n{\"code\": \"A\"},\n{\"code\": 1},\n{\"name\": \"x\"},\n{\"code\": \"B\", \"code\": \"B\", \"parent\": \"C\"}]}", []string{"3 no_text", "4 column_missing", "5 column_twice", "5 column_unknown"}},
		{"JSON broken", "a.json", "{\"departments\": [\n{\"code\": \"A\"},,]}", []string{"2 json"}},
		{"JSON nested", "a.json", "{\"departments\": [\n{\"code\": [\"A\"]}]}", []string{"2 json"}},
		{"JSON goes on", "a.json", "{}\n{}", []string{"2 json"}},
		{"JSON list", "a.json", "{\"people\": []}", []string{"1 list_unknown"}},
		{"JSON list twice", "a.json", "{\"staff\": [],\n\"staff\": []}", []string{"2 list_twice"}},
		{"JSON Latin-1", "a.json", "{\"departments\": [{\"code\": \"\xfc\"}]}", []string{"0 json_encoding"}},
		{"archive", "a.zip", "PK nothing", []string{"0 zip"}},
	} {
		_, m := Read([]File{csvOf(c.file, c.text)})
		if got := codes(m); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestEveryMistakeHasASentenceInEachLanguage(t *testing.T) {
	m := &Mistakes{}
	_, found := Read([]File{csvOf("staff.csv", "email;name;x\n")})
	m.List = append(m.List, found.List...)
	m.add("staff.csv", 7, "twice", "key", "a@b", "first", 3)
	m.More = 4
	for language, want := range map[string]string{
		"de": "staff.csv, Zeile 7: a@b kommt zweimal vor, zuerst in Zeile 3.\nUnd 4 weitere Fehler.\n",
		"en": "staff.csv, line 7: a@b comes twice, first in line 3.\nAnd 4 more mistakes.\n",
	} {
		text, err := m.Sentences(language)
		if err != nil || !strings.HasSuffix(text, want) {
			t.Errorf("%v %s", err, text)
		}
	}
}

func TestMistakesAreToldTogetherAndNotWithoutEnd(t *testing.T) {
	var b strings.Builder
	b.WriteString("code;name\n")
	for i := range 250 {
		fmt.Fprintf(&b, "%d;=x\n", i)
	}
	_, m := Read([]File{csvOf("departments.csv", b.String()), csvOf("staff.csv", "")})
	if len(m.List) != mostMistakes || m.More != 151 {
		t.Errorf("%d and %d more", len(m.List), m.More)
	}
}

// Reading comes before comparing, and so finds other mistakes first: whoever mends a file goes through it from its top.
func TestMistakesAreToldTableByTableAndFromTheTop(t *testing.T) {
	files := []File{
		csvOf("rollen.csv", "email;rolle;ebene;place\na@b.example;=1;desk;X\n"),
		csvOf("desks.csv", "code;name;department;location\nA;Eins;;\nB;=2;BB;L\nC;=3;BB;L\n"),
		csvOf("liste.csv", "code\n"),
		csvOf("Fachbereiche (2).csv", "code;name\nBB;Beratung\nBB;Beratung\nCC;=4\n"),
	}
	d, m := Read(files)
	Compare(newDocument(), d, m)
	var told []string
	for _, one := range m.Sorted() {
		told = append(told, fmt.Sprintf("%s %s %d", one.Kind, one.File, one.Line))
	}
	if !slices.IsSortedFunc(m.Sorted(), func(a, b Mistake) int {
		return cmp.Or(slices.Index(Kinds(), a.Kind)-slices.Index(Kinds(), b.Kind), a.Line-b.Line)
	}) {
		t.Errorf("%q", told)
	}
	for at, want := range []string{" liste.csv 0", "departments Fachbereiche (2).csv 3", "departments Fachbereiche (2).csv 4", "desks desks.csv 2"} {
		if told[at] != want {
			t.Errorf("%d: %q, want %q", at, told[at], want)
		}
	}
}

func TestWhatIsTooLargeIsRefusedInOneSentence(t *testing.T) {
	large := bytes.Repeat([]byte("A;a long name of a department that is not one\n"), 50<<20/46)
	for name, files := range map[string][]File{
		"50 MB":      {{Name: "departments.csv", Data: large}},
		"together":   {{Name: "departments.csv", Data: large[:11<<20]}, {Name: "staff.csv", Data: large[:11<<20]}},
		"an archive": {{Name: "all.zip", Data: zipped(t, map[string][]byte{"departments.csv": large})}},
	} {
		d, m := Read(files)
		if got := codes(m); !slices.Equal(got, []string{"0 too_large"}) || len(d.Rows) != 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
	many := map[string][]byte{}
	for i := range mostFiles + 1 {
		many[fmt.Sprintf("staff%d.csv", i)] = nil
	}
	if _, m := Read([]File{{Name: "all.zip", Data: zipped(t, many)}}); !slices.Equal(codes(m), []string{"0 too_many_files"}) {
		t.Errorf("%v", codes(m))
	}
}

func zipped(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, data := range files {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAnArchiveHoldsTablesAndWhatSystemsLeaveBeside(t *testing.T) {
	d, m := Read([]File{{Name: "x.zip", Data: zipped(t, map[string][]byte{
		"amt/departments.csv": []byte("code;name\nA;a\n"), "__MACOSX/amt/._departments.csv": {0, 1}, "amt/.DS_Store": {0}, "amt/~$staff.csv": {0},
		"amt/Mitarbeitende 2026.csv": []byte("e-mail;name\nA@B.example;a\n"),
	})}})
	if m.any() || len(d.Rows[Departments]) != 1 || len(d.Rows[Staff]) != 1 || d.Rows[Staff][0].cells[0] != "a@b.example" {
		t.Errorf("%v %v", d.Rows, m.List)
	}
}

func TestINP09WhatBeginsLikeAFormulaIsDefusedAndReadBackTheSame(t *testing.T) {
	c := sheetOf(Departments).columns[1]
	for _, value := range []string{
		"=1+1", "+49", "-", "@x", "'=1", "''@", "'", "a=", "Müller", "", "'a", "\t=1", "=cmd|' /C calc'!A0",
		"Amt,=1", "Amt;'=1", "Amt, \"'=1", ",,=1,-,\u00a0@", "'=1,+2", "\t\t'-", "Zimmer 3, -1. OG", "Amt,'", "Amt, 'x",
	} {
		cell := defuse(value)
		if strings.ContainsRune(formulas, rune((cell + " ")[0])) {
			t.Errorf("%q is written as %q", value, cell)
		}
		if got, ok := c.armed(cell); !ok || got != value {
			t.Errorf("%q comes back as %q %v", value, got, ok)
		}
	}
}

func TestINP09NoProgramFindsAFormulaInAnExportWhateverItSeparatesAt(t *testing.T) {
	s := sheetOf(Locations)
	for _, value := range []string{"Amt,=1+1", "Amt,=cmd|' /C calc'!A0", "Amt;=1", `Amt,"=1`, `a;b,"+1`, "a, -1", "+49 711,+1", ",@x"} {
		row := newRow(s, 2)
		for at, cell := range []string{"LIN", value, value} {
			row.set(at, cell)
		}
		file := writeCSV(s, []Row{row})
		for _, separator := range ",;\t" {
			r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte("\ufeff"))))
			r.Comma, r.LazyQuotes, r.FieldsPerRecord = separator, true, -1
			all, err := r.ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			for _, cell := range slices.Concat(all...) {
				if bare := strings.Trim(cell, ` "`); bare != "" && strings.ContainsRune(formulas, rune(bare[0])) {
					t.Errorf("%q, separated at %q, holds %q", value, separator, cell)
				}
			}
		}
		d, m := Read([]File{{Name: "locations.csv", Data: file}})
		if m.any() || len(d.Rows[Locations]) != 1 || d.Rows[Locations][0].cells[1] != value {
			t.Errorf("%q came back as %v %v", value, d.Rows[Locations], m.List)
		}
	}
}

func FuzzReadCSV(f *testing.F) {
	for _, seed := range []string{
		"code;name\nA;a\n", "\ufeffcode,name\r\n\"A\",\"a\"\"b\"\r\n", "sep=,\ncode,name\nA,a", "code\tname\rA\ta\r", "\xff\xfec\x00", "code;name\nA;M\xfcller\n",
		"code;name\nA;\"", "code;name\nA;'=1\n", "sep=", "code;;\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, s := range sheets() {
			m := &Mistakes{}
			again(t, s, readCSV("f.csv", s.kind, data, m), m, func(d *Document) (*Document, *Mistakes) {
				return Read([]File{{Name: string(s.kind) + ".csv", Data: writeCSV(s, d.Rows[s.kind])}})
			})
		}
	})
}

func FuzzReadJSON(f *testing.F) {
	for _, seed := range []string{
		`{"departments": [{"code": "A", "name": "a"}]}`, `{"services":[{"code":"A","minutes":5}]}`, `{`, `[]`, `{"staff":[{"email":"a@b","email":1}]}`, `{"staff":[null]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m := &Mistakes{}
		d := readJSON("f.json", data, m)
		for _, s := range sheets() {
			again(t, s, d.Rows[s.kind], m, func(d *Document) (*Document, *Mistakes) {
				return Read([]File{{Name: "f.json", Data: writeJSON(d)}})
			})
		}
	})
}

// again writes what was read without mistakes and whole, and reads the same.
func again(t *testing.T, s sheet, rows []Row, m *Mistakes, through func(*Document) (*Document, *Mistakes)) {
	t.Helper()
	for _, row := range rows {
		for at, c := range s.columns {
			if c.need && !row.said(at) {
				return
			}
		}
	}
	if m.any() || len(rows) == 0 {
		return
	}
	d := newDocument()
	d.Rows[s.kind] = slices.Clone(rows)
	d.normal()
	back, wrong := through(d)
	if wrong.any() || len(back.Rows[s.kind]) != len(rows) {
		t.Fatalf("%v", wrong.List)
	}
	for i, row := range back.Rows[s.kind] {
		if !slices.Equal(row.cells, d.Rows[s.kind][i].cells) {
			t.Fatalf("%q came back as %q", d.Rows[s.kind][i].cells, row.cells)
		}
	}
}

func TestATableThatIsNoneCostsNoMemory(t *testing.T) {
	wide := append([]byte("code;name"), bytes.Repeat([]byte(";"), 4<<20)...)
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"millions of columns":   {wide, "1 line_long"},
		"a hundred columns":     {[]byte("code;name" + strings.Repeat(";", 100) + "\nA;a\n"), "1 columns_many"},
		"millions in one line":  {append([]byte("code;name\nA;a\n"), wide...), "3 line_long"},
		"a row of all lines":    {append([]byte("code;name\n"), bytes.Repeat([]byte("\"\n\";"), 4<<20)...), "2 line_break"},
		"many in each line":     {append([]byte("code;name\n"), bytes.Repeat(append(bytes.Repeat([]byte(";"), 60_000), "x\n"...), 3)...), "2 cells, 3 cells, 4 cells"},
		"empty columns are few": {[]byte("code;name;;;;\nA;a;;;;\n"), ""},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, m := Read([]File{{Name: "departments.csv", Data: c.data}})
		runtime.ReadMemStats(&after)
		if got := strings.Join(codes(m), ", "); got != c.want {
			t.Errorf("%s: %q", name, got)
		}
		if spent := (after.TotalAlloc - before.TotalAlloc) >> 20; spent > 64 {
			t.Errorf("%s takes %d MB", name, spent)
		}
	}
}
