// Package health shows operators what the installation does: versions, the database, who else serves, how much goes on,
// and how loaded the relay is. Technique only: it reads no name, no appointment's subject and nothing of another agency.
//
// The main type is Service. The package knows no citizens.
package health

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/staff"
)

// Options configure a Service.
type Options struct {
	DB      *db.DB
	Staff   *staff.Service
	Clock   func() time.Time
	Version string
	Relay   func() Relay
}

// Service answers.
type Service struct{ o Options }

// New returns a service.
func New(o Options) *Service { return &Service{o} }

// Routes registers the one route.
func (s *Service) Routes(api *edge.API) {
	edge.Handle(api, edge.Operation{ID: "health", Route: "GET /api/staff/health", Tag: "health", Use: s.o.Staff.Require(api)}, s.get)
}

// Report is what an operator sees.
type Report struct {
	Version   string   `json:"version"`
	Database  Database `json:"database"`
	Processes int      `json:"processes" doc:"That serve at present, of the whole installation."`
	Agency    Counts   `json:"agency" doc:"Of the agency at present."`
	KeysLeft  int      `json:"keysLeft" doc:"Keys of agencies that were given up which are not overwritten yet in the database's files; of the whole installation."`
	Relay     Relay    `json:"relay" doc:"As last known; of the whole installation."`
	Now       int64    `json:"now"`
}

// Database is how it is.
type Database struct {
	Engine   string `json:"engine"`
	Version  int64  `json:"version" doc:"Of its tables."`
	Expected int64  `json:"expected" doc:"By this program."`
	Writable bool   `json:"writable"`
}

// Counts are numbers of an agency, and nothing else of it.
type Counts struct {
	Waiting     int `json:"waiting" doc:"Seats."`
	Talking     int `json:"talking" doc:"Talks."`
	Guests      int `json:"guests" doc:"Pages of guests that are connected."`
	Jobs        int `json:"jobs" doc:"That are due and not done."`
	JobsFailed  int `json:"jobsFailed" doc:"That were given up."`
	MailsFailed int `json:"mailsFailed" doc:"Invitations of appointments to come that could not be sent."`
}

// Relay is how loaded it is.
type Relay struct {
	Legs    int    `json:"legs" doc:"Ends of talks that are admitted."`
	Bound   int    `json:"bound" doc:"Of those, with a browser that is connected."`
	TCP     int    `json:"tcp" doc:"Of those, over TCP."`
	Full    bool   `json:"full" doc:"It takes no other talk."`
	Packets uint64 `json:"packets"`
	Bytes   uint64 `json:"bytes"`
	Dropped uint64 `json:"dropped"`
}

type output struct{ Body Report }

func (s *Service) get(ctx context.Context, _ *struct{}) (*output, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	if !p.May(staff.SeeHealth, agency.Place{Kind: agency.OfAgency, ID: p.Agency}) {
		return nil, edge.NewProblem(http.StatusForbidden, "role.health")
	}
	has, expected, err := s.o.DB.Schema(ctx)
	if err != nil {
		return nil, fmt.Errorf("read version of database: %w", err)
	}
	now := s.o.Clock()
	r := Report{Version: s.o.Version, Relay: s.o.Relay(), Now: db.Ms(now)}
	r.Database = Database{Engine: string(s.o.DB.Engine()), Version: has, Expected: expected, Writable: s.o.DB.Writable(time.Now()) == nil}
	err = s.o.DB.Snapshot(ctx, func(q db.Q) error {
		if r.Processes, r.Agency, err = count(ctx, q, p.Agency, db.Ms(now)); err != nil {
			return err
		}
		err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM job WHERE agency_id = $1 AND kind = $2`, "", agency.Forgetting).Scan(&r.KeysLeft)
		if err != nil {
			return fmt.Errorf("count keys that are left: %w", err)
		}
		return nil
	})
	return &output{r}, err
}

func count(ctx context.Context, q db.Q, agencyID string, now int64) (processes int, c Counts, err error) {
	for _, one := range []struct {
		into  *int
		query string
		args  []any
	}{
		{&processes, `SELECT COUNT(*) FROM node WHERE lease_until > $1`, []any{now}},
		{&c.Waiting, `SELECT COUNT(*) FROM seat WHERE agency_id = $1 AND state = 'waiting'`, []any{agencyID}},
		{&c.Talking, `SELECT COUNT(*) FROM talk WHERE agency_id = $1 AND ended_at IS NULL`, []any{agencyID}},
		{&c.Guests, `SELECT COUNT(*) FROM seat_presence WHERE agency_id = $1 AND node_id IN (SELECT id FROM node WHERE lease_until > $2)`, []any{agencyID, now}},
		{&c.Jobs, `SELECT COUNT(*) FROM job WHERE agency_id = $1 AND dead_at IS NULL AND run_at <= $2`, []any{agencyID, now}},
		{&c.JobsFailed, `SELECT COUNT(*) FROM job WHERE agency_id = $1 AND dead_at IS NOT NULL`, []any{agencyID}},
		{&c.MailsFailed, `SELECT COUNT(*) FROM appointment WHERE agency_id = $1 AND starts_at > $2 AND mail_state = 'failed'`, []any{agencyID, now}},
	} {
		if err := q.QueryRowContext(ctx, one.query, one.args...).Scan(one.into); err != nil {
			return 0, c, fmt.Errorf("count for operators: %w", err)
		}
	}
	return processes, c, nil
}
