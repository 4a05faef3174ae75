package audit_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/vault"
)

func TestAUD01AnEntryIsWrittenWithItsTransactionOrNotAtAll(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		failed := errors.New("undone")
		err := d.Tx(w.ctx(), func(tx *db.Tx) error {
			if err := w.Append(w.ctx(), tx, w.held("one")); err != nil {
				return err
			}
			return failed
		})
		if !errors.Is(err, failed) || len(w.rows()) != 0 {
			t.Fatal(err, w.rows())
		}
		w.append("one", "two")
		w.tx(func(tx *db.Tx) error { // two acts in one transaction, and another agency's between them
			err := w.Append(w.ctx(), tx, w.held("three"))
			foreign := w.held("foreign")
			foreign.Agency = w.there
			return errors.Join(err, w.Append(w.ctx(), tx, foreign), w.Append(w.ctx(), tx, w.held("four")))
		})
		got := ""
		for _, r := range w.rows() {
			got += fmt.Sprintf("%d %s %s %s %s %s|", r.Seq, r.ActorKind, r.Act, r.ObjectKind, r.Object, r.Detail)
		}
		want := "4 staff appointment.closed appointment four outcome=held|3 staff appointment.closed appointment three outcome=held|" +
			"2 staff appointment.closed appointment two outcome=held|1 staff appointment.closed appointment one outcome=held|"
		if got != want {
			t.Errorf("%s", got)
		}
		if faults := w.verify(nil); len(faults) != 0 {
			t.Error(faults)
		}
		r, err := w.Verify(w.ctx(), w.there, nil)
		if err != nil || r.Entries != 1 || len(r.Faults) != 0 {
			t.Errorf("%+v %v", r, err)
		}
	})
}

func TestAUD01WhatIsNoEntryStopsTheTransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		e := w.held("one")
		e.Detail = []audit.Code{audit.Is("outcome", "Erika Beispiel")}
		err := d.Tx(w.ctx(), func(tx *db.Tx) error { return w.Append(w.ctx(), tx, e) })
		if err == nil || strings.Contains(err.Error(), "Erika") || len(w.rows()) != 0 {
			t.Error(err)
		}
	})
}

func TestAUD01ManyAtOnceMakeOneChain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		nodes := []*audit.Log{w.Log, w.node(w.ring)}
		const each, workers = 10, 4
		var all sync.WaitGroup
		for i := range workers {
			all.Go(func() {
				for j := range each {
					err := d.Tx(w.ctx(), func(tx *db.Tx) error {
						return nodes[i%len(nodes)].Append(w.ctx(), tx, w.held(fmt.Sprintf("x%d-%d", i, j)))
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		r := w.report(nil)
		if r.Entries != each*workers || r.Head.Seq != each*workers || len(r.Faults) != 0 {
			t.Errorf("%d entries, head %d: %v", r.Entries, r.Head.Seq, r.Faults)
		}
	})
}

func TestAUD01PeopleAreFoundByPseudonymUntilTheKeyOfTheirAgencyIsGone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.append("one")
		w.tx(func(tx *db.Tx) error {
			e := w.held("two")
			e.By = audit.Staff("winter")
			given := audit.Entry{Agency: w.here, By: audit.Staff("winter"), Act: audit.RoleGiven, Object: "sommer", Detail: []audit.Code{audit.Is("role", "advisor")}}
			return errors.Join(w.Append(w.ctx(), tx, e), w.Append(w.ctx(), tx, given))
		})
		sommer, err := w.Pseudonym(w.ctx(), d.Read(), w.here, "sommer")
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range w.rows() {
			if text := fmt.Sprint(r); strings.Contains(text, "sommer") || strings.Contains(text, "winter") {
				t.Errorf("%+v", r)
			}
		}
		list, err := w.Page(w.ctx(), d.Read(), w.here, audit.Filter{Person: sommer}, audit.Cursor{}, 100)
		if err != nil || len(list) != 2 || list[0].Act != audit.RoleGiven || list[1].Object != "one" {
			t.Errorf("%+v %v", list, err)
		}
		if abroad, err := w.Pseudonym(w.ctx(), d.Read(), w.there, "sommer"); err != nil || abroad == sommer {
			t.Errorf("the same in another agency: %v", err)
		}
		// The key is destroyed: nobody finds the person any more, and the chain is still whole.
		other, err := w.ring.NewDataKey()
		if err != nil {
			t.Fatal(err)
		}
		w.exec(`UPDATE agency SET key_wrapped = $1 WHERE id = $2`, other, w.here)
		w.agencies = agency.New(d, w.ring, time.UTC, w.clock)
		w.Log = w.node(w.ring)
		if now, err := w.Pseudonym(w.ctx(), d.Read(), w.here, "sommer"); err != nil || now == sommer {
			t.Errorf("%v", err)
		}
		if faults := w.verify(nil); len(faults) != 0 {
			t.Error(faults)
		}
	})
}

