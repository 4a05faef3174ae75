package agency_test

import (
	"testing"

	"visavis/internal/agency"
)

func TestWhatIsDialledConnects(t *testing.T) {
	for number, want := range map[string]string{
		"0711 5678":                 "07115678",
		"+49 (0)30 23125 100":       "+493023125100",
		"+49 (0) 30 23125-100":      "+493023125100",
		" 0049 (0)30 23125 100":     "00493023125100",
		"(0)30 23125 100":           "03023125100",
		"(030) 23125 100":           "03023125100",
		"115":                       "115",
		"030 23125100 / 030 231251": "", // two numbers: no link is safe
		"+123456789012345":          "+123456789012345",
		"+1234567890123456":         "",
		"":                          "",
	} {
		if got := agency.Dial(number); got != want {
			t.Errorf("%q is dialled as %q, want %q", number, got, want)
		}
	}
}
