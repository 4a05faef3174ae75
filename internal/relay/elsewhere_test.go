package relay

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"visavis/internal/relay/control"
)

// startElsewhere is a relay with its control port, as visavis relay runs it.
func startElsewhere(t *testing.T, key Key, udp, at string) (r *Relay, address string, stop func()) {
	t.Helper()
	r, stopRelay := startRelay(t, Options{Key: key, UDP: udp})
	l, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- control.Serve(ctx, l, r, control.ServeOptions{Key: key}) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := await(t, "end of control", ended); err != nil {
			t.Error(err)
		}
		stopRelay()
	})
	t.Cleanup(stop)
	return r, l.Addr().String(), stop
}

func connectTo(t *testing.T, key Key, address string) *control.Client {
	t.Helper()
	c, err := control.NewClient(control.ClientOptions{Key: key, Address: address})
	if err != nil {
		t.Fatal(err)
	}
	reached := c.Events(t.Context())
	go func() { _ = c.Run(t.Context()) }()
	await(t, "first load", reached)
	return c
}

// The relay is in another process and is killed in the middle of a talk. The server only answers what it is asked.
func TestMediaFlowThroughARelayElsewhereAndAgainAfterItsRestart(t *testing.T) {
	t.Parallel()
	key := testKey(t)
	r, address, stop := startElsewhere(t, key, "", "127.0.0.1:0")
	server := connectTo(t, key, address)
	talkers := newTalkers(t, key, webrtc.NetworkTypeUDP4)
	media := talkers.withMedia()
	talkers.negotiate(server, udpCandidate(r))
	media.flows()
	go talkers.introduceWhenNeeded(t.Context(), server)
	stop()

	again, _, _ := startElsewhere(t, key, r.UDPAddr().String(), address)
	began := time.Now()
	media.flows()
	media.chats()
	t.Logf("back after %s", time.Since(began))
	if load := again.Load(); load.BoundLegs != 2 {
		t.Errorf("load is %+v", load)
	}

	// The end of a talk reaches it, too.
	if err := server.Revoke(talkers.talk); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(patience); again.Load().BoundLegs > 0; {
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("the talk goes on")
		}
	}
}
