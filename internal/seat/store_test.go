package seat_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/seat"
	"visavis/internal/vault"
)

func TestANewSeatIsFoundByItsLinkAndLooksAsBooked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		v := w.browser().open(p.slug, p.secret).ok(t).view
		if v.Seat != p.id || v.State != seat.Expected || v.Here || v.Elsewhere || v.Takeover != "none" ||
			v.Department != "Jugendamt" || v.Location != "Rathaus" || v.Agency.Slug != "lindenau" || v.Language != "de" {
			t.Errorf("%+v", v)
		}
		if v.StartsAt != db.Ms(window.Starts) || v.EndsAt != db.Ms(window.Ends) || v.OpensAt != db.Ms(window.Opens) ||
			v.ClosesAt != db.Ms(window.Closes) || v.Now != db.Ms(at(10, 0)) {
			t.Errorf("%+v", v)
		}
		if s := w.seat(p); s.OpenedAt != nil || s.ArrivedAt != nil {
			t.Error("only looking counts as opened or arrived: mail scanners look too")
		}
	})
}

func TestACC01EveryLinkHasASecretOfItsOwnThatCanBeShownAgain(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	seen := map[string]bool{}
	for range 50 {
		p := w.newPlace(w.own)
		raw, err := base64.RawURLEncoding.DecodeString(p.secret)
		if err != nil || len(raw) != 20 || seen[p.secret] {
			t.Fatal("want 160 bits, never the same", len(raw), err)
		}
		seen[p.secret] = true
		if w.secret(p) != p.secret {
			t.Fatal("the link of the second mail is another one")
		}
	}
}

// The matrix of a link's life: what it says, and whether a browser that knew it stays.
func TestACC02AMovedLinkSaysMovedACancelledOneCancelled(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		guest := w.guest(p)
		w.tx(func(tx *db.Tx) error { return w.seats.Moved(t.Context(), tx, p.agency, p.appointment) })
		w.browser().open(p.slug, p.secret).expect(t, http.StatusGone, "link.moved")
		guest.open(p.slug, p.secret).expect(t, http.StatusGone, "link.moved")
		// Also after a reload, when the page has only the seat's id left.
		guest.post("/api/guest/"+p.slug+"/open", body{"seat": p.id}).expect(t, http.StatusGone, "link.moved")
		guest.at(p, "arrive", arrival("page-one", false)).expect(t, http.StatusGone, "link.moved")
		w.browser().post("/api/guest/"+p.slug+"/open", body{"seat": p.id}).expect(t, http.StatusNotFound, "seat.unknown")

		second := w.secret(p)
		if second == p.secret {
			t.Fatal("the link did not change")
		}
		guest.open(p.slug, second).ok(t)
		guest.post("/api/guest/"+p.slug+"/open", body{"seat": p.id}).ok(t)
		w.tx(func(tx *db.Tx) error {
			return w.seats.Close(t.Context(), tx, audit.System(), p.agency, p.appointment, "cancelled")
		})
		guest.open(p.slug, second).expect(t, http.StatusGone, "link.cancelled")
		guest.open(p.slug, p.secret).expect(t, http.StatusGone, "link.moved")
		if v := guest.post("/api/guest/"+p.slug+"/open", body{"seat": p.id}).ok(t).view; v.ClosedReason != "cancelled" {
			t.Errorf("%+v", v)
		}
		guest.at(p, "arrive", arrival("page-one", false)).expect(t, http.StatusGone, "seat.closed")
		if _, err := w.seats.Link(t.Context(), p.agency, p.appointment); err == nil {
			t.Error("the link of a closed seat was given out")
		}
	})
}

func TestALinkThatDiesWhileItIsOpenedLetsNobodyIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		late := w.browser()
		w.clock.once(func() {
			w.tx(func(tx *db.Tx) error { return w.seats.Moved(t.Context(), tx, p.agency, p.appointment) })
		})
		late.open(p.slug, p.secret).expect(t, http.StatusGone, "link.moved")
		if n := len(rows(t, d, `SELECT browser_hash FROM seat_browser`)); n != 0 {
			t.Error("it knows the seat by a link that it has not shown")
		}
		late.open(p.slug, w.secret(p)).ok(t)
	})
}

func TestTheLinkOfATalkThatWasHeldShowsThatItIsOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		w.tx(func(tx *db.Tx) error {
			return w.seats.Close(t.Context(), tx, audit.System(), p.agency, p.appointment, "held")
		})
		if v := w.browser().open(p.slug, p.secret).ok(t).view; v.State != seat.Closed || v.ClosedReason != "held" {
			t.Errorf("%+v", v)
		}
		before := w.seat(p)
		w.tx(func(tx *db.Tx) error {
			return w.seats.Close(t.Context(), tx, audit.System(), p.agency, p.appointment, "noshow")
		})
		if after := w.seat(p); !reflect.DeepEqual(after, before) {
			t.Error("closing a closed seat changed it:", before, after)
		}
	})
}

