package app

import (
	"context"
	"io/fs"
	"net/netip"
	"os"
	"testing"
	"testing/fstest"
	"time"

	"visavis/internal/config"
	"visavis/internal/relay"
	"visavis/internal/worldtest"
)

// patience bounds every wait that runs out only when a test fails.
const patience = time.Minute

func pagesOfTests() fs.FS {
	page := &fstest.MapFile{Data: []byte("<!doctype html><title>page</title>")}
	return fstest.MapFS{"guest.html": page, "staff.html": page, "favicon.png": &fstest.MapFile{Data: []byte("PNG")}}
}

// inTests is a program with pages that are nothing and passwords that cost nothing.
func inTests() Options { return Options{Pages: pagesOfTests(), Cost: worldtest.Cheap()} }

func await[T any](t *testing.T, what string, from <-chan T) T {
	t.Helper()
	select {
	case got := <-from:
		return got
	case <-time.After(patience):
		t.Fatalf("%s has not come", what)
		panic("unreachable")
	}
}

// running is a program until the test ends or stop is called. It returns where it listens.
func running(t *testing.T, run func(context.Context, Options) error) (at string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	started, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		o := inTests()
		o.Started, o.Log = func(at string) { started <- at }, NewLog(testWriter{t}, config.Log{})
		ended <- run(ctx, o)
	}()
	stop = func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("ended with %v", err)
			}
			ended <- nil
		case <-time.After(patience):
			t.Error("does not end")
		}
	}
	t.Cleanup(stop)
	select {
	case at = <-started:
	case err := <-ended:
		ended <- nil
		t.Fatalf("did not start: %v", err)
	case <-time.After(patience):
		t.Fatal("does not start")
	}
	return at, stop
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(line []byte) (int, error) {
	if testing.Verbose() {
		_, _ = os.Stderr.Write(line) // t.Log refuses lines that come after the test
	}
	return len(line), nil
}

func runRelay(t *testing.T, c *config.Config) (control string, stop func()) {
	t.Helper()
	return running(t, func(ctx context.Context, o Options) error { return Relay(ctx, c, o) })
}

// serveHere serves with a relay in the process and tells the relay's UDP port.
func serveHere(t *testing.T, c *config.Config) (at string, port uint16) {
	t.Helper()
	found := make(chan netip.AddrPort, 1)
	at, _ = running(t, func(ctx context.Context, o Options) error {
		p, err := build(ctx, c, o)
		if err != nil {
			return err
		}
		found <- p.relay.(*relay.Relay).UDPAddr()
		if err := p.run(ctx); err != nil {
			return err
		}
		return p.close()
	})
	return at, await(t, "relay", found).Port()
}

// Who connects first would else be shown as away: presence counts under a lease only.
func TestAServerHasItsLeaseBeforeAnybodyCanConnect(t *testing.T) {
	p, err := build(t.Context(), configured(t), inTests())
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	var leases int
	err = p.db.Read().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM node WHERE id = $1`, p.node).Scan(&leases)
	if err != nil || leases != 1 {
		t.Errorf("%d leases, %v", leases, err)
	}
}
