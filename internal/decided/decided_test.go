package decided_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/decided"
	"visavis/internal/vault"
	"visavis/internal/worldtest"
)

func keyring(t *testing.T) *vault.Keyring {
	t.Helper()
	ring, err := vault.LoadKeyring(filepath.Join(t.TempDir(), "keys"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// at is a time of the day on which everything here is decided.
func at(minute int) time.Time { return worldtest.Start().Add(time.Duration(minute) * time.Minute) }

func account(agency, id, value string, minute int) decided.Decision {
	return decided.Decision{Thing: decided.Thing{Agency: agency, What: decided.Account, Object: id}, Value: value, At: at(minute)}
}

func listOf(all ...decided.Decision) decided.List {
	l := decided.List{}
	for _, d := range all {
		l[d.Thing] = d
	}
	return l
}

func sample() decided.List {
	return listOf(
		account("amt", "sommer", decided.Disabled, 1), account("amt", "winter", decided.Enabled, 2),
		decided.Decision{Thing: decided.Thing{Agency: "amt", What: "kept.accounts", Object: "amt"}, Value: "30,fixed", At: at(3).Add(7 * time.Millisecond)},
		decided.Decision{Thing: decided.Thing{Agency: "alt", What: decided.Agency, Object: "alt"}, Value: decided.Gone, At: at(4)},
	)
}

func TestMIN06AListIsReadAsItWasWritten(t *testing.T) {
	ring, path := keyring(t), filepath.Join(t.TempDir(), "decided")
	if l, whole, err := decided.Load(path, ring); len(l) != 0 || !whole || err != nil {
		t.Errorf("before there is one: %v %t %v", l, whole, err)
	}
	for _, want := range []decided.List{sample(), {}, sample()} {
		if err := want.Save(path, ring); err != nil {
			t.Fatal(err)
		}
		if got, whole, err := decided.Load(path, ring); !maps.Equal(got, want) || !whole || err != nil {
			t.Errorf("%v\nbecame %v %t %v", want, got, whole, err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); len(left) != 1 || err != nil {
		t.Errorf("beside it is left %v %v", left, err)
	}
}

// Whoever has no keys neither writes a line nor changes one nor takes one out; that the end is missing shows.
func TestMIN06NobodyWithoutTheKeysChangesAList(t *testing.T) {
	ring, path := keyring(t), filepath.Join(t.TempDir(), "decided")
	if err := sample().Save(path, ring); err != nil {
		t.Fatal(err)
	}
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := slices.Collect(strings.Lines(string(sound)))
	other := filepath.Join(t.TempDir(), "other")
	if err := sample().Save(other, keyring(t)); err != nil {
		t.Fatal(err)
	}
	foreign, err := os.ReadFile(other)
	if err != nil {
		t.Fatal(err)
	}
	without := func(i int) string { return strings.Join(slices.Delete(slices.Clone(lines), i, i+1), "") }
	for name, with := range map[string]struct {
		text  string
		fault string // empty: it is used
		known int
		whole bool
	}{
		"as it is":                  {string(sound), "", 4, true},
		"a word":                    {strings.Replace(string(sound), decided.Disabled, decided.Enabled, 1), "line 2", 0, false},
		"a day":                     {strings.Replace(string(sound), "2026-03-02T09:02", "2026-03-02T10:02", 1), "line 3", 0, false},
		"two lines change places":   {lines[0] + lines[2] + lines[1] + strings.Join(lines[3:], ""), "line 2", 0, false},
		"a line is taken out":       {without(2), "line 3", 0, false},
		"a line more":               {string(sound) + lines[1], "line 7", 0, false},
		"a line of another":         {lines[0] + strings.SplitAfter(string(foreign), "\n")[1] + strings.Join(lines[1:], ""), "line 2", 0, false},
		"a proof less":              {strings.Replace(string(sound), lines[1], strings.Join(strings.Fields(lines[1])[:5], " ")+"\n", 1), "line 2", 0, false},
		"an empty line":             {lines[0] + "\n" + strings.Join(lines[1:], ""), "line 2", 0, false},
		"all of another key file":   {string(foreign), decided.ErrForeign.Error(), 0, false},
		"nothing that is a list":    {"hello\n", decided.ErrForeign.Error(), 0, false},
		"cut off in a line":         {string(sound[:strings.Index(string(sound), lines[3])+20]), "", 2, false},
		"cut off behind a line":     {strings.Join(lines[:4], ""), "", 3, false},
		"cut off in its first line": {lines[0][:10], "", 0, false},
		"empty":                     {"", "", 0, false},
	} {
		if err := os.WriteFile(path, []byte(with.text), 0o600); err != nil {
			t.Fatal(err)
		}
		l, whole, err := decided.Load(path, ring)
		if len(l) != with.known || whole != with.whole || fmt.Sprint(err) == "<nil>" != (with.fault == "") ||
			!strings.Contains(fmt.Sprint(err), with.fault) && with.fault != "" {
			t.Errorf("%s: %d decisions, whole is %t, %v", name, len(l), whole, err)
		}
	}
}

// installation is two agencies, and what somebody has decided in the first.
func installation(t *testing.T, d *db.DB) func(f func(*db.Tx) error) {
	t.Helper()
	tx := func(f func(*db.Tx) error) {
		t.Helper()
		if err := d.Tx(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	tx(func(tx *db.Tx) error {
		for _, id := range []string{"amt", "alt"} {
			_, err := tx.ExecContext(t.Context(), `
				INSERT INTO agency (id, slug, name, phone, phone_hours, key_wrapped, created_at) VALUES ($1, $1, '', '', '{}', $2, 0)`, id, []byte{})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return tx
}

func TestMIN06WhatTheDatabaseDoesNotKnowOrKnowsOlderIsLost(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		tx := installation(t, d)
		tx(func(tx *db.Tx) error {
			return errors.Join(
				decided.Note(t.Context(), tx, account("amt", "newer", decided.Enabled, 9), func() {}),
				decided.Note(t.Context(), tx, account("amt", "same", decided.Disabled, 5), func() {}),
				decided.Note(t.Context(), tx, account("amt", "older", decided.Enabled, 1), func() {}),
			)
		})
		known, err := decided.Read(t.Context(), d.Read())
		if err != nil {
			t.Fatal(err)
		}
		gone := decided.Decision{Thing: decided.Thing{Agency: "alt", What: decided.Agency, Object: "alt"}, Value: decided.Gone, At: at(7)}
		list := listOf(
			account("amt", "newer", decided.Disabled, 5), account("amt", "same", decided.Disabled, 5), account("amt", "older", decided.Disabled, 5),
			account("amt", "unknown", decided.Disabled, 4), account("nowhere", "sommer", decided.Disabled, 5), account("alt", "sommer", decided.Disabled, 3), gone,
		)
		want := []decided.Decision{account("amt", "unknown", decided.Disabled, 4), account("amt", "older", decided.Disabled, 5), gone}
		if got := list.Lost(known); !slices.Equal(got, want) {
			t.Errorf("lost are %v", got)
		}
		if n := list.Missing(known, at(0)); n != 1 {
			t.Errorf("%d missing in the list", n)
		}
		if n := list.Missing(known, at(10)); n != 0 {
			t.Errorf("%d missing that are too old for it", n)
		}
	})
}

// Two clocks differ, or one goes back: of the same thing the later decision counts all the same.
func TestMIN06TheLaterDecisionCountsWhateverTheClockSays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		tx := installation(t, d)
		told := 0
		for _, one := range []decided.Decision{account("amt", "sommer", decided.Disabled, 5), account("amt", "sommer", decided.Enabled, 3)} {
			tx(func(tx *db.Tx) error {
				return errors.Join(
					decided.Note(t.Context(), tx, one, func() { told++ }),
					decided.Note(t.Context(), tx, account("amt", "winter", decided.Enabled, 3), func() { told++ }),
				)
			})
		}
		known, err := decided.Read(t.Context(), d.Read())
		if err != nil {
			t.Fatal(err)
		}
		l := decided.List{}
		l.Add(listOf(account("amt", "sommer", decided.Disabled, 5)))
		if lost := l.Lost(known); len(lost) != 0 {
			t.Errorf("lost is %v", lost)
		}
		if told != 2 {
			t.Errorf("told %d times of two transactions", told)
		}
	})
}

// kept is a keeper whose agency makes nothing good, and the clock by which it keeps.
func kept(t *testing.T, d *db.DB, path string, ring *vault.Keyring) (*decided.Keeper, *time.Time, *worldtest.Log, chan struct{}) {
	t.Helper()
	now, log, wake := at(10), &worldtest.Log{}, make(chan struct{}, 1)
	return decided.New(d, decided.Options{
		File: path, Keep: 30 * 24 * time.Hour, Ring: ring, Clock: func() time.Time { return now }, Log: slog.New(slog.NewTextHandler(log, nil)), Wake: wake,
		Redo: func(_ context.Context, _ string, lost []decided.Decision) error {
			t.Errorf("lost are %v", lost)
			return nil
		},
	}), &now, log, wake
}

func TestMIN06WhatIsOlderThanAnyBackupIsForgotten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		tx := installation(t, d)
		ring, path := keyring(t), filepath.Join(t.TempDir(), "decided")
		tx(func(tx *db.Tx) error {
			return errors.Join(
				decided.Note(t.Context(), tx, account("amt", "sommer", decided.Disabled, 1), func() {}),
				decided.Note(t.Context(), tx, account("amt", "winter", decided.Disabled, 2*24*60), func() {}),
			)
		})
		k, now, _, _ := kept(t, d, path, ring)
		listed := func() int {
			l, _, err := decided.Load(path, ring)
			if err != nil {
				t.Fatal(err)
			}
			return len(l)
		}
		if err := k.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct{ days, listed int }{{29, 2}, {30, 1}, {33, 0}} {
			*now = at(10).Add(time.Duration(step.days) * 24 * time.Hour)
			if err := k.Look(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := listed(); n != step.listed {
				t.Errorf("after %d days there are %d", step.days, n)
			}
		}
	})
}

// A full disk keeps nobody from signing in; it is told, and tried again with the next decision.
func TestMIN06AFileThatCannotBeWrittenIsToldAndWrittenLater(t *testing.T) {
	d := dbtest.SQLite(t)
	tx := installation(t, d)
	ring, folder := keyring(t), filepath.Join(t.TempDir(), "away")
	k, _, log, wake := kept(t, d, filepath.Join(folder, "decided"), ring)
	if err := k.Start(t.Context()); err != nil || !strings.Contains(log.String(), "cannot be written") {
		t.Fatalf("%v, and the log says %s", err, log)
	}
	worldtest.Background(t, k.Run)
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	tx(func(tx *db.Tx) error {
		return decided.Note(t.Context(), tx, account("amt", "sommer", decided.Disabled, 1), func() { wake <- struct{}{} })
	})
	tick, late := time.NewTicker(5*time.Millisecond), time.After(dbtest.Patience)
	defer tick.Stop()
	for l := (decided.List{}); len(l) == 0; {
		select {
		case <-tick.C:
			l, _, _ = decided.Load(filepath.Join(folder, "decided"), ring)
		case <-late:
			t.Fatal("it is not written")
		}
	}
}
