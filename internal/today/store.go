package today

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"visavis/internal/agency"
	"visavis/internal/appointment"
	"visavis/internal/db"
	"visavis/internal/seat"
	"visavis/internal/staff"
	"visavis/internal/vault"
)

// rowsQuery reads everything a row shows. The person's desks (see store.own), the authorisation, and one of the ends follow;
// $1 is the agency.
const rowsQuery = `
	SELECT a.id, a.version, a.starts_at, a.ends_at, a.status, COALESCE(a.outcome, ''), a.language, a.citizen_sealed,
	       d.id, d.name, v.id, v.name, COALESCE(ad.id, ''), COALESCE(ad.name, ''),
	       s.id, s.state, COALESCE(s.closed_reason, ''), COALESCE(s.door, ''), COALESCE(s.mode, ''),
	       s.opened_at, s.check_failed_at, s.arrived_at, s.away_since, s.hidden_since, s.stay_until, s.asking_hash IS NOT NULL AND NOT s.asking_refused,
	       COALESCE(t.id, ''), COALESCE(h.id, ''), COALESCE(h.name, ''),
	       COALESCE(t.admitted_at, 0), t.ring_until, t.entered_at, t.connected_at, COALESCE(t.alarm_at, 0), COALESCE(c.name, ''),
	       COALESCE(t.pairing, ''), t.staff_away_since,
	       l.admitted_at, l.ended_at,
	       a.mail_state, COALESCE(k.id, ''), k.body_sealed, a.note_sealed, COALESCE(n.id, ''), COALESCE(n.name, ''),
	       COALESCE(s.passed_at, 0), COALESCE(pf.id, ''), COALESCE(pf.name, '')
	FROM appointment a
	JOIN desk d ON d.agency_id = a.agency_id AND d.id = a.desk_id
	JOIN service v ON v.agency_id = a.agency_id AND v.id = a.service_id
	JOIN seat s ON s.agency_id = a.agency_id AND s.appointment_id = a.id AND s.role = 'citizen'
	LEFT JOIN staff ad ON ad.agency_id = a.agency_id AND ad.id = a.advisor_id
	LEFT JOIN staff n ON n.agency_id = a.agency_id AND n.id = a.note_by
	LEFT JOIN staff pf ON pf.agency_id = a.agency_id AND pf.id = s.passed_from
	LEFT JOIN talk t ON t.agency_id = a.agency_id AND t.seat_id = s.id AND t.ended_at IS NULL
	LEFT JOIN staff h ON h.agency_id = a.agency_id AND h.id = t.staff_id
	LEFT JOIN staff c ON c.agency_id = a.agency_id AND c.id = t.alarm_answered_by
	LEFT JOIN talk l ON l.agency_id = a.agency_id AND l.id =
	       (SELECT p.id FROM talk p WHERE p.agency_id = a.agency_id AND p.seat_id = s.id AND p.entered_at IS NOT NULL AND p.ended_at IS NOT NULL
	        ORDER BY p.admitted_at DESC, p.id DESC LIMIT 1)
	LEFT JOIN task k ON k.agency_id = a.agency_id AND k.id =
	       (SELECT c.id FROM task c WHERE c.agency_id = a.agency_id AND c.appointment_id = a.id AND c.kind = 'callback'
	        ORDER BY c.created_at DESC, c.id DESC LIMIT 1)
	WHERE a.agency_id = $1 AND a.desk_id IN `

// rowsOfDay and the others are the ends of rowsQuery. Of the day, who waits or talks comes by itself, and the rest in the
// order in which it is needed: what is to come or has no outcome before what is done with.
const (
	rowsOfDay   = ` AND a.starts_at >= $2 AND a.starts_at < $3`
	rowsPresent = rowsOfDay + ` AND s.state IN ('waiting', 'talking')`
	rowsRest    = rowsOfDay + ` AND s.state NOT IN ('waiting', 'talking')
	ORDER BY CASE WHEN s.state = 'closed' OR a.status <> 'booked' THEN 1 ELSE 0 END, a.starts_at, a.id LIMIT $4`
	rowsOfAppointment = ` AND a.id = $2`
	// The calls for help of other days; few, if any.
	rowsCalled = ` AND (a.starts_at < $2 OR a.starts_at >= $3) AND a.id IN
	(SELECT x.appointment_id FROM talk y JOIN seat x ON x.agency_id = y.agency_id AND x.id = y.seat_id
	 WHERE y.agency_id = $1 AND y.alarm_at IS NOT NULL)`
)

// maxRows bounds a day; a desk has some dozen appointments, a person a few desks, but a reception perhaps a thousand.
const maxRows = 2000

// store reads for one person.
type store struct {
	agencies *agency.Store
	key      *vault.DataKey
	person   staff.Person
	of       string // the one desk whose day is shown, beside all who wait or talk anywhere; empty: all
}

