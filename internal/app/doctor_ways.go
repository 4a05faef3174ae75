package app

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"

	"visavis/internal/relay"
	"visavis/internal/relay/turn"
)

// wayWait bounds the attempt of each way to the relay.
const wayWait = 3 * time.Second

// ways takes the ways to the relay that browsers take, as far as a machine can call on itself.
func (d *doctor) ways(ctx context.Context) {
	advertise, err := advertised(d.c)
	if err != nil || d.ring == nil {
		return // said already
	}
	if !d.running && d.c.Relay.Mode != "external" {
		d.note("relay", "as no Visavis is running here, nobody knows yet whether browsers get to the relay; ask again when it does")
		return
	}
	key, err := keyOfRelay(d.c)
	if err != nil || d.c.Relay.Mode == "external" && !d.relayAnswers {
		return // said already
	}
	d.media(ctx, key, advertise)
	if d.running {
		d.detour(ctx, key, advertise.udp)
	}
}

// media asks at each address that browsers are told, over UDP and TCP.
func (d *doctor) media(ctx context.Context, key relay.Key, advertise advertisement) {
	udp, tcp, err := d.c.Relay.Ports()
	if err != nil {
		return
	}
	type way struct {
		network string
		at      netip.AddrPort
		err     error
	}
	var all []*way
	for _, c := range candidates(advertise, udp, tcp) {
		w := &way{network: "udp", at: c.Address}
		if c.TCP {
			w.network = "tcp"
		}
		all = append(all, w)
	}
	within, cancel := context.WithTimeout(ctx, d.wait)
	defer cancel()
	var asking sync.WaitGroup
	for _, w := range all {
		asking.Go(func() { w.err = relay.Reach(within, key, w.network, w.at) })
	}
	asking.Wait()
	for _, w := range all {
		d.judge(w.network, w.at, w.err)
	}
}

// judge says what a way's end means. Only addresses of this machine must answer: the way from behind address translation
// to its own outer address is one that many routers do not know.
func (d *doctor) judge(network string, at netip.AddrPort, err error) {
	key, name := "relay."+network, map[string]string{"udp": "UDP", "tcp": "TCP"}[network]
	own := at.Addr().IsLoopback() || slices.Contains(ownAddresses(), at.Addr())
	switch {
	case err == nil:
		d.ok(key, "the relay answers at %s over %s", at, name)
	case !own:
		d.note(key, "nothing answers from here at %s over %s. Behind address translation that may mean nothing; "+
			"open the page /test of your Visavis in another network to see whether the port is forwarded", at, name)
	case errors.Is(err, syscall.ECONNREFUSED):
		d.bad(key, "browsers are told %s, and nobody takes %s there; let %s listen on that address, or name another one in relay.advertise", at, name, key)
	default:
		d.bad(key, "browsers are told %s, and no relay answers there over %s; let firewalls pass port %d, "+
			"and look that no other relay has it", at, name, at.Port())
	}
}

func ownAddresses() (own []netip.Addr) {
	found, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, address := range found {
		if prefix, err := netip.ParsePrefix(address.String()); err == nil {
			own = append(own, prefix.Addr().Unmap())
		}
	}
	return own
}

// detour tries TURN over TLS on the port of HTTPS: as people come, and if that fails, at the door itself.
func (d *doctor) detour(ctx context.Context, key relay.Key, addresses []netip.Addr) {
	const left = "people in networks that let through nothing but HTTPS are left with the telephone"
	switch {
	case d.c.HTTP.URL.Localhost() && d.c.HTTP.TLS == "off":
		return
	case !d.c.Relay.TURN:
		d.note("relay.turn", "it is off: %s", left)
		return
	case d.c.HTTP.TLS == "off":
		d.note("relay.turn", "it needs http.tls, and TLS ends elsewhere here: %s. Pass the port through on layer 4 to change that", left)
		return
	}
	host := d.c.HTTP.URL.Hostname()
	outside, inside := hostPort(d.c.HTTP.URL), reachable(d.c.HTTP.Listen)
	outer := d.throughTURN(ctx, outside, &tls.Config{ServerName: host, InsecureSkipVerify: d.c.HTTP.TLS == "self-signed"}, key, addresses) //nolint:gosec // nobody can verify that one
	if outer == nil {
		d.ok("relay.turn", "TURN over TLS leads to the relay at %s", outside)
		return
	}
	inner := d.throughTURN(ctx, inside, &tls.Config{ServerName: host, InsecureSkipVerify: true}, key, addresses) //nolint:gosec // ourselves
	switch _, untrusted := errors.AsType[*tls.CertificateVerificationError](outer); {
	case errors.Is(inner, turn.ErrNoRelay):
		d.bad("relay.turn", "TURN over TLS is there, but it does not get to the relay: this machine must reach the addresses that browsers are told, over UDP")
	case errors.Is(inner, turn.ErrNoTURN):
		d.bad("relay.turn", "the Visavis that is running here answers no TURN over TLS at %s; was it started with this configuration and these keys?", inside)
	case inner != nil:
		d.bad("relay.turn", "TURN over TLS cannot be tried at %s: %v", inside, inner)
	case untrusted:
		d.bad("relay.turn", "no browser accepts TURN over TLS at %s, as it cannot trust the certificate: %v; put the whole chain of a known authority into http.tls_cert", outside, outer)
	case errors.Is(outer, errNotThere):
		d.note("relay.turn", "TURN over TLS works at %s, but %s does not lead there from this machine; "+
			"open the page /test in another network to see whether it does for others", inside, outside)
	default:
		d.bad("relay.turn", "TURN over TLS works at %s, but not at %s: something in between ends TLS or passes HTTP only; "+
			"let it pass the connections as they are, on layer 4", inside, outside)
	}
}

var errNotThere = errors.New("no connection")

// throughTURN opens TLS as a browser does for TURN, without naming a protocol, and asks the relay through it.
func (d *doctor) throughTURN(ctx context.Context, at string, config *tls.Config, key relay.Key, addresses []netip.Addr) error {
	ctx, cancel := context.WithTimeout(ctx, d.wait)
	defer cancel()
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", at)
	if err != nil {
		return errors.Join(errNotThere, err)
	}
	config.MinVersion = tls.VersionTLS12
	conn := tls.Client(raw, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		return errors.Join(err, raw.Close())
	}
	udp, _, err := d.c.Relay.Ports()
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	address := addresses[0]
	if i := slices.IndexFunc(addresses, netip.Addr.Is4); i >= 0 {
		address = addresses[i] // what is allocated is of that family
	}
	issuer := turn.Issuer{Key: d.ring.Derive("turn"), Clock: time.Now}
	q := relay.NewQuestion(key, time.Now())
	return turn.Reach(ctx, conn, issuer.Issue("doctor", turn.Life), netip.AddrPortFrom(address, udp), q.Packet, q.Answered)
}
