package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"visavis/internal/agency"
	"visavis/internal/config"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/decided"
	"visavis/internal/demo"
	"visavis/internal/staff"
	"visavis/internal/worldtest"
)

// backup copies the database, while no process has it open, and restored is the installation with what a copy holds.
func backup(t *testing.T, c *config.Config) (url string) {
	t.Helper()
	return dbtest.Copy(t, c.Database.URL.Reveal())
}

func restored(t *testing.T, c *config.Config, url string) *config.Config {
	t.Helper()
	again := *c
	again.Database.URL = config.Secret(dbtest.Copy(t, url))
	return &again
}

// elsewhere is another process of an installation, with a folder of its own and the same keys.
func elsewhere(t *testing.T, c *config.Config) *config.Config {
	t.Helper()
	other := *c
	other.Decided.File = filepath.Join(t.TempDir(), "decided")
	return &other
}

// desk is a process as far as people decide in it: it answers nobody, and follows what is decided.
type desk struct {
	*parts
	t      *testing.T
	agency string
	people map[string]string // ids by their addresses
	stop   func()
}

func startedDesk(t *testing.T, c *config.Config) *desk {
	t.Helper()
	p, err := build(t.Context(), c, Options{Pages: pagesOfTests(), Cost: worldtest.Cheap(), Log: NewLog(testWriter{t}, config.Log{})})
	if err != nil {
		t.Fatal(err)
	}
	k := &desk{parts: p, t: t, people: map[string]string{}}
	stops := []func(){worldtest.Background(t, p.events.Run), worldtest.Background(t, p.decided.Run)}
	k.stop = func() {
		for _, stop := range stops {
			stop()
		}
		if err := p.close(); err != nil {
			t.Error(err)
		}
	}
	a, err := p.agencies.BySlug(t.Context(), demo.Slug)
	if err != nil {
		t.Fatal(err)
	}
	k.agency = a.ID
	for _, one := range texts(t.Context(), t, p.db, `SELECT email || ' ' || id FROM staff WHERE agency_id = '`+a.ID+`'`) {
		email, id, _ := strings.Cut(one, " ")
		k.people[email] = id
	}
	return k
}

const (
	demir = "aylin.demir@example.org"
	weber = "jonas.weber@example.org"
)

func (k *desk) tx(f func(tx *db.Tx) error) {
	k.t.Helper()
	err := k.db.Tx(k.t.Context(), func(tx *db.Tx) error {
		if err := k.staff.InTurn(k.t.Context(), tx, k.agency); err != nil {
			return err
		}
		return f(tx)
	})
	if err != nil {
		k.t.Fatal(err)
	}
}

func (k *desk) disables(email string) {
	k.t.Helper()
	k.tx(func(tx *db.Tx) error {
		return k.staff.Disable(k.t.Context(), tx, k.agency, staff.Author{}, k.people[email])
	})
}

func (k *desk) enables(email string) {
	k.t.Helper()
	k.tx(func(tx *db.Tx) error {
		return k.staff.Enable(k.t.Context(), tx, staff.Person{ID: k.people[email], Agency: k.agency}, staff.Author{})
	})
}

func (k *desk) whole() agency.Place { return agency.Place{Kind: agency.OfAgency, ID: k.agency} }

func (k *desk) decides(rule agency.Rule, days string) {
	k.t.Helper()
	k.tx(func(tx *db.Tx) error {
		_, err := k.agencies.Decide(k.t.Context(), tx, k.agency, k.whole(), rule, []byte(days), false, "")
		return err
	})
}

func (k *desk) leaves(rule agency.Rule) {
	k.t.Helper()
	k.tx(func(tx *db.Tx) error {
		_, err := k.agencies.Undecide(k.t.Context(), tx, k.agency, k.whole(), rule)
		return err
	})
}

