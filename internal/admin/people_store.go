package admin

import (
	"context"
	"errors"
	"fmt"

	"visavis/internal/agency"
	"visavis/internal/db"
	"visavis/internal/staff"
)

// RoleView is a role of somebody, with the name of its place.
type RoleView struct {
	Role   staff.Role   `json:"role"`
	Kind   agency.Kind  `json:"kind"`
	Place  string       `json:"place"`
	Name   string       `json:"name"`
	Source staff.Source `json:"source" doc:"Who gave it. Of the page hand, import and substitute are taken back."`
	Until  *int64       `json:"until,omitempty" doc:"Milliseconds since 1970 UTC; none: without end."`
	// MayTake is not asked of each in a list.
	MayTake bool     `json:"mayTake,omitempty" doc:"Of one person: who asks may take it back by hand."`
	within  []string // ids of what the place lies in
}

func (r RoleView) place() agency.Place {
	return agency.Place{Kind: r.Kind, ID: r.Place, Within: r.within}
}

// byDecision tells whether people here have given it: by hand, by an import, or as lead of the desk to a substitute. Who may
// give the role ends that as well, as whoever named the substitute may be gone. What a directory has given is taken back there.
func (r RoleView) byDecision() bool {
	return r.Source == staff.ByHand || r.Source == staff.Import || r.Source == staff.Substitution
}

// Account is one line of a list of people.
type Account struct {
	ID       string     `json:"id"`
	Email    string     `json:"email"`
	Name     string     `json:"name"`
	Disabled bool       `json:"disabled"`
	Password bool       `json:"password" doc:"Whether one is set."`
	Roles    []RoleView `json:"roles"`
}

// uninvited is who has no password, has never signed in at a provider, has no invitation, and waits for none.
const uninvited = "uninvited"

// peopleSearch is what somebody looks for.
type peopleSearch struct {
	text, place, role, state, after string
}

