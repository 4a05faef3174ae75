//go:build linux

package main

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"time"

	"github.com/pion/stun/v3"
	"golang.org/x/sys/unix"

	"visavis/internal/relay"
)

const (
	packetBytes = 1200
	// checkEvery is how often browsers ask for consent (RFC 7675 §5.1: 4 to 6 s; real ones more often).
	checkEvery = 2500 * time.Millisecond
	bufferSize = 1 << 20
	// headBytes is all of a packet that is read: a check is shorter, and of media only the arrival counts.
	headBytes = 512
)

// browser is one end of a talk as the relay sees it: a socket that checks, answers checks, sends and receives. The
// STUN part is pion's and shares nothing with the relay's.
type browser struct {
	fd         int
	at         netip.AddrPort
	leg        relay.Leg
	ufrag, pwd string // the relay's, from the description
	phase      time.Duration
	nextCheck  time.Time
	sequence   uint16
	sent, got  uint64
	answered   uint64 // own checks that the relay has answered
	proved     uint64 // the relay's checks that this browser has answered
}

func newBrowser(c crowd, number int) (*browser, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, bufferSize) // the kernel's limit is an operator's choice
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	bound, err := unix.Getsockname(fd)
	if err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	v4, ok := bound.(*unix.SockaddrInet4)
	if !ok {
		return nil, errors.Join(errors.New("not an IPv4 socket"), unix.Close(fd))
	}
	b := &browser{fd: fd, at: netip.AddrPortFrom(netip.AddrFrom4(v4.Addr), uint16(v4.Port)), leg: c.leg(number)}
	b.ufrag, b.pwd = c.key.Credentials(b.leg)
	return b, nil
}

// check asks the relay, as a browser does that has nominated this pair.
func (b *browser) check(now time.Time, to unix.Sockaddr) error {
	own, _ := browserICE(b.leg)
	asked, err := stun.Build(stun.BindingRequest, stun.TransactionID, stun.NewUsername(b.ufrag+":"+own),
		stun.RawAttribute{Type: stun.AttrICEControlling, Value: []byte{1, 2, 3, 4, 5, 6, 7, 8}},
		stun.RawAttribute{Type: stun.AttrUseCandidate}, stun.RawAttribute{Type: stun.AttrPriority, Value: []byte{0x6e, 0x7f, 0x1e, 0}},
		stun.NewShortTermIntegrity(b.pwd), stun.Fingerprint)
	if err != nil {
		return err
	}
	b.nextCheck = now.Add(checkEvery)
	return unix.Sendto(b.fd, asked.Raw, 0, to)
}

// media sends one packet that looks like RTP.
func (b *browser) media(packet []byte, to unix.Sockaddr) {
	b.sequence++
	packet[0], packet[1] = 0x80, 96
	binary.BigEndian.PutUint16(packet[2:], b.sequence)
	if unix.Sendto(b.fd, packet, 0, to) == nil {
		b.sent++
	}
}

// receive takes what has arrived, without waiting.
func (b *browser) receive(packet []byte, from unix.Sockaddr) error {
	for {
		size, err := unix.Read(b.fd, packet)
		if errors.Is(err, unix.EAGAIN) {
			return nil
		}
		if err != nil {
			return err
		}
		switch {
		case size > 0 && packet[0] >= 128:
			b.got++
		case stun.IsMessage(packet[:size]):
			if err := b.stun(packet[:size], from); err != nil {
				return err
			}
		}
	}
}

// stun answers the relay's own check, and notes its answers.
func (b *browser) stun(packet []byte, from unix.Sockaddr) error {
	m := &stun.Message{Raw: packet}
	if err := m.Decode(); err != nil {
		return err
	}
	own, ownPwd := browserICE(b.leg)
	if m.Type == stun.BindingSuccess {
		if err := stun.NewShortTermIntegrity(b.pwd).Check(m); err != nil {
			return err
		}
		b.answered++
		return nil
	}
	var username stun.Username
	if err := username.GetFrom(m); err != nil {
		return err
	}
	if string(username) != own+":"+b.ufrag {
		return errors.New("the relay's check is for somebody else")
	}
	if err := stun.NewShortTermIntegrity(ownPwd).Check(m); err != nil {
		return err
	}
	relayAt, ok := from.(*unix.SockaddrInet4)
	if !ok {
		return errors.New("the relay is not on IPv4")
	}
	answer, err := stun.Build(stun.BindingSuccess, stun.NewTransactionIDSetter(m.TransactionID),
		&stun.XORMappedAddress{IP: relayAt.Addr[:], Port: relayAt.Port}, stun.NewShortTermIntegrity(ownPwd), stun.Fingerprint)
	if err != nil {
		return err
	}
	b.proved++
	return unix.Sendto(b.fd, answer.Raw, 0, from)
}
