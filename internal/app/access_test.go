package app

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/staff"
	"visavis/internal/worldtest"
)

// accessTable says who may call what. It is a page for people, and this test holds it against the server.
const accessTable = "../../docs/access.md"

// TestTEN01EveryRouteAnswersEveryRoleAsTheTableSays calls each route of the server as everybody there is, with all that a
// call of the desk's own advisor would need, and each time about something that nobody has touched before. A route that
// is not in the table fails, and so does one in the table that there is not.
func TestTEN01EveryRouteAnswersEveryRoleAsTheTableSays(t *testing.T) {
	s := newStage(t)
	table := readAccessTable(t)
	routes := s.routes()
	if missing := slices.DeleteFunc(slices.Clone(routes), func(r string) bool { return table.rows[r] != nil }); len(missing) > 0 {
		t.Errorf("no entry in %s for\n%s", accessTable, strings.Join(missing, "\n"))
	}
	for route := range table.rows {
		if !slices.Contains(routes, route) {
			t.Errorf("there is no route %s any more", route)
		}
	}
	for _, route := range routes {
		row := table.rows[route]
		if row == nil {
			continue
		}
		prop, known := s.props()[route]
		if !known {
			t.Errorf("nothing is known of how to call %s", route)
			continue
		}
		var got []string
		for i, actor := range table.actors {
			got = append(got, strconv.Itoa(s.call(route, prop, actor)))
			if row[i] != got[i] {
				t.Errorf("%s answers %s with %s, not %s", route, actor, got[i], row[i])
			}
		}
		if !slices.Equal(row, got) {
			t.Logf("to take it over, if it is right:\n| `%s` | %s |", route, strings.Join(got, " | "))
		}
	}
}

// table is the one in docs/access.md: a line for each route, a column for each of those who call.
type table struct {
	actors []string
	rows   map[string][]string
}

func readAccessTable(t *testing.T) table {
	t.Helper()
	text, err := os.ReadFile(accessTable)
	if err != nil {
		t.Fatal(err)
	}
	out := table{rows: map[string][]string{}}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case cells[0] == "Route":
			out.actors = cells[1:]
		case strings.HasPrefix(cells[0], "`") && len(cells) == len(out.actors)+1:
			out.rows[strings.Trim(cells[0], "`")] = cells[1:]
		}
	}
	if len(out.actors) < 10 || len(out.rows) < 30 {
		t.Fatalf("%s is read wrongly: %v, %d rows", accessTable, out.actors, len(out.rows))
	}
	return out
}

// stage is a server with two agencies, and one signed-in browser for each role.
type stage struct {
	*worldtest.Node
	t      *testing.T
	p      *parts
	o      worldtest.Office
	people map[string]worldtest.Account
	open   map[string]*worldtest.Browser // signed in, by role
	ahead  int                           // appointments that were asked for at a later time
}

func newStage(t *testing.T) *stage {
	t.Helper()
	// A clock of its own, as appointments follow each other; it begins with the relay's, which is the machine's.
	w := worldtest.New(t, nil)
	w.Clock.Set(time.Now())
	c := configured(t, "VISAVIS_HTTP_TRUSTED_PROXIES=127.0.0.0/8", "VISAVIS_HTTP_URL="+worldtest.URL, "VISAVIS_RELAY_ADVERTISE=127.0.0.1")
	p, err := build(t.Context(), migrated(t, c), Options{Pages: pagesOfTests(), Cost: worldtest.Cheap(), Clock: w.Clock.Now, Log: NewLog(testWriter{t}, c.Log)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.close(); err != nil {
			t.Error(err)
		}
	})
	for _, service := range p.services {
		worldtest.Background(t, service.run)
	}
	w.DB, w.Ring = p.db, p.ring
	server := httptest.NewTLSServer(p.server.http.Handler)
	t.Cleanup(server.Close)
	s := &stage{
		Node: &worldtest.Node{World: w, Agencies: p.agencies, Staff: p.staff, Events: p.events, Seats: p.seats, Server: server},
		t:    t, p: p, people: map[string]worldtest.Account{}, open: map[string]*worldtest.Browser{},
	}
	s.o = s.Office("lindenau")
	s.people["advisor"] = s.o.Sommer
	s.hire()
	s.hireElsewhere()
	return s
}

