package main

import (
	"io"

	"visavis/internal/config"
)

type configCommand struct {
	Print  configPrint  `cmd:"" help:"Print all keys with what holds at present, as a configuration file. Secrets are left out."`
	Manual configManual `cmd:"" help:"Print the manual of all keys, in Markdown."`
}

type configPrint struct{}

func (configPrint) Run(c *commands, out io.Writer) error {
	loaded, err := c.load()
	if err != nil {
		return err
	}
	return config.Write(out, loaded)
}

type configManual struct{}

func (configManual) Run(out io.Writer) error { return config.WriteManual(out) }
