package today

import (
	"context"
	"net/http"
	"time"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/staff"
)

// Routes adds the stream and the tasks. The stream is no JSON answer, so it stands beside the API.
func (s *Service) Routes(mux *edge.Mux, api *edge.API) {
	mux.HandleFunc("GET /api/staff/stream", s.serveStream)
	edge.Handle(api, edge.Operation{
		ID: "finishTask", Route: "POST /api/staff/tasks/{id}/done", Tag: "today", Use: s.o.Staff.Require(api),
	}, s.done)
}

func (s *Service) serveStream(w http.ResponseWriter, r *http.Request) {
	if err := s.openStream(w, r); err != nil {
		edge.WriteProblem(w, edge.AsProblem(r.Context(), s.o.Log, err))
	}
}

func (s *Service) openStream(w http.ResponseWriter, r *http.Request) error {
	person, err := s.o.Staff.Watching(r)
	if err != nil {
		return err
	}
	day, err := s.day(r.URL.Query().Get("day"))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), edge.RequestTime)
	defer cancel()
	of := r.URL.Query().Get("desk")
	if of != "" && !person.MayDesk(of) {
		return edge.NewProblem(http.StatusNotFound, "not_found")
	}
	source, err := s.source(ctx, person, day, of)
	if err != nil {
		return err
	}
	return edge.Stream(w, r, s.o.Staff.Bound(person, source))
}

// day is the one asked for, in the offices' time zone; nil: none was.
func (s *Service) day(text string) (*time.Time, error) {
	if text == "" {
		return nil, nil // to name no day is no mistake
	}
	day, err := time.ParseInLocation(time.DateOnly, text, s.o.TimeZone)
	if err != nil {
		return nil, edge.NewProblem(http.StatusBadRequest, "request.invalid", "fields", []string{"query.day"})
	}
	return &day, nil
}

// presentDay is from midnight to midnight in the offices' time zone.
func (s *Service) presentDay() (from, to time.Time) {
	now := s.o.Clock().In(s.o.TimeZone)
	from = time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, s.o.TimeZone)
	return from, from.AddDate(0, 0, 1)
}

type taskInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct{}
}

type taskOutput struct{ Body Task }

// done finishes a task; whoever is second gets the same answer.
func (s *Service) done(ctx context.Context, in *taskInput) (*taskOutput, error) {
	person, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	reader, err := s.store(ctx, person)
	if err != nil {
		return nil, err
	}
	var task Task
	err = s.o.DB.Tx(ctx, func(tx *db.Tx) error {
		if reader.person, err = s.o.Staff.Acting(ctx, tx, person); err != nil {
			return err
		}
		changed, err := reader.finish(ctx, tx, in.ID, s.o.Clock())
		if err != nil {
			return err
		}
		found, err := reader.tasks(ctx, tx, taskByID, in.ID)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return edge.NewProblem(http.StatusNotFound, "not_found")
		}
		task = found[0]
		if !changed {
			return nil
		}
		return s.o.Events.Append(ctx, tx, person.Agency, agency.DeskTopic(task.Desk), "task", task.ID)
	})
	if err != nil {
		return nil, err
	}
	return &taskOutput{Body: task}, nil
}
