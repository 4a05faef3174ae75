package talk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/staff"
	"visavis/internal/vault"
)

// Who leads a talk may find that a colleague, or another desk, is the right one for it. They are asked while the talk goes
// on; one of them accepts, and enters once good-bye is said. The guest keeps the seat and the link. See
// docs/decisions/0017-talks-change-desks.md.

// Transfer is who is asked to go on with a talk, and what has come of it.
type Transfer struct {
	Desk    string // the talk's own, or another
	To      string // the one colleague who is asked; empty: anybody at the desk
	At      time.Time
	By      string // who has accepted
	ReadyAt *time.Time
	No      string // why not: a code
	NoBy    string
	note    []byte // sealed
}

// asks tells whether somebody is asked, who may at least say no.
func (f *Transfer) asks(p staff.Person) bool {
	return f != nil && f.No == "" && p.MayDesk(f.Desk) && (f.To == "" || f.To == p.ID)
}

func transferField(agency, talk string) vault.Field {
	return vault.Field{Agency: agency, Table: "talk", Column: "transfer_sealed", Row: talk}
}

// OpenNote unseals what who is asked is to know, for whoever has read the row.
func OpenNote(key *vault.DataKey, agency, talk string, sealed []byte) (vault.Personal, error) {
	if sealed == nil {
		return "", nil
	}
	text, err := key.Open(transferField(agency, talk), sealed)
	if err != nil {
		return "", fmt.Errorf("open note about talk %s: %w", talk, err)
	}
	return vault.Personal(text), nil
}

func transferProblem(code string) error { return edge.NewProblem(http.StatusConflict, code) }

// request asks a colleague of the desk, or another desk, to go on with the talk.
func (s *Service) request(ctx context.Context, p staff.Person, id string, f Transfer, note vault.Personal) (Talk, error) {
	key, err := s.o.Agencies.Keys().For(ctx, p.Agency)
	if err != nil {
		return Talk{}, err
	}
	if text := agency.Plain(note.Reveal()); text != "" {
		f.note = key.Seal(transferField(p.Agency, id), []byte(text))
	}
	return s.lead(ctx, p, id, func(tx *db.Tx, t *Talk) error {
		if t.Transfer != nil && t.Transfer.No == "" {
			return transferProblem("transfer.open")
		}
		if err := s.mayRequest(ctx, tx, *t, f); err != nil {
			return err
		}
		f.At = s.o.Clock()
		t.Transfer = &f
		detail := []audit.Code{audit.Is("desk", f.Desk)}
		if f.To != "" {
			detail = append(detail, audit.Person("to", f.To))
		}
		return s.transferred(ctx, tx, p, t, f.Desk, audit.TransferAsked, detail...)
	})
}

func (s *Service) mayRequest(ctx context.Context, tx *db.Tx, t Talk, f Transfer) error {
	if err := s.takes(ctx, tx, t, f.Desk); err != nil {
		return err
	}
	if f.To == "" {
		return nil
	}
	to, err := s.o.Staff.Now(ctx, tx, t.Agency, f.To)
	if err != nil {
		return err
	}
	// Who works elsewhere is no colleague whom one would know: there the desk is asked.
	if f.To == t.Staff || f.Desk != t.Desk || !to.MayTalk(f.Desk) {
		return edge.NewProblem(http.StatusUnprocessableEntity, "appointment.advisor")
	}
	return nil
}

// takes refuses a desk that a talk cannot go on at.
func (s *Service) takes(ctx context.Context, q db.Q, t Talk, desk string) error {
	there, err := s.o.Agencies.Desk(ctx, q, t.Agency, desk)
	switch {
	case errors.Is(err, agency.ErrNotFound):
		return edge.NewProblem(http.StatusNotFound, "desk.unknown")
	case err != nil:
		return err
	case desk == t.Desk: // also where it is closed by now: it keeps what it has
		return nil
	case there.Closed:
		return transferProblem("transfer.desk_closed")
	}
	x, err := s.o.Seats.ByID(ctx, q, t.Agency, t.Seat)
	if err != nil {
		return err
	}
	return s.o.Seats.Fits(ctx, q, x, desk)
}

