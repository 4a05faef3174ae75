package scim

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"visavis/internal/db"
	"visavis/internal/staff"
)

// account is somebody whom the directory knows, with what only we know of them.
type account struct {
	id, login, external, name, mail string
	created, changed, version       int64
	disabled                        bool
	left                            bool // it is the directory that has disabled the account, and nobody else since
}

// An account that was enabled by hand after the directory had disabled it, and disabled again, has another disabled_at than the
// directory has noted.
const accounts = `
	SELECT d.staff_id, d.login, d.external_id, staff.name, staff.email, d.created_at, d.changed_at, d.version,
	       staff.disabled_at IS NOT NULL, COALESCE(d.left_at = staff.disabled_at, FALSE)
	FROM staff_directory d JOIN staff ON staff.agency_id = d.agency_id AND staff.id = d.staff_id
	WHERE d.agency_id = $1 AND d.removed_at IS NULL `

func scanAccount(row interface{ Scan(...any) error }) (account, error) {
	var a account
	err := row.Scan(&a.id, &a.login, &a.external, &a.name, &a.mail, &a.created, &a.changed, &a.version, &a.disabled, &a.left)
	if errors.Is(err, db.ErrNoRows) {
		return a, unknown()
	}
	if err != nil {
		return a, fmt.Errorf("read account of directory: %w", err)
	}
	return a, nil
}

func accountByID(ctx context.Context, q db.Q, agencyID, id string) (account, error) {
	return scanAccount(q.QueryRowContext(ctx, accounts+`AND d.staff_id = $2`, agencyID, id))
}

// userFilter is the condition of a list, about $2.
func userFilter(name, value string) (condition, argument string, f *fault) {
	switch name {
	case "":
		return `AND $2 = ''`, "", nil
	case "username":
		return `AND d.user_key = $2`, staff.FoldName(value), nil
	case "externalid":
		return `AND d.external_id = $2 AND $2 <> ''`, value, nil
	case "id":
		return `AND d.staff_id = $2`, value, nil
	case "emails", "emails.value":
		return `AND staff.email = $2`, staff.FoldName(value), nil
	}
	return "", "", refuse(http.StatusBadRequest, "invalidFilter", "userName, externalId, id and emails.value can be looked for")
}

// accountsOf lists a page of those that a condition is true of, and counts all.
func accountsOf(ctx context.Context, q db.Q, agencyID, condition, argument string, start, count int) (found []account, total int, err error) {
	err = q.QueryRowContext(ctx, `
		SELECT COUNT(*) FROM staff_directory d JOIN staff ON staff.agency_id = d.agency_id AND staff.id = d.staff_id
		WHERE d.agency_id = $1 AND d.removed_at IS NULL `+condition, agencyID, argument).Scan(&total)
	if err != nil {
		return nil, 0, fmt.Errorf("count accounts of directory: %w", err)
	}
	rows, err := q.QueryContext(ctx, accounts+condition+` ORDER BY d.created_at, d.staff_id LIMIT $3 OFFSET $4`, agencyID, argument, count, start-1)
	if err != nil {
		return nil, 0, fmt.Errorf("list accounts of directory: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	for rows.Next() {
		a, err := scanAccount(rows)
		if err != nil {
			return nil, 0, err
		}
		found = append(found, a)
	}
	return found, total, rows.Err()
}

// former is an account with an address, and what the directory has known it as.
type former struct {
	id, external   string
	known, removed bool
}

func accountByMail(ctx context.Context, tx *db.Tx, agencyID, mail string) (former, error) {
	var f former
	err := tx.QueryRowContext(ctx, `
		SELECT staff.id, COALESCE(d.external_id, ''), d.staff_id IS NOT NULL, d.removed_at IS NOT NULL
		FROM staff LEFT JOIN staff_directory d ON d.agency_id = staff.agency_id AND d.staff_id = staff.id
		WHERE staff.agency_id = $1 AND staff.email = $2`, agencyID, mail).
		Scan(&f.id, &f.external, &f.known, &f.removed)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return f, fmt.Errorf("read account: %w", err)
	}
	return f, err
}

// still refuses a request whose token has been revoked while its body was on the way.
func (c caller) still(ctx context.Context, tx *db.Tx) error {
	var n int
	err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM scim_token WHERE agency_id = $1 AND id = $2`, c.agency, c.token).Scan(&n)
	if err != nil {
		return fmt.Errorf("read token: %w", err)
	}
	if n == 0 {
		return refuse(http.StatusUnauthorized, "", "the token has been revoked")
	}
	return nil
}

// groupRow is a group without its members.
type groupRow struct {
	id, title, external       string
	created, changed, version int64
}

const groups = `SELECT id, title, external_id, created_at, changed_at, version FROM scim_group WHERE agency_id = $1 `

func scanGroup(row interface{ Scan(...any) error }) (groupRow, error) {
	var g groupRow
	err := row.Scan(&g.id, &g.title, &g.external, &g.created, &g.changed, &g.version)
	if errors.Is(err, db.ErrNoRows) {
		return g, unknown()
	}
	if err != nil {
		return g, fmt.Errorf("read group: %w", err)
	}
	return g, nil
}

func groupByID(ctx context.Context, q db.Q, agencyID, id string) (groupRow, error) {
	return scanGroup(q.QueryRowContext(ctx, groups+`AND id = $2`, agencyID, id))
}

func groupFilter(name, value string) (condition, argument string, f *fault) {
	switch name {
	case "":
		return `AND $2 = ''`, "", nil
	case "displayname":
		return `AND title_key = $2`, staff.FoldName(value), nil
	case "externalid":
		return `AND external_id = $2 AND $2 <> ''`, value, nil
	case "id":
		return `AND id = $2`, value, nil
	}
	return "", "", refuse(http.StatusBadRequest, "invalidFilter", "displayName, externalId and id can be looked for")
}

func groupsOf(ctx context.Context, q db.Q, agencyID, condition, argument string, start, count int) (found []groupRow, total int, err error) {
	err = q.QueryRowContext(ctx, `SELECT COUNT(*) FROM scim_group WHERE agency_id = $1 `+condition, agencyID, argument).Scan(&total)
	if err != nil {
		return nil, 0, fmt.Errorf("count groups: %w", err)
	}
	rows, err := q.QueryContext(ctx, groups+condition+` ORDER BY created_at, id LIMIT $3 OFFSET $4`, agencyID, argument, count, start-1)
	if err != nil {
		return nil, 0, fmt.Errorf("list groups: %w", err)
	}
	defer func() { _ = rows.Close() }() // read only
	for rows.Next() {
		g, err := scanGroup(rows)
		if err != nil {
			return nil, 0, err
		}
		found = append(found, g)
	}
	return found, total, rows.Err()
}

func membersOf(ctx context.Context, q db.Q, agencyID, groupID string) ([]string, error) {
	ids, err := db.Texts(q.QueryContext(ctx, `SELECT staff_id FROM scim_member WHERE agency_id = $1 AND group_id = $2 ORDER BY staff_id`, agencyID, groupID))
	if err != nil {
		return nil, fmt.Errorf("list members: %w", err)
	}
	return ids, nil
}
