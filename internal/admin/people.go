package admin

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/staff"
)

type peopleInput struct {
	Body struct {
		Text  string `json:"text,omitempty" maxLength:"100" doc:"Any part of name or e-mail."`
		Place string `json:"place,omitempty" maxLength:"64" doc:"Id: who has a role there or at a desk of it."`
		Role  string `json:"role,omitempty" maxLength:"40"`
		State string `json:"state,omitempty" enum:"active,disabled,uninvited" doc:"uninvited: active, without a password, an invitation that is valid or on its way, or a sign-in at a provider."`
		After string `json:"after,omitempty" maxLength:"64" doc:"Id of the last person that was shown."`
	}
}

type peopleOutput struct {
	Body struct {
		People []Account `json:"people"`
		Next   string    `json:"next,omitempty" doc:"The value of after for the next page; none: this is the last."`
	}
}

func (s *Service) postPeopleSearch(ctx context.Context, in *peopleInput) (*peopleOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	if !p.MayAnywhere(staff.SeeOffices) {
		return nil, forbidden403()
	}
	b, out := in.Body, &peopleOutput{}
	err = s.db.Snapshot(ctx, func(q db.Q) error {
		out.Body.People, err = s.searchPeople(ctx, q, p.Agency, peopleSearch{b.Text, b.Place, b.Role, b.State, b.After}, scopeOf(p))
		return err
	})
	if len(out.Body.People) > pageSize {
		out.Body.People = out.Body.People[:pageSize]
		out.Body.Next = out.Body.People[pageSize-1].ID
	}
	return out, err
}

// PersonView is an account with what the person who asks may do to it.
type PersonView struct {
	Account
	Version string `json:"version" doc:"Whoever changes it says which one they saw."`
	May     bool   `json:"may" doc:"Rename, disable and enable it, and invite its owner; one's own: rename."`
	// Invitation is the one that is valid.
	Invitation *Invitation `json:"invitation,omitempty"`
	Factor     bool        `json:"factor" doc:"There is something beside the password: an app or a passkey."`
	// Readdressed accounts can be invited although they have a password.
	Readdressed bool `json:"readdressed,omitempty" doc:"By the directory; until somebody has shown that the address is theirs, who has forgotten the password gets no link."`
	// Keys are told whoever may revoke them: they go on when the account is disabled, and its owner may have kept them.
	Keys int `json:"keys,omitempty" doc:"Keys to the agency's directory that the person has made, and that count."`
	// Named are those of the places that the person who asks sees.
	Named []NamedSubstitute `json:"named,omitempty" doc:"Substitutes whom the person has named, now or later at work: they go on when the person leaves."`
}

// PersonOutput is an answer with one person.
type PersonOutput struct{ Body PersonView }

type personInput struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Service) getPerson(ctx context.Context, in *personInput) (*PersonOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	out := &PersonOutput{}
	err = s.db.Snapshot(ctx, func(q db.Q) error {
		out.Body, err = s.person(ctx, q, p, in.ID)
		return err
	})
	return out, problem(err)
}

func wholeOf(p staff.Person) agency.Place { return agency.Place{Kind: agency.OfAgency, ID: p.Agency} }

func (s *Service) person(ctx context.Context, q db.Q, p staff.Person, id string) (PersonView, error) {
	a, err := s.account(ctx, q, p.Agency, id)
	if err != nil {
		return PersonView{}, err
	}
	if !seesPerson(p, a) {
		return PersonView{}, forbidden403()
	}
	return s.viewOf(ctx, q, p, a)
}

func (s *Service) viewOf(ctx context.Context, q db.Q, p staff.Person, a Account) (PersonView, error) {
	v := PersonView{Account: a, Version: a.version(), May: mayEmploy(p, a)}
	for i, r := range v.Roles {
		v.Roles[i].MayTake = p.MayGive(r.Role, r.place()) && r.byDecision()
	}
	var err error
	if v.Invitation, err = s.invitation(ctx, q, p.Agency, a.ID); err != nil {
		return v, err
	}
	if v.Factor, err = s.o.Staff.Guarded(ctx, q, staff.Person{ID: a.ID, Agency: p.Agency}); err != nil {
		return v, err
	}
	if v.Readdressed, err = readdressed(ctx, q, p.Agency, a.ID); err != nil {
		return v, err
	}
	if p.May(staff.Employ, wholeOf(p)) {
		if v.Keys, err = s.o.KeysOf(ctx, q, p.Agency, a.ID); err != nil {
			return v, err
		}
	}
	v.Named, err = s.named(ctx, q, p, a.ID)
	return v, err
}

func seesPerson(p staff.Person, a Account) bool {
	return p.May(staff.SeeOffices, wholeOf(p)) || slices.ContainsFunc(a.Roles, func(r RoleView) bool { return p.May(staff.SeeOffices, r.place()) })
}

func (a Account) version() string {
	return version(Row{ID: a.ID, cells: []string{a.Email, a.Name, instead(a.Disabled, disabled, active)}})
}

