package today

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/events"
	"visavis/internal/staff"
)

// Options are the parts that the list is made from.
type Options struct {
	DB       *db.DB
	Events   *events.Log
	Agencies *agency.Store
	Staff    *staff.Service
	TimeZone *time.Location
	Clock    func() time.Time
	Log      *slog.Logger
}

// Service serves the list.
type Service struct{ o Options }

// New returns the service.
func New(o Options) *Service { return &Service{o} }

// maxChanges is how many changes of all desks are followed one by one; after more a snapshot is cheaper.
const maxChanges = 100

func (s *Service) store(ctx context.Context, person staff.Person) (store, error) {
	key, err := s.o.Agencies.Keys().For(ctx, person.Agency)
	return store{agencies: s.o.Agencies, key: key, person: person}, err
}

// reader is one stream: what one person sees of one day.
type reader struct {
	*Service
	store
	from, to time.Time
	opened   []string // the person's workplaces then: what is subscribed to
	last     cursor   // what was shown last, for numbers that are too long for a cursor's text
	// turn looks at the list again when a day ends that nobody has asked for by its date; nil: somebody has.
	turn *time.Timer
}

// turnMargin is so that a clock that is put right meanwhile has certainly passed midnight.
const turnMargin = time.Second

// shelf is what this reader's cursors are about.
func (r *reader) shelf() shelf {
	s := shelf{day: r.from.Format(time.DateOnly), desks: r.opened, of: r.of}
	if d := r.person.Paired(); d != nil {
		s.device = d.ID
	}
	return s
}

func (r *reader) topics() []string {
	topics := make([]string, len(r.person.Desks))
	for i, desk := range r.person.Desks {
		topics[i] = agency.DeskTopic(desk)
	}
	return topics
}

// turned goes on to the present day when the one shown is over, in a list that is left open overnight.
func (r *reader) turned() bool {
	now := r.o.Clock()
	if r.turn == nil || now.Before(r.to) {
		return false
	}
	r.from, r.to = r.presentDay()
	r.turn.Reset(r.to.Sub(now) + turnMargin)
	return true
}

type snapshot struct {
	Day   string `json:"day"`
	Rows  []Row  `json:"rows"`
	Tasks []Task `json:"tasks"`
	// MoreRows and MoreTasks say that there are more of them than these.
	MoreRows  bool   `json:"moreRows,omitempty"`
	MoreTasks bool   `json:"moreTasks,omitempty"`
	Late      []Late `json:"late"`
	// Transfers are told whatever the day is.
	Transfers []Transfer `json:"transfers"`
	// Device is the one that is paired with this session.
	Device *staff.Device `json:"device,omitempty"`
	Now    int64         `json:"now"`
}

type gone struct {
	ID string `json:"id"`
}

type bye struct {
	Reason string `json:"reason"`
}

// source shows a day, or without one the present day, whichever that is; of names the desk whose day it is, or is empty.
func (s *Service) source(ctx context.Context, person staff.Person, day *time.Time, of string) (edge.Source, error) {
	opened, err := s.store(ctx, person)
	if err != nil {
		return edge.Source{}, err
	}
	opened.of = of
	r := &reader{Service: s, store: opened, opened: person.Workplaces()}
	if day != nil {
		r.from, r.to = *day, day.AddDate(0, 0, 1)
	} else {
		r.from, r.to = s.presentDay()
	}
	topics := append([]string{staff.Topic(person.ID)}, r.topics()...)
	subscription := s.o.Events.Subscribe(person.Agency, topics...)
	stop := subscription.Close
	if day == nil {
		r.turn = time.AfterFunc(r.to.Sub(s.o.Clock())+turnMargin, func() { s.o.Events.Nudge(person.Agency, topics[0]) })
		stop = func() { r.turn.Stop(); subscription.Close() }
	}
	return edge.Source{Snapshot: r.snapshot, Changes: r.changes, Wake: subscription.C, OnWake: subscription.OnWake, Close: stop, Log: s.o.Log}, nil
}

// signedOut tells whether the session that opened the stream has ended; then nothing more is shown. It also ends when the
// person's desks or roles are others than before: the page asks anew who it is, and opens a stream of them.
func (r *reader) signedOut(ctx context.Context) ([]edge.Event, error) {
	person, lives, err := r.o.Staff.Again(ctx, r.person)
	if err != nil {
		return nil, err
	}
	if !lives {
		return []edge.Event{{Name: edge.EventBye, Data: bye{"signed-out"}}}, nil
	}
	if !slices.Equal(person.Workplaces(), r.opened) {
		return []edge.Event{{Name: edge.EventBye, Data: bye{"rights"}}}, nil
	}
	r.person = person
	return nil, nil
}

