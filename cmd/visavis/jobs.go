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

// jobsChosen names jobs on the command line.
type jobsChosen struct {
	ID     []string `arg:"" optional:"" help:"As list prints them."`
	All    bool     `help:"All of them, instead."`
	Agency string   `help:"Only those of this one, by the name in its links." placeholder:"SLUG"`
}

func (j jobsChosen) choice() app.JobChoice {
	return app.JobChoice{Agency: j.Agency, IDs: j.ID, All: j.All}
}

type jobsAgain struct{ jobsChosen }

func (a jobsAgain) Run(ctx context.Context, c *commands, out io.Writer) error {
	loaded, err := c.load()
	if err != nil {
		return err
	}
	return app.ReviveJobs(ctx, loaded, a.choice(), out)
}

type jobsDrop struct{ jobsChosen }

func (d jobsDrop) Run(ctx context.Context, c *commands, out io.Writer) error {
	loaded, err := c.load()
	if err != nil {
		return err
	}
	return app.DropJobs(ctx, loaded, d.choice(), out)
}
