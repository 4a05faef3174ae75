package staff

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/go-webauthn/webauthn/webauthn"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/jobs"
	"visavis/internal/staff/strength"
	"visavis/internal/vault"
	"visavis/locales"
)

// Options configure a Service.
type Options struct {
	Clock          func() time.Time
	Log            *slog.Logger
	TrustedProxies []netip.Prefix
	Nudge          func(agency, topic string) // events.Log.Nudge
	Ring           *vault.Keyring             // signs which devices are known
	Audit          *audit.Log
	Jobs           *jobs.Queue
	Cost           Cost       // of a password; zero: the real one
	Providers      []Provider // where people can sign in besides
	URL            string     // public address, without a slash at the end; providers send people back to it
	Mailer         Mailer     // nil: no mail goes out
	// Kept are the closed desks of an agency that keep their people at a moment, as somebody is expected there.
	Kept func(ctx context.Context, q db.Q, agency string, now time.Time) (desks []string, err error)
}

// Service signs people in and out and says who acts.
type Service struct {
	db       *db.DB
	agencies *agency.Store
	o        Options
	hasher   *hasher
	// Failures only: the right password from a quiet source always gets through. A source is a network, or a device that is known for the account.
	failures  *edge.Limiter // by account and source
	sources   *edge.Limiter // by source, against many accounts from one place
	signIns   *underway     // by account and network, or by account for all devices that are known for it
	visits    *edge.Limiter // sign-ins that a provider did not confirm, by network: each has asked it for something
	wrongKeys *edge.Limiter // answers that no passkey has given, by network
	refusals  *told         // at providers
	streams   *edge.Streams // of each session, of whatever feature
	noted     *edge.Limiter // by account: that it is throttled is told to the audit once an hour
	throttled chan Person   // those, until Run has written it
	asking    *edge.Limiter // for a new password, by network: each may send a mail
	reminded  *edge.Limiter // the same by account: nobody's letter box is filled
	forgotten chan reminder // until Run has sent it
	party     *webauthn.WebAuthn
	codes     *edge.Limiter // of apps, by account: devices that are known for it apart from all others
	pairings  *edge.Limiter // links of devices that are good no more, by network
	recovered *edge.Limiter // wrong recovery codes, by account and network: among codes they would push accounts out
	talks     Talks         // nil: nobody talks beside us
}

// mostSignIns under way at a time on a node, also with the right password: others wait for their turn to hash.
const mostSignIns = 4

// mostStreams of one session on a node: windows and tabs of one person at one desk.
const mostStreams = 32

// New returns a service.
func New(d *db.DB, agencies *agency.Store, o Options) *Service {
	s := &Service{
		db: d, agencies: agencies, o: o, hasher: newHasher(o.Cost),
		failures:  edge.NewLimiter(20*time.Second, 10, 20_000),
		sources:   edge.NewLimiter(time.Second, 100, 20_000),
		signIns:   newUnderway(mostSignIns),
		visits:    edge.NewLimiter(200*time.Millisecond, 600, 20_000), // an office of 300 people that begins its day
		wrongKeys: edge.NewLimiter(200*time.Millisecond, 600, 20_000),
		refusals:  newTold(o.Clock),
		streams:   edge.NewStreams(mostStreams, mostStreams),
		noted:     edge.NewLimiter(throttledOnce, 1, 20_000),
		throttled: make(chan Person, mostNoted),
		asking:    edge.NewLimiter(20*time.Second, 20, 20_000),
		reminded:  edge.NewLimiter(20*time.Minute, 3, 20_000),
		forgotten: make(chan reminder, mostNoted),
		party:     party(o.URL),
		codes:     edge.NewLimiter(5*time.Minute, 10, 20_000),
		pairings:  edge.NewLimiter(time.Second, 100, 20_000),
		recovered: edge.NewLimiter(5*time.Minute, 10, 20_000),
	}
	o.Jobs.Handle(settleJob, s.settleNow)
	o.Jobs.Handle(InviteJob, s.inviteNow)
	return s
}

const cookie = "staff"

