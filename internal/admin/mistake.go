package admin

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"visavis/locales"
)

// Mistake is something in a file that keeps it from being imported.
type Mistake struct {
	File   string         `json:"file"`
	Kind   Kind           `json:"kind,omitempty" doc:"What the table is about, where the file is one."`
	Line   int            `json:"line" doc:"0: the whole file."`
	Code   string         `json:"code" doc:"Its sentence is import.{code} in the catalogue."`
	Params map[string]any `json:"params,omitempty" doc:"What the sentence names; a column as the file calls it."`
	column string         // that it is about; empty: the whole line
}

// mostMistakes are told at once: who has made more has made one of them everywhere.
const mostMistakes = 100

// Mistakes are those of a document, in the order in which they were found.
type Mistakes struct {
	List  []Mistake
	More  int // that are not told
	heads map[Kind]head
}

func (m *Mistakes) add(file string, line int, code string, params ...any) {
	if len(m.List) == mostMistakes {
		m.More++
		return
	}
	found := Mistake{File: file, Line: line, Code: code}
	if extension(file) == ".csv" {
		found.Kind, _ = kindOf(file)
	}
	for i := 0; i+1 < len(params); i += 2 {
		if found.Params == nil {
			found.Params = map[string]any{}
		}
		found.Params[fmt.Sprint(params[i])] = params[i+1]
	}
	found.column, _ = found.Params["column"].(string)
	m.List = append(m.List, found)
}

// addIn notes what is about a column that its sentence does not name.
func (m *Mistakes) addIn(column, file string, line int, code string, params ...any) {
	before := len(m.List)
	m.add(file, line, code, params...)
	if len(m.List) > before {
		m.List[before].column = column
	}
}

// read notes how a table calls its columns. What was read is not changed: there may be an earlier state to come back to.
func (m *Mistakes) read(h head) {
	heads := maps.Clone(m.heads)
	if heads == nil {
		heads = map[Kind]head{}
	}
	heads[h.sheet.kind] = h
	m.heads = heads
}

func (m *Mistakes) any() bool { return len(m.List) > 0 }

// Sorted are the mistakes as somebody goes through them: table by table in the order of Kinds, each from its top, and each
// line from its beginning. They speak as the table does.
func (m *Mistakes) Sorted() []Mistake {
	order := Kinds() // what is no table comes first
	list := slices.Clone(m.List)
	slices.SortStableFunc(list, func(a, b Mistake) int {
		return cmp.Or(
			cmp.Compare(slices.Index(order, a.Kind), slices.Index(order, b.Kind)), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(m.heads[a.Kind].position(a.column), m.heads[b.Kind].position(b.column)))
	})
	for i, one := range list {
		if h, read := m.heads[one.Kind]; read {
			list[i].Params = h.said(one)
		}
	}
	return list
}

// mostShown of a cell is repeated in a mistake.
const mostShown = 40

func shown(value string) string {
	clean := strings.Map(func(r rune) rune {
		if forbidden(r) {
			return '�'
		}
		return r
	}, value)
	if runes := []rune(clean); len(runes) > mostShown {
		return string(runes[:mostShown]) + "…"
	}
	return clean
}

// Sentences are the mistakes in words, one a line.
func (m *Mistakes) Sentences(language string) (string, error) {
	text, err := fs.ReadFile(locales.Files, language+"/import.json")
	if err != nil {
		return "", fmt.Errorf("read texts of the import: %w", err)
	}
	var catalogue map[string]string
	if err := json.Unmarshal(text, &catalogue); err != nil {
		return "", fmt.Errorf("read texts of the import: %w", err)
	}
	fill := func(key string, params map[string]any) string {
		var pairs []string
		for name, value := range params {
			pairs = append(pairs, "{"+name+"}", fmt.Sprint(value))
		}
		return strings.NewReplacer(pairs...).Replace(catalogue[key])
	}
	var b strings.Builder
	for _, one := range m.Sorted() {
		at := "import.at_file"
		if one.Line > 0 {
			at = "import.at_line"
		}
		if one.File != "" {
			b.WriteString(fill(at, map[string]any{"file": one.File, "line": one.Line}) + " ")
		}
		b.WriteString(fill("import."+one.Code, one.Params) + "\n")
	}
	if m.More > 0 {
		b.WriteString(fill("import.more", map[string]any{"count": m.More}) + "\n")
	}
	return b.String(), nil
}
