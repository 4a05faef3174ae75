package events_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/events"
)

const agency = "agency"

func newLog(t *testing.T, d *db.DB, bus events.Bus) *events.Log {
	t.Helper()
	log := events.New(d, bus, time.Now)
	run(t, log)
	return log
}

// begun is a log of one node that has begun: when it does it wakes everybody.
func begun(t *testing.T, d *db.DB) *events.Log {
	t.Helper()
	log := events.New(d, events.NewLocalBus(), time.Now)
	s := log.Subscribe(agency, "any")
	defer s.Close()
	run(t, log)
	woken(t, s)
	return log
}

func run(t *testing.T, log *events.Log) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := log.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { stop(); <-done })
}

func change(t *testing.T, d *db.DB, log *events.Log, topic, ref string) int64 {
	t.Helper()
	err := d.Tx(t.Context(), func(tx *db.Tx) error { return log.Append(t.Context(), tx, agency, topic, "row", ref) })
	if err != nil {
		t.Fatal(err)
	}
	seq, err := log.Head(t.Context(), d.Read(), agency, topic)
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

func woken(t *testing.T, s *events.Subscription) {
	t.Helper()
	select {
	case <-s.C:
	case <-time.After(dbtest.Patience):
		t.Fatal("not woken")
	}
}

// awaited waits until a reader of topic "t" sees the change, looking again each time it is woken.
func awaited(t *testing.T, d *db.DB, log *events.Log, s *events.Subscription, want int64) {
	t.Helper()
	for {
		changes, _, err := log.Since(t.Context(), d.Read(), agency, "t", want-1, 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(changes) == 1 {
			return
		}
		woken(t, s)
	}
}

func TestEveryReaderSeesChangesInTheirOrderWithoutHoles(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		log := newLog(t, d, events.NewLocalBus())
		sub := log.Subscribe(agency, "desk:1")
		defer sub.Close()
		const writers, each = 8, 15
		var wg sync.WaitGroup
		for range writers {
			wg.Go(func() {
				for range each {
					change(t, d, log, "desk:1", "x")
				}
			})
		}
		var seen int64
		for seen < writers*each {
			woken(t, sub)
			changes, complete, err := log.Since(t.Context(), d.Read(), agency, "desk:1", seen, 1000)
			if err != nil || !complete {
				t.Fatal(complete, err)
			}
			for _, c := range changes {
				if seen++; c.Seq != seen {
					t.Fatalf("after %d came %d", seen-1, c.Seq)
				}
			}
		}
		wg.Wait()
	})
}

// Ending a talk says three times over that a desk's row is another one.
func TestWhatATransactionSaysTwiceIsOneChange(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		log := newLog(t, d, events.NewLocalBus())
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			for _, one := range [][3]string{
				{"desk:2", "row", "a"},
				{"desk:1", "row", "a"},
				{"desk:1", "task", "x"},
				{"desk:1", "row", "b"},
				{"desk:1", "row", "a"},
				{"desk:1", "task", "a"},
				{"desk:1", "row", "a"},
			} {
				if err := log.Append(t.Context(), tx, agency, one[0], one[1], one[2]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for topic, want := range map[string][]events.Change{
			"desk:1": {{Seq: 1, Kind: "row", Ref: "a"}, {Seq: 2, Kind: "task", Ref: "x"}, {Seq: 3, Kind: "row", Ref: "b"}, {Seq: 4, Kind: "task", Ref: "a"}},
			"desk:2": {{Seq: 1, Kind: "row", Ref: "a"}},
		} {
			got, complete, err := log.Since(t.Context(), d.Read(), agency, topic, 0, 10)
			if err != nil || !complete || !slices.Equal(got, want) {
				t.Errorf("%s: %v, %v, %v", topic, got, complete, err)
			}
		}
	})
}

