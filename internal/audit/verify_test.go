package audit_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
)

// tampering is what somebody does who has the database but not the key file, and what is said of it.
type tampering struct {
	name string
	do   func(w *world)
	want string // the first fault
}

func flips() []tampering {
	var all []tampering
	for column, value := range map[string]any{
		"at": int64(5), "actor": "somebody", "actor_kind": "guest", "act": "link.shown", "object_kind": "agency", "object_id": "x9",
		"detail": "outcome=phone", "prev": bytes.Repeat([]byte{7}, 32), "hash": bytes.Repeat([]byte{7}, 32),
	} {
		all = append(all, tampering{"column " + column, func(w *world) {
			w.exec(`UPDATE audit_entry SET `+column+` = $1 WHERE agency_id = $2 AND seq = 3`, value, w.here)
		}, "entry 3 was changed, or was not written by Visavis with this key file"})
	}
	all = append(all,
		tampering{"column seq", func(w *world) { w.exec(`UPDATE audit_entry SET seq = 9 WHERE agency_id = $1 AND seq = 5`, w.here) }, "entries 5 to 8 are missing"},
		tampering{"column agency_id", func(w *world) {
			w.exec(`UPDATE audit_entry SET agency_id = $1 WHERE agency_id = $2 AND seq = 2`, w.there, w.here)
		}, "entry 2 is missing"},
	)
	return all
}

func losses() []tampering {
	remove := func(condition string) func(w *world) {
		return func(w *world) { w.exec(`DELETE FROM audit_entry WHERE agency_id = $1 AND seq `+condition, w.here) }
	}
	forged := "the head of the chain was changed or set back: it says that entry 3 is the last"
	return []tampering{
		{"the first is deleted", remove("= 1"), "entry 1 is missing"},
		{"one in the middle is deleted", remove("= 3"), "entry 3 is missing"},
		{"several are deleted", remove("IN (2, 3)"), "entries 2 to 3 are missing"},
		{"the last is deleted", remove("= 5"), "entry 5 is missing"},
		{"all are deleted", remove("> 0"), "entries 1 to 5 are missing"},
		{"the tail is cut and the head set back", func(w *world) {
			remove("> 3")(w)
			w.exec(`UPDATE audit_head SET seq = 3, hash = (SELECT hash FROM audit_entry WHERE agency_id = $1 AND seq = 3) WHERE agency_id = $1`, w.here)
		}, forged},
		{"and then somebody acts", func(w *world) {
			remove("> 3")(w)
			w.exec(`UPDATE audit_head SET seq = 3, hash = (SELECT hash FROM audit_entry WHERE agency_id = $1 AND seq = 3) WHERE agency_id = $1`, w.here)
			w.append("later")
		}, "before entry 4 the end of the chain was changed from outside"},
		{"the beginning is cut and the anchor set on", func(w *world) {
			w.exec(`UPDATE audit_head SET anchor_seq = 2, anchor_hash = (SELECT hash FROM audit_entry WHERE agency_id = $1 AND seq = 2) WHERE agency_id = $1`, w.here)
			remove("< 3")(w)
		}, "the head of the chain was changed or set back: it says that entry 5 is the last"},
		{"the head is deleted", func(w *world) { w.exec(`DELETE FROM audit_head WHERE agency_id = $1`, w.here) }, "the head of the chain is missing, though there are entries"},
		{"the head and the first are deleted, and then somebody acts", func(w *world) {
			remove("= 1")(w)
			w.exec(`DELETE FROM audit_head WHERE agency_id = $1`, w.here)
			w.append("later")
		}, "entry 1 is missing"},
		{"the head is deleted, and then somebody acts", func(w *world) {
			w.exec(`DELETE FROM audit_head WHERE agency_id = $1`, w.here)
			w.append("later")
		}, "before entry 6 the end of the chain was changed from outside"},
	}
}

