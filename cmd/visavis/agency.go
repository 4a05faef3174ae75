package main

import (
	"context"
	"io"

	"visavis/internal/app"
)

type agencyCommand struct {
	List   agencyList   `cmd:"" help:"Print the agencies of this installation."`
	Create agencyCreate `cmd:"" help:"Make an agency with a key of its own, and the account of its first administrator."`
	Change agencyChange `cmd:"" help:"Give an agency another name, telephone or host."`
	Key    agencyKey    `cmd:"" help:"Back up an agency's data key, or put it back."`
}

type agencyList struct{}

func (agencyList) Run(ctx context.Context, c *commands, out io.Writer) error {
	loaded, err := c.load()
	if err != nil {
		return err
	}
	return app.ListAgencies(ctx, loaded, out)
}

type agencyCreate struct {
	Slug      string `arg:"" help:"Its name in links, for good: it stands in letters." placeholder:"SLUG"`
	Name      string `required:"" help:"As citizens read it." placeholder:"NAME"`
	Phone     string `required:"" help:"Where citizens reach it when nothing else works." placeholder:"NUMBER"`
	Hours     string `help:"When, in German: \"Montag bis Freitag 8 bis 16 Uhr\"." placeholder:"TEXT"`
	HoursEn   string `help:"The same in English." placeholder:"TEXT"`
	Host      string `help:"A host name of its own, under which no other agency can be reached." placeholder:"HOST"`
	Admin     string `required:"" help:"E-mail address of its first administrator." placeholder:"ADDRESS"`
	AdminName string `required:"" help:"And the name." placeholder:"NAME"`
}

func (a agencyCreate) Run(ctx context.Context, c *commands, out io.Writer) error {
	loaded, err := c.load()
	if err != nil {
		return err
	}
	return app.CreateAgency(ctx, loaded, app.NewAgency{
		Slug: a.Slug, Name: a.Name, Phone: a.Phone, Hours: a.Hours, HoursEN: a.HoursEn, Host: a.Host, Admin: a.Admin, AdminName: a.AdminName,
	}, out)
}

type agencyChange struct {
	Slug    string  `arg:"" help:"Its name in links." placeholder:"SLUG"`
	Name    *string `help:"As citizens read it." placeholder:"NAME"`
	Phone   *string `help:"Where citizens reach it." placeholder:"NUMBER"`
	Hours   *string `help:"When, in German." placeholder:"TEXT"`
	HoursEn *string `help:"When, in English." placeholder:"TEXT"`
	Host    *string `help:"A host name of its own; empty: none any more." placeholder:"HOST"`
}

func (a agencyChange) Run(ctx context.Context, c *commands, out io.Writer) error {
	loaded, err := c.load()
	if err != nil {
		return err
	}
	return app.ChangeAgency(ctx, loaded, a.Slug, app.AgencyChange{
		Name: a.Name, Phone: a.Phone, Hours: a.Hours, HoursEN: a.HoursEn, Host: a.Host,
	}, out)
}
