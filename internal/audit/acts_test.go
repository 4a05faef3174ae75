package audit_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

// stage is a world in which acts happen, one after the other.
type stage struct {
	*Node
	t              *testing.T
	o              Office
	sommer, winter *Browser
	made           Place // an appointment
	guest, other   *Guest
	talk           string
	id, shown      string            // of what an admin page has shown last
	names          map[string]string // by pseudonym
}

// Each step is an act, with the entries that it leaves: who, what, about whom or what, and details.
func TestAUD02EachActLeavesExactlyItsEntries(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newStage(t, d)
		steps := slices.Concat(s.sessions(), s.accounts(), s.offices(), s.bookings(), s.talks(), s.ends())
		seen := map[audit.Act]bool{}
		for _, step := range steps {
			before := s.head()
			step.do()
			if got := s.since(before); !slices.Equal(got, step.want) {
				t.Errorf("%s left\n\t%s\nwant\n\t%s", step.name, strings.Join(got, "\n\t"), strings.Join(step.want, "\n\t"))
			}
			for _, r := range s.rows(before) {
				seen[r.Act] = true
			}
		}
		for _, act := range audit.Acts() {
			if !seen[act] && elsewhere[act] == "" {
				t.Errorf("no step lets %s happen", act)
			}
		}
		everything := fmt.Sprint(s.rows(0))
		for _, word := range []string{
			"Erika", "Beispiel", "1112223", "Sommer", "Winter", "Herbst", "Neu", "@", s.o.Sommer.ID, s.o.Winter.ID, s.o.Herbst.ID, s.made.Secret,
		} {
			if strings.Contains(everything, word) {
				t.Errorf("%s stands in the audit", word)
			}
		}
		r, err := s.Audit.Verify(t.Context(), s.o.Agency, nil)
		if err != nil || len(r.Faults) != 0 {
			t.Errorf("%v %v", r.Faults, err)
		}
	})
}

type step struct {
	name string
	do   func()
	want []string
}

func newStage(t *testing.T, d *db.DB) *stage {
	t.Helper()
	n := New(t, d).Node()
	s := &stage{Node: n, t: t, o: n.Office("lindenau"), names: map[string]string{}}
	for _, who := range []Account{s.o.Sommer, s.o.Winter, s.o.Herbst} {
		hidden, err := n.Audit.Pseudonym(t.Context(), d.Read(), s.o.Agency, who.ID)
		if err != nil {
			t.Fatal(err)
		}
		s.names[hidden] = strings.ToUpper(strings.Fields(who.Name)[1])
	}
	s.winter = n.SignIn(s.o.Winter)
	return s
}

func (s *stage) head() int64 {
	s.t.Helper()
	return int64(s.Count(`SELECT COALESCE(MAX(seq), 0) FROM audit_entry WHERE agency_id = $1`, s.o.Agency))
}

// rows are those after a number, the oldest first.
func (s *stage) rows(after int64) []audit.Row {
	s.t.Helper()
	list, err := s.Audit.Page(s.t.Context(), s.DB.Read(), s.o.Agency, audit.Filter{}, audit.Cursor{}, 10_000)
	if err != nil {
		s.t.Fatal(err)
	}
	slices.SortFunc(list, func(a, b audit.Row) int { return int(a.Seq - b.Seq) })
	return slices.DeleteFunc(list, func(r audit.Row) bool { return r.Seq <= after })
}

// since tells the entries after a number, with names for ids.
func (s *stage) since(after int64) []string {
	s.t.Helper()
	var out []string
	for _, r := range s.rows(after) {
		text := strings.Join(strings.Fields(fmt.Sprintf("%s %s: %s %s %s %s", r.ActorKind, r.Actor, r.Act, r.ObjectKind, r.Object, r.Detail)), " ")
		for hidden, name := range s.names {
			text = strings.ReplaceAll(text, hidden, name)
		}
		for id, name := range map[string]string{s.made.Appointment: "MADE", s.talk: "TALK", s.o.Desk: "DESK", s.o.Desk2: "DESK2", s.o.Agency: "AGENCY"} {
			if id != "" {
				text = strings.ReplaceAll(text, id, name)
			}
		}
		out = append(out, strings.ReplaceAll(text, " :", ":"))
	}
	return out
}