// searchPeople lists a page of what somebody looks for, and one more where there is one.
func (s *Service) searchPeople(ctx context.Context, q db.Q, agencyID string, look peopleSearch, may scope) ([]Account, error) {
	from, err := text(ctx, q, `SELECT search FROM staff WHERE agency_id = $1 AND id = $2`, agencyID, look.after)
	if err != nil {
		return nil, err
	}
	args := []any{agencyID, db.Containing(look.text), from, look.after}
	put := func(texts ...string) string {
		list, more := db.In(len(args)+1, texts)
		args = append(args, more...)
		return list
	}
	only := ""
	if role := look.role; role != "" || look.place != "" && look.place != agencyID {
		only += ` AND id IN (SELECT staff_id FROM staff_role WHERE agency_id = $1`
		if role != "" {
			only += ` AND role IN ` + put(role)
		}
		if look.place != "" && look.place != agencyID {
			only += ` AND ` + atOrBelow(put(look.place))
		}
		only += `)`
	}
	if !may.whole {
		only += ` AND id IN (SELECT staff_id FROM staff_role WHERE agency_id = $1 AND ` + atOrBelow(put(may.ids...)) + `)`
	}
	switch look.state {
	case active:
		only += ` AND disabled_at IS NULL`
	case disabled:
		only += ` AND disabled_at IS NOT NULL`
	case uninvited:
		args = append(args, db.Ms(s.o.Clock()))
		only += fmt.Sprintf(` AND disabled_at IS NULL AND password_hash = ''
			AND id NOT IN (SELECT staff_id FROM staff_link WHERE agency_id = $1 AND reason = '%s' AND until_at > $%d)
			AND id NOT IN (SELECT staff_id FROM staff_identity WHERE agency_id = $1)
			AND id NOT IN (SELECT unique_key FROM job WHERE agency_id = $1 AND kind = '%s' AND dead_at IS NULL)`, staff.Invited, len(args), staff.InviteJob)
	}
	rows, err := q.QueryContext(ctx, `
		SELECT id, email, name, disabled_at IS NOT NULL, password_hash <> '' FROM staff
		WHERE agency_id = $1 AND erased_at IS NULL AND search LIKE $2 ESCAPE '!' AND (search, id) > ($3, $4)`+only+`
		ORDER BY search, id LIMIT `+onePage(), args...)
	if err != nil {
		return nil, fmt.Errorf("search people: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	people := []Account{}
	for rows.Next() {
		a := Account{Roles: []RoleView{}}
		if err := rows.Scan(&a.ID, &a.Email, &a.Name, &a.Disabled, &a.Password); err != nil {
			return nil, fmt.Errorf("search people: %w", err)
		}
		people = append(people, a)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("search people: %w", err)
	}
	return people, s.addRoles(ctx, q, agencyID, people)
}

// atOrBelow finds the roles held at some places or at desks in them.
func atOrBelow(list string) string {
	return `place_id IN (SELECT id FROM desk WHERE agency_id = $1 AND (id IN ` + list + ` OR department_id IN ` + list + ` OR location_id IN ` + list + `)
		UNION ALL SELECT id FROM location WHERE agency_id = $1 AND id IN ` + list + `
		UNION ALL SELECT id FROM department WHERE agency_id = $1 AND id IN ` + list + `)`
}

// account reads one, also a disabled one.
func (s *Service) account(ctx context.Context, q db.Q, agencyID, id string) (Account, error) {
	a := Account{ID: id, Roles: []RoleView{}}
	err := q.QueryRowContext(ctx, `
		SELECT email, name, disabled_at IS NOT NULL, password_hash <> '' FROM staff WHERE agency_id = $1 AND id = $2 AND erased_at IS NULL`, agencyID, id).
		Scan(&a.Email, &a.Name, &a.Disabled, &a.Password)
	if errors.Is(err, db.ErrNoRows) {
		return a, agency.ErrNotFound
	}
	if err != nil {
		return a, fmt.Errorf("read account: %w", err)
	}
	all := []Account{a}
	err = s.addRoles(ctx, q, agencyID, all)
	return all[0], err
}

// addRoles reads the roles of people that have not ended.
func (s *Service) addRoles(ctx context.Context, q db.Q, agencyID string, people []Account) error {
	at, ids := map[string]*Account{}, make([]string, len(people))
	for i := range people {
		at[people[i].ID], ids[i] = &people[i], people[i].ID
	}
	list, args := db.In(3, ids)
	rows, err := q.QueryContext(ctx, `
		SELECT r.staff_id, r.role, r.place_kind, r.place_id, COALESCE(department.name, location.name, desk.name, ''), r.source, r.until_at,
		       COALESCE(desk.department_id, ''), COALESCE(desk.location_id, '')
		FROM staff_role r
		LEFT JOIN department ON department.agency_id = r.agency_id AND department.id = r.place_id
		LEFT JOIN location ON location.agency_id = r.agency_id AND location.id = r.place_id
		LEFT JOIN desk ON desk.agency_id = r.agency_id AND desk.id = r.place_id
		WHERE r.agency_id = $1 AND (r.until_at IS NULL OR r.until_at > $2) AND r.staff_id IN `+list+`
		ORDER BY r.staff_id, r.place_kind, 5, r.role, r.source`, append([]any{agencyID, db.Ms(s.o.Clock())}, args...)...)
	if err != nil {
		return fmt.Errorf("read roles: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	for rows.Next() {
		var who, department, location string
		var r RoleView
		if err := rows.Scan(&who, &r.Role, &r.Kind, &r.Place, &r.Name, &r.Source, &r.Until, &department, &location); err != nil {
			return fmt.Errorf("read roles: %w", err)
		}
		for _, above := range []string{agencyID, department, location} {
			if above != "" && above != r.Place {
				r.within = append(r.within, above)
			}
		}
		at[who].Roles = append(at[who].Roles, r)
	}
	return rows.Err()
}
