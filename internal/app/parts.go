package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/mail"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"visavis/internal/admin"
	"visavis/internal/agency"
	"visavis/internal/appointment"
	"visavis/internal/audit"
	"visavis/internal/auditlog"
	"visavis/internal/config"
	"visavis/internal/db"
	"visavis/internal/decided"
	"visavis/internal/edge"
	"visavis/internal/events"
	"visavis/internal/health"
	"visavis/internal/jobs"
	"visavis/internal/notify"
	"visavis/internal/pages"
	"visavis/internal/receipt"
	"visavis/internal/relay"
	"visavis/internal/relay/control"
	"visavis/internal/relay/sdp"
	"visavis/internal/relay/turn"
	"visavis/internal/retention"
	"visavis/internal/scanner"
	"visavis/internal/scim"
	"visavis/internal/seat"
	"visavis/internal/staff"
	"visavis/internal/survey"
	"visavis/internal/talk"
	"visavis/internal/today"
	"visavis/internal/vault"
	"visavis/locales"
	"visavis/web"
)

// parts are what a server consists of, in the order in which they are made; they are closed in the opposite order.
type parts struct {
	c    *config.Config
	o    Options
	node string // names this process until it ends

	ring   *vault.Keyring
	db     *db.DB
	events *events.Log
	jobs   *jobs.Queue

	agencies     *agency.Store
	audit        *audit.Log
	staff        *staff.Service
	admin        *admin.Service
	scim         *scim.Service
	seats        *seat.Service
	appointments *appointment.Service
	talks        *talk.Service
	receipts     *receipt.Service
	surveys      *survey.Service
	today        *today.Service
	auditlog     *auditlog.Service
	retention    *retention.Service
	decided      *decided.Keeper

	relay      control.Relay
	relayKey   relay.Key
	candidates []sdp.Candidate
	turn       *turn.Server   // nil: only UDP and TCP lead to the relay
	detour     *turn.Issuer   // of credentials for it
	scanner    *scanner.Clamd // nil: nobody looks for viruses

	mux    *edge.Mux
	api    *edge.API
	certs  *certificates
	server *server

	services []service
	closers  []func() error
}

// service runs beside the requests until its context ends.
type service struct {
	name string
	run  func(context.Context) error
}

func (p *parts) background(name string, run func(context.Context) error) {
	p.services = append(p.services, service{name, run})
}

func build(ctx context.Context, c *config.Config, o Options) (*parts, error) {
	o.complete()
	p := &parts{c: c, o: o, node: vault.NewID()}
	for _, make := range []func(context.Context) error{
		p.makeStorage,
		p.makePlumbing,
		p.makeRelay,
		p.makeDetour,
		p.makeScanner,
		p.makeFeatures,
		p.makeGood,
		p.makeRoutes,
		p.makeServer,
	} {
		if err := make(ctx); err != nil {
			return nil, errors.Join(err, p.close())
		}
	}
	return p, nil
}

func (p *parts) makeStorage(ctx context.Context) error {
	var err error
	if p.ring, err = openKeys(p.c); err != nil {
		return err
	}
	if p.db, err = openDatabase(ctx, p.c); err != nil {
		return err
	}
	p.closers = append(p.closers, p.db.Close)
	return p.db.Migrate(ctx)
}

func (p *parts) makePlumbing(context.Context) error {
	bus := events.NewLocalBus()
	if p.db.Engine() == db.PostgreSQL {
		bus = events.NewPostgresBus(p.db.PostgresURL(), p.o.Log)
	}
	p.events = events.New(p.db, bus, p.o.Clock)
	p.background("events", p.events.Run)

	added := p.events.Subscribe("", "jobs")
	p.jobs = jobs.New(p.db, jobs.Options{
		Node: p.node, Clock: p.o.Clock, Workers: 4, Log: p.o.Log,
		Wake: added.C, Publish: func() { p.events.Nudge("", "jobs") },
	})
	p.background("jobs", p.jobs.Run)
	p.background("housekeeping", p.keepHouse)
	p.jobs.Handle(clearing, p.clearAgency)
	p.jobs.Handle(agency.Forgetting, p.forgetKey)
	p.background("agencies", p.closeKeys)
	return nil
}