func TestTEN06OfManyBrowsersThatArriveAtOnceExactlyOneHoldsTheSeat(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		const many = 8
		var browsers []*browser
		for range many {
			browsers = append(browsers, w.guest(p))
		}
		answers := make([]answer, many)
		start := make(chan struct{})
		var wg sync.WaitGroup
		for i, b := range browsers {
			wg.Go(func() {
				<-start
				answers[i] = b.at(p, "arrive", arrival("page-one", false))
			})
		}
		close(start)
		wg.Wait()
		holders := 0
		for _, a := range answers {
			switch {
			case a.status == http.StatusOK && a.view.Here && a.view.State == seat.Waiting:
				holders++
			case a.status == http.StatusConflict && a.code == "seat.elsewhere":
			default:
				t.Error(a.status, a.body)
			}
		}
		if holders != 1 {
			t.Errorf("%d browsers hold the seat", holders)
		}
	})
}

// Somebody else changes the row between our reading it and our writing it.
func TestWhoWritesWhatIsNoLongerTrueIsTurnedAway(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			w.clock.once(func() {
				if _, err := tx.ExecContext(t.Context(), `UPDATE seat SET version = version + 1 WHERE agency_id = $1 AND id = $2`, p.agency, p.id); err != nil {
					t.Error(err)
				}
			})
			_, _, err := w.seats.Do(t.Context(), tx, p.agency, p.id, seat.Arrive{Who: phone, Mode: seat.Video})
			return err
		})
		if !errors.Is(err, db.ErrConflict) {
			t.Error("want a conflict:", err)
		}
		if s := w.seat(p); s.State != seat.Expected || s.Version != 1 {
			t.Errorf("something of it stayed: %+v", s)
		}
	})
}

// The same between two transactions, and seen from outside: the second tries again
// and is told what is true by then.
func TestWhoLosesARaceIsToldWhatIsTrueByThen(t *testing.T) {
	w := newWorld(t, dbtest.Postgres(t))
	p := w.newPlace(w.own)
	guest, faster := w.guest(p), w.guest(p)
	// The rules ask for the time between reading the seat and writing it.
	w.clock.once(func() { faster.at(p, "arrive", arrival("page-far", false)).ok(t) })
	guest.at(p, "arrive", arrival("page-one", false)).expect(t, http.StatusConflict, "seat.elsewhere")
}

func TestACC01NothingThatOpensASeatIsInTheDatabase(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		guest := w.guest(p)
		guest.at(p, "arrive", arrival("page-one", false)).ok(t)
		guest.at(p, "callback", body{"phone": "+49 711 5550123"}).ok(t)
		cookies := guest.client.Jar.Cookies(&url.URL{Scheme: "https", Host: w.server.Listener.Addr().String(), Path: "/"})
		if len(cookies) != 1 || cookies[0].Name != "__Host-guest" {
			t.Fatal(cookies)
		}
		all := everythingIn(t, d)
		for what, secret := range map[string]string{
			"secret of the link": p.secret, "cookie": cookies[0].Value, "telephone": "7115550123",
			"offer": "KANARIE-offer", "password of the connection": "KANARIE-pwd", "network": "203.0.113.7",
			"hash of the cookie": string(vault.Hash(cookies[0].Value)),
		} {
			if bytes.Contains(all, []byte(secret)) {
				t.Error("in the database:", what)
			}
			if raw, err := base64.RawURLEncoding.DecodeString(secret); err == nil && len(raw) == 20 && bytes.Contains(all, raw) {
				t.Error("in the database, as bytes:", what)
			}
			if strings.Contains(w.log.String(), secret) {
				t.Error("in the log:", what)
			}
		}
		for what, present := range map[string][]byte{
			"hash of the link": vault.Hash(p.secret), "browser": unhex(t, w.seat(p).Holder.Browser), "id": []byte(p.id), "page": []byte("page-one"),
		} {
			if !bytes.Contains(all, present) {
				t.Error("the search does not find what is there:", what)
			}
		}
	})
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	out, err := hex.DecodeString(text)
	if err != nil || len(out) == 0 {
		t.Fatalf("%q is not hex", text)
	}
	return out
}

// TEN: two agencies of one installation, and whoever has its database, do not see that they have a guest in common.
func TestNothingInTheDatabaseTellsThatTwoSeatsAreOfTheSameBrowser(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		places := []place{w.newPlace(w.own), w.newPlace(w.own), w.newPlace(w.other)}
		holder, asker := w.browser(), w.browser()
		for _, p := range places {
			holder.open(p.slug, p.secret).ok(t)
			holder.at(p, "arrive", arrival("page-one", false)).ok(t)
			w.must(p, seat.Admit{})
			asker.open(p.slug, p.secret).ok(t)
			asker.at(p, "arrive", arrival("page-far", true)).ok(t)
		}
		for column, want := range map[string]int{"browser_hash FROM seat_browser": 6, "holder_hash FROM seat": 3, "asking_hash FROM seat": 3} {
			different := map[string]bool{}
			for _, row := range rows(t, d, "SELECT "+column) {
				different[string(row[0])] = true
			}
			if len(different) != want || different[""] {
				t.Errorf("%d different of %s, want %d", len(different), column, want)
			}
		}
		for _, p := range places { // and each still knows both
			if v := holder.again(p).ok(t).view; !v.Here {
				t.Errorf("the holder: %+v", v)
			}
			if v := asker.again(p).ok(t).view; v.Here || v.Takeover != "asked" {
				t.Errorf("who asks: %+v", v)
			}
		}
	})
}

