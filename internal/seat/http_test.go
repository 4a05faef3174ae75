package seat_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/seat"
	"visavis/internal/vault"
)

func TestAGuestOpensTheLinkChecksTheDevicesArrivesLeavesAndAsksForACall(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		guest := w.guest(p)
		guest.at(p, "check", body{"result": "started"}).expect(t, http.StatusNoContent, "")
		if s := w.seat(p); s.OpenedAt == nil || s.CheckFailedAt != nil {
			t.Errorf("%+v", s)
		}
		w.clock.forward(time.Minute)
		guest.at(p, "check", body{"result": "failed", "camera": "busy", "microphone": "ok"}).expect(t, http.StatusNoContent, "")
		if s := w.seat(p); s.CheckFailedAt == nil || !s.CheckFailedAt.Equal(at(10, 1)) {
			t.Errorf("%+v", s)
		}
		v := guest.at(p, "arrive", arrival("page-one", false)).ok(t).view
		if v.State != seat.Waiting || !v.Here || v.Elsewhere || v.Mode != seat.Video || *v.ArrivedAt != db.Ms(at(10, 1)) || v.Wait == nil || *v.Wait != (seat.Wait{Until: db.Ms(window.Starts)}) {
			t.Errorf("%+v %+v", v, v.Wait)
		}
		w.clock.forward(time.Minute)
		v = guest.at(p, "callback", body{"phone": "0711 / 555 01-23"}).ok(t).view
		if v.State != seat.Waiting || !v.Here || *v.CallbackAt != db.Ms(at(10, 2)) || v.MoveAskedAt != nil {
			t.Errorf("the place must stay: %+v", v)
		}
		for range 2 { // the first answer may have been lost
			if v = guest.at(p, "leave", body{"page": "page-one"}).ok(t).view; v.State != seat.Expected || v.Here || v.ArrivedAt != nil {
				t.Errorf("%+v", v)
			}
		}
		if v = guest.at(p, "arrive", arrival("page-two", false)).ok(t).view; v.State != seat.Waiting {
			t.Errorf("%+v", v)
		}
	})
}

func TestTheNumberToCallIsThatOfTheOfficeAndTheAgencysWhereItHasNone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		guest := w.guest(p)
		if got := guest.open(p.slug, p.secret).ok(t).view.Agency.Phone; got != "0711 1234" {
			t.Errorf("without a number of its own: %q", got)
		}
		w.tx(func(tx *db.Tx) error {
			_, err := tx.ExecContext(t.Context(), `UPDATE location SET phone = '0711 5678' WHERE agency_id = $1`, p.agency)
			return err
		})
		if got := guest.open(p.slug, p.secret).ok(t).view.Agency.Phone; got != "0711 5678" {
			t.Errorf("with one: %q", got)
		}
	})
}

func TestCorrectingTheNumberLeavesOneTaskAtTheDesk(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		guest := w.guest(p)
		guest.at(p, "callback", body{"phone": "0711 5550123"}).ok(t)
		guest.at(p, "callback", body{"phone": "+49 711 5550124"}).ok(t)
		guest.at(p, "cancel", body{"wish": "move"}).ok(t)
		tasks := rows(t, d, `SELECT kind, id, body_sealed FROM task ORDER BY kind`)
		if len(tasks) != 2 || string(tasks[0][0]) != "callback" || string(tasks[1][0]) != "move" {
			t.Fatalf("%q", tasks)
		}
		key, err := w.agencies.Keys().For(t.Context(), p.agency)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := key.Open(vault.Field{Agency: p.agency, Table: "task", Column: "body_sealed", Row: string(tasks[0][1])}, tasks[0][2])
		if err != nil || string(plain) != `{"phone":"+497115550124"}` {
			t.Error("the desk must see the newer number", err)
		}
	})
}

