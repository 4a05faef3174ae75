// Package app builds the program from its parts and runs it. It is the only package that knows all others, and the only
// one that sees the whole configuration; every part gets its own options.
//
// Serve, Relay, Demo, Migrate, VerifyAudit and Doctor are the subcommands. What there is and in which order it starts stands in
// parts.go, to be read from top to bottom.
package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"visavis/internal/config"
	"visavis/internal/db"
	"visavis/internal/staff"
	"visavis/internal/vault"
)

// Options are what a program is given besides its configuration. Zero values mean the real thing.
type Options struct {
	Version string
	Log     *slog.Logger
	Pages   fs.FS            // the built pages; in tests others
	Clock   func() time.Time // in tests another
	Cost    staff.Cost       // of a password; in tests a cheaper one
	Started func(at string)  // called once requests are answered, with the address of the listener
}

func (o *Options) complete() {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Started == nil {
		o.Started = func(string) {}
	}
}

// Serve runs the server until ctx ends. It returns nil when it was asked to stop, and why it could not go on otherwise.
func Serve(ctx context.Context, c *config.Config, o Options) error {
	p, err := build(ctx, c, o)
	if err != nil {
		return err
	}
	if err := p.warnOfDemo(ctx); err != nil {
		return errors.Join(err, p.close())
	}
	return errors.Join(p.run(ctx), p.close())
}

// Migrate brings the database up to date.
func Migrate(ctx context.Context, c *config.Config) error {
	d, err := openDatabase(ctx, c)
	if err != nil {
		return err
	}
	return errors.Join(d.Migrate(ctx), d.Close())
}

func openKeys(c *config.Config) (*vault.Keyring, error) {
	if err := c.MakeDataDir(); err != nil {
		return nil, err
	}
	ring, err := vault.LoadKeyring(c.Keys.File, rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("keys.file: %w", err)
	}
	return ring, nil
}

func openDatabase(ctx context.Context, c *config.Config) (*db.DB, error) {
	if err := c.MakeDataDir(); err != nil {
		return nil, err
	}
	d, err := db.Open(ctx, c.Database.URL.Reveal())
	if err != nil {
		return nil, fmt.Errorf("database.url: %w", err)
	}
	return d, nil
}
