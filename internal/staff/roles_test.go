package staff_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/db/dbtest"
	"visavis/internal/staff"
	. "visavis/internal/worldtest"
)

// person is what somebody may do at present.
func person(n *Node, a Account) staff.Person {
	n.T.Helper()
	o, err := n.Agencies.BySlug(n.T.Context(), a.Slug)
	if err != nil {
		n.T.Fatal(err)
	}
	p, err := n.Staff.ByEmail(n.T.Context(), o.ID, a.Email)
	if err != nil {
		n.T.Fatal(err)
	}
	return p
}

func place(n *Node, agencyID, id string) agency.Place {
	n.T.Helper()
	p, err := n.Agencies.Place(n.T.Context(), n.DB.Read(), agencyID, id)
	if err != nil {
		n.T.Fatal(err)
	}
	return p
}

// layout is the first desk of an office with what it lies in.
func layout(n *Node, o Office) agency.Desk {
	n.T.Helper()
	d, err := n.Agencies.Desk(n.T.Context(), n.DB.Read(), o.Agency, o.Desk)
	if err != nil {
		n.T.Fatal(err)
	}
	return d
}

func give(n *Node, o Office, who Account, role staff.Role, at agency.Place) {
	n.T.Helper()
	n.Tx(func(tx *db.Tx) error {
		return n.Staff.Give(n.T.Context(), tx, o.Agency, staff.Grant{
			Staff: who.ID, Held: staff.Held{Role: role, Kind: at.Kind, Place: at.ID}, Source: staff.ByHand,
		})
	})
}

func TestARoleReachesThePlaceAndWhatLiesInIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o, other := n.Office("lindenau"), n.Office("ahorn")
		first := layout(n, o)
		location, department := place(n, o.Agency, first.LocationID), place(n, o.Agency, first.DepartmentID)
		whole := place(n, o.Agency, o.Agency)
		desk, desk2 := place(n, o.Agency, o.Desk), place(n, o.Agency, o.Desk2)
		foreign := place(n, other.Agency, other.Desk)

		give(n, o, o.Herbst, staff.LocationAdmin, location)
		p := person(n, o.Herbst)
		if !p.May(staff.Arrange, location) || !p.May(staff.Decide, desk) || !p.May(staff.Employ, desk2) {
			t.Error("the admin of a location may nothing there")
		}
		if p.May(staff.Arrange, department) || p.May(staff.Arrange, whole) || p.May(staff.Arrange, foreign) || p.May(staff.ReadAudit, location) {
			t.Error("the admin of a location may do what is elsewhere")
		}
		give(n, o, o.Sommer, staff.DepartmentAdmin, department)
		p = person(n, o.Sommer)
		if !p.May(staff.Arrange, desk) || p.May(staff.Arrange, desk2) || p.May(staff.Arrange, location) || !p.MayAnywhere(staff.Arrange) {
			t.Error("the admin of a department")
		}
		give(n, o, o.Winter, staff.AgencyAdmin, whole)
		p = person(n, o.Winter)
		if !p.May(staff.Arrange, desk2) || !p.May(staff.Approve, whole) || p.May(staff.Arrange, foreign) || p.May(staff.ReadAudit, whole) || p.MayAnywhere(staff.SeeHealth) {
			t.Error("the admin of an agency")
		}
	})
}

func TestTEN03WhoOnlyAdministersWorksAtNoDesk(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		n.Exec(`DELETE FROM staff_role WHERE agency_id = $1 AND staff_id = $2`, o.Agency, o.Herbst.ID)
		first := layout(n, o)
		for role, at := range map[staff.Role]string{
			staff.LocationAdmin: first.LocationID, staff.DepartmentAdmin: first.DepartmentID, staff.AgencyAdmin: o.Agency,
			staff.Protection: o.Agency, staff.Auditor: o.Agency, staff.Operator: o.Agency,
		} {
			give(n, o, o.Herbst, role, place(n, o.Agency, at))
		}
		p := person(n, o.Herbst)
		if len(p.Roles) != 6 || len(p.Desks) != 0 || p.MayDesk(o.Desk) || p.MayTalk(o.Desk) || p.MayAnywhere(staff.Book) {
			t.Errorf("%+v", p)
		}
	})
}

func TestReceptionOfALocationSeesItsDesksAndTalksAtNone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		give(n, o, o.Herbst, staff.Reception, place(n, o.Agency, layout(n, o).LocationID))
		p := person(n, o.Herbst)
		if !p.MayDesk(o.Desk) || p.MayTalk(o.Desk) {
			t.Error("reception at a desk of the location")
		}
		if !p.MayTalk(o.Desk2) {
			t.Error("the lower role took the higher one away")
		}
	})
}

