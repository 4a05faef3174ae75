package admin

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// plain puts the text of a file into UTF-8 without a mark. Excel writes UTF-8 with a mark, UTF-16 with a mark, or the
// Latin-1 of Windows, by how one saves.
func plain(file string, data []byte, m *Mistakes) ([]byte, bool) {
	var ok bool
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		text, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(data)
		if err != nil {
			m.add(file, 0, "encoding")
			return nil, false
		}
		data, ok = text, true
	default:
		data = bytes.TrimPrefix(data, []byte("\ufeff"))
		data, ok = fromLatin(file, data, m)
	}
	if !bytes.ContainsRune(data, '\n') {
		data = bytes.ReplaceAll(data, []byte("\r"), []byte("\n")) // as old Macs end lines
	}
	return data, ok && narrow(file, data, m) && readable(file, data, m)
}

// fromLatin reads what is no UTF-8 as Windows-1252. A file that is both in turn was put together from two, and one half
// would come out wrong.
func fromLatin(file string, data []byte, m *Mistakes) ([]byte, bool) {
	if utf8.Valid(data) {
		return data, true
	}
	latin, wide, line := 0, 0, 0
	for text := range bytes.Lines(data) {
		line++
		switch {
		case !utf8.Valid(text):
			latin = orElse(latin, line)
		case bytes.ContainsFunc(text, func(r rune) bool { return r > 0x7f }):
			wide = orElse(wide, line)
		}
	}
	if wide > 0 {
		m.add(file, latin, "two_encodings", "other", wide)
		return nil, false
	}
	text, err := charmap.Windows1252.NewDecoder().Bytes(data)
	if err != nil {
		m.add(file, latin, "encoding")
		return nil, false
	}
	return text, true
}

func orElse(value, otherwise int) int {
	if value != 0 {
		return value
	}
	return otherwise
}

// spoilt is how umlauts look that were taken for Latin-1 once too often.
func spoilt() []string {
	return []string{"Ã¤", "Ã¶", "Ã¼", "ÃŸ", "Ã„", "Ã–", "Ãœ", "\u00c3\u009f"}
}

// No line of a table is nearly as long, and none has nearly as many columns: whatever is, would only cost memory, of which
// each cell takes many times its length. A row is one line: if it went on in others, it could have any length.
const (
	mostLine  = 64 << 10
	mostCells = 64
)

// narrow refuses a line that is longer than any of a table.
func narrow(file string, text []byte, m *Mistakes) bool {
	line := 0
	for content := range bytes.Lines(text) {
		line++
		if len(content) > mostLine && bytes.IndexByte(content, 0) < 0 {
			m.add(file, line, "line_long", "most", mostLine>>10)
			return false
		}
	}
	return true
}

// readable refuses what no table holds.
func readable(file string, text []byte, m *Mistakes) bool {
	line, fine := 0, true
	for content := range bytes.Lines(text) {
		line++
		switch {
		case bytes.IndexByte(content, 0) >= 0:
			m.add(file, line, "nul")
			return false // no text at all: one such line is enough to know
		case bytes.ContainsRune(content, utf8.RuneError):
			m.add(file, line, "lost")
			fine = false
		case slices.ContainsFunc(spoilt(), func(s string) bool { return bytes.Contains(content, []byte(s)) }):
			m.add(file, line, "spoilt")
			fine = false
		}
	}
	return fine
}

// readCSV reads one table.
func readCSV(file string, kind Kind, data []byte, m *Mistakes) []Row {
	text, ok := plain(file, data, m)
	if !ok {
		return nil
	}
	skipped := 0
	separator := rune(0)
	if first, rest, _ := bytes.Cut(text, []byte("\n")); bytes.HasPrefix(bytes.ToLower(first), []byte("sep=")) && len(bytes.TrimSpace(first)) == 5 {
		separator, text, skipped = rune(first[4]), rest, 1
	}
	if separator != ';' && separator != ',' && separator != '\t' {
		separator = separatorOf(text)
	}
	if !whole(file, text, separator, skipped, m) {
		return nil
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = separator, -1, true
	t := table{file: file, sheet: sheetOf(kind), m: m}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if wrong, is := errors.AsType[*csv.ParseError](err); is {
			m.add(file, wrong.StartLine+skipped, "quotes")
			return nil // where the next row begins is not known
		}
		if err != nil {
			m.add(file, 0, "encoding")
			return nil
		}
		line, _ := r.FieldPos(0)
		if !t.add(line+skipped, cells) {
			return nil
		}
	}
	if t.columns == nil {
		m.add(file, 0, "no_header")
	}
	return t.rows
}

