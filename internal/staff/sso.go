package staff

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/staff/oidc"
)

// Claim is the source of roles that a provider has said at the newest sign-in.
const Claim Source = "claim"

// Provider is where people of one agency sign in with an account that they have there.
type Provider struct {
	ID     string // in addresses
	Name   string // what people call it
	Agency string // slug
	Party  *oidc.Party

	LinkByEmail     bool   // whoever comes first gets the account with the same address
	CreateAccounts  bool   // and where there is none a new one
	ExternalIDClaim string // holds what the agency's directory has told as externalId of its people; empty: none does
	UserNameClaim   string // and what it has told as userName
	TrustEmail      bool   // its addresses are right although it does not vouch for them

	RolesClaim string // empty: it says nothing about roles
	Roles      []ClaimRole
}

// ClaimRole is what one value of the claim means.
type ClaimRole struct {
	Value string
	Role  Role
	Kind  agency.Kind
	Code  string // of the place; that of the agency is empty
}

// CallbackURL is where a provider sends people back to.
func CallbackURL(base, provider string) string {
	return base + "/api/staff/sso/" + provider + "/callback"
}

func refused(code string) *edge.Problem { return edge.NewProblem(http.StatusForbidden, code) }

// roles are those that the provider gives to somebody. It must say something about them, even if that is nothing.
func (v Provider) roles(who oidc.Identity) ([]ClaimRole, error) {
	if v.RolesClaim == "" {
		return nil, nil
	}
	values, said := who.Values(v.RolesClaim)
	if !said {
		return nil, refused("sso.claims")
	}
	var given []ClaimRole
	for _, r := range v.Roles {
		if slices.Contains(values, r.Value) {
			given = append(given, r)
		}
	}
	return given, nil
}

// address is the e-mail address that a person certainly has; empty: nobody knows. Letters that only look like others are
// no address here.
func (v Provider) address(who oidc.Identity) string {
	if strings.ContainsFunc(who.Email, func(r rune) bool { return r > unicode.MaxASCII }) {
		return ""
	}
	email := normalEmail(who.Email)
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != email || len(email) > 254 || !who.Verified && !v.TrustEmail {
		return ""
	}
	return email
}

const mostName = 120 // characters

// called is what to call somebody who has no account yet.
func called(who oidc.Identity, email string) string {
	name := strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, who.Name)), " ")
	if name == "" {
		name, _, _ = strings.Cut(email, "@")
	}
	if runes := []rune(name); len(runes) > mostName {
		name = string(runes[:mostName])
	}
	return name
}

// stateLife is how long somebody may take to sign in at the provider.
const stateLife = 10 * time.Minute

// enter begins a session for somebody whom a provider has named, and returns its cookie. The state was asked for by us, and
// is taken once.
func (s *Service) enter(ctx context.Context, v Provider, who oidc.Identity, state, device string) (value string, err error) {
	a, err := s.agencies.BySlug(ctx, v.Agency)
	if errors.Is(err, agency.ErrNotFound) {
		return "", refused("sso.unknown")
	}
	if err != nil {
		return "", err
	}
	given, err := v.roles(who)
	if err != nil {
		return "", err
	}
	// Somebody's first two sign-ins may come at the same instant.
	for range 2 {
		err = s.db.Tx(ctx, func(tx *db.Tx) error {
			value, err = s.enterIn(ctx, tx, v, entry{a.ID, who, given, state, device})
			return err
		})
		if !db.IsUnique(err) {
			break
		}
	}
	if err == nil && value == "" {
		return "", refused("sso.no_role") // what the provider has taken back is taken all the same
	}
	return value, err
}

type entry struct {
	agency string
	who    oidc.Identity
	given  []ClaimRole
	state  string
	device string
}

func (s *Service) enterIn(ctx context.Context, tx *db.Tx, v Provider, e entry) (value string, err error) {
	if err := s.once(ctx, tx, e.agency, "state "+e.state, s.o.Clock().Add(stateLife)); err != nil {
		return "", err
	}
	p, made, err := s.recognise(ctx, tx, v, e)
	if err != nil {
		return "", err
	}
	if err := s.follow(ctx, tx, v, p, e.given); err != nil {
		return "", err
	}
	if err := s.hold(ctx, tx, &p); err != nil {
		return "", err
	}
	if len(p.Roles) == 0 && made {
		return "", refused("sso.no_role") // and nothing is kept of who has no business here
	}
	if len(p.Roles) == 0 {
		return "", nil
	}
	return s.insertSession(ctx, tx, p, origin{e.who.Issuer, e.who.Session, e.device})
}

