package app

import (
	"errors"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// familiesOfTheUnit are those that the unit of the manual leaves to the process.
func familiesOfTheUnit(t *testing.T) []uint32 {
	t.Helper()
	manual, err := os.ReadFile("../../docs/operator/install.md")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^ +RestrictAddressFamilies=(.+)$`).FindSubmatch(manual)
	if line == nil {
		t.Fatal("the unit restricts no families of addresses")
	}
	numbers := map[string]uint32{"AF_INET": unix.AF_INET, "AF_INET6": unix.AF_INET6, "AF_UNIX": unix.AF_UNIX, "AF_NETLINK": unix.AF_NETLINK}
	var families []uint32
	for name := range strings.FieldsSeq(string(line[1])) {
		number, known := numbers[name]
		if !known {
			t.Fatalf("the test does not know %s", name)
		}
		families = append(families, number)
	}
	return families
}

// restrict does to this process what systemd does by RestrictAddressFamilies: sockets of other families are refused.
func restrict(families []uint32) error {
	load := func(offset uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
	}
	filter := []unix.SockFilter{
		load(0), // the number of the call
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_SOCKET, Jt: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
		load(16), // its first argument
	}
	for _, family := range families {
		filter = append(filter,
			unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: family, Jf: 1},
			unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW})
	}
	filter = append(filter, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EAFNOSUPPORT)})
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	runtime.KeepAlive(filter)
	if errno != 0 {
		return errno
	}
	return nil
}

// The relay listens at all addresses, and none is configured to be told: the process reads those of the machine.
func TestTheUnitOfTheManualLetsTheServerStart(t *testing.T) {
	const variable, unable = "VISAVIS_TEST_RESTRICTED", 77
	if os.Getenv(variable) != "" {
		if err := restrict(familiesOfTheUnit(t)); err != nil {
			os.Exit(unable)
		}
		serveHere(t, configured(t, "VISAVIS_RELAY_UDP=:0", "VISAVIS_RELAY_TCP=:0"))
		return
	}
	again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	again.Env = append(os.Environ(), variable+"=1")
	said, err := again.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil:
	case errors.As(err, &exit) && exit.ExitCode() == unable:
		t.Skip("NOT RUN: this machine restricts no families of addresses")
	default:
		t.Errorf("under the restrictions of the unit: %v\n%s", err, said)
	}
}
