// Package strength tells which passwords others would guess.
package strength

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// Most is how long a password may be, in bytes; more would be a way to keep us busy.
	Most = 256
	// Least is how short it may be, in characters.
	Least = 12

	besideWords = 8 // letters and digits beside the words that everybody would try first
	// looked is how much of a password is looked at: what is longer than this is not common any more, and takes long.
	looked = 48 // characters
	// good is a power of ten: a thousand million tries by whoever knows which passwords are common.
	good = 9.0
)

// What is wrong with a password.
const (
	Short  = "short"
	Long   = "long"
	Common = "common"
)

// Fault says why a password is not taken, as others would guess it: what is short, what many have, and what is made of words
// that are known about its owner. It is empty if nothing is wrong.
func Fault(password string, known ...string) string {
	switch {
	case utf8.RuneCountInString(password) < Least:
		return Short
	case len(password) > Most:
		return Long
	}
	words := []string{"visavis", "videotermin", "passwort", "kennwort", "behörde", "sommer", "winter", "herbst", "frühling"}
	for _, text := range known {
		words = append(words, text)
		words = append(words, strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" .-_@", r) })...)
	}
	begin := []rune(password)
	if besides(password, words) < besideWords || tries(string(begin[:min(len(begin), looked)]), words) < good {
		return Common
	}
	return ""
}

// besides counts the letters and digits of a password that are in none of the words.
func besides(password string, words []string) int {
	rest := strings.ToLower(password)
	for _, word := range words {
		if utf8.RuneCountInString(word) >= 3 {
			rest = strings.ReplaceAll(rest, strings.ToLower(word), "")
		}
	}
	n := 0
	for _, r := range rest {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			n++
		}
	}
	return n
}