// recognise finds whose account it is, and tells whether it was made just now. An identity once known is the only thing
// that counts; an address only helps to find the account when somebody comes for the first time.
func (s *Service) recognise(ctx context.Context, tx *db.Tx, v Provider, e entry) (p Person, made bool, err error) {
	known, err := s.byIdentity(ctx, tx, e.agency, e.who)
	if errors.Is(err, db.ErrNoRows) {
		if err := s.InTurn(ctx, tx, e.agency); err != nil { // as roles may change, too
			return p, false, err
		}
		known, err = s.byIdentity(ctx, tx, e.agency, e.who) // in another window, meanwhile
	}
	if err == nil {
		return known.Person, false, known.refusal()
	}
	if !errors.Is(err, db.ErrNoRows) {
		return p, false, err
	}
	known, err = s.byDirectory(ctx, tx, v, e)
	if err == nil {
		p, err = s.connect(ctx, tx, known, e.who)
		return p, false, err
	}
	if !errors.Is(err, db.ErrNoRows) {
		return p, false, err
	}
	if !v.LinkByEmail && !v.CreateAccounts {
		return p, false, refused("sso.no_account")
	}
	email := v.address(e.who)
	if email == "" {
		return p, false, refused("sso.email")
	}
	known, err = s.byAddress(ctx, tx, e.agency, email)
	switch {
	case errors.Is(err, db.ErrNoRows) && !v.CreateAccounts:
		return p, false, refused("sso.no_account")
	case errors.Is(err, db.ErrNoRows):
		p, err = s.enrol(ctx, tx, e, email)
		return p, true, err
	case err != nil:
		return p, false, err
	case known.bound || known.whole || known.guarded || known.moved || !v.LinkByEmail:
		// Somebody else has the account: an address may be given to a successor. And none that reaches the whole agency, or
		// that its owner has guarded by more than a password, is got by a letter box.
		return p, false, refused("sso.taken")
	}
	if err := known.refusal(); err != nil {
		return p, false, err
	}
	return known.Person, false, s.bind(ctx, tx, known.Person, e.who)
}

// connect gives the account of somebody whom the agency's directory has named before to who comes with the same name,
// once.
func (s *Service) connect(ctx context.Context, tx *db.Tx, known candidate, who oidc.Identity) (Person, error) {
	if known.bound {
		return Person{}, refused("sso.taken")
	}
	if err := known.refusal(); err != nil {
		return Person{}, err
	}
	return known.Person, s.bind(ctx, tx, known.Person, who)
}

// enrol makes an account for somebody who has none.
func (s *Service) enrol(ctx context.Context, tx *db.Tx, e entry, email string) (Person, error) {
	p, err := s.Create(ctx, tx, NewAccount{Agency: e.agency, Name: called(e.who, email), Email: email})
	if err != nil {
		return Person{}, err
	}
	return p, s.bind(ctx, tx, p, e.who)
}

// follow gives the roles that the provider says, and takes back those that one has said before and that it no longer does.
// One that says nothing of roles changes none. The last who administers the agency keeps that role.
func (s *Service) follow(ctx context.Context, tx *db.Tx, v Provider, p Person, given []ClaimRole) error {
	if v.RolesClaim == "" {
		return nil
	}
	meant, err := s.meant(ctx, tx, v, p, given)
	if err != nil {
		return err
	}
	says := []Said{{p.ID, meant}}
	has, err := s.holdings(ctx, tx, p.Agency, says)
	if err != nil {
		return err
	}
	allowed, refused := s.allowed(has[p.ID], Claim, meant)
	if same(has[p.ID].given(Claim), allowed) { // nearly always: nobody waits for anybody
		s.tellRefused(ctx, Claim, refused)
		return nil
	}
	done, err := s.Align(ctx, tx, p.Agency, Claim, says)
	if done.Kept {
		s.o.Log.WarnContext(ctx, "the provider takes the last administrator's role back, who keeps it", "provider", v.ID)
	}
	return err
}

// same tells whether two lists without repetitions hold the same roles.
func same(a, b []Held) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(held Held) bool { return !slices.Contains(b, held) })
}

// meant are the roles that a provider says, each once, at places that there are.
func (s *Service) meant(ctx context.Context, tx *db.Tx, v Provider, p Person, given []ClaimRole) (now []Held, err error) {
	for _, r := range given {
		place, err := s.agencies.PlaceByCode(ctx, tx, p.Agency, r.Kind, r.Code)
		if errors.Is(err, agency.ErrNotFound) {
			s.o.Log.WarnContext(ctx, "sso.roles names a place that is not there", "provider", v.ID, "kind", string(r.Kind), "code", r.Code)
			continue
		}
		if err != nil {
			return nil, err
		}
		held := Held{Role: r.Role, Kind: r.Kind, Place: place}
		if !slices.Contains(now, held) { // two values may mean the same
			now = append(now, held)
		}
	}
	return now, nil
}

// leave ends the sessions that somebody has signed out of at the provider, and tells their pages.
func (s *Service) leave(ctx context.Context, v Provider, e oidc.Ended) error {
	a, err := s.agencies.BySlug(ctx, v.Agency)
	if err != nil {
		return fmt.Errorf("sign out: %w", err)
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := s.once(ctx, tx, a.ID, "logout "+e.Issuer+" "+e.Token, e.Until); err != nil {
			return err
		}
		people, err := s.dropElsewhere(ctx, tx, a.ID, e)
		if err != nil {
			return err
		}
		slices.Sort(people)
		for _, id := range slices.Compact(people) {
			if err := s.note(ctx, tx, audit.System(), audit.SessionEnded, Person{ID: id, Agency: a.ID}, audit.Is("why", "provider")); err != nil {
				return err
			}
			tx.AfterCommit(func() { s.o.Nudge(a.ID, Topic(id)) })
		}
		return nil
	})
}
