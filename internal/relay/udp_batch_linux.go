package relay

import (
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// batchSize is the most that one call takes.
const batchSize = 32

// Up to gatherFrom packets a second each is passed on at once, so batches are what has come together. Above that most of
// the time would go into falling asleep and being woken for every single packet: the socket takes what came within
// gatherFor then, as network cards do under load. It delays a packet by less than a hundredth of what a voice's jitter
// buffer holds.
const (
	gatherFrom = 20_000
	gatherFor  = 200 * time.Microsecond
)

// yieldEvery is below the 10 ms after which Go's scheduler takes the processor from a goroutine that has not yielded,
// which costs more than the packets when it happens again and again to one that is mostly in a call.
const yieldEvery = 4 * time.Millisecond

// batchSocket takes and sends several packets per call. It waits in the call itself and not in Go's network poller:
// there most of a relay's time would go into parking and waking a goroutine for each packet.
type batchSocket struct {
	file     *os.File        // counts who is in a call, so that the descriptor is not closed under anybody
	raw      syscall.RawConn // the same
	at       netip.AddrPort
	wildcard bool // answers must then come from the address that was asked
	v6       bool // addresses are written as IPv6

	in, out  *batch
	packets  [batchSize][longestPacket]byte
	received [batchSize]datagram
	yielded  time.Time
	taken    int // packets since then
	gather   bool
	// The two calls, made once: a closure for each packet would be garbage.
	takeIn, putOut func(fd uintptr)
}

// batch is what the kernel reads and fills in.
type batch struct {
	headers  [batchSize]unix.Mmsghdr
	vectors  [batchSize]unix.Iovec
	names    [batchSize]unix.RawSockaddrInet6 // large enough for IPv4, too
	controls [batchSize][controlBytes]byte
	size     int
	err      unix.Errno
}

// inBatches takes the socket over, or returns nil where the kernel cannot do it.
func inBatches(conn *net.UDPConn) udpSocket {
	own := duplicate(conn)
	if own < 0 {
		return nil
	}
	at := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	domain, err := unix.GetsockoptInt(own, unix.SOL_SOCKET, unix.SO_DOMAIN)
	if err == nil {
		err = unix.SetNonblock(own, false) // before os.NewFile, which gives to the poller what does not block
	}
	s := &batchSocket{file: os.NewFile(uintptr(own), "relay"), at: at}
	if err == nil {
		s.raw, err = s.file.SyscallConn()
	}
	if err != nil {
		_ = unix.SetNonblock(own, true) // both descriptors share this
		s.file.Close()
		return nil
	}
	s.v6 = domain == unix.AF_INET6
	s.wildcard = at.Addr().IsUnspecified() && askForLocalAddress(conn)
	conn.Close() // the socket lives on in its second descriptor, which the poller does not know
	s.prepare()
	return s
}

// duplicate returns a second descriptor of the socket, or -1 where the kernel lacks one of the calls.
func duplicate(conn *net.UDPConn) int {
	raw, err := conn.SyscallConn()
	if err != nil {
		return -1
	}
	own := -1
	err = raw.Control(func(fd uintptr) {
		// With nothing to do both say whether they exist.
		_, _, in := unix.Syscall6(unix.SYS_RECVMMSG, fd, 0, 0, unix.MSG_DONTWAIT, 0, 0)
		_, _, out := unix.Syscall6(unix.SYS_SENDMMSG, fd, 0, 0, unix.MSG_DONTWAIT, 0, 0)
		if in == 0 && out == 0 {
			if own, err = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0); err != nil {
				own = -1
			}
		}
	})
	if err != nil {
		return -1
	}
	return own
}

func (s *batchSocket) prepare() {
	s.in, s.out = &batch{size: batchSize}, new(batch)
	for i := range batchSize {
		s.in.vectors[i].Base = &s.packets[i][0]
		s.in.vectors[i].SetLen(longestPacket)
		for _, b := range []*batch{s.in, s.out} {
			header := &b.headers[i].Hdr
			header.Iov = &b.vectors[i]
			header.SetIovlen(1)
			header.Name = (*byte)(unsafe.Pointer(&b.names[i])) //nolint:gosec // sockaddr is untyped memory
		}
	}
	s.takeIn, s.putOut = s.in.take, s.out.put
}

// take waits for a packet and takes what has come together with it.
func (b *batch) take(fd uintptr) {
	headers := unsafe.Pointer(&b.headers[0]) //nolint:gosec // a system call without a wrapper
	n, _, err := unix.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(headers), batchSize, unix.MSG_WAITFORONE, 0, 0)
	b.size, b.err = int(n), err
}

// put sends all. What the kernel does not take is lost, and the next one's turn comes.
func (b *batch) put(fd uintptr) {
	for sent := 0; sent < b.size; {
		headers := unsafe.Pointer(&b.headers[sent]) //nolint:gosec // likewise
		n, _, err := unix.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(headers), uintptr(b.size-sent), unix.MSG_DONTWAIT, 0, 0)
		if err != 0 {
			n = 1
		}
		sent += int(n)
	}
}

func (s *batchSocket) address() netip.AddrPort { return s.at }
func (s *batchSocket) mode() string            { return "several packets per call" }

// close wakes who waits for packets: shutting an unconnected UDP socket down fails, and yet ends all receiving.
func (s *batchSocket) close() {
	_ = s.raw.Control(func(fd uintptr) { _ = unix.Shutdown(int(fd), unix.SHUT_RDWR) }) // see above
	s.file.Close()
}