// mayEmploy tells whether somebody may change an account: all that its owner may do is theirs to give. What is disabled
// only the whole agency opens again, and everybody who employs has a name of their own.
func mayEmploy(p staff.Person, a Account) bool {
	switch {
	case p.May(staff.Employ, wholeOf(p)):
		return true
	case a.Disabled:
		return false
	case a.ID == p.ID:
		return p.MayAnywhere(staff.Employ)
	}
	return len(a.Roles) > 0 && !slices.ContainsFunc(a.Roles, func(r RoleView) bool { return !p.MayGive(r.Role, r.place()) })
}

// RoleAt is a role at a place.
type RoleAt struct {
	Role  staff.Role `json:"role" maxLength:"40"`
	Place string     `json:"place" maxLength:"64" doc:"Id."`
}

type newPersonInput struct {
	staff.Asked
	Body struct {
		Email string   `json:"email" maxLength:"400"`
		Name  string   `json:"name" maxLength:"400"`
		Roles []RoleAt `json:"roles" maxItems:"20"`
		// Invite is left undone where no mail goes out; the answer says whether it was.
		Invite bool `json:"invite,omitempty" doc:"Send a link to set a password."`
	}
}

func (s *Service) postPerson(ctx context.Context, in *newPersonInput) (*PersonOutput, error) {
	out := &PersonOutput{}
	err := s.acting(ctx, func(tx *db.Tx, p staff.Person) error {
		if !p.MayAnywhere(staff.Employ) || len(in.Body.Roles) == 0 && !p.May(staff.Employ, wholeOf(p)) {
			return forbidden403()
		}
		sheet, m, now := sheetOf(Staff), &Mistakes{}, newDocument()
		row := newRow(sheet, 0)
		sheet.take(&row, 0, in.Body.Email, "", m)
		sheet.take(&row, 1, in.Body.Name, "", m)
		if row.said(0) {
			if err := now.read(ctx, tx, p.Agency, Staff, row.cells[0]); err != nil {
				return err
			}
		}
		if len(now.Rows[Staff]) > 0 {
			return s.exists(ctx, tx, p, now.Rows[Staff][0].ID)
		}
		file := newDocument()
		file.Rows[Staff] = []Row{row}
		changes := Compare(now, file, m)
		if m.any() {
			return edge.NewProblem(http.StatusUnprocessableEntity, "admin.invalid", "mistakes", m.List)
		}
		w := s.newWriter(tx, p.Agency, p.ID, now)
		if err := w.write(ctx, changes); err != nil {
			return uniqueIsConflict(err)
		}
		id := w.ids[Staff][row.cells[0]]
		for _, role := range in.Body.Roles {
			if err := s.give(ctx, tx, p, id, role); err != nil {
				return err
			}
		}
		if in.Body.Invite && s.o.Staff.CanInvite() {
			if err := s.o.Staff.Invite(ctx, tx, staff.Person{ID: id, Agency: p.Agency}, in.Spoken(), p.ID); err != nil {
				return err
			}
		}
		var err error
		out.Body, err = s.person(ctx, tx, p, id)
		return err
	})
	return out, problem(err)
}

// exists is the answer to who makes an account that there is; which one it is they learn if they may see it.
func (s *Service) exists(ctx context.Context, q db.Q, p staff.Person, id string) error {
	a, err := s.account(ctx, q, p.Agency, id)
	if err != nil {
		return err
	}
	if !seesPerson(p, a) {
		return edge.NewProblem(http.StatusConflict, "person.exists")
	}
	return edge.NewProblem(http.StatusConflict, "person.exists", "id", id)
}

// uniqueIsConflict makes an attempt begin anew when somebody else has made the same meanwhile.
func uniqueIsConflict(err error) error {
	if db.IsUnique(err) {
		return db.ErrConflict
	}
	return err
}

// give gives a role that the person may give: to nobody who is themselves, or may not hold it beside what they have.
func (s *Service) give(ctx context.Context, tx *db.Tx, p staff.Person, id string, r RoleAt) error {
	place, err := s.o.Agencies.Place(ctx, tx, p.Agency, r.Place)
	if err != nil {
		return err
	}
	if !r.Role.Known(place.Kind) {
		return edge.NewProblem(http.StatusUnprocessableEntity, "role.level", "role", string(r.Role), "at", string(place.Kind))
	}
	if !p.MayGive(r.Role, place) {
		return edge.NewProblem(http.StatusForbidden, "role.forbidden")
	}
	if id == p.ID {
		return edge.NewProblem(http.StatusConflict, "role.self")
	}
	a, err := s.account(ctx, tx, p.Agency, id)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(a.Roles, func(has RoleView) bool { return has.Role.Apart(r.Role) }) {
		return edge.NewProblem(http.StatusConflict, "role.apart")
	}
	held := staff.Held{Role: r.Role, Kind: place.Kind, Place: place.ID}
	return s.o.Staff.Give(ctx, tx, p.Agency, staff.Grant{Staff: id, Held: held, Source: staff.ByHand, By: p.ID})
}

type changedPersonInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Version  string  `json:"version" maxLength:"64"`
		Name     *string `json:"name,omitempty" maxLength:"400"`
		Disabled *bool   `json:"disabled,omitempty"`
	}
}

func (s *Service) postChangedPerson(ctx context.Context, in *changedPersonInput) (*PersonOutput, error) {
	return s.changePerson(ctx, in.ID, func(ctx context.Context, tx *db.Tx, p staff.Person, a Account) error {
		if !mayEmploy(p, a) {
			return forbidden403()
		}
		if a.version() != in.Body.Version {
			return edge.NewProblem(http.StatusConflict, "admin.changed")
		}
		if in.Body.Disabled != nil && *in.Body.Disabled && a.ID == p.ID {
			return edge.NewProblem(http.StatusConflict, "person.self")
		}
		sheet, m, now := sheetOf(Staff), &Mistakes{}, newDocument()
		if err := now.read(ctx, tx, p.Agency, Staff, a.Email); err != nil {
			return err
		}
		row := newRow(sheet, 0)
		row.set(0, a.Email)
		if in.Body.Name != nil {
			sheet.take(&row, 1, *in.Body.Name, "", m)
		}
		if in.Body.Disabled != nil {
			row.set(2, instead(*in.Body.Disabled, disabled, active))
		}
		file := newDocument()
		file.Rows[Staff] = []Row{row}
		changes := Compare(now, file, m)
		if m.any() {
			return edge.NewProblem(http.StatusUnprocessableEntity, "admin.invalid", "mistakes", m.List)
		}
		return s.newWriter(tx, p.Agency, p.ID, now).write(ctx, changes)
	})
}

// changePerson lets f change an account, and leaves the agency somebody to administer it.
func (s *Service) changePerson(ctx context.Context, id string, f func(context.Context, *db.Tx, staff.Person, Account) error) (*PersonOutput, error) {
	out := &PersonOutput{}
	err := s.acting(ctx, func(tx *db.Tx, p staff.Person) error {
		a, err := s.account(ctx, tx, p.Agency, id)
		if err != nil {
			return err
		}
		err = s.o.Staff.Administered(ctx, tx, p.Agency, func() error { return f(ctx, tx, p, a) })
		if errors.Is(err, staff.ErrLastAdmin) {
			return edge.NewProblem(http.StatusConflict, "role.last_admin")
		}
		if err != nil {
			return err
		}
		out.Body, err = s.afterwards(ctx, tx, p, id)
		return err
	})
	return out, problem(err)
}

// afterwards is the person as the answer shows it. Whoever has taken the last role below them no longer sees anything
// but what they have done.
func (s *Service) afterwards(ctx context.Context, q db.Q, p staff.Person, id string) (PersonView, error) {
	a, err := s.account(ctx, q, p.Agency, id)
	if err != nil {
		return PersonView{}, err
	}
	if !p.May(staff.SeeOffices, wholeOf(p)) {
		a.Roles = slices.DeleteFunc(a.Roles, func(r RoleView) bool { return !p.May(staff.SeeOffices, r.place()) })
	}
	return s.viewOf(ctx, q, p, a)
}

type giveRoleInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body RoleAt
}

func (s *Service) postRole(ctx context.Context, in *giveRoleInput) (*PersonOutput, error) {
	return s.changePerson(ctx, in.ID, func(ctx context.Context, tx *db.Tx, p staff.Person, a Account) error {
		if a.Disabled && !p.May(staff.Employ, wholeOf(p)) {
			return edge.NewProblem(http.StatusForbidden, "role.disabled")
		}
		return s.give(ctx, tx, p, a.ID, in.Body)
	})
}

type takeRoleInput struct {
	ID    string     `path:"id" maxLength:"64"`
	Role  staff.Role `path:"role" maxLength:"40"`
	Place string     `path:"place" maxLength:"64"`
}

// deleteRole takes back what those who administer have decided.
func (s *Service) deleteRole(ctx context.Context, in *takeRoleInput) (*PersonOutput, error) {
	return s.changePerson(ctx, in.ID, func(ctx context.Context, tx *db.Tx, p staff.Person, a Account) error {
		place, err := s.o.Agencies.Place(ctx, tx, p.Agency, in.Place)
		if err != nil {
			return err
		}
		if !p.MayGive(in.Role, place) {
			return edge.NewProblem(http.StatusForbidden, "role.forbidden")
		}
		took, others := 0, 0
		for _, r := range a.Roles {
			if r.Role != in.Role || r.Place != place.ID {
				continue
			}
			if !r.byDecision() {
				others++
				continue
			}
			held := staff.Held{Role: r.Role, Kind: r.Kind, Place: r.Place}
			err := s.o.Staff.Take(ctx, tx, p.Agency, staff.Grant{Staff: a.ID, Held: held, Source: r.Source, By: p.ID})
			if err != nil && !errors.Is(err, db.ErrConflict) {
				return err
			}
			took++
		}
		switch {
		case took > 0:
			return nil
		case others > 0:
			return edge.NewProblem(http.StatusConflict, "role.elsewhere")
		}
		return notFound()
	})
}
