package seat_test

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/seat"
)

// whileHeld lets something happen while a transaction has written and not committed; it commits once that waits for it.
// PostgreSQL only: SQLite has one writer, so who comes second begins only after the first.
func (w *world) whileHeld(written func(tx *db.Tx) error, happens func()) {
	w.t.Helper()
	var second sync.WaitGroup
	w.tx(func(tx *db.Tx) error {
		if err := written(tx); err != nil {
			return err
		}
		second.Go(happens)
		return w.somebodyWaits()
	})
	second.Wait()
}

func (w *world) somebodyWaits() error {
	late := time.Now().Add(dbtest.Patience)
	for waiting := 0; waiting == 0; {
		err := w.db.Read().QueryRowContext(w.t.Context(), `
			SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting)
		if err != nil {
			return err
		}
		if time.Now().After(late) {
			return errors.New("nobody waits for the transaction")
		}
	}
	return nil
}

// arrived is a guest who waits on page-one.
func arrived(t *testing.T) (w *world, p place, guest *browser) {
	t.Helper()
	w = newWorld(t, dbtest.Postgres(t))
	p = w.newPlace(w.own)
	guest = w.guest(p)
	guest.at(p, "arrive", arrival("page-one", false)).ok(t)
	return w, p, guest
}

func TestWhoAsksWhileACancellationIsBeingWrittenLeavesNoTask(t *testing.T) {
	d := dbtest.Postgres(t)
	w := newWorld(t, d)
	p := w.newPlace(w.own)
	guest := w.guest(p)
	w.whileHeld(
		func(tx *db.Tx) error {
			return w.seats.Close(t.Context(), tx, audit.System(), p.agency, p.appointment, "cancelled")
		},
		func() {
			if a := guest.at(p, "callback", body{"phone": "0711 5550123"}); a.status != http.StatusGone || a.code != "seat.closed" {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	if open := rows(t, d, `SELECT kind FROM task WHERE done_at IS NULL`); len(open) != 0 {
		t.Errorf("the desk is still to do: %q", open)
	}
}

func TestAnOldLinkDoesNothingMoreWhileAMoveIsBeingWritten(t *testing.T) {
	for action, with := range map[string]body{
		"arrive": arrival("page-one", false),
		"check":  {"result": "ok"},
		"cancel": {"wish": "cancel"},
	} {
		t.Run(action, func(t *testing.T) {
			d := dbtest.Postgres(t)
			w := newWorld(t, d)
			p := w.newPlace(w.own)
			guest := w.guest(p)
			w.whileHeld(
				func(tx *db.Tx) error { return w.seats.Moved(t.Context(), tx, p.agency, p.appointment) },
				func() { guest.at(p, action, with).expect(t, http.StatusGone, "link.moved") })
			if still := rows(t, d, `SELECT id FROM seat WHERE state = 'expected' AND opened_at IS NULL`); len(still) != 1 {
				t.Error("the seat that was moved is not as new")
			}
		})
	}
}

func TestAStreamThatIsOpenedByAnOldLinkWhileAMoveIsBeingWrittenShowsNothingOfIt(t *testing.T) {
	w := newWorld(t, dbtest.Postgres(t))
	p := w.newPlace(w.own)
	guest := w.guest(p)
	var s *stream
	w.whileHeld(
		func(tx *db.Tx) error { return w.seats.Moved(t.Context(), tx, p.agency, p.appointment) },
		func() { s = guest.listen(p, "page-one") })
	s.expect("hello", "")
	s.expect("bye", `{"reason":"moved"}`)
	s.expect("end", "")
}

func TestATaskThatAColleagueTicksOffDuringAMoveKeepsItsTime(t *testing.T) {
	d := dbtest.Postgres(t)
	w := newWorld(t, d)
	p := w.newPlace(w.own)
	w.guest(p).at(p, "cancel", body{"wish": "move"}).ok(t)
	w.whileHeld(
		func(tx *db.Tx) error {
			_, err := tx.ExecContext(t.Context(), `UPDATE task SET done_at = 5 WHERE agency_id = $1 AND appointment_id = $2`, p.agency, p.appointment)
			return err
		},
		func() {
			if err := d.Tx(t.Context(), func(tx *db.Tx) error { return w.seats.Moved(t.Context(), tx, p.agency, p.appointment) }); err != nil {
				t.Error(err)
			}
		})
	if done := rows(t, d, `SELECT id FROM task WHERE done_at = 5`); len(done) != 1 {
		t.Error("the move has overwritten when it was done")
	}
}

// A telephone that is unlocked says so in the moment in which its stream comes back.
func TestWhoIsUnlockedWhileItsStreamComesBackIsThere(t *testing.T) {
	w, p, guest := arrived(t)
	guest.at(p, "presence", body{"page": "page-one", "visible": false}).expect(t, http.StatusNoContent, "")
	w.whileHeld(
		func(tx *db.Tx) error {
			_, _, err := w.seats.Do(t.Context(), tx, p.agency, p.id, seat.Connected{Here: true})
			return err
		},
		func() {
			guest.at(p, "presence", body{"page": "page-one", "visible": true}).expect(t, http.StatusNoContent, "")
		})
	if now := w.seat(p); now.AwaySince != nil || now.HiddenSince != nil {
		t.Errorf("away since %v, hidden since %v", now.AwaySince, now.HiddenSince)
	}
}

// A telephone that has changed its network comes back while another node notices that it has gone: whoever is second knows
// of the first, and what is written last is true.
func TestAVA07APageThatComesBackWhileItsNodeIsFoundDeadIsThere(t *testing.T) {
	d, steps := dbtest.PostgresInSteps(t)
	w := newWorld(t, d)
	p := w.guestOfAnotherNode()
	guest := w.guest(p)
	w.clock.forward(6 * time.Second)
	buries := func() {
		told := w.events.Subscribe(p.agency, seat.Topic(p.id))
		defer told.Close()
		stop := w.background(w.node("node-two").Run)
		defer stop()
		select {
		case <-told.C:
		case <-time.After(dbtest.Patience):
			t.Error("the node is not found dead")
		}
	}
	comesBack := func() { guest.listen(p, "page-two").until("snapshot") }
	if n := steps.Crossing(saves, buries, comesBack); n != 0 {
		t.Errorf("%d times the database had to end one of them", n)
	}
	if now := w.seat(p); now.AwaySince != nil {
		t.Errorf("is there, and away since %v", now.AwaySince)
	}
}

// Another browser is given the talk in the moment in which its stream comes back.
func TestWhoIsGivenATalkWhileTheirStreamComesBackIsThere(t *testing.T) {
	d, steps := dbtest.PostgresInSteps(t)
	w := newWorld(t, d)
	p := w.newPlace(w.own)
	w.guest(p).at(p, "arrive", arrival("page-one", false)).ok(t)
	w.must(p, seat.Admit{})
	other := w.guest(p)
	other.at(p, "arrive", arrival("page-two", true)).ok(t)
	gives := func() {
		err := d.Retried(t.Context(), func(tx *db.Tx) error {
			_, _, err := w.seats.Do(t.Context(), tx, p.agency, p.id, seat.Answer{Allow: true})
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	if n := steps.Crossing(saves, gives, func() { other.listen(p, "page-two").until("snapshot") }); n != 0 {
		t.Errorf("%d times the database had to end one of them", n)
	}
	if now := w.seat(p); now.AwaySince != nil || now.Holder.Page != "page-two" {
		t.Errorf("%q has the talk, is there, and away since %v", now.Holder.Page, now.AwaySince)
	}
}

// The database is closed when everything has ended.
func TestAProcessEndsWhenWhatItSaysOfItsPagesIsWritten(t *testing.T) {
	d := dbtest.Postgres(t)
	w := newWorld(t, d)
	p := w.newPlace(w.own)
	stop := w.background(w.seats.Run)
	w.whileHeld(
		func(tx *db.Tx) error {
			_, _, err := w.seats.Do(t.Context(), tx, p.agency, p.id, seat.Opened{})
			return err
		},
		func() {
			w.seats.Attend(p.agency, p.id, "sommer")
			stop()
			if n := len(rows(t, d, `SELECT page FROM seat_presence`)); n != 1 {
				t.Errorf("ended, and %d of 1 rows are written", n)
			}
			w.seats.Attend(p.agency, p.id, "winter")() // a stream that is late
		})
	if n := len(rows(t, d, `SELECT page FROM seat_presence`)); n != 1 {
		t.Errorf("%d rows: something is written after the end", n)
	}
}

const saves = "UPDATE seat SET state"

// offered describes a page that waits.
func offered(page string) body {
	return body{"page": page, "commit": strings.Repeat("c", 43), "offer": "v=0 KANARIE-offer"}
}

func TestADescriptionThatComesWhileTheGuestIsCalledInOutlivesNothing(t *testing.T) {
	w, p, guest := arrived(t)
	w.whileHeld(
		func(tx *db.Tx) error {
			_, _, err := w.seats.Do(t.Context(), tx, p.agency, p.id, seat.Admit{})
			return err
		},
		func() { guest.at(p, "prepare", offered("page-one")).ok(t) })
	if w.talks.noted() != "rejoin" {
		t.Errorf("the talk heard %q of it", w.talks.noted())
	}
	if kept := rows(t, w.db, `SELECT id FROM seat WHERE prepared_sealed IS NOT NULL`); len(kept) != 0 {
		t.Error("what only a waiting page is for is kept beside the talk")
	}
}

func TestADescriptionOfThePageBeforeDoesNotReplaceThatOfWhoHasTakenOver(t *testing.T) {
	w, p, guest := arrived(t)
	other := seat.Holder{Browser: "aabb00", Page: "page-two"}
	w.whileHeld(
		func(tx *db.Tx) error {
			if _, _, err := w.seats.Do(t.Context(), tx, p.agency, p.id, seat.Arrive{Who: other, Mode: seat.Video, TakeOver: true}); err != nil {
				return err
			}
			_, err := tx.ExecContext(t.Context(), `UPDATE seat SET prepared_sealed = $1 WHERE agency_id = $2 AND id = $3`, []byte("of page two"), p.agency, p.id)
			return err
		},
		func() { guest.at(p, "prepare", offered("page-one")).expect(t, http.StatusConflict, "seat.elsewhere") })
	if kept := rows(t, w.db, `SELECT id FROM seat WHERE prepared_sealed = convert_to('of page two', 'UTF8')`); len(kept) != 1 {
		t.Error("who was taken over from has the last word")
	}
}

func TestNothingThatAPageHasDescribedOutlivesItsTalk(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		for what, over := range map[string]func(who seat.Holder) seat.Command{
			"left":   func(who seat.Holder) seat.Command { return seat.Leave{Who: who} },
			"closed": func(seat.Holder) seat.Command { return seat.End{Reason: "held"} },
		} {
			p := w.newPlace(w.own)
			w.guest(p).at(p, "arrive", arrival("page-one", false)).ok(t)
			w.must(p, seat.Admit{})
			w.tx(func(tx *db.Tx) error { // as a version before this one may have left it
				_, err := tx.ExecContext(t.Context(), `UPDATE seat SET prepared_sealed = $1 WHERE agency_id = $2 AND id = $3`, []byte("sealed"), p.agency, p.id)
				return err
			})
			w.must(p, over(w.seat(p).Holder))
			if kept := rows(t, w.db, `SELECT id FROM seat WHERE prepared_sealed IS NOT NULL`); len(kept) != 0 {
				t.Errorf("%s, and the description of the guest's browser is kept", what)
			}
		}
	})
}
