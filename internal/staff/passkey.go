package staff

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"visavis/internal/agency"
	"visavis/internal/edge"
	"visavis/internal/vault"
)

// party is us as browsers know us: the host is the name that passkeys are made for, and the origin is where they are used.
// nil: at an address that is no name, browsers make none.
func party(address string) *webauthn.WebAuthn {
	at, err := url.Parse(address)
	if err != nil {
		return nil
	}
	w, err := webauthn.New(&webauthn.Config{
		RPID: at.Hostname(), RPDisplayName: "Visavis", RPOrigins: []string{at.Scheme + "://" + at.Host},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			RequireResidentKey: protocol.ResidentKeyRequired(), ResidentKey: protocol.ResidentKeyRequirementRequired,
			UserVerification: protocol.VerificationRequired,
		},
		// Some password managers answer what nobody has asked.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil || protocol.ValidateRPID(at.Hostname()) != nil {
		return nil
	}
	return w
}

// offersKeys tells whether browsers make and use passkeys where a request came from. They are made for the host of the
// installation's address; under an agency's own no browser shows them.
func (s *Service) offersKeys(ctx context.Context) bool { return s.party != nil && !agency.Bound(ctx) }

// owner is somebody as the library wants to know them.
type owner struct {
	Person

	keys []webauthn.Credential
}

// handle names an account to an authenticator. It says nothing of its owner.
func handle(p Person) []byte { return []byte(p.Agency + "." + p.ID) }

func (o owner) WebAuthnID() []byte                         { return handle(o.Person) }
func (o owner) WebAuthnName() string                       { return o.Email }
func (o owner) WebAuthnDisplayName() string                { return o.Name }
func (o owner) WebAuthnCredentials() []webauthn.Credential { return o.keys }

// A challenge is its own proof that we have made it, for this person or for whoever signs in, until a moment: nothing is
// stored before it is answered, and any process takes the answer.
const (
	challengeRandom = 16
	challengeMAC    = 16
	challengeLife   = 5 * time.Minute
)

func (s *Service) challengeProof(head []byte, of string) []byte {
	return s.o.Ring.Derive("staff passkey challenge", string(head), of)[:challengeMAC]
}

func (s *Service) newChallenge(of string) []byte {
	head := make([]byte, challengeRandom, challengeRandom+8+challengeMAC)
	rand.Read(head)
	head = binary.BigEndian.AppendUint64(head, uint64(s.o.Clock().Add(challengeLife).Unix()))
	return append(head, s.challengeProof(head, of)...)
}

// knowsChallenge tells until when an answered challenge is good; false: it is not.
func (s *Service) knowsChallenge(encoded, of string) (until time.Time, ok bool) {
	challenge, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil || len(challenge) != challengeRandom+8+challengeMAC {
		return until, false
	}
	head := challenge[:challengeRandom+8]
	until = time.Unix(int64(binary.BigEndian.Uint64(head[challengeRandom:])), 0)
	return until, vault.Equal(challenge[len(head):], s.challengeProof(head, of)) && s.o.Clock().Before(until)
}

// ceremony is what the library wants to have kept.
func (s *Service) ceremony(challenge string, user []byte) webauthn.SessionData {
	return webauthn.SessionData{
		Challenge: challenge, RelyingPartyID: s.party.Config.RPID, UserID: user, UserVerification: protocol.VerificationRequired,
		CredParams: webauthn.CredentialParametersDefault(),
	}
}

func errPasskey() *edge.Problem { return edge.NewProblem(http.StatusForbidden, "passkey.refused") }

func errNoPasskeys() *edge.Problem { return edge.NewProblem(http.StatusConflict, "passkey.none") }

// registration is what a browser needs to make a passkey. Those that there are already are not made again.
func (s *Service) registration(o owner) (*protocol.CredentialCreation, error) {
	known := make([]protocol.CredentialDescriptor, len(o.keys))
	for i, key := range o.keys {
		known[i] = key.Descriptor()
	}
	creation, _, err := s.party.BeginRegistration(o, webauthn.WithExclusions(known), func(c *protocol.PublicKeyCredentialCreationOptions) error {
		c.Challenge = s.newChallenge(string(handle(o.Person)))
		return nil
	})
	return creation, err
}

// register checks what a browser has made.
func (s *Service) register(o owner, answer []byte) (*webauthn.Credential, error) {
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return nil, errPasskey()
	}
	challenge := parsed.Response.CollectedClientData.Challenge
	if _, ok := s.knowsChallenge(challenge, string(handle(o.Person))); !ok {
		return nil, errPasskey()
	}
	key, err := s.party.CreateCredential(o, s.ceremony(challenge, handle(o.Person)), parsed)
	if err != nil {
		return nil, errPasskey()
	}
	return key, nil
}

// shown is what somebody has shown by a passkey.
type shown struct {
	owner

	key       *webauthn.Credential
	challenge string
	until     time.Time // from then on nobody takes the challenge anyway
}

// recogniseKey finds out whose passkey has answered.
func (s *Service) recogniseKey(ctx context.Context, answer []byte) (shown, error) {
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return shown{}, errPasskey()
	}
	who := shown{challenge: parsed.Response.CollectedClientData.Challenge}
	var ok bool
	if who.until, ok = s.knowsChallenge(who.challenge, ""); !ok {
		return shown{}, errPasskey()
	}
	var failed error // of the database
	_, who.key, err = s.party.ValidatePasskeyLogin(func(_, user []byte) (webauthn.User, error) {
		who.owner, failed = s.ownerOf(ctx, string(user))
		return who.owner, failed
	}, s.ceremony(who.challenge, nil), parsed)
	if failed != nil {
		return shown{}, failed
	}
	if err != nil {
		return shown{}, errPasskey()
	}
	return who, nil
}

// ownerOf reads an account by its handle.
func (s *Service) ownerOf(ctx context.Context, user string) (owner, error) {
	if !utf8.ValidString(user) || strings.ContainsRune(user, 0) { // anybody can say so, and no database looks for it
		return owner{}, errPasskey()
	}
	agencyID, id, _ := strings.Cut(user, ".")
	a, err := s.openAccount(ctx, s.db.Read(), agencyID, id)
	if err != nil {
		return owner{}, absentIs(err, errPasskey())
	}
	keys, err := s.passkeys(ctx, s.db.Read(), a.Person)
	o := owner{Person: a.Person}
	for _, k := range keys {
		o.keys = append(o.keys, k.key)
	}
	return o, err
}
