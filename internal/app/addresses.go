package app

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"visavis/internal/config"
)

// advertisement is at which addresses browsers are told to look for the relay.
type advertisement struct{ udp, tcp []netip.Addr }

// all of them, none twice.
func (a advertisement) all() []netip.Addr {
	all := slices.Clone(a.udp)
	for _, address := range a.tcp {
		if !slices.Contains(all, address) {
			all = append(all, address)
		}
	}
	return all
}

// advertised are the addresses that are configured, or those of this machine at which the relay listens.
func advertised(c *config.Config) (advertisement, error) {
	if len(c.Relay.Advertise) > 0 {
		return advertisement{c.Relay.Advertise, c.Relay.Advertise}, nil
	}
	udp, err := listensAt(c, c.Relay.UDP)
	if err != nil {
		return advertisement{}, err
	}
	tcp, err := listensAt(c, c.Relay.TCP)
	return advertisement{udp, tcp}, err
}

// listensAt is the one address that is configured, if it is one. Where it is wrong, whoever listens there says so.
func listensAt(c *config.Config, configured string) ([]netip.Addr, error) {
	at, err := net.ResolveUDPAddr("udp", configured) // as the relay does; over TCP it comes to the same
	if err == nil && at.IP != nil && !at.IP.IsUnspecified() {
		return []netip.Addr{at.AddrPort().Addr().Unmap().WithZone("")}, nil
	}
	return everywhere(c)
}

// everywhere is where a relay is found that listens at all addresses. On localhost both the loopback address (Chromium
// takes it) and another one (Firefox pairs nothing with loopback) are named.
func everywhere(c *config.Config) ([]netip.Addr, error) {
	var found []netip.Addr
	if c.HTTP.URL.Localhost() {
		found = append(found, netip.AddrFrom4([4]byte{127, 0, 0, 1}))
	}
	interfaces, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("read this machine's addresses: %w", err)
	}
	if own, ok := firstOutward(interfaces); ok {
		found = append(found, own)
	}
	if len(found) == 0 {
		return nil, errors.New("this machine has no address that browsers could reach; set relay.advertise")
	}
	return found, nil
}

// firstOutward prefers IPv4, which every browser's network has.
func firstOutward(addresses []net.Addr) (netip.Addr, bool) {
	var best netip.Addr
	for _, address := range addresses {
		prefix, err := netip.ParsePrefix(address.String())
		if err != nil {
			continue
		}
		ip := prefix.Addr().Unmap()
		if !ip.IsGlobalUnicast() {
			continue
		}
		if ip.Is4() {
			return ip, true
		}
		if !best.IsValid() {
			best = ip
		}
	}
	return best, best.IsValid()
}
