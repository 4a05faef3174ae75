package control

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// tap is a wire that can be listened to, cut, and made to swallow everything.
type tap struct {
	address string
	mu      sync.Mutex
	seen    bytes.Buffer
	swallow bool
	conns   []net.Conn
}

func newTap(t *testing.T, to string) *tap {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &tap{address: l.Addr().String()}
	t.Cleanup(func() { l.Close(); w.cut() })
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				near.Close()
				continue
			}
			w.mu.Lock()
			w.conns = append(w.conns, near, far)
			w.mu.Unlock()
			go w.pass(near, far)
			go w.pass(far, near)
		}
	}()
	return w
}

func (w *tap) pass(from, to net.Conn) {
	defer from.Close()
	defer to.Close()
	buffer := make([]byte, 4096)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		w.mu.Lock()
		swallow := w.swallow
		w.seen.Write(buffer[:n])
		w.mu.Unlock()
		if swallow {
			continue
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func (w *tap) swallows(yes bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.swallow = yes
}

func (w *tap) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, conn := range w.conns {
		conn.Close()
	}
	w.conns = nil
}

func TestWhileTheRelayIsAwayLegsAreRefusedAndRevocationsKept(t *testing.T) {
	t.Parallel()
	key, before := newKey(t), newRecorder()
	address, stop := serve(t, key, before, "127.0.0.1:0")
	c := connect(t, key, address)
	eventually(t, "connected", c.reached)
	stop()
	eventually(t, "away", func() bool { return !c.reached() })
	if load := c.Load(); load.Legs != 0 {
		t.Errorf("of a relay that is away the load is said to be %+v", load)
	}
	if err := c.Introduce("leg", "browser", "password"); !errors.Is(err, ErrAway) {
		t.Errorf("introduce says %v", err)
	}
	for n := range byte(3) {
		if err := c.Revoke([8]byte{n}); err != nil {
			t.Errorf("revoke says %v", err)
		}
	}

	after := newRecorder()
	serve(t, key, after, address)
	asked := after.waits(t, "revocations", holds("revoke 0", "revoke 1", "revoke 2"))
	if !slices.Equal(asked, []string{"revoke 0", "revoke 1", "revoke 2"}) {
		t.Errorf("asked %q", asked)
	}
	eventually(t, "connected again", c.reached)
	if err := c.Introduce("leg", "browser", "password"); err != nil {
		t.Fatal(err)
	}
	after.waits(t, "introduction", holds("introduce leg browser password"))
}

// The relay dies with a revocation unread: only its confirmation lets the server forget it.
func TestARevocationIsRepeatedUntilItIsConfirmedAndThenNoMore(t *testing.T) {
	t.Parallel()
	key, r := newKey(t), newRecorder()
	address, _ := serve(t, key, r, "127.0.0.1:0")
	wire := newTap(t, address)
	c := connect(t, key, wire.address)
	eventually(t, "connected", c.reached)
	if err := c.Revoke([8]byte{1}); err != nil {
		t.Fatal(err)
	}
	pending := func() int {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.revocations)
	}
	eventually(t, "the first confirmed", func() bool { return pending() == 0 })
	wire.swallows(true)
	if err := c.Revoke([8]byte{2}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the second sent", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.sent == 1
	})
	wire.cut()
	wire.swallows(false)
	asked := r.waits(t, "the second", holds("revoke 2"))
	if !slices.Equal(asked, []string{"revoke 1", "revoke 2"}) {
		t.Errorf("asked %q", asked)
	}
	eventually(t, "all confirmed", func() bool { return pending() == 0 })
}

func TestARelayThatFallsSilentIsAwayAfterAShortWhile(t *testing.T) {
	t.Parallel()
	key, r := newKey(t), newRecorder()
	address, _ := serve(t, key, r, "127.0.0.1:0")
	wire := newTap(t, address)
	c := connect(t, key, wire.address)
	eventually(t, "connected", c.reached)
	began := time.Now()
	wire.swallows(true)
	eventually(t, "away", func() bool { return !c.reached() })
	t.Logf("away after %s", time.Since(began))
	eventually(t, "server forgotten by the relay", func() bool { return r.readers() == 0 })
	wire.cut()
	wire.swallows(false)
	eventually(t, "connected again", c.reached)
	// The counter-test: a link on which nothing happens but signs of life stays.
	if c.lost(t.Context(), 2*brisk.silence) {
		t.Error("an idle link was given up")
	}
}

