package db_test

import (
	"strconv"
	"testing"

	"visavis/internal/db"
	"visavis/internal/db/dbtest"
)

func TestAListOfAnyLengthIsReadInParts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var topics []string
		for i := range 1201 {
			topics = append(topics, strconv.Itoa(i))
		}
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			for _, topic := range append(topics, "another") {
				if err := insert(t, tx, topic); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, length := range []int{0, 1, 499, 500, 501, 1201} {
			n := 0
			err := d.Tx(t.Context(), func(tx *db.Tx) error {
				n = 0
				return db.InParts([]any{"a"}, topics[:length], func(list string, args []any) error {
					part, err := db.Changed(tx.ExecContext(t.Context(), `UPDATE stream SET head = head + 1 WHERE agency_id = $1 AND topic IN `+list, args...))
					n += part
					return err
				})
			})
			if err != nil || n != length {
				t.Errorf("of %d: %d, %v", length, n, err)
			}
		}
	})
}
