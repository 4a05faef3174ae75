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
	// mostHello is how much of it is kept for a leg: a ClientHello with a post-quantum key share and one repetition.
	mostHello = 4096 // bytes
)

// keep keeps a packet that nobody can be sent yet, if it begins a handshake and there is room.
func (l *leg) keep(packet []byte) bool {
	if packet[0] != dtlsHandshake || l.helloSize+len(packet) > mostHello {
		return false
	}
	l.hello = append(l.hello, bytes.Clone(packet))
	l.helloSize += len(packet)
	return true
}

// deliver sends what was kept for the browser of l, which has just found its way here.
func (c *core) deliver(now time.Time, l *leg) {
	if l.peer == nil || l.peer.hello == nil {
		return
	}
	kept := l.peer.hello
	l.peer.hello, l.peer.helloSize = nil, 0
	for _, packet := range kept {
		if to, forward := c.toPeer(now, l.peer, len(packet)); forward {
			c.send(to, packet)
		}
	}
}
