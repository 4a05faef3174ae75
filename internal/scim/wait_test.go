package scim

import (
	"context"
	"net/http"
	"testing"

	"visavis/internal/edge"
)

func TestOneLargeBodyIsUnderstoodAtATime(t *testing.T) {
	s, large := New(nil, Options{}), make([]byte, edge.MaxBody+1)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	first, busy := s.wait(t.Context(), large)
	if busy != nil {
		t.Fatal(busy)
	}
	if _, busy := s.wait(over, large); busy == nil || busy.status != http.StatusServiceUnavailable {
		t.Error("a second one does not wait", busy)
	}
	if _, busy := s.wait(over, large[1:]); busy != nil {
		t.Error("others wait as well:", busy)
	}
	first()
	if _, busy := s.wait(t.Context(), large); busy != nil {
		t.Error("nor is there a next one:", busy)
	}
}
