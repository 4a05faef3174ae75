// Command visavis is the whole product in one binary: video appointments for public agencies.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"visavis/internal/config"
)

// version is set by the linker.
var version = "development"

// commands are the subcommands; each stands in the file of its name.
type commands struct {
	Config string `help:"The configuration file (YAML)." type:"path" env:"VISAVIS_CONFIG" placeholder:"FILE"`

	Serve     serveCommand     `cmd:"" help:"Serve pages and API, and media unless relay.mode is external."`
	Relay     relayCommand     `cmd:"" help:"Run the relay for media as a process of its own."`
	Demo      demoCommand      `cmd:"" help:"Serve with an example agency and a mailbox, to try it."`
	Migrate   migrateCommand   `cmd:"" help:"Bring the database up to date and stop."`
	Print     configCommand    `cmd:"" name:"config" help:"Show the configuration and its manual."`
	Agency    agencyCommand    `cmd:"" help:"List, make and change agencies."`
	Import    importCommand    `cmd:"" help:"Set up an agency from files: departments, locations, desks, services, staff and roles."`
	Export    exportCommand    `cmd:"" help:"Write the organisation of an agency as files that import reads."`
	Directory directoryCommand `cmd:"" help:"Let an agency's directory say who works there (SCIM)."`
	Audit     auditCommand     `cmd:"" help:"Verify the record of what happened."`
	Receipt   receiptCommand   `cmd:"" help:"The keys with which guests' receipts are signed."`
	Jobs      jobsCommand      `cmd:"" help:"What to do about jobs that were given up."`
	Doctor    doctorCommand    `cmd:"" help:"Try whether everything that the configuration names works."`
	Version   versionCommand   `cmd:"" help:"Print the version."`
}

// load reads the configuration that the flags and the environment name.
func (c *commands) load() (*config.Config, error) {
	loaded, err := config.Load(config.Source{File: c.Config, Environ: os.Environ()})
	if err != nil {
		return nil, fmt.Errorf("the configuration has mistakes:\n%w", err)
	}
	return loaded, nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	var c commands
	parsed := kong.Parse(&c, kong.Name("visavis"), kong.Description("Video appointments for public agencies."),
		kong.UsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)), kong.BindTo(os.Stdout, (*io.Writer)(nil)))
	if err := parsed.Run(&c); err != nil {
		fmt.Fprintln(os.Stderr, "visavis: "+err.Error())
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}
