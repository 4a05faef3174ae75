package admin

import (
	"context"
	"encoding/json"
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

// What cannot be taken back needs two people: one asks, another who may approve allows it, and only then it happens.

// ApprovalAct is something that needs two people.
type ApprovalAct string

// The acts.
const (
	// DeleteAgency gives the whole agency up: its key is destroyed.
	DeleteAgency ApprovalAct = "agency.delete"
	// ExportKey lets the operator take the agency's data key out once, for a backup of it.
	ExportKey ApprovalAct = "agency.key"
	// ChangeRetention decides for how long something is kept. It is asked for where rules are changed.
	ChangeRetention ApprovalAct = "retention.change"
)

const (
	// approvalLife is how long somebody can allow what was asked for.
	approvalLife = 7 * 24 * time.Hour
	// apart is for how long two people count as one after one of them had a hand in the other's account. It is no shorter
	// than approvalLife: what is asked for first and then allowed in an account made for it is over before.
	apart = approvalLife
	// mostApprovals are shown of those that are over, the newest first.
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
	TakenBack bool        `json:"takenBack" doc:"By who had asked."`
	Reason    string      `json:"reason,omitempty" doc:"Why it was declined, in the words of who did, for as long as they are kept."`
	Unread    bool        `json:"unread" doc:"Somebody has declined what the person has asked for, and the person has not said that they have read it."`
	UsedAt    int64       `json:"usedAt,omitempty" doc:"Of a key: when it was taken out."`
	MayEnd    bool        `json:"mayEnd" doc:"Both have agreed, it was not made use of, and the person may take that back."`
	MayDecide bool        `json:"mayDecide" doc:"The person may refuse it and, unless it is hindered, allow it."`
	Hindered  *Hindrance  `json:"hindered,omitempty" doc:"Why the person may not allow it, where they may decide."`
	Mine      bool        `json:"mine" doc:"The person has asked for it, and may take it back."`
	Change    *RuleChange `json:"change,omitempty" doc:"Of a rule."`

	asker  string
	sealed []byte // the reason
}

// Hindrance is why somebody may not be the second person.
type Hindrance struct {
	Code   string `json:"code" enum:"approval.left,approval.same,approval.account,approval.new" doc:"That of the problem with which it would be refused."`
	FromAt int64  `json:"fromAt,omitempty" doc:"Of approval.account and approval.new: from when on they may, as long as it can be allowed."`
	// OthersMay is worked out where somebody is to be told.
	OthersMay bool `json:"othersMay,omitempty" doc:"Somebody else may allow it now."`
}

func (h *Hindrance) problem() error {
	if h.FromAt == 0 {
		return edge.NewProblem(http.StatusConflict, h.Code)
	}
	return edge.NewProblem(http.StatusConflict, h.Code, "from", h.FromAt)
}

// RuleChange is what a rule is to be once somebody has agreed.
type RuleChange struct {
	Rule      agency.Rule `json:"rule"`
	Kind      agency.Kind `json:"kind"`
	Place     string      `json:"place"`
	PlaceName string      `json:"placeName"`
	Value     any         `json:"value"`
	Leave     bool        `json:"leave" doc:"In place of value: it is left to those above again."`
	Fixed     bool        `json:"fixed"`
	Now       any         `json:"now" doc:"What counts there at this moment."`

	stored json.RawMessage
}

func (s *Service) approvalRoutes(api *edge.API, op func(id, route string) edge.Operation) {
	const approvals = "/api/staff/approvals"
	edge.Handle(api, op("approvals", "GET "+approvals), s.getApprovals)
	edge.Handle(api, op("askApproval", "POST "+approvals), s.postApproval)
	edge.Handle(api, op("decideApproval", "POST "+approvals+"/{id}"), s.postDecision)
	edge.Handle(api, op("readApproval", "POST "+approvals+"/{id}/read"), s.postRead)
}

// ApprovalsOutput lists them: first all about which there is something to do, then the newest of the others.
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
	if !mayWatch(p) && !p.MayAnywhere(staff.Decide) {
		return nil, forbidden403()
	}
	out := &ApprovalsOutput{}
	err = s.db.Snapshot(ctx, func(q db.Q) error {
		out.Body.Approvals, err = s.approvals(ctx, q, p)
		return err
	})
	return out, err
}

type askInput struct {
	Body struct {
		Act ApprovalAct `json:"act" enum:"agency.delete,agency.key"`
	}
}

func (s *Service) postApproval(ctx context.Context, in *askInput) (*ApprovalsOutput, error) {
	return s.approving(ctx, func(tx *db.Tx, p staff.Person) error {
		if !p.May(staff.Decide, wholeOf(p)) {
			return forbidden403()
		}
		return s.ask(ctx, tx, p, ApprovalView{Act: in.Body.Act})
	})
}

