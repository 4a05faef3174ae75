package scope

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Hole stands in a text for what is put into it when it runs: a variable, the result of a function.
const Hole = '\uFFFD'

// node is a word, a sign, or what stands in parentheses or between CASE and END.
type node struct {
	text  string // in capitals where it is a word that was written so
	tight bool   // nothing lies between it and what comes before
	group []node // not nil: of a group, whose text is empty
}

func (n node) is(words ...string) bool {
	for _, word := range words {
		if n.group == nil && n.text == word {
			return true
		}
	}
	return false
}

func (n node) isHole() bool { return n.text == string(Hole) }

// isName tells names from keywords, which are written in capitals, and from signs and numbers.
func (n node) isName() bool {
	r, _ := utf8.DecodeRuneInString(n.text)
	return r == '_' || r == '"' || unicode.IsLower(r)
}

func (n node) isParameter() bool { return strings.HasPrefix(n.text, "$") || n.text == "?" }

// parse reads a text into a tree. It is a part of a statement as often as a whole one: what was opened and never closed
// ends with it, and what was closed and never opened began before it.
func parse(text string) []node {
	level, above := []node{}, [][]node{}
	down := func() {
		group := level
		level = []node{{}}
		if n := len(above); n > 0 {
			level, above = above[n-1], above[:n-1]
		}
		level[len(level)-1].group = group
	}
	for _, token := range tokens(text) {
		switch token.text {
		case "(", "CASE":
			above, level = append(above, append(level, node{tight: token.tight})), []node{}
		case ")", "END":
			down()
		default:
			level = append(level, token)
		}
	}
	for len(above) > 0 {
		down()
	}
	return level
}

func tokens(text string) []node {
	var list []node
	tight := false
	for text != "" {
		n := length(text)
		if r, _ := utf8.DecodeRuneInString(text); unicode.IsSpace(r) || strings.HasPrefix(text, "--") {
			tight = false
		} else {
			word := text[:n]
			if verb(word) {
				word = string(Hole)
			}
			list, tight = append(list, node{text: word, tight: tight}), true
		}
		text = text[n:]
	}
	return list
}

// length is how many bytes the first token has, or the space before it.
func length(text string) int {
	first, n := utf8.DecodeRuneInString(text)
	within := func(is func(rune) bool) int {
		if end := strings.IndexFunc(text[n:], func(r rune) bool { return !is(r) }); end >= 0 {
			return n + end
		}
		return len(text)
	}
	until := func(end string) int {
		if at := strings.Index(text[n:], end); at >= 0 {
			return n + at + len(end)
		}
		return len(text)
	}
	inName := func(r rune) bool { return r == '_' || r != Hole && (unicode.IsLetter(r) || unicode.IsDigit(r)) }
	switch {
	case unicode.IsSpace(first):
		return within(unicode.IsSpace)
	case strings.HasPrefix(text, "--"):
		return until("\n")
	case first == '\'', first == '"':
		return until(string(first))
	case first == '%':
		return verbLength(text)
	case first == '$':
		return within(unicode.IsDigit)
	case inName(first):
		return within(inName)
	}
	return n
}

// verbLength is of a place that fmt fills, "%s" or "%[1]s"; 1: of the sign alone.
func verbLength(text string) int {
	at := 1
	if strings.HasPrefix(text[at:], "[") {
		if end := strings.IndexByte(text, ']'); end > 0 {
			at = end + 1
		}
	}
	if at < len(text) && strings.IndexByte("sdqv", text[at]) >= 0 {
		return at + 1
	}
	return 1
}

func verb(token string) bool { return len(token) > 1 && token[0] == '%' }