func disorders() []tampering {
	copied := `INSERT INTO audit_entry (agency_id, seq, at, actor, actor_kind, act, object_kind, object_id, detail, prev, hash)
		SELECT agency_id, 6, at, actor, actor_kind, act, object_kind, object_id, detail, prev, hash FROM audit_entry WHERE agency_id = $1 AND seq = 5`
	changed := func(n int) string {
		return fmt.Sprintf("entry %d was changed, or was not written by Visavis with this key file", n)
	}
	return []tampering{
		{"two are swapped", func(w *world) {
			w.exec(`UPDATE audit_entry SET seq = 99 WHERE agency_id = $1 AND seq = 2`, w.here)
			w.exec(`UPDATE audit_entry SET seq = 2 WHERE agency_id = $1 AND seq = 4`, w.here)
			w.exec(`UPDATE audit_entry SET seq = 4 WHERE agency_id = $1 AND seq = 99`, w.here)
		}, changed(2)},
		{"the contents of two are swapped", func(w *world) {
			w.exec(`UPDATE audit_entry SET object_id = 'x9' WHERE agency_id = $1 AND seq = 2`, w.here)
			w.exec(`UPDATE audit_entry SET object_id = 'x1' WHERE agency_id = $1 AND seq = 3`, w.here)
		}, changed(2)},
		{"one is added at the end", func(w *world) { w.exec(copied, w.here) }, changed(6)},
		{"one is added at the end, and then somebody acts", func(w *world) {
			w.exec(copied, w.here)
			w.append("later")
		}, changed(6)},
		{"one is added at the end, and the head set on", func(w *world) {
			w.exec(copied, w.here)
			w.exec(`UPDATE audit_head SET seq = 6 WHERE agency_id = $1`, w.here)
		}, "the head of the chain was changed or set back: it says that entry 6 is the last"},
		{"one is put in between", func(w *world) {
			w.exec(`UPDATE audit_entry SET seq = seq + 100 WHERE agency_id = $1 AND seq > 2`, w.here)
			w.exec(`UPDATE audit_entry SET seq = seq - 99 WHERE agency_id = $1 AND seq > 100`, w.here)
			w.exec(`INSERT INTO audit_entry (agency_id, seq, at, actor, actor_kind, act, object_kind, object_id, detail, prev, hash)
				SELECT agency_id, 3, at, actor, actor_kind, act, object_kind, object_id, detail, prev, hash FROM audit_entry WHERE agency_id = $1 AND seq = 2`, w.here)
		}, changed(3)},
		{"another agency's is put there", func(w *world) {
			w.exec(`DELETE FROM audit_entry WHERE agency_id = $1 AND seq = 1`, w.here)
			w.exec(`UPDATE audit_entry SET agency_id = $1 WHERE agency_id = $2 AND seq = 1`, w.here, w.there)
		}, changed(1)},
	}
}

func TestAUD01WhateverIsChangedInTheDatabaseIsFoundAndNamed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, one := range slices.Concat(flips(), losses(), disorders()) {
			t.Run(one.name, func(t *testing.T) {
				w := newWorld(t, d) // two more agencies on the same database
				w.append("x0", "x1", "x2", "x3", "x4")
				foreign := w.held("y")
				foreign.Agency = w.there
				w.tx(func(tx *db.Tx) error { return w.Append(w.ctx(), tx, foreign) })
				if faults := w.verify(nil); len(faults) != 0 {
					t.Fatal("before anything was done:", faults)
				}
				w.own()
				one.do(w)
				faults := w.verify(nil)
				if len(faults) == 0 || faults[0] != one.want {
					t.Errorf("%q", faults)
				}
			})
		}
	})
}

// Whoever reads the audit finds there, too, that somebody has written behind it, once.
func TestAUD01AfterAChangeFromOutsideAnEntrySaysSoAndTheChainGoesOn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.append("x0", "x1")
		w.own()
		w.exec(`DELETE FROM audit_entry WHERE agency_id = $1 AND seq = 2`, w.here)
		w.exec(`UPDATE audit_head SET seq = 1 WHERE agency_id = $1`, w.here)
		w.append("x2")
		w.append("x3")
		got := ""
		for _, r := range w.rows() {
			got += fmt.Sprintf("%d %s %s %s|", r.Seq, r.Act, r.ActorKind, r.Object)
		}
		if want := fmt.Sprintf("4 appointment.closed staff x3|3 appointment.closed staff x2|2 %s system %s|1 appointment.closed staff x0|", audit.AuditBroken, w.here); got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
	})
}

