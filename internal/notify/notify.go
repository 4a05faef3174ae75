// Package notify tells guests by mail what has become of their appointment, and reminds them of it: in
// their language, as text and HTML, with a calendar file. A mail is a job that
// names the appointment only; what it says is read when it is sent, so it is never
// out of date, and nothing personal waits in the queue. Letters to staff go the same way.
//
// The main types are Notice (what a mail says), Letter (the same to staff) and Service. The package knows no
// table of its own and nothing of seats and talks.
package notify

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/mail"
	"time"

	"visavis/internal/db"
	"visavis/internal/jobs"
	"visavis/internal/vault"
)

// Kind is what a mail is about.
type Kind string

// The kinds; the names are those of the catalogue.
const (
	Invited   Kind = "invited"
	Moved     Kind = "moved"
	Cancelled Kind = "cancelled"
	Reminded  Kind = "reminded"
)

// Notice is what a mail says.
type Notice struct {
	Kind         Kind
	Moment       string // of a reminder, of which there are several
	UID          string // of the calendar entry; the same for all mails about one appointment
	Sequence     int64  // rises with every change (RFC 5545 §3.8.7.4)
	Language     string
	Name, Email  vault.Personal
	Starts, Ends time.Time
	Agency       string // its name
	Location     string
	Phone        string
	PhoneHours   string
	Link         string // empty when there is nothing to open any more
}

// ErrNothing says that there is nothing to tell any more.
var ErrNothing = errors.New("notify: nothing to tell")

// Options configure a Service.
type Options struct {
	Server   Server
	From     mail.Address
	TimeZone *time.Location
	Locales  fs.FS // the catalogues: de/mail.json, en/mail.json
	Jobs     *jobs.Queue
	// Notice reads what to tell; ErrNothing if nothing. With another error its Sequence counts, Unknown if that was not read.
	Notice func(ctx context.Context, agency, appointment string) (Notice, error)
	// Mailed is told once a mail is sent, or never will be. sequence is that of its notice, as newer mails may be queued;
	// Unknown where it could not be read, and then the newest is meant.
	Mailed func(ctx context.Context, agency, appointment string, sequence int64, sent bool) error
	// Reminder reads what to do at a moment; ErrNothing if nothing, then and later. Mailed is told what has become of it.
	Reminder func(ctx context.Context, agency, appointment string, m Moment) (Reminder, error)
	// Letters to staff.
	Letters Letters
	Clock   func() time.Time
	Log     *slog.Logger
}

// Service sends mails.
type Service struct {
	o     Options
	texts map[string]catalogue
}

const mailJob = "notify.mail"

// Unknown is the sequence of a notice that could not be read.
const Unknown int64 = -1

// New returns a service and takes over the mail jobs.
func New(o Options) (*Service, error) {
	texts, err := readCatalogues(o.Locales)
	if err != nil {
		return nil, err
	}
	s := &Service{o: o, texts: texts}
	o.Jobs.Handle(mailJob, s.send)
	o.Jobs.Handle(reminderJob, s.sendReminder)
	o.Jobs.Handle(letterJob, s.sendLetter)
	return s, nil
}

// Queue plans the mail about an appointment's state, in the caller's transaction.
// One that still waits is replaced: the guest gets one mail with what is true then.
func (s *Service) Queue(ctx context.Context, tx *db.Tx, agency, appointment string) error {
	return s.o.Jobs.Replace(ctx, tx, jobs.Job{Agency: agency, Kind: mailJob, Key: appointment, Ref: appointment})
}

// noteWait is how long it may take to note what has become of a mail, however the try went.
const noteWait = 4 * time.Second

func (s *Service) send(ctx context.Context, job jobs.Job) error {
	sequence, settled := Unknown, false
	defer func() { // a panic ends here, too
		if settled || !job.Last() {
			return
		}
		if err := s.mailed(ctx, job.Agency, job.Ref, sequence, false); err != nil {
			s.o.Log.ErrorContext(ctx, "note that a mail is not sent", "error", err)
		}
	}()
	err := s.try(ctx, job, &sequence)
	settled = true
	if err == nil {
		return s.mailed(ctx, job.Agency, job.Ref, sequence, true)
	}
	if errors.Is(err, ErrNothing) {
		return nil
	}
	var refused refusedError
	if errors.As(err, &refused) || job.Last() {
		return errors.Join(jobs.Permanent(codeOf(err)), s.mailed(ctx, job.Agency, job.Ref, sequence, false))
	}
	return err
}

// mailed notes what has become of a mail, also when the time for the try is over.
func (s *Service) mailed(ctx context.Context, agency, appointment string, sequence int64, sent bool) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteWait)
	defer cancel()
	return s.o.Mailed(ctx, agency, appointment, sequence, sent)
}

// try reads what there is to tell, and tells it. It notes the sequence as soon as it is known.
func (s *Service) try(ctx context.Context, job jobs.Job, sequence *int64) error {
	n, err := s.o.Notice(ctx, job.Agency, job.Ref)
	*sequence = n.Sequence
	if err != nil {
		return err
	}
	message, err := s.compose(n)
	if err != nil {
		return err
	}
	return s.o.Server.deliver(ctx, message)
}
