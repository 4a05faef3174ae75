package main

import (
	"context"
	"io"
	"os"

	"visavis/internal/app"
	"visavis/internal/config"
)

type doctorCommand struct{}

func (doctorCommand) Run(ctx context.Context, c *commands, out io.Writer) error {
	loaded, err := c.load()
	if err != nil {
		return err
	}
	return app.Doctor(ctx, loaded, config.UnknownVariables(os.Environ()), out)
}