func (p *parts) makeFeatures(ctx context.Context) error {
	providers, err := makeProviders(p.c, p.o.Clock)
	if err != nil {
		return err
	}
	p.agencies = agency.New(p.db, p.ring, p.c.TimeZone.Location, p.o.Clock)
	p.audit = audit.New(p.db, audit.Options{Ring: p.ring, Key: p.agencies.Keys().In, Clock: p.o.Clock, Log: p.o.Log})
	mailer, err := p.makeMailer()
	if err != nil {
		return err
	}
	p.staff = staff.New(p.db, p.agencies, staff.Options{
		Clock: p.o.Clock, Log: p.o.Log, TrustedProxies: p.c.HTTP.TrustedProxies, Nudge: p.events.Nudge, Ring: p.ring,
		Audit: p.audit, Jobs: p.jobs, Cost: p.o.Cost, Providers: providers, URL: p.c.HTTP.URL.String(),
		Mailer: lettersBy(mailer), Kept: appointment.Expecting,
	})
	p.background("staff", p.staff.Run)
	p.admin = admin.New(p.db, admin.Options{
		Agencies: p.agencies, Staff: p.staff, Audit: p.audit, Clock: p.o.Clock, Log: p.o.Log, KeepAudit: p.c.Audit.KeepDays,
		Busy: seat.Busy, Given: p.givenUp, Keyed: scim.KeyedByStaff, KeysOf: scim.KeysOf,
	})
	p.scim = scim.New(p.db, scim.Options{
		Agencies: p.agencies, Staff: p.staff, Audit: p.audit, Clock: p.o.Clock, Log: p.o.Log, URL: p.c.HTTP.URL.String(),
		TrustedProxies: p.c.HTTP.TrustedProxies,
	})
	p.seats = seat.New(p.db, seat.Options{
		Ring: p.ring, Agencies: p.agencies, Events: p.events, Audit: p.audit, Jobs: p.jobs, Clock: p.o.Clock, Log: p.o.Log, URL: p.c.HTTP.URL.String(),
		Node: p.node, TrustedProxies: p.c.HTTP.TrustedProxies, Prepare: talk.Prepare,
	})
	if err := p.seats.Lease(ctx); err != nil {
		return err
	}
	p.background("seats", p.seats.Run)
	p.appointments = appointment.New(p.db, appointment.Options{
		Agencies: p.agencies, Staff: p.staff, Seats: p.seats, Mailer: noticesBy(mailer), Events: p.events, Audit: p.audit, Clock: p.o.Clock,
		Phone: seat.Phone, Problem: seat.Problem,
	})
	p.talks = talk.New(p.db, talk.Options{
		Ring: p.ring, Agencies: p.agencies, Staff: p.staff, Seats: p.seats, Appointments: p.appointments,
		Events: p.events, Audit: p.audit, Jobs: p.jobs, Relay: p.relay, RelayKey: p.relayKey,
		Candidates: func() []sdp.Candidate { return p.candidates }, Detour: p.detour, Scanner: p.scanner,
		HeadsUp: p.c.Talk.HeadsUp, RingTime: p.c.Talk.Ring, Clock: p.o.Clock, Log: p.o.Log, TrustedProxies: p.c.HTTP.TrustedProxies,
	})
	p.background("talks", p.talks.RunRelay)
	p.background("passes", p.talks.RunPasses)
	p.staff.Tie(p.talks)
	p.seats.Tie(p.talks.ForSeats(), p.appointments)
	p.receipts = receipt.New(p.db, receipt.Options{
		Ring: p.ring, Agencies: p.agencies, Seats: p.seats, Clock: p.o.Clock, URL: p.c.HTTP.URL.String(),
		TrustedProxies: p.c.HTTP.TrustedProxies,
	})
	p.surveys = survey.New(p.db, survey.Options{Agencies: p.agencies, Staff: p.staff, Seats: p.seats})
	p.today = today.New(today.Options{
		DB: p.db, Events: p.events, Agencies: p.agencies, Staff: p.staff,
		TimeZone: p.c.TimeZone.Location, Clock: p.o.Clock, Log: p.o.Log,
	})
	p.retention = retention.New(p.db, retention.Options{Agencies: p.agencies, Audit: p.audit, Jobs: p.jobs, Clock: p.o.Clock})
	p.auditlog = auditlog.New(auditlog.Options{
		DB: p.db, Ring: p.ring, Audit: p.audit, Agencies: p.agencies, Staff: p.staff, Clock: p.o.Clock, Log: p.o.Log,
	})
	return nil
}