func TestWhoHasTheSeatInATalkAsksForACallByOneClickAndIsShownTheLastDigitsOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		guest, other := w.guest(p), w.guest(p)
		number := func() string {
			tasks := rows(t, d, `SELECT id, body_sealed FROM task`)
			if len(tasks) != 1 {
				t.Fatalf("%d tasks", len(tasks))
			}
			key, err := w.agencies.Keys().For(t.Context(), p.agency)
			if err != nil {
				t.Fatal(err)
			}
			phone, err := seat.OpenTask(key, p.agency, string(tasks[0][0]), tasks[0][1])
			if err != nil {
				t.Fatal(err)
			}
			return phone.Reveal()
		}
		guest.at(p, "callback", body{}).expect(t, http.StatusUnprocessableEntity, "phone.invalid")
		if v := guest.at(p, "arrive", arrival("page-one", false)).ok(t).view; v.Callable != "" {
			t.Errorf("nobody needs it while they wait: %q", v.Callable)
		}
		w.must(p, seat.Admit{})
		answer := guest.at(p, "callback", body{}).ok(t)
		if v := answer.view; v.Callable != "777" || v.CallbackAt == nil || strings.Contains(answer.body, booked[:8]) {
			t.Errorf("%s", answer.body)
		}
		if got := number(); got != booked {
			t.Errorf("the desk is to call %q", got)
		}
		if v := guest.at(p, "callback", body{"phone": "0711 5550124"}).ok(t).view; v.Callable != "124" {
			t.Errorf("the number that was left is better: %q", v.Callable)
		}
		guest.at(p, "callback", body{}).ok(t)
		if got := number(); got != "07115550124" {
			t.Errorf("the desk is to call %q", got)
		}
		if v := other.open(p.slug, p.secret).ok(t).view; v.Callable != "" {
			t.Errorf("another browser with the link is shown %q", v.Callable)
		}
		other.at(p, "callback", body{}).expect(t, http.StatusUnprocessableEntity, "phone.invalid")
	})
}

// A hundred at once, as each other call.
func TestAWishCountsOnceAgainstWhatAGuestMayAsk(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	p := w.newPlace(w.own)
	guest := w.guest(p)
	for range 45 {
		guest.at(p, "callback", body{"phone": "0711 5550123"}).ok(t)
		guest.at(p, "cancel", body{"wish": "move"}).ok(t)
	}
}

func TestWhoAsksWhileTheAppointmentIsCancelledOrMovedIsToldAndLeavesNoTask(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		meanwhile := map[string]func(p place){
			"seat.closed": func(p place) {
				w.tx(func(tx *db.Tx) error {
					return w.seats.Close(t.Context(), tx, audit.System(), p.agency, p.appointment, "cancelled")
				})
			},
			"link.moved": func(p place) {
				w.tx(func(tx *db.Tx) error { return w.seats.Moved(t.Context(), tx, p.agency, p.appointment) })
			},
		}
		for code, happens := range meanwhile {
			for route, what := range map[string]body{"callback": {"phone": "0711 5550123"}, "cancel": {"wish": "move"}} {
				p := w.newPlace(w.own)
				guest := w.guest(p)
				w.clock.once(func() { happens(p) })
				guest.at(p, route, what).expect(t, http.StatusGone, code)
			}
		}
		if open := rows(t, d, `SELECT kind FROM task WHERE done_at IS NULL`); len(open) != 0 {
			t.Errorf("the desk is still to do: %q", open)
		}
	})
}

func TestWhatIsNoTelephoneNumberIsRefused(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	p := w.newPlace(w.own)
	guest := w.guest(p)
	for _, text := range []string{"", "1234", "gar nicht", "0711x5550", "49+7115550123", strings.Repeat("1", 17)} {
		guest.at(p, "callback", body{"phone": text}).expect(t, http.StatusUnprocessableEntity, "phone.invalid")
	}
	for text, want := range map[string]string{
		"(0711) 555-0123": "07115550123", " +49 711 5550123 ": "+497115550123", "0711.5550/123": "07115550123", "11\u00a0222": "11222",
	} {
		if got, ok := seat.Phone(text); !ok || got != want {
			t.Errorf("%q: %q %v", text, got, ok)
		}
	}
}

func TestCancellingClosesTheSeatButNotDuringATalk(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		guest := w.guest(p)
		guest.at(p, "arrive", arrival("page-one", false)).ok(t)
		w.must(p, seat.Admit{})
		guest.at(p, "cancel", body{"wish": "cancel"}).expect(t, http.StatusConflict, "seat.talking")
		w.must(p, seat.SendBack{})
		if v := guest.at(p, "cancel", body{"wish": "cancel"}).ok(t).view; v.State != seat.Closed || v.ClosedReason != "cancelled" {
			t.Errorf("%+v", v)
		}
		guest.at(p, "cancel", body{"wish": "cancel"}).expect(t, http.StatusGone, "seat.closed")
		guest.at(p, "callback", body{"phone": "0711 5550123"}).expect(t, http.StatusGone, "seat.closed")
	})
}

