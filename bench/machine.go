//go:build linux

package main

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// cpuClock is all CPU time that a process has used, in user mode and in the kernel, to the nanosecond. It is the clock
// that clock_getcpuclockid(3) names.
func cpuClock(pid int) (time.Duration, error) {
	var at unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|2), &at); err != nil {
		return 0, fmt.Errorf("read CPU clock of a process: %w", err)
	}
	return time.Duration(at.Nano()), nil
}

// residentBytes is what a process occupies in memory. smaps_rollup counts exactly; statm may be some pages late.
func residentBytes(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		var kilobytes float64
		if n, err := fmt.Sscanf(line, "Rss: %f kB", &kilobytes); err == nil && n == 1 {
			return kilobytes * 1024, nil
		}
	}
	return 0, fmt.Errorf("process %d tells no Rss", pid)
}

// machine is what all processes have done so far.
type machine struct {
	at     time.Time
	ticks  map[string]uint64 // by process id and name, but for our own
	stolen uint64
}

const ticksPerSecond = 100 // USER_HZ, on every architecture that Go knows

func lookAtMachine() (machine, error) {
	m := machine{at: time.Now(), ticks: map[string]uint64{}}
	all, err := processes()
	if err != nil {
		return m, err
	}
	for id, p := range all {
		if !all.isOurs(id) {
			m.ticks[id+" "+p.name] = p.ticks
		}
	}
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return m, err
	}
	if fields := strings.Fields(string(text)); len(fields) > 8 {
		m.stolen, _ = strconv.ParseUint(fields[8], 10, 64) // likewise
	}
	return m, nil
}

// processTable is all processes, by the id as /proc writes it.
type processTable map[string]seenProcess

type seenProcess struct {
	parent, name string
	ticks        uint64
}

func processes() (processTable, error) {
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	all := processTable{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // has ended meanwhile
		}
		begin, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
		fields := strings.Fields(string(text[end+1:]))
		user, _ := strconv.ParseUint(fields[11], 10, 64)   // the kernel writes numbers
		system, _ := strconv.ParseUint(fields[12], 10, 64) // likewise
		id := strings.TrimSpace(string(text[:begin]))
		all[id] = seenProcess{parent: fields[1], name: string(text[begin+1 : end]), ticks: user + system}
	}
	return all, nil
}

// isOurs says whether a process is this one, or was started for what is measured.
func (t processTable) isOurs(id string) bool {
	own := strconv.Itoa(os.Getpid())
	for p, known := t[id]; known; p, known = t[id] {
		if id == own {
			return true
		}
		id = p.parent
	}
	return false
}

const named = 6

// since says what else was going on: names of programs only, nothing of what they were started with.
func (m machine) since(before machine) string {
	shares := map[string]float64{}
	span := m.at.Sub(before.at).Seconds() * ticksPerSecond
	for process, ticks := range m.ticks {
		_, name, _ := strings.Cut(process, " ")
		if used := ticks - before.ticks[process]; used > 0 {
			shares[name] += float64(used) / span
		}
	}
	names := slices.SortedFunc(maps.Keys(shares), func(a, b string) int { return cmp.Compare(shares[b], shares[a]) })
	var text strings.Builder
	fmt.Fprintf(&text, "%d cores", runtime.NumCPU())
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		fmt.Fprintf(&text, ", load %s", strings.Join(strings.Fields(string(load))[:3], " "))
	}
	fmt.Fprintf(&text, ", stolen by the host %.0f %%; others, share of a core:", 100*float64(m.stolen-before.stolen)/span)
	for _, name := range names[:min(named, len(names))] {
		fmt.Fprintf(&text, " %s %.0f %%", name, 100*shares[name])
	}
	return text.String()
}
