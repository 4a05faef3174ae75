package events_test

import (
	"io"
	"net"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"visavis/internal/db/dbtest"
	"visavis/internal/events"
)

// pooler passes connections on to a database, until it freezes: those that stand then carry nothing any more and are
// not closed either; new ones work.
type pooler struct {
	address string
	opened  chan struct{} // one for each connection
	era     atomic.Int64
}

func newPooler(t *testing.T, target string) *pooler {
	t.Helper()
	config, err := pgconn.ParseConfig(target)
	if err != nil {
		t.Fatal(err)
	}
	network, address := pgconn.NetworkAddress(config.Host, config.Port)
	folder, err := os.MkdirTemp("", "pg") // short: a socket's path has 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	here, name := pgconn.NetworkAddress(folder, config.Port)
	listener, err := net.Listen(here, name)
	if err != nil {
		t.Fatal(err)
	}
	p := &pooler{opened: make(chan struct{}, 64)}
	var all sync.WaitGroup
	t.Cleanup(all.Wait)
	t.Cleanup(func() { _ = listener.Close() })
	all.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial(network, address)
			if err != nil {
				_ = client.Close()
				continue
			}
			era := p.era.Load()
			all.Go(func() { p.pass(server, client, era) })
			all.Go(func() { p.pass(client, server, era) })
			p.opened <- struct{}{}
		}
	})
	through, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	through.RawQuery = url.Values{"host": {folder}}.Encode()
	p.address = through.String()
	return p
}

func (p *pooler) freeze() { p.era.Add(1) }

func (p *pooler) pass(to, from net.Conn, era int64) {
	defer func() { _, _ = to.Close(), from.Close() }()
	buffer := make([]byte, 8192)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if p.era.Load() != era {
			_, _ = io.Copy(io.Discard, from)
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func TestAVA07AConnectionThatStandsAndCarriesNothingIsGivenUp(t *testing.T) {
	d := dbtest.Postgres(t)
	p := newPooler(t, d.PostgresURL())
	log := newLog(t, d, events.NewPostgresBusWithPulse(p.address, 100*time.Millisecond))
	sub := log.Subscribe(agency, "t")
	defer sub.Close()
	<-p.opened
	<-p.opened
	p.freeze()
	// Two new ones, and with them a look at everything.
	lost := change(t, d, log, "t", "x")
	<-p.opened
	<-p.opened
	awaited(t, d, log, sub, lost)
	awaited(t, d, log, sub, change(t, d, log, "t", "y"))
}
