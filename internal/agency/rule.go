package agency

import (
	"encoding/json"
	"errors"
	"slices"
	"time"
)

// Rule names something that a place decides for itself and for all that lies in it.
type Rule string

// The rules.
const (
	// OpensEarly is how many minutes before the start the waiting room opens. Each service has its own number, which a
	// location or a desk may change.
	OpensEarly Rule = "waiting.early"
	// StaysLate is how many minutes after the end the link still works; likewise.
	StaysLate Rule = "waiting.late"
	// OfferedFrom is the first day on which appointments may take place (2026-12-01), so that an agency can begin with
	// a few offices; "" is every day, and "never" none.
	OfferedFrom Rule = "offered.from"
	// Passwords is who of the agency may have one: everyone, or whoever does not sign in at a provider.
	Passwords Rule = "signin.password"
	// SecondFactor is whether whoever signs in with a password must show something else as well.
	SecondFactor Rule = "signin.factor"
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

// levels are in the order in which places are asked: who stands later decides, unless somebody before has fixed it.
func levels() []Kind { return []Kind{OfAgency, OfDepartment, OfService, OfLocation, OfDesk} }

// definition is what a rule takes, and where it may be decided.
type definition struct {
	at       []Kind
	standard any // where nobody has decided; nil: each service has its own
	fits     func(any) bool
}

func definitions() map[Rule]definition {
	return map[Rule]definition{
		OpensEarly:   {at: []Kind{OfLocation, OfDesk}, fits: minutes(240)},
		StaysLate:    {at: []Kind{OfLocation, OfDesk}, fits: minutes(1440)},
		OfferedFrom:  {at: levels(), standard: "", fits: dayOrNever},
		SecondFactor: {at: []Kind{OfAgency}, standard: Optional, fits: oneOf(Optional, Demanded)},
		Passwords:    {at: []Kind{OfAgency}, standard: Everyone, fits: oneOf(Everyone, WithoutProvider)},
	}
}

func minutes(most float64) func(any) bool {
	return func(v any) bool {
		n, ok := v.(float64) // as JSON has it
		return ok && n >= 0 && n <= most && n == float64(int(n))
	}
}

func oneOf(words ...string) func(any) bool {
	return func(v any) bool {
		text, ok := v.(string)
		return ok && slices.Contains(words, text)
	}
}

func dayOrNever(v any) bool {
	text, ok := v.(string)
	if !ok || text == "" || text == Never {
		return ok
	}
	_, err := time.Parse(time.DateOnly, text)
	return err == nil
}

// ErrRule says that there is no such rule, or not at such a place, or not with such a value.
var ErrRule = errors.New("agency: no such rule here, or not this value")

// ErrFixed says that somebody above has decided for all.
var ErrFixed = errors.New("agency: decided above for all")

// Decision is what a place has decided.
type Decision struct {
	Kind  Kind
	Place string
	Value any
	Fixed bool // nobody below may decide otherwise
}

// Rules are what counts at a place, each with where it comes from. Kind and Place are empty where nobody has decided.
type Rules map[Rule]Decision

// RulesFor are the rules that mean something at a kind of place, in the order of the alphabet.
func RulesFor(kind Kind) []Rule {
	var list []Rule
	for rule := range definitions() {
		if rule.DecidedAt(kind) || (kind == OfService || kind == OfDesk) && !rule.ofWhole() {
			list = append(list, rule)
		}
	}
	slices.Sort(list)
	return list
}

// ofWhole tells whether a rule is about an agency's people, and not about what lies in it.
func (r Rule) ofWhole() bool { return slices.Equal(definitions()[r].at, []Kind{OfAgency}) }

// DecidedAt tells whether a rule can be decided at a kind of place.
func (r Rule) DecidedAt(kind Kind) bool { return slices.Contains(definitions()[r].at, kind) }

// check reads a value that a place of a kind wants to decide.
func (r Rule) check(kind Kind, value json.RawMessage) error {
	d, known := definitions()[r]
	var v any
	if !known || !r.DecidedAt(kind) || json.Unmarshal(value, &v) != nil || !d.fits(v) {
		return ErrRule
	}
	return nil
}

// resolve finds what counts: of several decisions the lowest, unless one above it is fixed.
func resolve(decided map[Rule][]Decision) Rules {
	out := Rules{}
	for rule, d := range definitions() {
		out[rule] = Decision{Value: d.standard}
		list := slices.SortedFunc(slices.Values(decided[rule]), func(a, b Decision) int {
			return slices.Index(levels(), a.Kind) - slices.Index(levels(), b.Kind)
		})
		for _, one := range list {
			if !d.fits(one.Value) {
				continue // of a version of this program that took it; the one above still counts
			}
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

// Offered tells whether appointments may take place on a day, by the office's clock.
func (r Rules) Offered(day time.Time) bool {
	from, _ := r[OfferedFrom].Value.(string)
	return from != Never && day.Format(time.DateOnly) >= from
}

// PasswordBesideProvider tells whether somebody who signs in at a provider may have a password here as well.
func (r Rules) PasswordBesideProvider() bool { return r[Passwords].Value == Everyone }

// FactorDemanded tells whether a password alone is not enough.
func (r Rules) FactorDemanded() bool { return r[SecondFactor].Value == Demanded }
