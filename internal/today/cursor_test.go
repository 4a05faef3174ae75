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
		got, ok := parseCursor(at.String(desks), desks)
		if !ok || len(got) != len(at) || got.String(desks) != at.String(desks) {
			t.Errorf("%v became %v, %v", at, got, ok)
		}
	}
}

func TestACursorForOtherDesksMeansASnapshot(t *testing.T) {
	written := cursor{1, 2}.String([]string{"a", "b"})
	for _, desks := range [][]string{{"a"}, {"a", "c"}, {"a", "b", "c"}, nil} {
		if _, ok := parseCursor(written, desks); ok {
			t.Errorf("%s was read for %v", written, desks)
		}
	}
}

func FuzzAnyTextAsCursorIsReadOrRefused(f *testing.F) {
	desks := []string{"a", "b"}
	f.Add(cursor{1, 2}.String(desks))
	f.Add("")
	f.Add(desksHash(desks) + ":-1.2")
	f.Fuzz(func(t *testing.T, text string) {
		c, ok := parseCursor(text, desks)
		if ok && (len(c) != len(desks) || strings.Contains(c.String(desks), "-")) {
			t.Errorf("%q became %v", text, c)
		}
	})
}
