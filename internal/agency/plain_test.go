package agency_test

import (
	"testing"

	"visavis/internal/agency"
)

func TestWhatPeopleWriteIsKeptWithoutWhatNobodySees(t *testing.T) {
	for text, want := range map[string]string{
		"Guten Tag":             "Guten Tag",
		" \n Guten Tag \t":      "Guten Tag",
		"eins\r\nzwei\n\ndrei":  "eins\nzwei\n\ndrei",
		"eins\tzwei":            "eins zwei",
		"a\x00b\x1b[31mc\u0085": "ab[31mc",
		"\u202eab\u2066c\u200f": "abc",
		"a\u200db ẞ 👩‍💻":        "a\u200db ẞ 👩‍💻", // what joins letters is seen
		"\u202e\x07":            "",
	} {
		if got := agency.Plain(text); got != want {
			t.Errorf("%q is kept as %q", text, got)
		}
	}
}
