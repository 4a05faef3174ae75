package internal_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// acrossAgencies are the statements of features that touch rows of more than one agency on purpose, each by its
// beginning, with the reason.
var acrossAgencies = map[string]string{
	"internal/seat: SELECT DISTINCT agency_id, seat_id FROM seat_presence WHERE node_id = $1": "a node that died served all agencies",
	"internal/seat: DELETE FROM node":                                                 "a node that died served all agencies",
	"internal/talk: SELECT talk_leg.agency_id, talk_leg.browser_sealed FROM talk_leg": "the relay knows no agencies; the leg's name is unguessable",
}

func TestTEN01EveryStatementOfAFeatureNamesTheAgency(t *testing.T) {
	tables := agencyTables(t)
	if len(tables) < 15 {
		t.Fatalf("only %v belong to an agency: the test reads the schema wrongly", tables)
	}
	used := map[string]bool{}
	seen := 0
	for _, room := range append(slices.Clone(features), "internal/demo") {
		for at, query := range statements(t, room) {
			seen++
			fault := unscoped(query, tables)
			if fault == "" {
				continue
			}
			if known := exception(room, query); known != "" {
				used[known] = true
				continue
			}
			t.Errorf("%s: %s: %s", at, fault, query)
		}
	}
	if seen < 60 {
		t.Errorf("only %d statements found: the test looks in the wrong place", seen)
	}
	for known := range acrossAgencies {
		if !used[known] {
			t.Errorf("no statement needs the exception %q", known)
		}
	}
}

func exception(room, query string) string {
	for known := range acrossAgencies {
		if strings.HasPrefix(room+": "+query, known) {
			return known
		}
	}
	return ""
}

// The rule itself can fail.
func TestAStatementWithoutItsAgencyIsFound(t *testing.T) {
	tables := agencyTables(t)
	for query, found := range map[string]bool{
		`SELECT id FROM seat WHERE id = $1`:                                                                              true,
		`SELECT id FROM seat WHERE agency_id = $1 AND id = $2`:                                                           false,
		`SELECT agency_id FROM seat WHERE id = $1`:                                                                       true,
		`DELETE FROM seat`:                                                                                               true,
		`UPDATE seat SET agency_id = $1 WHERE id = $2`:                                                                   true,
		`INSERT INTO seat (id, state) VALUES ($1, $2)`:                                                                   true,
		`INSERT INTO desk (id, agency_id) SELECT $1, $2 FROM department WHERE id = $3`:                                   true,
		`INSERT INTO seat (id, agency_id) VALUES ($1, $2)`:                                                               false,
		`SELECT seat.id FROM seat JOIN talk ON talk.seat_id = seat.id WHERE seat.agency_id = $1`:                         true,
		`SELECT seat.id FROM seat JOIN talk ON talk.agency_id = seat.agency_id WHERE seat.agency_id = $1`:                false,
		`SELECT id FROM seat WHERE agency_id = $1 UNION SELECT id FROM talk WHERE id = $2`:                               true,
		`SELECT id FROM node WHERE lease_until < $1`:                                                                     false,
		`SELECT COUNT(*) FROM seat WHERE agency_id = $1 AND desk_id IN (SELECT desk_id FROM staff_desk WHERE desk = $2)`: true,
	} {
		if got := unscoped(query, tables) != ""; got != found {
			t.Errorf("%v: %s", got, query)
		}
	}
}

var (
	space     = regexp.MustCompile(`\s+`)
	statement = regexp.MustCompile(`^(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH) `)
	named     = regexp.MustCompile(`\b(?:FROM|JOIN|INTO|UPDATE) ([a-z_]+)`)
	listed    = regexp.MustCompile(`\bFROM [a-z_]+, ([a-z_]+)`)
	created   = regexp.MustCompile(`(?s)CREATE TABLE (\w+) \((.*?)\n\)`)
	column    = regexp.MustCompile(`(?m)^    (\w+) +(?:TEXT|BIGINT|BYTEA|BOOLEAN)`)
)

