package staff

import (
	"context"
	"errors"
	"fmt"
	"time"

	"visavis/internal/db"
)

// Talks is what this package needs of the talks far above it.
type Talks interface {
	// Lost is told that a person, or without one anybody of an agency, may do less than before, from a moment on: whoever
	// leads a talk that is no longer theirs has to be found once the transaction is over.
	Lost(ctx context.Context, tx *db.Tx, agencyID, staffID string, from time.Time) error
}

// Tie ties the knot with the package that needs this one; app calls it once, before anybody acts.
func (s *Service) Tie(t Talks) { s.talks = t }

func (s *Service) lost(ctx context.Context, tx *db.Tx, agencyID, staffID string) error {
	if s.talks == nil {
		return nil // a command, beside the server or without one: see Talks
	}
	return s.talks.Lost(ctx, tx, agencyID, staffID, s.o.Clock())
}

// mostByName is how many people are looked for one by one among those who lead a talk; of more, whoever leads one is looked at.
const mostByName = 50

// lose is lost for people.
func (s *Service) lose(ctx context.Context, tx *db.Tx, agencyID string, people []string) error {
	if len(people) > mostByName {
		people = []string{""}
	}
	for _, id := range people {
		if err := s.lost(ctx, tx, agencyID, id); err != nil {
			return err
		}
	}
	return nil
}

// Now is an account with what it may do at present; none of it if it is disabled.
func (s *Service) Now(ctx context.Context, q db.Q, agencyID, staffID string) (Person, error) {
	p := Person{ID: staffID, Agency: agencyID}
	err := q.QueryRowContext(ctx, `SELECT name, email FROM staff WHERE agency_id = $1 AND id = $2 AND disabled_at IS NULL`,
		agencyID, staffID).Scan(&p.Name, &p.Email)
	if errors.Is(err, db.ErrNoRows) {
		return p, nil
	}
	if err != nil {
		return p, fmt.Errorf("read account: %w", err)
	}
	return p, s.hold(ctx, q, &p)
}
