package seat_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/edge"
	"visavis/internal/events"
	"visavis/internal/jobs"
	"visavis/internal/seat"
	"visavis/internal/vault"
)

func TestMain(m *testing.M) {
	edge.UseProblems()
	m.Run()
}

// clock stands still until a test moves it.
type clock struct {
	mu   sync.Mutex
	now  time.Time
	hook func()
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	now, hook := c.now, c.hook
	c.hook = nil
	c.mu.Unlock()
	if hook != nil {
		hook()
	}
	return now
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

func (c *clock) forward(d time.Duration) { c.set(c.Now().Add(d)) }

// once calls f the next time that somebody asks for the time.
func (c *clock) once(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hook = f
}

// talks stands for the package above: it notes what it was asked for.
type talks struct {
	mu    sync.Mutex
	calls []string
}

func (f *talks) note(call string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, call)
	return nil
}

func (f *talks) noted() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.calls, " ")
}

func (f *talks) Rejoin(_ context.Context, _ *db.Tx, _ seat.Seat, _ seat.Prepared) error {
	return f.note("rejoin")
}

func (f *talks) Accompanied(context.Context, *db.Tx, seat.Seat) error { return f.note("accompanied") }

func (f *talks) Stayed(context.Context, *db.Tx, seat.Seat, seat.Prepared) error {
	return f.note("stayed")
}

func (f *talks) Renewed(context.Context, *db.Tx, seat.Seat, seat.Prepared, int64) error {
	return f.note("renewed")
}
func (*talks) Changed(context.Context, *db.Tx, seat.Seat) error { return nil }

func (*talks) Attended(context.Context, *db.Tx, seat.Seat, func(string) (bool, error)) error {
	return nil
}

func (f *talks) Left(context.Context, *db.Tx, audit.Actor, seat.Seat) error { return f.note("left") }

func (*talks) Held(context.Context, db.Q, seat.Seat, time.Time) (bool, error) { return false, nil }

func (*talks) View(context.Context, db.Q, seat.Seat) (*seat.TalkView, error) {
	return &seat.TalkView{ID: "talk", Generation: 1, StaffName: "Frau Sommer"}, nil
}

func (*talks) Signals(_ context.Context, _ db.Q, _ seat.Seat, after int64) ([]map[string]any, error) {
	return []map[string]any{{"kind": "answer", "after": after}}, nil
}

func (*talks) BusyUntil(context.Context, db.Q, seat.Seat, string, time.Time) (*time.Time, error) {
	return nil, nil // free
}

// booked is the number that every appointment here was booked with.
const booked = "+497115550777"

// bookings stands for the appointments.
type bookings struct {
	seats *seat.Service
	phone vault.Personal
}

func (f bookings) Keep(context.Context, *db.Tx, string, string) error { return nil }

func (f bookings) PhoneOf(context.Context, db.Q, string, string) (vault.Personal, error) {
	return f.phone, nil
}

func (f bookings) CancelByGuest(ctx context.Context, tx *db.Tx, agency, appointment string) error {
	return f.seats.Close(ctx, tx, audit.Guest(), agency, appointment, "cancelled")
}

// world is a server with two agencies, everything below and at this package real.
type world struct {
	t        *testing.T
	db       *db.DB
	clock    *clock
	options  seat.Options
	agencies *agency.Store
	events   *events.Log
	jobs     *jobs.Queue
	seats    *seat.Service
	talks    *talks
	api      *edge.API
	server   *httptest.Server
	log      *locked
	own      office // where most tests happen
	other    office
}

