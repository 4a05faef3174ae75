package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"visavis/internal/app"
)

type relayCommand struct {
	PrintKey bool `help:"Print what relay.key must be for this installation, and stop."`
}

func (r relayCommand) Run(ctx context.Context, c *commands, out io.Writer) error {
	loaded, err := c.load()
	if err != nil {
		return err
	}
	if r.PrintKey {
		key, err := app.RelayKey(loaded)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(out, key)
		return err
	}
	return app.Relay(ctx, loaded, app.Options{Version: version, Log: app.NewLog(os.Stderr, loaded.Log)})
}
