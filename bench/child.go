//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// child is another process of this program, spoken to in lines of JSON.
type child struct {
	name string
	cmd  *exec.Cmd
	in   io.WriteCloser
	send *json.Encoder
	read *json.Decoder
}

func start(ctx context.Context, name string, args ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{name: name, cmd: exec.CommandContext(ctx, self, append([]string{name}, args...)...)} //nolint:gosec // ourselves
	c.cmd.Stderr = os.Stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.send, c.read = json.NewEncoder(c.in), json.NewDecoder(bufio.NewReader(out))
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return c, nil
}

func (c *child) hear(into any) error {
	if err := c.read.Decode(into); err != nil {
		return fmt.Errorf("hear %s: %w", c.name, err)
	}
	return nil
}

// end lets it end by itself: its input is over.
func (c *child) end() error {
	return errors.Join(c.in.Close(), c.cmd.Wait())
}
