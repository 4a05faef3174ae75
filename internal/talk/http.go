package talk

import (
	"context"
	"net/http"

	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/seat"
	"visavis/internal/staff"
)

// Routes registers the talk's routes of staff, its signalling and the network test.
func (s *Service) Routes(api *edge.API, mux *edge.Mux) {
	own, also := s.o.Staff.Require(api), s.o.Staff.RequireAlso(api)
	op := func(id, route string) edge.Operation {
		return edge.Operation{ID: id, Route: route, Tag: "talk", Use: own}
	}
	// What a page needs in a talk that it has. Where the talk goes from there is said at the desktop.
	in := func(id, route string) edge.Operation {
		return edge.Operation{ID: id, Route: route, Tag: "talk", Use: also}
	}
	const base = "/api/staff/talks/{talk}"
	edge.Handle(api, op("admit", "POST /api/staff/seats/{seat}/admit"), s.postAdmit)
	edge.Handle(api, in("talk", "GET "+base), s.get)
	edge.Handle(api, in("joinTalk", "POST "+base+"/join"), s.postJoin)
	edge.Handle(api, in("signalOfStaff", "POST "+base+"/signal"), s.postSignal)
	edge.Handle(api, in("answerTakeover", "POST "+base+"/takeover"), s.postTakeover)
	edge.Handle(api, op("sendBack", "POST "+base+"/sendback"), s.postSendBack)
	edge.Handle(api, op("endTalk", "POST "+base+"/end"), s.postEnd)
	edge.Handle(api, in("alarm", "POST "+base+"/alarm"), s.postAlarm)
	edge.Handle(api, op("answerAlarm", "POST "+base+"/alarm/answer"), s.postAlarmAnswer)
	edge.Handle(api, in("lockTalk", "POST "+base+"/lock"), s.postLock)
	edge.Handle(api, op("bringIn", "POST "+base+"/company/{seat}"), s.postBringIn)
	edge.Handle(api, op("removeGuest", "POST "+base+"/remove"), s.postRemove)
	s.transferRoutes(api, op, base+"/transfer")
	edge.Handle(api, in("documentSeen", "POST "+base+"/document"), s.postDocument)
	edge.Handle(api, in("formUsed", "POST "+base+"/form"), s.postForm)
	edge.Handle(api, in("formsOfTalk", "GET "+base+"/forms"), s.getForms)
	edge.Handle(api, in("formOfTalk", "GET "+base+"/forms/{form}"), s.getForm)
	mux.HandleFunc("POST "+scanPath, s.postScan)
	edge.Handle(api, in("detourOfStaff", "POST "+base+"/detour"), s.postDetour)
	mux.HandleFunc("GET "+base+"/stream", s.stream)
	mux.HandleFunc("GET /api/staff/device/stream", s.deviceStream)
	edge.Handle(api, edge.Operation{ID: "signalOfGuest", Route: "POST /api/guest/{agency}/seats/{seat}/signal", Tag: "guest"}, s.postGuestSignal)
	edge.Handle(api, edge.Operation{ID: "detourOfGuest", Route: "POST /api/guest/{agency}/seats/{seat}/detour", Tag: "guest"}, s.postGuestDetour)
	edge.Handle(api, edge.Operation{ID: "describeToGuest", Route: "POST /api/guest/{agency}/seats/{seat}/pair", Tag: "guest"}, s.postPair)
	s.testRoutes(api)
}

// Path names a talk in a route; exported since the routes are read by reflection, which skips what is not.
type Path struct {
	Talk string `path:"talk" maxLength:"64"`
}

type viewOutput struct{ Body View }

type startOutput struct {
	Body struct {
		Talk    View             `json:"talk"`
		Signals []map[string]any `json:"signals"`
	}
}

type admitInput struct {
	Seat string `path:"seat" maxLength:"64"`
	Body struct {
		Device bool `json:"device,omitempty" doc:"Sound and picture run on the device that is paired with this session."`
	}
}

func (s *Service) postAdmit(ctx context.Context, in *admitInput) (*startOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	t, err := s.admit(ctx, p, in.Seat, in.Body.Device)
	if err != nil {
		return nil, problem(err)
	}
	return s.start(ctx, p, t)
}

