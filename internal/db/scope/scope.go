// Package scope tells of an SQL statement whether it keeps to the rows of one agency: whether each table of which rows
// belong to an agency is held, by a condition that nothing else can take back, to the agency that the statement was given.
//
// It is for tests: of all texts that are written in the source (package internal), and of all statements that tests run
// (package dbtest). It reads as much of SQL as Visavis uses, keywords in capitals, and is strict about what it does not
// understand. It knows nothing of Go, and no database.
package scope

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Rule is what is asked of statements.
type Rule struct {
	tables map[string]bool // those whose rows belong to an agency
}

// Of returns the rule for the tables that have a column agency_id.
func Of(tables []string) Rule {
	r := Rule{map[string]bool{}}
	for _, table := range tables {
		r.tables[table] = true
	}
	return r
}

// agencies is the table whose id is the agency.
const agencies = "agency"

var (
	about = regexp.MustCompile(`\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|FROM|JOIN|ON CONFLICT) |^\W*OR `)
	small = regexp.MustCompile(`^(select .* from \w|insert into \w+ ?\(|update \w+ set |delete from \w+ )`)
)

// Statement tells whether a text can be a statement, or a part of one that says which rows are meant.
func Statement(text string) bool {
	line := strings.Join(strings.Fields(text), " ") + " "
	return about.MatchString(line) || small.MatchString(line)
}

// Fault says what is wrong with a statement or a part of one; empty: nothing. A part is held to what it says itself, as
// nobody knows what it will be put into.
func (r Rule) Fault(text string) string {
	c := &check{rule: r, given: map[string]bool{}}
	if small.MatchString(strings.Join(strings.Fields(text), " ") + " ") {
		c.fault("is not read: its keywords are not in capitals")
	}
	c.text(parse(text))
	if len(c.faults) == 0 && len(c.given) > 1 {
		c.fault("is given two agencies")
	}
	return strings.Join(c.faults, "; ")
}

type check struct {
	rule   Rule
	part   bool            // of a statement: names may come from what is not seen
	given  map[string]bool // the parameters that are the agency
	faults []string
}

func (c *check) fault(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(c.faults, text) {
		c.faults = append(c.faults, text)
	}
}

func (c *check) text(nodes []node) {
	at := slices.IndexFunc(nodes, func(n node) bool { return n.is("SELECT", "INSERT", "UPDATE", "DELETE", "WITH") })
	c.part = at < 0 || slices.ContainsFunc(nodes[:at], func(n node) bool { return n.is("FROM", "JOIN", "WHERE", "ON", "SET", "AND", "OR") })
	if c.part && (len(nodes) > 0 && nodes[0].is("OR") || len(nodes) > 1 && nodes[0].isHole() && nodes[1].is("OR")) {
		c.fault("a part that begins with OR takes back what stands before it")
	}
	c.statement(nodes, nil)
}

// statement checks what a UNION puts together, each part for itself.
func (c *check) statement(nodes []node, outer *query) {
	begun := 0
	for i := 0; i <= len(nodes); i++ {
		if i == len(nodes) || nodes[i].is("UNION", "INTERSECT", "EXCEPT") {
			c.query(nodes[begun:i], outer)
			begun = i + 1
		}
	}
}

// query is one part, with the tables that it names.
type query struct {
	outer   *query
	into    string // the table that is written to; empty: none that is seen
	sources []*source
	bonds   []bond
}

// source is a table by the name that it has in a query.
type source struct {
	table, name string
	owned       bool // its rows belong to an agency
	held        bool // to the agency that was given
}

// bond says that one source has the agency of the other, and so is held if that is.
type bond struct{ holds, by *source }

func (c *check) query(nodes []node, outer *query) {
	q := &query{outer: outer}
	for i := 0; i < len(nodes); {
		i = c.clause(q, nodes, i)
	}
	for _, n := range nodes {
		c.within(n, q)
	}
	c.judge(q)
}

// within checks the statements inside of an expression.
func (c *check) within(n node, q *query) {
	if n.group == nil {
		return
	}
	if slices.ContainsFunc(n.group, func(n node) bool { return n.is("SELECT", "WITH", "INSERT", "UPDATE", "DELETE") }) {
		c.statement(n.group, q)
		return
	}
	for _, inner := range n.group {
		c.within(inner, q)
	}
}

// clause reads one clause and returns where the next begins.
func (c *check) clause(q *query, nodes []node, i int) int {
	n := nodes[i]
	switch {
	case n.is("INSERT"):
		return c.insert(q, nodes, i)
	case n.is("UPDATE") && !follows(nodes, i, "SET") && (i == 0 || !nodes[i-1].is("FOR")):
		return c.from(q, nodes, i+1, "")
	case n.is("FROM", "USING"):
		return c.from(q, nodes, i+1, "")
	case n.is("JOIN"):
		return c.from(q, nodes, i+1, kindOfJoin(nodes[:i]))
	case n.is("SET"):
		return c.set(nodes, i+1)
	case n.is("WHERE"):
		end := clauseEnd(nodes, i+1)
		c.holds(q, nodes[i+1:end], nil)
		return end
	case n.is("ON") && follows(nodes, i, "CONFLICT"):
		return c.conflict(q, nodes, i+2)
	}
	return i + 1
}

