package admin

import (
	"fmt"
	"slices"
	"strings"

	"visavis/internal/agency"
	"visavis/internal/staff"
)

// What a change does.
const (
	Added    = "new"
	Changed  = "changed"
	Closed   = "closed" // a place or a service; an account is disabled, a role taken
	Reopened = "reopened"
)

// Field is a value that changes.
type Field struct {
	Name string `json:"name"`
	From string `json:"from"`
	To   string `json:"to"`
}

// Change is what a document would do to one thing.
type Change struct {
	Kind   Kind     `json:"kind"`
	Key    []string `json:"key" doc:"Its code or e-mail; of a role: e-mail, role, level and code of the place."`
	What   string   `json:"what" enum:"new,changed,closed,reopened"`
	Line   int      `json:"line" doc:"0: no line says so, it follows from another change."`
	Fields []Field  `json:"fields" doc:"Of something new: what it is given. Of a desk that is closed or reopened with what it lies in: with, and its code."`
	row    Row      // as it will be
	along  bool     // it follows from another change
}

// onlyRules tells that nothing changes of a place but what it decides.
func (c Change) onlyRules() bool {
	s := sheetOf(c.Kind)
	return c.What == Changed && !slices.ContainsFunc(c.Fields, func(f Field) bool { return s.columns[s.column(f.Name)].rule == "" })
}

// Difference is all that a document would change, in the order of Kinds and of the document.
type Difference []Change

// Compare finds what a document changes of what there is, and what keeps it from that.
func Compare(now, file *Document, m *Mistakes) Difference {
	c := comparison{m: m, known: map[Kind]map[string]Row{}, fixed: now.fixed}
	var changes Difference
	for _, s := range sheets() {
		c.known[s.kind] = make(map[string]Row, len(now.Rows[s.kind])+len(file.Rows[s.kind]))
		for _, row := range now.Rows[s.kind] {
			c.known[s.kind][s.key(row)] = row
		}
		lines := map[string]int{}
		for _, row := range file.Rows[s.kind] {
			key := s.key(row)
			if !c.whole(s, row) {
				continue // its key is wrong, and that is told
			}
			if first, twice := lines[key]; twice {
				m.add(file.Files[s.kind], row.Line, "twice", "key", strings.Join(row.cells[:s.keys], " "), "first", first)
				continue
			}
			lines[key] = row.Line
			if change, any := c.one(s, row, file.Files[s.kind]); any {
				changes = append(changes, change)
			}
		}
		if s.kind == Desks {
			changes = append(changes, c.along(now, changes)...)
		}
	}
	return changes
}

// along finds the desks that are closed or reopened with what they lie in, without a word of their own.
func (c *comparison) along(now *Document, changes Difference) (more Difference) {
	turned := map[Kind]map[string]bool{Departments: {}, Locations: {}} // what is closed or reopened
	own := map[string]bool{}
	for _, change := range changes {
		if change.What != Closed && change.What != Reopened {
			continue
		}
		if change.Kind == Desks {
			own[change.Key[0]] = true
			continue
		}
		turned[change.Kind][change.Key[0]] = true
	}
	if len(turned[Departments])+len(turned[Locations]) == 0 {
		return nil
	}
	before := comparison{known: map[Kind]map[string]Row{}}
	for _, s := range sheets()[:2] {
		before.known[s.kind] = map[string]Row{}
		for _, row := range now.Rows[s.kind] {
			before.known[s.kind][s.key(row)] = row
		}
	}
	s := sheetOf(Desks)
	for _, was := range now.Rows[Desks] {
		row := c.known[Desks][s.key(was)]
		shut := c.shut(row)
		if own[row.cells[0]] || before.shut(was) == shut {
			continue
		}
		with := s.of(row, colLocation)
		if department := s.of(row, colDepartment); turned[Departments][department] {
			with = department
		}
		more = append(more, Change{
			Kind: Desks, Key: []string{row.cells[0]}, What: instead(shut, Closed, Reopened), Fields: []Field{{Name: "with", To: with}}, along: true,
		})
	}
	slices.SortFunc(more, func(a, b Change) int { return strings.Compare(a.Key[0], b.Key[0]) })
	return more
}

