package agency

import (
	"encoding/json"
	"errors"
	"slices"
	"time"

	"visavis/internal/agency/picture"
	"visavis/locales"
)

// Rule names something that a place decides for itself and for all that lies in it.
type Rule string

// The rules.
const (
	// OpensEarly is how many minutes before the start the waiting room opens.
	OpensEarly Rule = "waiting.early"
	// StaysLate is how many minutes after the end the link still works.
	StaysLate Rule = "waiting.late"
	// OfferedFrom is the first day on which appointments may take place (2026-12-01), so that an agency can begin with
	// a few offices; "" is every day, and "never" none.
	OfferedFrom Rule = "offered.from"
	// Passwords is who of the agency may have one: everyone, or whoever does not sign in at a provider.
	Passwords Rule = "signin.password"
	// SecondFactor is whether whoever signs in with a password must show something else as well.
	SecondFactor Rule = "signin.factor"
	// ContactPhone is the telephone number that citizens are told. A location has its own in its row, the agency too.
	ContactPhone Rule = "contact.phone"
	// ContactHours say when somebody answers there.
	ContactHours Rule = "contact.hours"
	// SpokenLanguages are those in which guests are written to and have their pages.
	SpokenLanguages Rule = "languages"
	// Doors are the ways in which guests may come to an appointment, or have it instead.
	Doors Rule = "doors"
	// CodeCompared says whether advisors are asked to compare the safety code of each talk.
	CodeCompared Rule = "code.compared"
	// Welcome is what an office says to its guests on their first screen.
	Welcome Rule = "welcome"
	// Reminders are how long before an appointment its guest is reminded by e-mail; none is a choice, too.
	Reminders Rule = "reminders"
	// OwnLogo is the picture in the head of the guests' pages.
	OwnLogo Rule = "logo"
	// LegalBasis is by what right an appointment is by video.
	LegalBasis Rule = "legal.basis"
	// LegalNotice is what guests are told about their data, and LegalConsent what they agree to. Each text stays.
	LegalNotice  Rule = "legal.notice"
	LegalConsent Rule = "legal.consent"
	// KeptAppointments is for how many days after its end an appointment stays, with all that there is of its guest.
	KeptAppointments Rule = "kept.appointments"
	// KeptAccounts is for how many days an account that was disabled stays with its name and address.
	KeptAccounts Rule = "kept.accounts"
	// KeptAudit is for how many days an entry of the audit stays.
	KeptAudit Rule = "kept.audit"
)

// Never is what OfferedFrom says where nothing is offered yet.
const Never = "never"

// What Passwords says.
const (
	Everyone        = "everyone"
	WithoutProvider = "without_provider"
)

// What SecondFactor says.
const (
	Optional = "optional"
	Demanded = "demanded"
)

// What Doors lists.
const (
	ByLink = "link"     // a video appointment by the link of the invitation
	ByCall = "callback" // the office calls
)

// What Reminders lists.
const (
	BeforeWeek      = "week"
	BeforeThreeDays = "three_days"
	BeforeDay       = "day"
	BeforeTwoHours  = "two_hours"
)

// What CodeCompared says.
const (
	Advised  = "advised"
	Required = "required"
)

// levels are in the order in which places are asked: who stands later decides, unless somebody before has fixed it.
func levels() []Kind { return []Kind{OfAgency, OfDepartment, OfService, OfLocation, OfDesk} }

// Group is what several rules are about: pages put them together.
type Group string

// The groups.
const (
	Meetings Group = "meetings" // when and how guests come
	Features Group = "features" // what can be switched on place by place
	Contact  Group = "contact"
	Wording  Group = "wording" // what guests read and see, and by what right
	Security Group = "security"
	Kept     Group = "kept"
)

// definition is what a rule takes, and where it may be decided.
type definition struct {
	rule     Rule
	group    Group
	form     Form
	at       []Kind
	own      []Kind // these have it in their own rows
	kept     bool   // each text that was ever decided stays
	two      bool   // a second person has to agree to each change
	standard any    // where nobody has decided; nil: the installation has one
}

