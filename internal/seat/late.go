package seat

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/staff"
)

type lateInput struct {
	Desk string `path:"desk" maxLength:"64"`
	Body struct {
		Advisor string `json:"advisor,omitempty" maxLength:"64" doc:"One person of the desk; without it all of them."`
		Minutes int64  `json:"minutes" minimum:"0" maximum:"180" doc:"In all; 0 takes it back."`
	}
}

func (s deskSide) postLate(ctx context.Context, in *lateInput) (*struct{}, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	return nil, Problem(s.db.Retried(ctx, func(tx *db.Tx) error {
		p, err := s.people.Acting(ctx, tx, p)
		if err != nil {
			return err
		}
		if !p.MayDesk(in.Desk) {
			return edge.NewProblem(http.StatusNotFound, "desk.unknown")
		}
		desks, err := s.concerned(ctx, tx, p, in.Desk, in.Body.Advisor)
		if err != nil {
			return err
		}
		who := in.Desk
		if in.Body.Advisor != "" {
			who = in.Body.Advisor
		}
		if err := s.runLate(ctx, tx, p, who, in.Body.Minutes); err != nil {
			return err
		}
		for _, desk := range desks {
			if err := s.o.Events.Append(ctx, tx, p.Agency, agency.DeskTopic(desk), "late", ""); err != nil {
				return err
			}
		}
		return nil
	}))
}

// concerned are the desks whose guests wait longer: the one, or all at which one of its people talks.
func (s deskSide) concerned(ctx context.Context, q db.Q, p staff.Person, desk, advisor string) (desks []string, err error) {
	if advisor == "" {
		return []string{desk}, nil
	}
	late, err := s.people.Now(ctx, q, p.Agency, advisor)
	if err != nil {
		return nil, err
	}
	if !late.MayTalk(desk) {
		return nil, edge.NewProblem(http.StatusUnprocessableEntity, "appointment.advisor")
	}
	for _, at := range late.Desks {
		if late.MayTalk(at) {
			desks = append(desks, at)
		}
	}
	return desks, nil
}

// runLate says it until the day of the offices is over.
func (s *Service) runLate(ctx context.Context, tx *db.Tx, p staff.Person, who string, minutes int64) error {
	if minutes == 0 {
		_, err := tx.ExecContext(ctx, `DELETE FROM late WHERE agency_id = $1 AND who = $2`, p.Agency, who)
		if err != nil {
			return fmt.Errorf("take lateness back: %w", err)
		}
		return nil
	}
	now := s.o.Clock().In(s.o.Agencies.Zone())
	midnight := time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 0, 0, now.Location())
	err := db.Affected(tx.ExecContext(ctx, `
		INSERT INTO late (agency_id, who, minutes, until_at, said_by) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (agency_id, who) DO UPDATE SET minutes = $3, until_at = $4, said_by = $5`, p.Agency, who, minutes, db.Ms(midnight), p.ID))
	if err != nil && !errors.Is(err, db.ErrConflict) {
		return fmt.Errorf("note lateness: %w", err)
	}
	return err
}
