package app

import (
	"encoding/json"
	"strings"
	"testing"

	"visavis/internal/health"
)

// TEN-03: who runs the machines sees how they do, and nobody's name.
func TestTEN03AnOperatorSeesTechniqueAndNoNames(t *testing.T) {
	s := newStage(t)
	one := &scene{stage: s}
	one.arrive()
	before := s.health(t)
	if before.Agency.Waiting != 1 || before.Agency.Talking != 0 || before.Processes != 1 || !before.Database.Writable ||
		before.Database.Version == 0 || before.Database.Version != before.Database.Expected || before.Relay.Full {
		t.Errorf("%+v", before)
	}
	one.admit()
	if now := s.health(t); now.Agency.Waiting != 0 || now.Agency.Talking != 1 || now.Relay.Legs < 1 {
		t.Errorf("%+v", now)
	}
	if before.KeysLeft != 0 {
		t.Errorf("%d keys", before.KeysLeft)
	}
	s.Exec(`INSERT INTO job (id, agency_id, kind, unique_key, ref, run_at, attempts) VALUES ('left', '', 'agency.forget', 'gone', 'gone', 9000000000000, 0)`)
	if now := s.health(t); now.KeysLeft != 1 {
		t.Errorf("%d keys are told of", now.KeysLeft)
	}
	text := s.as("operator").Get("/api/staff/health").OK(t).Text
	for _, word := range []string{"Erika", "Beispiel", "Sommer", "@", s.o.Agency, one.place().Appointment, "Beratung"} {
		if strings.Contains(text, word) {
			t.Errorf("%q in %s", word, text)
		}
	}
}

func (s *stage) health(t *testing.T) (r health.Report) {
	t.Helper()
	answer := s.as("operator").Get("/api/staff/health").OK(t)
	if err := json.Unmarshal([]byte(answer.Text), &r); err != nil {
		t.Fatal(err)
	}
	return r
}
