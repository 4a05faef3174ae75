package talk

import (
	"context"
	"encoding/hex"
	"strconv"

	"visavis/internal/relay"
	"visavis/internal/relay/turn"
	"visavis/internal/seat"
	"visavis/internal/staff"
	"visavis/internal/vault"
)

// iceServers lead to the relay through the port of HTTPS. Pages ask for them only when nothing else leads there: they
// are made anew each time and live for minutes. What they let begin counts against who has the side: whoever had it before,
// and has let a talk be taken over, keeps no place that the next one needs.
func (s *Service) iceServers(media [8]byte, side relay.Side, who string) []turn.ICEServer {
	if s.o.Detour == nil {
		return []turn.ICEServer{}
	}
	return []turn.ICEServer{s.o.Detour.Issue(detourName(media, side)+"."+anonymous(media, who), turn.Life)}
}

// testServers are the same for a test of the network, and end with it.
func (s *Service) testServers(leg relay.Leg) []turn.ICEServer {
	if s.o.Detour == nil {
		return []turn.ICEServer{}
	}
	return []turn.ICEServer{s.o.Detour.IssueBrief(detourName(leg.Talk, leg.Side), leg.Expires.Sub(s.o.Clock()))}
}

func detourName(media [8]byte, side relay.Side) string {
	return hex.EncodeToString(media[:]) + "." + strconv.Itoa(int(side))
}

// anonymous tells people of one talk apart, and nothing else.
func anonymous(media [8]byte, who string) string {
	return hex.EncodeToString(vault.Hash(hex.EncodeToString(media[:]) + " " + who)[:8])
}

type detourOutput struct {
	Body struct {
		ICEServers []turn.ICEServer `json:"iceServers"`
	}
}

func (s *Service) postDetour(ctx context.Context, in *bareInput) (*detourOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	t, err := s.led(ctx, s.db.Read(), p, in.Talk)
	if err == nil && t.Pairing != p.Pairing() {
		err = outOfOrder()
	}
	if err == nil && t.EndedAt != nil {
		err = ended()
	}
	if err != nil {
		return nil, problem(err)
	}
	out := &detourOutput{}
	out.Body.ICEServers = s.iceServers(t.Media, relay.SideStaff, t.Staff)
	return out, nil
}

type guestDetourInput struct {
	seat.Caller
	Body struct {
		Page string `json:"page" minLength:"8" maxLength:"64"`
	}
}

// postGuestDetour answers only the page of a guest who has been admitted.
func (s *Service) postGuestDetour(ctx context.Context, in *guestDetourInput) (*detourOutput, error) {
	x, err := s.o.Seats.Held(ctx, in.Caller, in.Body.Page)
	if err != nil {
		return nil, problem(err)
	}
	t, err := live(ctx, s.db.Read(), x.Agency, x.ID)
	if err != nil {
		return nil, problem(err)
	}
	out := &detourOutput{}
	out.Body.ICEServers = s.iceServers(t.Media, relay.SideGuest, x.Holder.Browser)
	return out, nil
}
