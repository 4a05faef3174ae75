package seat

import (
	"context"
	"errors"
	"fmt"
	"time"

	"visavis/internal/agency"
	"visavis/internal/appointment"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/staff"
	"visavis/internal/vault"
)

// Role is what a guest is in an appointment.
type Role string

// The roles. Each appointment has one citizen; the others accompany them.
const (
	Citizen        Role = "citizen"
	Companion      Role = "companion"
	Representative Role = "representative" // decides for the citizen: of a child, or by law
	Interpreter    Role = "interpreter"
)

// mostCompany is how many may accompany a citizen. Each browser sends its picture to each of the others.
const mostCompany = 3

// Guest is one of a citizen's company, as staff see them.
type Guest struct {
	Seat      string
	Role      Role
	Name      vault.Personal
	Language  string
	State     State
	AwaySince *time.Time
}

func nameField(agency, seat string) vault.Field {
	return vault.Field{Agency: agency, Table: "seat", Column: "name_sealed", Row: seat}
}

// Company are those who accompany the citizens of appointments, in the order in which they were invited; without those
// whose invitation was taken back or who have gone for good.
func (s *Service) Company(ctx context.Context, q db.Q, agencyID, appointmentID string) ([]Guest, error) {
	key, err := s.o.Agencies.Keys().In(ctx, q, agencyID)
	if err != nil {
		return nil, err
	}
	all, err := CompanyOf(ctx, q, key, agencyID, []string{appointmentID})
	return all[appointmentID], err
}

