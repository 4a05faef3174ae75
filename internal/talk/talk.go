// Package talk connects two browsers for the length of a live conversation: it
// carries their signalling, gives out the relay's credentials once a guest is
// admitted, and ends with the appointment's outcome. It never sees what is said.
//
// The protocol is written in docs/protocol.md §4. The main types are Talk and
// Service. The package knows seats and appointments below it, and of the relay only
// legs and descriptions.
package talk

import (
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"visavis/internal/agency"
	"visavis/internal/appointment"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/events"
	"visavis/internal/jobs"
	"visavis/internal/relay"
	"visavis/internal/relay/control"
	"visavis/internal/relay/sdp"
	"visavis/internal/relay/turn"
	"visavis/internal/scanner"
	"visavis/internal/seat"
	"visavis/internal/staff"
	"visavis/internal/vault"
)

// legTime bounds when a leg of a talk may begin, counted from the admission.
const legTime = 12 * time.Hour

// Talk is one live conversation of a seat, from the admission to its end.
type Talk struct {
	ID, Agency, Seat, Desk, Staff string
	Media                         [8]byte // the relay's name for it
	Generation                    int64   // rises with each reload of either page, over all talks of a seat
	GuestRestart, StaffRestart    int64
	AdmittedAt                    time.Time
	RingUntil, EnteredAt          *time.Time
	ConnectedAt, EndedAt          *time.Time
	StaffAwaySince                *time.Time // whose lead it is has no window open; Attended notes it, beside all else
	GuestPrint, StaffPrint        string
	Revealed                      bool
	Features                      []string // switched on for it
	Beside                        string   // the talk with the citizen whom this guest accompanies; empty: it is that one
	AlarmAt                       *time.Time
	AlarmAnsweredBy               string // a colleague's id
	Transfer                      *Transfer
	Pairing                       string // the paired device of its leader that takes sound and picture; empty: the talk's window
	Version                       int64
}

func (t Talk) leg(side relay.Side) relay.Leg {
	restart := t.GuestRestart
	if side == relay.SideStaff {
		restart = t.StaffRestart
	}
	return relay.Leg{
		Talk: t.Media, Side: side, Generation: uint32(t.Generation), Restart: uint32(restart),
		Expires: t.AdmittedAt.Add(legTime).Truncate(time.Second),
	}
}

func (t Talk) mediaHex() string { return hex.EncodeToString(t.Media[:]) }

// Topic is the event topic of a talk.
func Topic(id string) string { return "talk:" + id }

// Options configure a Service.
type Options struct {
	Ring           *vault.Keyring
	Agencies       *agency.Store
	Staff          *staff.Service
	Seats          *seat.Service
	Appointments   *appointment.Service
	Events         *events.Log
	Audit          *audit.Log
	Jobs           *jobs.Queue
	Relay          control.Relay
	RelayKey       relay.Key
	Candidates     func() []sdp.Candidate // the relay's addresses, best first
	Scanner        *scanner.Clamd         // of files that have arrived; nil: there is none
	Detour         *turn.Issuer           // for networks that let only HTTPS through; nil: there is none
	HeadsUp        time.Duration
	RingTime       time.Duration // how long a guest who is away is called
	Clock          func() time.Time
	Log            *slog.Logger
	TrustedProxies []netip.Prefix
}

// Service runs talks.
type Service struct {
	db       *db.DB
	o        Options
	tests    *edge.Limiter // tests of the network, by network
	steps    *edge.Limiter // descriptions of such tests, by network
	joins    *edge.Limiter // by session: each is a new connection for the guest
	pairs    *edge.Limiter // by seat: each description for another guest
	fresh    *edge.Limiter // by seat: each is a new connection for the advisor
	seen     *edge.Limiter // by session: each is an entry of the audit
	alarms   *edge.Limiter // by session
	asks     *edge.Limiter // by session: each rings in the lists of others
	scans    *edge.Limiter // by session: each is a large body, and an entry of the audit
	scanning chan struct{} // as many as are passed on at once
	losses   chan loss     // of who may do less than before, until RunPasses has looked
}

// New returns a service and takes over the jobs of talks.
func New(d *db.DB, o Options) *Service {
	s := &Service{
		db: d, o: o,
		tests:    edge.NewLimiter(2*time.Second, 30, 20_000),
		steps:    edge.NewLimiter(2*time.Second/stepsPerTest, 30*stepsPerTest, 20_000),
		joins:    edge.NewLimiter(2*time.Second, 30, 20_000),
		pairs:    edge.NewLimiter(time.Second, 60, 20_000),
		fresh:    edge.NewLimiter(2*time.Second, 30, 20_000),
		seen:     edge.NewLimiter(10*time.Second, 10, 20_000),
		alarms:   edge.NewLimiter(10*time.Second, 10, 20_000),
		asks:     edge.NewLimiter(10*time.Second, 10, 20_000),
		scans:    edge.NewLimiter(5*time.Second, 20, 20_000),
		scanning: make(chan struct{}, scansAtOnce),
		losses:   make(chan loss, mostLost),
	}
	o.Jobs.Handle(ringJob, s.ringOver)
	o.Jobs.Handle(passJob, s.passDue)
	return s
}

// ErrNotFound says that there is no such talk for the caller.
var ErrNotFound = errors.New("talk: not found")

// problem turns errors of the rules and stores into what staff and guests may see.
func problem(err error) error {
	if errors.Is(err, ErrNotFound) {
		return edge.NewProblem(http.StatusNotFound, "talk.unknown")
	}
	return seat.Problem(err)
}

// Prepare takes a guest's offer apart: what is kept names no address and none of
// the relay's credentials. It is seat.Options.Prepare.
func Prepare(commit, offer string) (seat.Prepared, error) {
	neutral, found, err := sdp.Rewrite(offer, nobody())
	if err != nil {
		return seat.Prepared{}, badDescription()
	}
	return seat.Prepared{Commit: commit, Offer: neutral, Ufrag: found.Ufrag, Pwd: found.Pwd, Fingerprint: found.Fingerprint}, nil
}

func badDescription() error { return edge.NewProblem(http.StatusUnprocessableEntity, "talk.sdp") }

// nobody is a leg that no relay accepts; it stands in stored offers until the
// guest is admitted.
func nobody() sdp.Leg {
	return sdp.Leg{
		Ufrag: "nobody", Pwd: "nobodynobodynobodynobody",
		Candidates: []sdp.Candidate{{Address: netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, 1}), 9)}}, // RFC 5737: documentation
	}
}

// RunRelay introduces legs that the relay asks for, until ctx ends: after a restart
// of either process it knows no browser's credentials.
func (s *Service) RunRelay(ctx context.Context) error {
	for event := range s.o.Relay.Events(ctx) {
		if event.Kind != control.Need {
			continue
		}
		if err := s.answerNeed(ctx, event.Ufrag); err != nil && !errors.Is(err, ErrNotFound) && ctx.Err() == nil {
			s.o.Log.ErrorContext(ctx, "introduce leg that the relay asked for", "error", err)
		}
	}
	return nil
}

// answerNeed takes no longer than a request: the relay asks again, and others wait behind this one.
func (s *Service) answerNeed(ctx context.Context, ufrag string) error {
	ctx, cancel := context.WithTimeout(ctx, edge.RequestTime)
	defer cancel()
	return s.need(ctx, ufrag)
}
