package agency

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"

	"visavis/internal/db"
)

// An agency may be reached under a host name of its own. A request that comes under it sees no other agency, whatever it
// names.

// hostPattern is a host name as DNS has it (RFC 1123), with at least one dot.
var hostPattern = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// IsHost tells whether an agency may have a host of this name.
func IsHost(host string) bool {
	return len(host) <= 253 && hostPattern.MatchString(host) && net.ParseIP(host) == nil
}

// slugPattern is short enough for a letter, and needs no escaping in a link.
var slugPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$`)

// IsSlug tells whether an agency may have this name in links.
func IsSlug(slug string) bool { return slugPattern.MatchString(slug) }

// URL is where people reach the agency: the installation's address, under the agency's own host if it has one.
func (a Agency) URL(base string) string {
	if a.Host == "" {
		return base
	}
	at, err := url.Parse(base)
	if err != nil {
		return base
	}
	host := a.Host
	if port := at.Port(); port != "" {
		host = net.JoinHostPort(host, port)
	}
	at.Host = host
	return at.String()
}

type hostKey struct{}

// At is a context in which no agency exists but one.
func At(ctx context.Context, agencyID string) context.Context {
	return context.WithValue(ctx, hostKey{}, agencyID)
}

// Bound tells whether a request came under an agency's own host.
func Bound(ctx context.Context) bool {
	_, bound := ctx.Value(hostKey{}).(string)
	return bound
}

// Hidden tells whether the agency does not exist for who asks.
func Hidden(ctx context.Context, agencyID string) bool {
	only, bound := ctx.Value(hostKey{}).(string)
	return bound && only != agencyID
}

// AtHost is the id of the agency whose host a request came under; empty if none has it. A port does not matter.
func (s *Store) AtHost(ctx context.Context, host string) (id string, err error) {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	err = s.db.Read().QueryRowContext(ctx, `SELECT id FROM agency WHERE host = $1 AND deleted_at IS NULL`,
		strings.TrimSuffix(strings.ToLower(name), ".")).Scan(&id)
	if errors.Is(err, db.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look for an agency's host: %w", err)
	}
	return id, nil
}
