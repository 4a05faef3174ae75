package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/config"
	"visavis/internal/db"
	"visavis/internal/vault"
)

// AuditCheck says which audit to verify.
type AuditCheck struct {
	Agency string // slug; empty: all
	Head   string // that was kept elsewhere; of one agency
}

// VerifyAudit looks at each entry of the audit and changes nothing. It fails if a chain is not whole, and says where.
func VerifyAudit(ctx context.Context, c *config.Config, check AuditCheck, out io.Writer) error {
	var known *audit.Head
	if check.Head != "" {
		head, err := audit.ParseHead(check.Head)
		if err != nil {
			return fmt.Errorf("--head: %w", err)
		}
		known = &head
	}
	ring, err := presentKeys(c)
	if err != nil {
		return err
	}
	d, err := presentDatabase(ctx, c)
	if err != nil {
		return err
	}
	return errors.Join(verifyAll(ctx, d, ring, check.Agency, known, out), d.Close())
}

func verifyAll(ctx context.Context, d *db.DB, ring *vault.Keyring, slug string, known *audit.Head, out io.Writer) error {
	agencies := agency.New(d, ring, time.UTC, time.Now)
	all, err := agencies.All(ctx)
	if err != nil {
		return err
	}
	if slug != "" {
		one, err := agencies.BySlug(ctx, slug)
		if errors.Is(err, agency.ErrNotFound) {
			return fmt.Errorf("--agency: there is no agency %q", slug)
		}
		if err != nil {
			return err
		}
		all = []agency.Agency{one}
	}
	if known != nil && len(all) != 1 {
		return errors.New("--head is that of one agency: say which, with --agency")
	}
	entries := audit.New(d, audit.Options{Ring: ring, Key: agencies.Keys().In, Clock: time.Now, Log: slog.New(slog.DiscardHandler)})
	broken := 0
	for _, a := range all {
		report, err := entries.Verify(ctx, a.ID, known)
		if err != nil {
			return err
		}
		tell(out, a.Slug, report)
		if len(report.Faults) > 0 {
			broken++
		}
	}
	if broken > 0 {
		return fmt.Errorf("the audit is not as it was written: %d of %d agencies", broken, len(all))
	}
	return nil
}

// tell says what a chain is like, in a line, or in one for each fault.
func tell(out io.Writer, slug string, r audit.Report) {
	say := func(mark, format string, args ...any) {
		_, _ = fmt.Fprintf(out, "%-6s %s: %s\n", mark, slug, fmt.Sprintf(format, args...)) // nobody may be reading
	}
	for _, fault := range r.Faults {
		say("BROKEN", "%s", fault)
	}
	if len(r.Faults) > 0 {
		return
	}
	if r.Entries == 0 {
		say("ok", "no entries yet")
		return
	}
	say("ok", "%d entries, from number %d of %s; head %s", r.Entries, r.First, r.Since.Format(time.DateOnly), r.Head)
	if r.KnownIsGone {
		say("note", "the head that was given is older than all entries that are kept; keep this one instead")
	}
}

// presentKeys reads the key file, and makes none: with a new one every chain would look broken.
func presentKeys(c *config.Config) (*vault.Keyring, error) {
	if _, err := os.Stat(c.Keys.File); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("keys.file: %s is not there; the audit can be verified only with the keys that it was written with", c.Keys.File)
	}
	ring, err := vault.LoadKeyring(c.Keys.File, rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("keys.file: %w", err)
	}
	return ring, nil
}

// presentDatabase opens a database that is there and up to date.
func presentDatabase(ctx context.Context, c *config.Config) (*db.DB, error) {
	address := c.Database.URL.Reveal()
	if path, lite := strings.CutPrefix(address, "sqlite:"); lite {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("database.url: %s is not there", path)
		}
	}
	d, err := db.Open(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("database.url: %w", err)
	}
	has, newest, err := d.Schema(ctx)
	if err == nil && has != newest {
		err = fmt.Errorf("database.url: the database is at version %d and this Visavis at %d; run visavis migrate, or the Visavis that wrote it", has, newest)
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// cutAudits deletes entries that have been kept long enough, by whole days: once a day there is something to delete. For how
// many days, each agency decides; where it has not, the installation, which can only lengthen it.
func (p *parts) cutAudits(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, houseTimeout)
	defer cancel()
	all, err := p.agencies.All(ctx)
	if err != nil {
		return err
	}
	now := p.o.Clock().In(p.c.TimeZone.Location)
	var failed error
	for _, a := range all {
		rules, err := p.agencies.RulesAt(ctx, p.db.Read(), a.ID, agency.Place{Kind: agency.OfAgency, ID: a.ID})
		if err != nil {
			return err
		}
		kept, err := p.agencies.KeepAudit(ctx, a, p.c.Audit.KeepDays)
		if err != nil {
			return err
		}
		days := cmp.Or(rules.Days(agency.KeptAudit), kept)
		oldest := time.Date(now.Year(), now.Month(), now.Day()-days, 0, 0, 0, 0, now.Location())
		if _, err := p.audit.Cut(ctx, a.ID, oldest); err != nil {
			failed = errors.Join(failed, fmt.Errorf("agency %s: %w", a.Slug, err))
		}
	}
	return failed
}
