package today

import (
	"strings"
	"testing"
)

func TestTheCursorSurvivesTheWayThroughABrowser(t *testing.T) {
	for _, desks := range [][]string{nil, {"a"}, {"a", "b", "c"}} {
		at := make(cursor, len(desks))
		for i := range at {
			at[i] = int64(i * 1_000_000)
		}
		of := shelf{day: "2026-03-02", desks: desks}
		got, ok := readCursor(at.String(of), of)
		if !ok || len(got) != len(at) || got.String(of) != at.String(of) {
			t.Errorf("%v became %v, %v", at, got, ok)
		}
	}
}

func TestACursorForOtherDesksOrAnotherDayMeansASnapshot(t *testing.T) {
	const day = "2026-03-02"
	written := cursor{1, 2}.String(shelf{day: day, desks: []string{"a", "b"}})
	for _, of := range []shelf{
		{day: day, desks: []string{"a"}},
		{day: day, desks: []string{"a", "c"}},
		{day: day, desks: []string{"a", "b", "c"}},
		{day: day},
		{day: "2026-03-03", desks: []string{"a", "b"}},
		{day: day, desks: []string{"a", "b"}, of: "a"},
		{day: day, desks: []string{"a", "b"}, device: "a"},
	} {
		if _, ok := readCursor(written, of); ok {
			t.Errorf("%s was read for %v", written, of)
		}
	}
}

// A header of this length comes through, and its numbers are read by who knows them.
func TestACursorOfManyDesksNamesItsNumbers(t *testing.T) {
	at, other := make(cursor, 1000), make(cursor, 1000)
	for i := range at {
		at[i], other[i] = 100_000, 100_000
	}
	other[999]++
	of := shelf{day: "2026-03-02", desks: make([]string, 1000)}
	text := at.String(of)
	if len(text) > maxNumbers {
		t.Errorf("%d bytes", len(text))
	}
	if _, ok := readCursor(text, of); ok {
		t.Error("read by who does not know it")
	}
	if _, ok := readCursor(text, of, other); ok {
		t.Error("read by who knows other numbers")
	}
	if got, ok := readCursor(text, of, other, at); !ok || got[999] != 100_000 {
		t.Error("not read by who knows it")
	}
}

func FuzzAnyTextAsCursorIsReadOrRefused(f *testing.F) {
	of := shelf{day: "2026-03-02", desks: []string{"a", "b"}}
	f.Add(cursor{1, 2}.String(of))
	f.Add("")
	f.Add(of.hash() + ":-1.2")
	f.Fuzz(func(t *testing.T, text string) {
		c, ok := readCursor(text, of)
		if ok && (len(c) != len(of.desks) || strings.Contains(c.String(of), "-")) {
			t.Errorf("%q became %v", text, c)
		}
	})
}
