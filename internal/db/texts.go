package db

import (
	"database/sql"
	"strconv"
	"strings"
)

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

// In is the list of placeholders for WHERE … IN, from a number on, and its arguments. An empty list finds nothing.
//
//	list, args := db.In(2, ids)
//	q.QueryContext(ctx, `SELECT … WHERE agency_id = $1 AND id IN `+list, append([]any{agency}, args...)...)
func In(from int, texts []string) (list string, args []any) {
	if len(texts) == 0 {
		return "(NULL)", nil
	}
	var b strings.Builder
	for i, text := range texts {
		b.WriteString(",$" + strconv.Itoa(from+i))
		args = append(args, text)
	}
	return "(" + b.String()[1:] + ")", args
}