// Routes registers sign-in and sign-out.
func (s *Service) Routes(api *edge.API) {
	edge.Handle(api, edge.Operation{ID: "signIn", Route: "POST /api/staff/session", Tag: "staff", Within: turnWait + edge.RequestTime}, s.signIn)
	edge.Handle(api, edge.Operation{ID: "me", Route: "GET /api/staff/session", Tag: "staff", Use: s.Require(api)}, s.me)
	s.passwordRoutes(api)
	s.factorRoutes(api)
	s.passkeyRoutes(api)
	edge.Handle(api, edge.Operation{ID: "signOut", Route: "DELETE /api/staff/session", Tag: "staff", Status: http.StatusNoContent, Use: s.RequireAlso(api)}, s.signOut)
	s.pairingRoutes(api)
}

// Require is the middleware of every route of staff.
func (s *Service) Require(*edge.API) huma.Middlewares { return s.require(s.Identify) }

// RequireAlso is that of the few that paired devices may call as well.
func (s *Service) RequireAlso(*edge.API) huma.Middlewares { return s.require(s.IdentifyAlso) }

func (s *Service) require(identify func(*http.Request) (Person, error)) huma.Middlewares {
	return huma.Middlewares{func(c huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(c)
		p, err := identify(r)
		if err != nil {
			edge.WriteProblem(w, edge.AsProblem(c.Context(), s.o.Log, err))
			return
		}
		next(huma.WithContext(c, WithPerson(c.Context(), p)))
	}}
}

// Identify says who sent a request, by the session cookie, and that the session is in use. A paired device is nobody here.
func (s *Service) Identify(r *http.Request) (Person, error) {
	return s.inUse(r, s.Watching)
}

// IdentifyAlso is Identify where a paired device may be who sent it.
func (s *Service) IdentifyAlso(r *http.Request) (Person, error) {
	return s.inUse(r, s.WatchingAlso)
}

func (s *Service) inUse(r *http.Request, watching func(*http.Request) (Person, error)) (Person, error) {
	p, err := watching(r)
	if err != nil {
		return p, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), edge.RequestTime)
	defer cancel()
	return p, s.use(ctx, p)
}

// Watching says who opens a stream. A page does so by itself, and again whenever the network breaks: it is no use. A paired
// device is nobody here.
func (s *Service) Watching(r *http.Request) (Person, error) {
	p, err := s.WatchingAlso(r)
	if err == nil {
		err = p.own()
	}
	return p, err
}

// WatchingAlso is Watching where a paired device may be who opens it.
func (s *Service) WatchingAlso(r *http.Request) (Person, error) {
	token := edge.ReadCookie(r, cookie)
	if token == "" {
		return Person{}, ErrSignedOut()
	}
	ctx, cancel := context.WithTimeout(r.Context(), edge.RequestTime)
	defer cancel()
	return s.bySession(ctx, token)
}

// Asked is the language that names of services come in.
type Asked struct {
	Language string `query:"language" enum:"de,en" doc:"Instead of Accept-Language."`
	Accept   string `header:"Accept-Language"`
}

func (a Asked) language() string { return locales.Choose(cmp.Or(a.Language, a.Accept)) }

// Spoken is the language, for other features.
func (a Asked) Spoken() string { return a.language() }

// Browser is where a request comes from, for the limits.
type Browser struct {
	network string
	device  string // its cookie
	is      string // see deviceOf
}

// Resolve notes it.
func (b *Browser) Resolve(c huma.Context) []error {
	r, _ := humago.Unwrap(c)
	b.network, b.device, b.is = edge.Note(r), edge.ReadCookie(r, deviceCookie), deviceOf(r.UserAgent())
	return nil
}

type signInInput struct {
	Asked
	Browser
	Body struct {
		Agency   string `json:"agency" maxLength:"64"`
		Email    string `json:"email" maxLength:"254"`
		Password string `json:"password" maxLength:"256"`
	}
}

type meOutput struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
	Body      Me
}

// Me is who is signed in and what the desk's forms need.
type Me struct {
	ID       string        `json:"id"`
	Name     string        `json:"name"`
	Email    string        `json:"email"`
	Roles    []Held        `json:"roles"`
	Agency   agency.Public `json:"agency"`
	Desks    []meDesk      `json:"desks"`
	Services []meService   `json:"services"`
	Advisors []Colleague   `json:"advisors"`
	// Recovery codes, once: when a second factor was set up on the way in.
	Recovery []string `json:"recovery,omitempty"`
}

