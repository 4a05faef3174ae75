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

func TestACC08DisablingAnAccountEndsWhatItAllowed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newAbroad(t, d, nil)
		b, colleague := s.SignIn(s.o.Sommer), s.SignIn(s.o.Winter)
		list, theirs := b.Listen("/api/staff/stream", ""), colleague.Listen("/api/staff/stream", "")
		list.Until("snapshot", nil)
		theirs.Until("snapshot", nil)
		begun := time.Now()
		s.disable(s.o.Sommer.ID)
		if got := list.Until("bye", nil); got != `{"reason":"signed-out"}` {
			t.Error(got)
		}
		t.Logf("the page is told after %v", time.Since(begun))
		b.Get(path).Expect(t, http.StatusUnauthorized, "session.none")
		s.Browser().Post(path, credentials(s.o.Sommer, Password)).Expect(t, http.StatusForbidden, "session.disabled")
		if !signedIn(colleague) {
			t.Error("the colleague, too")
		}
	})
}

func TestACC08TakingARoleAwayEndsWhatItAllowed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newAbroad(t, d, nil)
		b := s.SignIn(s.o.Sommer)
		b.Post("/api/staff/appointments", s.o.Booking(s.Clock.Now().Add(time.Hour))).OK(t)
		list := b.Listen("/api/staff/stream", "")
		var day struct{ Rows []struct{ ID string } }
		list.Until("snapshot", &day)
		if len(day.Rows) != 1 {
			t.Fatalf("%+v", day)
		}
		begun := time.Now()
		s.take(s.o.Sommer)
		if got := list.Until("bye", nil); got != `{"reason":"rights"}` {
			t.Error(got)
		}
		b.Listen("/api/staff/stream", "").Until("snapshot", &day)
		t.Logf("the page shows nothing any more after %v", time.Since(begun))
		if len(day.Rows) != 0 {
			t.Errorf("%+v", day)
		}
		b.Post("/api/staff/appointments", s.o.Booking(s.Clock.Now().Add(2*time.Hour))).Expect(t, http.StatusUnprocessableEntity, "appointment.desk")
	})
}

// take takes the role back that somebody has at the first desk.
func (s *abroad) take(from Account) {
	s.T.Helper()
	s.Tx(func(tx *db.Tx) error {
		return s.Staff.Take(s.T.Context(), tx, s.o.Agency, staff.Grant{
			Staff: from.ID, Held: staff.At(staff.Advisor, s.o.Desk)[0], Source: staff.ByHand,
		})
	})
}

// Whoever may no longer be in a talk is told so and hears no more of it; the guest's seat is the desk's, and stays.
func TestACC08TheWindowOfATalkClosesForWhomItIsNoLonger(t *testing.T) {
	for name, with := range map[string]struct {
		end    func(*abroad)
		reason string
		status int
		passes bool
	}{
		"disabled":   {func(s *abroad) { s.disable(s.o.Sommer.ID) }, "signed-out", http.StatusUnauthorized, true},
		"role taken": {func(s *abroad) { s.take(s.o.Sommer) }, "elsewhere", http.StatusNotFound, true},
		"signed out at the provider": {func(s *abroad) {
			s.send("keycloak", s.provider.Logout(nil)).Expect(s.T, http.StatusOK, "")
		}, "signed-out", http.StatusUnauthorized, false}, // who may sign in again, and go on
	} {
		t.Run(name, func(t *testing.T) {
			s := newAbroad(t, dbtest.SQLite(t), func(p *staff.Provider) { p.RolesClaim, p.Roles = "", nil })
			b := s.in(t)
			place := s.Book(s.o, b, s.o.Booking(s.Clock.Now().Add(5*time.Minute)))
			guest := s.Guest(place)
			guest.Arrive().OK(t)
			var begun struct{ Talk struct{ ID string } }
			b.Post("/api/staff/seats/"+place.Seat+"/admit", Body{}).OK(t).Into(t, &begun)
			talk := "/api/staff/talks/" + begun.Talk.ID
			window := b.Listen(talk+"/stream", "")
			window.Until("snapshot", nil)

			at := time.Now()
			with.end(s)
			if got := window.Until("bye", nil); got != `{"reason":"`+with.reason+`"}` {
				t.Error(got)
			}
			t.Logf("the window is told after %v", time.Since(at))
			if a := b.Post(talk+"/detour", Body{}); a.Status != with.status {
				t.Errorf("and yet %d %s", a.Status, a.Text)
			}
			// A colleague takes the talk over, or the guest in, who waits again.
			winter := s.SignIn(s.o.Winter)
			if !with.passes {
				winter.Post(talk+"/join", Body{"takeover": true}).OK(t)
				return
			}
			page := guest.Stream("")
			var view struct{ State string }
			var first struct{ View struct{ State string } }
			for page.Until("snapshot", &first); first.View.State != "waiting" && view.State != "waiting"; {
				page.Until("seat", &view)
			}
			winter.Post("/api/staff/seats/"+place.Seat+"/admit", Body{}).OK(t)
		})
	}
}
