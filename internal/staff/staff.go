// Package staff holds the people with an account: sign-in, sessions, roles and
// which desks they may act for.
//
// The main types are Person (who is acting, in a request's context) and Service.
// The package knows nothing of appointments and citizens.
package staff

import (
	"context"
	"net/http"
	"time"

	"visavis/internal/edge"
)

// Person is who acts. It is put into the context of every request of staff.
type Person struct {
	ID      string
	Agency  string // id
	Name    string
	Email   string
	Roles   []Held          // of this moment
	Desks   []string        // ids, at which it works by one of them
	at      map[string]Role // the highest at each desk
	session []byte          // hash of the session's token
	used    time.Time       // when the session was, to a few minutes
	expires time.Time       // the session, however much it is used
	pairing string          // the device that it is on; empty: the person has signed in to it
	paired  *Device         // with it; Again has looked
}

// Session names the session that the person acts in, for limits in memory.
func (p Person) Session() string { return string(p.session) }

type personKey struct{}

// WithPerson puts a person into a context.
func WithPerson(ctx context.Context, p Person) context.Context {
	return context.WithValue(ctx, personKey{}, p)
}

// ErrSignedOut is the answer to who has no session.
func ErrSignedOut() *edge.Problem { return edge.NewProblem(http.StatusUnauthorized, "session.none") }

// From returns who acts, or the problem that nobody does.
func From(ctx context.Context) (Person, error) {
	p, ok := ctx.Value(personKey{}).(Person)
	if !ok {
		return Person{}, ErrSignedOut()
	}
	return p, nil
}