type meDesk struct {
	ID           string `json:"id"`
	Name         string `json:"name"`
	Department   string `json:"department"`
	DepartmentID string `json:"departmentId"`
	Location     string `json:"location"`
	Role         Role   `json:"role" doc:"The highest that the person has there."`
	Closed       bool   `json:"closed,omitempty" doc:"It takes no new appointments."`
	Until        int64  `json:"until,omitempty" doc:"The person works there for a time, up to that moment."`
	// Languages are those in which appointments are offered there.
	Languages []string `json:"languages"`
}

type meService struct {
	ID           string `json:"id"`
	Name         string `json:"name"`
	DepartmentID string `json:"departmentId"`
	Minutes      int    `json:"minutes"`
}

func (s *Service) signIn(ctx context.Context, in *signInInput) (*meOutput, error) {
	slug, err := s.slug(ctx, in.Body.Agency)
	if err != nil {
		return nil, err
	}
	try := s.attempt(in.Browser, slug, in.Body.Email, in.Body.Password)
	found, err := s.try(ctx, try)
	if err != nil {
		return nil, err
	}
	var token string
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := s.still(ctx, tx, found); err != nil {
			return absentIs(err, wrongPassword())
		}
		if err := s.further(ctx, tx, found.Person); err != nil {
			return err
		}
		token, err = s.insertSession(ctx, tx, found.Person, origin{device: in.is})
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.arrive(ctx, found.Person, token, *s.knowDevice(slug, try.email, try.device), in.language())
}

// arrive is the answer to who has just signed in: who they are, and the cookies of session and device.
func (s *Service) arrive(ctx context.Context, p Person, token string, device http.Cookie, language string) (*meOutput, error) {
	out, err := s.meOf(ctx, p, language)
	if err != nil {
		return nil, db.Done(err)
	}
	out.SetCookie = []http.Cookie{*edge.HostCookie(cookie, token, http.SameSiteStrictMode), device}
	return out, nil
}

// slug is the agency that was named; where there is only one, nobody has to name it.
func (s *Service) slug(ctx context.Context, named string) (string, error) {
	if named != "" {
		return named, nil
	}
	a, err := s.agencies.Only(ctx)
	if errors.Is(err, agency.ErrNotFound) {
		return "", edge.NewProblem(http.StatusUnprocessableEntity, "session.agency")
	}
	return a.Slug, err
}

// attempt is somebody who wants to sign in.
type attempt struct {
	source                string // a network, or a device that is known for the account
	device                string // its name, if it is known for the account
	slug, email, password string
}

func (s *Service) attempt(b Browser, slug, email, password string) attempt {
	try := attempt{slug: slug, email: normalEmail(email), password: password}
	try.device = s.knownDevice(slug, try.email, b.device)
	if try.device != "" {
		try.source = "device " + try.device
	} else {
		try.source = edge.NotedPrefix(b.network, s.o.TrustedProxies)
	}
	return try
}

func (a attempt) account() string { return a.source + "\x00" + a.slug + "\x00" + a.email }

// who counts the devices of an account as one: whoever has signed in once can make as many as they like. All others count
// by network, as nobody may keep an account's owner out from elsewhere.
func (a attempt) who() string {
	if a.device != "" {
		a.source = "device"
	}
	return a.account()
}

func wrongPassword() *edge.Problem { return edge.NewProblem(http.StatusUnauthorized, "session.wrong") }

func throttled() *edge.Problem {
	return edge.NewProblem(http.StatusTooManyRequests, "session.throttled")
}

// try finds out who it is, with a bound on how many do so at once.
func (s *Service) try(ctx context.Context, try attempt) (account, error) {
	who := try.who()
	if !s.signIns.begin(who) {
		return account{}, throttled()
	}
	defer s.signIns.end(who)
	return s.authenticate(ctx, try)
}

