package app

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"visavis/internal/db"
	"visavis/internal/decided"
)

// decided compares the list of what was decided with the database.
func (d *doctor) decided(ctx context.Context, database *db.DB) {
	const key = "decided.file"
	path := d.c.Decided.File
	if !d.writes(key, filepath.Dir(path)) {
		return
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		d.note(key, "%s is not there yet; visavis serve makes it when it starts", path)
		return
	}
	list, whole, err := decided.Load(path, d.ring)
	if err != nil {
		d.bad(key, "%s %v; %s", path, err, decided.Unsound)
		return
	}
	if !whole {
		d.note(key, "the end of %s is missing, so what was decided last may not be in it; a copy of another process may be whole", path)
	}
	known, err := decided.Read(ctx, database.Read())
	if err != nil {
		d.bad(key, "%v", err)
		return
	}
	oldest := d.now.Add(-days(d.c.Decided.KeepDays))
	list.Drop(oldest)
	lost, missing := list.Lost(known), list.Missing(known, oldest)
	if len(lost) > 0 {
		again := ""
		if slices.ContainsFunc(lost, func(one decided.Decision) bool { return one.What == decided.Agency }) {
			again = ", and agencies that were given up lose their keys again"
		}
		d.note(key, "the database is older than the list, as after a restore: it knows nothing of %d decisions since %s, which count again "+
			"with the next start%s. If the backup is to count instead, move %s away before", len(lost), lost[0].At.Format(time.RFC3339), again, path)
	}
	if missing > 0 {
		d.note(key, "%d decisions of the database are not in the list; visavis serve adds them when it starts, and hourly", missing)
	}
	if whole && len(lost)+missing == 0 {
		d.ok(key, "%s has the %d decisions that a backup may not know", path, len(list))
	}
}
