package staff

import (
	"context"
	"fmt"

	"visavis/internal/db"
)

// Look is whom somebody looks for among all of an agency.
type Look struct {
	Agency string
	Text   string // any part of name or e-mail
	But    string // id of who is not meant
	Left   bool   // also who has an account no more
}

// Found is a member of staff, as far as who looks for one needs to know.
type Found struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email" doc:"Tells people of the same name apart."`
}

// mostFound at once; who finds too many types on.
const mostFound = 20

// Find lists whom a look may mean.
func (s *Service) Find(ctx context.Context, q db.Q, look Look) ([]Found, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT id, name, email FROM staff
		WHERE agency_id = $1 AND id <> $2 AND erased_at IS NULL AND (disabled_at IS NULL OR $3) AND search LIKE $4 ESCAPE '!'
		ORDER BY search, id LIMIT $5`, look.Agency, look.But, look.Left, db.Containing(look.Text), mostFound)
	if err != nil {
		return nil, fmt.Errorf("find staff: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	list := []Found{}
	for rows.Next() {
		var one Found
		if err := rows.Scan(&one.ID, &one.Name, &one.Email); err != nil {
			return nil, fmt.Errorf("find staff: %w", err)
		}
		list = append(list, one)
	}
	return list, rows.Err()
}