// authenticate counts failures by account and source, so that an attacker slows
// down only sign-ins from where the attack comes from: nobody can be locked out by
// somebody elsewhere. The limit is asked again when it is our turn to hash, or many
// attempts at once would all have passed it.
func (s *Service) authenticate(ctx context.Context, try attempt) (account, error) {
	key := try.account()
	if s.sources.Exhausted(try.source) || s.failures.Exhausted(key) {
		return account{}, throttled()
	}
	turn, err := s.hasher.turn(ctx, try.device != "")
	if errors.Is(err, context.DeadlineExceeded) {
		return account{}, throttled()
	}
	if err != nil {
		return account{}, err
	}
	defer turn.end()
	if s.sources.Exhausted(try.source) || s.failures.Exhausted(key) {
		return account{}, throttled()
	}
	found, err := s.check(ctx, turn, try.slug, try.email, try.password)
	if _, refused := errors.AsType[*edge.Problem](err); refused {
		s.failures.Allow(key)
		s.sources.Allow(try.source)
		if s.failures.Exhausted(key) {
			s.noteThrottled(found.Person)
		}
		return account{}, err
	}
	return found, err
}

// check tells who it was that was tried, also when it is refused: for the audit only.
func (s *Service) check(ctx context.Context, turn turn, slug, email, password string) (account, error) {
	if len(password) > strength.Most {
		return account{}, wrongPassword()
	}
	found := account{password: turn.absent()}
	a, err := s.agencies.BySlug(ctx, slug)
	if err == nil {
		var known account
		if known, err = s.anyByEmail(ctx, a.ID, email); err == nil && known.password != "" {
			found = known // whoever has no password yet is nobody here, and that takes as long
		}
	}
	if err != nil && !errors.Is(err, agency.ErrNotFound) && !errors.Is(err, db.ErrNoRows) {
		return account{}, err
	}
	ok, err := turn.matches(password, found.password)
	if err != nil {
		return account{}, err
	}
	if !ok || found.ID == "" {
		return found, wrongPassword()
	}
	if found.disabled { // who knows the password may know why it does not help
		return found, refused("session.disabled")
	}
	if allowed, err := s.mayHavePassword(ctx, s.db.Read(), found.Person); err != nil || !allowed {
		return found, cmp.Or[error](err, refused("session.provider"))
	}
	return found, s.hold(ctx, s.db.Read(), &found.Person)
}

func (s *Service) me(ctx context.Context, in *Asked) (*meOutput, error) {
	p, err := From(ctx)
	if err != nil {
		return nil, err
	}
	return s.meOf(ctx, p, in.language())
}

func (s *Service) meOf(ctx context.Context, p Person, language string) (*meOutput, error) {
	a, err := s.agencies.ByID(ctx, p.Agency)
	if err != nil {
		return nil, err
	}
	me := Me{ID: p.ID, Name: p.Name, Email: p.Email, Roles: append([]Held{}, p.Roles...), Desks: []meDesk{}, Services: []meService{}}
	err = s.db.Snapshot(ctx, func(q db.Q) error {
		if me.Agency, err = s.agencies.Public(ctx, q, a); err != nil {
			return err
		}
		desks, err := s.agencies.Desks(ctx, q, p.Agency, p.Desks)
		if err != nil {
			return err
		}
		ends, err := s.ends(ctx, q, p)
		if err != nil {
			return err
		}
		spoken, err := s.agencies.SpokenAt(ctx, q, p.Agency, p.Desks)
		if err != nil {
			return err
		}
		var departments []string
		for _, d := range desks {
			if !slices.Contains(departments, d.DepartmentID) {
				departments = append(departments, d.DepartmentID)
			}
			me.Desks = append(me.Desks, meDesk{d.ID, d.Name, d.Department, d.DepartmentID, d.Location, p.at[d.ID], d.Closed, ends[d.ID], spoken[d.ID]})
		}
		services, err := s.agencies.Services(ctx, q, p.Agency, departments)
		if err != nil {
			return err
		}
		for _, v := range services {
			me.Services = append(me.Services, meService{v.ID, v.Name.In(language), v.DepartmentID, int(v.Duration / time.Minute)})
		}
		me.Advisors, err = s.Colleagues(ctx, q, p)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &meOutput{Body: me}, nil
}

type signOutOutput struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
}

func (s *Service) signOut(ctx context.Context, _ *struct{}) (*signOutOutput, error) {
	p, err := From(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.dropSession(ctx, p); err != nil {
		return nil, err
	}
	gone := edge.HostCookie(cookie, "", http.SameSiteStrictMode)
	gone.MaxAge = -1
	return &signOutOutput{SetCookie: []http.Cookie{*gone}}, nil
}
