package relay

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

// controlBytes holds one packet's information of either family.
const controlBytes = 64

// askForLocalAddress makes the kernel tell which of our addresses each packet was sent to (IP_PKTINFO, RFC 3542 §6.1).
func askForLocalAddress(conn *net.UDPConn) bool {
	raw, err := conn.SyscallConn()
	if err != nil {
		return false
	}
	var v4, v6 error
	err = raw.Control(func(fd uintptr) {
		v4 = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
		v6 = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1)
	})
	return err == nil && (v4 == nil || v6 == nil)
}

func localAddress(control []byte) netip.Addr {
	for len(control) >= unix.SizeofCmsghdr {
		header, data, rest, err := unix.ParseOneSocketControlMessage(control)
		if err != nil {
			return netip.Addr{}
		}
		switch {
		case header.Level == unix.IPPROTO_IP && header.Type == unix.IP_PKTINFO && len(data) >= unix.SizeofInet4Pktinfo:
			return netip.AddrFrom4([4]byte(data[4:8])) // ipi_spec_dst: ours also where the packet was a broadcast
		case header.Level == unix.IPPROTO_IPV6 && header.Type == unix.IPV6_PKTINFO && len(data) >= unix.SizeofInet6Pktinfo:
			return netip.AddrFrom16([16]byte(data[:16])).Unmap()
		}
		control = rest
	}
	return netip.Addr{}
}

// fromAddress appends the control message that makes a packet leave from local.
func fromAddress(b []byte, local netip.Addr) []byte {
	level, kind, size := unix.IPPROTO_IP, unix.IP_PKTINFO, unix.SizeofInet4Pktinfo
	if local.Is6() {
		level, kind, size = unix.IPPROTO_IPV6, unix.IPV6_PKTINFO, unix.SizeofInet6Pktinfo
	}
	b = append(b, make([]byte, unix.CmsgSpace(size))...)
	header := b[:unix.SizeofCmsghdr]
	if unix.SizeofCmsghdr == 16 {
		binary.NativeEndian.PutUint64(header, uint64(unix.CmsgLen(size)))
	} else {
		binary.NativeEndian.PutUint32(header, uint32(unix.CmsgLen(size)))
	}
	binary.NativeEndian.PutUint32(header[unix.SizeofCmsghdr-8:], uint32(level))
	binary.NativeEndian.PutUint32(header[unix.SizeofCmsghdr-4:], uint32(kind))
	data := b[unix.CmsgLen(0):]
	if local.Is6() {
		address := local.As16()
		copy(data, address[:])
	} else {
		address := local.As4()
		copy(data[4:], address[:])
	}
	return b
}

// isFleeting reports errors that belong to an earlier packet or to a moment, not to the socket.
func isFleeting(err error) bool {
	for _, fleeting := range []unix.Errno{unix.ECONNREFUSED, unix.EHOSTUNREACH, unix.ENETUNREACH, unix.EINTR, unix.ENOBUFS, unix.ENOMEM} {
		if errors.Is(err, fleeting) {
			return true
		}
	}
	return false
}

// isShortage reports that there are no file descriptors for another connection.
func isShortage(err error) bool { return errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) }
