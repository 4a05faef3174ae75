package appointment

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxName = 120
	// mostMarks is how many accents and vowel signs one letter has at most, in whatever script.
	mostMarks = 6
	// maxEmail is the longest address that can be delivered to, and maxLocal what may stand before the @ (RFC 5321
	// §4.5.3.1), maxLabel a name between two dots (RFC 1035 §2.3.4).
	maxEmail, maxLocal, maxLabel = 254, 64, 63
)

// ProperName puts a name into its stored form: whatever people are called, in any script, with single spaces. It refuses
// what cannot be seen, since it would turn the text around it or make one name look like another: control characters,
// marks of direction, fillers, and characters that do not exist.
func ProperName(text string) (string, bool) {
	name := strings.Join(strings.Fields(text), " ")
	if name == "" || utf8.RuneCountInString(name) > maxName || !utf8.ValidString(name) {
		return "", false
	}
	runes, marks := []rune(name), 0
	for i, r := range runes {
		if marks++; !unicode.IsMark(r) {
			marks = 0
		}
		before, after := ' ', ' '
		if i > 0 {
			before = runes[i-1]
		}
		if i < len(runes)-1 {
			after = runes[i+1]
		}
		if marks > mostMarks || unicode.IsMark(r) && before == ' ' || !seen(r) && !shapes(before, r, after) {
			return "", false
		}
	}
	return name, true
}

const (
	nonJoiner    = '\u200c'
	joiner       = '\u200d'
	replacement  = '\ufffd' // of what was no character
	brailleBlank = '\u2800'
	firstVariant = '\U000e0100' // of Chinese characters, as in Japanese names
	lastVariant  = '\U000e01ef'
)

// seen tells whether a character leaves something to see, or is a space.
func seen(r rune) bool {
	return unicode.IsGraphic(r) && r != replacement && r != brailleBlank &&
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// shapes tells whether an invisible character does its work here: letters are written joined or apart by it, in scripts
// where that makes a difference, or a Chinese character in another form.
func shapes(before, r, after rune) bool {
	letter := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsMark(r) }
	switch {
	case r == nonJoiner || r == joiner:
		return letter(before) && letter(after) && !unicode.In(before, unicode.Latin, unicode.Greek, unicode.Cyrillic)
	case r >= firstVariant && r <= lastVariant:
		return unicode.Is(unicode.Han, before)
	}
	return false
}

// Deliverable accepts a bare address in ASCII at a host that has a name in the DNS; what it lets through is safe in a
// header.
func Deliverable(text string) bool {
	if len(text) > maxEmail || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return false
	}
	parsed, err := mail.ParseAddress(text)
	if err != nil || parsed.Address != text || parsed.Name != "" {
		return false
	}
	local, domain, _ := strings.Cut(text, "@")
	return local != "" && len(local) <= maxLocal && hostName(domain)
}

// hostName accepts two or more labels of letters, digits and hyphens, of which the last is no number.
func hostName(text string) bool {
	labels := strings.Split(text, ".")
	for _, label := range labels {
		if label == "" || len(label) > maxLabel || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") ||
			strings.ContainsFunc(label, func(r rune) bool {
				return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
			}) {
			return false
		}
	}
	return len(labels) > 1 && strings.Trim(labels[len(labels)-1], "0123456789") != ""
}
