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
		of := shelf{"2026-03-02", desks}
		got, ok := parseCursor(at.String(of), of)
		if !ok || len(got) != len(at) || got.String(of) != at.String(of) {
			t.Errorf("%v became %v, %v", at, got, ok)
		}
	}
}

func TestACursorForOtherDesksOrAnotherDayMeansASnapshot(t *testing.T) {
	const day = "2026-03-02"
	written := cursor{1, 2}.String(shelf{day, []string{"a", "b"}})
	for _, of := range []shelf{
		{day, []string{"a"}}, {day, []string{"a", "c"}}, {day, []string{"a", "b", "c"}}, {day, nil}, {"2026-03-03", []string{"a", "b"}},
	} {
		if _, ok := parseCursor(written, of); ok {
			t.Errorf("%s was read for %v", written, of)
		}
	}
}

func FuzzAnyTextAsCursorIsReadOrRefused(f *testing.F) {
	of := shelf{"2026-03-02", []string{"a", "b"}}
	f.Add(cursor{1, 2}.String(of))
	f.Add("")
	f.Add(of.hash() + ":-1.2")
	f.Fuzz(func(t *testing.T, text string) {
		c, ok := parseCursor(text, of)
		if ok && (len(c) != len(of.desks) || strings.Contains(c.String(of), "-")) {
			t.Errorf("%q became %v", text, c)
		}
	})
}