// shut tells whether a desk takes no appointments.
func (c *comparison) shut(desk Row) bool {
	s := sheetOf(Desks)
	for _, above := range []struct {
		kind Kind
		code string
	}{{Departments, s.of(desk, colDepartment)}, {Locations, s.of(desk, colLocation)}} {
		if row, known := c.known[above.kind][above.code]; known && sheetOf(above.kind).of(row, colState) == closed {
			return true
		}
	}
	return s.of(desk, colState) == closed
}

type comparison struct {
	m     *Mistakes
	known map[Kind]map[string]Row // what there will be, as far as it was read
	fixed map[ruleAt]bool
}

// decidable tells whether nobody above a row has decided what a column says.
func (c *comparison) decidable(s sheet, row Row, col column) bool {
	return !c.fixed[ruleAt{rule: col.rule}] && !c.fixed[ruleAt{col.rule, s.of(row, colDepartment)}]
}

func (c *comparison) whole(s sheet, row Row) bool {
	for at := range s.keys {
		if !row.said(at) && s.columns[at].need {
			return false
		}
	}
	return true
}

// one compares a row with what there is.
func (c *comparison) one(s sheet, row Row, file string) (Change, bool) {
	key := s.key(row)
	before, exists := c.known[s.kind][key]
	if !exists {
		before = newRow(s, 0)
	}
	change := Change{Kind: s.kind, Key: append([]string(nil), row.cells[:s.keys]...), What: Added, Line: row.Line}
	after := Row{Line: row.Line, ID: before.ID, cells: append([]string(nil), row.cells...), has: row.has}
	for at, col := range s.columns {
		switch {
		case exists && !row.said(at):
			after.cells[at] = before.cells[at]
		case exists && col.fixed && row.cells[at] != before.cells[at]:
			c.m.add(file, row.Line, "fixed", "column", col.name, "from", shown(before.cells[at]))
			after.cells[at] = before.cells[at]
		case !exists && row.silent(at) && col.need:
			c.m.add(file, row.Line, "needed", "column", col.name)
		case !exists && !row.said(at):
			after.cells[at] = col.initial
		}
		if at >= s.keys && after.cells[at] != before.cells[at] {
			change.Fields = append(change.Fields, Field{Name: col.name, From: before.cells[at], To: after.cells[at]})
			if col.rule != "" && after.cells[at] != "" && !c.decidable(s, after, col) {
				c.m.add(file, row.Line, "decided_above", "column", col.name)
			}
		}
	}
	c.refer(s, after, file)
	if s.kind == Roles && !exists && s.of(after, colState) == taken {
		return change, false // nobody has it
	}
	c.known[s.kind][key] = after
	change.row = after
	if exists {
		change.What = s.whatChanges(before, after)
	}
	return change, !exists || len(change.Fields) > 0
}

func (s sheet) whatChanges(before, after Row) string {
	at := s.column(colState)
	switch {
	case before.cells[at] == after.cells[at]:
		return Changed
	case after.cells[at] == s.columns[at].words[0][0]:
		return Reopened
	}
	return Closed
}

// refer looks for what a row names in other tables.
func (c *comparison) refer(s sheet, row Row, file string) {
	want := func(kind Kind, column, mistake string) {
		code := s.of(row, column)
		if _, found := c.known[kind][code]; !found && code != "" {
			c.m.addIn(column, file, row.Line, mistake, "code", shown(code))
		}
	}
	switch s.kind {
	case Desks:
		want(Departments, colDepartment, "department_unknown")
		want(Locations, colLocation, "location_unknown")
	case Services:
		want(Departments, colDepartment, "department_unknown")
	case Roles:
		want(Staff, colEmail, "person_unknown")
		c.place(s, row, file)
	default:
	}
}

