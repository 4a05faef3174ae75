package db

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Nearly every statement names the agency, and nearly every index begins with it. Without statistics SQLite expects ten
// rows for whatever an index begins with, and reads all of an agency for the sake of an order that another index would have
// to sort. So it is told once and for all that the agency alone finds nothing, whatever the database holds today: plans
// are the same on an empty database and on a large one. PostgreSQL keeps statistics by itself.
//
// https://www.sqlite.org/optoverview.html#manual_control_of_query_plans_using_sqlite_stat_tables
const (
	rowsOfAgency  = 1_000_000
	rowsOfPartial = 1_000 // of an index with a condition: what is under way at present
)

// tellPlanner writes what SQLite's planner is to expect of each index that begins with the agency.
func (d *DB) tellPlanner(ctx context.Context) error {
	if d.engine != SQLite {
		return nil
	}
	err := d.Tx(ctx, func(tx *Tx) error {
		expected, err := expectations(ctx, tx)
		if err != nil {
			return err
		}
		if told, err := isTold(ctx, tx, expected); told || err != nil {
			return err
		}
		// Of one small table, so that there is a place for it.
		if _, err := tx.ExecContext(ctx, `ANALYZE agency`); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM sqlite_stat1`); err != nil {
			return err
		}
		for _, e := range expected {
			if _, err := tx.ExecContext(ctx, `INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ($1, $2, $3)`, e.table, e.index, e.stat()); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `ANALYZE sqlite_schema`) // reads it again
		return err
	})
	if err != nil {
		return fmt.Errorf("tell planner: %w", err)
	}
	return nil
}

// isTold says whether the planner knows already.
func isTold(ctx context.Context, tx *Tx, expected []expectation) (bool, error) {
	var place int
	err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM sqlite_schema WHERE name = 'sqlite_stat1'`).Scan(&place)
	if err != nil || place == 0 {
		return false, err
	}
	known, err := Texts(tx.QueryContext(ctx, `SELECT idx || ' ' || stat FROM sqlite_stat1`))
	if err != nil || len(known) != len(expected) {
		return false, err
	}
	for _, e := range expected {
		if !slices.Contains(known, e.index+" "+e.stat()) {
			return false, nil
		}
	}
	return true, nil
}

type expectation struct {
	table, index    string
	columns         int
	unique, partial bool
}

func expectations(ctx context.Context, tx *Tx) ([]expectation, error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT m.name, l.name, (SELECT COUNT(*) FROM pragma_index_info(l.name)), l."unique", l.partial
		FROM sqlite_schema m, pragma_index_list(m.name) l
		WHERE m.type = 'table' AND EXISTS (SELECT 1 FROM pragma_index_info(l.name) WHERE seqno = 0 AND name = 'agency_id')`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // read only
	var all []expectation
	for rows.Next() {
		var e expectation
		if err := rows.Scan(&e.table, &e.index, &e.columns, &e.unique, &e.partial); err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, rows.Err()
}

// stat is what ANALYZE would write: how many rows there are, and how many have the same first column, the same first two
// and so on. From the second on it is what SQLite takes without statistics.
func (e expectation) stat() string {
	rows := rowsOfAgency
	if e.partial {
		rows = rowsOfPartial
	}
	said := []string{strconv.Itoa(rows)}
	for column := range e.columns {
		same := max(11-column, 5)
		switch {
		case e.unique && column == e.columns-1:
			same = 1
		case column == 0:
			same = rows
		}
		said = append(said, strconv.Itoa(same))
	}
	return strings.Join(said, " ")
}
