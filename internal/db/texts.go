package db

import (
	"database/sql"
	"slices"
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

// atOnce is how many texts a list in a statement has at most. SQLite takes 32,766 arguments, PostgreSQL 65,535; both read
// a long statement slowly, and more of them at once are no faster.
const atOnce = 500

// InParts is In for lists that may have any length: f runs one statement for each part of it. The arguments begin with
// those that all of them have.
//
//	db.InParts([]any{agency}, ids, func(list string, args []any) error {
//		_, err := tx.ExecContext(ctx, `DELETE FROM … WHERE agency_id = $1 AND id IN `+list, args...)
//		return err
//	})
func InParts(first []any, texts []string, f func(list string, args []any) error) error {
	for part := range slices.Chunk(texts, atOnce) {
		list, args := In(len(first)+1, part)
		if err := f(list, append(slices.Clone(first), args...)); err != nil {
			return err
		}
	}
	return nil
}
