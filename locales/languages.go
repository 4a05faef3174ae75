package locales

import (
	"slices"
	"strconv"
	"strings"
)

// Languages are those that every text exists in; the first is the default.
func Languages() []string { return []string{"de", "en"} }

// Has tells whether texts exist in a language.
func Has(language string) bool { return slices.Contains(Languages(), language) }

// Choose takes the best language from an Accept-Language header (RFC 9110 §12.5.4); the default where nothing fits.
func Choose(accepted string) string {
	best, weight := Languages()[0], 0.0
	for range 20 { // nobody lists more
		var entry string
		entry, accepted, _ = strings.Cut(accepted, ",")
		tag, parameter, _ := strings.Cut(strings.TrimSpace(entry), ";")
		primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
		q := 1.0
		if text, ok := strings.CutPrefix(strings.TrimSpace(parameter), "q="); ok {
			q, _ = strconv.ParseFloat(text, 64) // unreadable: 0, so not wanted
		}
		if Has(primary) && q > weight && q <= 1 {
			best, weight = primary, q
		}
	}
	return best
}
