package agency

import (
	"strings"
	"unicode"
)

// hidden tells of characters that nobody sees and of those that turn the text around them. The end of a line is none.
func hidden(r rune) bool {
	return r != '\n' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
}

// Plain puts what people write to each other into its stored form: without what is hidden, and without space around it.
func Plain(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case hidden(r):
			return -1
		}
		return r
	}, text))
}
