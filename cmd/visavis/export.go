package main

import (
	"context"
	"io"

	"visavis/internal/app"
)

type exportCommand struct {
	Agency string `help:"The agency's name in links; not needed where there is only one." placeholder:"SLUG"`
	Format string `help:"csv: tables, one for each kind. json: one file." enum:"csv,json" default:"csv"`
	Out    string `help:"Where to: for csv a folder or a file that ends with .zip, for json a file. Without it, json goes to the standard output." type:"path" placeholder:"FILE|DIR"`
}

func (e exportCommand) Run(ctx context.Context, c *commands, out io.Writer) error {
	loaded, err := c.load()
	if err != nil {
		return err
	}
	return app.Export(ctx, loaded, app.ExportOptions{Agency: e.Agency, Format: e.Format, Out: e.Out}, out)
}