// dayRows are the appointments of a day by their start, and whether there are more than these. Who waits or talks is always
// among them, however many that are.
func (s store) dayRows(ctx context.Context, q db.Q, from, to int64) (list []Row, more bool, err error) {
	present, err := s.rows(ctx, q, rowsPresent, from, to)
	if err != nil {
		return nil, false, err
	}
	room := max(maxRows-len(present), 0)
	rest, err := s.narrowed().rows(ctx, q, rowsRest, from, to, room+1)
	if err != nil {
		return nil, false, err
	}
	more = len(rest) > room
	called, err := s.rows(ctx, q, rowsCalled, from, to)
	if err != nil {
		return nil, false, err
	}
	list = []Row{} // not nil, which would be no list to a page
	for _, part := range [][]Row{called, present, rest[:min(len(rest), room)]} {
		list = append(list, part...)
	}
	slices.SortFunc(list, func(a, b Row) int { return cmp.Or(cmp.Compare(a.StartsAt, b.StartsAt), strings.Compare(a.ID, b.ID)) })
	return list, more, nil
}

// narrowed reads of the one desk whose day is shown.
func (s store) narrowed() store {
	if s.of != "" {
		s.person.Desks = []string{s.of}
	}
	return s
}

// own is the list of the person's desks for a statement with an agency and what else it needs, and all of its arguments. They
// are those of the person at this moment, and not of staff_desk, which still has a role that is just over.
func (s store) own(args ...any) (desks string, all []any) {
	all = append([]any{s.person.Agency}, args...)
	desks, more := db.In(len(all)+1, s.person.Desks)
	return desks, append(all, more...)
}

func (s store) rows(ctx context.Context, q db.Q, end string, args ...any) ([]Row, error) {
	desks, args := s.own(args...)
	found, err := q.QueryContext(ctx, rowsQuery+desks+end, args...)
	if err != nil {
		return nil, fmt.Errorf("read today's rows: %w", err)
	}
	defer func() { _ = found.Close() }() // read only
	list, lasts := []Row{}, []lastTalk{}
	for found.Next() {
		row, last, err := s.scanRow(found)
		if err != nil {
			return nil, fmt.Errorf("read today's rows: %w", err)
		}
		list, lasts = append(list, row), append(lasts, last)
	}
	if err := errors.Join(found.Err(), found.Close()); err != nil {
		return nil, fmt.Errorf("read today's rows: %w", err)
	}
	return list, s.setWindows(ctx, q, list, lasts)
}

// lastTalk is the latest with the guest that both were in and that is over.
type lastTalk struct{ admitted, ended *int64 }

// setWindows says of each row when its waiting room is open, and whether the desk can write to who is there. One service
// at one desk has one answer.
func (s store) setWindows(ctx context.Context, q db.Q, list []Row, lasts []lastTalk) error {
	if len(list) == 0 {
		return nil
	}
	offers := make([]agency.Offer, len(list))
	for i, r := range list {
		offers[i] = agency.Offer{Desk: r.Desk, Service: r.Service}
	}
	known, err := s.agencies.SomeRules(ctx, q, s.person.Agency, offers, agency.OpensEarly, agency.StaysLate, agency.WaitingMessages)
	if err != nil {
		return err
	}
	today := s.agencies.Today()
	for i := range list {
		r, at := &list[i], offers[i]
		r.Seat.OpensAt = r.StartsAt - known[at].Minutes(agency.OpensEarly).Milliseconds()
		r.Seat.ClosesAt = r.EndsAt + known[at].Minutes(agency.StaysLate).Milliseconds()
		r.Seat.MayWrite = known[at].On(agency.WaitingMessages, today)
		r.MayInvite = known[at].On(agency.TalkCompany, today)
		// A talk before an appointment was moved says nothing about its new time.
		if last := lasts[i]; last.admitted != nil && *last.admitted >= r.Seat.OpensAt {
			r.Seat.TalkedUntil = last.ended
		}
	}
	return nil
}

