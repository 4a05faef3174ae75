package scim

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"visavis/internal/db"
	"visavis/internal/staff"
	"visavis/internal/vault"
)

func (s *Service) groupOf(c caller, g groupRow, members []string) group {
	out := group{
		Schemas: []string{schemaGroup}, ID: g.id, External: g.external, Display: g.title,
		Meta: metaOf(kindGroup, c.base+"/Groups/"+g.id, g.created, g.changed, g.version),
	}
	for _, id := range members {
		out.Members = append(out.Members, member{id, c.base + "/Users/" + id, kindUser})
	}
	return out
}

func (s *Service) createGroup(ctx context.Context, c caller, body []byte) (group, error) {
	said, f := decode(body)
	var ch groupChange
	if f == nil {
		f = ch.whole(said, "replace")
	}
	if f == nil && value(ch.title, "") == "" {
		f = badValue("displayName is needed")
	}
	if f != nil {
		return group{}, f
	}
	var out group
	err := s.writing(ctx, c, func(tx *db.Tx) error {
		id, now := vault.NewID(), db.Ms(s.o.Clock())
		_, err := tx.ExecContext(ctx, `
			INSERT INTO scim_group (id, agency_id, title, title_key, external_id, created_at, changed_at, version) VALUES ($1, $2, $3, $4, $5, $6, $6, 1)`,
			id, c.agency, *ch.title, staff.FoldName(*ch.title), value(ch.external, ""), now)
		if err != nil {
			return err
		}
		out, err = s.setGroup(ctx, tx, c, id, ch)
		return err
	})
	return out, err
}

func (s *Service) changeGroup(ctx context.Context, c caller, id string, ch groupChange) (group, error) {
	var out group
	err := s.writing(ctx, c, func(tx *db.Tx) (err error) {
		out, err = s.setGroup(ctx, tx, c, id, ch)
		return err
	})
	return out, err
}

// setGroup brings a group to what a request says of it, and the roles of all whom that concerns.
func (s *Service) setGroup(ctx context.Context, tx *db.Tx, c caller, id string, ch groupChange) (group, error) {
	g, err := groupByID(ctx, tx, c.agency, id)
	if err != nil {
		return group{}, err
	}
	before, err := membersOf(ctx, tx, c.agency, id)
	if err != nil {
		return group{}, err
	}
	next := g
	next.title, next.external = value(ch.title, g.title), value(ch.external, g.external)
	if next.title == "" {
		return group{}, badValue("displayName is needed")
	}
	after := ch.after(before)
	if next == g && maps.Equal(set(before), set(after)) { // sorted as the database does, and as we do
		return s.groupOf(c, g, after), s.align(ctx, tx, c, before, s.remove)
	}
	concerned, err := s.setMembers(ctx, tx, c, id, before, after)
	if err != nil {
		return group{}, err
	}
	if next.title != g.title { // other rules are about it
		concerned = slices.Compact(slices.Sorted(slices.Values(append(concerned, after...))))
	}
	err = db.Affected(tx.ExecContext(ctx, `
		UPDATE scim_group SET title = $1, title_key = $2, external_id = $3, changed_at = $4, version = version + 1 WHERE agency_id = $5 AND id = $6`,
		next.title, staff.FoldName(next.title), next.external, db.Ms(s.o.Clock()), c.agency, id))
	if err != nil {
		return group{}, err
	}
	if err := s.align(ctx, tx, c, concerned, s.remove); err != nil {
		return group{}, err
	}
	g, err = groupByID(ctx, tx, c.agency, id)
	return s.groupOf(c, g, after), err
}

