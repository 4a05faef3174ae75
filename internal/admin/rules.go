package admin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"visavis/internal/agency"
	"visavis/internal/agency/picture"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/staff"
)

func (s *Service) ruleRoutes(api *edge.API, op func(id, route string) edge.Operation) {
	const rules = "/api/staff/places/{id}/rules"
	edge.Handle(api, op("rules", "GET "+rules), s.getRules)
	edge.Handle(api, op("decideRule", "PUT "+rules+"/{rule}"), s.putRule)
	edge.Handle(api, op("leaveRule", "DELETE "+rules+"/{rule}"), s.deleteRule)
}

// RuleView is what counts at a place, and who has decided it.
type RuleView struct {
	Rule      agency.Rule  `json:"rule"`
	Group     agency.Group `json:"group" enum:"meetings,features,contact,wording,security,kept" doc:"What it is about; those of a group follow each other."`
	Value     any          `json:"value"`
	Kind      agency.Kind  `json:"kind,omitempty" doc:"Of the place that has decided; none: nobody has, it is as Visavis comes."`
	Place     string       `json:"place,omitempty"`
	PlaceName string       `json:"placeName,omitempty"`
	Decided   bool         `json:"decided" doc:"The place has: it can be left to others again. What stands in its own row is not decided."`
	Overruled bool         `json:"overruled,omitempty" doc:"The place has decided it, which does not count as long as a place above decides for all."`
	Fixed     bool         `json:"fixed" doc:"No place below may decide otherwise."`
	MayDecide bool         `json:"mayDecide" doc:"The person may, here."`
	Fixable   bool         `json:"fixable" doc:"It can be decided here for all below."`
	Takes     agency.Form  `json:"takes"`
	Picture   *agency.Logo `json:"picture,omitempty" doc:"How a page shows it."`
	Comes     agency.Text  `json:"comes,omitempty" doc:"Of a legal text: as it is where nobody has written one."`
	Beside    bool         `json:"beside" doc:"For some services something is decided that counts there instead."`
	NeedsTwo  bool         `json:"needsTwo" doc:"A change holds only once a second person has agreed."`
	Asked     *RuleAsked   `json:"asked,omitempty" doc:"A change that waits for that. Until then nobody asks for another."`
}

// RuleAsked is a change that waits for a second person.
type RuleAsked struct {
	Approval string `json:"approval" doc:"Its id."`
	Value    any    `json:"value"`
	Leave    bool   `json:"leave" doc:"In place of value: it is left to those above again."`
	Fixed    bool   `json:"fixed"`
	AskedBy  string `json:"askedBy" doc:"A name."`
	AskedAt  int64  `json:"askedAt"`
	UntilAt  int64  `json:"untilAt" doc:"Afterwards nobody can agree to it any more."`
	Mine     bool   `json:"mine" doc:"The person has asked, and may take it back."`
	May      bool   `json:"mayDecide" doc:"The person may refuse it and, unless something hinders them, agree to it; what does so stands with the approval."`
}

// RulesOutput lists all rules that there can be at a place.
type RulesOutput struct {
	Body struct {
		Rules []RuleView `json:"rules"`
	}
}

func (s *Service) getRules(ctx context.Context, in *placeInput) (*RulesOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	out := &RulesOutput{}
	err = s.db.Snapshot(ctx, func(q db.Q) error {
		place, err := s.o.Agencies.Place(ctx, q, p.Agency, in.ID)
		if err != nil {
			return err
		}
		out.Body.Rules, err = s.rulesAt(ctx, q, p, place)
		return err
	})
	return out, ruleProblem(err)
}

func (s *Service) rulesAt(ctx context.Context, q db.Q, p staff.Person, place agency.Place) ([]RuleView, error) {
	if !maySee(p, place) {
		return nil, forbidden403()
	}
	rules, err := s.o.Agencies.RulesAt(ctx, q, p.Agency, place)
	if err != nil {
		return nil, err
	}
	a, err := s.o.Agencies.In(ctx, q, p.Agency)
	if err != nil {
		return nil, err
	}
	beside, err := s.o.Agencies.BesideAt(ctx, q, p.Agency, place)
	if err != nil {
		return nil, err
	}
	own, err := s.o.Agencies.OwnRules(ctx, q, p.Agency, place.ID)
	if err != nil {
		return nil, err
	}
	open, err := s.openChanges(ctx, q, p, place.ID)
	if err != nil {
		return nil, err
	}
	names := map[string]string{"": "", place.ID: place.Name}
	list := []RuleView{}
	for _, rule := range agency.RulesFor(place.Kind) {
		d := rules[rule]
		if _, known := names[d.Place]; !known {
			above, err := s.o.Agencies.Place(ctx, q, p.Agency, d.Place)
			if err != nil {
				return nil, err
			}
			names[d.Place] = above.Name
		}
		view := RuleView{
			Rule: rule, Group: rule.Group(), Value: s.valueOf(a, rules, rule), Kind: d.Kind, Place: d.Place, PlaceName: names[d.Place],
			Decided: d.Place == place.ID && !d.Own, Fixed: d.Fixed, Takes: rule.Form(), NeedsTwo: rule.NeedsTwo(), Asked: open[rule],
			Overruled: d.Place != place.ID && slices.Contains(own, rule),
			Fixable:   rule.Fixable(place.Kind),
			Comes:     s.o.Agencies.Supplied(rule, a, rules),
			MayDecide: p.May(staff.Decide, place) && rule.DecidedAt(place.Kind) && (!d.Fixed || d.Place == place.ID) && open[rule] == nil,
		}
		view.Beside = countsBeside(d, beside, rule)
		if rule == agency.OwnLogo {
			view.Picture = a.Logo(rules)
		}
		list = append(list, view)
	}
	return list, nil
}

