package agency

import (
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"visavis/internal/agency/picture"
	"visavis/internal/vault"
	"visavis/locales"
)

// FormKind is what sort of value a rule takes.
type FormKind string

// The sorts.
const (
	NumberForm FormKind = "number" // a whole one
	DayForm    FormKind = "day"    // 2026-12-01, "" for every day, or Never
	SwitchForm FormKind = "switch" // SwitchedOn, SwitchedOff, or from which day on it is on
	OneForm    FormKind = "one"    // of a list
	SomeForm   FormKind = "some"   // at least one of a list, unless None, in the order of that list
	DialForm   FormKind = "dial"   // a telephone number, as people write it
	WordsForm  FormKind = "words"  // plain text, by language
	// PictureForm is decided by a file, as base64; what is stored, and answered, is the version of the picture.
	PictureForm FormKind = "picture"
)

// Form is what a rule takes; pages ask for it accordingly.
type Form struct {
	Kind  FormKind `json:"kind" enum:"number,day,switch,one,some,dial,words,picture"`
	Least int      `json:"least,omitempty" doc:"The smallest number."`
	Most  int      `json:"most,omitempty" doc:"The largest number; of texts, the most characters in each language; of pictures, the most bytes."`
	Unit  string   `json:"unit,omitempty" enum:"minutes,days" doc:"Of a number."`
	Of    []string `json:"of,omitempty" doc:"What can be chosen; of texts, the languages."`
	Lines bool     `json:"lines,omitempty" doc:"The text may have several."`
	None  bool     `json:"none,omitempty" doc:"Of the list, nothing may be chosen, too."`
}

func minutes(most int) Form { return Form{Kind: NumberForm, Most: most, Unit: "minutes"} }
func days(least, most int) Form {
	return Form{Kind: NumberForm, Least: least, Most: most, Unit: "days"}
}
func oneOf(choices ...string) Form { return Form{Kind: OneForm, Of: choices} }
func someOf(choices ...string) Form {
	return Form{Kind: SomeForm, Of: choices}
}

func someOrNone(choices ...string) Form {
	return Form{Kind: SomeForm, Of: choices, None: true}
}

func words(most int, lines bool) Form {
	return Form{Kind: WordsForm, Most: most, Of: locales.Languages(), Lines: lines}
}

const mostDial = 64

// take reads a value as JSON has it, and puts it into its stored form.
func (f Form) take(v any) (any, bool) {
	switch f.Kind {
	case NumberForm:
		n, ok := v.(float64)
		return v, ok && n >= float64(f.Least) && n <= float64(f.Most) && n == float64(int(n))
	case DayForm:
		text, ok := v.(string)
		return v, ok && (text == "" || text == Never || isDay(text))
	case SwitchForm:
		text, ok := v.(string)
		return v, ok && (text == SwitchedOn || text == SwitchedOff || isDay(text))
	case OneForm:
		text, ok := v.(string)
		return v, ok && slices.Contains(f.Of, text)
	case SomeForm:
		return f.takeSome(v)
	case DialForm:
		text, ok := v.(string)
		text = strings.TrimSpace(text)
		return text, ok && len(text) <= mostDial && IsNumber(text)
	case WordsForm:
		return f.takeWords(v)
	case PictureForm:
		text, ok := v.(string)
		_, _, fits := picture.Room(text)
		return v, ok && fits
	}
	return nil, false
}

func isDay(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return err == nil
}

func (f Form) takeSome(v any) (any, bool) {
	given, ok := v.([]any)
	if !ok || len(given) == 0 && !f.None || len(given) > len(f.Of) {
		return nil, false
	}
	chosen := []any{}
	for _, choice := range f.Of {
		if slices.Contains(given, any(choice)) {
			chosen = append(chosen, choice)
		}
	}
	return chosen, len(chosen) == len(given) // else one is unknown, or there twice
}

func (f Form) takeWords(v any) (any, bool) {
	given, ok := v.(map[string]any)
	if !ok {
		return nil, false
	}
	said := map[string]any{}
	for language, one := range given {
		text, ok := one.(string)
		text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
		if !ok || !slices.Contains(f.Of, language) || utf8.RuneCountInString(text) > f.Most || !f.readable(text) {
			return nil, false
		}
		if text != "" {
			said[language] = text
		}
	}
	return said, len(said) > 0
}

// readable refuses what nobody sees and what turns a text around.
func (f Form) readable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool {
		return hidden(r) || r == '\n' && !f.Lines
	})
}

// code is a value as the audit may hold it: nothing that anybody typed.
func (f Form) code(v any) string {
	switch known := v.(type) {
	case float64:
		return strconv.Itoa(int(known))
	case string:
		if f.Kind != DialForm {
			return known
		}
	case []any:
		if len(known) == 0 {
			return "none"
		}
		return strings.Join(texts(known), ".")
	}
	return versionOf(v)
}

func texts(list []any) []string {
	var out []string
	for _, one := range list {
		text, _ := one.(string)
		out = append(out, text)
	}
	return out
}

// versionOf names a value by what it says: the same text has the same name wherever it stands.
func versionOf(v any) string {
	said, err := json.Marshal(v) // keys in the order of the alphabet
	if err != nil {
		return ""
	}
	return hex.EncodeToString(vault.Hash(string(said))[:8])
}
