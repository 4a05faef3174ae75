package db_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
)

func count(t *testing.T, q db.Q) int {
	t.Helper()
	var n int
	if err := q.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM stream`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func insert(t *testing.T, tx *db.Tx, topic string) error {
	t.Helper()
	_, err := tx.ExecContext(t.Context(), `INSERT INTO stream (agency_id, topic, head) VALUES ($2, $1, $3)`, topic, "a", 1)
	return err
}

func TestATransactionThatFailsLeavesNothingAndRunsNoHook(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		boom := errors.New("boom")
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			tx.AfterCommit(func() { t.Error("hook ran though nothing was committed") })
			return errors.Join(insert(t, tx, "x"), boom)
		})
		if !errors.Is(err, boom) || count(t, d.Read()) != 0 {
			t.Fatalf("error %v, rows %d", err, count(t, d.Read()))
		}
	})
}

func TestHooksRunOnceAfterCommit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ran := 0
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			tx.AfterCommit(func() { ran += count(t, d.Read()) })
			return insert(t, tx, "x")
		})
		if err != nil || ran != 1 {
			t.Fatalf("error %v, ran %d", err, ran)
		}
	})
}

func TestASnapshotDoesNotSeeWhatIsCommittedMeanwhile(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Snapshot(t.Context(), func(q db.Q) error {
			before := count(t, q)
			if err := d.Tx(t.Context(), func(tx *db.Tx) error { return insert(t, tx, "x") }); err != nil {
				return err
			}
			if after := count(t, q); after != before {
				t.Errorf("saw %d, then %d", before, after)
			}
			return nil
		})
		if err != nil || count(t, d.Read()) != 1 {
			t.Fatal(err)
		}
	})
}

func TestAUniqueRowIsRefusedByName(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		twice := func(tx *db.Tx) error { return errors.Join(insert(t, tx, "x"), insert(t, tx, "x")) }
		if err := d.Tx(t.Context(), twice); !db.IsUnique(err) {
			t.Fatal(err)
		}
	})
}

// 40 read-compute-write rounds at once lose nothing when guarded by Affected.
func TestGuardedUpdatesLoseNothingInARace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := d.Tx(t.Context(), func(tx *db.Tx) error { return insert(t, tx, "x") }); err != nil {
			t.Fatal(err)
		}
		add := func() error {
			return d.Tx(t.Context(), func(tx *db.Tx) error {
				var head int64
				if err := tx.QueryRowContext(t.Context(), `SELECT head FROM stream WHERE topic = 'x'`).Scan(&head); err != nil {
					return err
				}
				return db.Affected(tx.ExecContext(t.Context(), `UPDATE stream SET head = $1 WHERE topic = 'x' AND head = $2`, head+1, head))
			})
		}
		var wg sync.WaitGroup
		for range 40 {
			wg.Go(func() {
				for {
					err := add()
					if err == nil {
						return
					}
					if !errors.Is(err, db.ErrConflict) {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		var head int64
		if err := d.Read().QueryRowContext(t.Context(), `SELECT head FROM stream WHERE topic = 'x'`).Scan(&head); err != nil || head != 41 {
			t.Fatalf("head %d, error %v", head, err)
		}
	})
}

func TestMigratingTwiceChangesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := d.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// The folder may be one that everybody can look into, as those are that a package or systemd makes.
func TestNobodyElseOnTheMachineMayReadTheDatabase(t *testing.T) {
	folder := t.TempDir()
	d, err := db.Open(t.Context(), "sqlite:"+filepath.Join(folder, "visavis.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(folder)
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if info, err := file.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Error(info.Name(), info.Mode(), err)
		}
	}
}

func TestTheSchemasVersionIsReadWithoutMakingAnything(t *testing.T) {
	for engine, address := range map[string]func(testing.TB) string{
		"sqlite":   func(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "new.db") },
		"postgres": dbtest.EmptyPostgresURL,
	} {
		t.Run(engine, func(t *testing.T) {
			d, err := db.Open(t.Context(), address(t))
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			for range 2 {
				if has, newest, err := d.Schema(t.Context()); err != nil || has != 0 || newest == 0 {
					t.Fatalf("an empty database is at %d of %d: %v", has, newest, err)
				}
			}
			if err := d.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			if has, newest, err := d.Schema(t.Context()); err != nil || has != newest {
				t.Errorf("a new one is at %d of %d: %v", has, newest, err)
			}
		})
	}
}

func TestWhatIsLeftForTheEndRunsAfterAllElseAndBelongsToTheTransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		type key struct{}
		failed := errors.New("at the end")
		var steps []string
		run := func(fails bool) error {
			steps = nil
			return d.Tx(t.Context(), func(tx *db.Tx) error {
				for range 2 {
					kept := db.Keep(tx, key{}, func() *int {
						tx.BeforeCommit(db.Common, func() error {
							steps = append(steps, "end")
							if fails {
								return failed
							}
							return nil
						})
						tx.BeforeCommit(db.Shared, func() error {
							steps = append(steps, "shared")
							return nil
						})
						return new(int)
					})
					*kept++
					steps = append(steps, strconv.Itoa(*kept))
				}
				tx.AfterCommit(func() { steps = append(steps, "after") })
				_, err := tx.ExecContext(t.Context(), `INSERT INTO node (id, started_at, lease_until) VALUES ('n', 1, 1)`)
				return err
			})
		}
		if err := run(true); !errors.Is(err, failed) || strings.Join(steps, " ") != "1 2 shared end" {
			t.Error(err, steps)
		}
		if err := run(false); err != nil || strings.Join(steps, " ") != "1 2 shared end after" {
			t.Error(err, steps) // the row of the first one would stand in the way
		}
	})
}
