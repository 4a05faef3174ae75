package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	mail "github.com/wneessen/go-mail"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/jobs"
	"visavis/internal/staff"
)

// Letter is a mail to a member of staff with a link to set a password. It names no citizen.
type Letter struct {
	Kind        string // invited, forgotten; the names are those of the catalogue
	ID          string // of the link
	Language    string
	Name, Email string
	Agency      string // its name
	Link        string
	Until       time.Time
}

// Letters are where the mails to staff come from, and who is told what has become of them.
type Letters struct {
	// Letter reads what to send; ErrNothing if nothing.
	Letter func(ctx context.Context, agency, link string) (Letter, error)
	// Mailed is told once a letter is sent, or never will be.
	Mailed func(ctx context.Context, agency, link string, sent bool) error
}

// LetterOf is the letter with a link of an account.
func LetterOf(ctx context.Context, agencies *agency.Store, people *staff.Service, agencyID, id string) (Letter, error) {
	a, err := agencies.ByID(ctx, agencyID)
	if err != nil {
		return Letter{}, err
	}
	l, err := people.LinkToMail(ctx, agencyID, id)
	if errors.Is(err, db.ErrNoRows) {
		return Letter{}, ErrNothing
	}
	if err != nil {
		return Letter{}, err
	}
	return Letter{
		Kind: string(l.Reason), ID: id, Language: l.Language, Name: l.Person.Name, Email: l.Person.Email,
		Agency: a.Name, Link: people.LinkURL(a, l), Until: l.Until,
	}, nil
}

const letterJob = "notify.letter"

// QueueLetter plans the mail with a link, in the caller's transaction. The queue holds its id, and never its secret.
func (s *Service) QueueLetter(ctx context.Context, tx *db.Tx, agency, link string) error {
	return s.o.Jobs.Add(ctx, tx, jobs.Job{Agency: agency, Kind: letterJob, Key: link, Ref: link})
}

func (s *Service) sendLetter(ctx context.Context, job jobs.Job) error {
	err := s.tryLetter(ctx, job)
	if errors.Is(err, ErrNothing) {
		return nil
	}
	refused, never := errors.AsType[refusedError](err)
	if err != nil && !never && !job.Last() {
		return err
	}
	if noted := s.letterMailed(ctx, job, err == nil); noted != nil {
		s.o.Log.ErrorContext(ctx, "note what has become of a letter", "error", noted)
	}
	if err == nil {
		return nil
	}
	if never {
		err = refused
	}
	return jobs.Permanent(codeOf(err))
}

func (s *Service) letterMailed(ctx context.Context, job jobs.Job, sent bool) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteWait)
	defer cancel()
	return s.o.Letters.Mailed(ctx, job.Agency, job.Ref, sent)
}

func (s *Service) tryLetter(ctx context.Context, job jobs.Job) error {
	l, err := s.o.Letters.Letter(ctx, job.Agency, job.Ref)
	if err != nil {
		return err
	}
	message, err := s.write(l)
	if err != nil {
		return err
	}
	return s.o.Server.deliver(ctx, message)
}

// letterView is what both layouts show.
type letterView struct {
	Language, Subject, Greeting, Text string
	OpenLabel, Link, Until, Private   string
	Closing, Agency, NoReply          string
}

func (s *Service) letterView(l Letter) letterView {
	c, key := s.texts[l.Language], "mail.account."+l.Kind
	return letterView{
		Language: l.Language, Subject: c.t(key + ".subject"), Greeting: c.t("mail.greeting", "name", l.Name),
		Text: c.t(key+".text", "agency", l.Agency), OpenLabel: c.t(key + ".label"), Link: l.Link,
		Until:   c.t("mail.account.until", "when", c.when(l.Until.In(s.o.TimeZone))),
		Private: c.t(key + ".private"), Closing: c.t("mail.closing"), Agency: l.Agency, NoReply: c.t("mail.account.noreply"),
	}
}

func (s *Service) write(l Letter) (*mail.Msg, error) {
	v := s.letterView(l)
	text, markup, err := render("letter", v)
	if err != nil {
		return nil, fmt.Errorf("render letter: %w", err)
	}
	m, err := s.envelope(l.Email, v.Subject, l.ID+"."+l.Kind, l.Language)
	if err != nil {
		return nil, err
	}
	m.SetBodyString(mail.TypeTextPlain, text)
	m.AddAlternativeString(mail.TypeTextHTML, markup)
	return m, nil
}

// envelope is what is the same for all mails.
func (s *Service) envelope(to, subject, id, language string) (*mail.Msg, error) {
	m := mail.NewMsg()
	if err := m.FromFormat(s.o.From.Name, s.o.From.Address); err != nil {
		return nil, fmt.Errorf("sender of mails: %w", err)
	}
	if err := m.To(to); err != nil {
		return nil, refusedError{code: 553} // RFC 5321: mailbox name not allowed; the library's error would quote it
	}
	m.Subject(subject)
	m.SetDateWithValue(s.o.Clock())
	m.SetMessageIDWithValue(id + "@" + domainOf(s.o.From.Address))
	m.SetGenHeader(mail.HeaderContentLang, language)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no answers from absence assistants
	m.SetUserAgent("Visavis")
	return m, nil
}
