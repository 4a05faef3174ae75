package seat

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/staff"
	"visavis/internal/vault"
)

// The bounds of what is said while somebody waits; a talk is for the rest.
const (
	longestMessage = 500
	longestAnswer  = 200
	mostMessages   = 20
)

// Message is what the desk has said to who waits, and what was answered to it.
type Message struct {
	ID         string `json:"id"`
	Text       string `json:"text"`
	SentAt     int64  `json:"sentAt"`
	Answer     string `json:"answer,omitempty"`
	Ready      string `json:"ready,omitempty" doc:"One of the ready answers, in place of answer."`
	AnsweredAt *int64 `json:"answeredAt,omitempty"`
}

// plain is a text as it is kept, and whether there is anything in it to read and no more than there may be.
func plain(text string, most int) (string, bool) {
	text = agency.Plain(text)
	shown := strings.ContainsFunc(text, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) })
	return text, shown && utf8.RuneCountInString(text) <= most
}

func badText() error { return edge.NewProblem(http.StatusUnprocessableEntity, "message.text") }

func messageField(agency, id, column string) vault.Field {
	return vault.Field{Agency: agency, Table: "seat_message", Column: column, Row: id}
}

// Said splits what was answered into free text and the code of a ready answer, of which there is only one.
func Said(answered vault.Personal, ready bool) (text, code vault.Personal) {
	if ready {
		return "", answered
	}
	return answered, ""
}

// OpenMessage unseals what was said and, where there is one, the answer, for whoever has read the row.
func OpenMessage(key *vault.DataKey, agency, id string, body, answer []byte) (text, answered vault.Personal, err error) {
	plainBody, err := key.Open(messageField(agency, id, "body_sealed"), body)
	if err != nil {
		return "", "", fmt.Errorf("open message %s: %w", id, err)
	}
	if answer == nil {
		return vault.Personal(plainBody), "", nil
	}
	plainAnswer, err := key.Open(messageField(agency, id, "answer_sealed"), answer)
	if err != nil {
		return "", "", fmt.Errorf("open answer to message %s: %w", id, err)
	}
	return vault.Personal(plainBody), vault.Personal(plainAnswer), nil
}

// messages are those of one wait, oldest first.
func (s *Service) messages(ctx context.Context, q db.Q, x Seat) ([]Message, error) {
	key, err := s.o.Agencies.Keys().In(ctx, q, x.Agency)
	if err != nil {
		return nil, err
	}
	rows, err := q.QueryContext(ctx, `
		SELECT id, body_sealed, sent_at, answer_sealed, answer_ready, answered_at FROM seat_message
		WHERE agency_id = $1 AND seat_id = $2 ORDER BY sent_at, id`, x.Agency, x.ID)
	if err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	var list []Message
	for rows.Next() {
		var m Message
		var body, answer []byte
		var ready bool
		if err := rows.Scan(&m.ID, &body, &m.SentAt, &answer, &ready, &m.AnsweredAt); err != nil {
			return nil, fmt.Errorf("read messages: %w", err)
		}
		text, answered, err := OpenMessage(key, x.Agency, m.ID, body, answer)
		if err != nil {
			return nil, err
		}
		own, code := Said(answered, ready)
		m.Text, m.Answer, m.Ready = text.Reveal(), own.Reveal(), code.Reveal()
		list = append(list, m)
	}
	return list, rows.Err()
}