func TestACC02TheWaitingRoomsWindowIsKeptByTheServer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		guest := w.guest(p)
		w.clock.set(window.Starts.Add(-time.Hour))
		early := guest.at(p, "arrive", arrival("page-one", false)).expect(t, http.StatusConflict, "seat.too_early")
		if !strings.Contains(early.body, fmt.Sprintf(`"opensAt":%d`, db.Ms(window.Opens))) {
			t.Error(early.body)
		}
		w.clock.set(window.Closes)
		guest.at(p, "arrive", arrival("page-one", false)).expect(t, http.StatusGone, "seat.too_late")
		w.clock.set(window.Opens)
		guest.at(p, "arrive", arrival("page-one", false)).ok(t)
	})
}

func TestTheWaitIsARangeThatHolds(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	p := w.newPlace(w.own)
	guest := w.guest(p)
	for left, want := range map[time.Duration]seat.Wait{
		0: {}, -3 * time.Minute: {}, time.Second: {From: 0, To: 10}, 7 * time.Minute: {From: 5, To: 15}, 10 * time.Minute: {From: 10, To: 20},
	} {
		w.clock.set(window.Starts.Add(-left))
		want.Until = db.Ms(window.Starts)
		v := guest.at(p, "arrive", arrival("page-one", false)).ok(t).view
		if v.Wait == nil || *v.Wait != want {
			t.Errorf("%v before the start: %+v", left, v.Wait)
		}
	}
}

func TestASecondBrowserTakesAWaitingSeatOnlyWithAClick(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		first, second := w.guest(p), w.guest(p)
		first.at(p, "arrive", arrival("page-one", false)).ok(t)
		if v := second.open(p.slug, p.secret).ok(t).view; v.Here || !v.Elsewhere {
			t.Errorf("%+v", v)
		}
		second.at(p, "arrive", arrival("page-far", false)).expect(t, http.StatusConflict, "seat.elsewhere")
		if v := second.at(p, "arrive", arrival("page-far", true)).ok(t).view; !v.Here {
			t.Errorf("%+v", v)
		}
		first.at(p, "leave", body{"page": "page-one"}).expect(t, http.StatusConflict, "seat.elsewhere")
		first.at(p, "prepare", body{"page": "page-one", "commit": strings.Repeat("c", 43), "offer": "v=0"}).expect(t, http.StatusConflict, "seat.elsewhere")
	})
}

func TestACC03DuringATalkAnotherBrowserNeedsTheAdvisorsYes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		first, second := w.guest(p), w.guest(p)
		first.at(p, "arrive", arrival("page-one", false)).ok(t)
		w.must(p, seat.Admit{})
		second.at(p, "arrive", arrival("page-far", false)).expect(t, http.StatusConflict, "seat.elsewhere")
		asks := func(want string) {
			t.Helper()
			if v := second.at(p, "arrive", arrival("page-far", true)).ok(t).view; v.Takeover != want || v.Here {
				t.Errorf("%+v", v)
			}
		}
		asks("asked")
		w.must(p, seat.Answer{})
		if v := second.post("/api/guest/"+p.slug+"/open", body{"seat": p.id}).ok(t).view; v.Takeover != "refused" || v.Here {
			t.Errorf("%+v", v)
		}
		asks("asked")
		if v := second.at(p, "leave", body{"page": "page-far"}).ok(t).view; v.Takeover != "none" || v.Here || v.State != "talking" {
			t.Errorf("who asks no longer: %+v", v)
		}
		if got := w.talks.noted(); got != "" {
			t.Error("the talk of the other browser was touched:", got)
		}
		asks("asked")
		w.must(p, seat.Answer{Allow: true})
		if v := second.post("/api/guest/"+p.slug+"/open", body{"seat": p.id}).ok(t).view; v.Takeover != "none" || !v.Here {
			t.Errorf("%+v", v)
		}
		if got := w.talks.noted(); got != "" {
			t.Error("the talk was touched before the new page has an offer:", got)
		}
		second.at(p, "prepare", body{"page": "page-far", "commit": strings.Repeat("c", 43), "offer": "v=0"}).ok(t)
		if got := w.talks.noted(); got != "rejoin" {
			t.Error(got)
		}
	})
}

