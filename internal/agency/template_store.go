package agency

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"visavis/internal/db"
	"visavis/internal/vault"
)

// TemplatesAt are the forms of a place and of those that it lies in, which its desks use as well.
func (s *Store) TemplatesAt(ctx context.Context, q db.Q, agencyID string, p Place) ([]TemplateHead, error) {
	ids, args := db.In(2, append(slices.Clone(p.Within), p.ID))
	rows, err := q.QueryContext(ctx, `
		SELECT id, place_id, title, fields, version FROM form_template WHERE agency_id = $1 AND place_id IN `+ids+` ORDER BY called, id`,
		append([]any{agencyID}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("list forms: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	list := []TemplateHead{}
	for rows.Next() {
		var head TemplateHead
		var title string
		if err := rows.Scan(&head.ID, &head.Place, &title, &head.Fields, &head.Version); err != nil {
			return nil, fmt.Errorf("list forms: %w", err)
		}
		head.Title = DecodeText(title)
		list = append(list, head)
	}
	return list, rows.Err()
}

// Template is a form of a place, or of one that it lies in.
func (s *Store) Template(ctx context.Context, q db.Q, agencyID string, p Place, id string) (Template, TemplateHead, error) {
	head := TemplateHead{ID: id}
	var content string
	err := q.QueryRowContext(ctx, `SELECT place_id, content, version FROM form_template WHERE agency_id = $1 AND id = $2`, agencyID, id).
		Scan(&head.Place, &content, &head.Version)
	if errors.Is(err, db.ErrNoRows) || err == nil && !p.In(head.Place) {
		return Template{}, head, ErrNotFound
	}
	if err != nil {
		return Template{}, head, fmt.Errorf("read form: %w", err)
	}
	t, err := templateOf(content)
	head.Title, head.Fields = t.Title, len(t.Fields)
	return t, head, err
}

// DefineTemplate adds a form to a place, and answers with its id.
func (s *Store) DefineTemplate(ctx context.Context, tx *db.Tx, agencyID string, p Place, t Template) (id string, err error) {
	if p.Kind == OfService {
		return "", ErrNoForms
	}
	t, err = t.clean()
	if err != nil {
		return "", err
	}
	var n int
	err = tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM form_template WHERE agency_id = $1 AND place_id = $2`, agencyID, p.ID).Scan(&n)
	if err != nil {
		return "", fmt.Errorf("count forms: %w", err)
	}
	if n >= mostTemplates {
		return "", ErrTemplateMany
	}
	id = vault.NewID()
	if err := s.unnamed(ctx, tx, agencyID, p, id, t); err != nil {
		return "", err
	}
	content, err := json.Marshal(t)
	if err == nil {
		_, err = tx.ExecContext(ctx, `
			INSERT INTO form_template (id, agency_id, place_kind, place_id, called, title, fields, content, version)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)`,
			id, agencyID, p.Kind, p.ID, t.called(), t.Title.Encode(), len(t.Fields), string(content))
	}
	if err != nil {
		return "", fmt.Errorf("define form: %w", err)
	}
	return id, nil
}

// ChangeTemplate replaces a form of the place itself, as long as it is still the version that somebody saw.
func (s *Store) ChangeTemplate(ctx context.Context, tx *db.Tx, agencyID string, p Place, id string, version int64, t Template) error {
	t, err := t.clean()
	if err != nil {
		return err
	}
	if err := s.seenTemplate(ctx, tx, agencyID, p, id, version); err != nil {
		return err
	}
	if err := s.unnamed(ctx, tx, agencyID, p, id, t); err != nil {
		return err
	}
	content, err := json.Marshal(t)
	if err == nil {
		err = db.Affected(tx.ExecContext(ctx, `
			UPDATE form_template SET called = $1, title = $2, fields = $3, content = $4, version = version + 1
			WHERE agency_id = $5 AND id = $6 AND version = $7`,
			t.called(), t.Title.Encode(), len(t.Fields), string(content), agencyID, id, version))
	}
	if errors.Is(err, db.ErrConflict) { // somebody was faster since it was looked at
		return ErrTemplateChanged
	}
	if err != nil {
		return fmt.Errorf("change form: %w", err)
	}
	return nil
}

// DropTemplate deletes a form of the place itself. Who has it open in a talk goes on with it.
func (s *Store) DropTemplate(ctx context.Context, tx *db.Tx, agencyID string, p Place, id string, version int64) error {
	if err := s.seenTemplate(ctx, tx, agencyID, p, id, version); err != nil {
		return err
	}
	err := db.Affected(tx.ExecContext(ctx, `DELETE FROM form_template WHERE agency_id = $1 AND id = $2 AND version = $3`, agencyID, id, version))
	if errors.Is(err, db.ErrConflict) {
		return ErrTemplateChanged
	}
	if err != nil {
		return fmt.Errorf("drop form: %w", err)
	}
	return nil
}

// seenTemplate tells whether a form of the place itself is still what somebody saw.
func (s *Store) seenTemplate(ctx context.Context, tx *db.Tx, agencyID string, p Place, id string, version int64) error {
	var now int64
	err := tx.QueryRowContext(ctx, `SELECT version FROM form_template WHERE agency_id = $1 AND id = $2 AND place_id = $3`, agencyID, id, p.ID).Scan(&now)
	switch {
	case errors.Is(err, db.ErrNoRows):
		return ErrNotFound
	case err != nil:
		return fmt.Errorf("read form: %w", err)
	case now != version:
		return ErrTemplateChanged
	}
	return nil
}

// unnamed tells whether no other form of the place has the name.
func (s *Store) unnamed(ctx context.Context, tx *db.Tx, agencyID string, p Place, id string, t Template) error {
	var n int
	err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM form_template WHERE agency_id = $1 AND place_id = $2 AND called = $3 AND id <> $4`,
		agencyID, p.ID, t.called(), id).Scan(&n)
	if err != nil {
		return fmt.Errorf("look for forms of a name: %w", err)
	}
	if n > 0 {
		return ErrTemplateNamed
	}
	return nil
}

func (t Template) called() string { return db.Fold(t.Title["de"]) }

func templateOf(content string) (Template, error) {
	var t Template
	if err := json.Unmarshal([]byte(content), &t); err != nil {
		return t, fmt.Errorf("read form: %w", err)
	}
	return t, nil
}
