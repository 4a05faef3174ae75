package scim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/staff"
	"visavis/internal/vault"
)

const (
	tokenBegin = "vscim_" // so that whoever finds one knows what it is
	mostTokens = 10
	mostLabel  = 80
	// usedEvery spares a write for each request.
	usedEvery = time.Minute
)

// caller is the directory of an agency.
type caller struct {
	agency, token string
	base          string // the interface's address
}

// identify says which agency's directory has sent a request.
func (s *Service) identify(r *http.Request) (caller, error) {
	wrong := refuse(http.StatusUnauthorized, "", "the token is missing or wrong")
	kind, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "Bearer") || !strings.HasPrefix(secret, tokenBegin) || len(secret) > 100 {
		return caller{}, wrong
	}
	a, err := s.o.Agencies.BySlug(r.Context(), r.PathValue("agency"))
	if err != nil && !errors.Is(err, agency.ErrNotFound) {
		return caller{}, err
	}
	c := caller{agency: a.ID, base: s.Base(a)}
	if err == nil {
		var used *int64
		err = s.db.Read().QueryRowContext(r.Context(), `SELECT id, used_at FROM scim_token WHERE agency_id = $1 AND hash = $2`,
			a.ID, vault.Hash(secret)).Scan(&c.token, &used)
		if err == nil {
			return c, s.use(r.Context(), c, used)
		}
	}
	if !errors.Is(err, db.ErrNoRows) && !errors.Is(err, agency.ErrNotFound) {
		return caller{}, fmt.Errorf("read token: %w", err)
	}
	// The right one gets through from wherever: a directory may share its address with all customers of a cloud.
	if network := edge.ClientPrefix(r, s.o.TrustedProxies); !s.failures.Allow(network) {
		return caller{}, refuse(http.StatusTooManyRequests, "", "too many wrong tokens; try again later")
	}
	return caller{}, wrong
}

func (s *Service) use(ctx context.Context, c caller, used *int64) error {
	now := s.o.Clock()
	if used != nil && now.Sub(db.Time(*used)) < usedEvery {
		return nil
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE scim_token SET used_at = $1 WHERE agency_id = $2 AND id = $3`, db.Ms(now), c.agency, c.token)
		return err
	})
}

// DirectoryToken is one as those who administer see it.
type DirectoryToken struct {
	ID        string `json:"id"`
	Label     string `json:"label"`
	CreatedAt int64  `json:"createdAt"`
	UsedAt    *int64 `json:"usedAt,omitempty" doc:"To the minute."`
	By        string `json:"by,omitempty" doc:"Name of who has made it; none: the operator, by a command."`
	// Left is told, as a key goes on when its maker goes: they may have kept it.
	Left  MakerLeft `json:"left,omitempty" enum:"account,role" doc:"Who has made it could make none any more: the account is disabled, or no longer administers the whole agency."`
	maker string
}

// MakerLeft is why somebody who has made a key could make none any more.
type MakerLeft string

// Whichever way it happened: by hand, with an import, by the directory itself, or as its time was over.
const (
	NoAccount MakerLeft = "account"
	NoRole    MakerLeft = "role"
)

// ErrTooMany says that an agency has as many tokens as it may.
var ErrTooMany = errors.New("scim: there are ten tokens already")

// MakeToken makes one; its text is told this once. by is who asks; empty: a command.
func (s *Service) MakeToken(ctx context.Context, tx *db.Tx, agencyID, label, by string) (t DirectoryToken, secret string, err error) {
	if err := s.o.Staff.InTurn(ctx, tx, agencyID); err != nil {
		return t, "", err
	}
	all, err := s.Tokens(ctx, tx, agencyID)
	if err != nil {
		return t, "", err
	}
	if len(all) >= mostTokens {
		return t, "", ErrTooMany
	}
	secret = tokenBegin + vault.NewToken()
	t = DirectoryToken{ID: vault.NewID(), Label: label, CreatedAt: db.Ms(s.o.Clock())}
	_, err = tx.ExecContext(ctx, `INSERT INTO scim_token (id, agency_id, hash, label, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6)`,
		t.ID, agencyID, vault.Hash(secret), label, t.CreatedAt, db.Null(by))
	if err != nil {
		return t, "", fmt.Errorf("make token: %w", err)
	}
	return t, secret, s.note(ctx, tx, agencyID, audit.Staff(by), audit.DirectoryTokenMade, agencyID, audit.Is("token", t.ID))
}

// DropToken revokes one at once; ErrNoToken if there is none.
func (s *Service) DropToken(ctx context.Context, tx *db.Tx, agencyID, id, by string) error {
	var maker *string
	err := tx.QueryRowContext(ctx, `DELETE FROM scim_token WHERE agency_id = $1 AND id = $2 RETURNING created_by`, agencyID, id).Scan(&maker)
	if errors.Is(err, db.ErrNoRows) {
		return ErrNoToken
	}
	if err != nil {
		return fmt.Errorf("revoke token: %w", err)
	}
	var source staff.Source // none: a command's
	if maker != nil {
		source = staff.ByHand
	}
	return s.note(ctx, tx, agencyID, audit.Staff(by), audit.DirectoryTokenDropped, agencyID, audit.Is("token", id), audit.Is("source", string(source)))
}

// KeyedByStaff tells whether a token counts that somebody of the staff has made, and not a command.
func KeyedByStaff(ctx context.Context, q db.Q, agencyID string) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM scim_token WHERE agency_id = $1 AND created_by IS NOT NULL`, agencyID).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("count tokens of staff: %w", err)
	}
	return n > 0, nil
}

// KeysOf tells how many tokens count that somebody has made.
func KeysOf(ctx context.Context, q db.Q, agencyID, staffID string) (n int, err error) {
	err = q.QueryRowContext(ctx, `SELECT COUNT(*) FROM scim_token WHERE agency_id = $1 AND created_by = $2`, agencyID, staffID).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count tokens of somebody: %w", err)
	}
	return n, nil
}

// ErrNoToken says that there is no such token.
var ErrNoToken = errors.New("scim: no such token")

// Tokens lists those of an agency, the oldest first.
func (s *Service) Tokens(ctx context.Context, q db.Q, agencyID string) ([]DirectoryToken, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT k.id, k.label, k.created_at, k.used_at, COALESCE(maker.name, ''), COALESCE(maker.id, ''), maker.disabled_at IS NOT NULL FROM scim_token k
		LEFT JOIN staff maker ON maker.agency_id = k.agency_id AND maker.id = k.created_by
		WHERE k.agency_id = $1 ORDER BY k.created_at, k.id`, agencyID)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	all := []DirectoryToken{}
	for rows.Next() {
		var t DirectoryToken
		var disabled bool
		if err := rows.Scan(&t.ID, &t.Label, &t.CreatedAt, &t.UsedAt, &t.By, &t.maker, &disabled); err != nil {
			return nil, fmt.Errorf("list tokens: %w", err)
		}
		if disabled {
			t.Left = NoAccount
		}
		all = append(all, t)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	return all, s.markDemoted(ctx, q, agencyID, all)
}

// markDemoted finds the keys of those who have an account, and no longer the role.
func (s *Service) markDemoted(ctx context.Context, q db.Q, agencyID string, tokens []DirectoryToken) error {
	admins, err := s.o.Staff.Admins(ctx, q, agencyID)
	if err != nil {
		return err
	}
	for i, t := range tokens {
		if t.maker != "" && t.Left == "" && !slices.ContainsFunc(admins, func(a staff.Admin) bool { return a.Staff == t.maker }) {
			tokens[i].Left = NoRole
		}
	}
	return nil
}