func TestAReloadedPageComesBackIntoItsTalkAndLeavingTellsTheTalk(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		guest := w.guest(p)
		guest.at(p, "arrive", arrival("page-one", false)).ok(t)
		w.must(p, seat.Admit{})
		if v := guest.at(p, "arrive", arrival("page-two", false)).ok(t).view; v.State != seat.Talking || !v.Here || v.Talk == nil {
			t.Errorf("%+v", v)
		}
		guest.at(p, "prepare", body{"page": "page-two", "commit": strings.Repeat("c", 43), "offer": "v=0", "generation": 2}).ok(t)
		guest.at(p, "leave", body{"page": "page-two"}).ok(t)
		if got := w.talks.noted(); got != "rejoin renewed left" {
			t.Error(got)
		}
	})
}

func TestAnOfferThatIsRefusedChangesNothing(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	p := w.newPlace(w.own)
	guest := w.guest(p)
	wrong := arrival("page-one", false)
	wrong["offer"] = "not a description"
	guest.at(p, "arrive", wrong).expect(t, http.StatusBadRequest, "request.invalid")
	if s := w.seat(p); s.State != seat.Expected {
		t.Errorf("%+v", s)
	}
}

// Guessing is slowed down, and nobody who has the link is locked out by it: not from
// the same network, not while the guessing goes on.
func TestACC06GuessingIsThrottledWhileTheRightLinkGetsThroughFromTheSameNetwork(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		attacker, guest := w.browser(), w.browser()
		slowedDown(t, attacker, p.slug)
		guest.open(p.slug, p.secret).ok(t)
		slowedDown(t, attacker, p.slug)
		elsewhere := w.browser()
		elsewhere.network = "198.51.100.9"
		elsewhere.open(p.slug, vault.NewToken()).expect(t, http.StatusNotFound, "link.unknown")
		elsewhere.network = "203.0.113.200" // a neighbour of the attacker
		slowedDown(t, elsewhere, p.slug)
	})
}

// slowedDown guesses until that is refused. On a machine that stands still for a second another guess is allowed meanwhile.
func slowedDown(t *testing.T, b *browser, slug string) {
	t.Helper()
	for range 80 {
		switch a := b.open(slug, vault.NewToken()); {
		case a.code == "link.throttled" && a.status == http.StatusTooManyRequests:
			return
		case a.code == "link.unknown" && a.status == http.StatusNotFound:
		default:
			t.Fatal(a.status, a.body)
		}
	}
	t.Error("80 wrong secrets, never throttled")
}

// A thousand addresses guess; the long tests make it a million guesses.
func TestACC06AMillionGuessesOpenNothingAndLockNobodyOut(t *testing.T) {
	guesses := 4_000
	if os.Getenv("VISAVIS_TEST_LONG") != "" {
		guesses = 1_000_000
	}
	w := newWorld(t, dbtest.SQLite(t))
	p := w.newPlace(w.own)
	handler := w.server.Config.Handler
	var throttled, unknown atomic.Int64
	var attackers sync.WaitGroup
	for worker := range 4 {
		attackers.Go(func() {
			for i := worker; i < guesses; i += 4 {
				r := httptest.NewRequest(http.MethodPost, "/api/guest/"+p.slug+"/open", strings.NewReader(`{"secret":"`+vault.NewToken()+`"}`))
				r.Header.Set("Content-Type", "application/json")
				r.RemoteAddr = "127.0.0.1:50000"
				r.Header.Set("X-Forwarded-For", fmt.Sprintf("198.18.%d.%d", i%1000/250, i%250))
				answer := httptest.NewRecorder()
				handler.ServeHTTP(answer, r)
				switch answer.Code {
				case http.StatusTooManyRequests:
					throttled.Add(1)
				case http.StatusNotFound:
					unknown.Add(1)
				default:
					t.Errorf("a guess is answered with %d", answer.Code)
				}
			}
		})
	}
	citizen := w.browser()
	citizen.open(p.slug, p.secret).ok(t) // while the guessing goes on
	attackers.Wait()
	w.browser().open(p.slug, p.secret).ok(t)
	if throttled.Load() == 0 || throttled.Load()+unknown.Load() != int64(guesses) {
		t.Errorf("of %d guesses %d were looked at and %d throttled", guesses, unknown.Load(), throttled.Load())
	}
	t.Logf("of %d guesses %d were looked at, %d throttled", guesses, unknown.Load(), throttled.Load())
}

func TestASecretOpensASeatOfItsOwnAgencyOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		b := w.browser()
		unknown := b.open(p.slug, vault.NewToken()).expect(t, http.StatusNotFound, "link.unknown")
		for what, a := range map[string]answer{
			"another agency":   b.open(w.other.slug, p.secret),
			"no agency at all": b.open("nirgends", p.secret),
			"too short":        b.open(p.slug, p.secret[:26]),
			"too long":         b.open(p.slug, p.secret+"A"),
			"the seat's id":    b.open(p.slug, p.id),
		} {
			if a.status != unknown.status || a.body != unknown.body {
				t.Errorf("%s: %d %s", what, a.status, a.body)
			}
		}
	})
}

