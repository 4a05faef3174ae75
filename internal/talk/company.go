package talk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/jobs"
	"visavis/internal/seat"
	"visavis/internal/staff"
)

// A talk of several is one talk for each guest, all led from the same page. The citizen's is the main one, the others stand
// beside it and end with it: who accompanies a citizen is never in a talk without them, and nobody is without the advisor.
// Between each two guests there is a connection of its own, see pair.go.

// CompanyView is one of those who accompany the citizen, as the window of the citizen's talk shows them.
type CompanyView struct {
	Seat      string `json:"seat"`
	Role      string `json:"role" enum:"companion,representative,interpreter"`
	Name      string `json:"name"`
	Language  string `json:"language"`
	State     string `json:"state" enum:"expected,waiting,talking"`
	AwaySince *int64 `json:"awaySince,omitempty"`
	// Talk is the live talk with them.
	Talk *CompanyTalk `json:"talk,omitempty"`
}

// CompanyTalk is a talk beside the citizen's.
type CompanyTalk struct {
	ID         string `json:"id"`
	Generation int64  `json:"generation"`
	RingUntil  *int64 `json:"ringUntil,omitempty"`
	EnteredAt  *int64 `json:"enteredAt,omitempty"`
	Takeover   string `json:"takeover,omitempty" doc:"Names the device that asks to take over."`
}

// companyView shows who accompanies the citizen of a main talk.
func (s *Service) companyView(ctx context.Context, q db.Q, t Talk, appointmentID string) ([]CompanyView, error) {
	if t.Beside != "" {
		return nil, nil
	}
	all, err := s.o.Seats.Company(ctx, q, t.Agency, appointmentID)
	if err != nil {
		return nil, err
	}
	var list []CompanyView
	for _, g := range all {
		v := CompanyView{
			Seat: g.Seat, Role: string(g.Role), Name: g.Name.Reveal(), Language: g.Language, State: string(g.State), AwaySince: db.MsPtr(g.AwaySince),
		}
		if g.State == seat.Talking {
			if v.Talk, err = s.companyTalk(ctx, q, t.Agency, g.Seat); err != nil {
				return nil, err
			}
		}
		list = append(list, v)
	}
	return list, nil
}

func (s *Service) companyTalk(ctx context.Context, q db.Q, agencyID, seatID string) (*CompanyTalk, error) {
	t, err := live(ctx, q, agencyID, seatID)
	if errors.Is(err, ErrNotFound) {
		return nil, nil // it has ended between two looks
	}
	if err != nil {
		return nil, err
	}
	x, err := s.o.Seats.ByID(ctx, q, agencyID, seatID)
	if err != nil {
		return nil, err
	}
	return &CompanyTalk{
		ID: t.ID, Generation: t.Generation, RingUntil: db.MsPtr(t.RingUntil), EnteredAt: db.MsPtr(t.EnteredAt), Takeover: x.Ask(),
	}, nil
}

// bringIn lets one of the citizen's company into the talk, who waits. Whoever leads that talk leads this one.
func (s *Service) bringIn(ctx context.Context, p staff.Person, id, seatID string) (Talk, error) {
	key, err := s.o.Agencies.Keys().For(ctx, p.Agency)
	if err != nil {
		return Talk{}, err
	}
	var t Talk
	_, err = s.lead(ctx, p, id, func(tx *db.Tx, main *Talk) error {
		x, err := s.mayBringIn(ctx, tx, *main, seatID)
		if err != nil {
			return err
		}
		prepared, err := s.o.Seats.TakePrepared(ctx, tx, key, x)
		if err != nil {
			return err
		}
		if x, _, err = s.o.Seats.Do(ctx, tx, p.Agency, seatID, seat.Admit{}); err != nil {
			return err
		}
		if err := s.ForSeats().Left(ctx, tx, audit.System(), x); err != nil {
			return err
		}
		if t, err = s.create(ctx, tx, x, p.ID, main); err != nil {
			return err
		}
		if err := s.letWrite(ctx, tx, x, &t); err != nil {
			return err
		}
		if err := s.note(ctx, tx, audit.Staff(p.ID), audit.CompanyAdmitted, t, x, audit.Is("role", string(x.Role))); err != nil {
			return err
		}
		if err := s.o.Jobs.Add(ctx, tx, jobs.Job{Agency: t.Agency, Kind: ringJob, Key: t.ID, Ref: t.ID, RunAt: *t.RingUntil}); err != nil {
			return err
		}
		return s.begin(ctx, tx, key, &t, prepared)
	})
	return t, err
}

