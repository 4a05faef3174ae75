package seat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/vault"
)

// The kinds of tasks: guests leave both, and a talk that technology ended leaves the second.
const (
	taskCallback = "callback"
	taskMove     = "move"
)

type callbackInput struct {
	Caller
	Body struct {
		Phone string `json:"phone,omitempty" maxLength:"40" doc:"Without it: the number that is known, for the browser that has the seat."`
	}
}

// callback leaves the desk a task to call; the seat stays as it is.
func (s *Service) callback(ctx context.Context, in *callbackInput) (*viewOutput, error) {
	phone, ok := Phone(in.Body.Phone)
	if !ok && in.Body.Phone != "" {
		return nil, edge.NewProblem(http.StatusUnprocessableEntity, "phone.invalid")
	}
	x, err := s.access(ctx, &in.Caller)
	if err != nil {
		return nil, Problem(err)
	}
	if !ok {
		known, err := s.numberFor(ctx, s.db.Read(), x, in.browser)
		if err != nil {
			return nil, Problem(err)
		}
		if phone = known.Reveal(); phone == "" {
			return nil, edge.NewProblem(http.StatusUnprocessableEntity, "phone.invalid")
		}
	}
	return s.leaveTask(ctx, x, in.browser, taskCallback, phone)
}

// shownDigits of a number tell its owner which one it is, and nobody else what it is.
const shownDigits = 3

// callable are the last digits of the number at which a browser may ask to be called by one click; empty: it has to say one.
func (s *Service) callable(ctx context.Context, q db.Q, x Seat, w Window, browser string) (string, error) {
	if !w.lets(agency.ByCall) && w.Consent == "" {
		return "", nil
	}
	phone, err := s.numberFor(ctx, q, x, browser)
	if err != nil || phone == "" {
		return "", err
	}
	all := phone.Reveal()
	return all[max(0, len(all)-shownDigits):], nil
}

// numberFor is the number that is known of a guest: left by them for this appointment, or booked with it. Empty for every
// browser but the one that has the seat: another one may be somebody else's who has the link.
func (s *Service) numberFor(ctx context.Context, q db.Q, x Seat, browser string) (vault.Personal, error) {
	if x.Holder.Browser == "" || x.Holder.Browser != browser {
		return "", nil
	}
	phone, err := s.CallbackNumber(ctx, q, x)
	if err != nil || phone != "" {
		return phone, err
	}
	return s.bookings.PhoneOf(ctx, q, x.Agency, x.Appointment)
}

// lets refuses a kind of task that the desk's rules do not allow at this moment.
func (s *Service) lets(ctx context.Context, q db.Q, x Seat, kind string) error {
	if err := forCitizen(x); err != nil || kind != taskCallback {
		return err
	}
	w, err := s.Window(ctx, q, x)
	if err != nil {
		return err
	}
	// Who is asked for consent must have something else that is as good.
	if !w.lets(agency.ByCall) && w.Consent == "" {
		return refuse("seat.door", "door", agency.ByCall)
	}
	return nil
}

const (
	minDigits = 5
	maxDigits = 16 // E.164 allows 15; one more for a leading zero
)

// Phone accepts a number as people write it and returns digits and a leading +.
func Phone(text string) (string, bool) {
	var out strings.Builder
	for i, r := range strings.TrimSpace(text) {
		switch {
		case r >= '0' && r <= '9', r == '+' && i == 0:
			out.WriteRune(r)
		case !strings.ContainsRune(" \u00a0/-().", r):
			return "", false
		}
	}
	digits := len(strings.TrimPrefix(out.String(), "+"))
	return out.String(), digits >= minDigits && digits <= maxDigits
}

// taskBody is the form inside a task's envelope.
type taskBody struct {
	Phone string `json:"phone"`
}

func taskField(agency, task string) vault.Field {
	return vault.Field{Agency: agency, Table: "task", Column: "body_sealed", Row: task}
}

func sealTask(key *vault.DataKey, agency, task, phone string) ([]byte, error) {
	plain, err := json.Marshal(taskBody{phone})
	if err != nil {
		return nil, err
	}
	return key.Seal(taskField(agency, task), plain), nil
}

// OpenTask unseals the number that a task says to call, for whoever has read the row. Empty: none was left.
func OpenTask(key *vault.DataKey, agency, task string, sealed []byte) (phone vault.Personal, err error) {
	plain, err := key.Open(taskField(agency, task), sealed)
	if err != nil {
		return "", fmt.Errorf("open task %s: %w", task, err)
	}
	var body taskBody
	if json.Unmarshal(plain, &body) != nil { // its error would quote what is in it
		return "", fmt.Errorf("open task %s: not as it was written", task)
	}
	return vault.Personal(body.Phone), nil
}

