package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"visavis/internal/config"
	"visavis/internal/demo"
	"visavis/internal/mailbox"
	"visavis/locales"
)

// Demo is Serve with an example agency and, unless a mail server is configured, a mailbox.
func Demo(ctx context.Context, c *config.Config, o Options, out io.Writer) error {
	var box *mailbox.Mailbox
	if c.Mail.Host == "" {
		var err error
		if box, err = mailbox.Listen(ctx); err != nil {
			return err
		}
		c.Mail.Host, c.Mail.Port = box.Address()
		c.Mail.TLS, c.Mail.From = "off", "Landesamt Musterland <videotermin@example.org>"
	}
	p, err := build(ctx, c, o)
	if err != nil {
		return err
	}
	if err := p.prepareDemo(ctx, box); err != nil {
		return errors.Join(err, p.close())
	}
	started := p.o.Started
	p.o.Started = func(at string) {
		p.greetNewcomer(out, box != nil)
		started(at)
	}
	return errors.Join(p.run(ctx), p.close())
}

func (p *parts) prepareDemo(ctx context.Context, box *mailbox.Mailbox) error {
	if box != nil {
		err := box.Mount(p.mux, mailbox.Options{Locales: locales.Files, TimeZone: p.c.TimeZone.Location, Host: p.c.HTTP.URL.Hostname()})
		if err != nil {
			return err
		}
		p.background("mailbox", box.Serve)
	}
	return demo.Seed(ctx, demo.Parts{
		DB: p.db, Ring: p.ring, Agencies: p.agencies, Staff: p.staff, Appointments: p.appointments,
		Clock: p.o.Clock, TimeZone: p.c.TimeZone.Location,
	})
}

// greetNewcomer says what to open, in one piece: no line of the log comes between.
func (p *parts) greetNewcomer(out io.Writer, withMailbox bool) {
	url := p.c.HTTP.URL.String()
	var text strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&text, format+"\n", args...) }
	say("\nVisavis is ready: %s\n", url)
	say("  1. Sign in as one of these:    %s/staff", url)
	for _, account := range demo.Everybody() {
		say("       %-24s %-16s %s", account.As, account.Name, account.Email)
	}
	say("     Password: %s", demo.Password(p.ring))
	say("     Anybody you book at the time that is proposed can come at once.")
	if withMailbox {
		say("  2. Read the citizens' e-mails: %s/demo/mail", url)
		say("     Open a link there, best in another browser or a private window.")
	}
	say("  3. Test camera and network:    %s/test\n", url)
	kept := "Appointments stay in " + p.c.Data.Dir
	if withMailbox {
		kept += ", e-mails only until then"
	}
	say("Stop with Ctrl+C. %s.\n", kept)
	_, _ = io.WriteString(out, text.String()) // nobody may be reading
}

// warnOfDemo tells who starts a server for real people that others can sign in to it.
func (p *parts) warnOfDemo(ctx context.Context) error {
	n, err := demo.Usable(ctx, p.db.Read())
	if err == nil && n > 0 {
		p.o.Log.WarnContext(ctx, "this database holds accounts of the demonstration, with which others can sign in: disable them, "+
			"or use a database in which no demonstration has run", "accounts", n)
	}
	return err
}
