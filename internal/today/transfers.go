package today

import (
	"context"
	"fmt"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/talk"
)

// Transfer is a talk that this person, or a desk of theirs, is asked to go on with. Of a talk at a desk of others it says
// no more than they were told.
type Transfer struct {
	Talk        string `json:"talk"`
	Seat        string `json:"seat"`
	At          int64  `json:"at"`
	From        Person `json:"from"`
	FromDesk    string `json:"fromDesk" doc:"The name of the talk's desk."`
	Desk        string `json:"desk" doc:"Which is asked."`
	DeskName    string `json:"deskName"`
	Service     string `json:"service"`
	ServiceName string `json:"serviceName"`
	CitizenName Shown  `json:"citizenName,omitempty" doc:"Only to who works at the talk's desk."`
	Note        Shown  `json:"note,omitempty"`
	Mine        bool   `json:"mine,omitempty" doc:"Nobody else is asked."`
	Accepted    bool   `json:"accepted,omitempty" doc:"This person has accepted."`
	Ready       bool   `json:"ready,omitempty" doc:"Good-bye is said."`
}

// maxTransfers bounds the list; a desk has hardly one at a time.
const maxTransfers = 50

// transfers are those that are open, or that the person has accepted, the oldest first.
func (s store) transfers(ctx context.Context, q db.Q) ([]Transfer, error) {
	desks, args := s.own(s.person.ID, maxTransfers)
	found, err := q.QueryContext(ctx, `
		SELECT t.id, t.seat_id, t.transfer_at, t.transfer_sealed, t.transfer_to IS NOT NULL, t.transfer_by IS NOT NULL, t.transfer_ready_at IS NOT NULL,
		       h.id, h.name, t.desk_id, f.name, d.id, d.name, v.id, v.name, a.id, a.citizen_sealed
		FROM talk t
		JOIN seat x ON x.agency_id = t.agency_id AND x.id = t.seat_id
		JOIN appointment a ON a.agency_id = t.agency_id AND a.id = x.appointment_id
		JOIN service v ON v.agency_id = t.agency_id AND v.id = a.service_id
		JOIN staff h ON h.agency_id = t.agency_id AND h.id = t.staff_id
		JOIN desk f ON f.agency_id = t.agency_id AND f.id = t.desk_id
		JOIN desk d ON d.agency_id = t.agency_id AND d.id = t.transfer_desk
		WHERE t.agency_id = $1 AND t.transfer_at IS NOT NULL AND t.transfer_no IS NULL AND t.staff_id <> $2
		  AND COALESCE(t.transfer_to, $2) = $2 AND COALESCE(t.transfer_by, $2) = $2 AND t.transfer_desk IN `+desks+`
		ORDER BY t.transfer_at, t.id LIMIT $3`, args...)
	if err != nil {
		return nil, fmt.Errorf("read transfers: %w", err)
	}
	defer func() { _ = found.Close() }() // read only
	list := []Transfer{}
	for found.Next() {
		var t Transfer
		var note, citizen []byte
		var desk, service, appointment string
		if err := found.Scan(&t.Talk, &t.Seat, &t.At, &note, &t.Mine, &t.Accepted, &t.Ready, &t.From.ID, &t.From.Name,
			&desk, &t.FromDesk, &t.Desk, &t.DeskName, &t.Service, &service, &appointment, &citizen); err != nil {
			return nil, fmt.Errorf("read transfers: %w", err)
		}
		t.ServiceName = agency.DecodeText(service).In("de")
		said, err := talk.OpenNote(s.key, s.person.Agency, t.Talk, note)
		if err != nil {
			return nil, err
		}
		t.Note = Shown(said)
		if s.person.MayDesk(desk) {
			who, err := s.openCitizen(appointment, citizen)
			if err != nil {
				return nil, err
			}
			t.CitizenName = who.Name
		}
		list = append(list, t)
	}
	return list, found.Err()
}
