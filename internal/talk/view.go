package talk

import (
	"context"

	"visavis/internal/db"
)

// Colleague names a member of staff.
type Colleague struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// View is a talk as staff see it (docs/protocol.md §2).
type View struct {
	ID             string    `json:"id"`
	Seat           string    `json:"seat"`
	Generation     int64     `json:"generation"`
	Staff          Colleague `json:"staff"`
	Appointment    Summary   `json:"appointment"`
	AdmittedAt     int64     `json:"admittedAt"`
	RingUntil      *int64    `json:"ringUntil,omitempty"`
	EnteredAt      *int64    `json:"enteredAt,omitempty"`
	ConnectedAt    *int64    `json:"connectedAt,omitempty"`
	EndedAt        *int64    `json:"endedAt,omitempty"`
	TakeoverAsked  bool      `json:"takeoverAsked"`
	GuestMode      string    `json:"guestMode"`
	GuestReachable bool      `json:"guestReachable"`
	HeadsUpMs      int64     `json:"headsUpMs"`
	Now            int64     `json:"now"`
}

func (s *Service) view(ctx context.Context, q db.Q, t Talk) (View, error) {
	x, err := s.o.Seats.ByID(ctx, q, t.Agency, t.Seat)
	if err != nil {
		return View{}, err
	}
	summary, err := s.o.Appointments.Summary(ctx, q, t.Agency, x.Appointment)
	if err != nil {
		return View{}, err
	}
	name, err := s.o.Staff.Name(ctx, q, t.Agency, t.Staff)
	if err != nil {
		return View{}, err
	}
	return View{
		ID: t.ID, Seat: t.Seat, Generation: t.Generation, Staff: Colleague{t.Staff, name}, Appointment: summary,
		AdmittedAt: db.Ms(t.AdmittedAt), RingUntil: db.MsPtr(t.RingUntil), EnteredAt: db.MsPtr(t.EnteredAt),
		ConnectedAt: db.MsPtr(t.ConnectedAt), EndedAt: db.MsPtr(t.EndedAt), TakeoverAsked: x.TakeoverAsked(),
		GuestMode: string(x.Mode), GuestReachable: x.AwaySince == nil, HeadsUpMs: s.o.HeadsUp.Milliseconds(), Now: db.Ms(s.o.Clock()),
	}, nil
}