// routes are all calls about one seat, found in the description of the API, so that a
// new one cannot be forgotten; the stream is no part of it.
func (w *world) routes() map[string]string {
	w.t.Helper()
	bodies := map[string]body{
		"check": {"result": "ok"}, "arrive": arrival("page-one", true), "presence": {"page": "page-one", "visible": true},
		"prepare": {"page": "page-one", "commit": strings.Repeat("c", 43), "offer": "v=0"}, "leave": {"page": "page-one"},
		"callback": {"phone": "0711 5550123"}, "cancel": {"wish": "cancel"}, "stay": {"page": "page-one"}, "answer": {"page": "page-one", "message": "m", "text": "Ja"},
		"consent": {"page": "page-one", "version": "v1", "given": true},
	}
	found := map[string]string{"GET stream?page=page-one": ""}
	const base = "/api/guest/{agency}/seats/{seat}/"
	for path, item := range w.api.OpenAPI().Paths {
		route, ok := strings.CutPrefix(path, base)
		if !ok {
			continue
		}
		if item.Post == nil || bodies[route] == nil {
			w.t.Fatalf("the tests do not know what to send to %s", path)
		}
		text, err := json.Marshal(bodies[route])
		if err != nil {
			w.t.Fatal(err)
		}
		found["POST "+route] = string(text)
	}
	if len(found) != len(bodies)+1 {
		w.t.Fatalf("found %v", found)
	}
	return found
}

func (b *browser) call(slug, id, route, text string) answer {
	b.w.t.Helper()
	method, path, _ := strings.Cut(route, " ")
	return b.send(method, "/api/guest/"+slug+"/seats/"+id+"/"+path, text)
}

// Who has shown the secret of one seat knows nothing of any other, and nobody learns
// from an answer whether a seat exists.
func TestTEN02NoRouteShowsOrBetraysASeatOfSomebodyElse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		mine, neighbour, foreign := w.newPlace(w.own), w.newPlace(w.own), w.newPlace(w.other)
		guest, stranger := w.guest(mine), w.browser()
		w.guest(neighbour).at(neighbour, "arrive", arrival("page-one", false)).ok(t)
		w.guest(foreign).at(foreign, "arrive", arrival("page-one", false)).ok(t)
		before := []seat.Seat{w.seat(neighbour), w.seat(foreign)}
		for route, text := range w.routes() {
			absent := guest.call(mine.slug, vault.NewID(), route, text).expect(t, http.StatusNotFound, "seat.unknown")
			for what, a := range map[string]answer{
				"a neighbour's":                       guest.call(neighbour.slug, neighbour.id, route, text),
				"of another agency":                   guest.call(foreign.slug, foreign.id, route, text),
				"of another agency, as if ours":       guest.call(mine.slug, foreign.id, route, text),
				"mine, as if of another agency":       guest.call(foreign.slug, mine.id, route, text),
				"of no agency":                        guest.call("nirgends", mine.id, route, text),
				"mine, without a cookie":              stranger.call(mine.slug, mine.id, route, text),
				"that does not exist, for a stranger": stranger.call(mine.slug, vault.NewID(), route, text),
			} {
				if a.status != absent.status || a.body != absent.body {
					t.Errorf("%s, a seat %s: %d %s, want %s", route, what, a.status, a.body, absent.body)
				}
			}
		}
		for i, p := range []place{neighbour, foreign} {
			if now := w.seat(p); now.Version != before[i].Version {
				t.Errorf("changed: %+v", now)
			}
		}
		for _, p := range []place{neighbour, foreign, mine} {
			a := stranger.post("/api/guest/"+p.slug+"/open", body{"seat": p.id})
			if none := stranger.post("/api/guest/"+p.slug+"/open", body{"seat": vault.NewID()}); a.body != none.body || a.status != http.StatusNotFound {
				t.Error(a.status, a.body, none.body)
			}
		}
		// Counter-check: the same calls work for who may.
		for route, text := range w.routes() {
			if a := guest.call(mine.slug, mine.id, route, text); a.status == http.StatusNotFound {
				t.Errorf("%s: %d %s", route, a.status, a.body)
			}
		}
	})
}