// givesUp is what admin does once two people have agreed.
func (k *desk) givesUp(slug string) {
	k.t.Helper()
	a, err := k.agencies.BySlug(k.t.Context(), slug)
	if err != nil {
		k.t.Fatal(err)
	}
	k.tx(func(tx *db.Tx) error {
		return errors.Join(k.agencies.GiveUp(k.t.Context(), tx, a.ID), k.givenUp(k.t.Context(), tx, a.ID))
	})
}

// is how an account stands, and how long what is kept.
func (k *desk) is(email string) string {
	k.t.Helper()
	return strings.Join(texts(k.t.Context(), k.t, k.db, `
		SELECT CASE WHEN disabled_at IS NULL THEN 'enabled' ELSE 'disabled' END FROM staff WHERE agency_id = '`+k.agency+`' AND id = '`+k.people[email]+`'`), "")
}

func (k *desk) keeps(rule agency.Rule) int {
	k.t.Helper()
	rules, err := k.agencies.RulesAt(k.t.Context(), k.db.Read(), k.agency, k.whole())
	if err != nil {
		k.t.Fatal(err)
	}
	return rules.Days(rule)
}

func (k *desk) count(query string) (n int) {
	k.t.Helper()
	if err := k.db.Read().QueryRowContext(k.t.Context(), query).Scan(&n); err != nil {
		k.t.Fatal(err)
	}
	return n
}

// until waits for what the list of a process says.
func (k *desk) until(what string, says func(decided.List) bool) {
	k.t.Helper()
	tick, late := time.NewTicker(5*time.Millisecond), time.After(patience)
	defer tick.Stop()
	for {
		l, _, err := decided.Load(k.c.Decided.File, k.ring)
		if err != nil {
			k.t.Fatal(err)
		}
		if says(l) {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			k.t.Fatalf("the list has no %s: %v", what, l)
		}
	}
}

func (k *desk) untilListed(n int) {
	k.t.Helper()
	k.until(fmt.Sprint(n, " decisions"), func(l decided.List) bool { return len(l) == n })
}

// eachWithTwo has a second agency, which can be given up.
func eachWithTwo(t *testing.T, f func(t *testing.T, c *config.Config)) {
	t.Helper()
	eachInstalled(t, func(t *testing.T, c *config.Config) {
		err := CreateAgency(t.Context(), c, NewAgency{Slug: "alt", Name: "Altes Amt", Phone: "0711 1", Admin: "a@amt.example", AdminName: "Frau A"}, &bytes.Buffer{})
		if err != nil {
			t.Fatal(err)
		}
		f(t, c)
	})
}

