package app

import (
	"encoding"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"visavis/internal/admin"
	"visavis/internal/agency"
	"visavis/internal/auditlog"
	"visavis/internal/receipt"
	"visavis/internal/scim"
	"visavis/internal/seat"
	"visavis/internal/staff"
	"visavis/internal/talk"
	"visavis/internal/today"
)

const protocolPage = "../../docs/protocol.md"

// documented are the structures that the document has by name.
var documented = map[string]reflect.Type{
	"PublicAgency": reflect.TypeFor[agency.Public](), "GuestView": reflect.TypeFor[seat.GuestView](),
	"Me": reflect.TypeFor[staff.Me](), "Ways": reflect.TypeFor[staff.Ways](), "OwnAccount": reflect.TypeFor[staff.OwnAccount](),
	"Row": reflect.TypeFor[today.Row](), "Task": reflect.TypeFor[today.Task](), "Late": reflect.TypeFor[today.Late](), "Transfer": reflect.TypeFor[today.Transfer](),
	"TalkView": reflect.TypeFor[talk.View](), "Waiting": reflect.TypeFor[talk.Others](),
	"Directory": reflect.TypeFor[scim.Directory](), "AuditEntry": reflect.TypeFor[auditlog.Entry](),
	"Place": reflect.TypeFor[admin.Place](), "PlaceView": reflect.TypeFor[admin.PlaceView](),
	"Account": reflect.TypeFor[admin.Account](), "PersonView": reflect.TypeFor[admin.PersonView](),
	"RuleView": reflect.TypeFor[admin.RuleView](), "Approval": reflect.TypeFor[admin.ApprovalView](),
	"Change": reflect.TypeFor[admin.Change](), "Statement": reflect.TypeFor[receipt.Statement](),
}

// TestTheProtocolTellsEveryFieldOfWhatIsAnswered reads the structures of the document and holds them against the types that
// are written: each name, and whether it may be absent, in both directions.
func TestTheProtocolTellsEveryFieldOfWhatIsAnswered(t *testing.T) {
	text, err := os.ReadFile(protocolPage)
	if err != nil {
		t.Fatal(err)
	}
	found := structures(string(text))
	for name, is := range documented {
		said, known := found[name]
		if !known {
			t.Errorf("%s is not in %s", name, protocolPage)
			continue
		}
		compare(t, name, said, is)
	}
}

// shape is what a document says of a structure: its fields, those with a "?" too, each with what it says of theirs.
type shape map[string]*saidField

type saidField struct {
	optional bool
	of       shape
}

func compare(t *testing.T, at string, said shape, is reflect.Type) {
	t.Helper()
	written := fieldsOf(is)
	for _, name := range slices.Sorted(maps.Keys(written)) {
		f, known := said[name]
		if !known {
			t.Errorf("%s.%s is answered and not told", at, name)
			continue
		}
		if f.optional != written[name].optional {
			t.Errorf("%s.%s: told as optional %t, answered so %t", at, name, f.optional, written[name].optional)
		}
		inner := written[name].of
		if inner.Kind() != reflect.Struct || slices.Contains(slices.Collect(maps.Values(documented)), inner) {
			continue
		}
		compare(t, at+"."+name, f.of, inner)
	}
	for _, name := range slices.Sorted(maps.Keys(said)) {
		if _, known := written[name]; !known {
			t.Errorf("%s.%s is told and not answered", at, name)
		}
	}
}

type writtenField struct {
	optional bool
	of       reflect.Type // of each, where there are several
}

// fieldsOf are the JSON fields of a type, but for those of an embedded one that has a name of its own in the document.
func fieldsOf(is reflect.Type) map[string]writtenField {
	fields := map[string]writtenField{}
	for f := range is.Fields() {
		tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && slices.Contains(slices.Collect(maps.Values(documented)), f.Type):
		case f.Anonymous:
			maps.Copy(fields, fieldsOf(f.Type))
		case f.IsExported() && tag != "-":
			fields[tag] = writtenField{strings.HasPrefix(options, "omit"), element(f.Type)}
		}
	}
	return fields
}

func element(is reflect.Type) reflect.Type {
	for is.Kind() == reflect.Pointer || is.Kind() == reflect.Slice {
		is = is.Elem()
	}
	if is.Implements(reflect.TypeFor[encoding.TextMarshaler]()) {
		return reflect.TypeFor[string]()
	}
	return is
}

var (
	block   = regexp.MustCompile("(?s)```ts\n(.*?)```")
	aside   = regexp.MustCompile(`//[^\n]*|/\*.*?\*/|"[^"]*"|\([^()]*\)`)
	heading = regexp.MustCompile(`(?m)^(\w+)(?: extends \w+)? \{`)
	key     = regexp.MustCompile(`^\s*(\w+)(\??)`)
)

// structures are all that the document's blocks describe.
func structures(text string) map[string]shape {
	found := map[string]shape{}
	for _, b := range block.FindAllStringSubmatch(text, -1) {
		plain := aside.ReplaceAllString(b[1], "")
		for _, at := range heading.FindAllStringSubmatchIndex(plain, -1) {
			found[plain[at[2]:at[3]]], _ = read(plain[at[1]:])
		}
	}
	return found
}

// read takes fields up to the brace that ends them, and returns what comes after it.
func read(text string) (shape, string) {
	fields := shape{}
	var last *saidField
	for text != "" {
		if k := key.FindStringSubmatch(text); k != nil {
			last = &saidField{optional: k[2] == "?"}
			fields[k[1]] = last
		}
		end := strings.IndexAny(text, ",|{}")
		if end < 0 {
			return fields, ""
		}
		mark := text[end]
		text = text[end+1:]
		for mark == '{' { // of the last one, and what follows up to the next
			last.of, text = read(text)
			if end = strings.IndexAny(text, ",|{}"); end < 0 {
				return fields, ""
			}
			mark, text = text[end], text[end+1:]
		}
		if mark == '}' {
			return fields, text
		}
	}
	return fields, ""
}

// refusal is where the server names one.
var refusal = regexp.MustCompile(`(?:NewProblem|refuse|refused|invalid)\((?:http\.\w+, )?"([a-z_]+\.[a-z_]+)"`)

// TestTheProtocolTellsEveryRefusal looks for the codes in the program's own text.
func TestTheProtocolTellsEveryRefusal(t *testing.T) {
	text, err := os.ReadFile(protocolPage)
	if err != nil {
		t.Fatal(err)
	}
	codes := 0
	for _, room := range []string{"admin", "agency", "appointment", "auditlog", "edge", "health", "receipt", "scim", "seat", "staff", "talk", "today"} {
		files, err := os.ReadDir("../" + room)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
				continue
			}
			source, err := os.ReadFile("../" + room + "/" + file.Name())
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range refusal.FindAllSubmatch(source, -1) {
				codes++
				if string(m[1]) == "seat.state" { // of a state that there is not
					continue
				}
				if !strings.Contains(string(text), "`"+string(m[1])) {
					t.Errorf("%s/%s refuses with %s, and %s does not tell", room, file.Name(), m[1], protocolPage)
				}
			}
		}
	}
	if codes < 100 {
		t.Errorf("only %d refusals were found", codes)
	}
}
