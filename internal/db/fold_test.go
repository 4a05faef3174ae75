package db_test

import (
	"testing"

	"visavis/internal/db"
)

func TestWhatIsSearchedHasNoCapitalsAndAccents(t *testing.T) {
	for in, want := range map[string]string{
		"Müller": "muller", "  Groß   Straße ": "gross strasse", "ÇAĞLAR Işık": "caglar isık", "É": "e", "ﬁ": "fi", "": "", "\xff": "\ufffd",
	} {
		if got := db.Fold(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
	if got := db.Containing("50%_Müll!"); got != "%50!%!_mull!!%" {
		t.Errorf("%q", got)
	}
}