// withdraw takes the request back, or puts aside that it was declined.
func (s *Service) withdraw(ctx context.Context, p staff.Person, id string) (Talk, error) {
	return s.lead(ctx, p, id, func(tx *db.Tx, t *Talk) error {
		f := t.Transfer
		if f == nil {
			return nil
		}
		t.Transfer = nil
		if f.No != "" { // that it is over is known
			return s.saveTold(ctx, tx, t, f.Desk)
		}
		if err := s.transferred(ctx, tx, p, t, f.Desk, audit.TransferOver); err != nil || f.By == "" {
			return err
		}
		return s.tell(ctx, tx, *t) // the guest, who was told that somebody comes
	})
}

// ready tells who has accepted that good-bye is said.
func (s *Service) ready(ctx context.Context, p staff.Person, id string) (Talk, error) {
	return s.lead(ctx, p, id, func(tx *db.Tx, t *Talk) error {
		f := t.Transfer
		if f == nil || f.By == "" || f.No != "" {
			return transferProblem("transfer.none")
		}
		if f.ReadyAt != nil {
			return nil
		}
		now := s.o.Clock()
		f.ReadyAt = &now
		return s.saveTold(ctx, tx, t, f.Desk)
	})
}

// asked lets f change a talk that somebody is asked to go on with, as its leader has last asked.
func (s *Service) asked(ctx context.Context, p staff.Person, id string, at int64, f func(*db.Tx, staff.Person, *Talk) error) (Talk, error) {
	var t Talk
	err := s.db.Retried(ctx, func(tx *db.Tx) error {
		now, err := s.o.Staff.Acting(ctx, tx, p)
		if err != nil {
			return err
		}
		if t, err = byID(ctx, tx, now.Agency, id); err != nil {
			return err
		}
		switch {
		case !t.Transfer.asks(now) && !now.MayDesk(t.Desk):
			return ErrNotFound
		case !t.Transfer.asks(now), t.Staff == now.ID, db.Ms(t.Transfer.At) != at:
			return transferProblem("transfer.none")
		}
		return f(tx, now, &t)
	})
	return t, err
}

// mayGoOn asks all anew at the moment that counts: who is asked may have another role by then, and the desk be closed.
func (s *Service) mayGoOn(ctx context.Context, tx *db.Tx, p staff.Person, t Talk) error {
	if !p.MayTalk(t.Transfer.Desk) {
		return mayNotTalk()
	}
	leads, err := s.o.Staff.Now(ctx, tx, t.Agency, t.Staff)
	if err != nil {
		return err
	}
	if !leads.MayTalk(t.Desk) { // then the guest waits for the desk in a moment
		return transferProblem("transfer.none")
	}
	if by := t.Transfer.By; by != "" && by != p.ID {
		name, err := s.o.Staff.Name(ctx, tx, t.Agency, by)
		if err != nil {
			return err
		}
		return edge.NewProblem(http.StatusConflict, "transfer.accepted", "by", name)
	}
	return s.takes(ctx, tx, t, t.Transfer.Desk)
}

// accept is a colleague's yes. One wins; the talk goes on as it is until they enter.
func (s *Service) accept(ctx context.Context, p staff.Person, id string, at int64) error {
	_, err := s.asked(ctx, p, id, at, func(tx *db.Tx, p staff.Person, t *Talk) error {
		if err := s.mayGoOn(ctx, tx, p, *t); err != nil || t.Transfer.By == p.ID {
			return err
		}
		t.Transfer.By = p.ID
		if err := s.transferred(ctx, tx, p, t, t.Transfer.Desk, audit.TransferAccepted); err != nil {
			return err
		}
		return s.tell(ctx, tx, *t) // the guest, too
	})
	return err
}

// decline is no, for whom was asked: oneself, or the desk. Who has accepted may find that they cannot.
func (s *Service) decline(ctx context.Context, p staff.Person, id string, at int64, why string) error {
	_, err := s.asked(ctx, p, id, at, func(tx *db.Tx, p staff.Person, t *Talk) error {
		f := t.Transfer
		if f.By != "" && f.By != p.ID {
			return s.mayGoOn(ctx, tx, p, *t)
		}
		accepted := f.By != ""
		f.By, f.ReadyAt, f.No, f.NoBy, f.note = "", nil, why, p.ID, nil
		if err := s.transferred(ctx, tx, p, t, f.Desk, audit.TransferDeclined, audit.Is("why", why)); err != nil || !accepted {
			return err
		}
		return s.tell(ctx, tx, *t)
	})
	return err
}

