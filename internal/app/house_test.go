package app

import (
	"testing"
	"time"

	"visavis/internal/worldtest"
)

// A database that was restored from a backup has again what was deleted since: it is not served for an hour.
func TestMIN06WhatIsOverIsDeletedWhenAProcessStarts(t *testing.T) {
	s := newStage(t)
	one := &scene{stage: s}
	s.Exec(`INSERT INTO staff_session (token_hash, agency_id, staff_id, created_at, used_at, expires_at) VALUES ($1, $2, $3, 1, 1, 1)`,
		[]byte("over"), s.o.Agency, s.o.Sommer.ID)
	s.Exec(`UPDATE appointment SET starts_at = 0, ends_at = 1, status = 'done' WHERE agency_id = $1 AND id = $2`, s.o.Agency, one.place().Appointment)
	worldtest.Background(t, s.p.keepHouse)
	tick, late := time.NewTicker(5*time.Millisecond), time.After(patience)
	defer tick.Stop()
	for s.Count(`SELECT COUNT(*) FROM appointment WHERE agency_id = $1`, s.o.Agency)+
		s.Count(`SELECT COUNT(*) FROM staff_session WHERE agency_id = $1 AND expires_at = 1`, s.o.Agency) > 0 {
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("it is still there")
		}
	}
}
