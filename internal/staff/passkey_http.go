package staff

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"

	"visavis/internal/db"
	"visavis/internal/edge"
)

// passkeyRoutes are those of passkeys: signing in with one, and those of one's own account.
func (s *Service) passkeyRoutes(api *edge.API) {
	const own = "/api/staff/account/passkeys"
	edge.Handle(api, edge.Operation{ID: "passkeyChallenge", Route: "POST /api/staff/session/passkey/begin", Tag: "staff"}, s.postPasskeyBegin)
	edge.Handle(api, edge.Operation{ID: "signInByPasskey", Route: "POST /api/staff/session/passkey", Tag: "staff"}, s.postPasskey)
	op := func(id, route string) edge.Operation {
		return edge.Operation{ID: id, Route: route, Tag: "staff", Use: s.Require(api), Within: turnWait + edge.RequestTime}
	}
	edge.Handle(api, op("preparePasskey", "POST "+own+"/begin"), s.postNewPasskey)
	edge.Handle(api, op("addPasskey", "POST "+own), s.postAddPasskey)
	edge.Handle(api, op("removePasskey", "POST "+own+"/{id}/remove"), s.postRemovePasskey)
}

// PasskeyOptions is what navigator.credentials takes, as JSON.
type PasskeyOptions struct {
	Body struct {
		PublicKey any `json:"publicKey" doc:"Of WebAuthn, as JSON: bytes in base64url."`
	}
}

// postPasskeyBegin asks for any passkey that the browser has for us: who somebody is, it says itself.
func (s *Service) postPasskeyBegin(ctx context.Context, _ *struct{}) (*PasskeyOptions, error) {
	if !s.offersKeys(ctx) {
		return nil, errNoPasskeys()
	}
	out := &PasskeyOptions{}
	out.Body.PublicKey = protocol.PublicKeyCredentialRequestOptions{
		Challenge: s.newChallenge(""), RelyingPartyID: s.party.Config.RPID, UserVerification: protocol.VerificationRequired,
		Timeout: int(challengeLife.Milliseconds()),
	}
	return out, nil
}

// Answered is what a browser has got from an authenticator.
type Answered struct {
	Credential json.RawMessage `json:"credential" doc:"As PublicKeyCredential.toJSON() has it."`
}

type passkeyInput struct {
	Asked
	Browser
	Body Answered
}

// postPasskey signs somebody in who has shown a passkey. It stands for password and second factor: the authenticator has
// asked for a finger, a face or a PIN.
func (s *Service) postPasskey(ctx context.Context, in *passkeyInput) (*meOutput, error) {
	network := edge.NotedPrefix(in.network, s.o.TrustedProxies)
	if !s.offersKeys(ctx) {
		return nil, errNoPasskeys()
	}
	who, err := s.recogniseKey(ctx, in.Body.Credential)
	if err != nil {
		if !s.wrongKeys.Allow(network) { // the right one gets through, whatever its neighbours do
			return nil, throttled()
		}
		return nil, err
	}
	p, token, copied := who.Person, "", false
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if copied, err = s.usePasskey(ctx, tx, who); err != nil || copied {
			return err
		}
		allowed, err := s.mayHavePassword(ctx, tx, p)
		if err == nil && !allowed {
			err = refused("session.provider")
		}
		if err != nil {
			return err
		}
		token, err = s.insertSession(ctx, tx, p, origin{device: in.is})
		return err
	})
	if err != nil {
		return nil, err
	}
	if copied {
		return nil, edge.NewProblem(http.StatusForbidden, "passkey.copied")
	}
	a, err := s.agencies.ByID(ctx, p.Agency)
	if err == nil {
		err = s.hold(ctx, s.db.Read(), &p)
	}
	if err != nil {
		return nil, db.Done(err)
	}
	try := s.attempt(in.Browser, a.Slug, p.Email, "")
	return s.arrive(ctx, p, token, *s.knowDevice(a.Slug, p.Email, try.device), in.language())
}

// postNewPasskey begins to make one. The password is asked for again: whoever comes to an open window must not leave a key.
func (s *Service) postNewPasskey(ctx context.Context, in *confirmedInput) (*PasskeyOptions, error) {
	p, err := From(ctx)
	if err != nil {
		return nil, err
	}
	if !s.offersKeys(ctx) {
		return nil, errNoPasskeys()
	}
	if err := s.itself(ctx, p, in.Browser, in.Body.Password); err != nil {
		return nil, err
	}
	o, err := s.ownerOf(ctx, string(handle(p)))
	if err != nil {
		return nil, err
	}
	creation, err := s.registration(o)
	if err != nil {
		return nil, err
	}
	out := &PasskeyOptions{}
	out.Body.PublicKey = creation.Response
	return out, nil
}

type addPasskeyInput struct {
	Body struct {
		Answered
		Label string `json:"label" maxLength:"60" doc:"What its owner calls it."`
	}
}

func (s *Service) postAddPasskey(ctx context.Context, in *addPasskeyInput) (*AccountOutput, error) {
	p, err := From(ctx)
	if err != nil {
		return nil, err
	}
	label := strings.Join(strings.Fields(in.Body.Label), " ")
	if label == "" {
		return nil, edge.NewProblem(http.StatusUnprocessableEntity, "passkey.label")
	}
	if !s.offersKeys(ctx) {
		return nil, errNoPasskeys()
	}
	o, err := s.ownerOf(ctx, string(handle(p)))
	if err != nil {
		return nil, err
	}
	made, err := s.register(o, in.Body.Credential)
	if err != nil {
		return nil, err
	}
	return s.changeAccount(ctx, p, func(tx *db.Tx) error { return s.addPasskey(ctx, tx, p, label, made) })
}

type removePasskeyInput struct {
	Browser
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Password string `json:"password" maxLength:"256"`
	}
}

// postRemovePasskey removes one. The password is asked for again: whoever comes to an open window must not lock its owner out.
func (s *Service) postRemovePasskey(ctx context.Context, in *removePasskeyInput) (*AccountOutput, error) {
	p, err := From(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.itself(ctx, p, in.Browser, in.Body.Password); err != nil {
		return nil, err
	}
	return s.changeAccount(ctx, p, func(tx *db.Tx) error { return s.removePasskey(ctx, tx, p, in.ID) })
}

// changeAccount lets somebody change their own account, and answers with what it is then.
func (s *Service) changeAccount(ctx context.Context, p Person, change func(*db.Tx) error) (*AccountOutput, error) {
	out := &AccountOutput{}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := s.Acting(ctx, tx, p)
		if err == nil {
			err = change(tx)
		}
		if err == nil {
			out.Body, err = s.ownAccount(ctx, tx, p)
		}
		return err
	})
	return out, err
}
