package talk

import (
	"context"
	"net/http"
	"slices"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/staff"
)

// A talk may run on a device that is paired with the session of who leads it: sound and picture are there, and where it goes
// is said at the desktop (docs/decisions/0025-paired-devices.md).

// takes tells whether a paired device has a talk's sound and picture.
func takes(p staff.Person, t Talk) bool {
	return p.Pairing() != "" && t.Pairing == p.Pairing() && t.Staff == p.ID
}

// deviceFor is the device that a talk is to run on, if it is to; it takes one at a time.
func (s *Service) deviceFor(ctx context.Context, tx *db.Tx, p staff.Person, wanted bool) (string, error) {
	if !wanted {
		return "", nil
	}
	p, err := s.o.Staff.Acting(ctx, tx, p)
	if err != nil {
		return "", err
	}
	device := p.Paired()
	if device == nil {
		return "", edge.NewProblem(http.StatusConflict, "device.none")
	}
	all, err := ledLive(ctx, tx, p.Agency, p.ID)
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(all, func(t Talk) bool { return t.Pairing == device.ID }) {
		return "", edge.NewProblem(http.StatusConflict, "device.busy")
	}
	return device.ID, nil
}

// saveAndTell lets a talk go to the device: its page hears of it, and joins.
func (s *Service) saveAndTell(ctx context.Context, tx *db.Tx, t *Talk) error {
	if err := save(ctx, tx, t, db.Ms(s.o.Clock())); err != nil {
		return err
	}
	return s.tell(ctx, tx, *t)
}

// signalsFor are the messages for a page of staff, if it is the one that has the talk's sound and picture: whoever else
// answered the guest would keep the one out that has.
func (s *Service) signalsFor(ctx context.Context, q db.Q, p staff.Person, t Talk, after int64) ([]map[string]any, error) {
	if t.Pairing != p.Pairing() {
		return []map[string]any{}, nil
	}
	return s.signals(ctx, q, t, forStaff, after)
}

// watched are the desks of whose waiting rooms a page of a talk is told.
func watched(p staff.Person) []string {
	if p.Pairing() != "" {
		return nil
	}
	return p.Desks
}

// deviceStream tells a paired device which talk it is to take.
func (s *Service) deviceStream(w http.ResponseWriter, r *http.Request) {
	if err := s.openDeviceStream(w, r); err != nil {
		edge.WriteProblem(w, edge.AsProblem(r.Context(), s.o.Log, problem(err)))
	}
}

func (s *Service) openDeviceStream(w http.ResponseWriter, r *http.Request) error {
	p, err := s.o.Staff.WatchingAlso(r)
	if err != nil {
		return err
	}
	if p.Pairing() == "" {
		return edge.NewProblem(http.StatusConflict, "device.here")
	}
	topics := []string{staff.Topic(p.ID)}
	for _, desk := range p.Desks { // which talks begin and end is told there
		topics = append(topics, agency.DeskTopic(desk))
	}
	sub := s.o.Events.Subscribe(p.Agency, topics...)
	f := &following{s: s, person: p, opened: p.Workplaces()}
	return edge.Stream(w, r, s.o.Staff.Bound(p, edge.Source{
		Snapshot: f.snapshot, Changes: f.changes, Wake: sub.C, OnWake: sub.OnWake, Close: sub.Close, Log: s.o.Log,
	}))
}

// following is one stream of a device. What it has told is its cursor, so that whoever asks again is told nothing twice.
type following struct {
	s      *Service
	person staff.Person
	opened []string // the person's workplaces then: what is subscribed to
}

// none is the cursor of a device that has no talk.
const none = "-"

// Taken is what a device is told: the talk that it is to take, or none.
type Taken struct {
	ID string `json:"id,omitempty"`
}

func (f *following) look(ctx context.Context) (cursor string, end []edge.Event, err error) {
	p, lives, err := f.s.o.Staff.Again(ctx, f.person)
	switch {
	case err != nil:
		return "", nil, err
	case !lives:
		return "", bye("signed-out"), nil
	case !slices.Equal(p.Workplaces(), f.opened):
		return "", bye("rights"), nil // the page opens a stream of the new ones
	}
	all, err := ledLive(ctx, f.s.db.Read(), p.Agency, p.ID)
	if err != nil {
		return "", nil, err
	}
	for _, t := range all {
		if takes(p, t) && p.MayTalk(t.Desk) {
			return t.ID, nil, nil
		}
	}
	return none, nil, nil
}

func (f *following) snapshot(ctx context.Context) (string, []edge.Event, error) {
	cursor, end, err := f.look(ctx)
	if err != nil || end != nil {
		return "", end, err
	}
	return cursor, tellTaken(cursor), nil
}

func (f *following) changes(ctx context.Context, after string) (string, []edge.Event, bool, error) {
	cursor, end, err := f.look(ctx)
	if err != nil || end != nil {
		return after, end, true, err
	}
	if cursor == after {
		return cursor, nil, true, nil
	}
	return cursor, tellTaken(cursor), true, nil
}

func tellTaken(cursor string) []edge.Event {
	var taken Taken
	if cursor != none {
		taken.ID = cursor
	}
	return []edge.Event{{Name: "talk", Data: taken}}
}
