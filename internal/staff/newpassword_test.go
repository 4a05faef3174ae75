package staff

import (
	"errors"
	"strings"
	"testing"
	"time"

	"visavis/internal/edge"
)

func TestAPasswordIsLongEnoughAndNotOneThatOthersGuess(t *testing.T) {
	for password, want := range map[string]string{
		"kurz":                    "password.short",
		"Äpfelöäüß12":             "password.short", // 11 characters, more bytes
		"passwort1234":            "password.common",
		"password1234":            "password.common",
		"qwertzuiop12":            "password.common",
		"aaaaaaaaaaaa":            "password.common",
		"123456789012":            "password.common",
		"SommerSommer":            "password.common",
		"lindenaulindenau":        "password.common",
		"sommer.erika":            "password.common",
		"visavis12345":            "password.common",
		"P@ssw0rd2024!":           "password.common",
		"drowssapdrowssap":        "password.common", // backwards, twice
		"1qay2wsx3edc":            "password.common",
		"Berlin01.05.1978":        "password.common",
		"qwertzuiop!!":            "password.common",
		"kevin.hamburg":           "password.common",
		"Vier Fische im Nebel":    "",
		"xK3.vb9-Qw2!":            "",
		"Äpfel über Öfen gehängt": "",
		strings.Repeat("ü", 200):  "password.long",
	} {
		err := checkPassword(password, "Erika Sommer", "erika.sommer@amt.example", "Amt Lindenau", "lindenau")
		code := ""
		if problem, is := errors.AsType[*edge.Problem](err); is {
			code = problem.Code
		}
		if code != want {
			t.Errorf("%s: %q, want %q", password, code, want)
		}
	}
}

func TestALongPasswordIsNotWeighedForLong(t *testing.T) {
	begun := time.Now()
	_ = checkPassword(strings.Repeat("aB3 ", 64), "x")
	if took := time.Since(begun); took > 2*time.Second {
		t.Error(took)
	}
}
