package staff

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
)

// Source says who gave a role: each takes back only what it gave.
type Source string

// The sources.
const (
	ByHand       Source = "hand"
	Import       Source = "import"
	Substitution Source = "substitute" // by who leads the desk, for a time
	SCIM         Source = "scim"       // the agency's directory, by the groups that somebody is in
)

// Grant is a role that a member of staff is given.
type Grant struct {
	Staff  string
	Held   Held
	Source Source
	By     string    // who gives or takes it; empty: nobody in person
	From   time.Time // zero: at once
	Until  time.Time // zero: without end
}

// At is a role at each of some desks.
func At(role Role, desks ...string) []Held {
	held := make([]Held, len(desks))
	for i, desk := range desks {
		held[i] = Held{Role: role, Kind: agency.OfDesk, Place: desk}
	}
	return held
}

// turnOf is the key of whether a transaction has an agency's turn.
type turnOf string

// InTurn makes changes of the roles, accounts and places of an agency wait for each other: what is written is worked out
// from what was read, and another transaction could change that meanwhile. The row is kept until the transaction ends.
// Who writes rows of people comes here first, so that no two wait for each other.
func (s *Service) InTurn(ctx context.Context, tx *db.Tx, agencyID string) error {
	has := db.Keep(tx, turnOf(agencyID), func() *bool { return new(bool) })
	if *has {
		return nil
	}
	if err := s.agencies.Hold(ctx, tx, agencyID); err != nil {
		return fmt.Errorf("wait for other changes of the organisation: %w", err)
	}
	*has = true
	return nil
}

// Give gives a role; the place must be the agency's. Given again from the same source, the newer time counts.
func (s *Service) Give(ctx context.Context, tx *db.Tx, agencyID string, g Grant) error {
	if err := s.InTurn(ctx, tx, agencyID); err != nil {
		return err
	}
	if err := s.give(ctx, tx, agencyID, g, []string{g.Staff}); err != nil {
		return err
	}
	return s.settle(ctx, tx, agencyID, []string{g.Staff})
}