// forgetMessages deletes what was said during a wait that is over.
func forgetMessages(ctx context.Context, tx *db.Tx, x Seat) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM seat_message WHERE agency_id = $1 AND seat_id = $2`, x.Agency, x.ID); err != nil {
		return fmt.Errorf("forget messages: %w", err)
	}
	return nil
}

// StaffRoutes registers what people of a desk do about who waits, apart from letting them in.
func (s *Service) StaffRoutes(api *edge.API, own *staff.Service) {
	d := deskSide{s, own}
	d.companyRoutes(api, func(id, route string) edge.Operation {
		return edge.Operation{ID: id, Route: route, Tag: "seat", Use: own.Require(api)}
	})
	edge.Handle(api, edge.Operation{
		ID: "sendMessage", Route: "POST /api/staff/seats/{seat}/message", Tag: "seat", Use: own.Require(api),
	}, d.postMessage)
	edge.Handle(api, edge.Operation{
		ID: "runLate", Route: "POST /api/staff/desks/{desk}/late", Tag: "seat", Use: own.Require(api),
	}, d.postLate)
}

// deskSide is what people of a desk may do, who may be dismissed while a request of theirs is under way.
type deskSide struct {
	*Service
	people *staff.Service
}

type messageInput struct {
	Seat string `path:"seat" maxLength:"64"`
	Body struct {
		Text string `json:"text" maxLength:"500"`
	}
}

func (s deskSide) postMessage(ctx context.Context, in *messageInput) (*struct{}, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	text, ok := plain(in.Body.Text, longestMessage)
	if !ok {
		return nil, badText()
	}
	return nil, Problem(s.say(ctx, p, in.Seat, text))
}

// say tells who waits something from the desk, before the talk: there is the chat.
func (s deskSide) say(ctx context.Context, p staff.Person, seatID, text string) error {
	key, err := s.o.Agencies.Keys().For(ctx, p.Agency)
	if err != nil {
		return err
	}
	x, err := byID(ctx, s.db.Read(), p.Agency, seatID)
	switch {
	case err != nil:
		return err
	case !p.MayDesk(x.Desk):
		return ErrNotFound
	case !s.byMessage.Allow(p.Agency + "/" + seatID):
		return edge.NewProblem(http.StatusTooManyRequests, "message.throttled")
	}
	id := vault.NewID()
	sealed := key.Seal(messageField(p.Agency, id, "body_sealed"), []byte(text))
	return s.db.Retried(ctx, func(tx *db.Tx) error {
		now, err := s.people.Acting(ctx, tx, p)
		if err != nil {
			return err
		}
		if x, err = s.keep(ctx, tx, p.Agency, seatID); err != nil {
			return err
		}
		if !now.MayDesk(x.Desk) {
			return ErrNotFound
		}
		if x.State != Waiting {
			return refuse("seat.not_waiting")
		}
		rules, err := s.Rules(ctx, tx, x)
		if err != nil {
			return err
		}
		if !rules.On(agency.WaitingMessages, s.o.Agencies.Today()) {
			return refuse("message.off") // what was said before can still be answered
		}
		var n int
		err = tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM seat_message WHERE agency_id = $1 AND seat_id = $2`, x.Agency, x.ID).Scan(&n)
		if err != nil {
			return fmt.Errorf("count messages: %w", err)
		}
		if n >= mostMessages {
			return refuse("message.many")
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO seat_message (id, agency_id, seat_id, staff_id, body_sealed, sent_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			id, x.Agency, x.ID, p.ID, sealed, db.Ms(s.o.Clock())); err != nil {
			return fmt.Errorf("keep message: %w", err)
		}
		if err := s.Tell(ctx, tx, x); err != nil {
			return err
		}
		return s.o.Audit.Append(ctx, tx, audit.Entry{
			Agency: x.Agency, By: audit.Staff(p.ID), Act: audit.MessageSent, Object: x.Appointment,
		})
	})
}

type answerInput struct {
	Caller
	Body struct {
		Page    string `json:"page" minLength:"8" maxLength:"64"`
		Message string `json:"message" maxLength:"64"`
		Text    string `json:"text,omitempty" maxLength:"200" doc:"In the guest's own words."`
		Ready   string `json:"ready,omitempty" enum:"yes,no,moment" doc:"In place of text: each page says it in its own language."`
	}
}

// said is what is kept of an answer: a code, or what somebody wrote.
func (in *answerInput) said() (text string, ok bool) {
	if in.Body.Ready != "" {
		return in.Body.Ready, in.Body.Text == ""
	}
	return plain(in.Body.Text, longestAnswer)
}

// answer is the guest's to one message, once.
func (s *Service) answer(ctx context.Context, in *answerInput) (*viewOutput, error) {
	x, err := s.access(ctx, &in.Caller)
	if err != nil {
		return nil, Problem(err)
	}
	text, ok := in.said()
	if !ok {
		return nil, badText()
	}
	key, err := s.o.Agencies.Keys().For(ctx, x.Agency)
	if err != nil {
		return nil, err
	}
	who := Holder{in.browser, in.Body.Page}
	sealed := key.Seal(messageField(x.Agency, in.Body.Message, "answer_sealed"), []byte(text))
	err = s.db.Retried(ctx, func(tx *db.Tx) error {
		now, err := s.waits(ctx, tx, x, who)
		if err != nil {
			return err
		}
		if err := keepAnswer(ctx, tx, now, in.Body.Message, reply{sealed, in.Body.Ready != "", s.o.Clock()}); err != nil {
			return err
		}
		return s.Tell(ctx, tx, now)
	})
	if err != nil {
		return nil, Problem(err)
	}
	return s.shown(ctx, x, who)
}

// waits keeps a seat as it is while the transaction lasts: waiting, and in this page's hands.
func (s *Service) waits(ctx context.Context, tx *db.Tx, seen Seat, who Holder) (Seat, error) {
	now, err := s.still(ctx, tx, seen)
	switch {
	case err != nil:
		return now, err
	case now.Holder != who:
		return now, refuse("seat.elsewhere")
	case now.State != Waiting:
		return now, refuse("seat.not_waiting")
	}
	return now, nil
}

// reply is what is written of an answer.
type reply struct {
	sealed []byte
	ready  bool
	at     time.Time
}

func keepAnswer(ctx context.Context, tx *db.Tx, x Seat, message string, a reply) error {
	err := db.Affected(tx.ExecContext(ctx, `
		UPDATE seat_message SET answer_sealed = $1, answer_ready = $2, answered_at = $3
		WHERE agency_id = $4 AND seat_id = $5 AND id = $6 AND answered_at IS NULL`, a.sealed, a.ready, db.Ms(a.at), x.Agency, x.ID, message))
	if errors.Is(err, db.ErrConflict) {
		return refuse("message.answered") // or it was never said to this guest
	}
	if err != nil {
		return fmt.Errorf("keep answer: %w", err)
	}
	return nil
}
