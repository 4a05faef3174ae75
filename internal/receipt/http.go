package receipt

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/qr"
	"visavis/internal/seat"
	"visavis/internal/vault"
)

// Options configure a Service.
type Options struct {
	Ring           *vault.Keyring
	Agencies       *agency.Store
	Seats          *seat.Service
	Clock          func() time.Time
	URL            string // public address, without a slash at the end
	TrustedProxies []netip.Prefix
}

// Service issues receipts and verifies them.
type Service struct {
	db     *db.DB
	o      Options
	checks *edge.Limiter // by network: each costs a signature to verify, and a picture
}

// New returns a service.
func New(d *db.DB, o Options) *Service {
	return &Service{db: d, o: o, checks: edge.NewLimiter(time.Second, 60, 20_000)}
}

// Routes registers what guests do with receipts, and everybody to whom one is shown.
func (s *Service) Routes(api *edge.API) {
	edge.Handle(api, edge.Operation{
		ID: "issueReceipt", Route: "POST /api/guest/{agency}/seats/{seat}/receipt", Tag: "receipt",
	}, s.issue)
	edge.Handle(api, edge.Operation{ID: "receiptKeys", Route: "GET /api/receipts/keys", Tag: "receipt"}, s.keys)
	edge.Handle(api, edge.Operation{ID: "checkReceipt", Route: "POST /api/receipts/check", Tag: "receipt"}, s.check)
}

type receiptInput struct {
	seat.Caller
	Body struct{}
}

type receiptOutput struct {
	Body struct {
		Receipt string `json:"receipt" doc:"The statement and its signature, as they stand behind the # of the address."`
		URL     string `json:"url" doc:"Where it is shown and verified."`
	}
}

func (s *Service) issue(ctx context.Context, in *receiptInput) (*receiptOutput, error) {
	x, err := s.o.Seats.SeenBy(ctx, in.Caller)
	if err != nil {
		return nil, seat.Problem(err)
	}
	a, err := s.o.Agencies.ByID(ctx, x.Agency)
	if err != nil {
		return nil, err
	}
	now := s.o.Clock()
	f, err := s.facts(ctx, x, now)
	if err != nil {
		return nil, err
	}
	said := f.state(now)
	said.Number, said.Agency, said.Name, said.Zone = x.Appointment, a.Slug, a.Name, s.o.Agencies.Zone().String()
	out := &receiptOutput{}
	if out.Body.Receipt, err = said.text(s.o.Ring); err != nil {
		return nil, err
	}
	out.Body.URL = a.URL(s.o.URL) + "/receipt#" + out.Body.Receipt
	return out, nil
}

// facts reads what is known of a seat.
func (s *Service) facts(ctx context.Context, x seat.Seat, now time.Time) (facts, error) {
	f := facts{seat: x}
	var starts, ends int64
	err := s.db.Read().QueryRowContext(ctx, `
		SELECT starts_at, ends_at, COALESCE(outcome, '') FROM appointment WHERE agency_id = $1 AND id = $2`, x.Agency, x.Appointment).
		Scan(&starts, &ends, &f.outcome)
	if err != nil {
		return f, fmt.Errorf("read appointment for receipt: %w", err)
	}
	f.starts, f.ends = db.Time(starts), db.Time(ends)
	if f.window, err = s.o.Seats.Window(ctx, s.db.Read(), x); err != nil {
		return f, err
	}
	rows, err := s.db.Read().QueryContext(ctx, `
		SELECT entered_at, COALESCE(ended_at, $1) FROM talk
		WHERE agency_id = $2 AND seat_id = $3 AND entered_at IS NOT NULL ORDER BY entered_at`, db.Ms(now), x.Agency, x.ID)
	if err != nil {
		return f, fmt.Errorf("read talks for receipt: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	for rows.Next() {
		var from, until int64
		if err := rows.Scan(&from, &until); err != nil {
			return f, fmt.Errorf("read talks for receipt: %w", err)
		}
		f.talks = append(f.talks, seat.Span{From: db.Time(from), Until: db.Time(until)})
	}
	return f, rows.Err()
}

// Key is a public key, as those get it who verify receipts.
type Key struct {
	ID    string `json:"id"`
	Key   string `json:"key" doc:"Ed25519, in base64url."`
	Until *int64 `json:"until,omitempty" doc:"In seconds: what is issued later and signed with it is not ours."`
}

type receiptKeysOutput struct {
	Body struct {
		Keys []Key `json:"keys"`
	}
}

func (s *Service) keys(context.Context, *struct{}) (*receiptKeysOutput, error) {
	out := &receiptKeysOutput{}
	for _, key := range s.o.Ring.SigningKeys() {
		one := Key{ID: key.ID, Key: base64.RawURLEncoding.EncodeToString(key.Public)}
		if !key.Until.IsZero() {
			until := key.Until.Unix()
			one.Until = &until
		}
		out.Body.Keys = append(out.Body.Keys, one)
	}
	return out, nil
}

type receiptCheckInput struct {
	network string
	Body    struct {
		Receipt string `json:"receipt" maxLength:"8192"`
	}
}

// Resolve notes the network for the limit.
func (in *receiptCheckInput) Resolve(hc huma.Context) []error {
	r, _ := humago.Unwrap(hc)
	in.network = edge.Note(r)
	return nil
}

type receiptCheckOutput struct {
	Body struct {
		Genuine bool       `json:"genuine"`
		QR      *qr.Matrix `json:"qr,omitempty" doc:"Of the address at which it is shown, where there is room for it."`
	}
}

// check is for browsers that cannot verify a signature themselves, and for whoever prints a receipt. Nothing of it is kept.
func (s *Service) check(ctx context.Context, in *receiptCheckInput) (*receiptCheckOutput, error) {
	if !s.checks.Allow(edge.NotedPrefix(in.network, s.o.TrustedProxies)) {
		return nil, edge.NewProblem(http.StatusTooManyRequests, "receipt.throttled")
	}
	out := &receiptCheckOutput{}
	said, err := read(s.o.Ring, in.Body.Receipt)
	if err != nil {
		return out, nil //nolint:nilerr // that it is not genuine is the answer
	}
	out.Body.Genuine = true
	if len(in.Body.Receipt) <= mostInPicture {
		base := s.o.URL
		if a, err := s.o.Agencies.BySlug(ctx, said.Agency); err == nil { // it may have been given up
			base = a.URL(base)
		}
		picture, err := qr.Draw(base + "/receipt#" + in.Body.Receipt)
		if err != nil {
			return nil, err
		}
		out.Body.QR = &picture
	}
	return out, nil
}

// mostInPicture keeps squares large enough to be read from paper by a telephone.
const mostInPicture = 1200
