package turn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	pion "github.com/pion/turn/v5"
)

// askEvery is when a packet on its way to the relay counts as lost.
const askEvery = 500 * time.Millisecond

// Where a way through TURN can end.
var (
	ErrNoTURN  = errors.New("no TURN server with these credentials answers")
	ErrNoRelay = errors.New("TURN answers, but nothing comes back from the relay")
)

// Reach tries the whole way as a browser would, through a connection whose TLS is done: an allocation, and a question
// to the relay that must be answered. It closes the connection.
func Reach(ctx context.Context, conn net.Conn, with ICEServer, relay netip.AddrPort, question []byte, answered func([]byte) bool) error {
	client, err := pion.NewClient(&pion.ClientConfig{
		Conn: pion.NewSTUNConn(conn), TURNServerAddr: conn.RemoteAddr().String(),
		Username: with.Username, Password: with.Credential, LoggerFactory: silence{},
	})
	if err != nil {
		return errors.Join(fmt.Errorf("begin TURN: %w", err), conn.Close())
	}
	defer conn.Close()
	defer client.Close()
	// Both, as the library waits for its own timer where a connection ends without an answer.
	defer context.AfterFunc(ctx, func() { conn.Close(); client.Close() })()
	if err := client.Listen(); err != nil {
		return fmt.Errorf("begin TURN: %w", err)
	}
	relayed, err := client.Allocate()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoTURN, err)
	}
	defer relayed.Close()
	return ask(ctx, relayed, relay, question, answered)
}

func ask(ctx context.Context, relayed net.PacketConn, relay netip.AddrPort, question []byte, answered func([]byte) bool) error {
	packet := make([]byte, longestPacket)
	for ctx.Err() == nil {
		if _, err := relayed.WriteTo(bytes.Clone(question), net.UDPAddrFromAddrPort(relay)); err != nil {
			return fmt.Errorf("%w: %w", ErrNoRelay, err)
		}
		if err := relayed.SetReadDeadline(time.Now().Add(askEvery)); err != nil {
			return fmt.Errorf("wait for the relay: %w", err)
		}
		for {
			size, _, err := relayed.ReadFrom(packet)
			if err != nil {
				break // asked again while there is time
			}
			if answered(packet[:size]) {
				return nil
			}
		}
	}
	return ErrNoRelay
}