// countsBeside tells whether something else counts for some services at a location or a desk: they come after agency and
// department and before both of these, unless somebody before has fixed it.
func countsBeside(d agency.Decision, beside map[agency.Rule]bool, rule agency.Rule) bool {
	fixed, any := beside[rule]
	if d.Kind == agency.OfLocation || d.Kind == agency.OfDesk {
		return fixed
	}
	return any && !d.Fixed
}

// valueOf is what counts; where nobody has decided for how long the audit is kept, that is the longest that the installation
// has ever said.
func (s *Service) valueOf(a agency.Agency, rules agency.Rules, rule agency.Rule) any {
	if v := rules[rule].Value; v != nil || rule != agency.KeptAudit {
		return v
	}
	return max(s.o.KeepAudit, a.AuditDays)
}

// RulePath names a rule of a place in a route; exported since the routes are read by reflection, which skips what is not.
type RulePath struct {
	ID   string      `path:"id" maxLength:"64"`
	Rule agency.Rule `path:"rule" maxLength:"64"`
}

type decideInput struct {
	RulePath
	Body struct {
		Value any  `json:"value"`
		Fixed bool `json:"fixed,omitempty"`
	}
}

func (s *Service) putRule(ctx context.Context, in *decideInput) (*RulesOutput, error) {
	value, err := json.Marshal(in.Body.Value)
	if err != nil {
		return nil, ruleProblem(agency.ErrRule)
	}
	return s.changeRule(ctx, in.RulePath, func(tx *db.Tx, p staff.Person, place agency.Place) error {
		c := RuleChange{Rule: in.Rule, Fixed: in.Body.Fixed, stored: value}
		if in.Rule.NeedsTwo() {
			return s.askRule(ctx, tx, p, place, c)
		}
		return s.decideAs(ctx, tx, p, place, c)
	})
}

func (s *Service) deleteRule(ctx context.Context, in *RulePath) (*RulesOutput, error) {
	return s.changeRule(ctx, *in, func(tx *db.Tx, p staff.Person, place agency.Place) error {
		if in.Rule.NeedsTwo() {
			return s.askToLeave(ctx, tx, p, place, in.Rule)
		}
		return s.leaveAs(ctx, tx, p, place, in.Rule)
	})
}

// changeRule lets somebody change a rule of a place and answers with all of them. Of two at once the later counts: a rule
// is one value, and who sets it has said what it shall be.
func (s *Service) changeRule(ctx context.Context, at RulePath, change func(*db.Tx, staff.Person, agency.Place) error) (*RulesOutput, error) {
	out := &RulesOutput{}
	err := s.acting(ctx, func(tx *db.Tx, p staff.Person) error {
		place, err := s.o.Agencies.Place(ctx, tx, p.Agency, at.ID)
		if err != nil {
			return err
		}
		if !p.May(staff.Decide, place) {
			return forbidden403()
		}
		if err := change(tx, p, place); err != nil {
			return err
		}
		out.Body.Rules, err = s.rulesAt(ctx, tx, p, place)
		return err
	})
	return out, ruleProblem(err)
}

func ruleProblem(err error) error {
	if wrong, is := errors.AsType[*picture.Error](err); is {
		return edge.NewProblem(http.StatusUnprocessableEntity, "logo."+wrong.Code, "what", wrong.What)
	}
	switch {
	case errors.Is(err, agency.ErrRule):
		return edge.NewProblem(http.StatusUnprocessableEntity, "rule.invalid")
	case errors.Is(err, agency.ErrUnfixable):
		return edge.NewProblem(http.StatusUnprocessableEntity, "rule.unfixable")
	case errors.Is(err, agency.ErrFixed):
		return edge.NewProblem(http.StatusConflict, "rule.fixed")
	}
	return problem(err)
}