// place checks where a role is held.
func (c *comparison) place(s sheet, row Row, file string) {
	role, at, code := s.of(row, colRole), agency.Kind(s.of(row, colAt)), s.of(row, colPlace)
	if !staff.Role(role).Known(at) {
		c.m.addIn(colAt, file, row.Line, "role_level", "role", role, "at", string(at))
		return
	}
	kind := map[agency.Kind]Kind{agency.OfDepartment: Departments, agency.OfLocation: Locations, agency.OfDesk: Desks}[at]
	_, found := c.known[kind][code]
	switch {
	case at == agency.OfAgency && code != "":
		c.m.add(file, row.Line, "role_place", "column", colPlace, "at", string(at), "value", shown(code))
	case at != agency.OfAgency && code == "":
		c.m.add(file, row.Line, "empty", "column", colPlace)
	case at != agency.OfAgency && !found:
		c.m.addIn(colPlace, file, row.Line, string(at)+"_unknown", "code", shown(code))
	}
}

// Counts are how many things of a kind a document touches, by what it does to them.
type Counts map[Kind]countsOf

// Counts counts.
func (d Difference) Counts() Counts {
	counts := Counts{}
	for _, c := range d {
		if counts[c.Kind] == nil {
			counts[c.Kind] = countsOf{}
		}
		counts[c.Kind][c.What]++
	}
	return counts
}

// mostLines of each kind are printed or shown, unless everything is wanted.
const mostLines = 20

// first is what somebody sees before they take a document over: all that takes something away, as nobody can agree to what
// they have not seen, and of what is added or changed the beginning of each kind.
func (d Difference) first() Difference {
	shown, taken, rest := map[Kind]int{}, Difference{}, Difference{}
	for _, c := range d {
		switch {
		case c.What == Closed:
			taken = append(taken, c)
		case shown[c.Kind] < mostLines:
			rest = append(rest, c)
			shown[c.Kind]++
		}
	}
	return append(taken, rest...)
}

// String is the difference to read, all of it.
func (d Difference) String() string { return d.text(len(d)) }

// Short is the difference to read: all that is taken away, of the others the beginning of each kind.
func (d Difference) Short() string { return d.text(mostLines) }

func (d Difference) text(most int) string {
	if len(d) == 0 {
		return "Nothing changes.\n"
	}
	counts, printed, hidden := d.Counts(), map[Kind]int{}, map[Kind]int{}
	var b strings.Builder
	for i, c := range d {
		if i == 0 || d[i-1].Kind != c.Kind {
			b.WriteString(string(c.Kind) + ":" + counts[c.Kind].text() + "\n")
		}
		if c.What == Closed || printed[c.Kind] < most {
			b.WriteString("  " + c.text() + "\n")
		} else {
			hidden[c.Kind]++
		}
		if c.What != Closed {
			printed[c.Kind]++
		}
		if last := i == len(d)-1 || d[i+1].Kind != c.Kind; last && hidden[c.Kind] > 0 {
			fmt.Fprintf(&b, "  … and %d more\n", hidden[c.Kind])
		}
	}
	return b.String()
}

func (c Change) text() string {
	mark := map[string]string{Added: "+", Changed: "~", Closed: "-", Reopened: "^"}[c.What]
	parts := []string{mark + " " + strings.TrimSpace(strings.Join(c.Key, " "))}
	for _, f := range c.Fields {
		switch {
		case c.along:
			parts = append(parts, "with "+f.To)
		case c.What == Added && f.To == "":
		case c.What == Added:
			parts = append(parts, fmt.Sprintf("%s %q", f.Name, f.To))
		default:
			parts = append(parts, fmt.Sprintf("%s %q → %q", f.Name, f.From, f.To))
		}
	}
	return strings.Join(parts, "  ")
}

func (counts countsOf) text() string {
	var parts []string
	for _, what := range []string{Added, Changed, Closed, Reopened} {
		if n := counts[what]; n > 0 {
			parts = append(parts, fmt.Sprintf(" %d %s", n, what))
		}
	}
	return strings.Join(parts, ",")
}

type countsOf map[string]int
