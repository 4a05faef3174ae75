package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/staff"
)

// Invitation is a link that somebody was sent to set their password.
type Invitation struct {
	Until int64  `json:"until" doc:"Milliseconds since 1970 UTC."`
	Mail  string `json:"mail" enum:"queued,sent,failed"`
}

// invitation reads the one of an account that is valid; nil: there is none.
func (s *Service) invitation(ctx context.Context, q db.Q, agencyID, id string) (*Invitation, error) {
	var i Invitation
	err := q.QueryRowContext(ctx, `
		SELECT until_at, mail_state FROM staff_link WHERE agency_id = $1 AND staff_id = $2 AND reason = $3 AND until_at > $4
		ORDER BY until_at DESC LIMIT 1`, agencyID, id, staff.Invited, db.Ms(s.o.Clock())).Scan(&i.Until, &i.Mail)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil // nobody is invited
	}
	if err != nil {
		return nil, fmt.Errorf("read invitation: %w", err)
	}
	return &i, nil
}

type inviteInput struct {
	staff.Asked
	ID string `path:"id" maxLength:"64"`
}

// postInvite sends somebody a link to set a password, in the language of who asks for it.
func (s *Service) postInvite(ctx context.Context, in *inviteInput) (*PersonOutput, error) {
	return s.changePerson(ctx, in.ID, func(ctx context.Context, tx *db.Tx, p staff.Person, a Account) error {
		if !mayEmploy(p, a) {
			return forbidden403()
		}
		return s.o.Staff.Invite(ctx, tx, staff.Person{ID: a.ID, Agency: p.Agency}, in.Spoken(), p.ID)
	})
}

type inviteManyInput struct {
	staff.Asked
	Body struct {
		Text  string `json:"text,omitempty" maxLength:"100" doc:"As in the search."`
		Place string `json:"place,omitempty" maxLength:"64"`
		Role  string `json:"role,omitempty" maxLength:"40"`
		Trial bool   `json:"trial,omitempty" doc:"Only count them."`
	}
}

// InvitedMany is how many are invited, or would be.
type InvitedMany struct {
	Trial bool `json:"trial"`
	Count int  `json:"count"`
}

type inviteManyOutput struct{ Body InvitedMany }

// postInviteMany invites all whom a search finds, who have neither password nor invitation, and whom the person may invite:
// one after the other, so that it takes a while. Asked again, it is about those that are left.
func (s *Service) postInviteMany(ctx context.Context, in *inviteManyInput) (*inviteManyOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	out := &inviteManyOutput{Body: InvitedMany{Trial: in.Body.Trial}}
	find := func(q db.Q, p staff.Person) (ids []string, err error) {
		switch {
		case !p.MayAnywhere(staff.Employ):
			return nil, forbidden403()
		case !s.o.Staff.CanInvite():
			return nil, edge.NewProblem(http.StatusConflict, "person.no_mail")
		}
		ids, err = s.toInvite(ctx, q, p, peopleSearch{text: in.Body.Text, place: in.Body.Place, role: in.Body.Role, state: uninvited})
		out.Body.Count = len(ids)
		return ids, err
	}
	if in.Body.Trial {
		err = s.db.Snapshot(ctx, func(q db.Q) error {
			_, err := find(q, p)
			return err
		})
		return out, problem(err)
	}
	err = s.acting(ctx, func(tx *db.Tx, p staff.Person) error {
		ids, err := find(tx, p)
		if err != nil {
			return err
		}
		return s.o.Staff.InviteLater(ctx, tx, p.Agency, ids, in.Spoken(), p.ID)
	})
	return out, problem(err)
}

// toInvite are all of a search whom somebody may invite.
func (s *Service) toInvite(ctx context.Context, q db.Q, p staff.Person, look peopleSearch) (ids []string, err error) {
	for {
		part, err := s.searchPeople(ctx, q, p.Agency, look, scopeOf(p))
		if err != nil {
			return nil, err
		}
		more := len(part) > pageSize
		part = part[:min(len(part), pageSize)]
		for _, a := range part {
			if mayEmploy(p, a) {
				ids = append(ids, a.ID)
			}
		}
		if !more {
			return ids, nil
		}
		look.after = part[pageSize-1].ID
	}
}

// readdressed tells whether the directory has given an account another address, and nobody has shown since that it is theirs.
func readdressed(ctx context.Context, q db.Q, agencyID, id string) (yes bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT readdressed_at IS NOT NULL AND password_hash <> '' FROM staff WHERE agency_id = $1 AND id = $2`, agencyID, id).Scan(&yes)
	if err != nil {
		return false, fmt.Errorf("read whose address it is: %w", err)
	}
	return yes, nil
}

// postFactorReset takes away what somebody has lost. One's own is a matter of one's own account, and needs the password.
func (s *Service) postFactorReset(ctx context.Context, in *personInput) (*PersonOutput, error) {
	return s.changePerson(ctx, in.ID, func(ctx context.Context, tx *db.Tx, p staff.Person, a Account) error {
		if !mayEmploy(p, a) {
			return forbidden403()
		}
		if a.ID == p.ID {
			return edge.NewProblem(http.StatusConflict, "factor.self")
		}
		return s.o.Staff.ResetFactor(ctx, tx, staff.Person{ID: a.ID, Agency: p.Agency}, p.ID)
	})
}
