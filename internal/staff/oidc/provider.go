package oidc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	goidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const (
	// answerTime bounds each answer of a provider, and mostAnswer its size.
	answerTime = 5 * time.Second
	mostAnswer = 256 << 10
	// aboutLive is how long a provider's own description is believed.
	aboutLive = time.Hour
	// pause is how long nobody asks again after a failure.
	pause = 3 * time.Second
)

// CheckIssuer tells what is wrong with the address of an issuer.
func CheckIssuer(issuer string) error {
	at, err := url.Parse(issuer)
	switch {
	case err != nil, at.Hostname() == "", at.Opaque != "":
		return errors.New("is no address such as https://login.example.de/realms/amt")
	case at.Scheme != "https" && (at.Scheme != "http" || !isLoopback(at.Hostname())):
		return errors.New("must begin with https://")
	case at.RawQuery != "", at.Fragment != "", at.User != nil, strings.ContainsAny(issuer, "?#"):
		return errors.New("must have no name, question mark or # in it")
	}
	return nil
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// newClient speaks to the issuer's own host and to nobody else, follows nobody elsewhere, and neither waits nor reads for
// ever.
func newClient(o Options) *http.Client {
	next := o.Transport
	if next == nil {
		next = &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: answerTime}).DialContext,
			TLSHandshakeTimeout:    answerTime,
			MaxIdleConnsPerHost:    4,
			IdleConnTimeout:        time.Minute,
			MaxResponseHeaderBytes: 64 << 10,
			ForceAttemptHTTP2:      true,
		}
	}
	return &http.Client{
		Transport:     &fence{issuer: o.Issuer, next: next},
		CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("the provider leads elsewhere") },
		Timeout:       cmp.Or(o.Patience, answerTime),
	}
}

// fence keeps requests with the issuer, and answers small.
type fence struct {
	issuer string
	next   http.RoundTripper
}

func (f *fence) RoundTrip(r *http.Request) (*http.Response, error) {
	if !sameOrigin(f.issuer, r.URL) {
		return nil, errors.New("not the issuer's host")
	}
	answer, err := f.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer.Body = http.MaxBytesReader(nil, answer.Body, mostAnswer)
	return answer, nil
}

func sameOrigin(issuer string, at *url.URL) bool {
	own, err := url.Parse(issuer)
	return err == nil && own.Scheme == at.Scheme && strings.EqualFold(own.Host, at.Host) && at.User == nil
}

// about is what a provider says of itself.
type about struct {
	provider      *goidc.Provider
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	Keys          string   `json:"jwks_uri"`
	Methods       []string `json:"token_endpoint_auth_methods_supported"`
	Challenges    []string `json:"code_challenge_methods_supported"`
	// NamesItself: it says in each answer who it is (RFC 9207).
	NamesItself bool `json:"authorization_response_iss_parameter_supported"`
}

func (p *Party) discover(ctx context.Context) (about, error) {
	var a about
	provider, err := goidc.NewProvider(goidc.ClientContext(ctx, p.client), p.o.Issuer)
	if _, other := errors.AsType[*goidc.IssuerMismatchError](err); other {
		return a, refuse(Untrusted, "the provider names itself otherwise than sso.issuer does: %w", err)
	}
	if err != nil {
		return a, refuse(Unavailable, "read what the provider says of itself: %w", cut(err))
	}
	if err := provider.Claims(&a); err != nil {
		return a, refuse(Untrusted, "read what the provider says of itself: %w", err)
	}
	a.provider = provider
	for name, text := range map[string]string{"authorization_endpoint": a.Authorization, "token_endpoint": a.Token, "jwks_uri": a.Keys} {
		if at, err := url.Parse(text); err != nil || !sameOrigin(p.o.Issuer, at) || at.Fragment != "" {
			return a, refuse(Untrusted, "its %s is not at the issuer's host", name)
		}
	}
	if len(a.Challenges) > 0 && !slices.Contains(a.Challenges, "S256") {
		return a, refuse(Untrusted, "it does not know PKCE with S256")
	}
	return a, nil
}

// config is for the library that exchanges codes.
func (p *Party) config(a about) (*oauth2.Config, error) {
	style := oauth2.AuthStyleInHeader // where nothing is said, as everybody must be able to
	switch {
	case p.o.ClientSecret == "":
		style = oauth2.AuthStyleInParams // the client's name alone
	case len(a.Methods) == 0 || slices.Contains(a.Methods, "client_secret_basic"):
	case slices.Contains(a.Methods, "client_secret_post"):
		style = oauth2.AuthStyleInParams
	default:
		return nil, refuse(Untrusted, "it takes no client secret")
	}
	return &oauth2.Config{
		ClientID: p.o.ClientID, ClientSecret: p.o.ClientSecret,
		Endpoint: oauth2.Endpoint{AuthURL: a.Authorization, TokenURL: a.Token, AuthStyle: style},
		Scopes:   append([]string{goidc.ScopeOpenID}, p.o.Scopes...),
	}, nil
}

// Reach asks the provider for its description and its keys, and tells what is wrong.
func (p *Party) Reach(ctx context.Context) error {
	a, err := p.about.get(ctx, aboutLive)
	if err != nil {
		return err
	}
	if _, err := p.config(a); err != nil {
		return err
	}
	set, err := p.keys.kept.get(ctx, keysLive)
	if err == nil && len(set) == 0 {
		err = refuse(Untrusted, "it has no key that we could use")
	}
	return err
}

// kept is something of the provider's that is good for a while. One asks for it, and whoever comes meanwhile waits for the
// answer; after a failure nobody asks again for a moment.
type kept[T any] struct {
	clock func() time.Time
	fetch func(context.Context) (T, error)
	turn  chan struct{} // holds a token while nobody asks

	mu       sync.Mutex
	value    T
	at       time.Time // of the newest answer
	failure  error
	failedAt time.Time
}

func newKept[T any](clock func() time.Time, fetch func(context.Context) (T, error)) *kept[T] {
	k := &kept[T]{clock: clock, fetch: fetch, turn: make(chan struct{}, 1)}
	k.turn <- struct{}{}
	return k
}

// get returns the value unless it is older; then it asks for a new one.
func (k *kept[T]) get(ctx context.Context, oldest time.Duration) (T, error) {
	if value, known, err := k.present(oldest); known {
		return value, err
	}
	var none T
	select {
	case <-k.turn:
		defer func() { k.turn <- struct{}{} }()
	case <-ctx.Done():
		return none, refuse(Unavailable, "wait for the provider: %w", ctx.Err())
	}
	if value, known, err := k.present(oldest); known { // meanwhile
		return value, err
	}
	// Others wait for the answer, too: it does not end with whoever has asked.
	asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTime)
	defer cancel()
	value, err := k.fetch(asking)
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil {
		k.failure, k.failedAt = err, k.clock()
		return none, err
	}
	k.value, k.at, k.failure = value, k.clock(), nil
	return value, nil
}

func (k *kept[T]) present(oldest time.Duration) (value T, known bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.clock()
	switch {
	case !k.at.IsZero() && now.Sub(k.at) < oldest:
		return k.value, true, nil
	case k.failure != nil && now.Sub(k.failedAt) < pause:
		return value, true, k.failure
	}
	return value, false, nil
}

// mostSaid bounds what a log gets to read of a provider's answer.
const mostSaid = 200

// cut shortens an error that may quote a whole page.
func cut(err error) error {
	if text := err.Error(); len(text) > mostSaid {
		return fmt.Errorf("%.*s …", mostSaid, text) // as above
	}
	return err
}
