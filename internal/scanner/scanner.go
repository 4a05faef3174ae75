// Package scanner has files looked at by clamd, the server of the virus scanner ClamAV (clamd(8)). What it is given is
// passed on as it comes, and kept nowhere.
package scanner

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// What a file may be refused or not judged for.
var (
	// ErrDown: nobody answers, or not as clamd does.
	ErrDown = errors.New("the virus scanner does not answer")
	// ErrLimit: clamd takes no file of this size (StreamMaxLength in clamd.conf).
	ErrLimit = errors.New("the virus scanner takes no file of this size")
)

const (
	chunk      = 64 << 10
	mostAnswer = 4 << 10 // the name of a signature, and what stands around it
	mostName   = 100
	reachTime  = 5 * time.Second
)

// Clamd is one scanner. It has no state: each file has a connection of its own, as clamd wants it.
type Clamd struct{ network, address string }

// At returns the clamd at an address: unix:/run/clamav/clamd.ctl, or tcp:host:port.
func At(address string) (Clamd, error) {
	network, at, found := strings.Cut(address, ":")
	switch {
	case found && network == "unix" && strings.HasPrefix(at, "/"):
		return Clamd{network, at}, nil
	case found && network == "tcp":
		if host, port, err := net.SplitHostPort(at); err == nil && host != "" && port != "" {
			return Clamd{network, at}, nil
		}
	}
	return Clamd{}, errors.New("is neither unix: with a path, nor tcp: with a host and a port")
}

// Ping asks whether it is there.
func (c Clamd) Ping(ctx context.Context) error {
	_, err := c.ask(ctx, "zPING\x00", func(io.Writer) error { return nil }, "PONG")
	return err
}

// Scan has a file looked at, and returns what was found in it; nothing: "". An error of the file's own is returned as it is.
func (c Clamd) Scan(ctx context.Context, file io.Reader) (found string, err error) {
	answer, err := c.ask(ctx, "zINSTREAM\x00", func(w io.Writer) error { return pass(w, file) }, "stream: ")
	switch {
	case err != nil:
		return "", err
	case answer == "OK":
		return "", nil
	}
	name, isFound := strings.CutSuffix(answer, " FOUND")
	if !isFound {
		return "", fmt.Errorf("%w: it says %q", ErrDown, answer)
	}
	return plain(name), nil
}

// ask sends a command with what belongs to it, and returns what stands behind the beginning that an answer has to have.
func (c Clamd) ask(ctx context.Context, command string, send func(io.Writer) error, begins string) (string, error) {
	dialer := net.Dialer{Timeout: reachTime}
	conn, err := dialer.DialContext(ctx, c.network, c.address)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrDown, err)
	}
	defer func() { _ = conn.Close() }() // everything was said
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()

	// Whoever has enough of a file says so before all of it has come, and goes: that answer is worth more than the error.
	_, sent := io.WriteString(conn, command)
	if sent == nil {
		sent = send(conn)
	}
	if broken, is := errors.AsType[unread](sent); is { // nobody answers half a file before long
		return "", broken.error
	}
	text, err := bufio.NewReader(io.LimitReader(conn, mostAnswer)).ReadString(0)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrDown, errors.Join(sent, err))
	}
	text = strings.TrimSuffix(text, "\x00")
	if strings.HasPrefix(text, "INSTREAM size limit exceeded") {
		return "", ErrLimit
	}
	answer, understood := strings.CutPrefix(text, begins)
	if !understood {
		return "", fmt.Errorf("%w: it says %q", ErrDown, text)
	}
	return answer, nil
}

// unread is an error of the file itself.
type unread struct{ error }

// pass sends a file in pieces, each behind its length, and a length of zero at the end.
func pass(w io.Writer, file io.Reader) error {
	piece := make([]byte, 4+chunk)
	for {
		n, err := io.ReadFull(file, piece[4:])
		ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !ended {
			return unread{err}
		}
		binary.BigEndian.PutUint32(piece, uint32(n))
		if n > 0 {
			if _, err := w.Write(piece[:4+n]); err != nil {
				return err
			}
		}
		if ended {
			_, err := w.Write([]byte{0, 0, 0, 0})
			return err
		}
	}
}

// plain is a name that is shown: of a signature, which somebody else has chosen.
func plain(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, name)
	if name == "" {
		return "?"
	}
	return name[:min(len(name), mostName)]
}