func (r *reader) snapshot(ctx context.Context) (string, []edge.Event, error) {
	if end, err := r.signedOut(ctx); err != nil || end != nil {
		return "", end, err
	}
	var at cursor
	shown := snapshot{Day: r.from.Format(time.DateOnly), Device: r.person.Paired(), Now: db.Ms(r.o.Clock())}
	err := r.o.DB.Snapshot(ctx, func(q db.Q) error {
		var err error
		if at, err = r.o.Events.Heads(ctx, q, r.person.Agency, r.topics()); err != nil {
			return err
		}
		if shown.Rows, shown.MoreRows, err = r.dayRows(ctx, q, db.Ms(r.from), db.Ms(r.to)); err != nil {
			return err
		}
		if err = r.addMessages(ctx, q, shown.Rows, messagesOfAll); err != nil {
			return err
		}
		if err = r.addCompany(ctx, q, shown.Rows); err != nil {
			return err
		}
		if shown.Tasks, shown.MoreTasks, err = r.openTasks(ctx, q); err != nil {
			return err
		}
		if shown.Late, err = r.late(ctx, q, r.o.Clock()); err != nil {
			return err
		}
		shown.Transfers, err = r.transfers(ctx, q)
		return err
	})
	r.last = at
	return at.String(r.shelf()), []edge.Event{{Name: "snapshot", Data: shown}}, err
}

// position reads a cursor. Where the desks are so many that it only names their numbers, a reader goes on who was told them
// on this stream, or to whom nothing has happened since.
func (r *reader) position(ctx context.Context, q db.Q, after string) (at cursor, ok bool, err error) {
	if at, ok = readCursor(after, r.shelf(), r.last); ok || r.last != nil {
		return at, ok, nil
	}
	if r.last, err = r.o.Events.Heads(ctx, q, r.person.Agency, r.topics()); err != nil {
		return nil, false, err
	}
	at, ok = readCursor(after, r.shelf(), r.last)
	return at, ok, nil
}

func (r *reader) changes(ctx context.Context, after string) (string, []edge.Event, bool, error) {
	if end, err := r.signedOut(ctx); err != nil || end != nil {
		return after, end, true, err
	}
	q := r.o.DB.Read()
	at, ok, err := r.position(ctx, q, after)
	if err != nil || !ok || r.turned() {
		return "", nil, false, err
	}
	news, at, complete, err := r.o.Events.SinceEach(ctx, q, r.person.Agency, r.topics(), at, maxChanges)
	if err != nil || !complete {
		return "", nil, false, err
	}
	r.last = at
	var changed []events.Change // each once, oldest first
	lists := map[string]bool{}  // what is told whole
	known := map[events.Change]bool{}
	for _, change := range news {
		change.Seq = 0
		if change.Kind == "late" || change.Kind == "transfer" {
			lists[change.Kind] = true
		} else if !known[change] {
			known[change] = true
			changed = append(changed, change)
		}
	}
	list, err := r.show(ctx, q, changed)
	if err == nil && lists["late"] {
		var said []Late
		said, err = r.late(ctx, q, r.o.Clock())
		list = append(list, edge.Event{Name: "late", Data: said})
	}
	if err == nil && lists["transfer"] {
		var asked []Transfer
		asked, err = r.transfers(ctx, q)
		list = append(list, edge.Event{Name: "transfers", Data: asked})
	}
	return at.String(r.shelf()), list, true, err
}

// show reads what changed as it is now: a row, or a task with the row of its appointment, which shows the number to call.
func (r *reader) show(ctx context.Context, q db.Q, changed []events.Change) ([]edge.Event, error) {
	var list []edge.Event
	shown := map[string]bool{}
	for _, change := range changed {
		appointment := change.Ref
		if change.Kind == "task" {
			tasks, err := r.tasks(ctx, q, taskByID, change.Ref)
			if err != nil {
				return nil, err
			}
			if len(tasks) == 0 { // of a desk of others by now; the appointment that took it along has a change of its own
				list = append(list, edge.Event{Name: "task-gone", Data: gone{change.Ref}})
				continue
			}
			list = append(list, edge.Event{Name: "task", Data: tasks[0]})
			appointment = tasks[0].Appointment
		}
		if shown[appointment] {
			continue
		}
		shown[appointment] = true
		row, err := r.showRow(ctx, q, appointment)
		if err != nil {
			return nil, err
		}
		list = append(list, row)
	}
	return list, nil
}

// showRow is the row, or that it is gone: moved to another day, or to a desk of others. Whoever looks at another day is
// called for help all the same.
func (r *reader) showRow(ctx context.Context, q db.Q, appointment string) (edge.Event, error) {
	rows, err := r.rows(ctx, q, rowsOfAppointment, appointment)
	if err != nil {
		return edge.Event{}, err
	}
	if len(rows) == 0 || (rows[0].StartsAt < db.Ms(r.from) || rows[0].StartsAt >= db.Ms(r.to)) && !rows[0].called() {
		return edge.Event{Name: "row-gone", Data: gone{appointment}}, nil
	}
	if err := r.addMessages(ctx, q, rows, messagesOfAppointment, appointment); err != nil {
		return edge.Event{}, err
	}
	if err := r.addCompany(ctx, q, rows); err != nil {
		return edge.Event{}, err
	}
	return edge.Event{Name: "row", Data: rows[0]}, nil
}