func (s *stage) desk(o worldtest.Office, id string) agency.Desk {
	s.t.Helper()
	desk, err := s.Agencies.Desk(s.t.Context(), s.DB.Read(), o.Agency, id)
	if err != nil {
		s.t.Fatal(err)
	}
	return desk
}

// hire gives each of the other roles to somebody who has no other.
func (s *stage) hire() {
	s.t.Helper()
	desk := s.desk(s.o, s.o.Desk)
	for name, held := range map[string]staff.Held{
		"reception":        {Role: staff.Reception, Kind: agency.OfDesk, Place: s.o.Desk},
		"lead":             {Role: staff.Lead, Kind: agency.OfDesk, Place: s.o.Desk},
		"location admin":   {Role: staff.LocationAdmin, Kind: agency.OfLocation, Place: desk.LocationID},
		"department admin": {Role: staff.DepartmentAdmin, Kind: agency.OfDepartment, Place: desk.DepartmentID},
		"agency admin":     {Role: staff.AgencyAdmin, Kind: agency.OfAgency, Place: s.o.Agency},
		"protection":       {Role: staff.Protection, Kind: agency.OfAgency, Place: s.o.Agency},
		"auditor":          {Role: staff.Auditor, Kind: agency.OfAgency, Place: s.o.Agency},
		"operator":         {Role: staff.Operator, Kind: agency.OfAgency, Place: s.o.Agency},
	} {
		s.employ(s.o, name, held)
	}
}

func (s *stage) employ(o worldtest.Office, name string, roles ...staff.Held) {
	s.t.Helper()
	email := strings.ReplaceAll(name, " ", ".") + "@amt.example"
	s.Tx(func(tx *db.Tx) error {
		who, err := s.Staff.Create(s.t.Context(), tx, staff.NewAccount{
			Agency: o.Agency, Email: email, Name: name, Password: worldtest.Password, Roles: roles,
		})
		s.people[name] = worldtest.Account{ID: who.ID, Email: email, Name: name, Slug: o.Slug}
		return err
	})
}

// hireElsewhere employs two who may do everything, but nothing here. A role never takes away what another allows, so that
// what all of them together do not open none of them does: a rule that asks "anywhere?" in place of "here?" lets them in.
func (s *stage) hireElsewhere() {
	s.t.Helper()
	here, next := s.desk(s.o, s.o.Desk), s.desk(s.o, s.o.Desk2) // another department's, at the same location
	var location agency.Location
	var branch agency.Desk // the same department's, at another location
	s.Tx(func(tx *db.Tx) (err error) {
		ctx := s.t.Context()
		if location, err = s.Agencies.CreateLocation(ctx, tx, s.o.Agency, agency.Location{Name: "Bahnhof", City: "Lindenau", Phone: "0711 5679"}); err != nil {
			return err
		}
		branch, err = s.Agencies.CreateDesk(ctx, tx, s.o.Agency, agency.Desk{Name: "Zweigstelle", DepartmentID: here.DepartmentID, LocationID: location.ID})
		return err
	})
	if next.LocationID != here.LocationID || next.DepartmentID == here.DepartmentID {
		s.t.Fatal("the desk next door is not as it was")
	}
	s.employ(s.o, "elsewhere", append(everyRole(agency.OfDesk, s.o.Desk2, branch.ID),
		append(everyRole(agency.OfLocation, location.ID), everyRole(agency.OfDepartment, next.DepartmentID)...)...)...)

	other := s.Office("ahorn")
	desk := s.desk(other, other.Desk)
	s.employ(other, "other agency", append(everyRole(agency.OfAgency, other.Agency), append(everyRole(agency.OfDesk, other.Desk, other.Desk2),
		append(everyRole(agency.OfLocation, desk.LocationID), everyRole(agency.OfDepartment, desk.DepartmentID)...)...)...)...)
}