func TestMIN06WhatWasDecidedSinceABackupCountsAgainOnceItIsRestored(t *testing.T) {
	eachWithTwo(t, func(t *testing.T, c *config.Config) {
		k := startedDesk(t, c)
		k.disables(weber)
		k.decides(agency.KeptAccounts, "300")
		k.stop()
		kept := backup(t, c)

		k = startedDesk(t, c)
		k.disables(demir)
		k.enables(weber)
		k.decides(agency.KeptAppointments, "30")
		k.leaves(agency.KeptAccounts)
		k.decides(agency.OpensEarly, "20") // no rule on what is kept: a backup may have another
		at := k.count(`SELECT MIN(disabled_at) FROM staff WHERE agency_id = '` + k.agency + `'`)
		k.givesUp("alt")
		k.untilListed(5)
		k.stop()

		again := restored(t, c, kept)
		report, err := ask(t, again, Checkup{})
		if err != nil || !strings.Contains(report, "knows nothing of 5 decisions") || !strings.Contains(report, "lose their keys again") {
			t.Errorf("%v:\n%s", err, report)
		}
		k = startedDesk(t, again)
		if demir, weber := k.is(demir), k.is(weber); demir != "disabled" || weber != "enabled" {
			t.Errorf("accounts are %s and %s", demir, weber)
		}
		if got := k.count(`SELECT MIN(disabled_at) FROM staff WHERE agency_id = '` + k.agency + `'`); got != at {
			t.Errorf("disabled at %d, and not at %d: the name is kept for another time", got, at)
		}
		if appointments, accounts := k.keeps(agency.KeptAppointments), k.keeps(agency.KeptAccounts); appointments != 30 || accounts != 90 {
			t.Errorf("kept are appointments for %d days, accounts for %d", appointments, accounts)
		}
		if _, err := k.agencies.BySlug(t.Context(), "alt"); !errors.Is(err, agency.ErrNotFound) {
			t.Errorf("the agency is there: %v", err)
		}
		if keys := k.count(`SELECT COUNT(*) FROM agency WHERE deleted_at IS NOT NULL AND LENGTH(key_wrapped) > 0`); keys != 0 {
			t.Error("its key is there")
		}
		if jobs := k.count(`SELECT COUNT(*) FROM job WHERE kind IN ('agency.clear', 'agency.forget')`); jobs != 2 {
			t.Errorf("%d jobs for what is left of it", jobs)
		}
		k.stop()
		// A further start finds nothing to do.
		startedDesk(t, again).stop()
		if told := entries(t, again, "decided.again"); !slices.Equal(told, []string{"count=4"}) {
			t.Errorf("the audit says %q", told)
		}
		if report, err := ask(t, again, Checkup{}); err != nil || !strings.Contains(report, "has the 5 decisions") {
			t.Errorf("%v:\n%s", err, report)
		}
		if err := VerifyAudit(t.Context(), again, AuditCheck{}, &bytes.Buffer{}); err != nil {
			t.Error(err)
		}
	})
}

// A process goes on, and the database under it is an older copy: a standby that took over, or somebody restored it.
func TestMIN06AProcessThatGoesOnMakesGoodToo(t *testing.T) {
	eachInstalled(t, func(t *testing.T, c *config.Config) {
		k := startedDesk(t, c)
		k.disables(demir)
		k.untilListed(1)
		for _, query := range []string{
			`UPDATE staff SET disabled_at = NULL WHERE agency_id = '` + k.agency + `'`, `DELETE FROM decided WHERE agency_id = '` + k.agency + `'`,
		} {
			k.tx(func(tx *db.Tx) error { _, err := tx.ExecContext(t.Context(), query); return err })
		}
		k.tellDecided()
		tick, late := time.NewTicker(5*time.Millisecond), time.After(patience)
		defer tick.Stop()
		for k.is(demir) == "enabled" {
			select {
			case <-tick.C:
			case <-late:
				t.Fatal("who was dismissed stays")
			}
		}
		k.stop()
	})
}

func TestMIN06OfTwoProcessesAtOnceOneMakesGood(t *testing.T) {
	eachWithTwo(t, func(t *testing.T, c *config.Config) {
		startedDesk(t, c).stop()
		kept := backup(t, c)
		k := startedDesk(t, c)
		k.disables(demir)
		k.disables(weber)
		k.givesUp("alt")
		k.untilListed(3)
		k.stop()
		one := restored(t, c, kept)
		two := elsewhere(t, one)
		fill(t, two.Decided.File, string(content(t, one.Decided.File)))
		var both errgroup.Group
		for _, c := range []*config.Config{one, two} {
			both.Go(func() error {
				p, err := build(context.WithoutCancel(t.Context()), c, inTests())
				if err != nil {
					return err
				}
				return p.close()
			})
		}
		if err := both.Wait(); err != nil {
			t.Fatal(err)
		}
		if told := entries(t, one, "decided.again"); !slices.Equal(told, []string{"count=2"}) {
			t.Errorf("the audit says %q", told)
		}
		if disabled := entries(t, one, "account.disabled"); len(disabled) != 2 {
			t.Errorf("disabled are %d", len(disabled))
		}
		if a, b := content(t, one.Decided.File), content(t, two.Decided.File); !bytes.Equal(a, b) {
			t.Errorf("they have other lists:\n%s\n%s", a, b)
		}
	})
}

