package staff

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/staff/totp"
)

// factorRoutes are those of the second factor: at a sign-in, and in one's own account.
func (s *Service) factorRoutes(api *edge.API) {
	const session, factor = "POST /api/staff/session", "POST /api/staff/account/factor"
	edge.Handle(api, edge.Operation{ID: "signInSetup", Route: session + "/setup", Tag: "staff"}, s.postSetup)
	edge.Handle(api, edge.Operation{ID: "signInCode", Route: session + "/code", Tag: "staff"}, s.postCode)
	op := func(id, route string) edge.Operation {
		return edge.Operation{ID: id, Route: route, Tag: "staff", Use: s.Require(api), Within: turnWait + edge.RequestTime}
	}
	edge.Handle(api, op("prepareFactor", factor), s.postFactor)
	edge.Handle(api, op("turnFactorOn", factor+"/on"), s.postFactorOn)
	edge.Handle(api, op("turnFactorOff", factor+"/off"), s.postFactorOff)
	edge.Handle(api, op("newRecoveryCodes", factor+"/recovery"), s.postRecovery)
}

type ticketInput struct {
	Body struct {
		Ticket string `json:"ticket" maxLength:"200"`
	}
}

type setupOutput struct{ Body totp.Setup }

// postSetup begins to set up the second factor that the agency wants, before somebody is signed in.
func (s *Service) postSetup(ctx context.Context, in *ticketInput) (*setupOutput, error) {
	a, n, err := s.byTicket(ctx, in.Body.Ticket)
	if err != nil {
		return nil, err
	}
	if n != needsSetup {
		return nil, errTicket()
	}
	setup, err := s.prepareFactor(ctx, a.Person)
	return &setupOutput{setup}, err
}

type codeInput struct {
	Asked
	Browser
	Body struct {
		Ticket string `json:"ticket" maxLength:"200"`
		Code   string `json:"code" maxLength:"40" doc:"Of the app, or a recovery code."`
	}
}

// postCode is the second step of a sign-in.
func (s *Service) postCode(ctx context.Context, in *codeInput) (*meOutput, error) {
	found, n, err := s.byTicket(ctx, in.Body.Ticket)
	if err != nil {
		return nil, err
	}
	a, err := s.agencies.ByID(ctx, found.Agency)
	if err != nil {
		return nil, err
	}
	p, token, codes := found.Person, "", []string(nil)
	try := s.attempt(in.Browser, a.Slug, p.Email, "")
	code := strings.TrimSpace(in.Body.Code)
	if totp.Is(strings.ReplaceAll(code, " ", "")) {
		code = strings.ReplaceAll(code, " ", "")
	}
	if totp.Is(code) {
		if err := s.mayTry(p, try); err != nil {
			return nil, err
		}
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := s.still(ctx, tx, found); err != nil {
			return absentIs(err, errTicket())
		}
		if codes, err = s.takeStep(ctx, tx, p, n, code); err != nil {
			return err
		}
		token, err = s.insertSession(ctx, tx, p, origin{device: in.is})
		return err
	})
	if err != nil && !totp.Is(code) {
		err = s.wrongRecovery(p, try, err)
	}
	if err != nil {
		return nil, err
	}
	if err := s.hold(ctx, s.db.Read(), &p); err != nil {
		return nil, db.Done(err)
	}
	out, err := s.arrive(ctx, p, token, *s.knowDevice(a.Slug, p.Email, try.device), in.language())
	if err == nil {
		out.Body.Recovery = codes
	}
	return out, err
}

// takeStep takes what somebody has entered as their second step; who sets it up with that gets recovery codes.
func (s *Service) takeStep(ctx context.Context, tx *db.Tx, p Person, n next, code string) ([]string, error) {
	switch {
	case n == needsSetup:
		if err := s.noPasskey(ctx, tx, p); err != nil {
			return nil, err
		}
		return s.turnOn(ctx, tx, p, code)
	case totp.Is(code):
		return nil, s.takeCode(ctx, tx, p, code, true)
	}
	return nil, s.takeRecovery(ctx, tx, p, code)
}