// leaveTask replaces an open task of the same kind: a guest may correct the number.
func (s *Service) leaveTask(ctx context.Context, x Seat, browser, kind, phone string) (*viewOutput, error) {
	key, err := s.o.Agencies.Keys().For(ctx, x.Agency)
	if err != nil {
		return nil, err
	}
	t := task{id: vault.NewID(), kind: kind, left: s.o.Clock()}
	if t.sealed, err = sealTask(key, x.Agency, t.id, phone); err != nil {
		return nil, err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if x, err = s.still(ctx, tx, x); err != nil {
			return err
		}
		if err := s.lets(ctx, tx, x, kind); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM task WHERE agency_id = $1 AND appointment_id = $2 AND kind = $3 AND done_at IS NULL`,
			x.Agency, x.Appointment, kind); err != nil {
			return fmt.Errorf("replace task: %w", err)
		}
		if err := s.insertTask(ctx, tx, x, t); err != nil {
			return err
		}
		// Whoever asks for something has opened the link, and is no no-show.
		_, _, err := s.Do(ctx, tx, x.Agency, x.ID, Opened{})
		return err
	})
	if err != nil {
		return nil, Problem(err)
	}
	return s.shown(ctx, x, Holder{Browser: browser})
}

// task is what a desk has to do for the citizen of an appointment.
type task struct {
	id, kind string
	left     time.Time
	sealed   []byte
}

func (s *Service) insertTask(ctx context.Context, tx *db.Tx, x Seat, t task) error {
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO task (id, agency_id, desk_id, appointment_id, kind, body_sealed, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		t.id, x.Agency, x.Desk, x.Appointment, t.kind, t.sealed, db.Ms(t.left)); err != nil {
		return fmt.Errorf("leave task: %w", err)
	}
	return s.o.Events.Append(ctx, tx, x.Agency, agency.DeskTopic(x.Desk), "task", t.id)
}

// promiseTime leaves the desk the task to find another time, which the guest's page has promised; one that is open
// already says so.
func (s *Service) promiseTime(ctx context.Context, tx *db.Tx, x Seat) error {
	open, err := openTasks(ctx, tx, x)
	if err != nil {
		return err
	}
	for _, kind := range open {
		if kind == taskMove {
			return nil
		}
	}
	phone, err := s.CallbackNumber(ctx, tx, x)
	if err != nil {
		return err
	}
	key, err := s.o.Agencies.Keys().In(ctx, tx, x.Agency)
	if err != nil {
		return err
	}
	t := task{id: vault.NewID(), kind: taskMove, left: s.o.Clock()}
	if t.sealed, err = sealTask(key, x.Agency, t.id, phone.Reveal()); err != nil {
		return err
	}
	return s.insertTask(ctx, tx, x, t)
}

// CallbackNumber is the newest number at which the guest of a seat has asked to be called, also where that has been done;
// empty when nobody has asked.
func (s *Service) CallbackNumber(ctx context.Context, q db.Q, x Seat) (vault.Personal, error) {
	var id string
	var sealed []byte
	err := q.QueryRowContext(ctx, `
		SELECT id, body_sealed FROM task WHERE agency_id = $1 AND appointment_id = $2 AND kind = $3
		ORDER BY created_at DESC, id DESC LIMIT 1`, x.Agency, x.Appointment, taskCallback).Scan(&id, &sealed)
	if errors.Is(err, db.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read number to call: %w", err)
	}
	key, err := s.o.Agencies.Keys().In(ctx, q, x.Agency)
	if err != nil {
		return "", err
	}
	return OpenTask(key, x.Agency, id, sealed)
}

// CallAsked tells since when the guest of a seat waits to be called, where nobody has done so yet.
func (s *Service) CallAsked(ctx context.Context, q db.Q, x Seat) (*int64, error) {
	var at *int64
	err := q.QueryRowContext(ctx, `
		SELECT MAX(created_at) FROM task WHERE agency_id = $1 AND appointment_id = $2 AND kind = $3 AND done_at IS NULL`,
		x.Agency, x.Appointment, taskCallback).Scan(&at)
	if err != nil {
		return nil, fmt.Errorf("read wish to be called: %w", err)
	}
	return at, nil
}

// still reads a seat again that was read before the transaction, and keeps it as it is until that ends: nobody can
// cancel or move in between and leave behind what is written here. Who did so before is told.
func (s *Service) still(ctx context.Context, tx *db.Tx, x Seat) (Seat, error) {
	now, err := s.keep(ctx, tx, x.Agency, x.ID)
	switch {
	case err != nil:
		return x, err
	case now.LinkVersion != x.LinkVersion:
		return x, edge.NewProblem(http.StatusGone, "link.moved")
	case now.State == Closed:
		return x, closedRefusal(now)
	}
	return now, nil
}

// keep reads a seat and lets nobody change it before the transaction ends.
func (s *Service) keep(ctx context.Context, tx *db.Tx, agencyID, id string) (Seat, error) {
	if _, err := tx.ExecContext(ctx, `UPDATE seat SET version = version WHERE agency_id = $1 AND id = $2`, agencyID, id); err != nil {
		return Seat{}, fmt.Errorf("keep seat: %w", err)
	}
	return byID(ctx, tx, agencyID, id)
}

// followTasks lets the open tasks of an appointment follow what becomes of it: those of
// the settled kinds are done, by nobody, and lists show the others with their new time.
func (s *Service) followTasks(ctx context.Context, tx *db.Tx, x Seat, settled ...string) error {
	open, err := openTasks(ctx, tx, x)
	if err != nil {
		return err
	}
	for id, kind := range open {
		if slices.Contains(settled, kind) {
			if _, err := tx.ExecContext(ctx, `UPDATE task SET done_at = $1 WHERE agency_id = $2 AND id = $3 AND done_at IS NULL`,
				db.Ms(s.o.Clock()), x.Agency, id); err != nil {
				return fmt.Errorf("settle task: %w", err)
			}
		}
		if err := s.o.Events.Append(ctx, tx, x.Agency, agency.DeskTopic(x.Desk), "task", id); err != nil {
			return err
		}
	}
	return nil
}

// openTasks are ids with their kinds; there is one of a kind at most.
func openTasks(ctx context.Context, q db.Q, x Seat) (map[string]string, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, kind FROM task WHERE agency_id = $1 AND appointment_id = $2 AND done_at IS NULL`,
		x.Agency, x.Appointment)
	if err != nil {
		return nil, fmt.Errorf("read open tasks: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	open := map[string]string{}
	for rows.Next() {
		var id, kind string
		if err := rows.Scan(&id, &kind); err != nil {
			return nil, fmt.Errorf("read open tasks: %w", err)
		}
		open[id] = kind
	}
	return open, rows.Err()
}

type stayInput struct {
	Caller
	Body struct {
		Page  string `json:"page" minLength:"8" maxLength:"64"`
		Until *int64 `json:"until,omitempty" doc:"Of a clock's five minutes; without it: as long as it takes."`
	}
}

// stay lets the desk know how long a guest can wait.
func (s *Service) stay(ctx context.Context, in *stayInput) (*viewOutput, error) {
	x, err := s.access(ctx, &in.Caller)
	if err != nil {
		return nil, Problem(err)
	}
	who := Holder{in.browser, in.Body.Page}
	err = s.db.Retried(ctx, func(tx *db.Tx) error {
		_, _, err := s.doBy(ctx, tx, x, Stay{Who: who, Until: db.TimePtr(in.Body.Until)})
		return err
	})
	if err != nil {
		return nil, Problem(err)
	}
	return s.shown(ctx, x, who)
}

type cancelInput struct {
	Caller
	Body struct {
		Wish string `json:"wish" enum:"cancel,move"`
	}
}

// cancel gives the appointment up, or asks the desk for another time.
func (s *Service) cancel(ctx context.Context, in *cancelInput) (*viewOutput, error) {
	x, err := s.access(ctx, &in.Caller)
	if err != nil {
		return nil, Problem(err)
	}
	if in.Body.Wish == "move" {
		return s.leaveTask(ctx, x, in.browser, taskMove, "")
	}
	err = s.db.Retried(ctx, func(tx *db.Tx) error {
		if err := s.bookings.Keep(ctx, tx, x.Agency, x.Appointment); err != nil {
			return err
		}
		now, err := s.still(ctx, tx, x)
		if err == nil {
			err = forCitizen(now)
		}
		if err != nil {
			return err
		}
		if now.State == Talking {
			return refuse("seat.talking")
		}
		return s.bookings.CancelByGuest(ctx, tx, x.Agency, x.Appointment)
	})
	if err != nil {
		return nil, Problem(err)
	}
	return s.shown(ctx, x, Holder{Browser: in.browser})
}
