package staff

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/edge"
)

// accountRoutes are those of one's own account.
func (s *Service) accountRoutes(api *edge.API) {
	const account = "/api/staff/account"
	op := func(id, route string) edge.Operation {
		return edge.Operation{ID: id, Route: route, Tag: "staff", Use: s.Require(api), Within: turnWait + edge.RequestTime}
	}
	edge.Handle(api, op("ownAccount", "GET "+account), s.getAccount)
	edge.Handle(api, op("changePassword", "POST "+account+"/password"), s.postOwnPassword)
	edge.Handle(api, op("endSessions", "DELETE "+account+"/sessions"), s.deleteSessions)
	edge.Handle(api, op("endSession", "DELETE "+account+"/sessions/{id}"), s.deleteSession)
}

// OwnAccount is what somebody sees of their own account.
type OwnAccount struct {
	Email    string       `json:"email"`
	Password bool         `json:"password" doc:"Whether one is set."`
	Factor   OwnFactor    `json:"factor"`
	Passkeys []OwnPasskey `json:"passkeys"`
	Here     bool         `json:"passkeysHere" doc:"Browsers can make passkeys for this address."`
	Sessions []OwnSession `json:"sessions" doc:"The newest first."`
}

// OwnFactor is the app that shows codes.
type OwnFactor struct {
	On       bool `json:"on"`
	Demanded bool `json:"demanded" doc:"The agency wants it of everybody who has a password."`
	Recovery int  `json:"recovery" doc:"How many recovery codes are left."`
}

// OwnPasskey is one of somebody's passkeys.
type OwnPasskey struct {
	ID      string `json:"id"`
	Label   string `json:"label"`
	Created int64  `json:"created" doc:"Milliseconds since 1970 UTC."`
	Used    int64  `json:"used"`
}

// AccountOutput is an answer with the account as it is then.
type AccountOutput struct{ Body OwnAccount }

func (s *Service) getAccount(ctx context.Context, _ *struct{}) (*AccountOutput, error) {
	p, err := From(ctx)
	if err != nil {
		return nil, err
	}
	out := &AccountOutput{}
	err = s.db.Snapshot(ctx, func(q db.Q) error {
		out.Body, err = s.ownAccount(ctx, q, p)
		return err
	})
	return out, err
}

func (s *Service) ownAccount(ctx context.Context, q db.Q, p Person) (OwnAccount, error) {
	a := OwnAccount{Email: p.Email, Sessions: []OwnSession{}, Passkeys: []OwnPasskey{}, Here: s.offersKeys(ctx)}
	err := q.QueryRowContext(ctx, `SELECT password_hash <> '' FROM staff WHERE agency_id = $1 AND id = $2`, p.Agency, p.ID).Scan(&a.Password)
	if err != nil {
		return a, fmt.Errorf("read own account: %w", err)
	}
	if a.Factor, err = s.ownFactor(ctx, q, p); err != nil {
		return a, err
	}
	keys, err := s.passkeys(ctx, q, p)
	if err != nil {
		return a, err
	}
	for _, k := range keys {
		a.Passkeys = append(a.Passkeys, OwnPasskey{k.id, k.label, k.created, k.used})
	}
	sessions, err := s.ownSessions(ctx, q, p)
	for _, one := range sessions {
		a.Sessions = append(a.Sessions, one.OwnSession)
	}
	return a, err
}

// itself makes sure that it is really the person who sits there, by the password. Tries count like those of a sign-in.
func (s *Service) itself(ctx context.Context, p Person, b Browser, password string) error {
	a, err := s.agencies.ByID(ctx, p.Agency)
	if err != nil {
		return err
	}
	_, err = s.try(ctx, s.attempt(b, a.Slug, p.Email, password))
	if problem, is := errors.AsType[*edge.Problem](err); is && problem.Code == "session.wrong" {
		return edge.NewProblem(http.StatusForbidden, "password.wrong")
	}
	return err
}

type ownPasswordInput struct {
	Browser
	Body struct {
		Current  string `json:"current" maxLength:"256"`
		Password string `json:"password" maxLength:"400"`
	}
}

// postOwnPassword changes one's password; all other sessions end.
func (s *Service) postOwnPassword(ctx context.Context, in *ownPasswordInput) (*AccountOutput, error) {
	p, err := From(ctx)
	if err != nil {
		return nil, err
	}
	a, err := s.agencies.ByID(ctx, p.Agency)
	if err != nil {
		return nil, err
	}
	if err := s.itself(ctx, p, in.Browser, in.Body.Current); err != nil {
		return nil, err
	}
	phc, err := s.newPassword(ctx, a, p, in.Body.Password)
	if err != nil {
		return nil, err
	}
	return s.changeAccount(ctx, p, func(tx *db.Tx) error {
		if err := s.dropLinks(ctx, tx, p); err != nil {
			return err
		}
		return s.setPassword(ctx, tx, p, phc, "changed", p.session)
	})
}

// deleteSessions signs somebody out everywhere.
func (s *Service) deleteSessions(ctx context.Context, _ *struct{}) (*signOutOutput, error) {
	p, err := From(ctx)
	if err != nil {
		return nil, err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error { return s.endSessions(ctx, tx, p, nil, "everywhere", p.ID) })
	if err != nil {
		return nil, err
	}
	gone := edge.HostCookie(cookie, "", http.SameSiteStrictMode)
	gone.MaxAge = -1
	return &signOutOutput{SetCookie: []http.Cookie{*gone}}, nil
}

// endSessions ends all sessions of somebody but one, if any is kept, and tells their pages.
func (s *Service) endSessions(ctx context.Context, tx *db.Tx, p Person, kept []byte, why, by string) error {
	if kept == nil {
		kept = []byte{} // that of no session
	}
	ended, err := db.Texts(tx.QueryContext(ctx, `
		DELETE FROM staff_session WHERE agency_id = $1 AND staff_id = $2 AND token_hash <> $3 RETURNING staff_id`, p.Agency, p.ID, kept))
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	if len(ended) == 0 {
		return nil
	}
	tx.AfterCommit(func() { s.o.Nudge(p.Agency, Topic(p.ID)) })
	return s.note(ctx, tx, audit.Staff(by), audit.SessionEnded, p, audit.Is("why", why), audit.Number("count", int64(len(ended))))
}