// give writes the same role for people, each once.
func (s *Service) give(ctx context.Context, tx *db.Tx, agencyID string, g Grant, people []string) error {
	place, err := s.agencies.Place(ctx, tx, agencyID, g.Held.Place)
	if err != nil {
		return fmt.Errorf("give role: %w", err)
	}
	if place.Kind != g.Held.Kind || !g.Held.Role.Known(place.Kind) {
		return fmt.Errorf("give role: no %s at a %s", g.Held.Role, place.Kind)
	}
	var until *int64
	if !g.Until.IsZero() {
		until = new(db.Ms(g.Until))
	}
	now := s.o.Clock()
	from := g.From
	if from.IsZero() {
		from = now
	}
	row := []any{agencyID, g.Held.Role, place.Kind, place.ID, g.Source, db.Ms(from), until, db.Null(g.By), db.Ms(now)}
	err = db.InParts(row, people, func(list string, args []any) error {
		n, err := db.Changed(tx.ExecContext(ctx, `
			INSERT INTO staff_role (agency_id, staff_id, role, place_kind, place_id, source, from_at, until_at, given_by, given_at)
			SELECT $1, id, $2, $3, $4, $5, $6, $7, $8, $9 FROM staff WHERE agency_id = $1 AND id IN `+list+`
			ON CONFLICT (agency_id, staff_id, role, place_id, source) DO UPDATE SET from_at = $6, until_at = $7, given_by = $8, given_at = $9`, args...))
		if err == nil && n < len(args)-len(row) {
			err = db.ErrConflict
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("give role: %w", err)
	}
	return s.noteRole(ctx, tx, agencyID, audit.RoleGiven, g, people)
}

// Take takes a role back that a source gave; db.ErrConflict if it had not.
func (s *Service) Take(ctx context.Context, tx *db.Tx, agencyID string, g Grant) error {
	if err := s.InTurn(ctx, tx, agencyID); err != nil {
		return err
	}
	if err := s.take(ctx, tx, agencyID, g, []string{g.Staff}); err != nil {
		return err
	}
	return s.settle(ctx, tx, agencyID, []string{g.Staff})
}

// take takes the same role back from people, each once, who all have it.
func (s *Service) take(ctx context.Context, tx *db.Tx, agencyID string, g Grant, people []string) error {
	row := []any{agencyID, g.Held.Role, g.Held.Place, g.Source}
	err := db.InParts(row, people, func(list string, args []any) error {
		n, err := db.Changed(tx.ExecContext(ctx, `
			DELETE FROM staff_role WHERE agency_id = $1 AND role = $2 AND place_id = $3 AND source = $4 AND staff_id IN `+list, args...))
		if err == nil && n < len(args)-len(row) {
			err = db.ErrConflict
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("take role back: %w", err)
	}
	return s.noteRole(ctx, tx, agencyID, audit.RoleTaken, g, people)
}

// GiveUnsettled gives a role without working out where people work now: who gives thousands has that done once (SettleAll). The
// place must be the agency's, and its role one that is held there.
func (s *Service) GiveUnsettled(ctx context.Context, tx *db.Tx, agencyID string, g Grant) error {
	err := tx.Prepared().Exec(ctx, `
		INSERT INTO staff_role (agency_id, staff_id, role, place_kind, place_id, source, from_at, given_by, given_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $7)
		ON CONFLICT (agency_id, staff_id, role, place_id, source) DO UPDATE SET from_at = $7, until_at = NULL, given_by = $8, given_at = $7`,
		agencyID, g.Staff, g.Held.Role, g.Held.Kind, g.Held.Place, g.Source, db.Ms(s.o.Clock()), db.Null(g.By))
	if err != nil {
		return fmt.Errorf("give role: %w", err)
	}
	return s.noteRole(ctx, tx, agencyID, audit.RoleGiven, g, []string{g.Staff})
}

// TakeDecided takes a role that people have decided, by hand or by an import, for good, likewise. The audit says of each who had
// given it.
func (s *Service) TakeDecided(ctx context.Context, tx *db.Tx, agencyID string, g Grant) error {
	sources, err := db.Texts(tx.QueryContext(ctx, `
		DELETE FROM staff_role WHERE agency_id = $1 AND staff_id = $2 AND role = $3 AND place_id = $4
		   AND source IN ('hand', 'import') AND until_at IS NULL RETURNING source`, agencyID, g.Staff, g.Held.Role, g.Held.Place))
	if err != nil {
		return fmt.Errorf("take role back: %w", err)
	}
	slices.Sort(sources)
	for _, source := range sources {
		g.Source = Source(source)
		if err := s.noteRole(ctx, tx, agencyID, audit.RoleTaken, g, []string{g.Staff}); err != nil {
			return err
		}
	}
	return nil
}

// inForce tells of a role, r, that it counts at a moment, $2.
const inForce = `r.from_at <= $2 AND (r.until_at IS NULL OR r.until_at > $2)`

// How a role reaches a desk: by being held there, in its department or at its location. A closed desk keeps its people
// as long as it has appointments: nobody who comes may find it empty.
const (
	reaching = `
		SELECT r.agency_id, r.staff_id, d.id AS desk_id,
		       CASE r.role WHEN 'lead' THEN 3 WHEN 'advisor' THEN 2 ELSE 1 END AS height
		FROM staff_role r JOIN desk d ON d.agency_id = r.agency_id AND r.place_id = `
	reached = `
		WHERE r.agency_id = $1 AND r.role IN ('reception', 'advisor', 'lead') AND ` + inForce + ` AND `
	highest = `
		INSERT INTO staff_desk (agency_id, staff_id, desk_id, role)
		SELECT agency_id, staff_id, desk_id, CASE MAX(height) WHEN 3 THEN 'lead' WHEN 2 THEN 'advisor' ELSE 'reception' END FROM (`
	grouped = `) AS held GROUP BY agency_id, staff_id, desk_id` + asText
	asText  = ` RETURNING staff_id || ' ' || desk_id || ' ' || role`
)

// reach writes at which desks people work, those whom a condition finds, and returns it as texts. Kept are the desks that keep
// their people though they are closed.
func reach(ctx context.Context, tx *db.Tx, whom string, args []any, kept []string) (at []string, err error) {
	insert := func(desks string, args []any) error {
		one := desks + whom
		part, err := db.Texts(tx.QueryContext(ctx, highest+
			reaching+`d.id`+reached+one+` UNION ALL `+reaching+`d.department_id`+reached+one+` UNION ALL `+reaching+`d.location_id`+reached+one+
			grouped, args...))
		at = append(at, part...)
		return err
	}
	if err := insert(`d.closed_at IS NULL`, args); err != nil {
		return nil, err
	}
	return at, db.InParts(args, kept, func(list string, args []any) error { return insert(`d.closed_at IS NOT NULL AND d.id IN `+list, args) })
}

// settle works out anew at which desks people work, after their roles or the desks have changed, and wakes their pages.
// Whatever has changed, given or taken: whoever may do less at a desk than before may lead a talk that has to pass.
func (s *Service) settle(ctx context.Context, tx *db.Tx, agencyID string, people []string) error {
	lose, err := s.replaceDesks(ctx, tx, agencyID, people)
	if err != nil {
		return fmt.Errorf("settle desks: %w", err)
	}
	if err := s.lose(ctx, tx, agencyID, lose); err != nil {
		return err
	}
	for _, id := range people {
		tx.AfterCommit(func() { s.o.Nudge(agencyID, Topic(id)) })
	}
	return s.plan(ctx, tx, agencyID, people)
}

// replaceDesks writes where people work, and tells who may do less at a desk than before.
func (s *Service) replaceDesks(ctx context.Context, tx *db.Tx, agencyID string, people []string) (lose []string, err error) {
	now := s.o.Clock()
	kept, err := s.o.Kept(ctx, tx, agencyID, now)
	if err != nil {
		return nil, err
	}
	var before []string
	err = db.InParts([]any{agencyID}, people, func(list string, args []any) error {
		part, err := db.Texts(tx.QueryContext(ctx, `DELETE FROM staff_desk WHERE agency_id = $1 AND staff_id IN `+list+asText, args...))
		before = append(before, part...)
		return err
	})
	if err != nil {
		return nil, err
	}
	after := map[string]bool{}
	err = db.InParts([]any{agencyID, db.Ms(now)}, people, func(list string, args []any) error {
		part, err := reach(ctx, tx, ` AND r.staff_id IN `+list, args, kept)
		for _, at := range part {
			after[at] = true
		}
		return err
	})
	less := map[string]bool{}
	for _, at := range before {
		if !after[at] {
			who, _, _ := strings.Cut(at, " ")
			less[who] = true
		}
	}
	return slices.Sorted(maps.Keys(less)), err
}

// SettleAll is settle for everybody of an agency, after a change of many desks or roles.
func (s *Service) SettleAll(ctx context.Context, tx *db.Tx, agencyID string) error {
	if err := s.InTurn(ctx, tx, agencyID); err != nil {
		return err
	}
	now := s.o.Clock()
	kept, err := s.o.Kept(ctx, tx, agencyID, now)
	if err != nil {
		return err
	}
	before, err := s.workplaces(ctx, tx, agencyID)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM staff_desk WHERE agency_id = $1`, agencyID); err != nil {
		return fmt.Errorf("settle all desks: %w", err)
	}
	if _, err := reach(ctx, tx, "", []any{agencyID, db.Ms(now)}, kept); err != nil {
		return fmt.Errorf("settle all desks: %w", err)
	}
	after, err := s.workplaces(ctx, tx, agencyID)
	if err != nil {
		return err
	}
	for _, staffID := range differing(before, after) {
		tx.AfterCommit(func() { s.o.Nudge(agencyID, Topic(staffID)) })
	}
	if err := s.lost(ctx, tx, agencyID, ""); err != nil {
		return err
	}
	return s.planAll(ctx, tx, agencyID)
}

// workplaces reads where everybody works, in one text for each.
func (s *Service) workplaces(ctx context.Context, q db.Q, agencyID string) (map[string]string, error) {
	rows, err := q.QueryContext(ctx, `SELECT staff_id, desk_id, role FROM staff_desk WHERE agency_id = $1 ORDER BY staff_id, desk_id`, agencyID)
	if err != nil {
		return nil, fmt.Errorf("read workplaces: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	at := map[string]string{}
	for rows.Next() {
		var who, desk, role string
		if err := rows.Scan(&who, &desk, &role); err != nil {
			return nil, fmt.Errorf("read workplaces: %w", err)
		}
		at[who] += desk + " " + role + "\n"
	}
	return at, rows.Err()
}

func differing(before, after map[string]string) []string {
	var ids []string
	for id, at := range before {
		if after[id] != at {
			ids = append(ids, id)
		}
	}
	for id := range after {
		if _, known := before[id]; !known {
			ids = append(ids, id)
		}
	}
	return ids
}
