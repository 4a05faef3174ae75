package admin

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/staff"
	"visavis/internal/vault"
)

// Who declines may say why. That is the only thing that anybody types about an approval: it stands with it, sealed, for who
// has asked and for who may approve, until retention deletes it. The audit never has it.

func reasonField(agencyID, id string) vault.Field {
	return vault.Field{Agency: agencyID, Table: "approval", Column: "reason_sealed", Row: id}
}

// decline ends what somebody has asked for: another person says no, or who has asked takes it back.
func (s *Service) decline(ctx context.Context, tx *db.Tx, p staff.Person, a ApprovalView, reason vault.Personal) error {
	if a.asker == p.ID {
		if err := s.decided(ctx, tx, p, a, false, nil); err != nil {
			return err
		}
		return s.noteApproval(ctx, tx, p, audit.ApprovalTakenBack, a)
	}
	var sealed []byte
	if text := readableReason(reason); text != "" {
		key, err := s.o.Agencies.Keys().In(ctx, tx, p.Agency)
		if err != nil {
			return err
		}
		sealed = key.Seal(reasonField(p.Agency, a.ID), []byte(text))
	}
	if err := s.decided(ctx, tx, p, a, false, sealed); err != nil {
		return err
	}
	return s.noteApproval(ctx, tx, p, audit.ApprovalRefused, a)
}

// readableReason leaves out what nobody sees and what turns a text around.
func readableReason(reason vault.Personal) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, reason.Reveal()))
}

// openReasons unseals why things were declined.
func (s *Service) openReasons(ctx context.Context, q db.Q, agencyID string, list []ApprovalView) error {
	for i := range list {
		if list[i].sealed == nil {
			continue
		}
		key, err := s.o.Agencies.Keys().In(ctx, q, agencyID)
		if err != nil {
			return err
		}
		text, err := key.Open(reasonField(agencyID, list[i].ID), list[i].sealed)
		if err != nil {
			return fmt.Errorf("open reason of approval %s: %w", list[i].ID, err)
		}
		list[i].Reason = string(text)
	}
	return nil
}

// postRead notes that who has asked knows that it was declined, so that it is not told first any more.
func (s *Service) postRead(ctx context.Context, in *ApprovalPath) (*ApprovalsOutput, error) {
	return s.approving(ctx, func(tx *db.Tx, p staff.Person) error {
		a, err := s.approval(ctx, tx, p, in.ID)
		if err != nil {
			return err
		}
		if a.asker != p.ID {
			return forbidden403()
		}
		if !a.Unread {
			return nil
		}
		_, err = tx.ExecContext(ctx, `UPDATE approval SET read_at = $1 WHERE agency_id = $2 AND id = $3`, db.Ms(s.o.Clock()), p.Agency, a.ID)
		if err != nil {
			return fmt.Errorf("note that it was read: %w", err)
		}
		return nil
	})
}

// askedAnew notes that who asks for the same once more knows what became of it before.
func (s *Service) askedAnew(ctx context.Context, tx *db.Tx, p staff.Person, act ApprovalAct, c RuleChange) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE approval SET read_at = $1 WHERE agency_id = $2 AND asked_by = $3 AND act = $4 AND decided_at IS NOT NULL AND read_at IS NULL
		   AND COALESCE(place_id, '') = $5 AND COALESCE(rule, '') = $6`,
		db.Ms(s.o.Clock()), p.Agency, p.ID, string(act), c.Place, string(c.Rule))
	if err != nil {
		return fmt.Errorf("note that it was read: %w", err)
	}
	return nil
}
