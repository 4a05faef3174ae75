//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"time"

	"visavis/internal/relay"
	"visavis/internal/relay/control"
)

// crowd is what all processes of a run know of the legs. It stands for the server, which would tell each of them.
type crowd struct {
	key     relay.Key
	expires time.Time
}

func (c crowd) args() []string {
	return []string{"-key", hex.EncodeToString(c.key), "-expires", strconv.FormatInt(c.expires.Unix(), 10)}
}

func parseCrowd(args []string) (crowd, error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	key, expires := flags.String("key", "", ""), flags.Int64("expires", 0, "")
	if err := flags.Parse(args); err != nil {
		return crowd{}, err
	}
	raw, err := hex.DecodeString(*key)
	return crowd{raw, time.Unix(*expires, 0)}, err
}

// leg is one browser of a talk: browsers 0 and 1 talk with each other, 2 and 3, and so on.
func (c crowd) leg(browser int) relay.Leg {
	leg := relay.Leg{Side: relay.SideGuest, Generation: 1, Expires: c.expires}
	if browser%2 == 1 {
		leg.Side = relay.SideStaff
	}
	leg.Talk[6], leg.Talk[7] = byte(browser/2>>8), byte(browser/2)
	return leg
}

// browserICE is what the browser has put into its description.
func browserICE(leg relay.Leg) (ufrag, pwd string) {
	return fmt.Sprintf("b%x", leg.Talk[6:]), fmt.Sprintf("browser%024x", leg.Talk)
}

// asRelay is the relay as it is in the product, with a server's part that knows the browsers beforehand.
func asRelay(ctx context.Context, args []string) error {
	c, err := parseCrowd(args)
	if err != nil {
		return err
	}
	r, err := relay.Listen(relay.Options{Key: c.key, UDP: ":0"}) // any address, as is the default
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		for event := range r.Events(ctx) {
			if event.Kind != control.Need {
				continue
			}
			if leg, err := relay.ParseUfrag(event.Ufrag); err == nil {
				ufrag, pwd := browserICE(leg)
				_ = r.Introduce(event.Ufrag, ufrag, pwd) // what fails here is loss in the figures
			}
		}
	}()
	at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), r.UDPAddr().Port())
	if err := json.NewEncoder(os.Stdout).Encode(at); err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // ends with the process that has started this one
		cancel()
	}()
	return r.Serve(ctx)
}

// asForwarder is the least that any relay must do: receive, look up where it goes, send.
func asForwarder(ctx context.Context) error {
	conn, err := (&net.ListenConfig{}).ListenPacket(ctx, "udp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	udp, ok := conn.(*net.UDPConn)
	if !ok {
		return errors.New("a UDP socket is none")
	}
	defer udp.Close()
	_ = udp.SetReadBuffer(4 << 20)  // as the relay does
	_ = udp.SetWriteBuffer(4 << 20) // likewise
	at, err := netip.ParseAddrPort(udp.LocalAddr().String())
	if err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(at); err != nil {
		return err
	}
	in := bufio.NewReader(os.Stdin)
	line, err := in.ReadBytes('\n')
	if err != nil {
		return err
	}
	var browsers []netip.AddrPort
	if err := json.Unmarshal(line, &browsers); err != nil {
		return err
	}
	peers := map[netip.AddrPort]netip.AddrPort{}
	for i, browser := range browsers {
		peers[browser] = browsers[i^1]
	}
	go func() {
		_, _ = io.Copy(io.Discard, in)
		udp.Close()
	}()
	return forward(udp, peers)
}

func forward(udp *net.UDPConn, peers map[netip.AddrPort]netip.AddrPort) error {
	packet := make([]byte, 2048)
	for {
		size, from, err := udp.ReadFromUDPAddrPort(packet)
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		if to, known := peers[from]; known {
			_, _ = udp.WriteToUDPAddrPort(packet[:size], to) // what is lost here is lost
		}
	}
}
