package auditlog

import (
	"context"
	"time"

	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/staff"
)

// checkTime is enough for some million entries.
const checkTime = 90 * time.Second

// Whole is what the chain of an agency is like.
type Whole struct {
	Entries int64   `json:"entries"`
	First   int64   `json:"first,omitempty" doc:"Number of the oldest entry that is kept."`
	Since   int64   `json:"since,omitempty" doc:"When that was written: from then on everything is there."`
	Head    string  `json:"head,omitempty" doc:"Kept elsewhere it proves later that nothing up to it was taken away."`
	Faults  []Fault `json:"faults" doc:"The first of them; none: nothing was changed, taken out or put in."`
	At      int64   `json:"at" doc:"When it was looked at."`
}

// Fault is something that is wrong with the chain, and with which entry.
type Fault struct {
	What   string `json:"what"`
	Number int64  `json:"number"`
	To     int64  `json:"to,omitempty" doc:"Of entries that are missing: the last."`
}

type wholeOutput struct{ Body Whole }

// check looks at each entry, which takes seconds where there are very many: as few at a time as exports.
func (s *Service) check(ctx context.Context, _ *struct{}) (*wholeOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	if err := reader(p); err != nil {
		return nil, err
	}
	end, err := s.begin(p.Agency)
	if err != nil {
		return nil, err
	}
	defer end()
	r, err := s.o.Audit.Verify(ctx, p.Agency, nil)
	if err != nil {
		return nil, err
	}
	out := Whole{Entries: r.Entries, First: r.First, Faults: []Fault{}, At: db.Ms(s.o.Clock())}
	if r.Entries > 0 {
		out.Since, out.Head = db.Ms(r.Since), r.Head.String()
	}
	for _, f := range r.Faults {
		out.Faults = append(out.Faults, Fault{What: string(f.What), Number: f.Seq, To: f.To})
	}
	return &wholeOutput{out}, nil
}

type actsOutput struct {
	Body struct {
		Acts []audit.Act `json:"acts"`
	}
}

// acts are all kinds that can be looked for.
func (s *Service) acts(ctx context.Context, _ *struct{}) (*actsOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	out := &actsOutput{}
	out.Body.Acts = audit.Acts()
	return out, reader(p)
}

type peopleInput struct {
	Body struct {
		Text string `json:"text,omitempty" maxLength:"100" doc:"Any part of name or e-mail."`
	}
}

type peopleOutput struct {
	Body struct {
		People []staff.Found `json:"people"`
	}
}

// people finds whom somebody may look for, also who has left: to find a name says nothing of what the person did.
func (s *Service) people(ctx context.Context, in *peopleInput) (*peopleOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	if err := reader(p); err != nil {
		return nil, err
	}
	out := &peopleOutput{}
	out.Body.People, err = s.o.Staff.Find(ctx, s.o.DB.Read(), staff.Look{Agency: p.Agency, Text: in.Body.Text, Left: true})
	return out, err
}
