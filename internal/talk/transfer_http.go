package talk

import (
	"context"
	"net/http"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/staff"
	"visavis/internal/vault"
)

// TransferView is what who leads the talk sees of their request; without the note, as the guest may be shown this window.
type TransferView struct {
	At         int64      `json:"at"`
	Desk       string     `json:"desk" doc:"Its name."`
	Elsewhere  bool       `json:"elsewhere" doc:"Another desk than that of the talk."`
	To         *Colleague `json:"to,omitempty" doc:"Who alone is asked."`
	AcceptedBy *Colleague `json:"acceptedBy,omitempty"`
	Ready      bool       `json:"ready,omitempty" doc:"Good-bye is said."`
	Declined   string     `json:"declined,omitempty" enum:"busy,wrong,time"`
	DeclinedBy *Colleague `json:"declinedBy,omitempty"`
}

func (s *Service) transferView(ctx context.Context, q db.Q, t Talk) (*TransferView, error) {
	f := t.Transfer
	if f == nil {
		return nil, nil // nobody is asked
	}
	desk, err := s.o.Agencies.Desk(ctx, q, t.Agency, f.Desk)
	if err != nil {
		return nil, err
	}
	v := &TransferView{At: db.Ms(f.At), Desk: desk.Name, Elsewhere: f.Desk != t.Desk, Ready: f.ReadyAt != nil, Declined: f.No}
	if v.To, err = s.colleague(ctx, q, t.Agency, f.To); err != nil {
		return nil, err
	}
	if v.AcceptedBy, err = s.colleague(ctx, q, t.Agency, f.By); err != nil {
		return nil, err
	}
	v.DeclinedBy, err = s.colleague(ctx, q, t.Agency, f.NoBy)
	return v, err
}

// colleague is nil without an id.
func (s *Service) colleague(ctx context.Context, q db.Q, agencyID, id string) (*Colleague, error) {
	if id == "" {
		return nil, nil // as the comment says
	}
	name, err := s.o.Staff.Name(ctx, q, agencyID, id)
	return &Colleague{id, name}, err
}

func (s *Service) transferRoutes(api *edge.API, op func(id, route string) edge.Operation, base string) {
	edge.Handle(api, op("transferTalk", "POST "+base), s.postTransfer)
	edge.Handle(api, op("findTransferDesk", "POST "+base+"/desks"), s.postTransferDesks)
	edge.Handle(api, op("withdrawTransfer", "POST "+base+"/back"), s.postTransferBack)
	edge.Handle(api, op("readyToTransfer", "POST "+base+"/ready"), s.postTransferReady)
	edge.Handle(api, op("acceptTransfer", "POST "+base+"/accept"), s.postTransferAccept)
	edge.Handle(api, op("declineTransfer", "POST "+base+"/decline"), s.postTransferDecline)
	edge.Handle(api, op("enterTransfer", "POST "+base+"/enter"), s.postTransferEnter)
}

type transferInput struct {
	Path
	Body struct {
		Desk string `json:"desk" minLength:"1" maxLength:"64"`
		To   string `json:"to,omitempty" maxLength:"64" doc:"A colleague of the talk's own desk; without: whoever has time."`
		Note string `json:"note,omitempty" maxLength:"300" doc:"For who is asked; the guest never sees it."`
	}
}

func (s *Service) postTransfer(ctx context.Context, in *transferInput) (*viewOutput, error) {
	return s.acted(ctx, func(ctx context.Context, p staff.Person) (Talk, error) {
		if !s.asks.Allow(p.Session()) {
			return Talk{}, edge.NewProblem(http.StatusTooManyRequests, "session.throttled")
		}
		b := in.Body
		return s.request(ctx, p, in.Talk, Transfer{Desk: b.Desk, To: b.To}, vault.Personal(b.Note))
	})
}

func (s *Service) postTransferBack(ctx context.Context, in *bareInput) (*viewOutput, error) {
	return s.acted(ctx, func(ctx context.Context, p staff.Person) (Talk, error) { return s.withdraw(ctx, p, in.Talk) })
}

func (s *Service) postTransferReady(ctx context.Context, in *bareInput) (*viewOutput, error) {
	return s.acted(ctx, func(ctx context.Context, p staff.Person) (Talk, error) { return s.ready(ctx, p, in.Talk) })
}

type transferDesksInput struct {
	Path
	Body struct {
		Text string `json:"text,omitempty" maxLength:"100" doc:"Any part of name or code."`
	}
}

// FoundDesksOutput is an answer with desks.
type FoundDesksOutput struct {
	Body struct {
		Desks []agency.FoundDesk `json:"desks"`
	}
}

// postTransferDesks finds desks of the whole agency, for who leads a talk that may be one of theirs.
func (s *Service) postTransferDesks(ctx context.Context, in *transferDesksInput) (*FoundDesksOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	out := &FoundDesksOutput{}
	err = s.db.Snapshot(ctx, func(q db.Q) error {
		t, err := s.mine(ctx, q, p, in.Talk)
		switch {
		case err != nil:
			return err
		case t.EndedAt != nil:
			return ended()
		case t.Staff != p.ID:
			return s.ledBy(ctx, q, t)
		}
		out.Body.Desks, err = s.o.Agencies.FindDesks(ctx, q, p.Agency, in.Body.Text, t.Desk)
		return err
	})
	return out, problem(err)
}

// AskedBody names the request that was shown: no other is answered. Exported since the routes are read by reflection.
type AskedBody struct {
	At int64 `json:"at" minimum:"0" maximum:"253402300799000"`
}

type transferAskedInput struct {
	Path
	Body AskedBody
}

func (s *Service) postTransferAccept(ctx context.Context, in *transferAskedInput) (*struct{}, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	return nil, problem(s.accept(ctx, p, in.Talk, in.Body.At))
}

type transferDeclineInput struct {
	Path
	Body struct {
		AskedBody
		Why string `json:"why" enum:"busy,wrong,time"`
	}
}

func (s *Service) postTransferDecline(ctx context.Context, in *transferDeclineInput) (*struct{}, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	return nil, problem(s.decline(ctx, p, in.Talk, in.Body.At, in.Body.Why))
}

func (s *Service) postTransferEnter(ctx context.Context, in *transferAskedInput) (*startOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	if !s.joins.Allow(p.Session()) {
		return nil, edge.NewProblem(http.StatusTooManyRequests, "session.throttled")
	}
	t, err := s.goOn(ctx, p, in.Talk, in.Body.At)
	if err != nil {
		return nil, problem(err)
	}
	return s.start(ctx, p, t)
}