// lost says whether the client becomes away within some time.
func (c *Client) lost(ctx context.Context, within time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for c.reached() {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
	return true
}

func TestQueuesAreBounded(t *testing.T) {
	t.Parallel()
	c, err := NewClient(ClientOptions{Key: newKey(t), Address: "127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	for range mostRevocations {
		if err := c.Revoke([8]byte{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Revoke([8]byte{}); !errors.Is(err, ErrAway) {
		t.Errorf("one revocation too many: %v", err)
	}
	c.arrive() // without a writer: a link that is stuck
	for range mostIntroductions {
		if err := c.Introduce("leg", "browser", "password"); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Introduce("leg", "browser", "password"); !errors.Is(err, ErrAway) {
		t.Errorf("one introduction too many: %v", err)
	}
	if err := c.Introduce("leg", "browser", string(make([]byte, longestName+1))); !errors.Is(err, ErrBrowser) {
		t.Errorf("an endless password: %v", err)
	}
}

func TestAFullQueueOfRevocationsReachesTheRelayInOrder(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := connect(t, key, l.Addr().String())
	const many = 5000
	for n := range many {
		if err := c.Revoke([8]byte{byte(n >> 8), byte(n)}); err != nil {
			t.Fatal(err)
		}
	}
	r := &counting{recorder: newRecorder(), done: make(chan error, 1), want: many}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, l, r, ServeOptions{Key: key, pace: brisk}) }()
	if err := await(t, "last revocation", r.done); err != nil {
		t.Error(err)
	}
	cancel()
	if err := await(t, "end", ended); err != nil {
		t.Error(err)
	}
}

type counting struct {
	*recorder
	got, want int
	done      chan error
}

func (c *counting) Revoke(talk [8]byte) error {
	switch n := int(talk[0])<<8 | int(talk[1]); {
	case n > c.got:
		c.done <- fmt.Errorf("%d comes after %d", n, c.got-1)
		return io.ErrUnexpectedEOF
	case n < c.got: // on a slow machine the line may break, and what was not confirmed comes again
		return nil
	}
	if c.got++; c.got == c.want {
		c.done <- nil
	}
	return nil
}

// LOG-01: whoever speaks to this port is in no log, and neither is what a browser has.
func TestLOG01LogsNameNoAddressOfStrangersAndNothingOfBrowsers(t *testing.T) {
	t.Parallel()
	var text syncBuffer
	log := slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug}))
	key, r := newKey(t), newRecorder()
	r.refuse = ErrExpired
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, l, r, ServeOptions{Key: key, Log: log, pace: brisk}) }()

	stranger, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = stranger.(*net.TCPConn).SetLinger(0)
	stranger.Close() // with a reset, whose error names both ends
	eventually(t, "stranger refused", func() bool { return strings.Contains(text.String(), "without this relay's key") })

	c, err := NewClient(ClientOptions{Key: key, Address: l.Addr().String(), Log: log, pace: brisk})
	if err != nil {
		t.Fatal(err)
	}
	running, stop := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() { gone <- c.Run(running) }()
	eventually(t, "connected", c.reached)
	if err := c.Introduce("NameOfALeg", "NameOfABrowser", "PasswordOfABrowser"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "refusal", func() bool { return strings.Contains(text.String(), ErrExpired.Error()) })
	stop()
	if err := await(t, "end of the client", gone); err != nil {
		t.Error(err)
	}
	eventually(t, "server gone", func() bool { return strings.Contains(text.String(), "server is gone") })
	cancel()
	if err := await(t, "end", ended); err != nil {
		t.Error(err)
	}
	for _, secret := range []string{"127.0.0.1", "NameOf", "PasswordOf"} {
		if strings.Contains(text.String(), secret) {
			t.Errorf("%s in the log:\n%s", secret, text.String())
		}
	}
}

type syncBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *syncBuffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(text)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func TestStrangersAndGarbageHarmNobodyElse(t *testing.T) {
	t.Parallel()
	key, r := newKey(t), newRecorder()
	address, _ := serve(t, key, r, "127.0.0.1:0")
	c := connect(t, key, address)
	eventually(t, "connected", c.reached)

	var silent []net.Conn
	for range mostStrangers + 5 {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		silent = append(silent, conn)
	}
	noisy, err := net.Dial("tcp", address)
	if err == nil {
		_, _ = noisy.Write(bytes.Repeat([]byte("GET / HTTP/1.1\r\n"), 4096))
		defer noisy.Close()
	}
	if err := c.Introduce("leg", "browser", "password"); err != nil {
		t.Fatal(err)
	}
	r.waits(t, "introduction", holds("introduce leg browser password"))
	for _, conn := range silent { // all are sent away in time
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
			t.Fatalf("a silent stranger is kept: %v", err)
		}
	}
	second := connect(t, key, address)
	eventually(t, "a second server connected", second.reached)
	if !c.reached() {
		t.Error("the first server was thrown out")
	}
}

func isTimeout(err error) bool {
	var network net.Error
	return errors.As(err, &network) && network.Timeout()
}

func TestAServerThatBreaksTheProtocolLosesItsConnectionAndNobodyElse(t *testing.T) {
	t.Parallel()
	key, r := newKey(t), newRecorder()
	address, _ := serve(t, key, r, "127.0.0.1:0")
	c := connect(t, key, address)
	eventually(t, "connected", c.reached)
	config, err := secure(key, roleServer, roleRelay)
	if err != nil {
		t.Fatal(err)
	}
	for name, with := range map[string]struct {
		sent string
		ends bool
	}{
		"a frame that is too long":    {"\xff\xff{}", true},
		"no JSON":                     {framed(`{]`), true},
		"a talk of another length":    {framed(`{"revoke":{"number":1,"talk":"0011"}}`), true},
		"a field of another type":     {framed(`{"introduce":1}`), true},
		"a message of a newer server": {framed(`{"hereafter":1}`), false},
		"a sign of life":              {framed(`{}`), false},
	} {
		conn, err := tls.DialWithDialer(&net.Dialer{Timeout: patience}, "tcp", address, config)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write([]byte(with.sent + framed(`{"introduce":{"ufrag":"after `+name+`"}}`))); err != nil {
			t.Fatal(err)
		}
		if !with.ends {
			r.waits(t, name, holds("introduce after "+name+"  "))
		}
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		if _, err := io.Copy(io.Discard, conn); isTimeout(err) { // a silent one ends, too
			t.Errorf("%s: the connection stays", name)
		}
		conn.Close()
		r.mu.Lock()
		if heard := slices.Contains(r.asked, "introduce after "+name+"  "); heard == with.ends {
			t.Errorf("%s: what comes after it is heard: %t", name, heard)
		}
		r.mu.Unlock()
	}
	if !c.reached() {
		t.Error("another server lost its connection")
	}
}

func framed(content string) string {
	return string(binary.BigEndian.AppendUint16(nil, uint16(len(content)))) + content
}