func (s *batchSocket) receive() ([]datagram, error) {
	s.taken += s.in.size
	if now := time.Now(); now.Sub(s.yielded) > yieldEvery {
		s.gather = busy(s.taken, now.Sub(s.yielded))
		s.yielded, s.taken = now, 0
		runtime.Gosched()
	}
	if s.gather && s.in.size < batchSize { // after a full batch there may be more already
		moment := unix.NsecToTimespec(gatherFor.Nanoseconds())
		_ = unix.Nanosleep(&moment, nil) // a signal only makes it shorter
	}
	for i := range s.in.size { // those that the kernel has written to
		header := &s.in.headers[i].Hdr
		header.Namelen = unix.SizeofSockaddrInet6
		if s.wildcard {
			header.Control = &s.in.controls[i][0]
			header.SetControllen(controlBytes)
		}
	}
	if err := s.raw.Control(s.takeIn); err != nil {
		return nil, net.ErrClosed
	}
	if s.in.err != 0 {
		return nil, s.in.err
	}
	// After close the kernel answers at once, with nothing.
	if s.in.size == 0 || s.in.headers[0].Hdr.Namelen == 0 {
		return nil, net.ErrClosed
	}
	for i := range s.in.size {
		header := &s.in.headers[i]
		from := endpoint{remote: addressOf(&s.in.names[i])}
		if s.wildcard {
			from.local = localAddress(s.in.controls[i][:header.Hdr.Controllen])
		}
		s.received[i] = datagram{packet: s.packets[i][:min(header.Len, longestPacket)], from: from}
	}
	return s.received[:s.in.size], nil
}

// busy says whether so many packets in that time are worth gathering.
func busy(packets int, within time.Duration) bool {
	return packets >= int(gatherFrom*within.Seconds())
}

func (s *batchSocket) forward(received []datagram) {
	s.out.size = 0
	for i := range received {
		if d := &received[i]; d.overUDP() && len(d.packet) > 0 {
			s.add(d)
		}
	}
	if s.out.size > 0 {
		_ = s.raw.Control(s.putOut) // fails when closed
	}
}

// add puts one packet into the batch that goes out.
func (s *batchSocket) add(d *datagram) {
	out, i := s.out, s.out.size
	out.size++
	header := &out.headers[i].Hdr
	header.Namelen = s.putAddress(&out.names[i], d.to.remote)
	out.vectors[i].Base = &d.packet[0]
	out.vectors[i].SetLen(len(d.packet))
	header.Control = nil
	header.SetControllen(0)
	if s.wildcard && d.to.local.IsValid() {
		control := fromAddress(out.controls[i][:0], d.to.local)
		header.Control = &control[0]
		header.SetControllen(len(control))
	}
}

func (s *batchSocket) write(packet []byte, to endpoint) {
	var control []byte
	if s.wildcard && to.local.IsValid() {
		control = fromAddress(make([]byte, 0, controlBytes), to.local)
	}
	_ = s.raw.Control(func(fd uintptr) { // fails when closed
		_, _ = unix.SendmsgN(int(fd), packet, control, s.sockaddr(to.remote), unix.MSG_DONTWAIT) // see udpSocket
	})
}

func (s *batchSocket) sockaddr(at netip.AddrPort) unix.Sockaddr {
	if s.v6 {
		return &unix.SockaddrInet6{Port: int(at.Port()), Addr: at.Addr().As16(), ZoneId: zoneOf(at.Addr())}
	}
	return &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}
}

// putAddress writes an address as the kernel wants it, and returns its length.
func (s *batchSocket) putAddress(name *unix.RawSockaddrInet6, at netip.AddrPort) uint32 {
	if !s.v6 {
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(name)) //nolint:gosec // sockaddr is untyped memory
		*v4 = unix.RawSockaddrInet4{Family: unix.AF_INET, Port: swapped(at.Port()), Addr: at.Addr().As4()}
		return unix.SizeofSockaddrInet4
	}
	*name = unix.RawSockaddrInet6{
		Family: unix.AF_INET6, Port: swapped(at.Port()), Addr: at.Addr().As16(), Scope_id: zoneOf(at.Addr()),
	}
	return unix.SizeofSockaddrInet6
}

func addressOf(name *unix.RawSockaddrInet6) netip.AddrPort {
	if name.Family == unix.AF_INET {
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(name)) //nolint:gosec // sockaddr is untyped memory
		return netip.AddrPortFrom(netip.AddrFrom4(v4.Addr), swapped(v4.Port))
	}
	at := netip.AddrFrom16(name.Addr).Unmap()
	if name.Scope_id != 0 { // link-local
		at = at.WithZone(strconv.FormatUint(uint64(name.Scope_id), 10))
	}
	return netip.AddrPortFrom(at, swapped(name.Port))
}

func zoneOf(at netip.Addr) uint32 {
	if at.Zone() == "" {
		return 0
	}
	number, _ := strconv.ParseUint(at.Zone(), 10, 32) // addressOf wrote it
	return uint32(number)
}

// swapped turns a port from or into the network's order of bytes.
func swapped(port uint16) uint16 {
	var bytes [2]byte
	binary.NativeEndian.PutUint16(bytes[:], port)
	return binary.BigEndian.Uint16(bytes[:])
}
