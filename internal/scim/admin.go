package scim

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"visavis/internal/agency"
	"visavis/internal/audit"
	"visavis/internal/db"
	"visavis/internal/edge"
	"visavis/internal/staff"
	"visavis/internal/vault"
)

// AdminRoutes registers what those who administer the whole agency set for its directory.
func (s *Service) AdminRoutes(api *edge.API) {
	own := s.o.Staff.Require(api)
	op := func(id, route string) edge.Operation {
		return edge.Operation{ID: id, Route: route, Tag: "admin", Use: own}
	}
	const base = "/api/staff/directory"
	edge.Handle(api, op("directory", "GET "+base), s.get)
	edge.Handle(api, op("makeDirectoryToken", "POST "+base+"/tokens"), s.postToken)
	edge.Handle(api, op("dropDirectoryToken", "DELETE "+base+"/tokens/{id}"), s.deleteToken)
	edge.Handle(api, op("addDirectoryRule", "POST "+base+"/rules"), s.postRule)
	edge.Handle(api, op("dropDirectoryRule", "DELETE "+base+"/rules/{id}"), s.deleteRule)
	edge.Handle(api, op("decideOnDirectory", "POST "+base+"/guard"), s.postGuard)
}

// GroupRule is which role a group gives, and where.
type GroupRule struct {
	ID      string      `json:"id"`
	Group   string      `json:"group"`
	Role    staff.Role  `json:"role"`
	Kind    agency.Kind `json:"kind"`
	Place   string      `json:"place" doc:"Id."`
	Name    string      `json:"name" doc:"Of the place; none for the whole agency."`
	Members int         `json:"members"`
}

// Directory is what there is to know of an agency's directory.
type Directory struct {
	Address string           `json:"address"`
	Tokens  []DirectoryToken `json:"tokens"`
	Rules   []GroupRule      `json:"rules"`
	Groups  []string         `json:"groups" doc:"That the directory has told, at most 500."`
	Guard   DirectoryGuard   `json:"guard"`
}

// DirectoryOutput is an answer with it.
type DirectoryOutput struct{ Body Directory }

func forbidden403() error { return edge.NewProblem(http.StatusForbidden, "role.forbidden") }

func mayAll(p staff.Person) bool {
	return p.May(staff.Employ, agency.Place{Kind: agency.OfAgency, ID: p.Agency})
}

func (s *Service) get(ctx context.Context, _ *struct{}) (*DirectoryOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	if !mayAll(p) {
		return nil, forbidden403()
	}
	out := &DirectoryOutput{}
	err = s.db.Snapshot(ctx, func(q db.Q) error {
		out.Body, err = s.view(ctx, q, p)
		return err
	})
	return out, err
}

func (s *Service) view(ctx context.Context, q db.Q, p staff.Person) (d Directory, err error) {
	a, err := s.o.Agencies.In(ctx, q, p.Agency)
	if err != nil {
		return d, err
	}
	d.Address = s.Base(a)
	if d.Tokens, err = s.Tokens(ctx, q, p.Agency); err != nil {
		return d, err
	}
	if d.Rules, err = s.rules(ctx, q, p.Agency); err != nil {
		return d, err
	}
	d.Groups, err = db.Texts(q.QueryContext(ctx, `SELECT title FROM scim_group WHERE agency_id = $1 ORDER BY title_key LIMIT 500`, p.Agency))
	if err != nil {
		return d, fmt.Errorf("list groups: %w", err)
	}
	if d.Groups == nil {
		d.Groups = []string{}
	}
	d.Guard, err = s.guardOf(ctx, q, p.Agency)
	return d, err
}

