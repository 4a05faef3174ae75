package today

import (
	"context"
	"fmt"

	"visavis/internal/db"
	"visavis/internal/seat"
)

// Message is what the desk has said to who waits, and what was answered.
type Message struct {
	ID         string `json:"id"`
	Staff      Person `json:"staff"`
	Text       Shown  `json:"text"`
	SentAt     int64  `json:"sentAt"`
	Answer     Shown  `json:"answer,omitempty"`
	Ready      Shown  `json:"ready,omitempty" doc:"One of the ready answers, in place of answer."`
	AnsweredAt *int64 `json:"answeredAt,omitempty"`
}

const messagesQuery = `
	SELECT m.seat_id, m.id, m.body_sealed, m.sent_at, m.answer_sealed, m.answer_ready, m.answered_at, h.id, h.name
	FROM seat s
	JOIN seat_message m ON m.agency_id = s.agency_id AND m.seat_id = s.id
	JOIN staff h ON h.agency_id = m.agency_id AND h.id = m.staff_id
	WHERE s.agency_id = $1 AND s.state = 'waiting' AND s.desk_id IN `

// messagesOfAll and messagesOfAppointment are the ends of messagesQuery.
const (
	messagesOfAll         = ` ORDER BY m.sent_at, m.id`
	messagesOfAppointment = ` AND s.appointment_id = $2` + messagesOfAll
)

// addMessages puts to the rows of who waits what was said to them meanwhile.
func (s store) addMessages(ctx context.Context, q db.Q, rows []Row, end string, args ...any) error {
	at := map[string]int{}
	for i := range rows {
		if rows[i].Seat.State == string(seat.Waiting) {
			at[rows[i].Seat.ID] = i
		}
	}
	if len(at) == 0 {
		return nil
	}
	desks, args := s.own(args...)
	found, err := q.QueryContext(ctx, messagesQuery+desks+end, args...)
	if err != nil {
		return fmt.Errorf("read messages: %w", err)
	}
	defer func() { _ = found.Close() }() // read only
	for found.Next() {
		var m Message
		var seatID string
		var body, answer []byte
		var ready bool
		if err := found.Scan(&seatID, &m.ID, &body, &m.SentAt, &answer, &ready, &m.AnsweredAt, &m.Staff.ID, &m.Staff.Name); err != nil {
			return fmt.Errorf("read messages: %w", err)
		}
		text, answered, err := seat.OpenMessage(s.key, s.person.Agency, m.ID, body, answer)
		if err != nil {
			return err
		}
		own, code := seat.Said(answered, ready)
		m.Text, m.Answer, m.Ready = Shown(text), Shown(own), Shown(code)
		if i, ok := at[seatID]; ok {
			rows[i].Seat.Messages = append(rows[i].Seat.Messages, m)
		}
	}
	return found.Err()
}
