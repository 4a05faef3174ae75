package staff

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/jobs"
)

// InviteJob invites one of many. Its key is the account, so that whoever waits for an invitation is not noted twice.
const InviteJob = "staff.invite"

// inviteEvery is the pause between two of many: some 300 a minute, beside which the mail server has time for the appointments.
const inviteEvery = 200 * time.Millisecond

// InviteLater invites accounts one after the other.
func (s *Service) InviteLater(ctx context.Context, tx *db.Tx, agencyID string, people []string, language, by string) error {
	if s.o.Mailer == nil {
		return edge.NewProblem(http.StatusConflict, "person.no_mail")
	}
	now := s.o.Clock()
	for i, id := range people {
		job := jobs.Job{Agency: agencyID, Kind: InviteJob, Key: id, Ref: by + "/" + language, RunAt: now.Add(time.Duration(i) * inviteEvery)}
		// In place of one that was given up; who has one that waits is none of these people.
		if err := s.o.Jobs.Replace(ctx, tx, job); err != nil {
			return err
		}
	}
	return nil
}

// inviteNow does the job. Who cannot or need not be invited any more is left out: it was tried a second time, somebody was
// quicker, or the account was disabled. So is everybody whom somebody wanted to invite who may no longer do so.
func (s *Service) inviteNow(ctx context.Context, job jobs.Job) error {
	by, language, _ := strings.Cut(job.Ref, "/")
	who := Person{ID: job.Key, Agency: job.Agency}
	err := s.db.Retried(ctx, func(tx *db.Tx) error {
		asker, err := s.Now(ctx, tx, job.Agency, by)
		if err != nil || !asker.MayAnywhere(Employ) {
			return err
		}
		if _, err := s.forLink(ctx, tx, job.Agency, who.ID); err != nil && !errors.Is(err, db.ErrNoRows) {
			return err
		}
		invited, err := s.invited(ctx, tx, who)
		if err != nil || invited {
			return err
		}
		return s.Invite(ctx, tx, who, language, by)
	})
	if _, refused := errors.AsType[*edge.Problem](err); refused {
		return nil
	}
	return err
}

// invited tells whether somebody has an invitation that is valid.
func (s *Service) invited(ctx context.Context, q db.Q, p Person) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `
		SELECT COUNT(*) FROM staff_link WHERE agency_id = $1 AND staff_id = $2 AND reason = $3 AND until_at > $4`,
		p.Agency, p.ID, Invited, db.Ms(s.o.Clock())).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("read invitation: %w", err)
	}
	return n > 0, nil
}