// inOrder are all rules as people read them, those of a group together.
func inOrder() []definition {
	places, topics := []Kind{OfAgency, OfDepartment, OfLocation, OfDesk}, []Kind{OfAgency, OfDepartment, OfService}
	return []definition{
		{rule: OfferedFrom, group: Meetings, form: Form{Kind: DayForm}, at: levels(), standard: ""},
		{rule: Doors, group: Meetings, form: someOf(ByLink, ByCall), at: levels(), standard: asList([]string{ByLink, ByCall})},
		{rule: OpensEarly, group: Meetings, form: minutes(240), at: levels(), standard: 10.0},
		{rule: StaysLate, group: Meetings, form: minutes(1440), at: levels(), standard: 15.0},
		{
			rule: Reminders, group: Meetings, form: someOrNone(BeforeWeek, BeforeThreeDays, BeforeDay, BeforeTwoHours),
			at: levels(), standard: asList([]string{BeforeDay}),
		},
		{rule: TalkChat, group: Features, form: Form{Kind: SwitchForm}, at: levels(), standard: SwitchedOn},
		{rule: TalkScreen, group: Features, form: Form{Kind: SwitchForm}, at: levels(), standard: SwitchedOn},
		{rule: TalkFiles, group: Features, form: Form{Kind: SwitchForm}, at: levels(), standard: SwitchedOn},
		{rule: TalkDocument, group: Features, form: Form{Kind: SwitchForm}, at: levels(), standard: SwitchedOn},
		{rule: TalkForm, group: Features, form: Form{Kind: SwitchForm}, at: levels(), standard: SwitchedOn},
		{rule: TalkCompany, group: Features, form: Form{Kind: SwitchForm}, at: levels(), standard: SwitchedOff},
		{rule: TalkScan, group: Features, form: Form{Kind: SwitchForm}, at: levels(), standard: SwitchedOff},
		{rule: WaitingMessages, group: Features, form: Form{Kind: SwitchForm}, at: levels(), standard: SwitchedOn},
		{rule: SurveyAsked, group: Features, form: Form{Kind: SwitchForm}, at: levels(), standard: SwitchedOff},
		{rule: SurveyLine, group: Features, form: Form{Kind: SwitchForm}, at: levels(), standard: SwitchedOff},
		{
			rule: ContactPhone, group: Contact, form: Form{Kind: DialForm, Most: mostDial},
			at: []Kind{OfAgency, OfDepartment, OfDesk}, own: []Kind{OfLocation}, standard: "",
		},
		{rule: ContactHours, group: Contact, form: words(200, false), at: places, standard: map[string]any{}},
		{rule: SpokenLanguages, group: Contact, form: someOf(locales.Languages()...), at: places, standard: asList(locales.Languages())},
		{rule: Welcome, group: Wording, form: words(300, true), at: levels(), standard: map[string]any{}},
		{
			rule: OwnLogo, group: Wording, form: Form{Kind: PictureForm, Most: picture.Most},
			at: []Kind{OfAgency, OfDepartment, OfLocation}, standard: "",
		},
		{rule: LegalBasis, group: Wording, form: oneOf(ByNotice, ByConsent), at: topics, standard: ByNotice},
		{rule: LegalNotice, group: Wording, form: words(mostLegal, true), at: topics, kept: true, standard: map[string]any{}},
		{rule: LegalConsent, group: Wording, form: words(mostLegal, true), at: topics, kept: true, standard: map[string]any{}},
		{rule: CodeCompared, group: Security, form: oneOf(Advised, Required), at: levels(), standard: Advised},
		{rule: Passwords, group: Security, form: oneOf(Everyone, WithoutProvider), at: []Kind{OfAgency}, standard: Everyone},
		{rule: SecondFactor, group: Security, form: oneOf(Optional, Demanded), at: []Kind{OfAgency}, standard: Optional},
		// Why these days: docs/operator/retention.md.
		{rule: KeptAppointments, group: Kept, form: days(1, 365), at: topics, two: true, standard: 90.0},
		{rule: KeptAccounts, group: Kept, form: days(1, 1095), at: []Kind{OfAgency}, two: true, standard: 90.0},
		{rule: KeptAudit, group: Kept, form: days(30, 3650), at: []Kind{OfAgency}, two: true}, // as audit.keep_days
	}
}

// definitions are those of all rules: made once by whoever looks at several.
func definitions() map[Rule]definition {
	list := inOrder()
	known := make(map[Rule]definition, len(list))
	for _, d := range list {
		known[d.rule] = d
	}
	return known
}

// mostLegal is about two pages.
const mostLegal = 6000

func asList(texts []string) []any {
	var out []any
	for _, text := range texts {
		out = append(out, text)
	}
	return out
}

// ErrRule says that there is no such rule, or not at such a place, or not with such a value.
var ErrRule = errors.New("agency: no such rule here, or not this value")

// ErrUnfixable says that a place wants to hold others to a rule where none could decide it after it.
var ErrUnfixable = errors.New("agency: nobody else decides this below")

// ErrFixed says that somebody above has decided for all.
var ErrFixed = errors.New("agency: decided above for all")

