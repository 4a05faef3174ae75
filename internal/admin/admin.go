// Package admin sets up an organisation: from files, and by what the admin pages ask for.
//
// The main types are Document (an organisation as a file says it), Difference (what a document would change) and
// Service. Reading files and finding differences is pure; what a document is compared with and how a difference is written
// stands in store.go and apply.go, other SQL beside what asks for it. The package reads nothing of citizens and appointments:
// who administers never sees a citizen's name.
package admin

import (
	"slices"
	"strings"

	"visavis/internal/agency"
	"visavis/internal/staff"
)

// Kind is what a row of a document is about. Its name is that of the file, and of the list in JSON.
type Kind string

// The kinds, in the order in which each needs only those before it.
const (
	Departments Kind = "departments"
	Locations   Kind = "locations"
	Desks       Kind = "desks"
	Services    Kind = "services"
	Staff       Kind = "staff"
	Roles       Kind = "roles"
)

// Kinds are all kinds, in their order. No row names another of its kind or of a later one, so there is no way to say a
// tree that goes round in a circle.
func Kinds() []Kind { return []Kind{Departments, Locations, Desks, Services, Staff, Roles} }

// The columns. A column is named alike in every kind.
const (
	colCode       = "code"
	colName       = "name"
	colNameDE     = "name_de"
	colNameEN     = "name_en"
	colCity       = "city"
	colPhone      = "phone"
	colDepartment = "department"
	colLocation   = "location"
	colMinutes    = "minutes"
	colEarly      = "early_minutes"
	colLate       = "late_minutes"
	colEmail      = "email"
	colRole       = "role"
	colAt         = "at"
	colPlace      = "place"
	colState      = "state"
)

// column is one property of a kind.
type column struct {
	name    string
	german  string // how it may be called as well
	most    int    // characters
	need    bool   // whatever is new must have it, and it is never empty
	fixed   bool   // never changes
	initial string // of something new that does not say
	blank   bool   // an empty cell says nothing, instead of emptying the value
	from    int    // of a number
	to      int    // of a number; 0: it is text
	words   [][2]string
	mail    bool
	phone   bool
	rule    agency.Rule // it says what the place decides; empty: it leaves that to those above
}

const (
	mostCode  = 64
	mostName  = 200
	mostCity  = 120
	mostPhone = 64
	mostEmail = 254
)

// States, by what they are of.
const (
	open     = "open"
	closed   = "closed"
	active   = "active"
	disabled = "disabled"
	given    = "given"
	taken    = "taken"
)

func state(first, german, second, german2 string) column {
	return column{name: colState, german: "status", most: 20, initial: first, blank: true, words: [][2]string{{first, german}, {second, german2}}}
}

func code(name, german string) column {
	return column{name: name, german: german, most: mostCode, need: true}
}

// sheet describes the rows of a kind. The first columns are the key.
type sheet struct {
	kind    Kind
	german  []string // how a file may be called as well
	keys    int
	columns []column
}