// mayBringIn keeps the main talk, so that it cannot end meanwhile, and finds the seat.
func (s *Service) mayBringIn(ctx context.Context, tx *db.Tx, main Talk, seatID string) (seat.Seat, error) {
	if err := mainOnly(main); err != nil {
		return seat.Seat{}, err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE talk SET version = version WHERE agency_id = $1 AND id = $2`, main.Agency, main.ID); err != nil {
		return seat.Seat{}, fmt.Errorf("keep talk: %w", err)
	}
	now, err := byID(ctx, tx, main.Agency, main.ID)
	if err != nil {
		return seat.Seat{}, err
	}
	switch {
	case now.EndedAt != nil:
		return seat.Seat{}, ended()
	case now.EnteredAt == nil: // there is nobody yet whom they accompany
		return seat.Seat{}, outOfOrder()
	case now.Pairing != "" || !slices.Contains(now.Features, company): // a paired device has one talk
		return seat.Seat{}, edge.NewProblem(http.StatusConflict, "company.off")
	case s.o.Relay.Load().Full:
		return seat.Seat{}, edge.NewProblem(http.StatusServiceUnavailable, "talk.full")
	}
	citizen, err := s.o.Seats.ByID(ctx, tx, main.Agency, main.Seat)
	if err != nil {
		return citizen, err
	}
	x, err := s.o.Seats.ByID(ctx, tx, main.Agency, seatID)
	if err == nil && (x.Role == seat.Citizen || x.Appointment != citizen.Appointment) {
		err = seat.ErrNotFound
	}
	return x, err
}

// mainOnly refuses for a talk beside another what is said of the whole.
func mainOnly(t Talk) error {
	if t.Beside != "" {
		return edge.NewProblem(http.StatusConflict, "talk.beside")
	}
	return nil
}

// besides are the live talks that belong to a main one.
func besides(ctx context.Context, q db.Q, t Talk) ([]Talk, error) {
	return liveTalks(ctx, q, ` AND beside = $2 ORDER BY id`, t.Agency, t.ID)
}

// breakUp lets those wait who accompany the citizen of a talk that has ended.
func (s *Service) breakUp(ctx context.Context, tx *db.Tx, t Talk) error {
	if t.Beside != "" {
		return nil
	}
	others, err := besides(ctx, tx, t)
	for _, one := range others {
		err = errors.Join(err, s.back(ctx, tx, audit.System(), &one))
	}
	return err
}

// companyFollows lets the talks beside a main one have what is switched on at its new desk. Where one of them takes part in
// writing, all go on writing.
func (s *Service) companyFollows(ctx context.Context, tx *db.Tx, t *Talk) error {
	others, err := besides(ctx, tx, *t)
	if err != nil {
		return err
	}
	for _, one := range others {
		if _, err := tx.ExecContext(ctx, `UPDATE talk SET features = $1 WHERE agency_id = $2 AND id = $3`,
			strings.Join(forCompany(t.Features), " "), one.Agency, one.ID); err != nil {
			return fmt.Errorf("let company follow: %w", err)
		}
	}
	for _, one := range others {
		x, err := s.o.Seats.ByID(ctx, tx, one.Agency, one.Seat)
		if err != nil {
			return err
		}
		if x.Mode == seat.Text {
			return s.letWrite(ctx, tx, x, t)
		}
	}
	return nil
}

// bringAlong lets the talks beside a main one be led by who leads that.
func bringAlong(ctx context.Context, tx *db.Tx, t Talk) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE talk SET staff_id = $1, desk_id = $2, version = version + 1
		WHERE agency_id = $3 AND beside = $4 AND ended_at IS NULL`, t.Staff, t.Desk, t.Agency, t.ID)
	if err != nil {
		return fmt.Errorf("bring company along: %w", err)
	}
	return nil
}

// Accompanied wakes the window of the citizen's talk.
func (f forSeats) Accompanied(ctx context.Context, tx *db.Tx, x seat.Seat) error {
	id, err := db.Texts(tx.QueryContext(ctx, `
		SELECT talk.id FROM talk JOIN seat ON seat.agency_id = talk.agency_id AND seat.id = talk.seat_id
		WHERE talk.agency_id = $1 AND seat.appointment_id = $2 AND seat.role = 'citizen' AND talk.ended_at IS NULL`,
		x.Agency, x.Appointment))
	if err != nil {
		return fmt.Errorf("find the citizen's talk: %w", err)
	}
	for _, one := range id {
		if err := f.s.o.Events.Append(ctx, tx, x.Agency, Topic(one), "talk", ""); err != nil {
			return err
		}
	}
	return nil
}

type bringInput struct {
	Path
	Seat string `path:"seat" maxLength:"64"`
	Body struct{}
}

func (s *Service) postBringIn(ctx context.Context, in *bringInput) (*startOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	t, err := s.bringIn(ctx, p, in.Talk, in.Seat)
	if err != nil {
		return nil, problem(err)
	}
	return s.start(ctx, p, t)
}
