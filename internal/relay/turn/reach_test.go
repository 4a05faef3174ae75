package turn

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"
)

func TestTheWholeWayIsTriedAndToldWhereItEnds(t *testing.T) {
	d := openDoor(t, nil)
	question := []byte{128, 7, 7, 7}
	echoed := func(packet []byte) bool { return bytes.Equal(packet, question) }
	never := func([]byte) bool { return false }
	good := d.issuer.Issue("doctor", Life)
	foreign := (&Issuer{Key: testKey(), Clock: d.issuer.Clock}).Issue("doctor", Life)
	for name, with := range map[string]struct {
		server   ICEServer
		relay    netip.AddrPort
		answered func([]byte) bool
		within   time.Duration
		want     error
	}{
		"open":           {good, d.relay, echoed, patience, nil},
		"another key":    {foreign, d.relay, echoed, patience, ErrNoTURN},
		"not this relay": {good, netip.MustParseAddrPort("203.0.113.8:3478"), echoed, patience, ErrNoRelay},
		"a silent relay": {good, d.relay, never, time.Second, ErrNoRelay},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), with.within)
		if err := Reach(ctx, d.dial(), with.server, with.relay, question, with.answered); !errors.Is(err, with.want) {
			t.Errorf("%s: %v, want %v", name, err, with.want)
		}
		cancel()
	}
}