// start is what a page of staff begins a generation with.
func (s *Service) start(ctx context.Context, p staff.Person, t Talk) (*startOutput, error) {
	s.o.Seats.Expect(t.Agency, t.Seat, t.Staff)
	s.look(loss{t.Agency, t.Staff}) // who has lost the right to in the same moment was not found by who took it
	out := &startOutput{}
	var err error
	if out.Body.Talk, err = s.view(ctx, s.db.Read(), t); err != nil {
		return nil, db.Done(err)
	}
	out.Body.Signals, err = s.signalsFor(ctx, s.db.Read(), p, t, 0)
	return out, db.Done(err)
}

func (s *Service) get(ctx context.Context, in *Path) (*viewOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	t, err := s.mine(ctx, s.db.Read(), p, in.Talk)
	if err != nil {
		return nil, problem(err)
	}
	v, err := s.view(ctx, s.db.Read(), t)
	return &viewOutput{v}, err
}

// acted runs one of the person's commands and answers with the talk as it is then.
func (s *Service) acted(ctx context.Context, do func(context.Context, staff.Person) (Talk, error)) (*viewOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	t, err := do(ctx, p)
	if err != nil {
		return nil, problem(err)
	}
	v, err := s.view(ctx, s.db.Read(), t)
	return &viewOutput{v}, db.Done(err)
}

type bareInput struct {
	Path
	Body struct{}
}

type joinInput struct {
	Path
	Body struct {
		Takeover bool `json:"takeover,omitempty" doc:"Also where somebody else leads the talk."`
		Device   bool `json:"device,omitempty" doc:"It goes on on the device that is paired with this session."`
	}
}

func (s *Service) postJoin(ctx context.Context, in *joinInput) (*startOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	if !s.joins.Allow(p.Session()) {
		return nil, edge.NewProblem(http.StatusTooManyRequests, "session.throttled")
	}
	t, err := s.join(ctx, p, in.Talk, in.Body.Takeover, in.Body.Device)
	if err != nil {
		return nil, problem(err)
	}
	return s.start(ctx, p, t)
}

func (s *Service) postSendBack(ctx context.Context, in *bareInput) (*viewOutput, error) {
	return s.acted(ctx, func(ctx context.Context, p staff.Person) (Talk, error) { return s.sendBack(ctx, p, in.Talk) })
}

type takeoverInput struct {
	Path
	Body struct {
		Allow bool   `json:"allow"`
		Ask   string `json:"ask" minLength:"1" maxLength:"64" doc:"The takeover that was shown: no other is answered."`
	}
}

func (s *Service) postTakeover(ctx context.Context, in *takeoverInput) (*viewOutput, error) {
	return s.acted(ctx, func(ctx context.Context, p staff.Person) (Talk, error) {
		return s.takeover(ctx, p, in.Talk, seat.Answer{Allow: in.Body.Allow, Ask: in.Body.Ask})
	})
}

type endInput struct {
	Path
	Body struct {
		Outcome string `json:"outcome" enum:"held,phone,technical,noshow,cancelled"`
	}
}

func (s *Service) postEnd(ctx context.Context, in *endInput) (*viewOutput, error) {
	return s.acted(ctx, func(ctx context.Context, p staff.Person) (Talk, error) {
		return s.end(ctx, p, in.Talk, in.Body.Outcome)
	})
}

type signalInput struct {
	Path
	Body Signal
}

func (s *Service) postSignal(ctx context.Context, in *signalInput) (*struct{}, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	return nil, problem(s.fromStaff(ctx, p, in.Talk, in.Body))
}

type guestSignalInput struct {
	seat.Caller
	Body struct {
		Page string `json:"page" minLength:"8" maxLength:"64"`
		Signal
	}
}

func (s *Service) postGuestSignal(ctx context.Context, in *guestSignalInput) (*struct{}, error) {
	x, err := s.o.Seats.Held(ctx, in.Caller, in.Body.Page)
	if err != nil {
		return nil, problem(err)
	}
	return nil, problem(s.fromGuest(ctx, x, in.Body.Signal))
}