const session = "/api/staff/session"

func (s *stage) try(password string) Answer {
	s.t.Helper()
	return s.Browser().Post(session, Body{"agency": s.o.Slug, "email": s.o.Herbst.Email, "password": password})
}

func (s *stage) sessions() []step {
	return []step{
		{"a sign-in", func() { s.sommer = s.SignIn(s.o.Sommer) }, []string{"staff SOMMER: session.begun staff SOMMER"}},
		{"a wrong password", func() { s.try("falsch").Expect(s.t, http.StatusUnauthorized, "session.wrong") }, nil},
		{"an attack on an account", func() {
			for s.try("falsch").Status != http.StatusTooManyRequests {
				continue
			}
			s.until(audit.SessionThrottled)
		}, []string{"system: session.throttled staff HERBST"}},
		{"more of it", func() {
			s.Clock.Forward(time.Minute)
			for range 20 {
				s.try("falsch")
			}
		}, nil},
		{"an attack on nobody", func() {
			for range 20 {
				s.Browser().Post(session, Body{"agency": s.o.Slug, "email": "niemand@amt.example", "password": "falsch"})
			}
		}, nil},
		{
			"a sign-out", func() { s.SignIn(s.o.Sommer).Send(http.MethodDelete, session, nil).OK(s.t) },
			[]string{"staff SOMMER: session.begun staff SOMMER", "staff SOMMER: session.left staff SOMMER"},
		},
		{"a session too many", func() {
			for i := range 60 {
				s.Exec(`INSERT INTO staff_session (token_hash, agency_id, staff_id, created_at, used_at, expires_at) VALUES ($1, $2, $3, 1, $4, $5)`,
					[]byte{byte(i)}, s.o.Agency, s.o.Herbst.ID, i, s.Clock.Now().Add(time.Hour).UnixMilli())
			}
			b := s.Browser()
			b.Network = "192.0.2.1"
			b.Post(session, Body{"agency": s.o.Slug, "email": s.o.Herbst.Email, "password": Password}).OK(s.t)
		}, []string{"system: session.ended staff HERBST why=surplus", "staff HERBST: session.begun staff HERBST"}},
	}
}

// until waits for what is written in the background.
func (s *stage) until(act audit.Act) {
	s.t.Helper()
	tick, late := time.NewTicker(5*time.Millisecond), time.After(dbtest.Patience)
	defer tick.Stop()
	for s.Count(`SELECT COUNT(*) FROM audit_entry WHERE agency_id = $1 AND act = $2`, s.o.Agency, act) == 0 {
		select {
		case <-tick.C:
		case <-late:
			s.t.Fatalf("no %s", act)
		}
	}
}

func (s *stage) accounts() []step {
	ctx := s.t.Context()
	grant := staff.Grant{
		Staff: s.o.Herbst.ID, Held: staff.At(staff.Lead, s.o.Desk)[0], Source: staff.ByHand, By: s.o.Winter.ID,
		Until: time.UnixMilli(1_800_000_000_000),
	}
	return []step{
		{"an account", func() {
			s.Tx(func(tx *db.Tx) error {
				p, err := s.Staff.Create(ctx, tx, staff.NewAccount{
					Agency: s.o.Agency, Email: "neu@amt.example", Name: "Frau Neu", Password: Password, By: s.o.Winter.ID,
					Roles: []staff.Held{{Role: staff.Auditor, Kind: agency.OfAgency, Place: s.o.Agency}},
				})
				if err != nil {
					return err
				}
				hidden, err := s.Audit.Pseudonym(ctx, tx, s.o.Agency, p.ID)
				s.names[hidden] = "NEU"
				return err
			})
		}, []string{"staff WINTER: account.created staff NEU", "staff WINTER: role.given staff NEU role=auditor place=AGENCY source=hand"}},
		{
			"a role", func() { s.Tx(func(tx *db.Tx) error { return s.Staff.Give(ctx, tx, s.o.Agency, grant) }) },
			[]string{"staff WINTER: role.given staff HERBST role=lead place=DESK source=hand until=1800000000000"},
		},
		{
			"a role taken back", func() { s.Tx(func(tx *db.Tx) error { return s.Staff.Take(ctx, tx, s.o.Agency, grant) }) },
			[]string{"staff WINTER: role.taken staff HERBST role=lead place=DESK source=hand"},
		},
	}
}

