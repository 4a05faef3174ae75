//go:build linux

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// figures are what was measured, by flat keys: numbers, and sentences that belong to them.
type figures map[string]any

func (f figures) write(folder, part string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // figures are no secret
		return err
	}
	return f.save(filepath.Join(folder, part+".json"))
}

func (f figures) save(path string) error {
	text, err := json.MarshalIndent(f, "", "  ") // in the order of the keys
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644) //nolint:gosec // figures are no secret
}

// round keeps what means something.
func round(value float64) float64 {
	digits := 1000.0
	if value >= 100 {
		digits = 10
	}
	return float64(int64(value*digits+0.5)) / digits
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	if len(sorted)%2 == 1 {
		return sorted[len(sorted)/2]
	}
	return (sorted[len(sorted)/2-1] + sorted[len(sorted)/2]) / 2
}

// aim is the most that a figure should be, or the least.
type aim struct {
	limit float64
	least bool
}

func (a aim) String() string {
	if a.least {
		return fmt.Sprintf("≥ %g", a.limit)
	}
	return fmt.Sprintf("≤ %g", a.limit)
}

func (a aim) missed(value float64) bool {
	if a.least {
		return value < a.limit
	}
	return value > a.limit
}

func aims() map[string]aim {
	all := map[string]aim{"file_mbit_s": {limit: 5, least: true}}
	for key, limit := range mostly() {
		all[key] = aim{limit: limit}
	}
	return all
}

// mostly are the most that a figure should be.
func mostly() map[string]float64 {
	return map[string]float64{
		"relay_to_forwarder_2k":         1.2,
		"relay_to_forwarder_10k":        1.2,
		"relay_to_forwarder_40k":        1.2,
		"relay_us_per_packet_40k":       8,
		"waiting_kb_per_guest":          20,
		"idle_mb":                       40,
		"import_s":                      20,
		"search_places_ms_p95_sqlite":   100,
		"search_people_ms_p95_sqlite":   100,
		"search_places_ms_p95_postgres": 100,
		"search_people_ms_p95_postgres": 100,
		"sign_in_ms_p95_sqlite":         250,
		"sign_in_ms_p95_postgres":       250,
		"start_ms":                      500,
		"restart_ms_p95":                5000,
		"address_change_ms_p95":         3000,
		"admit_to_first_frame_ms_p50":   200,
		"admit_to_first_frame_ms_p95":   400,
		"desk_view_ms_p95_sqlite":       50,
		"desk_view_ms_p95_postgres":     50,
		"wide_view_ms_p95_sqlite":       500,
		"wide_view_ms_p95_postgres":     500,
		"wire_kb_until_waiting":         60,
		"wire_kb_talk":                  40,
		"file_voice_concealed_percent":  1,
	}
}

// table merges all parts, keeps them in one file and prints them.
func table(out io.Writer, folder, into string) error {
	paths, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		return fmt.Errorf("nothing has been measured: %s is empty", folder)
	}
	all := figures{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(text, &all); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	if err := all.save(into); err != nil {
		return err
	}
	return all.print(out)
}

// print writes one line for each number with its aim, and then the sentences; an error names what misses its aim.
func (f figures) print(out io.Writer) error {
	var text strings.Builder
	limits := aims()
	var missed []string
	keys := slices.Collect(maps.Keys(f))
	for key := range limits {
		if _, measured := f[key]; !measured {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, byRate)
	fmt.Fprintf(&text, "\n%-32s %10s %10s\n", "", "measured", "aim")
	for _, key := range keys {
		limit, aimed := limits[key]
		value, isNumber := f[key].(float64)
		switch {
		case isNumber && aimed:
			verdict := "reached"
			if limit.missed(value) {
				verdict = "MISSED"
				missed = append(missed, key)
			}
			fmt.Fprintf(&text, "%-32s %10g %10s  %s\n", key, value, limit, verdict)
		case isNumber:
			fmt.Fprintf(&text, "%-32s %10g\n", key, value)
		case aimed:
			missed = append(missed, key)
			fmt.Fprintf(&text, "%-32s %10s %10s  NOT MEASURED\n", key, "–", limit)
		}
	}
	text.WriteByte('\n')
	for _, key := range keys {
		if sentence, ok := f[key].(string); ok {
			fmt.Fprintf(&text, "%s: %s\n", key, sentence)
		}
	}
	if _, err := io.WriteString(out, text.String()); err != nil {
		return err
	}
	if len(missed) > 0 {
		return fmt.Errorf("not reached: %s", strings.Join(missed, ", "))
	}
	return nil
}

// byRate puts _2k before _10k before _40k.
func byRate(a, b string) int {
	split := func(key string) (string, int) {
		at := strings.LastIndexByte(key, '_')
		var rate int
		if n, err := fmt.Sscanf(key[at+1:], "%dk", &rate); err != nil || n != 1 || at < 0 {
			return key, 0
		}
		return key[:at], rate
	}
	nameA, rateA := split(a)
	nameB, rateB := split(b)
	return cmp.Or(cmp.Compare(nameA, nameB), cmp.Compare(rateA, rateB))
}
