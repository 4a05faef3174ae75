// Package retention deletes what has been kept for as long as the agency has decided: appointments with all that there is
// of their guests, and the names of those whose accounts were disabled (docs/operator/retention.md).
//
// Each hour a job looks, for each agency, and deletes some at a time, each part in a transaction with its entry in the
// audit: whatever interrupts it, what is deleted is told, and the rest has its turn later. The main type is Service; what
// becomes of each table stands in tables.go. The package reads no citizen's field, and has no key to.
package retention

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/jobs"
)

// Options configure a Service.
type Options struct {
	Agencies *agency.Store
	Audit    *audit.Log
	Jobs     *jobs.Queue
	Clock    func() time.Time
}

// Service deletes.
type Service struct {
	db *db.DB
	o  Options
}

const (
	job = "retention"
	// batch is how many appointments or accounts are deleted in one transaction: others want to write meanwhile.
	batch = 200
	// turns are the transactions of one job, however little each of them deletes: an agency may have a thousand services. What
	// is left then waits behind the other jobs.
	turns = 20
)

// New returns a service that does its jobs.
func New(d *db.DB, o Options) *Service {
	s := &Service{d, o}
	o.Jobs.Handle(job, s.due)
	return s
}

// Plan sees to it that each agency has its turn soon. Every node may: a job that waits already is one for all. Its key has
// the day, so that one that could not be done stops no other for good.
func (s *Service) Plan(ctx context.Context) error {
	all, err := s.o.Agencies.All(ctx)
	if err != nil {
		return err
	}
	day := s.o.Clock().In(s.o.Agencies.Zone()).Format(time.DateOnly)
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		for _, a := range all {
			if err := s.o.Jobs.Add(ctx, tx, jobs.Job{Agency: a.ID, Kind: job, Key: a.ID + "/" + day, Ref: a.ID}); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Service) due(ctx context.Context, j jobs.Job) error {
	more, err := s.Run(ctx, j.Agency)
	if err != nil || !more {
		return err
	}
	return jobs.Again(s.o.Clock(), j.Ref)
}

// Run deletes of one agency what is over, and tells whether there may be more.
func (s *Service) Run(ctx context.Context, agencyID string) (more bool, err error) {
	if _, err := s.o.Agencies.ByID(ctx, agencyID); errors.Is(err, agency.ErrNotFound) {
		return false, nil // given up meanwhile
	} else if err != nil {
		return false, err
	}
	left := turns
	kept, err := s.o.Agencies.KeptAppointmentsOf(ctx, s.db.Read(), agencyID)
	if err != nil {
		return false, err
	}
	for _, service := range slices.Sorted(maps.Keys(kept)) {
		over := over{agency: agencyID, before: s.midnight(kept[service])}
		err := repeat(&left, func() (int, error) { return s.forgetAppointments(ctx, over, service) })
		if err != nil {
			return false, err
		}
	}
	rules, err := s.o.Agencies.RulesAt(ctx, s.db.Read(), agencyID, agency.Place{Kind: agency.OfAgency, ID: agencyID})
	if err != nil {
		return false, err
	}
	accounts := over{agency: agencyID, before: s.midnight(rules.Days(agency.KeptAccounts))}
	err = repeat(&left, func() (int, error) { return s.eraseAccounts(ctx, accounts) })
	if err != nil {
		return false, err
	}
	reasons := over{agency: agencyID, before: s.midnight(reasonsKept)}
	err = repeat(&left, func() (int, error) { return s.forgetReasons(ctx, reasons) })
	if err != nil {
		return false, err
	}
	month := s.monthOf(linesKept)
	err = repeat(&left, func() (int, error) { return s.forgetLines(ctx, agencyID, month) })
	return left <= 0, err
}

// repeat deletes some until there are no more, or no turn is left.
func repeat(left *int, some func() (int, error)) error {
	for *left > 0 {
		n, err := some()
		if err != nil {
			return err
		}
		if n > 0 {
			*left--
		}
		if n < batch { // what was not deleted now is kept for a reason
			return nil
		}
	}
	return nil
}

// over is what is looked for: what has ended before a time.
type over struct {
	agency string
	before time.Time
}

// midnight is the beginning of the day so many days ago, by the offices' clock: what ended before has been kept for so many
// whole days. At least one: whoever reaches past this rule deletes nothing of today.
func (s *Service) midnight(days int) time.Time {
	now := s.o.Clock().In(s.o.Agencies.Zone())
	return time.Date(now.Year(), now.Month(), now.Day()-max(1, days), 0, 0, 0, 0, now.Location())
}

func (s *Service) note(ctx context.Context, tx *db.Tx, agencyID, what string, count int) error {
	if count == 0 {
		return nil
	}
	err := s.o.Audit.Append(ctx, tx, audit.Entry{
		Agency: agencyID, By: audit.System(), Act: audit.RetentionOver, Object: agencyID,
		Detail: []audit.Code{audit.Is("what", what), audit.Number("count", int64(count))},
	})
	if err != nil {
		return fmt.Errorf("note what was deleted: %w", err)
	}
	return nil
}
