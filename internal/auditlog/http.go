package auditlog

import (
	"context"
	"slices"
	"strings"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/edge"
	"visavis/internal/staff"
)

// Routes registers search and export.
func (s *Service) Routes(api *edge.API, mux *edge.Mux) {
	edge.Handle(api, edge.Operation{ID: "searchAudit", Route: "GET /api/staff/audit", Tag: "audit", Use: s.o.Staff.Require(api)}, s.search)
	own := s.o.Staff.Require(api)
	edge.Handle(api, edge.Operation{ID: "auditActs", Route: "GET /api/staff/audit/acts", Tag: "audit", Use: own}, s.acts)
	edge.Handle(api, edge.Operation{ID: "checkAudit", Route: "POST /api/staff/audit/check", Tag: "audit", Use: own, Within: checkTime}, s.check)
	// By POST: names of people stand in no address.
	edge.Handle(api, edge.Operation{ID: "findAudited", Route: "POST /api/staff/audit/people", Tag: "audit", Use: own}, s.people)
	mux.HandleFunc("GET /api/staff/audit/export", s.export)
}

type searchInput struct {
	Asked
	Cursor string `query:"cursor" maxLength:"256" doc:"Where the page before ended."`
}

type searchOutput struct {
	Body struct {
		Entries []Entry `json:"entries" doc:"The newest first."`
		Next    string  `json:"next,omitempty" doc:"The cursor of the next page; absent: this was the last."`
		Person  string  `json:"person,omitempty" doc:"The pseudonym of the person that was looked for."`
		Places  []Named `json:"places" doc:"What the entries call by its id and is still there, closed or not: parts of the agency, and the agency itself."`
	}
}

// Entry is what a reader sees of one. People stand in it by pseudonyms.
type Entry struct {
	Number     int64  `json:"number"`
	At         int64  `json:"at"`
	ActorKind  string `json:"actorKind" enum:"staff,guest,system"`
	Actor      string `json:"actor,omitempty"`
	Act        string `json:"act"`
	ObjectKind string `json:"objectKind"`
	Object     string `json:"object"`
	Detail     string `json:"detail,omitempty"`
}

func (s *Service) search(ctx context.Context, in *searchInput) (*searchOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	if err := reader(p); err != nil {
		return nil, err
	}
	f, err := s.filter(ctx, s.o.DB.Read(), p.Agency, in.Asked)
	if err != nil {
		return nil, err
	}
	var after audit.Cursor
	switch {
	case in.Cursor != "":
		after, err = s.decode(p, in.Asked, in.Cursor)
	case in.Person != "":
		err = s.noteSearch(ctx, p, in.Asked)
	}
	if err != nil {
		return nil, err
	}
	rows, err := s.o.Audit.Page(ctx, s.o.DB.Read(), p.Agency, f, after, pageSize+1)
	if err != nil {
		return nil, err
	}
	out := &searchOutput{}
	out.Body.Entries, out.Body.Person = []Entry{}, f.Person
	for i, r := range rows {
		if i == pageSize {
			last := rows[i-1]
			out.Body.Next, err = s.encode(p, in.Asked, audit.Cursor{At: last.At, Seq: last.Seq})
			break
		}
		out.Body.Entries = append(out.Body.Entries, shown(r))
	}
	if err != nil {
		return nil, err
	}
	out.Body.Places, err = s.named(ctx, p.Agency, out.Body.Entries)
	return out, err
}

// Named is a part of the agency by its name.
type Named struct {
	ID   string      `json:"id"`
	Kind agency.Kind `json:"kind" enum:"agency,department,location,desk,service"`
	Name string      `json:"name"`
}

// named finds the names of what a page of entries speaks of, all at once. Who may read the audit may see the whole agency.
func (s *Service) named(ctx context.Context, agencyID string, entries []Entry) ([]Named, error) {
	names := []Named{}
	places, err := s.o.Agencies.Places(ctx, s.o.DB.Read(), agencyID, placesIn(entries))
	for _, p := range places {
		names = append(names, Named{ID: p.ID, Kind: p.Kind, Name: p.Name})
	}
	return names, err
}

// placesIn are the ids of parts of the agency, each once.
func placesIn(entries []Entry) []string {
	var ids []string
	for _, e := range entries {
		if e.ObjectKind == string(audit.OfPlace) {
			ids = append(ids, e.Object)
		}
		for code := range strings.FieldsSeq(e.Detail) {
			if key, id, _ := strings.Cut(code, "="); key == "place" || key == "desk" {
				ids = append(ids, id)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func shown(r audit.Row) Entry {
	return Entry{
		Number: r.Seq, At: r.At, ActorKind: string(r.ActorKind), Actor: r.Actor, Act: string(r.Act),
		ObjectKind: string(r.ObjectKind), Object: r.Object, Detail: r.Detail,
	}
}
