package staff

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"visavis/internal/agency"
	"visavis/internal/edge"
	"visavis/internal/staff/oidc"
	"visavis/internal/vault"
)

const (
	// ssoCookie binds a sign-in to the browser that has begun it, and holds all that we need to know of it.
	ssoCookie = "sso"
	// ssoTime is how long a sign-in may take here, the provider's answers and the database included.
	ssoTime = 15 * time.Second
)

// SSORoutes registers sign-in at providers. Browsers go there and come back by themselves, and a provider sends a form, so
// most of it stands beside the API.
func (s *Service) SSORoutes(mux *edge.Mux, api *edge.API) {
	edge.Handle(api, edge.Operation{ID: "signInWays", Route: "GET /api/staff/sso", Tag: "staff"}, s.ways)
	mux.HandleFunc("GET /api/staff/sso/{provider}/start", s.ssoStart)
	mux.HandleFunc("GET /api/staff/sso/{provider}/callback", s.ssoCallback)
	mux.HandleFunc("POST /api/staff/sso/{provider}/backchannel", s.ssoBackchannel)
}

type waysInput struct {
	Agency string `query:"agency" maxLength:"64" doc:"May be left out where there is only one."`
}

type waysOutput struct{ Body Ways }

// Ways are how people of an agency sign in.
type Ways struct {
	Providers []way `json:"providers"`
	Password  bool  `json:"password" doc:"Some have a password here."`
	Several   bool  `json:"several" doc:"There are several agencies; name one."`
	Passkeys  bool  `json:"passkeys" doc:"Browsers can make passkeys for this address."`
	Forgotten bool  `json:"forgotten" doc:"Who has forgotten a password can have a link sent."`
}

type way struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (s *Service) ways(ctx context.Context, in *waysInput) (*waysOutput, error) {
	out := &waysOutput{Ways{Providers: []way{}, Password: true, Passkeys: s.offersKeys(ctx), Forgotten: s.o.Mailer != nil}}
	a, err := s.agencies.BySlug(ctx, in.Agency)
	if in.Agency == "" {
		a, err = s.agencies.Only(ctx)
		out.Body.Several = errors.Is(err, agency.ErrNotFound)
	}
	if errors.Is(err, agency.ErrNotFound) {
		return out, nil // whether there is such an agency is nobody's business
	}
	if err != nil {
		return nil, err
	}
	for _, v := range s.o.Providers {
		if v.Agency == a.Slug {
			out.Body.Providers = append(out.Body.Providers, way{v.ID, v.Name})
		}
	}
	if len(out.Body.Providers) > 0 {
		out.Body.Password, err = s.hasPasswords(ctx, a.ID)
	}
	return out, err
}

func (s *Service) provider(r *http.Request) (Provider, bool) {
	for _, v := range s.o.Providers {
		if v.ID == r.PathValue("provider") {
			return v, true
		}
	}
	return Provider{}, false
}

// visit is somebody's way to a provider and back. All of it stands in the cookie.
type visit struct{ token, until, talk string }

func (v visit) String() string { return v.token + "." + v.until + "." + v.talk }

// path is where to go afterwards: nowhere but to our own pages.
func (v visit) path() string {
	if v.talk == "" {
		return "/staff"
	}
	return "/staff/talk/" + v.talk
}

var talkPath = regexp.MustCompile(`^/staff/talk/([A-Za-z0-9_-]{1,48})$`)

func (s *Service) newVisit(to string) visit {
	v := visit{token: vault.NewToken(), until: strconv.FormatInt(s.o.Clock().Add(stateLife).Unix(), 10)}
	if found := talkPath.FindStringSubmatch(to); found != nil {
		v.talk = found[1]
	}
	return v
}

// readVisit is the visit of a browser, unless it has taken too long.
func (s *Service) readVisit(r *http.Request) (visit, bool) {
	token, rest, _ := strings.Cut(edge.ReadCookie(r, ssoCookie), ".")
	until, talk, _ := strings.Cut(rest, ".")
	v := visit{token: token, until: until}
	if talk != "" && talkPath.MatchString("/staff/talk/"+talk) {
		v.talk = talk
	}
	seconds, err := strconv.ParseInt(until, 10, 64)
	return v, err == nil && token != "" && s.o.Clock().Before(time.Unix(seconds, 0))
}

// secrets are made from the cookie and our key: nothing is stored while somebody is away, and who has one browser's cookie
// and another provider's answer has nothing.
func (s *Service) secrets(provider, base string, v visit) oidc.Attempt {
	secret := func(what string) string {
		return base64.RawURLEncoding.EncodeToString(s.o.Ring.Derive("staff sign-in at provider: "+what, provider, v.token, v.until, v.talk))
	}
	return oidc.Attempt{
		State: secret("state"), Nonce: secret("nonce"), Verifier: secret("verifier"), RedirectURL: CallbackURL(base, provider),
	}
}

// baseOf is where the people of a provider's agency sign in, and come back to.
func (s *Service) baseOf(ctx context.Context, p Provider) (string, error) {
	a, err := s.agencies.BySlug(ctx, p.Agency)
	if errors.Is(err, agency.ErrNotFound) {
		return "", refused("sso.unknown")
	}
	return a.URL(s.o.URL), err
}

// elsewhere tells whether a request has come under another host than that of an address: what is bound to a browser is
// bound to the host.
func elsewhere(r *http.Request, base string) bool {
	at, err := url.Parse(base)
	return err == nil && !strings.EqualFold(at.Host, r.Host)
}

