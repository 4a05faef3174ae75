package scim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"visavis/internal/audit"
	"visavis/internal/db"
)

// A directory that is set up wrongly, or whose connector has lost its filter, removes everybody within minutes. So it may
// remove only a share of the staff within an hour; what goes beyond is refused, with all that comes after, until somebody
// who administers the agency has looked.

const (
	guardWindow  = time.Hour
	guardAllowed = time.Hour
	guardLeast   = 5  // people, however few there are
	guardShare   = 10 // percent, where nothing else is set
)

// DirectoryGuard is what those who administer see of it.
type DirectoryGuard struct {
	Share        int    `json:"share" doc:"Percent of the active staff that may be removed within an hour, but at least five people."`
	Removed      int    `json:"removed" doc:"Within the last hour."`
	Most         int    `json:"most" doc:"How many may be, at present."`
	StoppedAt    *int64 `json:"stoppedAt,omitempty" doc:"The directory wanted to remove more; since then it removes nobody."`
	Refused      int    `json:"refused,omitempty" doc:"Requests of it since then that would have removed somebody."`
	AllowedUntil *int64 `json:"allowedUntil,omitempty" doc:"It may remove whom it likes."`
}

// guardOf reads it as it is now.
func (s *Service) guardOf(ctx context.Context, q db.Q, agencyID string) (DirectoryGuard, error) {
	now := s.o.Clock()
	g := DirectoryGuard{Share: guardShare}
	err := q.QueryRowContext(ctx, `SELECT share, stopped_at, refused, allowed_until FROM scim_guard WHERE agency_id = $1`, agencyID).
		Scan(&g.Share, &g.StoppedAt, &g.Refused, &g.AllowedUntil)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return g, fmt.Errorf("read guard: %w", err)
	}
	if g.AllowedUntil != nil && !db.Time(*g.AllowedUntil).After(now) {
		g.AllowedUntil = nil
	}
	var active, gone int
	err = q.QueryRowContext(ctx, `
		SELECT (SELECT COUNT(*) FROM staff WHERE agency_id = $1 AND disabled_at IS NULL),
		       (SELECT COUNT(*) FROM scim_removal WHERE agency_id = $1 AND at > $2),
		       (SELECT COUNT(*) FROM scim_removal r JOIN staff ON staff.agency_id = r.agency_id AND staff.id = r.staff_id
		        WHERE r.agency_id = $1 AND r.at > $2 AND staff.disabled_at IS NOT NULL)`, agencyID, db.Ms(now.Add(-guardWindow))).
		Scan(&active, &g.Removed, &gone)
	if err != nil {
		return g, fmt.Errorf("count removals: %w", err)
	}
	g.Most = max(guardLeast, (active+gone)*g.Share/100)
	return g, nil
}

// errStopped refuses a removal, and undoes the request that it was part of.
type errStopped struct{}

func (errStopped) Error() string { return "the directory removes too many" }

// remove notes that the directory removes people who are there, or refuses it.
func (s *Service) remove(ctx context.Context, tx *db.Tx, c caller, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	now := s.o.Clock()
	g, err := s.guardOf(ctx, tx, c.agency)
	if err != nil {
		return err
	}
	if g.AllowedUntil != nil {
		return nil
	}
	if g.StoppedAt != nil {
		return errStopped{}
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM scim_removal WHERE agency_id = $1 AND at <= $2`, c.agency, db.Ms(now.Add(-guardWindow))); err != nil {
		return fmt.Errorf("forget removals: %w", err)
	}
	more := 0 // than of late already: first the last role goes, then the account
	err = db.InParts([]any{c.agency, db.Ms(now)}, ids, func(list string, args []any) error {
		n, err := db.Changed(tx.ExecContext(ctx, `
			INSERT INTO scim_removal (agency_id, staff_id, at) SELECT agency_id, id, $2 FROM staff WHERE agency_id = $1 AND id IN `+list+`
			ON CONFLICT (agency_id, staff_id) DO NOTHING`, args...))
		more += n
		return err
	})
	if err != nil {
		return fmt.Errorf("note removals: %w", err)
	}
	if more > 0 && g.Removed+more > g.Most {
		return errStopped{}
	}
	return nil
}

// back forgets that people were removed who are there again.
func (s *Service) back(ctx context.Context, tx *db.Tx, c caller, ids ...string) error {
	err := db.InParts([]any{c.agency}, ids, func(list string, args []any) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM scim_removal WHERE agency_id = $1 AND staff_id IN `+list, args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("forget removals: %w", err)
	}
	return nil
}

// stopped keeps that a request was refused, which has been undone by then, and says so in the protocol's words.
func (s *Service) stopped(ctx context.Context, c caller, err error) error {
	if !errors.Is(err, errStopped{}) {
		return err
	}
	err = s.db.Retried(ctx, func(tx *db.Tx) error {
		var first bool
		err := tx.QueryRowContext(ctx, `
			INSERT INTO scim_guard (agency_id, share, stopped_at, refused) VALUES ($1, $2, $3, 1)
			ON CONFLICT (agency_id) DO UPDATE SET refused = CASE WHEN scim_guard.stopped_at IS NULL THEN 1 ELSE scim_guard.refused + 1 END,
			       stopped_at = COALESCE(scim_guard.stopped_at, excluded.stopped_at)
			RETURNING refused = 1`, c.agency, guardShare, db.Ms(s.o.Clock())).Scan(&first)
		if err != nil || !first {
			return err
		}
		return s.note(ctx, tx, c.agency, audit.System(), audit.DirectoryStopped, c.agency)
	})
	if err != nil {
		return fmt.Errorf("note that the directory is stopped: %w", err)
	}
	return refuse(http.StatusForbidden, "", "too many people would lose their account or their last role within an hour; "+
		"nobody is removed any more until somebody who administers the agency in Visavis has allowed it")
}

// decide is what somebody who administers has made of it: the directory may go on for an hour, or it has been put right and
// is watched as before.
func (s *Service) decide(ctx context.Context, tx *db.Tx, agencyID, by string, allow bool) error {
	var until *int64
	act := audit.DirectoryResumed
	if allow {
		until, act = new(db.Ms(s.o.Clock().Add(guardAllowed))), audit.DirectoryAllowed
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO scim_guard (agency_id, share, refused, allowed_until) VALUES ($1, $2, 0, $3)
		ON CONFLICT (agency_id) DO UPDATE SET stopped_at = NULL, refused = 0, allowed_until = excluded.allowed_until`, agencyID, guardShare, until)
	if err != nil {
		return fmt.Errorf("decide on directory: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM scim_removal WHERE agency_id = $1`, agencyID); err != nil {
		return fmt.Errorf("forget removals: %w", err)
	}
	return s.note(ctx, tx, agencyID, audit.Staff(by), act, agencyID)
}

// setShare sets how many percent of the staff may be removed within an hour.
func (s *Service) setShare(ctx context.Context, tx *db.Tx, agencyID, by string, share int) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO scim_guard (agency_id, share, refused) VALUES ($1, $2, 0) ON CONFLICT (agency_id) DO UPDATE SET share = excluded.share`, agencyID, share)
	if err != nil {
		return fmt.Errorf("set share: %w", err)
	}
	return s.note(ctx, tx, agencyID, audit.Staff(by), audit.DirectoryShareSet, agencyID, audit.Number("share", int64(share)))
}