// setMembers writes who is in a group, and tells for whom that is another thing than before.
func (s *Service) setMembers(ctx context.Context, tx *db.Tx, c caller, group string, before, after []string) (concerned []string, err error) {
	was, is := set(before), set(after)
	for _, id := range after {
		if was[id] {
			continue
		}
		_, err := accountByID(ctx, tx, c.agency, id)
		if f, said := errors.AsType[*fault](err); said && f.status == http.StatusNotFound {
			return nil, badValue("a member is no user of the directory")
		}
		if err != nil {
			return nil, err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO scim_member (agency_id, group_id, staff_id) VALUES ($1, $2, $3)`, c.agency, group, id)
		if err != nil {
			return nil, fmt.Errorf("add member: %w", err)
		}
		concerned = append(concerned, id)
	}
	for _, id := range before {
		if is[id] {
			continue
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM scim_member WHERE agency_id = $1 AND group_id = $2 AND staff_id = $3`, c.agency, group, id)
		if err != nil {
			return nil, fmt.Errorf("remove member: %w", err)
		}
		concerned = append(concerned, id)
	}
	return concerned, nil
}

func (s *Service) deleteGroup(ctx context.Context, c caller, id string) error {
	return s.writing(ctx, c, func(tx *db.Tx) error {
		if _, err := groupByID(ctx, tx, c.agency, id); err != nil {
			return err
		}
		before, err := membersOf(ctx, tx, c.agency, id)
		if err != nil {
			return err
		}
		if _, err := s.setMembers(ctx, tx, c, id, before, nil); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM scim_group WHERE agency_id = $1 AND id = $2`, c.agency, id); err != nil {
			return fmt.Errorf("delete group: %w", err)
		}
		return s.align(ctx, tx, c, before, s.remove)
	})
}

// removing is told whom an alignment leaves without a role.
type removing func(ctx context.Context, tx *db.Tx, c caller, id string) error

// align gives people the roles that their groups have, and takes back those that they no longer do. Whoever loses the last
// role by it is removed.
func (s *Service) align(ctx context.Context, tx *db.Tx, c caller, ids []string, removed removing) error {
	for _, id := range ids {
		before, err := s.o.Staff.Now(ctx, tx, c.agency, id)
		if err != nil {
			return err
		}
		meant, err := s.meant(ctx, tx, c, id)
		if err != nil {
			return err
		}
		kept, err := s.o.Staff.Align(ctx, tx, staff.Person{ID: id, Agency: c.agency}, staff.SCIM, meant)
		if err != nil {
			return err
		}
		if kept {
			s.o.Log.WarnContext(ctx, "the directory takes the last administrator's role back, who keeps it")
		}
		after, err := s.o.Staff.Now(ctx, tx, c.agency, id)
		if err != nil {
			return err
		}
		switch {
		case len(before.Roles) > 0 && len(after.Roles) == 0:
			err = removed(ctx, tx, c, id)
		case len(before.Roles) == 0 && len(after.Roles) > 0:
			err = s.back(ctx, tx, c, id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// meant are the roles that somebody's groups have, without those that nobody may hold beside what they have otherwise.
func (s *Service) meant(ctx context.Context, tx *db.Tx, c caller, id string) ([]staff.Held, error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT DISTINCT r.role, r.place_kind, r.place_id FROM scim_member m
		JOIN scim_group g ON g.agency_id = m.agency_id AND g.id = m.group_id
		JOIN scim_rule r ON r.agency_id = g.agency_id AND r.title_key = g.title_key
		WHERE m.agency_id = $1 AND m.staff_id = $2 ORDER BY 1, 3`, c.agency, id)
	if err != nil {
		return nil, fmt.Errorf("read roles of groups: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	var meant []staff.Held
	for rows.Next() {
		var h staff.Held
		if err := rows.Scan(&h.Role, &h.Kind, &h.Place); err != nil {
			return nil, fmt.Errorf("read roles of groups: %w", err)
		}
		meant = append(meant, h)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read roles of groups: %w", err)
	}
	_ = rows.Close() // the connection is the transaction's
	return s.o.Staff.Beside(ctx, tx, staff.Person{ID: id, Agency: c.agency}, staff.SCIM, meant)
}