func (s *Service) rules(ctx context.Context, q db.Q, agencyID string) ([]GroupRule, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT r.id, r.title, r.role, r.place_kind, r.place_id, COALESCE(department.name, location.name, desk.name, ''),
		       (SELECT COUNT(*) FROM scim_member m JOIN scim_group g ON g.agency_id = m.agency_id AND g.id = m.group_id
		        WHERE m.agency_id = r.agency_id AND g.title_key = r.title_key)
		FROM scim_rule r
		LEFT JOIN department ON department.agency_id = r.agency_id AND department.id = r.place_id
		LEFT JOIN location ON location.agency_id = r.agency_id AND location.id = r.place_id
		LEFT JOIN desk ON desk.agency_id = r.agency_id AND desk.id = r.place_id
		WHERE r.agency_id = $1 ORDER BY r.title_key, r.place_kind, 6, r.role`, agencyID)
	if err != nil {
		return nil, fmt.Errorf("list rules of groups: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	all := []GroupRule{}
	for rows.Next() {
		var r GroupRule
		if err := rows.Scan(&r.ID, &r.Group, &r.Role, &r.Kind, &r.Place, &r.Name, &r.Members); err != nil {
			return nil, fmt.Errorf("list rules of groups: %w", err)
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// acting lets somebody who administers the whole agency change something, as what they are at that moment, and answers
// with how it is then.
func (s *Service) acting(ctx context.Context, change func(*db.Tx, staff.Person) error) (*DirectoryOutput, error) {
	p, err := staff.From(ctx)
	if err != nil {
		return nil, err
	}
	out := &DirectoryOutput{}
	err = s.db.Retried(ctx, func(tx *db.Tx) error {
		if err := s.o.Staff.InTurn(ctx, tx, p.Agency); err != nil {
			return err
		}
		p, err := s.o.Staff.Acting(ctx, tx, p)
		if err != nil {
			return err
		}
		if !mayAll(p) {
			return forbidden403()
		}
		if err := change(tx, p); err != nil {
			return err
		}
		out.Body, err = s.view(ctx, tx, p)
		return err
	})
	return out, err
}

type tokenInput struct {
	Body struct {
		Label string `json:"label" maxLength:"400" doc:"What it is for."`
	}
}

// TokenOutput shows a token this once.
type TokenOutput struct {
	Body struct {
		Directory
		Token string `json:"token"`
	}
}

func (s *Service) postToken(ctx context.Context, in *tokenInput) (*TokenOutput, error) {
	label, f := text(in.Body.Label, "label")
	if f != nil || label == "" || len([]rune(label)) > mostLabel {
		return nil, edge.NewProblem(http.StatusUnprocessableEntity, "directory.label")
	}
	var secret string
	done, err := s.acting(ctx, func(tx *db.Tx, p staff.Person) (err error) {
		_, secret, err = s.MakeToken(ctx, tx, p.Agency, label, p.ID)
		if errors.Is(err, ErrTooMany) {
			return edge.NewProblem(http.StatusConflict, "directory.tokens")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &TokenOutput{}
	out.Body.Directory, out.Body.Token = done.Body, secret
	return out, nil
}

type directoryPath struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Service) deleteToken(ctx context.Context, in *directoryPath) (*DirectoryOutput, error) {
	return s.acting(ctx, func(tx *db.Tx, p staff.Person) error {
		err := s.DropToken(ctx, tx, p.Agency, in.ID, p.ID)
		if errors.Is(err, ErrNoToken) {
			return edge.NewProblem(http.StatusNotFound, "not_found")
		}
		return err
	})
}

type ruleInput struct {
	Body struct {
		Group string     `json:"group" maxLength:"400"`
		Role  staff.Role `json:"role" maxLength:"40"`
		Place string     `json:"place" maxLength:"64" doc:"Id."`
	}
}

// mostRules bounds what each change of a member looks at.
const mostRules = 2000

func (s *Service) postRule(ctx context.Context, in *ruleInput) (*DirectoryOutput, error) {
	title, f := text(in.Body.Group, "group")
	if f != nil || title == "" {
		return nil, edge.NewProblem(http.StatusUnprocessableEntity, "directory.group")
	}
	return s.acting(ctx, func(tx *db.Tx, p staff.Person) error {
		place, err := s.o.Agencies.Place(ctx, tx, p.Agency, in.Body.Place)
		if errors.Is(err, agency.ErrNotFound) {
			return edge.NewProblem(http.StatusNotFound, "not_found")
		}
		if err != nil {
			return err
		}
		if !in.Body.Role.Known(place.Kind) {
			return edge.NewProblem(http.StatusUnprocessableEntity, "role.level", "role", string(in.Body.Role), "at", string(place.Kind))
		}
		if !p.MayGive(in.Body.Role, place) {
			return forbidden403()
		}
		return s.addRule(ctx, tx, p, title, in.Body.Role, place)
	})
}

func (s *Service) addRule(ctx context.Context, tx *db.Tx, p staff.Person, title string, role staff.Role, place agency.Place) error {
	var known int
	err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM scim_rule WHERE agency_id = $1`, p.Agency).Scan(&known)
	if err != nil {
		return fmt.Errorf("count rules of groups: %w", err)
	}
	if known >= mostRules {
		return edge.NewProblem(http.StatusConflict, "directory.rules")
	}
	err = db.Affected(tx.ExecContext(ctx, `
		INSERT INTO scim_rule (id, agency_id, title, title_key, role, place_kind, place_id, created_at, created_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (agency_id, title_key, role, place_id) DO NOTHING`,
		vault.NewID(), p.Agency, title, staff.FoldName(title), role, place.Kind, place.ID, db.Ms(s.o.Clock()), p.ID))
	if errors.Is(err, db.ErrConflict) {
		return nil // it is there
	}
	if err != nil {
		return fmt.Errorf("add rule of a group: %w", err)
	}
	err = s.note(ctx, tx, p.Agency, audit.Staff(p.ID), audit.DirectoryRuleMade, p.Agency, audit.Is("role", string(role)), audit.Is("place", place.ID))
	if err != nil {
		return err
	}
	return s.follow(ctx, tx, p, staff.FoldName(title))
}

