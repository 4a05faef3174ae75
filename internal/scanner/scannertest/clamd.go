// Package scannertest starts a real clamd that knows one pretended virus.
package scannertest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"visavis/internal/scanner"
)

// What is in files, and what clamd calls it. It is nothing that other scanners know, so that none takes away this source.
const (
	Virus = "what a scanner in a test of Visavis finds"
	Name  = "Visavis.Test.UNOFFICIAL"
)

// MostBytes is the largest file that this clamd takes.
const MostBytes = 2 << 20

const patience = time.Minute

// Start runs clamd until the test ends.
func Start(t *testing.T) (clamd scanner.Clamd, address string) {
	t.Helper()
	program, err := exec.LookPath("clamd")
	if err != nil {
		if program = "/usr/sbin/clamd"; !exists(program) {
			t.Skip("NOT RUN: clamd is missing (scripts/install test)")
		}
	}
	folder, err := os.MkdirTemp("", "clamd") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	socket := filepath.Join(folder, "clamd.ctl")
	write(t, filepath.Join(folder, "clamd.conf"), fmt.Sprintf(
		"Foreground yes\nLocalSocket %s\nDatabaseDirectory %s\nTemporaryDirectory %s\nStreamMaxLength %d\nMaxThreads 4\n", socket, folder, folder, MostBytes))
	write(t, filepath.Join(folder, "test.ndb"), fmt.Sprintf("Visavis.Test:0:*:%x\n", Virus))
	run := exec.CommandContext(t.Context(), program, "--config-file="+filepath.Join(folder, "clamd.conf")) //nolint:gosec // clamd, wherever it lies
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = run.Process.Kill()
		_ = run.Wait() // killed
	})
	address = "unix:" + socket
	if clamd, err = scanner.At(address); err != nil {
		t.Fatal(err)
	}
	await(t, clamd)
	return clamd, address
}

// await asks until clamd answers; it says nothing when it is ready.
func await(t *testing.T, clamd scanner.Clamd) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for tick := time.NewTicker(20 * time.Millisecond); ; {
		err := clamd.Ping(ctx)
		if err == nil {
			tick.Stop()
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal(errors.Join(ctx.Err(), err))
		case <-tick.C:
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
