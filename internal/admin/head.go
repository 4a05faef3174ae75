package admin

import (
	"maps"
	"slices"
	"strings"
)

// head is the first line of a table: how it calls its columns.
type head struct {
	sheet sheet
	cells []string
}

func headOf(s sheet, cells []string) head {
	h := head{sheet: s}
	for _, cell := range cells {
		h.cells = append(h.cells, strings.TrimSpace(cell))
	}
	return h
}

// at is where a column stands, by any name; -1 if nowhere.
func (h head) at(column string) int {
	if at := slices.Index(h.cells, column); at >= 0 {
		return at
	}
	known := h.sheet.column(column)
	return slices.IndexFunc(h.cells, func(cell string) bool { return known >= 0 && h.sheet.column(cell) == known })
}

// position is where somebody finds a column: what is about the whole line comes first, what the table does not have last.
func (h head) position(column string) int {
	if column == "" {
		return 0
	}
	if at := h.at(column); at >= 0 {
		return at + 1
	}
	return len(h.cells) + 1
}

// german tells whether the table was written by somebody who speaks German: it has a name that only German has.
func (h head) german() bool {
	return slices.ContainsFunc(h.cells, func(cell string) bool {
		low := strings.ToLower(cell)
		return slices.ContainsFunc(h.sheet.columns, func(c column) bool { return low == c.german && low != c.name })
	})
}

// called is how the table calls a column, or would.
func (h head) called(column string) string {
	if at := h.at(column); at >= 0 {
		return h.cells[at]
	}
	if known := h.sheet.column(column); known >= 0 && h.german() {
		return h.sheet.columns[known].german
	}
	return column
}

// said are the parameters of a mistake in the words of the table.
func (h head) said(m Mistake) map[string]any {
	params := maps.Clone(m.Params)
	if column, is := params["column"].(string); is {
		params["column"] = h.called(column)
	}
	if !h.german() {
		return params
	}
	for name, column := range map[string]string{"role": colRole, "other": colRole, "at": colAt} {
		if word, is := params[name].(string); is {
			params[name] = inGerman(sheetOf(Roles), column, word)
		}
	}
	switch m.Code {
	case "column_unknown":
		params["known"] = h.sheet.names(func(c column) string { return c.german })
	case "word":
		params["known"] = h.sheet.columns[h.sheet.column(m.column)].known(1)
	}
	return params
}

// inGerman is a word of a column as German has it.
func inGerman(s sheet, column, word string) string {
	words := s.columns[s.column(column)].words
	if at := slices.IndexFunc(words, func(w [2]string) bool { return w[0] == word }); at >= 0 {
		return words[at][1]
	}
	return word
}

// known are the words that a column takes: in English (0) or in German (1).
func (c column) known(language int) string {
	var known []string
	for _, w := range c.words {
		known = append(known, w[language])
	}
	return strings.Join(known, ", ")
}

func (s sheet) names(of func(column) string) string {
	var names []string
	for _, c := range s.columns {
		names = append(names, of(c))
	}
	return strings.Join(names, ", ")
}

// english is how a column is called, where nothing says otherwise.
func english(c column) string { return c.name }
