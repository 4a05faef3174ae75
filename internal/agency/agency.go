// Package agency holds the organisation: agencies (tenants), their departments,
// locations, desks and services, what each of them decides (rules, and the texts
// about the legal basis that guests were shown), and each agency's data key.
//
// The main types are Agency, Desk, Service, Rule, LegalText, Store and Keys. The package knows nothing
// of staff, citizens or appointments.
package agency

import (
	"encoding/json"
	"time"

	"visavis/locales"
)

// Text is a name in each language.
type Text map[string]string

// In returns the text in a language, else in German, else any.
func (t Text) In(language string) string {
	for _, l := range append([]string{language}, locales.Languages()...) {
		if s := t[l]; s != "" {
			return s
		}
	}
	return ""
}

// everywhere has a text for every language that pages speak, of another one where there is none.
func (t Text) everywhere() Text {
	all := Text{}
	for _, language := range locales.Languages() {
		all[language] = t.In(language)
	}
	return all
}

// Encode is how a text is stored.
func (t Text) Encode() string {
	b, err := json.Marshal(map[string]string(t))
	if err != nil {
		return "{}" // strings always encode
	}
	return string(b)
}

// DecodeText reads what Encode wrote.
func DecodeText(s string) Text {
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
	Host       string // of its own; empty: only the installation's
	Name       string
	Phone      string
	PhoneHours Text
	TimeZone   string // of its offices, as the IANA database names it
	// AuditDays is the longest that the installation has ever said for its audit, see KeepAudit.
	AuditDays int
	wrapped   []byte
}

// Department is a legal area with its own services. Code is what the agency itself calls it, as with all that follow.
type Department struct {
	ID, Code, Name string
	Closed         bool // and all desks in it
}

// Location is an office.
type Location struct {
	ID, Code, Name, City, Phone string
	Closed                      bool // and all desks in it
}

// Desk is the counter of one department at one location. It owns appointments.
type Desk struct {
	ID, Code, Name           string
	DepartmentID, Department string
	LocationID, Location     string
	Phone                    string // of the location
	Shut                     bool   // closed by itself; not read
	Closed                   bool   // takes no new appointments: it, its department or its location is closed; not written (Follow)
}

// DeskTopic is the event topic of a desk, where the list that its staff work from looks; changes name the appointment or
// the task.
func DeskTopic(id string) string { return "desk:" + id }

// Service is what a talk is about.
type Service struct {
	ID, Code     string
	DepartmentID string
	Name         Text
	Duration     time.Duration
	Closed       bool // takes no new appointments
}

// Public is what anybody may know of an agency.
type Public struct {
	Slug       string   `json:"slug"`
	Name       string   `json:"name"`
	Phone      string   `json:"phone"`
	Dial       string   `json:"dial,omitempty"` // what is dialled, where Phone is one number
	PhoneHours Text     `json:"phoneHours" doc:"By each language that pages speak."`
	TimeZone   string   `json:"timeZone"`
	Languages  []string `json:"languages"`
	Logo       *Logo    `json:"logo,omitempty"`
}

// Public is what somebody sees for whom these rules count.
func (a Agency) Public(rules Rules) Public {
	phone := rules.Line(ContactPhone)
	return Public{
		Slug: a.Slug, Name: a.Name, TimeZone: a.TimeZone,
		Phone: phone, Dial: Dial(phone), PhoneHours: rules.Text(ContactHours).everywhere(), Languages: rules.Some(SpokenLanguages),
		Logo: a.Logo(rules),
	}
}
