package retention

import "strings"

// Fates are those of all tables, and whether their rows are taken out by a statement.
func Fates() (fates map[string]string, deleted map[string]bool) {
	fates, deleted = map[string]string{}, map[string]bool{}
	for table, f := range tablesOf() {
		fates[table] = string(f)
	}
	for _, d := range deletions() {
		table, _, _ := strings.Cut(strings.TrimPrefix(d.query, "DELETE FROM "), " ")
		deleted[table] = true
	}
	return fates, deleted
}

// Batch is how many are deleted at a time.
const Batch = batch

// Repeat is how some are deleted after the other.
func Repeat(left *int, some func() (int, error)) error { return repeat(left, some) }
