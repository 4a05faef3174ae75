package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/staff"
	"visavis/internal/vault"
)

// What cannot be taken back needs two people: one asks, another who may approve allows it, and only then it happens.

// ApprovalAct is something that needs two people.
type ApprovalAct string

// DeleteAgency gives the whole agency up: its key is destroyed.
const DeleteAgency ApprovalAct = "agency.delete"

const (
	// approvalLife is how long somebody can allow what was asked for.
	approvalLife = 7 * 24 * time.Hour
	// mostApprovals are shown, the newest first.
	mostApprovals = 50
)

// ApprovalView is what was asked for, and what became of it.
type ApprovalView struct {
	ID        string      `json:"id"`
	Act       ApprovalAct `json:"act"`
	AskedBy   string      `json:"askedBy" doc:"A name."`
	AskedAt   int64       `json:"askedAt"`
	UntilAt   int64       `json:"untilAt" doc:"Afterwards nobody can allow it any more."`
	DecidedBy string      `json:"decidedBy,omitempty" doc:"A name."`
	DecidedAt int64       `json:"decidedAt,omitempty"`
	Allowed   bool        `json:"allowed" doc:"Means something where it is decided."`
	MayDecide bool        `json:"mayDecide" doc:"The person may allow or refuse it."`

	asker string
}

func (s *Service) approvalRoutes(api *edge.API, op func(id, route string) edge.Operation) {
	const approvals = "/api/staff/approvals"
	edge.Handle(api, op("approvals", "GET "+approvals), s.getApprovals)
	edge.Handle(api, op("askApproval", "POST "+approvals), s.postApproval)
	edge.Handle(api, op("decideApproval", "POST "+approvals+"/{id}"), s.postDecision)
}

// ApprovalsOutput lists the newest of them.
type ApprovalsOutput struct {
	Body struct {
		Approvals []ApprovalView `json:"approvals"`
	}
}

func (s *Service) getApprovals(ctx context.Context, _ *struct{}) (*ApprovalsOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	if !p.May(staff.Approve, wholeOf(p)) {
		return nil, forbidden403()
	}
	out := &ApprovalsOutput{}
	out.Body.Approvals, err = s.approvals(ctx, s.db.Read(), p)
	return out, err
}

type askInput struct {
	Body struct {
		Act ApprovalAct `json:"act" enum:"agency.delete"`
	}
}