// everythingIn is every value of every table; of SQLite also its files as they lie there.
func everythingIn(t *testing.T, d *db.DB) []byte {
	t.Helper()
	list := `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`
	if d.Engine() == db.SQLite {
		list = `SELECT name FROM sqlite_master WHERE type = 'table'`
	}
	var out []byte
	tables := rows(t, d, list)
	if len(tables) < 20 {
		t.Fatalf("only %d tables found", len(tables))
	}
	for _, table := range tables {
		for _, row := range rows(t, d, `SELECT * FROM "`+string(table[0])+`"`) {
			out = append(append(out, bytes.Join(row, []byte{0})...), 0)
		}
	}
	if d.Engine() == db.SQLite {
		path := string(rows(t, d, `SELECT file FROM pragma_database_list`)[0][0])
		for _, file := range []string{path, path + "-wal"} {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, text...)
		}
	}
	return out
}

func rows(t *testing.T, d *db.DB, query string) [][][]byte {
	t.Helper()
	found, err := d.Read().QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = found.Close() }()
	columns, err := found.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var out [][][]byte
	for found.Next() {
		row := make([][]byte, len(columns))
		targets := make([]any, len(columns))
		for i := range row {
			targets[i] = &row[i]
		}
		if err := found.Scan(targets...); err != nil {
			t.Fatal(err)
		}
		out = append(out, row)
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTwentyBrowsersThatOnlyOpenedALinkMayKnowASeat(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		oldest := w.opener(p)
		var newest *browser
		for range 19 {
			oldest.again(p).ok(t)
			newest = w.opener(p)
		}
		oldest.again(p).ok(t)
		w.opener(p)
		oldest.again(p).expect(t, http.StatusNotFound, "seat.unknown")
		newest.again(p).ok(t)
		if n := len(rows(t, d, `SELECT browser_hash FROM seat_browser`)); n != 20 {
			t.Errorf("%d browsers are bound", n)
		}
	})
}

func TestABrowserThatComesBackByTheNewLinkIsNotTheFirstToGo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		guest := w.opener(p)
		early := w.opener(p)
		w.tx(func(tx *db.Tx) error { return w.seats.Moved(t.Context(), tx, p.agency, p.appointment) })
		p.secret = w.secret(p)
		early.open(p.slug, p.secret).ok(t)
		for range 18 {
			w.opener(p)
		}
		w.clock.forward(time.Second)
		guest.open(p.slug, p.secret).ok(t)
		w.opener(p)
		guest.again(p).ok(t)
		early.again(p).expect(t, http.StatusNotFound, "seat.unknown") // counter-check: somebody had to go
	})
}

// opener opens the link like a mail scanner, in a browser of its own.
func (w *world) opener(p place) *browser {
	w.clock.forward(time.Second)
	return w.guest(p)
}

func (b *browser) again(p place) answer {
	return b.post("/api/guest/"+p.slug+"/open", body{"seat": p.id})
}

func TestHoweverOftenALinkIsOpenedNobodyLosesTheSeatWhoHasEnteredOrClicked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		scan := func() {
			for range 30 {
				w.opener(p)
			}
		}
		clicked, holder, asking := w.guest(p), w.guest(p), w.guest(p)
		clicked.at(p, "check", body{"result": "started"}).expect(t, http.StatusNoContent, "")
		holder.at(p, "arrive", arrival("page-one", false)).ok(t)
		scan()
		if v := holder.again(p).ok(t).view; !v.Here {
			t.Errorf("%+v", v)
		}
		clicked.again(p).ok(t)
		// Taken over on another device, which is then left: neither has to look for the link again.
		asking.again(p).expect(t, http.StatusNotFound, "seat.unknown") // counter-check: who only opened is gone
		other := w.opener(p)
		other.at(p, "arrive", arrival("page-two", true)).ok(t)
		scan()
		holder.again(p).ok(t)
		other.at(p, "leave", body{"page": "page-two"}).ok(t)
		scan()
		other.again(p).ok(t)
		clicked.again(p).ok(t)
	})
}

func TestTwentyBrowsersInWhichSomebodyClickedMayKnowASeatAndTheHolderIsNeverDropped(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		holder := w.opener(p)
		holder.at(p, "arrive", arrival("page-one", false)).ok(t)
		first := w.opener(p)
		first.at(p, "check", body{"result": "started"}).expect(t, http.StatusNoContent, "")
		for range 20 {
			w.opener(p).at(p, "check", body{"result": "started"}).expect(t, http.StatusNoContent, "")
		}
		first.again(p).expect(t, http.StatusNotFound, "seat.unknown")
		holder.again(p).ok(t)
		if n := len(rows(t, d, `SELECT browser_hash FROM seat_browser`)); n != 20 {
			t.Errorf("%d browsers are bound", n)
		}
	})
}