// unscoped says what is wrong with a statement. Each part of a UNION stands for itself; a table that is joined without
// its agency could bring another's rows, and so could one in a subquery.
func unscoped(query string, tables []string) string {
	if strings.HasPrefix(query, "INSERT INTO") {
		into, read, copies := strings.Cut(query, " SELECT ")
		switch {
		case slices.Contains(tables, named.FindStringSubmatch(into)[1]) && !strings.Contains(into, "agency_id"):
			return "inserts without agency_id"
		case !copies:
			return ""
		}
		query = "SELECT " + read
	}
	for part := range strings.SplitSeq(query, " UNION ") {
		touched := 0
		for _, found := range append(named.FindAllStringSubmatch(part, -1), listed.FindAllStringSubmatch(part, -1)...) {
			if slices.Contains(tables, found[1]) {
				touched++
			}
		}
		before, condition, _ := strings.Cut(part, " WHERE ")
		for i, join := range strings.Split(before, " JOIN ") {
			table, _, _ := strings.Cut(join, " ")
			if i == 0 || !slices.Contains(tables, table) {
				continue
			}
			touched--
			if !strings.Contains(join, "agency_id") {
				return table + " is joined without agency_id"
			}
		}
		if touched > 0 && strings.Count(condition, "agency_id") < touched {
			return fmt.Sprintf("%d tables of an agency, and not as many conditions on agency_id", touched)
		}
	}
	return ""
}

func schema(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob("db/migrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	columns := map[string][]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range created.FindAllStringSubmatch(string(text), -1) {
			for _, c := range column.FindAllStringSubmatch(table[2], -1) {
				columns[table[1]] = append(columns[table[1]], c[1])
			}
		}
	}
	return columns
}

// agencyTables are those whose rows belong to an agency.
func agencyTables(t *testing.T) []string {
	t.Helper()
	var tables []string
	for name, columns := range schema(t) {
		if slices.Contains(columns, "agency_id") {
			tables = append(tables, name)
		}
	}
	return tables
}

func TestMIN08NoColumnIsMadeForAnAddress(t *testing.T) {
	words := regexp.MustCompile(`(^|_)(ip|ips|addr|addresses?|host|network|remote|peer|forwarded|prefix|agent|user_agent|device|location_lat)(_|$)`)
	for table, columns := range schema(t) {
		for _, name := range columns {
			if words.MatchString(name) {
				t.Errorf("%s.%s", table, name)
			}
		}
	}
	if !words.MatchString("client_ip") || !words.MatchString("remote_address") {
		t.Error("the rule finds nothing")
	}
}

// What a citizen says of itself has one place in each table, sealed.
func TestTEN04NoColumnHoldsACitizensFieldsInTheOpen(t *testing.T) {
	personal := regexp.MustCompile(`citizen|guest_name|birth|note|comment|topic|phone|email|street|(^|_)name$`)
	open := map[string]string{
		"agency.name": "the office", "agency.phone": "the office", "agency.phone_hours": "the office", "department.name": "the office",
		"policy.name": "of a rule", "location.name": "the office", "location.phone": "the office", "desk.name": "the office", "service.name": "the office",
		"stream.topic": "a kind and an id", "stream_change.topic": "a kind and an id",
		"staff.email": "an employee's, who signs in with it", "staff.name": "an employee's",
	}
	seen := map[string]bool{}
	for table, columns := range schema(t) {
		for _, name := range columns {
			full := table + "." + name
			if !personal.MatchString(name) || strings.HasSuffix(name, "_sealed") {
				continue
			}
			seen[full] = true
			if open[full] == "" {
				t.Errorf("%s is not sealed", full)
			}
		}
	}
	for full := range open {
		if !seen[full] {
			t.Errorf("no column %s", full)
		}
	}
}

// statements are the SQL texts that a package passes to functions, constants put together, by their place.
func statements(t *testing.T, room string) map[string]string {
	t.Helper()
	found := map[string]string{}
	files, err := filepath.Glob(filepath.Join("..", room, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	set := token.NewFileSet()
	var parsed []*ast.File
	constants := map[string]ast.Expr{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, file)
		maps.Copy(constants, constantsOf(file))
	}
	for _, file := range parsed {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			for _, argument := range call.Args {
				text := strings.TrimSpace(space.ReplaceAllString(valueOf(argument, constants, 0), " "))
				if statement.MatchString(text) {
					found[set.Position(argument.Pos()).String()] = text
				}
			}
			return true
		})
	}
	return found
}

func constantsOf(file *ast.File) map[string]ast.Expr {
	out := map[string]ast.Expr{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if ok && len(spec.Names) == len(spec.Values) {
			for i, name := range spec.Names {
				out[name.Name] = spec.Values[i]
			}
		}
		return true
	})
	return out
}

// valueOf reads a text as far as it is written in the source.
func valueOf(e ast.Expr, constants map[string]ast.Expr, depth int) string {
	switch v := e.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(v.Value); err == nil && v.Kind == token.STRING {
			return text
		}
	case *ast.BinaryExpr:
		return valueOf(v.X, constants, depth) + valueOf(v.Y, constants, depth)
	case *ast.ParenExpr:
		return valueOf(v.X, constants, depth)
	case *ast.Ident:
		if value, ok := constants[v.Name]; ok && depth < 5 {
			return valueOf(value, constants, depth+1)
		}
	}
	return ""
}
