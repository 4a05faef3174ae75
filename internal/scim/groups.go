package scim

import (
	"context"
	"fmt"
	"maps"
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
	come, gone := without(after, before), without(before, after)
	err = db.InParts([]any{c.agency, group}, come, func(list string, args []any) error {
		n, err := db.Changed(tx.ExecContext(ctx, `
			INSERT INTO scim_member (agency_id, group_id, staff_id) SELECT agency_id, $2, staff_id FROM staff_directory
			WHERE agency_id = $1 AND removed_at IS NULL AND staff_id IN `+list, args...))
		if err == nil && n < len(args)-2 {
			return badValue("a member is no user of the directory")
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("add members: %w", err)
	}
	err = db.InParts([]any{c.agency, group}, gone, func(list string, args []any) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM scim_member WHERE agency_id = $1 AND group_id = $2 AND staff_id IN `+list, args...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("remove members: %w", err)
	}
	concerned = slices.Concat(come, gone)
	if len(concerned) < db.Many {
		return concerned, nil
	}
	return concerned, s.db.Filled(ctx, tx, "scim_member")
}

// without are those of a list who are not on another one.
func without(list, others []string) []string {
	known := set(others)
	return slices.DeleteFunc(slices.Clone(list), func(id string) bool { return known[id] })
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
type removing func(ctx context.Context, tx *db.Tx, c caller, ids []string) error

// align gives people the roles that their groups have, and takes back those that they no longer do. Whoever loses the last
// role by it is removed.
func (s *Service) align(ctx context.Context, tx *db.Tx, c caller, ids []string, removed removing) error {
	says, err := s.meant(ctx, tx, c, ids)
	if err != nil {
		return err
	}
	done, err := s.o.Staff.Align(ctx, tx, c.agency, staff.SCIM, says)
	if err != nil {
		return err
	}
	if done.Kept {
		s.o.Log.WarnContext(ctx, "the directory takes the last administrator's role back, who keeps it")
	}
	if err := s.back(ctx, tx, c, done.Back...); err != nil {
		return err
	}
	return removed(ctx, tx, c, done.Gone)
}

// meant are the roles that people's groups have.
func (s *Service) meant(ctx context.Context, tx *db.Tx, c caller, ids []string) ([]staff.Said, error) {
	says, at := make([]staff.Said, len(ids)), map[string]int{}
	for i, id := range ids {
		says[i].Staff, at[id] = id, i
	}
	err := db.InParts([]any{c.agency}, ids, func(list string, args []any) error {
		rows, err := tx.QueryContext(ctx, `
			SELECT DISTINCT m.staff_id, r.role, r.place_kind, r.place_id FROM scim_member m
			JOIN scim_group g ON g.agency_id = m.agency_id AND g.id = m.group_id
			JOIN scim_rule r ON r.agency_id = g.agency_id AND r.title_key = g.title_key
			WHERE m.agency_id = $1 AND m.staff_id IN `+list+` ORDER BY 1, 2, 4`, args...)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }() // read only
		for rows.Next() {
			var id string
			var h staff.Held
			if err := rows.Scan(&id, &h.Role, &h.Kind, &h.Place); err != nil {
				return err
			}
			says[at[id]].Roles = append(says[at[id]].Roles, h)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read roles of groups: %w", err)
	}
	return says, nil
}