// office is an agency with one desk.
type office struct{ agency, slug, desk, service, staff string }

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := &world{t: t, db: d, clock: &clock{now: at(10, 0)}, talks: &talks{}, log: &locked{}}
	ring, err := vault.LoadKeyring(filepath.Join(t.TempDir(), "keys.json"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w.agencies = agency.New(d, ring, time.UTC, w.clock.Now)
	w.events = events.New(d, events.NewLocalBus(), w.clock.Now)
	w.background(w.events.Run)
	log := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w.jobs = jobs.New(d, jobs.Options{Node: "node-one", Clock: w.clock.Now, Log: log, Publish: func() {}})
	w.options = seat.Options{
		Ring: ring, Agencies: w.agencies, Events: w.events, Jobs: w.jobs, Clock: w.clock.Now, Log: log,
		Audit: audit.New(d, audit.Options{Ring: ring, Key: w.agencies.Keys().In, Clock: w.clock.Now, Log: log}),
		URL:   "https://termin.example", Node: "node-one", TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Prepare: func(commit, offer string) (seat.Prepared, error) {
			if !strings.HasPrefix(offer, "v=0") {
				return seat.Prepared{}, edge.NewProblem(http.StatusBadRequest, "request.invalid")
			}
			return seat.Prepared{Commit: commit, Offer: offer, Ufrag: "frag", Pwd: "KANARIE-pwd"}, nil
		},
	}
	w.seats = w.node("node-one")
	if err := w.seats.Lease(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.own, w.other = w.newOffice("lindenau"), w.newOffice("ahorn")
	mux := edge.NewMux()
	w.api = edge.NewAPI(mux, edge.APIOptions{Title: "test", Version: "1", Log: log})
	w.agencies.Routes(w.api)
	w.seats.Routes(w.api, mux)
	w.server = httptest.NewTLSServer(edge.Secure(mux, edge.SecureOptions{Log: log, HTTPS: true}))
	t.Cleanup(w.server.Close)
	return w
}

// node is one process of the installation.
func (w *world) node(name string) *seat.Service {
	o := w.options
	o.Node = name
	s := seat.New(w.db, o)
	s.Tie(w.talks, bookings{s, booked})
	return s
}

// doJobs does what is due, and goes on with it.
func (w *world) doJobs() { w.background(w.jobs.Run) }

// background runs until the test ends or it is stopped.
func (w *world) background(run func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := run(ctx); err != nil {
			w.t.Error(err)
		}
	}()
	stop = func() { cancel(); <-done }
	w.t.Cleanup(stop)
	return stop
}

func (w *world) tx(f func(tx *db.Tx) error) {
	w.t.Helper()
	if err := w.db.Tx(w.t.Context(), f); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) newOffice(slug string) office {
	w.t.Helper()
	o := office{slug: slug, staff: vault.NewID()}
	ctx := w.t.Context()
	w.tx(func(tx *db.Tx) error {
		a, err := w.agencies.Create(ctx, tx, agency.Agency{Slug: slug, Name: "Amt " + slug, Phone: "0711 1234"})
		if err != nil {
			return err
		}
		o.agency = a.ID
		department, err := w.agencies.CreateDepartment(ctx, tx, a.ID, agency.Department{Name: "Jugendamt"})
		if err != nil {
			return err
		}
		location, err := w.agencies.CreateLocation(ctx, tx, a.ID, agency.Location{Name: "Rathaus"})
		if err != nil {
			return err
		}
		desk, err := w.agencies.CreateDesk(ctx, tx, a.ID, agency.Desk{Name: "Schalter", DepartmentID: department.ID, LocationID: location.ID})
		if err != nil {
			return err
		}
		o.desk = desk.ID
		service, err := w.agencies.CreateService(ctx, tx, a.ID, agency.Service{
			DepartmentID: department.ID, Name: agency.Text{"de": "Beratung"},
			Duration: 30 * time.Minute,
		})
		if err != nil {
			return err
		}
		o.service = service.ID
		_, err = tx.ExecContext(ctx, `
			INSERT INTO staff (id, agency_id, email, name, password_hash, created_at)
			VALUES ($1, $2, 'sommer@amt.example', 'Frau Sommer', '', 0)`, o.staff, o.agency)
		return err
	})
	return o
}

// place is the seat of an appointment from 10:00 to 10:30, and what its link holds.
type place struct {
	office
	id, appointment, secret string
}

func (w *world) newPlace(o office) place {
	w.t.Helper()
	p := place{office: o, appointment: vault.NewID()}
	ctx := w.t.Context()
	w.tx(func(tx *db.Tx) (err error) {
		if _, err = tx.ExecContext(ctx, `
			INSERT INTO appointment (id, agency_id, desk_id, service_id, starts_at, ends_at, status, citizen_sealed, language,
			                         invite_version, mail_state, created_by, created_at, version)
			VALUES ($1, $2, $3, $4, $5, $6, 'booked', $7, 'de', 1, 'none', $8, 0, 1)`,
			p.appointment, o.agency, o.desk, o.service, db.Ms(window.Starts), db.Ms(window.Ends), []byte("sealed"), o.staff); err != nil {
			return err
		}
		p.id, err = w.seats.Create(ctx, tx, o.agency, p.appointment, o.desk)
		return err
	})
	p.secret = w.secret(p)
	return p
}

// secret reads it from the live link.
func (w *world) secret(p place) string {
	w.t.Helper()
	link, err := w.seats.Link(w.t.Context(), p.agency, p.appointment)
	if err != nil {
		w.t.Fatal(err)
	}
	secret, ok := strings.CutPrefix(link, "https://termin.example/t/"+p.slug+"#")
	if !ok {
		w.t.Fatal("not a link of ours")
	}
	return secret
}

// must lets a command of the packages above happen.
func (w *world) must(p place, c seat.Command) {
	w.t.Helper()
	w.tx(func(tx *db.Tx) error {
		_, _, err := w.seats.Do(w.t.Context(), tx, p.agency, p.id, c)
		return err
	})
}

func (w *world) seat(p place) seat.Seat {
	w.t.Helper()
	s, err := w.seats.ByID(w.t.Context(), w.db.Read(), p.agency, p.id)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// await returns the seat once a condition holds; changes of the seat wake it.
func (w *world) await(p place, what string, holds func(seat.Seat) bool) seat.Seat {
	w.t.Helper()
	sub := w.events.Subscribe(p.agency, seat.Topic(p.id))
	defer sub.Close()
	deadline := time.After(dbtest.Patience)
	for {
		if s := w.seat(p); holds(s) {
			return s
		}
		select {
		case <-sub.C:
		case <-deadline:
			w.t.Fatalf("never: %s; %+v", what, w.seat(p))
		}
	}
}

// browser is a guest's browser with its cookies, in a network of its own.
type browser struct {
	w       *world
	client  *http.Client
	network string
}

func (w *world) browser() *browser {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return &browser{w: w, client: &http.Client{Transport: w.server.Client().Transport, Jar: jar, Timeout: 2 * dbtest.Patience}, network: "203.0.113.7"}
}

// answer is what came back; code is that of a problem.
type answer struct {
	status int
	code   string
	body   string
	view   seat.GuestView
}

type body = map[string]any

func (b *browser) send(method, path, text string) answer {
	b.w.t.Helper()
	r, err := http.NewRequestWithContext(b.w.t.Context(), method, b.w.server.URL+path, strings.NewReader(text))
	if err != nil {
		b.w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Forwarded-For", b.network)
	res, err := b.client.Do(r)
	if err != nil {
		b.w.t.Error(err)
		return answer{}
	}
	defer func() { _ = res.Body.Close() }()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		b.w.t.Error(err)
	}
	a := answer{status: res.StatusCode, body: string(got)}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "application/problem+json") {
		var problem struct{ Code string }
		_ = json.Unmarshal(got, &problem)
		a.code = problem.Code
	} else if res.StatusCode == http.StatusOK {
		_ = json.Unmarshal(got, &a.view)
	}
	return a
}

func (b *browser) post(path string, what body) answer {
	b.w.t.Helper()
	text, err := json.Marshal(what)
	if err != nil {
		b.w.t.Fatal(err)
	}
	return b.send(http.MethodPost, path, string(text))
}

// open shows a secret.
func (b *browser) open(slug, secret string) answer {
	b.w.t.Helper()
	return b.post("/api/guest/"+slug+"/open", body{"secret": secret})
}

// at calls a route of a seat.
func (b *browser) at(p place, route string, what body) answer {
	b.w.t.Helper()
	return b.post("/api/guest/"+p.slug+"/seats/"+p.id+"/"+route, what)
}

func arrival(page string, takeover bool) body {
	return body{"page": page, "mode": "video", "commit": strings.Repeat("c", 43), "offer": "v=0 KANARIE-offer", "takeover": takeover}
}

// expect fails unless the answer has the status and the code.
func (a answer) expect(t *testing.T, status int, code string) answer {
	t.Helper()
	if a.status != status || a.code != code {
		t.Fatalf("got %d %s, want %d %s: %s", a.status, a.code, status, code, a.body)
	}
	return a
}

func (a answer) ok(t *testing.T) answer {
	t.Helper()
	return a.expect(t, http.StatusOK, "")
}

// guest is a browser that has shown the link's secret.
func (w *world) guest(p place) *browser {
	w.t.Helper()
	b := w.browser()
	b.open(p.slug, p.secret).ok(w.t)
	return b
}

// locked is a log that several goroutines write.
type locked struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
