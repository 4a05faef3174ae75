package seat

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"visavis/internal/agency"
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
	page := r.URL.Query().Get("page")
	if len(page) < 8 || len(page) > 64 || strings.HasPrefix(page, staffPage) {
		return edge.NewProblem(http.StatusBadRequest, "request.invalid")
	}
	ctx, cancel := context.WithTimeout(r.Context(), edge.RequestTime)
	defer cancel()
	c := Caller{Slug: r.PathValue("agency"), Seat: r.PathValue("seat"), token: edge.ReadCookie(r, cookie)}
	x, err := s.access(ctx, &c)
	if err != nil {
		return err
	}
	if err := s.presence.connected(ctx, x, page); err != nil {
		return err
	}
	p := &picture{s: s, agency: x.Agency, seat: x.ID, link: x.LinkVersion, who: Holder{c.browser, page}}
	sub := s.o.Events.Subscribe(x.Agency, Topic(x.ID))
	// What happens at a desk changes how long all wait there: of a hundred, each would be looked at with each arrival.
	p.waitsAt = func(desk string) { sub.Slowly(p.agency, agency.DeskTopic(desk)) }
	p.waitsAt(x.Desk)
	topic := edge.Topic{DB: s.db, Events: s.o.Events, Agency: x.Agency, Name: Topic(x.ID), Whole: p.whole, Changed: p.show}
	source := p.remember(topic.Source(sub, s.o.Log))
	source.Close = func() { sub.Close(); s.presence.lost(pageKey{p.agency, p.seat, page}) } // not x: it would live as long
	return edge.Stream(w, r, s.streams.Enter(x.Agency+"/"+x.ID, c.browser, source))
}

// picture is what one page is shown of a seat.
type picture struct {
	s            *Service
	agency, seat string
	link         int64 // by which the page was let in: the appointment may be moved before its stream begins, and after
	who          Holder
	waitsAt      func(desk string)
	told         string // of the wait that was sent last
	shown        uint64 // names the view that was sent last, but for its time
}

// name tells views apart, but for their time. Much that changes a seat is nothing to its guest, who may pay for every byte.
func (v GuestView) name() (uint64, error) {
	v.Now = 0
	text, err := json.Marshal(v)
	if err != nil {
		return 0, fmt.Errorf("compare views of a seat: %w", err)
	}
	sum := sha256.Sum256(text)
	return binary.BigEndian.Uint64(sum[:]), nil
}

// remember puts what the page was told of its wait into the cursor: who asks for one answer at a time (edge.Stream) would
// else be told so at once, each time anew.
func (p *picture) remember(source edge.Source) edge.Source {
	snapshot, changes := source.Snapshot, source.Changes
	source.Snapshot = func(ctx context.Context) (string, []edge.Event, error) {
		head, list, err := snapshot(ctx)
		return head + "." + p.told, list, err
	}
	source.Changes = func(ctx context.Context, after string) (string, []edge.Event, bool, error) {
		head, told, _ := strings.Cut(after, ".")
		p.told = told
		head, list, complete, err := changes(ctx, head)
		return head + "." + p.told, list, complete, err
	}
	return source
}

// waits is what there is to be told of a wait, by the minute; empty: not waiting.
func (v GuestView) waits() string {
	switch {
	case v.State != Waiting:
		return ""
	case v.Wait == nil:
		return "soon"
	case v.Wait.After == nil:
		return strconv.FormatInt(v.Wait.Until/time.Minute.Milliseconds(), 10)
	}
	return strconv.FormatInt(v.Wait.Until/time.Minute.Milliseconds(), 10) + "-" + strconv.FormatInt(*v.Wait.After/time.Minute.Milliseconds(), 10)
}

