package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/staff"
)

// mayWatch tells whether somebody may see what everybody has asked for; others see what they have asked for themselves.
func mayWatch(p staff.Person) bool { return p.May(staff.Approve, wholeOf(p)) }

const approvalColumns = `
	SELECT approval.id, approval.act, approval.asked_by, asker.name, approval.asked_at, approval.until_at,
	       COALESCE(decider.name, ''), COALESCE(approval.decided_at, 0), COALESCE(approval.allowed, 0), COALESCE(approval.used_at, 0),
	       COALESCE(approval.decided_by = approval.asked_by, FALSE), approval.reason_sealed, approval.read_at IS NOT NULL,
	       COALESCE(approval.place_id, ''), COALESCE(approval.rule, ''), approval.value, approval.fixed
	FROM approval
	JOIN staff asker ON asker.agency_id = approval.agency_id AND asker.id = approval.asked_by
	LEFT JOIN staff decider ON decider.agency_id = approval.agency_id AND decider.id = approval.decided_by
	WHERE approval.agency_id = $1 `

// live is what somebody still has to do something about, at a moment, $4: it waits for a second person, it is agreed to and may
// be ended before it is made use of, or who had asked, $3, has not read that it was declined.
const live = `(approval.used_at IS NULL AND approval.until_at > $4 AND (approval.decided_at IS NULL OR approval.allowed = 1 AND approval.act = 'agency.key')
	OR approval.asked_by = $3 AND approval.decided_at IS NOT NULL AND approval.allowed = 0 AND approval.decided_by <> approval.asked_by AND approval.read_at IS NULL)`

// approvals are those that somebody may see: first all about which there is something to do, however many, as there is one of
// a kind at a place. Of what is over, the newest.
func (s *Service) approvals(ctx context.Context, q db.Q, p staff.Person) ([]ApprovalView, error) {
	const (
		seen     = `AND ($2 OR approval.asked_by = $3) AND `
		inOrder  = ` ORDER BY approval.asked_at DESC, approval.id`
		ofWhatIs = seen + live + inOrder
		over     = seen + `NOT ` + live + inOrder + ` LIMIT $5`
	)
	args := []any{mayWatch(p), p.ID, db.Ms(s.o.Clock())}
	list, err := s.approvalsWhere(ctx, q, p, ofWhatIs, args...)
	if err != nil {
		return nil, err
	}
	rest, err := s.approvalsWhere(ctx, q, p, over, append(args, mostApprovals)...)
	if err != nil {
		return nil, err
	}
	list = append(list, rest...)
	if err := s.openReasons(ctx, q, p.Agency, list); err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].MayDecide {
			if list[i].Hindered, err = s.hindrance(ctx, q, p, list[i]); err != nil {
				return nil, err
			}
			if why := list[i].Hindered; why != nil && why.FromAt != 0 {
				if why.OthersMay, err = s.othersMay(ctx, q, p, list[i]); err != nil {
					return nil, err
				}
			}
		}
		if list[i].Change == nil {
			continue
		}
		if err := s.describe(ctx, q, p, list[i].Change); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// othersMay tells whether anybody but this person could be the second one at this moment.
