package staff

import (
	"context"
	"time"

	"visavis/internal/audit"
	"visavis/internal/db"
)

// throttledOnce is how long an account stays throttled for the audit: anybody can make it so again and again, from as
// many places as they like.
const throttledOnce = time.Hour

// noteTime bounds what is written when nobody waits for it, and mostNoted how much of it there may be.
const (
	noteTime  = 10 * time.Second
	mostNoted = 256
)

// note tells the audit what happened to a person.
func (s *Service) note(ctx context.Context, tx *db.Tx, by audit.Actor, act audit.Act, p Person, detail ...audit.Code) error {
	return s.o.Audit.Append(ctx, tx, audit.Entry{Agency: p.Agency, By: by, Act: act, Object: p.ID, Detail: detail})
}

// noteRole tells the audit of the same role of people: one entry for each.
func (s *Service) noteRole(ctx context.Context, tx *db.Tx, agencyID string, act audit.Act, g Grant, people []string) error {
	detail := []audit.Code{audit.Is("role", string(g.Held.Role)), audit.Is("place", g.Held.Place), audit.Is("source", string(g.Source))}
	if act == audit.RoleGiven && !g.From.IsZero() {
		detail = append(detail, audit.Number("from", db.Ms(g.From)))
	}
	if act == audit.RoleGiven && !g.Until.IsZero() {
		detail = append(detail, audit.Number("until", db.Ms(g.Until)))
	}
	for _, id := range people {
		if err := s.note(ctx, tx, audit.Staff(g.By), act, Person{ID: id, Agency: agencyID}, detail...); err != nil {
			return err
		}
	}
	return nil
}

// noteThrottled leaves to Run to tell the audit that no more passwords of an account are looked at from somewhere: the
// answer takes as long where there is no such account.
func (s *Service) noteThrottled(p Person) {
	if p.ID == "" || !s.noted.Allow(p.Agency+"/"+p.ID) {
		return
	}
	select {
	case s.throttled <- p:
	default: // so many are attacked at once that one more says nothing new
	}
}

// Run writes what no request waits for, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case p := <-s.throttled:
			if err := s.writeThrottled(ctx, p); err != nil && ctx.Err() == nil {
				s.o.Log.ErrorContext(ctx, "note in audit that an account is throttled", "error", err)
			}
		case r := <-s.forgotten:
			if err := s.remind(ctx, r); err != nil && ctx.Err() == nil {
				s.o.Log.ErrorContext(ctx, "send a link for a forgotten password", "error", err)
			}
		}
	}
}

func (s *Service) writeThrottled(ctx context.Context, p Person) error {
	ctx, cancel := context.WithTimeout(ctx, noteTime)
	defer cancel()
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		return s.o.Audit.Append(ctx, tx, audit.Entry{
			Agency: p.Agency, By: audit.System(), Act: audit.SessionThrottled, Object: p.ID, Once: throttledOnce,
		})
	})
}
