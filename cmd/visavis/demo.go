package main

import (
	"context"
	"io"
	"os"

	"visavis/internal/app"
)

type demoCommand struct{}

func (demoCommand) Run(ctx context.Context, c *commands, out io.Writer) error {
	loaded, err := c.load()
	if err != nil {
		return err
	}
	return app.Demo(ctx, loaded, app.Options{Version: version, Log: app.NewLog(os.Stderr, loaded.Log)}, out)
}
