package audit_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"visavis/internal/audit"
)

func TestAUD02TheManualNamesEachActAndNoOther(t *testing.T) {
	text, err := os.ReadFile("../../docs/operator/audit.md")
	if err != nil {
		t.Fatal(err)
	}
	var named []audit.Act
	for _, row := range regexp.MustCompile("(?m)^\\| (`.*?`) \\|").FindAllStringSubmatch(string(text), -1) {
		of := ""
		for _, name := range regexp.MustCompile("`(.*?)`").FindAllStringSubmatch(row[1], -1) {
			object, act, _ := strings.Cut(name[1], ".")
			if object != "" {
				of = object // `appointment.booked`, `.moved`
			}
			named = append(named, audit.Act(of+"."+act))
		}
	}
	if slices.Sort(named); !slices.Equal(named, audit.Acts()) {
		t.Errorf("named are\n%v\nand there are\n%v", named, audit.Acts())
	}
}
