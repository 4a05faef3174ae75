package seat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/events"
	"visavis/internal/jobs"
	"visavis/internal/vault"
)

// Talks is what this package needs of the talks above it.
type Talks interface {
	// Rejoin begins a new generation: the guest's page is a fresh one.
	Rejoin(ctx context.Context, tx *db.Tx, s Seat, prepared Prepared) error
	// Stayed begins one, too, if the page that has the talk describes another connection than the talk knows of: the
	// answer to what it said last was lost, and it has begun anew.
	Stayed(ctx context.Context, tx *db.Tx, s Seat, prepared Prepared) error
	// Renewed takes the guest's offer for a generation that staff began.
	Renewed(ctx context.Context, tx *db.Tx, s Seat, prepared Prepared, generation int64) error
	// Changed shows the talk's window that its seat is not as it was: another browser
	// asks for it, or its guest is away or back.
	Changed(ctx context.Context, tx *db.Tx, s Seat) error
	// Accompanied shows the window of the citizen's talk that a seat of their company is not as it was.
	Accompanied(ctx context.Context, tx *db.Tx, s Seat) error
	// Attended notes in the live talk whether who leads it has it open; open tells that of a person.
	Attended(ctx context.Context, tx *db.Tx, s Seat, open func(staff string) (bool, error)) error
	// Left ends the live talk of a seat without an outcome: the guest went, or somebody has closed the seat.
	Left(ctx context.Context, tx *db.Tx, by audit.Actor, s Seat) error
	// Held tells whether somebody talks with the guest of a seat, or did so since then.
	Held(ctx context.Context, q db.Q, s Seat, since time.Time) (bool, error)
	// View shows the live talk of a seat to its guest; nil if there is none.
	View(ctx context.Context, q db.Q, s Seat) (*TalkView, error)
	// Signals are the messages for the guest after a number.
	Signals(ctx context.Context, q db.Q, s Seat, after int64) ([]map[string]any, error)
	// BusyUntil tells until when the advisor (or, without one, anybody of the desk)
	// is expected to be in another talk that a seat which starts then waits for; nil if free.
	BusyUntil(ctx context.Context, q db.Q, s Seat, advisor string, starts time.Time) (*time.Time, error)
}

// Prepared is what a guest's page has made before it is admitted. The offer names
// no address and no credentials; those of the browser stand beside it.
type Prepared struct {
	Commit      string `json:"commit"`
	Offer       string `json:"offer"`
	Ufrag       string `json:"ufrag"`
	Pwd         string `json:"pwd"`
	Fingerprint string `json:"fingerprint"`
}

// Appointments is what a guest may do to an appointment.
type Appointments interface {
	// Keep lets nobody change an appointment before the transaction ends. Who wants its seat, too, keeps it first.
	Keep(ctx context.Context, tx *db.Tx, agency, appointment string) error
	// PhoneOf is the number that was booked with an appointment; empty without one.
	PhoneOf(ctx context.Context, q db.Q, agency, appointment string) (vault.Personal, error)
	// CancelByGuest cancels the appointment in the caller's transaction; it closes
	// the seat through Close.
	CancelByGuest(ctx context.Context, tx *db.Tx, agency, appointment string) error
}

// Options configure a Service.
type Options struct {
	Ring           *vault.Keyring
	Agencies       *agency.Store
	Events         *events.Log
	Audit          *audit.Log
	Jobs           *jobs.Queue
	Clock          func() time.Time
	Log            *slog.Logger
	URL            string // public address, without a slash at the end
	Node           string // this process, for leases
	TrustedProxies []netip.Prefix
	// Prepare takes an offer apart before it is stored, or refuses it.
	Prepare func(commit, offer string) (Prepared, error)
}

// Service keeps seats.
type Service struct {
	db       *db.DB
	o        Options
	talks    Talks
	bookings Appointments
	presence *presence
	// Only failures take from these two; the right secret always gets through.
	byNetwork *edge.Limiter
	byAgency  *edge.Limiter
	byBrowser *edge.Limiter // what those may ask who have the right secret, each for itself
	byMessage *edge.Limiter // how often a guest who waits is told something
	byOpening *edge.Limiter // how often a network may show the right one
	streams   *edge.Streams
}

