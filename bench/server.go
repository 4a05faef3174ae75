//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	program = "bin/visavis"
	guests  = 1000
	// early guests come before the memory is read for the first time: the code and the caches that they are the first
	// to need are there once, however many follow.
	early  = 100
	starts = 10
	// quiet lets the server finish what it was doing before its memory is read.
	quiet     = 3 * time.Second
	readyIn   = 20 * time.Second
	stopIn    = 20 * time.Second
	readyStep = 2 * time.Millisecond
)

// measureServer starts the real binary on a database with a thousand appointments, and lets as many guests wait.
func measureServer(ctx context.Context, found figures) (err error) {
	folder, err := os.MkdirTemp("", "visavis-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	links, err := bookAll(ctx, folder)
	if err != nil {
		return fmt.Errorf("book: %w", err)
	}
	var took []float64
	for range starts {
		p, err := startServer(ctx, folder, "serve")
		if err != nil {
			return err
		}
		took = append(took, float64(p.took.Microseconds())/1000)
		if err := p.stop(); err != nil {
			return err
		}
	}
	found["start_ms"] = round(median(took))
	p, err := startServer(ctx, folder, "serve")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	if err := wait(ctx, p, links, found); err != nil {
		text, _ := os.ReadFile(filepath.Join(folder, "log")) // says why, if it can be read
		return fmt.Errorf("%w: %s", err, text)
	}
	return nil
}

// wait reads the memory of a server before and after the guests have come.
func wait(ctx context.Context, p *process, links []string, found figures) error {
	idle, err := residentAfter(ctx, p.pid())
	if err != nil {
		return err
	}
	found["idle_mb"] = round(idle / 1e6)
	first, err := arriveAll(ctx, p.at, links[:early])
	if err != nil {
		return err
	}
	defer first.leave()
	few, err := residentAfter(ctx, p.pid())
	if err != nil {
		return err
	}
	begun := time.Now()
	others, err := arriveAll(ctx, p.at, links[early:])
	if err != nil {
		return err
	}
	defer others.leave()
	fmt.Fprintf(os.Stderr, "  %d guests have come in %.1f s\n", len(others), time.Since(begun).Seconds())
	many, err := residentAfter(ctx, p.pid())
	if err != nil {
		return err
	}
	found["waiting_mb_total"] = round(many / 1e6)
	found["waiting_kb_per_guest"] = round((many - few) / float64(len(others)) / 1000)
	return nil
}

func residentAfter(ctx context.Context, pid int) (float64, error) {
	if err := pause(ctx, quiet); err != nil {
		return 0, err
	}
	return residentBytes(pid)
}

func pause(ctx context.Context, span time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(span):
		return nil
	}
}

// process is a running server.
type process struct {
	cmd  *exec.Cmd
	out  *output
	at   string
	took time.Duration // from its start until it was ready
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// bare is the environment without what configures Visavis, and with some more variables.
func bare(more ...string) []string {
	left := slices.DeleteFunc(slices.Clone(more), func(variable string) bool { return variable == "" })
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "VISAVIS_") {
			left = append(left, variable)
		}
	}
	return left
}

// startServer starts the binary on a folder and waits until it is ready. Variables of others may be added.
func startServer(ctx context.Context, folder, command string, more ...string) (*process, error) {
	at, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(folder, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p := &process{cmd: exec.CommandContext(ctx, program, command), out: &output{}, at: at} //nolint:gosec // our own binary
	p.cmd.Stdout, p.cmd.Stderr = p.out, log
	_, port, _ := net.SplitHostPort(at)
	p.cmd.Env = append(bare(more...), "VISAVIS_DATA_DIR="+folder, "VISAVIS_HTTP_LISTEN="+at,
		"VISAVIS_HTTP_URL=http://localhost:"+port, "VISAVIS_RELAY_UDP=127.0.0.1:0", "VISAVIS_RELAY_TCP=127.0.0.1:0")
	begun := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if err := ready(ctx, at); err != nil {
		text, _ := os.ReadFile(log.Name()) // says more than err, if it can be read
		return nil, errors.Join(fmt.Errorf("%s: %w: %s", command, err, text), p.stop())
	}
	p.took = time.Since(begun)
	return p, nil
}

func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	late := time.AfterFunc(stopIn, func() { _ = p.cmd.Process.Kill() }) // it has had its time
	defer late.Stop()
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("stop server: %w", err)
	}
	return nil
}

func freePort(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// ready asks as a balancer does, only more often.
func ready(ctx context.Context, at string) error {
	ctx, cancel := context.WithTimeout(ctx, readyIn)
	defer cancel()
	for {
		if answer, err := (&client{at: at}).call(ctx, http.MethodGet, "/readyz", nil); err == nil && answer.status == http.StatusOK {
			return nil
		}
		if err := pause(ctx, readyStep); err != nil {
			return errors.New("does not become ready")
		}
	}
}
