package agency

import (
	"regexp"
	"strings"
)

const (
	// mostDigits has a telephone number of any country (E.164). What has more is two numbers in one field.
	mostDigits = 15
	// mostCode are the digits before a slash, which divides an area code with its zero from the rest.
	mostCode = 6
)

// number is a telephone number as people write it, with the spaces and dashes that word processors put there. No letter: what
// has words may be two numbers.
var number = regexp.MustCompile(`^\+?[0-9(][0-9 \x{a0}\x{202f}()/.\x{2010}-\x{2013}-]{2,}$`)

// IsNumber tells whether a text has nothing but what a telephone number is written with.
func IsNumber(text string) bool { return number.MatchString(text) }

// HoldsNumber tells whether somebody who reads a text may find a telephone number in it, beside words or another one.
func HoldsNumber(text string) bool { return len(digits(text)) >= leastDigits }

// leastDigits has the shortest that connects everywhere, as 115.
const leastDigits = 3

// Dial is what is dialled for a number as people write it; nothing where that is not one number. The zero of
// "+49 (0)30" is for calls within the country only, and with it the number does not connect.
func Dial(text string) string {
	text = strings.TrimSpace(text)
	if !IsNumber(text) || !once(text) {
		return ""
	}
	if strings.HasPrefix(text, "+") || strings.HasPrefix(text, "00") {
		text = strings.Replace(text, "(0)", "", 1)
	}
	dial := digits(text)
	if len(dial) > mostDigits {
		return ""
	}
	if strings.HasPrefix(text, "+") {
		return "+" + dial
	}
	return dial
}

// once tells whether a slash divides an area code from the rest, and not one number from another: "115 / 116117", "030 1234 /
// 030 5678", "030 1234-56/57".
func once(text string) bool {
	before, after, divided := strings.Cut(text, "/")
	if !divided {
		return true
	}
	after = strings.TrimLeft(after, " \u00a0\u202f")
	switch code := digits(before); {
	case strings.Contains(after, "/"), after == "", after[0] < '1', after[0] > '9':
		return false
	case strings.HasPrefix(before, "+"), strings.HasPrefix(before, "00"):
		return true
	default:
		return strings.HasPrefix(code, "0") && len(code) <= mostCode
	}
}

func digits(text string) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, text)
}
