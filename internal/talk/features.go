package talk

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/seat"
)

// What can be switched on and off in a talk. The server sees nothing of them: the pages of both sides keep to it.
const (
	chat     = "chat"
	screen   = "screen"
	files    = "files"
	document = "document"
	form     = "form"
	// company is whether others than the citizen may be let into the talk.
	company = "company"
	// scanFiles is the one in which the server takes part: it passes a file on that has arrived (postScan).
	scanFiles = "scan"
)

// features are what is switched on for a talk that begins now. Who takes part in writing has no other way to speak than
// the chat.
func (s *Service) features(ctx context.Context, q db.Q, x seat.Seat) ([]string, error) {
	rules, err := s.o.Seats.Rules(ctx, q, x)
	if err != nil {
		return nil, err
	}
	day, list := s.o.Agencies.Today(), []string{}
	if x.Mode == seat.Text || rules.On(agency.TalkChat, day) {
		list = append(list, chat)
	}
	if rules.On(agency.TalkScreen, day) {
		list = append(list, screen)
	}
	if rules.On(agency.TalkFiles, day) {
		list = append(list, files)
	}
	if rules.On(agency.TalkDocument, day) {
		list = append(list, document)
	}
	if rules.On(agency.TalkForm, day) {
		list = append(list, form)
	}
	if rules.On(agency.TalkCompany, day) {
		list = append(list, company)
	}
	if s.o.Scanner != nil && rules.On(agency.TalkFiles, day) && rules.On(agency.TalkScan, day) {
		list = append(list, scanFiles)
	}
	return list, nil
}

// forCompany is what of it there is for who accompanies the citizen: they see and hear, speak and write. Files, documents
// and forms go between the advisor and the citizen.
func forCompany(features []string) []string {
	return slices.DeleteFunc(slices.Clone(features), func(f string) bool { return f != chat && f != screen && f != company })
}

// letWrite switches the chat on for a guest who has neither camera nor microphone, or has lost both in the midst of a talk;
// then also for all others in it, who are to read that.
func (s *Service) letWrite(ctx context.Context, tx *db.Tx, x seat.Seat, t *Talk) error {
	if x.Mode != seat.Text || slices.Contains(t.Features, chat) {
		return nil
	}
	all, err := liveTalks(ctx, tx, ` AND (id = $2 OR beside = $2) ORDER BY id`, t.Agency, cmp.Or(t.Beside, t.ID))
	if err != nil {
		return err
	}
	for _, one := range all {
		if slices.Contains(one.Features, chat) {
			continue
		}
		one.Features = append(one.Features, chat)
		if _, err := tx.ExecContext(ctx, `UPDATE talk SET features = $1 WHERE agency_id = $2 AND id = $3`,
			strings.Join(one.Features, " "), one.Agency, one.ID); err != nil {
			return fmt.Errorf("let the guest write: %w", err)
		}
		if err := s.tell(ctx, tx, one); err != nil {
			return err
		}
	}
	t.Features = append(t.Features, chat)
	return nil
}
