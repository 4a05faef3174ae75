package main

import (
	"context"
	"io"

	"visavis/internal/app"
)

type importCommand struct {
	From   string `arg:"" type:"path" help:"A folder with tables in CSV, a ZIP archive of them, one of them, or a file in JSON." placeholder:"FILE|DIR"`
	Agency string `help:"The agency's name in links; not needed where there is only one." placeholder:"SLUG"`
	DryRun bool   `help:"Tell what would change, and change nothing."`
	All    bool   `help:"Print every change, not only the first of each kind."`
}

func (i importCommand) Run(ctx context.Context, c *commands, out io.Writer) error {
	loaded, err := c.load()
	if err != nil {
		return err
	}
	return app.Import(ctx, loaded, app.ImportOptions{From: i.From, Agency: i.Agency, DryRun: i.DryRun, All: i.All}, out)
}
