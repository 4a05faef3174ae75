package app

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"visavis/internal/config"
	"visavis/internal/relay"
	"visavis/internal/relay/sdp"
	"visavis/internal/relay/turn"
)

// makeDetour offers TURN on the port of HTTPS, where this process has that port to itself.
func (p *parts) makeDetour(context.Context) error {
	if !p.c.Relay.TURN || p.c.HTTP.TLS == "off" {
		return nil
	}
	key := p.ring.Derive("turn")
	served, err := turn.New(turn.Options{
		Key: key, Relay: ways(p.candidates, p.relay), Trusted: p.c.HTTP.TrustedProxies, Clock: p.o.Clock, Log: p.o.Log,
	})
	if err != nil {
		return fmt.Errorf("relay.turn: %w", err)
	}
	p.turn = served
	p.detour = &turn.Issuer{Key: key, URL: turnURL(p.c.HTTP.URL), Clock: p.o.Clock}
	return nil
}

// ways lead from the relay's advertised addresses to where it is for this process: in it, whatever address translation
// stands before it, or else at these addresses themselves.
func ways(candidates []sdp.Candidate, behind any) []turn.Way {
	var list []turn.Way
	for _, c := range candidates {
		if c.TCP {
			continue
		}
		way := turn.Way{Advertised: c.Address, Real: c.Address}
		if embedded, ok := behind.(*relay.Relay); ok {
			way.Real = within(embedded.UDPAddr())
		}
		list = append(list, way)
	}
	return list
}

// within is where a socket of this process is reached from within it.
func within(listens netip.AddrPort) netip.AddrPort {
	if listens.Addr().IsUnspecified() {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), listens.Port())
	}
	return netip.AddrPortFrom(listens.Addr().Unmap(), listens.Port())
}

// turnURL is the address of people's own browsing: what lets the page through lets this through.
func turnURL(url config.URL) string { return "turns:" + hostPort(url) + "?transport=tcp" }

func hostPort(url config.URL) string {
	port := url.Port()
	if port == "" {
		port = "443"
	}
	return net.JoinHostPort(url.Hostname(), port)
}
