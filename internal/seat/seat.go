// Package seat is the waiting place: the durable place of a guest in an
// appointment, the doors to it, and who is present.
//
// A seat is a row with an explicit state; streams, browsers and media attach to it
// and may vanish. The rules are pure (rules.go: Apply), the store keeps one row per
// seat under an optimistic lock, and the routes are those of guests.
//
// The main types are Seat, Command and Service. The package knows nothing of
// talks and media; package talk, above it, tells it what is needed of them
// through the interface Talks. Of staff it knows who acts: who writes to a guest,
// and who is late.
package seat
