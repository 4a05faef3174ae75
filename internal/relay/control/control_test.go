package control

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience bounds every wait that runs out only when a test fails.
const patience = time.Minute

// brisk is the usual pace, faster; but a machine that stands still for a moment is not silent.
var brisk = pace{
	handshake: 3 * time.Second, beat: 50 * time.Millisecond, silence: 3 * time.Second, write: 3 * time.Second,
	again: 5 * time.Millisecond, atMost: 20 * time.Millisecond,
}

func newKey(t testing.TB) []byte {
	t.Helper()
	key := make([]byte, 32)
	rand.Read(key)
	return key
}

// recorder is a relay that only notes what it is asked.
type recorder struct {
	Audience
	mu      sync.Mutex
	asked   []string
	changed chan struct{}
	refuse  error
}

func newRecorder() *recorder { return &recorder{changed: make(chan struct{}, 1)} }

func (r *recorder) note(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, what)
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

func (r *recorder) Introduce(ufrag, browserUfrag, browserPwd string) error {
	r.note("introduce " + ufrag + " " + browserUfrag + " " + browserPwd)
	return r.refuse
}

func (r *recorder) Revoke(talk [8]byte) error {
	r.note(fmt.Sprintf("revoke %d", talk[0]))
	return nil
}

func (r *recorder) Load() Load { return Load{Legs: 7, Dropped: map[string]uint64{"unknownLeg": 1}} }

func (r *recorder) Events(ctx context.Context) <-chan Event { return r.Read(ctx) }

func (r *recorder) readers() int {
	r.Audience.mu.Lock()
	defer r.Audience.mu.Unlock()
	return len(r.Audience.readers)
}

// waits returns what was asked once it satisfies.
func (r *recorder) waits(t *testing.T, what string, satisfied func(asked []string) bool) []string {
	t.Helper()
	late := time.After(patience)
	for {
		r.mu.Lock()
		asked := slices.Clone(r.asked)
		r.mu.Unlock()
		if satisfied(asked) {
			return asked
		}
		select {
		case <-r.changed:
		case <-late:
			t.Fatalf("%s: was asked %q", what, asked)
		}
	}
}

// eventually is for what nobody announces.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for !holds() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("never: " + what)
		}
	}
}

func holds(wanted ...string) func([]string) bool {
	return func(asked []string) bool {
		for _, want := range wanted {
			if !slices.Contains(asked, want) {
				return false
			}
		}
		return true
	}
}

// serve runs the relay's side until the test ends or stop is called.
func serve(t *testing.T, key []byte, r Relay, at string) (address string, stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, l, r, ServeOptions{Key: key, pace: brisk}) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("relay's side ended with %v", err)
			}
		case <-time.After(patience):
			t.Error("relay's side does not end")
		}
	})
	t.Cleanup(stop)
	return l.Addr().String(), stop
}

func connect(t *testing.T, key []byte, address string) *Client {
	t.Helper()
	c, err := NewClient(ClientOptions{Key: key, Address: address, pace: brisk})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("client ended with %v", err)
			}
		case <-time.After(patience):
			t.Error("client does not end")
		}
	})
	return c
}

func (c *Client) reached() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.connected
}

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

func TestAServerSpeaksToARelayElsewhereAsToItsOwn(t *testing.T) {
	t.Parallel()
	key, r := newKey(t), newRecorder()
	address, _ := serve(t, key, r, "127.0.0.1:0")
	c := connect(t, key, address)
	eventually(t, "connected", c.reached)
	if err := c.Introduce("leg", "browser", "password"); err != nil {
		t.Fatal(err)
	}
	if err := c.Revoke([8]byte{9}); err != nil {
		t.Fatal(err)
	}
	r.waits(t, "both", holds("introduce leg browser password", "revoke 9"))
	if load := c.Load(); load.Legs != 7 || load.Dropped["unknownLeg"] != 1 {
		t.Errorf("load is %+v", load)
	}
	events := c.Events(t.Context())
	at := time.Now()
	r.Tell(Event{Kind: Need, Ufrag: "leg", At: at})
	if got := await(t, "event", events); got.Kind != Need || got.Ufrag != "leg" || !got.At.Equal(at) {
		t.Errorf("event is %+v", got)
	}
	r.Tell(Event{Kind: Loaded, Load: &Load{Legs: 8}})
	await(t, "load", events)
	if load := c.Load(); load.Legs != 8 {
		t.Errorf("load is %+v", load)
	}
}

func TestWhatARelayNeedsIsAskedOfAllServersAndAnyOneAnswers(t *testing.T) {
	t.Parallel()
	key, r := newKey(t), newRecorder()
	address, _ := serve(t, key, r, "127.0.0.1:0")
	one, two := connect(t, key, address), connect(t, key, address)
	eventually(t, "both connected", func() bool { return r.readers() == 2 && one.reached() && two.reached() })
	first, second := one.Events(t.Context()), two.Events(t.Context())
	r.Tell(Event{Kind: Need, Ufrag: "leg"})
	await(t, "one's", first)
	await(t, "two's", second)
	if err := two.Introduce("leg", "browser", "password"); err != nil {
		t.Fatal(err)
	}
	r.waits(t, "introduction", holds("introduce leg browser password"))
}

