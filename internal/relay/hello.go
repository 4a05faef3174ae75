package relay

import (
	"bytes"
	"time"
)

// A browser begins its DTLS handshake as soon as the relay has answered, which may be some milliseconds before the
// other one has a way here; what is lost then is repeated after 50 ms at the earliest (libwebrtc), twice that after the
// next loss, and so on up to a minute. So the beginning is kept until there is somebody to hear it.
const (
	// dtlsHandshake is the content type of a ClientHello's records (RFC 6347 §4.1, RFC 9147 §4); the relay cannot read more.
	dtlsHandshake = 22
	// recordHeader is how short a packet with one cannot be.
	recordHeader = 13 // bytes
	// mostHellos and mostHello are how much of it is kept for a leg: a ClientHello with a post-quantum key share takes two
	// packets, and has time for one repetition.
	mostHellos = 4
	mostHello  = 4096 // bytes
)

// hello is the beginning of a handshake that the peer of its leg could not be sent yet.
type hello struct {
	packets [][]byte
	size    int // bytes
	since   time.Time
}

// keep keeps a packet that nobody can be sent yet, if it begins a handshake and there is room.
func (h *hello) keep(now time.Time, packet []byte) bool {
	if len(packet) < recordHeader || packet[0] != dtlsHandshake ||
		len(h.packets) >= mostHellos || h.size+len(packet) > mostHello {
		return false
	}
	if h.packets == nil {
		h.since = now
	}
	h.packets = append(h.packets, bytes.Clone(packet))
	h.size += len(packet)
	return true
}

// deliver sends what was kept for the browser of l, which may be sent media now. Whoever has waited for longer than consent
// lasts has given up or begun anew.
func (c *core) deliver(now time.Time, l *leg) {
	from := l.peer
	if from == nil || from.hello.packets == nil || !c.reachable(now, l) {
		return
	}
	kept := from.hello
	from.hello = hello{}
	if now.Sub(kept.since) >= consent {
		c.dropped[noPeer] += uint64(len(kept.packets))
		return
	}
	for _, packet := range kept.packets {
		if to, forward := c.toPeer(now, from, len(packet)); forward {
			c.send(to, packet)
		}
	}
}