// whole refuses rows of more than one line, before the reader takes all of them for one.
func whole(file string, text []byte, separator rune, skipped int, m *Mistakes) bool {
	line, began, fine := skipped, 0, true
	for content := range bytes.Lines(text) {
		line++
		switch inside := endsInside(content, byte(separator), began > 0); {
		case inside && began == 0:
			began, fine = line, false
		case !inside && began > 0:
			m.add(file, began, "line_break")
			began = 0
		}
	}
	if began > 0 {
		m.add(file, began, "quotes") // that nothing ends
	}
	return fine
}

// endsInside tells whether a line ends inside quotes, when it began inside or not.
func endsInside(line []byte, separator byte, inside bool) bool {
	opens := !inside // whether a quote here opens; right after a closing one it does, as two stand for one
	for _, b := range line {
		switch {
		case b == '"' && (inside || opens):
			inside = !inside
			opens = !inside
		case !inside:
			opens = b == separator
		}
	}
	return inside
}

// separatorOf is what the first line holds most of, outside quotes.
func separatorOf(text []byte) rune {
	first, _, _ := bytes.Cut(text, []byte("\n"))
	count, quoted := map[rune]int{}, false
	for _, r := range string(first) {
		if r == '"' {
			quoted = !quoted
		}
		if !quoted {
			count[r]++
		}
	}
	best := ';'
	for _, r := range ",\t" {
		if count[r] > count[best] {
			best = r
		}
	}
	return best
}

// table is one that is being read.
type table struct {
	file    string
	sheet   sheet
	m       *Mistakes
	columns []int // by their order in the file; nil: the head has not come yet; -1: an empty column at the end
	rows    []Row
}

// mostRows of all kinds are read; far above what the largest agency has.
const mostRows = 200_000

// add takes the next line; false if no further one can be understood.
func (t *table) add(line int, cells []string) bool {
	if !slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" }) {
		return true // Excel leaves rows behind of which it has nothing to say
	}
	if t.columns == nil {
		return t.head(line, cells)
	}
	if len(t.rows) == mostRows {
		t.m.add(t.file, line, "too_many", "most", mostRows)
		return false
	}
	if len(cells) != len(t.columns) {
		t.m.add(t.file, line, "cells", "got", len(cells), "want", len(t.columns))
		return true
	}
	row := newRow(t.sheet, line)
	for i, cell := range cells {
		at := t.columns[i]
		if at < 0 {
			if strings.TrimSpace(cell) != "" {
				t.m.add(t.file, line, "no_column", "value", shown(cell))
			}
			continue
		}
		value, ok := t.sheet.columns[at].armed(cell)
		if !ok {
			row.wrong |= 1 << at
			t.m.add(t.file, line, "formula", "column", t.sheet.columns[at].name, "value", shown(cell))
			continue
		}
		t.sheet.take(&row, at, value, t.file, t.m)
	}
	t.rows = append(t.rows, row)
	return true
}

func (t *table) head(line int, cells []string) bool {
	if len(cells) > mostCells {
		t.m.add(t.file, line, "columns_many", "most", mostCells)
		return false
	}
	t.m.read(headOf(t.sheet, cells))
	fine := true
	for _, cell := range cells {
		at := t.sheet.column(cell)
		switch {
		case at >= 0 && slices.Contains(t.columns, at):
			t.m.add(t.file, line, "column_twice", "column", shown(strings.TrimSpace(cell)))
			fine = false
		case at < 0 && strings.TrimSpace(cell) != "":
			t.m.add(t.file, line, "column_unknown", "column", shown(strings.TrimSpace(cell)), "known", t.sheet.names(english))
			fine = false
		}
		t.columns = append(t.columns, at)
	}
	for at := range t.sheet.keys {
		if !slices.Contains(t.columns, at) {
			t.m.add(t.file, line, "column_missing", "column", t.sheet.columns[at].name)
			fine = false
		}
	}
	return fine
}

// writeCSV writes a table so that Excel opens it as it is meant, with whatever language it speaks.
func writeCSV(s sheet, rows []Row) []byte {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	w.Comma, w.UseCRLF = ';', true
	cells := make([]string, len(s.columns))
	for at, c := range s.columns {
		cells[at] = c.name
	}
	_ = w.Write(cells) // a buffer takes everything
	for _, row := range rows {
		for at, value := range row.cells {
			cells[at] = defuse(value)
		}
		_ = w.Write(cells) // likewise
	}
	w.Flush()
	return b.Bytes()
}
