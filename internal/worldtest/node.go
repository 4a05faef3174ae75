package worldtest

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http/httptest"
	"net/mail"
	"net/netip"
	"slices"
	"sync"
	"time"

	"visavis/internal/admin"
	"visavis/internal/agency"
	"visavis/internal/appointment"
	"visavis/internal/audit"
	"visavis/internal/auditlog"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/events"
	"visavis/internal/jobs"
	"visavis/internal/notify"
	"visavis/internal/receipt"
	"visavis/internal/relay"
	"visavis/internal/relay/control"
	"visavis/internal/relay/sdp"
	"visavis/internal/relay/turn"
	"visavis/internal/retention"
	"visavis/internal/scim"
	"visavis/internal/seat"
	"visavis/internal/staff"
	"visavis/internal/survey"
	"visavis/internal/talk"
	"visavis/internal/today"
	"visavis/locales"
)

// RelayHost is the relay's address that browsers are told.
const RelayHost = "192.0.2.44"

// DetourURL leads to the relay where only HTTPS gets through.
const DetourURL = "turns:" + RelayHost + ":443?transport=tcp"

// HeadsUp is how long a guest is told that the talk begins.
const HeadsUp = 3 * time.Second

// RingTime is how long a guest is called who does not answer.
const RingTime = 60 * time.Second

// Node is one process of the installation.
type Node struct {
	*World
	Name         string
	Agencies     *agency.Store
	Audit        *audit.Log
	Events       *events.Log
	Jobs         *jobs.Queue
	Staff        *staff.Service
	Admin        *admin.Service
	SCIM         *scim.Service
	Seats        *seat.Service
	Appointments *appointment.Service
	Talks        *talk.Service
	Today        *today.Service
	AuditLog     *auditlog.Service
	Retention    *retention.Service
	Relay        *Relay
	Server       *httptest.Server

	stops []func()
}

// Node starts a process. Several share a world only on PostgreSQL; on SQLite stop one before the next.
func (w *World) Node() *Node {
	w.T.Helper()
	w.nodes++
	n := &Node{World: w, Name: fmt.Sprintf("node-%d", w.nodes), Relay: &Relay{events: make(chan control.Event)}}
	n.Agencies = agency.New(w.DB, w.Ring, w.Zone, w.Clock.Now)
	n.Audit = audit.New(w.DB, audit.Options{Ring: w.Ring, Key: n.Agencies.Keys().In, Clock: w.Clock.Now, Log: w.logger()})
	n.Events = events.New(w.DB, w.bus(), w.Clock.Now)
	added := n.Events.Subscribe("", "jobs")
	n.Jobs = jobs.New(w.DB, jobs.Options{
		Node: n.Name, Clock: w.Clock.Now, Workers: 2, Log: w.logger(), Wake: added.C, Publish: n.WakeJobs,
	})
	n.features()
	n.routes()
	n.run(n.Events.Run)
	if err := n.Seats.Lease(w.T.Context()); err != nil {
		w.T.Fatal(err)
	}
	n.run(n.Jobs.Run)
	n.run(n.Staff.Run)
	n.run(n.Seats.Run)
	n.run(n.Talks.RunRelay)
	n.run(n.Talks.RunPasses)
	return n
}

