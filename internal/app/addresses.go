package app

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"visavis/internal/config"
)

// advertised are the relay's addresses that browsers are told: those configured, or this machine's own. On localhost
// both the loopback address (Chromium takes it) and another one (Firefox pairs nothing with loopback) are named.
func advertised(c *config.Config) ([]netip.Addr, error) {
	if len(c.Relay.Advertise) > 0 {
		return c.Relay.Advertise, nil
	}
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
