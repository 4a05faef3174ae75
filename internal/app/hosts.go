package app

import (
	"context"
	"net"
	"net/http"
	"strings"
	"time"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/jobs"
	"visavis/internal/pages"
)

// hostTime is how long the question may take whose host a request came under. It comes before every answer, also before
// those that have a deadline of their own.
const hostTime = 2 * time.Second

// hosted shows to who comes under an agency's own host that agency alone. Under the installation's own all are there, and
// nobody looks; nor for what is the same for everybody: a machine that asks whether this process lives comes by its
// address, and must not take a database that hangs for an end of the process.
func (p *parts) hosted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.isOwnHost(r.Host) || pages.SameForAll(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		id, err := p.agencyAt(r)
		if err != nil {
			edge.WriteProblem(w, edge.AsProblem(r.Context(), p.o.Log, err))
			return
		}
		if id == "" {
			next.ServeHTTP(w, r)
			return
		}
		bound := r.WithContext(agency.At(r.Context(), id))
		defer func() { r.Pattern = bound.Pattern }() // for the log, which has the request itself
		next.ServeHTTP(w, bound)
	})
}

func (p *parts) agencyAt(r *http.Request) (string, error) {
	ctx, cancel := context.WithTimeout(r.Context(), hostTime)
	defer cancel()
	return p.agencies.AtHost(ctx, r.Host)
}

func (p *parts) isOwnHost(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	return strings.EqualFold(name, p.c.HTTP.URL.Hostname())
}

// clearing is the kind of job that deletes the rows of an agency that was given up.
const clearing = "agency.clear"

// givenUp sees to what is left of an agency. The job is nobody's: those of the agency go with it.
func (p *parts) givenUp(ctx context.Context, tx *db.Tx, agencyID string) error {
	tx.AfterCommit(func() { p.events.Nudge("", agency.GivenUp) })
	for _, kind := range []string{agency.Forgetting, clearing} {
		if err := p.jobs.Add(ctx, tx, jobs.Job{Kind: kind, Key: agencyID, Ref: agencyID}); err != nil {
			return err
		}
	}
	return nil
}

// forgetAgain is how long a key may stay in the database's files after whoever could read it has ended.
const forgetAgain = 5 * time.Minute

// forgetKey lets go of the key of an agency that was given up. It is never given up itself: a backup or a standby may
// keep what it reads for hours, and nobody else would look again.
func (p *parts) forgetKey(ctx context.Context, job jobs.Job) error {
	if err := p.agencies.ForgetKeys(ctx); err != nil {
		p.o.Log.WarnContext(ctx, "the destroyed key of an agency that was given up is not overwritten yet in the database's files",
			"agency", job.Ref, "again_in", forgetAgain.String(), "error", err)
		return jobs.Again(p.o.Clock().Add(forgetAgain), job.Ref)
	}
	p.o.Log.InfoContext(ctx, "the destroyed key of an agency that was given up is overwritten in the database's files", "agency", job.Ref)
	return nil
}

// clearFor is how long one job deletes: well below what a job may take, so that none fails only since there is much.
const clearFor = 20 * time.Second

func (p *parts) clearAgency(ctx context.Context, job jobs.Job) error {
	return p.clearSome(ctx, job, clearFor)
}

// clearSome deletes for a while. What is left is a further job's, whose tries begin anew.
func (p *parts) clearSome(ctx context.Context, job jobs.Job, within time.Duration) error {
	begun := time.Now()
	more, err := p.agencies.Clear(ctx, job.Ref, func() bool { return time.Since(begun) >= within })
	if err != nil {
		return err
	}
	if more {
		return p.db.Tx(ctx, func(tx *db.Tx) error {
			return p.jobs.Replace(ctx, tx, jobs.Job{Kind: clearing, Key: job.Key, Ref: job.Ref})
		})
	}
	p.o.Log.InfoContext(ctx, "rows of an agency that was given up are deleted", "agency", job.Ref)
	return nil
}

// closeKeys closes the keys of agencies when one was given up, on whatever node.
func (p *parts) closeKeys(ctx context.Context) error {
	given := p.events.Subscribe("", agency.GivenUp)
	defer given.Close()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-given.C:
			p.agencies.Keys().CloseAll()
		}
	}
}