// A backup was restored where nobody had the list, people decided anew, and then the list of before came. Of the same thing
// the later decision counts, whichever list it stands in.
func TestMIN06AfterTwoRestoresTheLaterDecisionCounts(t *testing.T) {
	eachInstalled(t, func(t *testing.T, c *config.Config) {
		startedDesk(t, c).stop()
		kept := backup(t, c)
		first := startedDesk(t, c)
		first.disables(demir)
		first.decides(agency.KeptAppointments, "60")
		first.untilListed(2)
		first.stop()

		second := elsewhere(t, restored(t, c, kept))
		k := startedDesk(t, second)
		if k.is(demir) != "enabled" {
			t.Fatal("it knows of a list that it does not have")
		}
		k.disables(weber)
		k.decides(agency.KeptAppointments, "30")
		k.untilListed(2)
		k.stop()

		third := *second
		third.Decided.File = c.Decided.File
		if report, err := ask(t, &third, Checkup{}); err != nil || !strings.Contains(report, "knows nothing of 1 decisions") ||
			!strings.Contains(report, "2 decisions of the database are not in the list") {
			t.Errorf("%v:\n%s", err, report)
		}
		k = startedDesk(t, &third)
		if k.is(demir) != "disabled" || k.is(weber) != "disabled" || k.keeps(agency.KeptAppointments) != 30 {
			t.Errorf("%s %s %d", k.is(demir), k.is(weber), k.keeps(agency.KeptAppointments))
		}
		k.untilListed(3)
		k.stop()
	})
}

func content(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Nothing is made good by a list that somebody has changed, and nobody is answered: they would have to be sure first.
func TestMIN06WithAListThatIsNotSoundNothingStarts(t *testing.T) {
	eachInstalled(t, func(t *testing.T, c *config.Config) {
		startedDesk(t, c).stop()
		kept := backup(t, c)
		k := startedDesk(t, c)
		k.disables(demir)
		k.untilListed(1)
		k.stop()
		sound := string(content(t, c.Decided.File))
		again := restored(t, c, kept)
		other := configured(t)
		startedOnce(t, other)
		for name, with := range map[string]struct{ text, says string }{
			"a line that was changed":      {strings.Replace(sound, "account disabled", "account enabled", 1), "line 2 is not as it was written"},
			"that of another installation": {string(content(t, other.Decided.File)), "was written with another key file"},
		} {
			fill(t, again.Decided.File, with.text)
			p, err := build(t.Context(), again, inTests())
			if err == nil || !strings.Contains(err.Error(), with.says) || !strings.Contains(err.Error(), "move it away") {
				t.Errorf("%s: %v", name, err)
			}
			if err == nil {
				_ = p.close()
			}
			if report, err := ask(t, again, Checkup{}); err == nil || !strings.Contains(report, with.says) {
				t.Errorf("%s: %v:\n%s", name, err, report)
			}
		}
		if disabled := entries(t, again, "account.disabled"); len(disabled) != 0 {
			t.Errorf("%d accounts are disabled", len(disabled))
		}

		cut := sound[:strings.LastIndex(sound, "end ")]
		fill(t, again.Decided.File, cut)
		if report, err := ask(t, again, Checkup{}); err != nil || !strings.Contains(report, "the end of "+again.Decided.File+" is missing") {
			t.Errorf("%v:\n%s", err, report)
		}
		k = startedDesk(t, again)
		if k.is(demir) != "disabled" {
			t.Error("what is left of a list that was cut off does not count")
		}
		k.stop()
		if report, err := ask(t, again, Checkup{}); err != nil || !strings.Contains(report, "has the 1 decisions") {
			t.Errorf("%v:\n%s", err, report)
		}
	})
}

func startedOnce(t *testing.T, c *config.Config) {
	t.Helper()
	p, err := build(t.Context(), c, inTests())
	if err != nil {
		t.Fatal(err)
	}
	if err := p.close(); err != nil {
		t.Fatal(err)
	}
}