func TestACC04AGuestSeesNothingOfAnotherWhoWaits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		mine, neighbour := w.newPlace(w.own), w.newPlace(w.own)
		w.guest(neighbour).at(neighbour, "arrive", arrival("page-two", false)).ok(t)
		a := w.guest(mine).at(mine, "arrive", arrival("page-one", false)).ok(t)
		for _, id := range []string{neighbour.id, neighbour.appointment, "page-two"} {
			if strings.Contains(a.body, id) {
				t.Error(a.body)
			}
		}
	})
}

func TestTheCookieIsSetOnceAndIsForThisOriginOnly(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	p := w.newPlace(w.own)
	open := func(cookie string) *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.server.URL+"/api/guest/"+p.slug+"/open",
			strings.NewReader(fmt.Sprintf(`{"secret":%q}`, p.secret)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		if cookie != "" {
			r.Header.Set("Cookie", cookie)
		}
		res, err := w.server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = res.Body.Close() })
		return res
	}
	set := open("").Cookies()
	if len(set) != 1 || set[0].Name != "__Host-guest" || !set[0].HttpOnly || !set[0].Secure || set[0].SameSite != http.SameSiteLaxMode || set[0].Path != "/" || set[0].Domain != "" {
		t.Fatal(set)
	}
	if again := open("__Host-guest=" + set[0].Value).Cookies(); len(again) != 0 {
		t.Error("a known browser got a new name:", len(again))
	}
	if oversized := open("__Host-guest=" + strings.Repeat("x", 4000)).Cookies(); len(oversized) != 1 {
		t.Error("a cookie that we never set was taken")
	}
}

// Each call of a guest is a transaction, and wakes all who look at the desk.
func TestOneGuestCannotKeepTheServerBusy(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p, other := w.newPlace(w.own), w.newPlace(w.own)
		guest, neighbour, stranger := w.guest(p), w.guest(other), w.browser()
		family := w.guest(p)
		check := body{"result": "started"}
		for range 200 {
			stranger.at(p, "check", check).expect(t, http.StatusNotFound, "seat.unknown")
		}
		passed := 0
		for range 300 {
			if a := guest.at(p, "check", check); a.status != http.StatusTooManyRequests {
				a.expect(t, http.StatusNoContent, "")
				passed++
			}
		}
		if passed < 50 || passed > 250 {
			t.Errorf("%d of 300 passed", passed)
		}
		neighbour.at(other, "check", check).expect(t, http.StatusNoContent, "")
		family.at(p, "check", check).expect(t, http.StatusNoContent, "") // another browser with the same link
	})
}

// A browser without a cookie is a new one each time, with an allowance of its own.
func TestALinkIsNotOpenedAsOftenAsOneLikes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p, other := w.newPlace(w.own), w.newPlace(w.own)
		passed := 0
		for range 300 {
			if a := w.browser().open(p.slug, p.secret); a.status != http.StatusTooManyRequests {
				a.ok(t)
				passed++
			}
		}
		if passed < 50 || passed > 250 {
			t.Errorf("%d of 300 passed", passed)
		}
		w.browser().open(p.slug, other.secret).ok(t)
		elsewhere := w.browser()
		elsewhere.network = "198.51.100.9"
		elsewhere.open(p.slug, p.secret).ok(t)
	})
}

// What a page has prepared describes its browser. It is kept while that page waits, and no longer.
func TestWhatAPageHasPreparedIsForgottenWhenItNoLongerWaits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		for name, end := range map[string]func(*browser, place){
			"left":   func(b *browser, p place) { b.at(p, "leave", body{"page": "page-one"}).ok(t) },
			"closed": func(_ *browser, p place) { w.must(p, seat.End{Reason: "technical"}) },
			"moved":  func(_ *browser, p place) { w.must(p, seat.Move{}) },
		} {
			p := w.newPlace(w.own)
			b := w.guest(p)
			kept := func() (n int) {
				t.Helper()
				if err := d.Read().QueryRowContext(t.Context(), `SELECT COUNT(prepared_sealed) FROM seat WHERE id = $1`, p.id).Scan(&n); err != nil {
					t.Fatal(err)
				}
				return n
			}
			b.at(p, "arrive", arrival("page-one", false)).ok(t)
			if kept() != 1 {
				t.Fatal("nothing is kept while it waits")
			}
			if end(b, p); kept() != 0 {
				t.Errorf("%s: it is still there", name)
			}
		}
	})
}
