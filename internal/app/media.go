package app

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"visavis/internal/appointment"
	"visavis/internal/config"
	"visavis/internal/db"
	"visavis/internal/relay"
	"visavis/internal/relay/sdp"
	"visavis/internal/talk"
)

// makeRelay opens the relay of this process, or the way to one at the network's edge.
func (p *parts) makeRelay(context.Context) error {
	var err error
	if p.relayKey, err = relayKey(p.c); err != nil {
		return err
	}
	advertise, err := advertised(p.c)
	if err != nil {
		return err
	}
	if p.c.Relay.Mode == "external" {
		return errors.New("relay.mode external is not ready")
	}
	embedded, err := listenRelay(p.c, p.relayKey, p.o)
	if err != nil {
		return err
	}
	p.relay = embedded
	p.background("relay", embedded.Serve)
	p.candidates = candidates(advertise, embedded.UDPAddr().Port(), embedded.TCPAddr().Port())
	return nil
}

func listenRelay(c *config.Config, key relay.Key, o Options) (*relay.Relay, error) {
	r, err := relay.Listen(relay.Options{Key: key, UDP: c.Relay.UDP, TCP: c.Relay.TCP, Log: o.Log})
	if err != nil {
		return nil, fmt.Errorf("relay.udp %s, relay.tcp %s: %w", c.Relay.UDP, c.Relay.TCP, err)
	}
	return r, nil
}

// candidates are the relay's addresses as browsers get them: UDP first, then TCP.
func candidates(advertise []netip.Addr, udp, tcp uint16) []sdp.Candidate {
	var list []sdp.Candidate
	for _, address := range advertise {
		list = append(list, sdp.Candidate{Address: netip.AddrPortFrom(address, udp)})
	}
	for _, address := range advertise {
		list = append(list, sdp.Candidate{TCP: true, Address: netip.AddrPortFrom(address, tcp)})
	}
	return list
}

// summaries shows talks their appointment; talk and appointment do not know each
// other's types.
type summaries struct{ *appointment.Service }

func (s summaries) Summary(ctx context.Context, q db.Q, agency, id string) (talk.Summary, error) {
	n, err := s.Read(ctx, q, agency, id)
	if err != nil {
		return talk.Summary{}, err
	}
	return talk.Summary{
		ID: n.ID, Version: n.Version, StartsAt: db.Ms(n.Starts), EndsAt: db.Ms(n.Ends),
		ServiceName: n.ServiceName.In("de"), DeskName: n.Place.Name, Language: n.Language,
		Citizen: talk.SummaryCitizen{Name: n.Citizen.Name.Reveal(), Phone: n.Citizen.Phone.Reveal()},
	}, nil
}

var _ talk.Appointments = summaries{}
