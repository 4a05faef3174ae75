package main

import (
	"context"
	"io"
	"os"

	"visavis/internal/app"
	"visavis/internal/config"
)

type doctorCommand struct {
	Relay bool `help:"Try only what visavis relay needs."`
}

func (d doctorCommand) Run(ctx context.Context, c *commands, out io.Writer) error {
	loaded, err := c.load()
	if err != nil {
		return err
	}
	return app.Doctor(ctx, loaded, app.Checkup{Relay: d.Relay, Unknown: config.UnknownVariables(os.Environ())}, out)
}
