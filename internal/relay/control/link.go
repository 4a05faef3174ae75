package control

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"net"
	"time"
)

// ErrKey says that the other side does not have the key of this side.
var ErrKey = errors.New("the other side has another relay key")

// protocol is agreed on in the handshake, so that two versions that do not understand each other never begin.
const protocol = "visavis-control/1"

// roles of the two ends; each has its own identity, so that nobody can be sent back what they said.
const (
	roleRelay  = "relay"
	roleServer = "server"
)

// identity is what an end proves to be: both ends derive both identities from the key that they share.
func identity(key []byte, role string) (ed25519.PrivateKey, error) {
	seed, err := hkdf.Key(sha256.New, key, nil, "visavis control 1 "+role, ed25519.SeedSize)
	if err != nil {
		return nil, fmt.Errorf("derive identity: %w", err)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// secure is TLS 1.3 in which each end accepts exactly one public key of the other. Names and dates of certificates mean
// nothing here, so no clock and no authority is involved.
func secure(key []byte, own, other string) (*tls.Config, error) {
	mine, err := identity(key, own)
	if err != nil {
		return nil, err
	}
	theirs, err := identity(key, other)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Unix(1<<37, 0)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, mine.Public(), mine)
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	return &tls.Config{
		MinVersion:             tls.VersionTLS13,
		NextProtos:             []string{protocol},
		Certificates:           []tls.Certificate{{Certificate: [][]byte{certificate}, PrivateKey: mine}},
		ClientAuth:             tls.RequireAnyClientCert,
		InsecureSkipVerify:     true, //nolint:gosec // VerifyConnection checks more: it takes one key only
		SessionTicketsDisabled: true,
		VerifyConnection:       only(theirs.Public().(ed25519.PublicKey)),
	}, nil
}

func only(key ed25519.PublicKey) func(tls.ConnectionState) error {
	return func(state tls.ConnectionState) error {
		if len(state.PeerCertificates) == 1 && key.Equal(state.PeerCertificates[0].PublicKey) &&
			state.NegotiatedProtocol == protocol {
			return nil
		}
		return ErrKey
	}
}

// pace says how long things may take. Zero values mean the usual.
type pace struct {
	handshake time.Duration // until both ends are known
	beat      time.Duration // between two signs of life
	silence   time.Duration // after which the other end is taken for gone
	write     time.Duration // until the other end has taken a frame
	again     time.Duration // between the first two attempts to connect; doubled up to atMost
	atMost    time.Duration
}

func (p pace) withDefaults() pace {
	orElse := func(value *time.Duration, otherwise time.Duration) {
		if *value <= 0 {
			*value = otherwise
		}
	}
	orElse(&p.handshake, 5*time.Second)
	orElse(&p.beat, 3*time.Second)
	orElse(&p.silence, 10*time.Second)
	orElse(&p.write, 5*time.Second)
	orElse(&p.again, 100*time.Millisecond)
	orElse(&p.atMost, time.Second) // talks stand still until then
	return p
}

// link is one authenticated connection. One goroutine may read and one may write.
type link struct {
	conn   *tls.Conn
	reader *bufio.Reader
	pace   pace
	frame  []byte
}

// shake proves both ends to each other, or fails in time.
func shake(ctx context.Context, conn *tls.Conn, pace pace) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, pace.handshake)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("prove identity: %w", bare(err))
	}
	return &link{conn: conn, reader: bufio.NewReaderSize(conn, headerBytes+longestFrame), pace: pace}, nil
}

func (l *link) read() (message, error) {
	if err := l.conn.SetReadDeadline(time.Now().Add(l.pace.silence)); err != nil {
		return message{}, err
	}
	return readFrame(l.reader)
}

func (l *link) write(m message) error {
	var err error
	if l.frame, err = appendFrame(l.frame[:0], m); err != nil {
		return err
	}
	if err := l.conn.SetWriteDeadline(time.Now().Add(l.pace.write)); err != nil {
		return err
	}
	if _, err := l.conn.Write(l.frame); err != nil {
		return fmt.Errorf("write frame: %w", bare(err))
	}
	return nil
}

// bare takes the addresses off an error of the network: strangers' belong into no log, and the port of one's own end
// makes each failure look like another one.
func bare(err error) error {
	if network, ok := errors.AsType[*net.OpError](err); ok && network.Op != "dial" {
		return network.Err
	}
	return err
}

// hangUp ends the connection at once: a farewell could wait for somebody who is gone.
func hangUp(conn *tls.Conn) { _ = conn.NetConn().Close() }

// closeWith closes the connection when ctx ends. The returned function lets go of ctx.
func closeWith(ctx context.Context, conn net.Conn) (release func() bool) {
	return context.AfterFunc(ctx, func() { _ = conn.Close() })
}