// makeMailer is nil when no mail server is configured.
func (p *parts) makeMailer() (*notify.Service, error) {
	if p.c.Mail.Host == "" {
		return nil, nil // no mail is no mistake
	}
	from, err := mail.ParseAddress(p.c.Mail.From)
	if err != nil {
		return nil, fmt.Errorf("mail.from: %w", err)
	}
	return notify.New(notify.Options{
		Server: notify.Server{
			Host: p.c.Mail.Host, Port: p.c.Mail.Port, TLS: p.c.Mail.TLS, User: p.c.Mail.User, Password: p.c.Mail.Password.Reveal(),
		},
		From: *from, TimeZone: p.c.TimeZone.Location, Locales: locales.Files, Jobs: p.jobs,
		// They know each other; appointments and staff come a moment later.
		Notice: func(ctx context.Context, agency, id string) (notify.Notice, error) {
			return p.appointments.Notice(ctx, agency, id)
		},
		Mailed: func(ctx context.Context, agency, id string, sequence int64, sent bool) error {
			return p.appointments.Mailed(ctx, agency, id, sequence, sent)
		},
		Reminder: func(ctx context.Context, agency, id string, m notify.Moment) (notify.Reminder, error) {
			return p.appointments.Reminder(ctx, agency, id, m)
		},
		Letters: notify.Letters{
			Letter: func(ctx context.Context, agency, id string) (notify.Letter, error) {
				return notify.LetterOf(ctx, p.agencies, p.staff, agency, id)
			},
			Mailed: func(ctx context.Context, agency, id string, sent bool) error {
				return p.staff.Mailed(ctx, agency, id, sent)
			},
		},
		Clock: p.o.Clock, Log: p.o.Log,
	})
}

// noticesBy and lettersBy are no mailer where there is none, rather than one that is nil.
func noticesBy(s *notify.Service) appointment.Mailer {
	if s == nil {
		return nil
	}
	return s
}

func lettersBy(s *notify.Service) staff.Mailer {
	if s == nil {
		return nil
	}
	return s
}

// useProblems sets what is process-wide in the library below edge; a second server in a process must not set it again.
var useProblems = sync.OnceFunc(edge.UseProblems) //nolint:gochecknoglobals // it guards a global of somebody else

func (p *parts) makeRoutes(context.Context) error {
	useProblems()
	p.mux = edge.NewMux()
	p.api = edge.NewAPI(p.mux, edge.APIOptions{Title: "Visavis", Version: p.o.Version, Log: p.o.Log})
	p.agencies.Routes(p.api)
	p.staff.Routes(p.api)
	p.admin.Routes(p.api, p.mux)
	p.staff.SSORoutes(p.mux, p.api)
	p.scim.Routes(p.mux)
	p.scim.AdminRoutes(p.api)
	p.today.Routes(p.mux, p.api)
	p.appointments.Routes(p.api)
	p.seats.Routes(p.api, p.mux)
	p.seats.StaffRoutes(p.api, p.staff)
	p.talks.Routes(p.api, p.mux)
	p.receipts.Routes(p.api)
	p.surveys.Routes(p.api)
	p.auditlog.Routes(p.api, p.mux)
	health.New(health.Options{DB: p.db, Staff: p.staff, Clock: p.o.Clock, Version: p.o.Version, Relay: p.relayHealth}).Routes(p.api)

	files := p.o.Pages
	if files == nil {
		var err error
		if files, err = fs.Sub(web.Files, "dist"); err != nil {
			return err
		}
	}
	return pages.Mount(p.mux, pages.Options{
		Files: files, Locales: locales.Files, Log: p.o.Log, Agency: p.greeting, Ready: p.ready,
	})
}

func (p *parts) makeServer(context.Context) error {
	advertise, err := advertised(p.c)
	if err != nil {
		return err
	}
	if p.certs, err = newCertificates(p.c, advertise.all(), p.o.Clock()); err != nil {
		return err
	}
	if p.certs != nil {
		p.background("certificates", p.renewCertificates)
	}
	uploads := admin.Uploads()
	maps.Copy(uploads, scim.Uploads())
	maps.Copy(uploads, talk.Uploads())
	secure := edge.Secure(p.hosted(p.mux), edge.SecureOptions{Log: p.o.Log, HTTPS: p.c.HTTP.URL.Scheme == "https", Uploads: uploads})
	p.server = newServer(secure, limits{
		all: p.c.HTTP.MaxConnections, perSource: p.c.HTTP.MaxConnectionsPerSource, trusted: p.c.HTTP.TrustedProxies,
	}, p.o.Log)
	return nil
}

