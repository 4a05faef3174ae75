package staff

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/vault"
)

// next is what somebody still has to do who knows the password.
type next string

const (
	needsCode  next = "code"  // show the second factor
	needsSetup next = "setup" // get one first: the agency wants it
)

// A ticket says that somebody knew the password a moment ago. Nothing is stored: it is its own proof, for this person, for
// this next step, until then, and as long as the password is the same.
const ticketMAC = 16

func (n next) life() time.Duration {
	if n == needsSetup {
		return 20 * time.Minute // an app has to be found and installed
	}
	return 5 * time.Minute
}

func (s *Service) ticketProof(n next, p Person, until, phc string) string {
	return base64.RawURLEncoding.EncodeToString(s.o.Ring.Derive("staff second step", string(n), p.Agency, p.ID, until, phc)[:ticketMAC])
}

// demandNext is the problem that leads somebody to the next step, with the ticket for it.
func (s *Service) demandNext(ctx context.Context, q db.Q, n next, p Person) error {
	a, err := s.openAccount(ctx, q, p.Agency, p.ID)
	if err != nil {
		return err
	}
	until := strconv.FormatInt(s.o.Clock().Add(n.life()).Unix(), 10)
	ticket := strings.Join([]string{string(n), p.Agency, p.ID, until, s.ticketProof(n, p, until, a.password)}, ".")
	return edge.NewProblem(http.StatusUnauthorized, "session."+string(n), "ticket", ticket)
}

func errTicket() *edge.Problem { return edge.NewProblem(http.StatusUnauthorized, "session.expired") }

// byTicket finds whose ticket it is, and what they have to do.
func (s *Service) byTicket(ctx context.Context, value string) (account, next, error) {
	parts := strings.Split(value, ".")
	if len(parts) != 5 {
		return account{}, "", errTicket()
	}
	seconds, err := strconv.ParseInt(parts[3], 10, 64)
	if err != nil || !s.o.Clock().Before(time.Unix(seconds, 0)) {
		return account{}, "", errTicket()
	}
	a, err := s.openAccount(ctx, s.db.Read(), parts[1], parts[2])
	if errors.Is(err, db.ErrNoRows) {
		return a, "", errTicket()
	}
	if err != nil {
		return a, "", err
	}
	n := next(parts[0])
	if !vault.Equal([]byte(parts[4]), []byte(s.ticketProof(n, a.Person, parts[3], a.password))) {
		return a, "", errTicket()
	}
	return a, n, nil
}

// openAccount reads one that is not disabled, by its id. Under the host of another agency there is none.
func (s *Service) openAccount(ctx context.Context, q db.Q, agencyID, id string) (account, error) {
	var a account
	if agency.Hidden(ctx, agencyID) {
		return a, db.ErrNoRows
	}
	err := q.QueryRowContext(ctx, `
		SELECT id, agency_id, name, email, password_hash FROM staff WHERE agency_id = $1 AND id = $2 AND disabled_at IS NULL`, agencyID, id).
		Scan(&a.ID, &a.Agency, &a.Name, &a.Email, &a.password)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return a, fmt.Errorf("read account: %w", err)
	}
	return a, err
}

// further is what somebody has to do after the right password, as a problem that brings the ticket for it; nil: nothing.
func (s *Service) further(ctx context.Context, q db.Q, p Person) error {
	has, err := s.hasApp(ctx, q, p)
	if err != nil {
		return err
	}
	if has {
		return s.demandNext(ctx, q, needsCode, p)
	}
	demanded, err := s.demandsFactor(ctx, q, p)
	if err != nil || !demanded {
		return err
	}
	if err := s.noPasskey(ctx, q, p); err != nil {
		return err
	}
	return s.demandNext(ctx, q, needsSetup, p)
}

// noPasskey refuses who has one, and comes with the password alone: whoever knows no more than that may not set up a second
// factor of their own beside it.
func (s *Service) noPasskey(ctx context.Context, q db.Q, p Person) error {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM staff_passkey WHERE agency_id = $1 AND staff_id = $2`, p.Agency, p.ID).Scan(&n)
	if err != nil {
		return fmt.Errorf("count passkeys: %w", err)
	}
	if n > 0 {
		return refused("session.passkey")
	}
	return nil
}

// demandsFactor tells whether the agency wants a second factor of everybody who has a password.
func (s *Service) demandsFactor(ctx context.Context, q db.Q, p Person) (bool, error) {
	rules, err := s.agencies.RulesAt(ctx, q, p.Agency, agency.Place{Kind: agency.OfAgency, ID: p.Agency})
	return rules.FactorDemanded(), err
}