func (s *Service) ssoStart(w http.ResponseWriter, r *http.Request) {
	v := s.newVisit(r.URL.Query().Get("to"))
	p, known := s.provider(r)
	if !known {
		s.turnAway(w, r, p, v, refused("sso.unknown"))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), ssoTime)
	defer cancel()
	base, err := s.baseOf(ctx, p)
	if err == nil && base != s.o.URL && elsewhere(r, base) {
		http.Redirect(w, r, base+r.URL.RequestURI(), http.StatusSeeOther) //nolint:gosec // the agency's own host
		return
	}
	var address string
	if err == nil {
		address, err = p.Party.Begin(ctx, s.secrets(p.ID, base, v))
	}
	if err != nil {
		s.turnAway(w, r, p, v, err)
		return
	}
	c := edge.HostCookie(ssoCookie, v.String(), http.SameSiteLaxMode) // the way back begins at another site
	c.MaxAge = int(stateLife / time.Second)
	http.SetCookie(w, c)
	http.Redirect(w, r, address, http.StatusSeeOther)
}

func (s *Service) ssoCallback(w http.ResponseWriter, r *http.Request) {
	gone := edge.HostCookie(ssoCookie, "", http.SameSiteLaxMode)
	gone.MaxAge = -1
	http.SetCookie(w, gone)
	v, fresh := s.readVisit(r)
	network := edge.ClientPrefix(r, s.o.TrustedProxies)
	p, known := s.provider(r)
	switch {
	case !known:
		s.turnAway(w, r, p, v, refused("sso.unknown"))
		return
	case !fresh:
		s.turnAway(w, r, p, v, refused("sso.expired"))
		return
	case s.visits.Exhausted(network):
		s.turnAway(w, r, p, v, throttled())
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), ssoTime)
	defer cancel()
	session, err := s.comeBack(ctx, p, v, r, network)
	if err != nil {
		s.turnAway(w, r, p, v, err)
		return
	}
	http.SetCookie(w, edge.HostCookie(cookie, session, http.SameSiteStrictMode))
	// Other windows of the browser are told.
	http.Redirect(w, r, v.path()+"#signed-in", http.StatusSeeOther) //nolint:gosec // a path is one of ours, see visit
}

func (s *Service) comeBack(ctx context.Context, p Provider, v visit, r *http.Request, network string) (session string, err error) {
	answer, err := oidc.ReadAnswer(r.URL.Query())
	if err != nil {
		return "", err
	}
	base, err := s.baseOf(ctx, p)
	if err != nil {
		return "", err
	}
	asked := s.secrets(p.ID, base, v)
	who, err := p.Party.Finish(ctx, asked, answer)
	if err != nil {
		if asked.Asks(answer) { // in vain
			s.visits.Allow(network)
		}
		return "", err
	}
	return s.enter(ctx, p, who, asked.State, deviceOf(r.UserAgent()))
}

// turnAway brings somebody back to the sign-in page, which says why by the code in the fragment.
func (s *Service) turnAway(w http.ResponseWriter, r *http.Request, p Provider, v visit, err error) {
	code := ""
	if refusal, ok := errors.AsType[*oidc.Refusal](err); ok {
		code = "sso." + string(refusal.Reason)
		if n := s.refusals.times(p.ID + " in " + code); n > 0 {
			s.o.Log.WarnContext(r.Context(), "sign-in refused", "provider", p.ID, "code", code, "times", n, "why", refusal)
		}
	} else {
		code = edge.AsProblem(r.Context(), s.o.Log, err).Code
		if n := s.refusals.times(p.ID + " in " + code); n > 0 {
			s.o.Log.InfoContext(r.Context(), "sign-in refused", "provider", p.ID, "code", code, "times", n)
		}
	}
	http.Redirect(w, r, v.path()+"#refused="+code, http.StatusSeeOther) //nolint:gosec // as above
}

// ssoBackchannel takes from a provider that somebody has signed out there. When it answers, the sessions have ended.
func (s *Service) ssoBackchannel(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), ssoTime)
	defer cancel()
	p, known := s.provider(r)
	if !known {
		edge.WriteProblem(w, edge.NewProblem(http.StatusNotFound, "not_found"))
		return
	}
	err := s.signedOutThere(ctx, p, r)
	refusal, untrue := errors.AsType[*oidc.Refusal](err)
	problem, known := errors.AsType[*edge.Problem](err)
	switch {
	case err == nil:
		w.WriteHeader(http.StatusOK)
	case untrue:
		if n := s.refusals.times(p.ID + " out " + string(refusal.Reason)); n > 0 {
			s.o.Log.WarnContext(ctx, "back-channel logout refused", "provider", p.ID, "times", n, "why", refusal)
		}
		writeInvalid(w)
	case known:
		if n := s.refusals.times(p.ID + " out " + problem.Code); n > 0 {
			s.o.Log.WarnContext(ctx, "back-channel logout refused", "provider", p.ID, "times", n, "code", problem.Code)
		}
		writeInvalid(w)
	default:
		edge.WriteProblem(w, edge.AsProblem(ctx, s.o.Log, err))
	}
}

// writeInvalid is the answer that the specification asks for.
func writeInvalid(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	_, _ = w.Write([]byte(`{"error":"invalid_request"}`)) // the provider may have gone
}

func (s *Service) signedOutThere(ctx context.Context, p Provider, r *http.Request) error {
	err := r.ParseForm() // which takes nothing but a form for one
	tokens := r.PostForm["logout_token"]
	if err != nil || len(tokens) != 1 {
		return edge.NewProblem(http.StatusBadRequest, "request.invalid")
	}
	ended, err := p.Party.Ended(ctx, tokens[0])
	if err != nil {
		return err
	}
	return s.leave(ctx, p, ended)
}