func (n *Node) features() {
	w := n.World
	notices, letters := n.mailers()
	n.Staff = staff.New(w.DB, n.Agencies, staff.Options{
		Clock: w.Clock.Now, Log: w.logger(), TrustedProxies: loopback(), Nudge: n.Events.Nudge, Ring: w.Ring, Audit: n.Audit, Jobs: n.Jobs,
		Cost: w.Cost, Providers: w.Providers, URL: URL, Mailer: letters, Kept: appointment.Expecting,
	})
	n.Admin = admin.New(w.DB, admin.Options{
		Agencies: n.Agencies, Staff: n.Staff, Audit: n.Audit, Clock: w.Clock.Now, Log: w.logger(), KeepAudit: 365,
		Busy: seat.Busy, Given: n.givenUp, Keyed: scim.KeyedByStaff, KeysOf: scim.KeysOf,
	})
	n.SCIM = scim.New(w.DB, scim.Options{
		Agencies: n.Agencies, Staff: n.Staff, Audit: n.Audit, Clock: w.Clock.Now, Log: w.logger(), URL: URL, TrustedProxies: loopback(),
		Listed: w.ListedMembers,
	})
	n.Seats = seat.New(w.DB, seat.Options{
		Ring: w.Ring, Agencies: n.Agencies, Events: n.Events, Audit: n.Audit, Jobs: n.Jobs, Clock: w.Clock.Now, Log: w.logger(), URL: URL,
		Node: n.Name, TrustedProxies: loopback(), Prepare: talk.Prepare,
	})
	n.Appointments = appointment.New(w.DB, appointment.Options{
		Agencies: n.Agencies, Staff: n.Staff, Seats: n.Seats, Mailer: notices, Events: n.Events, Audit: n.Audit, Clock: w.Clock.Now,
		Phone: seat.Phone, Problem: seat.Problem,
	})
	n.Talks = talk.New(w.DB, talk.Options{
		Ring: w.Ring, Agencies: n.Agencies, Staff: n.Staff, Seats: n.Seats, Appointments: n.Appointments,
		Events: n.Events, Audit: n.Audit, Jobs: n.Jobs, Relay: n.Relay, RelayKey: n.RelayKey(),
		Candidates: func() []sdp.Candidate {
			at := netip.MustParseAddrPort(RelayHost + ":3478")
			return []sdp.Candidate{{Address: at}, {TCP: true, Address: at}}
		},
		Detour:  &turn.Issuer{Key: w.Ring.Derive("turn"), URL: DetourURL, Clock: w.Clock.Now},
		Scanner: w.Scanner, HeadsUp: HeadsUp, RingTime: RingTime, Clock: w.Clock.Now, Log: w.logger(), TrustedProxies: loopback(),
	})
	n.Staff.Tie(n.Talks)
	n.Seats.Tie(n.Talks.ForSeats(), n.Appointments)
	n.Today = today.New(today.Options{
		DB: w.DB, Events: n.Events, Agencies: n.Agencies, Staff: n.Staff, TimeZone: w.Zone, Clock: w.Clock.Now, Log: w.logger(),
	})
	n.Retention = retention.New(w.DB, retention.Options{Agencies: n.Agencies, Audit: n.Audit, Jobs: n.Jobs, Clock: w.Clock.Now})
	n.AuditLog = auditlog.New(auditlog.Options{
		DB: w.DB, Ring: w.Ring, Audit: n.Audit, Agencies: n.Agencies, Staff: n.Staff, Clock: w.Clock.Now, Log: w.logger(), Most: w.MostExported,
	})
}

// givenUp does at once what the product has a job for.
func (n *Node) givenUp(_ context.Context, tx *db.Tx, agencyID string) error {
	tx.AfterCommit(func() {
		all := func() bool { return false }
		if _, err := n.Agencies.Clear(context.WithoutCancel(n.T.Context()), agencyID, all); err != nil {
			n.T.Error(err)
		}
	})
	return nil
}

// RelayKey is what this installation's relays share with it.
func (n *Node) RelayKey() relay.Key { return n.Ring.Derive("relay") }

func (n *Node) mailers() (appointment.Mailer, staff.Mailer) {
	if n.Mail.Host == "" {
		return nil, nil
	}
	s, err := notify.New(notify.Options{
		Server: n.Mail, From: mail.Address{Name: "Videotermin", Address: "termin@amt.example"}, TimeZone: n.Zone,
		Locales: locales.Files, Jobs: n.Jobs, Clock: n.Clock.Now, Log: n.logger(),
		Notice: func(ctx context.Context, agency, id string) (notify.Notice, error) {
			return n.Appointments.Notice(ctx, agency, id)
		},
		Mailed: func(ctx context.Context, agency, id string, sequence int64, sent bool) error {
			return n.Appointments.Mailed(ctx, agency, id, sequence, sent)
		},
		Reminder: func(ctx context.Context, agency, id string, m notify.Moment) (notify.Reminder, error) {
			return n.Appointments.Reminder(ctx, agency, id, m)
		},
		Letters: notify.Letters{
			Letter: func(ctx context.Context, agency, id string) (notify.Letter, error) {
				return notify.LetterOf(ctx, n.Agencies, n.Staff, agency, id)
			},
			Mailed: func(ctx context.Context, agency, id string, sent bool) error {
				return n.Staff.Mailed(ctx, agency, id, sent)
			},
		},
	})
	if err != nil {
		n.T.Fatal(err)
	}
	return s, s
}

