package staff

import (
	"slices"

	"visavis/internal/agency"
)

// Role is what a person does at a place and at everything below it.
type Role string

// The roles. The first three work at desks and meet citizens; all others never see a citizen's name (TEN-03).
const (
	Reception       Role = "reception"
	Advisor         Role = "advisor"
	Lead            Role = "lead"
	LocationAdmin   Role = "location_admin"
	DepartmentAdmin Role = "department_admin"
	AgencyAdmin     Role = "agency_admin"
	Protection      Role = "protection" // the data protection officer
	Auditor         Role = "auditor"
	Operator        Role = "operator"
)

// Act is what a role allows.
type Act string

// The acts.
const (
	// At desks.
	Book       Act = "book"       // see the day and who waits, book, move, cancel, answer
	Talk       Act = "talk"       // admit and speak
	Substitute Act = "substitute" // let colleagues work at the desk for a time
	// In the organisation.
	SeeOffices Act = "see-offices" // the tree, its rules, and who works where
	Arrange    Act = "arrange"     // make, change and close what lies below
	Decide     Act = "decide"      // set rules
	Employ     Act = "employ"      // accounts and their roles
	// For the whole agency.
	ReadAudit Act = "read-audit"
	Approve   Act = "approve"    // be the second of four eyes
	SeeHealth Act = "see-health" // technique
	// Of a department, or the whole agency.
	SeeFigures Act = "see-figures" // what guests have said, as numbers of which none is of one person
)

// rule is what one role may do, and at which levels it may be held.
type rule struct {
	at   []agency.Kind
	acts []Act
	// gives are the roles that who holds this one may give below its place.
	gives []Role
	// never are the roles that nobody holds beside this one: who watches over something does not do it.
	never []Role
}

// rules is the whole of authorisation: who may do what, to be read from top to bottom. What is not here is refused.
func rules() map[Role]rule {
	working := []Role{Reception, Advisor, Lead}
	whole := []agency.Kind{agency.OfAgency}
	office := []agency.Kind{agency.OfDesk, agency.OfLocation}
	return map[Role]rule{
		// A department may have one telephone for all its offices. Who talks is bound to an office: each booking looks at
		// all desks of its advisor.
		Reception: {at: append(slices.Clone(office), agency.OfDepartment), acts: []Act{Book}},
		Advisor:   {at: office, acts: []Act{Book, Talk}},
		Lead:      {at: office, acts: []Act{Book, Talk, Substitute, SeeOffices}},
		LocationAdmin: {
			at: []agency.Kind{agency.OfLocation}, acts: []Act{SeeOffices, Arrange, Decide, Employ}, gives: working,
		},
		DepartmentAdmin: {
			at: []agency.Kind{agency.OfDepartment}, acts: []Act{SeeOffices, Arrange, Decide, Employ, SeeFigures}, gives: working,
		},
		AgencyAdmin: {
			at: whole, acts: []Act{SeeOffices, Arrange, Decide, Employ, Approve, SeeFigures},
			gives: append(slices.Clone(working), LocationAdmin, DepartmentAdmin, AgencyAdmin, Protection, Auditor, Operator),
			never: []Role{Protection, Auditor},
		},
		Protection: {at: whole, acts: []Act{SeeOffices, ReadAudit, Approve, SeeFigures}},
		Auditor:    {at: whole, acts: []Act{ReadAudit}},
		Operator:   {at: whole, acts: []Act{SeeHealth}},
	}
}

// Known tells whether there is such a role, and whether it may be held at such a place.
func (r Role) Known(kind agency.Kind) bool { return slices.Contains(rules()[r].at, kind) }

// Apart tells whether nobody may hold both roles at the same time.
func (r Role) Apart(other Role) bool {
	return slices.Contains(rules()[r].never, other) || slices.Contains(rules()[other].never, r)
}

// WithAny lists the roles that allow one of some acts.
func WithAny(acts ...Act) (roles []Role) {
	for role, of := range rules() {
		if slices.ContainsFunc(acts, func(act Act) bool { return slices.Contains(of.acts, act) }) {
			roles = append(roles, role)
		}
	}
	slices.Sort(roles) // for statements that are the same each time
	return roles
}

// Held is a role that somebody has at a place.
type Held struct {
	Role  Role        `json:"role"`
	Kind  agency.Kind `json:"kind"`
	Place string      `json:"place"` // id
}

// May tells whether the person may do something at a place: by a role there, or at one that it lies in.
func (p Person) May(act Act, place agency.Place) bool {
	return slices.ContainsFunc(p.Roles, func(h Held) bool {
		return place.In(h.Place) && slices.Contains(rules()[h.Role].acts, act)
	})
}

// MayAnywhere tells whether there is a place at which the person may do something.
func (p Person) MayAnywhere(act Act) bool {
	return slices.ContainsFunc(p.Roles, func(h Held) bool { return slices.Contains(rules()[h.Role].acts, act) })
}

// MayGive tells whether the person may give somebody a role at a place, or take it away: nobody gives what reaches
// further than they do.
func (p Person) MayGive(role Role, place agency.Place) bool {
	return role.Known(place.Kind) && slices.ContainsFunc(p.Roles, func(h Held) bool {
		return place.In(h.Place) && slices.Contains(rules()[h.Role].gives, role)
	})
}

// MayDesk tells whether the person works at a desk: sees its day and who waits there, and books.
func (p Person) MayDesk(desk string) bool { return p.at[desk] != "" }

// RoleAt is the highest role of the person at a desk, none where they do not work.
func (p Person) RoleAt(desk string) Role { return p.at[desk] }

// Workplaces name the desks at which the person works and its highest role at each, to notice that they have changed.
func (p Person) Workplaces() []string {
	list := make([]string, len(p.Desks))
	for i, desk := range p.Desks {
		list[i] = desk + " " + string(p.at[desk])
	}
	return list
}

// MayTalk tells whether the person may admit and speak at a desk.
func (p Person) MayTalk(desk string) bool { return slices.Contains(rules()[p.at[desk]].acts, Talk) }
