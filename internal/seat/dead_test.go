package seat_test

import (
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/seat"
)

// guestsOfAnotherNode wait on pages whose streams are with the node of guestOfAnotherNode.
func (w *world) guestsOfAnotherNode(n int) []place {
	w.t.Helper()
	all := []place{w.guestOfAnotherNode()}
	for len(all) < n {
		p := w.newPlace(w.own)
		w.tx(func(tx *db.Tx) error {
			_, err := tx.ExecContext(w.t.Context(), `INSERT INTO seat_presence (agency_id, seat_id, page, node_id, created_at) VALUES ($1, $2, 'page-two', 'node-dead', 0)`,
				p.agency, p.id)
			return err
		})
		w.guest(p).at(p, "arrive", arrival("page-two", false)).ok(w.t)
		all = append(all, p)
	}
	return all
}

// refuse lets no change of a seat be saved.
func (w *world) refuse(p place) {
	w.t.Helper()
	lines := []string{`CREATE TRIGGER broken BEFORE UPDATE ON seat WHEN OLD.id = '` + p.id + `' BEGIN SELECT RAISE(ABORT, 'broken row'); END`}
	if w.db.Engine() == db.PostgreSQL {
		lines = []string{
			`CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'broken row'; END $$`,
			`CREATE TRIGGER broken BEFORE UPDATE ON seat FOR EACH ROW WHEN (OLD.id = '` + p.id + `') EXECUTE FUNCTION broken()`,
		}
	}
	w.tx(func(tx *db.Tx) error {
		for _, line := range lines {
			if _, err := tx.ExecContext(w.t.Context(), line); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestAVA07ASeatThatCannotBeSettledKeepsNoOtherGuestOfADeadNodeHere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		guests := w.guestsOfAnotherNode(5)
		broken := guests[0]
		for _, p := range guests {
			if p.agency+p.id < broken.agency+broken.id { // the one that is settled first
				broken = p
			}
		}
		w.refuse(broken)
		w.clock.forward(6 * time.Second)
		w.background(w.node("node-two").Run)
		for _, p := range guests {
			if p != broken {
				w.await(p, "away", away)
			}
		}
		var left int
		err := d.Read().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM seat_presence JOIN node ON node.id = node_id WHERE node_id = 'node-dead'`).Scan(&left)
		if err != nil || left != 1 {
			t.Errorf("%d guests are left for the next time, %v", left, err)
		}
	})
}

// renewing is the clock of a node. When it is read for the list of the dead, node-dead begins to renew its lease, which
// nobody sees before that list is read. It tells of the next reading, for the first guest.
func (w *world) renewing() (now func() time.Time, begun <-chan struct{}) {
	var calls atomic.Int32
	first := make(chan struct{})
	return func() time.Time {
		now := w.clock.Now()
		switch calls.Add(1) {
		case 2: // the first was for the lease of its own
			written := make(chan struct{})
			go func() {
				err := w.db.Tx(w.t.Context(), func(tx *db.Tx) error {
					_, err := tx.ExecContext(w.t.Context(), `UPDATE node SET lease_until = $1 WHERE id = 'node-dead'`, db.Ms(now.Add(12*time.Second)))
					close(written)
					<-time.After(time.Second)
					return err
				})
				if err != nil {
					w.t.Error(err)
				}
			}()
			<-written
		case 3:
			close(first)
		}
		return now
	}, first
}

func TestAVA07ANodeThatRenewsItsLeaseAtTheLastMomentKeepsItsGuests(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		lost := w.guestOfAnotherNode()
		w.clock.forward(6 * time.Second)
		now, begun := w.renewing()
		w.options.Clock = now
		changed := w.events.Subscribe(lost.agency, seat.Topic(lost.id))
		defer changed.Close()
		w.background(w.node("node-two").Run)
		select {
		case <-begun:
		case <-time.After(dbtest.Patience):
			t.Fatal("this test needs a node that was taken for dead")
		}
		late := time.After(3 * time.Second)
		for {
			select {
			case <-changed.C:
				if away(w.seat(lost)) {
					t.Fatal("the guest was taken for away")
				}
				continue
			case <-late:
			}
			return
		}
	})
}

// remove deletes a seat with all that there is of it.
func (w *world) remove(p place) {
	w.t.Helper()
	w.tx(func(tx *db.Tx) error {
		for _, table := range []string{"seat_presence", "seat_browser", "seat_link"} {
			if _, err := tx.ExecContext(w.t.Context(), `DELETE FROM `+table+` WHERE agency_id = $1 AND seat_id = $2`, p.agency, p.id); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(w.t.Context(), `DELETE FROM seat WHERE agency_id = $1 AND id = $2`, p.agency, p.id)
		return err
	})
}

func TestOfASeatThatWasDeletedNothingIsLeftToSay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.newPlace(w.own)
		w.refuse(w.guestOfAnotherNode()) // each beat fails for that one, and says so
		w.clock.forward(6 * time.Second)
		w.remove(p)
		node := w.node("node-two")
		node.Attend(p.agency, p.id, p.staff)
		stop := w.background(node.Run)
		for late := time.Now().Add(dbtest.Patience); !strings.Contains(w.log.String(), "renew lease"); {
			if time.Now().After(late) {
				t.Fatal("no beat")
			}
			runtime.Gosched()
		}
		stop()
		log := w.log.String()
		if !strings.Contains(log, "settle seat of dead node") || strings.Contains(log, "not found") {
			t.Error(log)
		}
	})
}

func TestASeatThatIsDeletedWhileItsDeadNodeIsBuriedHoldsNothingUp(t *testing.T) {
	d, steps := dbtest.PostgresInSteps(t)
	w := newWorld(t, d)
	p := w.guestOfAnotherNode()
	w.clock.forward(6 * time.Second)
	buries := func() {
		stop := w.background(w.node("node-two").Run)
		defer stop()
		for late := time.Now().Add(dbtest.Patience); ; {
			nodes, err := db.Texts(d.Read().QueryContext(t.Context(), `SELECT id FROM node WHERE id = 'node-dead'`))
			if err != nil {
				t.Error(err)
			}
			if len(nodes) == 0 {
				return
			}
			if time.Now().After(late) || strings.Contains(w.log.String(), "not found") {
				t.Error("the dead node stays", w.log.String())
				return
			}
		}
	}
	if n := steps.Crossing("UPDATE node SET lease_until = lease_until", buries, func() { w.remove(p) }); n != 0 {
		t.Errorf("%d times the database had to end one of them", n)
	}
}
