package app

import (
	"context"
	"net/netip"

	"visavis/internal/health"
	"visavis/internal/relay/control"
	"visavis/internal/relay/sdp"
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
		return p.connectRelay(advertise)
	}
	embedded, err := listenRelay(p.c, p.relayKey, p.o)
	if err != nil {
		return err
	}
	p.relay = embedded
	p.closers = append(p.closers, func() error { embedded.Close(); return nil })
	p.background("relay", embedded.Serve)
	p.candidates = candidates(advertise, embedded.UDPAddr().Port(), embedded.TCPAddr().Port())
	return nil
}

// connectRelay finds the relay when it is there: a server without one serves all but talks.
func (p *parts) connectRelay(advertise advertisement) error {
	udp, tcp, err := p.c.Relay.Ports()
	if err != nil {
		return err
	}
	client, err := control.NewClient(control.ClientOptions{Key: p.relayKey, Address: p.c.Relay.Control, Log: p.o.Log})
	if err != nil {
		return err
	}
	p.relay = client
	p.background("relay", client.Run)
	p.candidates = candidates(advertise, udp, tcp)
	return nil
}

// candidates are the relay's addresses as browsers get them: UDP first, then TCP.
func candidates(advertise advertisement, udp, tcp uint16) []sdp.Candidate {
	var list []sdp.Candidate
	for _, address := range advertise.udp {
		list = append(list, sdp.Candidate{Address: netip.AddrPortFrom(address, udp)})
	}
	for _, address := range advertise.tcp {
		list = append(list, sdp.Candidate{TCP: true, Address: netip.AddrPortFrom(address, tcp)})
	}
	return list
}

// relayHealth is what operators see of the relay.
func (p *parts) relayHealth() health.Relay {
	load := p.relay.Load()
	r := health.Relay{
		Legs: load.Legs, Bound: load.BoundLegs, TCP: load.TCPLegs, Full: load.Full, Packets: load.Packets, Bytes: load.Bytes,
	}
	for _, n := range load.Dropped {
		r.Dropped += n
	}
	return r
}
