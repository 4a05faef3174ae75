package app

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"visavis/internal/demo"
	"visavis/internal/worldtest"
)

// onSmallDisk runs the calling test again in a process that has a disk of a few megabytes of its own. It returns the
// disk's folder in that process, and "" in the first one when the second has ended.
func onSmallDisk(t *testing.T) string {
	t.Helper()
	const variable = "VISAVIS_TEST_SMALL_DISK"
	if os.Getenv(variable) != "" {
		folder := t.TempDir()
		if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=8m"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = syscall.Unmount(folder, syscall.MNT_DETACH) })
		return folder
	}
	again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", fmt.Sprintf("-test.v=%t", testing.Verbose()))
	again.Env = append(os.Environ(), variable+"=1")
	again.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	said, err := again.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil:
		t.Logf("%s", said)
	case errors.As(err, &exit):
		t.Errorf("on a small disk: %v\n%s", err, said)
	default:
		t.Skip("NOT RUN: a small disk needs a user and a mount namespace:", err)
	}
	return ""
}

// stuff writes until nothing more fits.
func stuff(t *testing.T, folder string) (free func()) {
	t.Helper()
	path := filepath.Join(folder, "ballast")
	ballast, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer ballast.Close()
	for err == nil {
		_, err = ballast.Write(make([]byte, 512))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// booker books for the first service of the first desk, an hour later each time: a desk has only so many people.
func booker(t *testing.T, by *worldtest.Browser) func() worldtest.Answer {
	t.Helper()
	var me struct{ Desks, Services []struct{ ID string } }
	by.Get("/api/staff/session").OK(t).Into(t, &me)
	starts := time.Now()
	return func() worldtest.Answer {
		starts = starts.Add(time.Hour)
		return by.Post("/api/staff/appointments", worldtest.Body{
			"desk": me.Desks[0].ID, "service": me.Services[0].ID, "startsAt": starts.UnixMilli(), "language": "de",
			"citizen": worldtest.Body{"name": "Erika Mustermann"},
		})
	}
}

func TestOnAFullDiskTheServerSaysSoAndGoesOnWhenThereIsRoomAgain(t *testing.T) {
	disk := onSmallDisk(t)
	if disk == "" {
		return
	}
	w := startWhole(t, "VISAVIS_DATABASE_URL=sqlite:"+filepath.Join(disk, "visavis.db"))
	b := w.signIn(demo.Accounts()[0])
	ready := visit(t, w.url)
	ready.Get("/readyz").OK(t)
	free := stuff(t, disk)

	book := booker(t, b)
	told, begun := book(), time.Now()
	for told.Status == http.StatusOK && time.Since(begun) < patience { // the database has room of its own for a while
		told = book()
	}
	told.Expect(t, http.StatusServiceUnavailable, "unavailable")
	if told.Header.Get("Retry-After") == "" {
		t.Error("it does not say when to ask again")
	}
	if a := ready.Get("/readyz"); a.Status != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" {
		t.Errorf("with a full disk it is ready: %d %s", a.Status, a.Text)
	}
	b.Get("/api/staff/session").OK(t) // reading goes on

	free()
	if a := book(); a.Status != http.StatusOK {
		t.Errorf("with room again: %d %s", a.Status, a.Text)
	}
}
