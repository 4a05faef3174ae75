// Package agency holds the organisation: agencies (tenants), their departments,
// locations, desks and services, and each agency's data key.
//
// The main types are Agency, Desk, Service, Store and Keys. The package knows nothing
// of staff, citizens or appointments.
package agency

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Languages are those that every text exists in; the first is the default.
func Languages() []string { return []string{"de", "en"} }

// KnownLanguage tells whether texts exist in a language.
func KnownLanguage(language string) bool {
	return slices.Contains(Languages(), language)
}

// Language chooses from an Accept-Language header (RFC 9110 §12.5.4); the default
// where nothing fits.
func Language(accepted string) string {
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
		if KnownLanguage(primary) && q > weight && q <= 1 {
			best, weight = primary, q
		}
	}
	return best
}

// Text is a name in each language.
type Text map[string]string

// In returns the text in a language, else in German, else any.
func (t Text) In(language string) string {
	for _, l := range append([]string{language}, Languages()...) {
		if s := t[l]; s != "" {
			return s
		}
	}
	return ""
}

func (t Text) encode() string {
	b, err := json.Marshal(map[string]string(t))
	if err != nil {
		return "{}" // strings always encode
	}
	return string(b)
}

func decodeText(s string) Text {
	var t Text
	if json.Unmarshal([]byte(s), &t) != nil {
		return Text{"de": s}
	}
	return t
}

// Agency is a tenant. Every row of the database belongs to exactly one.
type Agency struct {
	ID         string
	Slug       string // in links: /t/{slug}
	Name       string
	Phone      string
	PhoneHours Text
	wrapped    []byte
}

// Department is a legal area with its own services.
type Department struct{ ID, Name string }

// Location is an office.
type Location struct{ ID, Name, City, Phone string }

// Desk is the counter of one department at one location. It owns appointments.
type Desk struct {
	ID, Name                 string
	DepartmentID, Department string
	LocationID, Location     string
	Phone                    string // of the location
}

// DeskTopic is the event topic of a desk, where the list that its staff work from looks; changes name the appointment or
// the task.
func DeskTopic(id string) string { return "desk:" + id }

// Service is what a talk is about, and its rules.
type Service struct {
	ID           string
	DepartmentID string
	Name         Text
	Duration     time.Duration
	Early        time.Duration // the waiting room opens so long before the start
	Late         time.Duration // and the link works so long after the end
}

// Public is what anybody may know of an agency.
type Public struct {
	Slug       string   `json:"slug"`
	Name       string   `json:"name"`
	Phone      string   `json:"phone"`
	PhoneHours string   `json:"phoneHours"`
	Languages  []string `json:"languages"`
}

// Public returns the public view in a language.
func (a Agency) Public(language string) Public {
	return Public{Slug: a.Slug, Name: a.Name, Phone: a.Phone, PhoneHours: a.PhoneHours.In(language), Languages: Languages()}
}
