package admin_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"visavis/internal/admin"
	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

// Who changes an organisation takes the accounts, then the desks in the order of their ids, as who books takes its advisor
// and their desks: neither waits for who waits for it (docs/decisions/0014).
func TestNobodyWhoChangesAnOrganisationWaitsForWhoBooks(t *testing.T) {
	type scene struct {
		*Node

		o              Office
		boss, sommer   *Browser
		location       admin.PlaceView
		earlier, later string // desks, by their ids
	}
	imports := func(files ...admin.File) func(*scene) {
		return func(s *scene) { upload(s.boss, "trial=false", files...).OK(s.T) }
	}
	backwards := func(s *scene) {
		imports(file("desks.csv", "code;name\n"+s.later+";Neu 2\n"+s.earlier+";Neu 1\n"))(s)
	}
	renamed := func(s *scene) {
		imports(file("desks.csv", "code;name\n"+s.earlier+";Neu 1\n"), file("staff.csv", "email;name\n"+s.o.Winter.Email+";Herr Wintermann\n"))(s)
	}
	leaves := func(s *scene) {
		imports(file("desks.csv", "code;name\n"+s.earlier+";Neu 1\n"), file("staff.csv", "email;state\n"+s.o.Winter.Email+";disabled\n"))(s)
	}
	shuts := func(s *scene) {
		s.boss.Post("/api/staff/places/"+s.location.ID, Body{"version": s.location.Version, "shut": true}).OK(s.T)
	}
	shutsByImport := func(s *scene) {
		imports(file("locations.csv", "code;state\n"+s.location.Code+";closed\n"))(s)
	}
	booked := func(s *scene) {
		booking := s.o.Booking(s.Clock.Now().Add(time.Hour))
		booking["advisor"] = s.o.Winter.ID
		s.sommer.Post("/api/staff/appointments", booking)
	}
	for name, both := range map[string]struct {
		begins        string
		nth           int
		first, second func(s *scene)
	}{
		"desks backwards while somebody books at them":   {"UPDATE desk SET name", 2, backwards, booked},
		"booked at desks that are imported backwards":    {"UPDATE desk SET name", 2, booked, backwards},
		"a desk and its advisor while they are booked":   {"UPDATE desk SET name", 1, renamed, booked},
		"booked while a desk and its advisor change":     {"UPDATE desk SET name", 1, booked, renamed},
		"booked while a desk changes and they leave":     {"UPDATE desk SET name", 1, booked, leaves},
		"a location with its desks is shut while booked": {"UPDATE desk SET name", 2, booked, shuts},
		"booked while an import shuts a location":        {"UPDATE desk SET name", 2, booked, shutsByImport},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, steps := dbtest.PostgresInSteps(t)
			n := New(t, d).Node()
			s := &scene{Node: n}
			s.o, s.boss = administered(n, "lindenau")
			s.sommer = n.SignIn(s.o.Sommer)
			s.location = placeOf(t, s.boss, where(n, s.o).LocationID)
			s.earlier, s.later = min(s.o.Desk, s.o.Desk2), max(s.o.Desk, s.o.Desk2)
			n.Exec(`UPDATE desk SET name = name WHERE agency_id = $1 AND id = $2`, s.o.Agency, s.earlier) // is met last by who goes through all
			if deadlocks := steps.CrossingAt(both.nth, both.begins, func() { both.first(s) }, func() { both.second(s) }); deadlocks != 0 {
				t.Errorf("%d times the database had to end one of them", deadlocks)
			}
			if !steps.Waited() {
				t.Error("they have not crossed")
			}
			s.boss.Get("/api/staff/session").Expect(t, http.StatusOK, "")
		})
	}
}

func TestTEN05WhatTwoHaveAgreedToIsUsedOnceAlsoByTwoAtOnce(t *testing.T) {
	t.Parallel()
	d, steps := dbtest.PostgresInSteps(t)
	n := New(t, d).Node()
	o, _ := administered(n, "lindenau")
	now := n.Clock.Now()
	give(n, o, o.Winter, staff.AgencyAdmin, agency.OfAgency, o.Agency)
	give(n, o, o.Sommer, staff.Protection, agency.OfAgency, o.Agency)
	n.Exec(`INSERT INTO approval (id, agency_id, act, asked_by, asked_at, until_at, decided_by, decided_at, allowed)
		VALUES ('agreed', $1, $2, $3, 0, $5, $4, 1, 1)`, o.Agency, string(admin.ExportKey), o.Winter.ID, o.Sommer.ID, db.Ms(now.Add(time.Hour)))
	got := make(chan error, 2)
	use := func() {
		got <- d.Tx(t.Context(), func(tx *db.Tx) error {
			if _, err := admin.UseApproval(t.Context(), tx, n.Staff, o.Agency, admin.ExportKey, now); err != nil {
				return err
			}
			_, err := tx.ExecContext(t.Context(), `UPDATE agency SET name = name WHERE id = $1`, o.Agency)
			return err
		})
	}
	steps.CrossingAt(1, "UPDATE agency SET name", use, use)
	if !steps.Waited() {
		t.Error("they have not crossed")
	}
	first, second := <-got, <-got
	if errors.Is(first, admin.ErrNotApproved) {
		first, second = second, first
	}
	if first != nil || !errors.Is(second, admin.ErrNotApproved) {
		t.Errorf("%v and %v, want one of the two to be refused", first, second)
	}
}