func follows(nodes []node, i int, word string) bool { return i+1 < len(nodes) && nodes[i+1].is(word) }

// insert reads the table and its columns. A table that is written to is held by naming the column; which agency that is
// given, the caller answers for.
func (c *check) insert(q *query, nodes []node, i int) int {
	i += 2 // INSERT INTO
	if i >= len(nodes) {
		return i
	}
	table, next := nodes[i].text, i+1
	if next < len(nodes) && nodes[next].isHole() && nodes[next].tight {
		table, next = string(Hole), next+1
	}
	q.into = table
	if !c.owned(table) {
		return next
	}
	if next >= len(nodes) || !names(nodes[next].group, "agency_id") {
		c.fault("inserts into %s without agency_id", table)
	}
	return next
}

// conflict reads what an insertion does where there is such a row: which may be another agency's.
func (c *check) conflict(q *query, nodes []node, i int) int {
	if q.into != "" && !c.owned(q.into) || i+2 >= len(nodes) || !nodes[i+1].is("DO") || !nodes[i+2].is("UPDATE") || names(nodes[i].group, "agency_id") {
		return i + 1
	}
	for at := i + 3; at < len(nodes); at++ {
		if nodes[at].is("WHERE") && sameAsInserted(nodes[at+1:clauseEnd(nodes, at+1)]) {
			return i + 1
		}
	}
	c.fault("changes a row that another agency may have: ON CONFLICT without agency_id")
	return i + 1
}

// sameAsInserted finds "….agency_id = excluded.agency_id".
func sameAsInserted(condition []node) bool {
	found := false
	for i := range condition {
		found = found || i+4 < len(condition) && condition[i].is("agency_id") && condition[i+1].is("=") &&
			condition[i+2].is("excluded") && condition[i+4].is("agency_id")
	}
	return found && !slices.ContainsFunc(condition, func(n node) bool { return n.is("OR") })
}

func names(group []node, column string) bool {
	return slices.ContainsFunc(group, func(n node) bool { return n.text == column })
}

// set reads what is assigned.
func (c *check) set(nodes []node, i int) int {
	end := clauseEnd(nodes, i)
	for at := i; at+1 < end; at++ {
		if nodes[at].is("agency_id") && nodes[at+1].is("=") && (at == i || nodes[at-1].is(",")) {
			c.fault("gives rows to another agency")
		}
	}
	return end
}

// from reads tables up to the next clause: one, or several with commas, or one that is joined, with its condition.
func (c *check) from(q *query, nodes []node, i int, join string) int {
	for i < len(nodes) && !endsClause(nodes[i]) {
		for i < len(nodes) && nodes[i].is("ONLY", "LATERAL") {
			i++
		}
		if i >= len(nodes) {
			break
		}
		table, name, next := c.table(nodes, i)
		s := &source{table: table, name: name, owned: c.owned(table)}
		q.sources = append(q.sources, s)
		i = next
		if i < len(nodes) && nodes[i].is("ON") && !follows(nodes, i, "CONFLICT") {
			end := conditionEnd(nodes, i+1)
			var only *source
			switch join {
			case "LEFT":
				only = s
			case "RIGHT", "FULL":
				c.fault("joins %s in a way that is not read: rows of it come without the condition", table)
			}
			c.holds(q, nodes[i+1:end], only)
			i = end
		}
		if i+1 < len(nodes) && nodes[i].is("USING") && nodes[i+1].group != nil {
			if names(nodes[i+1].group, "agency_id") {
				q.sameAgency(s)
			}
			i += 2
		}
		if i < len(nodes) && nodes[i].is(",") {
			i, join = i+1, ""
			continue
		}
		for i < len(nodes) && (nodes[i].is("LEFT", "RIGHT", "FULL", "OUTER", "INNER", "CROSS", "NATURAL") || nodes[i].isHole()) {
			i++
		}
		if i < len(nodes) && nodes[i].is("JOIN") {
			join = kindOfJoin(nodes[:i])
			i++
			continue
		}
		return i
	}
	return i
}

// sameAgency is what USING says of a table and the one before it.
func (q *query) sameAgency(s *source) {
	if n := len(q.sources); n > 1 {
		before := q.sources[n-2]
		q.bonds = append(q.bonds, bond{s, before}, bond{before, s})
	}
}

func kindOfJoin(before []node) string {
	for _, n := range slices.Backward(before) {
		switch {
		case n.is("OUTER"):
		case n.is("LEFT", "RIGHT", "FULL", "INNER", "CROSS"):
			return n.text
		default:
			return ""
		}
	}
	return ""
}