// goOn leads the talk in place of who has led it: the appointment is with this person and this desk from now on.
func (s *Service) goOn(ctx context.Context, p staff.Person, id string, at int64) (Talk, error) {
	key, err := s.o.Agencies.Keys().For(ctx, p.Agency)
	if err != nil {
		return Talk{}, err
	}
	return s.asked(ctx, p, id, at, func(tx *db.Tx, p staff.Person, t *Talk) error {
		if err := s.mayGoOn(ctx, tx, p, *t); err != nil {
			return err
		}
		if t.Transfer.By == "" {
			return transferProblem("transfer.none")
		}
		from, desk := t.Staff, t.Transfer.Desk
		if err := s.follow(ctx, tx, t, p.ID); err != nil {
			return err
		}
		x, err := s.o.Seats.ByID(ctx, tx, t.Agency, t.Seat)
		if err != nil {
			return err
		}
		if err := s.note(ctx, tx, audit.Staff(p.ID), audit.TransferDone, *t, x, audit.Person("from", from), audit.Is("desk", desk)); err != nil {
			return err
		}
		t.Staff, t.Transfer, t.Pairing = p.ID, nil, ""
		t.AlarmAt, t.AlarmAnsweredBy = nil, "" // whose it was is out of the talk
		if err := bringAlong(ctx, tx, *t); err != nil {
			return err
		}
		if err := s.tellAsked(ctx, tx, *t, desk); err != nil {
			return err
		}
		return s.next(ctx, tx, key, t, nil)
	})
}

// follow lets the appointment, its seat and the talk belong to who goes on with it. What is switched on is what that desk
// allows.
func (s *Service) follow(ctx context.Context, tx *db.Tx, t *Talk, advisor string) error {
	x, err := s.o.Seats.ByID(ctx, tx, t.Agency, t.Seat)
	if err != nil {
		return err
	}
	desk := t.Transfer.Desk
	if err := s.o.Appointments.PassTo(ctx, tx, t.Agency, x.Appointment, desk, advisor); err != nil {
		return err
	}
	if err := s.o.Seats.Follow(ctx, tx, t.Agency, t.Seat, desk); err != nil || desk == t.Desk {
		return err
	}
	x.Desk, t.Desk = desk, desk
	if t.Features, err = s.features(ctx, tx, x); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE talk SET desk_id = $1, features = $2 WHERE agency_id = $3 AND id = $4 AND version = $5`,
		t.Desk, strings.Join(t.Features, " "), t.Agency, t.ID, t.Version); err != nil {
		return fmt.Errorf("let talk follow: %w", err)
	}
	return s.companyFollows(ctx, tx, t)
}

// outlive lets a request go on when a colleague takes the talk over, unless that is who was asked: it has been asked for the
// guest, and whoever leads the talk may take it back.
func (s *Service) outlive(ctx context.Context, tx *db.Tx, t *Talk) error {
	f := t.Transfer
	if f == nil {
		return nil
	}
	if t.Staff == f.To || t.Staff == f.By {
		t.Transfer = nil
	}
	return s.tellAsked(ctx, tx, *t, f.Desk)
}

// transferred writes down what was done about a request, and tells those whom it concerns.
func (s *Service) transferred(ctx context.Context, tx *db.Tx, p staff.Person, t *Talk, desk string, act audit.Act, detail ...audit.Code) error {
	x, err := s.o.Seats.ByID(ctx, tx, t.Agency, t.Seat)
	if err != nil {
		return err
	}
	if err := s.note(ctx, tx, audit.Staff(p.ID), act, *t, x, detail...); err != nil {
		return err
	}
	return s.saveTold(ctx, tx, t, desk)
}

func (s *Service) saveTold(ctx context.Context, tx *db.Tx, t *Talk, desk string) error {
	if err := save(ctx, tx, t, db.Ms(s.o.Clock())); err != nil {
		return err
	}
	if err := s.tellAsked(ctx, tx, *t, desk); err != nil {
		return err
	}
	return s.o.Events.Append(ctx, tx, t.Agency, Topic(t.ID), "talk", "")
}

// tellAsked wakes the lists of who is, or was, asked.
func (s *Service) tellAsked(ctx context.Context, tx *db.Tx, t Talk, desk string) error {
	return s.o.Events.Append(ctx, tx, t.Agency, agency.DeskTopic(desk), "transfer", t.ID)
}