// Decision is what a place has decided.
type Decision struct {
	Kind  Kind
	Place string
	Value any
	Fixed bool // nobody below may decide otherwise
	Own   bool // stands in the place's own row: there is nothing to leave to others
}

// Rules are what counts at a place, each with where it comes from. Kind and Place are empty where nobody has decided.
type Rules map[Rule]Decision

// RulesFor are the rules that mean something at a kind of place, as people read them.
func RulesFor(kind Kind) []Rule {
	var list []Rule
	for _, d := range inOrder() {
		if slices.Contains(d.at, kind) || slices.Contains(d.own, kind) {
			list = append(list, d.rule)
		}
	}
	return list
}

// Group is what the rule is about.
func (r Rule) Group() Group { return definitions()[r].group }

// DecidedAt tells whether a rule can be decided at a kind of place.
func (r Rule) DecidedAt(kind Kind) bool { return slices.Contains(definitions()[r].at, kind) }

// Fixable tells whether a place of a kind can hold others to a rule: some that are asked later may decide it, too. No place
// lies below a service, but where it is offered, locations and desks decide after it.
func (r Rule) Fixable(kind Kind) bool {
	at := slices.Index(levels(), kind)
	return at >= 0 && slices.ContainsFunc(levels()[at+1:], r.DecidedAt)
}

// NeedsTwo tells whether one person alone changes nothing: a second one has to agree.
func (r Rule) NeedsTwo() bool { return definitions()[r].two }

// Form is what a rule takes.
func (r Rule) Form() Form { return definitions()[r].form }

// check reads a value that a place of a kind wants to decide, and puts it into its stored form.
func (r Rule) check(kind Kind, value json.RawMessage) (any, error) {
	var v any
	if !r.DecidedAt(kind) || json.Unmarshal(value, &v) != nil {
		return nil, ErrRule
	}
	v, ok := r.Form().take(v)
	if !ok {
		return nil, ErrRule
	}
	return v, nil
}

// resolve finds what counts: of several decisions the lowest, unless one above it is fixed. What a place has decided comes
// after what its own row says.
func resolve(known map[Rule]definition, decided map[Rule][]Decision) Rules {
	out := Rules{}
	for rule, d := range known {
		out[rule] = Decision{Value: d.standard}
		list := slices.SortedStableFunc(slices.Values(decided[rule]), func(a, b Decision) int {
			return slices.Index(levels(), a.Kind) - slices.Index(levels(), b.Kind)
		})
		for _, one := range list {
			out[rule] = one
			if one.Fixed {
				break
			}
		}
	}
	return out
}

// Minutes is the value of a rule that has some.
func (r Rules) Minutes(rule Rule) time.Duration {
	n, _ := r[rule].Value.(float64)
	return time.Duration(n) * time.Minute
}

// Days is the value of a rule that has some; 0 where nobody has decided, and the installation does.
func (r Rules) Days(rule Rule) int {
	n, _ := r[rule].Value.(float64)
	return int(n)
}

// Line is the value of a rule that is one word or number.
func (r Rules) Line(rule Rule) string {
	text, _ := r[rule].Value.(string)
	return text
}

// Text is the value of a rule that is said in each language.
func (r Rules) Text(rule Rule) Text {
	said, _ := r[rule].Value.(map[string]any)
	out := Text{}
	for language, one := range said {
		out[language], _ = one.(string)
	}
	return out
}

// Some are what a rule has chosen of its list.
func (r Rules) Some(rule Rule) []string {
	chosen, _ := r[rule].Value.([]any)
	return texts(chosen)
}

// Spoken tells whether a language is offered.
func (r Rules) Spoken(language string) bool {
	return slices.Contains(r.Some(SpokenLanguages), language)
}

// Language is the wanted one where it is offered, else the first that is.
func (r Rules) Language(wanted string) string {
	if offered := r.Some(SpokenLanguages); len(offered) > 0 && !r.Spoken(wanted) {
		return offered[0]
	}
	return wanted
}

// Offered tells whether appointments may take place on a day, by the office's clock.
func (r Rules) Offered(day time.Time) bool {
	from := r.Line(OfferedFrom)
	return from != Never && day.Format(time.DateOnly) >= from
}

// PasswordBesideProvider tells whether somebody who signs in at a provider may have a password here as well.
func (r Rules) PasswordBesideProvider() bool { return r[Passwords].Value == Everyone }

// FactorDemanded tells whether a password alone is not enough.
func (r Rules) FactorDemanded() bool { return r[SecondFactor].Value == Demanded }
