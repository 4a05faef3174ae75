package edge

import (
	"container/list"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limiter keeps token buckets by key, at most max of them: the one unused for
// longest goes first.
type Limiter struct {
	every rate.Limit
	burst int
	max   int

	mu   sync.Mutex
	byID map[string]*list.Element
	used *list.List // front: used last
}

type bucket struct {
	id     string
	tokens *rate.Limiter
}

// NewLimiter allows burst at once and then one more each interval, for each key.
func NewLimiter(interval time.Duration, burst, maxKeys int) *Limiter {
	return &Limiter{every: rate.Every(interval), burst: burst, max: maxKeys, byID: map[string]*list.Element{}, used: list.New()}
}

func (l *Limiter) bucket(key string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if tokens := l.present(key); tokens != nil {
		return tokens
	}
	if l.used.Len() >= l.max {
		oldest := l.used.Back()
		delete(l.byID, l.used.Remove(oldest).(*bucket).id) //nolint:forcetypeassert // as above
	}
	b := &bucket{id: key, tokens: rate.NewLimiter(l.every, l.burst)}
	l.byID[key] = l.used.PushFront(b)
	return b.tokens
}

// present is the bucket of a key, which is thereby used; nil if there is none. The caller holds mu.
func (l *Limiter) present(key string) *rate.Limiter {
	e, ok := l.byID[key]
	if !ok {
		return nil
	}
	l.used.MoveToFront(e)
	return e.Value.(*bucket).tokens //nolint:forcetypeassert // only buckets are in the list
}

// Allow takes a token and tells whether there was one.
func (l *Limiter) Allow(key string) bool { return l.bucket(key).Allow() }

// Exhausted tells, without taking one, that no token is left. Who only asks, for however many keys, pushes nobody out.
func (l *Limiter) Exhausted(key string) bool {
	l.mu.Lock()
	tokens := l.present(key)
	l.mu.Unlock()
	return tokens != nil && tokens.Tokens() < 1
}

// ClientPrefix is the network a request comes from (/24 or /48), for limits in
// memory only. Forwarded headers count only from trusted proxies, and of those the
// last address that is not a proxy of ours.
func ClientPrefix(r *http.Request, trusted []netip.Prefix) string {
	addr := remote(r.RemoteAddr)
	forwarded := r.Header.Values("X-Forwarded-For")
	for i := len(forwarded) - 1; i >= 0 && isTrusted(addr, trusted); i-- {
		parts := splitList(forwarded[i])
		for j := len(parts) - 1; j >= 0 && isTrusted(addr, trusted); j-- {
			next := forwardedAddr(parts[j])
			if !next.IsValid() {
				return prefix(addr)
			}
			addr = next
		}
	}
	return prefix(addr)
}

// Note keeps of a request what ClientPrefix needs, for handlers that see only their
// input. It is held in memory while the request runs.
func Note(r *http.Request) string {
	return r.RemoteAddr + "\n" + strings.Join(r.Header.Values("X-Forwarded-For"), ",")
}

// NotedPrefix is ClientPrefix of what Note kept.
func NotedPrefix(noted string, trusted []netip.Prefix) string {
	address, forwarded, _ := strings.Cut(noted, "\n")
	r := &http.Request{RemoteAddr: address, Header: http.Header{}}
	if forwarded != "" {
		r.Header.Set("X-Forwarded-For", forwarded)
	}
	return ClientPrefix(r, trusted)
}

func remote(hostport string) netip.Addr {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		return netip.Addr{}
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap().WithZone("")
}

// forwardedAddr reads what a proxy has noted: an address, and of some proxies its port.
func forwardedAddr(noted string) netip.Addr {
	host := strings.TrimSuffix(strings.TrimPrefix(noted, "["), "]")
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap().WithZone("")
	}
	return remote(noted)
}

func isTrusted(addr netip.Addr, trusted []netip.Prefix) bool {
	for _, p := range trusted {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

func prefix(addr netip.Addr) string {
	if !addr.IsValid() {
		return "unknown"
	}
	bits := 48
	if addr.Is4() {
		bits = 24
	}
	return netip.PrefixFrom(addr, bits).Masked().String()
}
