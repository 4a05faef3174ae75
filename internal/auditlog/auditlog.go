// Package auditlog lets auditors and data protection officers search the audit of their agency and take a copy of it.
//
// The audit itself lies below all features, since all of them write it; who may read it is asked of staff, which writes
// it, too. So its routes are a room of their own. The main type is Service. The package knows nothing of citizens.
package auditlog

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/staff"
	"visavis/internal/vault"
)

const (
	pageSize = 100
	// mostExported entries at once: more than what a large office writes in a month. Whoever needs more takes several times.
	mostExported = 200_000
	// mostExports under way at a time on a node, each of another agency.
	mostExports = 4
)

// Options configure a Service.
type Options struct {
	DB       *db.DB
	Ring     *vault.Keyring
	Audit    *audit.Log
	Agencies *agency.Store
	Staff    *staff.Service
	Clock    func() time.Time
	Log      *slog.Logger

	// Most is how many entries an export may have; 0: mostExported. Tests have fewer.
	Most int
}

// Service answers.
type Service struct {
	o       Options
	exports chan struct{}

	mu   sync.Mutex
	busy map[string]bool // agencies that have one under way
}

// New returns a service.
func New(o Options) *Service {
	if o.Most == 0 {
		o.Most = mostExported
	}
	return &Service{o: o, exports: make(chan struct{}, mostExports), busy: map[string]bool{}}
}

// begin lets an agency read all of its audit, one at a time, and few of all agencies: who takes a copy slowly keeps others
// of the same agency waiting, and nobody else. Whoever is let in calls end.
func (s *Service) begin(agencyID string) (end func(), err error) {
	busy := edge.NewProblem(http.StatusTooManyRequests, "audit.busy")
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy[agencyID] {
		return nil, busy
	}
	select {
	case s.exports <- struct{}{}:
	default:
		return nil, busy
	}
	s.busy[agencyID] = true
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.busy, agencyID)
		<-s.exports
	}, nil
}

// reader is the person who asks, if it may read the audit of its agency.
func reader(p staff.Person) error {
	if p.May(staff.ReadAudit, agency.Place{Kind: agency.OfAgency, ID: p.Agency}) {
		return nil
	}
	return edge.NewProblem(http.StatusForbidden, "role.audit")
}

// Asked is what somebody looks for; exported since the routes are read by reflection, which skips what is not.
type Asked struct {
	From   int64  `query:"from" minimum:"0" maximum:"253402300799000" doc:"Milliseconds since 1970 UTC: entries from then on."`
	Until  int64  `query:"until" minimum:"0" maximum:"253402300799000" doc:"And up to then, without it."`
	Act    string `query:"act" maxLength:"40"`
	Object string `query:"object" maxLength:"40" doc:"The id that entries are about, as of an appointment."`
	Number int64  `query:"number" minimum:"0" maximum:"9007199254740991" doc:"That one entry."`
	Person string `query:"person" maxLength:"40" doc:"The id of a member of staff: what it did, and what happened to it. Looking for somebody is an entry itself."`
}

// filter finds the pseudonym of the person that is asked for.
func (s *Service) filter(ctx context.Context, q db.Q, agencyID string, a Asked) (audit.Filter, error) {
	f := audit.Filter{Act: audit.Act(a.Act), Object: a.Object, Number: a.Number}
	if a.Act != "" && !f.Act.Known() {
		return f, edge.NewProblem(http.StatusUnprocessableEntity, "audit.act")
	}
	if a.From > 0 {
		f.From = db.Time(a.From)
	}
	if a.Until > 0 {
		f.Until = db.Time(a.Until)
	}
	if a.Person == "" {
		return f, nil
	}
	if _, err := s.o.Staff.Name(ctx, q, agencyID, a.Person); errors.Is(err, db.ErrNoRows) {
		return f, edge.NewProblem(http.StatusNotFound, "staff.unknown")
	} else if err != nil {
		return f, err
	}
	var err error
	f.Person, err = s.o.Audit.Pseudonym(ctx, q, agencyID, a.Person)
	return f, err
}

// noteSearch tells the audit that somebody looks for a person: also when nothing is found.
func (s *Service) noteSearch(ctx context.Context, p staff.Person, a Asked) error {
	return s.o.DB.Tx(ctx, func(tx *db.Tx) error {
		return s.o.Audit.Append(ctx, tx, audit.Entry{
			Agency: p.Agency, By: audit.Staff(p.ID), Act: audit.AuditSearched, Object: a.Person, Detail: a.details(),
		})
	})
}

// details are what is looked for, in codes. What is no id finds nothing, and is left out.
func (a Asked) details() []audit.Code {
	detail := []audit.Code{audit.Is("act", a.Act)}
	if audit.IsCode(a.Object) {
		detail = append(detail, audit.Is("object", a.Object))
	}
	for _, n := range []struct {
		key   string
		value int64
	}{{"number", a.Number}, {"from", a.From}, {"until", a.Until}} {
		if n.value > 0 {
			detail = append(detail, audit.Number(n.key, n.value))
		}
	}
	return detail
}

// place is where a page ends, with proof that its list began: a search for a person has an entry since then.
type place struct {
	audit.Cursor
	Proof []byte
}

// proof is for one reader and one list.
func (s *Service) proof(p staff.Person, a Asked, at audit.Cursor) ([]byte, error) {
	text, err := json.Marshal([]any{p.ID, a, at})
	if err != nil {
		return nil, err
	}
	return s.o.Ring.Derive("audit page", p.Agency, string(text)), nil
}

func (s *Service) encode(p staff.Person, a Asked, at audit.Cursor) (string, error) {
	proof, err := s.proof(p, a, at)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(place{at, proof})
	return base64.RawURLEncoding.EncodeToString(text), err
}

func (s *Service) decode(p staff.Person, a Asked, cursor string) (audit.Cursor, error) {
	wrong := edge.NewProblem(http.StatusUnprocessableEntity, "request.invalid")
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return audit.Cursor{}, wrong
	}
	var at place
	if json.Unmarshal(text, &at) != nil {
		return audit.Cursor{}, wrong
	}
	want, err := s.proof(p, a, at.Cursor)
	if err != nil {
		return audit.Cursor{}, err
	}
	if !vault.Equal(at.Proof, want) {
		return audit.Cursor{}, wrong
	}
	return at.Cursor, nil
}
