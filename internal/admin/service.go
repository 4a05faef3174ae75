package admin

import (
	"context"
	"errors"
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
	// KeepAudit is for how many days the installation keeps an agency's audit that has decided nothing itself.
	KeepAudit int
	// Busy tells whether citizens wait or talk at this moment; Given is told when an agency was given up.
	Busy  func(ctx context.Context, q db.Q, agency string) (bool, error)
	Given func(ctx context.Context, tx *db.Tx, agency string) error
	// Keyed tells whether somebody of the staff has made a key that counts to speak for the agency's directory.
	Keyed func(ctx context.Context, q db.Q, agency string) (bool, error)
	// KeysOf tells how many of them somebody has made.
	KeysOf func(ctx context.Context, q db.Q, agency, staff string) (int, error)
}

// Service changes organisations.
type Service struct {
	db *db.DB
	o  Options
	// uploads is the right to understand one, which may take a hundred megabytes.
	uploads   chan struct{}
	receiving *agencies // that are sending one
}

// New returns a service.
func New(d *db.DB, o Options) *Service {
	return &Service{db: d, o: o, uploads: make(chan struct{}, 1), receiving: &agencies{busy: map[string]bool{}}}
}

// Trial tells what a document would change, and changes nothing. A command asks.
func (s *Service) Trial(ctx context.Context, agencyID string, file *Document, m *Mistakes) (Difference, error) {
	return s.try(ctx, agencyID, "", file, m)
}

func (s *Service) try(ctx context.Context, agencyID, by string, file *Document, m *Mistakes) (changes Difference, err error) {
	err = s.db.Snapshot(ctx, func(q db.Q) error {
		now, err := s.now(ctx, q, agencyID)
		if err != nil {
			return err
		}
		changes = Compare(now, file, m)
		return s.checkPeople(ctx, q, agencyID, by, now, changes, file, m)
	})
	return changes, err
}

// errMistakes undoes an import; what is wrong stands in its Mistakes.
type errMistakes struct{}

func (errMistakes) Error() string { return "the document has mistakes" }

// Import makes an agency what a document says, all of it or, if there is a mistake, nothing. A command does it.
func (s *Service) Import(ctx context.Context, agencyID string, file *Document, m *Mistakes) (Difference, error) {
	return s.bring(ctx, agencyID, "", file, m, func(tx *db.Tx) error { return s.o.Staff.InTurn(ctx, tx, agencyID) })
}

// importBy is Import by somebody who must still be allowed to when it begins.
func (s *Service) importBy(ctx context.Context, p staff.Person, file *Document, m *Mistakes) (Difference, error) {
	return s.bring(ctx, p.Agency, p.ID, file, m, func(tx *db.Tx) error {
		now, err := s.locked(ctx, tx, p)
		if err == nil && !mayImport(now) {
			err = forbidden403()
		}
		return err
	})
}

func mayImport(p staff.Person) bool {
	return p.May(staff.Arrange, wholeOf(p)) && p.May(staff.Employ, wholeOf(p))
}

func (s *Service) bring(ctx context.Context, agencyID, by string, file *Document, m *Mistakes, begin func(*db.Tx) error) (Difference, error) {
	var changes Difference
	read := *m
	err := s.db.Retried(ctx, func(tx *db.Tx) error {
		*m = read // once more from the start
		if err := begin(tx); err != nil {
			return err
		}
		now, err := s.now(ctx, tx, agencyID)
		if err != nil {
			return err
		}
		changes = Compare(now, file, m)
		if err := s.checkPeople(ctx, tx, agencyID, by, now, changes, file, m); err != nil {
			return err
		}
		if m.any() {
			return errMistakes{}
		}
		return s.apply(ctx, tx, agencyID, by, now, changes, m)
	})
	if errors.Is(err, errMistakes{}) {
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
	err := s.o.Staff.Administered(ctx, tx, agencyID, func() error { return s.newWriter(tx, agencyID, by, now).write(ctx, changes) })
	switch {
	case errors.Is(err, staff.ErrLastAdmin):
		m.add("", 0, "last_admin", "role", string(staff.AgencyAdmin))
		return errMistakes{}
	case err != nil:
		return uniqueIsConflict(err) // somebody has made an account meanwhile: it is no longer new
	}
	if err := s.follow(ctx, tx, agencyID); err != nil || len(changes) < db.Many {
		return err
	}
	return s.db.Filled(ctx, tx, "department", "location", "desk", "service", "staff", "staff_role", "staff_desk")
}

// follow does what follows from changes of places and roles.
func (s *Service) follow(ctx context.Context, tx *db.Tx, agencyID string) error {
	if err := s.o.Agencies.Follow(ctx, tx, agencyID); err != nil {
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