// everyRole is each that there can be at places of a kind, also two that nobody is given together.
func everyRole(kind agency.Kind, places ...string) (all []staff.Held) {
	for _, role := range []staff.Role{
		staff.Reception, staff.Advisor, staff.Lead, staff.LocationAdmin, staff.DepartmentAdmin, staff.AgencyAdmin, staff.Protection,
		staff.Auditor, staff.Operator,
	} {
		for _, place := range places {
			if role.Known(kind) {
				all = append(all, staff.Held{Role: role, Kind: kind, Place: place})
			}
		}
	}
	return all
}

// routes are those that the server has, without what serves files.
func (s *stage) routes() []string {
	return slices.DeleteFunc(s.p.mux.Routes(), func(pattern string) bool {
		return pattern == "/" || strings.Contains(pattern, " /assets/") || strings.Contains(pattern, " /api/openapi")
	})
}

// scene is one appointment that nobody has touched, with a guest who has opened its link. It is made when a route first
// asks for it: many have nothing to do with one.
type scene struct {
	*stage
	booked    *worldtest.Place
	opened    *worldtest.Guest
	talk      string // where there is one
	at        int64  // when somebody was asked to go on with it
	task      string
	hired     string // somebody whom nobody else knows
	form      string // that a place has defined
	connected string // what the route about the agency's directory is about

	companion string // the seat of who accompanies the citizen
	actor     string
	device    *worldtest.Browser // paired with the advisor's session
	message   string
	approval  string
	text      string // the version of one
}

// prop is how far a scene must have come for a route, and the body that the route wants.
type prop struct {
	ready func(*scene)
	body  func(*scene) any
}

// call makes a scene for a route and lets somebody call it.
func (s *stage) call(route string, p prop, actor string) int {
	s.t.Helper()
	s.Clock.Forward(30 * time.Second) // all calls together stay within the day that the relay trusts a clock ahead of its own
	one := &scene{stage: s, actor: actor}
	if p.ready != nil {
		p.ready(one)
	}
	var body any
	if p.body != nil {
		body = p.body(one)
	}
	by := one.browser(actor)
	method, path, _ := strings.Cut(route, " ")
	if method != http.MethodGet && (strings.HasSuffix(path, "/session") || strings.HasSuffix(path, "/sessions")) {
		defer delete(s.open, actor) // afterwards it is nobody's, or somebody else's
	}
	status := one.status(by, method, one.fill(path), body)
	if one.booked != nil {
		s.done(*one.booked)
	}
	return status
}

// done makes room for the next appointment.
func (s *stage) done(p worldtest.Place) {
	s.t.Helper()
	s.Exec(`UPDATE appointment SET status = 'done' WHERE agency_id = $1 AND id = $2`, s.o.Agency, p.Appointment)
}

// place is the scene's appointment, five minutes ahead.
func (s *scene) place() worldtest.Place {
	s.t.Helper()
	if s.booked == nil {
		made := s.Book(s.o, s.as("advisor"), s.o.Booking(s.Clock.Now().Truncate(time.Minute).Add(5*time.Minute)))
		s.booked = &made
	}
	return *s.booked
}

// guest has opened the appointment's link.
func (s *scene) guest() *worldtest.Guest {
	s.t.Helper()
	if s.opened == nil {
		s.opened = s.Guest(s.place())
	}
	return s.opened
}

