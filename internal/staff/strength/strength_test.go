package strength_test

import (
	"strings"
	"testing"

	"visavis/internal/staff/strength"
)

func TestAPasswordIsLongEnoughAndNotOneThatOthersGuess(t *testing.T) {
	for password, want := range map[string]string{
		"kurz":                    "short",
		"Äpfelöäüß12":             "short", // 11 characters, more bytes
		"passwort1234":            "common",
		"password1234":            "common",
		"qwertzuiop12":            "common",
		"aaaaaaaaaaaa":            "common",
		"123456789012":            "common",
		"SommerSommer":            "common",
		"lindenaulindenau":        "common",
		"sommer.erika":            "common",
		"visavis12345":            "common",
		"P@ssw0rd2024!":           "common",
		"drowssapdrowssap":        "common", // backwards, twice
		"1qay2wsx3edc":            "common",
		"Berlin01.05.1978":        "common",
		"qwertzuiop!!":            "common",
		"kevin.hamburg":           "common",
		"Vier Fische im Nebel":    "",
		"xK3.vb9-Qw2!":            "",
		"Äpfel über Öfen gehängt": "",
		strings.Repeat("ü", 200):  "long",
	} {
		if got := strength.Fault(password, "Erika Sommer", "erika.sommer@amt.example", "Amt Lindenau", "lindenau"); got != want {
			t.Errorf("%s: %q, want %q", password, got, want)
		}
	}
}

// How long that takes grows much faster than what is weighed.
func TestOnlyTheBeginningOfALongPasswordIsWeighed(t *testing.T) {
	const strong = "xK3.vb9-Qw2!"
	if got := strength.Fault(strings.Repeat("a", 47)+strong, "x"); got != "common" {
		t.Errorf("what comes late counts: %q", got)
	}
	if got := strength.Fault(strong+strings.Repeat("a", 47), "x"); got != "" {
		t.Errorf("what comes first does not: %q", got)
	}
}
