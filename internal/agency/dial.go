package agency

import "strings"

// mostDigits has a telephone number of any country (E.164). What has more is two numbers in one field.
const mostDigits = 15

// Dial is what is dialled for a number as people write it; nothing where that is not one number. The zero of
// "+49 (0)30" is for calls within the country only, and with it the number does not connect.
func Dial(number string) string {
	if n := strings.TrimSpace(number); strings.HasPrefix(n, "+") || strings.HasPrefix(n, "00") {
		number = strings.Replace(n, "(0)", "", 1)
	}
	dial := strings.Map(func(r rune) rune {
		if r == '+' || '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, number)
	if len(strings.TrimPrefix(dial, "+")) > mostDigits {
		return ""
	}
	return dial
}