// administer sends what an admin page does, and remembers what came of it by a name.
func (s *stage) administer(method, path, name string, body any) {
	s.t.Helper()
	var made struct{ ID, Version string }
	s.winter.Send(method, "/api/staff/"+path, body).OK(s.t).Into(s.t, &made)
	if made.ID == "" {
		return
	}
	s.shown = made.Version
	hidden, err := s.Audit.Pseudonym(s.t.Context(), s.DB.Read(), s.o.Agency, made.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	s.names[hidden], s.names[made.ID], s.id = name, name, made.ID
}

func (s *stage) offices() []step {
	ctx, post := s.t.Context(), http.MethodPost
	return []step{
		{"somebody who administers", func() {
			s.Tx(func(tx *db.Tx) error {
				return s.Staff.Give(ctx, tx, s.o.Agency, staff.Grant{
					Staff: s.o.Winter.ID, Held: staff.Held{Role: staff.AgencyAdmin, Kind: agency.OfAgency, Place: s.o.Agency}, Source: staff.ByHand,
				})
			})
		}, []string{"system: role.given staff WINTER role=agency_admin place=AGENCY source=hand"}},
		{"an account by a page", func() {
			s.administer(post, "people", "MAI", Body{"email": "mai@amt.example", "name": "Herr Mai", "roles": []Body{{"role": "advisor", "place": s.o.Desk2}}})
		}, []string{"staff WINTER: account.created staff MAI", "staff WINTER: role.given staff MAI role=advisor place=DESK2 source=hand"}},
		{
			"another name", func() { s.administer(post, "people/"+s.id, "MAI", Body{"version": s.shown, "name": "Herr Maier"}) },
			[]string{"staff WINTER: account.changed staff MAI what=changed"},
		},
		{"an account that is disabled", func() {
			s.Exec(`INSERT INTO staff_session (token_hash, agency_id, staff_id, created_at, used_at, expires_at) VALUES ($1, $2, $3, 1, 1, 1)`,
				[]byte("mai"), s.o.Agency, s.id)
			s.administer(post, "people/"+s.id, "MAI", Body{"version": s.shown, "disabled": true})
		}, []string{"staff WINTER: account.disabled staff MAI", "system: session.ended staff MAI why=disabled count=1"}},
		{
			"an account that is enabled", func() { s.administer(post, "people/"+s.id, "MAI", Body{"version": s.shown, "disabled": false}) },
			[]string{"staff WINTER: account.changed staff MAI what=reopened"},
		},
		{
			"a role taken by a page", func() { s.administer(http.MethodDelete, "people/"+s.id+"/roles/advisor/"+s.o.Desk2, "MAI", nil) },
			[]string{"staff WINTER: role.taken staff MAI role=advisor place=DESK2 source=hand"},
		},
	}
}

func (s *stage) url(what string) string {
	return "/api/staff/appointments/" + s.made.Appointment + "/" + what
}

func (s *stage) version() int64 {
	return int64(s.Count(`SELECT version FROM appointment WHERE agency_id = $1 AND id = $2`, s.o.Agency, s.made.Appointment))
}

// book makes the appointment that everything is about from now on.
func (s *stage) book() {
	s.t.Helper()
	s.made = s.Book(s.o, s.sommer, s.o.Booking(s.Clock.Now().Add(5*time.Minute)))
}

func (s *stage) bookings() []step {
	at := func() int64 { return s.Clock.Now().Add(5 * time.Minute).UnixMilli() }
	booked := fmt.Sprintf("staff SOMMER: appointment.booked appointment MADE desk=DESK at=%d link=shown", at()+60_000) // a minute later, by then
	return []step{
		{"a booking", s.book, []string{booked}},
		{"a booking that is refused", func() {
			s.sommer.Post("/api/staff/appointments", s.o.Booking(s.Clock.Now().Add(-time.Hour))).Expect(s.t, http.StatusUnprocessableEntity, "appointment.past")
		}, nil},
		{"a link for the hand", func() { s.winter.Get(s.url("link")).OK(s.t) }, []string{"staff WINTER: link.shown appointment MADE"}},
		{"a move", func() {
			s.sommer.Post(s.url("move"), Body{"version": s.version(), "startsAt": at() + 3_600_000}).OK(s.t)
		}, []string{fmt.Sprintf("staff SOMMER: appointment.moved appointment MADE from=%d to=%d link=shown", at()+60_000, at()+3_660_000)}},
		{"a move from an old page", func() {
			s.sommer.Post(s.url("move"), Body{"version": 1, "startsAt": at()}).Expect(s.t, http.StatusConflict, "appointment.changed")
		}, nil},
		{
			"an appointment that is handed to a colleague", func() {
				s.sommer.Post(s.url("hand"), Body{"version": s.version(), "advisor": s.o.Winter.ID, "note": "Erika Beispiel"}).OK(s.t)
				s.winter.Post(s.url("hand"), Body{"version": s.version(), "advisor": s.o.Sommer.ID}).OK(s.t)
			},
			[]string{
				"staff SOMMER: appointment.handed appointment MADE to=WINTER",
				"staff WINTER: appointment.handed appointment MADE from=WINTER to=SOMMER",
			},
		},
		{"an appointment that is handed to nobody of the desk", func() {
			s.sommer.Post(s.url("hand"), Body{"version": s.version(), "advisor": s.o.Herbst.ID}).Expect(s.t, http.StatusUnprocessableEntity, "appointment.advisor")
		}, nil},
		{
			"a cancellation", func() { s.winter.Post(s.url("cancel"), Body{"version": s.version()}).OK(s.t) },
			[]string{"staff WINTER: appointment.cancelled appointment MADE"},
		},
		{"a cancellation by the guest", func() {
			s.book()
			s.Guest(s.made).Do("cancel", Body{"wish": "cancel"}).OK(s.t)
		}, []string{booked, "guest: appointment.cancelled appointment MADE"}},
		{"an outcome without a talk", func() {
			s.book()
			s.sommer.Post(s.url("outcome"), Body{"version": s.version(), "outcome": "phone"}).Expect(s.t, http.StatusConflict, "outcome.too_early")
			s.Clock.Forward(6 * time.Minute)
			s.sommer.Post(s.url("outcome"), Body{"version": s.version(), "outcome": "phone"}).OK(s.t)
			s.Clock.Forward(-6 * time.Minute)
		}, []string{booked, "staff SOMMER: appointment.closed appointment MADE outcome=phone"}},
	}
}

func (s *stage) in(by *Browser, what string, body Body) Answer {
	s.t.Helper()
	return by.Post("/api/staff/talks/"+s.talk+"/"+what, body)
}

func (s *stage) admit() {
	s.t.Helper()
	var begun struct{ Talk struct{ ID string } }
	s.sommer.Post("/api/staff/seats/"+s.made.Seat+"/admit", Body{}).OK(s.t).Into(s.t, &begun)
	s.talk = begun.Talk.ID
}

func (s *stage) asks() Answer {
	s.t.Helper()
	return s.other.Do("arrive", Body{"mode": "video", "takeover": true, "commit": strings.Repeat("c", 43), "offer": Description("guest", s.other.Print)}).OK(s.t)
}

func (s *stage) answer(allow bool) {
	s.t.Helper()
	var view struct{ Takeover string }
	s.sommer.Get("/api/staff/talks/"+s.talk).OK(s.t).Into(s.t, &view)
	s.in(s.sommer, "takeover", Body{"allow": allow, "ask": view.Takeover}).OK(s.t)
}

func (s *stage) talks() []step {
	return []step{
		{"an arrival", func() {
			s.book()
			s.guest, s.other = s.Guest(s.made), s.Guest(s.made)
			s.other.Page, s.other.Print = "page-far", Print("far")
			s.guest.Arrive().OK(s.t)
		}, []string{fmt.Sprintf("staff SOMMER: appointment.booked appointment MADE desk=DESK at=%d link=shown", s.Clock.Now().Add(6*time.Minute).UnixMilli())}},
		{"a message to who waits", func() {
			s.winter.Post("/api/staff/seats/"+s.made.Seat+"/message", Body{"text": "Guten Tag, Erika Beispiel"}).OK(s.t)
		}, []string{"staff WINTER: message.sent appointment MADE"}},
		{"an admission", s.admit, []string{"staff SOMMER: talk.admitted appointment MADE talk=TALK"}},
		{"a second admission", func() {
			s.winter.Post("/api/staff/seats/"+s.made.Seat+"/admit", Body{}).Expect(s.t, http.StatusConflict, "seat.admitted")
		}, nil},
		{"another browser that asks", func() { s.asks() }, []string{"guest: takeover.asked appointment MADE"}},
		{"and asks again", func() { s.asks() }, nil},
		{"a no to it", func() { s.answer(false) }, []string{"staff SOMMER: takeover.refused appointment MADE talk=TALK"}},
		{"a minute later it asks again", func() { s.Clock.Forward(59 * time.Second); s.asks() }, nil},
		{"a yes to it", func() { s.answer(true) }, []string{"staff SOMMER: takeover.allowed appointment MADE talk=TALK"}},
		{"a page that is reloaded", func() { s.in(s.sommer, "join", Body{}).OK(s.t) }, nil},
		{
			"a colleague who takes over", func() { s.in(s.winter, "join", Body{"takeover": true}).OK(s.t) },
			[]string{"staff WINTER: talk.joined appointment MADE talk=TALK from=SOMMER"},
		},
		{
			"a document that was seen", func() { s.in(s.winter, "document", Body{}).OK(s.t) },
			[]string{"staff WINTER: document.seen appointment MADE role=advisor"},
		},
		{
			"a form that was opened", func() { s.in(s.winter, "form", Body{"what": "opened"}).OK(s.t) },
			[]string{"staff WINTER: form.opened appointment MADE role=advisor"},
		},
		{
			"a form that the guest has confirmed", func() { s.in(s.winter, "form", Body{"what": "confirmed"}).OK(s.t) },
			[]string{"staff WINTER: form.confirmed appointment MADE role=advisor"},
		},
		{"a document in a talk that somebody else leads", func() { s.in(s.sommer, "document", Body{}).Expect(s.t, http.StatusConflict, "talk.led") }, nil},
		{"a guest sent back", func() { s.in(s.winter, "sendback", Body{}).OK(s.t) }, []string{"staff WINTER: talk.returned appointment MADE talk=TALK"}},
		{"a guest who does not answer", func() {
			s.admit()
			s.Clock.Forward(RingTime + time.Second)
			s.WakeJobs()
			s.back()
		}, []string{"staff SOMMER: talk.admitted appointment MADE talk=TALK", "system: talk.returned appointment MADE talk=TALK"}},
	}
}

// back waits until the guest waits again.
func (s *stage) back() {
	s.t.Helper()
	tick, late := time.NewTicker(5*time.Millisecond), time.After(dbtest.Patience)
	defer tick.Stop()
	for s.Count(`SELECT COUNT(*) FROM seat WHERE agency_id = $1 AND id = $2 AND state = 'waiting'`, s.o.Agency, s.made.Seat) == 0 {
		select {
		case <-tick.C:
		case <-late:
			s.t.Fatal("the guest does not wait")
		}
	}
}

func (s *stage) ends() []step {
	return []step{
		{"a guest who goes", func() {
			s.admit()
			s.other.Do("leave", Body{}).OK(s.t)
		}, []string{"staff SOMMER: talk.admitted appointment MADE talk=TALK", "guest: talk.ended appointment MADE talk=TALK"}},
		{"a talk that ends", func() {
			s.other.Arrive().OK(s.t)
			s.admit()
			s.in(s.sommer, "end", Body{"outcome": "held"}).OK(s.t)
		}, []string{
			"staff SOMMER: talk.admitted appointment MADE talk=TALK", "staff SOMMER: talk.ended appointment MADE talk=TALK",
			"staff SOMMER: appointment.closed appointment MADE outcome=held",
		}},
		{"a talk that has ended", func() { s.in(s.sommer, "end", Body{"outcome": "held"}).Expect(s.t, http.StatusGone, "talk.ended") }, nil},
	}
}