// New returns a service; Tie before use.
func New(d *db.DB, o Options) *Service {
	s := &Service{
		db: d, o: o,
		byNetwork: edge.NewLimiter(time.Second, 50, 50_000),
		byAgency:  edge.NewLimiter(10*time.Millisecond, 1000, 1000),
		byBrowser: edge.NewLimiter(200*time.Millisecond, 100, 50_000),
		byMessage: edge.NewLimiter(5*time.Second, 5, 50_000),
		byOpening: edge.NewLimiter(200*time.Millisecond, 100, 50_000),
		streams:   edge.NewStreams(mostStreams, mostStreamsPerBrowser),
	}
	s.presence = newPresence(s)
	o.Jobs.Handle(jobConsent, s.noteHeld)
	return s
}

// Tie ties the knot with the packages that need this one; app calls it once.
func (s *Service) Tie(t Talks, a Appointments) { s.talks, s.bookings = t, a }

// Topic is the event topic of a seat.
func Topic(id string) string { return "seat:" + id }

// ByID finds a seat of an agency.
func (s *Service) ByID(ctx context.Context, q db.Q, agencyID, id string) (Seat, error) {
	return byID(ctx, q, agencyID, id)
}

// Window reads when the waiting room is open for a seat.
func (s *Service) Window(ctx context.Context, q db.Q, x Seat) (Window, error) {
	w, _, err := s.policy(ctx, q, x)
	return w, err
}

// Rules are what its places have decided for a seat.
func (s *Service) Rules(ctx context.Context, q db.Q, x Seat) (agency.Rules, error) {
	_, rules, err := s.policy(ctx, q, x)
	return rules, err
}

// policy reads what counts for a seat at this moment.
func (s *Service) policy(ctx context.Context, q db.Q, x Seat) (Window, agency.Rules, error) {
	var starts, ends int64
	var service string
	err := q.QueryRowContext(ctx, `
		SELECT starts_at, ends_at, service_id FROM appointment WHERE agency_id = $1 AND id = $2`, x.Agency, x.Appointment).
		Scan(&starts, &ends, &service)
	if err != nil {
		return Window{}, nil, fmt.Errorf("read window: %w", err)
	}
	rules, err := s.o.Agencies.RulesOf(ctx, q, x.Agency, x.Desk, service)
	if err != nil {
		return Window{}, nil, fmt.Errorf("read window: %w", err)
	}
	w := Window{Starts: db.Time(starts), Ends: db.Time(ends)}
	w.Opens = w.Starts.Add(-rules.Minutes(agency.OpensEarly))
	w.Closes = w.Ends.Add(rules.Minutes(agency.StaysLate))
	w.Doors = rules.Some(agency.Doors)
	if asked := s.o.Agencies.Legal(rules).Consent; asked != nil {
		w.Consent = asked.Version
	}
	return w, rules, nil
}

// Do applies a command to a seat in the caller's transaction, saves it and tells
// everybody who looks at it. Refusals come back as *Refusal.
func (s *Service) Do(ctx context.Context, tx *db.Tx, agencyID, id string, c Command) (Seat, []Event, error) {
	_, next, happened, err := s.do(ctx, tx, agencyID, id, c)
	return next, happened, err
}

// goes is Do for a guest who goes, or a seat that is closed: if the command meets a talk, that ends with it.
func (s *Service) goes(ctx context.Context, tx *db.Tx, by audit.Actor, agencyID, id string, c Command) (next Seat, err error) {
	met, next, _, err := s.do(ctx, tx, agencyID, id, c)
	if err == nil && met.State == Talking && next.State != Talking {
		err = s.talks.Left(ctx, tx, by, met)
	}
	return next, err
}

