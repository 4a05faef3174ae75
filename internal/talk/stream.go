package talk

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

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
	p, err := s.o.Staff.Identify(r)
	if err != nil {
		return err
	}
	t, err := s.mine(r.Context(), s.db.Read(), p, r.PathValue("talk"))
	if err != nil {
		return err
	}
	// Opened here: the first time the key is read, and that must not happen inside a snapshot.
	if _, err := s.o.Agencies.Keys().For(r.Context(), p.Agency); err != nil {
		return err
	}
	topics := []string{Topic(t.ID), staff.Topic(p.ID)}
	for _, desk := range p.Desks {
		topics = append(topics, agency.DeskTopic(desk))
	}
	sub := s.o.Events.Subscribe(p.Agency, topics...)
	pic := &picture{s: s, person: p, talk: t.ID, waiting: -1}
	return edge.Stream(w, r, edge.Source{Snapshot: pic.snapshot, Changes: pic.changes, Wake: sub.C, OnWake: sub.OnWake, Close: sub.Close, Log: s.o.Log})
}

// picture is what one window is shown.
type picture struct {
	s       *Service
	person  staff.Person
	talk    string
	waiting int // the count that was sent last
}

func (p *picture) snapshot(ctx context.Context) (cursor string, out []edge.Event, err error) {
	err = p.s.db.Snapshot(ctx, func(q db.Q) error {
		head, err := p.s.o.Events.Head(ctx, q, p.person.Agency, Topic(p.talk))
		if err != nil {
			return err
		}
		cursor = strconv.FormatInt(head, 10)
		t, err := p.s.mine(ctx, q, p.person, p.talk)
		if err != nil {
			return err
		}
		view, err := p.s.view(ctx, q, t)
		if err != nil {
			return err
		}
		signals, err := p.s.signals(ctx, q, t, forStaff, 0)
		if err != nil {
			return err
		}
		if p.waiting, err = p.s.countWaiting(ctx, q, p.person); err != nil {
			return err
		}
		out = []edge.Event{{Name: "snapshot", Data: map[string]any{"talk": view, "signals": signals, "waiting": p.waiting}}}
		return nil
	})
	return cursor, out, err
}

const maxChanges = 200

func (p *picture) changes(ctx context.Context, after string) (cursor string, out []edge.Event, complete bool, err error) {
	from, err := strconv.ParseInt(after, 10, 64)
	if err != nil {
		return "", nil, false, nil // not a number of ours: a snapshot follows
	}
	if lives, err := p.s.o.Staff.SessionLives(ctx, p.person); err != nil || !lives {
		return after, []edge.Event{{Name: edge.EventBye, Data: map[string]string{"reason": "signed-out"}}}, true, err
	}
	err = p.s.db.Snapshot(ctx, func(q db.Q) error {
		var list []events.Change
		list, complete, err = p.s.o.Events.Since(ctx, q, p.person.Agency, Topic(p.talk), from, maxChanges)
		if err != nil || !complete {
			return err
		}
		cursor = after
		if len(list) > 0 {
			cursor = strconv.FormatInt(list[len(list)-1].Seq, 10)
		}
		out, err = p.show(ctx, q, list)
		return err
	})
	return cursor, out, complete, err
}

func (p *picture) show(ctx context.Context, q db.Q, list []events.Change) ([]edge.Event, error) {
	t, err := p.s.mine(ctx, q, p.person, p.talk)
	if err != nil {
		return nil, err
	}
	var out []edge.Event
	var first int64
	changed := false
	for _, c := range list {
		changed = changed || c.Kind == "talk"
		if c.Kind == "signal" && first == 0 {
			if first, err = strconv.ParseInt(c.Ref, 10, 64); err != nil {
				return nil, fmt.Errorf("read change: %w", err)
			}
		}
	}
	if changed {
		view, err := p.s.view(ctx, q, t)
		if err != nil {
			return nil, err
		}
		out = append(out, edge.Event{Name: "talk", Data: view})
	}
	if first > 0 {
		signals, err := p.s.signals(ctx, q, t, forStaff, first-1)
		if err != nil {
			return nil, err
		}
		for _, signal := range signals {
			out = append(out, edge.Event{Name: "signal", Data: signal})
		}
	}
	waiting, err := p.s.countWaiting(ctx, q, p.person)
	if err == nil && waiting != p.waiting {
		p.waiting = waiting
		out = append(out, edge.Event{Name: "waiting", Data: map[string]int{"count": waiting}})
	}
	return out, err
}

// countWaiting counts who waits at the person's desks, without names: a shared
// screen may show it.
func (s *Service) countWaiting(ctx context.Context, q db.Q, p staff.Person) (int, error) {
	total := 0
	for _, desk := range p.Desks {
		var n int
		err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM seat WHERE agency_id = $1 AND desk_id = $2 AND state = 'waiting'`, p.Agency, desk).Scan(&n)
		if err != nil {
			return 0, fmt.Errorf("count waiting seats: %w", err)
		}
		total += n
	}
	return total, nil
}
