package main

import (
	"context"
	"errors"
	"io"

	"visavis/internal/app"
)

type agencyKey struct {
	Export agencyKeyExport `cmd:"" help:"Write the agency's data key, encrypted, to a file, once two people of the agency have agreed."`
	Import agencyKeyImport `cmd:"" help:"Put it back after the key file was lost."`
}

type agencyKeyExport struct {
	Slug      string `arg:"" help:"Its name in links." placeholder:"SLUG"`
	Out       string `required:"" help:"A file that does not exist yet." placeholder:"FILE"`
	Recipient string `help:"An age public key (age1…) that it is encrypted for; without one, a passphrase is drawn and printed." placeholder:"KEY"`
}

func (k agencyKeyExport) Run(ctx context.Context, c *commands, out io.Writer) error {
	loaded, err := c.load()
	if err != nil {
		return err
	}
	return app.ExportKey(ctx, loaded, k.Slug, app.KeyExport{Out: k.Out, Recipient: k.Recipient}, out)
}

type agencyKeyImport struct {
	Slug       string `arg:"" help:"Its name in links." placeholder:"SLUG"`
	In         string `required:"" help:"The file that was exported." placeholder:"FILE"`
	Passphrase string `help:"A file with its passphrase." placeholder:"FILE"`
	Identity   string `help:"Or one with the age private key that it was encrypted for." placeholder:"FILE"`
}

func (k agencyKeyImport) Run(ctx context.Context, c *commands, out io.Writer) error {
	if (k.Passphrase == "") == (k.Identity == "") {
		return errors.New("say with --passphrase or with --identity how the file can be opened")
	}
	loaded, err := c.load()
	if err != nil {
		return err
	}
	return app.ImportKey(ctx, loaded, k.Slug, app.KeyImport{In: k.In, Passphrase: k.Passphrase, Identity: k.Identity}, out)
}