func TestAUD01WhoHasOnlyTheDatabaseCannotWriteAChainAnew(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.append("x0", "x1")
		w.own()
		w.exec(`DELETE FROM audit_entry`)
		w.exec(`DELETE FROM audit_head`)
		ours := w.Log
		w.Log = w.node(keyring(t)) // the same program, with keys of their own
		w.append("x0")
		if faults := w.verify(nil); len(faults) != 0 {
			t.Fatal(faults)
		}
		w.Log = ours
		want := []string{"the head of the chain was changed or set back: it says that entry 1 is the last", "entry 1 was changed, or was not written by Visavis with this key file"}
		if faults := w.verify(nil); !slices.Equal(faults, want) {
			t.Errorf("%q", faults)
		}
	})
}

// What was there before, as from a backup, is whole in itself. Only what is known from elsewhere tells.
func TestAUD01AHeadKeptElsewhereProvesThatNothingWasTakenBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.append("x0", "x1")
		then := w.report(nil).Head
		w.exec(`CREATE TABLE kept_head AS SELECT * FROM audit_head`)
		w.append("x2", "x3")
		kept := w.report(nil).Head
		if faults := append(w.verify(&then), w.verify(&kept)...); len(faults) != 0 {
			t.Fatal(faults)
		}
		w.own()
		w.exec(`DELETE FROM audit_head WHERE agency_id = $1`, w.here)
		w.exec(`INSERT INTO audit_head SELECT * FROM kept_head WHERE agency_id = $1`, w.here)
		if faults := w.verify(nil); !slices.Equal(faults, []string{"entry 3 lies behind the end of the chain", "entry 4 lies behind the end of the chain"}) {
			t.Errorf("%q", faults)
		}
		w.exec(`DELETE FROM audit_entry WHERE agency_id = $1 AND seq > 2`, w.here)
		if faults := w.verify(nil); len(faults) != 0 {
			t.Fatal("it should look whole:", faults)
		}
		if faults := w.verify(&kept); !slices.Equal(faults, []string{"entries 3 to 4 are missing"}) {
			t.Errorf("%q", faults)
		}
		w.append("y2", "y3") // and history goes on otherwise
		if faults := w.verify(&kept); !slices.Equal(faults, []string{"entry 4 is another one than the head says that was given"}) {
			t.Errorf("%q", faults)
		}
		if faults := w.verify(&then); len(faults) != 0 {
			t.Errorf("%q", faults)
		}
		// Everything is gone, and begins anew.
		w.exec(`DELETE FROM audit_entry WHERE agency_id = $1`, w.here)
		w.exec(`DELETE FROM audit_head WHERE agency_id = $1`, w.here)
		if faults := w.verify(&then); !slices.Equal(faults, []string{"entries 1 to 2 are missing"}) {
			t.Errorf("%q", faults)
		}
	})
}

// Entries that are genuine each for itself, of two histories.
func TestAUD01AnEntryOfAnotherHistoryDoesNotFit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.append("x0", "x1")
		w.exec(`CREATE TABLE kept_head AS SELECT * FROM audit_head`)
		w.append("x2", "x3", "x4")
		w.exec(`CREATE TABLE kept_entry AS SELECT * FROM audit_entry`)
		w.own()
		w.exec(`DELETE FROM audit_entry WHERE seq > 2`)
		w.exec(`DELETE FROM audit_head`)
		w.exec(`INSERT INTO audit_head SELECT * FROM kept_head`)
		w.append("y2", "y3", "y4")
		if faults := w.verify(nil); len(faults) != 0 {
			t.Fatal(faults)
		}
		for _, c := range []struct {
			seq  int
			want []string
		}{
			{4, []string{"entry 4 does not belong after the one before it", "entry 5 does not belong after the one before it"}},
			{5, []string{"entry 5 does not belong after the one before it", "entry 5 is not the one that the head of the chain names"}},
		} {
			w.exec(`CREATE TABLE ours AS SELECT * FROM audit_entry`)
			w.exec(`DELETE FROM audit_entry WHERE seq = $1`, c.seq)
			w.exec(`INSERT INTO audit_entry SELECT * FROM kept_entry WHERE seq = $1`, c.seq)
			if faults := w.verify(nil); !slices.Equal(faults, c.want) {
				t.Errorf("%q", faults)
			}
			w.exec(`DELETE FROM audit_entry`)
			w.exec(`INSERT INTO audit_entry SELECT * FROM ours`)
			w.exec(`DROP TABLE ours`)
		}
	})
}

