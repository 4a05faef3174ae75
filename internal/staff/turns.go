package staff

import (
	"context"
	"fmt"

	"visavis/internal/db"
	"visavis/internal/jobs"
)

// settleJob comes at the moment when a role of somebody begins or ends.
const settleJob = "staff.settle"

// plan sees to it that somebody's desks are settled when the next of their roles begins or ends. One job for each person
// is enough: it plans the one after it.
func (s *Service) plan(ctx context.Context, tx *db.Tx, agencyID string, people []string) error {
	var done []string
	next, err := s.nextTurns(ctx, tx, agencyID, people)
	if err != nil {
		return err
	}
	for _, id := range people {
		at, comes := next[id]
		if !comes {
			done = append(done, id)
			continue
		}
		if err := s.o.Jobs.Replace(ctx, tx, jobs.Job{Agency: agencyID, Kind: settleJob, Key: id, Ref: id, RunAt: db.Time(at)}); err != nil {
			return err
		}
	}
	return s.o.Jobs.Remove(ctx, tx, agencyID, settleJob, done...)
}

// nextTurns tells when the next role of people begins or ends, of those who have one that does.
func (s *Service) nextTurns(ctx context.Context, tx *db.Tx, agencyID string, people []string) (map[string]int64, error) {
	next := map[string]int64{}
	err := db.InParts([]any{agencyID, db.Ms(s.o.Clock())}, people, func(list string, args []any) error {
		rows, err := tx.QueryContext(ctx, `
			SELECT staff_id, MIN(CASE WHEN from_at > $2 THEN from_at ELSE until_at END) FROM staff_role
			WHERE agency_id = $1 AND (from_at > $2 OR until_at > $2) AND staff_id IN `+list+` GROUP BY staff_id`, args...)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }() // read only
		for rows.Next() {
			var id string
			var at int64
			if err := rows.Scan(&id, &at); err != nil {
				return err
			}
			next[id] = at
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("plan next change of roles: %w", err)
	}
	return next, nil
}

// planAll is plan for everybody of an agency. A job that is not needed any more settles what is settled.
func (s *Service) planAll(ctx context.Context, tx *db.Tx, agencyID string) error {
	ids, err := db.Texts(tx.QueryContext(ctx, `
		SELECT DISTINCT staff_id FROM staff_role WHERE agency_id = $1 AND (from_at > $2 OR until_at > $2) ORDER BY staff_id`,
		agencyID, db.Ms(s.o.Clock())))
	if err != nil {
		return fmt.Errorf("plan next changes of roles: %w", err)
	}
	return s.plan(ctx, tx, agencyID, ids)
}

// settleNow does the job: lists and windows of talks that are open follow at once.
func (s *Service) settleNow(ctx context.Context, job jobs.Job) error {
	return s.db.Retried(ctx, func(tx *db.Tx) error {
		if err := s.InTurn(ctx, tx, job.Agency); err != nil {
			return err
		}
		return s.settle(ctx, tx, job.Agency, []string{job.Ref})
	})
}

// ends tells until when a person works at those of its desks at which no role of that height is without end.
func (s *Service) ends(ctx context.Context, q db.Q, p Person) (map[string]int64, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT sd.desk_id, MAX(r.until_at) FROM staff_desk sd
		JOIN desk d ON d.agency_id = sd.agency_id AND d.id = sd.desk_id
		JOIN staff_role r ON r.agency_id = sd.agency_id AND r.staff_id = sd.staff_id AND r.role = sd.role
		 AND r.place_id IN (d.id, d.department_id, d.location_id) AND `+inForce+`
		WHERE sd.agency_id = $1 AND sd.staff_id = $3
		GROUP BY sd.desk_id HAVING COUNT(*) = COUNT(r.until_at)`, p.Agency, db.Ms(s.o.Clock()), p.ID)
	if err != nil {
		return nil, fmt.Errorf("read until when somebody works at desks: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	at := map[string]int64{}
	for rows.Next() {
		var desk string
		var until int64
		if err := rows.Scan(&desk, &until); err != nil {
			return nil, fmt.Errorf("read until when somebody works at desks: %w", err)
		}
		at[desk] = until
	}
	return at, rows.Err()
}
