package staff_test

import (
	"net/http"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

// Who changes accounts and roles takes the agency first, then its people, then what is theirs; who signs in, or books for
// somebody, takes the person. In whichever order they come, neither waits for who waits for it (docs/decisions/0014).
func TestNobodyWhoChangesAnAccountWaitsForWhoWaitsForThem(t *testing.T) {
	type scene struct {
		*abroad

		winter *Browser
	}
	disables := func(s *scene) {
		err := s.DB.Retried(t.Context(), func(tx *db.Tx) error {
			if err := s.Staff.InTurn(t.Context(), tx, s.o.Agency); err != nil {
				return err
			}
			return s.Staff.Disable(t.Context(), tx, s.o.Agency, staff.Author{}, s.o.Sommer.ID)
		})
		if err != nil {
			t.Error(err)
		}
	}
	signsIn := func(s *scene) { s.Browser().Post(path, credentials(s.o.Sommer, Password)) }
	comesFromProvider := func(s *scene) {
		b := s.browser()
		b.Get(callback("keycloak", s.provider.Authorize(s.begin(b, "keycloak"))))
	}
	booked := func(s *scene) {
		booking := s.o.Booking(s.Clock.Now().Add(time.Hour))
		booking["advisor"] = s.o.Sommer.ID
		s.winter.Post("/api/staff/appointments", booking)
	}
	for name, both := range map[string]struct {
		begins        string
		first, second func(s *scene)
	}{
		"disabled while they sign in":                 {"DELETE FROM staff_session", disables, signsIn},
		"signs in while they are disabled":            {"INSERT INTO staff_session", signsIn, disables},
		"disabled while they come from a provider":    {"DELETE FROM staff_session", disables, comesFromProvider},
		"comes from a provider and is disabled":       {"INSERT INTO staff_session", comesFromProvider, disables},
		"given roles by the provider and is disabled": {"INSERT INTO staff_role", comesFromProvider, disables},
		"disabled while somebody books for them":      {"DELETE FROM staff_session", disables, booked},
		"booked for while they are disabled":          {"UPDATE desk SET name", booked, disables},
		"what is over is deleted while they sign in": {
			"DELETE FROM staff_once", func(s *scene) {
				if err := s.Staff.Prune(t.Context()); err != nil {
					t.Error(err)
				}
			}, comesFromProvider,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, steps := dbtest.PostgresInSteps(t)
			s := &scene{abroad: newAbroad(t, d, nil)}
			s.in(t) // and is known from now on
			for range 2 {
				s.SignIn(s.o.Sommer)
			}
			s.Exec(`UPDATE staff_session SET expires_at = 1 WHERE agency_id = $1 AND staff_id = $2`, s.o.Agency, s.o.Sommer.ID)
			s.Exec(`INSERT INTO staff_once (agency_id, hash, until_at) VALUES ($1, $2, 1)`, s.o.Agency, []byte("over"))
			s.winter = s.SignIn(s.o.Winter)
			s.provider.Person["groups"] = []string{"beratung", "beratung-2", "leitung"}
			if n := steps.Crossing(both.begins, func() { both.first(s) }, func() { both.second(s) }); n != 0 {
				t.Errorf("%d times the database had to end one of them", n)
			}
			if open := s.Count(`SELECT COUNT(*) FROM staff_session JOIN staff ON staff.id = staff_session.staff_id
				WHERE staff_session.agency_id = $1 AND staff.disabled_at IS NOT NULL`, s.o.Agency); open != 0 {
				t.Errorf("%d sessions of a disabled account", open)
			}
			s.winter.Get(path).Expect(t, http.StatusOK, "")
		})
	}
}