func TestAUD01AHeadIsReadAsItIsPrinted(t *testing.T) {
	h := audit.Head{Seq: 12, Hash: bytes.Repeat([]byte{0xab}, 32)}
	got, err := audit.ParseHead(h.String() + "\n")
	if err != nil || got.Seq != 12 || !bytes.Equal(got.Hash, h.Hash) {
		t.Errorf("%+v %v", got, err)
	}
	for _, wrong := range []string{"", "12", "12:", ":ab", "0:" + h.String()[3:], "-1:" + h.String()[3:], "12:abcd", "12:zz" + h.String()[5:], h.String() + "00"} {
		if _, err := audit.ParseHead(wrong); err == nil {
			t.Errorf("%q was read", wrong)
		}
	}
}

func TestAUD01OldEntriesGoFromTheBeginningOnlyAndTheChainStaysWhole(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.append("x0", "x1", "x2", "x3") // at 0, 1, 2 and 3 minutes
		early, late := w.report(nil), audit.Head{}
		for _, r := range w.rows() {
			if r.Seq == 2 {
				late = audit.Head{Seq: 2, Hash: r.Hash}
			}
			if r.Seq == 1 {
				early.Head = audit.Head{Seq: 1, Hash: r.Hash}
			}
		}
		w.exec(`CREATE TABLE kept_entry AS SELECT * FROM audit_entry WHERE seq = 1`)
		n, err := w.Cut(w.ctx(), w.here, start().Add(2*time.Minute))
		if err != nil || n != 2 {
			t.Fatal(n, err)
		}
		got := ""
		for _, r := range w.rows() {
			got += fmt.Sprintf("%d %s %s|", r.Seq, r.Act, r.Detail)
		}
		if got != "5 audit.cut from=1 to=2|4 appointment.closed outcome=held|3 appointment.closed outcome=held|" {
			t.Error(got)
		}
		if r := w.report(&late); len(r.Faults) != 0 || r.KnownIsGone || r.First != 3 {
			t.Errorf("%+v", r)
		}
		if r := w.report(&early.Head); len(r.Faults) != 0 || !r.KnownIsGone {
			t.Errorf("%+v", r)
		}
		late.Hash = bytes.Repeat([]byte{1}, 32)
		if faults := w.verify(&late); len(faults) != 1 {
			t.Errorf("%q", faults)
		}
		for range 2 { // nothing more is old enough
			if n, err := w.Cut(w.ctx(), w.here, start().Add(2*time.Minute)); err != nil || n != 0 || len(w.rows()) != 3 {
				t.Error(n, err)
			}
		}
		// However long ago: something to begin with stays.
		if n, err := w.Cut(w.ctx(), w.here, start().Add(time.Hour)); err != nil || n != 2 {
			t.Error(n, err)
		}
		if r := w.report(nil); r.Entries != 2 || r.First != 5 || len(r.Faults) != 0 {
			t.Errorf("%+v", r)
		}
		w.append("y0")
		if faults := w.verify(nil); len(faults) != 0 {
			t.Error(faults)
		}
		w.exec(`INSERT INTO audit_entry SELECT * FROM kept_entry`)
		if faults := w.verify(nil); !slices.Equal(faults, []string{"entry 1 lies before the beginning of the chain"}) {
			t.Errorf("%q", faults)
		}
	})
}

func TestAUD01WhatWasTamperedWithIsNotDeletedAsOld(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.append("x0", "x1", "x2", "x3")
		w.own()
		w.exec(`UPDATE audit_entry SET detail = 'outcome=phone' WHERE agency_id = $1 AND seq = 2`, w.here)
		if n, err := w.Cut(w.ctx(), w.here, start().Add(time.Hour)); err != audit.ErrBroken || n != 0 { //nolint:errorlint // as it is
			t.Error(n, err)
		}
		if n := len(w.rows()); n != 4 {
			t.Errorf("%d entries are left", n)
		}
	})
}
