package talk

import (
	"context"
	"net/http"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/staff"
)

// Who is threatened, or needs somebody beside them, calls the colleagues of the desk without a word: their lists show it
// at once, and the guest's page learns nothing of it.

// AlarmView is an alarm of who leads the talk.
type AlarmView struct {
	At         int64      `json:"at"`
	AnsweredBy *Colleague `json:"answeredBy,omitempty" doc:"Who has said to come."`
}

// alarm calls the desk, or takes that back. Called twice it is one alarm; where somebody has said to come, it is one more.
func (s *Service) alarm(ctx context.Context, p staff.Person, id string, on bool) (Talk, error) {
	return s.lead(ctx, p, id, func(tx *db.Tx, t *Talk) error {
		raised := t.AlarmAt != nil
		if on == raised && t.AlarmAnsweredBy == "" {
			return nil
		}
		t.AlarmAt, t.AlarmAnsweredBy = nil, ""
		act := audit.AlarmOver
		if on {
			now := s.o.Clock()
			t.AlarmAt, act = &now, audit.AlarmRaised
		}
		return s.alarmed(ctx, tx, p, t, act)
	})
}

// answerAlarm says that the person comes. Everybody who sees the talk in their list may, also reception, who take no part in
// it; the one who says so last counts, as only one has to.
func (s *Service) answerAlarm(ctx context.Context, p staff.Person, id string) error {
	return s.db.Retried(ctx, func(tx *db.Tx) error {
		p, err := s.o.Staff.Acting(ctx, tx, p)
		if err != nil {
			return err
		}
		t, err := byID(ctx, tx, p.Agency, id)
		if err != nil {
			return err
		}
		switch {
		case !p.MayDesk(t.Desk):
			return ErrNotFound
		case t.AlarmAt == nil || t.Staff == p.ID:
			return edge.NewProblem(http.StatusConflict, "alarm.none")
		case t.AlarmAnsweredBy == p.ID:
			return nil
		}
		t.AlarmAnsweredBy = p.ID
		return s.alarmed(ctx, tx, p, &t, audit.AlarmAnswered)
	})
}

func (s *Service) alarmed(ctx context.Context, tx *db.Tx, p staff.Person, t *Talk, act audit.Act) error {
	x, err := s.o.Seats.ByID(ctx, tx, t.Agency, t.Seat)
	if err != nil {
		return err
	}
	if err := s.note(ctx, tx, audit.Staff(p.ID), act, *t, x); err != nil {
		return err
	}
	if err := save(ctx, tx, t, db.Ms(s.o.Clock())); err != nil {
		return err
	}
	// Not the guest's page, which is to learn nothing of it, also not when.
	if err := s.o.Events.Append(ctx, tx, t.Agency, Topic(t.ID), "talk", ""); err != nil {
		return err
	}
	return s.o.Events.Append(ctx, tx, t.Agency, agency.DeskTopic(x.Desk), "row", x.Appointment)
}

type alarmInput struct {
	Path
	Body struct {
		On bool `json:"on"`
	}
}

func (s *Service) postAlarm(ctx context.Context, in *alarmInput) (*viewOutput, error) {
	return s.acted(ctx, func(ctx context.Context, p staff.Person) (Talk, error) {
		// Each rings in all lists of the desk, and stands in the audit.
		if in.Body.On && !s.alarms.Allow(p.Session()) {
			return Talk{}, edge.NewProblem(http.StatusTooManyRequests, "session.throttled")
		}
		return s.alarm(ctx, p, in.Talk, in.Body.On)
	})
}

func (s *Service) postAlarmAnswer(ctx context.Context, in *bareInput) (*struct{}, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	return nil, problem(s.answerAlarm(ctx, p, in.Talk))
}

func (s *Service) alarmView(ctx context.Context, q db.Q, t Talk) (*AlarmView, error) {
	if t.AlarmAt == nil {
		return nil, nil // no alarm
	}
	v := &AlarmView{At: db.Ms(*t.AlarmAt)}
	if t.AlarmAnsweredBy == "" {
		return v, nil
	}
	name, err := s.o.Staff.Name(ctx, q, t.Agency, t.AlarmAnsweredBy)
	v.AnsweredBy = &Colleague{t.AlarmAnsweredBy, name}
	return v, err
}
