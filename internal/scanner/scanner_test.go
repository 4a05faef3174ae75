package scanner_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"visavis/internal/scanner"
	"visavis/internal/scanner/scannertest"
)

func TestARealScannerSaysWhatItFindsWhereverInTheFile(t *testing.T) {
	clamd, _ := scannertest.Start(t)
	for name, file := range map[string]string{
		"alone": scannertest.Virus, "in the middle": strings.Repeat("a", 200_000) + scannertest.Virus + strings.Repeat("b", 200_000),
		"over the end of a piece": strings.Repeat("a", 64<<10-5) + scannertest.Virus,
	} {
		if found, err := clamd.Scan(t.Context(), strings.NewReader(file)); err != nil || found != scannertest.Name {
			t.Errorf("%s: found %q, %v", name, found, err)
		}
	}
	for name, file := range map[string]io.Reader{
		"nothing": strings.NewReader(""), "a letter": strings.NewReader("Guten Tag"), "in small pieces": iotest.OneByteReader(strings.NewReader("Guten Tag")),
		"exactly one piece": bytes.NewReader(make([]byte, 64<<10)),
	} {
		if found, err := clamd.Scan(t.Context(), file); err != nil || found != "" {
			t.Errorf("%s: found %q, %v", name, found, err)
		}
	}
}

func TestARealScannerThatTakesNoSuchLargeFileIsNotOneThatFoundNothing(t *testing.T) {
	clamd, _ := scannertest.Start(t)
	_, err := clamd.Scan(t.Context(), bytes.NewReader(make([]byte, scannertest.MostBytes+1<<20)))
	if !errors.Is(err, scanner.ErrLimit) {
		t.Errorf("%v", err)
	}
}

func TestAFileThatBreaksOffIsNotJudged(t *testing.T) {
	clamd, _ := scannertest.Start(t)
	lost := errors.New("lost")
	if found, err := clamd.Scan(t.Context(), io.MultiReader(strings.NewReader("Guten"), iotest.ErrReader(lost))); !errors.Is(err, lost) || found != "" {
		t.Errorf("%q, %v", found, err)
	}
}

func TestWhatIsNoScannerJudgesNothing(t *testing.T) {
	for _, answer := range []string{"", "stream: OK", "OK\x00", "stream: \x00", "stream: ERROR\x00", strings.Repeat("a", 100_000), "HTTP/1.1 400 Bad Request\r\n\r\n", "stream: OK FOUND?\x00"} {
		clamd, err := scanner.At(pretended(t, answer))
		if err != nil {
			t.Fatal(err)
		}
		if found, err := clamd.Scan(t.Context(), strings.NewReader("Guten Tag")); !errors.Is(err, scanner.ErrDown) || found != "" {
			t.Errorf("%.40q: %q, %v", answer, found, err)
		}
	}
	clamd, _ := scanner.At("unix:" + filepath.Join(t.TempDir(), "nobody"))
	if _, err := clamd.Scan(t.Context(), strings.NewReader("")); !errors.Is(err, scanner.ErrDown) {
		t.Error(err)
	}
}

func TestAScannerThatDoesNotAnswerIsWaitedForAsLongAsAsked(t *testing.T) {
	address := "unix:" + filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", strings.TrimPrefix(address, "unix:"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	clamd, _ := scanner.At(address)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := clamd.Scan(ctx, strings.NewReader("Guten Tag")); !errors.Is(err, scanner.ErrDown) || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
}

func TestANameOfASignatureIsShownPlainly(t *testing.T) {
	clamd, _ := scanner.At(pretended(t, "stream: <b>\x1b[2J\u202e"+strings.Repeat("x", 300)+" FOUND\x00"))
	found, err := clamd.Scan(t.Context(), strings.NewReader(""))
	if err != nil || !strings.HasPrefix(found, "<b>[2Jxxx") || len(found) != 100 {
		t.Errorf("%q, %v", found, err)
	}
}

func TestAnAddressSaysWhereAndHow(t *testing.T) {
	for _, good := range []string{"unix:/run/clamav/clamd.ctl", "tcp:127.0.0.1:3310", "tcp:[::1]:3310", "tcp:scanner.example.de:3310"} {
		if _, err := scanner.At(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "unix:", "unix:clamd.ctl", "tcp:", "tcp:3310", "tcp::3310", "tcp:host:", "http://scanner", "127.0.0.1:3310"} {
		if _, err := scanner.At(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// pretended answers everything with the same, as something else does that listens there.
func pretended(t *testing.T, answer string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.CopyN(io.Discard, conn, 14)
			_, _ = io.WriteString(conn, answer)
			if tcp, isTCP := conn.(*net.TCPConn); isTCP {
				_ = tcp.CloseWrite()
			}
			_, _ = io.Copy(io.Discard, conn)
			_ = conn.Close()
		}
	}()
	return "tcp:" + listener.Addr().String()
}