func (s *scene) browser(actor string) *worldtest.Browser {
	s.t.Helper()
	switch actor {
	case "nobody":
		return s.Browser()
	case "guest":
		return s.guest().Browser
	case "other guest":
		other := s.Book(s.o, s.as("advisor"), s.o.Booking(s.Clock.Now().Truncate(time.Minute).Add(40*time.Minute)))
		defer s.done(other)
		return s.Guest(other).Browser
	case pairedDevice:
		return s.pair()
	}
	return s.as(actor)
}

// pairedDevice is who acts on a device that the advisor has paired: one more column of the table.
const pairedDevice = "paired device"

// pair makes the device; the one before is none any more.
func (s *scene) pair() *worldtest.Browser {
	s.t.Helper()
	if s.device == nil {
		var made struct{ URL string }
		s.as("advisor").Post("/api/staff/devices", worldtest.Body{}).OK(s.t).Into(s.t, &made)
		_, secret, _ := strings.Cut(made.URL, "#"+s.o.Slug+".")
		s.device = s.Browser()
		s.device.Post("/api/staff/devices/use", worldtest.Body{"agency": s.o.Slug, "secret": secret}).OK(s.t)
	}
	return s.device
}

// as is the browser in which somebody of a role is signed in.
func (s *stage) as(role string) *worldtest.Browser {
	s.t.Helper()
	who, known := s.people[role]
	if !known {
		s.t.Fatalf("nobody plays %q", role)
	}
	if s.open[role] == nil {
		s.open[role] = s.SignIn(who)
	}
	return s.open[role]
}

// fill puts the scene's ids into a path.
func (s *scene) fill(path string) string {
	path = strings.NewReplacer("{$}", "", "{agency}", s.o.Slug, "{talk}", s.talk, "{desk}", s.o.Desk, "{version}", s.text).Replace(path)
	if strings.Contains(path, "/company/{seat}") || strings.HasSuffix(path, "/withdraw") {
		path = strings.ReplaceAll(path, "{seat}", s.companion)
	}
	if strings.Contains(path, "{seat}") {
		path = strings.ReplaceAll(path, "{seat}", s.place().Seat)
	}
	if strings.Contains(path, "/tasks/{id}") {
		return strings.ReplaceAll(path, "{id}", s.task)
	}
	if strings.Contains(path, "{department}") {
		path = strings.NewReplacer("{month}", "2026-01", "{department}", s.desk(s.o, s.o.Desk).DepartmentID).Replace(path)
	}
	path = s.fillAdmin(path)
	if strings.Contains(path, "{id}") {
		path = strings.ReplaceAll(path, "{id}", s.place().Appointment)
	}
	if strings.Contains(path, "/seats/") && strings.HasSuffix(path, "/stream") {
		path += "?page=" + s.guest().Page
	}
	return path
}

