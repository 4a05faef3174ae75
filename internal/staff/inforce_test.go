package staff_test

import (
	"testing"
	"time"

	"visavis/internal/agency"
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

func TestACC08ARoleThatBeginsLaterIsNoneBefore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		from := n.Clock.Now().Add(time.Hour)
		n.Tx(func(tx *db.Tx) error {
			admin := staff.Held{Role: staff.AgencyAdmin, Kind: agency.OfAgency, Place: o.Agency}
			for _, held := range []staff.Held{staff.At(staff.Advisor, o.Desk)[0], admin} {
				if err := n.Staff.Give(t.Context(), tx, o.Agency, staff.Grant{Staff: o.Herbst.ID, Held: held, Source: staff.ByHand, From: from}); err != nil {
					return err
				}
			}
			return nil
		})
		may := func(want bool) {
			t.Helper()
			n.Tx(func(tx *db.Tx) error { return n.Staff.SettleAll(t.Context(), tx, o.Agency) })
			admins, err := n.Staff.Admins(t.Context(), n.DB.Read(), o.Agency)
			if err != nil {
				t.Fatal(err)
			}
			p := person(n, o.Herbst)
			if p.MayTalk(o.Desk) != want || p.MayAnywhere(staff.Approve) != want || len(admins) == 1 != want {
				t.Errorf("%v: %+v, %v", want, p, admins)
			}
		}
		may(false)
		n.Clock.Set(from)
		may(true)
	})
}
