package talk

import (
	"cmp"
	"context"

	"visavis/internal/agency"
	"visavis/internal/appointment"
	"visavis/internal/db"
	"visavis/internal/vault"
)

// Colleague names a member of staff.
type Colleague struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Summary is what the talk's window shows of the appointment.
type Summary struct {
	ID          string         `json:"id"`
	Version     int64          `json:"version"`
	StartsAt    int64          `json:"startsAt"`
	EndsAt      int64          `json:"endsAt"`
	Service     string         `json:"service"`
	ServiceName string         `json:"serviceName"`
	Desk        string         `json:"desk"`
	DeskName    string         `json:"deskName"`
	Language    string         `json:"language"`
	Citizen     SummaryCitizen `json:"citizen"`
}

// SummaryCitizen is who sits on the other side.
type SummaryCitizen struct {
	Name  string `json:"name"`
	Phone string `json:"phone,omitempty"`
}

// summary opens the citizen's fields. A number that the guest has left for this appointment is better than the one that
// was booked with.
func summary(n appointment.Names, callback vault.Personal) Summary {
	return Summary{
		ID: n.ID, Version: n.Version, StartsAt: db.Ms(n.Starts), EndsAt: db.Ms(n.Ends),
		Service: n.Service, ServiceName: n.ServiceName.In("de"), Desk: n.Desk, DeskName: n.Place.Name, Language: n.Language,
		Citizen: SummaryCitizen{Name: n.Citizen.Name.Reveal(), Phone: cmp.Or(callback, n.Citizen.Phone).Reveal()},
	}
}

// View is a talk as staff see it (docs/protocol.md §2).
type View struct {
	ID             string        `json:"id"`
	Seat           string        `json:"seat"`
	Generation     int64         `json:"generation"`
	Staff          Colleague     `json:"staff"`
	Appointment    Summary       `json:"appointment"`
	AdmittedAt     int64         `json:"admittedAt"`
	RingUntil      *int64        `json:"ringUntil,omitempty"`
	EnteredAt      *int64        `json:"enteredAt,omitempty"`
	ConnectedAt    *int64        `json:"connectedAt,omitempty"`
	EndedAt        *int64        `json:"endedAt,omitempty"`
	Takeover       string        `json:"takeover,omitempty" doc:"Names the device that asks to take over."`
	Locked         bool          `json:"locked,omitempty" doc:"No other device may ask for the talk."`
	GuestMode      string        `json:"guestMode"`
	GuestReachable bool          `json:"guestReachable"`
	GuestAwaySince *int64        `json:"guestAwaySince,omitempty"`
	CallAskedAt    *int64        `json:"callAskedAt,omitempty" doc:"In this talk the guest has asked to be called instead; nobody has yet."`
	HeadsUpMs      int64         `json:"headsUpMs"`
	Features       []string      `json:"features" enum:"chat,screen,files,document,form,company,scan" doc:"Switched on in this talk."`
	Device         bool          `json:"device,omitempty" doc:"Sound and picture run on a device that is paired with the session of who leads it."`
	CodeRequired   bool          `json:"codeRequired" doc:"Who leads the talk is to compare the safety code."`
	Alarm          *AlarmView    `json:"alarm,omitempty" doc:"Who leads the talk has called for help."`
	Transfer       *TransferView `json:"transfer,omitempty" doc:"Who is asked to go on with the talk."`
	Beside         string        `json:"beside,omitempty" doc:"The talk with the citizen whom this guest accompanies."`
	Company        []CompanyView `json:"company,omitempty" doc:"Who accompanies the citizen."`
	Now            int64         `json:"now"`
}

func (s *Service) view(ctx context.Context, q db.Q, t Talk) (View, error) {
	x, err := s.o.Seats.ByID(ctx, q, t.Agency, t.Seat)
	if err != nil {
		return View{}, err
	}
	n, err := s.o.Appointments.Read(ctx, q, t.Agency, x.Appointment)
	if err != nil {
		return View{}, err
	}
	callback, err := s.o.Seats.CallbackNumber(ctx, q, x)
	if err != nil {
		return View{}, err
	}
	asked, err := s.o.Seats.CallAsked(ctx, q, x)
	if err != nil {
		return View{}, err
	}
	if asked != nil && *asked < db.Ms(t.AdmittedAt) { // before the talk, which has come about all the same
		asked = nil
	}
	name, err := s.o.Staff.Name(ctx, q, t.Agency, t.Staff)
	if err != nil {
		return View{}, err
	}
	rules, err := s.o.Agencies.RulesOf(ctx, q, t.Agency, n.Desk, n.Service)
	if err != nil {
		return View{}, err
	}
	alarm, err := s.alarmView(ctx, q, t)
	if err != nil {
		return View{}, err
	}
	transfer, err := s.transferView(ctx, q, t)
	if err != nil {
		return View{}, err
	}
	company, err := s.companyView(ctx, q, t, n.ID)
	if err != nil {
		return View{}, err
	}
	return View{
		Beside: t.Beside, Company: company,
		ID: t.ID, Seat: t.Seat, Generation: t.Generation, Staff: Colleague{t.Staff, name}, Appointment: summary(n, callback),
		AdmittedAt: db.Ms(t.AdmittedAt), RingUntil: db.MsPtr(t.RingUntil), EnteredAt: db.MsPtr(t.EnteredAt),
		ConnectedAt: db.MsPtr(t.ConnectedAt), EndedAt: db.MsPtr(t.EndedAt), Takeover: x.Ask(), Locked: x.Locked,
		GuestMode: string(x.Mode), GuestReachable: x.AwaySince == nil, GuestAwaySince: db.MsPtr(x.AwaySince), CallAskedAt: asked,
		Device: t.Pairing != "", Features: t.Features, Alarm: alarm, Transfer: transfer,
		CodeRequired: rules.Line(agency.CodeCompared) == agency.Required,
		HeadsUpMs:    s.o.HeadsUp.Milliseconds(), Now: db.Ms(s.o.Clock()),
	}, nil
}
