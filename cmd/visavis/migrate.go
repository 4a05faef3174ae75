package main

import (
	"context"

	"visavis/internal/app"
)

type migrateCommand struct{}

func (migrateCommand) Run(ctx context.Context, c *commands) error {
	loaded, err := c.load()
	if err != nil {
		return err
	}
	return app.Migrate(ctx, loaded)
}