// mayTry counts a code of an app before it is looked at, or many at once would all have passed the limit. Six digits are few,
// so all networks together have as many tries for an account as one; the devices that are known for it have their own.
func (s *Service) mayTry(p Person, try attempt) error {
	where := "elsewhere"
	if try.device != "" {
		where = "device"
	}
	if s.codes.Allow(p.Agency + "/" + p.ID + "/" + where) {
		return nil
	}
	return s.tooManyCodes(p)
}

func (s *Service) tooManyCodes(p Person) error {
	s.noteThrottled(p)
	return edge.NewProblem(http.StatusTooManyRequests, "factor.throttled")
}

// wrongRecovery counts a recovery code that was wrong, by account and network. Each is looked at: nobody finds sixty random
// bits by trying, and whoever counted before would let those who try keep out whoever has the right one.
func (s *Service) wrongRecovery(p Person, try attempt, err error) error {
	if refused, is := errors.AsType[*edge.Problem](err); !is || refused.Code != errCode().Code || s.recovered.Allow(try.account()) {
		return err
	}
	return s.tooManyCodes(p)
}

type confirmedInput struct {
	Browser
	Body struct {
		Password string `json:"password" maxLength:"256"`
	}
}

func (s *Service) postFactor(ctx context.Context, in *confirmedInput) (*setupOutput, error) {
	p, err := From(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.itself(ctx, p, in.Browser, in.Body.Password); err != nil {
		return nil, err
	}
	setup, err := s.prepareFactor(ctx, p)
	return &setupOutput{setup}, err
}

type factorOnInput struct {
	Browser
	Body struct {
		Code string `json:"code" maxLength:"40"`
	}
}

// RecoveryOutput is an answer with recovery codes, which are shown once.
type RecoveryOutput struct {
	Body struct {
		Account OwnAccount `json:"account"`
		Codes   []string   `json:"codes"`
	}
}

func (s *Service) postFactorOn(ctx context.Context, in *factorOnInput) (*RecoveryOutput, error) {
	p, err := From(ctx)
	if err != nil {
		return nil, err
	}
	code := strings.ReplaceAll(in.Body.Code, " ", "")
	if err := s.mayTry(p, attempt{device: "its own"}); err != nil {
		return nil, err
	}
	return s.withCodes(ctx, p, func(tx *db.Tx) ([]string, error) { return s.turnOn(ctx, tx, p, code) })
}

func (s *Service) postRecovery(ctx context.Context, in *confirmedInput) (*RecoveryOutput, error) {
	p, err := From(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.itself(ctx, p, in.Browser, in.Body.Password); err != nil {
		return nil, err
	}
	return s.withCodes(ctx, p, func(tx *db.Tx) ([]string, error) {
		has, err := s.hasApp(ctx, tx, p)
		if err == nil && !has {
			err = edge.NewProblem(http.StatusConflict, "factor.none")
		}
		if err != nil {
			return nil, err
		}
		return s.newRecovery(ctx, tx, p)
	})
}

func (s *Service) withCodes(ctx context.Context, p Person, do func(*db.Tx) ([]string, error)) (*RecoveryOutput, error) {
	out := &RecoveryOutput{}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := s.Acting(ctx, tx, p)
		if err != nil {
			return err
		}
		if out.Body.Codes, err = do(tx); err != nil {
			return err
		}
		out.Body.Account, err = s.ownAccount(ctx, tx, p)
		return err
	})
	return out, err
}

func (s *Service) postFactorOff(ctx context.Context, in *confirmedInput) (*AccountOutput, error) {
	p, err := From(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.itself(ctx, p, in.Browser, in.Body.Password); err != nil {
		return nil, err
	}
	return s.changeAccount(ctx, p, func(tx *db.Tx) error {
		demanded, err := s.demandsFactor(ctx, tx, p)
		if err != nil {
			return err
		}
		if demanded {
			return edge.NewProblem(http.StatusConflict, "factor.demanded")
		}
		had, err := s.turnOff(ctx, tx, p)
		if err != nil {
			return err
		}
		if !had {
			return edge.NewProblem(http.StatusConflict, "factor.none")
		}
		return s.note(ctx, tx, audit.Staff(p.ID), audit.FactorOff, p)
	})
}