func TestAGapIsTold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		log := newLog(t, d, events.NewLocalBus())
		for range 5 {
			change(t, d, log, "t", "x")
		}
		since := func(after int64, limit int) bool {
			_, complete, err := log.Since(t.Context(), d.Read(), agency, "t", after, limit)
			if err != nil {
				t.Fatal(err)
			}
			return complete
		}
		if !since(5, 10) || !since(2, 10) {
			t.Error("a gap was told where there is none")
		}
		if since(2, 2) || since(9, 10) {
			t.Error("too many, or a number never given out, must count as a gap")
		}
		if err := log.Prune(t.Context(), time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if since(2, 10) || !since(5, 10) {
			t.Error("after pruning only the newest number is complete")
		}
	})
}

func TestTEN01AnAgencyIsNeitherWokenNorShownByAnother(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		log := newLog(t, d, events.NewLocalBus())
		own := log.Subscribe(agency, "t")
		defer own.Close()
		change(t, d, log, "t", "x")
		woken(t, own) // the bus is connected and has told everybody to look
		foreign := log.Subscribe("other", "t")
		defer foreign.Close()
		change(t, d, log, "t", "x")
		woken(t, own)
		select {
		case <-foreign.C:
			t.Error("woken by another agency")
		default:
		}
		if changes, _, err := log.Since(t.Context(), d.Read(), "other", "t", 0, 10); err != nil || len(changes) != 0 {
			t.Error(changes, err)
		}
	})
}

// Two nodes on one PostgreSQL: a change on one wakes the other, also after the
// notification connections were cut.
func TestAVA07ANodeIsWokenByAnotherAndMissesNothingWhenItsConnectionBreaks(t *testing.T) {
	d := dbtest.Postgres(t)
	one := newLog(t, d, events.NewPostgresBus(d.PostgresURL(), slog.New(slog.DiscardHandler)))
	two := newLog(t, d, events.NewPostgresBus(d.PostgresURL(), slog.New(slog.DiscardHandler)))
	sub := two.Subscribe(agency, "t")
	defer sub.Close()
	awaited(t, d, two, sub, change(t, d, one, "t", "x"))
	for range 3 {
		_, err := d.Read().ExecContext(t.Context(), `
			SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND query ILIKE 'listen%'`)
		if err != nil {
			t.Fatal(err)
		}
		awaited(t, d, two, sub, change(t, d, one, "t", "x"))
	}
}

func TestASlowTopicWakesOnceForAllThatHappensMeanwhile(t *testing.T) {
	d := dbtest.SQLite(t)
	log := begun(t, d)
	s := log.Subscribe(agency, "own")
	defer s.Close()
	s.Slowly(agency, "desk")
	const meanwhile = time.Second
	quiet := func(within time.Duration) (was bool) {
		was = true
		for {
			select {
			case <-s.C:
				was = false
			case <-time.After(within):
				return was
			}
		}
	}
	// Whatever a busy machine does in the wrong moment, it does not do it each time.
	sometimes(t, "woken once", func() bool {
		begun := time.Now()
		for range 20 {
			change(t, d, log, "desk", "x")
		}
		woken(t, s)
		if took := time.Since(begun); took < meanwhile {
			t.Errorf("woken after %s", took)
		}
		return quiet(2 * meanwhile)
	})
	sometimes(t, "woken for its own topic before the slow one", func() bool {
		change(t, d, log, "desk", "x")
		begun := time.Now()
		change(t, d, log, "own", "x")
		woken(t, s)
		took := time.Since(begun)
		quiet(2 * meanwhile)
		return took < meanwhile/2
	})
}

// sometimes fails if something is never so.
func sometimes(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 10 {
		if is() {
			return
		}
	}
	t.Error("never:", what)
}

func TestASlowTopicTakesThePlaceOfTheOneBefore(t *testing.T) {
	d := dbtest.SQLite(t)
	log := begun(t, d)
	s := slowReaders(t, log, 1)[0]
	s.Slowly(agency, "another desk")
	change(t, d, log, "desk", "x")
	select {
	case <-s.C:
		t.Error("woken by the desk of before")
	case <-time.After(1500 * time.Millisecond):
	}
	change(t, d, log, "another desk", "x")
	woken(t, s)
	s.Looked()
	s.Slowly(agency, "another desk") // said again
	change(t, d, log, "another desk", "x")
	woken(t, s)
	s.Close()
}

