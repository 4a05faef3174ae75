package auditlog

import (
	"fmt"
	"testing"
)

// Whoever takes a copy as slowly as can be, for hours, keeps nobody of another agency waiting.
func TestAnAgencyReadsAllOfItsAuditOnceAtATime(t *testing.T) {
	s := New(Options{})
	end, err := s.begin("lindenau")
	if err != nil {
		t.Fatal(err)
	}
	for range mostExports {
		if _, err := s.begin("lindenau"); err == nil {
			t.Error("twice at a time")
		}
	}
	var ends []func()
	for i := range mostExports - 1 {
		next, err := s.begin(fmt.Sprint("other ", i))
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, next)
	}
	if _, err := s.begin("one more"); err == nil {
		t.Error("more than a node does at a time")
	}
	end()
	if end, err = s.begin("lindenau"); err != nil {
		t.Error(err)
	}
	for _, one := range append(ends, end) {
		one()
	}
	if len(s.exports) != 0 || len(s.busy) != 0 {
		t.Error("somebody has it still")
	}
}