func TestNobodyGivesARoleThatReachesFurtherThanTheirOwn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o, other := n.Office("lindenau"), n.Office("ahorn")
		first := layout(n, o)
		location, whole := place(n, o.Agency, first.LocationID), place(n, o.Agency, o.Agency)
		desk, department := place(n, o.Agency, o.Desk), place(n, o.Agency, first.DepartmentID)
		give(n, o, o.Herbst, staff.LocationAdmin, location)
		give(n, o, o.Winter, staff.AgencyAdmin, whole)
		small, great := person(n, o.Herbst), person(n, o.Winter)
		for _, c := range []struct {
			who   staff.Person
			role  staff.Role
			where agency.Place
			want  bool
		}{
			{small, staff.Advisor, desk, true},
			{small, staff.Reception, location, true},
			{small, staff.Reception, department, false},
			{small, staff.LocationAdmin, location, false},
			{small, staff.AgencyAdmin, whole, false},
			{small, staff.Protection, whole, false},
			{great, staff.LocationAdmin, location, true},
			{great, staff.AgencyAdmin, whole, true},
			{great, staff.AgencyAdmin, desk, false},
			{great, staff.Advisor, whole, false},
			{great, staff.Advisor, place(n, other.Agency, other.Desk), false},
			{person(n, o.Sommer), staff.Advisor, desk, false},
			{great, "owner", whole, false},
		} {
			if got := c.who.MayGive(c.role, c.where); got != c.want {
				t.Errorf("%s gives %s at a %s: %v", c.who.Name, c.role, c.where.Kind, got)
			}
		}
	})
}

func TestARoleEndsByItselfAndEachSourceTakesBackItsOwn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o := n.Office("lindenau")
		ctx := t.Context()
		g := staff.Grant{
			Staff: o.Herbst.ID, Held: staff.Held{Role: staff.Advisor, Kind: agency.OfDesk, Place: o.Desk}, Source: staff.ByHand,
			Until: n.Clock.Now().Add(time.Hour),
		}
		n.Tx(func(tx *db.Tx) error { return n.Staff.Give(ctx, tx, o.Agency, g) })
		imported := g
		imported.Source, imported.Until = staff.Import, time.Time{}
		n.Tx(func(tx *db.Tx) error { return n.Staff.Give(ctx, tx, o.Agency, imported) })
		n.Tx(func(tx *db.Tx) error { return n.Staff.Take(ctx, tx, o.Agency, imported) })
		if !person(n, o.Herbst).MayTalk(o.Desk) {
			t.Error("the import took what it had not given")
		}
		if err := d.Tx(ctx, func(tx *db.Tx) error { return n.Staff.Take(ctx, tx, o.Agency, imported) }); !errors.Is(err, db.ErrConflict) {
			t.Error(err)
		}
		n.Clock.Forward(time.Hour)
		if p := person(n, o.Herbst); p.MayDesk(o.Desk) || !p.MayTalk(o.Desk2) {
			t.Errorf("before anybody has settled: %+v", p)
		}
		n.Tx(func(tx *db.Tx) error { return n.Staff.SettleAll(ctx, tx, o.Agency) })
		if p := person(n, o.Herbst); p.MayDesk(o.Desk) || slices.Contains(p.Desks, o.Desk) || !p.MayTalk(o.Desk2) {
			t.Errorf("%+v", p)
		}
	})
}

func TestTEN01NoRoleIsGivenAtAPlaceOrToAPersonOfAnotherAgency(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := New(t, d).Node()
		o, other := n.Office("lindenau"), n.Office("ahorn")
		for name, g := range map[string]staff.Grant{
			"a foreign desk":    {Staff: o.Sommer.ID, Held: staff.Held{Role: staff.Advisor, Kind: agency.OfDesk, Place: other.Desk}},
			"a foreign person":  {Staff: other.Sommer.ID, Held: staff.Held{Role: staff.Advisor, Kind: agency.OfDesk, Place: o.Desk}},
			"the wrong level":   {Staff: o.Sommer.ID, Held: staff.Held{Role: staff.AgencyAdmin, Kind: agency.OfDesk, Place: o.Desk}},
			"the wrong kind":    {Staff: o.Sommer.ID, Held: staff.Held{Role: staff.Advisor, Kind: agency.OfLocation, Place: o.Desk}},
			"no role":           {Staff: o.Sommer.ID, Held: staff.Held{Role: "owner", Kind: agency.OfDesk, Place: o.Desk}},
			"nowhere, a slogan": {Staff: o.Sommer.ID, Held: staff.Held{Role: staff.Advisor, Kind: agency.OfDesk, Place: "x' OR '1'='1"}},
		} {
			if err := d.Tx(t.Context(), func(tx *db.Tx) error { return n.Staff.Give(t.Context(), tx, o.Agency, g) }); err == nil {
				t.Errorf("%s was given", name)
			}
		}
		if got := n.Count(`SELECT COUNT(*) FROM staff_desk`); got != 8 {
			t.Errorf("%d", got)
		}
	})
}
