package db

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// ErrStays says that what rows said before they were changed is in the files yet: somebody has begun to read who could
// still see it, be it a backup, a copy elsewhere that lags behind, or the database's own look at how many rows there are.
var ErrStays = errors.New("what rows said before is kept for somebody who reads")

// Forget lets go of what rows of a table said before they were changed: PostgreSQL keeps it beside them until the table is
// written anew, for which others have to wait a moment; SQLite in the file beside its own. If it stays: ErrStays, or what
// hindered it; then it is for the caller to try again.
func (d *DB) Forget(ctx context.Context, table string) error {
	if d.engine != PostgreSQL {
		return d.checkpoint(ctx)
	}
	// Over a connection of its own: how many rows had to stay is told in a notice and nowhere else.
	config, err := pgx.ParseConfig(d.url)
	if err != nil {
		return errors.New("the PostgreSQL address cannot be read") // the error would quote the password
	}
	var told []*pgconn.Notice
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { told = append(told, n) }
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("connect to write %s anew: %w", table, err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // nothing depends on it
	// While this waits for a long transaction, whoever comes after it waits as well: rather it is tried again.
	if _, err := conn.Exec(ctx, `SET lock_timeout = '100ms'`); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, `VACUUM (FULL, VERBOSE) `+table); err != nil { // a name of our own
		return err
	}
	return stays(told)
}

// stays reads what VACUUM tells: the only notice with details begins them with how many dead rows stay, in each language.
func stays(told []*pgconn.Notice) error {
	for _, n := range told {
		first, _, _ := strings.Cut(n.Detail, " ")
		rows, err := strconv.ParseUint(first, 10, 64)
		switch {
		case err != nil:
			continue
		case rows > 0:
			return ErrStays
		}
		return nil
	}
	return errors.New("the database does not tell what it has let go of")
}

// checkpoint brings everything into the one file, and empties the other.
func (d *DB) checkpoint(ctx context.Context) error {
	conn, err := d.write.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // goes back to the others
	// While this waits for somebody who reads, nobody writes.
	if _, err := conn.ExecContext(ctx, `PRAGMA busy_timeout = 1000`); err != nil {
		return err
	}
	var busy, frames, moved int
	err = conn.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &moved)
	if err == nil && busy != 0 {
		err = ErrStays
	}
	_, reset := conn.ExecContext(context.WithoutCancel(ctx), `PRAGMA busy_timeout = 5000`)
	return errors.Join(err, reset)
}
