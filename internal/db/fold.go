package db

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold makes text fit to be searched and ordered alike in both databases: without capitals, accents and double spaces.
// People who type "muller" find Müller, and those who type "Strasse" find Straße.
func Fold(text string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(text) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r == 'ß' || r == 'ẞ':
			b.WriteString("ss")
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// likeEscape is what makes %, _ and itself ordinary in a pattern of LIKE … ESCAPE '!'.
const likeEscape = "!"

// Containing is the pattern for LIKE … ESCAPE '!' that finds folded text anywhere.
func Containing(text string) string {
	escaped := strings.NewReplacer("%", likeEscape+"%", "_", likeEscape+"_", likeEscape, likeEscape+likeEscape).Replace(Fold(text))
	return "%" + escaped + "%"
}
