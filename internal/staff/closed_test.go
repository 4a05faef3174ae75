package staff_test

import (
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

// Whoever settles: somebody's role, or everybody's after an import.
func TestAClosedDeskKeepsItsPeopleAsLongAsSomebodyIsExpectedThere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o, other := n.Office("lindenau"), n.Office("ahorn")
		n.Book(other, n.SignIn(other.Sommer), other.Booking(Start().Add(time.Hour)))
		n.Book(o, n.SignIn(o.Sommer), o.Booking(Start().Add(time.Hour)))
		n.Exec(`UPDATE desk SET closed_at = 1, shut_at = 1 WHERE agency_id IN ($1, $2)`, o.Agency, other.Agency)
		at := staff.Grant{Staff: o.Herbst.ID, Held: staff.At(staff.Advisor, o.Desk)[0], Source: staff.ByHand}
		n.Tx(func(tx *db.Tx) error { return n.Staff.SettleAll(t.Context(), tx, o.Agency) })
		if p := person(n, o.Winter); !p.MayTalk(o.Desk) || p.MayDesk(o.Desk2) {
			t.Errorf("after an import: %v", p.Desks)
		}
		n.Tx(func(tx *db.Tx) error { return n.Staff.Give(t.Context(), tx, o.Agency, at) })
		if p := person(n, o.Herbst); !p.MayTalk(o.Desk) || p.MayDesk(o.Desk2) {
			t.Errorf("given a role there: %v", p.Desks)
		}
		n.Clock.Forward(26 * time.Hour)
		n.Tx(func(tx *db.Tx) error { return n.Staff.SettleAll(t.Context(), tx, o.Agency) })
		if p := person(n, o.Winter); len(p.Desks) != 0 {
			t.Errorf("a day after the last appointment: %v", p.Desks)
		}
	})
}
