package admin

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"visavis/internal/agency"
)

var address = regexp.MustCompile(`^[^\s@"(),:;<>\[\\\]]+@[^\s@"(),:;<>\[\\\]]+$`)

// forbidden tells of characters that no name has: they would be seen by nobody, or change what others look like.
func forbidden(r rune) bool {
	return unicode.IsControl(r) || r == utf8.RuneError || r == '\u2028' || r == '\u2029' ||
		r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' || r == '\ufeff'
}

// proper puts a value into its stored form, or names what is wrong with it.
func (c column) proper(value string) (string, string, []any) {
	value = strings.TrimSpace(value)
	switch {
	case strings.ContainsFunc(value, forbidden) || !utf8.ValidString(value):
		return "", "control", nil
	case utf8.RuneCountInString(value) > c.most:
		return "", "too_long", []any{"most", c.most}
	case value == "" && c.need:
		return "", "empty", nil
	case c.to > 0 && value != "":
		return c.number(value)
	case len(c.words) > 0 && value != "":
		return c.word(value)
	case c.mail:
		if !address.MatchString(value) {
			return "", "email", []any{"value", shown(value)}
		}
		return strings.ToLower(value), "", nil
	case c.phone && value != "" && !agency.HoldsNumber(value):
		return "", "phone", []any{"value", shown(value)}
	}
	return value, "", nil
}

func (c column) number(value string) (string, string, []any) {
	n, err := strconv.Atoi(value)
	if err != nil || n < c.from || n > c.to {
		return "", "number", []any{"value", shown(value), "from", c.from, "to", c.to}
	}
	return strconv.Itoa(n), "", nil
}

func (c column) word(value string) (string, string, []any) {
	low := strings.ToLower(value)
	at := slices.IndexFunc(c.words, func(w [2]string) bool { return w[0] == low || w[1] == low })
	if at < 0 {
		return "", "word", []any{"value", shown(value), "known", c.known(0)}
	}
	return c.words[at][0], "", nil
}

// take puts a value into a row, or notes what is wrong with it.
func (s sheet) take(row *Row, at int, value, file string, m *Mistakes) {
	c := s.columns[at]
	kept, code, params := c.proper(value)
	if code != "" {
		row.wrong |= 1 << at
		m.add(file, row.Line, code, append([]any{"column", c.name}, params...)...)
		return
	}
	if kept == "" && c.blank {
		return
	}
	row.set(at, kept)
}

// Programs that show tables take cells that begin with one of these for formulas, and some formulas reach other files and
// other machines.
const formulas = "=+-@\t\r"

// begins tells whether a cell is a formula behind any number of apostrophes.
func begins(cell string) (apostrophes int, formula bool) {
	rest := strings.TrimLeft(cell, "'")
	return len(cell) - len(rest), rest != "" && strings.ContainsRune(formulas, rune(rest[0]))
}

// Programs that separate at another character than a file does begin a cell behind it, and may find a formula there. In a
// name it may stand by right, as in "Zimmer 3, -1. OG", so it is not refused.
var (
	later        = regexp.MustCompile(`([,;\t])([\p{Z}'"]*[=+@-])`)
	laterDefused = regexp.MustCompile(`([,;\t])'([\p{Z}'"]*[=+@-])`)
)

// defuse puts an apostrophe before what would be a formula, also in the middle; armed takes each away again.
func defuse(value string) string {
	value = later.ReplaceAllString(value, "$1'$2")
	if _, formula := begins(value); formula {
		return "'" + value
	}
	return value
}

// armed is the value of a cell; false if it is a formula.
func (c column) armed(cell string) (string, bool) {
	cell = strings.TrimSpace(cell)
	apostrophes, formula := begins(cell)
	value := laterDefused.ReplaceAllString(cell, "$1$2")
	switch {
	case !formula:
		return value, true
	case apostrophes > 0:
		return value[1:], true
	}
	// A number in its international form begins like a formula and cannot be one: without letters nothing is called or looked up.
	return value, c.phone && strings.HasPrefix(cell, "+") && agency.IsNumber(cell)
}
