//go:build linux

package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

const (
	mostTalks = 100
	// A talk of 400 packets/s: each browser sends one every 5 ms, at its own moment.
	packetEvery = 5 * time.Millisecond
	// settle is the time before counting: the first packets teach the sockets, the scheduler and the relay.
	settle = 500 * time.Millisecond
	joinIn = 5 * time.Second
	late   = time.Millisecond
)

// order is one measurement, as the generator is told.
type order struct {
	Target  netip.AddrPort
	PID     int  // of the target, to read its CPU clock
	ICE     bool // the target wants checks
	Talks   int
	Seconds float64
}

// outcome is what the generator has seen.
type outcome struct {
	CPU       time.Duration // of the target
	Span      time.Duration
	Sent, Got uint64
	Late      uint64 // sent more than a millisecond after their moment
	Close     uint64 // sent less than ten microseconds after the one before
	Error     string `json:",omitempty"`
}

// asGenerator tells the addresses of its browsers, then plays what it is ordered until its input ends.
func asGenerator(args []string) error {
	c, err := parseCrowd(args)
	if err != nil {
		return err
	}
	// The thread's timers must be exact, and so it must be one thread.
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("make timers exact: %w", err)
	}
	var g generator
	var at []netip.AddrPort
	for number := range 2 * mostTalks {
		b, err := newBrowser(c, number)
		if err != nil {
			return fmt.Errorf("open socket of a browser: %w", err)
		}
		b.phase = time.Duration(rand.Int64N(int64(packetEvery)))
		g.browsers, at = append(g.browsers, b), append(at, b.at)
	}
	out, in := json.NewEncoder(os.Stdout), json.NewDecoder(bufio.NewReader(os.Stdin))
	if err := out.Encode(at); err != nil {
		return err
	}
	for {
		var o order
		if err := in.Decode(&o); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		result, err := g.play(o)
		if err != nil {
			result.Error = err.Error()
		}
		if err := out.Encode(result); err != nil {
			return err
		}
	}
}

type generator struct {
	browsers []*browser // by number: 0 talks with 1, 2 with 3
	active   []*browser // by phase
	target   unix.Sockaddr
	ice      bool
	packet   [packetBytes]byte
	head     [headBytes]byte
}

func (g *generator) play(o order) (outcome, error) {
	g.target = &unix.SockaddrInet4{Addr: o.Target.Addr().As4(), Port: int(o.Target.Port())}
	g.ice = o.ICE
	g.active = slices.Clone(g.browsers[:2*o.Talks])
	slices.SortFunc(g.active, func(a, b *browser) int { return cmp.Compare(a.phase, b.phase) })
	for _, b := range g.browsers {
		if err := b.receive(g.head[:], g.target); err != nil { // what came too late in the measurement before
			return outcome{}, err
		}
		b.sent, b.got, b.answered, b.proved, b.nextCheck = 0, 0, 0, 0, time.Time{}
	}
	if o.ICE {
		if err := g.join(); err != nil {
			return outcome{}, err
		}
	}
	if _, err := g.send(settle); err != nil {
		return outcome{}, err
	}
	before, err := cpuClock(o.PID)
	if err != nil {
		return outcome{}, err
	}
	sent, got := g.sums()
	result, err := g.send(time.Duration(o.Seconds * float64(time.Second)))
	if err != nil {
		return outcome{}, err
	}
	after, err := cpuClock(o.PID)
	if err != nil {
		return outcome{}, err
	}
	result.CPU = after - before
	result.Sent, result.Got = g.sums()
	result.Sent -= sent
	result.Got -= got
	return result, nil
}

// join checks until the relay has answered every browser, as they do at the beginning of a talk.
func (g *generator) join() error {
	begun := time.Now()
	for _, b := range g.active { // a little apart, as the relay limits checks of one source
		if err := b.check(time.Now(), g.target); err != nil {
			return err
		}
		sleepUntil(monotonic() + 500*time.Microsecond)
	}
	for time.Since(begun) < joinIn {
		waiting := 0
		for _, b := range g.active {
			if err := b.receive(g.head[:], g.target); err != nil {
				return err
			}
			if b.answered == 0 {
				waiting++
			}
		}
		if waiting == 0 {
			return nil
		}
		sleepUntil(monotonic() + 5*time.Millisecond)
	}
	return errors.New("the relay does not answer all browsers")
}

// send lets every browser send at its own moments, and receive when it has sent.
func (g *generator) send(span time.Duration) (outcome, error) {
	var result outcome
	begun := monotonic() + packetEvery
	var last time.Duration
	for cycle := time.Duration(0); cycle+packetEvery <= span; cycle += packetEvery {
		for _, b := range g.active {
			due := begun + cycle + b.phase
			now := monotonic()
			if now < due {
				sleepUntil(due)
				now = monotonic()
			}
			if now-due > late {
				result.Late++
			}
			if now-last < 10*time.Microsecond {
				result.Close++
			}
			last = now
			if err := g.turn(b); err != nil {
				return result, err
			}
		}
	}
	result.Span = monotonic() - begun
	return result, nil
}

// turn is one moment of a browser.
func (g *generator) turn(b *browser) error {
	b.media(g.packet[:], g.target)
	if g.ice {
		if now := time.Now(); now.After(b.nextCheck) {
			if err := b.check(now, g.target); err != nil {
				return err
			}
		}
	}
	return b.receive(g.head[:], g.target)
}

func (g *generator) sums() (sent, got uint64) {
	for _, b := range g.active {
		sent, got = sent+b.sent, got+b.got
	}
	return sent, got
}

func monotonic() time.Duration {
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) // cannot fail for this clock
	return time.Duration(now.Nano())
}

// sleepUntil sleeps in the kernel: Go's own timers wake up to a millisecond late.
func sleepUntil(at time.Duration) {
	until := unix.NsecToTimespec(at.Nanoseconds())
	for {
		if err := unix.ClockNanosleep(unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, &until, nil); !errors.Is(err, unix.EINTR) {
			return
		}
	}
}
