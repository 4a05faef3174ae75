package db

import "database/sql"

// Null stores an empty text as NULL.
func Null(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// Texts reads a query's only column, such as ids:
//
//	db.Texts(tx.QueryContext(ctx, `SELECT id FROM …`))
func Texts(rows *sql.Rows, err error) (texts []string, _ error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // read only
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, rows.Err()
}