func TestAUD01WhatStrangersCanRepeatIsKeptOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		knock := func(object string) {
			w.tx(func(tx *db.Tx) error {
				return w.Append(w.ctx(), tx, audit.Entry{Agency: w.here, By: audit.System(), Act: audit.SessionThrottled, Object: object, Once: time.Hour})
			})
		}
		for range 5 {
			knock("sommer")
			w.forward(11 * time.Minute)
		}
		knock("winter")
		if n := len(w.rows()); n != 2 {
			t.Errorf("%d entries", n)
		}
		w.forward(6 * time.Minute) // an hour and a minute after the first
		knock("sommer")
		if n := len(w.rows()); n != 3 {
			t.Errorf("%d entries", n)
		}
	})
}

func TestAUD01TheDatabaseRefusesToChangeWhatIsWritten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.append("one", "two")
		for _, query := range []string{
			`UPDATE audit_entry SET detail = ''`, `DELETE FROM audit_entry`, `DELETE FROM audit_entry WHERE seq = 2`,
		} {
			err := d.Tx(w.ctx(), func(tx *db.Tx) error {
				_, err := tx.ExecContext(w.ctx(), query)
				return err
			})
			if err == nil || !strings.Contains(err.Error(), "append only") {
				t.Errorf("%s: %v", query, err)
			}
		}
		if n := len(w.rows()); n != 2 {
			t.Errorf("%d entries", n)
		}
	})
}

func TestAUD01AListIsReadInPagesTheNewestFirst(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		for i := range 7 {
			w.append(fmt.Sprintf("x%d", i))
		}
		w.tx(func(tx *db.Tx) error { // two of the same moment
			return errors.Join(w.Append(w.ctx(), tx, w.held("y")), w.Append(w.ctx(), tx, audit.Entry{Agency: w.here, By: audit.Guest(), Act: audit.TakeoverAsked, Object: "z"}))
		})
		var got []string
		var after audit.Cursor
		for {
			page, err := w.Page(w.ctx(), d.Read(), w.here, audit.Filter{}, after, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range page {
				got = append(got, r.Object)
				after = audit.Cursor{At: r.At, Seq: r.Seq}
			}
			if len(page) < 2 {
				break
			}
		}
		if strings.Join(got, " ") != "z y x6 x5 x4 x3 x2 x1 x0" {
			t.Error(got)
		}
		for _, c := range []struct {
			f    audit.Filter
			want int
		}{
			{audit.Filter{}, 9},
			{audit.Filter{From: start().Add(2 * time.Minute)}, 7},
			{audit.Filter{From: start().Add(2 * time.Minute), Until: start().Add(4 * time.Minute)}, 2},
			{audit.Filter{Act: audit.TakeoverAsked}, 1},
			{audit.Filter{Object: "x3"}, 1},
			{audit.Filter{Object: "x3", Act: audit.TakeoverAsked}, 0},
			{audit.Filter{Person: "nobody"}, 0},
		} {
			list, err := w.Page(w.ctx(), d.Read(), w.here, c.f, audit.Cursor{}, 100)
			n, counted := w.Count(w.ctx(), d.Read(), w.here, c.f, 100)
			if err != nil || counted != nil || len(list) != c.want || n != c.want {
				t.Errorf("%+v: %d and %d, %v %v", c.f, len(list), n, err, counted)
			}
		}
		if n, err := w.Count(w.ctx(), d.Read(), w.here, audit.Filter{}, 4); err != nil || n != 4 {
			t.Errorf("%d %v", n, err)
		}
		if list, err := w.Page(w.ctx(), d.Read(), w.there, audit.Filter{}, audit.Cursor{}, 100); err != nil || len(list) != 0 {
			t.Errorf("another agency sees %v %v", list, err)
		}
	})
}

func TestAUD01EntriesOfAnAgencyThatIsJustBeingMade(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.tx(func(tx *db.Tx) error {
			a, err := w.agencies.Create(w.ctx(), tx, agency.Agency{Slug: "neu", Name: "neu"})
			w.here = a.ID
			return errors.Join(err, w.Append(w.ctx(), tx, audit.Entry{Agency: a.ID, By: audit.System(), Act: audit.AccountCreated, Object: vault.NewID()}))
		})
		if r := w.report(nil); r.Entries != 1 || len(r.Faults) != 0 {
			t.Errorf("%+v", r)
		}
	})
}
