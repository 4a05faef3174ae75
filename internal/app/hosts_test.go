package app

import (
	"context"
	"database/sql"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"visavis/internal/config"
	"visavis/internal/db"
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
		if err != nil {
			return
		}
		t.Cleanup(func() { _ = taken.Close() })
	}
}

func TestWhatIsTheSameForAllIsAnsweredWhileTheDatabaseHangs(t *testing.T) {
	eachInstalled(t, func(t *testing.T, c *config.Config) {
		p, err := build(t.Context(), c, Options{Pages: pagesOfTests()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = p.close() }) // after the connections are given back
		hang(t, p.db)
		for path, want := range map[string]int{
			"/healthz": http.StatusOK, "/robots.txt": http.StatusOK, "/assets/none.js": http.StatusNotFound,
			"/readyz": http.StatusServiceUnavailable, "/test": http.StatusServiceUnavailable,
		} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
			r.Host = "10.1.2.3:8080" // a probe of a cluster, which knows no names
			w := httptest.NewRecorder()
			begun := time.Now()
			p.server.http.Handler.ServeHTTP(w, r)
			if took := time.Since(begun); w.Code != want || took > 2*hostTime {
				t.Errorf("%s: %d after %v", path, w.Code, took)
			}
		}
	})
}
