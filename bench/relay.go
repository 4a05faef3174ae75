//go:build linux

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"visavis/internal/relay"
)

const (
	rounds         = 5
	secondsOfRound = 2
	talkPackets    = 400 // a second, both ways
)

// rate is one of the loads.
type rate struct {
	name  string
	talks int
}

func rates() []rate { return []rate{{"2k", 5}, {"10k", 25}, {"40k", 100}} }

// sample is one measurement of one process.
type sample struct{ micros, lost, late, close float64 }

// stage is what stands while the relay is measured.
type stage struct {
	relay, forwarder, generator *child
	relayAt, forwarderAt        netip.AddrPort
}

// measureRelay lets the relay and a bare forwarder carry the same packets in turns.
func measureRelay(ctx context.Context, found figures) (err error) {
	s, err := setStage(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.clear()) }()
	for _, r := range rates() {
		if err := s.measure(r, found); err != nil {
			return fmt.Errorf("at %s packets/s: %w", r.name, err)
		}
	}
	perPacket, ok := found["relay_us_per_packet_40k"].(float64)
	if !ok || perPacket <= 0 {
		return errors.New("the relay used no time")
	}
	found["relay_talks_per_core"] = float64(int(1e6 / perPacket / talkPackets))
	return nil
}

func setStage(ctx context.Context) (*stage, error) {
	c := crowd{key: make(relay.Key, relay.KeyBytes), expires: time.Now().Add(time.Hour).Truncate(time.Second)}
	rand.Read(c.key)
	s := &stage{}
	// All three alike come before what else runs, where that is allowed; children inherit it from the thread.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if unix.Setpriority(unix.PRIO_PROCESS, 0, -10) == nil {
		defer func() { _ = unix.Setpriority(unix.PRIO_PROCESS, 0, 0) }() // allowed, as the other was
	}
	var err error
	if s.relay, err = start(ctx, "as-relay", c.args()...); err != nil {
		return nil, err
	}
	if s.forwarder, err = start(ctx, "as-forwarder"); err != nil {
		return nil, err
	}
	if s.generator, err = start(ctx, "as-generator", c.args()...); err != nil {
		return nil, err
	}
	var browsers []netip.AddrPort
	err = errors.Join(s.relay.hear(&s.relayAt), s.forwarder.hear(&s.forwarderAt), s.generator.hear(&browsers))
	if err != nil {
		return nil, err
	}
	return s, s.forwarder.send.Encode(browsers)
}

func (s *stage) clear() error {
	return errors.Join(s.generator.end(), s.forwarder.end(), s.relay.end())
}

func (s *stage) measure(r rate, found figures) error {
	var relays, forwarders []sample
	for range rounds {
		one, err := s.play(order{Target: s.relayAt, PID: s.relay.cmd.Process.Pid, ICE: true, Talks: r.talks})
		if err != nil {
			return fmt.Errorf("relay: %w", err)
		}
		other, err := s.play(order{Target: s.forwarderAt, PID: s.forwarder.cmd.Process.Pid, Talks: r.talks})
		if err != nil {
			return fmt.Errorf("forwarder: %w", err)
		}
		relays, forwarders = append(relays, one), append(forwarders, other)
		fmt.Fprintf(os.Stderr, "  %4s packets/s: relay %5.2f µs, forwarder %5.2f µs; lost %.2f %% and %.2f %%; sent late %.1f %%, close together %.0f %%\n",
			r.name, one.micros, other.micros, one.lost, other.lost, max(one.late, other.late), max(one.close, other.close))
	}
	found["relay_pacing_"+r.name] = fmt.Sprintf("%d browsers, each one packet of %d bytes every %s at a moment of its own; %.1f %% left more than %s late",
		2*r.talks, packetBytes, packetEvery, median(each(relays, func(s sample) float64 { return s.late })), late)
	var ratios []float64
	for i := range relays {
		ratios = append(ratios, relays[i].micros/forwarders[i].micros)
	}
	found["relay_us_per_packet_"+r.name] = round(median(each(relays, func(s sample) float64 { return s.micros })))
	found["forwarder_us_per_packet_"+r.name] = round(median(each(forwarders, func(s sample) float64 { return s.micros })))
	found["relay_to_forwarder_"+r.name] = round(median(ratios))
	found["relay_loss_percent_"+r.name] = round(median(each(relays, func(s sample) float64 { return s.lost })))
	found["forwarder_loss_percent_"+r.name] = round(median(each(forwarders, func(s sample) float64 { return s.lost })))
	return nil
}

func each(samples []sample, of func(sample) float64) []float64 {
	values := make([]float64, len(samples))
	for i, one := range samples {
		values[i] = of(one)
	}
	return values
}

func (s *stage) play(o order) (sample, error) {
	o.Seconds = secondsOfRound
	if err := s.generator.send.Encode(o); err != nil {
		return sample{}, err
	}
	var seen outcome
	if err := s.generator.hear(&seen); err != nil {
		return sample{}, err
	}
	if seen.Error != "" {
		return sample{}, errors.New(seen.Error)
	}
	if seen.Got == 0 {
		return sample{}, errors.New("no packet has arrived")
	}
	sent := float64(seen.Sent)
	return sample{
		micros: float64(seen.CPU) / float64(seen.Got) / 1000,
		lost:   max(0, 100*(1-float64(seen.Got)/sent)),
		late:   100 * float64(seen.Late) / sent,
		close:  100 * float64(seen.Close) / sent,
	}, nil
}
