package app

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/config"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/worldtest"
)

// audited is an installation with an agency that has three entries, a day apart.
func audited(t *testing.T, now *time.Time, environ ...string) (*config.Config, *parts, string) {
	t.Helper()
	c := configured(t, append([]string{"VISAVIS_TIME_ZONE=Europe/Berlin"}, environ...)...)
	p, err := build(t.Context(), migrated(t, c), Options{Pages: pagesOfTests(), Cost: worldtest.Cheap(), Clock: func() time.Time { return *now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.close() })
	var id string
	for i := range 3 {
		err := p.db.Tx(t.Context(), func(tx *db.Tx) error {
			if id == "" {
				a, err := p.agencies.Create(t.Context(), tx, agency.Agency{Slug: "lindenau", Name: "Amt"})
				if err != nil {
					return err
				}
				id = a.ID
			}
			return p.audit.Append(t.Context(), tx, audit.Entry{Agency: id, By: audit.System(), Act: audit.LinkShown, Object: fmt.Sprint("x", i)})
		})
		if err != nil {
			t.Fatal(err)
		}
		*now = now.Add(24 * time.Hour)
	}
	return c, p, id
}

func verified(t *testing.T, c *config.Config, check AuditCheck) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := VerifyAudit(t.Context(), c, check, &out)
	return out.String(), err
}

func eachDatabase(t *testing.T, f func(t *testing.T, environ ...string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(t) })
	t.Run("postgres", func(t *testing.T) { f(t, "VISAVIS_DATABASE_URL="+dbtest.PostgresURL(t)) })
}

func TestAUD01VerifyPrintsTheHeadAndNamesWhatIsBroken(t *testing.T) {
	eachDatabase(t, func(t *testing.T, environ ...string) {
		now := time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)
		c, p, _ := audited(t, &now, environ...)
		said, err := verified(t, c, AuditCheck{})
		found := regexp.MustCompile(`^ok     lindenau: 3 entries, from number 1 of 2026-03-02; head (3:[0-9a-f]{64})\n$`).FindStringSubmatch(said)
		if err != nil || found == nil {
			t.Fatalf("%q %v", said, err)
		}
		if said, err := verified(t, c, AuditCheck{Agency: "lindenau", Head: found[1]}); err != nil {
			t.Errorf("%q %v", said, err)
		}
		for _, wrong := range []AuditCheck{{Agency: "nirgends"}, {Head: "3:abc"}} {
			if _, err := verified(t, c, wrong); err == nil {
				t.Errorf("%+v was taken", wrong)
			}
		}
		said, err = verified(t, c, AuditCheck{Head: "4" + found[1][1:]})
		if err == nil || said != "BROKEN lindenau: entry 4 is missing\n" {
			t.Errorf("%q %v", said, err)
		}
		drop := `DROP TRIGGER audit_entry_unchanged`
		if p.db.Engine() == db.PostgreSQL {
			drop = `DROP TRIGGER audit_entry_kept ON audit_entry`
		}
		for _, query := range []string{drop, `UPDATE audit_entry SET object_id = 'x9' WHERE seq = 2`} {
			if err := p.db.Tx(t.Context(), func(tx *db.Tx) error { _, err := tx.ExecContext(t.Context(), query); return err }); err != nil {
				t.Fatal(err)
			}
		}
		said, err = verified(t, c, AuditCheck{})
		if err == nil || said != "BROKEN lindenau: entry 2 was changed, or was not written by Visavis with this key file\n" ||
			err.Error() != "the audit is not as it was written: 1 of 1 agencies" {
			t.Errorf("%q %v", said, err)
		}
	})
}

func TestAUD01VerifyMakesNeitherKeysNorADatabase(t *testing.T) {
	c := configured(t)
	if _, err := verified(t, c, AuditCheck{}); err == nil || !strings.HasPrefix(err.Error(), "keys.file:") {
		t.Error(err)
	}
	if _, err := openKeys(c); err != nil {
		t.Fatal(err)
	}
	if _, err := verified(t, c, AuditCheck{}); err == nil || !strings.HasPrefix(err.Error(), "database.url:") {
		t.Error(err)
	}
}

// Four eyes for a shorter time would be worth nothing if whoever configures the installation needed none.
func TestTEN05WhoConfiguresTheInstallationAloneDoesNotShortenWhatTheAuditKeeps(t *testing.T) {
	eachDatabase(t, func(t *testing.T, environ ...string) {
		now := time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)
		c, p, _ := audited(t, &now, append(environ, "VISAVIS_AUDIT_KEEP_DAYS=60")...)
		for _, then := range []struct {
			days, after int
			said        string
		}{
			{60, 0, "ok     lindenau: 3 entries, from number 1"},
			{30, 40, "ok     lindenau: 3 entries, from number 1"},
			{30, 61, "ok     lindenau: 3 entries, from number 2"}, // the note of it is the third
		} {
			p.c.Audit.KeepDays = then.days
			now = time.Date(2026, time.March, 2+then.after, 12, 0, 0, 0, time.UTC)
			if err := p.cutAudits(t.Context()); err != nil {
				t.Fatal(err)
			}
			if said, err := verified(t, c, AuditCheck{}); err != nil || !strings.HasPrefix(said, then.said) {
				t.Errorf("%d days, after %d: %q %v", then.days, then.after, said, err)
			}
		}
	})
}

func TestAUD01EntriesAreDeletedWhenTheyHaveBeenKeptLongEnough(t *testing.T) {
	eachDatabase(t, func(t *testing.T, environ ...string) {
		now := time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)
		c, p, _ := audited(t, &now, append(environ, "VISAVIS_AUDIT_KEEP_DAYS=30")...)
		for _, after := range []struct {
			time time.Time
			said string
		}{
			{time.Date(2026, time.April, 1, 21, 59, 0, 0, time.UTC), "ok     lindenau: 3 entries, from number 1"}, // 23:59 in Berlin
			{time.Date(2026, time.April, 1, 22, 1, 0, 0, time.UTC), "ok     lindenau: 3 entries, from number 2"},  // the note of it is the third
			{time.Date(2026, time.April, 2, 12, 0, 0, 0, time.UTC), "ok     lindenau: 3 entries, from number 2"},
		} {
			now = after.time
			if err := p.cutAudits(t.Context()); err != nil {
				t.Fatal(err)
			}
			if said, err := verified(t, c, AuditCheck{}); err != nil || !strings.HasPrefix(said, after.said) {
				t.Errorf("%s: %q %v", after.time, said, err)
			}
		}
	})
}
