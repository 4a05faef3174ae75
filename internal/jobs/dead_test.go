package jobs_test

import (
	"context"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/jobs"
)

func TestAJobThatWasGivenUpIsToldTriedAgainOrDropped(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := &clock{now: time.UnixMilli(1_000_000)}
		n := newNode(t, d, "one", c)
		tries := make(chan jobs.Job, 10)
		n.Handle("mail", func(_ context.Context, j jobs.Job) error { tries <- j; return jobs.Permanent("refused") })
		n.run(t)
		add(t, d, n, jobs.Job{Agency: "x", Kind: "mail", Key: "1", Ref: "of x"})
		add(t, d, n, jobs.Job{Agency: "y", Kind: "mail", Key: "2", Ref: "of y"})
		get(t, tries)
		get(t, tries)
		n.stop()
		<-n.done // what is in hand is settled

		dead := func(agency string) []jobs.Dead {
			t.Helper()
			list, err := n.Dead(t.Context(), d.Read(), agency)
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		mine, theirs := dead("x"), dead("y")
		if len(mine) != 1 || len(theirs) != 1 || len(dead("")) != 0 {
			t.Fatal(mine, theirs)
		}
		if got := mine[0]; got.Kind != "mail" || !got.At.Equal(c.Now()) || got.Attempts != 1 || got.Code != "refused" {
			t.Errorf("%+v", got)
		}
		do := func(f func(context.Context, *db.Tx, string, ...string) error, agency string, ids ...string) {
			t.Helper()
			if err := d.Tx(t.Context(), func(tx *db.Tx) error { return f(t.Context(), tx, agency, ids...) }); err != nil {
				t.Fatal(err)
			}
		}
		do(n.Drop, "x", theirs[0].ID) // of another agency
		do(n.Revive, "x", theirs[0].ID)
		if len(dead("y")) != 1 {
			t.Fatal("an agency's job was touched for another")
		}
		do(n.Drop, "y", theirs[0].ID)
		do(n.Revive, "x", mine[0].ID)
		if len(dead("x"))+len(dead("y")) != 0 {
			t.Error(dead("x"), dead("y"))
		}

		again := newNode(t, d, "two", c)
		again.Handle("mail", func(_ context.Context, j jobs.Job) error { tries <- j; return nil })
		again.run(t)
		if j := get(t, tries); j.Ref != "of x" || j.Attempts != 1 {
			t.Errorf("%+v: it has not all its tries before it", j)
		}
	})
}

func TestOnlyWhatWasGivenUpIsRevivedOrDropped(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := &clock{now: time.UnixMilli(1_000_000)}
		n := newNode(t, d, "one", c)
		add(t, d, n, jobs.Job{Agency: "x", Kind: "mail", Key: "1", RunAt: c.Now().Add(time.Hour)})
		ids, err := db.Texts(d.Read().QueryContext(t.Context(), `SELECT id FROM job`))
		if err != nil {
			t.Fatal(err)
		}
		err = d.Tx(t.Context(), func(tx *db.Tx) error {
			if err := n.Revive(t.Context(), tx, "x", ids...); err != nil {
				return err
			}
			return n.Drop(t.Context(), tx, "x", ids...)
		})
		if err != nil {
			t.Fatal(err)
		}
		var left int
		err = d.Read().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM job WHERE run_at = $1`, db.Ms(c.Now().Add(time.Hour))).Scan(&left)
		if err != nil || left != 1 {
			t.Error(left, err)
		}
	})
}