// do is Do that tells the seat as the command met it, too. What was read before it may have changed meanwhile: nothing is
// decided by that.
func (s *Service) do(ctx context.Context, tx *db.Tx, agencyID, id string, c Command) (met, next Seat, happened []Event, err error) {
	x, err := byID(ctx, tx, agencyID, id)
	if err != nil {
		return x, x, nil, err
	}
	w, err := s.Window(ctx, tx, x)
	if err != nil {
		return x, x, nil, err
	}
	next, happened, err = Apply(x, c, s.o.Clock(), w)
	if err != nil {
		return x, x, nil, err
	}
	if next.Holder != x.Holder && (next.State == Waiting || next.State == Talking) {
		// In hand before it is asked whether the page is here: its stream may come back at this moment.
		kept, err := s.keep(ctx, tx, agencyID, id)
		if err == nil && kept.Version != x.Version {
			err = db.ErrConflict
		}
		if err != nil {
			return x, x, nil, err
		}
		here, err := s.presence.holds(ctx, tx, next, next.Holder.Page)
		if err != nil {
			return x, x, nil, err
		}
		for _, known := range []Command{Connected{Here: here}, Shown{Who: next.Holder, Visible: true}} {
			if next, _, err = Apply(next, known, s.o.Clock(), w); err != nil {
				return x, x, nil, err
			}
		}
	}
	next, due := noted(x, next, happened, s.o.Clock())
	if err := save(ctx, tx, next); err != nil {
		return x, x, nil, err
	}
	next.Version++
	if err := s.note(ctx, tx, next, due); err != nil {
		return x, x, nil, err
	}
	if x.State != next.State && next.State != Waiting {
		if err := forgetPrepared(ctx, tx, next); err != nil {
			return x, x, nil, err
		}
	}
	if x.State != next.State && (next.State == Expected || next.State == Closed) {
		if err := forgetMessages(ctx, tx, next); err != nil {
			return x, x, nil, err
		}
	}
	// Who went of its own will has nobody to be told of.
	if x.Holder.Page != "" && x.Holder != next.Holder && next.Holder.Page != "" {
		if err := s.o.Events.Append(ctx, tx, agencyID, Topic(id), "taken", x.Holder.Page); err != nil {
			return x, x, nil, err
		}
	}
	if x.State == Talking && next.State == Talking {
		if err := s.talks.Changed(ctx, tx, next); err != nil {
			return x, x, nil, err
		}
	}
	return x, next, happened, s.Tell(ctx, tx, next)
}

// Tell wakes the guest's page and the desk's lists.
func (s *Service) Tell(ctx context.Context, tx *db.Tx, x Seat) error {
	if err := s.o.Events.Append(ctx, tx, x.Agency, Topic(x.ID), "seat", ""); err != nil {
		return err
	}
	if x.Role != Citizen {
		if err := s.talks.Accompanied(ctx, tx, x); err != nil {
			return err
		}
	}
	return s.o.Events.Append(ctx, tx, x.Agency, agency.DeskTopic(x.Desk), "row", x.Appointment)
}

const preparedColumn = "prepared_sealed"

// prepare keeps what a waiting page has described. Whoever calls it has the seat in hand, and has seen who holds it.
func (s *Service) prepare(ctx context.Context, tx *db.Tx, key *vault.DataKey, x Seat, p Prepared) error {
	plain, err := json.Marshal(p) //nolint:gosec // sealed before it goes anywhere
	if err != nil {
		return err
	}
	sealed := key.Seal(vault.Field{Agency: x.Agency, Table: "seat", Column: preparedColumn, Row: x.ID}, plain)
	_, err = tx.ExecContext(ctx, `UPDATE seat SET prepared_sealed = $1 WHERE agency_id = $2 AND id = $3`, sealed, x.Agency, x.ID)
	if err != nil {
		return fmt.Errorf("keep offer: %w", err)
	}
	return nil
}

// TakePrepared hands over what the waiting page has prepared and forgets it; nil
// if there is nothing. Nobody can take the seat over any more before the transaction ends: the talk would begin with the
// description of a page that does not have it.
func (s *Service) TakePrepared(ctx context.Context, tx *db.Tx, key *vault.DataKey, x Seat) (*Prepared, error) {
	var sealed []byte
	err := tx.QueryRowContext(ctx, `
		UPDATE seat SET version = version WHERE agency_id = $1 AND id = $2 AND state = $3 RETURNING prepared_sealed`,
		x.Agency, x.ID, Waiting).Scan(&sealed)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil // as it says: nobody waits there, and nothing is prepared
	}
	if err != nil {
		return nil, fmt.Errorf("take offer: %w", err)
	}
	if sealed == nil {
		return nil, nil // as it says: there is nothing
	}
	plain, err := key.Open(vault.Field{Agency: x.Agency, Table: "seat", Column: preparedColumn, Row: x.ID}, sealed)
	if err != nil {
		return nil, err
	}
	var p Prepared
	if err := json.Unmarshal(plain, &p); err != nil {
		return nil, err
	}
	return &p, forgetPrepared(ctx, tx, x)
}

// forgetPrepared deletes what only a waiting page is for: a description of its browser.
func forgetPrepared(ctx context.Context, tx *db.Tx, x Seat) error {
	_, err := tx.ExecContext(ctx, `UPDATE seat SET prepared_sealed = NULL WHERE agency_id = $1 AND id = $2`, x.Agency, x.ID)
	if err != nil {
		return fmt.Errorf("forget offer: %w", err)
	}
	return nil
}
