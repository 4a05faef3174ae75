package app

import (
	"math"
	"syscall"

	"golang.org/x/sys/unix"
)

// noticeDead makes connections end when what was sent is not acknowledged for deadWait (TCP_USER_TIMEOUT, RFC 5482).
// Accepted connections inherit it.
func noticeDead(_, _ string, raw syscall.RawConn) error {
	var err error
	outer := raw.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(deadWait.Milliseconds()))
	})
	if outer != nil {
		return outer
	}
	return err
}

// openFiles is how many files and connections the system allows this process; Go has raised it as far as it may.
func openFiles() int {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return math.MaxInt32
	}
	return int(min(limit.Cur, math.MaxInt32))
}