// follow brings those in a group to what its rules say now: somebody who administers has decided so, and is not stopped.
func (s *Service) follow(ctx context.Context, tx *db.Tx, p staff.Person, key string) error {
	ids, err := db.Texts(tx.QueryContext(ctx, `
		SELECT m.staff_id FROM scim_member m JOIN scim_group g ON g.agency_id = m.agency_id AND g.id = m.group_id
		WHERE m.agency_id = $1 AND g.title_key = $2 ORDER BY m.staff_id`, p.Agency, key))
	if err != nil {
		return fmt.Errorf("list members: %w", err)
	}
	return s.align(ctx, tx, caller{agency: p.Agency}, ids, func(context.Context, *db.Tx, caller, []string) error { return nil })
}

func (s *Service) deleteRule(ctx context.Context, in *directoryPath) (*DirectoryOutput, error) {
	return s.acting(ctx, func(tx *db.Tx, p staff.Person) error {
		var key, role, place string
		err := tx.QueryRowContext(ctx, `DELETE FROM scim_rule WHERE agency_id = $1 AND id = $2 RETURNING title_key, role, place_id`, p.Agency, in.ID).
			Scan(&key, &role, &place)
		if errors.Is(err, db.ErrNoRows) {
			return edge.NewProblem(http.StatusNotFound, "not_found")
		}
		if err != nil {
			return fmt.Errorf("drop rule of a group: %w", err)
		}
		err = s.note(ctx, tx, p.Agency, audit.Staff(p.ID), audit.DirectoryRuleDropped, p.Agency, audit.Is("role", role), audit.Is("place", place))
		if err != nil {
			return err
		}
		return s.follow(ctx, tx, p, key)
	})
}

type guardInput struct {
	Body struct {
		Share *int  `json:"share,omitempty" minimum:"1" maximum:"100" doc:"Percent that may be removed within an hour."`
		Allow *bool `json:"allow,omitempty" doc:"true: the directory may remove whom it likes for an hour; false: it has been put right, and is watched as before."`
	}
}

func (s *Service) postGuard(ctx context.Context, in *guardInput) (*DirectoryOutput, error) {
	return s.acting(ctx, func(tx *db.Tx, p staff.Person) error {
		if in.Body.Share != nil {
			if err := s.setShare(ctx, tx, p.Agency, p.ID, *in.Body.Share); err != nil {
				return err
			}
		}
		if in.Body.Allow != nil {
			return s.decide(ctx, tx, p.Agency, p.ID, *in.Body.Allow)
		}
		return nil
	})
}
