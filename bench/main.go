//go:build linux

// Command bench measures what does not need a browser, and puts all figures together. `make bench` runs it.
//
// Each part writes one file of flat keys into bench/results: `bench relay`, `bench server`, `bench organisation`, and what
// `bench beside NAME COMMAND` runs: the desk's part in internal/today and those in e2e/bench. `bench table` merges them
// into bench/latest.json and prints them beside the aims.
//
// The relay's part starts three further processes of this program: the relay itself, a bare forwarder to compare it
// with, and the generator that plays the browsers, whose own work counts for neither. Of the server's packages this
// program knows the relay's only, which it runs without the rest; else it uses the binary as everybody does.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

const (
	results = "bench/results"
	latest  = "bench/latest.json"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench: "+err.Error())
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("say what: relay, server, organisation, beside or table")
	}
	switch part, rest := args[0], args[1:]; part {
	case "relay":
		return measured(ctx, part, measureRelay)
	case "server":
		return measured(ctx, part, measureServer)
	case "organisation":
		return measured(ctx, part, measureOrganisation)
	case "beside":
		return beside(ctx, rest)
	case "table":
		return table(os.Stdout, results, latest)
	case "as-relay":
		return asRelay(ctx, rest)
	case "as-forwarder":
		return asForwarder(ctx)
	case "as-generator":
		return asGenerator(rest)
	default:
		return fmt.Errorf("no part is called %s", part)
	}
}

// measured runs a part and writes its figures.
func measured(ctx context.Context, part string, measure func(context.Context, figures) error) error {
	found := figures{}
	if err := watched(part, found, func() error { return measure(ctx, found) }); err != nil {
		return err
	}
	return found.write(results, part)
}

// beside runs a part that is another program, and that writes its figures itself.
func beside(ctx context.Context, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("say the name of the part, and its command")
	}
	part, found := args[0], figures{}
	err := watched(part, found, func() error {
		cmd := exec.CommandContext(ctx, args[1], args[2:]...) //nolint:gosec // what scripts/bench says
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		return cmd.Run()
	})
	if err != nil {
		return err
	}
	return found.write(results, part+"-beside")
}

// watched adds to the figures of a part what else the machine did meanwhile, and says how long it took.
func watched(part string, found figures, measure func() error) error {
	before, err := lookAtMachine()
	if err != nil {
		return err
	}
	if err := measure(); err != nil {
		return err
	}
	after, err := lookAtMachine()
	if err != nil {
		return err
	}
	found["machine_"+part] = after.since(before)
	fmt.Fprintf(os.Stderr, "  %s: %.0f s\n", part, after.at.Sub(before.at).Seconds())
	return nil
}
