package talk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/relay"
	"visavis/internal/relay/sdp"
	"visavis/internal/seat"
)

// Two guests of one talk are connected with each other, too, through the relay, and as blindly. Their pages get each other's
// descriptions through the advisor's page, which is connected with both: so nobody in between, this server included, can
// put another certificate into them. The server only says where the relay is, and keeps nothing: the name that the relay
// has for a pair follows from the two talks.

type pairInput struct {
	seat.Caller
	Body struct {
		Page  string `json:"page" minLength:"8" maxLength:"64"`
		With  string `json:"with" maxLength:"64" doc:"The talk of the other guest."`
		Round int64  `json:"round" minimum:"1" maximum:"4294967295" doc:"Rises with each connection of the two."`
		SDP   string `json:"sdp" maxLength:"65536" doc:"As this page's browser has written it."`
	}
}

type pairOutput struct {
	Body struct {
		SDP string `json:"sdp" doc:"For the other page, which gets it through the advisor's."`
	}
}

// postPair makes a guest's description ready for the page of another one in the same talk.
func (s *Service) postPair(ctx context.Context, in *pairInput) (*pairOutput, error) {
	x, err := s.o.Seats.Held(ctx, in.Caller, in.Body.Page)
	if err != nil {
		return nil, problem(err)
	}
	if !s.pairs.Allow(x.Agency + "/" + x.ID) {
		return nil, edge.NewProblem(http.StatusTooManyRequests, "link.throttled")
	}
	mine, err := live(ctx, s.db.Read(), x.Agency, x.ID)
	if err != nil {
		return nil, problem(err)
	}
	other, err := sibling(ctx, s.db.Read(), mine, in.Body.With)
	if err != nil {
		return nil, problem(err)
	}
	from := s.pairLeg(mine, other, uint32(in.Body.Round))
	to := from
	to.Side = relay.SideGuest + relay.SideStaff - from.Side
	ufrag, pwd := s.o.RelayKey.Credentials(to)
	out := &pairOutput{}
	var found sdp.Description
	if out.Body.SDP, found, err = sdp.Rewrite(in.Body.SDP, sdp.Leg{Ufrag: ufrag, Pwd: pwd, Candidates: s.o.Candidates()}); err != nil {
		return nil, badDescription()
	}
	own, _ := s.o.RelayKey.Credentials(from)
	if err := s.o.Relay.Introduce(own, found.Ufrag, found.Pwd); err != nil {
		return nil, edge.NewProblem(http.StatusServiceUnavailable, "unavailable")
	}
	return out, nil
}

// sibling finds another live talk of the same company.
func sibling(ctx context.Context, q db.Q, mine Talk, id string) (Talk, error) {
	other, err := byID(ctx, q, mine.Agency, id)
	if err == nil && (other.ID == mine.ID || other.EndedAt != nil || other.main() != mine.main()) {
		err = ErrNotFound
	}
	return other, err
}

// main is the talk with the citizen.
func (t Talk) main() string {
	if t.Beside != "" {
		return t.Beside
	}
	return t.ID
}

// pairLeg is the first one's end of the connection of two guests. The one whose talk has the lower id takes the guest's
// side at the relay.
func (s *Service) pairLeg(mine, other Talk, round uint32) relay.Leg {
	leg := relay.Leg{Side: relay.SideGuest, Generation: round, Talk: s.pairName(mine.mediaHex(), other.mediaHex())}
	if other.ID < mine.ID {
		leg.Side = relay.SideStaff
	}
	begun := mine.AdmittedAt
	if other.AdmittedAt.After(begun) {
		begun = other.AdmittedAt
	}
	leg.Expires = begun.Add(legTime).Truncate(time.Second)
	return leg
}

// pairName is what the relay calls the connection of two guests: in whatever order, and unlike anything else.
func (s *Service) pairName(a, b string) (name [8]byte) {
	if b < a {
		a, b = b, a
	}
	copy(name[:], s.o.Ring.Derive("talk pair", a, b))
	return name
}

// endPairs takes the connections of a guest with all others of the company from the relay.
func (s *Service) endPairs(ctx context.Context, tx *db.Tx, t Talk) error {
	others, err := db.Texts(tx.QueryContext(ctx, `
		SELECT media_id FROM talk WHERE agency_id = $1 AND (id = $2 OR beside = $2) AND id <> $3`, t.Agency, t.main(), t.ID))
	if err != nil {
		return fmt.Errorf("list company: %w", err)
	}
	tx.AfterCommit(func() {
		var failed error
		for _, other := range others {
			failed = errors.Join(failed, s.o.Relay.Revoke(s.pairName(t.mediaHex(), other)))
		}
		if failed != nil {
			s.o.Log.WarnContext(ctx, "relay did not end the connections of a guest", "error", failed)
		}
	})
	return nil
}