// renewCertificates reads the certificate again with each SIGHUP.
func (p *parts) renewCertificates(ctx context.Context) error {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGHUP)
	defer signal.Stop(asked)
	p.certs.renewOn(ctx, asked, p.o.Log)
	return nil
}

// greeting is what the guest's page says about an agency without script.
func (p *parts) greeting(ctx context.Context, slug, language string) (pages.Agency, error) {
	a, err := p.agencies.BySlug(ctx, slug)
	if errors.Is(err, agency.ErrNotFound) {
		return pages.Agency{}, pages.ErrUnknownAgency
	}
	if err != nil {
		return pages.Agency{}, err
	}
	public, err := p.agencies.Public(ctx, p.db.Read(), a)
	return pages.Agency{Name: public.Name, Phone: public.Phone, Dial: public.Dial, PhoneHours: public.PhoneHours.In(language)}, err
}

// ready tells balancers whether this process can do its work.
func (p *parts) ready(ctx context.Context) error {
	var one int
	if err := p.db.Read().QueryRowContext(ctx, `SELECT 1`).Scan(&one); err != nil {
		return fmt.Errorf("ask database: %w", err)
	}
	// Nothing is written to find out: this process renews its lease every few seconds.
	if err := p.db.Writable(time.Now()); err != nil {
		return fmt.Errorf("write to database: %w", err)
	}
	return nil
}

const (
	houseEvery   = time.Hour
	changesLive  = 24 * time.Hour // a page that slept longer takes a snapshot
	houseTimeout = time.Minute
)

// keepHouse deletes what nobody reads any more. What has been kept long enough goes at the beginning, too: a database that
// was restored from a backup has it again.
func (p *parts) keepHouse(ctx context.Context) error {
	p.forget(ctx)
	p.plan(ctx)
	every := time.NewTicker(houseEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-every.C:
			if err := p.prune(ctx); err != nil {
				p.o.Log.ErrorContext(ctx, "old changes not deleted", "error", err)
			}
			if err := p.cutAudits(ctx); err != nil {
				p.o.Log.ErrorContext(ctx, "old entries of the audit not deleted", "error", err)
			}
			if err := p.decided.Look(ctx); err != nil && ctx.Err() == nil {
				p.o.Log.ErrorContext(ctx, "what was decided is not in decided.file yet", "error", err)
			}
			p.forget(ctx)
			p.plan(ctx)
		}
	}
}

func (p *parts) prune(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, houseTimeout)
	defer cancel()
	return p.events.Prune(ctx, p.o.Clock().Add(-changesLive))
}

func (p *parts) forget(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, houseTimeout)
	defer cancel()
	if err := p.staff.Prune(ctx); err != nil && ctx.Err() == nil {
		p.o.Log.ErrorContext(ctx, "sessions that are over not deleted", "error", err)
	}
}

func (p *parts) plan(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, houseTimeout)
	defer cancel()
	if err := p.retention.Plan(ctx); err != nil && ctx.Err() == nil {
		p.o.Log.ErrorContext(ctx, "what was kept long enough is not deleted", "error", err)
	}
}

// run answers requests until ctx ends or a part fails: first the port, then the services, so that a taken port is said
// before anything has begun. It stops in the opposite order.
func (p *parts) run(ctx context.Context) error {
	listener, err := listen(ctx, "http.listen", p.c.HTTP.Listen)
	if err != nil {
		return err
	}
	at := listener.Addr().String()
	// Services live until the last request is answered, so they do not end with ctx.
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	group, failed := errgroup.WithContext(life)
	for _, s := range p.services {
		group.Go(func() error {
			if err := s.run(failed); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			return nil
		})
	}
	opened := p.server.open(listener, p.tls(), p.turn)
	group.Go(func() error { return p.server.serve(opened) })
	p.o.Log.InfoContext(ctx, "serving", "url", p.c.HTTP.URL.String(), "database", string(p.db.Engine()), "version", p.o.Version)
	p.o.Started(at)

	select {
	case <-ctx.Done():
	case <-failed.Done():
	}
	stopped := p.server.shutdown()
	end()
	if err := group.Wait(); err != nil {
		return err
	}
	if stopped != nil {
		p.o.Log.WarnContext(ctx, "stopped late", "error", stopped)
	}
	return nil
}

func (p *parts) tls() *tls.Config {
	if p.certs == nil {
		return nil
	}
	return p.certs.config()
}

// close ends what was opened, last first.
func (p *parts) close() error {
	var errs []error
	for _, closer := range slices.Backward(p.closers) {
		errs = append(errs, closer())
	}
	return errors.Join(errs...)
}
