package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"sort"
	"unicode/utf8"
)

// reader walks through a JSON document and knows in which line it is.
type reader struct {
	file  string
	ends  []int // of the lines
	next  *json.Decoder
	m     *Mistakes
	count int
}

var errShape = errors.New("not the shape of a document")

// readJSON reads {"departments": [{"code": …}, …], …}.
func readJSON(file string, data []byte, m *Mistakes) *Document {
	d := newDocument()
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) {
		m.add(file, 0, "json_encoding")
		return d
	}
	if !readable(file, data, m) {
		return d
	}
	r := &reader{file: file, next: json.NewDecoder(bytes.NewReader(data)), m: m}
	r.next.UseNumber()
	for i, c := range data {
		if c == '\n' {
			r.ends = append(r.ends, i)
		}
	}
	err := r.document(d)
	if err == nil {
		if _, more := r.next.Token(); !errors.Is(more, io.EOF) {
			err = errShape
		}
	}
	if err != nil && !errors.Is(err, errStop) {
		m.add(file, r.line(), "json")
	}
	return d
}

// errStop ends reading where the mistake is told already.
var errStop = errors.New("stop")

func (r *reader) line() int { return 1 + sort.SearchInts(r.ends, int(r.next.InputOffset())) }

func (r *reader) expect(want json.Delim) error {
	token, err := r.next.Token()
	if err != nil {
		return err
	}
	if token != want {
		return errShape
	}
	return nil
}

// name is the next one of an object.
func (r *reader) name() (string, error) {
	token, err := r.next.Token()
	if err != nil {
		return "", err
	}
	name, ok := token.(string)
	if !ok {
		return "", errShape
	}
	return name, nil
}

func (r *reader) document(d *Document) error {
	if err := r.expect('{'); err != nil {
		return err
	}
	for r.next.More() {
		name, err := r.name()
		if err != nil {
			return err
		}
		kind := Kind(name)
		if !slices.Contains(Kinds(), kind) {
			r.m.add(r.file, r.line(), "list_unknown", "name", shown(name))
			return errStop
		}
		if _, twice := d.Files[kind]; twice {
			r.m.add(r.file, r.line(), "list_twice", "name", name)
			return errStop
		}
		d.Files[kind] = r.file
		if d.Rows[kind], err = r.rows(sheetOf(kind)); err != nil {
			return err
		}
	}
	return r.expect('}')
}

func (r *reader) rows(s sheet) (rows []Row, err error) {
	if err := r.expect('['); err != nil {
		return nil, err
	}
	for r.next.More() {
		if r.count++; r.count > mostRows {
			r.m.add(r.file, r.line(), "too_many", "most", mostRows)
			return nil, errStop
		}
		row, err := r.row(s)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, r.expect(']')
}

func (r *reader) row(s sheet) (Row, error) {
	if err := r.expect('{'); err != nil {
		return Row{}, err
	}
	row := newRow(s, r.line())
	var seen uint16
	for r.next.More() {
		name, err := r.name()
		if err != nil {
			return row, err
		}
		token, err := r.next.Token()
		if err != nil {
			return row, err
		}
		at := slices.IndexFunc(s.columns, func(c column) bool { return c.name == name })
		switch value := token.(type) {
		case string:
			seen = r.take(s, &row, seen, at, name, value)
		case json.Number:
			if at >= 0 && s.columns[at].to == 0 {
				row.wrong |= 1 << at
				seen |= 1 << at
				r.m.add(r.file, row.Line, "no_text", "column", name)
				continue
			}
			seen = r.take(s, &row, seen, at, name, value.String())
		case nil:
			if at < 0 || s.columns[at].rule == "" {
				return row, errShape
			}
			seen = r.take(s, &row, seen, at, name, "")
		default:
			return row, errShape
		}
	}
	for at := range s.keys {
		if seen&(1<<at) == 0 {
			r.m.add(r.file, row.Line, "column_missing", "column", s.columns[at].name)
		}
	}
	return row, r.expect('}')
}

func (r *reader) take(s sheet, row *Row, seen uint16, at int, name, value string) uint16 {
	switch {
	case at < 0:
		r.m.add(r.file, row.Line, "column_unknown", "column", shown(name), "known", s.names(english))
		return seen
	case seen&(1<<at) != 0:
		r.m.add(r.file, row.Line, "column_twice", "column", name)
		return seen
	}
	s.take(row, at, value, r.file, r.m)
	return seen | 1<<at
}

// writeJSON writes one row a line, so that a mistake is found by its line and two documents can be compared.
func writeJSON(d *Document) []byte {
	var b bytes.Buffer
	b.WriteString("{")
	for i, s := range sheets() {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString("\n  \"" + string(s.kind) + "\": [")
		for j, row := range d.Rows[s.kind] {
			if j > 0 {
				b.WriteString(",")
			}
			b.WriteString("\n    {")
			for at, c := range s.columns {
				if at > 0 {
					b.WriteString(", ")
				}
				b.WriteString(`"` + c.name + `": `)
				switch {
				case c.to == 0:
					b.Write(quoted(row.cells[at]))
				case row.cells[at] == "":
					b.WriteString("null")
				default:
					b.WriteString(row.cells[at])
				}
			}
			b.WriteString("}")
		}
		b.WriteString("\n  ]")
	}
	b.WriteString("\n}\n")
	return b.Bytes()
}

func quoted(text string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // strings always encode
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
