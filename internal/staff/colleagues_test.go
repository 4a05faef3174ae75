package staff_test

import (
	"fmt"
	"testing"
	"time"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

// colleagues are the names of who talks at a desk of somebody.
func colleagues(n *Node, who Account) string {
	n.T.Helper()
	list, err := n.Staff.Colleagues(n.T.Context(), n.DB.Read(), person(n, who))
	if err != nil {
		n.T.Fatal(err)
	}
	names := []string{}
	for _, one := range list {
		names = append(names, one.Name)
	}
	return fmt.Sprint(names)
}

// As soon as a role is over: nobody has settled where people work by then.
func TestWhoHasLeftIsNobodysColleague(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		here := staff.At(staff.Advisor, o.Desk)[0]
		n.Tx(func(tx *db.Tx) error {
			return n.Staff.Give(t.Context(), tx, o.Agency, staff.Grant{Staff: o.Herbst.ID, Held: here, Source: staff.Substitution, Until: n.Clock.Now().Add(time.Hour)})
		})
		step := func(what, want string) {
			t.Helper()
			if got := colleagues(n, o.Sommer); got != want {
				t.Errorf("%s: %s, not %s", what, got, want)
			}
		}
		step("all are there", "[Frau Herbst Frau Sommer Herr Winter]")
		n.Clock.Forward(time.Hour)
		if n.Count(`SELECT COUNT(*) FROM staff_desk WHERE agency_id = $1 AND staff_id = $2 AND desk_id = $3`, o.Agency, o.Herbst.ID, o.Desk) != 1 {
			t.Fatal("it was settled already: the test shows nothing")
		}
		step("a substitution is over", "[Frau Sommer Herr Winter]")
		n.Tx(func(tx *db.Tx) error { return n.Staff.Disable(t.Context(), tx, o.Agency, staff.Author{}, o.Winter.ID) })
		step("an account is disabled", "[Frau Sommer]")
		if got := colleagues(n, o.Herbst); got != "[Frau Herbst]" {
			t.Errorf("whose role is over sees %s", got)
		}
	})
}
