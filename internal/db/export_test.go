package db

import (
	"context"
	"database/sql/driver"
)

// MigrateTo brings the schema to a version, as a former release would have left it.
func (d *DB) MigrateTo(ctx context.Context, version int64) error {
	provider, err := d.migrator()
	if err != nil {
		return err
	}
	_, err = provider.UpTo(ctx, version)
	return err
}

// Readied puts the keeping of statements before a driver.
func Readied(d driver.Driver, most int) driver.Driver { return readied{d, most} }