func (n *Node) routes() {
	mux := edge.NewMux()
	api := edge.NewAPI(mux, edge.APIOptions{Title: "test", Version: "1", Log: n.logger()})
	n.Agencies.Routes(api)
	n.Staff.Routes(api)
	n.Admin.Routes(api, mux)
	n.Staff.SSORoutes(mux, api)
	n.SCIM.Routes(mux)
	n.SCIM.AdminRoutes(api)
	n.Today.Routes(mux, api)
	n.Appointments.Routes(api)
	n.Seats.Routes(api, mux)
	n.Seats.StaffRoutes(api, n.Staff)
	n.Talks.Routes(api, mux)
	receipt.New(n.DB, receipt.Options{
		Ring: n.Ring, Agencies: n.Agencies, Seats: n.Seats, Clock: n.Clock.Now, URL: URL, TrustedProxies: loopback(),
	}).Routes(api)
	survey.New(n.DB, survey.Options{Agencies: n.Agencies, Staff: n.Staff, Seats: n.Seats}).Routes(api)
	n.AuditLog.Routes(api, mux)
	uploads := admin.Uploads()
	maps.Copy(uploads, scim.Uploads())
	maps.Copy(uploads, talk.Uploads())
	n.Server = httptest.NewUnstartedServer(edge.Secure(mux, edge.SecureOptions{Log: n.logger(), HTTPS: true, Uploads: uploads}))
	n.Server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // connections that Stop cuts off
	n.Server.StartTLS()
	n.stops = append(n.stops, n.Server.Close)
	n.T.Cleanup(n.Stop)
}

func (n *Node) run(f func(context.Context) error) {
	n.stops = append(n.stops, Background(n.T, f))
}

// Stop ends the process: its requests, streams and work in the background.
func (n *Node) Stop() {
	n.Server.CloseClientConnections()
	for _, stop := range n.stops {
		stop()
	}
	n.stops = nil
}

// WakeJobs makes the queue look at the clock again.
func (n *Node) WakeJobs() { n.Events.Nudge("", "jobs") }

// Relay notes what it is asked for.
type Relay struct {
	mu         sync.Mutex
	introduced map[string][2]string
	revoked    map[[8]byte]bool
	events     chan control.Event
	full       bool
}

// Introduce takes a leg.
func (r *Relay) Introduce(ufrag, browserUfrag, browserPwd string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.introduced == nil {
		r.introduced = map[string][2]string{}
	}
	r.introduced[ufrag] = [2]string{browserUfrag, browserPwd}
	return nil
}

// Revoke ends a talk.
func (r *Relay) Revoke(talk [8]byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.revoked == nil {
		r.revoked = map[[8]byte]bool{}
	}
	r.revoked[talk] = true
	return nil
}

// Fill says that there is no room for a talk, or that there is again.
func (r *Relay) Fill(full bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.full = full
}

// Load is none, or full.
func (r *Relay) Load() control.Load {
	r.mu.Lock()
	defer r.mu.Unlock()
	return control.Load{Full: r.full}
}

// Events are those of Need.
func (r *Relay) Events(ctx context.Context) <-chan control.Event {
	out := make(chan control.Event)
	go func() {
		defer close(out)
		for {
			select {
			case <-ctx.Done():
				return
			case e := <-r.events:
				select {
				case out <- e:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	return out
}

// Need asks the server for a leg. Once the second one after it returns, the server has answered.
func (r *Relay) Need(ufrag string) { r.events <- control.Event{Kind: control.Need, Ufrag: ufrag} }

// Legs are the introduced ones: by the relay's own ufrag, the browser's ufrag and pwd.
func (r *Relay) Legs() map[string][2]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.introduced)
}

// Ended tells whether what these introduced legs belong to was ended.
func (r *Relay) Ended(ufrags ...string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !slices.ContainsFunc(ufrags, func(ufrag string) bool {
		leg, err := relay.ParseUfrag(ufrag)
		return err != nil || !r.revoked[leg.Talk]
	})
}

// Revoked counts the talks that were ended.
func (r *Relay) Revoked() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.revoked)
}
