// Package oidc signs people in at an OpenID provider, and believes it no more than it must: authorization code with PKCE,
// state and nonce, one exact issuer, signatures that only the provider can have made, and a minute of difference between
// clocks.
//
// The main types are Party (we, as one provider knows us), Attempt (one sign-in under way), Identity (who has signed in)
// and Ended (who has signed out there). The package knows the protocol, and neither accounts nor a database nor browsers.
package oidc

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	goidc "github.com/coreos/go-oidc/v3/oidc"
)

// Options describe one provider and what it knows us as.
type Options struct {
	Issuer       string // exactly as the provider names itself
	ClientID     string
	ClientSecret string   // empty: a public client, which has PKCE alone
	Scopes       []string // beside openid
	ACR          []string // how people must have signed in: by one of these classes; empty: in any
	AMR          []string // and with one of these methods
	Clock        func() time.Time
	Transport    http.RoundTripper // nil: the real one
	Patience     time.Duration     // with each answer of the provider; zero: answerTime
}

// Party is the relying party of one provider. It is safe for concurrent use, and asks the provider nothing before it has to.
type Party struct {
	o      Options
	client *http.Client
	calls  chan struct{} // under way at the token endpoint
	about  *kept[about]
	keys   *keys
	people *goidc.IDTokenVerifier
	ends   *goidc.IDTokenVerifier
}

const (
	// skew is how far the clocks of a provider and ours may be apart.
	skew = time.Minute
	// tokenAge is how old a token may be that comes straight from the provider.
	tokenAge = 10 * time.Minute
	// mostCalls at a time at the token endpoint; whoever comes then waits.
	mostCalls = 16
	// mostText bounds what we keep of a provider's names.
	mostText = 255
)

// algorithms are those by which a provider proves that it has made a token: with a key that nobody else has.
func algorithms() []string {
	return []string{
		goidc.RS256, goidc.RS384, goidc.RS512, goidc.PS256, goidc.PS384, goidc.PS512, goidc.ES256, goidc.ES384, goidc.ES512, goidc.EdDSA,
	}
}

// New returns the party of a provider. The issuer must have passed CheckIssuer.
func New(o Options) *Party {
	p := &Party{o: o, client: newClient(o), calls: make(chan struct{}, mostCalls)}
	p.about = newKept(o.Clock, p.discover)
	p.keys = &keys{party: p, kept: newKept(o.Clock, p.fetchKeys)}
	// The library looks at issuer and audience; times are looked at here, with our own clock and limit.
	config := &goidc.Config{ClientID: o.ClientID, SupportedSigningAlgs: algorithms(), SkipExpiryCheck: true, Now: o.Clock}
	p.people = goidc.NewVerifier(o.Issuer, typed{p.keys, []string{"", "jwt"}}, config)
	p.ends = goidc.NewVerifier(o.Issuer, typed{p.keys, []string{"", "jwt", "logout+jwt"}}, config)
	return p
}

// Issuer is what the provider names itself.
func (p *Party) Issuer() string { return p.o.Issuer }

// Reason is what a person can be told about a refusal.
type Reason string

// The reasons.
const (
	Denied      Reason = "denied"      // the provider, or the person there, has said no
	Unavailable Reason = "unavailable" // the provider does not answer, or not in time
	Untrusted   Reason = "untrusted"   // what it has said does not hold
	Weak        Reason = "weak"        // it holds, and the person has not signed in as strongly as is asked for
)

// Refusal is why somebody is not let in. Its text is for the operator's log, and names no person.
type Refusal struct {
	Reason Reason
	err    error
}

func (r *Refusal) Error() string { return r.err.Error() }

func (r *Refusal) Unwrap() error { return r.err }

func refuse(reason Reason, format string, args ...any) *Refusal {
	return &Refusal{reason, fmt.Errorf(format, args...)} // texts for a log; nobody compares them
}

// asRefusal keeps a refusal and takes any other error for one with the given reason.
func asRefusal(reason Reason, what string, err error) *Refusal {
	if known, ok := errors.AsType[*Refusal](err); ok {
		return known
	}
	return refuse(reason, "%s: %w", what, err)
}
