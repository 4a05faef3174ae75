package seat

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/jobs"
)

// LegalView is what the guest is told about their data, and asked for.
type LegalView struct {
	Notice  agency.LegalText `json:"notice"`
	Consent *ConsentView     `json:"consent,omitempty" doc:"Absent: none is asked for."`
}

// ConsentView is a text to agree to, and whether that was done.
type ConsentView struct {
	agency.LegalText
	GivenAt *int64 `json:"givenAt,omitempty"`
}

func legalView(l agency.Legal, x Seat) LegalView {
	v := LegalView{Notice: l.Notice}
	if l.Consent != nil {
		v.Consent = &ConsentView{LegalText: *l.Consent}
		if x.Agreed == l.Consent.Version {
			v.Consent.GivenAt = db.MsPtr(x.AgreedAt)
		}
	}
	return v
}

// bars is why a guest does not get in by video.
func (w Window) bars(x Seat) string {
	switch {
	case !w.lets(agency.ByLink):
		return "door"
	case w.asks(x):
		return "consent"
	}
	return ""
}

type consentInput struct {
	Caller
	Body struct {
		Page    string `json:"page" minLength:"8" maxLength:"64"`
		Version string `json:"version" maxLength:"64" doc:"Of the text that was shown."`
		Given   bool   `json:"given" doc:"false takes it back."`
	}
}

// consent is the guest's own choice, apart from every other click.
func (s *Service) consent(ctx context.Context, in *consentInput) (*viewOutput, error) {
	x, err := s.access(ctx, &in.Caller)
	if err != nil {
		return nil, Problem(err)
	}
	who := Holder{in.browser, in.Body.Page}
	err = s.db.Retried(ctx, func(tx *db.Tx) error {
		if in.Body.Given {
			return s.agree(ctx, tx, x, in.Body.Version, in.browser)
		}
		return s.revoke(ctx, tx, x, who)
	})
	if err != nil {
		return nil, Problem(err)
	}
	return s.shown(ctx, x, who)
}

func (s *Service) agree(ctx context.Context, tx *db.Tx, x Seat, version, browser string) error {
	next, happened, err := s.doBy(ctx, tx, x, Agree{Version: version})
	if err != nil || !slices.Contains(happened, Agreed) {
		return err
	}
	if err := acted(ctx, tx, next, browser, db.Ms(s.o.Clock())); err != nil {
		return err
	}
	_, rules, err := s.policy(ctx, tx, next)
	if err != nil {
		return err
	}
	if text := s.o.Agencies.Legal(rules).Consent; text != nil && text.Version == version {
		return s.o.Agencies.KeepLegal(ctx, tx, x.Agency, *text)
	}
	return nil
}

func (s *Service) revoke(ctx context.Context, tx *db.Tx, x Seat, who Holder) error {
	next, err := s.goes(ctx, tx, audit.Guest(), x.Agency, x.ID, Revoke{Who: who})
	if err != nil {
		return err
	}
	return unmoved(next, x)
}

// jobConsent writes what was held back, once it may be written.
const jobConsent = "consent"

// note writes of a guest's consent what the rules have found due, and plans what they hold back.
func (s *Service) note(ctx context.Context, tx *db.Tx, x Seat, n *Note) error {
	switch {
	case n != nil:
		act := audit.ConsentRevoked
		if n.Given {
			act = audit.ConsentGiven
		}
		e := audit.Entry{Agency: x.Agency, By: audit.Guest(), Act: act, Object: x.Appointment, Detail: []audit.Code{audit.Is("version", n.Version)}}
		if n.Changes > 1 || n.Last != nil {
			e.Detail = append(e.Detail, audit.Number("count", n.Changes))
		}
		if n.Last != nil {
			e.Detail = append(e.Detail, audit.Number("at", db.Ms(*n.Last)))
		}
		return s.o.Audit.Append(ctx, tx, e)
	case x.Noted.Held == 1:
		return s.o.Jobs.Replace(ctx, tx, jobs.Job{Agency: x.Agency, Kind: jobConsent, Key: x.ID, Ref: x.ID, RunAt: x.Noted.free()})
	}
	return nil
}

func (s *Service) noteHeld(ctx context.Context, job jobs.Job) error {
	var x Seat
	err := s.db.Retried(ctx, func(tx *db.Tx) (err error) {
		x, _, err = s.Do(ctx, tx, job.Agency, job.Ref, Write{})
		return err
	})
	switch {
	case errors.Is(err, ErrNotFound): // deleted since, and with it what it was about
		return nil
	case err == nil && x.Noted.Held > 0: // this process's clock is behind
		return jobs.Again(x.Noted.free(), job.Ref)
	}
	return err
}

func (s *Service) noteLegal(ctx context.Context, tx *db.Tx, x Seat, act audit.Act, version string) error {
	return s.o.Audit.Append(ctx, tx, audit.Entry{
		Agency: x.Agency, By: audit.Guest(), Act: act, Object: x.Appointment, Detail: []audit.Code{audit.Is("version", version)},
	})
}

// noticed keeps which notice the guest's page has shown, once for each that is another one. A page that was opened before
// a text was changed has shown the old one. Nobody is kept out by it: of what the server does not know nothing is kept.
func (s *Service) noticed(ctx context.Context, tx *db.Tx, x Seat, version string) error {
	err := s.o.Agencies.KeepNotice(ctx, tx, x.Agency, version)
	if errors.Is(err, agency.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	err = db.Affected(tx.ExecContext(ctx, `
		UPDATE seat SET notice_version = $1 WHERE agency_id = $2 AND id = $3 AND COALESCE(notice_version, '') <> $1`,
		version, x.Agency, x.ID))
	if errors.Is(err, db.ErrConflict) {
		return nil // known already
	}
	if err != nil {
		return fmt.Errorf("keep notice: %w", err)
	}
	return s.noteLegal(ctx, tx, x, audit.NoticeShown, version)
}
