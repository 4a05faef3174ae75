package main

import (
	"context"
	"io"

	"visavis/internal/app"
)

type directoryCommand struct {
	Token  directoryToken  `cmd:"" help:"Make a token by which an agency's directory changes accounts and groups (SCIM), and print it this once."`
	List   directoryList   `cmd:"" help:"List an agency's tokens."`
	Revoke directoryRevoke `cmd:"" help:"Revoke a token at once."`
}

type directoryToken struct {
	Label  string `arg:"" help:"What it is for."`
	Agency string `help:"The agency's name in links; not needed where there is only one." placeholder:"SLUG"`
}

func (t directoryToken) Run(ctx context.Context, c *commands, out io.Writer) error {
	loaded, err := c.load()
	if err != nil {
		return err
	}
	return app.MakeDirectoryToken(ctx, loaded, t.Agency, t.Label, out)
}

type directoryList struct {
	Agency string `help:"The agency's name in links; not needed where there is only one." placeholder:"SLUG"`
}

func (l directoryList) Run(ctx context.Context, c *commands, out io.Writer) error {
	loaded, err := c.load()
	if err != nil {
		return err
	}
	return app.ListDirectoryTokens(ctx, loaded, l.Agency, out)
}

type directoryRevoke struct {
	ID     string `arg:"" help:"As list prints it."`
	Agency string `help:"The agency's name in links; not needed where there is only one." placeholder:"SLUG"`
}

func (r directoryRevoke) Run(ctx context.Context, c *commands, out io.Writer) error {
	loaded, err := c.load()
	if err != nil {
		return err
	}
	return app.RevokeDirectoryToken(ctx, loaded, r.Agency, r.ID, out)
}
