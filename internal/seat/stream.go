package seat

import (
	"context"
	"net/http"
	"strconv"

	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/events"
)

// stream shows a seat to one page. While the page that holds the seat has its
// stream, the guest is present.
func (s *Service) stream(w http.ResponseWriter, r *http.Request) {
	if err := s.openStream(w, r); err != nil {
		edge.WriteProblem(w, edge.AsProblem(r.Context(), s.o.Log, Problem(err)))
	}
}

func (s *Service) openStream(w http.ResponseWriter, r *http.Request) error {
	browser, page := browserOf(r), r.URL.Query().Get("page")
	if len(page) < 8 || len(page) > 64 {
		return edge.NewProblem(http.StatusBadRequest, "request.invalid")
	}
	ctx, cancel := context.WithTimeout(r.Context(), edge.RequestTime)
	defer cancel()
	x, err := s.access(ctx, r.PathValue("agency"), r.PathValue("seat"), browser)
	if err != nil {
		return err
	}
	// The key of signals is opened here: the first time it is read, and that must not happen inside a snapshot.
	if _, err := s.o.Agencies.Keys().For(ctx, x.Agency); err != nil {
		return err
	}
	if err := s.presence.connected(ctx, x, page); err != nil {
		return err
	}
	p := &picture{s: s, agency: x.Agency, seat: x.ID, who: Holder{browser, page}}
	sub := s.o.Events.Subscribe(x.Agency, Topic(x.ID))
	return edge.Stream(w, r, edge.Source{
		Snapshot: p.snapshot, Changes: p.changes, Wake: sub.C, OnWake: sub.OnWake, Log: s.o.Log,
		Close: func() { sub.Close(); s.presence.lost(Seat{ID: p.seat, Agency: p.agency}, page) }, // not x: it would live as long
	})
}

// picture is what one page is shown of a seat.
type picture struct {
	s            *Service
	agency, seat string
	who          Holder
}

func (p *picture) snapshot(ctx context.Context) (cursor string, out []edge.Event, err error) {
	err = p.s.db.Snapshot(ctx, func(q db.Q) error {
		head, err := p.s.o.Events.Head(ctx, q, p.agency, Topic(p.seat))
		if err != nil {
			return err
		}
		cursor = strconv.FormatInt(head, 10)
		x, err := byID(ctx, q, p.agency, p.seat)
		if err != nil {
			return err
		}
		view, err := p.s.view(ctx, q, x, p.who)
		if err != nil {
			return err
		}
		signals := []map[string]any{}
		if x.State == Talking && x.Holder == p.who {
			if signals, err = p.s.talks.Signals(ctx, q, x, 0); err != nil {
				return err
			}
		}
		out = []edge.Event{{Name: "snapshot", Data: map[string]any{"view": view, "signals": signals}}}
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
	err = p.s.db.Snapshot(ctx, func(q db.Q) error {
		var list []events.Change
		list, complete, err = p.s.o.Events.Since(ctx, q, p.agency, Topic(p.seat), from, maxChanges)
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

// show turns changes into events: messages of the talk each, the seat once.
func (p *picture) show(ctx context.Context, q db.Q, list []events.Change) ([]edge.Event, error) {
	x, err := byID(ctx, q, p.agency, p.seat)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	var out []edge.Event
	var first int64
	changed := false
	for _, c := range list {
		switch {
		case c.Kind == "taken" && c.Ref == p.who.Page && x.Holder != p.who:
			return bye("taken-over"), nil
		case c.Kind == "moved":
			return bye("moved"), nil
		case c.Kind == "seat":
			changed = true
		case c.Kind == "signal" && first == 0:
			if first, err = strconv.ParseInt(c.Ref, 10, 64); err != nil {
				return nil, err
			}
		}
	}
	if changed {
		view, err := p.s.view(ctx, q, x, p.who)
		if err != nil {
			return nil, err
		}
		out = append(out, edge.Event{Name: "seat", Data: view})
	}
	if first > 0 && x.Holder == p.who && x.State == Talking {
		signals, err := p.s.talks.Signals(ctx, q, x, first-1)
		if err != nil {
			return nil, err
		}
		for _, signal := range signals {
			out = append(out, edge.Event{Name: "signal", Data: signal})
		}
	}
	return out, nil
}

func bye(reason string) []edge.Event {
	return []edge.Event{{Name: edge.EventBye, Data: map[string]string{"reason": reason}}}
}
