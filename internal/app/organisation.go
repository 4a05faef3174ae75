package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"visavis/internal/admin"
	"visavis/internal/agency"
	"visavis/internal/config"
	"visavis/internal/db"
	"visavis/internal/events"
	"visavis/internal/scim"
)

// ImportOptions say what Import is to do.
type ImportOptions struct {
	From   string // a file or a folder
	Agency string // its slug; empty: the only one
	DryRun bool
	All    bool // print every change
}

// Import sets up an agency from files, and prints the difference.
func Import(ctx context.Context, c *config.Config, o ImportOptions, out io.Writer) error {
	files, err := admin.Open(o.From)
	if err != nil {
		return err
	}
	document, mistakes := admin.Read(files)
	return organise(ctx, c, o.Agency, func(k kit) error {
		s, agencyID := k.admin, k.agency.ID
		var changes admin.Difference
		if o.DryRun {
			changes, err = s.Trial(ctx, agencyID, document, mistakes)
		} else {
			changes, err = s.Import(ctx, agencyID, document, mistakes)
		}
		if err != nil {
			return err
		}
		if len(mistakes.List) > 0 {
			return refused(mistakes)
		}
		text := changes.Short()
		if o.All {
			text = changes.String()
		}
		if o.DryRun {
			text += "This was a trial: nothing is changed.\n"
		}
		if _, err := io.WriteString(out, text); err != nil {
			return err
		}
		if o.DryRun || len(changes) == 0 {
			return nil
		}
		return events.WakeAll(ctx, k.db)
	})
}

func refused(mistakes *admin.Mistakes) error {
	sentences, err := mistakes.Sentences("en")
	if err != nil {
		return err
	}
	count := len(mistakes.List) + mistakes.More
	if count == 1 {
		return fmt.Errorf("nothing is changed, there is 1 mistake:\n%s", strings.TrimSuffix(sentences, "\n"))
	}
	return fmt.Errorf("nothing is changed, there are %d mistakes:\n%s", count, strings.TrimSuffix(sentences, "\n"))
}

// ExportOptions say what Export is to write.
type ExportOptions struct {
	Agency string // its slug; empty: the only one
	Format string // csv or json
	Out    string // a folder, an archive or a file; empty: out
}

// Export writes the organisation of an agency.
func Export(ctx context.Context, c *config.Config, o ExportOptions, out io.Writer) error {
	if o.Out == "" && o.Format != string(admin.JSON) {
		return errors.New("say with --out where to: a folder, or a file that ends with .zip")
	}
	return organise(ctx, c, o.Agency, func(k kit) error {
		document, err := k.admin.Export(ctx, k.agency.ID, "")
		if err != nil {
			return err
		}
		return put(document.Write(admin.Format(o.Format)), o, out)
	})
}

// put writes files that only their owner may read: they name people.
func put(files []admin.File, o ExportOptions, out io.Writer) error {
	switch {
	case o.Out == "":
		_, err := out.Write(files[0].Data)
		return err
	case o.Format == string(admin.JSON):
		return os.WriteFile(o.Out, files[0].Data, 0o600)
	case strings.EqualFold(filepath.Ext(o.Out), ".zip"):
		packed, err := admin.Pack(files)
		if err != nil {
			return err
		}
		return os.WriteFile(o.Out, packed, 0o600)
	}
	if err := os.MkdirAll(o.Out, 0o700); err != nil {
		return err
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(o.Out, f.Name), f.Data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// kit is what a command has that changes an organisation.
type kit struct {
	admin  *admin.Service
	scim   *scim.Service
	db     *db.DB
	agency agency.Agency
}

// organise lets a command change the organisation of one agency.
func organise(ctx context.Context, c *config.Config, slug string, do func(kit) error) error {
	return withTools(ctx, c, func(o *tools) error {
		a, err := chosen(ctx, o.agencies, slug)
		if err != nil {
			return err
		}
		quiet := slog.New(slog.DiscardHandler)
		return do(kit{
			admin: admin.New(o.db, admin.Options{Agencies: o.agencies, Staff: o.staff, Audit: o.audit, Clock: time.Now, Log: quiet}),
			scim: scim.New(o.db, scim.Options{
				Agencies: o.agencies, Staff: o.staff, Audit: o.audit, Clock: time.Now, Log: quiet, URL: c.HTTP.URL.String(),
			}),
			db: o.db, agency: a,
		})
	})
}

func chosen(ctx context.Context, agencies *agency.Store, slug string) (agency.Agency, error) {
	if slug == "" {
		a, err := agencies.Only(ctx)
		if errors.Is(err, agency.ErrNotFound) {
			err = errors.New("there is not exactly one agency; say with --agency which is meant")
		}
		return a, err
	}
	a, err := agencies.BySlug(ctx, slug)
	if errors.Is(err, agency.ErrNotFound) {
		err = fmt.Errorf("there is no agency %s", slug)
	}
	return a, err
}