func (s store) scanRow(rows interface{ Scan(...any) error }) (Row, lastTalk, error) {
	var (
		r              Row
		talk           Talk
		advisor        Person
		sealed, number []byte
		note           []byte
		handedBy       Person
		callback       string
		service, state string
		last           lastTalk
		passed         Passed
		alarm          Alarm
		device         string
		away           *int64
	)
	err := rows.Scan(&r.ID, &r.Version, &r.StartsAt, &r.EndsAt, &r.Status, &r.Outcome, &r.Language, &sealed,
		&r.Desk, &r.DeskName, &r.Service, &service, &advisor.ID, &advisor.Name,
		&r.Seat.ID, &r.Seat.State, &r.Seat.ClosedReason, &r.Seat.Door, &r.Seat.Mode,
		&r.Seat.OpenedAt, &r.Seat.CheckFailedAt, &r.Seat.ArrivedAt, &r.Seat.AwaySince, &r.Seat.HiddenSince, &r.Seat.StayUntil, &talk.TakeoverAsked,
		&talk.ID, &talk.Staff.ID, &talk.Staff.Name, &talk.AdmittedAt, &talk.RingUntil, &talk.EnteredAt, &talk.ConnectedAt,
		&alarm.At, &alarm.AnsweredBy, &device, &away,
		&last.admitted, &last.ended, &state, &callback, &number, &note, &handedBy.ID, &handedBy.Name,
		&passed.At, &passed.From.ID, &passed.From.Name)
	if err != nil {
		return r, last, err
	}
	if r.Citizen, err = s.openCitizen(r.ID, sealed); err != nil {
		return r, last, err
	}
	if callback != "" {
		left, err := seat.OpenTask(s.key, s.person.Agency, callback, number)
		if err != nil {
			return r, last, err
		}
		r.Citizen.Callback = Shown(left)
	}
	if r.Handed, err = s.openHanded(r.ID, handedBy, note); err != nil {
		return r, last, err
	}
	// For a service that the page does not have in its own language.
	r.ServiceName = agency.DecodeText(service).In("de")
	if advisor.ID != "" {
		r.Advisor = &advisor
	}
	if alarm.At != 0 {
		talk.Alarm = &alarm
	}
	if device != "" {
		talk.Device, talk.AwaySince = true, away
	}
	if talk.ID != "" {
		r.Talk = &talk
	}
	if passed.At != 0 && r.Seat.State == "waiting" {
		r.Seat.Passed = &passed
	}
	r.Invitation = Invitation{By: "mail", State: state}
	if state == "none" {
		r.Invitation = Invitation{By: "none", State: "none"}
	}
	return r, last, nil
}

const tasksQuery = `
	SELECT k.id, k.desk_id, k.appointment_id, k.kind, k.body_sealed, k.created_at, k.done_at, COALESCE(k.done_by, ''),
	       a.starts_at, a.citizen_sealed
	FROM task k
	JOIN appointment a ON a.agency_id = k.agency_id AND a.id = k.appointment_id
	WHERE k.agency_id = $1 AND k.desk_id IN `

// tasksOpen and taskByID are the ends of tasksQuery.
const (
	tasksOpen = ` AND k.done_at IS NULL ORDER BY k.created_at, k.id LIMIT $2`
	taskByID  = ` AND k.id = $2`
)

// maxTasks bounds the list; who has more open than that has another problem than this page.
const maxTasks = 500

// openTasks are the oldest, and whether there are more than these.
func (s store) openTasks(ctx context.Context, q db.Q) (list []Task, more bool, err error) {
	list, err = s.narrowed().tasks(ctx, q, tasksOpen, maxTasks+1)
	return list[:min(len(list), maxTasks)], len(list) > maxTasks, err
}

func (s store) tasks(ctx context.Context, q db.Q, end string, args ...any) ([]Task, error) {
	desks, args := s.own(args...)
	found, err := q.QueryContext(ctx, tasksQuery+desks+end, args...)
	if err != nil {
		return nil, fmt.Errorf("read tasks: %w", err)
	}
	defer func() { _ = found.Close() }() // read only
	list := []Task{}
	for found.Next() {
		var t Task
		var body, citizen []byte
		if err := found.Scan(&t.ID, &t.Desk, &t.Appointment, &t.Kind, &body, &t.CreatedAt, &t.DoneAt, &t.DoneBy, &t.StartsAt, &citizen); err != nil {
			return nil, fmt.Errorf("read tasks: %w", err)
		}
		who, err := s.openCitizen(t.Appointment, citizen)
		if err != nil {
			return nil, err
		}
		t.CitizenName, t.Email = who.Name, who.Email
		phone, err := seat.OpenTask(s.key, s.person.Agency, t.ID, body)
		if err != nil {
			return nil, err
		}
		t.Phone = cmp.Or(Shown(phone), who.Phone) // the one left for this call, else the one that was booked with
		list = append(list, t)
	}
	return list, found.Err()
}

func (s store) openCitizen(id string, sealed []byte) (Citizen, error) {
	c, err := appointment.OpenCitizen(s.key, s.person.Agency, id, sealed)
	return Citizen{Name: Shown(c.Name), Email: Shown(c.Email), Phone: Shown(c.Phone)}, err
}

// openHanded is nil where nobody has handed the appointment over.
func (s store) openHanded(id string, by Person, sealed []byte) (*Handed, error) {
	if by.ID == "" {
		return nil, nil // as the comment says
	}
	note, err := appointment.OpenNote(s.key, s.person.Agency, id, sealed)
	return &Handed{By: by, Note: Shown(note)}, err
}

// finish marks a task as done; doing it again changes nothing.
func (s store) finish(ctx context.Context, tx *db.Tx, task string, now time.Time) (changed bool, err error) {
	desks, args := s.own(db.Ms(now), s.person.ID, task)
	result, err := tx.ExecContext(ctx, `
		UPDATE task SET done_at = $2, done_by = $3
		WHERE agency_id = $1 AND id = $4 AND done_at IS NULL AND desk_id IN `+desks, args...)
	if err := db.Affected(result, err); errors.Is(err, db.ErrConflict) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("finish task: %w", err)
	}
	return true, nil
}
