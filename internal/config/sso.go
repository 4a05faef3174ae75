package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// SSO is a place where the staff of an agency have an account already: an OpenID provider.
type SSO struct {
	ID              string    `key:"id" example:"keycloak" doc:"Its name in addresses: small letters, digits and hyphens. The provider needs to know two of them: the redirect address, /api/staff/sso/keycloak/callback below http.url, and the one for back-channel logout, /api/staff/sso/keycloak/backchannel."`
	Name            string    `key:"name" example:"Dienstkonto" doc:"What staff call it, as it stands on the button of the sign-in page: Mit Dienstkonto anmelden."`
	Agency          string    `key:"agency" example:"musterland" doc:"The agency whose staff sign in there, by its name in links."`
	Issuer          string    `key:"issuer" example:"https://login.example.de/realms/amt" doc:"The provider, exactly as it names itself: with or without a slash at the end. Visavis speaks to this host and to no other; what the provider says of itself must not lead elsewhere."`
	ClientID        string    `key:"client_id" example:"visavis" doc:"What the provider knows Visavis as."`
	ClientSecret    Secret    `key:"client_secret" doc:"By which Visavis proves that it is the one. Empty: a public client, which only has PKCE; use a secret where you can."`
	Scopes          []string  `key:"scopes" default:"profile, email" doc:"What is asked for beside openid."`
	RequireACR      []string  `key:"require_acr" doc:"How people must have signed in, as the provider names it in acr: one of these. It is asked for, and whoever has signed in otherwise is refused."`
	RequireAMR      []string  `key:"require_amr" example:"mfa" doc:"With what they must have signed in, as the provider names it in amr: at least one of these."`
	LinkByEmail     bool      `key:"link_by_email" default:"false" doc:"Whoever signs in for the first time gets the account that has the same e-mail address, if the provider vouches for it (email_verified), nobody has the account yet by another provider, and it has no role for the whole agency."`
	CreateAccounts  bool      `key:"create_accounts" default:"false" doc:"Whoever signs in for the first time and has no account gets a new one, with the address that the provider vouches for."`
	ExternalIDClaim string    `key:"external_id_claim" example:"oid" doc:"Which claim of the ID token holds what the agency's directory tells as externalId (SCIM): whoever signs in for the first time gets the account that the directory has made for them. Empty: none. See provisioning.md."`
	UserNameClaim   string    `key:"user_name_claim" example:"preferred_username" doc:"The same for userName. Only where nobody can change their own; an account that reaches the whole agency is not got by it. With external_id_claim it counts for those without externalId only."`
	TrustEmail      bool      `key:"trust_email" default:"false" doc:"The addresses that this provider tells are right although it does not say email_verified. Only where nobody can change their own."`
	RolesClaim      string    `key:"roles_claim" example:"groups" doc:"Which claim of the ID token says what people may do; realm_access.roles is roles inside of realm_access. Whoever comes without it is refused. Empty: roles are given in Visavis only."`
	Roles           []SSORole `key:"roles" doc:"What the values of that claim mean. Each sign-in gives the roles that they say, and takes back those that an earlier one gave and they no longer say."`
}

// SSORole is what one value of a claim means.
type SSORole struct {
	Value string `key:"value" example:"visavis-beratung-nord" doc:"The value, exactly."`
	Role  string `key:"role" oneof:"reception advisor lead location_admin department_admin agency_admin protection auditor operator" doc:"The role that it gives."`
	At    string `key:"at" example:"desk:NORD-1" doc:"Where: agency, or department:, location: or desk: and the code of that place."`
}

// Place takes At apart; the code of the agency is empty.
func (r SSORole) Place() (kind, code string) {
	kind, code, _ = strings.Cut(r.At, ":")
	return kind, code
}

var ssoID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

// checkSSO finds what is missing or contradicts itself.
func checkSSO(all []SSO) []error {
	var mistakes []error
	ids, issuers := map[string]bool{}, map[string]bool{}
	for i, s := range all {
		where := fmt.Sprintf("sso %d (%s)", i+1, s.ID)
		wrong := func(key, format string, args ...any) {
			mistakes = append(mistakes, fmt.Errorf("%s: sso.%s "+format, append([]any{where, key}, args...)...))
		}
		for _, needed := range []struct{ key, value string }{
			{"name", s.Name}, {"agency", s.Agency}, {"issuer", s.Issuer}, {"client_id", s.ClientID},
		} {
			if needed.value == "" {
				wrong(needed.key, "is needed")
			}
		}
		if !ssoID.MatchString(s.ID) {
			wrong("id", "must be small letters, digits and hyphens, at most 32")
		}
		if ids[s.ID] {
			wrong("id", "is that of another one")
		}
		ids[s.ID] = true
		if s.Issuer != "" && !soundIssuer(s.Issuer) {
			wrong("issuer", "must be an address with https:// and without question mark and #")
		}
		if issuers[s.Agency+" "+s.Issuer] {
			wrong("issuer", "is that of another one of this agency")
		}
		issuers[s.Agency+" "+s.Issuer] = true
		if len(s.Roles) > 0 && s.RolesClaim == "" {
			wrong("roles_claim", "is needed: there are sso.roles")
		}
		for _, r := range s.Roles {
			for _, fault := range r.faults() {
				wrong("roles", "%s", fault)
			}
		}
	}
	return mistakes
}

func (r SSORole) faults() (faults []string) {
	if r.Value == "" {
		faults = append(faults, "have one without value")
	}
	if r.Role == "" {
		faults = append(faults, fmt.Sprintf("do not say which role %q gives", r.Value))
	}
	kind, code := r.Place()
	known := slices.Contains([]string{"department", "location", "desk"}, kind)
	if r.At != "agency" && (!known || code == "") {
		faults = append(faults, fmt.Sprintf("do not say where %q gives a role: agency, or department:, location: or desk: and a code", r.Value))
	}
	return faults
}

// soundIssuer: others must not be able to read along.
func soundIssuer(issuer string) bool {
	at, err := url.Parse(issuer)
	if err != nil || at.Hostname() == "" || at.User != nil || strings.ContainsAny(issuer, "?#") {
		return false
	}
	address, err := netip.ParseAddr(at.Hostname())
	here := at.Hostname() == "localhost" || err == nil && address.IsLoopback()
	return at.Scheme == "https" || at.Scheme == "http" && here
}
