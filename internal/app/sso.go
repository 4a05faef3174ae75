package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"visavis/internal/agency"
	"visavis/internal/config"
	"visavis/internal/staff"
	"visavis/internal/staff/oidc"
)

// makeProviders makes the places where staff sign in besides. What is wrong with any is told together.
func makeProviders(c *config.Config, clock func() time.Time) ([]staff.Provider, error) {
	var all []staff.Provider
	var mistakes []error
	for _, s := range c.SSO {
		p := staff.Provider{
			ID: s.ID, Name: s.Name, Agency: s.Agency, Party: partyOf(s, clock),
			LinkByEmail: s.LinkByEmail, CreateAccounts: s.CreateAccounts, TrustEmail: s.TrustEmail, RolesClaim: s.RolesClaim,
			ExternalIDClaim: s.ExternalIDClaim, UserNameClaim: s.UserNameClaim,
		}
		for _, r := range s.Roles {
			kind, code := r.Place()
			role := staff.ClaimRole{Value: r.Value, Role: staff.Role(r.Role), Kind: agency.Kind(kind), Code: code}
			if !role.Role.Known(role.Kind) {
				mistakes = append(mistakes, fmt.Errorf("sso.roles of %s: the role %s cannot be held at %s", s.ID, r.Role, r.At)) // to be read
			}
			p.Roles = append(p.Roles, role)
		}
		all = append(all, p)
	}
	return all, errors.Join(mistakes...)
}

func partyOf(s config.SSO, clock func() time.Time) *oidc.Party {
	return oidc.New(oidc.Options{
		Issuer: s.Issuer, ClientID: s.ClientID, ClientSecret: s.ClientSecret.Reveal(), Scopes: s.Scopes,
		ACR: s.RequireACR, AMR: s.RequireAMR, Clock: clock,
	})
}

// singleSignOn asks each provider what it says of itself, and for its keys.
func (d *doctor) singleSignOn(ctx context.Context) {
	if _, err := makeProviders(d.c, time.Now); err != nil {
		d.bad("sso.roles", "%v", err)
	}
	for _, s := range d.c.SSO {
		within, cancel := context.WithTimeout(ctx, d.wait)
		err := partyOf(s, time.Now).Reach(within)
		cancel()
		if err != nil {
			d.bad("sso "+s.ID, "%s: %v; is sso.issuer right, and does the provider's certificate hold for this machine?", s.Issuer, err)
			continue
		}
		d.ok("sso "+s.ID, "%s answers; it must send people back to %s", s.Issuer, staff.CallbackURL(d.c.HTTP.URL.String(), s.ID))
		if len(s.RequireACR) == 0 && len(s.RequireAMR) == 0 && slices.Contains(d.demanding, s.Agency) {
			d.note("sso "+s.ID, "%s demands a second factor of who has a password, and this provider is not asked for one; "+
				"see sso.require_acr and sso.require_amr", s.Agency)
		}
		if s.ClientSecret == "" {
			d.note("sso "+s.ID, "sso.client_secret is empty: anybody can say to be this Visavis; give it one")
		}
		if s.RolesClaim == "" && s.CreateAccounts {
			d.note("sso "+s.ID, "new accounts get no role, and nobody is let in without one; see sso.roles_claim")
		}
	}
}