// TestNobodyWithoutTheKeyIsHeard has its counter-test in itself: the last case is let in.
func TestNobodyWithoutTheKeyIsHeard(t *testing.T) {
	t.Parallel()
	key, other := newKey(t), newKey(t)
	config := func(key []byte, own, peer string) *tls.Config {
		c, err := secure(key, own, peer)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	right := config(key, roleServer, roleRelay)
	anybody := config(other, roleServer, roleRelay)
	anybody.VerifyConnection = nil
	nobody := right.Clone()
	nobody.Certificates = nil
	mirror := config(key, roleRelay, roleRelay)
	old := right.Clone()
	old.NextProtos = []string{"visavis-control/0"}
	mute := right.Clone()
	mute.NextProtos = nil
	for name, with := range map[string]*tls.Config{
		"another key": anybody, "no certificate": nobody, "the relay's own identity": mirror,
		"another protocol": old, "no protocol": mute, "the right key": right,
	} {
		r := newRecorder()
		address, _ := serve(t, key, r, "127.0.0.1:0")
		conn, err := tls.DialWithDialer(&net.Dialer{Timeout: patience}, "tcp", address, with)
		if err == nil {
			l := &link{conn: conn, reader: nil, pace: brisk}
			if err = l.write(message{Introduce: &introduction{"leg", "browser", "password"}}); err == nil {
				_ = conn.SetReadDeadline(time.Now().Add(patience))
				_, err = readFrame(conn)
			}
			conn.Close()
		}
		if (err == nil) != (name == "the right key") {
			t.Errorf("%s: %v", name, err)
		}
		if name == "the right key" {
			r.waits(t, name, holds("introduce leg browser password"))
		} else {
			r.waits(t, name, func(asked []string) bool { return len(asked) == 0 })
		}
	}
}

func TestAServerTellsNothingToSomebodyWithoutTheKey(t *testing.T) {
	t.Parallel()
	r := newRecorder()
	address, _ := serve(t, newKey(t), r, "127.0.0.1:0")
	key := newKey(t)
	if _, err := Probe(t.Context(), ClientOptions{Key: key, Address: address, pace: brisk}); !errors.Is(err, ErrKey) {
		t.Errorf("probe says %v", err)
	}
	c := connect(t, key, address)
	if err := c.Introduce("leg", "browser", "password"); !errors.Is(err, ErrAway) {
		t.Errorf("introduce says %v", err)
	}
}

// What passes the wire is recorded. The counter-test is in the recording's size.
func TestBrowserPasswordsAreNotReadableOnTheWay(t *testing.T) {
	t.Parallel()
	key, r := newKey(t), newRecorder()
	address, _ := serve(t, key, r, "127.0.0.1:0")
	tap := newTap(t, address)
	c := connect(t, key, tap.address)
	eventually(t, "connected", c.reached)
	password := strings.Repeat("ReadThisPassword", 8)
	if err := c.Introduce("leg", "browser", password); err != nil {
		t.Fatal(err)
	}
	r.waits(t, "introduction", holds("introduce leg browser "+password))
	tap.mu.Lock()
	defer tap.mu.Unlock()
	if tap.seen.Len() < len(password) || bytes.Contains(tap.seen.Bytes(), []byte("ReadThisPassword")) {
		t.Errorf("%d bytes were seen, the password among them: %t", tap.seen.Len(), bytes.Contains(tap.seen.Bytes(), []byte(password)))
	}
}

func TestARefusedLegIsToldAndTheConnectionStays(t *testing.T) {
	t.Parallel()
	key, r := newKey(t), newRecorder()
	r.refuse = ErrExpired
	address, _ := serve(t, key, r, "127.0.0.1:0")
	config, err := secure(key, roleServer, roleRelay)
	if err != nil {
		t.Fatal(err)
	}
	l, _, err := dial(t.Context(), ClientOptions{Address: address, pace: brisk}, config)
	if err != nil {
		t.Fatal(err)
	}
	defer hangUp(l.conn)
	if err := l.write(message{Introduce: &introduction{"leg", "browser", "password"}}); err != nil {
		t.Fatal(err)
	}
	for {
		m, err := l.read()
		if err != nil {
			t.Fatal(err)
		}
		if m.Refused != "" {
			if m.Refused != ErrExpired.Error() {
				t.Errorf("refused with %q", m.Refused)
			}
			return
		}
	}
}

func TestWhatTheRelayTellsNamesNoAddress(t *testing.T) {
	text, err := json.Marshal(message{Event: &Event{Kind: Bound, Ufrag: "leg", Load: &Load{}}, Revoked: 1, Refused: "why"})
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"event", "revoked", "refused"} {
		delete(m, key)
	}
	if len(m) != 0 {
		t.Errorf("a new field is told; does it hold an address? %v", m)
	}
}
