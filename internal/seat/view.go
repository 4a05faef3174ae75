package seat

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/edge"
)

// TalkView is what a guest sees of the live talk.
type TalkView struct {
	ID         string `json:"id"`
	Generation int64  `json:"generation"`
	StaffName  string `json:"staffName"`
	AdmittedAt int64  `json:"admittedAt"`
	RingUntil  *int64 `json:"ringUntil,omitempty"`
	EnteredAt  *int64 `json:"enteredAt,omitempty"`
	HeadsUpMs  int64  `json:"headsUpMs"`
	StaffHere  bool   `json:"staffHere"`
	// Lead names who leads the talk without telling anything of them; those of one name are not taken for each other.
	Lead string `json:"lead"`
	// NextName is who goes on with the talk in a moment.
	NextName string `json:"nextName,omitempty"`
	// Features are what is switched on in this talk.
	Features []string `json:"features" enum:"chat,screen,files,document,form,company,scan"`
}

// GuestView is a seat as its guest sees it (docs/protocol.md §1).
type GuestView struct {
	Seat         string        `json:"seat"`
	Role         Role          `json:"role,omitempty" enum:"companion,representative,interpreter" doc:"Of who accompanies the citizen."`
	Agency       agency.Public `json:"agency"`
	Department   string        `json:"department"`
	Location     string        `json:"location"`
	State        State         `json:"state"`
	ClosedReason string        `json:"closedReason,omitempty"`
	Language     string        `json:"language"`
	StartsAt     int64         `json:"startsAt"`
	EndsAt       int64         `json:"endsAt"`
	OpensAt      int64         `json:"opensAt"`
	ClosesAt     int64         `json:"closesAt"`
	Advisor      string        `json:"advisor,omitempty"`
	Here         bool          `json:"here"`
	Elsewhere    bool          `json:"elsewhere"`
	Takeover     string        `json:"takeover"`
	Locked       bool          `json:"locked,omitempty" doc:"Neither this nor another device may ask for the talk."`
	Mode         Mode          `json:"mode,omitempty"`
	ArrivedAt    *int64        `json:"arrivedAt,omitempty"`
	Wait         *Wait         `json:"wait,omitempty"`
	StayUntil    *int64        `json:"stayUntil,omitempty"`
	PassedAt     *int64        `json:"passedAt,omitempty" doc:"Since when somebody else is to take the interrupted talk up."`
	CallbackAt   *int64        `json:"callbackAt,omitempty"`
	MoveAskedAt  *int64        `json:"moveAskedAt,omitempty"`
	Callable     string        `json:"callable,omitempty" doc:"In a talk: the last digits of the number that is known; only to the browser that has the seat."`
	Messages     []Message     `json:"messages,omitempty"`
	Legal        LegalView     `json:"legal"`
	Doors        []string      `json:"doors"`
	Barred       string        `json:"barred,omitempty" enum:"door,consent" doc:"Why the guest does not get in by video."`
	Welcome      agency.Text   `json:"welcome,omitempty" doc:"By language."`
	Talk         *TalkView     `json:"talk,omitempty"`
	Next         *Next         `json:"next,omitempty" doc:"What was booked at the end of this one; only to the browser that had the seat then."`
	Now          int64         `json:"now"`
}

// Next is an appointment that was booked at the end of another.
type Next struct {
	StartsAt int64  `json:"startsAt"`
	Mail     bool   `json:"mail" doc:"The invitation comes by e-mail."`
	Link     string `json:"link,omitempty" doc:"Where none does."`
}

// next is what was booked at the end of a seat's appointment last.
func (s *Service) next(ctx context.Context, q db.Q, x Seat) (*Next, error) {
	var id, state string
	n := &Next{}
	err := q.QueryRowContext(ctx, `
		SELECT id, starts_at, mail_state FROM appointment
		WHERE agency_id = $1 AND follows = $2 AND status = 'booked' ORDER BY created_at DESC, id LIMIT 1`, x.Agency, x.Appointment).
		Scan(&id, &n.StartsAt, &state)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil // as it says: there is none
	}
	if err != nil {
		return nil, fmt.Errorf("read next appointment: %w", err)
	}
	if n.Mail = state != "none"; n.Mail {
		return n, nil
	}
	n.Link, err = s.linkIn(ctx, q, x.Agency, id)
	return n, err
}

// surroundings are what the view shows besides the seat.
type surroundings struct {
	advisorID, advisor, department, location, language string
	callbackAt, moveAskedAt                            *int64
}

