package main

import (
	"context"
	"io"

	"visavis/internal/app"
)

type auditCommand struct {
	Verify auditVerify `cmd:"" help:"Look at each entry, and print the head of each agency's audit, to be kept elsewhere."`
}

type auditVerify struct {
	Agency string `help:"Only this one, by the name in its links." placeholder:"SLUG"`
	Head   string `help:"A head that was printed before: everything up to it must still be there." placeholder:"NUMBER:HASH"`
}

func (a auditVerify) Run(ctx context.Context, c *commands, out io.Writer) error {
	loaded, err := c.load()
	if err != nil {
		return err
	}
	return app.VerifyAudit(ctx, loaded, app.AuditCheck{Agency: a.Agency, Head: a.Head}, out)
}