func (s *Service) postApproval(ctx context.Context, in *askInput) (*ApprovalsOutput, error) {
	return s.approving(ctx, func(tx *db.Tx, p staff.Person) error {
		if !p.May(staff.Decide, wholeOf(p)) {
			return forbidden403()
		}
		open, err := s.openApproval(ctx, tx, p.Agency, in.Body.Act)
		if err != nil {
			return err
		}
		if open {
			return edge.NewProblem(http.StatusConflict, "approval.open")
		}
		now, id := s.o.Clock(), vault.NewID()
		_, err = tx.ExecContext(ctx, `
			INSERT INTO approval (id, agency_id, act, asked_by, asked_at, until_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			id, p.Agency, string(in.Body.Act), p.ID, db.Ms(now), db.Ms(now.Add(approvalLife)))
		if err != nil {
			return fmt.Errorf("ask for approval: %w", err)
		}
		return s.noteApproval(ctx, tx, p, audit.ApprovalAsked, id, in.Body.Act)
	})
}

type decisionInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Allow bool `json:"allow"`
	}
}

func (s *Service) postDecision(ctx context.Context, in *decisionInput) (*ApprovalsOutput, error) {
	return s.approving(ctx, func(tx *db.Tx, p staff.Person) error {
		a, err := s.approval(ctx, tx, p, in.ID)
		if err != nil {
			return err
		}
		if err := a.refuses(p, in.Body.Allow, s.o.Clock()); err != nil {
			return err
		}
		allowed := int64(0)
		if in.Body.Allow {
			allowed = 1
		}
		_, err = tx.ExecContext(ctx, `UPDATE approval SET decided_by = $1, decided_at = $2, allowed = $3 WHERE agency_id = $4 AND id = $5`,
			p.ID, db.Ms(s.o.Clock()), allowed, p.Agency, a.ID)
		if err != nil {
			return fmt.Errorf("decide approval: %w", err)
		}
		if !in.Body.Allow {
			return s.noteApproval(ctx, tx, p, audit.ApprovalRefused, a.ID, a.Act)
		}
		return s.carryOut(ctx, tx, p, a)
	})
}

// refuses says why somebody may not decide. Who has asked may take it back, and never allow it.
func (a ApprovalView) refuses(p staff.Person, allow bool, now time.Time) error {
	switch {
	case a.DecidedAt != 0:
		return edge.NewProblem(http.StatusConflict, "approval.decided")
	case !now.Before(db.Time(a.UntilAt)):
		return edge.NewProblem(http.StatusConflict, "approval.late")
	case allow && a.asker == p.ID:
		return edge.NewProblem(http.StatusConflict, "approval.self")
	}
	return nil
}

// carryOut does what two people want.
func (s *Service) carryOut(ctx context.Context, tx *db.Tx, p staff.Person, a ApprovalView) error {
	if a.Act != DeleteAgency {
		return s.noteApproval(ctx, tx, p, audit.ApprovalAllowed, a.ID, a.Act)
	}
	busy, err := s.o.Busy(ctx, tx, p.Agency)
	if err != nil {
		return err
	}
	if busy {
		return edge.NewProblem(http.StatusConflict, "agency.busy")
	}
	if err := s.o.Staff.SignOutAll(ctx, tx, p.Agency); err != nil {
		return err
	}
	if err := s.o.Agencies.GiveUp(ctx, tx, p.Agency); err != nil {
		return err
	}
	// Its own audit goes with it: the operator's log is where it can be read.
	tx.AfterCommit(func() {
		s.o.Log.WarnContext(ctx, "agency given up, its key is destroyed", "agency", p.Agency, "asked", a.asker, "allowed", p.ID)
	})
	return s.o.Given(ctx, tx, p.Agency)
}

// approving lets somebody change approvals who may approve, and answers with all of them, as long as there is an agency.
func (s *Service) approving(ctx context.Context, change func(*db.Tx, staff.Person) error) (*ApprovalsOutput, error) {
	out := &ApprovalsOutput{}
	err := s.acting(ctx, func(tx *db.Tx, p staff.Person) error {
		if !p.May(staff.Approve, wholeOf(p)) {
			return forbidden403()
		}
		if err := change(tx, p); err != nil {
			return err
		}
		var err error
		out.Body.Approvals, err = s.approvals(ctx, tx, p)
		return err
	})
	return out, problem(err)
}

const approvalColumns = `
	SELECT approval.id, approval.act, approval.asked_by, asker.name, approval.asked_at, approval.until_at,
	       COALESCE(decider.name, ''), COALESCE(approval.decided_at, 0), COALESCE(approval.allowed, 0)
	FROM approval
	JOIN staff asker ON asker.agency_id = approval.agency_id AND asker.id = approval.asked_by
	LEFT JOIN staff decider ON decider.agency_id = approval.agency_id AND decider.id = approval.decided_by
	WHERE approval.agency_id = $1 `

func (s *Service) approvals(ctx context.Context, q db.Q, p staff.Person) ([]ApprovalView, error) {
	rows, err := q.QueryContext(ctx, approvalColumns+`ORDER BY approval.asked_at DESC, approval.id LIMIT $2`, p.Agency, mostApprovals)
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

func (s *Service) scanApproval(row interface{ Scan(...any) error }, p staff.Person) (ApprovalView, error) {
	var a ApprovalView
	var allowed int64
	err := row.Scan(&a.ID, &a.Act, &a.asker, &a.AskedBy, &a.AskedAt, &a.UntilAt, &a.DecidedBy, &a.DecidedAt, &allowed)
	a.Allowed = allowed == 1
	a.MayDecide = a.refuses(p, true, s.o.Clock()) == nil
	return a, err
}

func (s *Service) openApproval(ctx context.Context, q db.Q, agencyID string, act ApprovalAct) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `
		SELECT COUNT(*) FROM approval WHERE agency_id = $1 AND act = $2 AND decided_at IS NULL AND until_at > $3`,
		agencyID, string(act), db.Ms(s.o.Clock())).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look for approvals: %w", err)
	}
	return n > 0, nil
}

func (s *Service) noteApproval(ctx context.Context, tx *db.Tx, p staff.Person, what audit.Act, id string, act ApprovalAct) error {
	return s.o.Audit.Append(ctx, tx, audit.Entry{
		Agency: p.Agency, By: audit.Staff(p.ID), Act: what, Object: p.Agency,
		Detail: []audit.Code{audit.Is("approval", id), audit.Is("act", string(act))},
	})
}
