package staff_test

import (
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

// meanwhile runs a second transaction that begins when the first has done its part and not ended. On SQLite it begins
// after the first, as there is only one at a time.
func meanwhile(n *Node, first, second func(*db.Tx) error) (one, two error) {
	n.T.Helper()
	done, ended := make(chan error, 1), make(chan error, 1)
	one = n.DB.Tx(n.T.Context(), func(tx *db.Tx) error {
		if err := first(tx); err != nil {
			return err
		}
		go func() { done <- n.DB.Tx(n.T.Context(), second) }()
		select { // either it waits for us, or it does not and is through
		case err := <-done:
			ended <- err
		case <-time.After(300 * time.Millisecond):
		}
		return nil
	})
	select {
	case two = <-ended:
	case two = <-done:
	}
	return one, two
}

func TestACC08ARoleTakenWhileSomebodySignsInIsTaken(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		one, two := meanwhile(n, func(tx *db.Tx) error {
			return n.Staff.Give(t.Context(), tx, o.Agency, staff.Grant{
				Staff: o.Sommer.ID, Source: staff.Claim, Held: staff.Held{Role: staff.Operator, Kind: "agency", Place: o.Agency},
			})
		}, func(tx *db.Tx) error {
			return n.Staff.Take(t.Context(), tx, o.Agency, staff.Grant{
				Staff: o.Sommer.ID, Source: staff.ByHand, Held: staff.At(staff.Advisor, o.Desk)[0],
			})
		})
		if one != nil || two != nil {
			t.Fatal(one, two)
		}
		if p := person(n, o.Sommer); p.MayDesk(o.Desk) || len(p.Roles) != 1 {
			t.Errorf("%+v", p)
		}
		if left := n.Count(`SELECT COUNT(*) FROM staff_desk WHERE agency_id = $1 AND staff_id = $2 AND desk_id = $3`, o.Agency, o.Sommer.ID, o.Desk); left != 0 {
			t.Error("still at the desk")
		}
	})
}

func TestAllAreSettledWhileSomebodySignsIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		one, two := meanwhile(n, func(tx *db.Tx) error {
			return n.Staff.Give(t.Context(), tx, o.Agency, staff.Grant{Staff: o.Sommer.ID, Source: staff.Claim, Held: staff.At(staff.Advisor, o.Desk2)[0]})
		}, func(tx *db.Tx) error { return n.Staff.SettleAll(t.Context(), tx, o.Agency) })
		if one != nil || two != nil {
			t.Fatal(one, two)
		}
		if p := person(n, o.Sommer); !p.MayTalk(o.Desk) || !p.MayTalk(o.Desk2) {
			t.Errorf("%+v", p)
		}
	})
}
