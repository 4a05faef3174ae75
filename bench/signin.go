//go:build linux

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"visavis/internal/staff"
)

const (
	signIns     = 60
	hashes      = 20
	atWork      = 8                      // colleagues whose pages ask meanwhile
	asksEvery   = 100 * time.Millisecond // each of them
	betweenThem = 50 * time.Millisecond  // people who begin their day one after the other
)

// measureHash measures what nobody can make cheaper: one password, at the cost that the server takes.
func measureHash(found figures) {
	salt := make([]byte, 16)
	rand.Read(salt)
	var took []float64
	for range hashes {
		begun := time.Now()
		staff.Cost{}.Key("Vier Fische im Nebel", salt)
		took = append(took, float64(time.Since(begun).Microseconds())/1000)
	}
	found["sign_in_hash_ms_p50"] = round(median(took))
}

// signIn lets people sign in with the right password, one after the other, while colleagues work.
func signIn(ctx context.Context, at, password string, found figures, engine string) error {
	measureHash(found)
	people := []string{advisor, "jonas.weber@example.org", "katharina.vogt@example.org", "mehmet.aksoy@example.org", "sabine.krueger@example.org"}
	busy, stop := context.WithCancel(ctx)
	defer stop()
	group, working := errgroup.WithContext(busy)
	for i := range atWork {
		group.Go(func() error { return work(working, at, people[i%len(people)], password) })
	}
	took, err := signInAll(ctx, at, people, password)
	stop()
	if failed := group.Wait(); err == nil && !errors.Is(failed, context.Canceled) {
		err = failed
	}
	if err != nil {
		return err
	}
	slices.Sort(took)
	found["sign_in_ms_p50_"+engine] = round(median(took))
	found["sign_in_ms_p95_"+engine] = round(took[len(took)*95/100])
	return nil
}

func signInAll(ctx context.Context, at string, people []string, password string) ([]float64, error) {
	var took []float64
	for i := range signIns {
		who := &client{at: at}
		begun := time.Now()
		if err := who.must(ctx, "/api/staff/session", object{"agency": agency, "email": people[i%len(people)], "password": password}, nil); err != nil {
			return nil, err
		}
		took = append(took, float64(time.Since(begun).Microseconds())/1000)
		if err := pause(ctx, betweenThem); err != nil {
			return nil, err
		}
	}
	return took, nil
}

// work asks for what a page shows, again and again.
func work(ctx context.Context, at, email, password string) error {
	c := &client{at: at}
	if err := c.must(ctx, "/api/staff/session", object{"agency": agency, "email": email, "password": password}, nil); err != nil {
		return err
	}
	for {
		if err := pause(ctx, asksEvery); err != nil {
			return err
		}
		got, err := c.call(ctx, http.MethodGet, "/api/staff/session", nil)
		if err == nil && got.status != http.StatusOK {
			err = fmt.Errorf("a colleague's page gets %d: %s", got.status, got.body)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return err
		}
	}
}
