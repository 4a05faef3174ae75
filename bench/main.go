//go:build linux

// Command bench measures what does not need a browser, and puts all figures together. `make bench` runs it.
//
// Each part writes one file of flat keys into bench/results: `bench relay`, `bench server`, `bench
// organisation`, and the browser's part in
// e2e/bench. `bench table` merges them into bench/latest.json and prints them beside the aims.
//
// The relay's part starts three further processes of this program: the relay itself, a bare forwarder to compare it
// with, and the generator that plays the browsers, whose own work counts for neither. This program must not know the
// server's packages: it uses the binary as everybody does.
package main

import (
	"context"
	"fmt"
	"os"
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
		return fmt.Errorf("say what: relay, server, organisation or table")
	}
	switch part, rest := args[0], args[1:]; part {
	case "relay":
		return measured(ctx, part, measureRelay)
	case "server":
		return measured(ctx, part, measureServer)
	case "organisation":
		return measured(ctx, part, measureOrganisation)
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

// measured runs a part and writes its figures, and what else the machine did meanwhile.
func measured(ctx context.Context, part string, measure func(context.Context, figures) error) error {
	before, err := lookAtMachine()
	if err != nil {
		return err
	}
	found := figures{}
	if err := measure(ctx, found); err != nil {
		return err
	}
	after, err := lookAtMachine()
	if err != nil {
		return err
	}
	found["machine_"+part] = after.since(before)
	return found.write(results, part)
}
