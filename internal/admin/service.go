package admin

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/staff"
)

// Options configure a Service.
type Options struct {
	Agencies *agency.Store
	Staff    *staff.Service
	Audit    *audit.Log
	Clock    func() time.Time
	Log      *slog.Logger
}

// Service changes organisations.
type Service struct {
	db *db.DB
	o  Options
	// uploads is the right to read one: each may take a hundred megabytes while it is understood.
	uploads chan struct{}
}

// New returns a service.
func New(d *db.DB, o Options) *Service {
	return &Service{db: d, o: o, uploads: make(chan struct{}, 1)}
}

// Trial tells what a document would change, and changes nothing.
func (s *Service) Trial(ctx context.Context, agencyID string, file *Document, m *Mistakes) (changes Difference, err error) {
	err = s.db.Snapshot(ctx, func(q db.Q) error {
		now, err := s.now(ctx, q, agencyID)
		if err != nil {
			return err
		}
		changes = Compare(now, file, m)
		return nil
	})
	return changes, err
}

// errMistakes undoes an import; what is wrong stands in its Mistakes.
type errMistakes struct{}

func (errMistakes) Error() string { return "the document has mistakes" }

// Import makes an agency what a document says, all of it or, if there is a mistake, nothing. by is who does it; empty: a
// command.
func (s *Service) Import(ctx context.Context, agencyID, by string, file *Document, m *Mistakes) (Difference, error) {
	var changes Difference
	read := *m
	err := s.db.Retried(ctx, func(tx *db.Tx) error {
		*m = read // once more from the start
		if err := lock(ctx, tx, agencyID); err != nil {
			return err
		}
		now, err := s.now(ctx, tx, agencyID)
		if err != nil {
			return err
		}
		if changes = Compare(now, file, m); m.any() {
			return errMistakes{}
		}
		return s.apply(ctx, tx, agencyID, by, now, changes, m)
	})
	if m.any() {
		return changes, nil
	}
	if err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	return changes, nil
}

// apply writes a difference and what follows from it.
func (s *Service) apply(ctx context.Context, tx *db.Tx, agencyID, by string, now *Document, changes Difference, m *Mistakes) error {
	if len(changes) == 0 {
		return nil
	}
	before, err := admins(ctx, tx, agencyID, s.o.Clock())
	if err != nil {
		return err
	}
	err = s.newWriter(tx, agencyID, by, now).write(ctx, changes)
	if db.IsUnique(err) { // somebody has made an account meanwhile: it is no longer new
		return db.ErrConflict
	}
	if err != nil {
		return err
	}
	after, err := admins(ctx, tx, agencyID, s.o.Clock())
	if err != nil {
		return err
	}
	if before > 0 && after == 0 {
		m.add("", 0, "last_admin")
		return errMistakes{}
	}
	if err := s.o.Staff.SignOutDisabled(ctx, tx, agencyID); err != nil {
		return err
	}
	if err := s.follow(ctx, tx, agencyID); err != nil || len(changes) < manyChanges {
		return err
	}
	return s.db.Filled(ctx, tx, "department", "location", "desk", "service", "staff", "staff_role", "staff_desk")
}

// manyChanges are so many that tables may have become others by them.
const manyChanges = 500

// follow does what follows from changes of places and roles.
func (s *Service) follow(ctx context.Context, tx *db.Tx, agencyID string) error {
	if err := shutDesks(ctx, tx, agencyID, s.o.Clock()); err != nil {
		return err
	}
	return s.o.Staff.SettleAll(ctx, tx, agencyID)
}

// Export is the whole organisation of an agency, in its normal form, with the names of its staff: who has taken it (empty:
// a command) stands in the audit.
func (s *Service) Export(ctx context.Context, agencyID, by string) (d *Document, err error) {
	err = s.db.Snapshot(ctx, func(q db.Q) error {
		d, err = s.now(ctx, q, agencyID)
		return err
	})
	if err == nil {
		err = s.db.Tx(ctx, func(tx *db.Tx) error {
			return s.o.Audit.Append(ctx, tx, audit.Entry{Agency: agencyID, By: audit.Staff(by), Act: audit.OrganisationExported, Object: agencyID})
		})
	}
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	d.normal()
	return d, nil
}