// table reads a table and the name that it is given; next is what follows both.
func (c *check) table(nodes []node, i int) (table, name string, next int) {
	n := nodes[i]
	next = i + 1
	switch {
	case n.group != nil: // what is read there is checked there
		if !slices.ContainsFunc(n.group, func(n node) bool { return n.is("SELECT", "VALUES", "WITH") || n.isHole() }) {
			c.fault("names tables in parentheses, which are not read")
		}
	case next < len(nodes) && nodes[next].isHole() && nodes[next].tight:
		table, next = string(Hole), next+1
	case next < len(nodes) && nodes[next].group != nil && nodes[next].tight: // a function
		next++
	default:
		table = n.text
	}
	name = table
	if next < len(nodes) && nodes[next].is("AS") {
		next++
	}
	if next < len(nodes) && nodes[next].isName() {
		name, next = nodes[next].text, next+1
	}
	return table, name, next
}

func (c *check) owned(table string) bool { return table == string(Hole) || c.rule.tables[table] }

func endsClause(n node) bool {
	return n.is("WHERE", "GROUP", "ORDER", "LIMIT", "OFFSET", "HAVING", "RETURNING", "SET", "FOR", "WINDOW", "VALUES", "SELECT", "FROM", "ON")
}

func clauseEnd(nodes []node, i int) int {
	for i < len(nodes) && (!endsClause(nodes[i]) || i > 0 && nodes[i].is("FROM") && nodes[i-1].is("DISTINCT")) {
		i++
	}
	return i
}

func conditionEnd(nodes []node, i int) int {
	for i < len(nodes) && !endsClause(nodes[i]) && !nodes[i].is("JOIN", "LEFT", "RIGHT", "FULL", "INNER", "CROSS", "NATURAL", ",") {
		i++
	}
	return i
}

// holds reads the conditions that hold together. One of an OR holds nothing. Where only is given, as in an outer join,
// that source alone is held: rows of the other come without it.
func (c *check) holds(q *query, nodes []node, only *source) {
	if slices.ContainsFunc(nodes, func(n node) bool { return n.is("OR") }) {
		return
	}
	begun := 0
	for i := 0; i <= len(nodes); i++ {
		if i == len(nodes) || nodes[i].is("AND") {
			c.condition(q, nodes[begun:i], only)
			begun = i + 1
		}
	}
}

func (c *check) condition(q *query, nodes []node, only *source) {
	for i, n := range nodes { // what is put in follows the condition, and begins another
		if n.isHole() && i > 0 && !nodes[i-1].is("=", "$") {
			nodes = nodes[:i]
			break
		}
	}
	if len(nodes) == 1 && nodes[0].group != nil {
		c.holds(q, nodes[0].group, only)
		return
	}
	at := slices.IndexFunc(nodes, func(n node) bool { return n.is("=") })
	if at < 0 {
		return
	}
	left, right := c.side(q, nodes[:at]), c.side(q, nodes[at+1:])
	for _, pair := range [][2]side{{left, right}, {right, left}} {
		one, other := pair[0], pair[1]
		switch {
		case one.source == nil || only != nil && one.source != only || !slices.Contains(q.sources, one.source):
		case other.source != nil:
			q.bonds = append(q.bonds, bond{one.source, other.source})
		case other.given != "":
			if !one.source.held { // else it is one of both that are given
				c.given[other.given] = true
			}
			one.source.held = true
		case other.unseen:
			one.source.held = true
		}
	}
}

// side is what stands on one side of an equality: the agency of a source, or the one that was given.
type side struct {
	source *source
	given  string
	unseen bool // of a table that stands in another part of the statement
}

func (c *check) side(q *query, nodes []node) side {
	switch {
	case len(nodes) == 1 && (nodes[0].isParameter() || nodes[0].isHole()):
		return side{given: nodes[0].text}
	case len(nodes) == 2 && nodes[0].is("$") && nodes[1].isHole():
		return side{given: nodes[1].text}
	case len(nodes) == 1 && nodes[0].is("agency_id"):
		return side{source: q.only()}
	case len(nodes) == 3 && nodes[1].is("."):
		s := q.named(nodes[0].text)
		switch {
		case s == nil:
			return side{unseen: c.part && nodes[2].is("agency_id")}
		case nodes[2].is("agency_id") && (s.owned || s.table == ""), nodes[2].is("id") && s.table == agencies:
			return side{source: s}
		}
	}
	return side{}
}

// only is the source whose column needs no name before it.
func (q *query) only() (only *source) {
	for _, s := range q.sources {
		if s.owned && only != nil {
			return nil
		}
		if s.owned {
			only = s
		}
	}
	return only
}

func (q *query) named(name string) *source {
	for ; q != nil; q = q.outer {
		for _, s := range q.sources {
			if s.name == name {
				return s
			}
		}
	}
	return nil
}

// judge follows the bonds. What the statement around says of its tables is judged there; what was read in parentheses,
// where it stands.
func (c *check) judge(q *query) {
	safe := func(s *source) bool {
		return s.held || s.table == "" || !slices.Contains(q.sources, s) && s.owned
	}
	for changed := true; changed; {
		changed = false
		for _, b := range q.bonds {
			if !b.holds.held && safe(b.by) {
				b.holds.held, changed = true, true
			}
		}
	}
	for _, s := range q.sources {
		if s.owned && !s.held {
			c.fault("%s is not held to the agency", strings.TrimSpace(s.table+" "+strings.TrimPrefix(s.name, s.table)))
		}
	}
}