// waitNow is what there is to be told of the wait of a seat that waits, without the rest of its view.
func (s *Service) waitNow(ctx context.Context, q db.Q, x Seat) (string, error) {
	var starts int64
	var advisor string
	err := q.QueryRowContext(ctx, `SELECT starts_at, COALESCE(advisor_id, '') FROM appointment WHERE agency_id = $1 AND id = $2`,
		x.Agency, x.Appointment).Scan(&starts, &advisor)
	if err != nil {
		return "", fmt.Errorf("read appointment of seat: %w", err)
	}
	v := GuestView{State: x.State}
	v.Wait, err = s.wait(ctx, q, x, advisor, db.Time(starts), s.o.Clock())
	return v.waits(), err
}

func (p *picture) whole(ctx context.Context, q db.Q) ([]edge.Event, error) {
	x, err := byID(ctx, q, p.agency, p.seat)
	if err != nil {
		return nil, err
	}
	if x.LinkVersion != p.link {
		return bye("moved"), nil
	}
	view, err := p.s.view(ctx, q, x, p.who)
	if err != nil {
		return nil, err
	}
	p.told = view.waits()
	if p.shown, err = view.name(); err != nil {
		return nil, err
	}
	signals := []map[string]any{}
	if x.State == Talking && x.Holder == p.who {
		if signals, err = p.s.talks.Signals(ctx, q, x, 0); err != nil {
			return nil, err
		}
	}
	return []edge.Event{{Name: "snapshot", Data: map[string]any{"view": view, "signals": signals}}}, nil
}

// show turns changes into events: messages of the talk each, the seat once.
func (p *picture) show(ctx context.Context, q db.Q, list []events.Change) ([]edge.Event, error) {
	x, err := byID(ctx, q, p.agency, p.seat)
	if err != nil {
		return nil, err
	}
	if end, err := p.ended(ctx, q, x, list); err != nil || end != nil {
		return end, err
	}
	p.waitsAt(x.Desk) // a talk may have gone on at another desk
	if len(list) == 0 && (x.State != Waiting || x.Holder != p.who) {
		return nil, nil
	}
	if len(list) == 0 {
		// What happens at the desk changes how long others wait.
		told, err := p.s.waitNow(ctx, q, x)
		if err != nil || told == p.told {
			return nil, err
		}
	}
	first, err := edge.FirstNumber(list, "signal")
	if err != nil {
		return nil, err
	}
	var out []edge.Event
	changed := slices.ContainsFunc(list, func(c events.Change) bool { return c.Kind == "seat" })
	if changed || len(list) == 0 {
		view, err := p.s.view(ctx, q, x, p.who)
		if err != nil {
			return nil, err
		}
		name, err := view.name()
		if err != nil {
			return nil, err
		}
		if told := view.waits(); changed && name != p.shown || told != p.told {
			p.told, p.shown = told, name
			out = append(out, edge.Event{Name: "seat", Data: view})
		}
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

// ended is the last that a page is told whose seat is another's by now, or at another time; nil: it goes on.
func (p *picture) ended(ctx context.Context, q db.Q, x Seat, list []events.Change) ([]edge.Event, error) {
	for _, c := range list {
		switch {
		case c.Kind == "taken" && c.Ref == p.who.Page && x.Holder != p.who:
			return bye("taken-over"), nil
		case c.Kind == "moved":
			return p.moved(ctx, q, x, c.Ref)
		}
	}
	if x.LinkVersion != p.link {
		return bye("moved"), nil
	}
	return nil, nil
}

// moved tells who waited, and nobody else who knows the old link, the new time.
func (p *picture) moved(ctx context.Context, q db.Q, x Seat, held string) ([]edge.Event, error) {
	if held == "" || held != p.who.Page {
		return bye("moved"), nil
	}
	w, err := p.s.Window(ctx, q, x)
	if err != nil {
		return nil, err
	}
	data := map[string]any{"reason": "moved", "startsAt": db.Ms(w.Starts)}
	return []edge.Event{{Name: edge.EventBye, Data: data}}, nil
}

func bye(reason string) []edge.Event {
	return []edge.Event{{Name: edge.EventBye, Data: map[string]string{"reason": reason}}}
}
