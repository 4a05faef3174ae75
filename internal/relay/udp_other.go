//go:build !linux

package relay

import (
	"net"
	"net/netip"
)

const controlBytes = 64

// inBatches is only known for Linux.
func inBatches(*net.UDPConn) udpSocket { return nil }

// askForLocalAddress is only known for Linux; elsewhere a relay with several addresses should listen on one of them.
func askForLocalAddress(*net.UDPConn) bool { return false }

func localAddress([]byte) netip.Addr { return netip.Addr{} }

func fromAddress(b []byte, _ netip.Addr) []byte { return b }

func isFleeting(error) bool { return false }

func isShortage(error) bool { return false }