// slowReaders are many readers of one topic.
func slowReaders(t *testing.T, log *events.Log, many int) []*events.Subscription {
	t.Helper()
	var readers []*events.Subscription
	for range many {
		s := log.Subscribe(agency)
		s.Slowly(agency, "desk")
		readers = append(readers, s)
	}
	return readers
}

func TestManySlowReadersAreAllWokenAndSomeMayLeaveMeanwhile(t *testing.T) {
	d := dbtest.SQLite(t)
	log := begun(t, d)
	readers := slowReaders(t, log, 400)
	change(t, d, log, "desk", "x")
	for i, s := range readers {
		if i%3 == 0 {
			s.Close()
		}
	}
	begun := time.Now()
	for i, s := range readers {
		if i%3 != 0 {
			woken(t, s)
			s.Looked()
		}
	}
	// Else each four of them would be waited for a second: more than a minute.
	if took := time.Since(begun); took > dbtest.Slack {
		t.Errorf("though each has looked at once, it took %s", took)
	}
}

func TestSlowReadersAreWokenOnlyAsThoseBeforeThemHaveLooked(t *testing.T) {
	d := dbtest.SQLite(t)
	log := begun(t, d)
	readers := slowReaders(t, log, 40)
	begun := time.Now()
	change(t, d, log, "desk", "x")
	woken(t, readers[0])
	awake := 1
	for _, s := range readers[1:] {
		select {
		case <-s.C:
			awake++
		default:
		}
	}
	// The first after a second, and further ones each second.
	if most := 4 * int(time.Since(begun)/time.Second); awake > most {
		t.Errorf("%d read at once, and not %d", awake, most)
	}
	// None of these says that it has looked: one who is busy does not keep others waiting for ever.
	woken(t, readers[min(awake, len(readers)-1)])
}

func TestASlowReaderWhoLeavesDoesNotKeepOthersWaiting(t *testing.T) {
	d := dbtest.SQLite(t)
	log := begun(t, d)
	readers := slowReaders(t, log, 400)
	change(t, d, log, "desk", "x")
	begun := time.Now()
	for _, s := range readers {
		woken(t, s)
		s.Close()
	}
	if took := time.Since(begun); took > dbtest.Slack { // else as many seconds as there are fours of them
		t.Errorf("it took %s", took)
	}
}

func TestManyTopicsAreReadAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		log := newLog(t, d, events.NewLocalBus())
		var topics []string
		for i := range 400 {
			topics = append(topics, fmt.Sprintf("desk:%d", i))
		}
		after := make([]int64, len(topics))
		since := func(limit, asked int) (changes []events.Change, heads []int64, complete bool) {
			t.Helper()
			q := &dbtest.Counting{Q: d.Read()}
			changes, heads, complete, err := log.SinceEach(t.Context(), q, agency, topics, after, limit)
			if err != nil || q.Asked != asked {
				t.Errorf("%d questions, %v", q.Asked, err)
			}
			return changes, heads, complete
		}
		if changes, heads, complete := since(3, 1); len(changes) != 0 || len(heads) != 400 || !complete {
			t.Errorf("%v, %t", changes, complete)
		}
		change(t, d, log, "desk:7", "a")
		change(t, d, log, "desk:399", "b")
		change(t, d, log, "desk:7", "c")
		change(t, d, log, "desk:400", "of another reader")
		changes, heads, complete := since(3, 2)
		if !complete || len(changes) != 3 || heads[7] != 2 || heads[399] != 1 || heads[0] != 0 {
			t.Errorf("%+v, %t", changes, complete)
		}
		if _, _, complete := since(2, 1); complete {
			t.Error("more than the limit")
		}
		after[7], after[399] = 1, 1
		if changes, _, _ := since(3, 2); len(changes) != 1 || changes[0].Ref != "c" {
			t.Errorf("%+v", changes)
		}
		after[0] = 1
		if _, _, complete := since(3, 1); complete {
			t.Error("a number that was never given out")
		}
	})
}