func sheets() []sheet {
	own := code(colCode, "kürzel")
	name := column{name: colName, german: "name", most: mostName, need: true}
	stays := func(c column) column { c.fixed = true; return c }
	opened := state(open, "offen", closed, "geschlossen")
	return []sheet{
		{Departments, []string{"fachbereiche"}, 1, []column{own, name, opened}},
		{Locations, []string{"standorte"}, 1, []column{
			own, name,
			{name: colCity, german: "ort", most: mostCity},
			{name: colPhone, german: "telefon", most: mostPhone, phone: true},
			opened,
		}},
		{Desks, []string{"teams"}, 1, []column{own, name, stays(code(colDepartment, "fachbereich")), code(colLocation, "standort"), opened}},
		{Services, []string{"anliegen"}, 1, []column{
			own, stays(code(colDepartment, "fachbereich")),
			{name: colNameDE, german: "name_deutsch", most: mostName, need: true},
			{name: colNameEN, german: "name_englisch", most: mostName},
			{name: colMinutes, german: "minuten", most: 4, need: true, from: 5, to: 480},
			{name: colEarly, german: "minuten_vorher", most: 4, to: agency.OpensEarly.Form().Most, rule: agency.OpensEarly},
			{name: colLate, german: "minuten_nachher", most: 4, to: agency.StaysLate.Form().Most, rule: agency.StaysLate},
			opened,
		}},
		{Staff, []string{"mitarbeitende"}, 1, []column{
			{name: colEmail, german: "e-mail", most: mostEmail, need: true, mail: true},
			name,
			state(active, "aktiv", disabled, "gesperrt"),
		}},
		{Roles, []string{"rollen"}, 4, []column{
			{name: colEmail, german: "e-mail", most: mostEmail, need: true, mail: true},
			{name: colRole, german: "rolle", most: 40, need: true, words: roleWords()},
			{name: colAt, german: "bei", most: 20, need: true, words: [][2]string{
				{string(agency.OfAgency), "behörde"},
				{string(agency.OfDepartment), "fachbereich"},
				{string(agency.OfLocation), "standort"},
				{string(agency.OfDesk), "team"},
			}},
			{name: colPlace, german: "stelle", most: mostCode},
			state(given, "erteilt", taken, "entzogen"),
		}},
	}
}

func roleWords() [][2]string {
	return [][2]string{
		{string(staff.Reception), "empfang"},
		{string(staff.Advisor), "beratung"},
		{string(staff.Lead), "teamleitung"},
		{string(staff.LocationAdmin), "standortverwaltung"},
		{string(staff.DepartmentAdmin), "fachbereichsverwaltung"},
		{string(staff.AgencyAdmin), "behördenverwaltung"},
		{string(staff.Protection), "datenschutz"},
		{string(staff.Auditor), "revision"},
		{string(staff.Operator), "betrieb"},
	}
}

func sheetOf(kind Kind) sheet {
	all := sheets()
	return all[slices.IndexFunc(all, func(s sheet) bool { return s.kind == kind })]
}

// column is the number of a column, by either name; -1 if there is none.
func (s sheet) column(name string) int {
	name = strings.ToLower(strings.TrimSpace(name))
	return slices.IndexFunc(s.columns, func(c column) bool { return c.name == name || c.german == name })
}

// Row is one thing that a document says something about.
type Row struct {
	Line  int
	ID    string   // of what is there already
	cells []string // by the columns of its kind
	has   uint16   // which of them it says anything about
	wrong uint16   // and which could not be read
}

func newRow(s sheet, line int) Row { return Row{Line: line, cells: make([]string, len(s.columns))} }

func (r *Row) set(at int, value string) { r.cells[at], r.has = value, r.has|1<<at }

func (r Row) said(at int) bool { return r.has&(1<<at) != 0 }

// silent tells that a row does not say a value, rather than a wrong one.
func (r Row) silent(at int) bool { return (r.has|r.wrong)&(1<<at) == 0 }

// key is what a row is about, as one text; no cell has the character between.
func (s sheet) key(r Row) string { return strings.Join(r.cells[:s.keys], "\x00") }

// of is a row's value in a column.
func (s sheet) of(r Row, name string) string { return r.cells[s.column(name)] }

// Document is an organisation, or a part of it, as a file says it.
type Document struct {
	Rows  map[Kind][]Row
	Files map[Kind]string // where they come from
	fixed map[ruleAt]bool // what is decided for all
}

// ruleAt is a rule at a department, by its code, or at the whole agency, without one.
type ruleAt struct {
	rule agency.Rule
	code string
}

func newDocument() *Document {
	return &Document{Rows: map[Kind][]Row{}, Files: map[Kind]string{}, fixed: map[ruleAt]bool{}}
}

// normal puts rows into the order of their keys, with everything said.
func (d *Document) normal() {
	for _, s := range sheets() {
		for i := range d.Rows[s.kind] {
			row := &d.Rows[s.kind][i]
			for at, c := range s.columns {
				if !row.said(at) {
					row.set(at, c.initial)
				}
			}
		}
		slices.SortStableFunc(d.Rows[s.kind], func(a, b Row) int { return strings.Compare(s.key(a), s.key(b)) })
	}
}
