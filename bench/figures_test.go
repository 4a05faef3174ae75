//go:build linux

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestTheTableMergesAllPartsAndSaysWhatIsReachedAndWhatIsNot(t *testing.T) {
	folder := t.TempDir()
	parts := map[string]figures{
		"relay":   {"relay_us_per_packet_40k": 7.5, "relay_us_per_packet_2k": 20.0, "machine_relay": "a quiet machine"},
		"server":  {"idle_mb": 41.0},
		"browser": {"wire_kb_talk": 40.0, "file_mbit_s": 4.9},
	}
	for part, found := range parts {
		if err := found.write(filepath.Join(folder, "results"), part); err != nil {
			t.Fatal(err)
		}
	}
	var printed strings.Builder
	into := filepath.Join(folder, "latest.json")
	err := table(&printed, filepath.Join(folder, "results"), into)
	if err == nil || !strings.Contains(err.Error(), "idle_mb") || !strings.Contains(err.Error(), "file_mbit_s") || !strings.Contains(err.Error(), "start_ms") || strings.Contains(err.Error(), "wire_kb_talk") {
		t.Errorf("what is not reached: %v", err)
	}
	for key, want := range map[string]string{
		"relay_us_per_packet_40k": "reached", "idle_mb": "MISSED", "wire_kb_talk": "reached", "start_ms": "NOT MEASURED", "file_mbit_s": "≥ 5  MISSED",
		"relay_us_per_packet_2k": "20", "machine_relay:": "a quiet machine",
	} {
		_, rest, found := strings.Cut(printed.String(), "\n"+key+" ")
		if line, _, _ := strings.Cut(rest, "\n"); !found || !strings.HasSuffix(line, want) {
			t.Errorf("%s: %q does not end in %q", key, line, want)
		}
	}
	if strings.Index(printed.String(), "packet_2k") > strings.Index(printed.String(), "packet_40k") {
		t.Error("rates are not in their order")
	}
	text, err := os.ReadFile(into)
	if err != nil {
		t.Fatal(err)
	}
	var kept map[string]any
	if err := json.Unmarshal(text, &kept); err != nil || len(kept) != 6 || kept["idle_mb"] != 41.0 {
		t.Errorf("kept %v, %v", kept, err)
	}
}

func TestNothingMeasuredIsAnError(t *testing.T) {
	if err := table(&strings.Builder{}, t.TempDir(), filepath.Join(t.TempDir(), "latest.json")); err == nil {
		t.Error("an empty table was printed")
	}
}

func TestTheMedianIsTheMiddle(t *testing.T) {
	for want, values := range map[float64][]float64{2: {9, 1, 2}, 3: {5, 1, 9, 1}, 7: {7}} {
		if got := median(values); got != want {
			t.Errorf("median of %v is %v", values, got)
		}
	}
}

func TestTheCPUClockOfAProcessGoesOn(t *testing.T) {
	before, err := cpuClock(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for range 1_000_000 {
		_ = median([]float64{3, 2, 1})
	}
	after, err := cpuClock(os.Getpid())
	if err != nil || after <= before {
		t.Errorf("from %v to %v, %v", before, after, err)
	}
}

func TestWhatIsMeasuredIsNotAmongTheOthers(t *testing.T) {
	all, err := processes()
	if err != nil {
		t.Fatal(err)
	}
	own := strconv.Itoa(os.Getpid())
	all["child"], all["grandchild"] = seenProcess{parent: own}, seenProcess{parent: "child"}
	for id, want := range map[string]bool{own: true, "child": true, "grandchild": true, all[own].parent: false, "1": false, "nobody": false} {
		if all.isOurs(id) != want {
			t.Errorf("process %s: ours is %t", id, !want)
		}
	}
}