// CompanyOf is Company of several appointments.
func CompanyOf(ctx context.Context, q db.Q, key *vault.DataKey, agencyID string, appointments []string) (map[string][]Guest, error) {
	out := map[string][]Guest{}
	err := db.InParts([]any{agencyID}, appointments, func(list string, args []any) error {
		rows, err := q.QueryContext(ctx, `
			SELECT appointment_id, id, role, name_sealed, COALESCE(language, ''), state, away_since FROM seat
			WHERE agency_id = $1 AND role <> 'citizen' AND state <> 'closed' AND appointment_id IN `+list+` ORDER BY invited_at, id`, args...)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }() // read only
		for rows.Next() {
			of, g, err := scanGuest(rows, key, agencyID)
			if err != nil {
				return err
			}
			out[of] = append(out[of], g)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read company: %w", err)
	}
	return out, nil
}

func scanGuest(row interface{ Scan(...any) error }, key *vault.DataKey, agencyID string) (of string, g Guest, err error) {
	var sealed []byte
	var away *int64
	if err := row.Scan(&of, &g.Seat, &g.Role, &sealed, &g.Language, &g.State, &away); err != nil {
		return of, g, err
	}
	name, err := key.Open(nameField(agencyID, g.Seat), sealed)
	g.Name, g.AwaySince = vault.Personal(name), db.TimePtr(away)
	return of, g, err
}

// accompany are the seats of those who accompany a citizen, also of whose invitation was taken back.
func accompany(ctx context.Context, q db.Q, agencyID, appointmentID string) ([]Seat, error) {
	ids, err := db.Texts(q.QueryContext(ctx, `SELECT id FROM seat WHERE agency_id = $1 AND appointment_id = $2 AND role <> 'citizen' ORDER BY id`,
		agencyID, appointmentID))
	if err != nil {
		return nil, fmt.Errorf("list company: %w", err)
	}
	var list []Seat
	for _, id := range ids {
		x, err := byID(ctx, q, agencyID, id)
		if err != nil {
			return nil, err
		}
		list = append(list, x)
	}
	return list, nil
}

// NewGuest is somebody to be invited beside the citizen.
type NewGuest struct {
	Role     Role
	Name     vault.Personal
	Language string
}

// invite gives somebody who accompanies the citizen a seat and a link of their own.
func (s deskSide) invite(ctx context.Context, p staff.Person, appointmentID string, g NewGuest) (Seat, error) {
	name, ok := appointment.ProperName(g.Name.Reveal())
	if !ok {
		return Seat{}, &Refusal{Code: "company.name"}
	}
	key, err := s.o.Agencies.Keys().For(ctx, p.Agency)
	if err != nil {
		return Seat{}, err
	}
	x := Seat{ID: vault.NewID(), Agency: p.Agency, Appointment: appointmentID, State: Expected, LinkVersion: 1, Role: g.Role, Language: g.Language}
	sealed := key.Seal(nameField(x.Agency, x.ID), []byte(name))
	err = s.db.Retried(ctx, func(tx *db.Tx) error {
		citizen, err := s.accompanied(ctx, tx, p, appointmentID)
		if err != nil {
			return err
		}
		x.Desk = citizen.Desk
		var n int
		if err := tx.QueryRowContext(ctx, `
			SELECT COUNT(*) FROM seat WHERE agency_id = $1 AND appointment_id = $2 AND role <> 'citizen' AND state <> 'closed'`,
			x.Agency, x.Appointment).Scan(&n); err != nil {
			return fmt.Errorf("count company: %w", err)
		}
		if n >= mostCompany {
			return refuse("company.many", "most", mostCompany)
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO seat (id, agency_id, appointment_id, desk_id, state, link_version, asking_refused, role, name_sealed, language, invited_at, version)
			VALUES ($1, $2, $3, $4, $5, $6, FALSE, $7, $8, $9, $10, 1)`,
			x.ID, x.Agency, x.Appointment, x.Desk, x.State, x.LinkVersion, x.Role, sealed, x.Language, db.Ms(s.o.Clock())); err != nil {
			return fmt.Errorf("create seat: %w", err)
		}
		if err := s.storeLink(ctx, tx, x); err != nil {
			return err
		}
		return s.noteCompany(ctx, tx, p, x, audit.CompanyInvited)
	})
	return x, err
}

// accompanied finds the citizen's seat of an appointment to which somebody may be invited, and keeps the appointment.
func (s deskSide) accompanied(ctx context.Context, tx *db.Tx, p staff.Person, appointmentID string) (Seat, error) {
	p, err := s.people.Acting(ctx, tx, p)
	if err != nil {
		return Seat{}, err
	}
	x, err := byAppointment(ctx, tx, p.Agency, appointmentID)
	if err != nil || !p.MayDesk(x.Desk) {
		return x, errors.Join(err, missing(err))
	}
	if err := s.bookings.Keep(ctx, tx, p.Agency, appointmentID); err != nil {
		return x, err
	}
	if x, err = s.keep(ctx, tx, p.Agency, x.ID); err != nil {
		return x, err
	}
	if x.State == Closed {
		return x, closedRefusal(x)
	}
	rules, err := s.Rules(ctx, tx, x)
	if err != nil {
		return x, err
	}
	if !rules.On(agency.TalkCompany, s.o.Agencies.Today()) {
		return x, refuse("company.off")
	}
	return x, nil
}

// missing is ErrNotFound for who may not see what is there.
func missing(err error) error {
	if err == nil {
		return ErrNotFound
	}
	return nil
}

// withdraw takes an invitation back, or says good-bye to somebody of the company: the seat is closed, and its link dead.
func (s deskSide) withdraw(ctx context.Context, p staff.Person, seatID string) error {
	return s.db.Retried(ctx, func(tx *db.Tx) error {
		now, err := s.people.Acting(ctx, tx, p)
		if err != nil {
			return err
		}
		x, err := s.keep(ctx, tx, p.Agency, seatID)
		if err != nil {
			return err
		}
		if x.Role == Citizen || !now.MayDesk(x.Desk) {
			return ErrNotFound
		}
		if x.State == Talking && !now.MayTalk(x.Desk) {
			return refuse("seat.talking")
		}
		reason := "cancelled"
		if x.ArrivedAt != nil {
			reason = "held"
		}
		if x, err = s.goes(ctx, tx, audit.Staff(p.ID), p.Agency, x.ID, End{Reason: reason}); err != nil {
			return err
		}
		if err := killLinks(ctx, tx, x, "cancelled"); err != nil {
			return err
		}
		return s.noteCompany(ctx, tx, p, x, audit.CompanyWithdrawn)
	})
}

// noteCompany writes down what became of somebody who accompanies the citizen, in which role and nothing else of them, and
// tells those who see the appointment.
func (s deskSide) noteCompany(ctx context.Context, tx *db.Tx, p staff.Person, x Seat, act audit.Act) error {
	err := s.o.Audit.Append(ctx, tx, audit.Entry{
		Agency: x.Agency, By: audit.Staff(p.ID), Act: act, Object: x.Appointment, Detail: []audit.Code{audit.Is("role", string(x.Role))},
	})
	if err != nil {
		return err
	}
	return s.Tell(ctx, tx, x)
}

// closeCompany closes the seats of those who accompany a citizen whose appointment is over. Whoever of them did not come has
// missed nothing.
func (s *Service) closeCompany(ctx context.Context, tx *db.Tx, by audit.Actor, citizen Seat, reason string) error {
	company, err := accompany(ctx, tx, citizen.Agency, citizen.Appointment)
	if err != nil {
		return err
	}
	for _, x := range company {
		if x.State == Closed {
			continue
		}
		of := reason
		if reason == "noshow" {
			of = "cancelled"
		}
		if _, err := s.goes(ctx, tx, by, x.Agency, x.ID, End{Reason: of}); err != nil {
			return err
		}
		if of == "cancelled" {
			if err := killLinks(ctx, tx, x, of); err != nil {
				return err
			}
		}
	}
	return nil
}

// forCitizen refuses what only the citizen decides of the appointment.
func forCitizen(x Seat) error {
	if x.Role != Citizen {
		return refuse("seat.role")
	}
	return nil
}
