package appointment

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/staff"
	"visavis/internal/vault"
)

// about is how long before its beginning an appointment is handed over by people who see each other's day: whether there
// is room for it is no question any more.
const about = 15 * time.Minute

func noteField(agency, id string) vault.Field {
	return vault.Field{Agency: agency, Table: "appointment", Column: "note_sealed", Row: id}
}

// OpenNote unseals what was said when an appointment was handed over, for whoever has read the row.
func OpenNote(key *vault.DataKey, agency, id string, sealed []byte) (vault.Personal, error) {
	if sealed == nil {
		return "", nil
	}
	text, err := key.Open(noteField(agency, id), sealed)
	if err != nil {
		return "", fmt.Errorf("open note of appointment %s: %w", id, err)
	}
	return vault.Personal(text), nil
}

// Hand gives an appointment to a colleague who talks at its desk, to oneself, or back to all of the desk (to is empty),
// with a note or without. The link stays as it is.
func (s *Service) Hand(ctx context.Context, p staff.Person, id string, version int64, to string, note vault.Personal) (Appointment, error) {
	key, err := s.o.Agencies.Keys().For(ctx, p.Agency)
	if err != nil {
		return Appointment{}, err
	}
	var sealed []byte
	if text := agency.Plain(note.Reveal()); text != "" {
		sealed = key.Seal(noteField(p.Agency, id), []byte(text))
	}
	return s.change(ctx, p, id, version, func(tx *db.Tx, a *Appointment) error {
		if a.Status != Booked {
			return refuse(http.StatusConflict, "appointment.closed", "status", string(a.Status))
		}
		if to != "" {
			ok, err := s.advises(ctx, tx, a.Agency, to, a.Desk)
			if err != nil {
				return err
			}
			if !ok {
				return invalid("appointment.advisor")
			}
		}
		from := a.Advisor
		a.Advisor = to
		if from != to && s.o.Clock().Before(a.Starts.Add(-about)) {
			if err := s.free(ctx, tx, *a); err != nil {
				return err
			}
		}
		if err := hand(ctx, tx, a, sealed, p.ID); err != nil {
			return err
		}
		if err := s.o.Seats.Handed(ctx, tx, a.Agency, a.ID); err != nil {
			return err
		}
		var detail []audit.Code
		if to != "" {
			detail = append(detail, audit.Person("to", to))
		}
		if from != "" {
			detail = append(detail, audit.Person("from", from))
		}
		return s.note(ctx, tx, audit.Staff(p.ID), audit.AppointmentHanded, *a, detail...)
	})
}

// hand writes who has an appointment now; db.ErrConflict if somebody was faster.
func hand(ctx context.Context, tx *db.Tx, a *Appointment, note []byte, by string) error {
	err := db.Affected(tx.ExecContext(ctx, `
		UPDATE appointment SET advisor_id = $1, note_sealed = $2, note_by = $3, version = version + 1
		WHERE agency_id = $4 AND id = $5 AND version = $6`, db.Null(a.Advisor), note, by, a.Agency, a.ID, a.Version))
	if err != nil {
		return fmt.Errorf("hand appointment over: %w", err)
	}
	a.Version++
	return nil
}
