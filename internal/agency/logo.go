package agency

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"visavis/internal/agency/picture"
	"visavis/internal/db"
	"visavis/internal/edge"
)

// Logo is how a page shows a picture.
type Logo struct {
	Src    string `json:"src"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Alt    string `json:"alt" doc:"The name of the place that it is the logo of; empty if that stands below it."`
}

// Logo is what counts by some rules, nil if there is none. Who shows it beside another place's name says whose it is.
func (a Agency) Logo(rules Rules) *Logo {
	version := rules.Line(OwnLogo)
	width, height, ok := picture.Room(version)
	if !ok {
		return nil
	}
	return &Logo{Src: "/api/guest/" + a.Slug + "/logo/" + version, Width: width, Height: height}
}

// keepLogo keeps the picture that a place wants as its logo, in place of the one before, and returns its version. Each
// place has its own copy: who takes one away takes it from nobody else.
func (s *Store) keepLogo(ctx context.Context, tx *db.Tx, agencyID string, p Place, value json.RawMessage) (json.RawMessage, error) {
	var text string
	if !OwnLogo.DecidedAt(p.Kind) || json.Unmarshal(value, &text) != nil {
		return nil, ErrRule
	}
	one, err := picture.Decode(text)
	if err != nil {
		return nil, err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO logo (agency_id, place_id, version, kind, content) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (agency_id, place_id) DO UPDATE SET version = $3, kind = $4, content = $5`,
		agencyID, p.ID, one.Version(), one.Kind, one.Content)
	if err != nil {
		return nil, fmt.Errorf("keep logo: %w", err)
	}
	return json.Marshal(one.Version())
}

func (s *Store) dropLogo(ctx context.Context, tx *db.Tx, agencyID string, p Place) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM logo WHERE agency_id = $1 AND place_id = $2`, agencyID, p.ID); err != nil {
		return fmt.Errorf("drop logo: %w", err)
	}
	return nil
}

// logoPolicy lets a drawing have its own colours, and nothing else: no script, no address, no window of its own.
const logoPolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

type logoIn struct {
	Slug    string `path:"agency" maxLength:"64"`
	Version string `path:"version" maxLength:"64"`
}

type logoOut struct {
	Type   string `header:"Content-Type"`
	Policy string `header:"Content-Security-Policy"`
	Cache  string `header:"Cache-Control"`
	Body   []byte
}

// logo is a picture under its version, which never changes.
func (s *Store) logo(ctx context.Context, in *logoIn) (*logoOut, error) {
	kind, content, err := s.readLogo(ctx, in.Slug, in.Version)
	if errors.Is(err, ErrNotFound) {
		return nil, edge.NewProblem(http.StatusNotFound, "not_found")
	}
	out := &logoOut{Type: "image/png", Policy: logoPolicy, Cache: "public, max-age=31536000, immutable", Body: content}
	if kind == "svg" {
		out.Type = "image/svg+xml"
	}
	return out, err
}

func (s *Store) readLogo(ctx context.Context, slug, version string) (kind string, content []byte, err error) {
	a, err := s.BySlug(ctx, slug)
	if err != nil {
		return "", nil, err
	}
	err = s.db.Read().QueryRowContext(ctx, `SELECT kind, content FROM logo WHERE agency_id = $1 AND version = $2 LIMIT 1`, a.ID, version).
		Scan(&kind, &content)
	if errors.Is(err, db.ErrNoRows) {
		return "", nil, ErrNotFound
	}
	if err != nil {
		return "", nil, fmt.Errorf("read logo: %w", err)
	}
	return kind, content, nil
}
