package app

import (
	"context"
	"fmt"

	"visavis/internal/config"
	"visavis/internal/scanner"
)

func (p *parts) makeScanner(context.Context) (err error) {
	p.scanner, err = scannerOf(p.c)
	return err
}

// scannerOf returns the virus scanner that the configuration names; none: nil.
func scannerOf(c *config.Config) (*scanner.Clamd, error) {
	if c.Scanner.Clamd == "" {
		return nil, nil
	}
	clamd, err := scanner.At(c.Scanner.Clamd)
	if err != nil {
		return nil, fmt.Errorf("scanner.clamd %w", err)
	}
	return &clamd, nil
}

func (d *doctor) virusScanner(ctx context.Context) {
	clamd, err := scannerOf(d.c)
	switch {
	case err != nil:
		d.bad("scanner.clamd", "%v", err)
	case clamd == nil:
		d.note("scanner.clamd", "none is named: advisors cannot have files looked at for viruses")
	default:
		if err := clamd.Ping(ctx); err != nil {
			d.bad("scanner.clamd", "%v; clamd must run, and this user must be allowed to use its socket", err)
			return
		}
		d.ok("scanner.clamd", "clamd answers at %s", d.c.Scanner.Clamd)
	}
}
