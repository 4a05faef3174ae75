package admin

import (
	"context"
	"strconv"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/staff"
)

// For how long something is kept is decided by two people: shorter deletes what somebody may still need, longer keeps what
// nobody may have any more.

// askRule asks for another value of a rule. What could not be decided is refused at once, and not when somebody agrees.
func (s *Service) askRule(ctx context.Context, tx *db.Tx, p staff.Person, place agency.Place, c RuleChange) error {
	code, err := s.o.Agencies.Decidable(ctx, tx, p.Agency, place, c.Rule, c.stored, c.Fixed)
	if err != nil {
		return err
	}
	c.Place = place.ID
	return s.ask(ctx, tx, p, ApprovalView{Act: ChangeRetention, Change: &c},
		audit.Is("value", code), audit.Is("fixed", strconv.FormatBool(c.Fixed)))
}

// askToLeave asks to leave a rule to those above again, where the place has decided.
func (s *Service) askToLeave(ctx context.Context, tx *db.Tx, p staff.Person, place agency.Place, rule agency.Rule) error {
	rules, err := s.o.Agencies.RulesAt(ctx, tx, p.Agency, place)
	if err != nil || rules[rule].Place != place.ID {
		return err
	}
	return s.ask(ctx, tx, p, ApprovalView{Act: ChangeRetention, Change: &RuleChange{Rule: rule, Place: place.ID, Leave: true}},
		audit.Is("value", "above"))
}

// changeApproved changes a rule as it was asked for and allowed. Somebody above may have decided for all meanwhile.
func (s *Service) changeApproved(ctx context.Context, tx *db.Tx, agencyID string, a ApprovalView) error {
	place, err := s.o.Agencies.Place(ctx, tx, agencyID, a.Change.Place)
	if err != nil {
		return err
	}
	asker := staff.Person{ID: a.asker, Agency: agencyID}
	if a.Change.Leave {
		return s.leaveAs(ctx, tx, asker, place, a.Change.Rule)
	}
	return s.decideAs(ctx, tx, asker, place, *a.Change)
}

// decideAs writes a decision and tells the audit of it.
func (s *Service) decideAs(ctx context.Context, tx *db.Tx, p staff.Person, place agency.Place, c RuleChange) error {
	code, err := s.o.Agencies.Decide(ctx, tx, p.Agency, place, c.Rule, c.stored, c.Fixed, p.ID)
	if err != nil {
		return err
	}
	return s.noteRule(ctx, tx, p, place, audit.RuleDecided, c.Rule,
		audit.Is("value", code), audit.Is("fixed", strconv.FormatBool(c.Fixed)))
}

// leaveAs leaves a rule to those above, where the place has decided, and tells the audit of it.
func (s *Service) leaveAs(ctx context.Context, tx *db.Tx, p staff.Person, place agency.Place, rule agency.Rule) error {
	decided, err := s.o.Agencies.Undecide(ctx, tx, p.Agency, place, rule)
	if err != nil || !decided {
		return err
	}
	return s.noteRule(ctx, tx, p, place, audit.RuleLeft, rule)
}
