package survey

import (
	"context"
	"fmt"
	"time"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/seat"
	"visavis/internal/vault"
)

// said is what a guest has answered.
type said struct {
	answers map[Question]Answer
	line    string
}

// asked tells whether the guest of a seat is asked now, and for a line, too.
func (s *Service) asked(ctx context.Context, q db.Q, x seat.Seat) (asked, line bool, err error) {
	if x.State != seat.Closed || x.Role != seat.Citizen {
		return false, false, nil
	}
	rules, err := s.o.Seats.Rules(ctx, q, x)
	if err != nil {
		return false, false, err
	}
	day := s.o.Agencies.Today()
	if !rules.On(agency.SurveyAsked, day) {
		return false, false, nil
	}
	var talks, done int
	err = q.QueryRowContext(ctx, `
		SELECT (SELECT COUNT(*) FROM talk WHERE agency_id = $1 AND seat_id = $2 AND entered_at IS NOT NULL),
		       (SELECT COUNT(*) FROM survey_done WHERE agency_id = $1 AND seat_id = $2)`, x.Agency, x.ID).Scan(&talks, &done)
	if err != nil {
		return false, false, fmt.Errorf("read whether a guest is asked: %w", err)
	}
	return talks > 0 && done == 0, rules.On(agency.SurveyLine, day), nil
}

// take keeps what a guest has said, once. That they have said something and what it was are never written in the same
// transaction: a database remembers which rows were written together.
func (s *Service) take(ctx context.Context, x seat.Seat, what said) (first bool, err error) {
	first, err = s.done(ctx, x)
	if err != nil || !first {
		return false, err
	}
	if err := s.count(ctx, x, what); err != nil {
		// Not said after all. Where this fails, too, one answer is lost: better than one that counts twice.
		undone := s.db.Tx(context.WithoutCancel(ctx), func(tx *db.Tx) error {
			_, err := tx.ExecContext(ctx, `DELETE FROM survey_done WHERE agency_id = $1 AND seat_id = $2`, x.Agency, x.ID)
			return err
		})
		if undone != nil {
			return false, fmt.Errorf("%w; and the guest is not asked again: %w", err, undone)
		}
		return false, err
	}
	return true, nil
}

func (s *Service) done(ctx context.Context, x seat.Seat) (first bool, err error) {
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		result, err := tx.ExecContext(ctx, `
			INSERT INTO survey_done (agency_id, seat_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, x.Agency, x.ID)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		first = n > 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("note that a guest was asked: %w", err)
	}
	return first, nil
}

// count adds the answers to those of the department in this month.
func (s *Service) count(ctx context.Context, x seat.Seat, what said) error {
	key, err := s.o.Agencies.Keys().For(ctx, x.Agency)
	if err != nil {
		return err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		var department string
		err := tx.QueryRowContext(ctx, `SELECT department_id FROM desk WHERE agency_id = $1 AND id = $2`, x.Agency, x.Desk).Scan(&department)
		if err != nil {
			return err
		}
		month := monthOf(s.o.Agencies.Today())
		for _, question := range Questions() { // always in the same order: two who answer at once wait for each other in none
			answer, given := what.answers[question]
			if !given {
				continue
			}
			if _, err := tx.ExecContext(ctx, `
				INSERT INTO survey_count (agency_id, department_id, month, question, answer, n) VALUES ($1, $2, $3, $4, $5, 1)
				ON CONFLICT (agency_id, month, department_id, question, answer) DO UPDATE SET n = survey_count.n + 1`,
				x.Agency, department, month, question, answer); err != nil {
				return err
			}
		}
		if what.line == "" {
			return nil
		}
		id := vault.NewID()
		_, err = tx.ExecContext(ctx, `
			INSERT INTO survey_line (id, agency_id, department_id, month, text_sealed) VALUES ($1, $2, $3, $4, $5)`,
			id, x.Agency, department, month, key.Seal(lineField(x.Agency, id), []byte(what.line)))
		return err
	})
	if err != nil {
		return fmt.Errorf("count what a guest said: %w", err)
	}
	return nil
}

func lineField(agency, id string) vault.Field {
	return vault.Field{Agency: agency, Table: "survey_line", Column: "text_sealed", Row: id}
}

// group is what was said of one department in one month.
type group struct {
	department string
	counts     map[Question]*Counts
}

// months reads what was said in the months that are over, by month and department: those of a month by their ids.
func (s *Service) months(ctx context.Context, q db.Q, agencyID string) (map[string][]group, error) {
	until := s.o.Agencies.Today()
	from := monthOf(time.Date(until.Year(), until.Month()-monthsShown, 1, 0, 0, 0, 0, time.UTC))
	rows, err := q.QueryContext(ctx, `
		SELECT month, department_id, question, answer, n FROM survey_count
		WHERE agency_id = $1 AND month >= $2 AND month < $3 ORDER BY month, department_id`, agencyID, from, monthOf(until))
	if err != nil {
		return nil, fmt.Errorf("read what guests said: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	found := map[string][]group{}
	for rows.Next() {
		var month, department string
		var question Question
		var answer Answer
		var n int64
		if err := rows.Scan(&month, &department, &question, &answer, &n); err != nil {
			return nil, fmt.Errorf("read what guests said: %w", err)
		}
		list := found[month]
		if len(list) == 0 || list[len(list)-1].department != department {
			list = append(list, group{department, map[Question]*Counts{}})
		}
		last := list[len(list)-1]
		if last.counts[question] == nil {
			last.counts[question] = &Counts{}
		}
		last.counts[question].add(answer, n)
		found[month] = list
	}
	return found, rows.Err()
}

// lines are what guests of a department have written in a month, in the order of the ids, which is none.
func (s *Service) lines(ctx context.Context, q db.Q, agencyID, department, month string) ([]vault.Personal, error) {
	key, err := s.o.Agencies.Keys().For(ctx, agencyID)
	if err != nil {
		return nil, err
	}
	rows, err := q.QueryContext(ctx, `
		SELECT id, text_sealed FROM survey_line WHERE agency_id = $1 AND month = $2 AND department_id = $3 ORDER BY id LIMIT $4`,
		agencyID, month, department, mostLines)
	if err != nil {
		return nil, fmt.Errorf("read what guests wrote: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	list := []vault.Personal{}
	for rows.Next() {
		var id string
		var sealed []byte
		if err := rows.Scan(&id, &sealed); err != nil {
			return nil, fmt.Errorf("read what guests wrote: %w", err)
		}
		text, err := key.Open(lineField(agencyID, id), sealed)
		if err != nil {
			return nil, fmt.Errorf("open what a guest wrote: %w", err)
		}
		list = append(list, vault.Personal(text))
	}
	return list, rows.Err()
}
