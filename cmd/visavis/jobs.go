package main

import (
	"context"
	"io"

	"visavis/internal/app"
)

type jobsCommand struct {
	List  jobsList  `cmd:"" help:"Print the jobs that were given up: number, agency, kind, when, after how many tries and why."`
	Again jobsAgain `cmd:"" help:"Have jobs that were given up tried again."`
	Drop  jobsDrop  `cmd:"" help:"Delete jobs that were given up; what they were to do is not done."`
}

type jobsList struct {
	Agency string `help:"Only those of this one, by the name in its links." placeholder:"SLUG"`
}

func (l jobsList) Run(ctx context.Context, c *commands, out io.Writer) error {
	loaded, err := c.load()
	if err != nil {
		return err
	}
	return app.ListJobs(ctx, loaded, app.JobChoice{Agency: l.Agency}, out)
}

type jobsAgain struct {
	ID     []string `arg:"" optional:"" help:"As list prints them."`
	All    bool     `help:"All of them, instead."`
	Agency string   `help:"Only those of this one, by the name in its links." placeholder:"SLUG"`
}

func (a jobsAgain) Run(ctx context.Context, c *commands, out io.Writer) error {
	loaded, err := c.load()
	if err != nil {
		return err
	}
	return app.ReviveJobs(ctx, loaded, app.JobChoice{Agency: a.Agency, IDs: a.ID, All: a.All}, out)
}

type jobsDrop struct {
	ID     []string `arg:"" optional:"" help:"As list prints them."`
	All    bool     `help:"All of them, instead."`
	Agency string   `help:"Only those of this one, by the name in its links." placeholder:"SLUG"`
}

func (d jobsDrop) Run(ctx context.Context, c *commands, out io.Writer) error {
	loaded, err := c.load()
	if err != nil {
		return err
	}
	return app.DropJobs(ctx, loaded, app.JobChoice{Agency: d.Agency, IDs: d.ID, All: d.All}, out)
}
