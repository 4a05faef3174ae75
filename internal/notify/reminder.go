package notify

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"visavis/internal/db"
	"visavis/internal/jobs"
)

// Moment is when a guest may be reminded of an appointment.
type Moment struct {
	Name     string // of what lies between it and the appointment: a code
	Sequence int64  // of the invitation that it belongs to: another time has other moments
	At       time.Time
}

// Reminder is what there is to do at a moment.
type Reminder struct {
	Notice Notice
	Due    bool   // else nobody wants one at this moment
	Next   Moment // without a name: there is none
}

const reminderJob = "notify.reminder"

// Remind plans the next reminder of an appointment, in the caller's transaction, instead of one that was planned. There is
// one job for each appointment, which goes from moment to moment.
func (s *Service) Remind(ctx context.Context, tx *db.Tx, agency, appointment string, m Moment) error {
	return s.o.Jobs.Replace(ctx, tx, jobs.Job{Agency: agency, Kind: reminderJob, Key: appointment, Ref: m.ref(), RunAt: m.At})
}

// Forget drops the reminders of an appointment, in the caller's transaction.
func (s *Service) Forget(ctx context.Context, tx *db.Tx, agency, appointment string) error {
	return s.o.Jobs.Remove(ctx, tx, agency, reminderJob, appointment)
}

// ref is a moment in the queue, without its time.
func (m Moment) ref() string { return strconv.FormatInt(m.Sequence, 10) + "." + m.Name }

func momentOf(ref string) Moment {
	sequence, name, _ := strings.Cut(ref, ".")
	n, err := strconv.ParseInt(sequence, 10, 64)
	if err != nil {
		n = Unknown
	}
	return Moment{Name: name, Sequence: n}
}

// sendReminder sends what is due, and goes on to the next moment. A mail that a server will never take ends it, as with an
// invitation; one that it could not take for hours only this reminder.
func (s *Service) sendReminder(ctx context.Context, job jobs.Job) error {
	m, settled := momentOf(job.Ref), false
	defer func() { // a panic ends here, too
		if !settled && job.Last() {
			s.noteReminder(ctx, job, m, false)
		}
	}()
	r, err := s.tryReminder(ctx, job, m)
	settled = true
	_, refused := errors.AsType[refusedError](err)
	switch {
	case errors.Is(err, ErrNothing):
		return nil
	case err != nil && !refused && !job.Last():
		return err
	case err != nil || r.Due:
		s.noteReminder(ctx, job, m, err == nil)
	}
	if err != nil && (refused || r.Next.Name == "") {
		return jobs.Permanent(codeOf(err))
	}
	if r.Next.Name == "" {
		return nil
	}
	return jobs.Again(r.Next.At, r.Next.ref())
}

func (s *Service) tryReminder(ctx context.Context, job jobs.Job, m Moment) (Reminder, error) {
	r, err := s.o.Reminder(ctx, job.Agency, job.Key, m)
	if err != nil || !r.Due {
		return r, err
	}
	message, err := s.compose(r.Notice)
	if err != nil {
		return r, err
	}
	return r, s.o.Server.deliver(ctx, message)
}

// noteReminder says what has become of a reminder. That this fails is no reason to send it again.
func (s *Service) noteReminder(ctx context.Context, job jobs.Job, m Moment, sent bool) {
	if err := s.mailed(ctx, job.Agency, job.Key, m.Sequence, sent); err != nil {
		s.o.Log.ErrorContext(ctx, "note what has become of a reminder", "error", err)
	}
}
