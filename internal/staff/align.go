package staff

import (
	"context"
	"fmt"
	"slices"

	"visavis/internal/db"
)

// Said is what a source says that somebody has: each role once.
type Said struct {
	Staff string
	Roles []Held
}

// Aligned is what an alignment was for people, beyond the roles themselves.
type Aligned struct {
	Gone []string // had a role, whoever gave it, and have none any more
	Back []string // had none, and have one
	Kept bool     // one was not taken: nobody else administers the agency
}

// Align makes the roles that a source has given to people those that it says now. Nobody is given one that they may not
// hold beside another, and the last who administers the agency keeps that role. A group of a directory may have ten
// thousand members, so there are as many statements as roles, whoever gets them.
func (s *Service) Align(ctx context.Context, tx *db.Tx, agencyID string, from Source, says []Said) (done Aligned, err error) {
	if err := s.InTurn(ctx, tx, agencyID); err != nil {
		return done, err
	}
	has, err := s.holdings(ctx, tx, agencyID, says)
	if err != nil {
		return done, err
	}
	give, take := moves{from: from, who: map[Held][]string{}}, moves{from: from, who: map[Held][]string{}}
	for _, one := range says {
		before := has[one.Staff].given(from)
		now, refused := s.allowed(has[one.Staff], from, one.Roles)
		s.tellRefused(ctx, from, refused)
		give.add(one.Staff, without(now, before))
		take.add(one.Staff, without(before, now))
	}
	if err := give.each(func(g Grant, people []string) error { return s.give(ctx, tx, agencyID, g, people) }); err != nil {
		return done, err
	}
	if done.Kept, err = s.keepAdmin(ctx, tx, agencyID, &take); err != nil {
		return done, err
	}
	if err := take.each(func(g Grant, people []string) error { return s.take(ctx, tx, agencyID, g, people) }); err != nil {
		return done, err
	}
	done.Gone, done.Back = s.turned(has, says, give, take)
	concerned := slices.Compact(slices.Sorted(slices.Values(slices.Concat(give.people, take.people))))
	if len(concerned) < db.Many {
		return done, s.settle(ctx, tx, agencyID, concerned)
	}
	if err := s.db.Filled(ctx, tx, "staff_role"); err != nil {
		return done, err
	}
	if err := s.settle(ctx, tx, agencyID, concerned); err != nil {
		return done, err
	}
	return done, s.db.Filled(ctx, tx, "staff_desk")
}

// moves are roles, and to whom they are given or from whom they are taken, in the order in which they came.
type moves struct {
	from   Source
	roles  []Held
	who    map[Held][]string
	people []string
}

func (m *moves) add(id string, roles []Held) {
	for _, held := range roles {
		if m.who[held] == nil {
			m.roles = append(m.roles, held)
		}
		m.who[held] = append(m.who[held], id)
		m.people = append(m.people, id)
	}
}

func (m *moves) each(f func(g Grant, people []string) error) error {
	for _, held := range m.roles {
		if err := f(Grant{Held: held, Source: m.from}, m.who[held]); err != nil {
			return err
		}
	}
	return nil
}

func without(list, others []Held) []Held {
	return slices.DeleteFunc(slices.Clone(list), func(held Held) bool { return slices.Contains(others, held) })
}

// holding is what somebody has when their roles are aligned.
type holding struct {
	open bool // the account
	rows []holdingRow
}

type holdingRow struct {
	Held
	source Source
	from   int64
	until  *int64
}

func (r holdingRow) over(now int64) bool { return r.until != nil && *r.until <= now }

// given are the roles that a source gave.
func (h *holding) given(by Source) (held []Held) {
	for _, r := range h.rows {
		if r.source == by {
			held = append(held, r.Held)
		}
	}
	return held
}

// works tells whether somebody has a role at a moment; in an account that is disabled nobody has.
func (h *holding) works(now int64) bool {
	return h.open && slices.ContainsFunc(h.rows, func(r holdingRow) bool { return r.from <= now && !r.over(now) })
}

// allowed are those of some roles that somebody may hold beside what other sources than this one have given, and beside
// each other: of two that nobody may hold at once, the one that comes first.
func (s *Service) allowed(h *holding, from Source, meant []Held) (held, refused []Held) {
	now := db.Ms(s.o.Clock())
	var has []Role
	for _, r := range h.rows {
		if r.source != from && !r.over(now) {
			has = append(has, r.Role)
		}
	}
	for _, one := range meant {
		if slices.ContainsFunc(has, one.Role.Apart) {
			refused = append(refused, one)
			continue
		}
		has, held = append(has, one.Role), append(held, one)
	}
	return held, refused
}

// tellRefused tells the log, of each role now and then: a source says the same again whenever it is asked.
func (s *Service) tellRefused(ctx context.Context, from Source, refused []Held) {
	for _, one := range refused {
		if n := s.refusals.times(string(from) + " apart " + string(one.Role)); n > 0 {
			s.o.Log.WarnContext(ctx, "a role is not given that nobody may hold beside another one", "role", string(one.Role), "source", string(from), "times", n)
		}
	}
}

// turned brings what people had to what they have, and tells who had a role and has none now, and the other way round.
func (s *Service) turned(has map[string]*holding, says []Said, give, take moves) (gone, back []string) {
	now := db.Ms(s.o.Clock())
	worked := map[string]bool{}
	for id, h := range has {
		worked[id] = h.works(now)
	}
	for held, people := range take.who {
		for _, id := range people {
			has[id].rows = slices.DeleteFunc(has[id].rows, func(r holdingRow) bool { return r.Held == held && r.source == take.from })
		}
	}
	for held, people := range give.who {
		for _, id := range people {
			has[id].rows = append(has[id].rows, holdingRow{Held: held, source: give.from, from: now})
		}
	}
	for _, one := range says {
		switch works := has[one.Staff].works(now); {
		case worked[one.Staff] && !works:
			gone = append(gone, one.Staff)
		case !worked[one.Staff] && works:
			back = append(back, one.Staff)
		}
	}
	return gone, back
}

// holdings reads what people have, whoever gave it.
func (s *Service) holdings(ctx context.Context, q db.Q, agencyID string, says []Said) (map[string]*holding, error) {
	ids, has := make([]string, len(says)), map[string]*holding{}
	for i, one := range says {
		ids[i], has[one.Staff] = one.Staff, &holding{}
	}
	err := db.InParts([]any{agencyID}, ids, func(list string, args []any) error {
		open, err := db.Texts(q.QueryContext(ctx, `SELECT id FROM staff WHERE agency_id = $1 AND disabled_at IS NULL AND id IN `+list, args...))
		if err != nil {
			return err
		}
		for _, id := range open {
			has[id].open = true
		}
		rows, err := q.QueryContext(ctx, `
			SELECT staff_id, role, place_kind, place_id, source, from_at, until_at FROM staff_role
			WHERE agency_id = $1 AND staff_id IN `+list+` ORDER BY staff_id, role, place_id`, args...)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }() // read only
		for rows.Next() {
			var id string
			var r holdingRow
			if err := rows.Scan(&id, &r.Role, &r.Kind, &r.Place, &r.source, &r.from, &r.until); err != nil {
				return err
			}
			has[id].rows = append(has[id].rows, r)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read roles: %w", err)
	}
	return has, nil
}
