package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/config"
	"visavis/internal/db"
	"visavis/internal/jobs"
)

// JobChoice says which of the jobs that were given up a command is about.
type JobChoice struct {
	Agency string   // by the name in its links; empty: of all, and nobody's
	IDs    []string // as the list prints them
	All    bool     // in their place
}

func (c JobChoice) check() error {
	if c.All == (len(c.IDs) > 0) {
		return errors.New("say which jobs: by the numbers that visavis jobs list prints, or with --all")
	}
	return nil
}

// ListJobs prints the jobs that were given up.
func ListJobs(ctx context.Context, c *config.Config, choice JobChoice, out io.Writer) error {
	return withTools(ctx, c, func(o *tools) error {
		owners, err := o.owners(ctx, choice.Agency)
		if err != nil {
			return err
		}
		table, none := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0), true
		for _, a := range owners {
			dead, err := o.jobs.Dead(ctx, o.db.Read(), a.ID)
			if err != nil {
				return err
			}
			for _, one := range dead {
				none = false
				_, err := fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d tries\t%s\n",
					one.ID, a.Slug, one.Kind, one.At.UTC().Format(time.RFC3339), one.Attempts, one.Code)
				if err != nil {
					return err
				}
			}
		}
		if none {
			_, err := fmt.Fprintln(out, "no job was given up")
			return err
		}
		return table.Flush()
	})
}

// ReviveJobs has jobs that were given up done after all.
func ReviveJobs(ctx context.Context, c *config.Config, choice JobChoice, out io.Writer) error {
	return withTools(ctx, c, func(o *tools) error {
		n, err := o.eachDead(ctx, choice, audit.JobRevived, func(tx *db.Tx, a agency.Agency, ids []string) (int, error) {
			return len(ids), o.jobs.Revive(ctx, tx, a.ID, ids...)
		})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%d will be tried again within a minute\n", n)
		return err
	})
}

// DropJobs deletes jobs that were given up. Those that finish what giving an agency up began are kept: nobody else would.
func DropJobs(ctx context.Context, c *config.Config, choice JobChoice, out io.Writer) error {
	return withTools(ctx, c, func(o *tools) error {
		n, err := o.eachDead(ctx, choice, audit.JobDropped, func(tx *db.Tx, a agency.Agency, ids []string) (int, error) {
			switch {
			case a.ID != "":
				return len(ids), o.jobs.Drop(ctx, tx, a.ID, ids...)
			case choice.All:
				return 0, nil
			}
			return 0, errors.New("a job that deletes what is left of an agency, or its key, can only be tried again: visavis jobs again")
		})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%d dropped\n", n)
		return err
	})
}

// owners are those whose jobs are looked at: one agency; or all, and nobody, whose jobs delete what is left of agencies and
// let go of their keys.
func (o *tools) owners(ctx context.Context, slug string) ([]agency.Agency, error) {
	if slug == "" {
		all, err := o.agencies.All(ctx)
		return append(all, agency.Agency{Slug: "-"}), err
	}
	one, err := o.agencies.BySlug(ctx, slug)
	if errors.Is(err, agency.ErrNotFound) {
		return nil, fmt.Errorf("--agency: there is no agency %q", slug)
	}
	return []agency.Agency{one}, err
}

// eachDead does something to the chosen jobs of each agency, to all or none, and tells to how many, and the agencies' audits.
func (o *tools) eachDead(ctx context.Context, choice JobChoice, act audit.Act, do func(*db.Tx, agency.Agency, []string) (int, error)) (n int, err error) {
	if err := choice.check(); err != nil {
		return 0, err
	}
	owners, err := o.owners(ctx, choice.Agency)
	if err != nil {
		return 0, err
	}
	err = o.db.Retried(ctx, func(tx *db.Tx) error {
		left := slices.Clone(choice.IDs)
		n = 0
		for _, a := range owners {
			dead, err := o.jobs.Dead(ctx, tx, a.ID)
			if err != nil {
				return err
			}
			ids, kinds := chosenJobs(dead, choice)
			if len(ids) == 0 {
				continue
			}
			done, err := do(tx, a, ids)
			if err == nil && a.ID != "" {
				err = o.noteJobs(ctx, tx, a.ID, act, kinds)
			}
			if err != nil {
				return err
			}
			n += done
			left = slices.DeleteFunc(left, func(id string) bool { return slices.Contains(ids, id) })
		}
		if len(left) > 0 {
			return fmt.Errorf("no job that was given up has the number %s; see visavis jobs list", left[0]) // to be read
		}
		return nil
	})
	return n, err
}

// chosenJobs are the ids of those that were chosen, and how many there are of each kind.
func chosenJobs(dead []jobs.Dead, choice JobChoice) (ids []string, kinds map[string]int) {
	kinds = map[string]int{}
	for _, one := range dead {
		if choice.All || slices.Contains(choice.IDs, one.ID) {
			ids = append(ids, one.ID)
			kinds[one.Kind]++
		}
	}
	return ids, kinds
}

// noteJobs tells an agency's audit what became of jobs of its own: whose letter never went out was somebody's decision.
func (o *tools) noteJobs(ctx context.Context, tx *db.Tx, agencyID string, act audit.Act, kinds map[string]int) error {
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		err := o.audit.Append(ctx, tx, audit.Entry{
			Agency: agencyID, By: audit.System(), Act: act, Object: agencyID,
			Detail: []audit.Code{audit.Is("job", kind), audit.Number("count", int64(kinds[kind]))},
		})
		if err != nil {
			return err
		}
	}
	return nil
}