// ask asks for something, once at a time.
func (s *Service) ask(ctx context.Context, tx *db.Tx, p staff.Person, a ApprovalView, more ...audit.Code) error {
	var c RuleChange
	if a.Change != nil {
		c = *a.Change
	}
	open, err := s.isOpen(ctx, tx, p.Agency, a.Act, c)
	if err != nil {
		return err
	}
	if open {
		return edge.NewProblem(http.StatusConflict, "approval.open")
	}
	now := s.o.Clock()
	if err := s.askedAnew(ctx, tx, p, a.Act, c); err != nil {
		return err
	}
	a.ID = vault.NewID()
	_, err = tx.ExecContext(ctx, `
		INSERT INTO approval (id, agency_id, act, asked_by, asked_at, until_at, place_id, rule, value, fixed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		a.ID, p.Agency, string(a.Act), p.ID, db.Ms(now), db.Ms(now.Add(approvalLife)),
		db.Null(c.Place), db.Null(string(c.Rule)), db.Null(string(c.stored)), c.Fixed)
	if err != nil {
		return fmt.Errorf("ask for approval: %w", err)
	}
	return s.noteApproval(ctx, tx, p, audit.ApprovalAsked, a, more...)
}

// ApprovalPath names one in a route; exported since the routes are read by reflection, which skips what is not.
type ApprovalPath struct {
	ID string `path:"id" maxLength:"64"`
}

type decisionInput struct {
	ApprovalPath
	Body struct {
		Allow  bool   `json:"allow"`
		Reason string `json:"reason,omitempty" maxLength:"300" doc:"Why it is declined; counts for nothing otherwise."`
	}
}

func (s *Service) postDecision(ctx context.Context, in *decisionInput) (*ApprovalsOutput, error) {
	return s.approving(ctx, func(tx *db.Tx, p staff.Person) error {
		a, err := s.approval(ctx, tx, p, in.ID)
		if err != nil {
			return err
		}
		if !mayWatch(p) && (a.asker != p.ID || in.Body.Allow) {
			return forbidden403()
		}
		if err := a.refuses(p, in.Body.Allow, s.o.Clock()); err != nil {
			return err
		}
		if !in.Body.Allow {
			return s.decline(ctx, tx, p, a, vault.Personal(in.Body.Reason))
		}
		why, err := s.hindrance(ctx, tx, p, a)
		if err != nil {
			return err
		}
		if why != nil {
			return why.problem()
		}
		if err := s.decided(ctx, tx, p, a, true, nil); err != nil {
			return err
		}
		return s.carryOut(ctx, tx, p, a)
	})
}

// unused tells that two have agreed to what is still to be done, outside this program: until then either may think better of it.
func (a ApprovalView) unused() bool { return a.Act == ExportKey && a.Allowed && a.UsedAt == 0 }

// refuses says why somebody may not decide. Who has asked may take it back, and never allow it.
func (a ApprovalView) refuses(p staff.Person, allow bool, now time.Time) error {
	switch {
	case a.DecidedAt != 0 && (allow || !a.unused()):
		return edge.NewProblem(http.StatusConflict, "approval.decided")
	case !now.Before(db.Time(a.UntilAt)):
		return edge.NewProblem(http.StatusConflict, "approval.late")
	case allow && a.asker == p.ID:
		return edge.NewProblem(http.StatusConflict, "approval.self")
	}
	return nil
}

// hindrance is why somebody cannot be the second person; nil if they can. Who has asked must still be allowed to: it would be
// one person's will otherwise. And the two must not be known to be the same person, with one mailbox, or in an account that
// the other had a hand in of late, be it by way of a third one.
func (s *Service) hindrance(ctx context.Context, q db.Q, p staff.Person, a ApprovalView) (*Hindrance, error) {
	asker, err := s.o.Staff.Now(ctx, q, p.Agency, a.asker)
	if err != nil {
		return nil, err
	}
	place := wholeOf(p)
	if a.Act == ChangeRetention { // a department asks for itself
		if place, err = s.o.Agencies.Place(ctx, q, p.Agency, a.Change.Place); err != nil {
			return nil, err
		}
	}
	switch {
	case !asker.May(staff.Decide, place):
		return &Hindrance{Code: "approval.left"}, nil
	case mailbox(asker.Email) == mailbox(p.Email):
		return &Hindrance{Code: "approval.same"}, nil
	}
	hand, err := s.lastHand(ctx, q, p.Agency, a.asker, p.ID)
	if err != nil {
		return nil, err
	}
	risen, err := s.lastRisen(ctx, q, p.Agency, a.asker, p.ID)
	since, last := s.o.Clock().Add(-apart), latest(hand, risen)
	if err != nil || !last.After(since) {
		return nil, err
	}
	why := &Hindrance{Code: "approval.account", FromAt: db.Ms(last.Add(apart))}
	if risen.After(since) { // others may not be able to, either
		why.Code = "approval.new"
	}
	return why, nil
}

// lastHand tells when one of two people had a hand in the other's account for the last time of late. What the system does is
// nobody's hand. That an account was made counts whoever made it, see lastRisen.
func (s *Service) lastHand(ctx context.Context, q db.Q, agencyID, one, other string) (last time.Time, err error) {
	for _, hand := range [][2]string{{one, other}, {other, one}} {
		at, err := s.o.Audit.Last(ctx, q, agencyID, audit.Done{
			By: hand[0], To: hand[1], Since: s.o.Clock().Add(-apart),
			Acts: []audit.Act{audit.AccountInvited, audit.AccountChanged, audit.RoleGiven, audit.FactorReset},
		})
		if err != nil {
			return last, err
		}
		last = latest(last, at)
	}
	return last, nil
}

// lastRisen tells when anybody made one of two accounts for the last time of late, or gave it a role with which one asks or
// agrees: whoever makes an account that makes another has not had a hand in the latter. Anybody is the staff, and the
// directory where they have a key to it.
func (s *Service) lastRisen(ctx context.Context, q db.Q, agencyID string, people ...string) (last time.Time, err error) {
	wanted := risen(audit.ByStaff)
	steered, err := s.steersDirectory(ctx, q, agencyID)
	if err != nil {
		return last, err
	}
	if steered {
		wanted = append(wanted, risen(audit.BySystem, audit.Is("source", string(staff.SCIM)))...)
		// Whoever calls an account as their own is called elsewhere signs in as it.
		wanted = append(wanted, audit.Done{
			Kind: audit.BySystem, Acts: []audit.Act{audit.AccountChanged}, With: []audit.Code{audit.Is("source", string(staff.SCIM))},
		})
	}
	for _, id := range people {
		for _, done := range wanted {
			done.To, done.Since = id, s.o.Clock().Add(-apart)
			at, err := s.o.Audit.Last(ctx, q, agencyID, done)
			if err != nil {
				return last, err
			}
			last = latest(last, at)
		}
	}
	return last, nil
}

// risen is what makes an account one that asks or agrees.
func risen(by audit.ActorKind, with ...audit.Code) []audit.Done {
	all := []audit.Done{{Kind: by, Acts: []audit.Act{audit.AccountCreated}, With: with}}
	for _, role := range staff.WithAny(staff.Decide, staff.Approve) {
		all = append(all, audit.Done{
			Kind: by, Acts: []audit.Act{audit.RoleGiven}, With: append([]audit.Code{audit.Is("role", string(role))}, with...),
		})
	}
	return all
}

// steersDirectory tells whether what the agency's directory says may be what its staff want: somebody of them has made a key
// with which one speaks for it that counts still or did of late, or said of late what its groups give.
func (s *Service) steersDirectory(ctx context.Context, q db.Q, agencyID string) (bool, error) {
	keyed, err := s.o.Keyed(ctx, q, agencyID)
	if err != nil || keyed {
		return keyed, err
	}
	dropped, ofStaff := []audit.Act{audit.DirectoryTokenDropped}, []audit.Code{audit.Is("source", string(staff.ByHand))}
	for _, done := range []audit.Done{
		{Acts: []audit.Act{audit.DirectoryTokenMade, audit.DirectoryRuleMade}},
		// What was said with a key does not become somebody else's word when the key is revoked, whoever revokes it.
		{Acts: dropped, With: ofStaff},
		{Acts: dropped, With: ofStaff, Kind: audit.BySystem},
	} {
		done.To, done.Since = agencyID, s.o.Clock().Add(-apart)
		at, err := s.o.Audit.Last(ctx, q, agencyID, done)
		if err != nil || !at.IsZero() {
			return err == nil, err
		}
	}
	return false, nil
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// mailbox is where what is sent to an address arrives: most servers have all that stands behind a plus in one mailbox.
func mailbox(email string) string {
	name, host, _ := strings.Cut(db.Fold(email), "@")
	name, _, _ = strings.Cut(name, "+")
	return name + "@" + host
}

// carryOut does what two people want.
func (s *Service) carryOut(ctx context.Context, tx *db.Tx, p staff.Person, a ApprovalView) error {
	if a.Act != DeleteAgency {
		if err := s.noteApproval(ctx, tx, p, audit.ApprovalAllowed, a); err != nil || a.Act != ChangeRetention {
			return err
		}
		return s.changeApproved(ctx, tx, p.Agency, a)
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

// approving lets somebody change approvals, and answers with those that they may see, as long as there is an agency.
func (s *Service) approving(ctx context.Context, change func(*db.Tx, staff.Person) error) (*ApprovalsOutput, error) {
	out := &ApprovalsOutput{}
	err := s.acting(ctx, func(tx *db.Tx, p staff.Person) error {
		if err := change(tx, p); err != nil {
			return err
		}
		var err error
		out.Body.Approvals, err = s.approvals(ctx, tx, p)
		return err
	})
	return out, ruleProblem(err)
}
