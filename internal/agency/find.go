package agency

import (
	"context"
	"fmt"

	"visavis/internal/db"
)

// FoundDesk is a desk, as far as who looks for one needs to know.
type FoundDesk struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Department string `json:"department"`
	Location   string `json:"location" doc:"Tells desks of the same name apart."`
}

// mostFound at once; who finds too many types on.
const mostFound = 20

// FindDesks lists the open desks of an agency whose name or code a text may mean, but for one.
func (s *Store) FindDesks(ctx context.Context, q db.Q, agencyID, text, but string) ([]FoundDesk, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT desk.id, desk.name, department.name, location.name FROM desk
		JOIN department ON department.agency_id = desk.agency_id AND department.id = desk.department_id
		JOIN location ON location.agency_id = desk.agency_id AND location.id = desk.location_id
		WHERE desk.agency_id = $1 AND desk.id <> $2 AND desk.closed_at IS NULL AND desk.search LIKE $3 ESCAPE '!'
		ORDER BY desk.search, desk.id LIMIT $4`, agencyID, but, db.Containing(text), mostFound)
	if err != nil {
		return nil, fmt.Errorf("find desks: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	list := []FoundDesk{}
	for rows.Next() {
		var one FoundDesk
		if err := rows.Scan(&one.ID, &one.Name, &one.Department, &one.Location); err != nil {
			return nil, fmt.Errorf("find desks: %w", err)
		}
		list = append(list, one)
	}
	return list, rows.Err()
}
