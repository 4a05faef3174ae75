// Package scim lets an agency's directory say who works there: SCIM 2.0 (RFC 7643, RFC 7644) for accounts and groups.
//
// Who leaves in the directory is disabled here at once; nothing is ever deleted, as what they did stays theirs. Groups
// give roles by rules that those who administer the agency have set, and only those roles are taken back. A sync that
// would remove too many stops and asks (guard.go).
//
// The main types are Service, user and group. The package knows accounts and roles, and nothing of talks: those pass to
// colleagues by themselves (staff.Talks).
package scim

import (
	"cmp"
	"context"
	"log/slog"
	"net/netip"
	"time"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/staff"
)

// Options configure a Service.
type Options struct {
	Agencies       *agency.Store
	Staff          *staff.Service
	Audit          *audit.Log
	Clock          func() time.Time
	Log            *slog.Logger
	URL            string // public address, without a slash at the end
	TrustedProxies []netip.Prefix

	// Listed is how many members an answer with several groups has at most; 0: mostListed. Tests have fewer.
	Listed int
}

// mostListed members are 3 MB.
const mostListed = 20_000

func (o Options) listed() int { return cmp.Or(o.Listed, mostListed) }

// Service answers directories.
type Service struct {
	db *db.DB
	o  Options
	// Only wrong tokens take from it; the right one always gets through.
	failures *edge.Limiter
	// large is the right to understand a large body (wait).
	large chan struct{}
}

// New returns a service.
func New(d *db.DB, o Options) *Service {
	return &Service{db: d, o: o, failures: edge.NewLimiter(time.Second, 50, 20_000), large: make(chan struct{}, 1)}
}

// Base is the address of an agency's directory interface, under its own host if it has one.
func (s *Service) Base(a agency.Agency) string { return a.URL(s.o.URL) + "/scim/v2/" + a.Slug }

// note tells the audit what the directory, or somebody who sets it, has done.
func (s *Service) note(ctx context.Context, tx *db.Tx, agencyID string, by audit.Actor, act audit.Act, object string, detail ...audit.Code) error {
	return s.o.Audit.Append(ctx, tx, audit.Entry{Agency: agencyID, By: by, Act: act, Object: object, Detail: detail})
}
