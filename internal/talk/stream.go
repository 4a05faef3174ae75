package talk

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/events"
	"visavis/internal/staff"
)

// stream shows a talk to its window.
func (s *Service) stream(w http.ResponseWriter, r *http.Request) {
	if err := s.openStream(w, r); err != nil {
		edge.WriteProblem(w, edge.AsProblem(r.Context(), s.o.Log, problem(err)))
	}
}

func (s *Service) openStream(w http.ResponseWriter, r *http.Request) error {
	p, err := s.o.Staff.WatchingAlso(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), edge.RequestTime)
	defer cancel()
	t, err := s.mine(ctx, s.db.Read(), p, r.PathValue("talk"))
	if err != nil {
		return err
	}
	topics := []string{Topic(t.ID), staff.Topic(p.ID)}
	for _, desk := range watched(p) {
		topics = append(topics, agency.DeskTopic(desk))
	}
	sub := s.o.Events.Subscribe(p.Agency, topics...)
	pic := &picture{s: s, person: p, talk: t.ID}
	topic := edge.Topic{DB: s.db, Events: s.o.Events, Agency: p.Agency, Name: Topic(t.ID), Whole: pic.whole, Changed: pic.show}
	source := pic.guard(topic.Source(sub, s.o.Log))
	if t.EndedAt == nil {
		leave := s.o.Seats.Attend(t.Agency, t.Seat, p.ID)
		source.Close = func() { sub.Close(); leave() }
	}
	return edge.Stream(w, r, s.o.Staff.Bound(p, source))
}

// picture is what one window is shown.
type picture struct {
	s      *Service
	person staff.Person
	talk   string
	told   string // who was last said to wait
}

// The cursor says who was last told to wait, too: who asks for one answer at a time (edge.Stream) would else be
// told so at once, each time anew.
func (p *picture) cursor(head string) string { return head + "." + p.told }

// resume reads a cursor.
func (p *picture) resume(cursor string) string {
	head, told, known := strings.Cut(cursor, ".")
	if known {
		p.told = told
	}
	return head
}

// guard asks anew each time, as each request does, whether the session lives and which desks are the person's.
func (p *picture) guard(source edge.Source) edge.Source {
	snapshot, changes := source.Snapshot, source.Changes
	source.Snapshot = func(ctx context.Context) (string, []edge.Event, error) {
		if end, err := p.signedOut(ctx); err != nil || end != nil {
			return "", end, err
		}
		head, events, err := snapshot(ctx)
		return p.cursor(head), events, err
	}
	source.Changes = func(ctx context.Context, after string) (string, []edge.Event, bool, error) {
		if end, err := p.signedOut(ctx); err != nil || end != nil {
			return after, end, true, err
		}
		head, events, complete, err := changes(ctx, p.resume(after))
		return p.cursor(head), events, complete, err
	}
	return source
}

func (p *picture) signedOut(ctx context.Context) ([]edge.Event, error) {
	person, lives, err := p.s.o.Staff.Again(ctx, p.person)
	if err != nil {
		return nil, err
	}
	if !lives {
		return bye("signed-out"), nil
	}
	p.person = person
	return nil, nil
}

func bye(reason string) []edge.Event {
	return []edge.Event{{Name: edge.EventBye, Data: map[string]string{"reason": reason}}}
}

// elsewhere is the reason of a talk whose desk is no longer the person's.
const elsewhere = "elsewhere"

func (p *picture) whole(ctx context.Context, q db.Q) ([]edge.Event, error) {
	t, err := p.s.mine(ctx, q, p.person, p.talk)
	if errors.Is(err, ErrNotFound) {
		return bye(elsewhere), nil
	}
	if err != nil {
		return nil, err
	}
	view, err := p.s.view(ctx, q, t)
	if err != nil {
		return nil, err
	}
	signals, err := p.s.signalsFor(ctx, q, p.person, t, 0)
	if err != nil {
		return nil, err
	}
	others, err := p.s.others(ctx, q, p.person)
	if err != nil {
		return nil, err
	}
	p.told = others.String()
	return []edge.Event{{Name: "snapshot", Data: map[string]any{"talk": view, "signals": signals, "waiting": others}}}, nil
}

func (p *picture) show(ctx context.Context, q db.Q, list []events.Change) ([]edge.Event, error) {
	t, err := p.s.mine(ctx, q, p.person, p.talk)
	if errors.Is(err, ErrNotFound) {
		return bye(elsewhere), nil
	}
	if err != nil {
		return nil, err
	}
	first, err := edge.FirstNumber(list, "signal")
	if err != nil {
		return nil, err
	}
	var out []edge.Event
	if slices.ContainsFunc(list, func(c events.Change) bool { return c.Kind == "talk" }) {
		view, err := p.s.view(ctx, q, t)
		if err != nil {
			return nil, err
		}
		out = append(out, edge.Event{Name: "talk", Data: view})
	}
	if first > 0 {
		signals, err := p.s.signalsFor(ctx, q, p.person, t, first-1)
		if err != nil {
			return nil, err
		}
		for _, signal := range signals {
			out = append(out, edge.Event{Name: "signal", Data: signal})
		}
	}
	others, err := p.s.others(ctx, q, p.person)
	if told := others.String(); err == nil && told != p.told {
		p.told = told
		out = append(out, edge.Event{Name: "waiting", Data: others})
	}
	return out, err
}
