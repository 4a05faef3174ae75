package dbtest

import (
	"slices"
	"testing"

	"visavis/internal/db"
)

// Columns are those of each table of a migrated database, in their order, as the database itself says: also those that
// came to a table later. Without the table of the library that counts the migrations.
func Columns(t testing.TB, d *db.DB) map[string][]string {
	t.Helper()
	query := `SELECT m.name, c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY m.name, c.cid`
	if d.Engine() == db.PostgreSQL {
		query = `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()
			ORDER BY table_name, ordinal_position`
	}
	rows, err := d.Read().QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal("read which columns there are:", err)
	}
	defer func() { _ = rows.Close() }() // read only
	found := map[string][]string{}
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			t.Fatal("read which columns there are:", err)
		}
		found[table] = append(found[table], column)
	}
	if err := rows.Err(); err != nil || len(found) < 30 {
		t.Fatalf("read which columns there are: only %d tables, %v", len(found), err)
	}
	delete(found, "goose_db_version")
	return found
}

// AgencyTables are those whose rows belong to an agency.
func AgencyTables(t testing.TB, d *db.DB) (tables []string) {
	t.Helper()
	for table, columns := range Columns(t, d) {
		if slices.Contains(columns, "agency_id") {
			tables = append(tables, table)
		}
	}
	slices.Sort(tables)
	return tables
}

// Texts are what a query finds in its only column.
func Texts(t testing.TB, d *db.DB, query string, args ...any) []string {
	t.Helper()
	found, err := db.Texts(d.Read().QueryContext(t.Context(), query, args...)) //nolint:rowserrcheck // Texts asks for it
	if err != nil {
		t.Fatal(err)
	}
	return found
}