func readSurroundings(ctx context.Context, q db.Q, x Seat) (surroundings, error) {
	var u surroundings
	err := q.QueryRowContext(ctx, `
		SELECT COALESCE(staff.id, ''), COALESCE(staff.name, ''), department.name, location.name, appointment.language
		FROM appointment
		JOIN desk ON desk.id = appointment.desk_id AND desk.agency_id = appointment.agency_id
		JOIN department ON department.id = desk.department_id AND department.agency_id = desk.agency_id
		JOIN location ON location.id = desk.location_id AND location.agency_id = desk.agency_id
		LEFT JOIN staff ON staff.id = appointment.advisor_id AND staff.agency_id = appointment.agency_id
		WHERE appointment.agency_id = $1 AND appointment.id = $2`, x.Agency, x.Appointment).
		Scan(&u.advisorID, &u.advisor, &u.department, &u.location, &u.language)
	if err != nil {
		return u, fmt.Errorf("read appointment of seat: %w", err)
	}
	err = q.QueryRowContext(ctx, `
		SELECT MAX(CASE WHEN kind = 'callback' THEN created_at END), MAX(CASE WHEN kind = 'move' THEN created_at END)
		FROM task WHERE agency_id = $1 AND appointment_id = $2 AND done_at IS NULL`, x.Agency, x.Appointment).
		Scan(&u.callbackAt, &u.moveAskedAt)
	if err != nil {
		return u, fmt.Errorf("read tasks of seat: %w", err)
	}
	return u, nil
}

// view shows a seat to a browser and, where the call named one, a page in it.
func (s *Service) view(ctx context.Context, q db.Q, x Seat, who Holder) (GuestView, error) {
	w, rules, err := s.policy(ctx, q, x)
	if err != nil {
		return GuestView{}, err
	}
	u, err := readSurroundings(ctx, q, x)
	if err != nil {
		return GuestView{}, err
	}
	a, err := s.o.Agencies.In(ctx, q, x.Agency)
	if err != nil {
		return GuestView{}, err
	}
	now := s.o.Clock()
	language := rules.Language(cmp.Or(x.Language, u.language))
	v := GuestView{
		Seat: x.ID, Agency: a.Public(rules), Department: u.department, Location: u.location,
		State: x.State, ClosedReason: x.ClosedReason, Language: language, Advisor: u.advisor,
		StartsAt: db.Ms(w.Starts), EndsAt: db.Ms(w.Ends), OpensAt: db.Ms(w.Opens), ClosesAt: db.Ms(w.Closes),
		Takeover: takeoverOf(x, who), Mode: x.Mode, ArrivedAt: db.MsPtr(x.ArrivedAt),
		Doors: w.Doors, Barred: w.bars(x), Welcome: rules.Text(agency.Welcome),
		Legal:      legalView(s.o.Agencies.Legal(rules), x),
		CallbackAt: u.callbackAt, MoveAskedAt: u.moveAskedAt, Now: db.Ms(now),
	}
	if v.Agency.Logo != nil { // the agency's own name stands below it
		v.Agency.Logo.Alt = map[agency.Kind]string{agency.OfDepartment: u.department, agency.OfLocation: u.location}[rules[agency.OwnLogo].Kind]
	}
	if x.Role != Citizen {
		v.Role, v.CallbackAt, v.MoveAskedAt = x.Role, nil, nil
		v.Doors = slices.DeleteFunc(slices.Clone(v.Doors), func(door string) bool { return door != agency.ByLink })
	}
	mine := x.Holder.Browser != "" && x.Holder.Browser == who.Browser
	v.Here = mine && (who.Page == "" || who.Page == x.Holder.Page)
	v.Elsewhere = x.Holder.Browser != "" && !mine
	v.Locked = x.Locked && v.Elsewhere
	if x.State == Closed && mine && x.Role == Citizen {
		if v.Next, err = s.next(ctx, q, x); err != nil {
			return v, err
		}
	}
	if x.State == Talking {
		if v.Talk, err = s.talks.View(ctx, q, x); err != nil {
			return v, err
		}
		if v.Callable, err = s.callable(ctx, q, x, w, who.Browser); err != nil {
			return v, err
		}
	}
	if x.State == Waiting {
		v.PassedAt = db.MsPtr(x.PassedAt)
		if v.Wait, err = s.wait(ctx, q, x, u.advisorID, w.Starts, now); err != nil {
			return v, err
		}
	}
	if x.State == Waiting && v.Here {
		v.StayUntil = db.MsPtr(x.StayUntil)
		v.Messages, err = s.messages(ctx, q, x)
	}
	return v, err
}

func takeoverOf(x Seat, who Holder) string {
	if x.Asking == (Holder{}) || x.Asking.Browser != who.Browser || (who.Page != "" && who.Page != x.Asking.Page) {
		return "none"
	}
	if x.AskRefused {
		return "refused"
	}
	return "asked"
}

// access finds a seat for a caller whose browser may see it, and notes what the seat knows the browser by.
func (s *Service) access(ctx context.Context, c *Caller) (Seat, error) {
	a, err := s.o.Agencies.BySlug(ctx, c.Slug)
	if errors.Is(err, agency.ErrNotFound) || c.token == "" {
		return Seat{}, ErrNotFound
	}
	if err != nil {
		return Seat{}, err
	}
	x, err := byID(ctx, s.db.Read(), a.ID, c.Seat)
	if err != nil {
		return x, err
	}
	c.browser = s.browserAt(x, c.token)
	shown, err := shownBy(ctx, s.db.Read(), x.Agency, x.ID, c.browser)
	switch {
	case err != nil:
		return x, err
	case shown == 0:
		return x, ErrNotFound
	case !s.byBrowser.Allow(x.Agency + "/" + x.ID + "/" + c.browser): // only now: strangers must not push it out
		return x, throttled()
	case shown != x.LinkVersion:
		return x, edge.NewProblem(http.StatusGone, "link.moved")
	}
	return x, nil
}
