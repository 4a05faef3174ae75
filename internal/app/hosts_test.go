package app

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/config"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/jobs"
	"visavis/internal/worldtest"
)

// hang takes every connection that reads, as if the database had stopped to answer.
func hang(t *testing.T, d *db.DB) {
	t.Helper()
	pool, ok := d.Read().(*sql.DB)
	if !ok {
		t.Fatal("what reads is no pool")
	}
	for {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		taken, err := pool.Conn(ctx)
		cancel()
		if err == nil {
			t.Cleanup(func() { _ = taken.Close() })
		} else if s := pool.Stats(); s.InUse >= s.MaxOpenConnections { // and not only slow to connect
			return
		}
	}
}

func TestWhatIsTheSameForAllIsAnsweredWhileTheDatabaseHangs(t *testing.T) {
	eachInstalled(t, func(t *testing.T, c *config.Config) {
		p, err := build(t.Context(), c, inTests())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = p.close() }) // after the connections are given back
		hang(t, p.db)
		for path, want := range map[string]int{
			"/healthz": http.StatusOK, "/robots.txt": http.StatusOK, "/assets/none.js": http.StatusNotFound,
			"/readyz": http.StatusServiceUnavailable, "/test": http.StatusServiceUnavailable,
		} {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			r := httptest.NewRequestWithContext(ctx, http.MethodGet, path, http.NoBody)
			r.Host = "10.1.2.3:8080" // a probe of a cluster, which knows no names
			w := httptest.NewRecorder()
			begun := time.Now()
			p.server.http.Handler.ServeHTTP(w, r)
			if took := time.Since(begun); w.Code != want || took > hostTime+dbtest.Slack {
				t.Errorf("%s: %d after %v", path, w.Code, took)
			}
		}
	})
}

func TestTEN04WhatOneJobDoesNotClearAFurtherOneDoes(t *testing.T) {
	eachInstalled(t, func(t *testing.T, c *config.Config) {
		p, err := build(t.Context(), c, inTests())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = p.close() })
		a, err := p.agencies.Only(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithTimeout(t.Context(), patience)
		defer stop()
		rounds := 0 // of one job after the other
		p.jobs.Handle(clearing, func(ctx context.Context, job jobs.Job) error {
			rounds++
			err := p.clearSome(ctx, job, 0)
			var left int
			if asked := p.db.Read().QueryRowContext(ctx, `SELECT COUNT(*) FROM staff WHERE agency_id = $1 AND name <> ''`, a.ID).Scan(&left); asked != nil || err != nil {
				t.Error(asked, err)
			}
			if left == 0 { // they come after all that is deleted
				stop()
			}
			return err
		})
		err = p.db.Tx(ctx, func(tx *db.Tx) error {
			return errors.Join(p.agencies.GiveUp(ctx, tx, a.ID), p.givenUp(ctx, tx, a.ID))
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.jobs.Run(ctx); err != nil || rounds < 5 {
			t.Errorf("%d rounds, %v", rounds, err)
		}
		if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("its people keep their names: %v", err)
		}
	})
}

func TestTEN04AKeyThatStaysInTheFilesForWhoeverReadsIsToldAndTriedAgain(t *testing.T) {
	eachInstalled(t, func(t *testing.T, c *config.Config) {
		var log bytes.Buffer
		p, err := build(t.Context(), c, Options{Pages: pagesOfTests(), Cost: worldtest.Cheap(), Log: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = p.close() })
		a, err := p.agencies.Only(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		job := jobs.Job{Kind: agency.Forgetting, Key: a.ID, Ref: a.ID}
		err = p.db.Snapshot(t.Context(), func(q db.Q) error {
			var nodes int // whoever reads agencies themselves would not let the table be written anew at all
			if err := q.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM node`).Scan(&nodes); err != nil {
				return err
			}
			if err := p.db.Tx(t.Context(), func(tx *db.Tx) error { return p.agencies.GiveUp(t.Context(), tx, a.ID) }); err != nil {
				return err
			}
			if err := p.forgetKey(t.Context(), job); err == nil || !strings.Contains(log.String(), "not overwritten yet") {
				t.Errorf("%v, and the log says %s", err, log.String())
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for late := time.Now().Add(patience); p.forgetKey(t.Context(), job) != nil; {
			if time.Now().After(late) {
				t.Fatal("it stays for ever")
			}
		}
		if !strings.Contains(log.String(), "is overwritten") {
			t.Errorf("the log says %s", log.String())
		}
	})
}