// status asks, and does not wait for the end of a stream.
func (s *scene) status(by *worldtest.Browser, method, path string, body any) int {
	s.t.Helper()
	if sent, is := body.(form); is {
		by.Header.Set("Content-Type", sent.kind)
		defer by.Header.Del("Content-Type")
		body = sent.text
	}
	by.Client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if !strings.HasSuffix(strings.Split(path, "?")[0], "/stream") {
		return by.Send(method, path, body).Status
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, by.URL+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	answer, err := by.Client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	return answer.StatusCode
}

// begin is the time of the appointment.
func (s *scene) begin() {
	s.t.Helper()
	s.place()
	s.Clock.Forward(6 * time.Minute)
}

func (s *scene) arrive() { s.t.Helper(); s.guest().Arrive().OK(s.t) }

// admit begins the talk that the route is about, on the device if it is who calls.
func (s *scene) admit() {
	s.t.Helper()
	s.arrive()
	on := worldtest.Body{}
	if s.actor == pairedDevice {
		s.pair()
		on["device"] = true
	}
	var begun struct{ Talk struct{ ID string } }
	s.as("advisor").Post("/api/staff/seats/"+s.place().Seat+"/admit", on).OK(s.t).Into(s.t, &begun)
	s.talk = begun.Talk.ID
}

// enter lets the guest answer.
func (s *scene) enter() {
	s.t.Helper()
	s.admit()
	s.guest().Signal(1, "enter", nil).OK(s.t)
}

// mayInvite lets citizens be accompanied.
func (s *scene) mayInvite() {
	s.t.Helper()
	s.Decide(s.o, s.o.Agency, agency.TalkCompany, `"on"`, false)
}

// accompany lets somebody wait who accompanies the citizen.
func (s *scene) accompany() {
	s.t.Helper()
	s.mayInvite()
	var out struct{ People []struct{ Seat, Link string } }
	s.as("advisor").Post("/api/staff/appointments/"+s.place().Appointment+"/company",
		worldtest.Body{"role": "companion", "name": "Otto Beispiel", "language": "de"}).OK(s.t).Into(s.t, &out)
	place := s.place()
	place.Seat, place.Secret = out.People[0].Seat, s.Secret(s.o, out.People[0].Link)
	s.companion = place.Seat
	s.Node.Guest(place).Arrive().OK(s.t)
}

// bringIn is the talk with who accompanies the citizen, once.
func (s *scene) bringIn() string {
	s.t.Helper()
	var begun struct{ Talk struct{ ID string } }
	s.as("advisor").Post("/api/staff/talks/"+s.talk+"/company/"+s.companion, worldtest.Body{}).OK(s.t).Into(s.t, &begun)
	return begun.Talk.ID
}

// over is a guest whose talk has ended, in an office that asks its guests.
func (s *scene) over() {
	s.t.Helper()
	s.enter()
	s.Decide(s.o, s.o.Agency, agency.SurveyAsked, `"on"`, false)
	s.as("advisor").Post("/api/staff/talks/"+s.talk+"/end", worldtest.Body{"outcome": "held"}).OK(s.t)
}

// request is an advisor who has asked the desk to go on with the talk; more often than anybody may.
func (s *scene) request() {
	s.t.Helper()
	s.admit()
	s.at = s.Clock.Now().UnixMilli()
	s.Exec(`UPDATE talk SET transfer_at = $1, transfer_desk = $2 WHERE agency_id = $3 AND id = $4`, s.at, s.o.Desk, s.o.Agency, s.talk)
}

func (s *scene) requested() any { return worldtest.Body{"at": s.at} }

// accept lets the lead say yes to that.
func (s *scene) accept() {
	s.t.Helper()
	s.request()
	s.as("lead").Post("/api/staff/talks/"+s.talk+"/transfer/accept", s.requested()).OK(s.t)
}

// ask leaves a number, which makes a task.
func (s *scene) ask() {
	s.t.Helper()
	s.guest().Do("callback", worldtest.Body{"phone": "0170 1112223"}).OK(s.t)
	s.Scan(`SELECT id FROM task WHERE agency_id = $1 AND appointment_id = $2`, []any{s.o.Agency, s.place().Appointment}, &s.task)
}

// told lets the desk say something to the guest who waits.
func (s *scene) told() {
	s.t.Helper()
	s.arrive()
	s.as("advisor").Post("/api/staff/seats/"+s.place().Seat+"/message", worldtest.Body{"text": "Haben Sie Ihren Ausweis da?"}).OK(s.t)
	s.Scan(`SELECT id FROM seat_message WHERE agency_id = $1 AND seat_id = $2`, []any{s.o.Agency, s.place().Seat}, &s.message)
}

func bare(*scene) any { return worldtest.Body{} }

func with(body worldtest.Body) func(*scene) any {
	return func(*scene) any { return maps.Clone(body) }
}

// version is a body that names the version that somebody saw.
func version(more worldtest.Body) func(*scene) any {
	return func(s *scene) any {
		body := maps.Clone(more)
		body["version"] = s.place().Version
		return body
	}
}
