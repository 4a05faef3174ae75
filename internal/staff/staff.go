// Package staff holds the people with an account: sign-in, sessions, roles and
// which desks they may act for.
//
// The main types are Person (who is acting, in a request's context) and Service.
// The package knows nothing of appointments and citizens.
package staff

import (
	"context"
	"net/http"
	"slices"

	"visavis/internal/edge"
)

// Role is what a person does. At present an advisor, reception and a lead may act
// for their desks alike.
type Role string

// The roles.
const (
	Advisor   Role = "advisor"
	Reception Role = "reception"
	Lead      Role = "lead"
)

// Person is who acts. It is put into the context of every request of staff.
type Person struct {
	ID      string
	Agency  string // id
	Name    string
	Email   string
	Role    Role
	Desks   []string
	session []byte // hash of the session's token
}

// Session names the session that the person acts in, for limits in memory.
func (p Person) Session() string { return string(p.session) }

// MayDesk tells whether the person may act for a desk.
func (p Person) MayDesk(desk string) bool { return slices.Contains(p.Desks, desk) }

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
