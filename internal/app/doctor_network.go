package app

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"syscall"

	"visavis/internal/relay/control"
)

// ports tries to use what Visavis will, for a moment.
func (d *doctor) ports(ctx context.Context) {
	d.running = errors.Is(use(ctx, "tcp", d.c.HTTP.Listen), syscall.EADDRINUSE) && d.answers(ctx, reachable(d.c.HTTP.Listen))
	d.port(ctx, "http.listen", "tcp", d.c.HTTP.Listen)
	if d.c.Relay.Mode != "external" {
		d.port(ctx, "relay.udp", "udp", d.c.Relay.UDP)
		d.port(ctx, "relay.tcp", "tcp", d.c.Relay.TCP)
	}
}

func (d *doctor) port(ctx context.Context, key, network, address string) {
	err := use(ctx, network, address)
	switch {
	case err == nil && d.running:
		d.note(key, "%s is free, although a Visavis is running here; has that one another configuration?", address)
	case err == nil:
		d.ok(key, "%s is free", address)
	case errors.Is(err, syscall.EADDRINUSE) && d.running:
		d.ok(key, "%s is in use, and a Visavis is running here", address)
	default:
		d.bad(key, "%s", strings.TrimPrefix(portError(key, address, err).Error(), key+": "))
	}
}

// use opens an address and closes it again.
func use(ctx context.Context, network, address string) error {
	if network == "udp" {
		conn, err := (&net.ListenConfig{}).ListenPacket(ctx, network, address)
		if err == nil {
			_ = conn.Close()
		}
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, network, address)
	if err == nil {
		_ = l.Close()
	}
	return err
}

// reachable is where an address to listen on can be asked from this machine.
func reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// relay examines what browsers are told of the relay and, if it is elsewhere, whether it answers.
func (d *doctor) relay(ctx context.Context) {
	advertise, err := advertised(d.c)
	if err != nil {
		d.bad("relay.advertise", "%v", err)
		return
	}
	addresses := advertise.all()
	d.ok("relay.advertise", "browsers are told %s", joined(addresses))
	if !d.c.HTTP.URL.Localhost() && !anyPublic(addresses) {
		d.note("relay.advertise", "these addresses lead nowhere outside your own network; "+
			"if citizens come from the Internet, name the outer address and forward the relay's ports to this machine")
	}
	if d.c.Relay.Mode == "external" {
		d.elsewhere(ctx)
	}
}

func (d *doctor) elsewhere(ctx context.Context) {
	key, err := keyOfRelay(d.c)
	if errors.Is(err, errNoKey) {
		d.note("relay.key", "there is none before Visavis has started for the first time, so the relay cannot be asked yet")
		return
	}
	if err != nil {
		d.bad("relay.key", "%v", err)
		return
	}
	load, err := control.Probe(ctx, control.ClientOptions{Key: key, Address: d.c.Relay.Control})
	switch {
	case errors.Is(err, control.ErrKey):
		d.bad("relay.key", "the relay at %s has another key; give it what visavis relay --print-key prints here", d.c.Relay.Control)
	case err != nil:
		d.bad("relay.control", "no relay answers at %s: %v; start visavis relay there, and let this machine reach that port",
			d.c.Relay.Control, err)
	default:
		d.relayAnswers = true
		d.ok("relay.control", "the relay answers; %d browsers send through it at the moment", load.BoundLegs)
	}
}

// edge examines a machine that runs visavis relay and nothing else.
func (d *doctor) edge(ctx context.Context) {
	key, err := keyOfRelay(d.c)
	if err != nil {
		d.bad("relay.key", "%v", err)
		return
	}
	_, err = control.Probe(ctx, control.ClientOptions{Key: key, Address: reachable(d.c.Relay.Control)})
	switch d.running = err == nil; {
	case d.running:
		d.ok("relay.key", "the relay that is running here has it")
	case errors.Is(err, control.ErrKey):
		d.bad("relay.key", "the relay that is running here has another one; restart it")
	default:
		d.ok("relay.key", "there is one")
	}
	d.port(ctx, "relay.control", "tcp", d.c.Relay.Control)
	d.port(ctx, "relay.udp", "udp", d.c.Relay.UDP)
	d.port(ctx, "relay.tcp", "tcp", d.c.Relay.TCP)
	if advertise, err := advertised(d.c); err == nil && d.running {
		d.media(ctx, key, advertise)
	}
}

func joined(addresses []netip.Addr) string {
	var text []string
	for _, address := range addresses {
		text = append(text, address.String())
	}
	return strings.Join(text, " and ")
}

func anyPublic(addresses []netip.Addr) bool {
	for _, address := range addresses {
		if !address.IsPrivate() && !address.IsLoopback() && !address.IsLinkLocalUnicast() {
			return true
		}
	}
	return false
}