func (s *Service) othersMay(ctx context.Context, q db.Q, p staff.Person, a ApprovalView) (bool, error) {
	var ids, roles []string
	for _, role := range staff.WithAny(staff.Approve) {
		roles = append(roles, string(role))
	}
	list, args := db.In(5, roles)
	rows, err := q.QueryContext(ctx, `
		SELECT DISTINCT staff_id FROM staff_role WHERE agency_id = $1 AND place_id = $1 AND staff_id <> $2 AND staff_id <> $3
		   AND (until_at IS NULL OR until_at > $4) AND role IN `+list, append([]any{p.Agency, p.ID, a.asker, db.Ms(s.o.Clock())}, args...)...)
	if err != nil {
		return false, fmt.Errorf("look for who may approve: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return false, fmt.Errorf("look for who may approve: %w", err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return false, err
	}
	for _, id := range ids {
		other, err := s.o.Staff.Now(ctx, q, p.Agency, id)
		if err != nil {
			return false, err
		}
		if !mayWatch(other) {
			continue
		}
		if why, err := s.hindrance(ctx, q, other, a); err != nil || why == nil {
			return err == nil, err
		}
	}
	return false, nil
}

// describe says of a change at which place it is, and what counts there now.
func (s *Service) describe(ctx context.Context, q db.Q, p staff.Person, c *RuleChange) error {
	place, err := s.o.Agencies.Place(ctx, q, p.Agency, c.Place)
	if err != nil {
		return err
	}
	rules, err := s.o.Agencies.RulesAt(ctx, q, p.Agency, place)
	if err != nil {
		return err
	}
	a, err := s.o.Agencies.In(ctx, q, p.Agency)
	if err != nil {
		return err
	}
	c.Kind, c.PlaceName, c.Now = place.Kind, place.Name, s.valueOf(a, rules, c.Rule)
	return nil
}

// openChanges are the changes of a place's rules that wait for a second person.
func (s *Service) openChanges(ctx context.Context, q db.Q, p staff.Person, place string) (map[agency.Rule]*RuleAsked, error) {
	list, err := s.approvalsWhere(ctx, q, p, `AND approval.place_id = $2 AND approval.decided_at IS NULL AND approval.until_at > $3`,
		place, db.Ms(s.o.Clock()))
	if err != nil {
		return nil, err
	}
	open := map[agency.Rule]*RuleAsked{}
	for _, a := range list {
		open[a.Change.Rule] = &RuleAsked{
			Approval: a.ID, Value: a.Change.Value, Leave: a.Change.Leave, Fixed: a.Change.Fixed,
			AskedBy: a.AskedBy, AskedAt: a.AskedAt, UntilAt: a.UntilAt, Mine: a.Mine, May: a.MayDecide,
		}
	}
	return open, nil
}

func (s *Service) approvalsWhere(ctx context.Context, q db.Q, p staff.Person, condition string, args ...any) ([]ApprovalView, error) {
	rows, err := q.QueryContext(ctx, approvalColumns+condition, append([]any{p.Agency}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("list approvals: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	list := []ApprovalView{}
	for rows.Next() {
		a, err := s.scanApproval(rows, p)
		if err != nil {
			return nil, fmt.Errorf("list approvals: %w", err)
		}
		list = append(list, a)
	}
	return list, rows.Err()
}

func (s *Service) approval(ctx context.Context, q db.Q, p staff.Person, id string) (ApprovalView, error) {
	a, err := s.scanApproval(q.QueryRowContext(ctx, approvalColumns+`AND approval.id = $2`, p.Agency, id), p)
	if errors.Is(err, db.ErrNoRows) {
		return a, notFound()
	}
	if err != nil {
		return a, fmt.Errorf("read approval: %w", err)
	}
	return a, nil
}

func (s *Service) scanApproval(row scanner, p staff.Person) (ApprovalView, error) {
	var a ApprovalView
	var c RuleChange
	var allowed int64
	var value *string
	var read bool
	err := row.Scan(&a.ID, &a.Act, &a.asker, &a.AskedBy, &a.AskedAt, &a.UntilAt, &a.DecidedBy, &a.DecidedAt, &allowed, &a.UsedAt, &a.TakenBack,
		&a.sealed, &read, &c.Place, &c.Rule, &value, &c.Fixed)
	if err != nil {
		return a, err
	}
	if c.Rule != "" {
		if c.Leave = value == nil; !c.Leave {
			c.stored = json.RawMessage(*value)
			if err := json.Unmarshal(c.stored, &c.Value); err != nil {
				return a, err
			}
		}
		a.Change = &c
	}
	a.Allowed, a.Mine = allowed == 1, a.asker == p.ID
	a.Unread = a.Mine && a.DecidedAt != 0 && !a.Allowed && !a.TakenBack && !read
	a.MayEnd = a.unused() && (a.Mine || mayWatch(p)) && a.refuses(p, false, s.o.Clock()) == nil
	a.MayDecide = mayWatch(p) && a.refuses(p, true, s.o.Clock()) == nil
	return a, nil
}

// decided writes what became of what somebody has asked for.
func (s *Service) decided(ctx context.Context, tx *db.Tx, p staff.Person, a ApprovalView, allow bool, reason []byte) error {
	allowed := int64(0)
	if allow {
		allowed = 1
	}
	done, err := tx.ExecContext(ctx, `
		UPDATE approval SET decided_by = $1, decided_at = $2, allowed = $3, reason_sealed = $4 WHERE agency_id = $5 AND id = $6 AND used_at IS NULL`,
		p.ID, db.Ms(s.o.Clock()), allowed, reason, p.Agency, a.ID)
	if err != nil {
		return fmt.Errorf("decide approval: %w", err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 { // it was made use of at that moment
		return errors.Join(err, edge.NewProblem(http.StatusConflict, "approval.decided"))
	}
	return nil
}

// isOpen tells whether the same is asked for already.
func (s *Service) isOpen(ctx context.Context, q db.Q, agencyID string, act ApprovalAct, c RuleChange) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `
		SELECT COUNT(*) FROM approval WHERE agency_id = $1 AND act = $2 AND decided_at IS NULL AND until_at > $3
		   AND COALESCE(place_id, '') = $4 AND COALESCE(rule, '') = $5`,
		agencyID, string(act), db.Ms(s.o.Clock()), c.Place, c.Rule).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look for approvals: %w", err)
	}
	return n > 0, nil
}

// noteApproval tells the audit what was asked for, or what became of it. What a rule is to be stands there as with rules.
func (s *Service) noteApproval(ctx context.Context, tx *db.Tx, p staff.Person, what audit.Act, a ApprovalView, more ...audit.Code) error {
	detail := []audit.Code{audit.Is("approval", a.ID), audit.Is("act", string(a.Act))}
	if a.Change != nil {
		detail = append(detail, audit.Is("rule", string(a.Change.Rule)), audit.Is("place", a.Change.Place))
	}
	return s.o.Audit.Append(ctx, tx, audit.Entry{
		Agency: p.Agency, By: audit.Staff(p.ID), Act: what, Object: p.Agency, Detail: append(detail, more...),
	})
}

// ErrNotApproved says that two people have not agreed to something, or long ago, or it was made use of.
var ErrNotApproved = errors.New("admin: two people have not agreed to it")

// UseApproval makes use of what two people have agreed to, once, and tells its id. Both must still be allowed to want it.
// Those who work with the database directly need no approval: this binds whoever works with the program.
func UseApproval(ctx context.Context, tx *db.Tx, people *staff.Service, agencyID string, act ApprovalAct, now time.Time) (id string, err error) {
	list, err := agreed(ctx, tx, agencyID, act, now)
	if err != nil {
		return "", err
	}
	for _, a := range list {
		if may, err := a.stands(ctx, tx, people, agencyID); err != nil {
			return "", err
		} else if !may {
			continue
		}
		// For the second of two at once the row is not as it was read any more.
		done, err := tx.ExecContext(ctx, `UPDATE approval SET used_at = $3 WHERE agency_id = $1 AND id = $2 AND used_at IS NULL AND allowed = 1`,
			agencyID, a.id, db.Ms(now))
		if err != nil {
			return "", fmt.Errorf("use approval: %w", err)
		}
		if n, err := done.RowsAffected(); err != nil || n == 1 {
			return a.id, err
		}
	}
	return "", ErrNotApproved
}

// agreement is what one has asked for and another has allowed.
type agreement struct{ id, asker, second string }

// agreed are those that were not made use of yet, the oldest first.
func agreed(ctx context.Context, q db.Q, agencyID string, act ApprovalAct, now time.Time) (list []agreement, err error) {
	rows, err := q.QueryContext(ctx, `
		SELECT id, asked_by, decided_by FROM approval
		WHERE agency_id = $1 AND act = $2 AND allowed = 1 AND decided_by <> asked_by AND used_at IS NULL AND until_at > $3
		ORDER BY asked_at, id`, agencyID, string(act), db.Ms(now))
	if err != nil {
		return nil, fmt.Errorf("look for what was agreed to: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	for rows.Next() {
		var a agreement
		if err := rows.Scan(&a.id, &a.asker, &a.second); err != nil {
			return nil, fmt.Errorf("look for what was agreed to: %w", err)
		}
		list = append(list, a)
	}
	return list, rows.Err()
}

// stands tells whether both are there and may want it.
func (a agreement) stands(ctx context.Context, q db.Q, people *staff.Service, agencyID string) (bool, error) {
	asker, err := people.Now(ctx, q, agencyID, a.asker)
	if err != nil {
		return false, err
	}
	second, err := people.Now(ctx, q, agencyID, a.second)
	return asker.May(staff.Decide, wholeOf(asker)) && mayWatch(second), err
}
