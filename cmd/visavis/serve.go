package main

import (
	"context"
	"os"

	"visavis/internal/app"
)

type serveCommand struct{}

func (serveCommand) Run(ctx context.Context, c *commands) error {
	loaded, err := c.load()
	if err != nil {
		return err
	}
	return app.Serve(ctx, loaded, app.Options{Version: version, Log: app.NewLog(os.Stderr, loaded.Log)})
}
