package turn

import (
	"net"
	"net/netip"
	"time"

	"visavis/internal/relay/crowd"
)

// enter gives a connection a place, and hangs up on another one that has no allocation of a talk where there is none
// left. Only Serve calls it, and leave after it.
func (s *Server) enter(c *client) bool {
	s.mu.Lock()
	var gaveWay *crowd.Member[*client]
	c.member, gaveWay = s.crowd.Enter(Source(c.conn.RemoteAddr(), s.options.Trusted), c)
	s.mu.Unlock()
	if gaveWay != nil {
		gaveWay.Who.hangUp()
	}
	return c.member != nil
}

func (s *Server) leave(c *client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.crowd.Leave(c.member)
}

// Source is what counts as one source: an IPv4 address, or an IPv6 network, as one customer has at least a /64. Invalid
// for trusted proxies, as who is behind them is not known here, and for what is no address.
func Source(remote net.Addr, trusted []netip.Prefix) netip.Addr {
	at, ok := remote.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	address := at.AddrPort().Addr().Unmap().WithZone("")
	for _, proxies := range trusted {
		if proxies.Contains(address) {
			return netip.Addr{}
		}
	}
	if !address.Is6() {
		return address
	}
	network, err := address.Prefix(64)
	if err != nil {
		return address
	}
	return network.Addr()
}

// take counts an allocation against its leg, once for each connection: it cannot have more than one at a time.
func (s *Server) take(c *client, name string) bool {
	if held := c.user(); held != "" {
		return held == name
	}
	u, err := parseUser(name)
	if err != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.over || s.perLeg[u.leg] >= s.options.MaxPerLeg {
		return false
	}
	s.perLeg[u.leg]++
	s.allocations++
	ends := c.began.Add(s.options.longest)
	if u.brief {
		ends = time.Now().Add(u.until.Sub(s.options.Clock()))
	} else {
		s.crowd.Prove(c.member)
	}
	c.begin(name, ends)
	return true
}

// release gives back what take has counted. The library may still be at work on a last request.
func (s *Server) release(c *client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.over = true
	u, err := parseUser(c.user())
	if err != nil {
		return // it never got as far
	}
	s.allocations--
	if s.perLeg[u.leg]--; s.perLeg[u.leg] == 0 {
		delete(s.perLeg, u.leg)
	}
}
