// Package control is what servers and relays say to each other: Relay is all that a server may ask of a relay, Event
// and Load are all that a relay tells. A relay in the same process is asked directly; one at the network's edge is
// asked through a Client, which speaks to Serve over one authenticated connection that the server opens.
//
// It must not know packets, sockets of media, talks' contents, or anything of the product.
package control

import (
	"context"
	"errors"
	"time"
)

// Relay is one relay as a server sees it, in this process or elsewhere. No method waits for the network.
type Relay interface {
	// Introduce hands over the ICE credentials that a browser has put into its own description. Media flow only
	// to legs that were introduced. ufrag is the relay's own name for the leg.
	Introduce(ufrag, browserUfrag, browserPwd string) error
	// Revoke ends all legs of a talk, those to come as well.
	Revoke(talk [8]byte) error
	// Load is the newest snapshot.
	Load() Load
	// Events tells what happens from now on, until ctx ends. A reader that is too slow misses events.
	Events(ctx context.Context) <-chan Event
}

// Why an introduction is refused.
var (
	ErrForeign = errors.New("no leg of this relay")
	ErrExpired = errors.New("leg has expired")
	ErrRevoked = errors.New("talk is revoked")
	ErrFull    = errors.New("relay is full")
	ErrBrowser = errors.New("browser credentials out of bounds")
	ErrAway    = errors.New("relay cannot be reached")
)

// Kind says what happened.
type Kind string

// What a relay tells.
const (
	// Need asks for the introduction of a leg whose browser has come: after a restart, or sooner than the server.
	Need Kind = "need"
	// Bound says that a leg has a proven address, for the first time, again, or a new one.
	Bound Kind = "bound"
	// Silent says that nothing has come from a leg for some time.
	Silent Kind = "silent"
	// Loaded brings a new snapshot of the load.
	Loaded Kind = "load"
)

// Event is one thing that happened. It never holds an address.
type Event struct {
	Kind  Kind      `json:"kind"`
	Ufrag string    `json:"ufrag,omitempty"`
	At    time.Time `json:"at"`
	Load  *Load     `json:"load,omitempty"`
}

// Load counts since the relay's start, save for the legs, which are those of the moment.
type Load struct {
	Legs           int               `json:"legs"`
	BoundLegs      int               `json:"boundLegs"`
	TCPLegs        int               `json:"tcpLegs"`
	TCPConnections int               `json:"tcpConnections"`
	Packets        uint64            `json:"packets"`
	Bytes          uint64            `json:"bytes"`
	Checks         uint64            `json:"checks"`
	Dropped        map[string]uint64 `json:"dropped,omitempty"`
	EventsMissed   uint64            `json:"eventsMissed"`
	Full           bool              `json:"full,omitempty"` // takes no other talk
}
