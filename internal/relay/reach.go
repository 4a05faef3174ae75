package relay

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

const (
	// questionLife is how long the leg of a question lasts.
	questionLife = time.Minute
	// askAgain is when a datagram counts as lost at first; doubled at each try.
	askAgain = 250 * time.Millisecond
)

// ErrSilent is what a question ends with that nobody has answered.
var ErrSilent = errors.New("nothing comes back")

// Question asks a relay whether it is there and has the key: a check as browsers send it, of a leg that lives for a
// minute and connects nobody. It is for one way only, as the same check from another place is taken for a forged one.
type Question struct {
	Packet []byte
	id     transactionID
	pwd    string
}

// NewQuestion makes one.
func NewQuestion(key Key, now time.Time) *Question {
	leg := Leg{Side: SideGuest, Generation: 1, Expires: now.Add(questionLife), Brief: true}
	rand.Read(leg.Talk[:])
	ufrag, pwd := key.Credentials(leg)
	id := randomTransaction()
	return &Question{Packet: appendCheck(nil, id, ufrag, "visavis", pwd), id: id, pwd: pwd}
}

// Answered reports whether this is the answer, from a relay with the key.
func (q *Question) Answered(packet []byte) bool {
	m, err := parseSTUN(packet)
	return err == nil && m.kind == bindingSuccess && m.id == q.id && m.signedWith(q.pwd)
}

// Reach asks at an address, over "udp" or "tcp", until ctx ends.
func Reach(ctx context.Context, key Key, network string, at netip.AddrPort) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, at.String())
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close()
	q := NewQuestion(key, time.Now())
	if network == "udp" {
		return q.overUDP(ctx, conn)
	}
	return q.overTCP(ctx, conn)
}

func (q *Question) overUDP(ctx context.Context, conn net.Conn) error {
	packet := make([]byte, longestPacket)
	for wait := askAgain; ctx.Err() == nil; wait *= 2 {
		until := time.Now().Add(wait)
		if last, ok := ctx.Deadline(); ok && last.Before(until) {
			until = last
		}
		if err := conn.SetReadDeadline(until); err != nil {
			return fmt.Errorf("wait for an answer: %w", err)
		}
		_, err := conn.Write(q.Packet)
		for err == nil {
			var size int
			if size, err = conn.Read(packet); err == nil && q.Answered(packet[:size]) {
				return nil
			}
		}
		if timeout, ok := errors.AsType[net.Error](err); !ok || !timeout.Timeout() {
			return fmt.Errorf("ask: %w", err)
		}
	}
	return ErrSilent
}

func (q *Question) overTCP(ctx context.Context, conn net.Conn) error {
	if until, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(until); err != nil {
			return fmt.Errorf("wait for an answer: %w", err)
		}
	}
	framed := binary.BigEndian.AppendUint16(nil, uint16(len(q.Packet)))
	if _, err := conn.Write(append(framed, q.Packet...)); err != nil {
		return fmt.Errorf("ask: %w", err)
	}
	packet := make([]byte, longestPacket)
	for {
		size, err := readFrame(conn, packet)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrSilent, err)
		}
		if q.Answered(packet[:size]) {
			return nil
		}
	}
}
