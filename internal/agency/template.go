package agency

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"

	"visavis/locales"
)

// Template is a form that a place has defined: advisors of the desks in it fill it in with their guests.
type Template struct {
	Title  Text            `json:"title" doc:"By language, German always."`
	Fields []TemplateField `json:"fields" maxItems:"100"`
}

// TemplateField is what a form asks; see Field in the pages (talk/form/model.ts), of which this is one in every language.
type TemplateField struct {
	Kind     string `json:"kind" enum:"text,lines,date,check,choice,radio"`
	Label    Text   `json:"label" doc:"By language, German always."`
	Help     Text   `json:"help,omitempty"`
	Required bool   `json:"required"`
	Options  []Text `json:"options,omitempty" maxItems:"50" doc:"Of a choice, each once in every language."`
}

// TemplateHead is what a list says of a template.
type TemplateHead struct {
	ID      string `json:"id"`
	Place   string `json:"place"`
	Title   Text   `json:"title"`
	Fields  int    `json:"fields"`
	Version int64  `json:"version" doc:"Whoever changes it says which one they saw."`
}

// How much a template may hold. Titles to options in units, as pages count: what fits here is a form there, too.
const (
	mostTemplates   = 100 // at a place
	longestTitle    = 120
	longestLabel    = 200
	longestHelp     = 300
	longestOption   = 80
	largestField    = 11_000 // as JSON, in all languages
	largestTemplate = 100_000
)

// Errors of templates.
var (
	ErrTemplateNamed   = errors.New("agency: there is a form of this name at the place")
	ErrTemplateMany    = errors.New("agency: no more forms at the place")
	ErrTemplateChanged = errors.New("agency: somebody has changed the form meanwhile")
	// ErrNoForms is of a place that defines none: what is booked lies at desks.
	ErrNoForms = errors.New("agency: a service has no forms")
)

// TemplateError says what is wrong with a template. Field counts from 1; 0 is the title, or the whole.
type TemplateError struct {
	Field int
	Code  string
}

func (e *TemplateError) Error() string {
	return fmt.Sprintf("agency: field %d of the form: %s", e.Field, e.Code)
}

// clean puts a template into its stored form, or says what is wrong with it.
func (t Template) clean() (Template, error) {
	out := Template{Title: line(t.Title), Fields: make([]TemplateField, len(t.Fields))}
	if code := lacking(out.Title, longestTitle); code != "" {
		return out, &TemplateError{0, code}
	}
	if len(t.Fields) == 0 {
		return out, &TemplateError{0, "none"}
	}
	for n, f := range t.Fields {
		f.Label, f.Help = line(f.Label), line(f.Help)
		f.Options = slices.Clone(f.Options)
		for at := range f.Options {
			f.Options[at] = line(f.Options[at])
		}
		if code := f.wrong(); code != "" {
			return out, &TemplateError{n + 1, code}
		}
		out.Fields[n] = f
	}
	if size(out) > largestTemplate {
		return out, &TemplateError{0, "large"}
	}
	return out, nil
}

func (f TemplateField) wrong() string {
	if code := lacking(f.Label, longestLabel); code != "" {
		return code
	}
	if len(f.Help) > 0 {
		if code := lacking(f.Help, longestHelp); code != "" {
			return "help_" + code
		}
	}
	if chosen := f.Kind == "choice" || f.Kind == "radio"; chosen != (len(f.Options) > 0) {
		return "options"
	}
	for _, option := range f.Options {
		if code := lacking(option, longestOption); code != "" {
			return "option_" + code
		}
	}
	for _, language := range locales.Languages() {
		seen := map[string]bool{}
		for _, option := range f.Options {
			if seen[option.In(language)] {
				return "option_twice"
			}
			seen[option.In(language)] = true
		}
	}
	if size(f) > largestField {
		return "large"
	}
	return ""
}

// line is one for people in each language, without what turns, hides or breaks letters: pages would take that out, too.
func line(t Text) Text {
	out := Text{}
	for language, text := range t {
		text = strings.ToValidUTF8(text, "")
		text = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
			if unicode.Is(unicode.C, r) {
				return ' '
			}
			return r
		}, text)), " ")
		if text != "" {
			out[language] = text
		}
	}
	return out
}

// lacking tells what is wrong with a text that must be there in German.
func lacking(t Text, most int) string {
	if t["de"] == "" {
		return "empty"
	}
	for language, text := range t {
		if !locales.Has(language) {
			return "language"
		}
		if len(utf16.Encode([]rune(text))) > most {
			return "long"
		}
	}
	return ""
}

func size(v any) int {
	b, err := json.Marshal(v)
	if err != nil {
		return largestTemplate + 1
	}
	return len(b)
}
