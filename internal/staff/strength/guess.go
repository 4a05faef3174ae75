package strength

import (
	_ "embed"
	"math"
	"strings"
	"unicode"
)

// How many tries a password costs is weighed as zxcvbn does (Wheeler, "zxcvbn: Low-Budget Password Strength Estimation",
// USENIX Security 2016): it is cut into parts, each of them what many people use or a mere run of characters, in the way
// that is cheapest for whoever guesses. What is not here is that library itself: it fills its tables when a program
// begins, six megabytes in every process, for a question that is asked a few times a day.

// commonWords are passwords and words that many use, the most frequent first, one a line, in small letters. Taken from the lists of
// zxcvbn (MIT, LICENSES/MIT.txt), with some German ones.
//
//go:embed common.txt
var commonWords string

const (
	// Powers of ten.
	bruteForce = 1.0 // per character, where nothing is known of it
	aYear      = 2.0
	aDate      = 4.5 // a hundred years of days
	aWalk      = 2.0 // along a row of keys or of the alphabet: from where, and which way
	shortest   = 3   // a word, a walk or a repetition
	longest    = 24  // characters of a word
)

// tries is how often somebody who knows what is common must try until a password is found, as a power of ten.
func tries(password string, own []string) float64 {
	ranks := map[string]int{}
	for word := range strings.Lines(commonWords) {
		ranks[strings.TrimSuffix(word, "\n")] = len(ranks) + 1
	}
	for _, word := range own {
		ranks[strings.ToLower(word)] = 1
	}
	return weighed{ranks, []*strings.Replacer{alike("i"), alike("l")}}.cheapest([]rune(password))
}

type weighed struct {
	ranks map[string]int
	alike []*strings.Replacer // for the letters that digits and signs look like
}

// cheapest finds the cut into parts whose product is smallest, and counts their order as well.
func (w weighed) cheapest(text []rune) float64 {
	n := len(text)
	// best[k][i]: the first i characters in k parts.
	best := make([][]float64, n+1)
	for k := range best {
		best[k] = make([]float64, n+1)
		for i := range best[k] {
			best[k][i] = math.Inf(1)
		}
	}
	best[0][0] = 0
	for end := 1; end <= n; end++ {
		for begin := range end {
			cost := w.part(text[begin:end])
			for k := range end {
				best[k+1][end] = min(best[k+1][end], best[k][begin]+cost)
			}
		}
	}
	least, order := math.Inf(1), 0.0
	for k := 1; k <= n; k++ {
		order += math.Log10(float64(k))
		least = min(least, best[k][n]+order)
	}
	return least
}

// part is the cheapest way to guess a part as a whole.
func (w weighed) part(text []rune) float64 {
	cost := bruteForce * float64(len(text))
	if len(text) < shortest {
		return cost
	}
	lower := strings.ToLower(string(text))
	capitals := 0.0
	if lower != string(text) {
		capitals = math.Log10(2)
	}
	if len(text) <= longest {
		cost = min(cost, w.word(lower)+capitals)
	}
	if isWalk(lower) {
		cost = min(cost, aWalk+math.Log10(float64(len(text)))+capitals)
	}
	cost = min(cost, dated(lower))
	if unit := period([]rune(lower)); unit < len(text) {
		cost = min(cost, w.cheapest(text[:unit])+math.Log10(float64(len(text)/unit)))
	}
	return cost
}

// word is a word of the list, also backwards, and with digits and signs that look like letters.
func (w weighed) word(lower string) float64 {
	cost := math.Inf(1)
	if rank, is := w.ranks[lower]; is {
		cost = math.Log10(float64(rank) + 1)
	}
	others := []string{backwards(lower)}
	for _, letters := range w.alike {
		others = append(others, letters.Replace(lower))
	}
	for _, text := range others {
		if rank, is := w.ranks[text]; is {
			cost = min(cost, math.Log10(float64(rank)+1)+math.Log10(2))
		}
	}
	return cost
}

func alike(one string) *strings.Replacer {
	return strings.NewReplacer("4", "a", "@", "a", "3", "e", "€", "e", "0", "o", "$", "s", "5", "s", "7", "t", "+", "t", "!", "i", "8", "b", "1", one)
}

// isWalk says whether a text goes along neighbours: in the alphabet, in numbers, or on a German or English keyboard.
func isWalk(lower string) bool {
	for _, row := range []string{
		"abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertzuiopü+", "asdfghjklöä#", "yxcvbnm,.-", "qwertyuiop", "zxcvbnm,./",
		"1qay2wsx3edc4rfv5tgb6zhn7ujm8ik,9ol.0pö-", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/", "q1w2e3r4t5z6u7i8o9p0", "q1w2e3r4t5y6u7i8o9p0",
	} {
		if strings.Contains(row, lower) || strings.Contains(row, backwards(lower)) {
			return true
		}
	}
	return false
}

// dated is a year of our time, or a day of one.
func dated(text string) float64 {
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune(".-/ ", r) {
			return -1
		}
		return r
	}, text)
	if strings.ContainsFunc(digits, func(r rune) bool { return !unicode.IsDigit(r) }) {
		return math.Inf(1)
	}
	switch {
	case len(digits) == 4 && (strings.HasPrefix(digits, "19") || strings.HasPrefix(digits, "20")):
		return aYear
	case len(digits) == 6 || len(digits) == 8:
		return aDate
	}
	return math.Inf(1)
}

// period is after how many characters a text repeats itself to its end; its length where it does not.
func period(text []rune) int {
	for unit := 1; unit <= len(text)/2; unit++ {
		if len(text)%unit == 0 && strings.Repeat(string(text[:unit]), len(text)/unit) == string(text) {
			return unit
		}
	}
	return len(text)
}

func backwards(text string) string {
	runes := []rune(text)
	for i, j := 0, len(runes)-1; i < j; i, j = i+1, j-1 {
		runes[i], runes[j] = runes[j], runes[i]
	}
	return string(runes)
}
